"""A tenant's own texts in place of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.catalogues import catalogue_of

from doorward.web.login import catalogue
from doorward.web.login.catalogue import Own, Texts
from doorward.web.login.look import Look
from doorward.web.login.render import render
from doorward.web.login.samples import SAMPLES


@pytest.fixture(autouse=True)
def three_languages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    french = {"login": {"login": {"title": "fr ours", "description": "fr ours"}}}
    canadian = {"login": {"login": {"title": "fr-CA ours"}}}
    monkeypatch.setattr(catalogue, "OURS", catalogue_of(tmp_path, {"fr": french, "fr-CA": canadian}))


@pytest.mark.parametrize(
    ("locale", "own", "title", "language"),
    [
        ("en", {}, "Welcome", "en"),
        ("en", {"login/en": {"login": {"title": "mine"}}}, "mine", "en"),
        ("en", {"login/en": {"login": {"title": ""}}}, "Welcome", "en"),
        ("en", {"login/en": {"login-id": {"title": "mine"}}}, "Welcome", "en"),
        ("en", {"login-id/en": {"login": {"title": "mine"}}}, "Welcome", "en"),
        ("en", {"login/fr": {"login": {"title": "mine"}}}, "Welcome", "en"),
        ("fr", {"login/en": {"login": {"title": "mine"}}}, "fr ours", "fr"),
        ("fr", {"login/fr": {"login": {"title": "mine"}}}, "mine", "fr"),
        ("fr-CA", {"login/fr": {"login": {"title": "mine"}}}, "fr-CA ours", "fr-CA"),
        ("fr-BE", {"login/fr": {"login": {"title": "mine"}}}, "mine", "fr"),
        ("fr-BE", {"login/fr-BE": {"login": {"title": "mine"}}}, "mine", "fr-BE"),
        ("de", {"login/de": {"login": {"title": "mine"}}}, "mine", "de"),
        ("de", {"login/en": {"login": {"title": "mine"}}}, "mine", "en"),
        ("de", {"login/de": {"login": {"unheard-of": "mine"}}}, "Welcome", "de"),
    ],
)
def test_the_tenants_words_go_before_ours_in_each_language(locale: str, own: Own, title: str, language: str) -> None:
    response = render(SAMPLES["login"], Look(texts=Texts(own)), locale)
    assert f"<h1>{title}</h1>" in response.body.decode()
    assert f'<html lang="{language}"' in response.body.decode()
    assert dict(response.headers)["content-language"] == language


def test_own_words_are_text_with_variables() -> None:
    own = {
        "login/en": {"login": {"title": "<b>${companyName}</b> [a](https://a.test) {{ 7*7 }}", "description": "${no}."}}
    }
    html = render(SAMPLES["login"], Look(company_name="A & B", texts=Texts(own)), "en").body.decode()
    assert "<h1>&lt;b&gt;A &amp; B&lt;/b&gt; [a](https://a.test) {{ 7*7 }}</h1>" in html
    assert "<p>.</p>" in html


def test_what_was_found_for_a_screen_is_kept() -> None:
    texts = Texts({"login/en": {"login": {"title": "mine"}}})
    assert texts.of("en", "login", "login") is texts.of("en", "login", "login")
    assert texts.of("en", "login-id", "login-id").texts["title"] == "Welcome"
