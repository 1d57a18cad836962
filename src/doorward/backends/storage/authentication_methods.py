"""Authentication methods of users; their secrets are sealed under the tenant's key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from doorward.backends.storage.database import Database, Query, Row, Verb
from doorward.backends.storage.directory import StoredDirectory
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.session_ends import SessionEnds, Told
from doorward.backends.storage.tenant_tables import authentication_method_place
from doorward.backends.storage.ticket_rows import redeem_ticket
from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.log_event import LogEvent
from doorward.model.session_end import Cause
from doorward.model.ticket import TicketType
from doorward.ports import Conflict

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode

# Locks the user: of two writes at a time the later one sees what the earlier one made.
LOCK = """
UPDATE user_account SET revision = revision WHERE tenant = :tenant AND user_id = :user_id RETURNING user_id"""
SELECTED = "SELECT id, user_id, type, created_at, document FROM authentication_method WHERE tenant = :tenant"
OF_USER = f"{SELECTED} AND user_id = :user_id ORDER BY sequence"
ONE = f"{SELECTED} AND id = :id"
BY_KEY = f"{SELECTED} AND key_id = :key_id"
SECRETS = "SELECT secrets FROM authentication_method WHERE tenant = :tenant AND id = :id"
INSERT = """
INSERT INTO authentication_method
    (tenant, id, user_id, sequence, type, created_at, document, secrets, key_id, sign_count)
VALUES (:tenant, :id, :user_id, (SELECT coalesce(max(sequence), 0) + 1 FROM authentication_method
    WHERE tenant = :tenant AND user_id = :user_id), :type, :created_at, :document, :secrets, :key_id, :sign_count)
