"""The files beside the pages: addresses that name their content, small, and complete."""

from __future__ import annotations

import gzip
import re

import pytest

from doorward.web.login import assets, theme
from doorward.web.login.look import Look
from doorward.web.login.render import render
from doorward.web.login.samples import BRANDED, SAMPLES, STOCK


@pytest.mark.parametrize("look", [STOCK, BRANDED])
@pytest.mark.parametrize("name", SAMPLES)
def test_everything_a_page_links_is_served(name: str, look: Look) -> None:
    html = render(SAMPLES[name], look, "en").body.decode()
    linked = re.findall(rf'(?:href|src)="({assets.PREFIX}[^"]+)"', html)
    assert any(path.endswith(".css") for path in linked)
    for path in linked:
        assert assets.find(path) is not None, path


@pytest.mark.parametrize("look", [STOCK, BRANDED])
@pytest.mark.parametrize("name", SAMPLES)
def test_first_load_is_small(name: str, look: Look) -> None:
    body = render(SAMPLES[name], look, "en").body
    linked = set(re.findall(rf'"({assets.PREFIX}[^"]+)"', body.decode()))
    files = [file.body for file in map(assets.find, linked) if file is not None]
    assert len(body) + sum(map(len, files)) < 30_000
    assert len(gzip.compress(body)) < 12_000


def test_stylesheet_and_script_keep_their_budgets() -> None:
    sizes = {path.rpartition(".")[2]: len(gzip.compress(file.body)) for path, file in assets.static_files().items()}
    assert sizes["css"] <= 10_000
    assert sizes["js"] <= 6_000


def test_fixed_files_have_a_type_and_a_tag_of_their_content() -> None:
    files = assets.static_files()
    assert {path.rpartition("/")[2] for path in files} == {"login.css", "login.js"}
    for path, file in files.items():
        assert file.etag.strip('"') in path
        assert file.content_type.startswith("text/")
        assert assets.find(path) is file
    assert "immutable" in assets.CACHE_CONTROL


def test_nothing_else_is_found() -> None:
    some = next(iter(assets.static_files()))
    themes = assets.theme_path(BRANDED)
    assert themes is not None
    for path in (
        assets.PREFIX,
        f"{assets.PREFIX}login.css",
        some + "/",
        some.replace("login", "../login"),
        "/etc/passwd",
        themes.replace(".css", ".css/x"),
        themes.replace("e4b400", "E4B400"),
        themes.replace("e4b400", "red"),
        themes.replace("e4b400", "e4b400;}"),
        themes + "\n",
        f"{assets.PREFIX}0000000000000000/theme-e4b400-x.css",
    ):
        assert assets.find(path) is None, path
    with pytest.raises(KeyError):
        assets.path("nothing.css")


def test_the_stock_look_needs_no_theme() -> None:
    assert assets.theme_path(Look()) is None
    assert theme.stylesheet("theme-x-x.css") is not None


@pytest.mark.parametrize(
    ("look", "declarations"),
    [
        (Look(primary="#112233"), ["--primary-color: #112233;", "--primary-ink: #ffffff;"]),
        (Look(background="#ffeedd"), ["--page-background: #ffeedd;"]),
        (
            Look(background="#ffeedd", background_end="#000000", background_angle=405),
            ["--page-background: linear-gradient(45deg, #ffeedd, #000000);"],
        ),
    ],
)
def test_a_theme_sets_the_tenants_colours(look: Look, declarations: list[str]) -> None:
    path = assets.theme_path(look)
    assert path is not None
    file = assets.find(path)
    assert file is not None
    assert file.content_type == "text/css; charset=utf-8"
    for declaration in declarations:
        assert declaration in file.body.decode()


def test_a_light_background_stays_out_of_dark_mode() -> None:
    light = theme.stylesheet("theme-x-ffffff.css")
    dark = theme.stylesheet("theme-x-101020.css")
    assert light is not None
    assert "prefers-color-scheme" not in light
    assert dark is not None
    assert "prefers-color-scheme" in dark
