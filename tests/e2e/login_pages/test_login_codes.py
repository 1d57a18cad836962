"""Codes in a database connection in a real browser, with and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.login_pages.conftest import Site
from tests.e2e.login_pages.tenants import FLEXIBLE, PASSWORD
from tests.e2e.login_pages.test_passwordless import received

pytestmark = pytest.mark.xdist_group("login-pages")


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def test_a_code_makes_an_account_and_logs_in(site: Site, page: Page, scripts: bool) -> None:
    to = f"flexible-{scripts}@example.test"
    page.goto(site.authorize(site.combined, FLEXIBLE))
    page.locator("#username").fill(to)
    go_on(page)
    page.wait_for_url("**/u/email-identifier/challenge?*")
    received(site, to)
    page.get_by_label("Enter the code").fill("12")
    page.get_by_role("button", name="Send another code").click()
    expect(page.get_by_label("Enter the code")).to_have_value("")
    page.get_by_label("Enter the code").fill(received(site, to)["code"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/u/confirmation?*")
    go_on(page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_an_address_is_verified_before_the_password_of_a_new_account(site: Site, page: Page, scripts: bool) -> None:
    to = f"verified-{scripts}@example.test"
    page.goto(site.authorize(site.combined, FLEXIBLE, screen_hint="signup"))
    go_on(page)
    expect(page.locator("[data-error-code=no-identifier]").first).to_be_visible()
    page.get_by_label("Email address (optional)").fill(to)
    go_on(page)
    page.wait_for_url("**/u/email-identifier/challenge?*")
    page.get_by_label("Enter the code").fill(received(site, to)["code"])
    go_on(page)
    page.wait_for_url("**/u/signup/password?*")
    page.get_by_label("Password").fill(PASSWORD)
    go_on(page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_between_code_and_password(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.combined, FLEXIBLE))
    page.locator("#username").fill(f"+44207946{3333 if scripts else 4444}")
    go_on(page)
    page.wait_for_url("**/u/phone-identifier/challenge?*")
    page.get_by_role("button", name="Use your password instead").click()
    page.wait_for_url("**/u/login/password?*")
    page.get_by_role("button", name="Log in with a code instead").click()
    page.wait_for_url("**/u/phone-identifier/challenge?*")
    page.get_by_role("button", name="Go back").click()
    page.wait_for_url("**/u/login/identifier?*")
