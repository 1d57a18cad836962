"""Files served beside the pages, at addresses that name their content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

from msgspec import Struct

from doorward.web.login import theme
from doorward.web.login.look import Look

PREFIX = "/_doorward/static/"
THEME = "theme.css"
WIDGET = b"/* What follows holds inside ._widget, and is served as rules of it. */"
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
        for name, body in (
            (f.name, _scoped(f.read_bytes())) for f in (files("doorward.web.login") / "static").iterdir()
        )
    }


def _scoped(body: bytes) -> bytes:
    """A stylesheet whose rules after the ``WIDGET`` line hold inside the widget only: a tenant's template has elements
    around it."""
    outside, _, inside = body.partition(WIDGET)
    return outside + b"._widget {" + inside + b"}\n" if inside else body


@cache
def path(name: str) -> str:
    """Where the fixed file ``name`` is served. Raises ``KeyError``."""
    for at in static_files():
        if at.endswith(f"/{name}"):
            return at
    raise KeyError(name)


def stylesheets(look: Look) -> list[str]:
    """Where the stylesheets of a page are served: the stock one, and what a tenant changes."""
    css = theme.stylesheet(look.palette)
    return [path("login.css"), *([_theme(css)[0]] if css else [])]


def find(requested: str, look: Look | None = None) -> StaticFile | None:
    """The file at a path below ``PREFIX``: a fixed one, or the stylesheet of ``look``."""
    fixed = static_files().get(requested)
    if fixed is not None or look is None:
        return fixed
    at, file = _theme(theme.stylesheet(look.palette))
    return file if at == requested else None


def current_theme(look: Look) -> StaticFile:
    """The stylesheet of ``look``, wherever it was asked for."""
    return _theme(theme.stylesheet(look.palette))[1]


@lru_cache(maxsize=256)
def _theme(css: str) -> tuple[str, StaticFile]:
    body = css.encode()
    return f"{PREFIX}{_digest(body)}/{THEME}", _file(THEME, body)


def _file(name: str, body: bytes) -> StaticFile:
    return StaticFile(body, _TYPES[name.rpartition(".")[2]], f'"{_digest(body)}"')


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]
