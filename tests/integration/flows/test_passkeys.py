"""Passkeys on the login pages, and keys as a second factor, with an authenticator in software."""

from __future__ import annotations

import asyncio
import html
import json
import re
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from tests.authenticator import PRESENT, VERIFIED, Authenticator
from tests.integration.door import DOMAIN, BrowserTab, Door
from tests.integration.flows.test_second_factor import claims, manage, shown_key, types, user_id

from doorward.identity.signup import identifiers_of
from doorward.model.message import Message
from doorward.web.login import visit

ORIGIN = f"https://{DOMAIN}"
PASSKEYS = {"authentication_methods": {"passkey": {"enabled": True}}}
ABORT = "abort-passkey-enrollment"
KEYS_ALWAYS = {
    "guardianFactors": [
        {"name": "webauthn-roaming", "enabled": True},
        {"name": "otp", "enabled": True},
        {"name": "recovery-code", "enabled": True},
    ],
    "guardianPolicies": {"policies": ["all-applications"]},
}
LISTED = {"tenant": {"flags": {"mfa_show_factor_list_on_enrollment": True}}}


async def offering(door: Door, **options: Any) -> Door:
    database = {"name": "people", "strategy": "auth0", "enabled_clients": ["Spa", "Web"], "is_domain_connection": True}
    return await door.tenant({"databases": [{**database, "options": {**PASSKEYS, **options}}]})


def options(tab: BrowserTab) -> dict[str, Any]:
    """What the page asks an authenticator."""
    found = re.search(r'data-options="([^"]+)"', tab.text)
    assert found is not None, tab.text
    asked: dict[str, Any] = json.loads(html.unescape(found[1]))
    return asked


async def at_login(door: Door, tab: BrowserTab | None = None, **parameters: str) -> BrowserTab:
    return await (tab or door.browser()).authorize(door.client("Web"), **parameters)


async def with_password(tab: BrowserTab, **flags: str) -> BrowserTab:
    flags = flags or {"webauthn-available": "true"}
    return await tab.submit(username="ada@example.test", password="correct-horse-9", **flags)


async def enrolled(door: Door) -> Authenticator:
    """A passkey that Ada made after she logged in with her password."""
    tab = await with_password(await at_login(door))
    assert tab.path == "/u/passkey-enrollment", tab.text
    device = Authenticator(ORIGIN)
    await tab.submit(passkey=json.dumps(device.create(options(tab))))
    assert "code" in tab.answer
    return device


async def by_passkey(door: Door, device: Authenticator, tab: BrowserTab | None = None) -> BrowserTab:
    tab = await at_login(door, tab, prompt="login")
    return await tab.submit(passkey=json.dumps(device.get(options(tab))))


async def test_a_passkey_is_offered_after_a_password_and_logs_in_from_then_on(door: Door) -> None:
    await offering(door)
    tab = await with_password(await at_login(door))
    asked = options(tab)
    assert asked["rp"] == {"id": DOMAIN, "name": "Example"}
    assert [one["alg"] for one in asked["pubKeyCredParams"]] == [-8, -7, -257]
    assert asked["authenticatorSelection"] == {"residentKey": "required", "userVerification": "preferred"}
    assert "ada" not in asked["user"]["id"]
    device = Authenticator(ORIGIN, synced=True)
    await tab.submit(passkey=json.dumps(device.create(asked)))
    assert "code" in tab.answer
    (done,) = await door.log("gd_enrollment_complete")
    assert done.details["authenticator"]["type"] == "passkey"
    (method,) = await door.ports.authentication_methods.of_user(DOMAIN, await user_id(door))
    assert method.properties["relying_party_identifier"] == DOMAIN
    assert method.properties["credential_device_type"] == "multi_device"
    assert (await user_id(door)).endswith(method.properties["identity_user_id"])

    web = door.client("Web")
    tab = await by_passkey(door, device)
    told = claims((await door.redeem(web, tab.answer["code"])).json()["id_token"])
    assert told["sub"] == await user_id(door)
    assert "amr" not in told, "a passkey is a first factor"
    logged = (await door.log("s"))[0]
    assert logged.details["prompts"][0]["performed_amr"] == ["phr"]

    tab = await with_password(await at_login(door))
    assert "code" in tab.answer, "whoever has one is offered no other"


async def test_without_passkeys_nothing_is_asked_of_an_authenticator(door: Door) -> None:
    tab = await at_login(door)
    assert "data-webauthn" not in tab.text
    assert "webauthn.js" not in tab.text
    assert "code" in (await with_password(tab)).answer


