"""A second factor in a browser, with and without scripts: taken on, and asked for from then on."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.login_pages.conftest import Site, log_in
from tests.e2e.login_pages.tenants import CAREFUL

from doorward.identity.mfa import otp
from doorward.model.mfa import MULTI_FACTOR

pytestmark = pytest.mark.xdist_group("login-pages")


def press(page: Page) -> None:
    page.locator("[data-action-button-primary]").click()


def begin(site: Site, page: Page, person: str) -> None:
    page.goto(site.authorize(site.combined, acr_values=MULTI_FACTOR, prompt="login"))
    log_in(page, person)


def test_an_app_is_set_up_and_logs_in(site: Site, page: Page, scripts: bool) -> None:
    person = CAREFUL[scripts]
    begin(site, page, person)
    page.wait_for_url("**/u/mfa-otp-enrollment?*")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    assert page.locator(".picture").evaluate("image => image.naturalWidth") > 0 if scripts else True
    page.get_by_role("button", name="Cannot scan it?").click()
    key = page.locator("#secret").inner_text().replace(" ", "").replace("\n", "")
    expect(page.get_by_role("button", name="Copy key")).to_be_visible(visible=scripts)
    page.get_by_label("Code from the app").fill("000000")
    press(page)
    expect(page.locator("#error-element-code")).to_have_attribute("data-error-code", "invalid-code")
    step = otp.step_at(time.time())
    page.get_by_label("Code from the app").fill(otp.code_of(key, step))
    press(page)
    page.wait_for_url("**/u/mfa-recovery-code-enrollment?*")
    press(page)
    expect(page.locator("#prompt-alert")).to_be_visible()
    page.get_by_label("I have saved this code").check()
    press(page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()

    begin(site, page, person)
    page.wait_for_url("**/u/mfa-otp-challenge?*")
    page.get_by_role("button", name="Try another way").click()
    page.get_by_role("button", name="Go back").click()
    page.wait_for_url("**/u/mfa-otp-challenge?*")
    page.get_by_label("Code from the app").fill(otp.code_of(key, step + 1))  # the other one is spent
    press(page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()
