"""Connections: where people's identities live."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

DATABASE_STRATEGY = "auth0"
# Strategies whose people are sent a code or a link instead of having a password: what they are known by.
PASSWORDLESS_STRATEGIES = {"email": "email", "sms": "phone_number"}
CODE_LENGTH, SHORTEST_CODE, LONGEST_CODE = 6, 4, 40
CODE_SECONDS, FEWEST_CODE_SECONDS, MOST_CODE_SECONDS = 180.0, 60.0, 86_400.0


class PasskeyOptions(Struct, frozen=True):
    """How passkeys are offered: by a button (``challenge_ui`` ``button``, ``both``), where browsers fill in what they
    know (``autofill``, ``both``), after a login with a password, and after one with a passkey of another device."""

    challenge_ui: str = "both"
    progressive_enrollment_enabled: bool = True
    local_enrollment_enabled: bool = True

    @property
    def button(self) -> bool:
        return self.challenge_ui != "autofill"

    @property
    def autofill(self) -> bool:
        return self.challenge_ui != "button"


class Connection(Struct, frozen=True, kw_only=True):
    """A source of users: ``/api/v2/connections``. Strategy ``auth0`` is a password database."""

    id: str
    name: str
    strategy: str
    display_name: str = ""
    enabled_clients: tuple[str, ...] = ()
    is_domain_connection: bool = False
    options: dict[str, Any] = {}

    @property
    def is_database(self) -> bool:
        return self.strategy == DATABASE_STRATEGY

    @property
    def strategy_type(self) -> str:
        """The category of its strategy, as log events name it; empty for those nobody can sign in with yet."""
        return "database" if self.is_database else "passwordless" if self.is_passwordless else ""

    @property
    def is_passwordless(self) -> bool:
        return self.strategy in PASSWORDLESS_STRATEGIES

    @property
    def address_field(self) -> str:
        """What users of a passwordless connection are known by: ``email`` or ``phone_number``."""
        return PASSWORDLESS_STRATEGIES[self.strategy]

    @property
    def sends_links(self) -> bool:
        """Whether the login pages send a link instead of a code."""
        return self.strategy == "email" and self.options.get("send") == "link"

    @property
    def code_length(self) -> int:
        """How many digits a code has (``totp.length``)."""
        length = self._totp.get("length")
        return max(SHORTEST_CODE, min(int(length), LONGEST_CODE)) if isinstance(length, int) else CODE_LENGTH

    @property
    def code_lifetime(self) -> float:
        """How long a code or a link is good for, in seconds (``totp.time_step``)."""
        seconds = self._totp.get("time_step")
        if not isinstance(seconds, int | float):
            return CODE_SECONDS
        return max(FEWEST_CODE_SECONDS, min(float(seconds), MOST_CODE_SECONDS))

    @property
    def _totp(self) -> dict[str, Any]:
        totp = self.options.get("totp")
        return totp if isinstance(totp, dict) else {}

    @property
    def allows_signup(self) -> bool:
        return (self.is_database or self.is_passwordless) and not self.options.get("disable_signup", False)

    @property
    def verifies_by_code(self) -> bool:
        """Whether somebody has to enter a code from a mail before they are let in with an address that is not verified
        (``attributes.email``)."""
        attributes = self.options.get("attributes")
        email = attributes.get("email") if self.is_database and isinstance(attributes, dict) else None
        if not isinstance(email, dict) or email.get("verification_method") not in ("code", "otp"):
            return False
        verification = (email.get("signup") or {}).get("verification") or {}
        return verification.get("active") is True

    @property
    def allows_password_reset(self) -> bool:
        """Whether its users may set another password by a link in a mail."""
        return self.is_database and not self.options.get("disable_self_service_change_password", False)

    @property
    def offers_passkeys(self) -> bool:
        """Whether its users may have passkeys (``authentication_methods.passkey``)."""
        methods = self.options.get("authentication_methods") or {}
        return self.is_database and bool((methods.get("passkey") or {}).get("enabled", False))

    @property
    def passkey_options(self) -> PasskeyOptions:
        return msgspec.convert(self.options.get("passkey_options") or {}, PasskeyOptions)

    @property
    def requires_username(self) -> bool:
        return bool(self.options.get("requires_username", False))

    @property
    def required_identifiers(self) -> tuple[str, ...]:
        """What each of its users has to have: ``email``, ``username``, ``phone_number``, as ``options`` ask."""
        if self.is_passwordless:
            return (self.address_field,)
        attributes = self.options.get("attributes")
        if isinstance(attributes, dict) and attributes:
            return tuple(
                name
                for name in ("email", "username", "phone_number")
                if isinstance(attribute := attributes.get(name), dict)
                and (attribute.get("profile_required") or (attribute.get("signup") or {}).get("status") == "required")
            )
        return ("email", "username") if self.requires_username else ("email",)

    @property
    def brute_force_protection(self) -> bool:
        return bool(self.options.get("brute_force_protection", True))
