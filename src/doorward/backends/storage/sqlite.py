"""SQLite: statements run inline on the loop, one disk thread commits them in groups.

WAL with ``synchronous=FULL``: an answer goes out only after its commit is on disk. A statement is shorter
than a hop to another thread, and threads that take turns at statements wait for each other's interpreter
lock; so only what waits (for the disk, for another process) leaves the loop. While one group is committed
the next one gathers. A cancelled caller's verb still runs: what was asked to be spent is spent.
"""

from __future__ import annotations

import asyncio
import fcntl
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import IO, Any, TypeVar

from doorward.backends.storage.database import Dialect, Query, Row, Verb, refuse_nul
from doorward.ports import StorageUnavailable, TooCostly

T = TypeVar("T")

BATCH = 64
BUSY_SECONDS = 5.0
BUSY_PAUSE = 0.002
APART_BUSY_SECONDS = 60.0
SEARCHES = 4
# An import touches more pages in one transaction than the 2 MiB of the default hold, and would write them twice.
WRITER_CACHE_KIB = 64 * 1024
USER_NUMBER = "(SELECT coalesce(max(sequence), 0) + 1 FROM user_account WHERE tenant = :tenant)"
DIALECT = Dialect(
    columns="""
SELECT m.name, p.name, p.type, p.pk FROM sqlite_master m JOIN pragma_table_info(m.name) p
WHERE m.type = 'table' ORDER BY m.name, p.cid""",
    array_of="json_group_array",
    array="json_array",
    member_of="json_extract({document}, '$.{name}')",
    among_of="(SELECT value FROM json_each({array}))",
    position="instr",
    bytewise="{column}",
    unindexed="+{column}",
    united="""json_set(:document, '$.clients', json((SELECT json_group_array(value) FROM (
        SELECT value FROM json_each(document, '$.clients') UNION ALL
        SELECT value FROM json_each(:document, '$.clients')
            WHERE value NOT IN (SELECT value FROM json_each(document, '$.clients'))))))""",
    by_row="",
    batches=False,
)


