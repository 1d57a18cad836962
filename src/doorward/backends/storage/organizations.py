"""Members of organizations with their roles there, and invitations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from doorward.backends.storage.database import Database, Query, Row, Verb
from doorward.backends.storage.decided import still_stand
from doorward.backends.storage.log import StoredLog
from doorward.model.document import Document, Kind
from doorward.model.log_event import LogEvent
from doorward.model.organization import Invitation, Member
from doorward.ports import Conflict

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode

ORGANIZATION = f"""
SELECT 1 FROM document WHERE tenant = :tenant AND kind = '{Kind.ORGANIZATION}' AND id = :organization_id"""  # noqa: S608
USER = "SELECT 1 FROM user_account WHERE tenant = :tenant AND user_id = :user_id"
JOIN = """
INSERT INTO organization_member (tenant, organization_id, user_id, sequence)
VALUES (:tenant, :organization_id, :user_id, (SELECT coalesce(max(sequence), 0) + 1
    FROM organization_member WHERE tenant = :tenant AND organization_id = :organization_id))
ON CONFLICT (tenant, organization_id, user_id) DO NOTHING"""
LEAVE = """
DELETE FROM organization_member WHERE tenant = :tenant AND organization_id = :organization_id AND user_id = :user_id"""
MEMBER = """
SELECT 1 FROM organization_member
WHERE tenant = :tenant AND organization_id = :organization_id AND user_id = :user_id"""
OF_USER = "SELECT organization_id FROM organization_member WHERE tenant = :tenant AND user_id = :user_id"
ADD_ROLE = """
INSERT INTO organization_member_role (tenant, organization_id, user_id, role_id)
VALUES (:tenant, :organization_id, :user_id, :role_id)
ON CONFLICT (tenant, organization_id, user_id, role_id) DO NOTHING"""
REMOVE_ROLE = """
DELETE FROM organization_member_role
WHERE tenant = :tenant AND organization_id = :organization_id AND user_id = :user_id AND role_id = :role_id"""
# Roles come in the same statement, as a JSON array.
SELECTED = """
SELECT m.user_id, u.profile, m.sequence, (SELECT {array}(r.role_id) FROM organization_member_role r
    WHERE r.tenant = m.tenant AND r.organization_id = m.organization_id AND r.user_id = m.user_id)
FROM organization_member m JOIN user_account u ON u.tenant = m.tenant AND u.user_id = m.user_id
WHERE m.tenant = :tenant AND m.organization_id = :organization_id"""
COUNTED = """
SELECT count(*) FROM organization_member m WHERE m.tenant = :tenant AND m.organization_id = :organization_id"""
WITH_ROLE = """ AND EXISTS (SELECT 1 FROM organization_member_role f WHERE f.tenant = m.tenant
    AND f.organization_id = m.organization_id AND f.user_id = m.user_id AND f.role_id = :role)"""
PAGE = " AND m.sequence > :after ORDER BY m.sequence LIMIT :limit OFFSET :offset"

INVITE = """
INSERT INTO organization_invitation (tenant, id, organization_id, sequence, ticket_id, client_id, connection_id,
    created_at, expires_at, details)
