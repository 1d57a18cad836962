"""auth0-acul-js in Chromium: its class for every screen takes what a page of the tenant's own drawing is told, and the
forms it sends are those our pages take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, sync_playwright
from tests import chromium
from tests.sdk.conftest import HERE

from doorward.management.resources.prompt_rendering import CONTEXT
from doorward.model.directory import TenantDirectory
from doorward.model.document import Documents
from doorward.model.snapshot import snapshot_of
from doorward.model.tenant import Issuer, Tenant
from doorward.web.login.advanced_rendering import Drawing, Rendering
from doorward.web.login.render import render
from doorward.web.login.samples import SAMPLES, STATE, STOCK
from doorward.web.login.template_variables import about
from doorward.web.login.universal_login_context import Known
from doorward.web.wire.http import Response

PAGE = "https://login.acme.test/u/page"
SDK = "https://cdn.acme.test/"
SCREENS = HERE / "node_modules" / "@auth0" / "auth0-acul-js" / "dist"
# The page says which class it is; the class says what it made of the page.
SCRIPT = f'import Screen from "{SDK}screens/{{{{screen.name}}}}/index.js"; window.made = new Screen();'
# Screens of ours that it has no class for.
UNKNOWN = frozenset(("login-passwordless-email-link", "login-link", "login-confirmation", "error"))


@pytest.fixture(scope="module")
def tab(node: str) -> Iterator[Page]:
    if not SCREENS.is_dir():
        pytest.skip("the npm packages are not installed: make test-sdk")
    if chromium.CHROMIUM is None:
        pytest.skip(chromium.NO_CHROMIUM)
    with sync_playwright() as driver, chromium.browser(driver) as started:
        yield started.new_page()


@pytest.fixture(scope="module")
def directory() -> TenantDirectory:
    return snapshot_of(Tenant(id="acme", domain="login.acme.test"), Documents({}), b"k" * 32, report=lambda *_: None)


def drawn(name: str, directory: TenantDirectory) -> Response:
    page = SAMPLES[name]
    rendering = Rendering(
        wanted=frozenset(CONTEXT),
        tags=({"tag": "script", "attributes": {"type": "module"}, "content": SCRIPT},),
        default_tags=True,
        in_template=False,
    )
    told = about(directory, Issuer(tenant="acme", host="login.acme.test"), page, STOCK, {})
    drawing = Drawing(rendering=rendering, known=Known(directory=directory, about=told, asked={}))
    return render(page, STOCK, "en", drawing=drawing)


def serve(tab: Page, response: Response) -> None:
    def fulfil(route: Any) -> None:
        url = route.request.url
        if url == PAGE:
            route.fulfill(status=response.status, body=response.body, headers=dict(response.headers))
        elif url.startswith(SDK):
            file = SCREENS / urlsplit(url).path.lstrip("/")
            headers = {"content-type": "text/javascript", "access-control-allow-origin": "*"}
            route.fulfill(status=200, body=Path(file).read_bytes(), headers=headers)
        else:
            route.fulfill(status=404, body="")

    tab.unroute_all()
    tab.route("**/*", fulfil)


@pytest.mark.parametrize("name", [name for name, page in SAMPLES.items() if page.screen.name not in UNKNOWN])
def test_its_class_takes_every_screen(tab: Page, directory: TenantDirectory, name: str) -> None:
    complaints = chromium.Complaints(tab.context)
    serve(tab, drawn(name, directory))
    tab.goto(PAGE)
    tab.wait_for_function("() => window.made", timeout=5000)
    made = tab.evaluate("() => ({ ...made.screen, errors: made.getErrors() })")
    assert complaints.heard == []
    assert made["name"] == SAMPLES[name].screen.name
    assert [error["code"] for error in made["errors"]] == [error.code for error in SAMPLES[name].errors]


def test_it_logs_in_with_a_form_like_ours(tab: Page, directory: TenantDirectory) -> None:
    serve(tab, drawn("login", directory))
    tab.goto(PAGE)
    tab.wait_for_function("() => window.made")
    with tab.expect_request(lambda request: request.method == "POST") as posted:
        tab.evaluate("() => { made.login({ username: 'ada@example.com', password: 'secret' }); }")
    form = dict(parse_qsl(posted.value.post_data or ""))
    assert posted.value.url == PAGE
    assert form.items() >= {"state": STATE, "username": "ada@example.com", "password": "secret"}.items()
    assert set(form) <= {"state", "username", "password", "action", "acul-sdk"}
