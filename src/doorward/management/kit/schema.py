"""What a body may hold, as values: types, bounds and formats, refused in Auth0's words.

``text(max=140)``, ``items(...)``, ``record({...})`` build rules; ``rule.check(value, path)`` raises
``Unfit`` at the first thing that is wrong. Properties a record does not name are refused unless it
is ``open``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from doorward.management.kit.formats import FORMATS

MAX_SHOWN = 100
LARGEST = 2**53 - 1  # what every JSON reader can tell apart


class Unfit(Exception):
    """``what`` is wrong with the value at ``path`` (dotted, ``[0]`` for items, empty for the whole).

    ``code`` is the name Auth0's import jobs have for the kind of fault.
    """

    def __init__(self, what: str, path: str, about: str = "", code: str = "NOT_PASSED") -> None:
        super().__init__(what)
        self.what, self.path, self.about, self.code = what, path, about, code


def type_name(value: Any) -> str:
    """The JSON type of a decoded value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "array" if isinstance(value, list) else "object"


class Rule(Struct, frozen=True, kw_only=True):
    """Any JSON value. ``about`` describes the property in error sentences."""

    about: str = ""

    def check(self, value: Any, path: str) -> None: ...

    @property
    def or_null(self) -> Rule:
        return Nullable(rule=self)

    def unfit(self, what: str, path: str, code: str) -> Unfit:
        return Unfit(what, path, self.about, code)

    def wrong_type(self, expected: str, value: Any, path: str) -> Unfit:
        return self.unfit(f"Expected type {expected} but found type {type_name(value)}", path, "INVALID_TYPE")


class Nullable(Rule, frozen=True, kw_only=True):
    rule: Rule

    def check(self, value: Any, path: str) -> None:
        if value is not None:
            self.rule.check(value, path)


class Boolean(Rule, frozen=True):
    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, bool):
            raise self.wrong_type("boolean", value, path)


class Text(Rule, frozen=True, kw_only=True):
    """A refusal repeats the value, which goes into logs and errors of jobs, unless it is ``secret``."""

    min: int = 0
    max: int | None = None
    format: str | None = None
    pattern: str | None = None
    secret: bool = False

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise self.wrong_type("string", value, path)
        if len(value) < self.min:
            raise self.unfit(f"String is too short ({len(value)} chars), minimum {self.min}", path, "MIN_LENGTH")
        if self.max is not None and len(value) > self.max:
            raise self.unfit(f"String is too long ({len(value)} chars), maximum {self.max}", path, "MAX_LENGTH")
        shown = "" if self.secret else f": {value[:MAX_SHOWN]}"
        if self.pattern is not None and re.fullmatch(self.pattern, value) is None:
            raise self.unfit(f"String does not match pattern ^{self.pattern}${shown}", path, "PATTERN")
        if self.format is not None and not FORMATS[self.format](value):
            what = f"Object didn't pass validation for format {self.format}{shown}"
            raise self.unfit(what, path, "INVALID_FORMAT")


