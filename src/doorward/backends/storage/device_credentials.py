"""Credentials of devices: public keys that people registered, and the refresh tokens devices hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from doorward.backends.storage.database import Database, Query, Row, Verb
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.refresh_tokens import USABLE, revoke_family
from doorward.model.credential import DeviceCredential
from doorward.model.log_event import LogEvent
from doorward.ports import Conflict

INSERT = """
INSERT INTO device_credential (tenant, id, user_id, client_id, device_id, device_name, value, created_at)
VALUES (:tenant, :id, :user_id, :client_id, :device_id, :device_name, :value, :at)
ON CONFLICT (tenant, user_id, client_id, device_id) DO NOTHING RETURNING id"""
HELD = """
FROM (
    SELECT k.id, 'public_key' AS type, k.user_id, k.client_id, k.device_name, k.device_id
    FROM device_credential AS k WHERE k.tenant = :tenant
    UNION ALL
    SELECT t.family, CASE WHEN t.rotating THEN 'rotating_refresh_token' ELSE 'refresh_token' END, t.user_id,
        t.client_id, {user_agent}, NULL
    FROM refresh_token AS t WHERE {usable}
) AS held WHERE TRUE"""
COLUMNS = "id, type, user_id, client_id, device_name, device_id"
DELETE = "DELETE FROM device_credential WHERE tenant = :tenant AND id = :id RETURNING id"


class StoredDeviceCredentials:
    """``ports.DeviceCredentials``."""

    def __init__(self, database: Database, log: StoredLog) -> None:
        self._database = database
        self._log = log
        self._held = HELD.format(user_agent=database.dialect.member("t.document", "user_agent"), usable=USABLE)

    async def create(self, tenant: str, credential: DeviceCredential, *, at: float, events: Sequence[LogEvent]) -> None:
        stored = {"tenant": tenant, "at": at, **msgspec.structs.asdict(credential)}
        del stored["type"]
        if not await self._database.once(Query(INSERT, stored), self._log.inserts(tenant, events)):
            raise Conflict("device_id", credential.device_id or "")

    async def page(
        self,
        tenant: str,
        *,
        at: float,
        offset: int,
        limit: int,
        id_: str | None = None,
        type_: str | None = None,
        user_id: str | None = None,
        client_id: str | None = None,
    ) -> tuple[list[DeviceCredential], int]:
        given = {"id": id_, "type": type_, "user_id": user_id, "client_id": client_id}
        where = {name: value for name, value in given.items() if value is not None}
        held = self._held + "".join(f" AND {name} = :{name}" for name in where)
        parameters: dict[str, Any] = {"tenant": tenant, "at": at, **where}
        rows = await self._database.read(
            f"SELECT {COLUMNS} {held} ORDER BY id LIMIT :limit OFFSET :offset",
            {**parameters, "limit": limit, "offset": offset},
        )
        total = await self._database.read(f"SELECT count(*) {held}", parameters)
        return [_credential(row) for row in rows], total[0][0]

    async def delete(self, tenant: str, id_: str, *, at: float, events: Sequence[LogEvent]) -> None:
        def verb() -> Verb[None]:
            if not (yield Query(DELETE, {"tenant": tenant, "id": id_})):
                yield from revoke_family(tenant, id_, at)
            yield from self._log.insert(tenant, events)

        await self._database.write(verb)


def _credential(row: Row) -> DeviceCredential:
    id_, type_, user_id, client_id, device_name, device_id = row
    return DeviceCredential(
        id=id_, type=type_, user_id=user_id, client_id=client_id, device_name=device_name or "", device_id=device_id
    )
