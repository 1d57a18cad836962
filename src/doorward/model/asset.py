"""Pictures and fonts of a tenant's pages, as the server keeps them: so that no browser asks anybody else for one."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum

from msgspec import Struct

ASSET = "asset"  # the kind of the documents that say what is kept
LARGEST = 2 * 1024 * 1024
PREFIX = "/_doorward/asset/"

SVG = "image/svg+xml"
_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s+svg[^\[>]*(?:\[.*?\]\s*)?>)*+<svg[\s>]",
    re.DOTALL | re.IGNORECASE,
)
# What a file begins with, and what it then is.
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
)
_FONTS = (
    (b"wOF2", "font/woff2"),
    (b"wOFF", "font/woff"),
    (b"\x00\x01\x00\x00", "font/ttf"),
    (b"true", "font/ttf"),
    (b"OTTO", "font/otf"),
)


class Use(StrEnum):
    PICTURE = "picture"
    FONT = "font"


class Asset(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file, and where it is from.

    ``digest`` and ``content_type`` are of what was fetched last, empty if nothing ever was; ``error`` says why nothing
    new was, after so many ``tries``. At ``again_at`` (epoch seconds) it is asked for again.
    """

    url: str
    use: Use
    again_at: float
    digest: str = ""
    content_type: str = ""
    size: int = 0
    error: str = ""
    tries: int = 0

    @property
    def path(self) -> str:
        """Where it is served; empty for what was never fetched."""
        return PREFIX + self.digest if self.digest else ""


def id_of(url: str) -> str:
    """What the asset from ``url`` is kept under."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def digest_of(content: bytes) -> str:
    """The name of a file by what it holds."""
    return hashlib.sha256(content).hexdigest()[:32]


def sniffed(content: bytes, use: Use) -> str | None:
    """The media type of a file by what it holds, whatever anybody says of it; ``None`` for none of that ``use``."""
    for start, type_ in _FONTS if use is Use.FONT else _PICTURES:
        if content.startswith(start):
            return type_
    if use is Use.FONT:
        return None
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    return SVG if _SVG.match(content[:65_536]) else None
