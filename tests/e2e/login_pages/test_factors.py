"""Second factors in a browser, with and without scripts: sent by mail, message and call, recovery codes, and keys; at a
login and before a password is replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests import chromium
from tests.dev_server import DevServer
from tests.e2e.login_pages.asking import forgot, manage, received, somebody
from tests.e2e.login_pages.conftest import Site
from tests.e2e.login_pages.tenants import PASSWORD
from tests.e2e.login_pages.test_keys import Device, built_in, press

from doorward.model.mfa import MULTI_FACTOR

pytestmark = pytest.mark.xdist_group("login-pages")
NEW = "Difference-Engine-1822"
Contexts = Mapping[bool, tuple[BrowserContext, chromium.Complaints]]


def begin(site: Site, asking: DevServer, page: Page, email: str) -> None:
    """As far as the second factor."""
    page.goto(site.authorize(asking.issuer, acr_values=MULTI_FACTOR, prompt="login"))
    page.locator("#username").fill(email)
    press(page)
    page.locator("#password").fill(PASSWORD)
    press(page)


def arrive(site: Site, page: Page) -> None:
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def at(page: Page, screen: str) -> None:
    expect(page.locator(f"main.{screen}")).to_be_visible()


def choose(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def enter(page: Page, code: str) -> None:
    page.locator("#code").fill(code)
    press(page)


def keep(page: Page) -> str:
    code = page.locator("#secret").inner_text()
    page.get_by_label("I have saved this code").check()
    press(page)
    return code


def take_on(page: Page, factor: str, scripts: bool) -> None:
    """From a login of somebody without a factor to where one begins."""
    if not scripts:
        at(page, "mfa-detect-browser-capabilities")
        choose(page, "Try another way")
    at(page, "mfa-begin-enroll-options")
    choose(page, factor)


def replace_password(page: Page) -> None:
    page.wait_for_url("**/u/reset-password?state=*")
    page.locator("#password-reset").fill(NEW)
    page.locator("#re-enter-password").fill(NEW)
    press(page)
    expect(page.get_by_role("heading")).to_have_text("Password changed")


def numbers(scripts: bool) -> tuple[str, str, str]:
    """Three phone numbers, of which nobody else has one."""
    return tuple(f"+4420794{50 + scripts}{place}00" for place in range(1, 4))  # type: ignore[return-value]


@pytest.fixture
def phones(asking: DevServer) -> Iterator[Any]:
    """Says how phones are reached; by both ways again in the end."""

    def reach(*types: str) -> None:
        manage(asking, "PUT", "/guardian/factors/phone/message-types", {"message_types": types})

    yield reach
    reach("sms", "voice")


def test_codes_come_by_message_call_and_mail_and_to_several(
    site: Site, asking: DevServer, page: Page, scripts: bool
) -> None:
    first, second, _ = numbers(scripts)
    email = f"several-{scripts}@example.test".lower()
    other = f"other-{email}"
    phone = {"type": "phone", "preferred_authentication_method": "sms"}
    somebody(
        asking, email, {**phone, "phone_number": first}, {**phone, "phone_number": second},
        {"type": "email", "email": email}, {"type": "email", "email": other},
    )  # fmt: skip
    begin(site, asking, page, email)
    at(page, "mfa-sms-challenge")
    received(asking, first)
    page.locator("button[value=pick-sms]").click()
    at(page, "mfa-sms-list")
    page.locator("button[value='selection-action::1']").click()
    at(page, "mfa-sms-challenge")
    assert received(asking, second)["channel"] == "sms"
    choose(page, "Call me instead")
    at(page, "mfa-voice-challenge")
    assert received(asking, second)["channel"] == "voice"
    choose(page, "Try another way")
    at(page, "mfa-login-options")
    page.locator("button[value=phone]").click()
    at(page, "mfa-phone-challenge")
    choose(page, "Try another way")
    page.locator("button[value=email]").click()
    at(page, "mfa-email-challenge")
    received(asking, email)
    page.locator("button[value=pick-email]").click()
    at(page, "mfa-email-list")
    page.locator("button[value='selection-action::1']").click()
    at(page, "mfa-email-challenge")
    enter(page, "000000")
    expect(page.locator("#error-element-code")).to_have_attribute("data-error-code", "invalid-code")
    enter(page, received(asking, other)["code"])
    arrive(site, page)


@pytest.mark.parametrize(
    ("scripts", "type_", "factor"),
    [(True, "sms", "Text message"), (False, "voice", "Phone call")],
    indirect=["scripts"],
)
def test_a_number_is_taken_on(
    site: Site, asking: DevServer, page: Page, scripts: bool, phones: Any, type_: str, factor: str
) -> None:
    phones(type_)
    number = numbers(scripts)[2]
    email = f"{type_}@example.test"
    somebody(asking, email)
    begin(site, asking, page, email)
    take_on(page, factor, scripts)
    at(page, f"mfa-{type_}-enrollment")
    page.locator("#phone").fill(number)
    press(page)
    at(page, f"mfa-{type_}-challenge")
    message = received(asking, number)
    assert message["channel"] == type_
    enter(page, message["code"])
    at(page, "mfa-recovery-code-enrollment")
    keep(page)
    arrive(site, page)


def test_before_another_password_by_phone_mail_and_recovery_code(asking: DevServer, page: Page, scripts: bool) -> None:
    number = numbers(scripts)[0].replace("4207", "4209")
    email = f"forgetful-{scripts}@example.test".lower()
    other = f"other-{email}"
    phone = {"type": "phone", "phone_number": number, "preferred_authentication_method": "sms"}
    user = somebody(asking, email, phone, {"type": "email", "email": other})
    code = manage(asking, "POST", f"/users/{user}/recovery-code-regeneration")["recovery_code"]
    page.goto(forgot(asking, email))
    at(page, "redeem-ticket")  # something is sent to somebody: that takes a press, with scripts too
    press(page)
    at(page, "reset-password-mfa-sms-challenge")
    received(asking, number)
    choose(page, "Try another way")
    page.locator("button[value=phone]").click()
    at(page, "reset-password-mfa-phone-challenge")
    page.get_by_label("By a call").check()
    press(page)
    at(page, "reset-password-mfa-voice-challenge")
    enter(page, received(asking, number)["code"])
    page.wait_for_url("**/u/reset-password?state=*")

    page.goto(forgot(asking, email))
    press(page)
    received(asking, number)
    choose(page, "Try another way")
    page.locator("button[value=email]").click()
    at(page, "reset-password-mfa-email-challenge")
    received(asking, other)
    choose(page, "Try another way")
    choose(page, "Recovery code")
    at(page, "reset-password-mfa-recovery-code-challenge")
    enter(page, code)
    at(page, "mfa-recovery-code-challenge-new-code")
    keep(page)
    replace_password(page)


@pytest.mark.parametrize("kind", ["platform", "roaming"])
def test_a_key_is_taken_on_fails_and_goes_before_another_password(
    site: Site, asking: DevServer, page: Page, contexts: Contexts, kind: str
) -> None:
    session = page.context.new_cdp_session(page)
    platform = kind == "platform"
    device = built_in(session) if platform else Device(session, transport="usb", automaticPresenceSimulation=True)
    email = f"{kind}@example.test"
    somebody(asking, email)
    begin(site, asking, page, email)
    take_on(page, "fingerprint" if platform else "Security key", scripts=True)
    at(page, f"mfa-webauthn-{kind}-enrollment")
    press(page)
    at(page, "mfa-webauthn-change-key-nickname")
    page.get_by_label("Name of the").fill("The blue one")
    press(page)
    at(page, "mfa-webauthn-enrollment-success")
    press(page)
    keep(page)
    arrive(site, page)

    begin(site, asking, page, email)
    at(page, f"mfa-webauthn-{kind}-challenge")
    (credential,) = device.credentials()
    session.send("WebAuthn.clearCredentials", {"authenticatorId": device.id})
    press(page)
    at(page, "mfa-webauthn-error")
    device.add(credential)
    choose(page, "Try again")
    at(page, f"mfa-webauthn-{kind}-challenge")
    press(page)
    arrive(site, page)

    # Where scripts do not run, the key is none, and another way is.
    plain = contexts[False][0].new_page()
    begin(site, asking, plain, email)
    at(plain, f"mfa-webauthn-{kind}-challenge")
    press(plain)
    at(plain, "mfa-webauthn-not-available-error")
    choose(plain, "Try another way")
    at(plain, "mfa-login-options")
    expect(plain.get_by_role("button", name="Recovery code")).to_be_visible()
    plain.close()

    page.goto(forgot(asking, email))
    at(page, f"reset-password-mfa-webauthn-{kind}-challenge")  # nothing is sent: scripts press the button
    press(page)
    replace_password(page)
    session.detach()


def test_a_browser_that_has_no_keys_says_so(site: Site, asking: DevServer, page: Page) -> None:
    session = page.context.new_cdp_session(page)
    built_in(session)
    somebody(asking, "changed-browsers@example.test")
    begin(site, asking, page, "changed-browsers@example.test")
    take_on(page, "fingerprint", scripts=True)
    page.add_init_script("delete window.PublicKeyCredential")
    page.reload()
    press(page)
    at(page, "mfa-webauthn-not-available-error")
    choose(page, "Try another way")
    at(page, "mfa-begin-enroll-options")
    session.detach()
