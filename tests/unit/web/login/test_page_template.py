"""A tenant's page around the widget: what its policy allows, what it can show, and what becomes of hostile values."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from tests.unit.web.login.dom import document, of_every, parse

from doorward.management.resources.prompts import WITH_PARTIALS
from doorward.web.login.catalogue import Texts
from doorward.web.login.look import Look
from doorward.web.login.page_template import ENTRY_POINTS, PageTemplate, UnfilledTemplate
from doorward.web.login.pages import FormPage
from doorward.web.login.render import render
from doorward.web.login.samples import SAMPLES
from doorward.web.wire.http import Response

MINIMAL = "<!DOCTYPE html><html><head>{%- auth0:head -%}</head><body>{%- auth0:widget -%}</body></html>"
HOSTILE = "\"'><script>alert(1)</script>{{ 7 | times: 7 }}{% raw %}\u2028</script><!--]]>[x](javascript:alert(1))"


def look(
    template: str = MINIMAL,
    partials: dict[str, dict[str, dict[str, str]]] | None = None,
    own: dict[str, dict[str, dict[str, str]]] | None = None,
) -> Look:
    return Look(company_name="Acme", template=PageTemplate(template, partials or {}), texts=Texts(own or {}))


def with_body(body: str, head: str = "") -> str:
    return f"<html><head>{{% auth0:head %}}{head}</head><body>{body}{{% auth0:widget %}}</body></html>"


def policy(response: Response) -> dict[str, str]:
    value = dict(response.headers)["content-security-policy"]
    return dict(directive.partition(" ")[::2] for directive in value.split("; "))


def html(template: str, name: str = "login", **about: Any) -> str:
    return render(SAMPLES[name], look(template), "en", about=about).body.decode()


@of_every(SAMPLES)
def test_every_screen_is_whole_inside_a_template(name: str) -> None:
    stock = document(SAMPLES[name])
    framed = parse(render(SAMPLES[name], look(), "en", nonce="n").body.decode())

    def ids(root: Any) -> list[str]:
        return [element["id"] for element in root.all(id=True)]

    assert [one for one in ids(framed) if one != "custom-prompt-logo"] == ids(stock)
    assert framed.one("title").text == stock.one("title").text
    assert len(framed.all("script")) == len(stock.all("script"))


@pytest.mark.parametrize("tag", ["{% auth0:head %}", "{%-auth0:head-%}", "{%- auth0:head%}", "{%  auth0:head  -%}"])
def test_tags_are_known_however_they_are_spaced(tag: str) -> None:
    assert "login.css" in html(f"<head> {tag} </head>{{% if true %}}{{% auth0:widget %}}{{% endif %}}")


def test_a_title_of_the_template_is_the_only_one() -> None:
    page = html(with_body("", "<title>{{ prompt.screen.texts.pageTitle }}!</title>"))
    assert re.findall("<title>(.*?)</title>", page) == ["Log in | Acme Shop!"]


def test_what_is_known_is_shown() -> None:
    template = with_body(
        "<p>{{ prompt.name }},{{ prompt.screen.name }},{{ locale }},{{ dir }},{{ application.metadata.colour }},"
        "{{ transaction.params.ext-campaign }},{{ user.email | default: 'nobody' }},"
        "{% if prompt.name == 'login' %}in{% endif %}</p><pre>{{ state }}</pre>"
    )
    about = {"application": {"metadata": {"colour": "red"}}, "transaction": {"params": {"ext-campaign": "x"}}}
    page = parse(render(SAMPLES["login"], look(template), "en", about=about).body.decode())
    assert page.all("p")[0].text == "login,login,en,ltr,red,x,nobody,in"
    assert page.one("pre").text == SAMPLES["login"].state


def test_f5_hostile_values_stay_text() -> None:
    template = with_body(
        '<p title="{{ application.name }}">{{ user.name }}</p><p>{{ prompt.screen.texts.varTerms }}</p>'
        "<script>const who = {{ user | json }};</script>",
        "<title>{{ application.name | upcase }}</title>",
    )
    own = {"login/en": {"login": {"var-terms": HOSTILE, "title": HOSTILE}}}
    about = {"application": {"name": HOSTILE}, "user": {"name": HOSTILE}}
    response = render(SAMPLES["login"], look(template, own=own), "en", about=about, nonce="n")
    page = parse(response.body.decode())
    first, second, *_ = page.all("p")
    assert first["title"] == HOSTILE
    assert second.all("a") == []
    assert "49" not in page.text
    scripts = page.all("script")
    assert len(scripts) == 2
    assert msgspec.json.decode(scripts[1].text.partition("= ")[2].rstrip(";")) == {"name": HOSTILE}
    assert all(script["nonce"] == "n" for script in scripts)


def test_texts_a_tenant_made_up_may_link() -> None:
    words = {
        "var-tos-link": 'I agree to <the> [Terms & more](https://a.test/?a=1&b="2) ${clientName}',
        "var-not": "[x](javascript:alert(1)) [y](data:x)",
    }
    own = {"login/en": {"login": words}}
    template = with_body("<p>{{ prompt.screen.text.varTosLink }}</p><p>{{ prompt.screen.texts.varNot }}</p>")
    page = parse(render(SAMPLES["login"], look(template, own=own), "en").body.decode())
    linked, plain, *_ = page.all("p")
    assert linked.text == "I agree to <the> Terms & more Acme Shop"
    assert linked.one("a")["href"] == 'https://a.test/?a=1&b="2'
    assert plain.all("a") == []


# ── what the policy allows ──


def test_every_script_and_style_gets_the_nonce_and_nothing_else_does() -> None:
    template = with_body(
        "<SCRIPT src='https://cdn.test/a.js'></SCRIPT><p>&lt;script&gt;</p>{% raw %}<script>1</script>{% endraw %}",
        "<style>p { color: red }</style><style media=print></style>",
    )
    response = render(SAMPLES["login"], look(template), "en", nonce="abc")
    page = parse(response.body.decode())
    assert [e["nonce"] for e in (*page.all("script"), *page.all("style"))] == ["abc"] * 5
    allowed = policy(response)
    assert allowed["script-src"] == "'nonce-abc' 'strict-dynamic'"
    assert allowed["style-src"] == "'self' 'nonce-abc' https://cdn.test"


def test_handlers_and_styles_in_attributes_are_allowed_by_their_hash() -> None:
    template = with_body(
        """<select onchange="go(&quot;x&quot;)"><option {% if locale == "en" and 2 > 1 %}selected{% endif %}></select>
        <i style='color: red' ONCLICK=go()></i><b {% if true %}onclick="go()"{% endif %}></b>
        <i onclick="go('{{ user.name }}')" style="color: {{ branding.colors.primary }}"></i>"""
    )
    response = render(SAMPLES["login"], look(template), "en", nonce="abc")
    # openssl dgst -sha256 -binary | base64
    assert policy(response)["script-src"] == (
        "'nonce-abc' 'strict-dynamic' 'unsafe-hashes' 'sha256-lvqDDRHHabLt5CZkuiO+A4+IF2n5Jk22flVtezagqfY='"
        " 'sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw='"
    )
    assert policy(response)["style-src"] == (
        "'self' 'nonce-abc' 'unsafe-hashes' 'sha256-NerDAUWfwD31YdZHveMrq0GLjsNFMwxLpZl0dPUeCcw='"
    )


def test_origins_are_those_the_template_names() -> None:
    template = with_body(
        "<img src='https://Pictures.test:8443/x.png'><img src=\"//cdn.test/y.png\"><a href='http://plain.test/'></a>"
        "{{ application.logo_url }}<style>@import url(https://fonts.googleapis.com/css2?family=Inter);</style>"
        "<!-- https://beacon.test -->{% comment %} https://evil.test;script-src {% endcomment %} // not.one https://x"
    )
    partials = {"login": {"login": {"form-content-end": "<img src='https://partial.test/z.png'>"}}}
    about = {"application": {"logo_url": "https://logos.test/l.png"}, "user": {"name": "https://user.test/"}}
    response = render(SAMPLES["login"], look(template, partials), "en", about=about)
    named = ("https://beacon.test https://cdn.test https://evil.test https://fonts.googleapis.com "
             "https://fonts.gstatic.com https://partial.test https://pictures.test:8443")  # fmt: skip
    allowed = policy(response)
    assert allowed["connect-src"] == f"'self' {named}"
    assert allowed["img-src"] == "'self' data: " + " ".join(sorted([*named.split(), "https://logos.test"]))
    assert allowed["default-src"] == "'none'"
    elsewhere = policy(render(SAMPLES["login-id"], look(template, partials), "en", about=about))
    assert "partial.test" not in elsewhere["img-src"], "a partial counts where it is"


def test_the_policy_stays_short_enough_for_the_proxies_in_front() -> None:
    body = "".join(f"<i onclick='go({n})' style='top: {n}px'></i>https://pictures-{n}.cdn.test/" for n in range(1000))
    response = render(SAMPLES["login"], look(with_body(body)), "en")
    assert len(dict(response.headers)["content-security-policy"]) < 8000


def test_no_value_widens_the_policy() -> None:
    template = with_body("<p>{{ user.name }}</p>")
    plain = policy(render(SAMPLES["login"], look(template), "en", nonce="n"))
    value = "https://evil.test <script src=https://evil.test></script><i onclick=x()>"
    wild = policy(render(SAMPLES["login"], look(template), "en", nonce="n", about={"user": {"name": value}}))
    assert plain == wild


# ── partials ──


@pytest.mark.parametrize(
    "name",
    [n for n, page in SAMPLES.items() if page.screen.prompt in WITH_PARTIALS and isinstance(page, FormPage)],
)
def test_partials_stand_at_their_entry_points(name: str) -> None:
    screen = SAMPLES[name].screen
    partials = {screen.prompt: {screen.name: {point: f"<p>{point} {{{{ locale }}}}</p>" for point in ENTRY_POINTS}}}
    page = parse(render(SAMPLES[name], look(partials=partials), "en").body.decode())
    for point in ENTRY_POINTS:
        container = page.one("div", id=f"ulp-container-{point}")
        assert container.text == f"{point} en"
        assert (page.one("form", data_form_primary="true") in container.ancestors()) == (
            not point.startswith("secondary")
        )
    assert "form-content-start" not in render(SAMPLES["consent"], look(partials=partials), "en").body.decode()


def test_partials_need_a_template() -> None:
    assert b"hello" not in render(SAMPLES["login"], Look(), "en").body


# ── templates that fail ──


@pytest.mark.parametrize(
    ("template", "partials"),
    [
        (with_body("{% for i in (1..100000) %}x{% endfor %}"), {}),
        (with_body("{{ 'x' | unheard_of }}{{ 1 | divided_by: 0 }}"), {}),
        (with_body("{% include 'x' %}"), {}),
        (with_body("{% render '/etc/passwd' %}"), {}),
        (with_body("{% if %}"), {}),
        (MINIMAL, {"login": {"login": {"form-content-start": "{{ 1 | divided_by: 0 }}"}}}),
    ],
)
def test_a_template_that_fails_breaks_no_login(template: str, partials: dict[str, dict[str, dict[str, str]]]) -> None:
    faults: list[UnfilledTemplate] = []
    broken = look(template, partials)
    response = render(SAMPLES["login"], broken, "en", nonce="n", told=faults.append)
    stock = render(SAMPLES["login"], Look(company_name="Acme"), "en", nonce="n")
    assert (response.status, response.body, response.headers) == (stock.status, stock.body, stock.headers)
    assert len(faults) == 1


def test_a_frame_is_made_ready_once() -> None:
    template = PageTemplate(MINIMAL, {})
    assert template.frame("login", "login") is template.frame("login", "login")
    assert template.is_news("login", "login")
    assert not template.is_news("login", "login")
