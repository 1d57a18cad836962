"""Codes and links in a real browser, with and without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.login_pages.conftest import Site
from tests.e2e.login_pages.tenants import CODES, LINKS

pytestmark = pytest.mark.xdist_group("login-pages")


def received(site: Site, to: str, issuer: str = "") -> dict[str, Any]:
    """The newest message to somebody, once it is there; ``issuer`` is another tenant than the first."""
    with site.client(issuer or site.combined) as http:
        for _ in range(200):
            answer = http.post("/_doorward/api/v1/inbox/take", params={"to": to})
            if answer.status_code == 200:
                message: dict[str, Any] = answer.json()
                return message
    raise AssertionError(f"nothing came for {to}")


def test_a_code_from_a_mail(site: Site, page: Page, scripts: bool) -> None:
    to = f"code-{scripts}@example.test"
    page.goto(site.authorize(site.combined, CODES))
    page.get_by_label("Email address or phone number").fill(to)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/u/login/passwordless-email-challenge?*")
    expect(page.get_by_role("heading")).to_have_text("Check your email")
    code = received(site, to)["code"]
    page.get_by_label("Enter the code").fill("000000" if code != "000000" else "111111")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#error-element-code")).to_be_visible()
    page.get_by_role("button", name="Send another code").click()
    expect(page.locator("#error-element-code")).to_have_count(0)
    page.get_by_label("Enter the code").fill(received(site, to)["code"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_a_code_from_a_text_message_and_a_number_typed_wrong(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.combined, CODES))
    page.locator("#username").fill("+44 20 7946 0000")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/u/login/passwordless-sms-challenge?*")
    page.get_by_role("link", name="Edit the address or number").click()
    expect(page.locator("#username")).to_have_value("+442079460000")
    number = f"+44207946{1111 if scripts else 2222}"
    page.locator("#username").fill(number)
    page.get_by_role("button", name="Continue").click()
    page.locator("#code").fill(received(site, number)["code"])
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_a_link_presses_its_button_itself_where_scripts_run(site: Site, page: Page, scripts: bool) -> None:
    to = f"link-{scripts}@example.test"
    page.goto(site.authorize(site.combined, LINKS))
    page.get_by_label("Email address").fill(to)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/u/login/passwordless-email-link?*")
    mail = page.context.new_page()
    mail.goto(received(site, to)["link"])
    if not scripts:
        mail.get_by_role("button", name="Continue").click()
    mail.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_a_link_in_another_browser_says_where_to_open_it(site: Site, page: Page, browser: Browser) -> None:
    page.goto(site.authorize(site.combined, LINKS))
    page.get_by_label("Email address").fill("elsewhere@example.test")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/u/login/passwordless-email-link?*")
    link = received(site, "elsewhere@example.test")["link"]
    with browser.new_context(ignore_https_errors=True) as another:
        elsewhere = another.new_page()
        elsewhere.goto(link)
        expect(elsewhere.get_by_role("heading")).to_have_text("Open the link where you began")
    page.goto(link)
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()