class Number(Rule, frozen=True, kw_only=True):
    whole: bool = True
    min: float | None = None
    max: float | None = None

    def check(self, value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            raise self.wrong_type("integer" if self.whole else "number", value, path)
        if abs(value) > LARGEST:
            raise self.unfit(f"Value {type_name(value)} is out of range", path, "MAXIMUM")
        if self.min is not None and value < self.min:
            raise self.unfit(f"Value {value} is less than minimum {self.min:g}", path, "MINIMUM")
        if self.max is not None and value > self.max:
            raise self.unfit(f"Value {value} is greater than maximum {self.max:g}", path, "MAXIMUM")


class Choice(Rule, frozen=True, kw_only=True):
    values: tuple[Any, ...]

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise self.wrong_type("string", value, path)
        if value not in self.values:
            raise self.unfit(f"No enum match for: {value[:MAX_SHOWN]}", path, "ENUM_MISMATCH")


class Items(Rule, frozen=True, kw_only=True):
    item: Rule
    min: int = 0
    max: int | None = None
    unique: bool = False

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise self.wrong_type("array", value, path)
        if len(value) < self.min:
            raise self.unfit(f"Array is too short ({len(value)}), minimum {self.min}", path, "ARRAY_LENGTH_SHORT")
        if self.max is not None and len(value) > self.max:
            raise self.unfit(f"Array is too long ({len(value)}), maximum {self.max}", path, "ARRAY_LENGTH_LONG")
        for index, item in enumerate(value):
            self.item.check(item, f"{path}[{index}]")
        if self.unique:
            self._check_unique(value, path)

    def _check_unique(self, value: list[Any], path: str) -> None:
        seen: dict[str, int] = {}
        for index, item in enumerate(value):
            first = seen.setdefault(repr(item), index)
            if first != index:
                raise self.unfit(f"Array items are not unique (indexes {first} and {index})", path, "ARRAY_UNIQUE")


class MappingOf(Rule, frozen=True, kw_only=True):
    """An object with names of the sender's choosing."""

    item: Rule = Rule()
    min: int = 0
    max: int | None = None
    max_name: int | None = None

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise self.wrong_type("object", value, path)
        if len(value) < self.min:
            raise self.unfit(f"Too few properties defined ({len(value)}), minimum {self.min}", path, "MINIMUM")
        if self.max is not None and len(value) > self.max:
            raise self.unfit(f"Too many properties defined ({len(value)}), maximum {self.max}", path, "MAXIMUM")
        for name, item in value.items():
            if self.max_name is not None and len(name) > self.max_name:
                what = f"Property name is too long ({len(name)} chars), maximum {self.max_name}"
                raise self.unfit(what, path, "MAX_LENGTH")
            self.item.check(item, f"{path}.{name[:MAX_SHOWN]}" if path else name[:MAX_SHOWN])


class Record(Rule, frozen=True, kw_only=True):
    """An object with known properties."""

    properties: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    open: bool = False
    min: int = 0

    def check(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise self.wrong_type("object", value, path)
        if len(value) < self.min:
            raise self.unfit(f"Too few properties defined ({len(value)}), minimum {self.min}", path, "MINIMUM")
        for name in self.required:
            if name not in value:
                raise self.unfit(f"Missing required property: {name}", path, "OBJECT_REQUIRED")
        properties = self.properties
        if not self.open and not value.keys() <= properties.keys():
            unknown = ",".join(name[:MAX_SHOWN] for name in value if name not in properties)
            what = f"Additional properties not allowed: {unknown[:MAX_SHOWN]}"
            raise self.unfit(what, path, "OBJECT_ADDITIONAL_PROPERTIES")
        for name, item in value.items():
            rule = properties.get(name)
            if rule is not None:
                rule.check(item, f"{path}.{name}" if path else name)

    def patch(
        self,
        *,
        without: Iterable[str] = (),
        nullable: Iterable[str] = (),
        plus: Mapping[str, Rule] | None = None,
        min: int = 0,
    ) -> Record:
        """The record a PATCH takes: nothing required, some names gone, some removable with ``null``."""
        gone = set(without)
        kept = {name: rule for name, rule in self.properties.items() if name not in gone}
        for name in nullable:
            kept[name] = kept[name].or_null
        return Record(properties={**kept, **(plus or {})}, open=self.open, min=min)


class Either(Rule, frozen=True, kw_only=True):
    rules: tuple[Rule, ...]

    def check(self, value: Any, path: str) -> None:
        for rule in self.rules:
            try:
                return rule.check(value, path)
            except Unfit:
                continue
        raise self.unfit("Data does not match any schemas from 'oneOf'", path, "ONE_OF_MISSING")


class Tagged(Rule, frozen=True, kw_only=True):
    """An object whose property ``tag`` says which of the records it has to fit."""

    tag: str
    records: Mapping[str, Record]

    def of(self, value: Any) -> Record:
        """The record for a value; for one without a known tag, what refuses it."""
        known = value.get(self.tag) if isinstance(value, dict) else None
        if isinstance(known, str) and known in self.records:
            return self.records[known]
        return Record(properties={self.tag: Choice(values=tuple(self.records))}, required=(self.tag,), open=True)

    def check(self, value: Any, path: str) -> None:
        self.of(value).check(value, path)


def pruned(rule: Rule | None, value: Any, path: str, unknown: list[str]) -> Any:
    """The value without the properties no rule knows; their paths (without positions) go to ``unknown``."""
    rule = plain(rule)
    if isinstance(rule, Tagged):
        rule = rule.of(value)
    if isinstance(rule, Record) and isinstance(value, dict):
        kept = {}
        for name, item in value.items():
            inside = f"{path}.{name}" if path else name
            if name in rule.properties or rule.open:
                kept[name] = pruned(rule.properties.get(name), item, inside, unknown)
            else:
                unknown.append(inside)
        return kept
    if isinstance(rule, MappingOf) and isinstance(value, dict):
        return {name: pruned(rule.item, item, f"{path}.{name}", unknown) for name, item in value.items()}
    if isinstance(rule, Items) and isinstance(value, list):
        return [pruned(rule.item, item, path, unknown) for item in value]
    return value


ANY = Rule()
BOOLEAN = Boolean()
OBJECT = MappingOf()


def text(
    *,
    min: int = 0,
    max: int | None = None,
    format: str | None = None,
    pattern: str | None = None,
    secret: bool = False,
    about: str = "",
) -> Rule:
    """A string; ``pattern`` has to match it whole. No refusal repeats one that is ``secret``."""
    return Text(min=min, max=max, format=format, pattern=pattern, secret=secret, about=about)


def integer(*, min: int | None = None, max: int | None = None, about: str = "") -> Rule:
    return Number(min=min, max=max, about=about)


def number(*, min: float | None = None, max: float | None = None, about: str = "") -> Rule:
    return Number(whole=False, min=min, max=max, about=about)


def choice(*values: str) -> Rule:
    return Choice(values=values)


def items(item: Rule, *, min: int = 0, max: int | None = None, unique: bool = False) -> Rule:
    return Items(item=item, min=min, max=max, unique=unique)


def mapping(item: Rule = ANY, *, min: int = 0, max: int | None = None, max_name: int | None = None) -> Rule:
    return MappingOf(item=item, min=min, max=max, max_name=max_name)


def record(
    properties: Mapping[str, Rule], *, required: tuple[str, ...] = (), open: bool = False, min: int = 0
) -> Record:
    return Record(properties=properties, required=required, open=open, min=min)


def either(*rules: Rule) -> Rule:
    return Either(rules=rules)


def tagged(tag: str, records: Mapping[str, Record]) -> Rule:
    """One record for each value of the property ``tag``, which the records need not name."""
    named = {
        value: Record(
            properties={tag: Choice(values=(value,)), **rule.properties},
            required=(tag, *(name for name in rule.required if name != tag)),
            open=rule.open,
        )
        for value, rule in records.items()
    }
    return Tagged(tag=tag, records=named)


def plain(rule: Rule | None) -> Rule | None:
    """The rule without its permission to be ``null``."""
    return rule.rule if isinstance(rule, Nullable) else rule
