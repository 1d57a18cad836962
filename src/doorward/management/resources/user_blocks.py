"""``/user-blocks``: who is locked out after too many wrong passwords, and letting them in again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from doorward.management.kit.bodies import QUERY, refusal
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.schema import BOOLEAN, Unfit, text
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.writing import api_event
from doorward.management.resources.users import existing_user
from doorward.model.brute_force import ANY_ADDRESS
from doorward.model.connection import Connection
from doorward.model.identifiers import attempt_address, attempt_prefix

ENABLEMENT = {"consider_brute_force_enablement": BOOLEAN}
IDENTIFIER = {"identifier": text(min=1, max=320)}
Known = Iterable[tuple[Connection, str]]


def _named(call: Call) -> Known:
    """The identifier of the query, in each database. Raises ``ApiError`` (400)."""
    identifier = call.query.get("identifier")
    if identifier is None:
        raise refusal(Unfit("Missing required property: identifier", ""), QUERY)
    return [
        (connection, identifier)
        for connection in call.directory.connections.values()
        if connection.is_database or connection.is_passwordless
    ]


async def _of_user(call: Call) -> Known:
    """All the user of the path signs in with, linked identities included. Raises ``ApiError`` (404)."""
    user = await existing_user(call)
    connections = call.directory.connections
    return [(connections[name], identifier) for name, identifier in user.signs_in_with if name in connections]


async def _blocks(call: Call, known: Known) -> dict[str, Any]:
    heeds = call.query.get("consider_brute_force_enablement", False)
    protection = call.directory.brute_force
    if heeds and not protection.blocks:
        return {"blocked_for": []}
    blocked = []
    for connection, identifier in known:
        if heeds and not connection.brute_force_protection:
            continue
        counted = await call.ports.attempts.matching(call.tenant, attempt_prefix(connection.name, identifier))
        blocked += [
            {"identifier": identifier, **_address(key), "connection": connection.name}
            for key, failures in counted
            if failures >= protection.max_attempts and protection.counts(key)
        ]
    return {"blocked_for": blocked}


def _address(key: str) -> dict[str, str]:
    """Where the attempts came from, unless they are counted together."""
    address = attempt_address(key)
    return {} if address == ANY_ADDRESS else {"ip": address}


async def _unblock(call: Call, known: Known) -> Answer:
    for connection, identifier in known:
        await call.ports.attempts.clear(call.tenant, attempt_prefix(connection.name, identifier))
    call.ports.log.write(call.tenant, api_event(call, status=204))
    return Answer(status=204, body=NOTHING)


async def _get(call: Call) -> Any:
    return await _blocks(call, _named(call))


async def _delete(call: Call) -> Answer:
    return await _unblock(call, _named(call))


async def _get_by_id(call: Call) -> Any:
    return await _blocks(call, await _of_user(call))


async def _delete_by_id(call: Call) -> Answer:
    return await _unblock(call, await _of_user(call))


RESOURCES: tuple[Shape, ...] = (
    View(
        path="/user-blocks",
        scopes=("read:users",),
        summary="Get blocks by identifier",
        answer=_get,
        query={**IDENTIFIER, **ENABLEMENT},
    ),
    Command(
        method="DELETE",
        path="/user-blocks",
        scopes=("update:users",),
        summary="Unblock by identifier",
        run=_delete,
        query=IDENTIFIER,
    ),
    View(
        path="/user-blocks/{id}",
        scopes=("read:users",),
        summary="Get a user's blocks",
        answer=_get_by_id,
        query=ENABLEMENT,
    ),
    Command(
        method="DELETE",
        path="/user-blocks/{id}",
        scopes=("update:users",),
        summary="Unblock a user",
        run=_delete_by_id,
    ),
)
