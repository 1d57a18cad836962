"""The logo of a tenant that has none: its initial in its colour."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from urllib.parse import quote

from doorward.model import colours

STOCK = "#1f4fd8"


@lru_cache(maxsize=256)
def monogram(name: str, primary: str = "") -> str:
    """A ``data:`` URL of an SVG picture, 64 units square."""
    fill = primary or STOCK
    shade = colours.mix(fill, "#000000", 0.22)
    initial = next((c for c in name if c.isalnum()), "D").upper()[:1]
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 64'>"
        "<linearGradient id='g' x2='1' y2='1'>"
        f"<stop stop-color='{fill}'/><stop offset='1' stop-color='{shade}'/></linearGradient>"
        "<rect width='64' height='64' rx='16' fill='url(#g)'/>"
        "<text x='32' y='43.5' text-anchor='middle' font-family='system-ui,sans-serif' "
        f"font-size='32' font-weight='600' fill='{colours.ink_on(fill)}'>{escape(initial)}</text></svg>"
    )
    return "data:image/svg+xml," + quote(svg, safe=" =/:,()")
