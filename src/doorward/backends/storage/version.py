"""Which schema a database has; migrations are loaded only where there is something to do."""

from __future__ import annotations

import sqlite3

from doorward.backends.storage.database import Database
from doorward.backends.storage.sqlite import SqliteDatabase

HEAD = "0001"


class SchemaOutOfDate(Exception):
    """The database has another schema than this version needs (``found``, ``needed``)."""

    def __init__(self, found: str | None) -> None:
        super().__init__(f"schema {found or 'none'}, {HEAD} needed")
        self.found = found
        self.needed = HEAD


def ensure_current(database: Database) -> None:
    """Bring a SQLite database up to date. Raises ``SchemaOutOfDate`` for a newer one."""
    if not isinstance(database, SqliteDatabase):
        return
    connection = database.connect()
    found = _sqlite_version(connection)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise SchemaOutOfDate(found)
    from doorward.backends.storage.migrations import upgrade_sqlite

    upgrade_sqlite(connection)


def _sqlite_version(connection: sqlite3.Connection) -> str | None:
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    return row[0] if row else None
