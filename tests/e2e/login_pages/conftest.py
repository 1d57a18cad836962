"""One server with two tenants, one application beside it, and a browser that finds both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from tests import chromium
from tests.dev_server import DevServer, dev_server
from tests.e2e.login_pages.application import Application, application
from tests.e2e.login_pages.asking import asking_server
from tests.e2e.login_pages.tenants import (
    CHALLENGING,
    ELSEWHERE,
    EMAIL,
    IDENTIFIER_FIRST,
    PASSWORD,
    WEB,
    WITH_KEYS,
    tenant,
    tenant_with_keys,
)

STEP_LIMIT = 10_000.0  # milliseconds
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B


class Site:
    """Where logins begin, and the application they end at."""

    def __init__(self, door: DevServer, app: Application) -> None:
        self.door = door
        self.app = app
        self.combined = door.issuer
        self.identifier_first = f"https://{IDENTIFIER_FIRST}/"
        self.challenging = f"https://{CHALLENGING}/"
        self.with_keys = f"https://{WITH_KEYS}/"

    def client(self, issuer: str, address: str = "127.0.0.1") -> httpx2.Client:
        """An HTTP client of a tenant, with a cookie jar and no browser about it."""
        trust = self.door.tls
        host = {"Host": urlsplit(issuer).netloc}  # not every name is one the resolver knows
        base = f"https://{address}:{self.door.port}"
        return httpx2.Client(base_url=base, headers=host, verify=trust, trust_env=False)

    def authorize(self, issuer: str, client_id: str = WEB, **parameters: str) -> str:
        """The URL of an authorization request."""
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": self.app.callback,
            "scope": "openid profile email",
            "state": "the-state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **parameters,
        }
        return f"{issuer}authorize?{urlencode(asked)}"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if chromium.CHROMIUM is None:
        pytest.skip(chromium.NO_CHROMIUM)
    with application() as app:
        others = {
            IDENTIFIER_FIRST: tenant(app.origin, identifier_first=True),
            CHALLENGING: tenant(app.origin, identifier_first=False, challenges=True),
            WITH_KEYS: tenant_with_keys(app.origin),
        }
        folder = tmp_path_factory.mktemp("login-pages")
        with dev_server(tenant(app.origin, identifier_first=False), folder, others) as door:
            yield Site(door, app)


@pytest.fixture(scope="session")
def asking(running: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """A server that asks for a second factor before it replaces a password."""
    with asking_server(running.app.callback, tmp_path_factory.mktemp("asking")) as door:
        yield door


@pytest.fixture
def site(running: Site) -> Site:
    running.app.forget()
    return running


@pytest.fixture(scope="module")
def driver() -> Iterator[Playwright]:
    if chromium.CHROMIUM is None:
        pytest.skip(chromium.NO_CHROMIUM)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(driver: Playwright, running: Site) -> Iterator[Browser]:
    address = f"127.0.0.1:{running.door.port}"
    names = (IDENTIFIER_FIRST, CHALLENGING, WITH_KEYS, urlsplit(ELSEWHERE).netloc)
    with chromium.browser(driver, dict.fromkeys(names, address)) as started:
        yield started


@pytest.fixture(scope="module")
def profile(driver: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser that sends cookies to framed sites too."""
    with chromium.profile(driver, tmp_path_factory.mktemp("profile")) as started:
        started.set_default_timeout(STEP_LIMIT)
        complaints = chromium.Complaints(started)
        yield started
        assert complaints.heard == []


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts; tests that ask for it run both ways."""
    run: bool = request.param
    return run


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> Iterator[dict[bool, tuple[BrowserContext, chromium.Complaints]]]:
    """Where tabs are opened, by whether scripts run in them. Opening one takes as long as a login."""
    opened = {}
    for runs in (True, False):
        context = browser.new_context(ignore_https_errors=True, java_script_enabled=runs)
        context.set_default_timeout(STEP_LIMIT)
        opened[runs] = context, chromium.Complaints(context)
    yield opened
    for context, _ in opened.values():
        context.close()


@pytest.fixture
def watched(
    contexts: Mapping[bool, tuple[BrowserContext, chromium.Complaints]], request: pytest.FixtureRequest
) -> Iterator[tuple[BrowserContext, chromium.Complaints]]:
    """A browser without cookies and tabs, whose pages must give it nothing to complain of."""
    found, complaints = contexts[request.getfixturevalue("scripts") if "scripts" in request.fixturenames else True]
    found.clear_cookies()
    complaints.heard.clear()
    yield found, complaints
    for tab in found.pages:
        tab.unroute_all(behavior="wait")  # a tab must not be closed under the answer to its request
        tab.close()
    assert complaints.heard == []


@pytest.fixture
def context(watched: tuple[BrowserContext, chromium.Complaints]) -> BrowserContext:
    return watched[0]


@pytest.fixture
def complaints(watched: tuple[BrowserContext, chromium.Complaints]) -> chromium.Complaints:
    """What the browser complained of in this test; whoever provokes it takes it out."""
    return watched[1]


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def log_in(page: Page, username: str = EMAIL, password: str = PASSWORD) -> None:
    """Fill in the page with both fields."""
    page.locator("#username").fill(username)
    page.locator("#password").fill(password)
    page.locator("[data-action-button-primary]").click()
