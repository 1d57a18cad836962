"""Whatever colour a tenant chooses, its pages can be read."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.model import colours
from doorward.web.login.theme import Palette, stylesheet

HEX = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")
CSS = (files("doorward.web.login") / "static" / "login.css").read_text()


def palette(css: str) -> tuple[dict[str, str], dict[str, str]]:
    """The custom properties for light and for dark."""
    light, _, dark = css.partition("prefers-color-scheme: dark")
    both = [
        {n: colours.parse(v) or v for n, v in re.findall(r"--([\w-]+):\s*([^;]+);", part.partition("\n}\n\n")[0])}
        for part in (light, dark)
    ]
    return both[0], both[0] | both[1]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#1f4fd8", "#ffffff", 6.63),
        ("#c9cace", "#ffffff", 1.64),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert round(colours.contrast(one, other), 2) == pytest.approx(ratio, abs=0.01)


@given(HEX)
def test_every_brand_colour_becomes_a_legible_palette(brand: str) -> None:
    css = stylesheet(Palette(primary=brand))
    for found, card in zip(palette(css), (colours.LIGHT_CARD, colours.DARK_CARD), strict=True):
        assert colours.contrast(found["link-color"], card) >= colours.TEXT
        assert colours.contrast(found["ring"], card) >= colours.CONTROL
        assert colours.contrast(found["primary-ink"], found["primary-color"]) >= colours.TEXT
        assert colours.contrast(found["primary-ink"], found["primary-hover"]) >= colours.TEXT


def test_the_stock_palette_is_legible_in_both_modes() -> None:
    for found, card in zip(palette(CSS), (colours.LIGHT_CARD, colours.DARK_CARD), strict=True):
        assert found["card"] == card
        for surface in (found["card"], found["quiet"]):
            for text in ("ink", "muted", "link-color", "error", "good"):
                assert colours.contrast(found[text], surface) >= colours.TEXT, (text, surface)
        assert colours.contrast(found["error"], found["error-quiet"]) >= colours.TEXT
        assert colours.contrast(found["primary-ink"], found["primary-color"]) >= colours.TEXT
        assert colours.contrast(found["primary-ink"], found["primary-hover"]) >= colours.TEXT
        for control in ("border", "ring", "primary-color"):
            assert colours.contrast(found[control], card) >= colours.CONTROL, control


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("#ABCDEF", "#abcdef"),
        ("#fa0", "#ffaa00"),
        (" 123456 ", "#123456"),
        ("#12345678", "#123456"),
        ("#1234", "#112233"),
    ],
)
def test_colours_are_read(value: str, parsed: str) -> None:
    assert colours.parse(value) == parsed


@pytest.mark.parametrize(
    "value", ["red", "#12345", "#1234567", "#123456789", "rgb(1,2,3)", "", None, 3, "#12345g", "#123456;}"]
)
def test_what_is_no_colour_is_none(value: object) -> None:
    assert colours.parse(value) is None
