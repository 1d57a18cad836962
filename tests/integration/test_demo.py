"""The demo application of a development server: the login it prints ends in a page that shows the tokens."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import pytest
from tests.integration.door import DOMAIN, Door

from doorward.cli.tenant_documents import demo_tenant
from doorward.model.mfa import MULTI_FACTOR
from doorward.model.tenant import Issuer
from doorward.web.demo import PATH, VERIFIER, login_address

ORIGIN = f"https://{DOMAIN}"
# What the front page offers to ask for in addition, and where it begins.
DEMONSTRATED = {
    "screen_hint=signup": "/u/signup/identifier",
    f"acr_values={MULTI_FACTOR}": "/u/login/identifier",
    "connection=email": "/u/login/identifier",
    "connection=email-link": "/u/login/identifier",
    "connection=sms": "/u/login/identifier",
}


@pytest.mark.parametrize("development", [True, False])
async def test_the_printed_login_ends_at_the_demo_page(tmp_path: Path, development: bool) -> None:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}", development=development).start()
    try:
        await door.tenant(demo_tenant(ORIGIN))
        directory = door.ports.directory.tenant(DOMAIN)
        app = door.client("My App")
        address = login_address(Issuer(tenant=DOMAIN, host=DOMAIN), app, directory)
        tab = await door.browser().get(address.removeprefix(ORIGIN))
        await tab.login()
        assert tab.path == PATH
        assert tab.page is not None
        if not development:
            assert tab.page.status_code == 404
            return
        assert tab.page.status_code == 200
        assert app.client_id in tab.page.text
        assert '"left": "You are logged out"' in tab.page.text, "a logout comes back here too"
        code = tab.at.partition("code=")[2].partition("&")[0]
        answer = await door.redeem(app, code, redirect_uri=ORIGIN + PATH, code_verifier=VERIFIER)
        assert answer.json()["scope"] == "openid profile email read:items write:items"
    finally:
        await door.stop()


async def test_without_the_demo_application_there_is_no_such_page(tmp_path: Path) -> None:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}").start()
    try:
        await door.tenant({})
        async with door.http() as http:
            assert (await http.get(PATH)).status_code == 404
    finally:
        await door.stop()


@pytest.mark.parametrize("development", [True, False])
async def test_a_development_server_says_at_its_address_what_it_is(tmp_path: Path, development: bool) -> None:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}", development=development).start()
    try:
        async with (await door.tenant({})).http() as http:
            assert "No application has a callback yet" in (await http.get("/")).text or not development
            await door.tenant(demo_tenant(ORIGIN))
            answer = await http.get("/")
            assert (await http.post("/")).status_code == 404
        assert answer.status_code == (200 if development else 404)
        if development:
            assert DOMAIN in answer.text
            tab = await door.browser().get(login_link(answer.text, "My App"))
            await tab.login()
            assert tab.path == PATH
            for asked, path in DEMONSTRATED.items():
                assert (
                    await door.browser().get(login_link(answer.text, f'<code dir="ltr">{asked}</code>'))
                ).path == path
            begun = await door.browser().get(door.client("My App").initiate_login_uri.removeprefix(ORIGIN))
            assert begun.path.startswith("/u/login")
    finally:
        await door.stop()


async def test_a_callback_of_another_server_is_the_last_to_be_asked_for(tmp_path: Path) -> None:
    issuer = Issuer(tenant=DOMAIN, host=DOMAIN)
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}").start()
    try:
        await door.tenant(demo_tenant("https://localhost:1"))
        address = login_address(issuer, door.client("My App"), door.ports.directory.tenant(DOMAIN))
    finally:
        await door.stop()
    assert "redirect_uri=http://localhost:3000&" in address


def login_link(html: str, name: str) -> str:
    return unescape(html.partition(f">{name}</a>")[0].rpartition('href="')[2].rstrip('"')).removeprefix(ORIGIN)
