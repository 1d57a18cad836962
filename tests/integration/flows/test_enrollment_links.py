"""Links by which an administrator lets somebody take any factor on (``POST /guardian/enrollments/ticket``)."""

from __future__ import annotations

import json

import pytest
from tests.authenticator import Authenticator
from tests.integration.door import DOMAIN, Door
from tests.integration.flows.test_passkeys import ORIGIN, options
from tests.integration.flows.test_second_factor import code, has_app, heading, shown_key, ticket, types
from tests.integration.flows.test_sent_factors import NUMBER, code_sent, sent

from doorward.model.authentication_method import MethodType

DONE = "/u/mfa-enroll-result"


async def offering(door: Door, *factors: str, message_types: tuple[str, ...] = ("sms",)) -> None:
    await door.tenant(
        {
            "guardianFactors": [{"name": name, "enabled": True} for name in factors],
            "guardianPhoneFactorMessageTypes": {"message_types": list(message_types)},
        }
    )


async def test_a_number_is_taken_on(door: Door) -> None:
    await offering(door, "otp", "sms", "recovery-code")
    tab = await door.browser().get(await ticket(door, factor="phone"))
    assert tab.path == "/u/mfa-sms-enrollment"
    assert "pick-authenticator" not in tab.form.actions
    await tab.submit("pick-country-code")
    await tab.submit("selection-action::GB+44")
    await tab.submit(phone="020 7946 0000")
    assert tab.path == "/u/mfa-sms-challenge"
    assert "rememberBrowser" not in tab.text
    (message,) = await sent(door)
    assert (message.template, message.to) == ("otp_enroll", NUMBER)
    await tab.submit(code=message.values["code"])
    assert tab.path == "/u/mfa-recovery-code-enrollment"
    await tab.submit(saved="on")
    assert (tab.path, heading(tab)) == (DONE, "All done")
    assert sorted(await types(door)) == ["phone", "recovery-code"]
    assert await door.log("gd_enrollment_complete")


async def test_a_number_that_is_called_is_taken_on(door: Door) -> None:
    await offering(door, "sms", message_types=("sms", "voice"))
    tab = await door.browser().get(await ticket(door))
    assert tab.path == "/u/mfa-phone-enrollment"
    await tab.submit(phone=NUMBER, type="voice")
    (message,) = await sent(door)
    assert message.channel.value == "voice"
    await tab.submit(code=message.values["code"])
    assert (tab.path, heading(tab)) == (DONE, "All done")


async def test_the_mailbox_of_the_account_is_taken_on(door: Door) -> None:
    await offering(door, "otp", "email")
    tab = await door.browser().get(await ticket(door, factor="email"))
    assert tab.path == "/u/mfa-email-challenge"
    await tab.submit(code=await code_sent(door))
    assert (tab.path, heading(tab)) == (DONE, "All done")
    (method,) = await door.ports.authentication_methods.of_user(DOMAIN, (await sole(door)))
    assert (method.type, method.properties) == (MethodType.EMAIL, {"email": "ada@example.test"})


async def sole(door: Door) -> str:
    users, _ = await door.ports.users.page(DOMAIN, offset=0, limit=1)
    return users[0].user_id


@pytest.mark.parametrize(
    ("factor", "path"),
    [("webauthn-roaming", "/u/mfa-webauthn-enrollment"), ("webauthn-platform", "/u/mfa-webauthn-platform-enrollment")],
)
async def test_a_key_is_taken_on_and_named(door: Door, factor: str, path: str) -> None:
    await offering(door, "webauthn-roaming", "webauthn-platform", "recovery-code")
    tab = await door.browser().get(await ticket(door, factor=factor))
    assert tab.path == path
    device = Authenticator(ORIGIN)
    await tab.submit(response=json.dumps(device.create(options(tab))))
    assert tab.path == "/u/mfa-webauthn-change-key-nickname"
    await tab.submit(nickname="Blue one")
    await tab.submit()
    assert tab.path == "/u/mfa-recovery-code-enrollment"
    await tab.submit(saved="on")
    assert (tab.path, heading(tab)) == (DONE, "All done")
    assert sorted(await types(door)) == ["recovery-code", factor]