VALUES (:tenant, :id, :organization_id, (SELECT coalesce(max(sequence), 0) + 1
    FROM organization_invitation WHERE tenant = :tenant AND organization_id = :organization_id),
    :ticket_id, :client_id, :connection_id, :created_at, :expires_at, :details)"""
_OF_ORGANIZATION = "FROM organization_invitation WHERE tenant = :tenant AND organization_id = :organization_id"
INVITATIONS = f"""
SELECT id, organization_id, ticket_id, client_id, connection_id, created_at, expires_at, details {_OF_ORGANIZATION}"""
ONE_INVITATION = f"{INVITATIONS} AND id = :id"
OLDEST_FIRST = f"{INVITATIONS} ORDER BY sequence LIMIT :limit OFFSET :offset"
NEWEST_FIRST = f"{INVITATIONS} ORDER BY sequence DESC LIMIT :limit OFFSET :offset"
COUNT_INVITATIONS = f"SELECT count(*) {_OF_ORGANIZATION}"
WITHDRAW = f"DELETE {_OF_ORGANIZATION} AND id = :id RETURNING id"


class StoredOrganizations:
    """``ports.Organizations``."""

    def __init__(self, database: Database, log: StoredLog) -> None:
        self._database = database
        self._log = log
        self._hold = ORGANIZATION + database.dialect.hold
        self._selected = SELECTED.format(array=database.dialect.array_of)

    # ── members ──

    async def add_members(
        self, tenant: str, organization_id: str, user_ids: Sequence[str], *, events: Sequence[LogEvent]
    ) -> str | None:
        def verb() -> Verb[str | None]:
            yield from self._kept(tenant, organization_id)
            for user_id in user_ids:
                if not (yield Query(USER, {"tenant": tenant, "user_id": user_id})):
                    return user_id
            for user_id in user_ids:
                yield Query(JOIN, {"tenant": tenant, "organization_id": organization_id, "user_id": user_id})
            yield from self._log.insert(tenant, events)
            return None

        return await self._database.write(verb)

    async def remove_members(
        self, tenant: str, organization_id: str, user_ids: Sequence[str], *, events: Sequence[LogEvent]
    ) -> None:
        def verb() -> Verb[None]:
            for user_id in user_ids:
                yield Query(LEAVE, {"tenant": tenant, "organization_id": organization_id, "user_id": user_id})
            yield from self._log.insert(tenant, events)

        await self._database.write(verb)

    async def member(self, tenant: str, organization_id: str, user_id: str) -> Member | None:
        key = {"tenant": tenant, "organization_id": organization_id, "user_id": user_id}
        rows = await self._database.read(f"{self._selected} AND m.user_id = :user_id", key)
        return _member(rows[0]) if rows else None

    async def members(
        self,
        tenant: str,
        organization_id: str,
        *,
        limit: int,
        offset: int = 0,
        after: int = 0,
        role: str | None = None,
    ) -> tuple[list[Member], int]:
        condition = "" if role is None else WITH_ROLE
        key: dict[str, Any] = {"tenant": tenant, "organization_id": organization_id}
        key |= {} if role is None else {"role": role}
        window = {"limit": limit, "offset": offset, "after": after}
        rows = await self._database.read(self._selected + condition + PAGE, {**key, **window})
        total = await self._database.read(COUNTED + condition, key)
        return [_member(row) for row in rows], total[0][0]

    async def of_user(self, tenant: str, user_id: str) -> frozenset[str]:
        rows = await self._database.read(OF_USER, {"tenant": tenant, "user_id": user_id})
        return frozenset(row[0] for row in rows)

    async def assign_roles(
        self,
        tenant: str,
        organization_id: str,
        user_id: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        decided_by: Sequence[Document] = (),
        events: Sequence[LogEvent],
    ) -> bool:
        key = {"tenant": tenant, "organization_id": organization_id, "user_id": user_id}

        def verb() -> Verb[bool]:
            if not (yield Query(MEMBER, key)):
                return False
            yield from still_stand(tenant, decided_by, self._database.dialect)
            for statement, role_ids in ((REMOVE_ROLE, remove), (ADD_ROLE, add)):
                for role_id in role_ids:
                    yield Query(statement, {**key, "role_id": role_id})
            yield from self._log.insert(tenant, events)
            return True

        return await self._database.write(verb)

    def _kept(self, tenant: str, organization_id: str) -> Verb[None]:
        """The organization stays until the end of the transaction, and nobody else adds to it meanwhile."""
        if not (yield Query(self._hold, {"tenant": tenant, "organization_id": organization_id})):
            raise Conflict("revision", organization_id)

    # ── invitations ──

    async def invite(self, tenant: str, invitation: Invitation, *, events: Sequence[LogEvent]) -> None:
        values = msgspec.structs.asdict(invitation)
        row = {**values, "tenant": tenant, "details": _encode(invitation.details).decode()}

        def verb() -> Verb[None]:
            yield from self._kept(tenant, invitation.organization_id)
            yield Query(INVITE, row)
            yield from self._log.insert(tenant, events)

        await self._database.write(verb)

    async def invitation(self, tenant: str, organization_id: str, invitation_id: str) -> Invitation | None:
        key = {"tenant": tenant, "organization_id": organization_id, "id": invitation_id}
        rows = await self._database.read(ONE_INVITATION, key)
        return _invitation(rows[0]) if rows else None

    async def invitations(
        self, tenant: str, organization_id: str, *, offset: int, limit: int, newest_first: bool = True
    ) -> tuple[list[Invitation], int]:
        key = {"tenant": tenant, "organization_id": organization_id}
        statement = NEWEST_FIRST if newest_first else OLDEST_FIRST
        rows = await self._database.read(statement, {**key, "limit": limit, "offset": offset})
        total = await self._database.read(COUNT_INVITATIONS, key)
        return [_invitation(row) for row in rows], total[0][0]

    async def withdraw(
        self, tenant: str, organization_id: str, invitation_id: str, *, events: Sequence[LogEvent]
    ) -> bool:
        key = {"tenant": tenant, "organization_id": organization_id, "id": invitation_id}

        def verb() -> Verb[bool]:
            deleted = yield Query(WITHDRAW, key)
            if deleted:
                yield from self._log.insert(tenant, events)
            return bool(deleted)

        return await self._database.write(verb)


def _member(row: Row) -> Member:
    user_id, profile, position, roles = row
    return Member(
        user_id=user_id,
        profile=_decode(profile),
        position=position,
        roles=tuple(_decode(roles)) if roles else (),
    )


def _invitation(row: Row) -> Invitation:
    id_, organization_id, ticket_id, client_id, connection_id, created_at, expires_at, details = row
    return Invitation(
        id=id_,
        organization_id=organization_id,
        ticket_id=ticket_id,
        client_id=client_id,
        connection_id=connection_id,
        created_at=created_at,
        expires_at=expires_at,
        details=_decode(details),
    )
