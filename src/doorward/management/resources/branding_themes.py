"""``/branding/themes``: shapes, colours and fonts of the tenant's pages in detail."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, not_found
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, Rule, choice, number, record, text
from doorward.management.kit.shapes import Collection, Shape, View
from doorward.model.document import Document

THEME = "branding_theme"
COLOURS = (
    "body_text", "error", "header", "icons", "input_background", "input_border", "input_filled_text",
    "input_labels_placeholders", "links_focused_components", "primary_button", "primary_button_label",
    "secondary_button_border", "secondary_button_label", "success", "widget_background", "widget_border",
)  # fmt: skip
MORE_COLOURS = ("base_focus_color", "base_hover_color", "read_only_background")
SIDE = ("center", "left", "right")
CORNERS = choice("pill", "rounded", "sharp")
COLOUR = text(format="html-color")
URL = text(format="absolute-https-uri-or-empty")
VERBS = {"GET": "retrieving", "HEAD": "retrieving", "DELETE": "deleting", "PATCH": "updating"}


def _whole(properties: dict[str, Rule], **optional: Rule) -> Rule:
    """An object of which everything but the ``optional`` is required."""
    return record({**properties, **optional}, required=tuple(properties))


def _font(smallest: int = 0) -> Rule:
    return _whole({"bold": BOOLEAN, "size": number(min=smallest, max=150)})


BODY = record(
    {
        "borders": _whole(
            {
                "button_border_radius": number(min=1, max=10),
                "button_border_weight": number(min=0, max=10),
                "buttons_style": CORNERS,
                "input_border_radius": number(min=0, max=10),
                "input_border_weight": number(min=0, max=3),
                "inputs_style": CORNERS,
                "show_widget_shadow": BOOLEAN,
                "widget_border_weight": number(min=0, max=10),
                "widget_corner_radius": number(min=0, max=50),
            }
        ),
        "colors": _whole(
            dict.fromkeys(COLOURS, COLOUR),
            **dict.fromkeys(MORE_COLOURS, COLOUR),
            captcha_widget_theme=choice("auto", "dark", "light"),
        ),
        "displayName": text(max=2048, pattern="[^<>]*"),
        "fonts": _whole(
            {
                "body_text": _font(),
                "buttons_text": _font(),
                "font_url": URL,
                "input_labels": _font(),
                "links": _font(),
                "links_style": choice("normal", "underlined"),
                "reference_text_size": number(min=12, max=24),
                "subtitle": _font(),
                "title": _font(75),
            }
        ),
        "identifiers": record(
            {
                "login_display": choice("unified", "separate"),
                "otp_autocomplete": BOOLEAN,
                "phone_display": record(
                    {
                        "formatting": choice("international", "regional"),
                        "masking": choice("show_all", "hide_country_code", "mask_digits"),
                    }
                ),
            }
        ),
        "page_background": _whole(
            {"background_color": COLOUR, "background_image_url": URL, "page_layout": choice(*SIDE)}
        ),
        "widget": _whole(
            {
                "header_text_alignment": choice(*SIDE),
                "logo_height": number(min=1, max=100),
                "logo_position": choice(*SIDE, "none"),
                "logo_url": URL,
                "social_buttons_layout": choice("bottom", "top"),
            }
        ),
    },
    required=("borders", "colors", "fonts", "page_background", "widget"),
)


def prepare(call: Call, given: dict[str, Any]) -> Document:
    id_ = call.ports.entropy.alphanumeric(32)
    return Document(kind=THEME, id=id_, body={"displayName": "Unnamed Theme", **given, "themeId": id_})


def no_such_theme(call: Call) -> ApiError:
    message = f"There was an error {VERBS[call.request.method]} branding settings: invalid theme ID"
    return not_found(message, "theme_not_found")


def find(call: Call, id_: str) -> Document:
    found = call.directory.documents[THEME].get(id_)
    if found is None:
        raise no_such_theme(call)
    return found


async def _default(call: Call) -> Any:
    """The one that was made first."""
    for theme in call.directory.documents[THEME].values():
        return dict(theme.body)
    raise no_such_theme(call)


THEMES = Collection(
    path="/branding/themes",
    kind=THEME,
    one="branding theme",
    many="branding themes",
    scopes={
        "create": ("update:branding",),
        "read": ("read:branding",),
        "update": ("update:branding",),
        "delete": ("delete:branding",),
    },
    create=BODY,
    update=BODY,
    prepare=prepare,
    find=find,
    missing=lambda _: not_found("invalid theme ID", "theme_not_found"),
    paging=Paging(key="themes"),
    parameter="themeId",
    created=200,
    gone=None,
    without=("list",),
)
RESOURCES: tuple[Shape, ...] = (
    THEMES,
    View(
        path="/branding/themes/default",
        scopes=("read:branding",),
        summary="Get the default branding theme",
        answer=_default,
    ),
)
