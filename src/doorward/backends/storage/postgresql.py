"""PostgreSQL 15 and newer, on asyncpg: a small pool, one statement for what happens once.

Every statement ends within two seconds. Past the pool's queue, or when the server is gone, the answer
is ``StorageUnavailable`` at once; connections come back by themselves when it does. One more connection
listens for what other nodes write to the configuration.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import asyncpg

from doorward.backends.storage.database import Dialect, Query, Row, Verb, refuse_nul
from doorward.ports import StorageUnavailable, TooCostly

logger = logging.getLogger(__name__)
T = TypeVar("T")

CONNECTIONS = 8
MAX_WAITING = 64
WAIT_SECONDS = 2.0
CONNECT_SECONDS = 5.0
STATEMENT_MS = 2000
ANSWER_SECONDS = 5.0  # for a server that does not even say that a statement took too long
IDLE_IN_TRANSACTION_MS = 10_000
PREPARED = 512
ATTEMPTS = 3
# Microseconds: two transactions at a time would find the same greatest number, and one after all others.
USER_NUMBER = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"
RELISTEN_SECONDS = 1.0
CHANNEL = "doorward_configuration"

DIALECT = Dialect(
    columns="""
SELECT c.table_name, c.column_name, c.data_type, coalesce(k.ordinal_position, 0)
FROM information_schema.columns c
LEFT JOIN information_schema.table_constraints t
    ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.constraint_type = 'PRIMARY KEY'
LEFT JOIN information_schema.key_column_usage k
    ON k.constraint_schema = t.constraint_schema AND k.constraint_name = t.constraint_name
    AND k.table_name = c.table_name AND k.column_name = c.column_name
