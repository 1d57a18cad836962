"""The tenant log: events of writes commit with them, the others are collected for under a second."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import re
from collections import deque
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from doorward.backends.storage.database import Database, Query, Verb
from doorward.backends.storage.search import SECONDS, Finder, Place, Target
from doorward.model.log_event import COUNTED, LogEvent
from doorward.model.search import EVERYTHING, AllOf, Range, Search, Sort
from doorward.oauth.trace import told
from doorward.ports import Clock, Entropy, StorageUnavailable

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
# How old an event is until no other process can still be collecting an earlier one.
SETTLED_SECONDS = 2.0
# How far a clock may be set back without events missing from a search for their time.
CLOCK_SLACK = 3600.0
LATEST = 253_402_300_799.0  # the end of the year 9999
MAX_COLLECTED = 50_000
BATCH = 128
# An escaped U+0000, which PostgreSQL cannot keep; a backslash somebody typed is an escaped backslash before it.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
PREFIX, ID_LENGTH = "900", 56
# What events are searched by: columns with an index, ids in the order of time, and members of the document.
INDEXED = ("type", "client_id", "user_id", "log_id")
MEMBERS = (
    "client_name", "connection", "connection_id", "description", "hostname", "ip", "organization_id", "strategy",
    "strategy_type", "user_agent", "user_name",
)  # fmt: skip

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LogEvent).decode

INSERT = """
INSERT INTO log_event (tenant, log_id, type, date, user_id, client_id, document)
SELECT :tenant, :log_id, :type, :date, :user_id, :client_id, :document {once}"""
INSERT_BATCH = """
INSERT INTO log_event (tenant, log_id, type, date, user_id, client_id, document)
SELECT * FROM unnest(:tenant::text[], :log_id::text[], :type::text[], :date::float8[], :user_id::text[],
    :client_id::text[], :document::text[])"""

DAY_SECONDS = 86400.0
# How long after its end a day is counted for good: by then every event of it is written.
LATE_SECONDS = 3600.0
SWEEP_BATCH = 1000
_TYPES = ", ".join(f"'{name}'" for names in COUNTED.values() for name in names)
_MEANING = {name: meaning for meaning, names in COUNTED.items() for name in names}
COUNT = f"""
SELECT substr(log_id, 4, 8), type, count(*) FROM log_event
WHERE tenant = :tenant AND type IN ({_TYPES}) AND log_id >= :low AND log_id < :high GROUP BY 1, 2"""  # noqa: S608
# Of a day that was counted there is a row without a type, whatever else there is.
KEEP_COUNT = """
INSERT INTO daily_count (tenant, day, type, count) VALUES (:tenant, :day, :type, :count)
ON CONFLICT (tenant, day, type) DO NOTHING"""
LAST_COUNTED = "SELECT max(day) FROM daily_count WHERE tenant = :tenant"
COUNTS = """
SELECT day, type, count FROM daily_count WHERE tenant = :tenant AND day >= :first AND day <= :last AND type <> ''"""
OLDEST = "SELECT min(log_id) FROM log_event WHERE tenant = :tenant"
SWEEP = f"""
DELETE FROM log_event WHERE tenant = :tenant AND log_id IN
    (SELECT log_id FROM log_event WHERE tenant = :tenant AND log_id < :before ORDER BY log_id LIMIT {SWEEP_BATCH})
