"""What a form says is to be done: a page does that, or nothing."""

from __future__ import annotations

import pytest
from tests.integration.door import Door
from tests.integration.flows.test_sent_factors import NUMBER, code_sent, sent, tenant

RIGHT = {"username": "ada@example.test", "password": "correct-horse-9"}


@pytest.mark.parametrize("action", ["use-password", "pick-country-code", "nothing", "DEFAULT"])
async def test_what_a_page_does_not_know_is_not_taken_for_something_else(door: Door, action: str) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit(action, **RIGHT)
    assert (tab.status, tab.path) == (400, "/u/login")
    assert tab.form.fields["username"] == RIGHT["username"]
    assert "correct-horse-9" not in tab.text
    assert await door.log("s") == []
    await tab.submit("", **RIGHT)
    assert "code" in tab.answer


async def test_a_second_factor_is_not_proved_by_it(door: Door) -> None:
    await door.tenant(tenant("sms"))
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    await tab.submit("nothing", phone=NUMBER)
    assert (tab.status, tab.path) == (400, "/u/mfa-sms-enrollment")
    await tab.submit(phone=NUMBER)
    code = await code_sent(door)
    await tab.submit("enter-otp-code", code=code)
    assert (tab.status, tab.path) == (400, "/u/mfa-sms-challenge")
    assert await sent(door) == []
    await tab.submit(code=code)
    assert "code" in tab.answer


async def test_there_is_a_way_back_from_a_forgotten_password(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.get(next(link for link in tab.form.links if "reset" in link))
    await tab.submit("back-to-login", email=RIGHT["username"])
    assert (tab.status, tab.path) == (200, "/u/login")
    assert await sent(door) == []


@pytest.mark.parametrize(("action", "left"), [("snooze-enrollment", 2), ("refuse-add-device", 1)])
async def test_a_device_need_not_be_taken_on(door: Door, action: str, left: int) -> None:
    factors = [{"name": name, "enabled": True} for name in ("webauthn-platform", "otp")]
    flags = {"flags": {"mfa_show_factor_list_on_enrollment": True}}
    await door.tenant({**tenant(), "guardianFactors": factors, "tenant": flags})
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    await tab.submit(**{"webauthn-platform-available": "true"})
    await tab.submit("webauthn-platform")
    assert tab.path == "/u/mfa-webauthn-platform-enrollment"
    await tab.submit(action)
    assert tab.path == "/u/mfa-begin-enroll-options"
    assert len([one for one in tab.form.actions if one != "back-action"]) == left
    await tab.submit("carrier-pigeon")
    assert (tab.status, tab.path) == (400, "/u/mfa-begin-enroll-options")
    await tab.submit("otp")
    assert tab.path == "/u/mfa-otp-enrollment"


async def test_a_passkey_and_a_password_at_once_are_one_too_many(door: Door) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit(**RIGHT, passkey="{}")
    assert (tab.status, tab.path, tab.form.errors) == (400, "/u/login/identifier", {"": "conflict-password-passkey"})
