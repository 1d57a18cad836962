"""Passwords on both databases: those before the present one, and tickets that change one in a single step."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import msgspec
import pytest
from tests.integration.storage.conftest import OTHER, Nodes, T
from tests.integration.storage.values import code, event, known_as, refresh_token, session, sign_in, user

from doorward.model.message import Message
from doorward.model.session_end import Cause
from doorward.model.ticket import Ticket, TicketState, TicketType
from doorward.model.user import AccountChange, Password, User
from doorward.ports import Conflict

ADA = ("auth0", "ada")
FIRST = Password(hash="$argon2id$0", set_at=1e6)
CHANGE = TicketType.PASSWORD_CHANGE
HASH = b"h" * 32


async def create(nodes: Nodes, name: str = "ada") -> User:
    identity = {"connection": "people", "user_id": name, "provider": "auth0", "isSocial": False}
    made = user(name, identities=(identity,))
    await nodes.one.users.create(T, made, known_as(name), FIRST, events=())
    return made


async def choose(nodes: Nodes, number: int, *, remembered: int) -> None:
    ada = await nodes.one.users.find(T, "auth0|ada")
    assert ada is not None
    chosen = Password(hash=f"$argon2id${number}", set_at=1e6 + number)
    assert await nodes.one.users.replace(
        T, ada, known_as(), expected_revision=ada.revision, password=chosen, remembered=remembered, events=()
    )


async def known(nodes: Nodes, tenant: str = T) -> list[int]:
    return [int(one.hash.rpartition("$")[2]) for one in await nodes.two.users.passwords(tenant, *ADA)]


async def test_e2_as_many_passwords_are_remembered_as_wanted(nodes: Nodes) -> None:
    await create(nodes)
    for number in range(1, 6):
        await choose(nodes, number, remembered=3)
    assert await known(nodes) == [5, 4, 3, 2]
    assert await known(nodes, OTHER) == []
    await choose(nodes, 6, remembered=1)
    assert await known(nodes) == [6, 5]
    await choose(nodes, 7, remembered=0)
    assert await known(nodes) == [7]


async def test_e2_what_is_remembered_goes_with_the_identity(nodes: Nodes) -> None:
    ada, eve = await create(nodes), await create(nodes, "eve")
    await choose(nodes, 1, remembered=5)
    ada = await nodes.one.users.find(T, "auth0|ada") or ada
    linked = msgspec.structs.replace(eve, identities=(*eve.identities, *ada.identities))
    await nodes.one.users.link(T, linked, ada, at=nodes.now, events=())
    assert await known(nodes) == [1, 0]
    assert await nodes.one.users.delete(T, eve.user_id, at=nodes.now, events=())
    assert await known(nodes) == []


async def test_e2_a_snapshot_remembers(nodes: Nodes) -> None:
    await create(nodes)
    await choose(nodes, 1, remembered=5)
    snapshot = io.BytesIO()
    await nodes.one.snapshots.take(T, snapshot)
    await choose(nodes, 2, remembered=0)
    snapshot.seek(0)
    await nodes.one.snapshots.restore(snapshot)
    assert await known(nodes) == [1, 0]


async def ticket(nodes: Nodes, hash_: bytes = HASH, type_: TicketType = CHANGE) -> Ticket:
    made = Ticket(ticket_hash=hash_, type=type_, user_id="auth0|ada", expires_at=nodes.now + 100, identity=ADA)
    assert await nodes.one.tickets.create(T, made, events=())
    return made


def changed(number: int = 1, **more: Any) -> AccountChange:
    profile = {"email": "ada@example.test", "email_verified": True}
    password = Password(hash=f"$argon2id${number}", set_at=1e6 + number)
    given = {"password": password, "remembered": 1, **more}
    return AccountChange(user=user(profile=profile, updated_at=1e6 + 5, revision=0), **given)


async def test_e3_a_ticket_and_what_it_changes_are_one_step(nodes: Nodes) -> None:
    await create(nodes)
    await ticket(nodes)
    await ticket(nodes, b"other")
    await sign_in(nodes.one, session())
    await nodes.one.codes.issue(T, code(), session=None, consent=None, transaction=None, events=())
    await nodes.one.refresh_tokens.issue(T, refresh_token(), keep=5, events=())
    await nodes.one.attempts.fail(T, "brute ada 192.0.2.1", at=nodes.now, window=60)
    await nodes.one.attempts.fail(T, "brute eve 192.0.2.1", at=nodes.now, window=60)
    message = Message(template="password_reset", to="ada@example.test")
    change = changed(cause=Cause.PASSWORD_CHANGED, revoke_refresh_tokens=True, unblock=("brute ada",))
    redeemed = await nodes.two.tickets.redeem(
        T, HASH, CHANGE, at=nodes.now, change=change, events=(event("scp"),), messages=(message,)
    )
    assert redeemed is not None
    assert redeemed.identity == ADA
    ada = await nodes.one.users.find(T, "auth0|ada")
    assert ada is not None
    assert ada.profile["email_verified"]
    assert ada.revision == 1
    assert await known(nodes) == [1, 0]
    assert await nodes.one.sessions.get(T, "sid", at=nodes.now) is None
    assert await nodes.one.codes.find(T, code().code_hash) is None
    token = await nodes.one.refresh_tokens.find(T, refresh_token().token_hash)
    assert token is not None
    assert token.revoked_at == 1e6 + 5
    assert await nodes.one.attempts.matching(T, "brute ") == [("brute eve 192.0.2.1", 1)]
    assert await nodes.one.tickets.look(T, b"other", CHANGE, at=nodes.now) is None, "another link is of no use now"
    events, _ = await nodes.one.log.page(T, offset=0, limit=10)
    assert [one.type for one in events] == ["scp"]
    (taken,) = await nodes.one.outbox.take(Message, until=nodes.now + 60, limit=10)
    assert taken.message is not None
    assert taken.message.template == "password_reset"


async def test_e3_of_links_that_are_made_at_a_time_the_last_alone_is_good(nodes: Nodes) -> None:
    await create(nodes)
    for round_ in range(4):  # in the first the connections are still being opened
        hashes = [f"{round_} {number}".encode() for number in range(40)]
        made = [
            Ticket(
                ticket_hash=hash_, type=CHANGE, user_id="auth0|ada", email="ada@example.test", expires_at=nodes.now + 60
            )
            for hash_ in hashes
        ]
        await asyncio.gather(
            *(node.tickets.create(T, one, events=()) for node, one in zip(nodes.turns(40), made, strict=True))
        )
        found = [await nodes.one.tickets.find(T, hash_, CHANGE, at=nodes.now) for hash_ in hashes]
        assert sum(one is not None for one in found) == 1


async def test_e3_of_two_who_redeem_a_ticket_one_changes_the_password(nodes: Nodes) -> None:
    await create(nodes)
    await ticket(nodes)

    async def attempt(number: int) -> bool:
        storage = nodes.turns(number)[-1]
        return await storage.tickets.redeem(T, HASH, CHANGE, at=nodes.now, change=changed(number)) is not None

    outcomes = await asyncio.gather(*(attempt(number) for number in range(1, 9)))
    assert outcomes.count(True) == 1
    assert await known(nodes) == [outcomes.index(True) + 1, 0]


async def test_e3_a_ticket_stays_good_where_somebody_changed_the_user_first(nodes: Nodes) -> None:
    await create(nodes)
    await ticket(nodes)
    ada = await nodes.one.users.find(T, "auth0|ada")
    assert ada is not None
    assert await nodes.one.users.replace(T, ada, known_as(), expected_revision=0, events=())
    with pytest.raises(Conflict):
        await nodes.two.tickets.redeem(T, HASH, CHANGE, at=nodes.now, change=changed(), events=(event("scp"),))
    assert await known(nodes) == [0]
    assert (await nodes.one.log.page(T, offset=0, limit=10))[0] == []
    assert await nodes.one.tickets.find(T, HASH, CHANGE, at=nodes.now) is not None


async def test_of_a_ticket_is_known_what_became_of_it(nodes: Nodes) -> None:
    await create(nodes)
    made = await ticket(nodes)
    look = nodes.two.tickets.look
    assert await look(T, HASH, CHANGE, at=nodes.now) == (made, TicketState.OPEN)
    assert await look(T, HASH, CHANGE, at=nodes.now + 100) == (made, TicketState.EXPIRED)
    assert await look(T, HASH, TicketType.UNBLOCK, at=nodes.now) is None
    assert await look(OTHER, HASH, CHANGE, at=nodes.now) is None
    assert await nodes.one.tickets.redeem(T, HASH, CHANGE, at=nodes.now)
    assert await look(T, HASH, CHANGE, at=nodes.now + 1000) == (made, TicketState.USED)


async def test_a_ticket_can_forget_failures(nodes: Nodes) -> None:
    await create(nodes)
    await ticket(nodes, type_=TicketType.UNBLOCK)
    await nodes.one.attempts.fail(T, "brute ada", at=nodes.now, window=60)
    assert await nodes.two.tickets.redeem(T, HASH, CHANGE, at=nodes.now, unblock=("brute",)) is None
    assert await nodes.one.attempts.count(T, "brute ada") == 1
    assert await nodes.two.tickets.redeem(T, HASH, TicketType.UNBLOCK, at=nodes.now, unblock=("brute",))
    assert await nodes.one.attempts.count(T, "brute ada") == 0


async def test_k5_so_many_are_let_in_at_once_and_then_one_by_one(nodes: Nodes) -> None:
    async def come(at: float, key: str = "reset", tenant: str = T) -> bool:
        return await nodes.two.attempts.admit(tenant, key, at=at, interval=60, burst=3)

    at_once = await asyncio.gather(
        *(node.attempts.admit(T, "reset", at=1000, interval=60, burst=3) for node in nodes.turns(8))
    )
    assert at_once.count(True) == 3
    assert await come(1000, "other key")
    assert await come(1000, tenant=OTHER)
    assert [await come(at) for at in (1059, 1060, 1061, 1120)] == [False, True, False, True]
    assert [await come(5000) for _ in range(4)] == [True, True, True, False]
