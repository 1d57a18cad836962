"""Connections: where people's identities live."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

DATABASE_STRATEGY = "auth0"


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
        return "database" if self.is_database else ""

    @property
    def allows_signup(self) -> bool:
        return self.is_database and not self.options.get("disable_signup", False)

    @property
    def allows_password_reset(self) -> bool:
        """Whether its users may set another password by a link in a mail."""
        return self.is_database and not self.options.get("disable_self_service_change_password", False)

    @property
    def requires_username(self) -> bool:
        return bool(self.options.get("requires_username", False))

    @property
    def required_identifiers(self) -> tuple[str, ...]:
        """What each of its users has to have: ``email``, ``username``, ``phone_number``, as ``options`` ask."""
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
