"""Second factors whose code is sent: by mail, by text message, by a call."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from tests.integration.door import DOMAIN, BrowserTab, Door, pace
from tests.integration.flows.test_mfa_api import GRANT, GRANTS, call, grant, required
from tests.integration.flows.test_second_factor import heading, types, user_id

from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.message import Message
from doorward.model.mfa import EMAIL, MfaSubject, Outcome
from doorward.model.request_context import RequestContext

NUMBER = "+442079460000"
OTHER = "+442079460001"


def tenant(*factors: str, message_types: tuple[str, ...] = ("sms",)) -> dict[str, Any]:
    return {
        "guardianFactors": [{"name": name, "enabled": True} for name in factors],
        "guardianPolicies": {"policies": ["all-applications"]},
        "guardianPhoneFactorMessageTypes": {"message_types": list(message_types)},
        "clients": [{"name": "Web", "grant_types": [*GRANTS, f"{GRANT}mfa-oob"]}],
    }


async def sent(door: Door) -> list[Message]:
    """What is on its way, which is then gone."""
    outbox = door.server.storage.outbox
    taken = await outbox.take(Message, until=door.clock.now() + 1, limit=100)
    for one in taken:
        await outbox.remove(one)
    return [one.message for one in taken if one.message is not None]


async def code_sent(door: Door) -> str:
    (message,) = await sent(door)
    code: str = message.values["code"]
    return code


async def has(door: Door, type_: MethodType, *addresses: str) -> None:
    name = "phone_number" if type_ is MethodType.PHONE else "email"
    user = await user_id(door)
    methods = [
        AuthenticationMethod(id=f"dev_{place}", user_id=user, type=type_, created_at=0.0, properties={name: address})
        for place, address in enumerate(addresses)
    ]
    assert await door.ports.authentication_methods.add(DOMAIN, user, methods, events=())


async def login(door: Door) -> BrowserTab:
    return await (await door.browser().authorize(door.client("Web"))).login()


async def test_a_verified_address_is_a_factor_where_there_is_no_other(door: Door) -> None:
    await door.tenant(tenant("email"))
    tab = await login(door)
    assert tab.path == "/u/mfa-email-challenge"
    assert tab.page is not None
    assert "****@exam********" in tab.page.text
    assert "ada@example.test" not in tab.page.text
    (message,) = await sent(door)
    assert (message.template, message.to, message.channel.value) == ("mfa_oob_code", "ada@example.test", "email")
    await tab.get(tab.at)
    assert await sent(door) == [], "looking again sends nothing"
    await tab.submit(code="000000")
    assert (tab.page.status_code, tab.form.errors) == (400, {"error-element-code": "invalid-code"})
    await tab.submit(code=message.values["code"], rememberBrowser="true")
    assert "code" in tab.answer
    assert await door.log("gd_send_email")
    assert await door.log("gd_auth_succeed")
    await tab.authorize(door.client("Web"), prompt="login")
    await tab.login()
    assert "code" in tab.answer


async def test_an_address_nobody_enrolled_is_none_where_another_can_be_taken_on(door: Door) -> None:
    await door.tenant(tenant("email", "sms"))
    tab = await login(door)
    assert tab.path == "/u/mfa-sms-enrollment"


async def test_a_number_is_taken_on_by_the_code_sent_to_it(door: Door) -> None:
    await door.tenant(tenant("sms", "recovery-code"))
    tab = await login(door)
    assert tab.path == "/u/mfa-sms-enrollment"
    assert tab.page is not None
    for typed, error in (
        ("", "no-phone"),
        ("12345", "invalid-phone"),
        ("+12 abc", "invalid-phone"),
        ("+1", "invalid-phone"),
    ):
        await tab.submit(phone=typed)
        assert (tab.page.status_code, tab.form.errors) == (400, {"error-element-phone": error})
    await tab.submit(phone="+44 20 7946-0001")
    assert tab.path == "/u/mfa-sms-challenge"
    assert (await sent(door))[0].to == OTHER
    await tab.submit("back-action")
    assert tab.form.fields["phone"] == OTHER
    await tab.submit(phone=NUMBER)
    (message,) = await sent(door)
    assert (message.template, message.to, message.channel.value) == ("otp_enroll", NUMBER, "sms")
    await tab.submit(code=message.values["code"])
    assert tab.path == "/u/mfa-recovery-code-enrollment"
    await tab.submit(saved="on")
    assert "code" in tab.answer
    (method, _) = await door.ports.authentication_methods.of_user(DOMAIN, await user_id(door))
    assert method.properties == {"phone_number": NUMBER, "preferred_authentication_method": "sms"}

    again = await login(door)
    assert again.path == "/u/mfa-sms-challenge"
    (message,) = await sent(door)
    assert (message.template, message.to) == ("otp_verify", NUMBER)
    await again.submit(code=message.values["code"])
    assert "code" in again.answer


async def test_one_of_several_numbers_is_chosen(door: Door) -> None:
    await door.tenant(tenant("sms"))
    await has(door, MethodType.PHONE, NUMBER, OTHER)
    tab = await login(door)
    await sent(door)
    await tab.submit("pick-sms")
    assert tab.path == "/u/mfa-sms-list"
    assert tab.form.actions == ["selection-action::0", "selection-action::1", "back-action"]
    await tab.submit("selection-action::9")
    assert tab.path == "/u/mfa-sms-list"
    await tab.submit("selection-action::1")
    (message,) = await sent(door)
    assert message.to == OTHER
    await tab.submit(code=message.values["code"])
    assert "code" in tab.answer


async def test_a_call_may_be_had_instead_of_a_message(door: Door) -> None:
    await door.tenant(tenant("sms", message_types=("sms", "voice")))
    await has(door, MethodType.PHONE, NUMBER)
    tab = await login(door)
    first = await code_sent(door)
    await tab.submit("switch-to-voice")
    assert tab.path == "/u/mfa-voice-challenge"
    (message,) = await sent(door)
    assert (message.channel.value, message.to) == ("voice", NUMBER)
    await tab.submit(code=first)
    assert tab.form.errors == {"error-element-code": "invalid-code"}
    await tab.submit(code=message.values["code"])
    assert "code" in tab.answer


async def test_a_new_code_replaces_the_old_and_too_many_are_not_sent(door: Door) -> None:
    await door.tenant(tenant("sms"))
    await has(door, MethodType.PHONE, NUMBER)
    tab = await login(door)
    first = await code_sent(door)
    await tab.submit("resend-code")
    second = await code_sent(door)
    await tab.submit(code=first)
    assert tab.form.errors == {"error-element-code": "invalid-code"} or first == second
    for _ in range(3):
        await tab.submit("resend-code")
    await sent(door)
    await tab.submit("resend-code")
    assert tab.page is not None
    assert (tab.page.status_code, tab.form.errors) == (429, {"": "too-many-sms"})
    other = await login(door)
    assert other.page is not None
    assert (other.page.status_code, await sent(door)) == (429, []), "another login sends no more"
    door.clock.pass_(121)
    await tab.submit("resend-code")
    assert tab.page.status_code == 200
    await tab.submit(code=await code_sent(door))
    assert "code" in tab.answer


async def test_a_code_is_void_after_a_while_after_five_tries_and_in_another_login(door: Door) -> None:
    await door.tenant(tenant("sms"))
    await has(door, MethodType.PHONE, NUMBER)
    tab = await login(door)
    mine = await code_sent(door)
    other = await login(door)
    theirs = await code_sent(door)
    await other.submit(code=mine)
    assert other.form.errors or mine == theirs
    door.clock.pass_(301)
    await tab.submit(code=mine)
    assert tab.form.errors == {"": "no-transaction-in-progress"}
    door.clock.pass_(3600)
    tab = await login(door)
    right = await code_sent(door)
    for _ in range(5):
        await tab.submit(code=f"{(int(right) + 1) % 1_000_000:06}")
        assert tab.form.errors == {"error-element-code": "invalid-code"}
    door.clock.pass_(290)
    await tab.submit(code=right)
    assert tab.page is not None
    assert tab.page.status_code in (400, 429)
    assert "error" not in tab.at


async def test_a_code_is_taken_once_however_many_bring_it(door: Door) -> None:
    await door.tenant(tenant("sms"))
    token = await start(door)
    body = await challenged(door, token)
    code = await code_sent(door)
    answers = await asyncio.gather(*(oob(door, token, body["oob_code"], code) for _ in range(4)))
    assert sorted(answers) == [200, 403, 403, 403]


async def start(door: Door) -> str:
    """An mfa_token of somebody with a number."""
    await has(door, MethodType.PHONE, NUMBER)
    token: str = (await required(door))["mfa_token"]
    return token


async def challenged(door: Door, token: str, **more: Any) -> dict[str, Any]:
    answer = await call(door, "POST", "challenge", token, {"mfa_token": token, "challenge_type": "oob", **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def oob(door: Door, token: str, oob_code: str, code: str) -> int:
    return (await grant(door, "mfa-oob", mfa_token=token, oob_code=oob_code, binding_code=code)).status_code


async def test_a_code_at_the_token_endpoint(door: Door) -> None:
    await door.tenant(tenant("sms", "email"))
    token = await start(door)
    listed = (await call(door, "GET", "authenticators", token)).json()
    active = {"authenticator_type": "oob", "active": True}
    assert listed == [
        {"id": "sms|dev_0", "type": "phone", "oob_channel": "sms", "name": "XXXXXXXXX0000", **active},
        {"id": "email|account", "type": "email", "oob_channel": "email", "name": "****@exam********", **active},
    ]
    body = await challenged(door, token, authenticator_id="email|account")
    (message,) = await sent(door)
    assert (body["challenge_type"], body["binding_method"], message.to) == ("oob", "prompt", "ada@example.test")
    body = await challenged(door, token, authenticator_id="sms|dev_0")
    code = await code_sent(door)
    wrong = await grant(door, "mfa-oob", mfa_token=token, oob_code=body["oob_code"], binding_code="x")
    assert (wrong.status_code, wrong.json()["error_description"]) == (403, "Invalid binding_code.")
    for foreign in ("", "sms.nobody", "otp.x", "recovery-code.x"):
        assert await oob(door, token, foreign, code) in (400, 403)
    assert await oob(door, token, body["oob_code"], code) == 200
    assert await door.log("seoobft")
    assert await door.log("feoobft")


async def test_a_number_taken_on_with_the_token(door: Door) -> None:
    await door.tenant(tenant("sms", "recovery-code"))
    token = (await required(door))["mfa_token"]
    asked = {"authenticator_types": ["oob"], "oob_channels": ["sms"]}
    for body in (asked, {**asked, "phone_number": "nonsense"}, {**asked, "oob_channels": ["auth0"]}):
        assert (await call(door, "POST", "associate", token, body)).status_code == 400
    made = (await call(door, "POST", "associate", token, {**asked, "phone_number": NUMBER})).json()
    assert (made["authenticator_type"], made["oob_channel"], made["binding_method"]) == ("oob", "sms", "prompt")
    code = await code_sent(door)
    assert await types(door) == []
    answer = await grant(door, "mfa-oob", mfa_token=token, oob_code=made["oob_code"], binding_code=code)
    assert answer.status_code == 200
    assert sorted(await types(door)) == ["phone", "recovery-code"]
    token = (await required(door))["mfa_token"]
    used = await grant(door, "mfa-recovery-code", mfa_token=token, recovery_code=made["recovery_codes"][0])
    assert used.status_code == 200


async def test_a_code_for_another_number_proves_nothing_once_somebody_has_one(door: Door) -> None:
    """Who knows the password and began to enrol a number of their own must not get in by it later."""
    await door.tenant(tenant("sms"))
    token = (await required(door))["mfa_token"]
    asked = {"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": OTHER}
    made = (await call(door, "POST", "associate", token, asked)).json()
    code = await code_sent(door)
    tab = await login(door)
    await tab.submit(phone=OTHER)
    on_page = await code_sent(door)
    await has(door, MethodType.PHONE, NUMBER)
    assert await oob(door, token, made["oob_code"], code) == 403
    await tab.submit(code=on_page)
    assert tab.path == "/u/mfa-sms-challenge"
    assert (await sent(door))[0].to == NUMBER
    assert [one.properties["phone_number"] for one in await methods(door)] == [NUMBER]


async def methods(door: Door) -> list[AuthenticationMethod]:
    return await door.ports.authentication_methods.of_user(DOMAIN, await user_id(door))


async def test_a_code_to_a_number_that_was_taken_away_is_nothing(door: Door) -> None:
    await door.tenant(tenant("sms"))
    await has(door, MethodType.PHONE, NUMBER, OTHER)
    tab = await login(door)
    (message,) = await sent(door)
    await door.ports.authentication_methods.remove(DOMAIN, ["dev_0"], events=())
    await tab.submit(code=message.values["code"])
    assert tab.path != "/callback"
    assert tab.page is not None
    assert tab.page.status_code in (200, 400)


@pytest.mark.parametrize(
    ("message_types", "path"), [(("voice",), "/u/mfa-voice-enrollment"), ((), "/u/mfa-sms-enrollment")]
)
async def test_the_tenant_says_by_what_numbers_are_reached(
    door: Door, message_types: tuple[str, ...], path: str
) -> None:
    await door.tenant(tenant("sms", message_types=message_types))
    tab = await login(door)
    assert tab.path == path


LISTED = {"tenant": {"flags": {"mfa_show_factor_list_on_enrollment": True}}}


async def test_of_several_factors_the_most_secure_comes_first_and_others_can_be_chosen(door: Door) -> None:
    await door.tenant(tenant("otp", "sms"))
    tab = await login(door)
    assert tab.path == "/u/mfa-otp-enrollment"
    await tab.submit("pick-authenticator")
    assert (tab.path, tab.form.actions) == ("/u/mfa-begin-enroll-options", ["otp", "sms", "back-action"])
    await tab.submit("sms")
    assert tab.path == "/u/mfa-sms-enrollment"


async def test_of_several_factors_one_is_chosen_to_begin_with_where_the_tenant_says_so(door: Door) -> None:
    await door.tenant({**tenant("otp", "sms", message_types=("sms", "voice")), **LISTED})
    tab = await login(door)
    assert (tab.path, heading(tab)) == ("/u/mfa-begin-enroll-options", "Protect your account")
    assert tab.form.actions == ["otp", "phone"]
    await tab.submit("sms")
    assert tab.path == "/u/mfa-sms-enrollment"
    await tab.submit("pick-authenticator")
    await tab.submit("back-action")
    assert tab.path == "/u/mfa-sms-enrollment"
    await tab.submit("pick-authenticator")
    await tab.submit("otp")
    assert tab.path == "/u/mfa-otp-enrollment"


# ── a number that is reached in two ways ──


async def test_message_or_call_is_asked_where_both_are_possible(door: Door) -> None:
    await door.tenant({**tenant("sms", "otp", message_types=("sms", "voice")), **LISTED})
    tab = await login(door)
    assert tab.form.actions == ["otp", "phone"]
    await tab.submit("phone")
    assert tab.path == "/u/mfa-phone-enrollment"
    assert tab.form.fields["type"] == "sms"
    await tab.submit(phone="", type="voice")
    assert tab.form.errors == {"error-element-phone": "no-phone"}
    assert tab.form.fields["type"] == "voice"
    await tab.submit(phone=OTHER, type="voice")
    assert tab.path == "/u/mfa-voice-challenge"
    (message,) = await sent(door)
    assert (message.channel.value, message.to) == ("voice", OTHER)
    await tab.submit("back-action")
    assert tab.path == "/u/mfa-phone-enrollment"
    await tab.submit(phone=NUMBER, type="sms")
    assert tab.path == "/u/mfa-sms-challenge"
    await sent(door)
    await tab.submit("switch-to-voice")
    (message,) = await sent(door)
    await tab.submit(code=message.values["code"])
    assert "code" in tab.answer
    (method,) = await door.ports.authentication_methods.of_user(DOMAIN, await user_id(door))
    assert method.properties == {"phone_number": NUMBER, "preferred_authentication_method": "voice"}

    tab = await login(door)
    assert tab.path == "/u/mfa-voice-challenge", "as it was wanted"
    await sent(door)
    assert "pick-authenticator" not in tab.form.actions


async def test_a_phone_that_is_picked_asks_how(door: Door) -> None:
    await door.tenant(tenant("sms", "email", message_types=("sms", "voice")))
    await has(door, MethodType.PHONE, NUMBER, OTHER)
    tab = await login(door)
    assert tab.path == "/u/mfa-sms-challenge"
    await tab.submit("pick-authenticator")
    assert tab.form.actions == ["phone", "email", "back-action"]
    await sent(door)
    await tab.submit("phone")
    assert tab.path == "/u/mfa-phone-challenge"
    assert await sent(door) == [], "nothing is sent before that is said"
    assert "0000" in tab.text
    assert NUMBER not in tab.text
    await tab.submit("pick-phone")
    assert tab.path == "/u/mfa-sms-list"
    await tab.submit("selection-action::1")
    assert tab.path == "/u/mfa-phone-challenge"
    await tab.submit(type="voice")
    assert tab.path == "/u/mfa-voice-challenge"
    (message,) = await sent(door)
    assert (message.channel.value, message.to) == ("voice", OTHER)
    await tab.submit(code=message.values["code"])
    assert "code" in tab.answer


async def test_a_number_alone_leads_straight_to_it(door: Door) -> None:
    await door.tenant(tenant("sms", message_types=("sms", "voice")))
    tab = await login(door)
    assert tab.path == "/u/mfa-phone-enrollment"
    await tab.submit(phone=NUMBER, type="push")
    assert tab.path == "/u/mfa-sms-challenge"


@pytest.mark.parametrize(
    ("country", "typed", "number"),
    [
        ("GB+44", "020 7946 0000", NUMBER),
        ("GB+44", "(020) 7946-0000", NUMBER),
        ("GB+44", "20 7946 0000", NUMBER),
        ("GB+44", "+33 1 70 18 99 00", "+33170189900"),
        ("IT+39", "06 0123 4567", "+390601234567"),
        ("US+1", "(202) 555-0123", "+12025550123"),
    ],
)
async def test_a_country_is_chosen_for_a_number(door: Door, country: str, typed: str, number: str) -> None:
    await door.tenant(tenant("sms"))
    tab = await login(door)
    await tab.submit("pick-country-code")
    assert tab.path == "/u/mfa-country-codes"
    await tab.submit("selection-action::XX+0")
    assert tab.path == "/u/mfa-country-codes"
    await tab.submit(f"selection-action::{country}")
    assert tab.path == "/u/mfa-sms-enrollment"
    assert f'<bdi dir="ltr">{country[2:]}</bdi></p>' in tab.text
    await tab.submit(phone=typed)
    assert tab.path == "/u/mfa-sms-challenge", tab.form.errors
    (message,) = await sent(door)
    assert message.to == number


def countries(tab: BrowserTab) -> list[str]:
    """What can be chosen beside the way back."""
    offered = [action.removeprefix("selection-action::") for action in tab.form.actions]
    assert offered.pop() == "back-action"
    return offered


async def test_a_country_is_found_on_its_continent(door: Door) -> None:
    await door.tenant(tenant("sms"))
    tab = await login(door)
    await tab.submit("pick-country-code")
    assert countries(tab) == ["002", "019", "142", "150", "009"]
    await tab.submit("selection-action::009")
    assert "Oceania" in tab.text
    assert countries(tab)[:4] == ["AS+1", "AU+61", "CX+61", "CC+61"]
    await tab.submit("back-action")
    await tab.submit("selection-action::150")
    assert "Oceania" not in tab.text
    assert "RU+7" in countries(tab)
    await tab.submit("selection-action::FR+33")
    assert (tab.path, "France" in tab.text) == ("/u/mfa-sms-enrollment", True)
    await tab.submit("pick-country-code")
    await tab.submit("selection-action::142")
    assert "RU+7" in countries(tab), "a country of two continents is on both"
    await tab.submit("back-action")
    await tab.submit("back-action")
    assert (tab.path, "France" in tab.text) == ("/u/mfa-sms-enrollment", True), "what was chosen stays"


async def test_countries_are_called_and_ordered_as_the_reader_does(door: Door) -> None:
    await door.tenant({**tenant("sms"), "tenant": {"enabled_locales": ["de"]}})
    tab = await login(door)
    await tab.submit("pick-country-code")
    assert countries(tab) == ["002", "019", "142", "150", "009"]
    await tab.submit("selection-action::002")
    assert countries(tab)[:4] == ["EG+20", "DZ+213", "AO+244", "GQ+240"]
    assert re.findall(r">([^<]+) <bdi", tab.text)[:4] == ["Ägypten", "Algerien", "Angola", "Äquatorialguinea"]


async def test_a_page_the_tenant_draws_is_told_of_every_country(door: Door) -> None:
    drawn = {"prompt": "mfa-sms", "screen": "mfa-country-codes", "rendering_mode": "advanced"}
    settings = {"enabled_locales": ["de"], "country_codes": {"mode": "allow", "list": ["CH", "AT"]}}
    await door.tenant({**tenant("sms"), "tenant": settings, "prompts": {"screenRenderers": [drawn]}})
    tab = await login(door)
    await tab.submit("pick-country-code")
    assert (
        '"available":[{"code":"AT","label":"Österreich","dial_code":"+43"},{"code":"CH","label":"Schweiz"' in tab.text
    )
    assert '{"country":"Österreich","country_code":"AT","phone_prefix":"+43"}' in tab.text


async def test_only_countries_messages_go_to_can_be_chosen(door: Door) -> None:
    await door.tenant({**tenant("sms"), "tenant": {"country_codes": {"mode": "allow", "list": ["CH", "AT"]}}})
    tab = await login(door)
    await tab.submit("pick-country-code")
    assert countries(tab) == ["AT+43", "CH+41"]
    await tab.submit("selection-action::DE+49")
    assert tab.path == "/u/mfa-country-codes"
    await door.tenant({"tenant": {"country_codes": {"mode": "deny", "list": ["NZ"]}}})
    await tab.submit("selection-action::009")
    assert "AU+61" in countries(tab)
    assert "NZ+64" not in countries(tab)


async def test_a_country_need_not_be_chosen(door: Door) -> None:
    await door.tenant(tenant("sms", message_types=("voice",)))
    tab = await login(door)
    assert tab.path == "/u/mfa-voice-enrollment"
    await tab.submit("pick-country-code")
    await tab.submit("back-action")
    assert tab.path == "/u/mfa-voice-enrollment"
    await tab.submit(phone="020 7946 0000")
    assert tab.form.errors == {"error-element-phone": "invalid-phone"}


@pytest.mark.parametrize("typed", ["+44" + "0" * 90, "+" + " " * 70 + "442079460000", "+44 2079460000 extension 12345"])
async def test_no_number_is_that_long(door: Door, typed: str) -> None:
    await door.tenant(tenant("sms"))
    tab = await login(door)
    await tab.submit(phone=typed)
    assert (tab.status, tab.form.errors) == (400, {"error-element-phone": "invalid-phone"})
    assert len(tab.form.fields["phone"]) <= 64
    assert await sent(door) == []


# ── the mailbox of the account ──


async def unverified(door: Door) -> None:
    person = {"email": "eve@example.test", "password": "correct-horse-9", "connection": "people"}
    await door.tenant({"users": [person]})


async def test_an_address_that_is_not_verified_is_taken_on_by_a_code(door: Door) -> None:
    await unverified(door)
    await door.tenant(tenant("email", "recovery-code"))
    tab = await (await door.browser().authorize(door.client("Web"))).login("eve@example.test")
    assert tab.path == "/u/mfa-email-challenge"
    assert "back-action" not in tab.form.actions
    (message,) = await sent(door)
    assert (message.template, message.to) == ("mfa_oob_code", "eve@example.test")
    await tab.submit(code="000000")
    assert tab.form.errors == {"error-element-code": "invalid-code"}
    await tab.submit(code=message.values["code"])
    assert tab.path == "/u/mfa-recovery-code-enrollment"
    await tab.submit(saved="on")
    assert "code" in tab.answer
    found = await door.ports.users.find_by_identifier(DOMAIN, "people", "email", "eve@example.test")
    assert found is not None
    methods = await door.ports.authentication_methods.of_user(DOMAIN, found[0].user_id)
    assert {one.type: one.properties for one in methods} == {
        MethodType.EMAIL: {"email": "eve@example.test"},
        MethodType.RECOVERY_CODE: {},
    }

    again = await (await door.browser().authorize(door.client("Web"))).login("eve@example.test")
    assert again.path == "/u/mfa-email-challenge"
    await again.submit(code=await code_sent(door))
    assert "code" in again.answer


async def test_another_factor_goes_before_an_address_that_is_not_verified(door: Door) -> None:
    await unverified(door)
    await door.tenant(tenant("email", "otp"))
    tab = await (await door.browser().authorize(door.client("Web"))).login("eve@example.test")
    assert tab.path == "/u/mfa-otp-enrollment"
    assert "pick-authenticator" not in tab.form.actions


async def test_one_of_several_addresses_is_chosen(door: Door) -> None:
    await door.tenant(tenant("email"))
    await has(door, MethodType.EMAIL, "ada@elsewhere.test")
    tab = await login(door)
    (message,) = await sent(door)
    assert message.to == "ada@elsewhere.test"
    await tab.submit("pick-email")
    assert tab.path == "/u/mfa-email-list"
    await tab.submit("selection-action::1")
    (message,) = await sent(door)
    assert message.to == "ada@example.test"
    await tab.submit(code=message.values["code"])
    assert "code" in tab.answer


async def test_k7_numbers_of_other_countries_are_sent_nothing(door: Door) -> None:
    await door.tenant({**tenant("sms"), "tenant": {"country_codes": {"mode": "allow", "list": ["DE"]}}})
    tab = await login(door)
    await tab.submit(phone=NUMBER)
    assert tab.form.errors == {"error-element-phone": "invalid-phone"}
    await has(door, MethodType.PHONE, NUMBER)
    tab = await login(door)
    assert (tab.path, tab.form.errors) == ("/u/mfa-sms-challenge", {"": "send-sms-failed"})
    assert tab.status == 400
    assert not await sent(door)
    await door.tenant({"tenant": {"country_codes": {"mode": "deny", "list": ["DE"]}}})
    await tab.submit("resend-code")
    assert len(await sent(door)) == 1


async def test_k7_an_address_that_people_name_is_not_flooded(door: Door) -> None:
    people = [f"p{number}@example.test" for number in range(3)]
    await door.tenant({**tenant("email"), "users": [{"email": one, "connection": "people"} for one in people]})
    directory, outcomes = door.ports.directory.tenant(DOMAIN), []
    for one in people:
        found = await door.ports.users.find_by_identifier(DOMAIN, "people", "email", one)
        assert found is not None
        context = RequestContext(ip="192.0.2.1", hostname=DOMAIN)
        subject = MfaSubject(directory=directory, user=found[0], client=None, context=context, binding=b"b")
        for turn in range(5):
            named = "somebody@example.test"
            outcomes.append(await door.ports.second_factors.send_code(subject, EMAIL, named, f"h{turn}", enrolls=True))
    assert outcomes == [Outcome.RIGHT] * 10 + [Outcome.TOO_MANY] * 5


async def test_an_application_is_told_when_a_code_is_sent_again(door: Door) -> None:
    await door.tenant(tenant("sms"))
    token = await start(door)
    for _ in range(5):
        await challenged(door, token)
    refused = await call(door, "POST", "challenge", token, {"mfa_token": token, "challenge_type": "oob"})
    assert refused.json()["error"] == "too_many_requests"
    assert pace(refused) == (5, 120, door.clock.now() + 120)
