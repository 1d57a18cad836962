"""Rotation: one successor, a bounded number within the leeway, none after the family ended."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from tests.integration.storage.conftest import OTHER, Nodes, T
from tests.integration.storage.values import event, refresh_token

from doorward.backends.storage.store import Storage
from doorward.model.credential import OneTimeValue, RefreshToken
from doorward.model.digest import digest


async def rotate(
    storage: Storage, name: str, successor: str, *, at: float = 1e6 + 1, leeway: int = 0, generation: int = 1
) -> bool:
    return await storage.refresh_tokens.rotate(
        T,
        digest(name),
        refresh_token(successor, generation=generation),
        at=at,
        leeway=leeway,
        access_token_hash=digest(f"access {successor}"),
        access_token_expires_at=2e6,
        events=(event("sertft"),),
    )


async def find(nodes: Nodes, name: str) -> RefreshToken | None:
    return await nodes.two.refresh_tokens.find(T, digest(name))


async def live(nodes: Nodes, *names: str) -> list[str]:
    found = [(name, await find(nodes, name)) for name in names]
    return [name for name, token in found if token is not None and token.revoked_at is None and token.used_at is None]


@pytest.fixture
async def first(nodes: Nodes) -> Nodes:
    await nodes.one.refresh_tokens.issue(T, refresh_token(), keep=200, events=(event(),))
    return nodes


async def test_a_token_comes_back_as_it_was_issued(first: Nodes) -> None:
    assert await find(first, "first") == refresh_token()
    assert await first.one.refresh_tokens.find(OTHER, digest("first")) is None


async def test_of_many_who_rotate_it_at_a_time_one_does(first: Nodes) -> None:
    won = await asyncio.gather(*(rotate(node, "first", f"next {i}") for i, node in enumerate(first.turns(16))))
    assert won.count(True) == 1
    assert await live(first, *(f"next {i}" for i in range(16))) == [f"next {won.index(True)}"]
    events, _ = await first.one.log.page(T, offset=0, limit=100)
    assert [logged.type for logged in events].count("sertft") == 1


async def test_within_the_leeway_the_immediate_predecessor_may_come_again(first: Nodes) -> None:
    assert await rotate(first.one, "first", "second", leeway=10)
    assert await rotate(first.two, "first", "again", at=1e6 + 10.9, leeway=10)
    assert not await rotate(first.two, "first", "late", at=1e6 + 11, leeway=10)
    assert await live(first, "first", "second", "again", "late") == ["second", "again"]


async def test_the_leeway_never_shields_an_older_generation(first: Nodes) -> None:
    assert await rotate(first.one, "first", "second", leeway=10)
    assert await rotate(first.one, "second", "third", at=1e6 + 2, leeway=10, generation=2)
    assert not await rotate(first.two, "first", "again", at=1e6 + 3, leeway=10)


async def test_in_the_leeway_a_burst_stays_in_one_generation(first: Nodes) -> None:
    won = await asyncio.gather(
        *(rotate(node, "first", f"next {i}", leeway=10) for i, node in enumerate(first.turns(8)))
    )
    assert all(won)
    found = [await first.one.refresh_tokens.find(T, digest(f"next {i}")) for i in range(8)]
    assert {token.generation for token in found if token is not None} == {1}
    assert None not in found


async def test_a_revoked_token_is_never_shielded(first: Nodes) -> None:
    await first.one.refresh_tokens.revoke_family(T, "family", at=1e6, events=())
    assert not await rotate(first.two, "first", "second", leeway=1000)


async def test_after_a_family_ended_no_member_lives_whoever_was_rotating(first: Nodes) -> None:
    """Rotations race with the end of the family: a successor that was being made ends with it."""
    names = ["first"]
    for round_ in range(12):
        base, family = f"base {round_}", f"family {round_}"
        await first.one.refresh_tokens.issue(T, refresh_token(base, family=family), keep=200, events=())

        async def chain(storage: Storage, base: str = base, family: str = family) -> None:
            name = base
            for step in range(1, 5):
                successor = f"{base}.{step}"
                rotated = await storage.refresh_tokens.rotate(
                    T, digest(name), refresh_token(successor, family=family, generation=step), at=1e6 + step,
                    leeway=0, access_token_hash=digest(successor), access_token_expires_at=2e6, events=(),
                )  # fmt: skip
                if not rotated:
                    return
                name = successor

        async def end(storage: Storage, family: str = family, wait: float = round_ * 0.0004) -> None:
            await asyncio.sleep(wait)
            await storage.refresh_tokens.revoke_family(T, family, at=1e6 + 9, events=())

        await asyncio.gather(chain(first.one), end(first.two))
        names += [base, *(f"{base}.{step}" for step in range(1, 5))]
    assert await live(first, *names) == ["first"]


async def test_ending_a_family_revokes_the_access_tokens_it_gave(first: Nodes) -> None:
    await rotate(first.one, "first", "second")
    await first.one.refresh_tokens.revoke_family(T, "family", at=1e6 + 2, events=())
    rows = await first.one.database.read(
        "SELECT token_hash FROM revoked_access_token WHERE tenant = :tenant", {"tenant": T}
    )
    assert [bytes(row[0]) for row in rows] == [digest("access second")]


async def test_a_lasting_token_is_used_until_it_is_revoked(nodes: Nodes) -> None:
    await nodes.one.refresh_tokens.issue(T, refresh_token(rotating=False), keep=200, events=())

    async def exchange(at: float) -> bool:
        return await nodes.two.refresh_tokens.exchange(
            T, digest("first"), at=at, ip="192.0.2.9", user_agent="Agent", idle_expires_at=at + 60,
            expires_at=None, access_token_hash=digest("a"),
            access_token_expires_at=2e6, events=(event("sertft"),),
        )  # fmt: skip

    assert await exchange(1e6 + 1)
    assert await exchange(1e6 + 2)
    token = await find(nodes, "first")
    assert token is not None
    assert (token.last_exchanged_at, token.idle_expires_at) == (1e6 + 2, 1e6 + 62)
    await nodes.one.refresh_tokens.revoke_grant(T, "auth0|ada", "web", "https://api.test", at=1e6 + 3, events=())
    assert not await exchange(1e6 + 4)


@pytest.mark.parametrize("rotating", [True, False])
async def test_a_token_of_the_other_kind_takes_its_place_once(nodes: Nodes, rotating: bool) -> None:
    for name in ("first", "sibling"):
        await nodes.one.refresh_tokens.issue(T, refresh_token(name, rotating=not rotating), keep=200, events=())

    async def replace(storage: Storage, turn: int) -> bool:
        successor: Any = refresh_token(f"next {turn}", family=f"family {turn}", rotating=rotating)
        return await storage.refresh_tokens.replace(
            T, digest("first"), successor, at=1e6 + 1, access_token_hash=digest("a"), access_token_expires_at=2e6,
            events=(),
        )  # fmt: skip

    won = await asyncio.gather(*(replace(node, turn) for turn, node in enumerate(nodes.turns(6))))
    assert won.count(True) == 1
    assert await live(nodes, "first", "sibling", *(f"next {i}" for i in range(6))) == [f"next {won.index(True)}"]


MFA_TOKEN = OneTimeValue(digest("mfa_token"), 2e6)


@pytest.mark.parametrize("leeway", [0, 10])
async def test_of_many_who_rotate_with_one_mfa_token_one_does(first: Nodes, leeway: int) -> None:
    async def rotate_with(storage: Storage, turn: int) -> bool:
        return await storage.refresh_tokens.rotate(
            T, digest("first"), refresh_token(f"next {turn}", generation=1), at=1e6 + 1, leeway=leeway,
            access_token_hash=digest("a"), access_token_expires_at=2e6, events=(event("seotpft"),),
            mfa_token=MFA_TOKEN,
        )  # fmt: skip

    won = await asyncio.gather(*(rotate_with(node, turn) for turn, node in enumerate(first.turns(8))))
    assert won.count(True) == 1
    assert await live(first, "first", *(f"next {i}" for i in range(8))) == [f"next {won.index(True)}"]
    events, _ = await first.one.log.page(T, offset=0, limit=100)
    assert [logged.type for logged in events].count("seotpft") == 1


async def test_of_a_rotation_with_an_mfa_token_and_one_without_one_happens(first: Nodes) -> None:
    async def with_mfa_token() -> bool:
        return await first.one.refresh_tokens.rotate(
            T, digest("first"), refresh_token("stepped up", generation=1), at=1e6 + 1, leeway=0,
            access_token_hash=digest("a"), access_token_expires_at=2e6, events=(), mfa_token=MFA_TOKEN,
        )  # fmt: skip

    won = await asyncio.gather(with_mfa_token(), rotate(first.two, "first", "plain"))
    assert won.count(True) == 1
    assert len(await live(first, "first", "stepped up", "plain")) == 1


async def test_a_lasting_token_is_renewed_once_with_an_mfa_token(nodes: Nodes) -> None:
    lasting = refresh_token(rotating=False)
    await nodes.one.refresh_tokens.issue(T, lasting, keep=200, events=())
    renewed = msgspec.structs.replace(lasting, granted={**lasting.granted, "mfa_at": 1e6})

    async def exchange(storage: Storage, mfa_token: OneTimeValue | None, renewed: RefreshToken | None) -> bool:
        return await storage.refresh_tokens.exchange(
            T, digest("first"), at=1e6 + 1, ip=None, user_agent=None, idle_expires_at=None, expires_at=None,
            access_token_hash=digest("a"), access_token_expires_at=2e6, events=(event("seotpft"),),
            mfa_token=mfa_token, renewed=renewed,
        )  # fmt: skip

    won = await asyncio.gather(*(exchange(node, MFA_TOKEN, renewed) for node in nodes.turns(6)))
    assert won.count(True) == 1
    assert await exchange(nodes.one, None, None)
    token = await find(nodes, "first")
    assert token is not None
    assert token.granted == renewed.granted
    events, _ = await nodes.one.log.page(T, offset=0, limit=100)
    assert [logged.type for logged in events].count("seotpft") == 2
    await nodes.one.refresh_tokens.revoke_family(T, "family", at=1e6 + 2, events=())
    assert not await exchange(nodes.two, OneTimeValue(digest("another"), 2e6), renewed)


async def test_a_token_of_the_other_kind_takes_no_place_with_a_spent_mfa_token(first: Nodes) -> None:
    assert await first.two.one_time_values.use(T, MFA_TOKEN.value_hash, at=1e6, expires_at=MFA_TOKEN.expires_at)
    replaced = await first.one.refresh_tokens.replace(
        T, digest("first"), refresh_token("next", family="other", rotating=False), at=1e6 + 1,
        access_token_hash=digest("a"), access_token_expires_at=2e6, events=(), mfa_token=MFA_TOKEN,
    )  # fmt: skip
    assert not replaced
    assert await live(first, "first", "next") == ["first"]


async def test_password_grants_keep_the_newest_tokens(nodes: Nodes) -> None:
    for turn in range(4):
        token = refresh_token(f"token {turn}", family=f"family {turn}", issued_at=1e6 + turn)
        await nodes.one.refresh_tokens.issue(T, token, keep=2, events=())
    assert await live(nodes, *(f"token {turn}" for turn in range(4))) == ["token 2", "token 3"]
