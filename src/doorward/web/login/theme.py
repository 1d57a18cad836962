"""A tenant's colours, shapes and fonts as a stylesheet of custom properties.

A theme (``/branding/themes``) is whole: it sets every colour there is, and looks the same in the light and in the dark
unless it has a dark variant. Branding (``/branding``) has a colour and a background, of which both palettes of the
stock look are made. What could not be read is moved towards black or white until it can.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from msgspec import Struct

from doorward.model import colours
from doorward.model.colours import CONTROL, TEXT
from doorward.model.theme import Fonts, PageBackground, Theme, painted

SMALLEST_TEXT = 0.75  # rem: what a theme makes smaller could not be read
PILL = "9999px"
INWARDS = {"left": "0 auto", "center": "auto", "right": "auto 0"}
ASIDE = {"left": "var(--widget-aside) auto", "right": "auto var(--widget-aside)"}
ALONG = {"left": "start", "center": "center", "right": "end"}


class Palette(Struct, frozen=True, kw_only=True):
    """All that a stylesheet is made of. Colours are ``#rrggbb`` or empty, URLs are paths or
    empty."""

    theme: Theme | None = None
    dark: Theme | None = None
    primary: str = ""
    background: str = ""
    background_end: str = ""
    background_angle: int = 0
    font_url: str = ""


@lru_cache(maxsize=256)
def stylesheet(palette: Palette) -> str:
    """The CSS that changes the stock look into this one; empty if nothing does."""
    rules = []
    if palette.font_url:
        rules.append(
            f'@font-face {{ font-family: tenant; src: url("{_quoted(palette.font_url)}"); font-display: swap; }}'
        )
        rules.append(":root { --font-family: tenant, var(--system-font); }")
    if palette.theme is not None:
        themed = _themed(palette.theme)
        rules.append(_block(themed))
        if palette.dark is not None:
            changed = [one for one in _themed(palette.dark) if one not in themed]
            rules.append(_in_the_dark(_block(changed) + _logo(palette.theme, palette.dark)))
    else:
        light, dark = _branded(palette)
        if light:
            rules.append(_block(light))
        if dark:
            rules.append(_in_the_dark(_block(dark)))
    return "".join(f"{rule}\n" for rule in rules)


def _block(declarations: list[str]) -> str:
    return f":root {{ {' '.join(declarations)} }}"


def _in_the_dark(rules: str) -> str:
    return f"@media (prefers-color-scheme: dark) {{ {rules} }}"


def _logo(theme: Theme, dark: Theme) -> str:
    """The rule that puts another logo in place of the one on the page, if there is another."""
    logo = dark.widget.logo_url
    if not logo or logo == theme.widget.logo_url:
        return ""
    return f' #prompt-logo-center {{ content: url("{_quoted(logo)}"); }}'


def _branded(palette: Palette) -> tuple[list[str], list[str]]:
    """What the two palettes of the stock look become."""
    light: list[str] = []
    dark: list[str] = []
    if palette.primary:
        own = palette.primary
        light += _accents(own, own, colours.LIGHT_CARD)
        dark += _accents(own, colours.legible(own, colours.DARK_CARD, CONTROL), colours.DARK_CARD)
    if palette.background:
        ends = [palette.background, *([palette.background_end] if palette.background_end else [])]
        value = f"linear-gradient({palette.background_angle % 360}deg, {', '.join(ends)})" if ends[1:] else ends[0]
        background = [f"--page-background: {value};", f"--page-background-color: {ends[0]};"]
        light += background
        # A light page behind a dark card would glare; a dark one suits both modes.
        if max(map(colours.luminance, ends)) < 0.25:
            dark += background
    return light, dark


def _accents(brand: str, button: str, card: str) -> list[str]:
    accent = colours.legible(brand, card, TEXT)
    ink = colours.ink_on(button)
    away = colours.BLACK if ink == colours.WHITE else colours.WHITE
    return [
        f"--primary-color: {button};",
        f"--primary-ink: {ink};",
        f"--primary-hover: {colours.mix(button, away, 0.16)};",
        f"--link-color: {accent};",
        f"--ring: {accent};",
    ]


def _themed(theme: Theme) -> list[str]:
    values = {**_colours(theme), **_shapes(theme), **_sizes(theme.fonts), **_page(theme.page_background)}
    return [f"{'--' if name != 'color-scheme' else ''}{name}: {value};" for name, value in values.items()]


def _colours(theme: Theme) -> dict[str, str]:
    colour = theme.colors.parsed
    return {
        "color-scheme": "dark" if theme.colors.is_dark else "light",
        **painted(theme.colors),
        "widget-border": f"{theme.borders.widget_border_weight:g}px solid {colour['widget_border']}",
    }


def _shapes(theme: Theme) -> dict[str, str]:
    borders, widget = theme.borders, theme.widget
    card, field = (
        colours.parse(c) or "#ffffff" for c in (theme.colors.widget_background, theme.colors.input_background)
    )
    bounded = colours.contrast(card, field) >= CONTROL
    values = {
        "button-radius": _radius(borders.buttons_style, borders.button_border_radius),
        "button-border": f"{borders.button_border_weight:g}px",
        "field-radius": _radius(borders.inputs_style, borders.input_border_radius),
        "field-border": f"{borders.input_border_weight if bounded else max(1, borders.input_border_weight):g}px",
        "radius": _radius(borders.inputs_style, borders.input_border_radius, pill="18px"),
        "widget-radius": f"{borders.widget_corner_radius:g}px",
        "header-align": ALONG.get(widget.header_text_alignment, "center"),
        "logo-height": f"{widget.logo_height:g}px",
        "logo-display": "none" if widget.logo_position == "none" else "block",
        "logo-margin": INWARDS.get(widget.logo_position, "auto"),
    }
    return values if borders.show_widget_shadow else {**values, "shadow": "none"}


def _radius(style: str, radius: float, pill: str = PILL) -> str:
    return {"pill": pill, "sharp": "0"}.get(style, f"{radius:g}px")


def _sizes(fonts: Fonts) -> dict[str, str]:
    reference = fonts.reference_text_size / 16
    sized = {
        "title": fonts.title, "subtitle": fonts.subtitle, "body": fonts.body_text, "button": fonts.buttons_text,
        "label": fonts.input_labels, "link": fonts.links,
    }  # fmt: skip
    values = {"text-size": f"{max(1, reference):g}rem"}  # browsers of phones zoom in on smaller inputs
    for name, font in sized.items():
        values[f"{name}-size"] = f"{max(SMALLEST_TEXT, reference * font.size / 100):.4g}rem"
        values[f"{name}-weight"] = "700" if font.bold else "400"
    values["link-decoration"] = "underline" if fonts.links_style == "underlined" else "none"
    return values


def _page(page: PageBackground) -> dict[str, str]:
    colour = colours.parse(page.background_color) or "#000000"
    picture = page.background_image_url
    layers = f'url("{_quoted(picture)}") center / cover no-repeat fixed, {colour}' if picture else colour
    return {
        "page-background": layers,
        "page-background-color": colour,
        "widget-margin": ASIDE.get(page.page_layout, "auto"),
    }


def _quoted(url: str) -> str:
    """A URL as it may stand between quotes in a stylesheet."""
    return quote(url, safe="%/:=&?~#+!$,;@[]*-._")