ON CONFLICT (tenant, key_id) DO NOTHING RETURNING id"""
# An authenticator that counts counts up: what was copied from it falls behind. Some never count.
USE_KEY = """
UPDATE authentication_method SET sign_count = :sign_count WHERE tenant = :tenant AND id = :id
    AND (coalesce(sign_count, 0) < :sign_count OR (coalesce(sign_count, 0) = 0 AND :sign_count = 0)) RETURNING id"""
UPDATE = """
UPDATE authentication_method SET document = :document
WHERE tenant = :tenant AND id = :id AND user_id = :user_id RETURNING id"""
DELETE = "DELETE FROM authentication_method WHERE tenant = :tenant AND id = :id RETURNING user_id, type"


class StoredAuthenticationMethods:
    """``ports.AuthenticationMethods``."""

    def __init__(self, database: Database, log: StoredLog, directory: StoredDirectory, ends: SessionEnds) -> None:
        self._database = database
        self._log = log
        self._ends = ends
        self._directory = directory

    async def of_user(self, tenant: str, user_id: str) -> list[AuthenticationMethod]:
        rows = await self._database.read(OF_USER, {"tenant": tenant, "user_id": user_id})
        return [_method(row) for row in rows]

    async def find(self, tenant: str, id_: str) -> AuthenticationMethod | None:
        rows = await self._database.read(ONE, {"tenant": tenant, "id": id_})
        return _method(rows[0]) if rows else None

    async def by_key(self, tenant: str, key_id: str) -> AuthenticationMethod | None:
        rows = await self._database.read(BY_KEY, {"tenant": tenant, "key_id": key_id})
        return _method(rows[0]) if rows else None

    async def use_key(self, tenant: str, id_: str, sign_count: int) -> bool:
        counted = {"tenant": tenant, "id": id_, "sign_count": sign_count}
        return bool(await self._database.once(Query(USE_KEY, counted)))

    async def secrets(self, tenant: str, id_: str) -> dict[str, Any]:
        rows = await self._database.read(SECRETS, {"tenant": tenant, "id": id_})
        if not rows or rows[0][0] is None:
            return {}
        opened: dict[str, Any] = _decode(self._directory.unseal(tenant, bytes(rows[0][0]), _place(tenant, id_)))
        return opened

    async def add(
        self,
        tenant: str,
        user_id: str,
        methods: Sequence[AuthenticationMethod],
        *,
        replacing: Collection[MethodType] = (),
        unless: Collection[MethodType] = (),
        redeems: tuple[bytes, float] | None = None,
        events: Sequence[LogEvent],
    ) -> bool:
        def verb() -> Verb[bool]:
            key = {"tenant": tenant, "user_id": user_id}
            if not (yield Query(LOCK, key)):
                return False
            if redeems is not None:
                ticket_hash, at = redeems
                if not (yield redeem_ticket(tenant, ticket_hash, TicketType.MFA_ENROLLMENT, at)):
                    raise Conflict("ticket", "")
            taken = set()
            for row in (yield Query(OF_USER, key)):
                known = _method(row)
                if known.type in unless:
                    raise Conflict("authentication_method", known.type)
                if known.type in replacing:
                    yield Query(DELETE, {"tenant": tenant, "id": known.id})
                else:
                    taken.add(known.key)
            for method in methods:
                if method.key in taken:
                    raise Conflict("authentication_method", method.type)
                taken.add(method.key)
                yield from self.insert(tenant, method)
            yield from self._log.insert(tenant, events)
            return True

        return await self._database.write(verb)

    async def update(self, tenant: str, method: AuthenticationMethod, *, events: Sequence[LogEvent]) -> bool:
        parameters = {
            "tenant": tenant,
            "id": method.id,
            "user_id": method.user_id,
            "document": _encode(method.properties).decode(),
        }
        return bool(await self._database.once(Query(UPDATE, parameters), self._log.inserts(tenant, events)))

    async def remove(
        self, tenant: str, ids: Sequence[str], *, leaving: MethodType | None = None, events: Sequence[LogEvent]
    ) -> None:
        told: Told = []

        def verb() -> Verb[None]:
            for id_ in ids:
                one = {"tenant": tenant, "id": id_}
                if leaving is not None:
                    for row in (yield Query(ONE, one)):
                        yield Query(LOCK, {"tenant": tenant, "user_id": _method(row).user_id})
                for user_id, type_ in (yield Query(DELETE, one)):
                    cause = Cause.PHONE_UNENROLLED if type_ == MethodType.PHONE else Cause.FACTOR_REMOVED
                    yield from self._ends.end(tenant, cause, told, user_id=user_id)
                    if leaving is not None:
                        left = yield Query(OF_USER, {"tenant": tenant, "user_id": user_id})
                        if not any(_method(row).type is leaving for row in left):
                            raise Conflict("leaving", leaving)
            yield from self._log.insert(tenant, events)

        await self._database.write(verb)
        self._ends.wake(told)

    def insert(self, tenant: str, method: AuthenticationMethod) -> Verb[None]:
        """Raises ``Conflict`` (``key_id``) for the key of an authenticator that anybody has."""
        if not (yield Query(INSERT, self.row(tenant, method))):
            raise Conflict("key_id", method.key_id or "")

    def row(self, tenant: str, method: AuthenticationMethod) -> dict[str, Any]:
        """What is kept of a method, by column, but for its ``sequence``."""
        secrets = None
        if method.secrets:
            secrets = self._directory.seal(tenant, _encode(method.secrets), _place(tenant, method.id))
        return {
            "tenant": tenant,
            "id": method.id,
            "user_id": method.user_id,
            "type": method.type.value,
            "created_at": method.created_at,
            "document": _encode(method.properties).decode(),
            "secrets": secrets,
            "key_id": method.key_id,
            "sign_count": method.sign_count if method.key_id is not None else None,
        }


def _place(tenant: str, id_: str) -> str:
    return authentication_method_place(tenant, {"id": id_})


def _method(row: Row) -> AuthenticationMethod:
    id_, user_id, type_, created_at, document = row
    return AuthenticationMethod(
        id=id_, user_id=user_id, type=MethodType(type_), created_at=created_at, properties=_decode(document)
    )
