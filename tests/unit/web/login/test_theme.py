"""A theme of the Management API as a stylesheet: every choice it offers, and what repairs it."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from doorward.model import colours
from doorward.model.tenant import TenantSettings
from doorward.model.theme import Borders, Colours, Font, Fonts, PageBackground, Theme, Widget
from doorward.web.login import assets
from doorward.web.login.look import Look
from doorward.web.login.render import render
from doorward.web.login.samples import SAMPLES
from doorward.web.login.theme import Palette, stylesheet

HEX = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")
DECLARATION = re.compile(r"(?:--)?([\w-]+): ([^;]+);")


def css(**parts: Any) -> str:
    return stylesheet(Palette(theme=Theme(**parts)))


def properties(**parts: Any) -> dict[str, str]:
    return dict(DECLARATION.findall(css(**parts)))


@pytest.mark.parametrize(
    ("parts", "declared"),
    [
        ({"borders": Borders(buttons_style="pill")}, {"button-radius": "9999px"}),
        ({"borders": Borders(buttons_style="sharp", button_border_radius=7)}, {"button-radius": "0"}),
        ({"borders": Borders(buttons_style="rounded", button_border_radius=7.5)}, {"button-radius": "7.5px"}),
        ({"borders": Borders(inputs_style="pill")}, {"field-radius": "9999px", "radius": "18px"}),
        ({"borders": Borders(inputs_style="rounded", input_border_radius=4)}, {"field-radius": "4px", "radius": "4px"}),
        ({"borders": Borders(button_border_weight=3)}, {"button-border": "3px"}),
        ({"borders": Borders(input_border_weight=2)}, {"field-border": "2px"}),
        ({"borders": Borders(input_border_weight=0)}, {"field-border": "1px"}),
        (
            {"borders": Borders(input_border_weight=0), "colors": Colours(input_background="#000000")},
            {"field-border": "0px"},
        ),
        ({"borders": Borders(widget_corner_radius=50)}, {"widget-radius": "50px"}),
        (
            {"borders": Borders(widget_border_weight=2), "colors": Colours(widget_border="#ABC")},
            {"widget-border": "2px solid #aabbcc"},
        ),
        ({"borders": Borders(show_widget_shadow=False)}, {"shadow": "none"}),
        ({"fonts": Fonts(title=Font(size=150, bold=True))}, {"title-size": "1.5rem", "title-weight": "700"}),
        ({"fonts": Fonts(reference_text_size=20)}, {"text-size": "1.25rem", "body-size": "1.094rem"}),
        ({"fonts": Fonts(reference_text_size=12)}, {"text-size": "1rem", "button-size": "0.75rem"}),
        ({"fonts": Fonts(subtitle=Font(size=0))}, {"subtitle-size": "0.75rem", "subtitle-weight": "400"}),
        ({"fonts": Fonts(links_style="underlined")}, {"link-decoration": "underline"}),
        ({"page_background": PageBackground(page_layout="center")}, {"widget-margin": "auto"}),
        ({"page_background": PageBackground(page_layout="left")}, {"widget-margin": "var(--widget-aside) auto"}),
        ({"page_background": PageBackground(page_layout="right")}, {"widget-margin": "auto var(--widget-aside)"}),
        ({"page_background": PageBackground(background_color="#123")}, {"page-background": "#112233"}),
        (
            {"page_background": PageBackground(background_image_url="https://a.test/b.png")},
            {"page-background": 'url("https://a.test/b.png") center / cover no-repeat fixed, #000000'},
        ),
        ({"widget": Widget(header_text_alignment="right")}, {"header-align": "end"}),
        ({"widget": Widget(logo_position="left", logo_height=80)}, {"logo-margin": "0 auto", "logo-height": "80px"}),
        ({"widget": Widget(logo_position="none")}, {"logo-display": "none"}),
        ({"colors": Colours(widget_background="#101010")}, {"color-scheme": "dark"}),
    ],
)
def test_every_choice_is_a_property(parts: dict[str, Any], declared: dict[str, str]) -> None:
    assert properties(**parts).items() >= declared.items()


def test_a_theme_looks_the_same_in_the_dark() -> None:
    made = properties()
    stock = assets.find(assets.path("login.css"))
    assert stock is not None
    dark = stock.body.decode().partition("prefers-color-scheme: dark")[2].partition("\n}\n")[0]
    assert {name for name, _ in re.findall(r"--([\w-]+): ([^;]+);", dark)} - {"shadow"} <= set(made)
    assert "prefers-color-scheme" not in css()


@settings(max_examples=60, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.dictionaries(st.sampled_from(Colours.__struct_fields__), HEX))
def test_whatever_the_colours_everything_can_be_read(chosen: dict[str, str]) -> None:
    made = properties(colors=Colours(**chosen))
    contrast = colours.contrast
    for text in ("ink", "muted", "link-color", "good", "error", "secondary-ink"):
        for surface in ("card", "quiet"):
            assert contrast(made[text], made[surface]) >= colours.TEXT, (text, surface)
    for text in ("title-ink", "label-ink"):
        assert contrast(made[text], made["card"]) >= colours.TEXT, text
    assert contrast(made["error"], made["error-quiet"]) >= colours.TEXT
    assert contrast(made["field-ink"], made["field"]) >= colours.TEXT
    assert contrast(made["primary-ink"], made["primary-color"]) >= colours.TEXT
    assert contrast(made["primary-ink"], made["primary-hover"]) >= colours.TEXT
    for control in ("border", "ring", "secondary-border"):
        assert contrast(made[control], made["card"]) >= colours.CONTROL, control
    assert contrast(made["icon"], made["field"]) >= colours.CONTROL


def test_what_is_legible_stays_as_it_is() -> None:
    chosen = {"body_text": "#101010", "primary_button": "#aa0000", "primary_button_label": "#fff0f0"}
    made = properties(colors=Colours(**chosen))
    assert (made["ink"], made["primary-color"], made["primary-ink"]) == tuple(chosen.values())


def test_a_theme_goes_before_branding_and_branding_before_settings() -> None:
    settings = TenantSettings(picture_url="https://a.test/settings.png")
    branding = {"logo_url": "https://a.test/branding.png", "font": {"url": "https://a.test/branding.woff"},
                "colors": {"primary": "#123456"}}  # fmt: skip
    theme = msgspec.to_builtins(
        Theme(
            widget=Widget(logo_url="https://a.test/theme.png"),
            fonts=Fonts(font_url="https://a.test/theme.woff"),
            colors=Colours(primary_button="#654321"),
        )
    )
    kept = {f"https://a.test/{name}": f"/{name}" for name in
            ("settings.png", "branding.png", "theme.png", "branding.woff", "theme.woff")}  # fmt: skip
    both = Look.of(settings, branding, theme=theme, kept=kept)
    assert (both.logo_url, both.font_url, both.accent) == ("/theme.png", "/theme.woff", "#654321")
    assert "#123456" not in stylesheet(both.palette)
    branded = Look.of(settings, branding, kept=kept)
    assert (branded.logo_url, branded.font_url, branded.accent) == ("/branding.png", "/branding.woff", "#123456")
    theme["widget"]["logo_url"] = theme["fonts"]["font_url"] = ""
    assert Look.of(settings, branding, theme=theme, kept=kept).logo_url == branded.logo_url
    assert Look.of(settings, kept=kept).logo_url == "/settings.png"
    assert Look.of(settings, theme={"colors": {"error": 7}}).theme is None


def test_other_ways_to_log_in_stand_where_the_theme_wants_them() -> None:
    for layout, first in (("top", "connection"), ("bottom", "password")):
        look = Look(theme=Theme(widget=Widget(social_buttons_layout=layout)))
        html = render(SAMPLES["login-social"], look, "en").body.decode()
        assert sorted(("connection", "password"), key=lambda name: html.index(f'name="{name}"'))[0] == first
        assert html.count("separator") == 1


HOSTILE = "https://a.test/\") ; } body { display: none } </style><script>\\\n'(x"


def test_f5_no_address_breaks_out_of_the_stylesheet() -> None:
    look = Look(
        font_url=HOSTILE,
        theme=Theme(
            page_background=PageBackground(background_image_url=HOSTILE, background_color="red;}"),
            borders=Borders(buttons_style="x;}"),
            widget=Widget(header_text_alignment="x;}", logo_position="};"),
        ),
    )
    made = stylesheet(look.palette)
    assert made.count("{") == made.count("}") == 3
    assert made.count('"') == 4
    assert not set("<>\\'") & set(made)
    assert made.count("\n") == 3


def test_the_policy_allows_nobody_but_us_whatever_a_theme_names() -> None:
    theme = Theme(page_background=PageBackground(background_image_url="/_doorward/asset/1"))
    look = Look(theme=theme, logo_url="/_doorward/asset/2", font_url="/_doorward/asset/3")
    policy = dict(render(SAMPLES["login"], look, "en").headers)["content-security-policy"]
    assert "img-src 'self' data:;" in policy
    assert "font-src 'self';" in policy
    assert "style-src 'self';" in policy


def test_a_dark_variant_changes_colours_and_pictures_and_nothing_else() -> None:
    light = Theme(page_background=PageBackground(background_image_url="/sea"), widget=Widget(logo_url="/light"))
    body = {"colors": {"widget_background": "#101010"}, "widget": {"logo_url": "/dark"}}
    made = stylesheet(Palette(theme=light, dark=light.in_the_dark(body)))
    before, _, dark = made.partition("prefers-color-scheme: dark")
    assert "--card: #ffffff;" in before
    assert "--card: #101010;" in dark
    assert "color-scheme: dark;" in dark
    assert '#prompt-logo-center { content: url("/dark"); }' in dark
    assert 'url("/sea")' in dark, "what it does not say is as it was"
    assert "-size" not in dark
    assert "radius" not in dark
    assert light.in_the_dark({"colors": 7}) is None
