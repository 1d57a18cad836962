"""What RBAC grants a person: ``/users/{id}/roles`` and ``/users/{id}/permissions``."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .conftest import A, Api, B, House
from .people import add_user

pytestmark = pytest.mark.anyio
AUDIENCE = "https://api.test/"


def permission(name: str) -> dict[str, str]:
    return {"resource_server_identifier": AUDIENCE, "permission_name": name}


async def make_role(api: Api, name: str, *names: str) -> dict[str, Any]:
    role: dict[str, Any] = await api.post("/roles", {"name": name}, 200)
    if names:
        await api.post(f"/roles/{role['id']}/permissions", {"permissions": [permission(n) for n in names]})
    return role


@pytest.fixture
async def user(house: House) -> str:
    return await add_user(house)


@pytest.fixture
async def items(api: Api) -> None:
    scopes = [{"value": "read:a", "description": "Read"}, {"value": "write:a"}]
    await api.post("/resource-servers", {"name": "Items", "identifier": AUDIENCE, "scopes": scopes})


async def test_roles_are_assigned_listed_and_removed(api: Api, user: str) -> None:
    path = f"/users/{user}/roles"
    roles = [await make_role(api, name) for name in ("One", "Two", "Three")]
    ids = [role["id"] for role in roles]
    assert await api.get(path) == []
    await api.post(path, {"roles": [ids[2], ids[0]]}, 204)
    await api.post(path, {"roles": ids[:2]}, 204)  # one of them again
    assert [role["name"] for role in await api.get(path)] == ["One", "Two", "Three"]
    page = await api.get(path, include_totals=True, per_page=2, page=1)
    assert page == {
        "start": 2,
        "limit": 2,
        "total": 3,
        "roles": [{"id": ids[2], "name": "Three", "description": ""}],
    }
    assert [member["user_id"] for member in await api.get(f"/roles/{ids[0]}/users")] == [user]
    await api.delete(path, {"roles": [ids[0], "rol_gone"]})
    await api.delete(f"/roles/{ids[1]}", status=200)
    assert [role["id"] for role in await api.get(path)] == [ids[2]]


async def test_what_cannot_be_assigned_is_refused_whole(api: Api, house: House, user: str) -> None:
    path = f"/users/{user}/roles"
    role = await make_role(api, "R")
    theirs = await make_role(await house.api(B), "R")
    for roles in ([role["id"], "rol_gone"], [theirs["id"]], [], [""]):
        assert await api.refused("POST", path, {"roles": roles}) == (400, "invalid_body")
    assert await api.refused("POST", path, {}) == (400, "invalid_body")
    assert await api.get(path) == []
    elsewhere = await add_user(house, B)
    for missing in ("auth0|nobody", elsewhere):
        for method in ("GET", "POST", "DELETE"):
            given = None if method == "GET" else {"roles": [role["id"]]}
            assert await api.refused(method, f"/users/{missing}/roles", given) == (404, "inexistent_user")


async def test_a_user_has_fifty_roles_at_most(api: Api, user: str) -> None:
    roles = [(await make_role(api, str(number)))["id"] for number in range(51)]
    await api.post(f"/users/{user}/roles", {"roles": roles[:50]}, 204)
    refused = await api.refused("POST", f"/users/{user}/roles", {"roles": roles[50:]})
    assert refused == (400, "operation_not_supported")


@pytest.mark.usefixtures("items")
async def test_permissions_say_where_they_come_from(api: Api, user: str) -> None:
    path = f"/users/{user}/permissions"
    reader = await make_role(api, "Reader", "read:a")
    both = await make_role(api, "Both", "read:a", "write:a")
    assert await api.post(path, {"permissions": [permission("read:a")]}) == {}
    direct = {"source_id": "", "source_name": "", "source_type": "DIRECT"}
    assert await api.get(path) == [
        {**permission("read:a"), "description": "Read", "resource_server_name": "Items", "sources": [direct]}
    ]
    await api.post(f"/users/{user}/roles", {"roles": [both["id"], reader["id"]]}, 204)
    answer = await api.get(path, include_totals=True)
    assert answer["total"] == 2
    sources = [{"source_id": role["id"], "source_name": role["name"], "source_type": "ROLE"} for role in (reader, both)]
    assert [found["sources"] for found in answer["permissions"]] == [[direct, *sources], sources[1:]]
    await api.delete(path, {"permissions": [permission("read:a"), permission("write:a")]})
    assert [found["sources"] for found in await api.get(path)] == [sources, sources[1:]], "a role's stay"
    second = await api.get(path, include_totals=True, per_page=1, page=1)
    assert (second["total"], second["permissions"][0]["permission_name"]) == (2, "write:a")


@pytest.mark.usefixtures("items")
async def test_a_permission_has_to_exist(api: Api, house: House, user: str) -> None:
    path = f"/users/{user}/permissions"
    assert await api.refused("POST", path, {"permissions": [permission("fly:a")]}) == (400, "invalid_body")
    nowhere = {"resource_server_identifier": "https://no", "permission_name": "read:a"}
    assert (await api.refused("POST", path, {"permissions": [nowhere]}))[0] == 404
    assert await api.refused("POST", path, {"permissions": []}) == (400, "invalid_body")
    assert await api.get(path) == []
    elsewhere = await add_user(house, B)
    for missing in ("auth0|nobody", elsewhere):
        for method in ("GET", "POST", "DELETE"):
            given = None if method == "GET" else {"permissions": [permission("read:a")]}
            assert await api.refused(method, f"/users/{missing}/permissions", given) == (404, "inexistent_user")


@pytest.mark.usefixtures("items")
async def test_each_operation_needs_its_scope_and_is_logged(api: Api, house: House, user: str) -> None:
    role = await make_role(api, "R")
    for scopes, method, what, given, status in (
        (["create:role_members"], "POST", "roles", {"roles": [role["id"]]}, 204),
        (["read:role_members"], "GET", "roles", None, 200),
        (["delete:role_members"], "DELETE", "roles", {"roles": [role["id"]]}, 204),
        (["update:users"], "POST", "permissions", {"permissions": [permission("read:a")]}, 201),
        (["read:users"], "GET", "permissions", None, 200),
        (["update:users"], "DELETE", "permissions", {"permissions": [permission("read:a")]}, 204),
    ):
        narrow = await house.api(scopes=scopes)
        assert (await narrow.call(method, f"/users/{user}/{what}", given)).status_code == status
        wrong = await house.api(scopes=["read:clients"])
        assert await wrong.refused(method, f"/users/{user}/{what}", given) == (403, "insufficient_scope")
    written = {event.description for event in await house.log()}
    assert written >= {
        "Assign roles to a user",
        "Removes roles from a user",
        "Assign Permissions to a User",
        "Remove Permissions from a User",
    }


# ── however they came by it ──


@pytest.mark.usefixtures("items")
async def test_effective_access_says_directly_or_through_roles(api: Api, user: str) -> None:
    one, two = await make_role(api, "One", "read:a"), await make_role(api, "Two", "read:a", "write:a")
    await api.post(f"/users/{user}/roles", {"roles": [one["id"], two["id"]]}, 204)
    await api.post(f"/users/{user}/permissions", {"permissions": [permission("read:a")]})
    path = f"/users/{user}/effective-permissions"
    shown = await api.get(path, resource_server_identifier=AUDIENCE)
    assert [(held["permission_name"], held["sources"]) for held in shown["permissions"]] == [
        ("read:a", ["direct", "roles"]),
        ("write:a", ["roles"]),
    ]
    assert shown["permissions"][0]["resource_server_name"] == "Items"
    first = await api.get(path, resource_server_identifier=AUDIENCE, take=1)
    last = await api.get(path, resource_server_identifier=AUDIENCE, take=1, from_=first["next"])
    assert {"permissions": first["permissions"] + last["permissions"]} == shown
    assert await api.get(path, resource_server_identifier="https://else.test/") == {"permissions": []}
    assert await api.refused("GET", path) == (400, "invalid_query_string")
    behind = f"{path}/sources/effective-roles"
    roles = await api.get(behind, resource_server_identifier=AUDIENCE, permission_name="write:a")
    assert roles == {"roles": [{"id": two["id"], "name": "Two", "description": "", "sources": ["direct"]}]}
    assert await api.refused("GET", behind, resource_server_identifier=AUDIENCE) == (400, "invalid_query_string")
    listed = await api.get(f"/users/{user}/effective-roles", take=1)
    assert [role["name"] for role in listed["roles"]] == ["One"]
    rest = await api.get(f"/users/{user}/effective-roles", take=1, from_=listed["next"])
    assert ([role["name"] for role in rest["roles"]], "next" in rest) == (["Two"], False)


async def test_what_is_given_while_it_goes_does_not_stay(api: Api, house: House) -> None:
    user = await add_user(house)
    for turn in range(6):
        audience = f"https://{turn}.test/"
        made = await api.post("/resource-servers", {"identifier": audience, "scopes": [{"value": "read:a"}]})
        role = (await api.post("/roles", {"name": f"R{turn}"}, 200))["id"]
        given = {"permissions": [{"resource_server_identifier": audience, "permission_name": "read:a"}]}
        every = [
            api.call("POST", f"/users/{user}/permissions", given),
            api.call("POST", f"/users/{user}/roles", {"roles": [role]}),
            api.call("PATCH", f"/resource-servers/{made['id']}", {"scopes": []}),
            api.call("DELETE", f"/roles/{role}"),
        ]
        answers = await asyncio.gather(*(every if turn % 2 else reversed(every)))
        assert {response.status_code for response in answers} <= {200, 201, 204, 400}
        known = await house.ports.users.find(A, user)
        assert known is not None
        assert (known.roles, known.permissions) == ((), ())
