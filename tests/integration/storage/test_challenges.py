"""One-time codes on both databases: one for each subject, a few tries, right once, whoever comes at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.integration.storage.conftest import OTHER, Nodes, T
from tests.integration.storage.values import event

from doorward.model.challenge import Challenge, Purpose, Verdict
from doorward.model.message import Channel, Message

RIGHT, WRONG = b"right" * 6, b"wrong" * 6


def challenge(nodes: Nodes, **changes: Any) -> Challenge:
    known: dict[str, Any] = {
        "id_hash": b"i" * 32, "subject": b"s" * 32, "purpose": Purpose.PASSWORDLESS, "channel": Channel.EMAIL,
        "address": "ada@example.test", "code_hash": RIGHT, "tries": 3, "expires_at": nodes.now + 180,
        "payload": {"login": "x"}, **changes,
    }  # fmt: skip
    return Challenge(**known)


async def begin(nodes: Nodes, one: Challenge) -> Challenge:
    message = Message(template="auth_email_by_code", to=one.address, values={"code": "123456"})
    await nodes.one.challenges.begin(T, one, messages=(message,), events=(event("cls"),))
    return one


async def check(nodes: Nodes, code: bytes, *, id_hash: bytes = b"i" * 32, after: float = 0) -> Verdict:
    return (await nodes.two.challenges.check(T, id_hash, code, at=nodes.now + after))[0]


async def test_a_code_is_kept_with_the_message_that_brings_it(nodes: Nodes) -> None:
    made = await begin(nodes, challenge(nodes))
    assert await nodes.two.challenges.find(T, made.id_hash, at=nodes.now) == made
    assert await nodes.two.challenges.find(OTHER, made.id_hash, at=nodes.now) is None
    assert await nodes.two.challenges.find(T, made.id_hash, at=nodes.now + 180) is None
    (taken,) = await nodes.two.outbox.take(Message, until=nodes.now + 60, limit=10)
    assert taken.message is not None
    assert taken.message.values == {"code": "123456"}
    assert [one.type for one in (await nodes.one.log.page(T, offset=0, limit=9))[0]] == ["cls"]


async def test_of_many_right_codes_at_a_time_one_is_right(nodes: Nodes) -> None:
    made = await begin(nodes, challenge(nodes))
    outcomes = await asyncio.gather(
        *(node.challenges.check(T, made.id_hash, RIGHT, at=nodes.now) for node in nodes.turns(8))
    )
    assert sorted(verdict for verdict, _ in outcomes) == [Verdict.RIGHT] + [Verdict.SPENT] * 7
    assert all(found == made for _, found in outcomes)
    assert await check(nodes, WRONG) is Verdict.VOID
    assert await nodes.two.challenges.find(T, made.id_hash, at=nodes.now) is None
    assert await nodes.two.challenges.find(T, made.id_hash, at=nodes.now, spent=True) == made


async def test_of_many_wrong_codes_at_a_time_no_more_count_than_there_are_tries(nodes: Nodes) -> None:
    made = await begin(nodes, challenge(nodes))
    outcomes = await asyncio.gather(
        *(node.challenges.check(T, made.id_hash, WRONG, at=nodes.now) for node in nodes.turns(8))
    )
    assert sorted(verdict for verdict, _ in outcomes) == [Verdict.VOID] * 5 + [Verdict.WRONG] * 3
    assert await check(nodes, RIGHT) is Verdict.VOID
    assert await nodes.one.challenges.find(T, made.id_hash, at=nodes.now) is None
    assert await nodes.one.challenges.find(T, made.id_hash, at=nodes.now, spent=True) is None


async def test_two_wrong_codes_leave_the_right_one_good(nodes: Nodes) -> None:
    await begin(nodes, challenge(nodes))
    assert [await check(nodes, code) for code in (WRONG, WRONG, RIGHT)] == [
        Verdict.WRONG, Verdict.WRONG, Verdict.RIGHT,
    ]  # fmt: skip


async def test_a_code_that_is_over_is_void(nodes: Nodes) -> None:
    await begin(nodes, challenge(nodes))
    assert await check(nodes, RIGHT, after=180) is Verdict.VOID
    assert await check(nodes, RIGHT, after=179) is Verdict.RIGHT
    assert (await nodes.two.challenges.check(OTHER, b"i" * 32, RIGHT, at=nodes.now))[0] is Verdict.VOID


async def test_a_newer_code_takes_the_place_of_the_older_with_new_tries(nodes: Nodes) -> None:
    await begin(nodes, challenge(nodes))
    for _ in range(3):
        await check(nodes, WRONG)
    await begin(nodes, challenge(nodes, id_hash=b"j" * 32, code_hash=b"newer" * 6))
    await begin(nodes, challenge(nodes, id_hash=b"k" * 32, subject=b"t" * 32))
    assert await check(nodes, RIGHT) is Verdict.VOID
    assert await check(nodes, b"newer" * 6, id_hash=b"j" * 32) is Verdict.RIGHT
    assert await check(nodes, RIGHT, id_hash=b"k" * 32) is Verdict.RIGHT


async def test_of_many_begun_at_a_time_one_is_left(nodes: Nodes) -> None:
    made = [challenge(nodes, id_hash=bytes([turn]) * 32) for turn in range(6)]
    await asyncio.gather(
        *(node.challenges.begin(T, one, messages=(), events=()) for node, one in zip(nodes.turns(6), made, strict=True))
    )
    found = [await nodes.one.challenges.find(T, one.id_hash, at=nodes.now) for one in made]
    assert len([one for one in found if one is not None]) == 1


async def test_what_is_over_is_swept(nodes: Nodes) -> None:
    await begin(nodes, challenge(nodes))
    assert await nodes.one.sweep(nodes.now + 181) >= 1
    rows = await nodes.one.database.read("SELECT count(*) FROM challenge", {})
    assert rows[0][0] == 0
