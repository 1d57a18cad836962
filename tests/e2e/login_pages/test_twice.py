"""A button that is clicked twice, in a real browser, with and without scripts."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.login_pages.conftest import Site, log_in
from tests.e2e.login_pages.tenants import CONNECTION, EMAIL, PASSWORD, WEB
from tests.e2e.login_pages.test_passwordless import received

from doorward.identity.mfa import otp
from doorward.model.mfa import MULTI_FACTOR

pytestmark = pytest.mark.xdist_group("login-pages")


def click_twice(page: Page, apart: int) -> None:
    """Click where the primary button is, and once more ``apart`` milliseconds later, whatever is there then."""
    box = page.locator("[data-action-button-primary]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    page.wait_for_timeout(apart)
    page.mouse.click(x, y)


def ends_at_application(site: Site, page: Page) -> None:
    expect(page).to_have_url(re.compile(re.escape(f"{site.app.callback}?")))  # the first click's page may never come
    assert "code" in site.app.answer()


@pytest.mark.parametrize("apart", [0, 40, 150])
def test_a_sign_up(site: Site, page: Page, scripts: bool, apart: int) -> None:
    page.goto(site.authorize(site.combined, screen_hint="signup"))
    page.locator("#email").fill(f"twice-{scripts}-{apart}@example.test")
    page.locator("#password").fill(PASSWORD)
    click_twice(page, apart)
    ends_at_application(site, page)


def new_person(site: Site, email: str) -> str:
    with site.client(site.combined) as http:
        account = {"client_id": WEB, "connection": CONNECTION, "email": email, "password": PASSWORD}
        assert http.post("/dbconnections/signup", json=account).status_code == 200
    return email


@pytest.mark.parametrize("apart", [0, 60])
def test_a_login(site: Site, page: Page, scripts: bool, apart: int) -> None:
    page.goto(site.authorize(site.combined))
    page.locator("#username").fill(EMAIL)
    page.locator("#password").fill(PASSWORD)
    click_twice(page, apart)
    ends_at_application(site, page)


@pytest.mark.parametrize("apart", [0, 30, 400])
def test_an_app_that_is_set_up_shows_its_recovery_code(site: Site, page: Page, scripts: bool, apart: int) -> None:
    person = new_person(site, f"twice-app-{scripts}-{apart}@example.test".lower())
    page.goto(site.authorize(site.combined, acr_values=MULTI_FACTOR, prompt="login"))
    log_in(page, person)
    page.get_by_role("button", name="Cannot scan it?").click()
    key = page.locator("#secret").inner_text().replace(" ", "").replace("\n", "")
    page.get_by_label("Code from the app").fill(otp.code_of(key, otp.step_at(time.time())))
    click_twice(page, apart)
    expect(page).to_have_url(re.compile("/u/mfa-recovery-code-enrollment"))
    expect(page.locator("#secret")).to_be_visible()
    page.get_by_label("I have saved this code").check()
    page.locator("[data-action-button-primary]").click()
    ends_at_application(site, page)


@pytest.mark.parametrize("apart", [0, 60])
def test_another_password(site: Site, page: Page, scripts: bool, apart: int) -> None:
    person = new_person(site, f"twice-reset-{scripts}-{apart}@example.test".lower())
    with site.client(site.combined) as http:
        http.post("/dbconnections/change_password", json={"connection": CONNECTION, "email": person, "client_id": WEB})
    link = ""
    while "/u/reset-password" not in link:  # after the one that verifies the address
        link = received(site, person)["link"]
    page.goto(link)
    for field in ("#password-reset", "#re-enter-password"):
        page.locator(field).fill("Difference-Engine-1822")
    click_twice(page, apart)
    expect(page.locator("h1")).to_have_text("Password changed")