RETURNING 1"""  # noqa: S608


class LogIds:
    """Log ids: 56 digits, ``900`` and the time first, strictly increasing within one process."""

    def __init__(self, entropy: Entropy) -> None:
        self._node = int(entropy.hexadecimal(12), 16) % 10**12
        self._counter = itertools.count(1)
        self._last = ""

    def next(self, at: float) -> str:
        # A clock that steps back must not make an id smaller than one given before.
        stamp = self._last = max(_stamp(at), self._last)
        head = f"{PREFIX}{stamp}{next(self._counter):015d}{self._node:012d}"
        return head.ljust(ID_LENGTH, "0")


class StoredLog:
    """``ports.Log``, and what other verbs use to write their events with themselves.

    ``shared`` says that other processes write to the same log.
    """

    def __init__(self, database: Database, clock: Clock, entropy: Entropy, *, shared: bool) -> None:
        self._database = database
        self._shared = shared
        self._clock = clock
        self._ids = LogIds(entropy)
        places = {name: Place(f"e.{name}", order=f"e.{name}") for name in INDEXED}
        places |= {name: Place(database.dialect.member("e.document", name)) for name in MEMBERS}
        places["date"] = Place("e.date")
        self._finder = Finder(database, Target("log_event e", "e.tenant", "e.log_id", places.__getitem__))
        self._numbered = f"""
            SELECT log_id, document FROM log_event
            WHERE tenant = :tenant AND log_id IN {database.dialect.among(":ids", str)}"""  # noqa: S608
        self._collected: deque[tuple[str, LogEvent]] = deque()
        self._unwritten: list[dict[str, Any]] = []
        self._storing = asyncio.Lock()
        self._full = asyncio.Event()
        self._stopping = asyncio.Event()
        self._lost = 0
        self._task: asyncio.Task[None] | None = None

    def insert(self, tenant: str, events: Sequence[LogEvent]) -> Verb[None]:
        """Statements that store events; for the inside of another verb."""
        for query in self.inserts(tenant, events):  # noqa: UP028 - a list cannot be sent rows
            yield query

    def inserts(self, tenant: str, events: Sequence[LogEvent]) -> list[Query]:
        """The same, for what follows a guard."""
        return [Query(INSERT, self._row(tenant, event)) for event in events]

    def _row(self, tenant: str, event: LogEvent) -> dict[str, Any]:
        return {
            "tenant": tenant,
            "log_id": self._ids.next(event.date),
            "type": event.type,
            "date": event.date,
            "user_id": event.user_id,
            "client_id": event.client_id,
            "document": _document(event),
        }

    def write(self, tenant: str, event: LogEvent) -> None:
        if len(self._collected) >= MAX_COLLECTED:
            self._lost += 1
            return
        self._collected.append((tenant, event))
        if len(self._collected) >= BATCH:
            self._full.set()

    async def flush(self) -> None:
        while self._collected or self._unwritten or self._storing.locked():
            await self._store_some()

    async def _store_some(self) -> None:
        async with self._storing:  # who reads the log next waits also for what somebody else is writing just now
            await self._store_next()

    async def _store_next(self) -> None:
        """Rows are made here and not one by one as events come: in one go they cost half as much."""
        batch, self._unwritten = self._unwritten, []
        if not batch:
            batch = [self._row(*self._collected.popleft()) for _ in range(min(BATCH, len(self._collected)))]
        if not batch:  # somebody who reads the log was faster
            return
        try:
            await self._store(batch)
        except StorageUnavailable:
            self._unwritten = batch + self._unwritten
            raise
        if self._lost:
            logger.error("tenant log overflowed: %d events lost", self._lost)
            self._lost = 0

    async def _store(self, rows: Sequence[dict[str, Any]]) -> None:
        if self._database.dialect.batches:
            columns = {name: [row[name] for row in rows] for name in rows[0]}
            await self._database.once(Query(INSERT_BATCH, columns))
            return

        def verb() -> Verb[None]:
            yield Query(INSERT, rows=rows)

        await self._database.write(verb)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="tenant-log")

    async def stop(self) -> None:
        """Store what is left. A batch on its way is waited for: cancelled, it might be lost, or come twice."""
        self._stopping.set()
        self._full.set()
        if self._task is not None:
            await self._task
            self._task = None
        await self.flush()

    async def _run(self) -> None:
        """Store what was collected: a full batch at once, while it is warm in the caches, the rest in time."""
        while not self._stopping.is_set():
            try:
                if await self._filled():
                    await self._store_some()
                else:
                    await self.flush()
            except StorageUnavailable as error:
                logger.warning("the tenant log could not be written, will try again: %s", error)
                await _set_within(self._stopping, FLUSH_SECONDS)
            except Exception:  # one batch nobody can store is not to end the log
                logger.exception("events of the tenant log were lost")
                await _set_within(self._stopping, FLUSH_SECONDS)

    async def _filled(self) -> bool:
        """Whether a batch is full, at once or within ``FLUSH_SECONDS``."""
        if len(self._collected) >= BATCH:
            return True
        self._full.clear()
        return await _set_within(self._full, FLUSH_SECONDS)

    # ── reading ──

    async def page(
        self,
        tenant: str,
        *,
        offset: int,
        limit: int,
        count: int = 1000,
        after: str | None = None,
        where: Search = EVERYTHING,
        sort: Sort | None = None,
        newest_first: bool = True,
    ) -> tuple[list[LogEvent], int]:
        await self.flush()
        also, values = _window(where)
        if after is not None:
            also.append("e.log_id > :after")
            values["after"] = after
            if self._shared:
                also.append("e.log_id < :settled")
                values["settled"] = PREFIX + _stamp(self._clock.now() - SETTLED_SECONDS)
        by = sort or Sort("log_id", descending=newest_first and after is None)
        found, total = await self._finder.find(tenant, where, by, offset + limit, count, " AND ".join(also), **values)
        wanted = found[offset:]
        rows = await self._database.read(self._numbered, {"tenant": tenant, "ids": _encode(wanted).decode()})
        events = {log_id: _event(log_id, document) for log_id, document in rows}
        return [events[log_id] for log_id in wanted if log_id in events], total

    async def find(self, tenant: str, log_id: str) -> LogEvent | None:
        await self.flush()
        rows = await self._database.read(
            "SELECT log_id, document FROM log_event WHERE tenant = :tenant AND log_id = :log_id",
            {"tenant": tenant, "log_id": log_id},
        )
        return _event(*rows[0]) if rows else None

    async def daily(self, tenant: str, first: str, last: str) -> dict[str, dict[str, int]]:
        await self.flush()
        kept = await self._database.read(COUNTS, {"tenant": tenant, "first": first, "last": last})
        ((counted,),) = await self._database.read(LAST_COUNTED, {"tenant": tenant})
        beginning = max(first, _day_after(counted)) if counted else first
        window = {"tenant": tenant, "low": PREFIX + beginning, "high": PREFIX + _day_after(last)}
        found: dict[str, dict[str, int]] = {}
        for day, type_, count in [*kept, *await self._database.search(COUNT, window, SECONDS)]:
            of_day = found.setdefault(day, dict.fromkeys(COUNTED, 0))
            of_day[_MEANING[type_]] += count
        return found

    # ── sweeping ──

    async def sweep(self, tenant: str, at: float, days: int) -> int:
        """Count the days that are over, then delete the events of all but the last ``days`` days (0: none).

        Returns how many.
        """
        await self._count_days(tenant, _stamp(at - LATE_SECONDS)[:8])
        swept = 0
        while days:
            before = PREFIX + _stamp(at - days * DAY_SECONDS)[:8]

            def verb(before: str = before) -> Verb[int]:
                return len((yield Query(SWEEP, {"tenant": tenant, "before": before})))

            deleted = await self._database.write(verb)
            swept += deleted
            if deleted < SWEEP_BATCH:
                break
        return swept

    async def _count_days(self, tenant: str, today: str) -> None:
        """Keep the counts of all days before ``today`` that were not counted yet."""
        ((counted,),) = await self._database.read(LAST_COUNTED, {"tenant": tenant})
        if counted is None:
            ((oldest,),) = await self._database.read(OLDEST, {"tenant": tenant})
            day = today if oldest is None else oldest[len(PREFIX) : len(PREFIX) + 8]
        else:
            day = _day_after(counted)
        while day < today:
            window = {"tenant": tenant, "low": PREFIX + day, "high": PREFIX + _day_after(day)}

            def verb(day: str = day, window: dict[str, str] = window) -> Verb[None]:
                counts = yield Query(COUNT, window)
                for type_, count in [*((type_, count) for _, type_, count in counts), ("", 0)]:
                    yield Query(KEEP_COUNT, {"tenant": tenant, "day": day, "type": type_, "count": count})

            await self._database.write(verb)
            day = _day_after(day)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await event.wait()
    return False


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat().replace("-", "")


def _document(event: LogEvent) -> str:
    text = _encode(event).decode()
    # Nearly no event has one, and the pattern costs half as much again as the rest of a token request does.
    return _NUL.sub("\\1\ufffd", text) if "\\u0000" in text else text


def _window(where: Search) -> tuple[list[str], dict[str, Any]]:
    """Between which ids all events lie that a search for a time can find: ids have an index, dates have none.

    An id may be a little later than its event, where a clock was set back.
    """
    conditions: list[str] = []
    values: dict[str, Any] = {}
    for part in where.parts if isinstance(where, AllOf) else (where,):
        if not isinstance(part, Range) or part.field != "date":
            continue
        for name, bound, operator, slack in (("low", part.low, ">=", 0.0), ("high", part.high, "<", CLOCK_SLACK)):
            if isinstance(bound, int | float):
                values[f"{name}_{len(values)}"] = PREFIX + _stamp(min(max(bound + slack, 0.0), LATEST))
                conditions.append(f"e.log_id {operator} :{list(values)[-1]}")
    return conditions, values


def _stamp(at: float) -> str:
    return f"{_second(int(at))}{int(at * 1000) % 1000:03d}"


@lru_cache(8)
def _second(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%d%H%M%S}"


def _event(log_id: str, document: str) -> LogEvent:
    event = _decode(document)
    details = event.details
    if event.reasons:
        details = {**details, "trace": told(event.reasons, details)}
    return msgspec.structs.replace(event, log_id=log_id, details=details, reasons=())
