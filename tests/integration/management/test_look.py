"""What is written through the Management API is what people see on the next page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from doorward.web.login import assets

from .conftest import A, Api, House
from .test_branding import theme

pytestmark = pytest.mark.anyio
CALLBACK = "https://app.test/cb"


class Visitor:
    """Somebody with a browser, about to log in."""

    def __init__(self, http: httpx2.AsyncClient, client_id: str) -> None:
        self.http = http
        self.client_id = client_id

    async def login_page(self, **parameters: str) -> httpx2.Response:
        asked = {"client_id": self.client_id, "response_type": "code", "redirect_uri": CALLBACK, **parameters}
        response = await self.http.get("/authorize", params=asked)
        while response.status_code == 302:
            response = await self.http.get(response.headers["location"])
        return response

    async def stylesheets(self, page: httpx2.Response) -> list[httpx2.Response]:
        linked = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
        return [await self.http.get(path) for path in linked]


@pytest.fixture
async def visitor(api: Api, house: House) -> AsyncIterator[Visitor]:
    client = await api.post("/clients", {"name": "Shop", "app_type": "regular_web", "callbacks": [CALLBACK]})
    async with house.http(A) as http:
        yield Visitor(http, client["client_id"])


async def test_custom_text_is_read_at_once_and_goes_when_it_is_removed(api: Api, visitor: Visitor) -> None:
    path = "/prompts/login-id/custom-text/en"
    for texts, title in (({"title": "Ahoy <${clientName}>"}, "Ahoy &lt;Shop&gt;"), ({}, "Welcome")):
        await api.call("PUT", path, {"login-id": texts})
        assert f"<h1>{title}</h1>" in (await visitor.login_page()).text


async def test_custom_text_is_of_one_language(api: Api, visitor: Visitor) -> None:
    await api.patch("/tenants/settings", {"enabled_locales": ["en", "de"]})
    await api.call("PUT", "/prompts/login-id/custom-text/de", {"login-id": {"title": "Willkommen"}})
    page = await visitor.login_page(ui_locales="de")
    assert "<h1>Willkommen</h1>" in page.text
    assert page.headers["content-language"] == "de"
    assert "<h1>Welcome</h1>" in (await visitor.login_page(ui_locales="en")).text


async def test_a_theme_is_worn_at_once_and_taken_off_again(api: Api, visitor: Visitor) -> None:
    await api.patch("/branding", {"colors": {"primary": "#123456"}, "logo_url": "https://logos.test/branding.png"})
    stock, branded = await visitor.stylesheets(await visitor.login_page())
    assert "--primary-color: #123456;" in branded.text
    body: dict[str, Any] = theme()
    body["page_background"]["background_image_url"] = "https://pictures.test/sea.jpg"
    made = await api.post("/branding/themes", body, 200)
    page = await visitor.login_page()
    assert 'src="https://example.com/logo.png"' in page.text
    same, themed = await visitor.stylesheets(page)
    assert same.text == stock.text
    assert "--primary-color: #00ff00;" in themed.text
    assert themed.headers["cache-control"] == assets.CACHE_CONTROL
    assert "img-src 'self' data: https://example.com https://pictures.test;" in page.headers["content-security-policy"]

    await api.delete(f"/branding/themes/{made['themeId']}")
    page = await visitor.login_page()
    assert 'src="https://logos.test/branding.png"' in page.text
    assert (await visitor.stylesheets(page))[1].text == branded.text
    late = await visitor.http.get(str(themed.url))
    assert (late.text, late.headers["cache-control"]) == (branded.text, "no-store"), "asked for by a page of before"


async def test_a_stylesheet_is_of_one_tenant(api: Api, visitor: Visitor, house: House) -> None:
    await api.patch("/branding", {"colors": {"primary": "#123456"}})
    _, own = await visitor.stylesheets(await visitor.login_page())
    async with house.http("b.test") as elsewhere:
        found = await elsewhere.get(str(own.url.path))
    assert "#123456" not in found.text
