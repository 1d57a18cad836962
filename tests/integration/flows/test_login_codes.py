"""Codes in a database connection: they sign in, and go before a sign-up; nobody is told who has an account."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from msgspec.structs import replace
from tests.integration.door import BrowserTab, Door

from doorward.identity.claimant import Claimant
from doorward.identity.identifier_codes import UNVERIFIED
from doorward.identity.one_time_codes import TooManyCodes
from doorward.model.message import Channel, Message
from doorward.model.request_context import RequestContext
from doorward.model.user import AccountChange

ADA, GRACE, PHONE = "ada@example.test", "grace@example.test", "+442079460000"
RIGHT = "correct-horse-9"
MAIL, TEXTS = "/u/email-identifier/challenge", "/u/phone-identifier/challenge"
VERIFIED = {"status": "required", "verification": {"active": True}}
EMAIL = {
    "identifier": {"active": True, "default_method": "email_otp"},
    "verification_method": "otp",
    "signup": VERIFIED,
}
NUMBER = {"identifier": {"active": True, "default_method": "phone_otp"}, "signup": VERIFIED}
OPTIONAL = {"status": "optional", "verification": {"active": True}}


async def configured(door: Door, **options: Any) -> Door:
    return await door.tenant({"databases": [{"name": "people", "options": options}]})


def methods(*names: str, **more: Any) -> dict[str, Any]:
    switched = {name: {"enabled": name in names} for name in ("password", "email_otp", "phone_otp", "passkey")}
    return {name: {**switch, **more.get(name, {})} for name, switch in switched.items()}


@pytest.fixture
async def door(door: Door) -> Door:
    """Ada's database takes codes by mail, or passwords."""
    return await configured(door, attributes={"email": EMAIL}, authentication_methods=methods("password", "email_otp"))


async def sent(door: Door) -> list[Message]:
    outbox = door.server.storage.outbox
    taken = await outbox.take(Message, until=door.clock.now() + 1, limit=100)
    for one in taken:
        await outbox.remove(one)
    return [one.message for one in taken if one.message is not None]


async def code_of(door: Door) -> str:
    (message,) = await sent(door)
    code: str = message.values["code"]
    return code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


async def at_the_code(door: Door, username: str = ADA, **asked: str) -> BrowserTab:
    tab = await door.browser().authorize(door.client("Spa"), **asked)
    assert tab.path == "/u/login/identifier"
    return await tab.submit(username=username)


async def about(door: Door, tab: BrowserTab) -> dict[str, Any]:
    tokens = (await door.redeem(door.client("Spa"), tab.answer["code"])).json()
    async with door.http() as http:
        answer = await http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    me: dict[str, Any] = answer.json()
    return me


# ── log in ──


async def test_a_code_by_mail_logs_in(door: Door) -> None:
    tab = await at_the_code(door, " Ada@Example.test ", scope="openid email")
    assert tab.path == MAIL
    assert ADA in tab.text
    (message,) = await sent(door)
    assert (message.template, message.to, message.connection) == ("auth_email_by_code", ADA, "people")
    code = message.values["code"]
    await tab.submit(code="12")
    assert tab.form.errors == {"error-element-code": "invalid-otp-code-format"}
    await tab.submit(code=wrong(code))
    assert tab.form.errors == {"error-element-code": "invalid-code"}
    assert tab.status == 400
    await tab.submit(code=f"{code[:3]}-{code[3:]}")
    assert (await about(door, tab))["email"] == ADA
    (success,) = await door.log("s")
    assert success.connection == "people"
    assert success.details["prompts"][0]["performed_amr"] == ["otp"]
    assert [event.user_name for event in await door.log("cls")] == [ADA]
    assert [event.description for event in await door.log("f")] == ["The code is wrong"]


async def test_a_code_shows_that_the_address_is_somebodys_own(door: Door) -> None:
    await door.tenant({"users": [{"email": "new@example.test", "connection": "people"}]})
    tab = await at_the_code(door, "new@example.test", scope="openid email")
    await sent(door)
    await tab.submit("resend-code")
    await tab.submit(code=await code_of(door))
    assert (await about(door, tab))["email_verified"] is True


