"""What is written through the Management API is what people see on the next page."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from doorward import liquid_templates
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
    await api.call("PUT", "/prompts/login-id/custom-text/de", {"login-id": {"title": "Moin"}})
    page = await visitor.login_page(ui_locales="de")
    assert "<h1>Moin</h1>" in page.text
    assert page.headers["content-language"] == "de"
    assert "<h1>Welcome</h1>" in (await visitor.login_page(ui_locales="en")).text


@pytest.mark.parametrize(
    ("enabled", "ui_locales", "accept_language", "spoken"),
    [
        (["en"], "de", "de", "en"),
        (["de"], None, None, "de"),
        (["de", "en"], None, "fr", "de"),
        (["en", "de"], None, "fr, de-CH;q=0.9, en;q=0.8", "de"),
        (["en", "de"], "en", "de", "en"),
        (["en", "de"], "xx de-AT en", "en", "de"),
        (["en", "cy"], "cy", None, "en"),
    ],
)
async def test_pages_speak_a_language_of_the_tenant_that_the_reader_reads(
    api: Api, visitor: Visitor, enabled: list[str], ui_locales: str | None, accept_language: str | None, spoken: str
) -> None:
    await api.patch("/tenants/settings", {"enabled_locales": enabled})
    visitor.http.headers["accept-language"] = accept_language or ""
    page = await visitor.login_page(**({"ui_locales": ui_locales} if ui_locales else {}))
    assert page.headers["content-language"] == spoken
    assert f'<html lang="{spoken}" dir="ltr">' in page.text
    assert f"<h1>{({'en': 'Welcome', 'de': 'Willkommen'})[spoken]}</h1>" in page.text
    wrong = await visitor.http.post(
        str(page.url),
        data={"state": page.url.params["state"], "username": "", "action": "default"},
        headers={"sec-fetch-site": "same-origin"},
    )
    said = {"en": "Enter your email address", "de": "Geben Sie Ihre E\u2011Mail-Adresse ein"}[spoken]
    assert (wrong.status_code, wrong.headers["content-language"]) == (400, spoken)
    assert said in wrong.text


async def test_errors_and_logouts_go_by_the_languages_of_their_own_address(api: Api, visitor: Visitor) -> None:
    await api.patch("/tenants/settings", {"enabled_locales": ["en", "fr", "de"]})
    visitor.http.headers["accept-language"] = "fr"
    refused = await visitor.http.get("/authorize", params={"client_id": "nobody", "ui_locales": "de"})
    assert refused.status_code >= 400
    assert "<h1>Etwas ist schiefgegangen</h1>" in refused.text
    for ui_locales, said in (("de en", "Sie sind abgemeldet"), ("x-\u00e9 &", "La déconnexion est effectuée")):
        left = await visitor.http.get("/oidc/logout", params={"ui_locales": ui_locales})
        assert f"<h1>{said}</h1>" in left.text


async def test_a_theme_is_worn_at_once_and_taken_off_again(api: Api, visitor: Visitor) -> None:
    await api.patch("/branding", {"colors": {"primary": "#123456"}})
    stock, branded = await visitor.stylesheets(await visitor.login_page())
    assert "--primary-color:#123456;" in branded.text
    made = await api.post("/branding/themes", theme(), 200)
    same, themed = await visitor.stylesheets(await visitor.login_page())
    assert same.text == stock.text
    assert "--primary-color:#00ff00;" in themed.text
    assert themed.headers["cache-control"] == assets.CACHE_CONTROL

    await api.delete(f"/branding/themes/{made['themeId']}")
    assert (await visitor.stylesheets(await visitor.login_page()))[1].text == branded.text
    late = await visitor.http.get(str(themed.url))
    assert (late.text, late.headers["cache-control"]) == (branded.text, "no-store"), "asked for by a page of before"


async def test_a_stylesheet_is_of_one_tenant(api: Api, visitor: Visitor, house: House) -> None:
    await api.patch("/branding", {"colors": {"primary": "#123456"}})
    _, own = await visitor.stylesheets(await visitor.login_page())
    async with house.http("b.test") as elsewhere:
        found = await elsewhere.get(str(own.url.path))
    assert "#123456" not in found.text


SHOWN = (
    "application.name", "application.metadata.colour", "tenant.friendly_name", "custom_domain.domain", "user.email",
    "transaction.params.ext-campaign", "correlation_id",
)  # fmt: skip
TEMPLATE = f"""<!DOCTYPE html><html lang="{{{{ locale }}}}"><head>{{%- auth0:head -%}}</head><body>
<p id="told">{"|".join(f"{{{{ {name} }}}}" for name in SHOWN)}</p>{{%- auth0:widget -%}}</body></html>"""
FAILS = "{% auth0:head %}{% auth0:widget %}{{ 1 | divided_by: 0 }}"
PAGE_TEMPLATE = "/branding/templates/universal-login"


async def test_a_page_template_is_around_the_page_at_once(api: Api, visitor: Visitor) -> None:
    await api.patch("/tenants/settings", {"friendly_name": "Acme & Co"})
    await api.patch(f"/clients/{visitor.client_id}", {"client_metadata": {"colour": "<red>"}})
    await api.call("PUT", PAGE_TEMPLATE, TEMPLATE)
    await api.call("PUT", "/prompts/login-id/partials", {"login-id": {"form-footer-end": "<b>{{ locale }}</b>"}})
    extensions = {"ext-campaign": "spring/1", "ext-wrong": "<x>", "correlation_id": "0001"}
    page = await visitor.login_page(**extensions, **{f"ext-{n}": "x" for n in range(12)})
    assert '<p id="told">Shop|&lt;red&gt;|Acme &amp; Co|||spring/1|0001</p>' in page.text
    assert '<div id="ulp-container-form-footer-end"><b>en</b></div>' in page.text
    await api.delete(PAGE_TEMPLATE)
    page = await visitor.login_page()
    assert "told" not in page.text
    assert '<div id="ulp-container-form-footer-end"></div>' in page.text


async def test_a_template_that_fails_is_told_once_and_the_login_goes_on(
    api: Api, visitor: Visitor, house: House
) -> None:
    await api.call("PUT", PAGE_TEMPLATE, FAILS)
    for _ in range(2):
        page = await visitor.login_page()
        assert '<body class="_widget-auto-layout">' in page.text
        assert "data-form-primary" in page.text
    await house.ports.log.flush()
    (event,) = await house.log(type_="w")
    assert event.details == {"prompt": "login-id", "screen": "login-id"}
    assert event.client_id == visitor.client_id
    assert "divided_by" in event.description or "zero" in event.description.lower()


COSTLY = "{% for i in (1..1000) %}{% endfor %}" * 11


async def test_f5_a_template_that_costs_too_much_is_left_alone_for_a_while(
    api: Api, visitor: Visitor, house: House
) -> None:
    await api.patch("/tenants/settings", {"enabled_locales": ["en", "de"]})
    head, widget = "{% auth0:head %}", "{% auth0:widget %}"
    await api.call("PUT", PAGE_TEMPLATE, f"<b>ours</b>{head}{widget}{{% if locale == 'de' %}}{COSTLY}{{% endif %}}")

    async def is_shown(locale: str) -> bool:
        page = await visitor.login_page(ui_locales=locale)
        assert "data-form-primary" in page.text
        return "<b>ours</b>" in page.text

    assert await is_shown("en")
    assert not await is_shown("de")
    assert not await is_shown("en"), "it would be tried again for everybody who comes"
    house.clock.time += 61
    assert await is_shown("en")


async def test_f5_what_one_visitor_brings_takes_the_template_from_nobody_else(
    api: Api, visitor: Visitor, house: House
) -> None:
    shown = "{{ transaction.params.ext-x | date: '%Y' }}"
    await api.call("PUT", PAGE_TEMPLATE, "<b>ours</b>{% auth0:head %}{% auth0:widget %}" + shown)
    long = await visitor.login_page(**{"ext-x": "1" * 201})
    assert "<b>ours</b>" not in long.text
    assert "data-form-primary" in long.text
    assert "<b>ours</b>" in (await visitor.login_page()).text
    await house.ports.log.flush()
    (event,) = await house.log(type_="w")
    assert "more than 200 characters" in event.description


async def test_f5_pages_are_filled_beside_everything_else(api: Api, visitor: Visitor, monkeypatch: Any) -> None:
    threads: list[str] = []
    fill = liquid_templates.fill

    def told(*given: Any, **named: Any) -> str:
        threads.append(threading.current_thread().name)
        return fill(*given, **named)

    monkeypatch.setattr(liquid_templates, "fill", told)
    await api.call("PUT", PAGE_TEMPLATE, TEMPLATE)
    assert "told" in (await visitor.login_page()).text
    assert threads == ["pages_0"]


async def test_f5_partials_are_bounded_together(api: Api) -> None:
    partials = dict.fromkeys(("form-content-start", "form-content-end", "form-footer-start"), "x" * 30000)
    path = "/prompts/login-id/partials"
    await api.call("PUT", path, {"login-id": partials})
    refused = await api.call("PUT", path, {"login-id": {**partials, "form-footer-end": "x" * 20_000}})
    assert refused.status_code == 400


async def test_another_language_is_chosen_on_the_page(api: Api, visitor: Visitor) -> None:
    await api.patch("/tenants/settings", {"enabled_locales": ["en", "de"]})
    await api.call("PUT", "/prompts/login-id/custom-text/de", {"login-id": {"title": "Moin"}})
    page = await visitor.login_page()
    for language, title in (("de", "Moin"), ("tlh", "Welcome"), ("", "Welcome")):
        form = {
            "state": page.url.params["state"],
            "action": "change-language",
            "language": language,
            "persist": "session",
        }
        response = await visitor.http.post(str(page.url), data=form, headers={"sec-fetch-site": "same-origin"})
        assert response.status_code == 302
        shown = await visitor.http.get(response.headers["location"])
        assert f"<h1>{title}</h1>" in shown.text
