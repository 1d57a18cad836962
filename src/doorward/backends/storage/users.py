"""Users: profile, identifiers, password, roles and permissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from doorward.backends.storage.attempts import clear_attempts
from doorward.backends.storage.authentication_methods import StoredAuthenticationMethods
from doorward.backends.storage.database import Database, Dialect, Query, Row, Verb
from doorward.backends.storage.decided import still_stand, still_there
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.outbox import StoredOutbox
from doorward.backends.storage.search import SECONDS, Finder, Target
from doorward.backends.storage.session_ends import SessionEnds, Told
from doorward.backends.storage.ticket_rows import insert_ticket
from doorward.backends.storage.user_fields import TERM, fields_of, places, terms_of
from doorward.model.authentication_method import AuthenticationMethod
from doorward.model.document import Document
from doorward.model.log_event import LogEvent
from doorward.model.message import Message
from doorward.model.role import Permission
from doorward.model.search import EVERYTHING, Search, Sort
from doorward.model.session_end import Cause
from doorward.model.ticket import Ticket
from doorward.model.user import AccountChange, Identifiers, Password, User
from doorward.ports import Conflict, TooMuch

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode

# Characters of metadata that are read at a time: in memory they are several times as much.
LARGEST_PAGE = 16 * 1024 * 1024

COLUMNS = """u.user_id, u.connection, u.profile, u.user_metadata, u.app_metadata, u.identities, u.blocked,
    u.created_at, u.updated_at, u.last_login, u.last_ip, u.logins_count, u.revision"""
# Roles and permissions come in the same statement, as JSON arrays: one read per user. SQLite and
# PostgreSQL name the aggregate differently, so each driver fills in its own.
GRANTS = """,
    (SELECT {array}(r.role_id) FROM user_role r WHERE r.tenant = u.tenant AND r.user_id = u.user_id),
    (SELECT {array}({pair}(p.resource_server_identifier, p.permission_name)) FROM user_permission p
        WHERE p.tenant = u.tenant AND p.user_id = u.user_id)"""
INSERT = """
INSERT INTO user_account (tenant, user_id, sequence, connection, email, blocked, profile, user_metadata, app_metadata,
    identities, created_at, updated_at, last_login, last_ip, logins_count, revision, email_domain, name, given_name,
    family_name, nickname, username, phone_number, email_verified)
VALUES (:tenant, :user_id, {user_number},
    :connection, :email, :blocked, :profile, :user_metadata, :app_metadata,
    :identities, :created_at, :updated_at, :last_login, :last_ip, :logins_count, 0, :email_domain, :name, :given_name,
    :family_name, :nickname, :username, :phone_number, :email_verified)
