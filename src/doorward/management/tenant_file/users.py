"""The ``users`` of a tenant file: what the format of auth0-deploy-cli cannot carry.

Passwords are stored as given: policies apply to people, not to the file. Loading the same list again
changes nothing, a changed entry updates its user, nobody is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from doorward.identity.signup import identifiers_of, with_defaults
from doorward.management.kit.bodies import refusal
from doorward.management.kit.context import MACHINE
from doorward.management.kit.schema import Unfit
from doorward.management.tenant_file.sections import TenantFileError
from doorward.management.users_import.password_hash import HASHES, stored_password
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import new_object_id, normalise_email, normalise_username
from doorward.model.role import Permission
from doorward.model.user import Password, User
from doorward.ports import Clock, Conflict, Entropy, Passwords, Users

ROOT_ATTRIBUTES = (
    "email", "email_verified", "username", "phone_number", "phone_verified",
    "given_name", "family_name", "name", "nickname", "picture",
)  # fmt: skip
KNOWN = frozenset(ROOT_ATTRIBUTES) | {
    "user_id", "connection", "password", *HASHES, "blocked", "user_metadata", "app_metadata", "roles",
    "permissions",
}  # fmt: skip


class LoadedUsers(Struct, frozen=True):
    """How many users are new, and how many changed."""

    created: int = 0
    updated: int = 0


class UserLoader:
    """Writes users as a file lists them."""

    def __init__(self, clock: Clock, entropy: Entropy, users: Users, passwords: Passwords) -> None:
        self._clock = clock
        self._entropy = entropy
        self._users = users
        self._passwords = passwords

    async def load(self, entries: Any, directory: TenantDirectory) -> LoadedUsers:
        """Raises ``TenantFileError`` for an entry that cannot be loaded; those before it are."""
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise TenantFileError("users has to be a list of objects")
        created = updated = 0
        for entry in entries:
            known = await self._known(entry, directory)
            if known is None:
                await self._create(entry, directory)
                created += 1
            elif await self._update(entry, *known, directory):
                updated += 1
        return LoadedUsers(created, updated)

    async def _known(
        self, entry: Mapping[str, Any], directory: TenantDirectory
    ) -> tuple[User, int, Password | None] | None:
        """Whose account the entry is, which of their identities, and its password if it was read."""
        tenant, connection = directory.tenant.id, _connection(entry, directory)
        for field, normalise in (("email", normalise_email), ("username", normalise_username)):
            value = entry.get(field)
            if isinstance(value, str) and value:
                found = await self._users.find_by_identifier(tenant, connection, field, normalise(value))
                if found is not None:
                    return found[0], found[0].place_of(connection, field, value) or 0, found[1]
        user_id = entry.get("user_id")
        if not isinstance(user_id, str):
            return None
        provider, _, identity_id = _qualified(user_id).partition("|")
        user = await self._users.find_by_identity(tenant, provider, identity_id)
        if user is None:
            return None
        places = [user.identity_at(place) for place in range(len(user.connections))]
        return user, places.index((provider, identity_id)), None

    async def _create(self, entry: Mapping[str, Any], directory: TenantDirectory) -> None:
        now = self._clock.now()
        connection = _connection(entry, directory)
        given = entry.get("user_id")
        user_id = _qualified(given) if isinstance(given, str) else f"auth0|{new_object_id(self._entropy)}"
        if user_id.endswith(MACHINE):
            raise TenantFileError(
                f"users: user_id of {_shown(entry)} ends in {MACHINE}, as the subject of a client does"
            )
        profile = with_defaults(_profile(entry))
        if "email" in profile:
            profile.setdefault("email_verified", False)
        user = User(
            user_id=user_id,
            connection=connection,
            profile=profile,
            user_metadata=_object(entry, "user_metadata"),
            app_metadata=_object(entry, "app_metadata"),
            identities=(
                {
                    "connection": connection,
                    "user_id": user_id.partition("|")[2],
                    "provider": user_id.partition("|")[0],
                    "isSocial": False,
                },
            ),
            blocked=entry.get("blocked") is True,
            roles=_roles(entry, directory),
            permissions=_permissions(entry),
            created_at=now,
            updated_at=now,
        )
        password = await self._password(entry)
        try:
            await self._users.create(directory.tenant.id, user, identifiers_of(profile), password, events=())
        except Conflict as conflict:
            raise TenantFileError(f"users: {conflict.field} {conflict.value} is taken already") from None

    async def _update(
        self, entry: Mapping[str, Any], user: User, place: int, stored: Password | None, directory: TenantDirectory
    ) -> bool:
        """Of a linked account only what it signs in with and knows of the person: the rest is the user's."""
        tenant = directory.tenant.id
        changed = user.with_profile(place, {**user.profile_of(place), **_profile(entry)})
        password = None if await self._has(entry, stored) else await self._password(entry)
        if place > 0:
            entry = {}
        changed = msgspec.structs.replace(
            changed,
            user_metadata={**user.user_metadata, **_object(entry, "user_metadata")},
            app_metadata={**user.app_metadata, **_object(entry, "app_metadata")},
            blocked=entry["blocked"] is True if "blocked" in entry else user.blocked,
        )
        roles = tuple(role for role in _roles(entry, directory) if role not in user.roles)
        permissions = tuple(item for item in _permissions(entry) if item not in user.permissions)
        if changed == user and password is None and not roles and not permissions:
            return False
        if changed != user or password is not None:
            changed = msgspec.structs.replace(changed, updated_at=self._clock.now())
            await self._users.replace(
                tenant,
                changed,
                identifiers_of(changed.profile_of(place)),
                expected_revision=user.revision,
                password=password,
                place=place,
                events=(),
            )
        if roles:
            await self._users.assign_roles(tenant, user.user_id, add=roles, events=())
        if permissions:
            await self._users.assign_permissions(tenant, user.user_id, add=permissions, events=())
        return True

    async def _has(self, entry: Mapping[str, Any], stored: Password | None) -> bool:
        """Whether the stored password is the file's already, so that nothing is hashed anew."""
        if stored is None:
            return entry.keys().isdisjoint(("password", *HASHES))
        if "password" in entry:
            right, _ = await self._passwords.verify(str(entry["password"]), stored.hash)
            return right
        # An imported hash is upgraded at the first login, so a different one is no change of the file.
        return True

    async def _password(self, entry: Mapping[str, Any]) -> Password | None:
        now, plain = self._clock.now(), entry.get("password")
        given = {name: entry[name] for name in HASHES if entry.get(name) is not None}
        try:
            for name, hash_ in given.items():
                HASHES[name].check(hash_, name)
            imported = stored_password(given)
        except Unfit as error:
            raise TenantFileError(f"users: {_shown(entry)}: {refusal(error).message}") from None
        if imported is not None:
            return Password(hash=imported, set_at=now)
        if plain is None:
            return None
        return Password(hash=await self._passwords.hash(str(plain)), set_at=now)


