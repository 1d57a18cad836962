"""Which schema a database has; migrations are loaded only where there is something to do."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from doorward.backends.storage.database import HAS_VERSION, VERSION, Database
from doorward.backends.storage.sqlite import SqliteDatabase

HEAD = "0016"


class SchemaOutOfDate(Exception):
    """The database has another schema than this version needs (``found``, ``needed``)."""

    def __init__(self, found: str | None) -> None:
        super().__init__(f"schema {found or 'none'}, {HEAD} needed")
        self.found = found
        self.needed = HEAD


async def open_current(database: Database) -> None:
    """Open a database whose schema is the one this version needs; SQLite's is brought up to date first.

    Raises ``SchemaOutOfDate`` for a newer one, and for another one on PostgreSQL, which ``doorward
    migrate`` brings up to date; ``StorageUnavailable``.
    """
    if isinstance(database, SqliteDatabase):
        _upgrade(database.connect())
        await database.start()
        return
    await database.start()
    if not (await database.read(HAS_VERSION, {}))[0][0]:
        raise SchemaOutOfDate(None)
    found = await database.read(VERSION, {})
    if not found or found[0][0] != HEAD:
        raise SchemaOutOfDate(found[0][0] if found else None)


async def found_version(url: str) -> str | None:
    """The schema of the database ``url`` names; ``None`` where there are no tables yet.

    Raises ``StorageUnavailable``.
    """
    path = sqlite_path(url)
    if path is not None:
        if not path.exists():
            return None
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return _sqlite_version(connection)
    from doorward.backends.storage.migrations import postgresql_version

    return await postgresql_version(url)


async def migrate(url: str) -> None:
    """Bring the database ``url`` names to the schema this version needs.

    Raises ``SchemaOutOfDate`` for a newer one, ``StorageUnavailable``.
    """
    path = sqlite_path(url)
    if path is not None:
        database = SqliteDatabase(path)
        try:
            _upgrade(database.connect())
        finally:
            await database.stop()
        return
    found = await found_version(url)
    if found is not None and found > HEAD:
        raise SchemaOutOfDate(found)
    from doorward.backends.storage.migrations import upgrade_postgresql

    await upgrade_postgresql(url)


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite URL, ``None`` for another database."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def _upgrade(connection: sqlite3.Connection) -> None:
    found = _sqlite_version(connection)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise SchemaOutOfDate(found)
    from doorward.backends.storage.migrations import upgrade_sqlite

    upgrade_sqlite(connection)


def _sqlite_version(connection: sqlite3.Connection) -> str | None:
    try:
        row = connection.execute(VERSION).fetchone()
    except sqlite3.OperationalError:
        return None
    return row[0] if row else None
