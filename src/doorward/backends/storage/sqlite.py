"""SQLite: reads inline on the loop thread, one writer thread with group commit.

WAL with ``synchronous=FULL``: an answer goes out only after its commit is on disk. Reads are
shorter than a hop to another thread. A cancelled caller's verb still runs: what was asked to be
spent is spent.
"""

from __future__ import annotations

import asyncio
import fcntl
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, TypeVar

from doorward.backends.storage.database import Dialect, Query, Row, Verb, refuse_nul
from doorward.ports import StorageUnavailable

T = TypeVar("T")

BATCH = 64
BUSY_MS = 5000
DIALECT = Dialect(
    array_of="json_group_array",
    array="json_array",
    member_of="json_extract({document}, '$.{name}')",
    batches=False,
)
_STOP = object()


class Job:
    """A verb waiting for the writer, and the future its caller waits on."""

    __slots__ = ("error", "future", "result", "verb")

    def __init__(self, verb: Callable[[], Verb[Any]], future: asyncio.Future[Any]) -> None:
        self.verb = verb
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None


class SqliteDatabase:
    """``Database`` on one SQLite file, or in memory for ``path`` ``None``.

    ``shared`` takes a file lock around each batch, so that several processes writing one file wait
    in turn instead of starving each other.
    """

    dialect = DIALECT

    def __init__(self, path: Path | None, *, shared: bool = False) -> None:
        self._path = path
        self._shared = shared
        self._jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._lock_file: IO[str] | None = None
        self._reads = 0
        self._writes = 0

    @property
    def statements(self) -> int:
        return self._reads + self._writes

    def connect(self) -> sqlite3.Connection:
        """The writing connection, opened at first need (also what migrations run on)."""
        if self._writer is None:
            self._writer = self._open()
            if self._path is None:
                self._reader = self._writer
        return self._writer

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            ":memory:" if self._path is None else self._path,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        writer = self.connect()
        if self._reader is None:
            self._reader = self._open()
            self._reader.execute("PRAGMA query_only=ON")
        if self._shared and self._path is not None:
            self._lock_file = open(f"{self._path}.lock", "w")  # noqa: SIM115, ASYNC230 - held while running
        self._thread = threading.Thread(target=self._run, args=(writer,), name="sqlite-writer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        if self._thread is not None:
            self._jobs.put(_STOP)
            await asyncio.to_thread(self._thread.join)
            self._thread = None
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
        self._reads += 1
        try:
            return self._reader.execute(sql, parameters).fetchall()
        except sqlite3.OperationalError as error:
            raise StorageUnavailable(str(error)) from None

    async def once(self, guard: Query, then: Sequence[Query] = ()) -> list[Row]:
        def verb() -> Verb[list[Row]]:
            rows = yield guard
            if rows:
                for query in then:  # noqa: UP028 - a list cannot be sent rows
                    yield query
            return rows

        return await self.write(verb)

    async def changed(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def write(self, verb: Callable[[], Verb[T]]) -> T:
        if self._loop is None or self._thread is None:
            raise StorageUnavailable("the database is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(Job(verb, future))
        return await future

    # ── the writer thread ──

    def _run(self, connection: sqlite3.Connection) -> None:
        stopping = False
        while not stopping:
            first = self._jobs.get()
            if first is _STOP:
                break
            batch = [first]
            while len(batch) < BATCH:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is _STOP:
                    stopping = True
                    break
                batch.append(job)
            self._commit(connection, batch)
            if self._loop is not None:
                self._loop.call_soon_threadsafe(_deliver, batch)

    def _commit(self, connection: sqlite3.Connection, batch: list[Job]) -> None:
        if self._lock_file is not None:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._perform(connection, job)
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for job in batch:
                job.error = StorageUnavailable(str(error))
        finally:
            if self._lock_file is not None:
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def _perform(self, connection: sqlite3.Connection, job: Job) -> None:
        connection.execute("SAVEPOINT verb")
        try:
            verb = job.verb()
            query = next(verb)
            while True:
                refuse_nul(query.parameters)
                self._writes += 1
                query = verb.send(connection.execute(_followed(query.sql), query.parameters).fetchall())
        except StopIteration as done:
            job.result = done.value
            connection.execute("RELEASE verb")
        except sqlite3.OperationalError as error:
            connection.execute("ROLLBACK TO verb")
            connection.execute("RELEASE verb")
            job.error = StorageUnavailable(str(error))
        except Exception as error:
            connection.execute("ROLLBACK TO verb")
            connection.execute("RELEASE verb")
            job.error = error


def _select(sql: str, parameters: Mapping[str, Any]) -> Verb[list[Row]]:
    return (yield Query(sql, parameters))


@cache
def _followed(sql: str) -> str:
    """The statement without its markers: that the guard hit is known when it runs."""
    return sql.replace("{once}", "WHERE TRUE").replace("{and_once}", "")


def _deliver(batch: list[Job]) -> None:
    for job in batch:
        if job.future.cancelled():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