WHERE c.table_schema = current_schema() AND c.is_generated = 'NEVER'
ORDER BY c.table_name, c.ordinal_position""",
    array_of="json_agg",
    array="json_build_array",
    member_of="(CAST({document} AS jsonb) ->> '{name}')",
    among_of="(SELECT CAST(value AS {type}) FROM json_array_elements_text(CAST({array} AS json)))",
    position="strpos",
    bytewise='{column} COLLATE "C"',
    unindexed="{column}",
    united="""CAST(jsonb_set(CAST(CAST(:document AS text) AS jsonb), '{clients}',
        (CAST(document AS jsonb) -> 'clients') || coalesce((
            SELECT jsonb_agg(value) FROM jsonb_array_elements(CAST(CAST(:document AS text) AS jsonb) -> 'clients')
            WHERE NOT (CAST(document AS jsonb) -> 'clients') @> value), CAST('[]' AS jsonb))) AS text)""",
    by_row=" OFFSET 0",
    batches=True,
    announcement=f"SELECT pg_notify('{CHANNEL}', :tenant)",
    share=" FOR SHARE",
    hold=" FOR NO KEY UPDATE",
    pick=" FOR NO KEY UPDATE SKIP LOCKED",
)
# What goes away when a verb is run again. A foreign key fails when a user was deleted since the verb saw them, a
# unique one when somebody else inserted what the verb had not seen.
_CONFLICTS = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.UniqueViolationError,
)
_GONE_ASYNCPG = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.LockNotAvailableError,
)
_GONE = (OSError, asyncio.TimeoutError, *_GONE_ASYNCPG)
_PARAMETER = re.compile(r"(?<!:):([a-z_]\w*)")


class PostgresqlDatabase:
    """``Database`` on the server and database that ``url`` (``postgresql://…``) names."""

    dialect = DIALECT

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: asyncpg.Pool[Any] | None = None
        self._waiting = 0
        self._statements = 0
        self._changed = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    @property
    def statements(self) -> int:
        return self._statements

    async def start(self) -> None:
        try:
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=CONNECTIONS,
                timeout=CONNECT_SECONDS,
                command_timeout=ANSWER_SECONDS,
                statement_cache_size=PREPARED,
                server_settings={
                    "application_name": "doorward",
                    "statement_timeout": str(STATEMENT_MS),
                    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
                },
            )
        except (*_GONE, asyncpg.PostgresError) as error:
            raise StorageUnavailable(f"PostgreSQL cannot be reached: {error or type(error).__name__}") from None
        self._listening = asyncio.create_task(self._listen(), name="configuration-listener")

    async def stop(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
            self._listening = None
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await pool.close()
            except _GONE:
                pool.terminate()

    async def read(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        text, names = numbered(sql)
        refuse_nul(parameters)
        async with self._connection() as connection:
            return await self._fetch(connection, text, [parameters[name] for name in names])

    async def search(self, sql: str, parameters: Mapping[str, Any], seconds: float) -> list[Row]:
        # The server ends a statement after as long; there are too many texts of searches to remember them.
        text, names = _numbered(sql)
        refuse_nul(parameters)
        async with self._connection() as connection:
            try:
                return await self._fetch(connection, text, [parameters[name] for name in names], seconds)
            except (asyncpg.QueryCanceledError, TimeoutError):
                raise TooCostly from None

    async def once(self, guard: Query, then: Sequence[Query] = ()) -> list[Row]:
        text, places = composed(guard.sql, tuple(query.sql for query in then))
        queries = (guard, *then)
        for query in queries:
            refuse_nul(query.parameters)
        values = [queries[index].parameters[name] for index, name in places]
        for attempt in range(ATTEMPTS):
            try:
                async with self._connection() as connection:
                    return await self._fetch(connection, text, values)
            except _CONFLICTS as error:
                await _again(attempt, error)
        raise AssertionError("unreachable")

    async def write(self, verb: Callable[[], Verb[T]]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                async with self._connection() as connection, connection.transaction():
                    return await self._perform(connection, verb())
            except _CONFLICTS as error:
                await _again(attempt, error)
        raise AssertionError("unreachable")

    async def apart(self, verb: Callable[[], Verb[T]], *, writes: bool) -> T:
        try:
            connection = await asyncpg.connect(
                self._url,
                timeout=CONNECT_SECONDS,
                statement_cache_size=PREPARED,
                server_settings={"application_name": "doorward apart", "statement_timeout": "0"},
            )
        except (*_GONE, asyncpg.PostgresError) as error:
            raise StorageUnavailable(f"PostgreSQL cannot be reached: {error or type(error).__name__}") from None
        try:
            async with (
                connection.transaction()
                if writes
                else connection.transaction(isolation="repeatable_read", readonly=True)
            ):
                return await self._perform_apart(connection, verb())
        except _GONE_ASYNCPG as error:
            raise StorageUnavailable(str(error) or type(error).__name__) from None
        finally:
            connection.terminate()

    async def _perform_apart(self, connection: Any, verb: Verb[T]) -> T:
        """What the verb raises is passed on as it is; what the server does is an outage."""
        rows: list[Row] | None = None
        while True:
            query, result = await asyncio.to_thread(_advanced, verb, rows)
            if query is None:
                return result  # type: ignore[return-value]
            try:
                text, names = numbered(query.sql)
                if query.rows:
                    self._statements += 1
                    await connection.executemany(text, [[row[name] for name in names] for row in query.rows])
                    rows = []
                else:
                    rows = await self._fetch(connection, text, [query.parameters[name] for name in names])
            except (*_GONE, *_CONFLICTS, asyncpg.UniqueViolationError) as error:
                # What is restored fits together: what is in its way, somebody else wrote meanwhile.
                raise StorageUnavailable(str(error) or type(error).__name__) from None

    async def _perform(self, connection: Any, verb: Verb[T]) -> T:
        try:
            query = next(verb)
            while True:
                refuse_nul(query.parameters)
                text, names = numbered(query.sql)
                rows = await self._fetch(connection, text, [query.parameters[name] for name in names])
                query = verb.send(rows)
        except StopIteration as done:
            result: T = done.value
            return result

    async def _fetch(
        self, connection: Any, text: str, values: Sequence[Any], seconds: float | None = None
    ) -> list[Row]:
        self._statements += 1
        rows: list[Row] = await connection.fetch(text, *values, timeout=seconds)
        return rows

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        if self._pool is None:
            raise StorageUnavailable("the database is closed")
        if self._waiting >= MAX_WAITING:
            raise StorageUnavailable("too many requests wait for the database")
        self._waiting += 1
        waits = True
        try:
            async with self._pool.acquire(timeout=WAIT_SECONDS) as connection:
                self._waiting -= 1
                waits = False
                yield connection
        except _GONE as error:
            raise StorageUnavailable(str(error) or type(error).__name__) from None
        finally:
            if waits:
                self._waiting -= 1

    # ── what other nodes write ──

    async def changed(self, seconds: float) -> None:
        # Not wait_for: in Python 3.11 it may swallow the cancellation of who waits.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        self._changed.clear()

    async def _listen(self) -> None:
        """Hold one connection that hears announcements; open it anew when it is lost."""
        while True:
            connection = None
            try:
                connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS)
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                await connection.add_listener(CHANNEL, lambda *_: self._changed.set())
                self._changed.set()  # what was announced while nobody listened
                await lost.wait()
            except (*_GONE, asyncpg.PostgresError) as error:
                logger.warning("configuration changes are not heard, only polled: %s", error or type(error).__name__)
            finally:
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(RELISTEN_SECONDS)


def _advanced(verb: Verb[T], rows: list[Row] | None) -> tuple[Query | None, T | None]:
    """The verb's next query once it was sent ``rows``, or what it returned."""
    try:
        query = next(verb) if rows is None else verb.send(rows)
    except StopIteration as done:
        return None, done.value
    refuse_nul(query.parameters)
    return query, None


async def _again(attempt: int, error: Exception) -> None:
    """Wait a moment before the next attempt, or give up."""
    if attempt + 1 == ATTEMPTS:
        raise StorageUnavailable(str(error)) from None
    await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - only to part the contenders


@cache
def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """The statement with ``$1``-style parameters, and their names in order."""
    return _numbered(alone(sql))


def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    names: dict[str, int] = {}
    text = _PARAMETER.sub(lambda found: f"${names.setdefault(found[1], len(names) + 1)}", sql)
    return text, tuple(names)


@cache
def alone(sql: str) -> str:
    """A statement without a guard to follow."""
    return sql.replace("{once}", "").replace("{and_once}", "").replace("{user_number}", USER_NUMBER)


@cache
def composed(guard: str, then: tuple[str, ...]) -> tuple[str, tuple[tuple[int, str], ...]]:
    """One statement of a guard and what follows it: text, and for each parameter which query it is of.

    What follows reads the guard's rows, so that it does nothing where there are none.
    """
    follows = [
        alone(sql.replace("{once}", "FROM once").replace("{and_once}", "AND EXISTS (SELECT 1 FROM once)"))
        for sql in then
    ]
    if not follows:
        text, names = numbered(guard)
        return text, tuple((0, name) for name in names)
    places: dict[tuple[int, str], int] = {}

    def place(index: int, sql: str) -> str:
        return _PARAMETER.sub(lambda found: f"${places.setdefault((index, found[1]), len(places) + 1)}", sql)

    parts = [f"once AS ({place(0, alone(guard))})"]
    parts += [f"then_{index} AS ({place(index, sql)})" for index, sql in enumerate(follows, 1)]
    return f"WITH {', '.join(parts)} SELECT * FROM once", tuple(places)  # noqa: S608 - statements of this package
