"""A tenant's colours, shapes and fonts as a stylesheet of custom properties.

A theme (``/branding/themes``) is whole: it sets every colour there is and looks the same in the light and in the
dark. Branding (``/branding``) has a colour and a background, of which both palettes of the stock look are made. What
could not be read is moved towards black or white until it can.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from doorward.model import colours
from doorward.model.colours import CONTROL, TEXT

SMALLEST_TEXT = 0.75  # rem: what a theme makes smaller could not be read
PILL = "9999px"
INWARDS = {"left": "0 auto", "center": "auto", "right": "auto 0"}
ASIDE = {"left": "var(--widget-aside) auto", "right": "auto var(--widget-aside)"}
ALONG = {"left": "start", "center": "center", "right": "end"}


class Borders(Struct, frozen=True, kw_only=True):
    """Widths and radiuses in px; ``*_style`` is ``pill``, ``rounded`` or ``sharp``."""

    button_border_radius: float = 3
    button_border_weight: float = 1
    buttons_style: str = "rounded"
    input_border_radius: float = 3
    input_border_weight: float = 1
    inputs_style: str = "rounded"
    show_widget_shadow: bool = True
    widget_border_weight: float = 0
    widget_corner_radius: float = 5


class Colours(Struct, frozen=True, kw_only=True):
    """Hexadecimal colours."""

    base_focus_color: str = ""
    base_hover_color: str = ""
    body_text: str = "#1e212a"
    error: str = "#d03c38"
    header: str = "#1e212a"
    icons: str = "#65676e"
    input_background: str = "#ffffff"
    input_border: str = "#c9cace"
    input_filled_text: str = "#000000"
    input_labels_placeholders: str = "#65676e"
    links_focused_components: str = "#635dff"
    primary_button: str = "#635dff"
    primary_button_label: str = "#ffffff"
    read_only_background: str = ""
    secondary_button_border: str = "#c9cace"
    secondary_button_label: str = "#1e212a"
    success: str = "#13a688"
    widget_background: str = "#ffffff"
    widget_border: str = "#c9cace"


class Font(Struct, frozen=True, kw_only=True):
    """``size`` in percent of the reference size."""

    bold: bool = False
    size: float = 100


class Fonts(Struct, frozen=True, kw_only=True):
    """``reference_text_size`` in px of a browser that shows text at 16 px."""

    body_text: Font = Font(size=87.5)
    buttons_text: Font = Font()
    font_url: str = ""
    input_labels: Font = Font()
    links: Font = Font(bold=True, size=87.5)
    links_style: str = "normal"
    reference_text_size: float = 16
    subtitle: Font = Font(size=87.5)
    title: Font = Font(size=150)


class PageBackground(Struct, frozen=True, kw_only=True):
    background_color: str = "#000000"
    background_image_url: str = ""
    page_layout: str = "center"


class Widget(Struct, frozen=True, kw_only=True):
    """``logo_height`` in px."""

    header_text_alignment: str = "center"
    logo_height: float = 52
    logo_position: str = "center"
    logo_url: str = ""
    social_buttons_layout: str = "bottom"


class Theme(Struct, frozen=True, kw_only=True):
    """A theme as the Management API has it; what it leaves out is as in Auth0's own."""

    borders: Borders = Borders()
    colors: Colours = Colours()
    fonts: Fonts = Fonts()
    page_background: PageBackground = PageBackground()
    widget: Widget = Widget()

    @classmethod
    def of(cls, body: Any) -> Theme | None:
        """``None`` for what is no theme."""
        try:
            return msgspec.convert(body, cls)
        except msgspec.ValidationError:
            return None


class Palette(Struct, frozen=True, kw_only=True):
    """All that a stylesheet is made of. Colours are ``#rrggbb`` or empty, URLs https or empty."""

    theme: Theme | None = None
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
        rules.append(f":root {{ {' '.join(_themed(palette.theme))} }}")
    else:
        light, dark = _branded(palette)
        if light:
            rules.append(f":root {{ {' '.join(light)} }}")
        if dark:
            rules.append(f"@media (prefers-color-scheme: dark) {{ :root {{ {' '.join(dark)} }} }}")
    return "".join(f"{rule}\n" for rule in rules)


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
    asked = {name: colours.parse(value) or "" for name, value in msgspec.structs.asdict(theme.colors).items()}
    stock = msgspec.structs.asdict(Colours())
    colour = {name: value or stock[name] for name, value in asked.items()}
    card, field = colour["widget_background"], colour["input_background"]
    is_dark = colours.luminance(card) < 0.18
    contrary = colours.WHITE if is_dark else colours.BLACK
    quiet = asked["read_only_background"] or card
    if quiet == card or _shade(card, quiet, 1) != quiet:
        quiet = _shade(card, contrary, 0.045)
    wrong = _shade(card, colour["error"], 0.08)
    button = colour["primary_button"]
    hover = _shade(button, asked["base_hover_color"] or contrary, 0.16)
    link = colours.legible(colour["links_focused_components"], card, TEXT, quiet)
    text = colours.legible(colour["body_text"], card, TEXT, quiet)
    return {
        "color-scheme": "dark" if is_dark else "light",
        "card": card,
        "quiet": quiet,
        "line": colours.mix(card, contrary, 0.12),
        "ink": text,
        "muted": text,
        "title-ink": colours.legible(colour["header"], card, TEXT),
        "label-ink": colours.legible(colour["input_labels_placeholders"], card, TEXT),
        "field": field,
        "field-ink": colours.legible(colour["input_filled_text"], field, TEXT),
        "border": colours.legible(colour["input_border"], card, CONTROL, field),
        "icon": colours.legible(colour["icons"], field, CONTROL),
        "link-color": link,
        "ring": colours.legible(asked["base_focus_color"] or link, card, CONTROL, field),
        "primary-color": button,
        "primary-ink": colours.legible(colour["primary_button_label"], button, TEXT, hover),
        "primary-hover": hover,
        "secondary-ink": colours.legible(colour["secondary_button_label"], card, TEXT, quiet),
        "secondary-border": colours.legible(colour["secondary_button_border"], card, CONTROL),
        "error": colours.legible(colour["error"], card, TEXT, quiet, wrong),
        "error-quiet": wrong,
        "good": colours.legible(colour["success"], card, TEXT, quiet),
        "widget-border": f"{theme.borders.widget_border_weight:g}px solid {colour['widget_border']}",
    }


def _shade(surface: str, towards: str, share: float) -> str:
    """A variant of ``surface`` that can be written on in what can be read on ``surface``."""
    ink, paper = sorted((colours.BLACK, colours.WHITE), key=lambda end: -colours.contrast(end, surface))
    made = colours.mix(surface, towards, share)
    return made if colours.contrast(ink, made) >= TEXT else colours.mix(surface, paper, share)


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
    picture = usable(page.background_image_url)
    layers = f'url("{_quoted(picture)}") center / cover no-repeat fixed, {colour}' if picture else colour
    return {
        "page-background": layers,
        "page-background-color": colour,
        "widget-margin": ASIDE.get(page.page_layout, "auto"),
    }


def usable(url: object) -> str:
    """A URL the pages can load from, or nothing."""
    return url if isinstance(url, str) and url.startswith("https://") and url.isascii() else ""


def _quoted(url: str) -> str:
    """A URL as it may stand between quotes in a stylesheet."""
    return quote(url, safe="%/:=&?~#+!$,;@[]*-._")
