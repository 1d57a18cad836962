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
# What people may be known by, and the authentication methods that send a code there.
IDENTIFIERS = ("email", "username", "phone_number")
CODE_METHODS = {"email": "email_otp", "phone_number": "phone_otp"}


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
    def identifiers(self) -> tuple[str, ...]:
        """What its users may sign in with; where no ``attributes`` say so, whatever they have."""
        if not self._has_attributes:
            return IDENTIFIERS
        return tuple(name for name in IDENTIFIERS if self._identifier(name).get("active", True) is not False)

    @property
    def asked_identifiers(self) -> tuple[str, ...]:
        """What the login pages ask for."""
        return self.identifiers if self._has_attributes else tuple(self.signup_identifiers)

    @property
    def signup_identifiers(self) -> dict[str, bool]:
        """What somebody who signs up may give, and whether they have to."""
        if not self._has_attributes:
            return {"email": True, **({"username": True} if self.requires_username else {})}
        states = {name: self._signup(name).get("status", "required") for name in IDENTIFIERS if self._attribute(name)}
        return {name: state == "required" for name, state in states.items() if state != "inactive"}

    def verifies_at_signup(self, name: str) -> bool:
        """Whether somebody who signs up with such an identifier brings a code back first (``attributes``); without a
        password there is nothing else that they show."""
        if name not in CODE_METHODS or name not in self.signup_identifiers:
            return False
        if self.takes_code(name) and not self.signs_up_with_password:
            return True
        asked = (self._signup(name).get("verification") or {}).get("active") is True
        return asked and (name != "email" or self._attribute(name).get("verification_method") in ("code", "otp"))

    @property
    def verifies_by_code(self) -> bool:
        """Whether somebody has to enter a code from a mail before they are let in with an address that is not verified
        (``attributes.email``)."""
        return self.verifies_at_signup("email")

    @property
    def resets_by_code(self) -> bool:
        """Whether a code from a mail, and no link, leads to another password."""
        return self._attribute("email").get("verification_method") in ("code", "otp")

    def takes_code(self, name: str) -> bool:
        """Whether a code that is sent to such an identifier signs in (``authentication_methods``)."""
        return name in CODE_METHODS and name in self.identifiers and self._method(CODE_METHODS[name], default=False)

    def prefers_code(self, name: str) -> bool:
        """Whether the code is asked for first (``default_method``)."""
        default = self._identifier(name).get("default_method", "password")
        return self.takes_code(name) and (default == CODE_METHODS[name] or not self.takes_passwords)

    @property
    def takes_codes(self) -> bool:
        return any(self.takes_code(name) for name in CODE_METHODS)

    @property
    def takes_passwords(self) -> bool:
        """Whether a password signs in (``authentication_methods.password``)."""
        return self.is_database and self._method("password", default=True)

    @property
    def requires_password(self) -> bool:
        """Whether nobody is made by an endpoint who has none (``api_behavior``)."""
        return self.takes_passwords and self._methods.get("password", {}).get("api_behavior") != "optional"

    @property
    def signs_up_with_password(self) -> bool:
        """Whether somebody who signs up on a page chooses a password (``signup_behavior``)."""
        return self.takes_passwords and self._methods.get("password", {}).get("signup_behavior") != "block"

    @property
    def allows_password_reset(self) -> bool:
        """Whether its users may set another password by a link in a mail."""
        return self.takes_passwords and not self.options.get("disable_self_service_change_password", False)

    @property
    def offers_passkeys(self) -> bool:
        """Whether its users may have passkeys (``authentication_methods.passkey``)."""
        return self._method("passkey", default=False)

    @property
    def _methods(self) -> dict[str, dict[str, Any]]:
        methods = self.options.get("authentication_methods") or {}
        return {name: method for name, method in methods.items() if isinstance(method, dict)}

    def _method(self, name: str, *, default: bool) -> bool:
        return self.is_database and bool(self._methods.get(name, {}).get("enabled", default))

    @property
    def _has_attributes(self) -> bool:
        return self.is_database and bool(self.options.get("attributes"))

    def _attribute(self, name: str) -> dict[str, Any]:
        attributes = self.options.get("attributes")
        found = attributes.get(name) if self.is_database and isinstance(attributes, dict) else None
        return found if isinstance(found, dict) else {}

    def _signup(self, name: str) -> dict[str, Any]:
        return self._attribute(name).get("signup") or {}

    def _identifier(self, name: str) -> dict[str, Any]:
        """What ``attributes`` say of an identifier; of one they do not have, that it is none."""
        if self._has_attributes and not self._attribute(name):
            return {"active": False}
        return self._attribute(name).get("identifier") or {}

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
                for name in IDENTIFIERS
                if isinstance(attribute := attributes.get(name), dict)
                and (attribute.get("profile_required") or (attribute.get("signup") or {}).get("status") == "required")
            )
        return ("email", "username") if self.requires_username else ("email",)

    @property
    def username_length(self) -> tuple[int, int]:
        """How short and how long a user name may be."""
        bounds = self._attribute("username").get("validation") or {}
        if not bounds:
            validation = (self.options.get("validation") or {}).get("username") or {}
            bounds = {"min_length": validation.get("min"), "max_length": validation.get("max")}
        return int(bounds.get("min_length") or 1), int(bounds.get("max_length") or 15)

    @property
    def brute_force_protection(self) -> bool:
        return bool(self.options.get("brute_force_protection", True))
