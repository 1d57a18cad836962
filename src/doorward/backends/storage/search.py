"""Searches: which statements find the first so many rows without reading the others.

Nothing depends on the statistics of a database. Each part of a search that an index answers is tried for a
bounded number of keys: one that has fewer is all there is to look at, however it is to be sorted. Where every
part has more, rows are read in an order that an index has, until there are enough. Every value is a parameter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from doorward.backends.storage.database import Database, Dialect
from doorward.model.search import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Exists,
    Leaf,
    Not,
    Range,
    Search,
    Sort,
    Term,
    Wildcard,
    following,
)
from doorward.ports import TooCostly

SECONDS = 2.0
# So many keys are cheap to read and to sort; so many where one row may have several of them; and so many are
# cheap to read, but not their rows.
FEW = 2000
FEW_TWICE = 3000
MANY = 20_000

_decode = msgspec.json.decode
_encode = msgspec.json.Encoder().encode


class Place(Struct, frozen=True):
    """Where the values of a field are: the column ``sql``, in lower case if ``folded``.

    Other tables (``rows``, ``of`` joins them) have a row for each value; ``key`` then says what of it finds the
    searched row. ``order`` is the order in which an index has them, ``None`` without one. ``number`` is the column
    of values that are numbers. ``named`` is the column with the name of the field, which is ``name``. ``keyed`` says
    that the table has a key of the searched row and the value, and no index that would be mistaken for a better one.
    """

    sql: str
    folded: bool = False
    order: str | None = None
    rows: str = ""
    of: str = ""
    key: str = ""
    number: str = ""
    named: str = ""
    name: str = ""
    keyed: bool = False
    kept: Callable[[str], str] = str
    alike: Callable[[str], Sequence[str]] = lambda value: (value,)

    @property
    def alias(self) -> str:
        """What a statement calls the other table."""
        return self.rows.split()[1]


class Target(Struct, frozen=True):
    """What is searched: ``rows`` (a table and its alias) with their ``tenant`` and ``key``."""

    rows: str
    tenant: str
    key: str
    place: Callable[[str], Place]


class Finder:
    """Finds the keys of one ``target`` in one database."""

    def __init__(self, database: Database, target: Target) -> None:
        self._database = database
        self._target = target

    async def find(
        self,
        tenant: str,
        where: Search,
        sort: Sort | None,
        upto: int,
        count: int,
        also: str = "",
        **values: Any,
    ) -> tuple[list[Any], int]:
        """The first ``upto`` keys in the order asked for, and how many there are, counted up to ``count``.

        Without a ``sort`` the order is the same each time. ``also`` is a condition that holds for every row,
        ``values`` are its parameters. Raises ``TooCostly``, and ``KeyError`` for a field that has no place.
        """
        return await _Run(self._database, self._target, tenant, also, values).find(where, sort, upto, count)


class _Run:
    """One search."""

    def __init__(self, database: Database, target: Target, tenant: str, also: str, values: dict[str, Any]) -> None:
        self._database = database
        self._dialect = database.dialect
        self._target = target
        self._also = [also] if also else []
        self._values = {"tenant": tenant, **values}
        self._latest = time.monotonic() + SECONDS

    async def find(self, where: Search, sort: Sort | None, upto: int, count: int) -> tuple[list[Any], int]:
        if where == EVERYTHING:
            keys, whole = await self._walk([], count) if count else ([], False)
            total, whole = len(keys), False
        else:
            keys, whole = await self._collect(where, max(FEW, upto, count))
            total = min(len(keys), count)
        by = self._target.place(sort.field).sql if sort is not None else self._target.key
        descending = sort is not None and sort.descending
        if by != self._target.key:
            return await self._sorted(where, keys if whole else None, by, "DESC" if descending else "ASC", upto), total
        if whole:
            keys = sorted(keys, reverse=descending)
        elif sort is not None or where == EVERYTHING:
            keys = await self._by_key(where, upto, "DESC" if descending else "ASC")
        return keys[:upto], total

    # ── what there is, in whatever order ──

    async def _collect(self, node: Search, enough: int) -> tuple[list[Any], bool]:
        """Up to ``enough`` keys in an order of their own, and whether these are all."""
        match node:
            case AnyOf(parts) if all(self._indexed(part) for part in parts):
                found: dict[Any, None] = {}
                for part in parts:
                    keys, whole = await self._collect(part, enough)
                    found |= dict.fromkeys(keys)
                    if not whole or len(found) > enough:
                        return list(found)[:enough], False
                return list(found), True
            case AllOf(parts):
                return await self._collect_all(parts, enough)
            case AnyOf() | Not():
                return await self._walk([node], enough)
        return await self._leaf(node, (), enough) if self._indexed(node) else await self._walk([node], enough)

    async def _collect_all(self, parts: Sequence[Search], enough: int) -> tuple[list[Any], bool]:
        """What all parts have; or one part leads, and the others choose of what it has."""
        leads = sorted((part for part in parts if self._indexed(part)), key=self._breadth)
        for bound in (FEW, MANY):
            tried = leads if bound == FEW else [part for part in leads if self._cheap(part)]
            whole = [(part, keys) for part in tried for keys, all_ in [await self._collect(part, bound)] if all_]
            if whole:
                found = set.intersection(*(set(keys) for _, keys in whole))
                keys = [key for key in whole[0][1] if key in found]
                others = [part for part in parts if all(part is not each for each, _ in whole)]
                if not others or len(keys) <= FEW:
                    return (await self._of(keys, others) if others else keys), True
                leads.insert(0, min(whole, key=lambda each: len(each[1]))[0])
        for lead in leads:
            # A term of its own table has one row for each key; anything else there has several, in no order of use.
            if isinstance(lead, Leaf) and (isinstance(lead, Term) or not self._target.place(lead.field).named):
                return await self._leaf(lead, [part for part in parts if part is not lead], enough)
        return await self._walk(parts, enough)

    def _cheap(self, part: Search) -> bool:
        """Whether keys come from an index alone."""
        if not isinstance(part, Leaf):
            return False
        place = self._target.place(part.field)
        return not place.rows or bool(place.key)

    def _breadth(self, part: Search) -> tuple[bool, int]:
        """Which part leads best: one that is cheap to read, and of these one that tends to have few."""
        match part:
            case Wildcard(_, _, True):
                breadth = 4
            case Term(_, bool()) | Exists():
                breadth = 3
            case Term():
                breadth = 0
            case _:
                breadth = 1
        return not self._cheap(part), breadth

    def _indexed(self, node: Search) -> bool:
        """Whether an index leads to it, so that it need not be looked for among all rows."""
        match node:
            case Not():
                return False
            case AnyOf(parts):
                return all(self._indexed(part) for part in parts)
            case AllOf(parts):
                return any(self._indexed(part) for part in parts)
        return self._target.place(node.field).order is not None

    async def _leaf(
        self, leaf: Leaf, others: Sequence[Search], enough: int, direction: str = "ASC"
    ) -> tuple[list[Any], bool]:
        """By the index of one field; the ``others`` choose."""
        place, values = self._target.place(leaf.field), _Values(self._dialect, self._values)
        conditions = [self._condition(leaf, values, leads=True)]
        conditions += [self._condition(part, values) for part in others]
        rows, tenant, key = self._target.rows, self._target.tenant, place.key or self._target.key
        if place.rows:
            rows, tenant = place.rows, f"{place.alias}.tenant"
            if others or self._also or not place.key:
                rows += f" CROSS JOIN {self._target.rows}"
                conditions.insert(0, place.of)
        repeats = bool(place.rows) and not (place.named and isinstance(leaf, Term))
        limit = max(FEW_TWICE, enough + 1) if repeats else enough + 1
        conditions = [f"{tenant} = :tenant", *conditions, *self._also]
        keys = await self._keys(rows, conditions, key, _order(leaf, place), limit, values, direction)
        found = list(dict.fromkeys(keys))
        if len(keys) == limit and len(found) < enough:
            return await self._walk([leaf, *others], enough)
        return found[:enough], len(keys) < limit

    async def _walk(self, parts: Sequence[Search], enough: int, direction: str = "ASC") -> tuple[list[Any], bool]:
        """Through all rows in the order of their keys."""
        target, values = self._target, _Values(self._dialect, self._values)
        conditions = [f"{target.tenant} = :tenant", *(self._condition(part, values) for part in parts), *self._also]
        keys = await self._keys(target.rows, conditions, target.key, "", enough + 1, values, direction)
        return keys[:enough], len(keys) <= enough

    async def _of(self, keys: Sequence[Any], parts: Sequence[Search]) -> list[Any]:
        """Those of the keys for which the parts hold."""
        if not keys:
            return []
        target, values = self._target, _Values(self._dialect, self._values)
        conditions = [f"{target.tenant} = :tenant", self._among(keys, values)]
        conditions += [self._condition(part, values) for part in parts]
        return await self._keys(target.rows, [*conditions, *self._also], target.key, "", len(keys), values)

    # ── in order ──

    async def _by_key(self, node: Search, upto: int, direction: str) -> list[Any]:
        """The first keys in their own order."""
        match node:
            case AnyOf(parts) if all(self._indexed(part) for part in parts):
                found = {key for part in parts for key in await self._by_key(part, upto, direction)}
                return sorted(found, reverse=direction == "DESC")[:upto]
            case AllOf(parts):
                pass
            case _:
                parts = (node,)
        for lead in parts:
            if isinstance(lead, Term) and self._indexed(lead):
                others = [part for part in parts if part is not lead]
                return (await self._leaf(lead, others, upto, direction))[0]
        return (await self._walk(parts, upto, direction))[0]

    async def _sorted(self, where: Search, keys: Sequence[Any] | None, by: str, direction: str, upto: int) -> list[Any]:
        """Of these ``keys``, or of all that the search finds, the first by a column; without a value comes last."""
        target = self._target
        if keys == []:
            return []
        found: list[Any] = []
        for condition, order in ((f"{by} IS NOT NULL", f"{by} {direction}"), (f"{by} IS NULL", "")):
            values = _Values(self._dialect, self._values)
            chosen = self._condition(where, values) if keys is None else self._among(keys, values)
            conditions = [f"{target.tenant} = :tenant", chosen, condition, *self._also]
            found += await self._keys(
                target.rows, conditions, target.key, order, upto - len(found), values, direction if order else "ASC"
            )
            if len(found) >= upto:
                break
        return found

    # ── statements ──

    async def _keys(
        self,
        rows: str,
        conditions: Sequence[str],
        key: str,
        order: str,
        limit: int,
        values: _Values,
        direction: str = "ASC",
    ) -> list[Any]:
        by = ", ".join(part for part in (order, f"{key} {direction}") if part)
        sql = (
            f"SELECT {self._dialect.array_of}(found.k) FROM (SELECT {key} AS k FROM {rows} "  # noqa: S608
            f"WHERE {' AND '.join(conditions)} ORDER BY {by} LIMIT {limit}) found"
        )
        left = self._latest - time.monotonic()
        if left <= 0:
            raise TooCostly
        ((found,),) = await self._database.search(sql, values.given, left)
        keys: list[Any] = _decode(found) if found else []
        return keys

    def _among(self, keys: Sequence[Any], values: _Values) -> str:
        return f"{self._target.key} IN {self._dialect.among(values.add(_encode(keys).decode()), type(keys[0]))}"

    def _condition(self, node: Search, values: _Values, *, leads: bool = False) -> str:
        """The search as a condition on a row of the target, or, if it ``leads``, on the rows of its field."""
        match node:
            case AllOf(()):
                return "TRUE"
            case AllOf(parts):
                return f"({' AND '.join(self._condition(part, values) for part in parts)})"
            case AnyOf(()):
                return "FALSE"
            case AnyOf(parts):
                return f"({' OR '.join(self._condition(part, values) for part in parts)})"
            case Not(part):
                return f"NOT coalesce({self._condition(part, values)}, FALSE)"
        place = self._target.place(node.field)
        holds = _holds(node, place, values, leads=leads)
        if leads or not place.rows:
            return holds
        holds = f"{place.alias}.tenant = :tenant AND {place.of} AND {holds}{self._dialect.by_row}"
        return f"EXISTS (SELECT 1 FROM {place.rows} WHERE {holds})"  # noqa: S608


class _Values:
    """The parameters of one statement."""

    def __init__(self, dialect: Dialect, given: dict[str, Any]) -> None:
        self.dialect = dialect
        self.given = dict(given)

    def add(self, value: Any) -> str:
        name = f"searched_{len(self.given)}"
        self.given[name] = value
        return f":{name}"


def _holds(leaf: Leaf, place: Place, values: _Values, *, leads: bool) -> str:
    """The condition of one field. A condition that does not lead must not tempt SQLite to another index."""
    dialect = values.dialect
    column, number, named = (
        name if leads or place.keyed or not name else dialect.unindexed.format(column=name)
        for name in (place.sql, place.number, place.named)
    )
    name = f"{named} = {values.add(place.name)} AND " if named else ""
    match leaf:
        case Term(_, str(value)):
            alike = [values.add(place.kept(each)) for each in place.alike(_folded(value, place))]
            return name + (f"{column} = {alike[0]}" if len(alike) == 1 else f"{column} IN ({', '.join(alike)})")
        case Term(_, value):
            return f"{name}{column} = {values.add(value)}"
        case Range(_, low, high):
            if number and _numeric(leaf):
                return name + _between(number, low, high, values)
            if isinstance(low, str) or isinstance(high, str):
                low, high = (_folded(bound, place) if isinstance(bound, str) else bound for bound in (low, high))
                column = dialect.bytewise.format(column=column)
            return name + _between(column, low, high, values)
        case Wildcard(_, text, before, after):
            return name + _like(column, _folded(text, place), before, after, values)
        case Exists():
            if not named:
                return f"{column} IS NOT NULL"
            # The name itself, and all that begin with it and a dot: "/" is the character after it.
            within = _between(named, place.name, f"{place.name}/", values)
            return f"{within} AND ({named} = {values.add(place.name)} OR {named} >= {values.add(place.name + '.')})"


def _order(leaf: Leaf, place: Place) -> str:
    if place.named and isinstance(leaf, Exists):
        return f"{place.named}, {place.order}"
    return place.number if place.number and _numeric(leaf) else place.order or ""


def _numeric(leaf: Leaf) -> bool:
    return isinstance(leaf, Range) and not isinstance(leaf.low, str) and not isinstance(leaf.high, str)


def _between(column: str, low: float | str | None, high: float | str | None, values: _Values) -> str:
    bounds = [f"{column} >= {values.add(low)}"] if low is not None else []
    bounds += [f"{column} < {values.add(high)}"] if high is not None else []
    return " AND ".join(bounds) or f"{column} IS NOT NULL"


def _like(column: str, text: str, before: bool, after: bool, values: _Values) -> str:
    if not before:
        return _between(values.dialect.bytewise.format(column=column), text, following(text), values)
    if after:
        return f"{column} IS NOT NULL AND {values.dialect.position}({column}, {values.add(text)}) > 0"
    length = len(text)
    return f"{column} IS NOT NULL AND substr({column}, length({column}) - {length - 1}) = {values.add(text)}"


def _folded(text: str, place: Place) -> str:
    return text.lower() if place.folded else text
