"""Guessing passwords: counted per identifier and address, exactly, and for the right address."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from tests.integration.door import DOMAIN, Door

from doorward.backends.keys.password_hashes import PasswordHasher
from doorward.model.identifiers import attempt_address, attempt_key

RIGHT, WRONG = "correct-horse-9", "not-this-one-9"
LIMIT = 10


async def attempt(door: Door, password: str, *, ip: str = "192.0.2.1", **headers: str) -> httpx2.Response:
    web = door.client("Web")
    asked = {
        "grant_type": "password", "client_id": web.client_id, "client_secret": web.client_secret,
        "username": "ada@example.test", "password": password,
    }  # fmt: skip
    async with door.http(ip=ip) as http:
        return await http.post("/oauth/token", data=asked, headers=headers)


async def guess(door: Door, times: int, **more: Any) -> None:
    for _ in range(times):
        assert (await attempt(door, WRONG, **more)).status_code == 403


async def test_k1_the_right_password_does_not_open_a_locked_account(door: Door) -> None:
    await guess(door, LIMIT)
    refused = await attempt(door, RIGHT)
    assert refused.status_code == 429
    assert refused.json()["error"] == "too_many_attempts"
    assert await door.log("limit_wc")


async def test_k1_another_spelling_of_a_number_is_the_same_number(door: Door) -> None:
    web = door.client("Web")
    credentials = {"client_id": web.client_id, "client_secret": web.client_secret or ""}
    signup = {
        "connection": "people",
        "email": "bo@example.test",
        "phone_number": "+15550001234",
        "password": "Correct-9",
    }
    async with door.http() as http:
        assert (await http.post("/dbconnections/signup", json={**signup, **credentials})).status_code == 200

    async def sign_in(username: str, password: str) -> int:
        asked = {"grant_type": "password", "username": username, "password": password, **credentials}
        return (await door.token(**asked)).status_code

    assert await sign_in("+1 (555) 000-1234", "Correct-9") == 200
    assert await sign_in("+1555zz0001234", "Correct-9") == 403
    for number in range(LIMIT):
        assert await sign_in("+1" + " " * number + "5550001234", WRONG) == 403
    assert await sign_in("+15550001234", "Correct-9") == 429


async def test_k1_nobody_is_locked_like_somebody(door: Door) -> None:
    """A lock tells nothing of whether there is somebody to lock out."""
    web = door.client("Web")
    told = []
    for username in ("ada@example.test", "nobody@example.test"):
        for _ in range(LIMIT + 1):
            answer = await door.token(
                grant_type="password", client_id=web.client_id, client_secret=web.client_secret or "",
                username=username, password=WRONG,
            )  # fmt: skip
        told.append((answer.status_code, answer.content))
    assert told[0] == told[1]
    assert told[0][0] == 429


async def test_k1_another_address_is_not_locked(door: Door) -> None:
    await guess(door, LIMIT)
    assert (await attempt(door, RIGHT, ip="192.0.2.2")).status_code == 200


async def test_k1_a_sign_in_clears_the_counter_of_its_own_address_only(door: Door) -> None:
    await guess(door, LIMIT, ip="192.0.2.11")
    await guess(door, 1, ip="192.0.2.1")
    assert (await attempt(door, RIGHT, ip="192.0.2.1")).status_code == 200
    assert (await attempt(door, RIGHT, ip="192.0.2.11")).status_code == 429


async def test_k1_guesses_counted_while_a_password_was_checked_count(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A burst of guesses that all began before the first was counted gains nothing."""
    verify = PasswordHasher.verify

    async def others_guess_meanwhile(hasher: PasswordHasher, password: str, stored: str | None) -> tuple[bool, bool]:
        key = attempt_key("people", "ada@example.test", "192.0.2.1")
        for _ in range(LIMIT):
            await door.ports.attempts.fail(DOMAIN, key, at=door.clock.now(), window=3600.0)
        return await verify(hasher, password, stored)

    monkeypatch.setattr(PasswordHasher, "verify", others_guess_meanwhile)
    assert (await attempt(door, RIGHT)).status_code == 429


@pytest.fixture
async def trusting(door: Door) -> Door:
    return await door.tenant({"clients": [{"name": "Web", "is_token_endpoint_ip_header_trusted": True}]})


async def test_b14_a_trusted_backend_names_the_person_s_address(trusting: Door) -> None:
    forwarded = {"auth0-forwarded-for": "203.0.113.9"}
    await guess(trusting, LIMIT, **forwarded)
    assert (await attempt(trusting, RIGHT, **forwarded)).status_code == 429
    assert (await attempt(trusting, RIGHT)).status_code == 200
    assert {event.ip for event in await trusting.log("fp")} == {"203.0.113.9"}


async def test_b14_the_address_of_others_is_not_believed(door: Door) -> None:
    await guess(door, 1, **{"auth0-forwarded-for": "203.0.113.9"})
    assert {event.ip for event in await door.log("fp")} == {"192.0.2.1"}


async def test_b14_what_is_no_address_is_refused(trusting: Door) -> None:
    refused = await attempt(trusting, RIGHT, **{"auth0-forwarded-for": "203.0.113.9, 192.0.2.7"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_k6_a_counter_of_long_ago_is_swept_and_no_other(door: Door) -> None:
    await guess(door, LIMIT, ip="192.0.2.1")
    door.clock.pass_(29 * 24 * 3600)
    await guess(door, 1, ip="192.0.2.2")
    assert (await attempt(door, RIGHT, ip="192.0.2.1")).status_code == 429
    door.clock.pass_(2 * 24 * 3600)
    await door.server.storage.sweep(door.clock.now())
    kept = await door.ports.attempts.matching(DOMAIN, "")
    assert {attempt_address(key) for key, _ in kept} == {"192.0.2.2"}


async def test_k1_a_block_is_over_thirty_days_after_the_last_failure(door: Door) -> None:
    await guess(door, LIMIT)
    door.clock.pass_(30 * 24 * 3600)
    assert (await attempt(door, RIGHT)).status_code == 429
    door.clock.pass_(1)
    assert (await attempt(door, RIGHT)).status_code == 200


async def test_k1_a_right_password_among_guesses_of_one_burst_looks_like_a_wrong_one(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both were begun before the account was locked; what is done after it was is refused alike."""
    verify, waiting, go_on = PasswordHasher.verify, asyncio.Semaphore(0), asyncio.Event()

    async def slow(hasher: PasswordHasher, password: str, stored: str | None) -> tuple[bool, bool]:
        waiting.release()
        await go_on.wait()
        return await verify(hasher, password, stored)

    with monkeypatch.context() as patched:
        patched.setattr(PasswordHasher, "verify", slow)
        burst = [asyncio.create_task(attempt(door, password)) for password in (RIGHT, WRONG)]
        for _ in burst:
            await asyncio.wait_for(waiting.acquire(), 5)
    await guess(door, LIMIT)
    go_on.set()
    right, wrong = [await answer for answer in burst]
    assert (right.status_code, right.content) == (wrong.status_code, wrong.content)
    assert right.json()["error"] == "too_many_attempts"


async def test_k1_without_the_shield_that_blocks_a_tenant_only_watches(door: Door) -> None:
    await door.tenant({"attackProtection": {"bruteForceProtection": {"enabled": True, "shields": []}}})
    await guess(door, LIMIT + 2)
    assert (await attempt(door, RIGHT)).status_code == 200
    assert len(await door.log("limit_wc")) == 1
