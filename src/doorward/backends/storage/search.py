"""Searches as SQL: conditions and orders over named columns, every value a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from doorward.model.search import AllOf, AnyOf, Not, Range, Search, Sort, Term


class Column(Struct, frozen=True):
    """Where a field is. ``folded`` compares without case; ``lower`` says it is kept in lower case."""

    sql: str
    folded: bool = False
    lower: bool = False


def condition(search: Search, columns: Mapping[str, Column], parameters: dict[str, Any]) -> str:
    """The search as a condition; its values are added to ``parameters``. Raises ``KeyError`` for a field
    that is no column."""
    match search:
        case Term(field, value):
            column = columns[field]
            name = _add(parameters, value.lower() if column.lower and isinstance(value, str) else value)
            return f"lower({column.sql}) = lower(:{name})" if column.folded else f"{column.sql} = :{name}"
        case Range(field, low, high):
            sql = columns[field].sql
            bounds = [f"{sql} >= :{_add(parameters, low)}"] if low is not None else []
            bounds += [f"{sql} < :{_add(parameters, high)}"] if high is not None else []
            return f"({' AND '.join(bounds or [f'{sql} IS NOT NULL'])})"
        case Not(part):
            return f"NOT coalesce({condition(part, columns, parameters)}, FALSE)"
        case AllOf(parts):
            return f"({' AND '.join(condition(part, columns, parameters) for part in parts)})"
        case AnyOf(parts):
            return f"({' OR '.join(condition(part, columns, parameters) for part in parts)})"


def order(sort: Sort, columns: Mapping[str, Column]) -> str:
    """The beginning of an ``ORDER BY``. Raises ``KeyError`` for a field that is no column."""
    sql = columns[sort.field].sql
    return f"({sql}) IS NULL, {sql} {'DESC' if sort.descending else 'ASC'}"


def _add(parameters: dict[str, Any], value: Any) -> str:
    name = f"searched_{len(parameters)}"
    parameters[name] = value
    return name
