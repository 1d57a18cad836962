"""New accounts in a real browser, with and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.login_pages.conftest import Site
from tests.e2e.login_pages.tenants import EMAIL, PASSWORD

pytestmark = pytest.mark.xdist_group("login-pages")


def test_on_one_page(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.combined))
    page.get_by_role("link", name="Sign up").click()
    page.locator("#email").fill(f"new-{scripts}@example.test")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_in_two_steps(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.identifier_first, screen_hint="signup"))
    page.get_by_label("Email address").fill(f"new-{scripts}@example.test")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/u/signup/password?*")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_a_weak_password_is_told_by_rule(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.combined, screen_hint="signup"))
    page.locator("#email").fill("weak@example.test")
    page.locator("#password").fill("short")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#error-element-password")).to_be_visible()
    length = page.locator("[data-rule=lengthAtLeast]")
    expect(length).to_have_attribute("data-met", "false")
    expect(page.locator("[data-rule=lowerCase]")).to_have_attribute("data-met", "true")
    expect(page.locator("#email")).to_have_value("weak@example.test")


def test_rules_are_ticked_off_while_typing(site: Site, page: Page) -> None:
    page.goto(site.authorize(site.combined, screen_hint="signup"))
    length = page.locator("[data-rule=lengthAtLeast]")
    password = page.locator("#password")
    password.press_sequentially("short")
    expect(length).not_to_have_attribute("data-met", "true")
    password.press_sequentially("-no-more")
    expect(length).to_have_attribute("data-met", "true")


def test_a_taken_address_is_told(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.combined, screen_hint="signup"))
    page.locator("#email").fill(EMAIL)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("[data-error-code=email-in-use]").first).to_be_visible()
