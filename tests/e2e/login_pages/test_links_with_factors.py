"""Links of mails and administrators that have to do with second factors, in a browser with and without scripts: a
factor is taken on by one, and asked for by the one that replaces a password."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect
from tests.dev_server import DevServer
from tests.e2e.login_pages.asking import forgot, manage, person, received
from tests.e2e.login_pages.tenants import ASKING_PEOPLE

from doorward.identity.mfa import otp

pytestmark = pytest.mark.xdist_group("login-pages")
NEW = "Difference-Engine-1822"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def press(page: Page) -> None:
    page.locator("[data-action-button-primary]").click()


def test_a_number_is_taken_on_by_a_link(asking: DevServer, page: Page, scripts: bool) -> None:
    user = person(asking, ASKING_PEOPLE["p", scripts])
    page.goto(
        manage(asking, "POST", "/guardian/enrollments/ticket", {"user_id": user, "factor": "phone"})["ticket_url"]
    )
    page.wait_for_url("**/u/mfa-phone-enrollment?*")
    page.get_by_role("button", name="Choose the country").click()
    search = page.get_by_role("searchbox")
    if scripts:
        search.fill("united k")
        expect(page.get_by_role("button", name="Afghanistan")).to_be_hidden()
        page.keyboard.press("Enter")
    else:
        expect(search).to_be_hidden()
        page.get_by_role("button", name="Europe").click()
        page.get_by_role("button", name="United Kingdom +44").click()
    expect(page.get_by_text("United Kingdom +44")).to_be_visible()
    number = f"0207946{3333 if scripts else 4444}"
    page.get_by_label("Phone number").fill(number)
    page.get_by_label("By a call").check()
    press(page)
    page.wait_for_url("**/u/mfa-voice-challenge?*")
    page.locator("#code").fill(received(asking, f"+44{number[1:]}")["code"])
    press(page)
    page.get_by_label("I have saved this code").check()
    press(page)
    expect(page.get_by_role("heading")).to_have_text("All done")
    methods = manage(asking, "GET", f"/users/{user}/authentication-methods")
    (phone,) = (method for method in methods if method["type"] == "phone")
    assert phone["preferred_authentication_method"] == "voice"


def test_an_app_is_asked_for_before_another_password(asking: DevServer, page: Page, scripts: bool) -> None:
    email = ASKING_PEOPLE["a", scripts]
    user = person(asking, email)
    manage(asking, "POST", f"/users/{user}/authentication-methods", {"type": "totp", "totp_secret": KEY})
    page.goto(forgot(asking, email))
    if not scripts:
        press(page)
    page.wait_for_url("**/u/reset-password-mfa-otp-challenge?*")
    page.get_by_label("Code from the app").fill("000000")
    press(page)
    expect(page.locator("#error-element-code")).to_have_attribute("data-error-code", "invalid-code")
    page.get_by_label("Code from the app").fill(otp.code_of(KEY, otp.step_at(time.time())))
    press(page)
    page.wait_for_url("**/u/reset-password?state=*")
    page.locator("#password-reset").fill(NEW)
    page.locator("#re-enter-password").fill(NEW)
    press(page)
    expect(page.get_by_role("heading")).to_have_text("Password changed")


def test_keys_are_offered_to_browsers_that_can_have_them(asking: DevServer, page: Page, scripts: bool) -> None:
    ticket = {"user_id": person(asking, ASKING_PEOPLE["k", scripts])}
    recognizes = page.get_by_role("button", name="This device's fingerprint or face recognition")
    page.goto(manage(asking, "POST", "/guardian/enrollments/ticket", ticket)["ticket_url"])
    if not scripts:
        expect(page.get_by_role("heading")).to_have_text("JavaScript is off")
        page.get_by_role("button", name="Try another way").click()
    page.wait_for_url("**/u/mfa-begin-enroll-options?*")
    expect(page.get_by_role("button", name="Authenticator app")).to_be_visible()
    expect(recognizes).to_have_count(0)
    if scripts:
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
        session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page.goto(manage(asking, "POST", "/guardian/enrollments/ticket", ticket)["ticket_url"])
        page.wait_for_url("**/u/mfa-begin-enroll-options?*")
        expect(recognizes).to_be_visible()
        session.detach()
