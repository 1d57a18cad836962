"""Tenants taken out and put back, on both databases: all of it, or nothing, and nobody else's."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import LargeBinary, Table
from tests.integration.storage.conftest import OTHER, Nodes, T
from tests.integration.storage.test_configuration import client
from tests.integration.storage.values import event, session

from doorward.backends.chance import SystemEntropy
from doorward.backends.storage import snapshot_file, snapshots
from doorward.backends.storage import tenant_tables as tenant_tables_module
from doorward.backends.storage.database import Query, Row, Verb
from doorward.backends.storage.directory import DOCUMENTS
from doorward.backends.storage.schema import metadata
from doorward.backends.storage.store import Storage
from doorward.backends.storage.tenant_tables import SEALED, TABLES, Fate, tenant_tables
from doorward.model.document import Document, Kind, Put
from doorward.model.tenant import Tenant
from doorward.ports import Conflict, UnknownTenant, UnusableSnapshot

OF_TENANTS = [table for table in metadata.sorted_tables if "tenant" in table.columns]


# ── every table ──


def test_every_table_with_a_tenant_has_a_fate() -> None:
    """Name a new table in ``tenant_tables.TABLES``: is it what a tenant is, what is under way, or what happened?"""
    assert set(TABLES) == {table.name for table in OF_TENANTS}


def test_a_table_comes_after_those_it_refers_to() -> None:
    order = list(TABLES)
    for table in OF_TENANTS:
        for key in table.foreign_keys:
            assert order.index(key.column.table.name) < order.index(table.name)


def test_d1_every_column_of_bytes_is_a_digest_or_is_sealed_under_a_place_that_moves() -> None:
    """Name a new sealed column in ``tenant_tables.SEALED``, or a clone could not open it."""
    unknown = {
        (table.name, column.name)
        for table in OF_TENANTS
        for column in table.columns
        if isinstance(column.type, LargeBinary) and not column.name.endswith("_hash")
    }
    public = {("asset", "content")}
    # Sealed with its file, and in no snapshot.
    assert unknown - set(SEALED) - public == {("tenant_snapshot_part", "content"), ("outbox", "content")}
    assert all(TABLES[table] is Fate.KEPT for table, _ in SEALED)


# ── what a tenant has ──


async def rows_of(storage: Storage, tenant: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of a tenant, whatever its table."""

    def verb() -> Verb[dict[str, list[dict[str, Any]]]]:
        found = {}
        for name, table in (yield from tenant_tables(storage.database.dialect)).items():
            sql = f"SELECT {', '.join(table.columns)} FROM {name} WHERE tenant = :tenant"
            rows = yield Query(sql, {"tenant": tenant})
            found[name] = sorted((dict(zip(table.columns, row, strict=True)) for row in rows), key=repr)
        return found

    return await storage.database.apart(verb, writes=False)


