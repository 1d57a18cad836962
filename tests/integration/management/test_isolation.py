"""Every operation of one tenant, called with the ids of another: nothing is seen, nothing changes."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from tests.integration.management.conftest import A, Api, B, House
from tests.integration.management.everything import MARK, filled, one_of_each, parameters, placed, signed_in
from tests.integration.management.test_branding import theme

from doorward.management.kit.operation import Effect, Operation
from doorward.management.openapi import openapi
from doorward.management.registry import built

DOCUMENT = openapi(built(), f"https://{A}/")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
EXAMPLES = 4
# The answers to ids that do not exist here; a DELETE of what is not there is often no error.
NOTHING_THERE = {202, 204, 400, 403, 404}
NO_ITEMS = ([], {"clients": []})
# Where a rule of business refuses what the schema allows, a body that gets further.
BODIES_OF: dict[str, Any] = {
    "PATCH /connections/{id}/clients": [{"client_id": "$/clients", "status": True}],
    "PATCH /branding/themes/{themeId}": theme(),
    "POST /refresh-tokens/revoke": {"ids": ["$/refresh-tokens"]},
}
# Parameters that are words of the API, the same in every tenant; and collections of such things.
WORDS = {"triggerId", "provider", "templateName", "name", "prompt", "screen", "language", "page"}
OF_EVERY_TENANT = {"/anomaly/blocks/ips", "/connection-profiles/templates", "/user-attribute-profiles/templates"}
PERMISSIONS = {"permissions": [{"resource_server_identifier": f"https://{MARK}.test", "permission_name": MARK}]}
QUERIES: dict[str, dict[str, str]] = {
    "GET /users/{id}/effective-permissions": {"resource_server_identifier": f"https://{MARK}.test"},
    "GET /users/{id}/effective-permissions/sources/effective-roles": {
        "resource_server_identifier": f"https://{MARK}.test",
        "permission_name": MARK,
    },
    "DELETE /grants": {"user_id": "$/users"},
    "GET /users-by-email": {"email": f"{MARK}@example.test"},
    "GET /user-blocks": {"identifier": f"{MARK}@example.test"},
    "DELETE /user-blocks": {"identifier": f"{MARK}@example.test"},
    "DELETE /connections/{id}/users": {"email": f"{MARK}@example.test"},
}
INVITING = {"inviter": {"name": "Ada"}, "invitee": {"email": "eve@example.test"}}
EXCHANGING = {"name": "own", "subject_token_type": "urn:own:other", "type": "custom_authentication"}
ACTION = {"type": "action_id", "value": "$/actions/actions"}
RUNNING = {"action_id": "$/actions/actions"}
# Method, path with an own id, body with ids and names of the other tenant.
REFERENCES: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/client-grants", {"client_id": "$/clients", "audience": "https://own.test", "scope": ["own"]}),
    ("POST", "/client-grants", {"client_id": "$own", "audience": f"https://{MARK}.test", "scope": [MARK]}),
    ("POST", "/clients", {"name": "x", "resource_server_identifier": f"https://{MARK}.test"}),
    ("PATCH", "/connections/{id}/clients", [{"client_id": "$/clients", "status": True}]),
    ("POST", "/roles/{id}/users", {"users": ["$/users"]}),
    ("POST", "/roles/{id}/permissions", PERMISSIONS),
    ("POST", "/users/{id}/roles", {"roles": ["$/roles"]}),
    ("POST", "/users/{id}/permissions", PERMISSIONS),
    ("PATCH", "/tenants/settings", {"default_audience": f"https://{MARK}.test"}),
    ("PATCH", "/tenants/settings", {"default_directory": MARK}),
    ("PATCH", "/custom-domains/default", {"domain": f"{MARK}.test"}),
    ("POST", "/organizations/{id}/members", {"members": ["$/users"]}),
    ("POST", "/organizations/{id}/connections", {"connection_id": "$/connections"}),
    ("POST", "/organizations/{id}/client-grants", {"grant_id": "$/client-grants"}),
    ("POST", "/organizations/{id}/clients", {"clients": [{"client_id": "$/clients"}]}),
    ("POST", "/organizations/{id}/invitations", {**INVITING, "client_id": "$/clients"}),
    ("POST", "/organizations/{id}/invitations", {**INVITING, "client_id": "$own", "roles": ["$/roles"]}),
    ("POST", "/organizations/{id}/invitations", {**INVITING, "client_id": "$own", "connection_id": "$/connections"}),
    ("POST", "/organizations/{id}/members/{user_id}/roles", {"roles": ["$/roles"]}),
    ("POST", "/users/{id}/identities", {"provider": "auth0", "user_id": "$/users"}),
    ("POST", "/users/{id}/identities", {"provider": "auth0", "user_id": "$/users", "connection_id": "$/connections"}),
    ("POST", "/jobs/verification-email", {"user_id": "$/users"}),
    ("POST", "/jobs/users-exports", {"connection_id": "$/connections"}),
    ("POST", "/tickets/password-change", {"user_id": "$/users"}),
    ("POST", "/tickets/password-change", {"email": f"{MARK}@example.test", "connection_id": "$/connections"}),
    ("POST", "/tickets/email-verification", {"user_id": "$/users"}),
    ("POST", "/token-exchange-profiles", {**EXCHANGING, "action_id": "$/actions/actions"}),
    (
        "POST",
        "/event-streams",
        {"destination": {"type": "action", "configuration": RUNNING}},
    ),
    ("PATCH", "/actions/triggers/post-login/bindings", {"bindings": [{"ref": ACTION}]}),
    ("POST", "/self-service-profiles", {"name": "x", "user_attribute_profile_id": "$/user-attribute-profiles"}),
)


def requests(operation: Operation) -> list[tuple[dict[str, str], Any]]:
    """Path parameters and bodies the operation's rules accept."""
    found: list[tuple[dict[str, str], Any]] = []
    cases = SCHEMA[operation.path][operation.method].as_strategy(generation_mode=GenerationMode.POSITIVE)
    examples = 1 if operation.body is None else EXAMPLES

    @settings(max_examples=examples, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def collect(case: schemathesis.Case) -> None:
        body = None if operation.body is None else case.body
        found.append((dict(case.path_parameters or {}), body))

    collect()
    return found


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


async def test_there_is_an_id_to_try_for_whatever_a_path_names(house: House) -> None:
    made = await one_of_each(await house.api(B))
    made |= await signed_in(house, B, made)
    for operation in built():
        known = {*parameters(operation.path, made), *WORDS}
        for found in re.finditer(r"/{(\w+)}", operation.path):
            collection, name = operation.path[: found.start()], found[1]
            if operation.effect is not Effect.EMPTY and collection not in OF_EVERY_TENANT:
                assert name in known, f"{operation.method} {operation.path}: nothing is made at {collection}"


@pytest.mark.parametrize("family", sorted({operation.path.split("/")[1] for operation in built()}))
async def test_g3_no_operation_reaches_another_tenant(house: House, family: str) -> None:
    mine, other = await house.api(A), await house.api(B)
    made = await one_of_each(other)
    made |= await signed_in(house, B, made)
    before = await rows(house, B)
    assert any(MARK in row for of_table in before.values() for row in of_table)
    for operation in built():
        if operation.path.split("/")[1] == family:
            await call_with_ids_of_another(mine, operation, made)
    assert await rows(house, B) == before


async def call_with_ids_of_another(api: Api, operation: Operation, made: dict[str, str]) -> None:
    named = {name: quote(value, safe="") for name, value in parameters(operation.path, made).items()}
    what = f"{operation.method} {operation.path}"
    query = filled(QUERIES.get(what, {}), made)
    reached = set()
    for others, generated in requests(operation):
        path = operation.path.format_map({**others, **named})
        body = filled(BODIES_OF[what], made) if what in BODIES_OF else generated
        response = await api.call(operation.method, path, body, **query)
        reached.add(response.status_code)
        assert response.status_code < 500, response.text
        assert MARK not in response.text.replace(path, ""), what
        if named:
            empty = response.status_code == 200 and response.json() in NO_ITEMS
            assert empty or response.status_code in NOTHING_THERE, f"{what}: {response.status_code} {response.text}"
    # What is always refused for its form would prove nothing about the id.
    assert reached != {400} or not (named or query), what


async def test_g3_nothing_of_one_tenant_refers_to_another(house: House) -> None:
    """The ids in bodies: entities of this tenant, things of the other."""
    mine, other = await house.api(A), await house.api(B)
    own, foreign = await one_of_each(mine, "own"), await one_of_each(other)
    foreign |= await signed_in(house, B, foreign)
    before = await rows(house, B)
    for method, path, body in REFERENCES:
        response = await mine.call(method, placed(path, own), filled(body, {**foreign, "own": own["/clients"]}))
        assert response.status_code in (400, 404), f"{method} {path}: {response.status_code} {response.text}"
        assert "Payload validation error" not in response.text, f"{method} {path}: refused for its form"
    assert await rows(house, B) == before
