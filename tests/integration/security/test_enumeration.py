"""Whether there is an account is not told: the same answer after the same work for somebody and for nobody.

Work is what is asked of the database and how often a password is hashed, not what a clock says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from tests.integration.door import CALLBACK, Door

from doorward.backends.keys.password_hashes import PasswordHasher
from doorward.model.user import Identifiers, User

ADA, NOBODY = "ada@example.test", "eve@example.test"  # as long as each other, so that even lengths are comparable
RIGHT, WRONG = "correct-horse-9", "not-this-one-9"
Ask = Callable[[Door, str], Awaitable[httpx2.Response]]
CHANGING = re.compile(
    r"nonce-[\w-]+|nonce=\"[\w-]+\"|state=[\w%-]+|name=\"state\" value=\"[\w-]+\"|name=\"captcha\" value=\"[\w.-]+\""
    r"|\"_id\":\"\w+\""
)


class Work:
    """What one request makes a server do."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def watch(self, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
        database = door.server.storage.database
        read, write, run = database.read, database.write, PasswordHasher._run

        async def counted_read(sql: str, parameters: Any) -> Any:
            if "FROM tenant" not in sql:  # whether another process changed a tenant is looked for now and again
                self.done.append(f"read {' '.join(sql.split())}")
            return await read(sql, parameters)

        async def counted_write(verb: Callable[[], Any]) -> Any:
            name = verb.__qualname__
            if "Log" not in name:  # the log is written by the second, whoever did what
                self.done.append(f"write {name}")
            return await write(verb)

        async def counted_hash(hasher: PasswordHasher, work: Callable[[], Any]) -> Any:
            self.done.append("hash")
            return await run(hasher, work)

        monkeypatch.setattr(database, "read", counted_read)
        monkeypatch.setattr(database, "write", counted_write)
        monkeypatch.setattr(PasswordHasher, "_run", counted_hash)


