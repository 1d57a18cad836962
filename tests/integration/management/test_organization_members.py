"""Members, their roles and invitations: ``/organizations/{id}/members`` and ``/invitations``."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import A, Api, House
from .people import add_user
from .test_organizations import connect, found

pytestmark = pytest.mark.anyio
DAY = 24 * 3600


async def role(api: Api, name: str, **more: Any) -> str:
    id_: str = (await api.post("/roles", {"name": name, **more}, 200))["id"]
    return id_


# ── members ──


async def test_members_join_together_or_not_at_all_and_leave(api: Api, house: House) -> None:
    path = await found(api)
    users = [await add_user(house) for _ in range(3)]
    assert await api.refused("POST", f"{path}/members", {"members": [users[0], "auth0|nobody"]}) == (
        400,
        "invalid_body",
    )
    assert await api.get(f"{path}/members") == []
    await api.post(f"{path}/members", {"members": users[:2]}, 204)
    await api.post(f"{path}/members", {"members": users}, 204)
    shown = await api.get(f"{path}/members")
    assert [member["user_id"] for member in shown] == users
    assert set(shown[0]) == {"user_id", "email", "name", "picture"}
    (organization,) = await api.get(f"/users/{users[0]}/organizations")
    assert f"/organizations/{organization['id']}" == path
    await api.delete(f"{path}/members", {"members": [users[1], "auth0|nobody"]})
    assert [member["user_id"] for member in await api.get(f"{path}/members")] == [users[0], users[2]]
    await api.delete(f"/users/{users[0]}")
    assert [member["user_id"] for member in await api.get(f"{path}/members")] == [users[2]]
    for body in ({}, {"members": []}, {"members": [""]}):
        assert await api.refused("POST", f"{path}/members", body) == (400, "invalid_body")


async def test_members_are_paged_in_every_way_and_empty_past_the_end(api: Api, house: House) -> None:
    path = await found(api)
    users = [await add_user(house) for _ in range(5)]
    await api.post(f"{path}/members", {"members": users}, 204)
    totals = await api.get(f"{path}/members", include_totals=True, per_page=2, page=2)
    assert (totals["start"], totals["limit"], totals["total"]) == (4, 2, 5)
    assert [member["user_id"] for member in totals["members"]] == users[4:]
    past = await api.get(f"{path}/members", include_totals=True, per_page=2, page=3)
    assert (past["members"], past["total"]) == ([], 5)
    seen, cursor = [], {}
    while True:
        page = await api.get(f"{path}/members", take=2, include_totals=True, fields="user_id", **cursor)
        seen += page["members"]
        if "next" not in page:
            break
        cursor = {"from": page["next"]}
        await api.delete(f"{path}/members", {"members": [seen[-2]["user_id"]]})
    assert seen == [{"user_id": user} for user in users], "who leaves makes nobody else be passed over"


async def test_roles_are_shown_to_who_asks_for_them_and_may(api: Api, house: House) -> None:
    path = await found(api)
    user = await add_user(house)
    await api.post(f"{path}/members", {"members": [user]}, 204)
    boss = await role(api, "Boss")
    await api.post(f"{path}/members/{user}/roles", {"roles": [boss]}, 204)
    shown = await api.get(f"{path}/members", fields="user_id,roles")
    assert shown == [{"user_id": user, "roles": [{"id": boss, "name": "Boss"}]}]
    without = await api.get(f"{path}/members", fields="roles,email", include_fields=False)
    assert set(without[0]) == {"user_id", "name", "picture"}
    reader = await house.api(scopes=["read:organization_members"])
    assert await reader.get(f"{path}/members", fields="user_id") == [{"user_id": user}]
    assert await reader.refused("GET", f"{path}/members", fields="roles") == (403, "insufficient_scope")


async def test_roles_of_a_member_are_those_of_this_organization_only(api: Api, house: House) -> None:
    path, other = await found(api), await found(api, "other")
    user, stranger = await add_user(house), await add_user(house)
    for where in (path, other):
        await api.post(f"{where}/members", {"members": [user]}, 204)
    read, write = await role(api, "Reader", description="Reads"), await role(api, "Writer")
    roles = f"{path}/members/{user}/roles"
    await api.post(roles, {"roles": [write, read, read]}, 204)
    totals = await api.get(roles, include_totals=True, page=0, per_page=100)
    assert (totals["start"], totals["limit"], totals["total"]) == (0, 100, 2)
    assert totals["roles"] == [
        {"id": read, "name": "Reader", "description": "Reads"},
        {"id": write, "name": "Writer", "description": ""},
    ]
    assert await api.get(roles, page=1) == []
    assert await api.get(f"{other}/members/{user}/roles") == []
    assert await api.get(f"/users/{user}/roles") == [], "a role in an organization is none in the tenant"
    effective = await api.get(f"{path}/members/{user}/effective-roles", take=1)
    assert effective["roles"] == [{"id": read, "name": "Reader", "description": "Reads", "sources": ["direct"]}]
    with_role = await api.get(f"{path}/roles/{read}/members", take=50, include_fields=True)
    assert with_role.keys() == {"members"}
    assert [member["user_id"] for member in with_role["members"]] == [user]
    assert await api.get(f"{other}/roles/{read}/members") == {"members": []}
    assert (await api.refused("GET", f"{path}/roles/rol_x/members"))[0] == 404
    await api.delete(roles, {"roles": [read, "rol_x"]})
    assert [one["id"] for one in await api.get(roles)] == [write]
    await api.delete(f"/roles/{write}", status=200)
    assert await api.get(roles) == []
    assert await api.get(f"{path}/members/{stranger}/roles") == []
    assert (await api.refused("POST", f"{path}/members/{stranger}/roles", {"roles": [read]}))[0] == 400
    assert await api.refused("GET", f"{path}/members/auth0%7Cnobody/roles") == (404, "inexistent_user")
    assert await api.refused("POST", f"{path}/members/auth0%7Cnobody/roles", {"roles": [read]}) == (
        404,
        "inexistent_user",
    )
    assert await api.refused("POST", roles, {"roles": ["rol_x"]}) == (400, "invalid_body")


async def test_a_member_has_50_roles_at_most(api: Api, house: House) -> None:
    path, user = await found(api), await add_user(house)
    await api.post(f"{path}/members", {"members": [user]}, 204)
    ids = [await role(api, f"R{n}") for n in range(51)]
    await api.post(f"{path}/members/{user}/roles", {"roles": ids[:50]}, 204)
    await api.post(f"{path}/members/{user}/roles", {"roles": ids[:2]}, 204)
    assert (await api.refused("POST", f"{path}/members/{user}/roles", {"roles": ids[50:]}))[0] == 409


async def test_there_are_no_groups(api: Api, house: House) -> None:
    path, user = await found(api), await add_user(house)
    for where in ("groups", "roles/rol_x/groups", f"members/{user}/effective-roles/sources/groups"):
        assert await api.get(f"{path}/{where}") == {"groups": []}


# ── roles of an organization ──


async def test_a_role_of_an_organization_is_for_its_members(api: Api, house: House) -> None:
    path, other = await found(api), await found(api, "other")
    owner = path.rpartition("/")[2]
    user = await add_user(house)
    for where in (path, other):
        await api.post(f"{where}/members", {"members": [user]}, 204)
    made = await api.post("/roles", {"name": "Boss", "type": "organization", "owner_id": owner}, 200)
    assert made == {"id": made["id"], "name": "Boss", "description": None, "type": "organization", "owner_id": owner}
    shown = {**made, "description": ""}
    assert await api.get(f"/roles/{made['id']}") == shown
    of_tenant = await role(api, "Boss")
    await role(api, "Boss", type="organization", owner_id=other.rpartition("/")[2])
    again = {"name": "Boss", "type": "organization", "owner_id": owner}
    assert (await api.refused("POST", "/roles", again))[0] == 409
    assert [one["id"] for one in await api.get("/roles")] == [of_tenant]
    assert (
        await api.get("/roles", owner_id=owner)
        == [shown]
        == await api.get("/roles", type="organization", owner_id=owner)
    )
    assert len(await api.get("/roles", type="organization")) == 2
    await api.post(f"{path}/members/{user}/roles", {"roles": [made["id"], of_tenant]}, 204)
    assert await api.refused("POST", f"{other}/members/{user}/roles", {"roles": [made["id"]]}) == (400, "invalid_body")
    assert (await api.refused("POST", f"/roles/{made['id']}/users", {"users": [user]}))[0] == 400
    assert (await api.refused("POST", f"/users/{user}/roles", {"roles": [made["id"]]}))[0] == 400
    assert (await api.refused("GET", f"{other}/roles/{made['id']}/members"))[0] == 404
    changed = await api.patch(f"/roles/{made['id']}", {"name": "Chief"})
    assert (changed["name"], changed["owner_id"]) == ("Chief", owner)
    await api.post("/roles", again, 200)
    for body in ({"name": "x", "type": "organization"}, {"name": "x", "owner_id": owner}):
        assert await api.refused("POST", "/roles", body) == (400, "invalid_body")
    nowhere = {"name": "x", "type": "organization", "owner_id": "org_0000000000000000"}
    assert (await api.refused("POST", "/roles", nowhere))[0] == 404


# ── invitations ──


@pytest.fixture
async def inviting(api: Api) -> dict[str, Any]:
    client = await api.post("/clients", {"name": "C", "initiate_login_uri": "https://app.test/login?from=mail"})
    invitee = {"email": "eve@example.test"}
    return {"inviter": {"name": "Ada"}, "invitee": invitee, "client_id": client["client_id"]}


async def test_an_invitation_is_a_ticket_for_the_application(api: Api, house: House, inviting: dict[str, Any]) -> None:
    path, staff = await found(api), await connect(api, "Staff")
    await api.post(f"{path}/connections", {"connection_id": staff})
    boss = await role(api, "Boss")
    details = {"roles": [boss], "connection_id": staff, "user_metadata": {"a": 1}, "app_metadata": {"b": 2}}
    made = await api.post(f"{path}/invitations", {**inviting, **details, "send_invitation_email": False})
    assert made == {
        **inviting,
        **details,
        "id": made["id"],
        "organization_id": path.rpartition("/")[2],
        "ticket_id": made["ticket_id"],
        "invitation_url": made["invitation_url"],
        "created_at": "2023-11-14T22:13:20.000Z",
        "expires_at": "2023-11-21T22:13:20.000Z",
    }
    assert made["id"].startswith("uinv_")
    assert len(made["ticket_id"]) == 32
    route = urlsplit(made["invitation_url"])
    assert (route.scheme, route.netloc, route.path) == ("https", "app.test", "/login")
    assert parse_qs(route.query) == {
        "from": ["mail"], "invitation": [made["ticket_id"]], "organization": [made["organization_id"]],
        "organization_name": ["acme"],
    }  # fmt: skip
    item = f"{path}/invitations/{made['id']}"
    assert await api.get(item) == made
    assert await api.get(item, fields="id,ticket_id") == {"id": made["id"], "ticket_id": made["ticket_id"]}
    assert "canary" not in str(await house.log())
    await api.delete(f"/roles/{boss}", status=200)
    assert (await api.get(item))["roles"] == []
    await api.delete(item)
    missing = {
        "statusCode": 404, "error": "Not Found", "message": "The invitation does not exist.",
        "errorCode": "inexistent_invitation",
    }  # fmt: skip
    for method in ("GET", "DELETE"):
        assert (await api.call(method, item)).json() == missing


async def test_invitations_last_a_week_or_as_long_as_asked_and_come_newest_first(
    api: Api, house: House, inviting: dict[str, Any]
) -> None:
    path = await found(api)
    made = []
    for ttl in (0, DAY, 30 * DAY):
        house.clock.time += 1
        made.append(await api.post(f"{path}/invitations", {**inviting, "ttl_sec": ttl}))
    assert [one["expires_at"][:10] for one in made] == ["2023-11-21", "2023-11-15", "2023-12-14"]
    too_long = {**inviting, "ttl_sec": 30 * DAY + 1}
    assert await api.refused("POST", f"{path}/invitations", too_long) == (400, "invalid_body")
    assert await api.get(f"{path}/invitations") == made[::-1]
    assert await api.get(f"{path}/invitations", sort="created_at:1") == made
    paged = await api.get(f"{path}/invitations", include_totals=True, per_page=2, page=1)
    assert paged == {"start": 2, "limit": 2, "invitations": made[:1]}
    assert await api.get(f"{path}/invitations", per_page=2, page=2) == []


async def test_an_invitation_needs_a_place_to_log_in_and_what_it_names(api: Api, inviting: dict[str, Any]) -> None:
    path, staff = await found(api), await connect(api, "Staff")
    bare = {**inviting, "client_id": (await api.post("/clients", {"name": "Bare"}))["client_id"]}
    response = await api.call("POST", f"{path}/invitations", bare)
    assert response.status_code == 400
    assert response.json()["message"].startswith("A default login route is required to generate the invitation url")
    await api.patch("/tenants/settings", {"default_redirection_uri": "https://tenant.test/start"})
    assert (await api.post(f"{path}/invitations", bare))["invitation_url"].startswith("https://tenant.test/start?")
    foreign = await role(api, "F", type="organization", owner_id=(await found(api, "other")).rpartition("/")[2])
    for change, refusal in (
        ({"client_id": "nobody"}, (404, "inexistent_client")),
        ({"connection_id": staff}, (400, "invalid_body")),
        ({"roles": ["rol_x"]}, (400, "invalid_body")),
        ({"roles": [foreign]}, (400, "invalid_body")),
        ({"app_metadata": {"blocked": True}}, (400, "invalid_body")),
        ({"invitee": {"email": "no"}}, (400, "invalid_body")),
        ({"inviter": {}}, (400, "invalid_body")),
    ):
        assert await api.refused("POST", f"{path}/invitations", {**inviting, **change}) == refusal, change


@pytest.mark.parametrize("gone", ["client", "connection"])
async def test_an_invitation_goes_with_its_client_or_connection(
    api: Api, house: House, inviting: dict[str, Any], gone: str
) -> None:
    path, staff = await found(api), await connect(api, "Staff")
    await api.post(f"{path}/connections", {"connection_id": staff})
    await api.post(f"{path}/invitations", {**inviting, "connection_id": staff})
    if gone == "client":
        await api.delete(f"/clients/{inviting['client_id']}")
    else:
        await api.delete(f"/connections/{staff}", status=202)
    assert await api.get(f"{path}/invitations") == []
    id_ = path.rpartition("/")[2]
    assert (await house.ports.organizations.invitations(A, id_, offset=0, limit=9))[1] == 0