async def test_what_is_not_named_is_the_most_secure_or_chosen_where_the_tenant_says_so(door: Door) -> None:
    await offering(door, "otp", "sms", "email")
    tab = await door.browser().get(await ticket(door))
    assert tab.path == "/u/mfa-otp-enrollment"
    assert "pick-authenticator" in tab.form.actions
    await door.tenant({"tenant": {"flags": {"mfa_show_factor_list_on_enrollment": True}}})
    tab = await door.browser().get(await ticket(door))
    assert tab.path == "/u/mfa-begin-enroll-options"
    assert tab.form.actions == ["otp", "sms"]
    await tab.submit("otp")
    assert tab.path == "/u/mfa-otp-enrollment"


async def test_a_second_factor_is_added_where_the_link_says_so(door: Door) -> None:
    await offering(door, "otp", "sms", "recovery-code")
    await has_app(door)
    link = await ticket(door, factor="phone", allow_multiple_enrollments=True)
    tab = await door.browser().get(link)
    await tab.submit(phone=NUMBER)
    await tab.submit(code=await code_sent(door))
    assert (tab.path, heading(tab)) == (DONE, "All done"), "the recovery code there was stays as it is"
    assert sorted(await types(door)) == ["phone", "totp"]
    await tab.get(link)
    assert heading(tab) == "This link was used before"


@pytest.mark.parametrize("factor", ["push-notification", "phone", "email"])
async def test_what_the_tenant_does_not_offer_is_not_taken_on(door: Door, factor: str) -> None:
    await offering(door, "otp")
    tab = await door.browser().get(await ticket(door, factor=factor))
    assert (tab.status, heading(tab)) == (400, "This link does not work")


async def test_nothing_but_the_enrolment_follows_from_a_link(door: Door) -> None:
    await offering(door, "otp")
    tab = await door.browser().get(await ticket(door))
    here = tab.at
    for path in ("/u/login", "/u/consent", "/u/mfa-otp-challenge", "/u/reset-password-mfa-otp-challenge", DONE):
        await tab.get(f"{path}?state={tab.state}")
        assert tab.at == here, path
    await tab.get(f"/u/reset-password?state={tab.state}")
    assert (tab.status, heading(tab)) == (400, "This link does not work")
    await tab.get(f"/authorize/resume?{here.partition('?')[2]}")
    assert (tab.status, heading(tab)) == (400, "This page has expired"), "it is no login"
    assert "auth0" not in dict(tab.http.cookies), "nobody was signed in"
    await tab.get(here)
    await tab.submit("toggle-view")
    await tab.submit(code=code(door, shown_key(tab)))
    assert tab.path == DONE
    assert "auth0" not in dict(tab.http.cookies)


async def test_a_recovery_code_of_nobody_any_more_leads_nowhere(door: Door) -> None:
    await offering(door, "otp", "recovery-code")
    tab = await door.browser().get(await ticket(door))
    await tab.submit("toggle-view")
    await tab.submit(code=code(door, shown_key(tab)))
    assert tab.path == "/u/mfa-recovery-code-enrollment"
    await door.ports.users.delete(DOMAIN, await sole(door), events=(), at=door.clock.now())
    await tab.get(tab.at)
    assert (tab.status, tab.path, heading(tab)) == (400, DONE, "This link does not work")


async def test_whoever_enrolled_meanwhile_is_told(door: Door) -> None:
    await offering(door, "otp")
    tab = await door.browser().get(await ticket(door))
    await tab.submit("toggle-view")
    key = shown_key(tab)
    await has_app(door)
    await tab.submit(code=code(door, key))
    assert (tab.status, await types(door)) == (400, ["totp"])