@pytest.mark.parametrize(
    ("ui", "button", "autofill"), [("both", True, True), ("button", True, False), ("autofill", False, True)]
)
async def test_passkeys_are_offered_as_the_connection_says(door: Door, ui: str, button: bool, autofill: bool) -> None:
    await offering(door, passkey_options={"challenge_ui": ui})
    page = (await at_login(door)).text
    assert ('data-action="passkey"' in page, "data-autofill" in page) == (button, autofill)


async def test_who_wants_no_passkey_is_asked_again_in_a_month(door: Door) -> None:
    await offering(door)
    tab = await with_password(await at_login(door))
    await tab.submit(ABORT)
    assert "code" in tab.answer
    door.clock.pass_(29 * 24 * 3600)
    assert "code" in (await with_password(await at_login(door))).answer
    door.clock.pass_(24 * 3600)
    tab = await with_password(await at_login(door))
    assert tab.path == "/u/passkey-enrollment"
    await tab.submit(ABORT, dontShowAgain="on")
    door.clock.pass_(10 * 365 * 24 * 3600)
    assert "code" in (await with_password(await at_login(door))).answer


async def test_no_passkey_is_offered_where_it_could_not_be_made(door: Door) -> None:
    await offering(door)
    tab = await at_login(door)
    await with_password(tab, **{"webauthn-available": "false"})
    assert "code" in tab.answer
    await offering(door, passkey_options={"progressive_enrollment_enabled": False})
    assert "code" in (await with_password(await at_login(door))).answer


async def test_the_offer_is_no_way_past_it_and_to_nobody_else(door: Door) -> None:
    await offering(door)
    tab = await with_password(await at_login(door))
    state = quote(tab.state)
    for path in ("/authorize/resume", "/u/login", "/u/consent"):
        await tab.get(f"{path}?state={state}")
        assert tab.path == "/u/passkey-enrollment", path
    stranger = await at_login(door)
    await stranger.get(f"/u/passkey-enrollment?state={quote(stranger.state)}")
    assert stranger.path == "/u/login"


