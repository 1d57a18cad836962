"""Schema migrations (Alembic). Imported only to migrate, never to serve."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

from doorward.backends.storage.database import HAS_VERSION, VERSION
from doorward.backends.storage.postgresql import CONNECT_SECONDS
from doorward.ports import StorageUnavailable

LOCK = 0x646F6F7277617264  # "doorward"


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def upgrade_sqlite(raw: sqlite3.Connection, revision: str = "head") -> None:
    """Bring the database behind an open ``sqlite3`` connection to a schema, the newest one, in one transaction."""
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    raw.execute("BEGIN IMMEDIATE")
    try:
        with engine.connect() as connection:
            command.upgrade(configuration(connection), revision)
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise
    if raw.in_transaction:
        raw.execute("COMMIT")


async def upgrade_postgresql(url: str) -> None:
    """Bring the PostgreSQL database that ``url`` names to the newest schema, in one transaction.

    Two at a time wait for each other. Raises ``StorageUnavailable``.
    """
    await postgresql_version(url)
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            await connection.run_sync(lambda bound: command.upgrade(configuration(bound), "head"))
    finally:
        await engine.dispose()


async def postgresql_version(url: str) -> str | None:
    """The schema of a PostgreSQL database, ``None`` without tables. Raises ``StorageUnavailable``."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StorageUnavailable(str(error) or type(error).__name__) from None
    try:
        if not await connection.fetchval(HAS_VERSION):
            return None
        found: str | None = await connection.fetchval(VERSION)
        return found
    finally:
        await connection.close()
