"""A theme of the login pages (``/branding/themes``), and its colours as they are painted: what could not be read is
moved towards black or white until it can."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from doorward.model import colours
from doorward.model.colours import CONTROL, TEXT

T = TypeVar("T", bound=Struct)


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

    @property
    def parsed(self) -> dict[str, str]:
        """Each as ``#rrggbb``; what is no colour is as in Auth0's own theme. Those that need not be there may be
        empty."""
        stock = msgspec.structs.asdict(Colours())
        return {name: colours.parse(value) or stock[name] for name, value in msgspec.structs.asdict(self).items()}

    @property
    def is_dark(self) -> bool:
        return colours.luminance(self.parsed["widget_background"]) < 0.18


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

    def in_the_dark(self, body: Any) -> Theme | None:
        """This theme with what a dark variant (``/branding/dark``) has in place of it; ``None`` for no such variant."""
        try:
            colors = msgspec.convert(body["colors"], Colours)
            page = _with(self.page_background, body.get("page_background"))
            widget = _with(self.widget, body.get("widget"))
        except (msgspec.ValidationError, KeyError, TypeError):
            return None
        if "background_color" not in (body.get("page_background") or ()):
            behind = colours.mix(colors.parsed["widget_background"], colours.BLACK, 0.35)
            page = msgspec.structs.replace(page, background_color=behind)
        return msgspec.structs.replace(self, colors=colors, page_background=page, widget=widget)


def _with(whole: T, part: Any) -> T:
    """Raises ``msgspec.ValidationError``."""
    return msgspec.convert({**msgspec.structs.asdict(whole), **(part or {})}, type(whole))


def painted(asked: Colours) -> dict[str, str]:
    """The colours of a page (``#rrggbb``) by the names its stylesheet has for them."""
    colour = asked.parsed
    card, field = colour["widget_background"], colour["input_background"]
    contrary = colours.WHITE if asked.is_dark else colours.BLACK
    quiet = colours.parse(asked.read_only_background) or card
    if quiet == card or _shade(card, quiet, 1) != quiet:
        quiet = _shade(card, contrary, 0.045)
    wrong = _shade(card, colour["error"], 0.08)
    button = colour["primary_button"]
    hover = _shade(button, colours.parse(asked.base_hover_color) or contrary, 0.16)
    link = colours.legible(colour["links_focused_components"], card, TEXT, quiet)
    text = colours.legible(colour["body_text"], card, TEXT, quiet)
    return {
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
        "ring": colours.legible(colours.parse(asked.base_focus_color) or link, card, CONTROL, field),
        "primary-color": button,
        "primary-ink": colours.legible(colour["primary_button_label"], button, TEXT, hover),
        "primary-hover": hover,
        "secondary-ink": colours.legible(colour["secondary_button_label"], card, TEXT, quiet),
        "secondary-border": colours.legible(colour["secondary_button_border"], card, CONTROL),
        "error": colours.legible(colour["error"], card, TEXT, quiet, wrong),
        "error-quiet": wrong,
        "good": colours.legible(colour["success"], card, TEXT, quiet),
    }


# Which colour is seen on which, how far apart they have to be, and what the colour is called once painted.
SEEN = (
    ("body_text", "widget_background", TEXT, "ink"),
    ("header", "widget_background", TEXT, "title-ink"),
    ("input_labels_placeholders", "widget_background", TEXT, "label-ink"),
    ("input_filled_text", "input_background", TEXT, "field-ink"),
    ("input_border", "widget_background", CONTROL, "border"),
    ("icons", "input_background", CONTROL, "icon"),
    ("links_focused_components", "widget_background", TEXT, "link-color"),
    ("primary_button_label", "primary_button", TEXT, "primary-ink"),
    ("secondary_button_label", "widget_background", TEXT, "secondary-ink"),
    ("secondary_button_border", "widget_background", CONTROL, "secondary-border"),
    ("error", "widget_background", TEXT, "error"),
    ("success", "widget_background", TEXT, "good"),
)


class Contrast(Struct, frozen=True):
    """How far a colour stands out from what it is seen ``on`` (WCAG 2.2): the ``ratio`` as it was chosen, the ratio
    ``required``, and the colour that is ``shown``, which is another one where that was too little."""

    color: str
    on: str
    ratio: float
    required: float
    shown: str


def contrasts(asked: Colours) -> list[Contrast]:
    """Every colour that has to be read or found."""
    colour, shown = asked.parsed, painted(asked)
    return [
        Contrast(name, on, round(colours.contrast(colour[name], colour[on]), 2), required, shown[as_])
        for name, on, required, as_ in SEEN
    ]


def darkened(theme: Theme) -> Theme:
    """A theme of the same hues for people who want it dark; one that is dark already stays as it is."""
    asked = theme.colors
    if asked.is_dark:
        return theme
    colour = asked.parsed
    brand = colour["primary_button"]

    def tinted(neutral: str) -> str:
        return colours.mix(neutral, brand, 0.04)

    card, ink, quiet_ink, border = map(tinted, (colours.DARK_CARD, "#eceef3", "#a6adbb", "#7d8595"))
    field = colours.mix(card, colours.BLACK, 0.2)
    button = colours.legible(brand, card, CONTROL)
    dark = Colours(
        base_focus_color=colours.legible(colour["links_focused_components"], card, CONTROL, field),
        base_hover_color=colours.WHITE,
        body_text=ink,
        error=colours.legible(colour["error"], card, TEXT),
        header=ink,
        icons=quiet_ink,
        input_background=field,
        input_border=colours.legible(border, card, CONTROL, field),
        input_filled_text=ink,
        input_labels_placeholders=quiet_ink,
        links_focused_components=colours.legible(colour["links_focused_components"], card, TEXT),
        primary_button=button,
        primary_button_label=colours.ink_on(button),
        read_only_background=colours.mix(card, colours.WHITE, 0.05),
        secondary_button_border=colours.legible(border, card, CONTROL),
        secondary_button_label=ink,
        success=colours.legible(colour["success"], card, TEXT),
        widget_background=card,
        widget_border=colours.mix(card, colours.WHITE, 0.12),
    )
    page = msgspec.structs.replace(theme.page_background, background_color=tinted(colours.DARK_PAGE))
    return msgspec.structs.replace(theme, colors=dark, page_background=page)


def _shade(surface: str, towards: str, share: float) -> str:
    """A variant of ``surface`` that can be written on in what can be read on ``surface``."""
    ink, paper = sorted((colours.BLACK, colours.WHITE), key=lambda end: -colours.contrast(end, surface))
    made = colours.mix(surface, towards, share)
    return made if colours.contrast(ink, made) >= TEXT else colours.mix(surface, paper, share)
