"""The headers of every kind of answer, and the status."""

from __future__ import annotations

import re

import msgspec
import pytest
from tests.unit.web.login.dom import of_every

from doorward.web.login import headers
from doorward.web.login.documents import FormPostDocument, WebMessageDocument
from doorward.web.login.look import Look
from doorward.web.login.pages import ErrorPage, FieldError, Page
from doorward.web.login.render import render, render_form_post, render_web_message
from doorward.web.login.samples import SAMPLES, login
from doorward.web.login.screens import Identifier
from doorward.web.wire.http import Response

LOGIN = msgspec.structs.replace(SAMPLES["login"], redirect_uri="https://app.test/cb")


def policy(response: Response) -> dict[str, str]:
    value = dict(response.headers)["content-security-policy"]
    return dict(directive.partition(" ")[::2] for directive in value.split("; "))


@of_every(SAMPLES)
def test_every_page(name: str) -> None:
    page = SAMPLES[name]
    response = render(page, Look(), "en", nonce="abc")
    found = dict(response.headers)
    assert len(found) == len(response.headers), "a header twice"
    assert found["content-type"] == "text/html; charset=utf-8"
    assert found["cache-control"] == "no-store"
    assert found["x-frame-options"] == "DENY"
    assert found["content-language"] == "en"
    assert found["referrer-policy"] == ("same-origin" if page.has_form else "no-referrer")
    assert "publickey-credentials-get=(self)" in found["permissions-policy"]
    assert "cross-origin-opener-policy" not in found, "it would cut a login popup off from its opener"
    assert "strict-transport-security" not in found
    expected = {
        "default-src": "'none'",
        "script-src": "'nonce-abc' 'strict-dynamic'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    expected |= {name: f"{expected.get(name, '')} {more}".strip() for name, more in page.sources.items()}
    assert {k: v for k, v in policy(response).items() if k != "form-action"} == expected


@pytest.mark.parametrize(
    ("redirect_uri", "expected"),
    [
        ("", "'self' https:"),
        ("https://app.test/cb", "'self' https:"),
        ("http://localhost:3000/cb?x=1", "'self' https: http://localhost:3000"),
        ("http://127.0.0.1:51089/cb", "'self' https: http://127.0.0.1:51089"),
        ("http://LOCALHOST/cb", "'self' https: http://localhost"),
        ("http://[::1]:3000/cb", "'self' https: http:"),
        ("com.example.app://login.acme.test/cb", "'self' https: com.example.app:"),
        ("com.example.app:/cb", "'self' https: com.example.app:"),
        ("javascript:alert(1)", "'self' https:"),
    ],
)
def test_a_form_may_end_at_this_transactions_application(redirect_uri: str, expected: str) -> None:
    response = render(login(redirect_uri=redirect_uri), Look(), "en")
    assert policy(response)["form-action"] == expected


def test_a_page_without_a_form_submits_nothing_and_runs_no_script() -> None:
    response = render(SAMPLES["logout-complete"], Look(), "en")
    assert policy(response)["form-action"] == "'none'"
    assert b"<script" not in response.body


def test_nonces_are_new_every_time_and_on_the_script() -> None:
    nonces = set()
    for _ in range(20):
        response = render(LOGIN, Look(), "en")
        (nonce,) = re.findall(r"'nonce-([\w-]{16,})'", policy(response)["script-src"])
        assert f'<script nonce="{nonce}"'.encode() in response.body
        nonces.add(nonce)
    assert len(nonces) == 20


def test_framing_is_allowed_only_where_the_tenant_says_so() -> None:
    response = render(LOGIN, Look(allow_framing=True), "en")
    assert "x-frame-options" not in dict(response.headers)
    assert "frame-ancestors" not in policy(response)


@pytest.mark.parametrize(
    ("page", "status"),
    [
        (LOGIN, 200),
        (login(Identifier.EMAIL, "", FieldError("password", "no-password")), 400),
        (login(Identifier.EMAIL, "", FieldError("", "same-user-login"), status=429), 429),
        (ErrorPage(error="invalid_request"), 400),
        (ErrorPage(error="not_found", status=404), 404),
    ],
)
def test_status(page: Page, status: int) -> None:
    assert render(page, Look(), "en").status == status


def test_form_post_runs_its_script_and_posts_to_one_origin() -> None:
    document = FormPostDocument("https://app.test:8080/cb", {"code": "c"})
    response = render_form_post(document, Look(allow_framing=True), "en", nonce="abc")
    assert response.status == 200
    assert policy(response) == {
        "default-src": "'none'",
        "script-src": "'nonce-abc'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "base-uri": "'none'",
        "form-action": "https://app.test:8080",
        "frame-ancestors": "'none'",
    }
    found = dict(response.headers)
    assert (found["cache-control"], found["referrer-policy"]) == ("no-store", "same-origin")
    assert b'<script nonce="abc">' in response.body


def test_web_message_can_be_framed_and_says_nothing_of_where_it_came_from() -> None:
    response = render_web_message(WebMessageDocument("https://app.test", {"code": "c"}), Look(), "en", nonce="abc")
    assert "frame-ancestors" not in policy(response)
    found = dict(response.headers)
    assert "x-frame-options" not in found
    assert "cross-origin-opener-policy" not in found
    assert (found["cache-control"], found["referrer-policy"]) == ("no-store", "no-referrer")
    assert policy(response)["script-src"] == "'nonce-abc'"


@pytest.mark.parametrize("origin", ["", "*", "null", "https://app.test/cb"])
def test_web_message_goes_to_an_exact_origin_or_nowhere(origin: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        render_web_message(WebMessageDocument(origin, {"code": "c"}), Look(), "en")


def test_a_source_is_an_origin_or_a_scheme() -> None:
    assert headers.source("https://a.test") == "https://a.test"
    assert headers.source("https://user@a.test/") is None
    assert headers.source("nothing") is None
