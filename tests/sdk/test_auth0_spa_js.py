"""auth0-spa-js in Chromium: a single page on another site than its authorization server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page, Request
from tests.dev_server import DevServer
from tests.sdk.conftest import Listener, application, log_in
from tests.sdk_tenant import AUDIENCE, EMAIL, SECOND_AUDIENCE, SINGLE_PAGE

START = "options => { window.client = new auth0.Auth0Client(options); }"
CALL = """async ([method, ...parameters]) => {
    try {
        return { answer: (await client[method](...parameters)) ?? null };
    } catch (error) {
        return { error: error.error ?? String(error), description: error.error_description ?? error.message };
    }
}"""
POPUP = "options => { window.done = client.loginWithPopup(options).then(() => 'in', String); }"
NOT_FROM_THE_CACHE = {"cacheMode": "off", "detailedResponse": True}


class SinglePage:
    """The application in one tab; its client lives until the page is left."""

    def __init__(self, page: Page, origin: str, door: DevServer) -> None:
        self.page = page
        self.origin = origin
        self.client_id = door.clients[SINGLE_PAGE].client_id
        self.door = door
        self._options: dict[str, Any] = {}

    def open(self, **options: Any) -> None:
        """Load the page and make the client."""
        self.page.goto(f"{self.origin}/")
        self.start(**options)

    def start(self, **options: Any) -> None:
        """Make the client on the page that is loaded; without options, as before."""
        self._options = options or self._options
        asked = {"redirect_uri": self.origin, "audience": AUDIENCE, "scope": "openid profile email read:items"}
        defaults = {"domain": self.door.domain, "clientId": self.client_id, "authorizationParams": asked}
        self.page.evaluate(START, {**defaults, **self._options})

    def call(self, method: str, *parameters: Any) -> Any:
        """What the method of the client answers."""
        said = self.page.evaluate(CALL, [method, *parameters])
        assert "error" not in said, said
        return said["answer"]

    def error(self, method: str, *parameters: Any) -> tuple[str, str]:
        """The error it throws instead, with its description."""
        said = self.page.evaluate(CALL, [method, *parameters])
        assert "error" in said, said
        return said["error"], said["description"]

    def log_in(self) -> None:
        """There and back by redirects."""
        self.page.evaluate("() => { client.loginWithRedirect(); }")
        self.page.wait_for_url(f"{self.door.issuer}u/login/identifier?*")
        log_in(self.page)
        self.page.wait_for_url(f"{self.origin}/?code=*")
        self.start()
        self.call("handleRedirectCallback")


@pytest.fixture(scope="module")
def origin(node: str, listeners: Mapping[str, Listener], environment: Mapping[str, str]) -> Iterator[str]:
    with application(node, "single_page.mjs", listeners["spa"], environment) as running:
        yield running


@pytest.fixture
def spa(page: Page, origin: str, door: DevServer) -> Iterator[SinglePage]:
    opened = SinglePage(page, origin, door)
    yield opened
    page.goto(f"{origin}/")
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")


def token_requests(browser: BrowserContext) -> list[dict[str, str]]:
    """The bodies sent to the token endpoint from here on, workers included."""
    seen: list[dict[str, str]] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/oauth/token"):
            seen.append(dict(parse_qsl(request.post_data or "")))

    browser.on("request", note)
    return seen


def test_login_by_redirect_with_pkce(spa: SinglePage, browser: BrowserContext, door: DevServer) -> None:
    asked = token_requests(browser)
    spa.open()
    spa.log_in()
    assert spa.call("getUser")["email"] == EMAIL
    assert spa.call("getIdTokenClaims")["iss"] == door.issuer
    assert spa.call("isAuthenticated") is True
    assert len(spa.call("getTokenSilently").split(".")) == 3
    (exchange,) = asked
    assert exchange["grant_type"] == "authorization_code"
    assert len(exchange["code_verifier"]) >= 43
    assert "client_secret" not in exchange


def test_silent_renewal_in_a_frame(spa: SinglePage, browser: BrowserContext) -> None:
    spa.open()
    spa.log_in()
    asked = token_requests(browser)
    assert spa.call("getTokenSilently", NOT_FROM_THE_CACHE)["expires_in"] == 86400
    assert [body["grant_type"] for body in asked] == ["authorization_code"]


def test_a_reload_finds_the_session_again(spa: SinglePage) -> None:
    spa.open()
    spa.log_in()
    spa.open()
    assert spa.call("isAuthenticated") is False
    spa.call("checkSession")
    assert spa.call("getUser")["email"] == EMAIL


def test_without_a_session_silence_is_login_required(spa: SinglePage) -> None:
    spa.open()
    assert spa.error("getTokenSilently") == ("login_required", "Login required")


def test_login_in_a_popup(spa: SinglePage) -> None:
    spa.open()
    with spa.page.expect_popup() as opened:
        spa.page.evaluate(POPUP, {})
    popup = opened.value
    with popup.expect_event("close"):
        log_in(popup)
    assert spa.page.evaluate("done") == "in"
    assert spa.call("getUser")["email"] == EMAIL


def test_a_token_for_another_api_after_consent(spa: SinglePage) -> None:
    spa.open()
    spa.log_in()
    other = {"authorizationParams": {"audience": SECOND_AUDIENCE, "scope": "openid read:items"}}
    assert spa.error("getTokenSilently", other) == ("consent_required", "Consent required")
    with spa.page.expect_popup() as opened:
        spa.page.evaluate(POPUP, other)
    opened.value.locator("button[value=accept]").click()
    assert spa.page.evaluate("done") == "in"
    answer = spa.call("getTokenSilently", {**other, **NOT_FROM_THE_CACHE})
    assert answer["scope"] == "openid profile email read:items"  # the SDK adds what the page asks for anyway


class TestRefreshTokens:
    def test_rotate_in_the_worker(self, spa: SinglePage, browser: BrowserContext) -> None:
        spa.open(useRefreshTokens=True)
        spa.log_in()
        asked = token_requests(browser)
        for _ in range(2):
            assert spa.call("getTokenSilently", NOT_FROM_THE_CACHE)["access_token"]
        assert [body["grant_type"] for body in asked] == ["refresh_token"] * 2
        assert asked[0]["refresh_token"] != asked[1]["refresh_token"]

    def lose(self, spa: SinglePage, browser: BrowserContext, door: DevServer) -> None:
        """Somebody else used a refresh token of this page: its family is over."""
        asked = token_requests(browser)
        spa.call("getTokenSilently", NOT_FROM_THE_CACHE)
        stolen = {"grant_type": "refresh_token", "client_id": spa.client_id, "refresh_token": asked[0]["refresh_token"]}
        reused = httpx2.post(door.url("oauth/token"), data=stolen, verify=door.tls)
        assert reused.json()["error"] == "invalid_grant"

    def test_fall_back_to_the_frame(self, spa: SinglePage, browser: BrowserContext, door: DevServer) -> None:
        spa.open(useRefreshTokens=True, useRefreshTokensFallback=True)
        spa.log_in()
        self.lose(spa, browser, door)
        asked = token_requests(browser)
        assert spa.call("getTokenSilently", NOT_FROM_THE_CACHE)["access_token"]
        assert [body["grant_type"] for body in asked] == ["refresh_token", "authorization_code"]

    def test_are_missed_without_a_fallback(self, spa: SinglePage, browser: BrowserContext, door: DevServer) -> None:
        spa.open(useRefreshTokens=True)
        spa.log_in()
        self.lose(spa, browser, door)
        error, description = spa.error("getTokenSilently", NOT_FROM_THE_CACHE)
        assert (error, description) == ("invalid_grant", "Unknown or invalid refresh token.")

    def test_survive_a_reload_in_local_storage(self, spa: SinglePage, browser: BrowserContext) -> None:
        options = {"useRefreshTokens": True, "cacheLocation": "localstorage"}
        spa.open(**options)
        spa.log_in()
        spa.open(**options)
        asked = token_requests(browser)
        assert spa.call("getUser")["email"] == EMAIL
        spa.call("getTokenSilently", NOT_FROM_THE_CACHE)
        assert [body["grant_type"] for body in asked] == ["refresh_token"]


def test_logout(spa: SinglePage, origin: str) -> None:
    spa.open()
    spa.log_in()
    spa.page.evaluate("returnTo => { client.logout({ logoutParams: { returnTo } }); }", origin)
    spa.page.wait_for_url(f"{origin}/")
    spa.start()
    assert spa.call("isAuthenticated") is False
    assert spa.error("getTokenSilently") == ("login_required", "Login required")
