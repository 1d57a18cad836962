"""What people, applications and tenants may be called never becomes markup, script or policy."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.web.login.dom import of_every, parse

from doorward.web.login.documents import FormPostDocument, WebMessageDocument
from doorward.web.login.look import Look
from doorward.web.login.pages import (
    Ceremony,
    ChosenIdentifier,
    ConnectionButton,
    ConsentScope,
    FieldError,
    PasswordRule,
)
from doorward.web.login.render import render, render_form_post, render_web_message
from doorward.web.login.samples import SAMPLES

HOSTILE = "\"'><script>alert(1)</script>${clientName}{{ 7*7 }}{% raw %}&amp;\u2028</script><!--]]>"
LOOK = Look(company_name=HOSTILE, support_email=HOSTILE)


def hostile(value: Any) -> Any:
    """The same value with every free text replaced."""
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, tuple):
        return tuple(hostile(item) for item in value)
    if isinstance(value, ConnectionButton | ConsentScope):
        return type(value)(*(HOSTILE for _ in value.__struct_fields__))
    if isinstance(value, dict):
        return {name: hostile(inner) if inner else inner for name, inner in value.items()}
    if isinstance(value, ChosenIdentifier):
        return msgspec.structs.replace(value, value=HOSTILE)
    if isinstance(value, Ceremony):
        return msgspec.structs.replace(value, options=HOSTILE) if value.options else value
    if isinstance(value, FieldError):
        return FieldError(value.field, HOSTILE, HOSTILE)
    return value


def shape(html: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(element.tag, tuple(element.attributes)) for element in parse(html).walk()]


@of_every(SAMPLES)
def test_hostile_values_change_no_element(name: str) -> None:
    page = SAMPLES[name]
    keep = {"screen", "inputs", "links", "buttons", "title", "description", "onward_text", "primary", "status",
            "password_rules", "redirect_uri", "waiting", "steps", "continent"}  # fmt: skip
    changes = {
        field: hostile(value)
        for field in page.__struct_fields__
        if field not in keep and (value := getattr(page, field))
    }
    tame = msgspec.structs.replace(
        page, **{f: v for f, v in changes.items() if f in ("errors", "scopes", "secret")}
    )  # their number and kind of lines depend on their values
    wild = msgspec.structs.replace(page, **changes)
    if name.startswith("error") and page.start_again:  # type: ignore[attr-defined]
        tame = msgspec.structs.replace(tame, start_again="")
    wild_html = render(wild, LOOK, "en", nonce="n").body.decode()
    tame_html = render(tame, Look(company_name="Acme", support_email="a@b.c"), "en", nonce="n").body.decode()
    assert shape(wild_html) == shape(tame_html)
    assert "<script>alert" not in wild_html
    assert "49" not in parse(wild_html).one("h1").text


def test_variables_in_values_are_not_filled_in_again() -> None:
    page = msgspec.structs.replace(SAMPLES["logout"], user_name="${companyName}")
    assert "Hi ${companyName}," in render(page, Look(company_name="Acme"), "en").body.decode()


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.test/cb; script-src *",
        "http://localhost:3000;script-src *",
        "http://x.test\r\nset-cookie: a=b",
        "com.app;img-src *:/cb",
        "http://a b/",
        "http://[::1]:3000/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        ":",
    ],
)
def test_no_redirect_uri_extends_the_policy(uri: str) -> None:
    page = SAMPLES["login"]
    responses = [
        render(msgspec.structs.replace(page, redirect_uri=uri), Look(logo_url=uri), "en", nonce="n"),
        render_form_post(FormPostDocument(uri, {"code": "x"}), Look(), "en", nonce="n"),
    ]
    for response in responses:
        policy = dict(response.headers)["content-security-policy"]
        names = [directive.split()[0] for directive in policy.split("; ")]
        assert len(set(names)) == len(names)
        assert ";" not in policy.replace("; ", "")
        assert policy.isprintable()
        assert "*" not in policy
        assert "javascript" not in policy


def test_form_post_posts_hostile_values_unchanged() -> None:
    document = FormPostDocument("https://app.test/cb?a=1&b=2", {"code": "c", "state": HOSTILE})
    html = render_form_post(document, Look(), "en").body.decode()
    root = parse(html)
    assert root.one("form")["action"] == "https://app.test/cb?a=1&b=2"
    assert {e["name"]: e["value"] for e in root.all("input")} == {"code": "c", "state": HOSTILE}
    assert len(root.all("script")) == 1


def test_web_message_keeps_hostile_values_inside_the_script() -> None:
    document = WebMessageDocument("https://app.test", {"state": HOSTILE})
    html = render_web_message(document, Look(), "en").body.decode()
    (script,) = parse(html).all("script")
    assert "\u2028" not in html
    assert "<" not in script.text
    literal = script.text.partition("window.parent, ")[2].rpartition(', "https://app.test"')[0]
    assert msgspec.json.decode(literal) == {"state": HOSTILE}


@pytest.mark.parametrize("code", ["lengthAtLeast", "nonEmpty", "identicalChars", "shouldContain", "containsAtLeast"])
def test_every_kind_of_password_rule_has_words(code: str) -> None:
    page = msgspec.structs.replace(SAMPLES["signup"], password_rules=(PasswordRule(code, 4),))
    assert parse(render(page, Look(), "en").body.decode()).one("li", data_rule=code).text
