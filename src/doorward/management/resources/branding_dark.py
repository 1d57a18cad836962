"""``/branding/dark`` of our own API: what a theme looks like to people who want it dark.

Auth0's themes have nothing for that. Shapes and sizes are the theme's; of colours all are said, of backgrounds and logo
what is to be another one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.management.kit.context import Call
from doorward.management.kit.errors import not_found
from doorward.management.kit.schema import ANY, items, record
from doorward.management.kit.shapes import Shape, Singleton, View
from doorward.management.resources.branding_themes import BODY, COLOUR, THEME, URL
from doorward.model.document import Document
from doorward.model.theme import Colours, Theme, contrasts, darkened

ID = "branding_dark"
VARIANT = record(
    {
        "colors": BODY.properties["colors"],
        "page_background": record({"background_color": COLOUR, "background_image_url": URL}),
        "widget": record({"logo_url": URL}),
    },
    required=("colors",),
)
CONTRAST = {"contrast": items(ANY)}


def show(call: Call, document: Document) -> dict[str, Any]:
    """The variant, and how well its colours stand out from what they are seen on."""
    measured = contrasts(msgspec.convert(document.body["colors"], Colours))
    return {**document.body, "contrast": msgspec.to_builtins(measured)}


async def _proposed(call: Call) -> Any:
    """One made of the theme, to be written as it is or changed before."""
    first = next(iter(call.directory.documents[THEME].values()), None)
    theme = Theme.of(first.body) if first is not None else None
    if theme is None:
        raise not_found("There is no theme to be shown in the dark", "theme_not_found")
    dark = darkened(theme)
    colors = {name: value for name, value in msgspec.to_builtins(dark.colors).items() if value}
    return {
        "colors": colors,
        "page_background": {"background_color": dark.page_background.background_color},
        "contrast": msgspec.to_builtins(contrasts(dark.colors)),
    }


DARK = Singleton(
    path="/branding/dark",
    id=ID,
    scopes="branding",
    summary="dark variant of the theme",
    replace=VARIANT,
    show=show,
    shows=CONTRAST,
    missing=lambda: not_found("The theme has no dark variant", "dark_variant_not_found"),
    removable=True,
    gone=204,
)
OUR_RESOURCES: tuple[Shape, ...] = (
    DARK,
    View(
        path="/branding/dark/proposal",
        scopes=("read:branding",),
        summary="Get a dark variant made of the theme",
        answer=_proposed,
    ),
)
