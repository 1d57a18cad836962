"""The migrations make the tables of ``schema``, on both databases, and a server refuses any other."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from tests.databases import create_database, on_database
from tests.integration.storage.conftest import Nodes, T

from doorward.backends.chance import SystemEntropy
from doorward.backends.clock import SystemClock
from doorward.backends.storage.directory import DataKey
from doorward.backends.storage.migrations import configuration, upgrade_postgresql
from doorward.backends.storage.schema import metadata
from doorward.backends.storage.snapshot_file import SnapshotWriter
from doorward.backends.storage.snapshots import ROW_OF_TENANT
from doorward.backends.storage.store import Storage
from doorward.backends.storage.version import HEAD, SchemaOutOfDate
from doorward.model.search import Term
from doorward.model.user import Password


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


USER = f"""
INSERT INTO user_account (tenant, user_id, sequence, connection, email, blocked, profile, user_metadata, app_metadata,
    identities, created_at, updated_at, logins_count, revision)
VALUES ('{T}', 'auth0|ada|1', 1, 'people', 'ada@example.test', FALSE,
    '{{"name": "Ada Ü", "email": "ada@example.test"}}', '{{}}',
    '{{"plan": "gold"}}', '[]', 1, 1, 0, 0)"""
IDENTIFIER = f"""
INSERT INTO user_identifier (tenant, connection, field, value, user_id)
VALUES ('{T}', 'people', 'email', 'ada@example.test', 'auth0|ada|1')"""
PASSWORD = f"INSERT INTO user_password (tenant, user_id, hash, set_at) VALUES ('{T}', 'auth0|ada|1', 'hashed', 1)"


async def test_who_could_sign_in_before_identities_had_passwords_still_can(bare: str, tmp_path: Path) -> None:
    def begin(connection: Connection) -> None:
        command.upgrade(configuration(connection), "0001")
        for statement in (USER, IDENTIFIER, PASSWORD):
            connection.execute(text(statement))

    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(bare))
    async with engine.begin() as connection:
        await connection.run_sync(begin)
    await engine.dispose()
    await upgrade_postgresql(bare)
    file = f"sqlite:///{tmp_path}/old.db"
    with create_engine(file).begin() as old:
        begin(old)
    for url in (bare, file):
        server = storage(url)
        await server.start()
        found = await server.users.find_by_identifier(T, "people", "email", "ada@example.test")
        assert found is not None
        assert (found[0].user_id, found[1]) == ("auth0|ada|1", Password(hash="hashed", set_at=1.0))
        assert found[0].primary_identity == ("auth0", "ada|1")
        for where in (Term("name", "ADA ü"), Term("app_metadata.plan", "gold"), Term("email.domain", "example.test")):
            assert (await server.users.search(T, where, offset=0, limit=5))[0] == [found[0]], "found by what it had"
        await server.stop()


async def test_a_snapshot_of_an_older_schema_is_brought_up_to_date(nodes: Nodes, tmp_path: Path) -> None:
    """As one taken before identities had passwords and users terms they are found by."""
    with create_engine(f"sqlite:///{tmp_path}/old.db").begin() as old:
        command.upgrade(configuration(old), "0001")
        for statement in (USER, IDENTIFIER, PASSWORD):
            old.execute(text(statement))
        file = io.BytesIO()
        writer = SnapshotWriter(file, b"k" * 32, schema="0001", tenant=T, domain=T, taken_at=1.0)
        writer.write("tenant", ROW_OF_TENANT, [(T, 7, DataKey.new(b"k" * 32, T).sealed)])
        for table in ("user_account", "user_identifier", "user_password"):
            rows = old.execute(text(f"SELECT * FROM {table}"))
            writer.write(table, tuple(rows.keys()), [tuple(row) for row in rows])
        writer.finish()
    file.seek(0)
    restored = await nodes.one.snapshots.restore(file)
    assert restored.tenant.revision == 8
    found = await nodes.two.users.find_by_identifier(T, "people", "email", "ada@example.test")
    assert found is not None
    assert (found[0].user_id, found[1]) == ("auth0|ada|1", Password(hash="hashed", set_at=1.0))
    assert found[0].primary_identity == ("auth0", "ada|1")


async def test_a_schema_of_another_version_is_refused(bare: str) -> None:
    await upgrade_postgresql(bare)
    connection = await asyncpg.connect(bare)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()
    with pytest.raises(SchemaOutOfDate) as refused:
        await storage(bare).start()
    assert refused.value.found == "9999"
