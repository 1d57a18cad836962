"""The demo tenant as ``doorward dev`` starts it, in a browser with and without scripts: one new person, from signing up
to logging out everywhere, along the links of the server's own pages."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from tests.dev_server import DevServer, dev_server
from tests.e2e.login_pages.tenants import PASSWORD
from tests.e2e.login_pages.test_keys import built_in, press
from tests.e2e.login_pages.test_screens import DESKTOP, NARROW, OVERFLOWING, seen_as, violations

from doorward.identity.mfa import otp
from doorward.model.mfa import MULTI_FACTOR

pytestmark = pytest.mark.xdist_group("login-pages")
ANOTHER_PASSWORD = "Difference-Engine-1822"
SECOND_FACTOR = f"acr_values={MULTI_FACTOR}"
CALLBACK = "/_doorward/callback"
LOOKS = 50


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    with dev_server(None, tmp_path_factory.mktemp("demo")) as door:
        yield door


def test_everything_a_new_person_does(demo: DevServer, browser: Browser, page: Page, scripts: bool) -> None:
    walk = Walk(demo, page, f"walker-{scripts}@example.test".lower())
    device = built_in(page.context.new_cdp_session(page)) if scripts else None

    walk.follow("screen_hint=signup")
    page.get_by_label("Email address").fill(walk.person)
    press(page)
    if device is not None:  # a passkey in the place of a password is offered first
        page.locator('button[value="abort-passkey-enrollment"]').click()
    page.locator("#password").fill(PASSWORD)
    press(page)
    if device is not None:
        page.wait_for_url("**/u/passkey-enrollment?*")
        press(page)
        page.wait_for_url(f"**{CALLBACK}*")
        device.present(False)  # or it would log in by itself, wherever it is asked to
    walk.arrive()
    if scripts:
        expect(page.get_by_role("heading", name="You are logged in")).to_be_visible()
        expect(page).to_have_title("You are logged in | Doorward")
        expect(page.locator("#shown")).to_contain_text(f'"email": "{walk.person}"')

    mail = walk.mail("Verify your email")
    if not scripts:
        mail.get_by_role("button", name="Continue").click()
    expect(mail.get_by_role("heading")).to_have_text("Email verified")

    walk.follow(SECOND_FACTOR)  # whoever is logged in is asked for nothing else
    if not scripts:
        page.get_by_role("button", name="Try another way").click()  # what the browser can have is not known
    page.get_by_role("button", name="Authenticator app").click()
    page.get_by_role("button", name="Cannot scan it?").click()
    key = page.locator("#secret").inner_text().replace(" ", "").replace("\n", "")
    step = otp.step_at(time.time())
    page.get_by_label("Code from the app").fill(otp.code_of(key, step))
    press(page)
    recovery_code = walk.keep()
    walk.arrive()

    walk.leave()
    if scripts:
        expect(page).to_have_title("You are logged out | Doorward")
    walk.log_in(PASSWORD, SECOND_FACTOR)
    page.get_by_label("Code from the app").fill(otp.code_of(key, step + 1))  # the other one is spent
    press(page)
    walk.arrive()

    walk.leave()
    walk.log_in(PASSWORD, SECOND_FACTOR)
    page.get_by_role("button", name="Try another way").click()
    page.get_by_role("button", name="Recovery code").click()
    page.get_by_label("Recovery code").fill(recovery_code)
    press(page)
    assert walk.keep() != recovery_code
    walk.arrive()

    if device is not None:
        walk.leave()
        device.present(True)
        walk.follow()
        walk.arrive()  # the browser fills the passkey in
        device.present(False)

    walk.leave()
    walk.follow("connection=email")
    page.get_by_label("Email address").fill(walk.person)
    press(page)
    page.get_by_label("Enter the code").fill(walk.code(walk.person))
    press(page)
    walk.arrive()

    walk.leave()
    walk.follow("connection=email-link")
    page.get_by_label("Email address").fill(walk.person)
    press(page)
    page.wait_for_url("**/u/login/passwordless-email-link?*")
    there = walk.mail("Log in to")
    if not scripts:
        press(there)
    walk.arrive(there)

    walk.leave()
    walk.follow("connection=sms")
    number = f"+44207946{1234 if scripts else 4321}"
    page.locator("#username").fill(number)
    press(page)
    page.locator("#code").fill(walk.code(number))
    press(page)
    walk.arrive()

    elsewhere = Walk(demo, browser.new_context(ignore_https_errors=True).new_page(), walk.person)
    elsewhere.log_in(PASSWORD)
    elsewhere.arrive()
    assert "code" in elsewhere.ask_silently()

    walk.leave()
    walk.begin()
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
    walk.leave()
    assert walk.ask_silently()["error"] == "login_required"
    elsewhere.page.context.close()


class Walk:
    """A person in a browser, most of the time in one tab."""

    def __init__(self, door: DevServer, page: Page, person: str) -> None:
        self.door = door
        self.page = page
        self.person = person
        self._answers: list[dict[str, str]] = []
        page.context.on("request", self._note)

    def _note(self, request: Request) -> None:
        """The answer is kept: scripts take it out of the address."""
        asked = urlsplit(request.url)
        if asked.path == CALLBACK and asked.query:
            self._answers.append(dict(parse_qsl(asked.query)))

    def follow(self, asked: str = "My App") -> None:
        """From the front page by one of its links."""
        self.page.goto(self.door.issuer)
        self.page.get_by_role("link", name=asked, exact=True).click()

    def begin(self, asked: str = "My App") -> None:
        """As far as the password."""
        self.follow(asked)
        self.page.locator("#username").fill(self.person)
        press(self.page)

    def log_in(self, password: str, asked: str = "My App") -> None:
        self.begin(asked)
        self.page.locator("#password").fill(password)
        press(self.page)

    def arrive(self, tab: Page | None = None) -> None:
        """At the application, past a passkey that is offered on the way."""
        tab = tab or self.page
        tab.wait_for_url(re.compile(rf"{CALLBACK}|/u/passkey-enrollment\?"))
        if "/u/passkey-enrollment?" in tab.url:
            tab.locator('button[value="abort-passkey-enrollment"]').click()
            tab.wait_for_url(f"**{CALLBACK}*")
        assert "code" in self._answers.pop()

    def keep(self) -> str:
        """The recovery code, once it is said to be saved."""
        code = self.page.locator("#secret").inner_text()
        self.page.get_by_label("I have saved this code").check()
        press(self.page)
        return code

    def leave(self) -> None:
        """By the link of the page logins end at."""
        self.page.goto(self.door.url(CALLBACK.removeprefix("/")))
        with self.page.expect_navigation():
            self.page.get_by_role("link", name="Log out").click()

    def ask_silently(self) -> dict[str, str]:
        self.page.goto(self.door.issuer)
        link = self.page.get_by_role("link", name="My App", exact=True).get_attribute("href")
        self.page.goto(f"{link}&prompt=none")
        return self._answers.pop()

    def mail(self, subject: str) -> Page:
        """A tab with where the link of a mail leads."""
        tab = self._message(self.person, subject, has_code=False)
        with tab.expect_navigation():
            tab.locator("a.button").click()
        return tab

    def code(self, to: str) -> str:
        tab = self._message(to, "", has_code=True)
        code = tab.locator("code.code").inner_text()
        tab.close()
        return code

    def _message(self, to: str, subject: str, *, has_code: bool) -> Page:
        """A tab with the newest such message in the inbox."""
        tab = self.page.context.new_page()
        code = tab.locator("code.code")
        listed = tab.locator("li", has_text=to).filter(has_text=subject)
        found = (listed.filter(has=code) if has_code else listed.filter(has_not=code)).first
        for _ in range(LOOKS):
            tab.goto(self.door.url("_doorward/inbox"))
            if found.count():
                break
            tab.wait_for_timeout(100)
        found.get_by_role("link").click()
        return tab


def test_pages_of_a_development_server_are_legible_and_need_nothing_inline(demo: DevServer, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")  # colours are what they are at once
    page.goto(demo.issuer)
    page.get_by_role("link", name="connection=email", exact=True).click()
    page.get_by_label("Email address").fill("reader@example.test")
    press(page)
    Walk(demo, page, "reader@example.test").code("reader@example.test")  # there is a mail to be read
    for path in ("", "_doorward/inbox", "_doorward/preview", "_doorward/help", "_doorward/callback"):
        page.goto(demo.url(path))
        if path.endswith("/inbox"):
            looked_at(page)
            page.locator("li a").first.click()
        looked_at(page)


def looked_at(page: Page) -> None:
    for scheme, viewport in (("light", DESKTOP), ("dark", NARROW)):
        seen_as(page, scheme, viewport)
        assert violations(page) == [], (page.url, scheme)
        assert not page.evaluate(OVERFLOWING), page.url