async def test_there_and_back_between_code_and_password(door: Door) -> None:
    tab = await at_the_code(door)
    first = await code_of(door)
    await tab.submit("switch-to-password-auth")
    assert tab.path == "/u/login/password"
    await tab.submit("switch-to-otp-auth")
    assert tab.path == MAIL
    second = await code_of(door)
    if first != second:
        await tab.submit(code=first)
        assert tab.form.errors == {"error-element-code": "invalid-code"}
    await tab.submit("switch-to-password-auth")
    await tab.submit(password=RIGHT)
    assert "code" in tab.answer


async def test_going_back_leads_to_another_identifier(door: Door) -> None:
    tab = await at_the_code(door)
    await tab.submit("back-action")
    assert tab.path == "/u/login/identifier"
    await door.tenant({"users": [{"email": "bob@example.test", "email_verified": True, "connection": "people"}]})
    await sent(door)
    await tab.submit(username="bob@example.test")
    await tab.submit(code=await code_of(door))
    assert "code" in tab.answer


async def test_the_password_comes_first_where_it_is_the_default(door: Door) -> None:
    email = {**EMAIL, "identifier": {"active": True, "default_method": "password"}}
    await configured(door, attributes={"email": email}, authentication_methods=methods("password", "email_otp"))
    tab = await at_the_code(door)
    assert tab.path == "/u/login/password"
    assert not await sent(door)
    await tab.submit("switch-to-otp-auth")
    await tab.submit(code=await code_of(door))
    assert "code" in tab.answer


async def test_where_there_are_no_passwords_none_is_taken(door: Door) -> None:
    await configured(door, attributes={"email": EMAIL}, authentication_methods=methods("email_otp"))
    tab = await at_the_code(door)
    assert "switch-to-password-auth" not in tab.form.actions
    await tab.submit("switch-to-password-auth")
    assert tab.path == MAIL
    state = tab.state
    await tab.get(f"/u/login/password?state={state}")
    assert tab.path == "/u/login/identifier"
    body = {"state": state, "username": ADA, "password": RIGHT, "action": "default"}
    posted = await tab.http.post(f"/u/login/password?state={state}", data=body)
    assert posted.headers["location"].startswith("/u/login/identifier")
    web = door.client("Web")
    granted = await door.token(
        grant_type="password", client_id=web.client_id, client_secret=web.client_secret or "", username=ADA,
        password=RIGHT,
    )  # fmt: skip
    assert (granted.status_code, granted.json()["error"]) == (403, "invalid_grant")
    await tab.submit(username="ada")
    assert tab.form.errors == {"error-element-username": "invalid-email-format"}


async def test_e9_an_unknown_address_sees_the_same(door: Door) -> None:
    pages = []

    def shown(tab: BrowserTab, username: str) -> tuple[str, int, str]:
        neutral = re.sub(r'nonce="[^"]*"', "", tab.text.replace(username, "?").replace(tab.state, ""))
        return tab.path, tab.status, neutral

    for disabled in (False, True):
        await configured(
            door, attributes={"email": EMAIL}, authentication_methods=methods("password", "email_otp"),
            disable_signup=disabled,
        )  # fmt: skip
        for username in (ADA, GRACE):
            tab = await at_the_code(door, username)
            pages.append(shown(tab, username))
            messages = await sent(door)
            assert bool(messages) == (username == ADA or not disabled)
            await tab.submit(code="000000")
            pages.append(shown(tab, username))
    assert len(set(pages)) == 2


async def test_guesses_lock_the_account_as_passwords_do(door: Door) -> None:
    tab = await at_the_code(door)
    for _ in range(2):
        code = await code_of(door)
        for _ in range(3):
            await tab.submit(code=wrong(code))
            assert (tab.status, tab.form.errors) == (400, {"error-element-code": "invalid-code"})
        await tab.submit(code=code)
        assert tab.form.errors == {"error-element-code": "invalid-code"}, "three wrong ones void the right one"
        await tab.submit("resend-code")
    code = await code_of(door)
    for _ in range(2):
        await tab.submit(code=wrong(code))
        assert tab.status == 400
    await tab.submit(code=code)
    assert (tab.status, tab.form.errors) == (429, {"": "user-blocked"})


