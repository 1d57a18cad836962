"""Addresses that are verified by codes, links that are no good, what lifts a block, and the challenge of a form where
no script works on it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.dev_server import DevServer
from tests.e2e.login_pages.asking import BY_CODE
from tests.e2e.login_pages.asking import received as received_there
from tests.e2e.login_pages.conftest import Site, log_in
from tests.e2e.login_pages.tenants import CONNECTION, EMAIL, FLEXIBLE, PASSWORD, SECRET, UNVERIFIED, WEB
from tests.e2e.login_pages.test_factors import NEW, Contexts, arrive, at, enter
from tests.e2e.login_pages.test_keys import press
from tests.e2e.login_pages.test_passwordless import received

pytestmark = pytest.mark.xdist_group("login-pages")


def test_an_address_is_verified_at_a_login_and_a_password_replaced_by_codes(
    site: Site, asking: DevServer, page: Page, scripts: bool
) -> None:
    email, tenant = UNVERIFIED[scripts], f"https://{BY_CODE}:{asking.port}/"
    page.goto(site.authorize(tenant))
    page.locator("#username").fill(email)
    press(page)
    page.locator("#password").fill(PASSWORD)
    press(page)
    at(page, "login-email-verification")
    enter(page, "000000")
    expect(page.locator("#error-element-code")).to_be_visible()
    page.get_by_role("button", name="Send another code").click()
    expect(page.locator("#error-element-code")).to_have_count(0)
    enter(page, received_there(asking, email, BY_CODE)["code"])
    arrive(site, page)

    page.goto(site.authorize(tenant, prompt="login"))
    page.locator("#username").fill(email)
    press(page)
    page.get_by_role("link", name="Forgot password?").click()
    press(page)
    at(page, "email-otp-challenge")
    enter(page, received_there(asking, email, BY_CODE)["code"])
    at(page, "reset-password")
    page.locator("#password-reset").fill(NEW)
    page.locator("#re-enter-password").fill(NEW)
    press(page)
    at(page, "reset-password-success")


def test_a_number_says_how_its_code_is_to_come(site: Site, asking: DevServer, page: Page, scripts: bool) -> None:
    number = f"+44207946{5555 if scripts else 6666}"
    page.goto(site.authorize(f"https://{BY_CODE}:{asking.port}/"))
    page.locator("#username").fill(number)
    press(page)
    at(page, "phone-identifier-enrollment")
    page.get_by_label("Phone call").check()
    press(page)
    at(page, "phone-identifier-challenge")
    message = received_there(asking, number, BY_CODE)
    assert message["channel"] == "voice"
    enter(page, message["code"])
    expect(page.locator("#error-element-code")).to_have_count(0)


def test_links_that_are_no_good(site: Site, page: Page, scripts: bool) -> None:
    for path, screen in (
        ("reset-verify", "reset-password-error"),
        ("reset-password", "reset-password-error"),
        ("email-verification", "email-verification-result"),
        ("brute-force-protection-unblock", "brute-force-protection-unblock-failure"),
        ("mfa-enrollment", "mfa-enroll-result"),
    ):
        answer = page.goto(f"{site.combined}u/{path}?ticket=of-another-day")
        assert answer is not None
        if page.locator("main.redeem-ticket").count():
            press(page)
        at(page, screen)


def test_a_block_is_lifted_by_its_link(site: Site, page: Page, contexts: Contexts) -> None:
    email, tenant = "blocked@example.test", site.identifier_first
    guess = {"grant_type": "password", "client_id": WEB, "client_secret": SECRET, "username": email, "password": "no"}
    with site.client(tenant) as client:
        new = {"client_id": WEB, "connection": CONNECTION, "email": email, "password": PASSWORD}
        assert client.post("/dbconnections/signup", json=new).status_code == 200
        while client.post("/oauth/token", json=guess).status_code == 403:
            pass
    while (message := received(site, email, tenant))["template"] != "blocked_account":
        pass
    plain = contexts[False][0].new_page()
    plain.goto(message["link"])
    at(plain, "brute-force-protection-unblock")
    page.goto(message["link"])  # looking lifts nothing, whoever looks
    at(page, "brute-force-protection-unblock")
    press(plain)
    at(plain, "brute-force-protection-unblock-success")
    plain.close()
    press(page)
    at(page, "brute-force-protection-unblock-failure")
    page.goto(site.authorize(tenant))
    page.locator("#username").fill(email)
    press(page)
    page.locator("#password").fill(PASSWORD)
    press(page)
    arrive(site, page)


def test_another_code_takes_another_challenge(site: Site, page: Page) -> None:
    page.goto(site.authorize(site.challenging, FLEXIBLE))
    page.locator("#username").fill("challenged@example.test")
    press(page)
    at(page, "email-identifier-challenge")
    page.get_by_role("button", name="Send another code").click()
    at(page, "interstitial-captcha")
    press(page)  # the browser works on it
    at(page, "email-identifier-challenge")


@pytest.mark.parametrize("scripts", [False], indirect=True)
def test_whoever_waited_is_let_in_without_scripts(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.challenging))
    too_soon = page.locator("[data-error-code=captcha-too-soon]")
    for _ in range(10):
        log_in(page, EMAIL)
        page.wait_for_load_state()
        if not too_soon.count():
            break
        page.wait_for_timeout(3000)
    arrive(site, page)
