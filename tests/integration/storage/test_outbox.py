"""The outbox on both databases: with the fact or not at all, one sender at a time, sealed, and gone once delivered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import msgspec
import pytest
from tests.integration.storage.conftest import OTHER, Nodes
from tests.integration.storage.values import T

from doorward.backends.storage.database import Query
from doorward.backends.storage.outbox import Taken
from doorward.backends.storage.store import Storage
from doorward.model.log_event import LogEvent
from doorward.model.message import Message
from doorward.model.ticket import Ticket, TicketType
from doorward.model.user import Identifiers, User
from doorward.ports import Conflict, UnknownTenant

LEASE = 60.0
HELLO = Message(template="verify_email", to="ada@example.test", values={"url": "https://door.test/canary-link"})


async def taken(node: Storage, at: float, limit: int = 10) -> list[Taken[Message]]:
    return await node.outbox.take(Message, until=at + LEASE, limit=limit)


def ids(found: list[Taken[Message]]) -> list[str]:
    return [one.id for one in found]


async def rows(node: Storage) -> int:
    counted: int = (await node.database.read("SELECT count(*) FROM outbox", {}))[0][0]
    return counted


async def test_a_message_is_taken_with_all_it_says_and_is_gone_when_it_is_delivered(nodes: Nodes) -> None:
    await nodes.one.outbox.put(T, [HELLO], events=[LogEvent(type="w", date=nodes.now)])
    (one,) = await taken(nodes.two, nodes.now)
    assert (one.tenant, one.attempts, one.message) == (T, 1, one.message)
    assert one.message is not None
    assert one.message.id == one.id
    assert (one.message.to, one.message.values) == (HELLO.to, HELLO.values)
    assert (await nodes.one.log.page(T, offset=0, limit=10))[1] == 1
    await nodes.two.outbox.remove(one)
    assert await rows(nodes.one) == 0


async def test_of_many_who_want_a_message_one_has_it(nodes: Nodes) -> None:
    everything: list[str] = []
    for rounds in range(1, 5):  # in the first ones the connections are still being opened
        await nodes.one.outbox.put(T, [HELLO] * 200)
        found = await asyncio.gather(*(taken(node, nodes.now, limit=100) for node in nodes.turns(16)))
        everything += [id_ for some in found for id_ in ids(some)]
        assert len(everything) == len(set(everything)) == 200 * rounds


async def test_each_tenant_has_its_turn_however_much_another_has_waiting(nodes: Nodes) -> None:
    def round_(limit: int = 10, without: tuple[str, ...] = ()) -> Awaitable[list[Taken[Message]]]:
        return nodes.two.outbox.take(Message, until=nodes.now + LEASE, limit=limit, each=1, without=without)

    await nodes.one.outbox.put(OTHER, [HELLO] * 20)
    nodes.clock.pass_(1)
    await nodes.one.outbox.put(T, [HELLO])
    nodes.clock.pass_(1)
    await nodes.one.outbox.put(T, [msgspec.structs.replace(HELLO, to="later@example.test")])
    assert [one.tenant for one in await round_(limit=1)] == [OTHER], "whoever waited longest"
    first = await round_()
    assert sorted(one.tenant for one in first) == sorted([OTHER, T])
    (mine,) = (one for one in first if one.tenant == T)
    assert mine.message is not None
    assert mine.message.to == HELLO.to, "in the order they came"
    assert [one.tenant for one in await round_(without=(OTHER,))] == [T]
    assert [one.tenant for one in await round_(without=(OTHER, T))] == []
    assert [one.tenant for one in await round_()] == [OTHER], "nothing of the other is left"


async def test_a_message_whose_sender_died_comes_up_again_as_the_same(nodes: Nodes) -> None:
    await nodes.one.outbox.put(T, [HELLO])
    (first,) = await taken(nodes.one, nodes.now)
    assert await taken(nodes.two, nodes.now) == []
    nodes.clock.pass_(LEASE - 1)
    assert await taken(nodes.two, nodes.now) == []
    nodes.clock.pass_(1)
    (again,) = await taken(nodes.two, nodes.now)
    assert (again.id, again.attempts, again.message) == (first.id, 2, first.message)
    # Whoever was given up for dead does not take it away from the one who has it now.
    await nodes.one.outbox.postpone(first, nodes.now)
    assert await taken(nodes.one, nodes.now) == []
    await nodes.two.outbox.postpone(again, nodes.now + 5)
    nodes.clock.pass_(5)
    assert ids(await taken(nodes.one, nodes.now)) == [first.id]


async def test_a_ticket_and_its_mail_come_together_or_not_at_all(nodes: Nodes) -> None:
    ticket = Ticket(
        ticket_hash=b"t" * 32, type=TicketType.EMAIL_VERIFICATION, user_id="auth0|ada", expires_at=nodes.now + 60
    )
    assert not await nodes.one.tickets.create(T, ticket, events=(), messages=[HELLO])
    assert await rows(nodes.one) == 0
    ada = User(user_id="auth0|ada", connection="db", profile={"email": HELLO.to})
    await nodes.one.users.create(T, ada, Identifiers(email=HELLO.to), None, events=(), messages=[HELLO])
    with pytest.raises(Conflict):
        await nodes.one.users.create(T, ada, Identifiers(email=HELLO.to), None, events=(), messages=[HELLO])
    assert await rows(nodes.one) == 1
    assert await nodes.one.tickets.create(T, ticket, events=(), messages=[HELLO])
    redeem = nodes.two.tickets.redeem
    for _ in range(2):  # the second time nothing is there to redeem
        await redeem(T, b"t" * 32, TicketType.EMAIL_VERIFICATION, at=nodes.now, messages=[HELLO])
    assert await rows(nodes.one) == 3
    assert not await nodes.one.users.replace(T, ada, Identifiers(), expected_revision=7, events=(), messages=[HELLO])
    assert await nodes.one.users.replace(T, ada, Identifiers(), expected_revision=0, events=(), messages=[HELLO])
    assert await rows(nodes.one) == 4


async def test_whoever_waits_in_this_process_is_woken(nodes: Nodes) -> None:
    await nodes.one.outbox.put(T, [])
    assert not nodes.one.outbox.filled[Message].is_set()
    await nodes.one.outbox.put(T, [HELLO])
    assert nodes.one.outbox.filled[Message].is_set()


async def test_nothing_of_a_message_is_readable_at_rest(nodes: Nodes) -> None:
    await nodes.one.outbox.put(T, [HELLO])
    (row,) = await nodes.two.database.read("SELECT * FROM outbox", {})
    kept = b"".join(bytes(value) for value in row if isinstance(value, bytes)) + repr(row).encode()
    assert b"canary-link" not in kept
    assert b"ada@" not in kept
    # Bound to its place: under another id it cannot be read.
    moved = b"".join(bytes(value) for value in row if isinstance(value, bytes))
    await nodes.one.database.once(_update(moved, "msg_elsewhere"))
    assert [one.message for one in await taken(nodes.two, nodes.now)] == [None]


def _update(content: bytes, id_: str) -> Query:
    return Query("UPDATE outbox SET id = :id WHERE content = :content RETURNING id", {"id": id_, "content": content})


async def test_messages_go_with_their_tenant(nodes: Nodes) -> None:
    await nodes.one.outbox.put(OTHER, [HELLO])
    await nodes.one.outbox.put(T, [HELLO])
    await nodes.one.directory.delete_tenant(OTHER)
    assert [one.tenant for one in await taken(nodes.two, nodes.now)] == [T]
    with pytest.raises(UnknownTenant):
        await nodes.one.outbox.put(OTHER, [HELLO])
