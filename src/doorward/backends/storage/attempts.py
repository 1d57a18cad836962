"""Counters of failed attempts, exact across processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from doorward.backends.storage.database import Database, Query
from doorward.model.counter import Counter

COUNT = "SELECT failures FROM attempt WHERE tenant = :tenant AND key = :key"
LOOK = "SELECT key, failures, last_at FROM attempt WHERE tenant = :tenant AND key IN "
FAIL = """
INSERT INTO attempt (tenant, key, failures, last_at) VALUES (:tenant, :key, 1, :at)
ON CONFLICT (tenant, key) DO UPDATE SET
    failures = CASE WHEN attempt.last_at < :oldest THEN 1 ELSE attempt.failures + 1 END, last_at = excluded.last_at
RETURNING failures"""
# The time by which everything that was let in would have come at an even pace; it may lie so far ahead.
ADMIT = """
INSERT INTO attempt (tenant, key, failures, last_at) VALUES (:tenant, :key, 1, :next)
ON CONFLICT (tenant, key) DO UPDATE SET failures = attempt.failures + 1,
    last_at = CASE WHEN attempt.last_at > :at THEN attempt.last_at + :interval ELSE excluded.last_at END
    WHERE attempt.last_at <= :latest
RETURNING failures"""
# Keys are compared as ranges: no pattern, so nothing in a key needs escaping.
CLEAR = "DELETE FROM attempt WHERE tenant = :tenant AND key >= :low AND key < :high RETURNING key"
MATCHING = """
SELECT key, failures FROM attempt WHERE tenant = :tenant AND key >= :low AND key < :high
    AND substr(key, length(key) - length(:suffix) + 1) = :suffix ORDER BY key"""
_encode = msgspec.json.Encoder().encode
LAST_CHARACTER = "\U0010ffff"


class StoredAttempts:
    """``ports.Attempts``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._look = LOOK + database.dialect.among(":keys", str)

    async def count(self, tenant: str, key: str) -> int:
        rows = await self._database.read(COUNT, {"tenant": tenant, "key": key})
        return rows[0][0] if rows else 0

    async def look(self, tenant: str, keys: Sequence[str]) -> Mapping[str, Counter]:
        rows = await self._database.read(self._look, {"tenant": tenant, "keys": _encode(keys).decode()})
        return {key: Counter(failures, last_at) for key, failures, last_at in rows}

    async def fail(self, tenant: str, key: str, *, at: float, window: float) -> int:
        counted = {"tenant": tenant, "key": key, "at": at, "oldest": at - window}
        failures: int = (await self._database.once(Query(FAIL, counted)))[0][0]
        return failures

    async def admit(self, tenant: str, key: str, *, at: float, interval: float, burst: int) -> bool:
        paced = {"tenant": tenant, "key": key, "at": at, "interval": interval, "next": at + interval}
        return bool(await self._database.once(Query(ADMIT, {**paced, "latest": at + (burst - 1) * interval})))

    async def clear(self, tenant: str, prefix: str) -> int:
        return len(await self._database.once(clear_attempts(tenant, prefix)))

    async def matching(self, tenant: str, prefix: str, suffix: str = "") -> list[tuple[str, int]]:
        rows = await self._database.read(MATCHING, {**_range(tenant, prefix), "suffix": suffix})
        return [(key, failures) for key, failures in rows]


def clear_attempts(tenant: str, prefix: str) -> Query:
    """The statement that forgets all counters whose key starts with ``prefix``."""
    return Query(CLEAR, _range(tenant, prefix))


def _range(tenant: str, prefix: str) -> dict[str, str]:
    return {"tenant": tenant, "low": prefix, "high": prefix + LAST_CHARACTER}
