"""A snapshot of an older schema: its rows go through the migrations, in a scratch database of their own."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from doorward.backends.storage.database import Query, Row, Verb
from doorward.backends.storage.migrations import upgrade_sqlite
from doorward.backends.storage.snapshot_file import Part
from doorward.backends.storage.sqlite import SqliteDatabase
from doorward.backends.storage.tenant_tables import TABLES, Fate, tenant_tables

# Alembic runs one migration at a time in a process.
_migrating = threading.Lock()


def upgraded(parts: Iterable[Part], schema: str, tenant: Mapping[str, Any]) -> Iterator[Part]:
    """The parts as they would have been taken with today's schema, of a tenant with this row in its table."""
    with tempfile.TemporaryDirectory(prefix="doorward-") as folder:
        scratch = SqliteDatabase(Path(folder) / "scratch.sqlite")
        connection = scratch.connect()
        try:
            with _migrating:
                upgrade_sqlite(connection, schema)
            connection.execute("BEGIN")
            connection.execute(_insert("tenant", tenant), tenant)
            for part in parts:
                connection.executemany(
                    _insert(part.table, part.columns), [dict(zip(part.columns, row, strict=True)) for row in part.rows]
                )
            connection.execute("COMMIT")
            with _migrating:
                upgrade_sqlite(connection)
            tables = scratch.run(connection, tenant_tables(scratch.dialect))
            for name, fate in TABLES.items():
                after: Row | None = None
                while fate is Fate.KEPT and (
                    rows := scratch.run(connection, _rows(tables[name].page(tenant["id"], after)))
                ):
                    yield Part(name, tables[name].columns, [tables[name].values(row) for row in rows])
                    after = rows[-1]
        finally:
            connection.close()


def _insert(table: str, columns: Iterable[str]) -> str:
    names = tuple(columns)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"  # noqa: S608


def _rows(query: Query) -> Verb[list[Row]]:
    return (yield query)
