"""``q`` and ``sort``: Lucene's query syntax, as far as Auth0's user search knows it.

``field:value``, ``field:"a phrase"``, ``field:(a OR b)``, ranges (``date:[2026-01-01 TO *}``), ``begins*``,
``*within*``, ``_exists_:field``, AND, OR, NOT, ``&&``, ``||``, ``!``, ``+``, ``-`` and parentheses. Operators mean
what they mean to Lucene: they have no precedence, AND makes the terms on both its sides required, and what is neither
required nor prohibited only counts where nothing is required. What is not understood is refused, never ignored:
fuzziness, boosts, ``?``, regular expressions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NoReturn, TypeVar

from msgspec import Struct

from doorward.management.kit.bodies import QUERY, refusal
from doorward.management.kit.errors import ApiError
from doorward.management.kit.schema import Unfit, text
from doorward.model.search import EVERYTHING, AllOf, AnyOf, Exists, Not, Range, Search, Sort, Term, Wildcard, following
from doorward.ports import TooCostly, TooMuch

T = TypeVar("T")

RULES = {"q": text(max=4096), "sort": text(max=256)}
MAX_TERMS = 100
MAX_DEPTH = 16
MAX_NUMBER = 15
MAX_WILDCARD = 100
# What a star before it needs, so that not everything has to be looked at.
LEAST_WITHIN = 3
MILLISECOND = 0.001
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
EXISTS = "_exists_"
_space = re.compile(r"\s*")
_field = re.compile(r"((?:\\.|[^\s:()\"\\\[\]{}+!~^*?&|/-])(?:\\.|[^\s:()\"\\\[\]{}~^*?])*|\*):")
_phrase = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_word = re.compile(r'(?:\\.|[^\s()"\\\[\]{}])+', re.DOTALL)
_operator = re.compile(r"(AND|OR)(?=[\s(\"+!-]|$)|(&&|\|\|)")
_modifier = re.compile(r"NOT(?=[\s(\"]|$)|[-+!]")
_bound = r'("(?:[^"\\]|\\.)*"|(?:\\.|[^\s\]}"\\])+)'
_range = re.compile(rf"([\[{{])\s*{_bound}\s+TO\s+{_bound}\s*([\]}}])", re.DOTALL)
_unbuilt = re.compile(r"(?<!\\)(?:\\\\)*(?:[?~^]|&&|\|\|)|^[/<>]")
_star = re.compile(r"((?:\\.|[^*\\])*)(\*?)", re.DOTALL)
_escaped = re.compile(r"\\(.)", re.DOTALL)
_number = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_operators = ("AND", "OR", "NOT")


class FieldKind(Enum):
    """What a field holds: ``TEXT`` is compared as a whole, ``ANY`` holds whatever somebody put there."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    MOMENT = "moment"
    ANY = "any"


class Field(Struct, frozen=True):
    """``plain``: it has no ranges and no wildcards."""

    kind: FieldKind
    plain: bool = False


Fields = Callable[[str], Field | None]


def read_search(query: str, fields: Fields, bare: tuple[str, ...] = ()) -> Search:
    """The search a ``q`` stands for. ``bare`` are the fields a term without a field is looked for in.

    Raises ``ApiError`` (400, ``invalid_query_string``).
    """
    return _Reader(query, fields, bare).whole()


def read_sort(value: str, sortable: Callable[[str], bool]) -> Sort:
    """``field:1`` or ``field:-1``. Raises ``ApiError`` (400, ``invalid_query_string``)."""
    field, _, direction = value.rpartition(":")
    if not sortable(field) or direction not in ("1", "-1"):
        raise refusal(Unfit(f"Cannot sort by {value[:100]}: use field:1 or field:-1", "sort"), QUERY)
    return Sort(field, descending=direction == "-1")


async def found(search: Awaitable[T]) -> T:
    """What a search finds. Raises ``ApiError`` (400) for one that would take too long, or hold too much."""
    try:
        return await search
    except TooMuch:
        raise _refusal("The page holds too much metadata. Please ask for fewer at a time with per_page") from None
    except TooCostly:
        raise _refusal("The query exceeded the timeout. Please try refining your search criteria") from None


