"""``q`` and ``sort``: the part of Lucene's query syntax that lists are searched by.

``field:value``, ``field:"a phrase"``, ``field:(a OR b)``, ranges of moments and numbers
(``date:[2026-01-01 TO *]``), AND, OR, NOT and parentheses. What is not understood is refused, never
ignored: wildcards, fuzziness, ``-`` and ``+``, terms without an operator between them, and AND beside OR
without parentheses, which Lucene does not read as one would think.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NoReturn

from doorward.management.kit.bodies import QUERY, refusal
from doorward.management.kit.errors import ApiError
from doorward.management.kit.schema import Unfit, text
from doorward.model.search import AllOf, AnyOf, Not, Range, Search, Sort, Term

RULES = {"q": text(max=4096), "sort": text(max=256)}
MAX_TERMS = 100
MAX_DEPTH = 16
MAX_NUMBER = 15
MILLISECOND = 0.001
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_space = re.compile(r"\s*")
_field = re.compile(r"([A-Za-z_][\w.]*):")
_phrase = re.compile(r'"((?:[^"\\]|\\.)*)"')
_word = re.compile(r'(?:\\.|[^\s()"\\\[\]{}])+')
_operator = re.compile(r"(AND|OR)(?=[\s(]|$)")
_not = re.compile(r"NOT(?=[\s(])")
_range = re.compile(r"([\[{])\s*(\S+)\s+TO\s+([^\s\]}]+)\s*([\]}])")
_unbuilt = re.compile(r"(?<!\\)[*?~^]|^[-+!]|^&&|^\|\|")
_escaped = re.compile(r"\\(.)")


class FieldKind(Enum):
    """What a field holds: ``TEXT`` is compared as a whole."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    MOMENT = "moment"


def read_search(query: str, fields: Mapping[str, FieldKind], bare: tuple[str, ...] = ()) -> Search:
    """The search a ``q`` stands for. ``bare`` are the fields a term without a field is looked for in.

    Raises ``ApiError`` (400, ``invalid_query_string``).
    """
    return _Reader(query, fields, bare).whole()


def read_sort(value: str, fields: Mapping[str, FieldKind]) -> Sort:
    """``field:1`` or ``field:-1``. Raises ``ApiError`` (400, ``invalid_query_string``)."""
    field, _, direction = value.rpartition(":")
    if field not in fields or direction not in ("1", "-1"):
        raise refusal(Unfit(f"Cannot sort by {value[:100]}: use field:1 or field:-1", "sort"), QUERY)
    return Sort(field, descending=direction == "-1")


class _Reader:
    def __init__(self, query: str, fields: Mapping[str, FieldKind], bare: tuple[str, ...]) -> None:
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
        """Operands joined by one operator, up to a closing parenthesis or the end."""
        if depth > MAX_DEPTH:
            self._refuse("The query is nested too deeply")
        parts, joined = [self._operand(field, depth)], ""
        while self._more():
            operator = self._take(_operator)
            if operator is None:
                self._refuse("Join terms with AND or OR")
            if joined and operator[1] != joined:
                self._refuse("Use parentheses where AND and OR meet")
            joined = operator[1]
            parts.append(self._operand(field, depth))
        if len(parts) == 1:
            return parts[0]
        return AllOf(tuple(parts)) if joined == "AND" else AnyOf(tuple(parts))

    def _operand(self, field: str | None, depth: int) -> Search:
        if not self._more():
            self._refuse("A term is missing")
        if depth > MAX_DEPTH:
            self._refuse("The query is nested too deeply")
        if self._take(_not):
            return Not(self._operand(field, depth + 1))
        if self._query[self._at] == "(":
            return self._group(field, depth)
        named = _field.match(self._query, self._at)
        if named is not None and (field is None or named[1] in self._fields):
            self._at, field = named.end(), named[1]
            if field not in self._fields:
                self._refuse(f"Cannot search by {field[:100]}")
            if self._query[self._at : self._at + 1] == "(":
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
        self._terms += 1
        if self._terms > MAX_TERMS:
            self._refuse(f"The query has more than {MAX_TERMS} terms")
        between = self._take(_range)
        if between is not None and field is not None:
            return self._between(field, between)
        phrase = self._take(_phrase)
        word = self._take(_word) if phrase is None else None
        if phrase is None and word is None:
            self._refuse(f"Not understood: {self._query[self._at : self._at + 20]}")
        raw = phrase[1] if phrase is not None else word[0] if word is not None else ""
        if word is not None and _unbuilt.search(raw):
            self._refuse(f"Only whole values can be searched for, not {raw[:100]}")
        value = _escaped.sub(r"\1", raw)
        if field is not None:
            return self._is(field, value)
        if not self._bare:
            self._refuse("A term needs a field: field:value")
        return AnyOf(tuple(self._is(name, value) for name in self._bare))

    def _is(self, field: str, value: str) -> Search:
        match self._fields[field]:
            case FieldKind.TEXT:
                return Term(field, value)
            case FieldKind.FLAG:
                if value not in ("true", "false"):
                    self._refuse(f"{field} is true or false")
                return Term(field, value == "true")
            case FieldKind.NUMBER:
                return Term(field, self._number(value))
            case FieldKind.MOMENT:
                return Range(field, *self._moment(value))

    def _between(self, field: str, between: re.Match[str]) -> Search:
        opened, low, high, closed = between.groups()
        kind = self._fields[field]
        if kind not in (FieldKind.NUMBER, FieldKind.MOMENT):
            self._refuse(f"{field} has no ranges")
        return Range(
            field,
            None if low == "*" else self._edges(kind, low)[opened == "{"],
            None if high == "*" else self._edges(kind, high)[closed == "]"],
        )

    def _edges(self, kind: FieldKind, value: str) -> tuple[float, float]:
        """Where the value begins, and where the next one does."""
        if kind is FieldKind.MOMENT:
            return self._moment(value.strip('"'))
        number = self._number(value)
        return number, number + 1

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