@pytest.fixture
def impatience(patience: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For forms without a twin."""
    monkeypatch.setattr(visit, "LOOKS", 2)


@pytest.mark.usefixtures("impatience")
async def test_an_answer_is_good_once_and_for_the_login_it_was_asked_in(door: Door) -> None:
    await offering(door)
    device = await enrolled(door)
    one, other = await at_login(door), await at_login(door)
    answer = json.dumps(device.get(options(one)))
    await other.submit(passkey=answer)
    assert (other.status, other.form.errors) == (400, {"": "authentication-failure"})
    await one.submit(passkey=answer)
    assert "code" in one.answer
    assert "challenge is not of this login" in (await door.log("f"))[0].description
    third = await at_login(door)
    answer = device.get(options(third))
    broken = {**answer, "response": {**answer["response"], "signature": "AA"}}
    await third.submit(passkey=json.dumps(broken))
    assert third.status == 400
    await third.submit(passkey=json.dumps(answer))
    assert third.status == 400, "a challenge that was answered is used up"
    assert "answered before" in (await door.log("f"))[0].description
    waited = await at_login(door)
    answer = json.dumps(device.get(options(waited)))
    await waited.submit(passkey=answer)
    assert "code" in waited.answer


async def test_an_authenticator_that_counts_back_is_refused_and_told_of(door: Door) -> None:
    await offering(door)
    device = await enrolled(door)
    device.count = 10
    assert "code" in (await by_passkey(door, device)).answer
    device.count = 3
    tab = await by_passkey(door, device)
    assert tab.form.errors == {"": "authentication-failure"}
    assert "counted back" in (await door.log("f"))[0].description


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", '{"id": 1}', "x" * 70_000, '{"id":"a","response":{}}'])
async def test_nonsense_is_refused_kindly(door: Door, answer: str) -> None:
    await offering(door)
    tab = await at_login(door)
    await tab.submit(passkey=answer or "\u00fc")
    assert tab.status == 400
    tab = await with_password(await at_login(door))
    await tab.submit(passkey=answer or "\u00fc")
    assert (tab.status, tab.form.errors) == (400, {"": "passkey-enrollment-failure"})
    assert await door.log("gd_webauthn_enrollment_failed")
    await tab.submit(ABORT)
    assert "code" in tab.answer


async def test_a_passkey_of_nobody_and_one_of_a_connection_without_lets_nobody_in(door: Door) -> None:
    await offering(door)
    device = await enrolled(door)
    tab = await by_passkey(door, Authenticator(ORIGIN))
    assert tab.form.errors == {"": "authentication-failure"}
    tab = await at_login(door, prompt="login")
    answer = json.dumps(device.get(options(tab)))
    await offering(door, authentication_methods={"passkey": {"enabled": False}})
    await tab.submit(passkey=answer)
    assert tab.form.errors == {"": "authentication-failure"}
    assert "another connection" in (await door.log("f"))[0].description


async def test_a_passkey_of_somebody_blocked_is_refused(door: Door) -> None:
    await offering(door)
    device = await enrolled(door)
    user = await door.ports.users.find(DOMAIN, await user_id(door))
    assert user is not None
    blocked = msgspec.structs.replace(user, blocked=True)
    await door.ports.users.replace(
        DOMAIN, blocked, identifiers_of(user.profile), expected_revision=user.revision, events=()
    )
    tab = await by_passkey(door, device)
    assert tab.answer["error"] == "access_denied"
    assert tab.answer["error_description"] == "user is blocked"


async def test_two_people_cannot_have_one_passkey_however_they_hurry(door: Door) -> None:
    await offering(door)
    bob = {"email": "bob@example.test", "password": "correct-horse-9", "connection": "people"}
    await door.tenant({"users": [bob]})
    tabs = []
    for username in ("ada@example.test", "bob@example.test"):
        tab = await at_login(door)
        await tab.submit(username=username, password="correct-horse-9", **{"webauthn-available": "true"})
        tabs.append(tab)
    device = Authenticator(ORIGIN)
    answers = [json.dumps(device.create(options(tab))) for tab in tabs]
    await asyncio.gather(*(tab.submit(passkey=answer) for tab, answer in zip(tabs, answers, strict=True)))
    assert sorted(tab.path == "/u/passkey-enrollment" for tab in tabs) == [False, True]


async def test_a_passkey_of_another_device_brings_the_offer_of_one_here(door: Door) -> None:
    await offering(door)
    device = await enrolled(door)
    device.attachment = "cross-platform"
    tab = await at_login(door, prompt="login")
    await tab.submit(passkey=json.dumps(device.get(options(tab))), **{"webauthn-available": "true"})
    assert tab.path == "/u/passkey-enrollment"
    assert '<main class="_widget passkey-enrollment-local">' in tab.text
    assert options(tab)["authenticatorSelection"]["authenticatorAttachment"] == "platform"
    await tab.submit("showError::" + json.dumps({"name": "NotAllowedError", "message": "no"}))
    assert tab.form.errors == {"": "error_passkey-enrollment-failure"}
    assert "NotAllowedError" in (await door.log("gd_webauthn_enrollment_failed"))[0].description
    here = Authenticator(ORIGIN)
    await tab.submit(passkey=json.dumps(here.create(options(tab))))
    assert "code" in tab.answer
    assert await types(door) == ["passkey", "passkey"]


async def test_a_policy_wants_a_second_factor_after_a_passkey_too(door: Door) -> None:
    await offering(door)
    device = await enrolled(door)
    await door.tenant({**KEYS_ALWAYS, "guardianFactors": KEYS_ALWAYS["guardianFactors"][1:]})
    tab = await by_passkey(door, device)
    assert tab.path == "/u/mfa-otp-enrollment"


# ── a key as second factor ──


async def key_enrolled(door: Door) -> Authenticator:
    """A security key that Ada set up."""
    await door.tenant(KEYS_ALWAYS)
    tab = await (await at_login(door)).login()
    assert tab.path == "/u/mfa-detect-browser-capabilities"
    await tab.submit(**{"webauthn-available": "true"})
    assert tab.path == "/u/mfa-webauthn-enrollment"
    asked = options(tab)
    assert asked["authenticatorSelection"]["authenticatorAttachment"] == "cross-platform"
    device = Authenticator(ORIGIN)
    await tab.submit(response=json.dumps(device.create(asked)))
    assert tab.path == "/u/mfa-webauthn-change-key-nickname"
    await tab.submit(nickname=" ")
    assert tab.form.errors == {"error-element-nickname": "no-nickname"}
    await tab.submit(nickname="x" * 31)
    assert tab.form.errors == {"error-element-nickname": "nickname-too-long"}
    await tab.submit(nickname="Blue one")
    assert tab.path == "/u/mfa-webauthn-enrollment-success"
    await tab.submit()
    assert tab.path == "/u/mfa-recovery-code-enrollment"
    assert len(shown_key(tab)) == 24
    await tab.submit(saved="on")
    assert "code" in tab.answer
    return device


async def test_a_security_key_is_set_up_named_and_asked_for(door: Door) -> None:
    device = await key_enrolled(door)
    assert sorted(await types(door)) == ["recovery-code", "webauthn-roaming"]
    names = {
        one.properties.get("name")
        for one in await door.ports.authentication_methods.of_user(DOMAIN, await user_id(door))
    }
    assert "Blue one" in names
    tab = await (await at_login(door)).login()
    assert tab.path == "/u/mfa-webauthn-challenge"
    asked = options(tab)
    assert [one["id"] for one in asked["allowCredentials"]] == [
        device.create({**asked, "rp": {"id": DOMAIN}, "user": {"id": device.handle}})["id"]
    ]
    await tab.submit(response=json.dumps(device.get(asked)))
    web = door.client("Web")
    told = claims((await door.redeem(web, tab.answer["code"])).json()["id_token"])
    assert told["amr"] == ["mfa"]
    assert await door.log("gd_auth_succeed")


async def test_a_security_key_is_no_passkey_and_counts_no_step_back(door: Door) -> None:
    device = await key_enrolled(door)
    await offering(door)
    tab = await by_passkey(door, device)
    assert tab.form.errors == {"": "authentication-failure"}
    tab = await (await at_login(door)).login()
    answer = json.dumps(device.get(options(tab)))
    device.count = 0
    copy = json.dumps(device.get(options(tab)))
    await tab.submit(response=answer)
    assert "code" in tab.answer
    tab = await (await at_login(door)).login()
    device.count = 0
    await tab.submit(response=json.dumps(device.get(options(tab))))
    assert tab.form.errors == {"": "webauthn-challenge-error"}
    assert "counted back" in (await door.log("gd_webauthn_challenge_failed"))[0].description
    await tab.submit(response=copy)
    assert tab.form.errors == {"": "webauthn-challenge-error"}, "an answer of another login"


@pytest.mark.usefixtures("impatience")
async def test_an_answer_that_comes_again_is_noted_and_no_better(door: Door) -> None:
    device = await key_enrolled(door)
    tab = await (await at_login(door)).login()
    stranger = Authenticator(ORIGIN)
    stranger.create({**options(tab), "rp": {"id": DOMAIN}, "user": {"id": device.handle}})
    forged = json.dumps({**stranger.get(options(tab)), "id": device.get(options(tab))["id"]})
    for times in (1, 2):
        await tab.submit(response=forged)
        assert tab.form.errors == {"": "webauthn-challenge-error"}
        failures = await door.log("gd_webauthn_challenge_failed")
        assert len(failures) == times
    assert "answered before" in "".join(event.description for event in failures)


async def test_a_browser_that_cannot_leads_to_other_ways(door: Door) -> None:
    await key_enrolled(door)
    tab = await (await at_login(door)).login()
    await tab.submit()
    assert tab.path == "/u/mfa-webauthn-not-available-error"
    await tab.submit("pick-authenticator")
    assert tab.path == "/u/mfa-login-options"
    await tab.submit("webauthn-roaming")
    await tab.submit("showError::" + json.dumps({"name": "NotAllowedError", "message": "cancelled"}))
    assert tab.path == "/u/mfa-webauthn-error"
    assert "cancelled" in (await door.log("gd_webauthn_challenge_failed"))[0].description
    await tab.submit()
    assert tab.path == "/u/mfa-webauthn-challenge"


async def test_wrong_answers_are_not_taken_for_ever(door: Door) -> None:
    device = await key_enrolled(door)
    tab = await (await at_login(door)).login()
    stranger = Authenticator(ORIGIN)
    for _ in range(5):
        await tab.submit(response=json.dumps(stranger.get(options(tab))))
        assert tab.status == 400
    await tab.submit(response=json.dumps(device.get(options(tab))))
    assert tab.status == 429
    assert tab.form.errors == {"": "too-many-webauthn-challenge-attempts-error"}


async def test_keys_are_for_the_host_whatever_else_is_said_that_is_no_domain_above(door: Door) -> None:
    await door.tenant({**KEYS_ALWAYS, "guardianFactors": KEYS_ALWAYS["guardianFactors"][:1]})
    said = {"overrideRelyingParty": True, "relyingPartyIdentifier": "evil.test", "userVerification": "required"}
    put = await manage(door, "PUT", "/guardian/factors/webauthn-roaming/settings", said)
    assert put.status_code == 200, put.text
    tab = await (await at_login(door)).login()
    asked = options(tab)
    assert asked["rp"]["id"] == DOMAIN
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    device = Authenticator(ORIGIN)
    device.flags = PRESENT
    await tab.submit(response=json.dumps(device.create(asked)))
    assert tab.form.errors == {"": "webauthn-associate-error"}


# ── a new account ──


async def new_account(door: Door, **flags: str) -> BrowserTab:
    tab = await door.browser().authorize(door.client("Web"), screen_hint="signup")
    return await tab.submit(email="grace@example.test", **flags)


async def test_a_new_account_has_a_passkey_in_the_place_of_a_password(door: Door) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    await offering(door)
    tab = await new_account(door, **{"webauthn-available": "true"})
    assert tab.path == "/u/passkey-enrollment"
    asked = options(tab)
    assert (asked["user"]["name"], asked["rp"]["id"]) == ("grace@example.test", DOMAIN)
    assert not await door.log("ss")
    device = Authenticator(ORIGIN)
    await tab.submit(passkey="{}")
    assert list(tab.form.errors.values()) == ["invalid-passkey"]
    await tab.submit(passkey=json.dumps(device.create(options(tab))))
    assert "code" in tab.answer, "and no other passkey is offered"
    (signed_up,) = await door.log("ss")
    assert signed_up.details == {"authentication_methods": ["passkey"]}
    assert (await door.log("s"))[0].details["prompts"][-1]["performed_amr"] == ["phr"]
    again = await by_passkey(door, device)
    assert "code" in again.answer


async def test_who_wants_no_passkey_chooses_a_password(door: Door) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    await offering(door)
    tab = await new_account(door, **{"webauthn-available": "true"})
    await tab.submit("showError::{}")
    assert list(tab.form.errors.values()) == ["passkey-enrollment-failure"]
    await tab.submit(ABORT)
    assert tab.path == "/u/signup/password"
    await tab.submit(password="Correct-Horse-9")
    assert "code" in tab.answer


@pytest.mark.parametrize("flags", [{}, {"webauthn-available": "false"}])
async def test_browsers_that_cannot_make_one_are_asked_for_a_password(door: Door, flags: dict[str, str]) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    await offering(door)
    tab = await new_account(door, **flags)
    assert tab.path == "/u/signup/password"
    state = tab.state
    await tab.get(f"/u/passkey-enrollment?state={state}")
    assert tab.path == "/u/signup/password"


async def test_a_passkey_of_a_sign_up_is_for_that_sign_up(door: Door) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    await offering(door)
    one = await new_account(door, **{"webauthn-available": "true"})
    other = await new_account(door, **{"webauthn-available": "true"})
    made = json.dumps(Authenticator(ORIGIN).create(options(one)))
    await other.submit(passkey=made)
    assert list(other.form.errors.values()) == ["invalid-passkey"]
    await one.submit(passkey=made)
    assert "code" in one.answer
    await other.submit(passkey=json.dumps(Authenticator(ORIGIN).create(options(other))))
    assert list(other.form.errors.values()) == ["email-in-use"]


async def test_an_address_is_verified_before_the_passkey(door: Door) -> None:
    email = {
        "verification_method": "otp",
        "signup": {"status": "required", "verification": {"active": True}},
        "identifier": {"active": True, "default_method": "email_otp"},
    }
    await offering(
        door,
        attributes={"email": email},
        authentication_methods={name: {"enabled": name != "password"} for name in ("passkey", "email_otp", "password")},
    )
    tab = await new_account(door, **{"webauthn-available": "true"})
    assert tab.path == "/u/email-identifier/challenge"
    outbox = door.server.storage.outbox
    (taken,) = await outbox.take(Message, until=door.clock.now() + 1, limit=9)
    assert taken.message is not None
    await tab.submit(code=taken.message.values["code"])
    assert tab.path == "/u/passkey-enrollment"
    await tab.submit(ABORT)
    assert "code" in tab.answer, "the code is enough where there are no passwords"
    found = await door.ports.users.find_by_identifier(DOMAIN, "people", "email", "grace@example.test")
    assert found is not None
    assert found[0].profile["email_verified"] is True


# ── what a browser can do is found out before keys are offered ──


@pytest.mark.parametrize("platform", ["true", "false"])
async def test_keys_are_offered_as_the_browser_can(door: Door, platform: str) -> None:
    told = {"webauthn-available": "true", "webauthn-platform-available": platform}
    offered = ["webauthn-roaming", *(["webauthn-platform"] if platform == "true" else []), "otp"]
    factors = [{"name": name, "enabled": True} for name in ("webauthn-roaming", "webauthn-platform", "otp")]
    await door.tenant({**KEYS_ALWAYS, **LISTED, "guardianFactors": factors})
    tab = await (await at_login(door)).login()
    assert tab.path == "/u/mfa-detect-browser-capabilities"
    await tab.submit("tryagain")
    assert tab.path == "/u/mfa-detect-browser-capabilities"
    await tab.submit(**told)
    assert tab.path == "/u/mfa-begin-enroll-options"
    assert tab.form.actions == offered
    await tab.submit("otp")
    await tab.get(f"/authorize/resume?state={tab.state}")
    assert tab.path == "/u/mfa-otp-enrollment"
    await tab.submit("pick-authenticator")
    assert tab.form.actions == [*offered, "back-action"], "it is asked once"


@pytest.mark.parametrize(
    ("able", "path"),
    [
        (("webauthn-available", "webauthn-platform-available"), "/u/mfa-webauthn-enrollment"),
        (("webauthn-platform-available",), "/u/mfa-webauthn-platform-enrollment"),
        ((), "/u/mfa-otp-enrollment"),
    ],
)
async def test_the_most_secure_factor_is_the_first_the_browser_can_have(
    door: Door, able: tuple[str, ...], path: str
) -> None:
    factors = [{"name": name, "enabled": True} for name in ("otp", "webauthn-platform", "webauthn-roaming")]
    await door.tenant({**KEYS_ALWAYS, "guardianFactors": factors})
    tab = await (await at_login(door)).login()
    assert tab.path == "/u/mfa-detect-browser-capabilities"
    await tab.submit(**dict.fromkeys(able, "true"))
    assert tab.path == path


async def test_a_browser_without_scripts_goes_on_with_what_it_can(door: Door) -> None:
    await door.tenant({**KEYS_ALWAYS, "guardianFactors": KEYS_ALWAYS["guardianFactors"][:2]})
    tab = await (await at_login(door)).login()
    await tab.submit("pick-authenticator")
    assert tab.path == "/u/mfa-otp-enrollment"
    assert "pick-authenticator" not in tab.form.actions


async def test_where_there_is_nothing_but_keys_they_are_offered_all_the_same(door: Door) -> None:
    factors = [{"name": name, "enabled": True} for name in ("webauthn-roaming", "webauthn-platform")]
    await door.tenant({**KEYS_ALWAYS, **LISTED, "guardianFactors": factors})
    tab = await (await at_login(door)).login()
    await tab.submit()
    assert (tab.path, tab.form.actions) == ("/u/mfa-begin-enroll-options", ["webauthn-roaming", "webauthn-platform"])


@pytest.mark.parametrize("wanted", ["required", "preferred"])
async def test_a_key_that_knows_nobody_will_not_do_where_it_has_to(door: Door, wanted: str) -> None:
    settings = {"overrideRelyingParty": False, "userVerification": wanted}
    configuration = {"guardianFactors": [{"name": "webauthn-roaming", "enabled": True}]}
    await door.tenant({**KEYS_ALWAYS, **configuration})
    put = await manage(door, "PUT", "/guardian/factors/webauthn-roaming/settings", settings)
    assert put.status_code == 200, put.text
    tab = await (await at_login(door)).login()
    assert options(tab)["authenticatorSelection"]["userVerification"] == wanted
    device = Authenticator(ORIGIN)
    device.flags = PRESENT
    await tab.submit(response=json.dumps(device.create(options(tab))))
    if wanted == "required":
        assert tab.form.errors == {"": "webauthn-associate-error"}
        assert await types(door) == []
        device.flags |= VERIFIED
        await tab.submit(response=json.dumps(device.create(options(tab))))
    assert tab.path == "/u/mfa-webauthn-change-key-nickname"
    tab = await (await at_login(door)).login()
    device.flags = PRESENT
    await tab.submit(response=json.dumps(device.get(options(tab))))
    if wanted == "required":
        assert tab.form.errors == {"": "webauthn-challenge-error"}
        device.flags |= VERIFIED
        await tab.submit(response=json.dumps(device.get(options(tab))))
    assert "code" in tab.answer
