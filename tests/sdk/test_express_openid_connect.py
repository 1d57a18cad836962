"""express-openid-connect signs people in through the hosted pages, in Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page
from tests.dev_server import DevServer
from tests.sdk.conftest import Listener, application, log_in
from tests.sdk_tenant import AUDIENCE, EMAIL, PORTAL, WEB


@pytest.fixture(scope="module")
def web(node: str, door: DevServer, listeners: Mapping[str, Listener], environment: Mapping[str, str]) -> Iterator[str]:
    client, portal = door.clients[WEB], door.clients[PORTAL]
    settings = {
        "CLIENT_ID": client.client_id,
        "CLIENT_SECRET": client.client_secret,
        "AUDIENCE": AUDIENCE,
        "PORTAL_ID": portal.client_id,
        "PORTAL_SECRET": portal.client_secret,
    }
    with application(node, "web.mjs", listeners["web"], environment, **settings) as origin:
        yield origin


def read(page: Page, url: str) -> dict[str, Any]:
    """The JSON at ``url``, wherever the application leads first."""
    page.goto(url)
    found: dict[str, Any] = json.loads(page.locator("body").inner_text())
    return found


@pytest.mark.parametrize("mount", ["basic", "post", "pushed", "posted"])
def test_a_code_flow(page: Page, web: str, door: DevServer, mount: str) -> None:
    page.goto(f"{web}/{mount}/me")
    log_in(page)
    page.wait_for_url(f"{web}/{mount}/me")
    claims = json.loads(page.locator("body").inner_text())
    assert claims["iss"] == door.issuer
    assert claims["email"] == EMAIL
    assert read(page, f"{web}/{mount}/profile")["sub"] == claims["sub"]
    assert read(page, f"{web}/{mount}/renew") == {"token_type": "Bearer", "expires_in": 86400}
    with page.expect_request(lambda request: urlsplit(request.url).path == "/oidc/logout") as leaving:
        page.goto(f"{web}/{mount}/logout")
    assert "id_token_hint" in parse_qs(urlsplit(leaving.value.url).query)
    page.wait_for_url(f"{web}/{mount}")  # the hint names the session: nothing to confirm
    assert read(page, f"{web}/{mount}/") == {"signedIn": False}
    page.goto(f"{web}/{mount}/me")
    page.wait_for_url(f"{door.issuer}u/login/identifier?*")  # the session at the server is over too


def test_an_id_token_by_form_post(page: Page, web: str) -> None:
    page.goto(f"{web}/implicit/me")
    log_in(page)
    page.wait_for_url(f"{web}/implicit/me")
    assert json.loads(page.locator("body").inner_text())["email"] == EMAIL


def test_the_second_application_needs_no_password(page: Page, web: str) -> None:
    page.goto(f"{web}/basic/me")
    log_in(page)
    page.wait_for_url(f"{web}/basic/me")
    assert read(page, f"{web}/post/me")["email"] == EMAIL


def test_who_logs_out_at_one_application_is_logged_out_at_the_other(page: Page, web: str) -> None:
    page.goto(f"{web}/basic/me")
    log_in(page)
    page.wait_for_url(f"{web}/basic/me")
    assert read(page, f"{web}/portal/me")["email"] == EMAIL
    assert read(page, f"{web}/portal/") == {"signedIn": True}
    page.goto(f"{web}/basic/logout")
    page.wait_for_url(f"{web}/basic")
    page.goto(f"{web}/told")
    assert read(page, f"{web}/portal/") == {"signedIn": False}
    # Who signs in again is not taken for the one who left.
    page.goto(f"{web}/portal/me")
    log_in(page)
    page.wait_for_url(f"{web}/portal/me")
    assert read(page, f"{web}/portal/") == {"signedIn": True}
