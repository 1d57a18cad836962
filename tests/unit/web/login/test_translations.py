"""Every language says what English says, in its own words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
import pytest
from tests.catalogues import ENGLISH

from doorward.management.resources.tenant_settings_body import LOCALES
from doorward.web.login import locales
from doorward.web.login.catalogue import OURS
from doorward.web.login.look import Look
from doorward.web.login.render import render
from doorward.web.login.samples import SAMPLES

Key = tuple[str, str, str]
DOCUMENTED = Path(__file__).parents[4] / "docs" / "how-to" / "languages.md"
LANGUAGES = [language for language in OURS.languages if language != "en"]
# What is the same word in both languages.
ALIKE = {
    "de": {"Code", "Link", "In ${audience}:"},
    "es": {"No", "Error", "Error:"},
    "fr": {"Code", "Description"},
    "it": {"Password", "Email", "No", "Link", "In ${audience}:"},
    "nl": {"Inbox", "Inbox | Doorward", "Access token", "Code", "Link"},
    "pt-BR": {"Link"},
}
# What reads from left to right amid other script (Unicode Bidirectional Algorithm, 2.4).
ISOLATED = re.compile("\u2066([^\u2066\u2069]*)\u2069")
# A link's accessible name contains what is seen of it (WCAG 2.2, 2.5.3), so that it can be said aloud.
SEEN_IN_NAME: tuple[tuple[Key, Key], ...] = (
    (("login-password", "login-password", "editEmailText"), ("doorward", "shared", "editIdentifierText")),
    (("login-passwordless", "login-passwordless-sms-otp", "editText"), ("doorward", "shared", "editAddressText")),
    (("doorward", "shared", "editText"), ("doorward", "shared", "editAddressText")),
    *(
        ((prompt, prompt, "editEmailText"), (prompt, prompt, "editLinkScreenReadableText"))
        for prompt in ("login-password", "signup-password")
    ),
)


def keyed(catalogue: Mapping[str, Mapping[str, Mapping[str, str]]]) -> dict[Key, str]:
    return {
        (p, s, k): text for p, screens in catalogue.items() for s, texts in screens.items() for k, text in texts.items()
    }


IN_ENGLISH = keyed(ENGLISH)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@cache
def said(language: str) -> dict[Key, str]:
    return keyed(msgspec.json.decode(OURS.file(language).read_bytes()))


@pytest.fixture
def texts(language: str) -> dict[Key, str]:
    return said(language)


def test_keys_are_those_of_english_in_its_order(texts: dict[Key, str]) -> None:
    assert set(texts) == set(IN_ENGLISH)
    assert list(texts) == list(IN_ENGLISH)


def test_variables_are_those_of_english(texts: dict[Key, str]) -> None:
    def variables(text: str) -> list[str]:
        return sorted(re.findall(r"\$\{\w*\}?", text))

    assert {key for key, text in texts.items() if variables(text) != variables(IN_ENGLISH[key])} == set()


def test_nothing_is_left_in_english(language: str, texts: dict[Key, str]) -> None:
    alike = ALIKE.get(language, set()) | {"${companyName}"}
    same = {text for key, text in texts.items() if text == IN_ENGLISH[key]}
    assert same - alike == set()


def test_texts_are_plain(language: str, texts: dict[Key, str]) -> None:
    def is_plain(text: str) -> bool:
        if locales.direction(language) == "rtl":
            text = ISOLATED.sub(r"\1", text)
        signs = any(unicodedata.category(character).startswith("C") for character in text)
        return text.strip() == text != "" and "<" not in text and "  " not in text and not signs

    assert {key: text for key, text in texts.items() if not is_plain(text)} == {}


@pytest.mark.parametrize("spoken", OURS.languages)
def test_no_line_ends_within_an_example_or_after_an_initial(spoken: str) -> None:
    """Numbers and words like e-mail are held together, but in labels, which are looked up and seldom as long."""
    labels = {
        key
        for key in said(spoken)
        if key[2].endswith(("Placeholder", "Title")) or key[2].startswith(("edit", "placeholder"))
    }
    torn = {key: text for key, text in said(spoken).items() if re.search(r"\b[Ee]-[Mm]ail|\+\d+ \d", text)}
    assert {key: text for key, text in torn.items() if key not in labels} == {}


@pytest.mark.parametrize(("seen", "name"), SEEN_IN_NAME, ids=lambda key: "/".join(key))
def test_what_is_seen_of_a_link_is_in_its_name(texts: dict[Key, str], seen: Key, name: Key) -> None:
    assert texts[seen].casefold() in texts[name].casefold()


def test_links_are_quoted_as_they_are_called(texts: dict[Key, str]) -> None:
    for key in ("descriptionExpired", "descriptionUsed", "descriptionGeneric"):
        assert texts["login", "login", "forgotPasswordText"] in texts["reset-password", "reset-password-error", key]


def test_pages_say_which_language_they_are_in(language: str) -> None:
    response = render(SAMPLES["login"], Look(), language)
    direction = "rtl" if language in ("ar", "he") else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in response.body.decode()
    assert dict(response.headers)["content-language"] == language


def test_tenants_can_enable_every_language() -> None:
    assert set(OURS.languages) <= set(LOCALES)


def test_the_documentation_names_every_language() -> None:
    named = re.findall(r"^\| `([\w-]+)` \|", DOCUMENTED.read_text("utf-8"), re.MULTILINE)
    assert tuple(named) == OURS.languages


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("es-419", "es"),
        ("es-MX", "es"),
        ("fr-CA", "fr"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("ar-EG", "ar"),
        ("zh-CN", "zh-CN"),
        ("zh-TW", "en"),
        ("zh-HK", "en"),
        ("cy", "en"),
    ],
)
def test_a_region_speaks_its_language_and_no_other_script(locale: str, language: str) -> None:
    response = render(SAMPLES["login"], Look(), locale)
    assert dict(response.headers)["content-language"] == language
