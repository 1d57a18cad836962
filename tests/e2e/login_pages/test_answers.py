"""How answers leave the login pages in a real browser: redirects, posted forms, messages to windows."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests import chromium
from tests.e2e.login_pages.conftest import Site, log_in
from tests.e2e.login_pages.tenants import AUDIENCE, CUSTOM_SCHEME, ELSEWHERE, NATIVE, PARTNER, SINGLE_PAGE

pytestmark = pytest.mark.xdist_group("login-pages")

LISTEN = """() => {
    window.messages = [];
    addEventListener("message", (event) => window.messages.push({origin: event.origin, data: event.data}));
}"""

FRAME = """(url) => {
    const frame = document.createElement("iframe");
    frame.src = url;
    document.body.append(frame);
}"""


class TestTheLastRedirectOfAForm:
    """Chromium holds every redirect after a form against the policy of the page the form was on."""

    def test_to_loopback(self, site: Site, page: Page, scripts: bool) -> None:
        page.goto(site.authorize(site.combined))
        log_in(page)
        page.wait_for_url(f"{site.app.callback}?*")
        assert "code" in site.app.answer()

    def test_to_another_https_origin(self, site: Site, page: Page, scripts: bool) -> None:
        page.goto(site.authorize(site.combined, redirect_uri=ELSEWHERE))
        log_in(page)
        page.wait_for_url(f"{ELSEWHERE}?code=*")

    def test_to_a_scheme_of_an_application(self, site: Site, page: Page, scripts: bool) -> None:
        page.goto(site.authorize(site.combined, NATIVE, redirect_uri=CUSTOM_SCHEME))
        with page.expect_request(lambda request: request.url.startswith(CUSTOM_SCHEME)) as last:
            log_in(page)
        assert "code=" in last.value.url

    def test_from_consent(self, site: Site, page: Page, scripts: bool) -> None:
        page.goto(
            site.authorize(site.combined, PARTNER, audience=AUDIENCE, scope="openid read:items", prompt="consent")
        )
        log_in(page)
        page.locator("button[value=deny]").click()
        page.wait_for_url(f"{site.app.callback}?*")
        assert site.app.answer()["error"] == "access_denied"


class TestFormPost:
    def test_posts_itself(self, site: Site, page: Page) -> None:
        page.goto(site.authorize(site.combined, response_mode="form_post"))
        log_in(page)
        page.wait_for_url(site.app.callback)
        arrival = site.app.arrival()
        assert arrival.method == "POST"
        assert arrival.parameters["state"] == "the-state"
        assert "code" in arrival.parameters

    def test_has_a_button_where_scripts_do_not_run(self, site: Site, page: Page, scripts: bool) -> None:
        page.goto(site.authorize(site.combined, response_mode="form_post", response_type="id_token", nonce="a-nonce"))
        log_in(page)
        if not scripts:
            page.get_by_role("button", name="Continue").click()
        page.wait_for_url(site.app.callback)
        arrival = site.app.arrival()
        assert arrival.method == "POST"
        assert set(arrival.parameters) >= {"id_token", "state"}


def messages(page: Page) -> list[dict[str, Any]]:
    page.wait_for_function("window.messages.length > 0")
    found: list[dict[str, Any]] = page.evaluate("window.messages")
    return found


class TestWebMessage:
    def test_in_a_frame(self, site: Site, profile: BrowserContext) -> None:
        page = profile.new_page()
        page.goto(site.authorize(site.combined))
        log_in(page)
        page.wait_for_url(f"{site.app.callback}?*")
        page.evaluate(LISTEN)
        silent = site.authorize(site.combined, SINGLE_PAGE, prompt="none", response_mode="web_message")
        page.evaluate(FRAME, silent)
        (message,) = messages(page)
        assert message["origin"] == site.combined.rstrip("/")
        assert message["data"]["type"] == "authorization_response"
        assert message["data"]["response"]["state"] == "the-state"
        assert "code" in message["data"]["response"]

    def test_in_a_frame_without_a_session(self, site: Site, page: Page) -> None:
        page.goto(f"{site.app.origin}/")
        page.evaluate(LISTEN)
        silent = site.authorize(site.combined, SINGLE_PAGE, prompt="none", response_mode="web_message")
        page.evaluate(FRAME, silent)
        (message,) = messages(page)
        assert message["data"]["response"]["error"] == "login_required"

    def test_in_a_popup_that_kept_its_opener(self, site: Site, page: Page, context: BrowserContext) -> None:
        page.goto(f"{site.app.origin}/")
        page.evaluate(LISTEN)
        interactive = site.authorize(site.combined, SINGLE_PAGE, response_mode="web_message")
        with page.expect_popup() as opened:
            page.evaluate("url => { window.open(url, 'login', 'width=400,height=600') }", interactive)
        log_in(opened.value)
        (message,) = messages(page)
        assert message["origin"] == site.combined.rstrip("/")
        assert "code" in message["data"]["response"]

    def test_a_login_page_cannot_be_framed(self, site: Site, page: Page, complaints: chromium.Complaints) -> None:
        page.goto(f"{site.app.origin}/")
        url = site.authorize(site.combined, SINGLE_PAGE, response_mode="web_message")
        with page.expect_console_message(lambda message: "frame" in message.text.lower()):
            page.evaluate(FRAME, url)
        assert page.frames[1].locator("form").count() == 0
        assert any("frame-ancestors" in heard for heard in complaints.heard)
        complaints.heard.clear()


class TestErrorPage:
    def test_names_the_fault_to_a_developer(self, site: Site, page: Page, scripts: bool) -> None:
        answer = page.goto(site.authorize(site.combined, redirect_uri=f"{site.app.callback}/"))
        assert answer is not None
        assert answer.status == 403
        expect(page.locator("#error")).to_have_text("unauthorized_client")
        expect(page.locator("#error-description")).to_contain_text("Callback URL mismatch")
        expect(page.locator("#error-hint")).to_contain_text(f"{site.app.callback}/")

    def test_of_an_unknown_client(self, site: Site, page: Page) -> None:
        page.goto(site.authorize(site.combined, "nobody"))
        expect(page.locator("#error-description")).to_have_text("Unknown client: nobody")

    def test_of_a_bookmarked_login(self, site: Site, page: Page) -> None:
        page.goto(f"{site.combined}u/login?state=of-another-day")
        expect(page.locator("h1")).to_have_text("This page has expired")