class Job:
    """A verb waiting for its turn to write, and the future its caller waits on."""

    __slots__ = ("error", "future", "result", "verb")

    def __init__(self, verb: Callable[[], Verb[Any]], future: asyncio.Future[Any]) -> None:
        self.verb = verb
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None

    def deliver(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class SqliteDatabase:
    """``Database`` on one SQLite file, or in memory for ``path`` ``None``.

    ``shared`` takes a file lock around each group, so that several processes writing one file wait
    in turn instead of starving each other.
    """

    dialect = DIALECT

    def __init__(self, path: Path | None, *, shared: bool = False) -> None:
        self._path = path
        self._shared = shared
        self._jobs: deque[Job] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._disk: ThreadPoolExecutor | None = None
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._searches: ThreadPoolExecutor | None = None
        self._turns = asyncio.Semaphore(SEARCHES)
        self._searchers: list[sqlite3.Connection] = []
        self._lock_file: IO[str] | None = None
        self._statements = 0

    @property
    def statements(self) -> int:
        return self._statements

    def connect(self) -> sqlite3.Connection:
        """The writing connection, opened at first need (also what migrations run on)."""
        if self._writer is None:
            self._writer = self._open()
            self._writer.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
            if self._path is None:
                self._reader = self._writer
        return self._writer

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                ":memory:" if self._path is None else self._path,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
            )
        except sqlite3.OperationalError as error:
            raise StorageUnavailable(f"{self._path}: {error}") from None
        connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        # What a savepoint may have to undo is kept there: in files it costs as many writes as the database itself.
        connection.execute("PRAGMA temp_store=MEMORY")
        return connection

    def _open_reader(self) -> sqlite3.Connection:
        connection = self._open()
        connection.execute("PRAGMA query_only=ON")
        return connection

    async def start(self) -> None:
        writer = self.connect()
        writer.execute("PRAGMA busy_timeout=0")  # the loop does not wait; the disk thread does, in steps
        if self._reader is None:
            self._reader = self._open_reader()
        if self._shared and self._path is not None:
            self._lock_file = open(f"{self._path}.lock", "w")  # noqa: SIM115, ASYNC230 - held while running
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="sqlite-disk")
        self._searches = ThreadPoolExecutor(SEARCHES, thread_name_prefix="sqlite-search")

    async def stop(self) -> None:
        disk, self._disk = self._disk, None
        if self._writing is not None:
            await self._writing
        if disk is not None:
            disk.shutdown()
        searches, self._searches = self._searches, None
        if searches is not None:
            searches.shutdown()
        for searcher in self._searchers:
            searcher.close()
        self._searchers = []
        if self._reader is not None and self._reader is not self._writer:
            self._reader.close()
        if self._writer is not None:
            self._writer.close()
        if self._lock_file is not None:
            self._lock_file.close()
        self._reader = self._writer = self._lock_file = None

    async def read(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        if self._path is None:
            # One connection serves both sides of a database in memory: reads queue with the writes.
            return await self.write(lambda: _select(sql, parameters))
        if self._reader is None:
            raise StorageUnavailable("the database is closed")
        self._statements += 1
        try:
            return self._reader.execute(sql, parameters).fetchall()
        except sqlite3.OperationalError as error:
            raise StorageUnavailable(str(error)) from None

    async def search(self, sql: str, parameters: Mapping[str, Any], seconds: float) -> list[Row]:
        if self._path is None:
            return await self.read(sql, parameters)
        # A statement that waits for its thread cannot be interrupted: it waits here, before it begins.
        try:
            async with asyncio.timeout(seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise StorageUnavailable("too many searches at a time") from None
        try:
            work, overdue = self._begin_search(sql, parameters, seconds)
        except BaseException:
            self._turns.release()
            raise
        # Who is cancelled must not leave a connection behind that still works.
        work.add_done_callback(lambda _: self._turns.release())
        try:
            return await asyncio.shield(work)
        except sqlite3.OperationalError as error:
            if overdue.is_set():
                raise TooCostly from None
            raise StorageUnavailable(str(error)) from None

    def _begin_search(
        self, sql: str, parameters: Mapping[str, Any], seconds: float
    ) -> tuple[asyncio.Future[list[Row]], asyncio.Event]:
        """The statement on its way, in a thread that is free, and what is set when it took too long."""
        if self._searches is None:
            raise StorageUnavailable("the database is closed")
        self._statements += 1
        loop, overdue = asyncio.get_running_loop(), asyncio.Event()
        connection = self._searchers.pop() if self._searchers else self._open_reader()

        def interrupt() -> None:
            overdue.set()
            connection.interrupt()

        timer = loop.call_later(seconds, interrupt)
        work = loop.run_in_executor(self._searches, lambda: connection.execute(sql, parameters).fetchall())
        work.add_done_callback(lambda _: self._searchers.append(connection))
        work.add_done_callback(lambda _: timer.cancel())
        return work, overdue

    async def once(self, guard: Query, then: Sequence[Query] = ()) -> list[Row]:
        def verb() -> Verb[list[Row]]:
            rows = yield guard
            if rows:
                for query in then:  # noqa: UP028 - a list cannot be sent rows
                    yield query
            return rows

        return await self.write(verb)

    async def apart(self, verb: Callable[[], Verb[T]], *, writes: bool) -> T:
        if self._path is None:
            return await self.write(verb)
        return await asyncio.to_thread(self._apart, verb, writes)

    def _apart(self, verb: Callable[[], Verb[T]], writes: bool) -> T:
        connection = self._open()
        try:
            connection.execute(f"PRAGMA busy_timeout={int(APART_BUSY_SECONDS * 1000)}")
            if writes and self._shared:
                with open(f"{self._path}.lock", "w") as turn:  # only to be let in: groups wait for the database after
                    fcntl.flock(turn, fcntl.LOCK_EX)
                    connection.execute("BEGIN IMMEDIATE")
            else:
                connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            result = self.run(connection, verb())
            connection.execute("COMMIT")
            return result
        except sqlite3.OperationalError as error:
            raise StorageUnavailable(str(error)) from None
        finally:
            connection.close()

    async def changed(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def write(self, verb: Callable[[], Verb[T]]) -> T:
        if self._disk is None or self._writer is None:
            raise StorageUnavailable("the database is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.append(Job(verb, future))
        if self._writing is None:
            self._writing = loop.create_task(self._write(self._writer, self._disk), name="sqlite-writer")
        return await future

    # ── one group after another ──

    async def _write(self, connection: sqlite3.Connection, disk: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        batch: list[Job] = []
        try:
            while self._jobs:
                batch = [self._jobs.popleft() for _ in range(min(BATCH, len(self._jobs)))]
                try:
                    if not self._begin(connection):
                        await loop.run_in_executor(disk, self._wait_and_begin, connection)
                    for job in batch:
                        self._perform(connection, job)
                    await loop.run_in_executor(disk, self._commit, connection)
                except Exception as error:
                    self._roll_back(connection)
                    for job in batch:
                        job.error = StorageUnavailable(str(error))
                for job in batch:
                    job.deliver()
        finally:  # nobody may wait for a loop that ends
            self._writing = None
            for job in batch:
                job.future.cancel()

    def _begin(self, connection: sqlite3.Connection) -> bool:
        """Begin the transaction if nobody has to be waited for."""
        try:
            if self._lock_file is not None:
                fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            connection.execute("BEGIN IMMEDIATE")
        except (BlockingIOError, sqlite3.OperationalError):
            self._unlock()
            return False
        return True

    def _wait_and_begin(self, connection: sqlite3.Connection) -> None:
        """The same, waiting. Raises ``sqlite3.OperationalError`` after ``BUSY_SECONDS``."""
        if self._lock_file is not None:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        latest = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                if time.monotonic() > latest:
                    self._unlock()
                    raise
            time.sleep(BUSY_PAUSE)

    def _perform(self, connection: sqlite3.Connection, job: Job) -> None:
        connection.execute("SAVEPOINT verb")
        try:
            job.result = self.run(connection, job.verb())
            connection.execute("RELEASE verb")
        except Exception as error:
            connection.execute("ROLLBACK TO verb")
            connection.execute("RELEASE verb")
            job.error = StorageUnavailable(str(error)) if isinstance(error, sqlite3.OperationalError) else error

    def run(self, connection: sqlite3.Connection, verb: Verb[T]) -> T:
        """What the verb returns, its statements run on ``connection`` as they come."""
        try:
            query = next(verb)
            while True:
                query = verb.send(self._execute(connection, query))
        except StopIteration as done:
            result: T = done.value
            return result

    def _execute(self, connection: sqlite3.Connection, query: Query) -> list[Row]:
        self._statements += 1
        if query.rows:
            for row in query.rows:
                refuse_nul(row)
            connection.executemany(_followed(query.sql), query.rows)
            return []
        refuse_nul(query.parameters)
        return connection.execute(_followed(query.sql), query.parameters).fetchall()

    def _commit(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("COMMIT")
        finally:
            self._roll_back(connection)

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        """Leave no transaction open, and no lock held."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        self._unlock()

    def _unlock(self) -> None:
        if self._lock_file is not None:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)


def _select(sql: str, parameters: Mapping[str, Any]) -> Verb[list[Row]]:
    return (yield Query(sql, parameters))


@cache
def _followed(sql: str) -> str:
    """The statement without its markers: that the guard hit is known when it runs."""
    return sql.replace("{once}", "WHERE TRUE").replace("{and_once}", "").replace("{user_number}", USER_NUMBER)