@pytest.fixture
def work(door: Door, monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    work.watch(door, monkeypatch)
    return work


async def by_grant(door: Door, username: str) -> httpx2.Response:
    web = door.client("Web")
    return await door.token(
        grant_type="password", client_id=web.client_id, client_secret=web.client_secret or "",
        username=username, password=WRONG,
    )  # fmt: skip


async def by_page(door: Door, username: str) -> httpx2.Response:
    tab = await (await door.browser().authorize(door.client("Spa"))).login(username, WRONG)
    assert tab.page is not None
    return tab.page


async def by_two_pages(door: Door, username: str) -> httpx2.Response:
    await door.tenant({"prompts": {"identifier_first": True}})
    return await by_page(door, username)


async def by_identifier(door: Door, username: str) -> httpx2.Response:
    await door.tenant({"prompts": {"identifier_first": True}})
    tab = await (await door.browser().authorize(door.client("Spa"))).submit(username=username)
    assert tab.page is not None
    return tab.page


async def by_reset_page(door: Door, username: str) -> httpx2.Response:
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.get(f"/u/reset-password/request/people?state={tab.state}")
    await tab.submit(email=username)
    assert tab.page is not None
    return tab.page


async def by_reset_request(door: Door, username: str) -> httpx2.Response:
    async with door.http() as http:
        return await http.post("/dbconnections/change_password", json={"connection": "people", "email": username})


ASKS = [by_grant, by_page, by_two_pages, by_identifier, by_reset_page, by_reset_request]


def told(answer: httpx2.Response, username: str) -> tuple[int, dict[str, str], str]:
    """What somebody can see of an answer; what is new in every answer, and what they typed, left out."""
    headers = {name: CHANGING.sub("", value) for name, value in answer.headers.items() if name not in NEW}
    return answer.status_code, headers, CHANGING.sub("", answer.text).replace(username, "")


NEW = ("date", "x-auth0-requestid", "set-cookie")


@pytest.mark.parametrize("ask", ASKS)
async def test_e9_somebody_and_nobody_get_the_same_answer(door: Door, ask: Ask) -> None:
    assert told(await ask(door, ADA), ADA) == told(await ask(door, NOBODY), NOBODY)


@pytest.mark.parametrize("ask", ASKS)
async def test_e9_somebody_and_nobody_are_the_same_work(door: Door, work: Work, ask: Ask) -> None:
    counted = []
    for username in (ADA, NOBODY):
        await ask(door, username)  # what the first request finds, the second need not look for
        work.done.clear()
        await ask(door, username)
        counted.append(Counter(work.done))
    assert counted[0] == counted[1]
    assert counted[0]["hash"] == (1 if ask in (by_grant, by_page, by_two_pages) else 0)


async def test_e9_it_is_the_same_work_in_whichever_database_somebody_is(door: Door, work: Work) -> None:
    await door.tenant({"databases": [{"name": "others", "strategy": "auth0", "enabled_clients": ["Spa"]}]})
    await door.tenant({"tenant": {"default_directory": ""}})
    counted = []
    for username in (ADA, NOBODY):
        await by_page(door, username)
        work.done.clear()
        await by_page(door, username)
        counted.append(Counter(work.done))
    assert counted[0] == counted[1]


@pytest.mark.parametrize("ask", [by_grant, by_page])
async def test_e10_a_blocked_account_is_told_to_nobody_but_its_owner(door: Door, ask: Ask) -> None:
    before = told(await ask(door, ADA), ADA)
    directory = door.ports.directory.tenant("tenant.test")
    user = await door.ports.authenticator.identify(directory, directory.connections["people"], ADA)
    assert user is not None
    mgmt = door.client("Mgmt")
    token = await door.token(
        grant_type="client_credentials", client_id=mgmt.client_id, client_secret=mgmt.client_secret or "",
        audience="https://tenant.test/api/v2/",
    )  # fmt: skip
    async with door.http() as http:
        bearer = {"authorization": f"Bearer {token.json()['access_token']}"}
        blocked = await http.patch(f"/api/v2/users/{user.user_id}", json={"blocked": True}, headers=bearer)
    assert blocked.status_code == 200
    assert told(await ask(door, ADA), ADA) == before
    tab = await (await door.browser().authorize(door.client("Spa"))).login(ADA, RIGHT)
    assert tab.answer["error_description"] == "user is blocked"


async def test_e9_a_signup_hashes_before_it_finds_an_address_taken(door: Door, work: Work) -> None:
    """That an address is taken is told, as Auth0 does where its flag says so; how long it took tells nothing more."""
    codes, hashes = [], []
    for email in (ADA, NOBODY):
        work.done.clear()
        body = {"client_id": door.client("Spa").client_id, "connection": "people", "email": email, "password": RIGHT}
        async with door.http() as http:
            answer = await http.post("/dbconnections/signup", json=body)
        codes.append(answer.json().get("code"))
        hashes.append(work.done.count("hash"))
    assert codes == ["invalid_signup", None]
    assert hashes == [1, 1]


# ── without a password ──

OTP = "http://auth0.com/oauth/grant-type/passwordless/otp"


async def by_code_request(door: Door, username: str) -> httpx2.Response:
    asked = {"client_id": door.client("Codes").client_id, "connection": "email", "email": username, "send": "code"}
    async with door.http() as http:
        return await http.post("/passwordless/start", json=asked)


async def by_code_page(door: Door, username: str) -> httpx2.Response:
    tab = await (await door.browser().authorize(door.client("Codes"))).submit(username=username)
    assert tab.page is not None
    return tab.page


async def by_wrong_code(door: Door, username: str) -> httpx2.Response:
    return await door.token(
        grant_type=OTP, client_id=door.client("Codes").client_id, realm="email", username=username, otp="123456"
    )


@pytest.mark.parametrize("ask", [by_code_request, by_code_page, by_wrong_code])
async def test_e9_who_may_sign_in_by_a_code_is_told_to_nobody(door: Door, work: Work, ask: Ask) -> None:
    client = {"name": "Codes", "app_type": "spa", "token_endpoint_auth_method": "none", "callbacks": [CALLBACK]}
    options = {"disable_signup": True}
    await door.tenant(
        {
            "clients": [{**client, "grant_types": [OTP, "authorization_code"]}],
            "connections": [{"name": "email", "strategy": "email", "enabled_clients": ["Codes"], "options": options}],
        }
    )
    profile = {"email": ADA, "email_verified": True}
    identity = {"connection": "email", "user_id": "ada", "provider": "email", "isSocial": False}
    ada = User(user_id="email|ada", connection="email", profile=profile, identities=(identity,))
    await door.ports.users.create("tenant.test", ada, Identifiers(email=ADA), None, events=())
    answers, counted = [], []
    for username in (ADA, NOBODY):
        await ask(door, username)
        work.done.clear()
        answers.append(told(await ask(door, username), username))
        counted.append(Counter(work.done))
    assert answers[0] == answers[1]
    assert counted[0] == counted[1]
