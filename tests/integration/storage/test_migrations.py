"""The migrations make the tables of ``schema``, on both databases, and a server refuses any other."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from tests.databases import create_database, on_database
from tests.integration.storage.conftest import Nodes

from doorward.backends.chance import SystemEntropy
from doorward.backends.clock import SystemClock
from doorward.backends.storage.migrations import upgrade_postgresql
from doorward.backends.storage.schema import metadata
from doorward.backends.storage.store import Storage
from doorward.backends.storage.version import HEAD, SchemaOutOfDate


def storage(url: str) -> Storage:
    return Storage(url, root_key=b"k" * 32, clock=SystemClock(), entropy=SystemEntropy())


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_the_migrations_make_the_schema(nodes: Nodes, database: str) -> None:
    if database.startswith("sqlite"):
        with create_engine(database).connect() as connection:
            assert differences(connection) == []
        return
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(database))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


@pytest.fixture
async def bare(postgresql: str, worker_id: str) -> str:
    """A PostgreSQL database without a table."""
    url = await create_database(on_database(postgresql, "postgres"), f"doorward_bare_{worker_id}")
    connection = await asyncpg.connect(url)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()
    return url


async def test_postgresql_is_migrated_by_hand_and_only_once_by_many(bare: str) -> None:
    with pytest.raises(SchemaOutOfDate) as refused:
        await storage(bare).start()
    assert (refused.value.found, refused.value.needed) == (None, HEAD)
    await asyncio.gather(*(upgrade_postgresql(bare) for _ in range(3)))
    server = storage(bare)
    await server.start()
    await server.stop()


async def test_a_schema_of_another_version_is_refused(bare: str) -> None:
    await upgrade_postgresql(bare)
    connection = await asyncpg.connect(bare)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()
    with pytest.raises(SchemaOutOfDate) as refused:
        await storage(bare).start()
    assert refused.value.found == "9999"
