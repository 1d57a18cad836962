"""A tenant's colours as a stylesheet of custom properties.

The file's name says everything that is in it, so it is made on demand, by any worker, and cached
for ever: ``theme-{primary}-{background}.css``, hexadecimal colours without ``#``, ``x`` for the
stock one; a gradient is ``{start}.{end}.{degrees}``.
"""

from __future__ import annotations

import re

from doorward.model import colours
from doorward.web.login.look import Look

_COLOUR = r"[0-9a-f]{6}"
_NAME = re.compile(rf"theme-(x|{_COLOUR})-(x|{_COLOUR}|{_COLOUR}\.{_COLOUR}\.\d{{1,3}})\.css")


def file_name(look: Look) -> str | None:
    """The name of the stylesheet that changes the stock colours into this tenant's, if any do."""
    primary = (look.primary or "x").lstrip("#")
    background = "x"
    if look.background:
        background = look.background.lstrip("#")
        if look.background_end:
            background += f".{look.background_end.lstrip('#')}.{look.background_angle % 360}"
    return None if primary == background == "x" else f"theme-{primary}-{background}.css"


def stylesheet(name: str) -> str | None:
    """The CSS of a theme file, or ``None`` if the name is none."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    light, dark = [], []
    if found[1] != "x":
        primary = f"#{found[1]}"
        light += _accents(primary, primary, colours.LIGHT_CARD)
        dark += _accents(primary, colours.legible(primary, colours.DARK_CARD, colours.CONTROL), colours.DARK_CARD)
    if found[2] != "x":
        start, *rest = found[2].split(".")
        value = f"linear-gradient({rest[1]}deg, #{start}, #{rest[0]})" if rest else f"#{start}"
        light.append(f"--page-background: {value};")
        # A light page behind a dark card would glare; a dark one suits both modes.
        ends = [f"#{start}"] + ([f"#{rest[0]}"] if rest else [])
        if max(map(colours.luminance, ends)) < 0.25:
            dark.append(f"--page-background: {value};")
    css = f":root {{ {' '.join(light)} }}\n"
    if dark:
        css += f"@media (prefers-color-scheme: dark) {{ :root {{ {' '.join(dark)} }} }}\n"
    return css


def _accents(brand: str, button: str, card: str) -> list[str]:
    accent = colours.legible(brand, card, colours.TEXT)
    ink = colours.ink_on(button)
    away = colours.BLACK if ink == colours.WHITE else colours.WHITE
    return [
        f"--primary-color: {button};",
        f"--primary-ink: {ink};",
        f"--primary-hover: {colours.mix(button, away, 0.16)};",
        f"--link-color: {accent};",
        f"--ring: {accent};",
    ]
