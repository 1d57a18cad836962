"""``/rules``, ``/rules-configs`` and ``/hooks``: what Actions took the place of. A tenant has none of them."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, not_found
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.schema import BOOLEAN, Rule, text
from doorward.management.kit.shapes import Shape, View


def none_of(key: str, error: ApiError, **filters: Rule) -> tuple[Shape, ...]:
    """A list without items, and no item."""
    paging = Paging(key=key)

    async def listed(call: Call) -> Any:
        return paging.of([], call.query, dict)

    async def one(call: Call) -> Any:
        raise error

    return (
        View(
            path=f"/{key}",
            scopes=(f"read:{key}",),
            summary=f"Get {key}",
            answer=listed,
            query={**paging.rules, **PROJECTION, "enabled": BOOLEAN, **filters},
            effect=Effect.EMPTY,
        ),
        View(
            path=f"/{key}/{{id}}",
            scopes=(f"read:{key}",),
            summary=f"Get one of the {key}",
            answer=one,
            query=PROJECTION,
            effect=Effect.EMPTY,
        ),
    )


async def _no_configs(call: Call) -> Any:
    return []


RESOURCES: tuple[Shape, ...] = (
    *none_of("rules", not_found("The rule does not exist", "inexistent_rule")),
    *none_of("hooks", not_found("Error: Hook does not exist", "HookDoesNotExist"), triggerId=text(max=64)),
    View(
        path="/rules-configs",
        scopes=("read:rules_configs",),
        summary="Get the configuration of rules",
        answer=_no_configs,
        effect=Effect.EMPTY,
    ),
)
