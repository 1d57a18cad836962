"""Passkeys in a browser, with Chromium's virtual authenticator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from tests.e2e.login_pages.conftest import Site
from tests.e2e.login_pages.tenants import KEY_HOLDERS, PASSWORD

pytestmark = pytest.mark.xdist_group("login-pages")
BUTTON, AUTOFILL, WITHOUT, ELSEWHERE = KEY_HOLDERS


class Device:
    """An authenticator the browser finds."""

    def __init__(self, session: CDPSession, **options: Any) -> None:
        self._session = session
        session.send("WebAuthn.enable")
        settings = {"protocol": "ctap2", "hasUserVerification": True, "isUserVerified": True, **options}
        answer = session.send("WebAuthn.addVirtualAuthenticator", {"options": settings})
        self.id = answer["authenticatorId"]

    def present(self, there: bool) -> None:
        """Whether somebody touches it without being asked."""
        told = {"authenticatorId": self.id, "enabled": there}
        self._session.send("WebAuthn.setAutomaticPresenceSimulation", told)

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return found

    def put(self, credential: dict[str, Any]) -> None:
        """What it knows of a key is what it knew before."""
        self._session.send(
            "WebAuthn.removeCredential",
            {"authenticatorId": self.id, "credentialId": credential["credentialId"]},
        )
        self.add(credential)

    def add(self, credential: dict[str, Any]) -> None:
        self._session.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": credential})


@pytest.fixture
def cdp(page: Page) -> Iterator[CDPSession]:
    session = page.context.new_cdp_session(page)
    yield session
    session.detach()


def built_in(session: CDPSession) -> Device:
    return Device(session, transport="internal", hasResidentKey=True, automaticPresenceSimulation=True)


def begin(site: Site, page: Page, **parameters: str) -> None:
    page.goto(site.authorize(site.with_keys, prompt="login", **parameters))


def log_in(page: Page, person: str) -> None:
    page.locator("#username").fill(person)
    press(page)
    page.locator("#password").fill(PASSWORD)
    press(page)


def press(page: Page) -> None:
    page.locator("[data-action-button-primary]").click()


def enrol(site: Site, page: Page, device: Device, person: str) -> None:
    """Log in with a password, and make the passkey that is offered then."""
    device.present(False)
    begin(site, page)
    device.present(True)
    log_in(page, person)
    page.wait_for_url("**/u/passkey-enrollment?*")
    press(page)
    page.wait_for_url(f"{site.app.callback}?*")
    site.app.forget()


def test_a_passkey_is_made_after_a_password_and_logs_in_by_its_button(site: Site, page: Page, cdp: CDPSession) -> None:
    page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    device = built_in(cdp)
    enrol(site, page, device, BUTTON)
    (credential,) = device.credentials()
    assert credential["isResidentCredential"]
    begin(site, page)
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()

    device.put(credential)  # as a copy made before the login would be
    begin(site, page)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.locator("#prompt-alert [data-error-code='passkey-authentication-failed']")).to_be_visible()


def test_a_passkey_is_filled_in_by_the_browser(site: Site, page: Page, cdp: CDPSession) -> None:
    device = built_in(cdp)
    enrol(site, page, device, AUTOFILL)
    begin(site, page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_a_passkey_of_another_device_is_followed_by_one_of_this(site: Site, page: Page, cdp: CDPSession) -> None:
    page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    enrol(site, page, Device(cdp, transport="usb", hasResidentKey=True, automaticPresenceSimulation=True), ELSEWHERE)
    begin(site, page)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.locator("main.passkey-enrollment-local")).to_be_visible()
    device = built_in(cdp)
    press(page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()
    assert len(device.credentials()) == 1


def test_whoever_wants_none_goes_on_without(site: Site, page: Page, cdp: CDPSession) -> None:
    device = built_in(cdp)
    device.present(False)
    begin(site, page)
    log_in(page, WITHOUT)
    page.wait_for_url("**/u/passkey-enrollment?*")
    page.get_by_label("Do not ask me again").check()
    page.locator('button[value="abort-passkey-enrollment"]').click()
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_a_new_account_is_made_with_a_passkey(site: Site, page: Page, cdp: CDPSession) -> None:
    device = built_in(cdp)
    begin(site, page, screen_hint="signup")
    page.get_by_label("Email address").fill("new@example.test")
    press(page)
    page.wait_for_url("**/u/passkey-enrollment?*")
    press(page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()
    (credential,) = device.credentials()
    assert credential["isResidentCredential"]


def test_a_new_account_without_scripts_has_a_password(site: Site, browser: Browser) -> None:
    with browser.new_context(ignore_https_errors=True, java_script_enabled=False) as context:
        page = context.new_page()
        begin(site, page, screen_hint="signup")
        page.get_by_label("Email address").fill("plain@example.test")
        press(page)
        page.wait_for_url("**/u/signup/password?*")
        page.get_by_label("Password").fill(PASSWORD)
        press(page)
        page.wait_for_url(f"{site.app.callback}?*")
        assert "code" in site.app.answer()
