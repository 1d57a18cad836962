"""A code is spent once, whoever is first, and everything around it happens with it or not at all."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from tests.integration.storage.conftest import OTHER, Nodes, T
from tests.integration.storage.values import code, event, refresh_token, session, sign_in, transaction

from doorward.backends.storage.store import Storage
from doorward.model.digest import digest
from doorward.model.session import ConsentGrant
from doorward.model.session_end import Cause

CONSENT = ConsentGrant(id="grant", user_id="auth0|ada", client_id="web", audience="https://api.test", scope=("r",))


async def issue(storage: Storage, name: str = "code", **more: Any) -> bool:
    """A code in a session that was signed in to before."""
    given = {"session": session(), "consent": None, "transaction": None, "events": (event(),), **more}
    if given["session"] is not None:
        await sign_in(storage, msgspec.structs.replace(given["session"], last_interacted_at=0.0))
    return await storage.codes.issue(T, code(name), **given)


async def spend(storage: Storage, name: str = "code", tenant: str = T, **more: Any) -> bool:
    given = {
        "at": 1e6 + 1, "access_token_hash": digest("access"), "access_token_expires_at": 2e6, "refresh_token": None,
        "keep": 200, "events": (event("seacft"),), **more,
    }  # fmt: skip
    return await storage.codes.spend(tenant, digest(name), **given)


async def types(nodes: Nodes, tenant: str = T) -> list[str]:
    """Sorted: two nodes may write within one millisecond."""
    events, total = await nodes.one.log.page(tenant, offset=0, limit=100)
    assert total == len(events)
    return sorted(logged.type for logged in events)


async def test_a_code_comes_back_as_it_was_issued_with_its_session(nodes: Nodes) -> None:
    assert await issue(nodes.one)
    assert await nodes.two.codes.find(T, digest("code")) == code()
    assert await nodes.two.sessions.find(T, digest("cookie sid")) == session()
    assert await nodes.two.codes.find(OTHER, digest("code")) is None
    assert await types(nodes) == ["s"]


async def test_of_many_who_spend_it_at_a_time_one_does(nodes: Nodes) -> None:
    await issue(nodes.one)
    won = await asyncio.gather(
        *(
            spend(node, refresh_token=refresh_token(f"token {turn}", family=f"family {turn}"))
            for turn, node in enumerate(nodes.turns(16))
        )
    )
    assert won.count(True) == 1
    winner = won.index(True)
    for turn in range(16):
        found = await nodes.one.refresh_tokens.find(T, digest(f"token {turn}"))
        assert (found is not None) == (turn == winner)
    spent = await nodes.one.codes.find(T, digest("code"))
    assert spent is not None
    assert (spent.used_at, spent.family) == (1e6 + 1, f"family {winner}")
    assert await types(nodes) == ["s", "seacft"]


async def test_another_tenant_cannot_spend_it(nodes: Nodes) -> None:
    await issue(nodes.one)
    assert not await spend(nodes.one, tenant=OTHER)
    assert await spend(nodes.one)
    assert await types(nodes, OTHER) == []


async def test_a_transaction_ends_in_one_answer(nodes: Nodes) -> None:
    await nodes.one.transactions.start(T, transaction())
    won = await asyncio.gather(
        *(
            issue(node, f"code {turn}", transaction=digest("state"), session=session(f"sid {turn}"))
            for turn, node in enumerate(nodes.turns(8))
        )
    )
    assert won.count(True) == 1
    winner = won.index(True)
    for turn in range(8):
        assert (await nodes.one.codes.find(T, digest(f"code {turn}")) is not None) == (turn == winner)
        touched = await nodes.one.sessions.find(T, digest(f"cookie sid {turn}"))
        assert touched is not None
        assert (touched.last_interacted_at > 0.0) == (turn == winner)
    assert await types(nodes) == ["s"]


@pytest.mark.parametrize("state", [None, "state"])
async def test_a_session_that_was_ended_gives_no_code_and_stays_ended(nodes: Nodes, state: str | None) -> None:
    await nodes.one.transactions.start(T, transaction())
    await sign_in(nodes.one, session())
    await nodes.two.sessions.end(T, "sid", Cause.LOGOUT, at=1e6, events=())
    for consent in (None, CONSENT):
        assert not await nodes.one.codes.issue(
            T, code(), session=session(), consent=consent, transaction=state and digest(state), events=(event(),)
        )
    assert await nodes.one.codes.find(T, digest("code")) is None
    assert await nodes.one.sessions.find(T, digest("cookie sid")) is None
    assert await nodes.one.consents.find(T, "auth0|ada", "web", "https://api.test") is None
    assert await types(nodes) == []
    waiting = await nodes.one.transactions.find(T, digest("state"))
    assert waiting is not None
    assert not waiting.finished


async def test_consents_given_at_a_time_add_up(nodes: Nodes) -> None:
    scopes = [f"scope:{turn}" for turn in range(8)]
    await asyncio.gather(
        *(
            issue(node, f"code {turn}", consent=msgspec.structs.replace(CONSENT, id=f"g{turn}", scope=(scopes[turn],)))
            for turn, node in enumerate(nodes.turns(8))
        )
    )
    found = await nodes.one.consents.find(T, "auth0|ada", "web", "https://api.test")
    assert found is not None
    assert sorted(found.scope) == scopes


async def test_a_replay_takes_back_what_the_code_gave(nodes: Nodes) -> None:
    await issue(nodes.one)
    await spend(nodes.one, refresh_token=refresh_token())
    await nodes.two.codes.revoke_issued(T, digest("code"), at=1e6 + 2, events=(event("feacft"),))
    token = await nodes.one.refresh_tokens.find(T, digest("first"))
    assert token is not None
    assert token.revoked_at == 1e6 + 2
    assert await types(nodes) == ["feacft", "s", "seacft"]


async def test_only_the_newest_refresh_tokens_stay(nodes: Nodes) -> None:
    for turn in range(5):
        await issue(nodes.one, f"code {turn}")
        token = refresh_token(f"token {turn}", family=f"family {turn}", issued_at=1e6 + turn)
        await spend(nodes.one, f"code {turn}", refresh_token=token, keep=3)
    found = [await nodes.one.refresh_tokens.find(T, digest(f"token {turn}")) for turn in range(5)]
    assert [token is not None and token.revoked_at is None for token in found] == [False, False, True, True, True]


async def test_u_0000_is_refused_alike(nodes: Nodes) -> None:
    await sign_in(nodes.one, session())
    with pytest.raises(ValueError, match=r"U\+0000"):
        await nodes.one.codes.issue(
            T, code(user_id="a\0b"), session=session(idle_expires_at=5e6), consent=None, transaction=None, events=()
        )
    assert await nodes.one.sessions.find(T, digest("cookie sid")) == session()
