"""Too much at a time (D4, L10), and what is told to whoever only looks (L5, L6, L9)."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.integration.door import BrowserTab, Door

from doorward.backends.keys.local_ca import LocalCa
from doorward.backends.keys.password_hashes import QUEUE_PER_WORKER, PasswordHasher
from doorward.ports import Overloaded, StorageUnavailable
from doorward.web import management
from doorward.web.server import tls_context

Ask = Callable[[Door, BrowserTab], Awaitable[httpx2.Response]]
PASSWORD = "correct-horse-9"


async def by_password_grant(door: Door, tab: BrowserTab) -> httpx2.Response:
    web = door.client("Web")
    return await door.token(
        grant_type="password", client_id=web.client_id, client_secret=web.client_secret or "",
        username="ada@example.test", password=PASSWORD,
    )  # fmt: skip


async def by_page(door: Door, tab: BrowserTab) -> httpx2.Response:
    form = {**tab.form.fields, "username": "ada@example.test", "password": PASSWORD, "action": "default"}
    return await tab.http.post(tab.at, data=form)


async def by_signup(door: Door, tab: BrowserTab) -> httpx2.Response:
    body = {"connection": "people", "email": "new@example.test", "password": "Correct-horse-9"}
    async with door.http() as http:
        return await http.post("/dbconnections/signup", json={**body, "client_id": door.client("Web").client_id})


@pytest.mark.parametrize("ask", [by_password_grant, by_page, by_signup])
async def test_d4_a_full_queue_of_hashes_is_told_and_passes(
    door: Door, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    async def full(*_: object) -> None:
        raise Overloaded(3)

    tab = await door.browser().authorize(door.client("Spa"))
    with monkeypatch.context() as patched:
        patched.setattr(PasswordHasher, "_run", full)
        refused = await ask(door, tab)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")
    assert (await ask(door, tab)).status_code < 400


async def test_d4_a_storm_of_logins_is_bounded_and_leaves_tokens_alone(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, full = threading.Event(), asyncio.Event()
    checked, run = PasswordHasher._verify, PasswordHasher._run

    def slow(hasher: PasswordHasher, password: str, stored: str) -> tuple[bool, bool]:
        go_on.wait(30)
        return checked(hasher, password, stored)

    async def machine() -> int:
        client = door.client("Mgmt")
        answer = await door.token(
            grant_type="client_credentials", client_id=client.client_id, client_secret=client.client_secret or "",
            audience="https://tenant.test/api/v2/",
        )  # fmt: skip
        return answer.status_code

    async def watched(hasher: PasswordHasher, work: Callable[[], Any]) -> Any:
        if hasher._waiting + 1 == QUEUE_PER_WORKER:
            full.set()
        return await run(hasher, work)

    monkeypatch.setattr(PasswordHasher, "_verify", slow)
    monkeypatch.setattr(PasswordHasher, "_run", watched)
    tab = door.browser()
    storm = [asyncio.create_task(by_password_grant(door, tab)) for _ in range(3 * QUEUE_PER_WORKER)]
    await asyncio.wait_for(full.wait(), 30)
    assert await machine() == 200
    refused = await by_password_grant(door, tab)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    go_on.set()
    codes = [(await answer).status_code for answer in storm]
    assert set(codes) == {200, 429}
    assert codes.count(200) >= QUEUE_PER_WORKER


async def test_l10_past_its_limit_the_server_says_so_before_it_works(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.server.application._max_active = 2
    waiting, go_on = asyncio.Semaphore(0), asyncio.Event()
    verify = PasswordHasher.verify

    async def slow(hasher: PasswordHasher, password: str, stored: str | None) -> tuple[bool, bool]:
        waiting.release()
        await go_on.wait()
        return await verify(hasher, password, stored)

    monkeypatch.setattr(PasswordHasher, "verify", slow)
    tab = door.browser()
    held = [asyncio.create_task(by_password_grant(door, tab)) for _ in range(2)]
    for _ in held:
        await asyncio.wait_for(waiting.acquire(), 5)
    async with door.http() as http:
        refused = await http.get("/.well-known/jwks.json")
        assert (await http.get("/_doorward/health")).status_code == 200
    go_on.set()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert [(await answer).status_code for answer in held] == [200, 200]
    async with door.http() as http:
        assert (await http.get("/.well-known/jwks.json")).status_code == 200


@pytest.mark.parametrize("error", [RuntimeError("/srv/secret SELECT 1"), StorageUnavailable("/srv/secret SELECT 1")])
async def test_l5_an_error_of_ours_tells_a_request_id_and_no_more(
    door: Door, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(door.ports.users, "find_by_identifier", broken)
    tab = await door.browser().authorize(door.client("Spa"))
    for ask in (by_password_grant, by_page):
        answer = await ask(door, tab)
        assert answer.status_code in (500, 503)
        assert answer.headers["x-auth0-requestid"]
        for told in ("secret", "SELECT", "Traceback", "doorward", "RuntimeError"):
            assert told not in answer.text
            assert told not in str({k: v for k, v in answer.headers.items() if k != "set-cookie"})


async def test_l9_health_tells_nothing_and_needs_no_host(door: Door) -> None:
    async with door.http("nobody.test") as http:
        assert (await http.get("/_doorward/health")).json() == {"status": "ok"}
        assert set((await http.get("/_doorward/ready")).json()) == {"status"}
        for path in ("/metrics", "/_doorward/metrics", "/debug", "/_doorward/debug", "/docs", "/openapi.json"):
            assert (await http.get(path)).status_code == 404


async def test_what_everybody_may_ask_for_is_made_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async with door.http() as http:
        described = (await http.get("/_doorward/api/v1/openapi.json")).json()
        assert described["servers"] == [{"url": "https://tenant.test/api/v2"}]
        monkeypatch.setattr(management, "openapi", None)
        assert (await http.get("/_doorward/api/v1/openapi.json")).json() == described


def test_l6_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path) -> None:
    certificate = LocalCa(tmp_path).leaf({"tenant.test"})
    assert tls_context(certificate).minimum_version >= ssl.TLSVersion.TLSv1_2