def kept(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {name: found for name, found in rows.items() if TABLES[name] is Fate.KEPT}


def filled(table: Table, tenant: str, number: int) -> dict[str, Any]:
    """A row with something in every column, which refers to the row with this number of the table it belongs to."""
    row: dict[str, Any] = {}
    for column in table.columns:
        kind = column.type.python_type
        named = next((key.column.name for key in column.foreign_keys), column.name)
        values = {str: f"{named} {number}", bool: True, int: number, float: 1e6 + number, bytes: b"%032d" % number}
        row[column.name] = JSON.get(column.name, values[kind])
    for name, column in SEALED:
        if name == table.name:
            row[column] = None  # what is sealed is written by who can seal it
    if table.name == "session":  # whoever ends one reads whose it was
        document = msgspec.json.encode(session(row["sid"], user_id=row["user_id"])).decode()
        row |= {"document": document, "metadata": None}
    return {**row, "tenant": tenant}


JSON = dict.fromkeys(("body", "document", "profile", "user_metadata", "app_metadata", "identities"), "{}")
USERS = 3


async def furnish(storage: Storage, tenant: str = T) -> None:
    """Something in every table, and documents that follow the tenant's domain."""
    audience = f"https://{tenant}/api/v2/"
    api = {"id": "api", "name": "System", "identifier": audience, "is_system": True}
    grant = {"id": "cgr_1", "client_id": "a", "audience": audience, "scope": ["read:users"]}
    domain = {"custom_domain_id": "cd_1", "domain": f"login.{tenant}", "status": "ready"}
    documents = (
        client("a", "A"),
        Document(kind=Kind.RESOURCE_SERVER, id="api", body=api, unique_key=audience),
        Document(kind=Kind.CLIENT_GRANT, id="cgr_1", body=grant, unique_key=f"a {audience} client"),
        Document(kind=Kind.CUSTOM_DOMAIN, id="cd_1", body=domain, unique_key=f"login.{tenant}"),
    )
    await storage.directory.change(tenant, [Put(document=document) for document in documents], (event("sapi"),))

    def verb() -> Verb[None]:
        for table in OF_TENANTS:
            for number in range(USERS) if table.name != "host" else ():
                row = filled(table, tenant, number)
                names = ", ".join(row)
                values = ", ".join(f":{name}" for name in row)
                yield Query(f"INSERT INTO {table.name} ({names}) VALUES ({values})", row)
        for column in ("audience", "resource_server_identifier"):
            for table in OF_TENANTS:
                if column in table.columns:
                    sql = f"UPDATE {table.name} SET {column} = :audience WHERE tenant = :tenant"
                    yield Query(sql, {"audience": audience, "tenant": tenant})

    await storage.database.apart(verb, writes=True)


async def taken(storage: Storage, tenant: str = T) -> io.BytesIO:
    file = io.BytesIO()
    await storage.snapshots.take(tenant, file)
    file.seek(0)
    return file


async def served(storage: Storage, host: str) -> str | None:
    await storage.directory.refresh()
    issuer = storage.directory.issuer(host)
    return None if issuer is None else issuer.tenant


async def deafen(storage: Storage) -> None:
    """It hears of nothing others write, as a node may for a second."""
    for task in storage._background:
        task.cancel()
    await asyncio.gather(*storage._background, return_exceptions=True)


# ── taking and restoring ──


async def test_what_is_restored_is_what_was_there(nodes: Nodes) -> None:
    await furnish(nodes.one)
    await furnish(nodes.one, OTHER)
    before, others = await rows_of(nodes.one, T), await rows_of(nodes.one, OTHER)
    assert all(before.values()), "every table holds something"
    file = await taken(nodes.one)
    await nodes.two.directory.refresh()
    await nodes.two.directory.change(T, [Put(document=client("b", "B"))])
    await nodes.two.users.delete(T, "user_id 0", at=1e6, events=())
    await nodes.one.snapshots.restore(file)
    after = await rows_of(nodes.one, T)
    assert kept(after) == kept(before)
    for name, fate in TABLES.items():
        if name != "host":
            assert after[name] == ([] if fate is Fate.ENDED else before[name]), name
    assert await rows_of(nodes.one, OTHER) == others
    assert (await taken(nodes.one)).read() != file.getvalue(), "no two are sealed alike"
    for node in (nodes.one, nodes.two):
        await node.directory.refresh()
        assert list(node.directory.tenant(T).clients) == ["a"]
        assert node.directory.tenant(T).clients["a"].client_secret == "s3cret"
        assert await served(node, f"login.{T}") == T


async def test_a_change_of_what_was_restored_meanwhile_is_a_conflict_and_then_works(nodes: Nodes) -> None:
    await furnish(nodes.one)
    file = await taken(nodes.one)
    await nodes.two.directory.refresh()
    await deafen(nodes.two)
    await nodes.one.snapshots.restore(file)
    with pytest.raises(Conflict) as refused:
        await nodes.two.directory.change(T, [Put(document=client("b", "B"))])
    assert refused.value.field == "revision"
    changed = await nodes.two.directory.change(T, [Put(document=client("b", "B"))])
    assert [(name, found.client_secret) for name, found in changed.clients.items()] == [
        ("a", "s3cret"),
        ("b", "s3cret"),
    ]


async def test_a_deleted_tenant_comes_back(nodes: Nodes) -> None:
    await furnish(nodes.one)
    before, file = kept(await rows_of(nodes.one, T)), await taken(nodes.one)
    await nodes.one.directory.delete_tenant(T)
    assert await served(nodes.two, T) is None
    restored = await nodes.two.snapshots.restore(file)
    assert restored.tenant.domain == T
    assert kept(await rows_of(nodes.one, T)) == before
    assert await served(nodes.one, f"login.{T}") == T


async def test_a_tenant_that_moved_stays_where_it_is_and_its_identifiers_follow(nodes: Nodes) -> None:
    await furnish(nodes.one)
    file = await taken(nodes.one)
    await nodes.one.directory.move_tenant(T, "moved.test", ())
    restored = await nodes.one.snapshots.restore(file)
    audience = restored.tenant.management_audience
    assert audience == "https://moved.test/api/v2/"
    assert list(restored.resource_servers) == [audience]
    grants = restored.documents[Kind.CLIENT_GRANT]
    assert (grants["cgr_1"].body["audience"], grants["cgr_1"].unique_key) == (audience, f"a {audience} client")
    rows = await rows_of(nodes.one, T)
    assert {row["resource_server_identifier"] for row in rows["user_permission"]} == {audience}
    assert {row["audience"] for row in rows["consent_grant"]} == {audience}


async def test_a_clone_has_its_own_keys_and_leaves_the_original_alone(nodes: Nodes) -> None:
    await furnish(nodes.one)
    before, file = await rows_of(nodes.one, T), await taken(nodes.one)
    instead = [Put(document=client("new", "New"))]
    clone = Tenant(id="staging", domain="staging.test")
    made = await nodes.two.snapshots.clone(file, clone, without={Kind.CUSTOM_DOMAIN}, changes=instead)
    assert await rows_of(nodes.one, T) == before
    assert {name: found.client_secret for name, found in made.clients.items()} == {"a": "s3cret", "new": "s3cret"}
    assert made.token_key != nodes.one.directory.tenant(T).token_key
    assert list(made.resource_servers) == ["https://staging.test/api/v2/"]
    assert await served(nodes.one, f"login.{T}") == T
    copied = await rows_of(nodes.one, "staging")
    assert len(copied["user_account"]) == USERS
    sealed = {row["id"]: bytes(row["secrets"]) for row in copied["document"] if row["secrets"]}
    assert sealed["a"] not in [bytes(row["secrets"] or b"") for row in before["document"]]
    file.seek(0)
    with pytest.raises(Conflict) as taken_already:
        await nodes.two.snapshots.clone(file, clone, without={Kind.CUSTOM_DOMAIN}, changes=())
    assert taken_already.value.field == "tenant"
    file.seek(0)
    with pytest.raises(Conflict) as served_already:
        await nodes.two.snapshots.clone(file, Tenant(id="third", domain="third.test"), without=(), changes=())
    assert served_already.value.field == "host"
    assert not any((await rows_of(nodes.one, "third")).values())


async def test_more_rows_than_a_page_and_parts_of_any_size(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenant_tables_module, "PAGE", 2)
    monkeypatch.setattr(snapshots, "FULL", 1)
    monkeypatch.setattr(snapshots, "SLICE", 100)
    await furnish(nodes.one)
    before = kept(await rows_of(nodes.one, T))
    await nodes.one.snapshots.keep(T, "snp_x")
    await nodes.one.directory.change(T, [Put(document=client("b"))])
    file = await nodes.two.snapshots.open(T, "snp_x")
    assert file is not None
    with file:
        await nodes.two.snapshots.restore(file)
    assert kept(await rows_of(nodes.one, T)) == before


async def test_a_snapshot_is_of_one_moment(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    await furnish(nodes.one)
    before = kept(await rows_of(nodes.one, T))
    loop, write = asyncio.get_running_loop(), snapshot_file.SnapshotWriter.write

    def slow_write(writer: snapshot_file.SnapshotWriter, table: str, *more: Any) -> None:
        if table == "document":
            deleted = nodes.two.users.delete(T, "user_id 0", at=1e6, events=())
            assert asyncio.run_coroutine_threadsafe(deleted, loop).result(10)
        write(writer, table, *more)

    with monkeypatch.context() as patched:
        patched.setattr(snapshot_file.SnapshotWriter, "write", slow_write)
        file = await taken(nodes.one)
    assert len((await rows_of(nodes.one, T))["user_account"]) == USERS - 1
    await nodes.one.snapshots.restore(file)
    assert kept(await rows_of(nodes.one, T)) == before


# ── what cannot be restored ──


async def test_d6_a_snapshot_reveals_nothing_without_the_master_key(nodes: Nodes, database: str) -> None:
    await nodes.one.directory.change(T, [Put(document=client("canary-id", "canary-name", secret="canary-secret"))])
    file = await taken(nodes.one)
    assert b"canary" not in file.getvalue()
    stranger = Storage(database, root_key=b"x" * 32, clock=nodes.clock, entropy=SystemEntropy())
    with pytest.raises(UnusableSnapshot, match="another master key") as refused:
        stranger.snapshots.read_head(file)
    assert refused.value.other_key


async def test_a_snapshot_comes_under_another_master_key_with_the_first(nodes: Nodes, tmp_path: Path) -> None:
    await furnish(nodes.one)
    content = (await taken(nodes.one)).getvalue()
    url = f"sqlite:///{tmp_path / 'another.sqlite'}"
    another = Storage(url, root_key=b"x" * 32, clock=nodes.clock, entropy=SystemEntropy())
    await another.start()
    mine = b"k" * 32
    restored = await another.snapshots.restore(io.BytesIO(content), sealed_under=mine)
    assert restored.clients["a"].client_secret == "s3cret"
    assert restored.token_key == nodes.one.directory.tenant(T).token_key
    clone = Tenant(id="staging", domain="staging.test")
    changes = {"without": {Kind.CUSTOM_DOMAIN}, "changes": ()}
    cloned = await another.snapshots.clone(io.BytesIO(content), clone, sealed_under=mine, **changes)  # type: ignore[arg-type]
    assert cloned.clients["a"].client_secret == "s3cret"
    before, after = kept(await rows_of(nodes.one, T)), kept(await rows_of(another, T))
    assert after == before, "SQLite and PostgreSQL read each other's"
    await another.stop()
    again = Storage(url, root_key=b"x" * 32, clock=nodes.clock, entropy=SystemEntropy())
    await again.start()
    assert again.directory.tenant(T).clients["a"].client_secret == "s3cret"
    await again.stop()


def cut(content: bytes) -> bytes:
    return content[:-1]


def without_the_last_part(content: bytes) -> bytes:
    return content[: content.rindex(b"\x00\x00\x00")]


def changed(content: bytes) -> bytes:
    return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]


def more(content: bytes) -> bytes:
    return content + b"x"


def of_another_tenant(content: bytes) -> bytes:
    return content.replace(T.encode(), b"victim.test")


def of_another_schema(content: bytes) -> bytes:
    return content.replace(b'"schema":"', b'"schema":"9')


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, "ends too early"), (changed, "damaged"), (more, "damaged"), (without_the_last_part, "too early|damaged"),
        (of_another_tenant, "another master key"), (of_another_schema, "schema 9"),
        (lambda content: b"hello", "no snapshot"), (lambda content: b"", "no snapshot"),
        (lambda content: snapshot_file.MAGIC + b"{}\n", "beginning"),
        (lambda content: content.replace(b'"version":1', b'"version":2'), "version 2"),
    ],
)  # fmt: skip
async def test_a_damaged_snapshot_changes_nothing(nodes: Nodes, damage: Callable[[bytes], bytes], said: str) -> None:
    await furnish(nodes.one)
    file = await taken(nodes.one)
    await nodes.one.directory.change(T, [Put(document=client("b", "B"))])
    before = await rows_of(nodes.one, T)
    with pytest.raises(UnusableSnapshot, match=said):
        await nodes.one.snapshots.restore(io.BytesIO(damage(file.getvalue())))
    assert await rows_of(nodes.one, T) == before
    await nodes.one.directory.refresh()
    assert sorted(nodes.one.directory.tenant(T).clients) == ["a", "b"]


