"""Files served beside the pages, at addresses that name their content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from msgspec import Struct

from doorward.web.login import theme
from doorward.web.login.look import Look

PREFIX = "/_doorward/static/"
CACHE_CONTROL = "public, max-age=31536000, immutable"

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


class StaticFile(Struct, frozen=True):
    """A file to serve, with ``CACHE_CONTROL``."""

    body: bytes
    content_type: str
    etag: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Every fixed file by its path."""
    return {
        f"{PREFIX}{_digest(body)}/{name}": _file(name, body)
        for name, body in ((f.name, f.read_bytes()) for f in (files("doorward.web.login") / "static").iterdir())
    }


@cache
def path(name: str) -> str:
    """Where the fixed file ``name`` is served. Raises ``KeyError``."""
    for at in static_files():
        if at.endswith(f"/{name}"):
            return at
    raise KeyError(name)


def theme_path(look: Look) -> str | None:
    """Where the stylesheet with this tenant's colours is served, if it has any."""
    name = theme.file_name(look)
    return name and f"{_themes()}{name}"


def find(requested: str) -> StaticFile | None:
    """The file at a path below ``PREFIX``: a fixed one, or a theme made from its name."""
    fixed = static_files().get(requested)
    if fixed is not None or not requested.startswith(_themes()):
        return fixed
    css = theme.stylesheet(requested.removeprefix(_themes()))
    return _file("theme.css", css.encode()) if css is not None else None


@cache
def _themes() -> str:
    # The directory names the colours' rules, so that a change of them reaches every browser.
    rules = theme.stylesheet("theme-1f4fd8-0f1115.ffffff.45.css") or ""
    return f"{PREFIX}{_digest(rules.encode())}/"


def _file(name: str, body: bytes) -> StaticFile:
    return StaticFile(body, _TYPES[name.rpartition(".")[2]], f'"{_digest(body)}"')


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]
