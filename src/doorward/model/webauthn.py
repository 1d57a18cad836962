"""Keys of authenticators (W3C Web Authentication): passkeys, and security keys as a second factor."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

# COSE algorithms, in order of preference: EdDSA, ES256, RS256.
ALGORITHMS = (-8, -7, -257)


class RelyingParty(Struct, frozen=True, kw_only=True):
    """Whom keys are made for: ``id`` is a host without its port, or a domain above it; ``origins`` are the places they
    may be used at: of pages (scheme, host, port), or of an Android application."""

    id: str
    origins: tuple[str, ...]


class RegisteredKey(Struct, frozen=True, kw_only=True):
    """A key that was just made. ``key_id`` is base64url, ``public_key`` a COSE key in base64; ``device_type`` is
    ``single_device`` or ``multi_device``."""

    key_id: str
    public_key: str
    sign_count: int
    aaguid: str
    device_type: str
    backed_up: bool
    transports: tuple[str, ...] = ()

    @property
    def properties(self) -> dict[str, Any]:
        """What of it an authentication method shows, under the wire names."""
        return {
            "key_id": self.key_id,
            "public_key": self.public_key,
            "aaguid": self.aaguid,
            "credential_device_type": self.device_type,
            "credential_backed_up": self.backed_up,
            "transports": list(self.transports),
        }


class Assertion(Struct, frozen=True, kw_only=True):
    """A key that was used. ``sign_count`` is how often, as the authenticator says; 0 where it does not count."""

    key_id: str
    sign_count: int
    backed_up: bool
    user_verified: bool


class InvalidAnswer(Exception):
    """An authenticator's answer that proves nothing; says why, for the log."""


class AnsweredBefore(InvalidAnswer):
    """Its challenge was answered before, in the same login; rightly or not: it is used up before that is seen."""

    def __init__(self) -> None:
        super().__init__("the challenge was answered before")