async def test_a_host_that_another_tenant_serves_now_stops_a_restore(nodes: Nodes) -> None:
    await furnish(nodes.one)
    file = await taken(nodes.one)
    await nodes.one.directory.delete_tenant(T)
    await nodes.one.directory.create_tenant(Tenant(id="third", domain=f"login.{T}"), ())
    with pytest.raises(Conflict) as refused:
        await nodes.one.snapshots.restore(file)
    assert (refused.value.field, refused.value.value) == ("host", f"login.{T}")
    assert not any((await rows_of(nodes.one, T)).values())


# ── deleting ──


async def test_a_deletion_leaves_no_row_anywhere_and_nobody_elses_away(nodes: Nodes) -> None:
    await furnish(nodes.one)
    await furnish(nodes.one, OTHER)
    others = await rows_of(nodes.one, OTHER)
    nodes.one.log.write(T, event())
    await nodes.one.directory.delete_tenant(T)
    assert not any((await rows_of(nodes.one, T)).values())
    assert await rows_of(nodes.one, OTHER) == others
    for node in (nodes.one, nodes.two):
        for host in (T, f"login.{T}"):
            assert await served(node, host) is None
        with pytest.raises(UnknownTenant):
            node.directory.tenant(T)
    with pytest.raises(UnknownTenant):
        await nodes.two.directory.delete_tenant(T)
    with pytest.raises(UnknownTenant):
        await taken(nodes.two)
    with pytest.raises(UnknownTenant):
        await nodes.two.snapshots.keep(T, "snp_2")


