"""What users keep at identity providers, and what is remembered of their devices: nothing yet."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.answers import EMPTY, page_of
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import OBJECT, choice, items, record, text
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.resources.users import existing_user

PAGING = Paging(key="connected_accounts", offset=False, checkpoint=True, always_object=True)
CLEAR = record(
    {"connection": text(min=1, max=128), "assessors": items(choice("new-device"), min=1)},
    required=("connection", "assessors"),
)


async def _connected(call: Call) -> Any:
    await existing_user(call)
    return {PAGING.key: []}


async def _tokensets(call: Call) -> Any:
    await existing_user(call)
    return []


async def _nothing_to_do(call: Call) -> Answer:
    await existing_user(call)
    return Answer(status=204, body=NOTHING)


RESOURCES: tuple[Shape, ...] = (
    View(
        path="/users/{id}/connected-accounts",
        scopes=("read:users",),
        summary="Get a User's Connected Accounts",
        answer=_connected,
        query=PAGING.rules,
        shows=page_of(OBJECT, PAGING),
        effect=Effect.EMPTY,
    ),
    View(
        path="/users/{id}/federated-connections-tokensets",
        scopes=("read:federated_connections_tokens",),
        summary="Get tokensets for a user",
        answer=_tokensets,
        shows=items(OBJECT),
        effect=Effect.EMPTY,
    ),
    Command(
        method="DELETE",
        path="/users/{id}/federated-connections-tokensets/{tokenset_id}",
        scopes=("delete:federated_connections_tokens",),
        summary="Deletes a tokenset for federated connections by id",
        run=_nothing_to_do,
        answers=EMPTY,
        effect=Effect.EMPTY,
    ),
    Command(
        method="POST",
        path="/users/{id}/risk-assessments/clear",
        scopes=("update:users",),
        summary="Clear risk assessment assessors for a specific user",
        run=_nothing_to_do,
        body=CLEAR,
        answers=EMPTY,
        effect=Effect.EMPTY,
    ),
)
