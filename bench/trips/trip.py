"""What a trip is: how it is seeded, what it sends, and how its answers are checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, ClassVar, Protocol
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgspec import Struct

from bench.world import HOST, World

Seed = dict[str, Any]


class Requests(Protocol):
    """The requests of one run. ``server`` is ``doorward`` or the name of a peer."""

    status: ClassVar[int] = 200

    seed: Seed
    server: str

    def __init__(self, seed: Seed, server: str) -> None:
        self.seed = seed
        self.server = server
        self.prepare()

    def prepare(self) -> None:
        """Make what ``next`` needs."""

    def next(self) -> tuple[bytes, Any] | None:
        """The next request and something to recognise its answer by; ``None`` when there is nothing left."""

    def took(self, answer: bytes, token: Any) -> None:
        """An answer came."""

    def check(self, headers: Mapping[str, str], body: bytes, token: Any) -> None:
        """Raises ``AssertionError`` for an answer that is not right; asked about one answer in a hundred."""


class Trip(Struct, frozen=True, kw_only=True):
    """``signatures`` are the RSA signatures of one answer. ``gate`` and ``aim`` are budgets in CPU microseconds,
    to which the signatures are added, and the hash of a password where one ``hashes``. ``durable`` trips wait for the
    disk."""

    name: str
    title: str
    seed: Callable[[World], Awaitable[Seed]]
    requests: Callable[[Seed, str], Requests]
    signatures: int = 0
    hashes: bool = False
    gate: float
    aim: float
    durable: bool = False
    peers: Mapping[str, str] = {}


def get(path: str, **headers: str) -> bytes:
    return _request("GET", path, headers)


def post(path: str, form: Mapping[str, str], **headers: str) -> bytes:
    headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return _request("POST", path, headers, urlencode(form).encode())


def patch(path: str, body: Mapping[str, Any], **headers: str) -> bytes:
    return _request("PATCH", path, {"Content-Type": "application/json", **headers}, json.dumps(body).encode())


def _request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "User-Agent: bench/1", "Accept: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def around(requests: list[bytes]) -> Iterator[tuple[bytes, Any]]:
    """The same distinct requests again and again, each with its number."""
    return ((request, number) for number, request in itertools.cycle(enumerate(requests)))


def decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    head, payload, _ = token.split(".")
    return json.loads(_bytes(head)), json.loads(_bytes(payload))


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def check_rs256(token: str, pem: str) -> dict[str, Any]:
    """The claims of a JWT whose signature is right."""
    header, claims = decoded(token)
    assert header["alg"] == "RS256", header
    key = (
        x509.load_pem_x509_certificate(pem.encode()).public_key()
        if "CERTIFICATE" in pem
        else load_pem_public_key(pem.encode())
    )
    assert isinstance(key, rsa.RSAPublicKey)
    signed, _, signature = token.rpartition(".")
    key.verify(_bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return claims


def check_hs256(token: str, secret: str) -> dict[str, Any]:
    header, claims = decoded(token)
    assert header["alg"] == "HS256", header
    signed, _, signature = token.rpartition(".")
    assert hmac.compare_digest(hmac.digest(secret.encode(), signed.encode(), "sha256"), _bytes(signature))
    return claims


def challenge(verifier: str) -> str:
    """PKCE, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
