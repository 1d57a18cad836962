"""What a person proves themselves with beside a password."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from doorward.model.identifiers import normalise_email


class MethodType(StrEnum):
    """The kinds of authentication method, under their wire names."""

    PHONE = "phone"
    EMAIL = "email"
    TOTP = "totp"
    WEBAUTHN_ROAMING = "webauthn-roaming"
    WEBAUTHN_PLATFORM = "webauthn-platform"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery-code"


# ``False`` for a recovery code that nobody says they keep yet.
CONFIRMED = "confirmed"
# What tells two methods of one type apart; of a type that is not here a person has one.
KEYS = {
    MethodType.PHONE: "phone_number",
    MethodType.EMAIL: "email",
    MethodType.WEBAUTHN_ROAMING: "key_id",
    MethodType.WEBAUTHN_PLATFORM: "key_id",
    MethodType.PASSKEY: "key_id",
}


class AuthenticationMethod(Struct, frozen=True, kw_only=True):
    """One of a user: ``/api/v2/users/{id}/authentication-methods``.

    ``properties`` are the public ones under their wire names. ``secrets`` (a TOTP key, the digest of a
    recovery code) are given when it is written, and are not among what is read. ``sign_count`` is how often the key of
    an authenticator was used. Times are epoch seconds.
    """

    id: str
    user_id: str
    type: MethodType
    created_at: float
    properties: dict[str, Any] = {}
    secrets: dict[str, Any] = {}
    sign_count: int = 0

    @property
    def key_id(self) -> str | None:
        """Which key of an authenticator it is: of all keys of a tenant it has the only one of this id."""
        return self.properties.get("key_id")

    @property
    def key(self) -> tuple[str, Any]:
        """Of two with one key a user has only one."""
        value = self.properties.get(KEYS.get(self.type, ""))
        return self.type, normalise_email(value) if self.type is MethodType.EMAIL and value else value
