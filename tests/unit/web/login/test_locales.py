"""Which language a page speaks."""

from __future__ import annotations

import pytest

from doorward.web.login import locales


@pytest.mark.parametrize(
    ("enabled", "ui_locales", "accept_language", "chosen"),
    [
        (("en", "fr"), None, None, "en"),
        (("fr", "en"), None, None, "fr"),
        (("en", "fr"), "fr", "en", "fr"),
        (("en", "fr"), "de fr", None, "fr"),
        (("en", "fr-FR"), "fr-BE", None, "fr-FR"),
        (("en", "fr-CA", "fr"), "fr-BE", None, "fr"),
        (("en", "fr"), None, "de;q=0.9, fr;q=0.8, en;q=0.7", "fr"),
        (("en", "fr"), None, "en;q=0.1, fr", "fr"),
        (("en", "fr"), None, "fr;q=0, de", "en"),
        (("en", "pt-BR"), None, "PT-br", "pt-BR"),
        (("en", "zh-CN"), "zh-TW", None, "en"),
        (("en", "zh-CN"), "zh-Hans-SG", None, "zh-CN"),
        (("en", "zh-TW"), "zh-HK", None, "zh-TW"),
        (("en",), None, "fr;q=abc, *;q=0.5, ;, =", "en"),
        ((), "fr", "de", "en"),
    ],
)
def test_choice(enabled: tuple[str, ...], ui_locales: str | None, accept_language: str | None, chosen: str) -> None:
    assert locales.choose(enabled, ui_locales, accept_language) == chosen


def test_endless_wishes_are_cut_short() -> None:
    assert locales.choose(("en", "fr"), "x " * 100 + "fr", None) == "en"


@pytest.mark.parametrize(("locale", "direction"), [("ar-EG", "rtl"), ("he", "rtl"), ("en", "ltr"), ("fr-CA", "ltr")])
def test_direction(locale: str, direction: str) -> None:
    assert locales.direction(locale) == direction
