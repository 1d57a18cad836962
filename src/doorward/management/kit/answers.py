"""What an operation answers when it succeeds: statuses, and the types of the body.

An answer promises less than a body has to keep: the types of its properties, any of which may be absent or
``null``; bounds and formats are a matter of what is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import (
    ANY,
    BOOLEAN,
    Boolean,
    Choice,
    Either,
    Items,
    MappingOf,
    Number,
    Record,
    Rule,
    Text,
    integer,
    items,
    mapping,
    plain,
    record,
    text,
)

Answers = Mapping[int, Rule | None]
EMPTY: Answers = MappingProxyType({204: None})
COUNT = integer(min=0)


def read_back(rule: Rule | None) -> Rule:
    """The type of what was accepted under ``rule``, as it is read."""
    rule = plain(rule)
    if isinstance(rule, Record):
        return record({name: read_back(item).or_null for name, item in rule.properties.items()}, open=True)
    if isinstance(rule, Items):
        return items(read_back(rule.item))
    if isinstance(rule, MappingOf):
        return mapping(read_back(rule.item).or_null)
    if isinstance(rule, Number):
        return Number(whole=rule.whole)
    if isinstance(rule, Boolean):
        return BOOLEAN
    return text() if isinstance(rule, Text | Choice) else ANY


def entity(*written: Rule | None, shows: Mapping[str, Rule]) -> Rule:
    """One entity, from the rules of the bodies that write it; ``shows`` are properties that read otherwise."""
    records = [rule for rule in written if isinstance(rule, Record)]
    if not records:
        return ANY
    properties = {name: item for rule in records for name, item in rule.properties.items()}
    return read_back(record({**properties, **shows}))


def page_of(item: Rule, paging: Paging) -> Rule:
    """A list in each of the forms ``paging`` knows."""
    whole = items(item)
    properties: dict[str, Rule] = {paging.key: whole}
    if paging.numbered:
        properties.update(page=COUNT, per_page=COUNT, total=COUNT)
    elif paging.offset:
        properties.update(start=COUNT, limit=COUNT, total=COUNT, length=COUNT)
    if paging.checkpoint:
        properties["next"] = text()
    envelope = record(properties, required=(paging.key,), open=True)
    paged = paging.offset or paging.checkpoint
    return envelope if paging.always_object or paging.numbered else Either(rules=(whole, envelope)) if paged else whole
