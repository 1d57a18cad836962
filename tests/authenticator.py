"""An authenticator in software: makes keys and answers challenges as a browser with a security key does."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from collections.abc import Mapping
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(given: str) -> bytes:
    return base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))


class Authenticator:
    """One key. What it sends can be spoiled: ``origin``, ``party``, ``flags``, ``count``."""

    def __init__(self, origin: str, *, alg: int = -7, counts: bool = True, synced: bool = False) -> None:
        self.origin = origin
        self.alg = alg
        self.id = secrets.token_bytes(32)
        self.handle = ""
        self.count = 0
        self.counts = counts
        self.flags = PRESENT | VERIFIED | ((BACKUP_ELIGIBLE | BACKED_UP) if synced else 0)
        self.party: str | None = None
        self.attachment = "platform"
        self._key: Any = {
            -7: lambda: ec.generate_private_key(ec.SECP256R1()),
            -8: ed25519.Ed25519PrivateKey.generate,
            -257: lambda: rsa.generate_private_key(65537, 2048),
            -37: lambda: rsa.generate_private_key(65537, 2048),
        }[alg]()

    def create(self, options: Mapping[str, Any], **spoiled: Any) -> dict[str, Any]:
        """``navigator.credentials.create``, as JSON."""
        self.handle = options["user"]["id"]
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(self._cose())
        data = self._data(options["rp"]["id"], self.flags | ATTESTED) + attested
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        client = self._client("webauthn.create", options["challenge"])
        response = {
            "clientDataJSON": text(client),
            "attestationObject": text(cbor2.dumps({**statement, **spoiled})),
            "transports": ["internal"],
        }
        return self._credential(response)

    def get(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """``navigator.credentials.get``, as JSON."""
        if self.counts:
            self.count += 1
        data = self._data(options["rpId"], self.flags)
        client = self._client("webauthn.get", options["challenge"])
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(self._sign(data + hashlib.sha256(client).digest())),
            "userHandle": self.handle,
        }
        return self._credential(response)

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": text(self.id),
            "rawId": text(self.id),
            "type": "public-key",
            "authenticatorAttachment": self.attachment,
            "clientExtensionResults": {},
            "response": response,
        }

    def _client(self, type_: str, challenge: str) -> bytes:
        told = {"type": type_, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _data(self, party: str, flags: int) -> bytes:
        digest = hashlib.sha256((self.party or party).encode()).digest()
        return digest + struct.pack(">BI", flags, self.count)

    def _cose(self) -> dict[int, Any]:
        public = self._key.public_key()
        if self.alg == -7:
            numbers = public.public_numbers()
            return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        if self.alg == -8:
            return {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}
        numbers = public.public_numbers()
        return {1: 3, 3: self.alg, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}

    def _sign(self, data: bytes) -> bytes:
        if self.alg == -7:
            return bytes(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        if self.alg == -8:
            return bytes(self._key.sign(data))
        return bytes(self._key.sign(data, padding.PKCS1v15(), hashes.SHA256()))
