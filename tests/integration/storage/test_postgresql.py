"""PostgreSQL alone: one round trip for what happens once, and a server that goes away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.databases import empty_database, on_database
from tests.integration.storage.conftest import Nodes, T
from tests.integration.storage.values import code, event, known_as, refresh_token, session, sign_in, transaction, user

from doorward.backends.storage.database import Query, Verb
from doorward.backends.storage.postgresql import composed, numbered
from doorward.model.digest import digest
from doorward.model.document import Document, Kind, Put
from doorward.model.session import SignIn
from doorward.ports import StorageUnavailable


@pytest.fixture
def database(postgresql: str) -> str:
    asyncio.run(empty_database(postgresql))
    return postgresql


@pytest.fixture
async def admin(postgresql: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(on_database(postgresql, "postgres"))
    yield connection
    await connection.close()


async def drop_connections(admin: asyncpg.Connection[asyncpg.Record], database: str) -> None:
    """What a restart of the server does to those who are connected."""
    name = database.partition("?")[0].rpartition("/")[2]
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)


async def test_what_happens_once_is_one_statement(nodes: Nodes) -> None:
    one = nodes.one
    await one.users.create(T, user(), known_as(), None, events=())
    first, again = refresh_token(), refresh_token("second", generation=1)
    used = {"at": 1e6, "access_token_hash": digest("a"), "access_token_expires_at": 2e6, "events": (event(),)}
    steps = [
        lambda: one.transactions.start(T, transaction()),
        lambda: one.transactions.advance(T, transaction(), sign_in=SignIn(session=session()), events=(event(),)),
        lambda: one.codes.issue(
            T, code(), session=session(), consent=None, transaction=digest("state"), events=(event(),)
        ),
        lambda: one.codes.issue(T, code("b"), session=session(), consent=None, transaction=None, events=(event(),)),
        lambda: one.codes.spend(T, digest("code"), refresh_token=first, keep=200, **used),
        lambda: one.refresh_tokens.rotate(T, digest("first"), again, leeway=0, **used),
        lambda: one.users.record_login(T, "auth0|ada", at=1e6, ip="", events=(event(),)),
        lambda: one.attempts.fail(T, "k", at=1e6, window=60),
        lambda: one.one_time_values.use(T, digest("jti"), at=1e6, expires_at=2e6),
    ]
    for step in steps:
        before = one.database.statements
        assert await step() is not False
        assert one.database.statements == before + 1
    for _ in range(60):
        one.log.write(T, event("seccft"))
    before = one.database.statements
    await one.log.flush()
    assert one.database.statements == before + 1


def test_parameters_are_numbered_by_name_and_query() -> None:
    assert numbered("SELECT :a::text, :b, :a") == ("SELECT $1::text, $2, $1", ("a", "b"))
    text, places = composed("UPDATE t SET x = :x RETURNING y", ("INSERT INTO u (x) SELECT :x {once}",))
    assert text == (
        "WITH once AS (UPDATE t SET x = $1 RETURNING y), then_1 AS (INSERT INTO u (x) SELECT $2 FROM once) "
        "SELECT * FROM once"
    )
    assert places == ((0, "x"), (1, "x"))


async def test_a_server_that_comes_back_is_used_again(
    nodes: Nodes, admin: asyncpg.Connection[asyncpg.Record], database: str
) -> None:
    await sign_in(nodes.one, session())
    await drop_connections(admin, database)
    for _ in range(50):
        try:
            assert await nodes.one.sessions.find(T, digest("cookie sid")) == session()
            break
        except StorageUnavailable:
            await asyncio.sleep(0.02)
    else:
        pytest.fail("the pool did not recover")
    await sign_in(nodes.one, session("after"))


async def test_changes_are_heard_again_after_a_loss(
    nodes: Nodes, admin: asyncpg.Connection[asyncpg.Record], database: str
) -> None:
    await drop_connections(admin, database)
    document = Document(kind=Kind.CLIENT, id="a", body={"client_id": "a", "name": "a"})
    for _ in range(50):
        try:
            await nodes.one.directory.change(T, [Put(document=document)])
            break
        except StorageUnavailable:
            await asyncio.sleep(0.02)
    for _ in range(400):
        if "a" in nodes.two.directory.tenant(T).clients:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the change did not arrive")


async def test_a_statement_that_takes_too_long_is_given_up(nodes: Nodes) -> None:
    with pytest.raises(StorageUnavailable):
        await nodes.one.database.read("SELECT pg_sleep(:seconds)", {"seconds": 5.0})
    assert await nodes.one.database.read("SELECT 1", {})


async def test_a_verb_that_fails_leaves_nothing(nodes: Nodes) -> None:
    def verb() -> Verb[None]:
        yield Query("INSERT INTO host (host, tenant) VALUES (:host, :tenant)", {"host": "x.test", "tenant": T})
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await nodes.one.database.write(verb)
    assert not await nodes.one.database.read("SELECT 1 FROM host WHERE host = :host", {"host": "x.test"})


async def test_verbs_that_lock_each_other_out_are_run_again(nodes: Nodes) -> None:
    for host in ("a.test", "b.test"):
        await nodes.one.database.once(
            Query("INSERT INTO host (host, tenant) VALUES (:h, :t) RETURNING host", {"h": host, "t": T})
        )
    update = "UPDATE host SET tenant = :t WHERE host = :h"
    sleep = Query("SELECT pg_sleep(:seconds)", {"seconds": 0.05})

    def crossing(first: str, second: str) -> Verb[bool]:
        yield Query(update, {"t": T, "h": first})
        yield sleep
        yield Query(update, {"t": T, "h": second})
        return True

    done = await asyncio.gather(
        nodes.one.database.write(lambda: crossing("a.test", "b.test")),
        nodes.two.database.write(lambda: crossing("b.test", "a.test")),
    )
    assert done == [True, True]


async def test_a_crowd_waits_in_a_bounded_queue(nodes: Nodes) -> None:
    outcomes = await asyncio.gather(
        *(nodes.one.database.read("SELECT pg_sleep(:seconds)", {"seconds": 0.2}) for _ in range(150)),
        return_exceptions=True,
    )
    assert any(isinstance(outcome, StorageUnavailable) for outcome in outcomes)
    assert any(isinstance(outcome, list) for outcome in outcomes)
    assert await nodes.one.database.read("SELECT 1", {})
