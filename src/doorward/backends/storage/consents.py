"""Remembered consent: one row per user, client and audience."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from doorward.backends.storage.database import Database, Query, Row, Verb
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.refresh_tokens import revoke_grant
from doorward.model.log_event import LogEvent
from doorward.model.session import ConsentGrant

COLUMNS = "id, user_id, client_id, audience, scope"
FIND = f"""
SELECT {COLUMNS} FROM consent_grant
WHERE tenant = :tenant AND user_id = :user_id AND client_id = :client_id AND audience = :audience"""  # noqa: S608
INSERT = """
INSERT INTO consent_grant (tenant, user_id, client_id, audience, id, sequence, scope)
VALUES (:tenant, :user_id, :client_id, :audience, :id,
    (SELECT coalesce(max(sequence), 0) + 1 FROM consent_grant WHERE tenant = :tenant), :scope)
ON CONFLICT (tenant, user_id, client_id, audience) DO UPDATE SET scope = consent_grant.scope RETURNING scope"""
SET_SCOPE = """
UPDATE consent_grant SET scope = :scope
WHERE tenant = :tenant AND user_id = :user_id AND client_id = :client_id AND audience = :audience"""
SELECTED = f"SELECT {COLUMNS} FROM consent_grant WHERE tenant = :tenant"  # noqa: S608
DELETE_ONE = "DELETE FROM consent_grant WHERE tenant = :tenant AND id = :id RETURNING user_id, client_id, audience"
DELETE_OF_USER = """
DELETE FROM consent_grant WHERE tenant = :tenant AND user_id = :user_id RETURNING user_id, client_id, audience"""
UNSPENT_CODES = """
DELETE FROM authorization_code
WHERE tenant = :tenant AND user_id = :user_id AND used_at IS NULL AND {client_id} = :client_id"""


def merge_consent(tenant: str, consent: ConsentGrant) -> Verb[None]:
    """Statements that add scopes to those remembered; for the inside of another verb."""
    key = {
        "tenant": tenant,
        "user_id": consent.user_id,
        "client_id": consent.client_id,
        "audience": consent.audience,
    }
    # The row is locked before it is read: of two consents at a time neither is lost.
    rows = yield Query(INSERT, {**key, "id": consent.id, "scope": "[]"})
    scope = tuple(dict.fromkeys((*msgspec.json.decode(rows[0][0]), *consent.scope)))
    yield Query(SET_SCOPE, {**key, "scope": msgspec.json.encode(scope).decode()})


def _consent(row: Row) -> ConsentGrant:
    id_, user_id, client_id, audience, scope = row
    return ConsentGrant(
        id=id_, user_id=user_id, client_id=client_id, audience=audience, scope=tuple(msgspec.json.decode(scope))
    )


class StoredConsents:
    """``ports.Consents``."""

    def __init__(self, database: Database, log: StoredLog) -> None:
        self._database = database
        self._log = log
        self._unspent_codes = UNSPENT_CODES.format(client_id=database.dialect.member("document", "client_id"))

    async def find(self, tenant: str, user_id: str, client_id: str, audience: str) -> ConsentGrant | None:
        key = {"tenant": tenant, "user_id": user_id, "client_id": client_id, "audience": audience}
        rows = await self._database.read(FIND, key)
        return _consent(rows[0]) if rows else None

    async def page(
        self,
        tenant: str,
        *,
        offset: int,
        limit: int,
        user_id: str | None = None,
        client_id: str | None = None,
        audience: str | None = None,
    ) -> tuple[list[ConsentGrant], int]:
        given = {"user_id": user_id, "client_id": client_id, "audience": audience}
        where = {name: value for name, value in given.items() if value is not None}
        condition = "".join(f" AND {name} = :{name}" for name in where)
        parameters: dict[str, Any] = {"tenant": tenant, **where}
        rows = await self._database.read(
            f"{SELECTED}{condition} ORDER BY sequence, id LIMIT :limit OFFSET :offset",
            {**parameters, "limit": limit, "offset": offset},
        )
        total = await self._database.read(
            f"SELECT count(*) FROM consent_grant WHERE tenant = :tenant{condition}",  # noqa: S608 - fixed names
            parameters,
        )
        return [_consent(row) for row in rows], total[0][0]

    async def delete(
        self,
        tenant: str,
        *,
        grant_id: str | None = None,
        user_id: str | None = None,
        at: float,
        events: Sequence[LogEvent],
    ) -> int:
        def verb() -> Verb[int]:
            if grant_id is not None:
                deleted = yield Query(DELETE_ONE, {"tenant": tenant, "id": grant_id})
            else:
                deleted = yield Query(DELETE_OF_USER, {"tenant": tenant, "user_id": user_id})
            for owner, client_id, audience in deleted:
                yield from revoke_grant(tenant, owner, client_id, audience, at)
                yield Query(self._unspent_codes, {"tenant": tenant, "user_id": owner, "client_id": client_id})
            yield from self._log.insert(tenant, events)
            return len(deleted)

        return await self._database.write(verb)
