"""Colours that stay legible: contrast by WCAG 2.2, and a tenant's palette made from its brand."""

from __future__ import annotations

import re

TEXT = 4.5
CONTROL = 3.0

WHITE, INK, BLACK = "#ffffff", "#0f1115", "#000000"
LIGHT_CARD, DARK_CARD = "#ffffff", "#181b22"
DARK_PAGE = "#0f1115"

_HEX = re.compile(r"#?(?:([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?|([0-9a-fA-F]{3})[0-9a-fA-F]?)")


def parse(value: object) -> str | None:
    """``#rrggbb`` in lower case for a hexadecimal colour, whatever shines through it; ``None`` for anything else."""
    found = _HEX.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    digits = (found[1] or found[2]).lower()
    return "#" + (digits if len(digits) == 6 else "".join(d * 2 for d in digits))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (p / 255 for p in _parts(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def legible(colour: str, surface: str, ratio: float, *others: str) -> str:
    """``colour``, moved towards black or white as little as it takes to stand out from ``surface``, and from
    ``others`` if anything does from all of them."""
    for end in (BLACK, WHITE) if luminance(surface) > 0.18 else (WHITE, BLACK):
        for step in range(51):
            candidate = mix(colour, end, step / 50)
            if all(contrast(candidate, one) >= ratio for one in (surface, *others)):
                return candidate
    return legible(colour, surface, ratio) if others else ink_on(surface)


def ink_on(colour: str) -> str:
    """What to write in on ``colour``: white where that is legible, else near-black, else black,
    one of which always is."""
    return next((ink for ink in (WHITE, INK) if contrast(ink, colour) >= TEXT), BLACK)


def mix(one: str, other: str, share: float) -> str:
    """``one`` with ``share`` (0 to 1) of ``other`` in it."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