async def test_g10_a_deletion_reaches_the_other_node_by_itself_and_a_change_there_is_refused(nodes: Nodes) -> None:
    await nodes.one.directory.delete_tenant(T)
    with pytest.raises(UnknownTenant):
        await nodes.two.directory.change(T, [Put(document=client("a"))])
    await nodes.one.directory.delete_tenant(OTHER)
    async with asyncio.timeout(5):
        while nodes.two.directory.issuer(OTHER) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # nobody else tells when it is noticed


async def test_what_a_node_wrote_before_it_heard_is_swept_and_is_not_in_the_next_tenant(nodes: Nodes) -> None:
    await nodes.one.directory.delete_tenant(T)
    await nodes.two.attempts.fail(T, "late", at=nodes.now, window=60.0)
    await nodes.one.sweep(nodes.now)
    assert await nodes.two.attempts.count(T, "late") == 0
    await nodes.two.attempts.fail(T, "later", at=nodes.now, window=60.0)
    await nodes.one.directory.create_tenant(Tenant(id=T, domain=T), ())
    assert await nodes.two.attempts.count(T, "later") == 0
    await nodes.two.attempts.fail(T, "now", at=nodes.now, window=60.0)
    await nodes.one.sweep(nodes.now)
    assert await nodes.two.attempts.count(T, "now") == 1


