"""Roles, their permissions and their members: ``/roles``."""

from __future__ import annotations

import asyncio

import pytest

from .conftest import A, Api, B, House
from .people import add_user

pytestmark = pytest.mark.anyio
AUDIENCE = "https://api.test/"


async def test_a_role_lives_from_post_to_delete(api: Api) -> None:
    made = await api.post("/roles", {"name": "Admin", "description": "All"}, 200)
    assert made == {"id": made["id"], "name": "Admin", "description": "All", "type": "tenant"}
    assert made["id"].startswith("rol_")
    path = f"/roles/{made['id']}"
    assert await api.patch(path, {"name": "Boss"}) == {**made, "name": "Boss"}
    assert (await api.get(path))["name"] == "Boss"
    assert await api.get(f"{path}/groups") == {"groups": []}
    assert await api.delete(path, status=200) == {}
    for method in ("GET", "DELETE"):
        response = await api.call(method, path)
        assert response.json() == {"statusCode": 404, "error": "Not Found", "message": "The role does not exist."}


async def test_a_name_is_taken_once_also_by_renaming(api: Api) -> None:
    await api.post("/roles", {"name": "One"}, 200)
    two = await api.post("/roles", {"name": "Two"}, 200)
    assert (await api.refused("POST", "/roles", {"name": "One"}))[0] == 409
    assert (await api.refused("PATCH", f"/roles/{two['id']}", {"name": "One"}))[0] == 409


async def test_lists_filter_by_part_of_the_name(api: Api) -> None:
    for name in ("Reader", "Writer", "Read-Writer"):
        await api.post("/roles", {"name": name}, 200)
    found = await api.get("/roles", name_filter="read", include_totals=True)
    assert [role["name"] for role in found["roles"]] == ["Reader", "Read-Writer"]
    assert (found["total"], found["start"], found["limit"]) == (2, 0, 50)


async def test_permissions_are_added_listed_and_removed(api: Api) -> None:
    scopes = [{"value": "read:a", "description": "Read"}, {"value": "write:a"}]
    await api.post("/resource-servers", {"name": "API", "identifier": AUDIENCE, "scopes": scopes})
    role = await api.post("/roles", {"name": "R"}, 200)
    path = f"/roles/{role['id']}/permissions"
    read, write = ({"resource_server_identifier": AUDIENCE, "permission_name": n} for n in ("read:a", "write:a"))
    assert await api.post(path, {"permissions": [read, write]}) == {}
    assert await api.post(path, {"permissions": [read]}) == {}, "twice is no error"
    assert await api.get(path) == [
        {**read, "description": "Read", "resource_server_name": "API"},
        {**write, "description": "", "resource_server_name": "API"},
    ]
    await api.delete(path, {"permissions": [read]})
    totals = await api.get(path, include_totals=True)
    assert (totals["total"], totals["permissions"][0]["permission_name"]) == (1, "write:a")
    unknown = {"resource_server_identifier": AUDIENCE, "permission_name": "fly:a"}
    assert await api.refused("POST", path, {"permissions": [unknown]}) == (400, "invalid_body")
    nowhere = {"resource_server_identifier": "https://no", "permission_name": "read:a"}
    assert (await api.refused("POST", path, {"permissions": [nowhere]}))[0] == 404
    assert (await api.refused("GET", "/roles/rol_x/permissions"))[0] == 404


async def test_members_are_assigned_all_or_none_and_paged(api: Api, house: House) -> None:
    role = await api.post("/roles", {"name": "R"}, 200)
    path = f"/roles/{role['id']}/users"
    users = [await add_user(house) for _ in range(3)]
    assert (await api.refused("POST", path, {"users": [users[0], "auth0|nobody"]}))[0] == 400
    assert await api.get(path) == []
    assert await api.post(path, {"users": users}, 200) == {}
    first = await api.get(path, take=2)
    rest = await api.get(path, take=2, **{"from": first["next"]})
    assert [user["user_id"] for user in first["users"] + rest["users"]] == users
    assert set(first["users"][0]) == {"user_id", "email", "name", "picture"}
    totals = await api.get(path, include_totals=True, per_page=2, page=1)
    assert (totals["total"], totals["start"], len(totals["users"])) == (3, 2, 1)
    await api.delete(f"/roles/{role['id']}", status=200)
    known = await house.ports.users.find(A, users[0])
    assert known is not None
    assert known.roles == (), "an assignment does not outlive its role"


async def test_a_role_of_another_tenant_does_not_exist(api: Api, house: House) -> None:
    other = await house.api(B)
    theirs = await other.post("/roles", {"name": "R"}, 200)
    user = await add_user(house, B)
    path = f"/roles/{theirs['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
        ("GET", f"{path}/users", None),
        ("POST", f"{path}/users", {"users": [user]}),
        ("GET", f"{path}/permissions", None),
    ):
        assert (await api.refused(method, where, body))[0] == 404
    mine = await api.post("/roles", {"name": "Mine"}, 200)
    assert (await api.refused("POST", f"/roles/{mine['id']}/users", {"users": [user]}))[0] == 400
    assert (await other.get(path))["name"] == "R"


@pytest.mark.parametrize("gone", ["api", "scope"])
async def test_a_permission_given_while_its_api_or_scope_goes_does_not_outlive_it(api: Api, gone: str) -> None:
    role = await api.post("/roles", {"name": "R"}, 200)
    for turn in range(5):
        audience = f"https://{turn}.test/"
        made = await api.post("/resource-servers", {"identifier": audience, "scopes": [{"value": "read:a"}]})
        path = f"/resource-servers/{made['id']}"
        permission = {"resource_server_identifier": audience, "permission_name": "read:a"}
        going = api.delete(path) if gone == "api" else api.patch(path, {"scopes": []})
        body = {"permissions": [permission]}
        both = [api.call("POST", f"/roles/{role['id']}/permissions", body), going]
        await asyncio.gather(*(both if turn % 2 else reversed(both)))
        assert await api.get(f"/roles/{role['id']}/permissions") == []