ON CONFLICT (tenant, user_id) DO NOTHING RETURNING sequence"""
INSERT_IDENTITY = """
INSERT INTO user_identity (tenant, provider, identity_id, connection, user_id)
VALUES (:tenant, :provider, :identity_id, :connection, :user_id)
ON CONFLICT (tenant, provider, identity_id) DO NOTHING RETURNING user_id"""
INSERT_IDENTIFIER = """
INSERT INTO user_identifier (tenant, connection, field, value, provider, identity_id)
VALUES (:tenant, :connection, :field, :value, :provider, :identity_id)
ON CONFLICT (tenant, connection, field, value) DO NOTHING RETURNING identity_id"""
MOVE_IDENTITIES = """
UPDATE user_identity SET user_id = :user_id WHERE tenant = :tenant AND user_id = :linked"""
MOVE_IDENTITY = """
UPDATE user_identity SET user_id = :to
WHERE tenant = :tenant AND provider = :provider AND identity_id = :identity_id AND user_id = :user_id
RETURNING user_id"""
DELETE_IDENTIFIERS = """
DELETE FROM user_identifier WHERE tenant = :tenant AND provider = :provider AND identity_id = :identity_id"""
SET_PASSWORD = """
INSERT INTO user_password (tenant, provider, identity_id, hash, set_at)
VALUES (:tenant, :provider, :identity_id, :hash, :set_at)
ON CONFLICT (tenant, provider, identity_id) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at"""
REMEMBER = """
INSERT INTO user_password_history (tenant, provider, identity_id, hash, set_at)
SELECT tenant, provider, identity_id, hash, set_at FROM user_password
WHERE tenant = :tenant AND provider = :provider AND identity_id = :identity_id
ON CONFLICT (tenant, provider, identity_id, hash) DO NOTHING"""
FORGET = """
DELETE FROM user_password_history
WHERE tenant = :tenant AND provider = :provider AND identity_id = :identity_id AND hash NOT IN
    (SELECT h.hash FROM user_password_history h
    WHERE h.tenant = :tenant AND h.provider = :provider AND h.identity_id = :identity_id
    ORDER BY h.set_at DESC LIMIT :remembered)"""
PASSWORDS = """
SELECT hash, set_at FROM (
    SELECT 0 AS place, hash, set_at FROM user_password
        WHERE tenant = :tenant AND provider = :provider AND identity_id = :identity_id
    UNION ALL SELECT 1 AS place, hash, set_at FROM user_password_history
        WHERE tenant = :tenant AND provider = :provider AND identity_id = :identity_id
) AS known ORDER BY place, set_at DESC"""
# With another password the links by which it could have been changed are of no use.
VOID_TICKETS = """
DELETE FROM ticket WHERE tenant = :tenant AND user_id = :user_id AND type = 'password_change' AND used_at IS NULL"""
REHASH = """
UPDATE user_password SET hash = :hash WHERE tenant = :tenant AND hash = :old_hash AND (provider, identity_id) IN
    (SELECT d.provider, d.identity_id FROM user_identity d WHERE d.tenant = :tenant AND d.user_id = :user_id)"""
UPDATE = """
UPDATE user_account SET email = :email, blocked = :blocked, profile = :profile, user_metadata = :user_metadata,
    app_metadata = :app_metadata, identities = :identities, updated_at = :updated_at, revision = revision + 1,
    email_domain = :email_domain, name = :name, given_name = :given_name, family_name = :family_name,
    nickname = :nickname, username = :username, phone_number = :phone_number, email_verified = :email_verified