async def test_a_tenant_that_was_made_again_is_not_taken_for_the_one_before(nodes: Nodes) -> None:
    """Both are at their first revision: only the key tells them apart."""
    await deafen(nodes.two)
    await nodes.one.directory.delete_tenant(T)
    await nodes.one.directory.create_tenant(Tenant(id=T, domain=T), [Put(document=client("a"))])
    with pytest.raises(Conflict):
        await nodes.two.directory.change(T, [Put(document=client("b"))])
    assert nodes.two.directory.tenant(T).token_key == nodes.one.directory.tenant(T).token_key
    await nodes.two.directory.change(T, [Put(document=client("b"))])
    await nodes.one.directory.refresh()
    assert nodes.one.directory.tenant(T).clients["b"].client_secret == "s3cret"


async def test_a_tenant_made_anew_while_it_is_read_is_read_again(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    await deafen(nodes.two)
    await nodes.one.directory.change(T, [Put(document=client("a"))])
    database, made_anew = nodes.two.directory._database, False
    read = database.read

    async def slow_read(sql: str, parameters: dict[str, Any]) -> list[Row]:
        nonlocal made_anew
        if sql == DOCUMENTS and parameters["tenant"] == T and not made_anew:
            made_anew = True
            await nodes.one.directory.delete_tenant(T)
            await nodes.one.directory.create_tenant(Tenant(id=T, domain=T), [Put(document=client("b"))])
        return await read(sql, parameters)

    monkeypatch.setattr(database, "read", slow_read)
    await nodes.two.directory.refresh()
    assert list(nodes.two.directory.tenant(T).clients) == ["b"]


async def test_of_many_who_clone_one_tenant_one_does(nodes: Nodes) -> None:
    await furnish(nodes.one)
    content = (await taken(nodes.one)).getvalue()
    clone = Tenant(id="staging", domain="staging.test")

    async def make(storage: Storage) -> bool:
        try:
            await storage.snapshots.clone(io.BytesIO(content), clone, without={Kind.CUSTOM_DOMAIN}, changes=())
        except Conflict:
            return False
        return True

    assert (await asyncio.gather(*(make(node) for node in nodes.turns(4)))).count(True) == 1
    assert len((await rows_of(nodes.one, "staging"))["user_account"]) == USERS


async def test_restores_and_deletions_at_a_time_leave_a_whole_tenant_or_none(nodes: Nodes) -> None:
    await furnish(nodes.one)
    content = (await taken(nodes.one)).getvalue()
    await nodes.one.directory.delete_tenant(T)
    restored = await nodes.one.snapshots.restore(io.BytesIO(content))
    whole = kept(await rows_of(nodes.one, restored.tenant.id))
    await nodes.two.directory.refresh()
    await asyncio.gather(
        *(node.snapshots.restore(io.BytesIO(content)) for node in nodes.turns(3)),
        nodes.two.directory.delete_tenant(T),
        return_exceptions=True,
    )
    assert kept(await rows_of(nodes.one, T)) in (whole, {name: [] for name in whole})


# ── kept ──


async def test_snapshots_are_kept_with_their_tenant(nodes: Nodes) -> None:
    await furnish(nodes.one, OTHER)
    first = await nodes.one.snapshots.keep(OTHER, "snp_first", (event("sapi"),))
    nodes.clock.pass_(1)
    await nodes.one.snapshots.keep(OTHER, "snp_second")
    # The rows made up by the test have no head to read.
    await nodes.one.database.write(lambda: _deleted("tenant_snapshot", "id LIKE 'id %'"))
    found = await nodes.two.snapshots.kept(OTHER)
    assert [snapshot.id for snapshot in found] == ["snp_first", "snp_second"]
    assert found[0] == first
    assert found[0].rows["user_account"] == USERS
    assert await nodes.two.snapshots.kept(T) == []
    assert await nodes.two.snapshots.open(T, "snp_first") is None
    assert not await nodes.two.snapshots.drop(T, "snp_first")
    assert await nodes.two.snapshots.drop(OTHER, "snp_first")
    assert await nodes.two.snapshots.open(OTHER, "snp_first") is None
    assert len(await nodes.one.snapshots.kept(OTHER)) == 1


def _deleted(table: str, condition: str) -> Verb[None]:
    yield Query(f"DELETE FROM {table} WHERE {condition}")


# ── the root credential ──


async def test_g7_there_is_one_root_credential_for_all_nodes_and_only_its_hash_is_stored(nodes: Nodes) -> None:
    await nodes.one.database.write(lambda: _deleted("root_credential", "TRUE"))
    await asyncio.gather(*(node.root_credential.make() for node in nodes.turns(6)))
    credential = await nodes.one.root_credential.shown()
    assert await nodes.two.root_credential.shown() == credential
    assert len(credential) == 47
    assert await nodes.two.root_credential.matches(credential)
    for wrong in ("", "dwr_", credential[:-1], credential + "x", credential.lower()):
        assert not await nodes.two.root_credential.matches(wrong)
    rows = await nodes.one.database.read("SELECT salt, hash FROM root_credential", {})
    assert credential.encode() not in b"".join(bytes(value) for value in rows[0])


async def test_another_root_credential_ends_the_one_before_on_every_node(nodes: Nodes) -> None:
    before = await nodes.one.root_credential.shown()
    after = await nodes.one.root_credential.rotate()
    assert not await nodes.two.root_credential.matches(before)
    assert await nodes.two.root_credential.matches(after)
    assert await nodes.two.root_credential.shown() == after


async def test_without_a_root_credential_nothing_matches(nodes: Nodes) -> None:
    await nodes.one.database.write(lambda: _deleted("root_credential", "TRUE"))
    assert not await nodes.one.root_credential.matches("")
    assert not await nodes.one.root_credential.matches("\0" * 32)