class _Clauses:
    """The clauses of one level, as Lucene's parser collects them."""

    def __init__(self) -> None:
        self._clauses: list[tuple[str, Search]] = []

    def add(self, search: Search, modifier: str, *, joined_by_and: bool) -> None:
        prohibited = modifier in ("NOT", "-", "!")
        if joined_by_and and self._clauses[-1][0] != "must not":
            self._clauses[-1] = ("must", self._clauses[-1][1])
        required = modifier == "+" or (joined_by_and and not prohibited)
        self._clauses.append(("must not" if prohibited else "must" if required else "should", search))

    def __bool__(self) -> bool:
        return bool(self._clauses)

    def search(self) -> Search:
        must, should, must_not = (
            tuple(search for occurs, search in self._clauses if occurs == wanted)
            for wanted in ("must", "should", "must not")
        )
        if not must and should:
            must = (should[0] if len(should) == 1 else AnyOf(should),)
        parts = (*must, *(Not(search) for search in must_not))
        return parts[0] if len(parts) == 1 else AllOf(parts)


class _Reader:
    def __init__(self, query: str, fields: Fields, bare: tuple[str, ...]) -> None:
        self._query = query
        self._fields = fields
        self._bare = bare
        self._at = 0
        self._terms = 0

    def whole(self) -> Search:
        search = self._expression(None, 0)
        if self._at < len(self._query):
            self._refuse("There is a closing parenthesis too many")
        return search

    def _expression(self, field: str | None, depth: int) -> Search:
        """Clauses up to a closing parenthesis or the end."""
        if depth > MAX_DEPTH:
            self._refuse("The query is nested too deeply")
        clauses, operator = _Clauses(), None
        while self._more():
            operator = self._take(_operator) if clauses else None
            if operator is not None and not self._more():
                break
            modifier = self._take(_modifier)
            if modifier is not None and not self._more():
                self._refuse("A term is missing")
            search = self._operand(field, depth)
            joined = operator is not None and operator[0] in ("AND", "&&")
            clauses.add(search, modifier[0] if modifier is not None else "", joined_by_and=joined)
            operator = None
        if operator is not None or not clauses:
            self._refuse("A term is missing")
        return clauses.search()

    def _operand(self, field: str | None, depth: int) -> Search:
        if self._query[self._at] == "(":
            return self._group(field, depth)
        named = _field.match(self._query, self._at)
        if named is not None:
            name = _escaped.sub(r"\1", named[1])
            if field is None or name == EXISTS or self._fields(name) is not None:
                self._at, field = named.end(), name
                if not self._more():
                    self._refuse("A term is missing")
                if field not in (EXISTS, "*") and self._fields(field) is None:
                    self._refuse(f"Cannot search by {field[:100]}")
                if self._query[self._at] == "(":
                    return self._group(field, depth)
        return self._term(field)

    def _group(self, field: str | None, depth: int) -> Search:
        self._at += 1
        inside = self._expression(field, depth + 1)
        if self._query[self._at : self._at + 1] != ")":
            self._refuse("A parenthesis is not closed")
        self._at += 1
        return inside

    def _term(self, field: str | None) -> Search:
        self._terms += 1 if field is not None else max(1, len(self._bare))
        if self._terms > MAX_TERMS:
            self._refuse(f"The query has more than {MAX_TERMS} terms")
        between = self._take(_range)
        if between is not None:
            if field is None or field in (EXISTS, "*"):
                self._refuse("A range needs a field")
            return self._between(field, between)
        phrase = self._take(_phrase)
        word = self._take(_word) if phrase is None else None
        if word is not None:
            return self._word(field, word[0])
        if phrase is None:
            self._refuse(f"Not understood: {self._query[self._at : self._at + 20]}")
        if self._query[self._at : self._at + 1] in ("~", "^"):
            self._refuse("Phrases are searched for as they are, without ~ and ^")
        return self._everywhere(field, lambda name: self._is(name, _escaped.sub(r"\1", phrase[1])))

    def _word(self, field: str | None, word: str) -> Search:
        if _unbuilt.search(word) or word in _operators:
            self._refuse(f"Not understood: {word[:100]}")
        pieces = [(_escaped.sub(r"\1", plain), star) for plain, star in _star.findall(word)]
        before, after = not pieces[0][0] and bool(pieces[0][1]), False
        texts = [plain for plain, _ in pieces if plain]
        if not any(star for _, star in pieces):
            return self._everywhere(field, lambda name: self._is(name, texts[0]))
        if not texts:
            return EVERYTHING if field in (None, "*") else self._everywhere(field, self._exists)
        after = bool([star for plain, star in pieces if plain][-1])
        if len(texts) > 1:
            self._refuse(f"A star can only be the first or the last character: {word[:100]}")
        if before and len(texts[0]) < LEAST_WITHIN:
            self._refuse(f"After a star there have to be {LEAST_WITHIN} characters: {word[:100]}")
        if len(texts[0]) > MAX_WILDCARD:
            self._refuse(f"More than {MAX_WILDCARD} characters beside a star")
        return self._everywhere(field, lambda name: self._like(name, texts[0], before=before, after=after))

    def _everywhere(self, field: str | None, search: Callable[[str], Search]) -> Search:
        """The search in its field, or in each of the ``bare`` ones."""
        if field is not None:
            return search(field)
        if not self._bare:
            self._refuse("A term needs a field: field:value")
        return AnyOf(tuple(search(name) for name in self._bare))

    # ── one field ──

    def _kind(self, field: str) -> Field:
        known = self._fields(field)
        if known is None or field == "*":
            self._refuse(f"Cannot search by {field[:100]}")
        return known

    def _exists(self, field: str) -> Search:
        self._kind(field)
        return Exists(field)

    def _is(self, field: str, value: str) -> Search:
        if field == EXISTS:
            return self._exists(value)
        match self._kind(field).kind:
            case FieldKind.FLAG:
                if value not in ("true", "false"):
                    self._refuse(f"{field} is true or false")
                return Term(field, value == "true")
            case FieldKind.NUMBER:
                return Term(field, self._number(value))
            case FieldKind.MOMENT:
                return Range(field, *self._moment(value))
        return Term(field, value)

    def _like(self, field: str, value: str, *, before: bool, after: bool) -> Search:
        known = self._kind(field)
        if known.plain or known.kind not in (FieldKind.TEXT, FieldKind.ANY):
            self._refuse(f"{field[:100]} has no wildcards")
        return Wildcard(field, value, before, after)

    def _between(self, field: str, between: re.Match[str]) -> Search:
        opened, low, high, closed = between.groups()
        known = self._kind(field)
        if known.plain or known.kind is FieldKind.FLAG:
            self._refuse(f"{field[:100]} has no ranges")
        if low == high == "*":
            return Exists(field)
        low, high = (None if bound == "*" else self._bound(bound) for bound in (low, high))
        edges = self._edges_of(known.kind, [bound for bound in (low, high) if bound is not None])
        return Range(
            field,
            None if low is None else edges(low)[opened == "{"],
            None if high is None else edges(high)[closed == "]"],
        )

    def _bound(self, bound: str) -> str:
        return _escaped.sub(r"\1", bound[1:-1] if bound.startswith('"') else bound)

    def _edges_of(self, kind: FieldKind, bounds: list[str]) -> Callable[[str], tuple[float | str, float | str]]:
        """What says of a bound where it begins, and where the next one does."""
        match kind:
            case FieldKind.MOMENT:
                return self._moment
            case FieldKind.NUMBER:
                return lambda bound: (self._number(bound), self._number(bound) + 1)
            case FieldKind.ANY if all(_number.fullmatch(bound) for bound in bounds):
                return lambda bound: (float(bound), math.nextafter(float(bound), math.inf))
        return lambda bound: (bound, following(bound) if DAY.fullmatch(bound) else bound + "\x01")

    def _number(self, value: str) -> int:
        if not re.fullmatch(r"-?[0-9]+", value) or len(value) > MAX_NUMBER:
            self._refuse(f"Not a number: {value[:100]}")
        return int(value)

    def _moment(self, value: str) -> tuple[float, float]:
        """A day, or a moment to the millisecond; without a zone it is UTC."""
        try:
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
            lasts = timedelta(days=1).total_seconds() if DAY.fullmatch(value) else MILLISECOND
            return moment.timestamp(), moment.timestamp() + lasts
        except (ValueError, OverflowError):
            self._refuse(f"Not a date: {value[:100]}")

    # ── characters ──

    def _more(self) -> bool:
        """Whether there is anything before the end or a closing parenthesis."""
        blank = _space.match(self._query, self._at)
        self._at = blank.end() if blank is not None else self._at
        return self._at < len(self._query) and self._query[self._at] != ")"

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._query, self._at)
        if found is not None:
            self._at = found.end()
        return found

    def _refuse(self, what: str) -> NoReturn:
        raise _refusal(what)


def _refusal(what: str) -> ApiError:
    return refusal(Unfit(what, "q"), QUERY)
