"""Every operation of one tenant, called with the ids of another: nothing is seen, nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from tests.integration.management.conftest import A, Api, B, House
from tests.integration.management.everything import MARK, filled, one_of_each, parameters

from doorward.management.kit.operation import Operation
from doorward.management.openapi import openapi
from doorward.management.registry import built

DOCUMENT = openapi(built(), f"https://{A}/")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
BODIES = 4
# The answers to ids that do not exist here; a DELETE of what is not there is often no error.
NOTHING_THERE = {204, 400, 403, 404}
NO_ITEMS = ([], {"clients": []})
# Where a rule of business refuses what the schema allows, a body that gets further.
BODIES_OF: dict[str, Any] = {
    "PATCH /connections/{id}/clients": [{"client_id": "$/clients", "status": True}],
}
QUERIES: dict[str, dict[str, str]] = {
    "DELETE /grants": {"user_id": "$/users"},
    "GET /users-by-email": {"email": f"{MARK}@example.test"},
    "GET /user-blocks": {"identifier": f"{MARK}@example.test"},
    "DELETE /user-blocks": {"identifier": f"{MARK}@example.test"},
    "DELETE /connections/{id}/users": {"email": f"{MARK}@example.test"},
}
REFERENCES: dict[str, Any] = {
    "POST /organizations/{id}/members": {"members": ["$/users"]},
    "POST /organizations/{id}/connections": {"connection_id": "$/connections"},
    "POST /organizations/{id}/enabled_connections": {"connection_id": "$/connections"},
    "POST /organizations/{id}/client-grants": {"grant_id": "$/client-grants"},
    "POST /organizations/{id}/clients": {"clients": [{"client_id": "$/clients"}]},
    "POST /organizations/{id}/members/{user_id}/roles": {"roles": ["$/roles"]},
    "POST /organizations/{id}/invitations": {
        "client_id": "$/clients",
        "inviter": {"name": "I"},
        "invitee": {"email": "i@example.test"},
    },
    "POST /roles": {"name": "R", "type": "organization", "owner_id": "$/organizations"},
    "POST /client-grants": {"client_id": "$/clients", "audience": f"https://{MARK}.test", "scope": [MARK]},
    "POST /roles/{id}/users": {"users": ["$/users"]},
    "POST /users/{id}/roles": {"roles": ["$/roles"]},
    "PATCH /connections/{id}/clients": [{"client_id": "$/clients", "status": True}],
}


def bodies(operation: Operation) -> Iterator[Any]:
    """Bodies the operation's rule accepts."""
    if operation.body is None:
        return iter([None])
    found: list[Any] = []
    cases = SCHEMA[operation.path][operation.method].as_strategy(generation_mode=GenerationMode.POSITIVE)

    @settings(max_examples=BODIES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def collect(case: schemathesis.Case) -> None:
        found.append(case.body)

    collect()
    return iter(found)


async def rows(house: House, tenant: str) -> dict[str, list[Any]]:
    """Everything the database holds of a tenant, but the log."""
    database = house.server.storage.database
    tables = await database.read("SELECT name FROM sqlite_master WHERE type = 'table'", {})
    found = {}
    for (table,) in tables:
        columns = await database.read(f"SELECT name FROM pragma_table_info('{table}')", {})
        if ("tenant",) in [tuple(column) for column in columns] and table != "log_event":
            statement = f"SELECT * FROM {table} WHERE tenant = :tenant"
            found[table] = sorted(map(repr, await database.read(statement, {"tenant": tenant})))
    return found


@pytest.mark.parametrize("family", sorted({operation.path.split("/")[1] for operation in built()}))
async def test_no_operation_reaches_another_tenant(house: House, family: str) -> None:
    mine, other = await house.api(A), await house.api(B)
    made = await one_of_each(other)
    before = await rows(house, B)
    assert any(MARK in row for of_table in before.values() for row in of_table)
    for operation in built():
        if operation.path.split("/")[1] == family:
            await call_with_ids_of_another(mine, operation, made)
    assert await rows(house, B) == before


async def call_with_ids_of_another(api: Api, operation: Operation, made: dict[str, str]) -> None:
    named = parameters(operation.path, made)
    path = operation.path
    for name, value in named.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    path = path.replace("{", "").replace("}", "")
    what = f"{operation.method} {operation.path}"
    query = filled(QUERIES.get(what, {}), made)
    known = [filled(BODIES_OF[what], made)] if what in BODIES_OF else bodies(operation)
    reached = set()
    for body in known:
        response = await api.call(operation.method, path, body, **query)
        reached.add(response.status_code)
        assert response.status_code < 500, response.text
        assert MARK not in response.text.replace(path, ""), what
        if named:
            empty = response.status_code == 200 and response.json() in NO_ITEMS
            assert empty or response.status_code in NOTHING_THERE, f"{what}: {response.status_code} {response.text}"
    # What is always refused for its form would prove nothing about the id.
    assert reached != {400} or not (named or query), what


async def test_nothing_of_one_tenant_refers_to_another(house: House) -> None:
    """The ids in bodies: entities of this tenant, things of the other."""
    mine, other = await house.api(A), await house.api(B)
    own, foreign = await one_of_each(mine), await one_of_each(other)
    before = await rows(house, B)
    for what, body in REFERENCES.items():
        method, path = what.split()
        for name, value in parameters(path, own).items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        response = await mine.call(method, path, filled(body, foreign))
        assert response.status_code in (400, 404), f"{what}: {response.status_code} {response.text}"
    assert await rows(house, B) == before
