"""What a browser keeps between logins, what makes it ask again, and how a session ends."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.e2e.login_pages.conftest import Site, log_in
from tests.e2e.login_pages.tenants import DESKTOP, EMAIL, SINGLE_PAGE, WEB

pytestmark = pytest.mark.xdist_group("login-pages")


def sign_in(site: Site, page: Page) -> None:
    page.goto(site.authorize(site.combined))
    log_in(page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_the_second_login_needs_no_password(site: Site, page: Page, scripts: bool) -> None:
    sign_in(site, page)
    page.goto(site.authorize(site.combined, SINGLE_PAGE, state="second"))
    page.wait_for_url(f"{site.app.callback}?*")
    answer = site.app.answer()
    assert answer["state"] == "second"
    assert "code" in answer


def test_the_session_outlives_the_browser(site: Site, page: Page, context: BrowserContext) -> None:
    sign_in(site, page)
    cookies = {cookie["name"]: cookie for cookie in context.cookies(site.combined)}
    assert cookies["auth0"]["expires"] > 0
    assert (cookies["auth0"]["sameSite"], cookies["auth0"]["secure"], cookies["auth0"]["httpOnly"]) == (
        "None",
        True,
        True,
    )
    kept = [cookie for cookie in context.cookies() if cookie["expires"] > 0]  # what a closed browser still has
    context.clear_cookies()
    context.add_cookies(kept)
    page.goto(site.authorize(site.combined, prompt="none"))
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_a_session_belongs_to_one_tenant(site: Site, page: Page) -> None:
    sign_in(site, page)
    page.goto(site.authorize(site.identifier_first))
    page.wait_for_url("**/u/login/identifier?*")


@pytest.mark.parametrize("demand", [{"prompt": "login"}, {"max_age": "0"}], ids=["prompt", "max_age"])
def test_a_fresh_login_is_asked_for_in_spite_of_the_session(
    site: Site, page: Page, scripts: bool, demand: dict[str, str]
) -> None:
    sign_in(site, page)
    page.goto(site.authorize(site.combined, **demand))
    page.wait_for_url("**/u/login?*")
    log_in(page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_silence_without_a_session_is_login_required(site: Site, page: Page) -> None:
    page.goto(site.authorize(site.combined, prompt="none"))
    page.wait_for_url(f"{site.app.callback}?*")
    assert site.app.answer()["error"] == "login_required"


class TestTabsAndHistory:
    """Two tabs, the back button and an impatient finger lead on, never into an error."""

    def test_a_login_finished_in_another_tab(
        self, site: Site, page: Page, context: BrowserContext, scripts: bool
    ) -> None:
        page.goto(site.authorize(site.combined, state="first tab"))
        other = context.new_page()
        other.goto(site.authorize(site.combined, state="second tab"))
        log_in(other)
        other.wait_for_url(f"{site.app.callback}?*")
        assert site.app.answer()["state"] == "second tab"
        log_in(page)
        page.wait_for_url(f"{site.app.callback}?*")
        assert site.app.answer()["state"] == "first tab"

    def test_back_to_the_identifier(self, site: Site, page: Page, scripts: bool) -> None:
        page.goto(site.authorize(site.identifier_first))
        page.locator("#username").fill("somebody@example.test")
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/u/login/password?*")
        page.go_back()
        page.locator("#username").fill(EMAIL)
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("#username")).to_have_value(EMAIL)
        page.locator("#password").fill("Analytical-Engine-1843")
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url(f"{site.app.callback}?*")
        assert "code" in site.app.answer()

    def test_back_after_the_end_leads_to_the_application(self, site: Site, page: Page, scripts: bool) -> None:
        page.goto(site.authorize(site.combined, state="of the app"))
        log_in(page)
        page.wait_for_url(f"{site.app.callback}?*")
        page.go_back()
        expect(page.locator("h1")).to_have_text("This page has expired")
        page.get_by_role("link", name="Start again").click()
        page.wait_for_url(f"{site.app.callback}?*")
        assert site.app.answer()["state"] == "of the app"


def test_an_address_nobody_can_verify_is_confirmed_once_signed_in(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.combined, DESKTOP))
    log_in(page)  # another screen was shown, so none more is
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()
    page.goto(site.authorize(site.combined, DESKTOP))
    page.wait_for_url("**/u/login-confirmation?*")
    expect(page.locator(".receiver")).to_contain_text(site.app.origin)
    page.locator("button[name=action][value=accept]").click()
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()
    page.goto(site.authorize(site.combined, DESKTOP))
    page.locator("button[name=action][value=deny]").click()
    page.wait_for_url(f"{site.app.callback}?*")
    assert site.app.answer()["error"] == "access_denied"


class TestLogout:
    def test_of_auth0_never_asks(self, site: Site, page: Page) -> None:
        sign_in(site, page)
        page.goto(f"{site.combined}v2/logout?client_id={WEB}&returnTo={site.app.origin}/bye")
        page.wait_for_url(f"{site.app.origin}/bye")
        page.goto(site.authorize(site.combined, prompt="none"))
        assert site.app.answer()["error"] == "login_required"

    def test_of_openid_connect_is_confirmed(self, site: Site, page: Page, scripts: bool) -> None:
        sign_in(site, page)
        page.goto(f"{site.combined}oidc/logout?post_logout_redirect_uri={site.app.origin}/bye&state=left")
        page.locator("button[name=action][value=accept]").click()
        page.wait_for_url(f"{site.app.origin}/bye?state=left")
        page.goto(site.authorize(site.combined, prompt="none"))
        assert site.app.answer()["error"] == "login_required"

    def test_of_openid_connect_can_be_declined(self, site: Site, page: Page, scripts: bool) -> None:
        sign_in(site, page)
        page.goto(f"{site.combined}oidc/logout")
        page.locator("button[name=action][value=deny]").click()
        expect(page.locator("h1")).to_have_text("You are still logged in")
        page.goto(site.authorize(site.combined, prompt="none"))
        assert "code" in site.app.answer()

    def test_without_an_address_ends_at_a_page(self, site: Site, page: Page, scripts: bool) -> None:
        sign_in(site, page)
        page.goto(f"{site.combined}oidc/logout")
        page.locator("button[name=action][value=accept]").click()
        expect(page.locator("h1")).to_have_text("You are logged out")
