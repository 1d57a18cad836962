"""Files served beside the pages, at addresses that name their content."""

from __future__ import annotations

import hashlib
import re
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

_QUOTED = re.compile(rb'("[^"\n]*")')
_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
_ROOM = re.compile(rb"\s*([{};,>])\s*|(:) | *\n\s*")
_OF_SCRIPT = re.compile(rb"^\s*(?://.*|/\*\*.*\*/)?\n?|^ +| +// .*", re.MULTILINE)
_WITHIN = re.compile(rb"(?<=[{(,;])\n|\n(?=[})])")
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


class StaticFile(Struct, frozen=True):
    """A file to serve, with ``CACHE_CONTROL``."""

    body: bytes
    content_type: str
    etag: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Every fixed file by its path, without what only those need who write it."""
    sources = {f.name: f.read_bytes() for f in (files("doorward.web.login") / "static").iterdir()}
    served = {name: _scoped(body) if name.endswith(".css") else _script(body) for name, body in sources.items()}
    return {f"{PREFIX}{_digest(body)}/{name}": _file(name, body) for name, body in served.items()}


def _scoped(body: bytes) -> bytes:
    """A stylesheet whose rules after the ``WIDGET`` line hold inside the widget only: a tenant's template has elements
    around it."""
    outside, _, inside = body.partition(WIDGET)
    return _short(outside) + b"._widget{" + _short(inside) + b"}\n"


def _short(css: bytes) -> bytes:
    """The same rules without comments and without what stands between them to be read."""
    parts = _QUOTED.split(_COMMENT.sub(b"", css))
    parts[::2] = [_ROOM.sub(lambda found: found[1] or found[2] or b" ", part) for part in parts[::2]]
    return b"".join(parts).replace(b";}", b"}").strip()


def _script(body: bytes) -> bytes:
    """The same without comments and indentation, and without the ends of lines where more has to follow."""
    return _WITHIN.sub(b"", _OF_SCRIPT.sub(b"", body))


@cache
def path(name: str) -> str:
    """Where the fixed file ``name`` is served. Raises ``KeyError``."""
    for at in static_files():
        if at.endswith(f"/{name}"):
            return at
    raise KeyError(name)


def stylesheets(look: Look, *more: str) -> list[str]:
    """Where the stylesheets of a page are served: the stock one, those it needs beside it, and what a tenant
    changes."""
    css = theme.stylesheet(look.palette)
    return [path("login.css"), *map(path, more), *([_theme(css)[0]] if css else [])]


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
    body = _short(css.encode())
    return f"{PREFIX}{_digest(body)}/{THEME}", _file(THEME, body)


def _file(name: str, body: bytes) -> StaticFile:
    return StaticFile(body, _TYPES[name.rpartition(".")[2]], f'"{_digest(body)}"')


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]
