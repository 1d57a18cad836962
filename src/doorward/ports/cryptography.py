"""Keys, and what is signed and sealed with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from doorward.model.credential import (
    SigningKey,
)
from doorward.model.resource_server import EncryptionKey
from doorward.model.tenant import Tenant


class Jose(Protocol):
    """JWS and JWE (RFC 7515, 7516). Algorithms are always the caller's choice, never the token's."""

    async def sign(self, key: SigningKey, alg: str, typ: str, claims: Mapping[str, Any]) -> str:
        """A compact JWS with header ``{alg, typ, kid}``; ``alg`` is RS256, RS384, RS512 or PS256."""

    def sign_symmetric(self, secret: str, alg: str, typ: str, claims: Mapping[str, Any]) -> str:
        """A compact JWS with header ``{alg, typ}``; ``alg`` is HS256, HS384 or HS512."""

    def verify(
        self, token: str, keys: Callable[[str | None], SigningKey | None], algs: frozenset[str]
    ) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Header and claims of a token signed by one of our keys (found by ``kid``); raises ``InvalidToken``."""

    def verify_symmetric(
        self, token: str, secret: str, algs: frozenset[str]
    ) -> tuple[Mapping[str, Any], dict[str, Any]]: ...

    def verify_pem(self, token: str, pem: str, algs: frozenset[str]) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """As ``verify``, with somebody else's public key (a client assertion)."""

    def peek(self, token: str) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Header and claims **unverified**, parsed strictly: to find whose key to verify with."""

    def seal(self, key: bytes, issuer: str, claims: Mapping[str, Any]) -> str:
        """A compact JWE ``dir``/``A256GCM`` with header ``{alg, enc, iss}``."""

    def open(self, key: bytes, token: str) -> dict[str, Any]:
        """The claims of a sealed token; raises ``InvalidToken``."""

    def encrypt(self, key: EncryptionKey, token: str) -> str:
        """A nested JWE (``cty`` JWT) around a signed token, ``A256GCM``."""


class KeyMaker(Protocol):
    async def signing_key(self, tenant: Tenant) -> SigningKey:
        """A new RSA 2048 key with a self-signed certificate, in state ``next``."""
