"""The end of a session on both databases: once, whoever is at it at a time, with everything that ends and is told."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from tests.integration.storage.conftest import OTHER, Nodes
from tests.integration.storage.values import T, code, known_as, refresh_token, session, sign_in, transaction, user

from doorward.backends.storage.database import Query, Verb
from doorward.backends.storage.store import Storage
from doorward.management.new_tenant import new_document
from doorward.model.digest import digest
from doorward.model.document import Kind, Put
from doorward.model.logout_notice import LogoutNotice
from doorward.model.message import Message
from doorward.model.session_end import Cause, Initiator
from doorward.model.user import AccountChange

WEB, SPA, MUTE = "web", "spa", "mute"


def client(client_id: str, url: str) -> Put:
    logout = {"backchannel_logout_urls": [url], "backchannel_logout_initiators": {"mode": "all"}}
    body = {"client_id": client_id, "name": client_id, "oidc_logout": logout}
    return new_document(Kind.CLIENT, client_id, body)


@pytest.fixture
async def nodes(nodes: Nodes) -> Nodes:
    """Two clients that want to hear everything, and one that nobody can tell anything."""
    clients = [client(WEB, "https://web.test/"), client(SPA, "https://spa.test/"), client(MUTE, "")]
    await nodes.one.directory.change(T, clients)
    await nodes.two.directory.refresh()
    return nodes


async def began(nodes: Nodes, sid: str = "sid", **more: Any) -> None:
    await sign_in(nodes.one, session(sid, **{"clients": (WEB, SPA, MUTE), **more}))


async def told(node: Storage) -> list[LogoutNotice]:
    found = await node.outbox.take(LogoutNotice, until=2e6, limit=100)
    return sorted((one.message for one in found if one.message is not None), key=lambda one: (one.sid, one.client_id))


async def test_of_many_who_end_a_session_one_tells_each_application(nodes: Nodes) -> None:
    await began(nodes)
    ways: list[Any] = []
    for number, node in enumerate(nodes.turns(12)):
        end, revoke = node.sessions.end, node.sessions.revoke
        ways += [
            end(T, "sid", Cause.LOGOUT, at=1e6, events=()) if number % 3 else
            revoke(T, "auth0|ada", Cause.SESSIONS_DELETED, at=1e6, events=())
        ]  # fmt: skip
    await asyncio.gather(*ways, nodes.one.sweep(3e6), nodes.two.sweep(3e6))
    notices = await told(nodes.one)
    assert [notice.client_id for notice in notices] == [SPA, WEB]
    assert len({notice.id for notice in notices}) == 2
    assert len({(notice.trace_id, notice.initiator) for notice in notices}) == 1


async def test_of_two_applications_that_sign_in_at_a_time_both_are_told(nodes: Nodes) -> None:
    for turn in range(10):
        before = session(f"sid {turn}")
        await sign_in(nodes.one, before)
        await asyncio.gather(
            *(
                node.codes.issue(
                    T,
                    None,
                    session=msgspec.structs.replace(before, clients=(client_id,)),
                    consent=None,
                    transaction=None,
                    events=(),
                )
                for client_id, node in zip((WEB, SPA), nodes.turns(2), strict=True)
            )
        )
        assert await nodes.two.sessions.end(T, before.sid, Cause.LOGOUT, at=1e6, events=())
        assert [notice.client_id for notice in await told(nodes.two)] == [SPA, WEB]


@pytest.mark.parametrize("waits", [True, False])
async def test_a_code_is_made_before_a_session_ends_and_ends_with_it_or_is_not_made(nodes: Nodes, waits: bool) -> None:
    """Never is there a code that can be redeemed in a session of which everybody was told that it is over."""
    for turn in range(10):
        sid, name = f"sid {turn} {waits}", f"code {turn} {waits}"
        await began(nodes, sid)
        issued = code(name, granted={"sid": sid})
        if waits:
            await nodes.one.transactions.start(T, transaction(name))
        made, _ = await asyncio.gather(
            nodes.one.codes.issue(
                T,
                issued,
                session=session(sid, clients=(WEB,)),
                consent=None,
                transaction=digest(name) if waits else None,
                events=(),
            ),
            nodes.two.sessions.end(T, sid, Cause.LOGOUT, at=1e6, events=()),
        )
        assert await nodes.one.sessions.find(T, digest(f"cookie {sid}")) is None
        assert await nodes.one.codes.find(T, digest(name)) is None, made


async def test_nothing_is_told_of_what_did_not_happen(nodes: Nodes) -> None:
    await began(nodes)
    assert not await nodes.one.sessions.end(OTHER, "sid", Cause.LOGOUT, at=1e6, events=())
    assert not await nodes.one.sessions.revoke(T, "auth0|eve", Cause.SESSION_REVOKED, sid="sid", at=1e6, events=())
    await nodes.one.users.create(T, user(), known_as(), None, events=())
    cause = {"cause": Cause.PASSWORD_CHANGED}
    assert not await nodes.one.users.replace(T, user(), known_as(), expected_revision=7, **cause, events=())

    def verb() -> Verb[None]:
        yield from nodes.one.ends.end(T, Cause.LOGOUT, [], sid="sid", at=1e6)
        yield Query("SELECT 1")
        raise RuntimeError("something went wrong")

    with pytest.raises(RuntimeError):
        await nodes.one.database.write(verb)
    assert await told(nodes.one) == []
    assert await nodes.one.sessions.find(T, digest("cookie sid")) is not None


async def test_one_session_is_spared_and_another_persons_is_nobodys_business(nodes: Nodes) -> None:
    await nodes.one.users.create(T, user(), known_as(), None, events=())
    for sid in ("here", "there"):
        await began(nodes, sid)
    await began(nodes, "eve's", user_id="auth0|eve")
    change = AccountChange(user=user(revision=0), cause=Cause.PASSWORD_CHANGED, but_session="here")
    assert await nodes.one.users.change(T, change, events=())
    assert {notice.sid for notice in await told(nodes.one)} == {"there"}


@pytest.mark.parametrize(("cause", "ended"), [(Cause.LOGOUT, False), (Cause.SESSION_REVOKED, True)])
async def test_refresh_tokens_end_as_the_table_says(nodes: Nodes, cause: Cause, ended: bool) -> None:
    await began(nodes)
    for name, of in (("of it", "sid"), ("of another", "other")):
        token = refresh_token(name, family=name, session_sid=of)
        await nodes.one.refresh_tokens.issue(T, token, keep=9, events=())
    assert await nodes.two.sessions.end(T, "sid", cause, at=1e6, events=())
    for name, over in (("of it", ended), ("of another", False)):
        found = await nodes.one.refresh_tokens.find(T, digest(name))
        assert found is not None
        assert (found.revoked_at is not None) is over


@pytest.mark.parametrize(("cause", "known"), [(Cause.PASSWORD_CHANGED, False), (Cause.EMAIL_CHANGED, True)])
async def test_browsers_are_forgotten_as_the_table_says(nodes: Nodes, cause: Cause, known: bool) -> None:
    await nodes.one.users.create(T, user(), known_as(), None, events=())
    browser = digest("browser")
    await nodes.one.remembered_browsers.remember(T, "auth0|ada", browser, until=2e6)
    assert await nodes.one.users.change(T, AccountChange(user=user(revision=0), cause=cause), events=())
    assert await nodes.two.remembered_browsers.knows(T, "auth0|ada", browser, at=1e6) is known


async def test_whoever_tells_applications_is_woken_and_who_sends_mail_is_not(nodes: Nodes) -> None:
    await began(nodes)
    await nodes.one.sessions.end(T, "sid", Cause.LOGOUT, at=1e6, events=())
    assert nodes.one.outbox.filled[LogoutNotice].is_set()
    assert not nodes.one.outbox.filled[Message].is_set()
    assert await nodes.one.outbox.take(Message, until=2e6, limit=9) == []
    assert {notice.initiator for notice in await told(nodes.one)} == {Initiator.RP_LOGOUT}


async def test_what_is_told_is_sealed_at_rest(nodes: Nodes) -> None:
    await began(nodes, "a-sid-nobody-else-has")
    await nodes.one.sessions.end(T, "a-sid-nobody-else-has", Cause.LOGOUT, at=1e6, events=())
    for row in await nodes.two.database.read("SELECT * FROM outbox", {}):
        assert b"a-sid-nobody" not in b"".join(bytes(value) for value in row if isinstance(value, bytes))
