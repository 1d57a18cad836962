"""Users, as the protocol and the login pages read them."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from doorward.model.identifiers import normalise_email, normalise_phone, normalise_username
from doorward.model.role import Permission
from doorward.model.session_end import Cause

NORMALISED = {"email": normalise_email, "username": normalise_username, "phone_number": normalise_phone}


class User(Struct, frozen=True, kw_only=True):
    """A person: the live profile, and what RBAC grants directly or through roles.

    ``profile`` holds the root attributes under their wire names (``email``, ``name``,
    ``picture``...), absent ones left out. Times are epoch seconds.
    """

    user_id: str
    connection: str
    profile: dict[str, Any] = {}
    user_metadata: dict[str, Any] = {}
    app_metadata: dict[str, Any] = {}
    identities: tuple[dict[str, Any], ...] = ()
    blocked: bool = False
    roles: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    created_at: float = 0.0
    updated_at: float = 0.0
    last_login: float | None = None
    last_ip: str | None = None
    logins_count: int = 0
    revision: int = 0

    @property
    def primary_identity(self) -> tuple[str, str]:
        """Provider and id of the identity the account began with, which its ``user_id`` names."""
        provider, _, identity_id = self.user_id.partition("|")
        return provider, identity_id

    @property
    def connections(self) -> tuple[str, ...]:
        """Where the person can sign in: the connection of the account, then those of linked identities."""
        return (self.connection, *(identity["connection"] for identity in self.identities[1:]))

    def identity_at(self, place: int) -> tuple[str, str]:
        """Provider and id of an identity."""
        if place == 0:
            return self.primary_identity
        return self.identities[place]["provider"], self.identities[place]["user_id"]

    def place_of(self, connection: str, field: str, value: str) -> int | None:
        """Which identity in ``connection`` has this e-mail address, user name or telephone number."""
        normalise = NORMALISED[field]
        for place, name in enumerate(self.connections):
            known = self.profile_of(place).get(field)
            if name == connection and known and normalise(known) == normalise(value):
                return place
        return None

    def is_named(self, typed: str) -> bool:
        """Whether an identity of theirs has this e-mail address, user name or telephone number."""
        return any(
            normalise(known) == normalise(typed)
            for place in range(len(self.connections))
            for field, normalise in NORMALISED.items()
            if (known := self.profile_of(place).get(field))
        )

    def profile_of(self, place: int) -> dict[str, Any]:
        """What an identity knows of the person; the first one's is the user's."""
        return self.profile if place == 0 else self.identities[place].get("profileData", {})

    def with_profile(self, place: int, profile: dict[str, Any]) -> User:
        """The user with another profile of the identity at ``place``."""
        if place == 0:
            return msgspec.structs.replace(self, profile=profile)
        identity = {**self.identities[place], "profileData": profile}
        identities = (*self.identities[:place], identity, *self.identities[place + 1 :])
        return msgspec.structs.replace(self, identities=identities)

    @property
    def signs_in_with(self) -> list[tuple[str, str]]:
        """Connection and identifier, for all there are, linked identities included."""
        return [
            (name, profile[field])
            for place, name in enumerate(self.connections)
            for profile in (self.profile_of(place),)
            for field in NORMALISED
            if profile.get(field)
        ]

    def place_of_identity(self, identity: tuple[str, str] | None) -> int | None:
        """Which identity has this provider and id."""
        return next((place for place in range(len(self.connections)) if self.identity_at(place) == identity), None)

    def person(self, place: int = 0) -> dict[str, Any]:
        """What a password may not tell of: the profile of an identity, with ``user_metadata`` in it."""
        return {**self.profile, **self.profile_of(place), "user_metadata": self.user_metadata}

    @property
    def email(self) -> str | None:
        return self.profile.get("email")


class Password(Struct, frozen=True, kw_only=True):
    """A stored password: a PHC or modular-crypt string, never the password."""

    hash: str
    set_at: float


class AccountChange(Struct, frozen=True, kw_only=True):
    """A user as it is to be written over its ``revision``, and what comes with it.

    ``password`` is that of the identity at ``place``; the one it replaces is kept with those before it, as many as
    ``remembered`` says. ``cause`` is what that is for the person's sessions and what belongs to them, ``but_session``
    the one that is spared; ``revoke_refresh_tokens`` is said where the cause leaves it open.
    Counters of failures whose keys begin with one of ``unblock`` are forgotten.
    """

    user: User
    place: int = 0
    password: Password | None = None
    remembered: int = 0
    cause: Cause | None = None
    but_session: str | None = None
    revoke_refresh_tokens: bool = False
    unblock: tuple[str, ...] = ()


class Identifiers(Struct, frozen=True, kw_only=True):
    """What a user signs in with, normalised: unique per connection."""

    email: str | None = None
    username: str | None = None
    phone_number: str | None = None
