"""What somebody typed, as it may stand in headers and error texts."""

from __future__ import annotations


def printable(text: str) -> str:
    """Printable ASCII; anything else is a question mark."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def quotable(text: str) -> str:
    """The characters of an ``error_description`` (RFC 6749 §5.2): printable ASCII without quote and backslash."""
    return printable(text).replace('"', "?").replace("\\", "?")
