"""One new person, from signing up to logging out everywhere, in a browser with and without scripts."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.login_pages.conftest import Site
from tests.e2e.login_pages.tenants import CODES, PASSWORD
from tests.e2e.login_pages.test_keys import built_in, press

from doorward.identity.mfa import otp
from doorward.model.mfa import MULTI_FACTOR

pytestmark = pytest.mark.xdist_group("login-pages")
ANOTHER_PASSWORD = "Difference-Engine-1822"
LOOKS = 50


def test_everything_a_new_person_does(site: Site, browser: Browser, page: Page, scripts: bool) -> None:
    walk = Walk(site, page, f"walker-{scripts}@example.test".lower())
    device = built_in(page.context.new_cdp_session(page)) if scripts else None

    page.goto(site.authorize(site.walked, screen_hint="signup"))
    page.get_by_label("Email address").fill(walk.person)
    press(page)
    if device is not None:  # a passkey in the place of a password is offered first
        page.locator('button[value="abort-passkey-enrollment"]').click()
    page.locator("#password").fill(PASSWORD)
    press(page)
    if device is not None:
        page.wait_for_url("**/u/passkey-enrollment?*")
        press(page)
        page.wait_for_url(f"{site.app.callback}?*")
        device.present(False)  # or it would log in by itself, wherever it is asked to
    walk.arrive()

    mail = walk.mail("Verify your email")
    if not scripts:
        mail.get_by_role("button", name="Continue").click()
    expect(mail.get_by_role("heading")).to_have_text("Email verified")

    walk.log_in(PASSWORD, acr_values=MULTI_FACTOR)
    page.get_by_role("button", name="Cannot scan it?").click()
    key = page.locator("#secret").inner_text().replace(" ", "").replace("\n", "")
    step = otp.step_at(time.time())
    page.get_by_label("Code from the app").fill(otp.code_of(key, step))
    press(page)
    page.get_by_label("I have saved this code").check()
    press(page)
    walk.arrive()

    walk.log_in(PASSWORD, acr_values=MULTI_FACTOR)
    page.get_by_label("Code from the app").fill(otp.code_of(key, step + 1))  # the other one is spent
    press(page)
    walk.arrive()

    if device is not None:
        device.present(True)
        page.goto(site.authorize(site.walked, prompt="login"))
        walk.arrive()  # the browser fills the passkey in
        device.present(False)

    page.goto(site.authorize(site.walked, CODES, prompt="login"))
    page.get_by_label("Email address").fill(walk.person)
    press(page)
    page.get_by_label("Enter the code").fill(walk.code())
    press(page)
    walk.arrive()

    elsewhere = Walk(site, browser.new_context(ignore_https_errors=True).new_page(), walk.person)
    elsewhere.log_in(PASSWORD)
    elsewhere.arrive()
    assert "code" in elsewhere.ask_silently()

    walk.begin(prompt="login")
    page.get_by_role("link", name="Forgot password?").click()
    press(page)
    mail = walk.mail("Choose a new password")
    for field in ("#password-reset", "#re-enter-password"):
        mail.locator(field).fill(ANOTHER_PASSWORD)
    press(mail)
    expect(mail.get_by_role("heading")).to_have_text("Password changed")
    assert elsewhere.ask_silently()["error"] == "login_required"

    walk.log_in(ANOTHER_PASSWORD)
    walk.arrive()
    assert "code" in walk.ask_silently()
    page.goto(f"{site.walked}v2/logout")
    assert walk.ask_silently()["error"] == "login_required"
    elsewhere.page.context.close()


class Walk:
    """A person in one browser."""

    def __init__(self, site: Site, page: Page, person: str) -> None:
        self.site = site
        self.page = page
        self.person = person

    def begin(self, **asked: str) -> None:
        """As far as the password."""
        self.page.goto(self.site.authorize(self.site.walked, **asked))
        self.page.locator("#username").fill(self.person)
        press(self.page)

    def log_in(self, password: str, **asked: str) -> None:
        self.begin(prompt="login", **asked)
        self.page.locator("#password").fill(password)
        press(self.page)

    def arrive(self) -> None:
        """At the application, past a passkey that is offered on the way."""
        self.page.wait_for_url(re.compile(r"/callback\?|/u/passkey-enrollment\?"))
        if "/u/passkey-enrollment?" in self.page.url:
            self.page.locator('button[value="abort-passkey-enrollment"]').click()
            self.page.wait_for_url(f"{self.site.app.callback}?*")
        assert "code" in self.site.app.answer()

    def ask_silently(self) -> dict[str, str]:
        self.page.goto(self.site.authorize(self.site.walked, prompt="none"))
        return self.site.app.answer()

    def mail(self, subject: str) -> Page:
        """A tab with where the link of a mail leads."""
        tab = self._message(subject)
        with tab.expect_navigation():
            tab.locator("a.button").click()
        return tab

    def code(self) -> str:
        tab = self._message("code")
        code = tab.locator("code.code").inner_text()
        tab.close()
        return code

    def _message(self, subject: str) -> Page:
        """A tab with the newest such message in the inbox."""
        tab = self.page.context.new_page()
        found = tab.locator("li", has_text=self.person).filter(has_text=subject).first
        for _ in range(LOOKS):
            tab.goto(f"{self.site.walked}_doorward/inbox")
            if found.count():
                break
            tab.wait_for_timeout(100)
        found.get_by_role("link").click()
        return tab