async def test_codes_are_not_sent_without_end(door: Door) -> None:
    tab = await at_the_code(door)
    for _ in range(9):
        await tab.submit("resend-code")
        assert tab.status == 200
    await tab.submit("resend-code")
    assert (tab.status, tab.form.errors) == (429, {"": "too-many-otps"})
    another = await at_the_code(door)
    assert (another.path, another.status) == ("/u/login/identifier", 429)


async def test_b13_a_code_is_good_in_the_browser_that_asked_for_it(door: Door) -> None:
    await at_the_code(door)
    stolen = await code_of(door)
    tab = await at_the_code(door)
    await sent(door)
    await tab.submit(code=stolen)
    assert tab.form.errors == {"error-element-code": "invalid-code"}


async def test_a_code_is_over_after_a_quarter_of_an_hour(door: Door) -> None:
    tab = await at_the_code(door)
    code = await code_of(door)
    door.clock.pass_(901)
    await tab.submit(code=code)
    assert tab.form.errors == {"error-element-code": "invalid-code"}


async def test_a_form_that_comes_twice_lets_in_once(door: Door) -> None:
    tab = await at_the_code(door)
    body = {"state": tab.state, "code": await code_of(door), "action": "default"}
    answers = await asyncio.gather(*(tab.http.post(tab.at, data=body) for _ in range(4)))
    answers.append(await tab.http.post(tab.at, data=body))
    assert {answer.headers.get("location", "").partition("?")[0] for answer in answers} == {"/authorize/resume"}


async def test_blocked_people_stay_out(door: Door) -> None:
    tab = await at_the_code(door)
    code = await code_of(door)
    user, _ = await door.ports.users.find_by_identifier("tenant.test", "people", "email", ADA) or (None, None)
    assert user is not None
    await door.ports.users.change("tenant.test", AccountChange(user=replace(user, blocked=True), place=0), events=())
    await tab.submit(code=code)
    assert tab.answer["error"] == "access_denied"
    again = await at_the_code(door)
    assert again.path == MAIL
    assert not await sent(door)


