"""Every statement of an operation fails once: nothing is half done, the answer is 503, and the next attempt works."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.integration.door import CALLBACK, DOMAIN, Door
from tests.integration.flows.conftest import TENANT

from doorward.backends.storage import log, sqlite

MOST_STATEMENTS = 40
Attempt = Callable[[], Awaitable[httpx2.Response]]
Operation = Callable[[Door], Awaitable[Attempt]]


class Fault:
    """Lets the statement number ``at`` (from 1) of what is written fail, once."""

    def __init__(self) -> None:
        self.at = 0
        self.fired = False
        self._seen = 0

    def arm(self, at: int) -> None:
        self.at, self.fired, self._seen = at, False, 0

    def __call__(self, parameters: Any) -> None:
        if self.at:
            self._seen += 1
            if self._seen == self.at and not self.fired:
                self.fired = True
                raise sqlite3.OperationalError("disk I/O error")


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Fault:
    fault = Fault()
    monkeypatch.setattr(sqlite, "refuse_nul", fault)
    monkeypatch.setattr(log, "FLUSH_SECONDS", 3600.0)
    return fault


@pytest.fixture
async def door(tmp_path: Path, fault: Fault) -> AsyncIterator[Door]:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}").start()
    await door.tenant(TENANT)
    yield door
    fault.arm(0)
    await door.stop()


async def code_exchange(door: Door) -> Attempt:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa, audience="https://api.test", scope="openid offline_access")
    await tab.login()
    code = tab.answer["code"]
    return lambda: door.redeem(spa, code)


async def refresh(door: Door) -> Attempt:
    token = (await (await code_exchange(door))()).json()["refresh_token"]
    client_id = door.client("Spa").client_id
    return lambda: door.token(grant_type="refresh_token", client_id=client_id, refresh_token=token)


async def at_the_password(door: Door) -> tuple[httpx2.AsyncClient, Attempt]:
    tab = await door.browser().authorize(door.client("Spa"))
    form = {**tab.form.fields, "username": "ada@example.test", "password": "correct-horse-9", "action": "default"}
    return tab.http, lambda: tab.http.post(tab.at, data=form)


async def password_login(door: Door) -> Attempt:
    return (await at_the_password(door))[1]


async def resumption(door: Door) -> Attempt:
    http, sign_in = await at_the_password(door)
    resume = (await sign_in()).headers["location"]
    return lambda: http.get(resume)


async def consent(door: Door) -> Attempt:
    tab = await door.browser().authorize(door.client("Partner"), audience="https://careful.test", scope="read:secrets")
    await tab.login()
    form = {**tab.form.fields, "action": "accept"}
    return lambda: tab.http.post(tab.at, data=form)


async def logout(door: Door) -> Attempt:
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.login()
    return lambda: tab.http.get("/v2/logout")


async def revocation(door: Door) -> Attempt:
    token = (await (await code_exchange(door))()).json()["refresh_token"]
    return lambda: posted(door, "/oauth/revoke", client_id=door.client("Spa").client_id, token=token)


async def pushed_request(door: Door) -> Attempt:
    await door.tenant({"tenant": {"pushed_authorization_requests_supported": True}})
    web = door.client("Web")
    asked = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "openid"}
    return lambda: posted(door, "/oauth/par", client_id=web.client_id, client_secret=web.client_secret, **asked)


async def posted(door: Door, path: str, **form: str) -> httpx2.Response:
    async with door.http() as http:
        return await http.post(path, data=form)


async def signup(door: Door) -> Attempt:
    body = {
        "client_id": door.client("Spa").client_id, "connection": "people", "email": "new@example.test",
        "password": "Correct-horse-9",
    }  # fmt: skip

    async def attempt() -> httpx2.Response:
        async with door.http() as http:
            return await http.post("/dbconnections/signup", json=body)

    return attempt


async def new_client(door: Door) -> Attempt:
    management = door.client("Mgmt")
    answer = await door.token(
        grant_type="client_credentials", client_id=management.client_id, client_secret=management.client_secret,
        audience=f"https://{DOMAIN}/api/v2/",
    )  # fmt: skip
    bearer = {"authorization": f"Bearer {answer.json()['access_token']}"}

    async def attempt() -> httpx2.Response:
        async with door.http() as http:
            return await http.post("/api/v2/clients", json={"name": "New"}, headers=bearer)

    return attempt


OPERATIONS = (
    code_exchange, refresh, password_login, resumption, consent, logout, revocation, pushed_request, signup, new_client,
)  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_an_operation_is_done_wholly_or_not_at_all(door: Door, fault: Fault, operation: Operation) -> None:
    attempt = await operation(door)
    for at in range(1, MOST_STATEMENTS):
        fault.arm(at)
        answer = await attempt()
        if not fault.fired:
            assert answer.status_code < 400, answer.text
            assert at > 1, "nothing was written"
            return
        assert answer.status_code == 503, f"statement {at}: {answer.status_code} {answer.text}"
        assert answer.headers["retry-after"]
    pytest.fail("the operation never came to an end")
