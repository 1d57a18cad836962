"""Configuration and log: every node sees every change, once, and nobody overwrites unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from tests.integration.storage.conftest import OTHER, Nodes, T
from tests.integration.storage.values import event

from doorward.backends.chance import SystemEntropy
from doorward.backends.storage import log, store
from doorward.backends.storage.database import Row
from doorward.backends.storage.directory import DOCUMENTS
from doorward.backends.storage.sealing import WrongMasterKey
from doorward.backends.storage.store import Storage
from doorward.model.document import Delete, Document, Kind, Need, Put, Unchanged
from doorward.model.search import AllOf, Not, Range, Search, Sort, Term
from doorward.model.tenant import Tenant
from doorward.ports import Conflict


def client(id_: str, name: str = "", secret: str = "s3cret", revision: int = 0) -> Document:
    return Document(
        kind=Kind.CLIENT,
        id=id_,
        body={"client_id": id_, "name": name or id_},
        secrets={"client_secret": secret},
        unique_key=name or None,
        revision=revision,
    )


async def seen(storage: Storage, tenant: str = T) -> list[str]:
    await storage.directory.refresh()
    return list(storage.directory.tenant(tenant).clients)


async def test_g10_a_change_reaches_the_other_node_by_itself(nodes: Nodes) -> None:
    await nodes.one.directory.change(T, [Put(document=client("a"))])
    for _ in range(300):
        if "a" in nodes.two.directory.tenant(T).clients:
            break
        await asyncio.sleep(0.01)
    found = nodes.two.directory.tenant(T).clients["a"]
    assert found.client_secret == "s3cret"
    assert nodes.two.directory.tenant(OTHER).clients == {}


async def test_what_is_made_in_one_change_stands_in_its_order_on_every_node(nodes: Nodes) -> None:
    names = [f"client {number}" for number in range(20)]
    await nodes.one.directory.change(T, [Put(document=client(name)) for name in names])
    assert list(nodes.one.directory.tenant(T).clients) == names
    assert await seen(nodes.two) == names


async def test_a_node_that_could_not_read_a_change_reads_the_next(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = asyncio.Event()

    async def read(text: str, parameters: dict[str, Any]) -> list[Row]:
        broken.set()
        raise ValueError("not JSON")

    with monkeypatch.context() as patched:
        patched.setattr(nodes.two.directory._database, "read", read)
        await nodes.one.directory.change(T, [Put(document=client("a"))])
        await asyncio.wait_for(broken.wait(), 10)
    for _ in range(300):
        if "a" in nodes.two.directory.tenant(T).clients:
            break
        await asyncio.sleep(0.01)
    assert "a" in nodes.two.directory.tenant(T).clients
    assert "cannot be read" in caplog.text


async def test_what_refers_to_something_is_written_or_what_it_refers_to_is_gone(nodes: Nodes) -> None:
    grant = Document(kind=Kind.CLIENT_GRANT, id="g", body={"client_id": "a", "audience": "x"})
    for _ in range(8):
        await nodes.one.directory.change(T, [Put(document=client("a"))])
        await nodes.two.directory.refresh()
        since = nodes.two.directory.tenant(T).tenant.revision
        referring = nodes.one.directory.change(T, [Need(kind=Kind.CLIENT, id="a"), Put(document=grant)])
        nothing_refers = Unchanged(kind=Kind.CLIENT_GRANT, since=since)
        going = nodes.two.directory.change(T, [nothing_refers, Delete(kind=Kind.CLIENT, id="a")])
        outcomes = await asyncio.gather(referring, going, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes].count(Conflict) == 1
        assert {outcome.field for outcome in outcomes if isinstance(outcome, Conflict)} == {"revision"}
        await nodes.one.directory.refresh()
        documents = nodes.one.directory.tenant(T).documents
        assert len(documents[Kind.CLIENT]) == len(documents[Kind.CLIENT_GRANT])
        await nodes.one.directory.change(T, [Delete(kind=Kind.CLIENT, id="a"), Delete(kind=Kind.CLIENT_GRANT, id="g")])


async def test_changes_of_both_nodes_at_a_time_all_stand(nodes: Nodes) -> None:
    names = [f"c{turn}" for turn in range(10)]
    await asyncio.gather(
        *(
            node.directory.change(T, [Put(document=client(name))], (event("sapi"),))
            for name, node in zip(names, nodes.turns(10), strict=True)
        )
    )
    assert sorted(await seen(nodes.one)) == sorted(await seen(nodes.two)) == names
    documents = nodes.one.directory.tenant(T).documents[Kind.CLIENT]
    assert len({document.sequence for document in documents.values()}) == 10
    events, _ = await nodes.one.log.page(T, offset=0, limit=100)
    assert len(events) == 10


async def test_reading_what_others_wrote_never_hides_a_change_made_meanwhile(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = nodes.one.directory._database
    read, has_read, go_on = database.read, asyncio.Event(), asyncio.Event()

    async def slow_read(text: str, parameters: dict[str, Any]) -> list[Row]:
        rows = await read(text, parameters)
        if text == DOCUMENTS and not has_read.is_set():
            has_read.set()
            await go_on.wait()
        return rows

    monkeypatch.setattr(database, "read", slow_read)
    reading = asyncio.create_task(nodes.one.directory.load())
    await asyncio.wait_for(has_read.wait(), 10)
    await nodes.one.directory.change(T, [Put(document=client("a"))])
    go_on.set()
    await reading
    assert list(nodes.one.directory.tenant(T).clients) == ["a"]


async def test_a_change_of_what_somebody_else_changed_is_a_conflict(nodes: Nodes) -> None:
    snapshot = await nodes.one.directory.change(T, [Put(document=client("a"))])
    known = snapshot.documents[Kind.CLIENT]["a"].revision

    async def change(storage: Storage, turn: int) -> bool:
        try:
            put = Put(document=client("a", f"name {turn}", revision=known), expected_revision=known)
            await storage.directory.change(T, [put, Put(document=client(f"beside {turn}"))])
        except Conflict as conflict:
            return conflict.field != "revision"
        return True

    outcomes = await asyncio.gather(*(change(node, turn) for turn, node in enumerate(nodes.turns(4))))
    assert outcomes.count(True) == 1
    assert sorted(await seen(nodes.one)) == ["a", f"beside {outcomes.index(True)}"]


async def test_names_are_unique_in_their_tenant(nodes: Nodes) -> None:
    await nodes.one.directory.change(T, [Put(document=client("a", "Shop"))])
    with pytest.raises(Conflict) as conflict:
        await nodes.two.directory.change(T, [Put(document=client("b", "Shop"))])
    assert conflict.value.field == "unique_key"
    await nodes.two.directory.change(OTHER, [Put(document=client("a", "Shop"))])
    await nodes.one.directory.change(T, [Delete(kind=Kind.CLIENT, id="a"), Put(document=client("b", "Shop"))])
    assert await seen(nodes.two) == ["b"]


async def test_a_host_belongs_to_one_tenant(nodes: Nodes) -> None:
    domain = Document(
        kind=Kind.CUSTOM_DOMAIN,
        id="cd_1",
        body={"custom_domain_id": "cd_1", "domain": "login.test", "status": "ready"},
        unique_key="login.test",
    )
    await nodes.one.directory.change(T, [Put(document=domain)])
    with pytest.raises(Conflict) as conflict:
        await nodes.two.directory.change(OTHER, [Put(document=domain)])
    assert conflict.value.field == "host"
    with pytest.raises(Conflict):
        await nodes.two.directory.create_tenant(Tenant(id="third", domain="login.test"), ())
    await nodes.two.directory.refresh()
    issuer = nodes.two.directory.issuer("login.test")
    assert issuer is not None
    assert issuer.tenant == T
    await nodes.one.directory.change(T, [Delete(kind=Kind.CUSTOM_DOMAIN, id="cd_1")])
    await nodes.two.directory.change(OTHER, [Put(document=domain)])


async def test_a_tenant_is_served_where_it_moved_to_and_no_longer_where_it_was(nodes: Nodes) -> None:
    await nodes.one.directory.move_tenant(T, "moved.test", ())
    await nodes.two.directory.refresh()
    for node in (nodes.one, nodes.two):
        found = node.directory.issuer("moved.test")
        assert found is not None
        assert found.tenant == T
        assert node.directory.issuer(T) is None


async def test_of_many_who_make_one_tenant_one_does(nodes: Nodes) -> None:
    async def make(storage: Storage) -> bool:
        try:
            await storage.directory.create_tenant(Tenant(id="new", domain="new.test"), [Put(document=client("a"))])
        except Conflict:
            return False
        return True

    assert (await asyncio.gather(*(make(node) for node in nodes.turns(4)))).count(True) == 1


async def test_secrets_are_sealed_and_open_under_their_key_only(nodes: Nodes, database: str) -> None:
    await nodes.one.directory.change(T, [Put(document=client("a", secret="canary-7391"))])
    rows = await nodes.one.database.read("SELECT body, secrets FROM document", {})
    assert all("canary-7391" not in str(row[0]) and b"canary-7391" not in bytes(row[1] or b"") for row in rows)
    stranger = Storage(database, root_key=b"x" * 32, clock=nodes.clock, entropy=SystemEntropy())
    with pytest.raises(WrongMasterKey):
        await stranger.start()


async def test_collected_events_arrive_once_and_in_order(nodes: Nodes) -> None:
    for turn in range(1200):
        nodes.one.log.write(T if turn % 2 else OTHER, event("seccft", description=str(turn)))
    await nodes.one.log.flush()
    events, total = await nodes.two.log.page(T, offset=0, limit=1000, newest_first=False)
    assert total == 600
    assert [int(logged.description) for logged in events] == list(range(1, 1200, 2))
    later, _ = await nodes.two.log.page(T, offset=0, limit=2, after=events[-3].log_id)
    assert later == [], "another node may still be collecting something earlier"
    nodes.clock.pass_(3)
    later, _ = await nodes.two.log.page(T, offset=0, limit=2, after=events[-3].log_id)
    assert [logged.description for logged in later] == ["1197", "1199"]
    assert await nodes.two.log.find(T, events[0].log_id or "") == events[0]
    assert await nodes.two.log.find(OTHER, events[0].log_id or "") is None


async def test_a_full_batch_that_somebody_else_stored_is_no_failure(
    nodes: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(log.BATCH):
        nodes.one.log.write(T, event())
    await nodes.one.log.flush()
    await asyncio.sleep(0.05)
    assert not caplog.records
    assert (await nodes.two.log.page(T, offset=0, limit=1, newest_first=True))[1] == log.BATCH


async def test_a_stop_waits_for_the_batch_that_is_being_stored(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    store, being_stored, go_on = nodes.one.log._store, asyncio.Event(), asyncio.Event()

    async def slow_store(rows: Sequence[dict[str, Any]]) -> None:
        being_stored.set()
        await go_on.wait()
        await store(rows)

    monkeypatch.setattr(nodes.one.log, "_store", slow_store)
    for _ in range(log.BATCH + 1):
        nodes.one.log.write(T, event())
    async with asyncio.timeout(10):
        await being_stored.wait()
        stopping = asyncio.create_task(nodes.one.log.stop())
        await asyncio.sleep(0.01)
        go_on.set()
        await stopping
    assert (await nodes.two.log.page(T, offset=0, limit=1))[1] == log.BATCH + 1


async def test_a_sweep_takes_what_is_over(nodes: Nodes) -> None:
    await nodes.one.one_time_values.use(T, b"a" * 32, at=1e6, expires_at=1e6 + 1)
    await nodes.one.one_time_values.use(T, b"b" * 32, at=1e6, expires_at=1e6 + 9)
    assert await nodes.two.sweep(1e6 + 5) == 1
    assert await nodes.two.sweep(1e6 + 5) == 0


LEFT_OVER = "SELECT 1 FROM one_time_value WHERE tenant = :tenant"


async def test_a_sweep_comes_by_itself(nodes: Nodes, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SWEEP_SECONDS", 0.1)
    await nodes.one.one_time_values.use(T, b"a" * 32, at=1e6 - 9, expires_at=1e6 - 1)
    sweeper = Storage(database, root_key=b"k" * 32, clock=nodes.clock, entropy=SystemEntropy(), shared=True)
    await sweeper.start()
    try:
        async with asyncio.timeout(10):
            while await sweeper.database.read(LEFT_OVER, {"tenant": T}):  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # nobody else tells when it is done
    finally:
        await sweeper.stop()


async def test_events_are_searched_and_sorted_alike_on_both_databases(nodes: Nodes) -> None:
    fields = (
        "user_id", "client_id", "client_name", "connection", "connection_id", "description", "hostname", "ip",
        "strategy", "strategy_type", "user_agent", "user_name",
    )  # fmt: skip
    nodes.one.log.write(T, event("fp", **{name: f"Of {name}" for name in fields}))
    nodes.one.log.write(T, event("s"))
    await nodes.one.log.flush()
    found_by: list[Search] = [Term(name, f"Of {name}") for name in fields]
    found_by += [Term("type", "fp"), Not(Term("type", "s")), AllOf((Range("date", 1e6, 1e6 + 1), Term("type", "fp")))]
    for where in found_by:
        events, total = await nodes.two.log.page(T, offset=0, limit=10, where=where)
        assert ([found.type for found in events], total) == (["fp"], 1), where
    for where in (Term("ip", "of ip"), Term("organization_id", "org_1"), Range("date", 1e6 + 1, None)):
        assert (await nodes.two.log.page(T, offset=0, limit=10, where=where))[1] == 0, where
    events, _ = await nodes.two.log.page(T, offset=0, limit=10, sort=Sort("user_name"))
    assert [found.type for found in events] == ["fp", "s"], "without a name comes last"
