"""A search of users or log events, as a tree: what a query string says once it is read.

Which fields there are, and how they compare, is the matter of whoever keeps them (``ports.Users.page``,
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
    low: float | None
    high: float | None


class AllOf(Struct, frozen=True):
    parts: tuple[Search, ...]


class AnyOf(Struct, frozen=True):
    parts: tuple[Search, ...]


class Not(Struct, frozen=True):
    """Also of what does not have the field at all."""

    part: Search


Search = Term | Range | AllOf | AnyOf | Not


class Sort(Struct, frozen=True):
    """An order of results; those without the field come last."""

    field: str
    descending: bool = False