WHERE tenant = :tenant AND user_id = :user_id AND revision = :revision RETURNING sequence"""
ACTIVE = "SELECT count(*) FROM user_account WHERE tenant = :tenant AND last_login >= :since"
DELETE_TERMS = "DELETE FROM user_term WHERE tenant = :tenant AND sequence = :sequence"
RECORD_LOGIN = """
UPDATE user_account SET last_login = :at, last_ip = :ip, logins_count = logins_count + 1
WHERE tenant = :tenant AND user_id = :user_id {and_once} RETURNING user_id"""
DELETE_CONSENTS = "DELETE FROM consent_grant WHERE tenant = :tenant AND user_id = :user_id"
DELETE_DEVICE_KEYS = "DELETE FROM device_credential WHERE tenant = :tenant AND user_id = :user_id"
DELETE_CODES = "DELETE FROM authorization_code WHERE tenant = :tenant AND user_id = :user_id"
DELETE = "DELETE FROM user_account WHERE tenant = :tenant AND user_id = :user_id RETURNING revision"
EXISTS = "SELECT 1 FROM user_account WHERE tenant = :tenant AND user_id = :user_id"
ADD_ROLE = """
INSERT INTO user_role (tenant, user_id, role_id) VALUES (:tenant, :user_id, :role_id)
ON CONFLICT (tenant, user_id, role_id) DO NOTHING"""
REMOVE_ROLE = "DELETE FROM user_role WHERE tenant = :tenant AND user_id = :user_id AND role_id = :role_id"
ADD_PERMISSION = """
INSERT INTO user_permission (tenant, user_id, resource_server_identifier, permission_name)
VALUES (:tenant, :user_id, :api, :name)
ON CONFLICT (tenant, user_id, resource_server_identifier, permission_name) DO NOTHING"""
REMOVE_PERMISSION = """
DELETE FROM user_permission WHERE tenant = :tenant AND user_id = :user_id
    AND resource_server_identifier = :api AND permission_name = :name"""


def record_login(tenant: str, user_id: str, at: float, ip: str) -> Query:
    """The statement that notes a login."""
    return Query(RECORD_LOGIN, {"tenant": tenant, "user_id": user_id, "at": at, "ip": ip})


class StoredUsers:
    """``ports.Users``."""

    def __init__(
        self,
        database: Database,
        log: StoredLog,
        outbox: StoredOutbox,
        ends: SessionEnds,
        methods: StoredAuthenticationMethods,
    ) -> None:
        self._database = database
        self._log = log
        self._outbox = outbox
        self._ends = ends
        self._methods = methods
        self._finder = Finder(database, Target("user_account u", "u.tenant", "u.sequence", places(database.dialect)))
        columns = COLUMNS + GRANTS.format(array=database.dialect.array_of, pair=database.dialect.array)
        self._find = f"SELECT {columns} FROM user_account u WHERE u.tenant = :tenant AND u.user_id = :user_id"  # noqa: S608
        self._by_identifier = f"""
            SELECT {columns}, w.hash, w.set_at
            FROM user_identifier i
            JOIN user_identity d ON d.tenant = i.tenant AND d.provider = i.provider AND d.identity_id = i.identity_id
            JOIN user_account u ON u.tenant = d.tenant AND u.user_id = d.user_id
            LEFT JOIN user_password w
                ON w.tenant = i.tenant AND w.provider = i.provider AND w.identity_id = i.identity_id
            WHERE i.tenant = :tenant AND i.connection = :connection AND i.field = :field AND i.value = :value"""  # noqa: S608
        self._by_identity = f"""
            SELECT {columns} FROM user_identity d JOIN user_account u ON u.tenant = d.tenant AND u.user_id = d.user_id
            WHERE d.tenant = :tenant AND d.provider = :provider AND d.identity_id = :identity_id"""  # noqa: S608
        self._access = f"""
            SELECT {columns}, EXISTS (SELECT 1 FROM revoked_access_token x
                WHERE x.tenant = u.tenant AND x.token_hash = :token_hash)
            FROM user_account u WHERE u.tenant = :tenant AND u.user_id = :user_id"""  # noqa: S608
        self._numbered = f"""
            SELECT {columns}, u.sequence FROM user_account u
            WHERE u.tenant = :tenant AND u.sequence IN {database.dialect.among(":sequences", int)}"""  # noqa: S608
        among = database.dialect.among(":sequences", int)
        self._are_there = f"SELECT 1 FROM user_account u WHERE u.tenant = :tenant AND u.sequence IN {among} LIMIT 1"  # noqa: S608
        self._numbered += f""" AND :most >= (
            SELECT coalesce(sum(length(s.user_metadata) + length(s.app_metadata)), 0)
            FROM user_account s WHERE s.tenant = :tenant AND s.sequence IN {among})"""  # noqa: S608

    # ── reading ──

    async def find(self, tenant: str, user_id: str) -> User | None:
        rows = await self._database.read(self._find, {"tenant": tenant, "user_id": user_id})
        return user_of(rows[0]) if rows else None

    async def find_by_identifier(
        self, tenant: str, connection: str, field: str, value: str
    ) -> tuple[User, Password | None] | None:
        rows = await self._database.read(
            self._by_identifier, {"tenant": tenant, "connection": connection, "field": field, "value": value}
        )
        if not rows:
            return None
        hash_, set_at = rows[0][-2:]
        return user_of(rows[0]), Password(hash=hash_, set_at=set_at) if hash_ is not None else None

    async def find_by_identity(self, tenant: str, provider: str, identity_id: str) -> User | None:
        rows = await self._database.read(self._by_identity, _identity(tenant, (provider, identity_id)))
        return user_of(rows[0]) if rows else None

    async def passwords(self, tenant: str, provider: str, identity_id: str) -> list[Password]:
        rows = await self._database.read(PASSWORDS, _identity(tenant, (provider, identity_id)))
        return [Password(hash=hash_, set_at=set_at) for hash_, set_at in rows]

    async def access(self, tenant: str, user_id: str, access_token_hash: bytes) -> tuple[User | None, bool]:
        rows = await self._database.read(
            self._access, {"tenant": tenant, "user_id": user_id, "token_hash": access_token_hash}
        )
        return (user_of(rows[0]), bool(rows[0][-1])) if rows else (None, False)

    async def page(
        self,
        tenant: str,
        *,
        offset: int,
        limit: int,
        connection: str | None = None,
        email: str | None = None,
        role: str | None = None,
    ) -> tuple[list[User], int]:
        conditions = ""
        parameters: dict[str, Any] = {"tenant": tenant}
        if connection is not None:
            conditions += " AND u.connection = :connection"
            parameters["connection"] = connection
        if email is not None:
            conditions += " AND u.email = :email"
            parameters["email"] = email
        if role is not None:
            conditions += """ AND EXISTS (SELECT 1 FROM user_role f
                WHERE f.tenant = u.tenant AND f.user_id = u.user_id AND f.role_id = :role)"""
            parameters["role"] = role
        found = await self._database.read(
            f"SELECT u.sequence FROM user_account u WHERE u.tenant = :tenant{conditions}"  # noqa: S608
            " ORDER BY u.sequence LIMIT :limit OFFSET :offset",
            {**parameters, "limit": limit, "offset": offset},
        )
        total = await self._database.read(
            f"SELECT count(*) FROM user_account u WHERE u.tenant = :tenant{conditions}",  # noqa: S608
            parameters,
        )
        return await self._with_numbers(tenant, [row[0] for row in found]), total[0][0]

    async def _with_numbers(self, tenant: str, wanted: Sequence[int]) -> list[User]:
        """The users with these numbers, in their order. Raises ``TooMuch``."""
        if not wanted:
            return []
        numbers = {"tenant": tenant, "sequences": _encode(wanted).decode()}
        rows = await self._database.read(self._numbered, {**numbers, "most": LARGEST_PAGE})
        if not rows and await self._database.read(self._are_there, numbers):
            raise TooMuch
        users = {row[-1]: user_of(row) for row in rows}
        # Somebody may have been deleted since they were found.
        return [users[number] for number in wanted if number in users]

    async def count(self, tenant: str, *, connection: str | None = None) -> int:
        conditions, parameters = _of_connection(tenant, connection)
        rows = await self._database.read(
            f"SELECT count(*) FROM user_account u WHERE u.tenant = :tenant{conditions}",  # noqa: S608
            parameters,
        )
        count: int = rows[0][0]
        return count

    async def walk(
        self, tenant: str, *, after: tuple[int, str] | None, limit: int, connection: str | None = None
    ) -> tuple[list[User], tuple[int, str] | None]:
        conditions, parameters = _of_connection(tenant, connection)
        sequence, user_id = after or (-1, "")
        while True:
            rows = await self._database.read(
                f"SELECT u.sequence, u.user_id FROM user_account u WHERE u.tenant = :tenant{conditions}"  # noqa: S608
                " AND u.sequence >= :sequence AND (u.sequence > :sequence OR u.user_id > :user_id)"
                " ORDER BY u.sequence, u.user_id LIMIT :limit",
                {**parameters, "sequence": sequence, "user_id": user_id, "limit": limit},
            )
            if not rows:
                return [], None
            try:
                users = await self._with_numbers(tenant, [row[0] for row in rows])
            except TooMuch:
                limit = len(rows) // 2 or 1  # what one of them may have is less
                continue
            sequence, user_id = rows[-1]
            if users:
                return users, (sequence, user_id)

    async def search(
        self,
        tenant: str,
        where: Search = EVERYTHING,
        *,
        offset: int,
        limit: int,
        count: int = 0,
        sort: Sort | None = None,
    ) -> tuple[list[User], int]:
        found, total = await self._finder.find(tenant, where, sort, offset + limit, count)
        return await self._with_numbers(tenant, found[offset:]), total

    async def active(self, tenant: str, since: float) -> int:
        rows = await self._database.search(ACTIVE, {"tenant": tenant, "since": since}, SECONDS)
        count: int = rows[0][0]
        return count

    # ── writing ──

    async def create(
        self,
        tenant: str,
        user: User,
        identifiers: Identifiers,
        password: Password | None,
        *,
        methods: Sequence[AuthenticationMethod] = (),
        events: Sequence[LogEvent],
        messages: Sequence[Message] = (),
        tickets: Sequence[Ticket] = (),
        within: str | None = None,
    ) -> None:
        def verb() -> Verb[None]:
            if within is not None:
                yield from still_there(tenant, within, self._database.dialect)
            if not (yield from insert_account(self._database.dialect, tenant, user)):
                raise Conflict("user_id", user.user_id)
            identity = identity_of(tenant, user)
            yours = {**identity, "connection": user.connection, "user_id": user.user_id}
            if not (yield Query(INSERT_IDENTITY, yours)):  # linked to somebody else
                raise Conflict("user_id", user.user_id)
            yield from _identify(identity, user.connection, identifiers)
            if password is not None:
                yield Query(SET_PASSWORD, {**identity, "hash": password.hash, "set_at": password.set_at})
            for method in methods:
                yield from self._methods.insert(tenant, method)
            yield from _grant(tenant, user.user_id, user.roles, user.permissions)
            for ticket in tickets:
                yield insert_ticket(tenant, ticket)
            yield from self._log.insert(tenant, events)
            yield from self._outbox.insert(tenant, messages)

        await self._database.write(verb)
        self._outbox.wake(messages)

    async def replace(
        self,
        tenant: str,
        user: User,
        identifiers: Identifiers,
        *,
        expected_revision: int,
        password: Password | None = None,
        remembered: int = 0,
        place: int = 0,
        cause: Cause | None = None,
        revoke_refresh_tokens: bool = False,
        unblock: Sequence[str] = (),
        events: Sequence[LogEvent],
        messages: Sequence[Message] = (),
    ) -> bool:
        change = AccountChange(
            user=msgspec.structs.replace(user, revision=expected_revision),
            place=place,
            password=password,
            remembered=remembered,
            cause=cause,
            revoke_refresh_tokens=revoke_refresh_tokens,
            unblock=tuple(unblock),
        )
        told: Told = []

        def verb() -> Verb[bool]:
            if not (yield from change_account(self._database.dialect, self._ends, tenant, change, told)):
                return False
            identity = _identity(tenant, user.identity_at(place))
            yield Query(DELETE_IDENTIFIERS, identity)
            yield from _identify(identity, user.connections[place], identifiers)
            yield from self._log.insert(tenant, events)
            yield from self._outbox.insert(tenant, messages)
            return True

        replaced = await self._database.write(verb)
        self._outbox.wake([*messages, *told])
        return replaced

    async def change(
        self, tenant: str, change: AccountChange, *, events: Sequence[LogEvent], messages: Sequence[Message] = ()
    ) -> bool:
        told: Told = []

        def verb() -> Verb[bool]:
            if not (yield from change_account(self._database.dialect, self._ends, tenant, change, told)):
                return False
            yield from self._log.insert(tenant, events)
            yield from self._outbox.insert(tenant, messages)
            return True

        changed = await self._database.write(verb)
        self._outbox.wake([*messages, *told])
        return changed

    async def rehash(self, tenant: str, user_id: str, *, old_hash: str, password: Password) -> None:
        def verb() -> Verb[None]:
            yield Query(REHASH, {"tenant": tenant, "user_id": user_id, "hash": password.hash, "old_hash": old_hash})

        await self._database.write(verb)

    async def record_login(self, tenant: str, user_id: str, *, at: float, ip: str, events: Sequence[LogEvent]) -> None:
        await self._database.once(record_login(tenant, user_id, at, ip), self._log.inserts(tenant, events))

    async def link(self, tenant: str, user: User, linked: User, *, at: float, events: Sequence[LogEvent]) -> None:
        told: Told = []

        def verb() -> Verb[None]:
            if not (yield from update_account(self._database.dialect, tenant, user, user.revision)):
                raise Conflict("revision", user.user_id)
            yield Query(MOVE_IDENTITIES, {"tenant": tenant, "user_id": user.user_id, "linked": linked.user_id})
            deleted = yield from _delete(self._ends, tenant, linked.user_id, told, at)
            if not deleted or deleted[0][0] != linked.revision:
                raise Conflict("revision", linked.user_id)
            yield from self._log.insert(tenant, events)

        await self._database.write(verb)
        self._ends.wake(told)

    async def unlink(self, tenant: str, user: User, restored: User, *, events: Sequence[LogEvent]) -> None:
        def verb() -> Verb[None]:
            if not (yield from update_account(self._database.dialect, tenant, user, user.revision)):
                raise Conflict("revision", user.user_id)
            if not (yield from insert_account(self._database.dialect, tenant, restored)):
                raise Conflict("user_id", restored.user_id)
            identity = identity_of(tenant, restored)
            if not (yield Query(MOVE_IDENTITY, {**identity, "user_id": user.user_id, "to": restored.user_id})):
                raise Conflict("revision", user.user_id)
            yield from self._log.insert(tenant, events)

        await self._database.write(verb)

    async def delete(self, tenant: str, user_id: str, *, at: float, events: Sequence[LogEvent]) -> bool:
        told: Told = []

        def verb() -> Verb[bool]:
            deleted = yield from _delete(self._ends, tenant, user_id, told, at)
            if deleted:
                yield from self._log.insert(tenant, events)
            return bool(deleted)

        deleted = await self._database.write(verb)
        self._ends.wake(told)
        return deleted

    async def assign_roles(
        self,
        tenant: str,
        user_id: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        decided_by: Sequence[Document] = (),
        events: Sequence[LogEvent],
    ) -> bool:
        key = {"tenant": tenant, "user_id": user_id}

        def verb() -> Verb[bool]:
            if not (yield Query(EXISTS, key)):
                return False
            yield from still_stand(tenant, decided_by, self._database.dialect)
            for role_id in remove:
                yield Query(REMOVE_ROLE, {**key, "role_id": role_id})
            yield from _grant(tenant, user_id, add, ())
            yield from self._log.insert(tenant, events)
            return True

        return await self._database.write(verb)

    async def assign_role(
        self,
        tenant: str,
        role_id: str,
        user_ids: Sequence[str],
        *,
        decided_by: Sequence[Document] = (),
        events: Sequence[LogEvent],
    ) -> str | None:
        def verb() -> Verb[str | None]:
            yield from still_stand(tenant, decided_by, self._database.dialect)
            for user_id in user_ids:
                if not (yield Query(EXISTS, {"tenant": tenant, "user_id": user_id})):
                    return user_id
            for user_id in user_ids:
                yield from _grant(tenant, user_id, (role_id,), ())
            yield from self._log.insert(tenant, events)
            return None

        return await self._database.write(verb)

    async def assign_permissions(
        self,
        tenant: str,
        user_id: str,
        *,
        add: Sequence[Permission] = (),
        remove: Sequence[Permission] = (),
        decided_by: Sequence[Document] = (),
        events: Sequence[LogEvent],
    ) -> bool:
        key = {"tenant": tenant, "user_id": user_id}

        def verb() -> Verb[bool]:
            if not (yield Query(EXISTS, key)):
                return False
            yield from still_stand(tenant, decided_by, self._database.dialect)
            for permission in remove:
                yield Query(
                    REMOVE_PERMISSION,
                    {**key, "api": permission.resource_server_identifier, "name": permission.permission_name},
                )
            yield from _grant(tenant, user_id, (), add)
            yield from self._log.insert(tenant, events)
            return True

        return await self._database.write(verb)


def _delete(ends: SessionEnds, tenant: str, user_id: str, told: Told, at: float) -> Verb[list[Row]]:
    """Statements that remove a user with all it has; the revision it had, if it was there."""
    key = {"tenant": tenant, "user_id": user_id}
    yield from ends.end(tenant, Cause.DELETED, told, user_id=user_id, at=at)
    for statement in (DELETE_CONSENTS, DELETE_CODES, DELETE_DEVICE_KEYS):
        yield Query(statement, key)
    return (yield Query(DELETE, key))


def _of_connection(tenant: str, connection: str | None) -> tuple[str, dict[str, Any]]:
    if connection is None:
        return "", {"tenant": tenant}
    return " AND u.connection = :connection", {"tenant": tenant, "connection": connection}


def _grant(tenant: str, user_id: str, roles: Sequence[str], permissions: Sequence[Permission]) -> Verb[None]:
    key = {"tenant": tenant, "user_id": user_id}
    for role_id in roles:
        yield Query(ADD_ROLE, {**key, "role_id": role_id})
    for permission in permissions:
        yield Query(
            ADD_PERMISSION, {**key, "api": permission.resource_server_identifier, "name": permission.permission_name}
        )


def insert_account(dialect: Dialect, tenant: str, user: User) -> Verb[bool]:
    """Statements that store a new user and what it is found by; ``False``, and nothing stored, if the id is taken."""
    rows = yield Query(INSERT, account_of(tenant, user))
    if rows:
        yield from insert_terms(dialect, tenant, [(rows[0][0], user)])
    return bool(rows)


def update_account(dialect: Dialect, tenant: str, user: User, revision: int) -> Verb[bool]:
    """Statements that write a user over the one at a revision; ``False``, and nothing written, if it is at another."""
    parameters = account_of(tenant, user)
    for unused in ("connection", "created_at", "last_login", "last_ip", "logins_count"):
        del parameters[unused]
    rows = yield Query(UPDATE, {**parameters, "revision": revision})
    if rows:
        yield Query(DELETE_TERMS, {"tenant": tenant, "sequence": rows[0][0]})
        yield from insert_terms(dialect, tenant, [(rows[0][0], user)])
    return bool(rows)


def change_account(dialect: Dialect, ends: SessionEnds, tenant: str, change: AccountChange, told: Told) -> Verb[bool]:
    """Statements that write a changed user with its password, and end what is to end; ``False``, and nothing
    written, if somebody else changed it first."""
    user = change.user
    if not (yield from update_account(dialect, tenant, user, user.revision)):
        return False
    key = {"tenant": tenant, "user_id": user.user_id}
    if change.password is not None:
        yield from set_password(_identity(tenant, user.identity_at(change.place)), change.password, change.remembered)
        yield Query(VOID_TICKETS, key)
    if change.cause is not None:
        yield from ends.end(
            tenant,
            change.cause,
            told,
            user_id=user.user_id,
            but=change.but_session,
            refresh_tokens=change.revoke_refresh_tokens,
            at=user.updated_at,
        )
    for prefix in change.unblock:
        yield clear_attempts(tenant, prefix)
    return True


def set_password(identity: Mapping[str, str], password: Password, remembered: int) -> Verb[None]:
    """Statements that give an identity a password, and keep ``remembered`` of those it had."""
    if remembered:
        yield Query(REMEMBER, identity)
    yield Query(FORGET, {**identity, "remembered": remembered})
    yield Query(SET_PASSWORD, {**identity, "hash": password.hash, "set_at": password.set_at})


def insert_terms(dialect: Dialect, tenant: str, numbered: Iterable[tuple[int, User]]) -> Verb[None]:
    """Statements that store what new users, by their ``sequence``, are found by beside their columns."""
    terms = [term for sequence, user in numbered for term in terms_of(tenant, sequence, user)]
    if terms:
        yield dialect.insert("user_term", TERM, terms)


def identity_of(tenant: str, user: User) -> dict[str, str]:
    """The key of the identity the account began with."""
    return _identity(tenant, user.primary_identity)


def _identity(tenant: str, identity: tuple[str, str]) -> dict[str, str]:
    provider, identity_id = identity
    return {"tenant": tenant, "provider": provider, "identity_id": identity_id}


def _identify(identity: dict[str, str], connection: str, identifiers: Identifiers) -> Verb[None]:
    for field in ("email", "username", "phone_number"):
        value = getattr(identifiers, field)
        if value is None:
            continue
        if not (yield Query(INSERT_IDENTIFIER, {**identity, "connection": connection, "field": field, "value": value})):
            raise Conflict(field, value)


def account_of(tenant: str, user: User) -> dict[str, Any]:
    """What ``user_account`` keeps of a user, by column."""
    return {
        "tenant": tenant,
        "user_id": user.user_id,
        "connection": user.connection,
        "blocked": user.blocked,
        "profile": _encode(user.profile).decode(),
        "user_metadata": _encode(user.user_metadata).decode(),
        "app_metadata": _encode(user.app_metadata).decode(),
        "identities": _encode(user.identities).decode(),
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "last_login": user.last_login,
        "last_ip": user.last_ip,
        "logins_count": user.logins_count,
        **fields_of(user),
    }


def user_of(row: Row) -> User:
    """The user of a row of ``COLUMNS`` and ``GRANTS``."""
    roles, permissions = row[13], row[14]
    return User(
        user_id=row[0],
        connection=row[1],
        profile=_decode(row[2]),
        user_metadata=_decode(row[3]),
        app_metadata=_decode(row[4]),
        identities=tuple(_decode(row[5])),
        blocked=bool(row[6]),
        created_at=row[7],
        updated_at=row[8],
        last_login=row[9],
        last_ip=row[10],
        logins_count=row[11],
        revision=row[12],
        roles=tuple(_decode(roles)) if roles else (),
        permissions=tuple(Permission(api, name) for api, name in _decode(permissions)) if permissions else (),
    )
