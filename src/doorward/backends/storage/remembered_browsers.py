"""Browsers in which a second factor was proved, and that are believed for a while."""

from __future__ import annotations

from collections.abc import Sequence

from doorward.backends.storage.database import Database, Query, Verb
from doorward.backends.storage.log import StoredLog
from doorward.model.log_event import LogEvent

REMEMBER = """
INSERT INTO remembered_browser (tenant, browser_hash, user_id, expires_at)
VALUES (:tenant, :browser_hash, :user_id, :expires_at)
ON CONFLICT (tenant, browser_hash, user_id) DO UPDATE SET expires_at = excluded.expires_at
RETURNING user_id"""
KNOWS = """
SELECT 1 FROM remembered_browser
WHERE tenant = :tenant AND browser_hash = :browser_hash AND user_id = :user_id AND expires_at > :at"""
FORGET = "DELETE FROM remembered_browser WHERE tenant = :tenant AND user_id = :user_id"


class StoredRememberedBrowsers:
    """``ports.RememberedBrowsers``."""

    def __init__(self, database: Database, log: StoredLog) -> None:
        self._database = database
        self._log = log

    async def remember(self, tenant: str, user_id: str, browser_hash: bytes, *, until: float) -> None:
        known = {"tenant": tenant, "user_id": user_id, "browser_hash": browser_hash, "expires_at": until}
        await self._database.once(Query(REMEMBER, known))

    async def knows(self, tenant: str, user_id: str, browser_hash: bytes, *, at: float) -> bool:
        asked = {"tenant": tenant, "user_id": user_id, "browser_hash": browser_hash, "at": at}
        return bool(await self._database.read(KNOWS, asked))

    async def forget(self, tenant: str, user_id: str, *, events: Sequence[LogEvent]) -> None:
        def verb() -> Verb[None]:
            yield Query(FORGET, {"tenant": tenant, "user_id": user_id})
            yield from self._log.insert(tenant, events)

        await self._database.write(verb)
