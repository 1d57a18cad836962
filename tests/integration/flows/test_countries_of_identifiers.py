"""A telephone number that says who somebody is, typed as it is written at home."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.door import CALLBACK, BrowserTab, Door

from doorward.model.message import Message

GB, DE = "+442079460000", "+4915123456789"
METHODS = {"password": {"enabled": True}, "phone_otp": {"enabled": True}}
OTP = "http://auth0.com/oauth/grant-type/passwordless/otp"
CODES = {
    "name": "Texts", "app_type": "spa", "token_endpoint_auth_method": "none", "callbacks": [CALLBACK],
    "grant_types": ["authorization_code", OTP],
}  # fmt: skip


def number(status: str = "required", *, verified: bool = True) -> dict[str, Any]:
    signup = {"status": status, "verification": {"active": verified}}
    return {"identifier": {"active": True, "default_method": "phone_otp"}, "signup": signup}


async def people(door: Door, **attributes: Any) -> Door:
    options = {"attributes": {"phone_number": number(), **attributes}, "authentication_methods": METHODS}
    return await door.tenant({"databases": [{"name": "people", "options": options}]})


async def sent(door: Door) -> list[str]:
    """Where messages are on their way to."""
    outbox = door.server.storage.outbox
    taken = await outbox.take(Message, until=door.clock.now() + 1, limit=100)
    for one in taken:
        await outbox.remove(one)
    return [one.message.to for one in taken if one.message is not None]


async def picked(tab: BrowserTab, country: str, **typed: str) -> BrowserTab:
    """The page a number is typed into, with a country chosen on its continent."""
    before = tab.path
    await tab.submit("pick-country-code", **typed)
    assert tab.path == "/u/mfa-country-codes", tab.text
    await tab.submit("selection-action::150")
    await tab.submit(f"selection-action::{country}")
    assert tab.path == before
    return tab


@pytest.mark.parametrize(
    ("country", "typed", "to"),
    [("DE+49", "0151 234 56789", DE), ("GB+44", "(020) 7946-0000", GB), ("DE+49", "+44 20 7946 0000", GB)],
)
async def test_a_number_as_written_at_home_is_sent_a_code(door: Door, country: str, typed: str, to: str) -> None:
    await people(door)
    tab = await door.browser().authorize(door.client("Spa"))
    await picked(tab, country)
    assert f'<bdi dir="ltr">{country[2:]}</bdi></p>' in tab.text
    await tab.submit(username=typed)
    assert tab.path == "/u/phone-identifier/challenge", tab.form.errors
    assert await sent(door) == [to]


async def test_without_a_country_such_a_number_is_of_nobody(door: Door) -> None:
    await people(door)
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit(username="0151 234 56789")
    assert tab.path != "/u/phone-identifier/challenge"
    assert await sent(door) == []


async def test_somebody_signs_up_with_it(door: Door) -> None:
    await people(door, email={"signup": {"status": "optional"}})
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await picked(tab, "DE+49", email="grace@example.test", phone_number="0151 234")
    assert tab.form.fields["email"] == "grace@example.test", "what was typed is still there"
    assert tab.form.fields["phone_number"] == "0151 234"
    before, country, after = tab.text.partition('<p class="country">')
    assert country
    assert 'id="email"' in before, "it stands above the number"
    assert 'id="phone_number"' in after
    await tab.submit(email="grace@example.test", phone_number="0151 234 56789")
    assert tab.path == "/u/phone-identifier/challenge", tab.form.errors
    assert await sent(door) == [DE]


async def test_a_text_message_alone_signs_in(door: Door) -> None:
    await door.tenant(
        {
            "clients": [CODES],
            "connections": [{"name": "sms", "strategy": "sms", "enabled_clients": ["Texts"], "options": {}}],
        }
    )
    tab = await door.browser().authorize(door.client("Texts"), connection="sms")
    await tab.submit(username="0151 234 56789")
    assert tab.form.errors == {"error-element-username": "invalid-phone-number"}
    await picked(tab, "DE+49", username="0151 234 56789")
    assert tab.form.fields["username"] == "0151 234 56789"
    await tab.submit(username=tab.form.fields["username"])
    assert tab.path == "/u/login/passwordless-sms-challenge", tab.form.errors
    assert await sent(door) == [DE]


@pytest.mark.parametrize("taken", ["code", "only"])
async def test_a_country_is_known_otherwise(door: Door, taken: str) -> None:
    """By the fields a page of the tenant posts, or because the tenant sends to no other."""
    await people(door)
    more = {"identifier_type": "phone", "identifier_phone": "0151 23456789", "identifier_phone_country_code": "DE"}
    if taken == "only":
        await door.tenant({"tenant": {"country_codes": {"mode": "allow", "list": ["DE"]}}})
        more = {}
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit(username="0151 23456789", **more)
    assert tab.path == "/u/phone-identifier/challenge", tab.form.errors
    assert await sent(door) == [DE]


async def test_a_user_name_of_digits_stays_one(door: Door) -> None:
    username = {"identifier": {"active": True}, "signup": {"status": "required"}}
    await people(door, username=username)
    await door.tenant({"tenant": {"country_codes": {"mode": "allow", "list": ["DE"]}}})
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit(username="015123456789")
    assert tab.path == "/u/login/password"
    assert await sent(door) == []


async def test_the_way_back_leads_where_it_was_left(door: Door) -> None:
    await people(door)
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit("pick-country-code", username="0151")
    await tab.submit("selection-action::150")
    await tab.submit("back-action")
    await tab.submit("back-action")
    assert tab.path == "/u/login/identifier"
    assert 'class="country"' not in tab.text


async def test_there_is_no_country_where_no_number_is_asked_for(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    assert "pick-country-code" not in tab.form.actions
    await tab.get(tab.at.replace(tab.path, "/u/mfa-country-codes"))
    assert tab.path != "/u/mfa-country-codes"
