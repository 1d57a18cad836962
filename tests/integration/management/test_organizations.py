"""Organizations with their connections, clients, client grants and domains: ``/organizations``."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from doorward.model.document import Document, Kind, Put

from .conftest import A, Api, B, House
from .people import add_user

pytestmark = pytest.mark.anyio
AUDIENCE = "https://api.test/"
NOBODY = {"statusCode": 404, "error": "Not Found", "message": "No organization found by that id or name"}


async def found(api: Api, name: str = "acme", **more: Any) -> str:
    """A new organization; returns its path."""
    made = await api.post("/organizations", {"name": name, **more})
    return f"/organizations/{made['id']}"


async def connect(api: Api, name: str, strategy: str = "auth0") -> str:
    id_: str = (await api.post("/connections", {"name": name, "strategy": strategy}))["id"]
    return id_


# ── organizations ──


async def test_an_organization_lives_from_post_to_delete(api: Api) -> None:
    branding = {"logo_url": "https://acme.test/l.png", "colors": {"primary": "#ff0000", "page_background": "#000"}}
    body = {"name": "acme", "display_name": "Acme Inc.", "branding": branding, "metadata": {"a": "1", "b": None}}
    made = await api.post("/organizations", body)
    assert made == {
        **body,
        "id": made["id"],
        "metadata": {"a": "1"},
        "third_party_client_access": "block",
        "is_app_entitlement_active": False,
    }
    assert made["id"].startswith("org_")
    assert len(made["id"]) == 20
    path = f"/organizations/{made['id']}"
    assert await api.get(path) == made == await api.get("/organizations/name/acme")
    changed = await api.patch(path, {"name": "acme-2", "metadata": {}, "third_party_client_access": "allow"})
    assert changed == {**made, "name": "acme-2", "metadata": {}, "third_party_client_access": "allow"}
    assert await api.get("/organizations/name/acme-2") == changed
    assert await api.patch(path, {"branding": {"logo_url": None}, "token_quota": None}) == {**changed, "branding": {}}
    await api.delete(path)
    for method, gone in (("GET", path), ("DELETE", path), ("PATCH", path), ("GET", "/organizations/name/acme-2")):
        assert (await api.call(method, gone, {} if method == "PATCH" else None)).json() == NOBODY


async def test_a_name_is_a_slug_and_taken_once_also_by_renaming(api: Api) -> None:
    first, second = await found(api, "one"), await found(api, "two")
    assert (await api.get(first))["display_name"] == "one"
    assert (await api.refused("POST", "/organizations", {"name": "one"}))[0] == 409
    assert (await api.refused("PATCH", second, {"name": "one"}))[0] == 409
    assert (await api.patch(second, {"name": "two", "display_name": "Two"}))["display_name"] == "Two"
    for name in ("", "Upper", "with space", "_x", "x" * 51, "org_abcdefghijklmnop", "ä"):
        assert await api.refused("POST", "/organizations", {"name": name}) == (400, "invalid_body"), name
    assert await api.refused("POST", "/organizations", {}) == (400, "invalid_body")


async def test_metadata_has_25_strings_at_most(api: Api) -> None:
    many = {f"k{n}": "v" for n in range(26)}
    for metadata in (many, {"k": "v" * 256}, {"k": 1}):
        assert await api.refused("POST", "/organizations", {"name": "m", "metadata": metadata}) == (400, "invalid_body")
    many.popitem()
    assert (await api.post("/organizations", {"name": "m", "metadata": many}))["metadata"] == many


async def test_organizations_are_paged_in_every_way_sorted_and_empty_past_the_end(api: Api) -> None:
    for name, display in (("b", "Zed"), ("c", "alpha"), ("a", "Mid")):
        await found(api, name, display_name=display)

    def names(listed: list[Any]) -> list[str]:
        return [entry["name"] for entry in listed]

    assert names(await api.get("/organizations")) == ["b", "c", "a"]
    totals = await api.get("/organizations", include_totals=True, per_page=2, page=1)
    assert (totals["start"], totals["limit"], totals["total"], names(totals["organizations"])) == (2, 2, 3, ["a"])
    past = await api.get("/organizations", include_totals=True, per_page=2, page=2)
    assert (past["organizations"], past["total"]) == ([], 3)
    first = await api.get("/organizations", take=2, include_totals=True)
    assert set(first) == {"organizations", "next"}
    await api.delete(f"/organizations/{first['organizations'][0]['id']}")
    rest = await api.get("/organizations", take=2, **{"from": first["next"]})
    assert names(first["organizations"] + rest["organizations"]) == ["b", "c", "a"], "none is passed over"
    assert "next" not in rest
    assert names(await api.get("/organizations", sort="name:1")) == ["a", "c"]
    assert names(await api.get("/organizations", sort="display_name:-1")) == ["a", "c"]
    assert names(await api.get("/organizations", sort="created_at:-1")) == ["a", "c"]
    sorted_ = await api.get("/organizations", sort="name:1", take=1)
    assert names(sorted_["organizations"]) == ["a"]
    assert names((await api.get("/organizations", sort="name:1", **{"from": sorted_["next"]}))["organizations"]) == [
        "c"
    ]
    assert await api.refused("GET", "/organizations", sort="id:1") == (400, "invalid_query_string")


async def test_scopes_decide_what_of_an_organization_is_seen_and_made(house: House, api: Api) -> None:
    path = await found(api, metadata={"secret": "plan"})
    connection = await connect(api, "Staff")
    summary = await house.api(scopes=["read:organizations_summary"])
    short = {"id": path.rpartition("/")[2], "name": "acme", "display_name": "acme"}
    assert await summary.get(path) == short
    assert await summary.get("/organizations") == [short]
    assert (await summary.refused("GET", "/organizations/name/acme"))[0] == 403
    maker = await house.api(scopes=["create:organizations"])
    with_connection = {"name": "x", "enabled_connections": [{"connection_id": connection}]}
    assert await maker.refused("POST", "/organizations", with_connection) == (403, "insufficient_scope")
    assert (await maker.post("/organizations", {"name": "x"}))["name"] == "x"
    connecting = await house.api(scopes=["create:organization_connections"])
    assert await connecting.refused("POST", "/organizations", {"name": "y"}) == (403, "insufficient_scope")


async def test_an_organization_of_another_tenant_does_not_exist(api: Api, house: House) -> None:
    other = await house.api(B)
    path = await found(other)
    user = await add_user(house, B)
    await other.post(f"{path}/members", {"members": [user]}, 204)
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
        ("GET", f"{path}/connections", None),
        ("GET", f"{path}/clients", None),
        ("GET", f"{path}/client-grants", None),
        ("GET", f"{path}/discovery-domains", None),
        ("GET", f"{path}/members", None),
        ("POST", f"{path}/members", {"members": [user]}),
        ("GET", f"{path}/invitations", None),
        ("GET", f"{path}/groups", None),
    ):
        assert (await api.call(method, where, body)).json() == NOBODY
    assert (await other.get(f"{path}/members"))[0]["user_id"] == user


async def test_one_of_many_organizations_is_found_without_a_look_into_the_database(api: Api, house: House) -> None:
    ids = [f"org_{number:016}" for number in range(2000)]
    bodies = ({"id": id_, "name": f"o{number}", "display_name": "O"} for number, id_ in enumerate(ids))
    made = [Put(document=Document(kind=Kind.ORGANIZATION, id=b["id"], body=b, unique_key=b["name"])) for b in bodies]
    await house.ports.directory.change(A, made)
    database = house.server.storage.database
    before = database.statements
    for path in (f"/organizations/{ids[-1]}", "/organizations/name/o1999", f"/organizations/{ids[-1]}/connections"):
        await api.get(path)
    assert database.statements == before
    assert (await api.get("/organizations", include_totals=True, page=39, per_page=50))["total"] == 2000


# ── connections ──


async def test_both_generations_show_the_same_connections(api: Api) -> None:
    path = await found(api)
    staff, corp = await connect(api, "Staff"), await connect(api, "corp", "okta")
    made = await api.post(f"{path}/connections", {"connection_id": staff})
    assert made == {
        "connection_id": staff,
        "assign_membership_on_login": False,
        "show_as_button": True,
        "is_signup_enabled": False,
        "is_enabled": True,
        "organization_access_level": "none",
        "connection": {"name": "Staff", "strategy": "auth0"},
    }
    first = await api.post(f"{path}/enabled_connections", {"connection_id": corp, "show_as_button": False})
    assert first == {
        "connection_id": corp,
        "assign_membership_on_login": False,
        "show_as_button": False,
        "connection": {"name": "corp", "strategy": "okta"},
    }
    assert [one["connection_id"] for one in await api.get(f"{path}/connections")] == [staff, corp]
    assert [one["connection_id"] for one in await api.get(f"{path}/enabled_connections")] == [staff, corp]
    off = await api.patch(f"{path}/connections/{corp}", {"is_enabled": False, "organization_connection_name": "Corp"})
    assert (off["is_enabled"], off["organization_connection_name"]) == (False, "Corp")
    assert [one["connection_id"] for one in await api.get(f"{path}/enabled_connections")] == [staff]
    enabled = await api.get(f"{path}/connections", is_enabled=True, include_totals=True)
    assert (enabled["total"], enabled["connections"]) == (1, [made])
    assert await api.get(f"{path}/connections", is_enabled=False) == [off]
    past = await api.get(f"{path}/connections", is_enabled=True, include_totals=True, page=1, per_page=50)
    assert (past["connections"], past["start"], past["total"]) == ([], 50, 1)
    missing = (await api.call("GET", f"{path}/enabled_connections/{corp}")).json()
    assert missing == {"statusCode": 404, "error": "Not Found", "message": "No connection found by that id"}
    on = await api.patch(f"{path}/connections/{corp}", {"is_enabled": None, "organization_connection_name": None})
    assert on == {**{name: off[name] for name in off if name != "organization_connection_name"}, "is_enabled": True}
    await api.delete(f"{path}/enabled_connections/{staff}")
    await api.delete(f"{path}/connections/{staff}")
    assert [one["connection_id"] for one in await api.get(f"{path}/connections")] == [corp]


async def test_a_connection_is_added_once_and_ten_at_most_however_many_try(api: Api) -> None:
    path = await found(api)
    ids = [await connect(api, f"c{n}") for n in range(13)]
    twice = [api.call("POST", f"{path}/connections", {"connection_id": ids[0]}) for _ in range(4)]
    assert sorted(response.status_code for response in await asyncio.gather(*twice)) == [201, 409, 409, 409]
    answers = await asyncio.gather(
        *(api.call("POST", f"{path}/{segment}", {"connection_id": id_})
          for segment, id_ in zip(["connections", "enabled_connections"] * 6, ids[1:], strict=True))
    )  # fmt: skip
    assert sorted(response.status_code for response in answers) == [201] * 9 + [400] * 3
    assert len(await api.get(f"{path}/connections")) == 10
    eleven = [{"connection_id": id_} for id_ in ids[:11]]
    refused = await api.refused("POST", "/organizations", {"name": "eleven", "enabled_connections": eleven})
    assert refused == (400, "invalid_body")


async def test_only_databases_whose_users_become_members_let_people_sign_up(api: Api) -> None:
    path = await found(api)
    staff, corp = await connect(api, "Staff"), await connect(api, "corp", "okta")
    joining = {"assign_membership_on_login": True, "is_signup_enabled": True}
    assert (await api.post(f"{path}/enabled_connections", {"connection_id": staff, **joining}))["is_signup_enabled"]
    response = await api.call("PATCH", f"{path}/connections/{staff}", {"assign_membership_on_login": False})
    assert response.json() == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": "Only database connections with assign_membership_on_login = true support is_signup_enabled = true.",
        "errorCode": "invalid_body",
    }
    for body in ({"connection_id": corp, **joining}, {"connection_id": corp, "is_signup_enabled": True}):
        assert await api.refused("POST", f"{path}/connections", body) == (400, "invalid_body")
    nowhere = {"connection_id": "con_0000000000000000"}
    assert await api.refused("POST", f"{path}/connections", nowhere) == (404, "inexistent_connection")


async def test_an_organization_begins_with_connections(api: Api) -> None:
    staff = await connect(api, "Staff")
    enabled = {"connection_id": staff, "assign_membership_on_login": True}
    made = await api.post("/organizations", {"name": "acme", "enabled_connections": [enabled]})
    (shown,) = made.pop("enabled_connections")
    assert shown == {
        **enabled, "show_as_button": True, "is_signup_enabled": False,
        "connection": {"name": "Staff", "strategy": "auth0"},
    }  # fmt: skip
    path = f"/organizations/{made['id']}"
    assert await api.get(path) == made
    assert await api.get(f"{path}/enabled_connections") == [shown]
    body = {"name": "x", "enabled_connections": [{"connection_id": "con_0000000000000000"}]}
    assert await api.refused("POST", "/organizations", body) == (404, "inexistent_connection")


async def test_a_connection_deleted_while_it_is_added_is_in_no_organization(api: Api) -> None:
    path = await found(api)
    for turn in range(5):
        id_ = await connect(api, f"c{turn}")
        both = [
            api.call("POST", f"{path}/connections", {"connection_id": id_}),
            api.call("DELETE", f"/connections/{id_}"),
        ]
        answers = await asyncio.gather(*(both if turn % 2 else reversed(both)))
        assert {response.status_code for response in answers} <= {201, 202, 404}
        assert await api.get(f"{path}/connections") == []


# ── clients and client grants ──


async def test_clients_are_added_together_changed_and_removed(api: Api) -> None:
    path = await found(api)
    ids = [
        (await api.post("/clients", {"name": f"C{n}", "organization_usage": "allow"}))["client_id"] for n in range(3)
    ]
    asked = [{"client_id": ids[0], "use_for_member_access": True}, {"client_id": ids[1]}]
    added = await api.post(f"{path}/clients", {"clients": asked})
    assert added[0]["client"]["name"] == "C0"
    assert [(one["client_id"], one["use_for_member_access"]) for one in added] == [(ids[0], True), (ids[1], False)]
    assert await api.get(f"{path}/clients/{ids[0]}") == added[0]
    assert not (await api.patch(f"{path}/clients/{ids[0]}", {"use_for_member_access": False}))["use_for_member_access"]
    first = await api.get(f"{path}/clients", take=1)
    rest = await api.get(f"{path}/clients", take=1, **{"from": first["next"]})
    assert [one["client_id"] for one in first["clients"] + rest["clients"]] == ids[:2]
    assert set(rest) == {"clients"}
    both = {"clients": [{"client_id": ids[2]}, {"client_id": "nobody"}]}
    assert await api.refused("POST", f"{path}/clients", both) == (404, "inexistent_client")
    assert (await api.refused("GET", f"{path}/clients/{ids[2]}"))[0] == 404
    assert (await api.refused("PATCH", f"{path}/clients/{ids[2]}", {}))[0] == 404
    await api.delete(f"{path}/clients", {"clients": [ids[0], ids[2]]})
    assert [one["client_id"] for one in (await api.get(f"{path}/clients"))["clients"]] == [ids[1]]


@pytest.fixture
async def grant(api: Api) -> Any:
    await api.post("/resource-servers", {"identifier": AUDIENCE, "scopes": [{"value": "read:a"}]})
    client = await api.post("/clients", {"name": "C"})
    body = {"client_id": client["client_id"], "audience": AUDIENCE, "scope": ["read:a"], "organization_usage": "allow"}
    return await api.post("/client-grants", body)


async def test_a_client_grant_is_associated_once_and_found_from_both_sides(api: Api, grant: Any) -> None:
    path = await found(api)
    added = await api.post(f"{path}/client-grants", {"grant_id": grant["id"]})
    assert added == {**grant, "allow_any_organization": False, "grant_id": grant["id"]}
    again = await api.call("POST", f"{path}/client-grants", {"grant_id": grant["id"]})
    assert (again.status_code, again.json()["message"]) == (
        409, "The client grant has already been added to this organization.",
    )  # fmt: skip
    unknown = {"grant_id": "cgr_0000000000000000"}
    assert await api.refused("POST", f"{path}/client-grants", unknown) == (404, "inexistent_client_grant")
    totals = await api.get(f"{path}/client-grants", include_totals=True)
    assert (totals["total"], totals["client_grants"][0]["id"]) == (1, grant["id"])
    for filter_, count in (
        ({"audience": AUDIENCE}, 1), ({"audience": "x"}, 0), ({"client_id": grant["client_id"]}, 1),
        ({"grant_ids": grant["id"]}, 1), ({"grant_ids": "cgr_x"}, 0),
    ):  # fmt: skip
        assert len(await api.get(f"{path}/client-grants", **filter_)) == count
    await found(api, "other")
    holding = await api.get(f"/client-grants/{grant['id']}/organizations", include_totals=True)
    assert (holding["total"], holding["organizations"]) == (1, [await api.get(path)])
    assert (await api.get(f"/client-grants/{grant['id']}/organizations", take=5)).keys() == {"organizations"}
    assert (await api.refused("GET", "/client-grants/cgr_0/organizations")) == (404, "inexistent_client_grant")
    for _ in range(2):
        await api.delete(f"{path}/client-grants/{grant['id']}")
    assert await api.get(f"{path}/client-grants", page=1) == []
    assert await api.get(f"/client-grants/{grant['id']}/organizations") == []


@pytest.mark.parametrize("gone", ["client", "grant", "api", "connection"])
async def test_what_goes_away_is_forgotten_by_organizations(api: Api, grant: Any, gone: str) -> None:
    path = await found(api)
    staff = await connect(api, "Staff")
    await api.post(f"{path}/connections", {"connection_id": staff})
    await api.post(f"{path}/clients", {"clients": [{"client_id": grant["client_id"]}]})
    await api.post(f"{path}/client-grants", {"grant_id": grant["id"]})
    where, status = {
        "client": (f"/clients/{grant['client_id']}", 204),
        "grant": (f"/client-grants/{grant['id']}", 204),
        "api": ("/resource-servers/https%3A%2F%2Fapi.test%2F", 204),
        "connection": (f"/connections/{staff}", 202),
    }[gone]
    await api.delete(where, status=status)
    counts = {
        "connections": len(await api.get(f"{path}/connections")),
        "clients": len((await api.get(f"{path}/clients"))["clients"]),
        "grants": len(await api.get(f"{path}/client-grants")),
    }
    assert counts == {
        "connections": gone != "connection",
        "clients": gone != "client",
        "grants": gone == "connection",
    }


# ── discovery domains ──


async def test_a_domain_is_added_verified_found_and_removed(api: Api) -> None:
    path = await found(api)
    made = await api.post(f"{path}/discovery-domains", {"domain": "Acme.example"})
    assert made == {
        "id": made["id"],
        "domain": "acme.example",
        "status": "pending",
        "use_for_organization_discovery": True,
        "verification_txt": made["verification_txt"],
        "verification_host": made["verification_host"],
    }
    assert made["id"].startswith("ord_")
    assert made["verification_host"].endswith(".acme.example")
    item = f"{path}/discovery-domains/{made['id']}"
    verified = await api.patch(item, {"status": "verified"})
    assert verified == {**made, "status": "verified"}
    assert await api.get(item) == verified == await api.get(f"{path}/discovery-domains/name/acme.example")
    assert (await api.refused("POST", f"{path}/discovery-domains", {"domain": "ACME.example"}))[0] == 409
    await api.post(f"{await found(api, 'other')}/discovery-domains", {"domain": "acme.example"})
    second = await api.post(f"{path}/discovery-domains", {"domain": "b.example", "status": "verified"})
    first = await api.get(f"{path}/discovery-domains", take=1)
    rest = await api.get(f"{path}/discovery-domains", take=1, **{"from": first["next"]})
    assert (first["domains"], rest) == ([verified], {"domains": [second]})
    for domain in ("a b", "-x.test", "x", "x..test"):
        assert await api.refused("POST", f"{path}/discovery-domains", {"domain": domain}) == (400, "invalid_body")
    for _ in range(2):
        await api.delete(item)
    missing = {"statusCode": 404, "error": "Not Found", "message": "No organization domain found by that id"}
    assert (await api.call("GET", item)).json() == missing
    assert (await api.call("GET", f"{path}/discovery-domains/name/acme.example")).json() == missing


# ── what goes with an organization ──


async def test_everything_of_an_organization_goes_with_it(api: Api, house: House) -> None:
    path = await found(api)
    id_ = path.rpartition("/")[2]
    flows = {"default_organization": {"organization_id": id_, "flows": ["client_credentials"]}}
    client = await api.post("/clients", {"name": "C", "initiate_login_uri": "https://c.test/login", **flows})
    role = await api.post("/roles", {"name": "R", "type": "organization", "owner_id": id_}, 200)
    user = await add_user(house)
    await api.post(f"{path}/members", {"members": [user]}, 204)
    await api.post(f"{path}/members/{user}/roles", {"roles": [role["id"]]}, 204)
    invited = {"inviter": {"name": "I"}, "invitee": {"email": "x@x.test"}, "client_id": client["client_id"]}
    await api.post(f"{path}/invitations", invited)
    assert len(await api.get(f"/users/{user}/organizations")) == 1
    await api.delete(path)
    assert "default_organization" not in await api.get(f"/clients/{client['client_id']}")
    assert (await api.refused("GET", f"/roles/{role['id']}"))[0] == 404
    assert await api.get(f"/users/{user}/organizations") == []
    assert await house.ports.organizations.of_user(A, user) == frozenset()
    assert (await house.ports.organizations.invitations(A, id_, offset=0, limit=9))[1] == 0


async def test_every_write_is_logged(api: Api, house: House) -> None:
    path = await found(api)
    await api.post(f"{path}/discovery-domains", {"domain": "acme.example"})
    user = await add_user(house)
    await api.post(f"{path}/members", {"members": [user]}, 204)
    descriptions = [event.description for event in await house.log()]
    assert descriptions[:3] == [
        "Add members to an organization",
        "Add a discovery domain to an organization",
        "Create an organization",
    ]
