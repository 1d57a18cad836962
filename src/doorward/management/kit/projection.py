"""``fields`` and ``include_fields``: which top-level properties an answer keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.management.kit.schema import BOOLEAN, Rule, text

RULES: dict[str, Rule] = {"fields": text(max=10_000), "include_fields": BOOLEAN}


def project(entity: dict[str, Any], query: Mapping[str, Any], always: tuple[str, ...] = ()) -> dict[str, Any]:
    """The properties asked for (or, with ``include_fields=false``, the others); unknown names are ignored.

    ``always`` names properties that stay whatever was asked.
    """
    fields = query.get("fields")
    if not fields:
        return entity
    names = {name.strip() for name in fields.split(",")}
    if query.get("include_fields", True):
        return {name: value for name, value in entity.items() if name in names or name in always}
    return {name: value for name, value in entity.items() if name not in names or name in always}