async def test_the_pages_of_codes_are_closed_to_whoever_is_elsewhere(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    for path in (MAIL, TEXTS, "/u/phone-identifier/enrollment", "/u/confirmation"):
        state = tab.state
        await tab.get(f"{path}?state={state}")
        assert tab.path == "/u/login/identifier"
        posted = await tab.http.post(f"{path}?state={state}", data={"state": state, "action": "proceed-to-signup"})
        assert posted.headers["location"].startswith("/u/login/identifier")
    assert not await door.log("ss")


# ── phones ──


async def with_phones(door: Door, *channels: str) -> Door:
    await configured(
        door,
        attributes={"email": {**EMAIL, "signup": OPTIONAL}, "phone_number": {**NUMBER, "signup": OPTIONAL}},
        authentication_methods=methods("email_otp", "phone_otp"),
    )
    return await door.tenant({"guardianPhoneFactorMessageTypes": {"message_types": list(channels)}})


async def test_a_code_by_text_message_makes_an_account_and_logs_in(door: Door) -> None:
    await with_phones(door, "sms")
    tab = await at_the_code(door, "+44 20 7946 0000", scope="openid phone")
    assert tab.path == TEXTS
    (message,) = await sent(door)
    assert (message.template, message.channel, message.to) == ("otp_verify", Channel.SMS, PHONE)
    await tab.submit(code=message.values["code"])
    assert tab.path == "/u/confirmation"
    assert PHONE in tab.text
    assert not await door.log("ss")
    await tab.submit("proceed-to-signup")
    me = await about(door, tab)
    assert me["sub"].startswith("auth0|")
    assert (me["phone_number"], me["phone_number_verified"]) == (PHONE, True)
    assert len(await door.log("ss")) == len(await door.log("cs")) == 1
    again = await at_the_code(door, PHONE)
    await again.submit(code=await code_of(door))
    assert "code" in again.answer
    assert [event.details["prompts"][0]["performed_amr"] for event in await door.log("s")] == [["sms"], ["sms"]]


async def test_a_message_or_a_call(door: Door) -> None:
    await with_phones(door, "sms", "voice")
    tab = await at_the_code(door, PHONE)
    assert tab.path == "/u/phone-identifier/enrollment"
    assert not await sent(door)
    await tab.submit(type="voice")
    assert tab.path == TEXTS
    (call,) = await sent(door)
    assert call.channel is Channel.VOICE
    await tab.submit("switch-to-text")
    (text,) = await sent(door)
    assert text.channel is Channel.SMS
    await tab.submit("switch-to-voice")
    code = await code_of(door)
    await tab.submit(code=code)
    assert tab.path == "/u/confirmation"
    await tab.submit("back-action")
    assert tab.path == "/u/login/identifier"
    assert not await door.log("ss")


# ── sign up ──


async def signing_up(door: Door, **fields: str) -> BrowserTab:
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup", scope="openid email phone")
    assert tab.path == "/u/signup/identifier"
    return await tab.submit(**fields)


async def test_an_address_is_verified_before_the_password(door: Door) -> None:
    tab = await signing_up(door, email=GRACE)
    assert tab.path == MAIL
    (message,) = await sent(door)
    assert message.template == "verify_email_by_code"
    state = tab.state
    await tab.get(f"/u/signup/password?state={state}")
    assert tab.path == "/u/signup/identifier", "no way around"
    await tab.submit(email=GRACE)
    await tab.submit(code=await code_of(door))
    assert tab.path == "/u/signup/password"
    await tab.submit(password="Correct-Horse-9", email="mallory@example.test")
    me = await about(door, tab)
    assert (me["email"], me["email_verified"]) == (GRACE, True)
    assert not await sent(door), "and no other mail"


async def test_what_was_verified_is_verified_for_that_address_alone(door: Door) -> None:
    tab = await signing_up(door, email=GRACE)
    await tab.submit(code=await code_of(door))
    assert tab.path == "/u/signup/password"
    await tab.get(f"/u/signup/identifier?state={tab.state}")
    await tab.submit(email="mallory@example.test")
    assert tab.path == MAIL
    await tab.get(f"/u/signup/password?state={tab.state}")
    assert tab.path == "/u/signup/identifier"


async def test_whoever_has_an_account_is_let_in_from_the_sign_up(door: Door) -> None:
    tab = await signing_up(door, email=ADA)
    assert tab.path == MAIL
    await tab.submit(code=await code_of(door))
    assert (await about(door, tab))["email"] == ADA
    assert not await door.log("ss")


async def test_where_codes_do_not_log_in_the_owner_is_told_of_the_account(door: Door) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    email = {**EMAIL, "identifier": {"active": True}}
    await configured(door, attributes={"email": email}, authentication_methods=methods("password"))
    tab = await signing_up(door, email=ADA)
    assert tab.path == MAIL
    await tab.submit(code=await code_of(door))
    assert tab.form.errors == {"": "user-account-exists"}


async def test_without_passwords_codes_make_the_account(door: Door) -> None:
    await configured(
        door,
        attributes={"email": EMAIL, "phone_number": NUMBER},
        authentication_methods=methods("email_otp", "phone_otp"),
    )
    tab = await signing_up(door, email=GRACE)
    assert tab.form.errors == {"error-element-phone_number": "no-phone"}
    await tab.submit(email=GRACE, phone_number="nothing")
    assert tab.form.errors == {"error-element-phone_number": "invalid-phone-number"}
    await tab.submit(email=GRACE, phone_number="+44 20 7946-0000")
    assert tab.path == MAIL
    await tab.submit(code=await code_of(door))
    assert tab.path == TEXTS
    await tab.submit(code=await code_of(door))
    me = await about(door, tab)
    assert (me["email"], me["email_verified"]) == (GRACE, True)
    assert (me["phone_number"], me["phone_number_verified"]) == (PHONE, True)


async def test_no_other_page_and_no_request_makes_an_account_without_its_code(door: Door) -> None:
    await configured(
        door, attributes={"phone_number": NUMBER, "email": EMAIL}, authentication_methods=methods("phone_otp")
    )
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    state = tab.form.fields["state"]
    typed = {"state": state, "email": GRACE, "phone_number": PHONE, "password": "Correct-Horse-9"}
    tab.at = f"https://tenant.test/u/signup?state={state}"
    await tab.submit(**typed)
    assert tab.path == "/u/signup/identifier"
    asked = {"client_id": door.client("Spa").client_id, "connection": "people", **typed}
    async with door.http() as http:
        answer = await http.post("/dbconnections/signup", json=asked)
        assert (answer.status_code, answer.json()["code"]) == (400, "signup_disabled")
        await configured(
            door, attributes={"phone_number": NUMBER}, authentication_methods=methods("password", "phone_otp")
        )
        answer = await http.post("/dbconnections/signup", json=asked)
        assert (answer.status_code, answer.json()["code"]) == (400, "signup_disabled")
    assert not await door.log("ss")


async def test_a_verified_number_comes_before_a_password_on_any_tenant(door: Door) -> None:
    await configured(door, attributes={"phone_number": NUMBER}, authentication_methods=methods("password"))
    tab = await signing_up(door, phone_number=PHONE)
    assert tab.path == TEXTS
    assert not await door.log("ss")


async def unverified(door: Door) -> BrowserTab:
    """The owner of an address somebody signed up with brings the code back."""
    body = {"client_id": door.client("Spa").client_id, "connection": "people", "email": GRACE, "password": RIGHT}
    async with door.http() as http:
        assert (await http.post("/dbconnections/signup", json=body)).status_code == 200
    await sent(door)
    tab = await at_the_code(door, GRACE, scope="openid email")
    return await tab.submit(code=await code_of(door))


async def test_a_code_opens_no_account_a_stranger_may_have_made(door: Door) -> None:
    tab = await unverified(door)
    assert tab.path == "/u/login/password"
    assert [event.description for event in await door.log("f")] == [UNVERIFIED]
    assert not await door.log("s")
    await tab.submit(password="another password")
    assert tab.form.errors == {"error-element-password": "wrong-email-credentials"}


async def test_who_made_it_shows_that_by_the_password_once(door: Door) -> None:
    tab = await unverified(door)
    await tab.submit(password=RIGHT)
    assert (await about(door, tab))["email_verified"] is True
    again = await at_the_code(door, GRACE)
    await again.submit(code=await code_of(door))
    assert "code" in again.answer


async def test_another_identifier_a_stranger_verified_opens_nothing_either(door: Door) -> None:
    await with_phones(door, "sms")
    theirs = {"email": GRACE, "phone_number": PHONE, "phone_verified": True, "connection": "people"}
    await door.tenant({"users": [theirs]})
    owner = await at_the_code(door, GRACE)
    await owner.submit(code=await code_of(door))
    assert owner.form.errors == {"": "user-account-exists"}


async def test_one_identifier_of_two_is_not_enough_for_an_account(door: Door) -> None:
    await configured(
        door,
        attributes={"email": EMAIL, "phone_number": NUMBER},
        authentication_methods=methods("email_otp", "phone_otp"),
    )
    tab = await at_the_code(door, GRACE)
    await tab.submit(code=await code_of(door))
    assert tab.form.errors == {"": "invalid-user"}


async def test_at_least_one_identifier(door: Door) -> None:
    await with_phones(door, "sms")
    tab = await signing_up(door)
    assert list(tab.form.errors.values()) == ["no-identifier"]


async def test_sign_ups_that_are_confirmed_are_counted(door: Door) -> None:
    stages = {"pre-user-registration": {"max_attempts": 1, "rate": 3_600_000}}
    await door.tenant({"attackProtection": {"suspiciousIpThrottling": {"enabled": True, "stage": stages}}})
    for address in (GRACE, "bob@example.test"):
        tab = await at_the_code(door, address)
        await tab.submit(code=await code_of(door))
        await tab.submit("proceed-to-signup")
    assert (tab.status, list(tab.form.errors.values())) == (429, ["ip-signup-blocked"])
    assert len(await door.log("limit_mu")) == 1


async def test_an_identifier_that_is_none_logs_nobody_in(door: Door) -> None:
    await configured(door, attributes={"username": {"identifier": {"active": True}}})
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.login()
    assert list(tab.form.errors.values()) == ["wrong-username-credentials"]


# ── another password ──


async def forgetting(door: Door, email: str) -> BrowserTab:
    tab = await at_the_code(door)
    await sent(door)
    await tab.get(f"/u/login/password-reset-start/people?state={tab.state}")
    return await tab.submit(email=email)


async def test_a_code_leads_to_another_password(door: Door) -> None:
    tab = await forgetting(door, ADA)
    assert tab.path == "/u/email-otp-challenge"
    (message,) = await sent(door)
    assert (message.template, message.to) == ("reset_email_by_code", ADA)
    code = message.values["code"]
    for typed, error in (("", "no-code"), ("1", "invalid-otp-code-format"), (wrong(code), "invalid-code")):
        await tab.submit(code=typed)
        assert tab.form.errors == {"error-element-code": error}
    await tab.submit(code=code)
    assert tab.path == "/u/reset-password"
    await tab.submit(**{"password-reset": "Correct-Horse-10", "re-enter-password": "Correct-Horse-10"})
    assert tab.status == 200
    again = await at_the_code(door)
    await again.submit("switch-to-password-auth")
    await again.submit(password="Correct-Horse-10")
    assert "code" in again.answer
    assert len(await door.log("scpr")) == len(await door.log("scp")) == len(await door.log("fcpr")) == 1


async def test_e9_whether_there_is_a_password_to_forget_is_not_told(door: Door) -> None:
    tab = await forgetting(door, GRACE)
    assert tab.path == "/u/email-otp-challenge"
    assert not await sent(door)
    for _ in range(10):
        await tab.submit(code="123456")
        assert tab.form.errors == {"error-element-code": "invalid-code"}
    await tab.submit(code="123456")
    assert tab.status == 429
    assert [event.description for event in await door.log("fcpr")][-1] == "user does not exist"


# ── where to, and how often ──


async def test_k7_numbers_of_other_countries_are_sent_nothing(door: Door) -> None:
    await with_phones(door, "sms")
    await door.tenant({"tenant": {"country_codes": {"list": ["DE"], "mode": "allow"}}})
    tab = await at_the_code(door, PHONE)
    assert tab.form.errors == {"error-element-username": "invalid-email-phone"}
    await tab.submit(username="+18765550100")
    assert tab.form.errors == {"error-element-username": "invalid-email-phone"}
    signup = await signing_up(door, phone_number=PHONE)
    assert signup.form.errors == {"error-element-phone_number": "invalid-phone-number"}
    assert not await sent(door)
    await tab.submit(username="+49 151 12345678")
    assert tab.path == TEXTS
    assert len(await sent(door)) == 1


async def test_k7_strangers_do_not_use_up_what_somebody_is_sent(door: Door) -> None:
    people = door.server.services.people.identifier_codes
    directory, client = door.ports.directory.tenant("tenant.test"), door.client("Spa")
    connection = directory.connections["people"]

    async def send(ip: str) -> bool:
        claimant = Claimant(
            directory=directory, connection=connection, field="email", address=ADA, client=client,
            context=RequestContext(ip=ip, hostname="tenant.test"), holder=ip,
        )  # fmt: skip
        try:
            await people.send(claimant)
        except TooManyCodes:
            return False
        return True

    strangers = [[await send(f"198.51.100.{place}") for _ in range(10)] for place in range(6)]
    assert [sum(each) for each in strangers] == [10, 10, 10, 3, 3, 3], "30 from everywhere, beside 3 of each place"
    assert [await send("192.0.2.1") for _ in range(4)] == [True, True, True, False]
    door.clock.pass_(360)
    assert await send("192.0.2.1")
    more = [await send(f"203.0.113.{place}") for place in range(40) for _ in range(3)]
    assert 39 + 3 + 1 + sum(more) == 100, "however many places a stranger has"


async def test_guesses_of_reset_codes_count_for_the_address_they_come_from(door: Door) -> None:
    throttling = {
        "enabled": True,
        "shields": ["block"],
        "allowlist": [],
        "stage": {"pre-login": {"max_attempts": 5, "rate": 864000}},
    }
    await door.tenant({"attackProtection": {"suspiciousIpThrottling": throttling}})
    shown = []
    for number in range(3):
        tab = await forgetting(door, f"person{number}@example.test")
        for _ in range(3):
            await tab.submit(code="123456")
            shown.append((tab.status, *tab.form.errors.values()))
    assert shown == [(400, "invalid-code")] * 5 + [(429, "authenticator-error")] * 4
    assert await door.log("limit_mu")


async def test_who_is_locked_out_gets_back_in_by_another_password(door: Door) -> None:
    await door.tenant({"attackProtection": {"bruteForceProtection": {"max_attempts": 2}}})
    web = door.client("Web")
    for _ in range(2):
        await door.token(
            grant_type="password", client_id=web.client_id, client_secret=web.client_secret or "", username=ADA,
            password="wrong",
        )  # fmt: skip
    tab = await forgetting(door, ADA)
    code = await code_of(door)
    await tab.submit(code=wrong(code))
    assert (tab.status, tab.form.errors) == (429, {"": "authenticator-error"})
    await tab.submit(code=code)
    await tab.submit(**{"password-reset": "Correct-Horse-10", "re-enter-password": "Correct-Horse-10"})
    again = await at_the_code(door)
    await again.submit("switch-to-password-auth")
    await again.submit(password="Correct-Horse-10")
    assert "code" in again.answer


async def test_the_right_code_twice_leads_to_the_same_page(door: Door) -> None:
    tab = await forgetting(door, ADA)
    body = {"state": tab.state, "code": await code_of(door), "action": "default"}
    path = f"/u/email-otp-challenge?state={tab.state}"
    first, second = await asyncio.gather(*(tab.http.post(path, data=body) for _ in range(2)))
    assert first.headers["location"] == second.headers["location"]
    await tab.get(first.headers["location"])
    await tab.submit(**{"password-reset": "Correct-Horse-10", "re-enter-password": "Correct-Horse-10"})
    assert tab.status == 200
    late = await tab.http.post(path, data=body)
    assert (await tab.http.get(late.headers["location"])).status_code == 400


async def two_databases(door: Door, method: str) -> BrowserTab:
    """A login that has forgotten a password in the second of two databases, and is at the page after that."""
    attributes = {"email": {"identifier": {"active": True}, "verification_method": method}}
    await door.tenant(
        {
            "databases": [
                {"name": "people", "options": {"attributes": attributes}},
                {"name": "staff", "enabled_clients": ["Spa"], "options": {"attributes": attributes}},
            ],
            "users": [{"email": "bob@example.test", "password": RIGHT, "connection": "staff"}],
            "prompts": {"identifier_first": True},
            "tenant": {"default_directory": ""},
        }
    )
    await sent(door)
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.get(f"/u/login/password-reset-start/staff?state={tab.state}")
    return await tab.submit(email="bob@example.test")


async def test_the_database_whose_password_was_forgotten_is_kept_from_page_to_page(door: Door) -> None:
    tab = await two_databases(door, "otp")
    await sent(door)
    await tab.submit("resend-code")
    await tab.submit(code=await code_of(door))
    assert tab.path == "/u/reset-password"
    assert [event.connection for event in await door.log("scpr")] == ["staff", "staff"]


async def test_another_link_is_for_the_same_database(door: Door) -> None:
    tab = await two_databases(door, "link")
    assert len(await sent(door)) == 1
    await tab.submit("resend-email-action")
    assert len(await sent(door)) == 1
