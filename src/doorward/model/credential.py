"""What is handed out and spent: authorization codes, refresh tokens, pushed requests, keys."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct


class AuthorizationCode(Struct, frozen=True, kw_only=True):
    """An authorization code: kept as a digest, spent once. Times are epoch seconds.

    ``granted`` freezes what the authorization request established (see ``oauth.proof``).
    ``used_at`` and ``family`` (of the refresh tokens it gave) are known once it is spent.
    """

    code_hash: bytes
    client_id: str
    user_id: str
    host: str
    redirect_uri: str
    expires_at: float
    created_at: float
    granted: dict[str, Any]
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    redirect_uri_given: bool = True
    used_at: float | None = None
    family: str | None = None


class RefreshToken(Struct, frozen=True, kw_only=True):
    """A refresh token: kept as a digest. Times are epoch seconds, ``None`` means never.

    Tokens of one lineage share ``family``, the public id; ``generation`` counts up with each rotation.
    ``began_at``, ``ip`` and ``user_agent`` are those of the login the family began with, ``last_ip`` and
    ``last_user_agent`` of its last use.
    ``granted`` is what was granted when the family began. ``revoked_at`` and ``used_at`` are set
    once and never cleared.
    """

    token_hash: bytes
    family: str
    generation: int
    client_id: str
    user_id: str
    host: str
    audience: str
    scope: tuple[str, ...]
    granted: dict[str, Any]
    issued_at: float
    rotating: bool
    session_sid: str | None = None
    began_at: float | None = None
    ip: str = ""
    user_agent: str = ""
    last_ip: str | None = None
    last_user_agent: str | None = None
    expires_at: float | None = None
    idle_expires_at: float | None = None
    last_exchanged_at: float | None = None
    used_at: float | None = None
    revoked_at: float | None = None


class OneTimeValue(Struct, frozen=True):
    """Something that may come once, as its digest; it is remembered until ``expires_at`` (epoch seconds)."""

    value_hash: bytes
    expires_at: float


class DeviceCredential(Struct, frozen=True, kw_only=True):
    """What a device proves itself with: a ``public_key`` somebody registered (``value``), or a refresh token
    (``type`` is ``refresh_token`` or ``rotating_refresh_token``)."""

    id: str
    type: str
    user_id: str
    client_id: str
    device_name: str
    device_id: str | None = None
    value: str = ""


class PushedRequest(Struct, frozen=True, kw_only=True):
    """A pushed authorization request (RFC 9126); spent when the authorization completes."""

    uri_hash: bytes
    client_id: str
    parameters: dict[str, str]
    expires_at: float


class KeyState(StrEnum):
    NEXT = "next"
    CURRENT = "current"
    PREVIOUS = "previous"
    REVOKED = "revoked"


class SigningKey(Struct, frozen=True, kw_only=True):
    """A tenant signing key with its self-signed certificate: ``/api/v2/keys/signing``.

    ``private_pem`` is PKCS#8, present only in memory. Times are epoch seconds.
    """

    kid: str
    state: KeyState
    cert: str
    fingerprint: str
    thumbprint: str
    public_jwk: dict[str, Any]
    private_pem: str = ""
    pkcs7: str = ""
    created_at: float = 0.0
    current_since: float | None = None
    current_until: float | None = None
    revoked_at: float | None = None


class PublicKey(Struct, frozen=True, kw_only=True):
    """What a PEM public key or certificate says. ``thumbprint`` is RFC 7638's; ``subject``,
    ``expires_at`` (epoch seconds) and ``sha256`` (hex, of the DER form) only of a certificate."""

    kind: str
    bits: int
    thumbprint: str
    subject: str | None = None
    expires_at: float | None = None
    sha256: str | None = None
