"""The challenge of a form in a real browser: worked on while somebody types, or waited out without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.login_pages.conftest import Site
from tests.e2e.login_pages.tenants import EMAIL, PASSWORD

pytestmark = pytest.mark.xdist_group("login-pages")


def test_the_browser_works_and_the_form_waits_for_it(site: Site, page: Page) -> None:
    page.goto(site.authorize(site.challenging))
    page.locator("#username").fill(EMAIL)
    page.locator("#password").fill("not-this-one-9")
    page.get_by_role("button", name="Continue").click()  # long before the work is done
    expect(page.locator("#error-element-password")).to_be_visible()
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_what_is_missing_is_said_first(site: Site, page: Page) -> None:
    page.goto(site.authorize(site.challenging))
    page.locator("#username").fill(EMAIL)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#error-cs-password-required")).to_be_visible()
    expect(page.locator("#password")).to_be_focused()


@pytest.mark.parametrize("scripts", [False], indirect=True)
def test_without_scripts_the_page_says_how_long_to_wait(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.challenging))
    expect(page.get_by_text("wait 10 seconds")).to_be_visible()
    page.locator("#username").fill(EMAIL)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("[data-error-code=captcha-too-soon]")).to_be_visible()
    expect(page.locator("#username")).to_have_value(EMAIL)
