"""The files beside the pages: addresses that name their content, small, and complete."""

from __future__ import annotations

import gzip
import re
from functools import cache

import pytest
from tests.unit.web.login.dom import of_every

from doorward.web.login import assets
from doorward.web.login.look import Look
from doorward.web.login.pages import CountryPage, PickerPage
from doorward.web.login.render import render
from doorward.web.login.samples import BRANDED, SAMPLES, STOCK, THEMED
from doorward.web.login.theme import Palette, stylesheet


@cache
def body_of(name: str, looks: int, language: str = "en") -> bytes:
    return render(SAMPLES[name], LOOKS[looks], language).body


@pytest.mark.parametrize("looks", [0, 1])
@of_every(SAMPLES)
def test_everything_a_page_links_is_served(name: str, looks: int) -> None:
    html, look = body_of(name, looks).decode(), LOOKS[looks]
    linked = re.findall(rf'(?:href|src)="({assets.PREFIX}[^"]+)"', html)
    assert any(path.endswith(".css") for path in linked)
    for path in linked:
        assert assets.find(path, look) is not None, path


LOOKS = (STOCK, BRANDED, THEMED)
LARGEST = 30_000


@pytest.mark.parametrize(("looks", "language"), [(0, "en"), (1, "en"), (2, "ar"), (2, "ja")])
@of_every(SAMPLES)
def test_first_load_is_small(name: str, looks: int, language: str) -> None:
    """In the languages, too, whose letters take the most room."""
    body, look = body_of(name, looks, language), LOOKS[looks]
    linked = set(re.findall(rf'"({assets.PREFIX}[^"]+)"', body.decode()))
    files = [file.body for path in linked if (file := assets.find(path, look)) is not None]
    assert len(files) == len(linked)
    assert len(body) + sum(map(len, files)) <= LARGEST
    assert len(gzip.compress(body)) < 12_000


def test_a_page_loads_only_the_scripts_it_needs() -> None:
    for name, page in SAMPLES.items():
        scripts = set(re.findall(rf"{assets.PREFIX}\w+/([a-z]+\.js)", body_of(name, 0).decode()))
        needed = {
            "login.js": page.has_form and not isinstance(page, PickerPage | CountryPage),
            "webauthn.js": page.ceremony is not None,
            "challenge.js": bool(getattr(page, "captcha", None) and page.captcha.challenge),
            "countries.js": isinstance(page, CountryPage) and not page.continent,
        }
        assert scripts == {script for script, wanted in needed.items() if wanted}, name


def test_stylesheet_and_script_keep_their_budgets() -> None:
    sizes = {path.rpartition("/")[2]: len(gzip.compress(file.body)) for path, file in assets.static_files().items()}
    assert sizes["login.css"] <= 10_000
    assert sizes["login.js"] + max(sizes["challenge.js"], sizes["webauthn.js"]) <= 6_000


def test_fixed_files_have_a_type_and_a_tag_of_their_content() -> None:
    files = assets.static_files()
    assert {path.rpartition("/")[2] for path in files} == {
        "documents.css",
        "consent.css",
        "countries.css",
        "login.css",
        "login.js",
        "challenge.js",
        "webauthn.js",
        "countries.js",
    }
    for path, file in files.items():
        assert file.etag.strip('"') in path
        assert file.content_type.startswith("text/")
        assert assets.find(path) is file
    assert "immutable" in assets.CACHE_CONTROL


def test_nothing_else_is_found() -> None:
    some = assets.path("login.css")
    _, themed = assets.stylesheets(BRANDED)
    assert assets.find(themed, BRANDED) is not None
    assert assets.find(themed, STOCK) is None, "another tenant's"
    for path in (
        assets.PREFIX,
        f"{assets.PREFIX}login.css",
        some + "/",
        some.replace("login", "../login"),
        "/etc/passwd",
        themed.replace(".css", ".css/x"),
        themed + "\n",
        f"{assets.PREFIX}0000000000000000/theme.css",
    ):
        assert assets.find(path, BRANDED) is None, path
    with pytest.raises(KeyError):
        assets.path("nothing.css")


def test_the_stock_look_needs_no_theme() -> None:
    assert assets.stylesheets(Look()) == [assets.path("login.css")]


def test_what_is_inside_the_widget_reaches_nothing_of_a_template_around_it() -> None:
    file = assets.find(assets.path("login.css"))
    assert file is not None
    outside, _, inside = file.body.decode().partition("._widget{*,")
    assert inside.endswith("}\n")
    selectors = re.findall(r"([^@{};]+)\{(?!:root|noscript|body|\._)", outside)
    assert set(selectors) <= {
        ":root", "noscript", "html", "body", "body:where(._widget-auto-layout)", "._widget", ":where(._widget)",
        "._hide-prompt-logo #prompt-logo-center,._use-custom-prompt-logo #prompt-logo-center,"
        "body:not(._use-custom-prompt-logo) #custom-prompt-logo", "._widget-auto-layout ._widget",
        "._widget-auto-layout ._widget>._prompt-box-outer",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("look", "declarations"),
    [
        (Look(primary="#112233"), ["--primary-color:#112233;", "--primary-ink:#ffffff;"]),
        (Look(background="#ffeedd"), ["--page-background:#ffeedd;"]),
        (
            Look(background="#ffeedd", background_end="#000000", background_angle=405),
            ["--page-background:linear-gradient(45deg,#ffeedd,#000000);"],
        ),
        (Look(font_url="https://a.test/f.woff2"), ['src:url("https://a.test/f.woff2")', "--font-family:tenant,"]),
    ],
)
def test_a_theme_sets_the_tenants_colours(look: Look, declarations: list[str]) -> None:
    file = assets.find(assets.stylesheets(look)[1], look)
    assert file is not None
    assert file.content_type == "text/css; charset=utf-8"
    for declaration in declarations:
        assert declaration in file.body.decode()


def test_a_light_background_stays_out_of_dark_mode() -> None:
    assert "prefers-color-scheme" not in stylesheet(Palette(background="#ffffff"))
    assert "prefers-color-scheme" in stylesheet(Palette(background="#101020"))
