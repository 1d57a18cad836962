"""A code from a mail verifies an address before somebody with a password is let in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.door import BrowserTab, Door
from tests.integration.flows.test_managing_people import manager

from doorward.model.message import Message

PATH = "/u/login-email-verification"
EMAIL = {"verification_method": "otp", "signup": {"status": "required", "verification": {"active": True}}}


@pytest.fixture
async def door(door: Door) -> Door:
    await asking(door, EMAIL)
    return door


async def asking(door: Door, email: dict[str, Any]) -> None:
    await door.tenant({"databases": [{"name": "people", "options": {"attributes": {"email": email}}}]})


async def code_of(door: Door) -> str:
    """The code of the only message on its way."""
    outbox = door.server.storage.outbox
    (taken,) = await outbox.take(Message, until=door.clock.now() + 1, limit=100)
    await outbox.remove(taken)
    assert taken.message is not None
    assert (taken.message.template, taken.message.to) == ("verify_email_by_code", "grace@example.test")
    code: str = taken.message.values["code"]
    return code


async def signed_up(door: Door) -> BrowserTab:
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await tab.submit(email="grace@example.test", password="Correct-Horse-9")
    assert tab.path == PATH
    return tab


async def test_a_new_person_enters_a_code_before_they_are_let_in(door: Door) -> None:
    tab = await signed_up(door)
    assert tab.page is not None
    assert "grace@example.test" in tab.page.text
    silent = await BrowserTab(door, tab.domain).authorize(door.client("Spa"), prompt="none")
    assert silent.answer["error"] == "login_required"
    assert not tab.http.cookies.get("auth0")
    code = await code_of(door)
    await tab.submit(code="12")
    assert tab.form.errors == {"error-element-code": "invalid-otp-code-format"}
    await tab.submit(code=f"{(int(code) + 1) % 10**6:06}")
    assert tab.form.errors == {"error-element-code": "invalid-code"}
    await tab.submit(code=f"{code[:3]}-{code[3:]}")
    assert "code" in tab.answer
    assert [event.user_name for event in await door.log("sv")] == ["grace@example.test"]
    assert len(await door.log("svr")) == len(await door.log("fv")) == 1
    again = await door.browser().authorize(door.client("Spa"))
    await again.login("grace@example.test", "Correct-Horse-9")
    assert "code" in again.answer, "and once is enough"


async def test_who_left_is_asked_at_the_next_login(door: Door) -> None:
    await signed_up(door)
    await code_of(door)
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.login("grace@example.test", "Correct-Horse-9")
    assert tab.path == PATH
    await tab.submit(code=await code_of(door))
    assert "code" in tab.answer


async def test_who_is_verified_is_not_asked(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.login()
    assert "code" in tab.answer


@pytest.mark.parametrize(
    "email", [{**EMAIL, "verification_method": "link"}, {**EMAIL, "signup": {"verification": {"active": False}}}]
)
async def test_nobody_is_asked_where_the_connection_does_not_say_so(door: Door, email: dict[str, Any]) -> None:
    await asking(door, email)
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await tab.submit(email="grace@example.test", password="Correct-Horse-9")
    assert "code" in tab.answer


async def test_the_page_is_closed_to_whoever_proved_no_password(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    state = tab.form.fields["state"]
    await tab.get(f"{PATH}?state={state}")
    assert tab.path == "/u/login"
    posted = await tab.http.post(f"{PATH}?state={state}", data={"state": state, "code": "123456"})
    assert posted.headers["location"].startswith("/u/login?")


async def test_codes_are_over_sent_again_and_not_without_end(door: Door) -> None:
    tab = await signed_up(door)
    first = await code_of(door)
    door.clock.pass_(601)
    await tab.submit(code=first)
    assert tab.form.errors == {"error-element-code": "invalid-expired-code"}
    for _ in range(9):
        await tab.submit("resend-code")
        assert tab.path == PATH
        await code_of(door)
    await tab.submit("resend-code")
    await tab.submit("resend-code")
    assert tab.page is not None
    assert (tab.page.status_code, tab.form.errors) == (429, {"": "too-many-email"})


async def test_a_code_that_comes_twice_lets_in_once(door: Door) -> None:
    tab = await signed_up(door)
    body = {"state": tab.form.fields["state"], "code": await code_of(door), "action": "default"}
    answers = await asyncio.gather(*(tab.http.post(tab.at, data=body) for _ in range(4)))
    assert {answer.headers.get("location", "").partition("?")[0] for answer in answers} == {"/authorize/resume"}
    assert len(await door.log("sv")) == 1


async def test_going_back_leads_to_another_address(door: Door) -> None:
    tab = await signed_up(door)
    await tab.submit("back-action")
    assert tab.path == "/u/login"
    await tab.login()
    assert "code" in tab.answer


async def test_whom_an_administrator_blocked_meanwhile_stays_out(door: Door) -> None:
    tab = await signed_up(door)
    code = await code_of(door)
    user_id = (await door.log("ss"))[0].user_id
    manager = door.client("Mgmt")
    granted = await door.token(
        grant_type="client_credentials", client_id=manager.client_id, client_secret=manager.client_secret or "",
        audience="https://tenant.test/api/v2/",
    )  # fmt: skip
    async with door.http() as http:
        blocked = await http.patch(
            f"/api/v2/users/{user_id.replace('|', '%7C')}",
            json={"blocked": True},
            headers={"authorization": f"Bearer {granted.json()['access_token']}"},
        )
    assert blocked.status_code == 200
    await tab.submit(code=code)
    assert tab.path == "/u/login"


async def test_who_was_unlinked_meanwhile_begins_again(door: Door) -> None:
    options = {"attributes": {"email": EMAIL}}
    await door.tenant(
        {
            "databases": [{"name": "guests", "strategy": "auth0", "enabled_clients": ["Web"], "options": options}],
            "users": [{"email": "bea@example.test", "password": "bea-horse-9", "connection": "guests"}],
        }
    )
    api = await manager(door)
    (ada,), (bea,) = [await api.get("/users-by-email", email=f"{name}@example.test") for name in ("ada", "bea")]
    of_ada = f"/users/{ada['user_id']}/identities"
    await api.post(of_ada, {"provider": "auth0", "user_id": bea["user_id"]})
    tab = await door.browser().authorize(door.client("Web"), connection="guests")
    await tab.login("bea@example.test", "bea-horse-9")
    assert tab.path == PATH
    page = tab.at
    await api.delete(f"{of_ada}/auth0/{bea['user_id'].removeprefix('auth0|')}", status=200)
    await tab.submit(code="123456")
    assert (tab.status, tab.path) == (200, "/u/login")
    await tab.get(page)
    assert (tab.status, tab.path) == (200, "/u/login")


# ── without pages ──

WELCOME = {
    "template": "welcome_email", "body": "<p>Welcome</p>", "from": "a@example.test", "subject": "Welcome",
    "syntax": "liquid", "enabled": True,
}  # fmt: skip


async def templates(door: Door) -> list[str]:
    """What is on its way, taken."""
    outbox = door.server.storage.outbox
    taken = await outbox.take(Message, until=door.clock.now() + 1, limit=100)
    for one in taken:
        await outbox.remove(one)
    return [one.message.template for one in taken if one.message is not None]


async def managing(door: Door, **user: Any) -> dict[str, Any]:
    manager = door.client("Mgmt")
    granted = await door.token(
        grant_type="client_credentials", client_id=manager.client_id, client_secret=manager.client_secret or "",
        audience="https://tenant.test/api/v2/",
    )  # fmt: skip
    async with door.http() as http:
        made = await http.post(
            "/api/v2/users",
            json={"connection": "people", "password": "Correct-Horse-9", **user},
            headers={"authorization": f"Bearer {granted.json()['access_token']}"},
        )
    assert made.status_code == 201, made.text
    answer: dict[str, Any] = made.json()
    return answer


async def test_who_signed_up_at_the_endpoint_is_asked_when_they_log_in(door: Door) -> None:
    await door.tenant({"emailTemplates": [WELCOME]})
    body = {
        "client_id": door.client("Spa").client_id, "connection": "people", "email": "grace@example.test",
        "password": "Correct-Horse-9",
    }  # fmt: skip
    async with door.http() as http:
        answer = await http.post("/dbconnections/signup", json=body)
    assert (answer.status_code, answer.json()["email_verified"]) == (200, False)
    assert await templates(door) == [], "no link, and no welcome yet"
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.login("grace@example.test", "Correct-Horse-9")
    assert tab.path == PATH
    await tab.submit(code=await code_of(door))
    assert "code" in tab.answer
    assert await templates(door) == ["welcome_email"]


async def test_whom_an_administrator_makes_is_sent_a_link_if_it_is_asked_for(door: Door) -> None:
    await door.tenant({"emailTemplates": [WELCOME]})
    await managing(door, email="grace@example.test")
    assert await templates(door) == []
    await managing(door, email="bob@example.test", verify_email=True)
    assert await templates(door) == ["verify_email"]
    await managing(door, email="eve@example.test", email_verified=True)
    assert await templates(door) == ["welcome_email"]


async def test_where_links_verify_the_welcome_comes_after(door: Door) -> None:
    await asking(door, {**EMAIL, "verification_method": "link"})
    await door.tenant({"emailTemplates": [WELCOME]})
    await managing(door, email="grace@example.test")
    assert await templates(door) == ["verify_email"]
    await managing(door, email="bob@example.test", verify_email=False)
    assert await templates(door) == ["welcome_email"]


async def test_without_passwords_nobody_is_made_with_one(door: Door) -> None:
    options = {
        "attributes": {"email": EMAIL},
        "authentication_methods": {"password": {"enabled": False}, "email_otp": {"enabled": True}},
    }
    await door.tenant({"databases": [{"name": "people", "options": options}]})
    body = {"client_id": door.client("Spa").client_id, "connection": "people", "email": "grace@example.test"}
    async with door.http() as http:
        refused = await http.post("/dbconnections/signup", json={**body, "password": "Correct-Horse-9"})
        made = await http.post("/dbconnections/signup", json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "signup_disabled")
    assert made.status_code == 200
