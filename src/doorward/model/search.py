"""A search of users or log events, as a tree: what a query string says once it is read.

Which fields there are, and how they compare, is the matter of whoever keeps them (``ports.Users.search``,
``ports.Log.page``).
"""

from __future__ import annotations

from msgspec import Struct


class Term(Struct, frozen=True):
    """The field has this very value."""

    field: str
    value: str | bool | int


class Range(Struct, frozen=True):
    """The field is at least ``low`` and less than ``high``; ``None`` is no bound. Moments are epoch seconds."""

    field: str
    low: float | str | None
    high: float | str | None


class Wildcard(Struct, frozen=True):
    """The text is part of the field's value: with nothing ``before`` it its beginning, with nothing ``after``
    it its end."""

    field: str
    text: str
    before: bool
    after: bool


class Exists(Struct, frozen=True):
    """The field, or one below it, has a value."""

    field: str


class AllOf(Struct, frozen=True):
    """Of no parts: everything."""

    parts: tuple[Search, ...]


class AnyOf(Struct, frozen=True):
    parts: tuple[Search, ...]


class Not(Struct, frozen=True):
    """Also of what does not have the field at all."""

    part: Search


Leaf = Term | Range | Wildcard | Exists
Search = Leaf | AllOf | AnyOf | Not

EVERYTHING = AllOf(())


class Sort(Struct, frozen=True):
    """An order of results; those without the field come last."""

    field: str
    descending: bool = False


def following(text: str) -> str:
    """The first text in bytewise order after all that begin with this one."""
    last = ord(text[-1])
    if last == 0x10FFFF:
        return text + chr(last)
    return text[:-1] + chr(0xE000 if last == 0xD7FF else last + 1)