def _connection(entry: Mapping[str, Any], directory: TenantDirectory) -> str:
    name = entry.get("connection") or directory.settings.default_directory
    if not name:
        databases = [connection.name for connection in directory.connections.values() if connection.is_database]
        name = databases[0] if databases else ""
    connection = directory.connections.get(name)
    if connection is None or not connection.is_database:
        raise TenantFileError(
            f"users: {_shown(entry)} has the connection {name}, which is no database of this tenant",
            "Name an entry of databases.",
        )
    return connection.name


def _profile(entry: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(entry) - KNOWN)
    if unknown:
        raise TenantFileError(f"users: {_shown(entry)} has a property that is not known: {unknown[0]}")
    if not any(entry.get(name) for name in ("email", "username", "phone_number")):
        raise TenantFileError("users: an entry has neither email nor username")
    return {name: entry[name] for name in ROOT_ATTRIBUTES if entry.get(name) is not None}


def _object(entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = entry.get(name) or {}
    if not isinstance(value, dict):
        raise TenantFileError(f"users: {name} of {_shown(entry)} has to be an object")
    return value


def _roles(entry: Mapping[str, Any], directory: TenantDirectory) -> tuple[str, ...]:
    by_name = {role.name: id_ for id_, role in directory.roles.items() if role.owner_id is None}
    named = entry.get("roles") or []
    missing = [name for name in named if name not in by_name]
    if missing:
        raise TenantFileError(f"users: {_shown(entry)} has the role {missing[0]}, which does not exist")
    return tuple(by_name[name] for name in named)


def _permissions(entry: Mapping[str, Any]) -> tuple[Permission, ...]:
    named = entry.get("permissions") or []
    if not all(isinstance(p, dict) and p.get("resource_server_identifier") and p.get("permission_name") for p in named):
        raise TenantFileError(
            f"users: permissions of {_shown(entry)} need permission_name and resource_server_identifier"
        )
    return tuple(Permission(p["resource_server_identifier"], p["permission_name"]) for p in named)


def _qualified(user_id: str) -> str:
    return user_id if "|" in user_id else f"auth0|{user_id}"


def _shown(entry: Mapping[str, Any]) -> str:
    return str(entry.get("email") or entry.get("username") or entry.get("user_id") or "an entry")
