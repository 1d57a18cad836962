"""Three ways to page through a list: a bare array, totals, and a checkpoint.

``page``/``per_page`` answers an array; with ``include_totals`` an object with ``start``, ``limit`` and
``total``; ``from``/``take`` answers an object with ``next`` while there is more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from doorward.management.kit.errors import invalid_query
from doorward.management.kit.schema import BOOLEAN, Rule, integer, text

T = TypeVar("T")

DEFAULT_SIZE = 50
MAX_SIZE = 100
MAX_CURSOR = 1000
LARGEST_PAGE = 1_000_000
# What ``from`` may be: on the wire a sealed place (see ``checkpoint``), for a handler the place.
CHECKPOINT = text(max=MAX_CURSOR)


class Paging(Struct, frozen=True, kw_only=True):
    """Which styles a list knows. ``key`` names the items in the object forms; ``smallest`` and
    ``largest`` bound ``per_page`` and ``take``, ``size`` is what they are when left out; a list that is always an
    object and knows checkpoints only begins with one. ``length`` adds the number of items on the page; a list that is
    not ``counted`` never says ``total``. A ``numbered`` list is always an object with ``page``, ``per_page`` and
    ``total``. Of a search only the ``first`` hits are counted and paged through."""

    key: str
    offset: bool = True
    checkpoint: bool = False
    smallest: int = 1
    largest: int = MAX_SIZE
    size: int = DEFAULT_SIZE
    always_object: bool = False
    numbered: bool = False
    length: bool = False
    counted: bool = True
    first: int | None = None

    @property
    def rules(self) -> dict[str, Rule]:
        rules: dict[str, Rule] = {}
        if self.offset:
            rules["page"] = integer(min=0, max=LARGEST_PAGE)
            rules["per_page"] = integer(min=self.smallest, max=self.largest)
        if self.offset and not self.numbered:
            rules["include_totals"] = BOOLEAN
        if self.checkpoint:
            rules["from"] = CHECKPOINT
            rules["take"] = integer(min=1, max=self.largest)
        return rules

    def window(self, query: Mapping[str, Any]) -> tuple[int, int]:
        """Where the page starts and how many items it may hold. Raises ``ApiError`` beyond the ``first`` hits."""
        if self.by_checkpoint(query):
            return int(query.get("from", 0)), query.get("take", self.size)
        limit = query.get("per_page", self.size)
        start = query.get("page", 0) * limit
        if self.first is not None and start and start >= self.first:
            raise invalid_query(f"You can only page through the first {self.first} records")
        return start, limit

    def to_count(self, query: Mapping[str, Any]) -> int:
        """How many hits have to be counted for the answer: none without ``include_totals``."""
        return (self.first or 0) if query.get("include_totals") and not self.by_checkpoint(query) else 0

    def by_checkpoint(self, query: Mapping[str, Any]) -> bool:
        """Whether the list is paged through by checkpoint: asked to be, or there is no other way."""
        only = self.always_object and not self.offset
        return self.checkpoint and (only or "take" in query or "from" in query)

    def answer(self, shown: list[Any], query: Mapping[str, Any], *, total: int) -> Any:
        """The list in the form asked for; ``shown`` are the items of the window, ``total`` counts all."""
        start, limit = self.window(query)
        if self.first is not None and not self.by_checkpoint(query):
            total = min(total, self.first)
            shown = shown[: max(0, self.first - start)]
        if self.by_checkpoint(query):
            more = {"next": str(start + limit)} if start + limit < total else {}
            return {self.key: shown, **more}
        if self.numbered:
            return {self.key: shown, "page": query.get("page", 0), "per_page": limit, "total": total}
        if self.offset and query.get("include_totals"):
            length = {"length": len(shown)} if self.length else {}
            counted = {"total": total} if self.counted else {}
            return {"start": start, "limit": limit, **length, **counted, self.key: shown}
        return {self.key: shown} if self.always_object else shown

    def of(
        self,
        items: Sequence[T],
        query: Mapping[str, Any],
        show: Callable[[T], Any],
        position: Callable[[T], int] | None = None,
    ) -> Any:
        """Page through ``items``, all of them at hand. ``position`` is a number that grows along the list
        and survives changes to it: a checkpoint is then the position of the last item handed out."""
        if position is None or not self.by_checkpoint(query):
            start, limit = self.window(query)
            return self.answer([show(item) for item in items[start : start + limit]], query, total=len(items))
        after, take = self.window(query)
        return self.after([item for item in items if position(item) > after], take, show, position)

    def after(self, rest: Sequence[T], take: int, show: Callable[[T], Any], position: Callable[[T], int]) -> Any:
        """The page of a checkpoint: ``rest`` is what comes after it, one item more than ``take`` if there are
        as many."""
        more = {"next": str(position(rest[take - 1]))} if len(rest) > take else {}
        return {self.key: [show(item) for item in rest[:take]], **more}

    def key_window(self, query: Mapping[str, Any]) -> tuple[str, int]:
        """Where storage pages through a list by key: the key a page begins after, and how many items it may hold."""
        return query.get("from", ""), query.get("take", self.size)

    def keyed(self, shown: list[Any], keys: Sequence[str], query: Mapping[str, Any]) -> dict[str, Any]:
        """Such a page, of items that were read one more than fit, if there are more."""
        take = query.get("take", self.size)
        more = {"next": keys[take - 1]} if len(shown) > take else {}
        return {self.key: shown[:take], **more}
