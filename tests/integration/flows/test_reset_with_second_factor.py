"""A forgotten password of somebody who has a second factor, where that is asked for first."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from tests.authenticator import Authenticator
from tests.integration.door import DOMAIN, BrowserTab, Door
from tests.integration.flows.conftest import TENANT
from tests.integration.flows.test_managing_people import manager
from tests.integration.flows.test_passkeys import ORIGIN, options
from tests.integration.flows.test_passwords import ADA, HERE, NEW, forgot, link
from tests.integration.flows.test_second_factor import at_challenge, code, has_app, heading, user_id
from tests.integration.flows.test_sent_factors import NUMBER, OTHER, has, sent

from doorward.identity.mfa import recovery_code
from doorward.identity.password_change import FactorAskedFirst
from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.digest import digest

FACTORS = ("otp", "sms", "email", "webauthn-roaming", "recovery-code")
PASSWORDS = {"password-reset": NEW, "re-enter-password": NEW}


@pytest.fixture
async def careful(database: str) -> AsyncIterator[Door]:
    """A server that asks, and a tenant with factors but without a policy."""
    door = await Door(database, password_reset_asks_second_factor=True).start()
    await door.tenant(TENANT)
    await door.tenant(
        {
            "guardianFactors": [{"name": name, "enabled": True} for name in FACTORS],
            "guardianPhoneFactorMessageTypes": {"message_types": ["sms", "voice"]},
        }
    )
    yield door
    await door.stop()


async def mailed(door: Door) -> str:
    """The address of a link that was asked for."""
    await forgot(door, ADA)
    return f"/u/reset-password?ticket={await link(door)}"


async def opened(door: Door, address: str | None = None) -> BrowserTab:
    """Somebody follows the link, and presses the button that says so."""
    tab = await door.browser().get(address or await mailed(door))
    assert heading(tab) == "One more step"
    return await tab.submit()


async def is_changed(door: Door) -> bool:
    tab = await (await door.browser().authorize(door.client("Spa"))).login(password=NEW)
    return tab.path != "/u/login"


async def test_an_app_is_asked_for_before_another_password(careful: Door) -> None:
    await has_app(careful)
    address = await mailed(careful)
    tab = await opened(careful, address)
    assert tab.path == "/u/reset-password-mfa-otp-challenge"
    assert heading(tab) == "Confirm it is you"
    assert "rememberBrowser" not in tab.text
    assert "ticket" not in tab.at
    await tab.submit(code="000000")
    assert (tab.status, tab.form.errors) == (400, {"error-element-code": "invalid-code"})
    await tab.submit(code=code(careful), rememberBrowser="true")
    assert tab.path == "/u/reset-password"
    assert "__Host-auth0-mf" not in tab.http.cookies, "a link spares nobody a login"
    assert [*tab.form.fields] == ["state", "username", "password-reset", "re-enter-password"]
    await tab.submit(**{**PASSWORDS, "re-enter-password": "x"})
    assert tab.form.errors == {"error-element-re-enter-password": "password-mismatch"}
    await tab.submit(**PASSWORDS)
    assert heading(tab) == "Password changed"
    assert await is_changed(careful)
    assert await careful.log("gd_auth_succeed")
    await tab.get(tab.at)
    assert heading(tab) == "This link was used before"


async def test_the_link_is_enough_for_whoever_has_no_factor(careful: Door) -> None:
    tab = await careful.browser().get(await mailed(careful))
    await tab.submit(**PASSWORDS)
    assert heading(tab) == "Password changed"


async def test_the_link_is_enough_unless_the_server_is_told_otherwise(door: Door) -> None:
    await door.tenant({"guardianFactors": [{"name": "otp", "enabled": True}]})
    await has_app(door)
    tab = await door.browser().get(await mailed(door))
    await tab.submit(**PASSWORDS)
    assert heading(tab) == "Password changed"


async def test_nothing_leads_past_the_second_factor(careful: Door) -> None:
    await has_app(careful)
    address = await mailed(careful)
    tab = await opened(careful, address)
    here = tab.at
    for path in ("/u/reset-password", "/u/login", "/u/consent", "/u/mfa-otp-challenge", "/u/mfa-login-options"):
        await tab.get(f"{path}?state={tab.state}")
        assert tab.at == here, path
    await tab.get(f"/authorize/resume?state={tab.state}")
    assert (tab.status, heading(tab)) == (400, "This page has expired"), "it is no login"
    await tab.get(here)
    headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
    for target in (address, here.replace("/u/reset-password-mfa-otp-challenge", "/u/reset-password")):
        answer = await tab.http.post(target, data={**PASSWORDS, "action": "default"}, headers=headers)
        assert answer.status_code == 302
        assert "/u/reset-password-mfa-otp-challenge?state=" in answer.headers["location"]
    assert not await is_changed(careful)
    other = await careful.browser().get(here)
    assert (other.status, heading(other)) == (400, "This page has expired")


async def test_no_way_in_but_the_page_forgets_it(careful: Door) -> None:
    await has_app(careful)
    api, changes = await manager(careful), careful.server.services.people.password_change
    made = await api.post("/tickets/password-change", {"user_id": await user_id(careful)})
    address = made["ticket"].removeprefix(f"https://{DOMAIN}").rstrip("#")

    async def redeem(tab: BrowserTab | None = None, link: str = address) -> None:
        ports, at = careful.ports, tab.state if tab is not None else ""
        await changes.redeem(
            ports.directory.tenant(DOMAIN), digest(link.partition("=")[2]), NEW, HERE,
            opened=await ports.transactions.find(DOMAIN, digest(at)),
        )  # fmt: skip

    earlier = await opened(careful, address)
    with pytest.raises(FactorAskedFirst) as asked:
        await redeem()
    assert asked.value.factors == ("otp",)
    with pytest.raises(FactorAskedFirst):
        await redeem(earlier)
    tab = await opened(careful, address)
    await tab.submit(code=code(careful))
    later = await mailed(careful)
    with pytest.raises(FactorAskedFirst):
        await redeem(tab, later)
    assert not await is_changed(careful)
    assert [event.description for event in await careful.log("fcp")] == ["ticket without a second factor"] * 3
    careful.clock.pass_(60)
    tab = await opened(careful, later)
    await tab.submit(code=code(careful))
    await redeem(tab, later)
    assert await is_changed(careful)


async def test_what_was_proved_for_one_link_is_for_no_other(careful: Door) -> None:
    await has_app(careful)
    tab = await opened(careful)
    await tab.submit(code=code(careful))
    proved = tab.at
    await tab.get(await mailed(careful))
    assert heading(tab) == "One more step"
    await tab.get(proved)
    assert heading(tab) == "This link does not work", "a later one took its place"


async def test_a_login_is_no_link(careful: Door) -> None:
    await careful.tenant({"guardianPolicies": {"policies": ["all-applications"]}})
    await has_app(careful)
    tab = await at_challenge(careful)
    state = tab.state
    for path in ("/u/reset-password", "/u/mfa-enroll-result"):
        await tab.get(f"{path}?state={state}")
        assert (tab.status, heading(tab)) == (400, "This link does not work")


async def test_a_code_is_sent_when_somebody_presses_and_not_to_who_looks(careful: Door) -> None:
    await has(careful, MethodType.PHONE, NUMBER, OTHER)
    address = await mailed(careful)
    await sent(careful)
    tab = await careful.browser().get(address)
    assert "data-presses-itself" not in tab.text
    assert await sent(careful) == []
    await tab.submit()
    assert tab.path == "/u/reset-password-mfa-sms-challenge"
    (message,) = await sent(careful)
    assert (message.to, message.channel.value) == (NUMBER, "sms")
    await tab.submit("pick-sms")
    assert tab.path == "/u/mfa-sms-list"
    await tab.submit("selection-action::1")
    (message,) = await sent(careful)
    assert message.to == OTHER
    await tab.submit("switch-to-voice")
    assert tab.path == "/u/reset-password-mfa-voice-challenge"
    (message,) = await sent(careful)
    assert (message.to, message.channel.value) == (OTHER, "voice")
    await tab.submit(code=message.values["code"])
    assert tab.path == "/u/reset-password"


async def test_the_mailbox_the_link_came_to_proves_nothing_more(careful: Door) -> None:
    await careful.tenant({"guardianFactors": [{"name": "otp", "enabled": False}, {"name": "sms", "enabled": False}]})
    tab = await careful.browser().get(await mailed(careful))
    assert [*tab.form.fields] == ["username", "password-reset", "re-enter-password"]
    await has(careful, MethodType.EMAIL, "ada@elsewhere.test")
    address = await mailed(careful)
    await sent(careful)
    tab = await opened(careful, address)
    assert tab.path == "/u/reset-password-mfa-email-challenge"
    assert "pick-email" not in tab.form.actions
    (message,) = await sent(careful)
    assert message.to == "ada@elsewhere.test"
    await tab.submit(code=message.values["code"])
    assert tab.path == "/u/reset-password"


async def test_a_recovery_code_stands_in_and_is_replaced(careful: Door) -> None:
    await has_app(careful)
    kept = AuthenticationMethod(
        id="dev_recovery", user_id=await user_id(careful), type=MethodType.RECOVERY_CODE, created_at=0.0,
        secrets=recovery_code.kept("K7QX2M5VTB4RZJHD6WNPCY3F"),
    )  # fmt: skip
    assert await careful.ports.authentication_methods.add(DOMAIN, kept.user_id, [kept], events=())
    tab = await opened(careful)
    await tab.submit("pick-authenticator")
    assert tab.path == "/u/mfa-login-options"
    await tab.submit("recovery-code")
    assert tab.path == "/u/reset-password-mfa-recovery-code-challenge"
    await tab.submit(code="k7qx 2m5v tb4r zjhd 6wnp cy3f")
    assert tab.path == "/u/mfa-recovery-code-challenge-new-code"
    await tab.submit(saved="on")
    assert tab.path == "/u/reset-password"
    await tab.submit(**PASSWORDS)
    assert heading(tab) == "Password changed"


async def test_a_security_key_is_asked_for(careful: Door) -> None:
    await careful.tenant({"guardianPolicies": {"policies": ["all-applications"]}})
    tab = await (await careful.browser().authorize(careful.client("Web"))).login()
    await tab.submit(**{"webauthn-available": "true"})
    device = Authenticator(ORIGIN)
    await tab.submit(response=json.dumps(device.create(options(tab))))
    tab = await opened(careful)
    assert tab.path == "/u/reset-password-mfa-webauthn-roaming-challenge"
    await tab.submit()
    assert tab.path == "/u/mfa-webauthn-not-available-error"
    await tab.submit()
    assert tab.path == "/u/reset-password-mfa-webauthn-roaming-challenge"
    await tab.submit(response=json.dumps(device.get(options(tab))))
    assert tab.path == "/u/reset-password"


async def test_codes_run_out_as_anywhere(careful: Door) -> None:
    await has_app(careful)
    tab = await opened(careful)
    for _ in range(5):
        await tab.submit(code="000000")
    again = await opened(careful)
    await again.submit(code=code(careful))
    assert (again.status, again.form.errors) == (429, {"": "too-many-failures"})


async def test_a_tenants_words_are_those_of_the_reset(careful: Door) -> None:
    await has_app(careful)
    await careful.tenant({"prompts": {"customText": {"en": {"reset-password": {
        "reset-password-mfa-otp-challenge": {"title": "First your app"}}}}}})  # fmt: skip
    assert heading(await opened(careful)) == "First your app"


async def test_after_an_hour_it_begins_again(careful: Door) -> None:
    await has_app(careful)
    address = await mailed(careful)
    tab = await opened(careful, address)
    careful.clock.pass_(3601)
    await tab.submit(code=code(careful))
    assert (tab.status, heading(tab)) == (400, "This page has expired")
    tab = await opened(careful, address)
    await tab.submit(code=code(careful))
    assert tab.path == "/u/reset-password"
