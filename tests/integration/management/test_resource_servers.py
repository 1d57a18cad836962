"""APIs: ``/resource-servers``."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from doorward.model.role import Permission

from .conftest import A, Api, B, House
from .people import add_user

pytestmark = pytest.mark.anyio
AUDIENCE = "https://api.test/"
SCOPES = [{"value": "read:a", "description": "Read"}, {"value": "write:a", "description": "Write"}]


async def make(api: Api, **more: Any) -> Any:
    return await api.post("/resource-servers", {"name": "API", "identifier": AUDIENCE, "scopes": SCOPES, **more})


async def test_an_api_begins_with_auth0s_defaults(api: Api) -> None:
    made = await api.post("/resource-servers", {"identifier": AUDIENCE})
    assert len(made["id"]) == 24
    assert made == {
        "id": made["id"],
        "identifier": AUDIENCE,
        "name": AUDIENCE,
        "is_system": False,
        "signing_alg": "RS256",
        "token_lifetime": 86400,
        "token_lifetime_for_web": 7200,
        "allow_offline_access": False,
        "skip_consent_for_verifiable_first_party_clients": False,
        "subject_type_authorization": {"user": {"policy": "allow_all"}, "client": {"policy": "require_client_grant"}},
    }


async def test_it_is_found_by_id_and_by_identifier_however_often_encoded(api: Api) -> None:
    made = await make(api)
    for name in (made["id"], quote(AUDIENCE, safe=""), quote(quote(AUDIENCE, safe=""), safe="")):
        assert await api.get(f"/resource-servers/{name}") == made
    changed = await api.patch(f"/resource-servers/{quote(AUDIENCE, safe='')}", {"token_lifetime": 60})
    assert changed["token_lifetime"] == 60


async def test_the_identifier_is_unique_and_never_changes(api: Api) -> None:
    made = await make(api)
    assert (await api.refused("POST", "/resource-servers", {"identifier": AUDIENCE}))[0] == 409
    assert await api.refused("PATCH", f"/resource-servers/{made['id']}", {"identifier": "https://b"}) == (
        400,
        "invalid_body",
    )


async def test_a_symmetric_api_gets_a_secret(api: Api) -> None:
    made = await make(api, signing_alg="HS256")
    assert len(made["signing_secret"]) >= 32
    given = await api.patch(f"/resource-servers/{made['id']}", {"signing_secret": "0123456789abcdef"})
    assert given["signing_secret"] == "0123456789abcdef"
    assert "signing_secret" not in await api.patch(f"/resource-servers/{made['id']}", {"signing_alg": "RS256"})


async def test_only_lifetimes_of_the_system_api_change(api: Api) -> None:
    (system,) = [a for a in await api.get("/resource-servers") if a["is_system"]]
    path = f"/resource-servers/{system['id']}"
    assert system["name"] == "Auth0 Management API"
    assert len(system["scopes"]) == 273
    assert (await api.patch(path, {"token_lifetime": 3600, "name": system["name"]}))["token_lifetime"] == 3600
    assert await api.refused("PATCH", path, {"name": "Mine"}) == (400, "operation_not_supported")
    assert await api.refused("DELETE", path) == (400, "operation_not_supported")


async def test_lists_filter_by_identifier(api: Api) -> None:
    await make(api)
    await api.post("/resource-servers", {"identifier": "https://other.test"})
    found = await api.get("/resource-servers", identifiers=[AUDIENCE, "https://no"], include_totals=True)
    assert [a["identifier"] for a in found["resource_servers"]] == [AUDIENCE]
    assert found["total"] == 1


async def test_what_goes_is_taken_from_roles_people_and_clients(api: Api, house: House) -> None:
    made = await make(api)
    role = await api.post("/roles", {"name": "R"}, 200)
    both = [{"resource_server_identifier": AUDIENCE, "permission_name": p["value"]} for p in SCOPES]
    await api.post(f"/roles/{role['id']}/permissions", {"permissions": both})
    user = await add_user(house, permissions=(Permission(AUDIENCE, "read:a"), Permission(AUDIENCE, "write:a")))
    client = await api.post("/clients", {"name": "C"})
    await api.post("/client-grants", {"client_id": client["client_id"], "audience": AUDIENCE, "scope": ["read:a"]})
    path = f"/resource-servers/{made['id']}"

    await api.patch(path, {"scopes": SCOPES[:1]})
    held = await api.get(f"/roles/{role['id']}/permissions")
    assert [permission["permission_name"] for permission in held] == ["read:a"]
    known = await house.ports.users.find(A, user)
    assert known is not None
    assert known.permissions == (Permission(AUDIENCE, "read:a"),)

    await api.delete(path)
    await api.delete(path)
    assert await api.get(f"/roles/{role['id']}/permissions") == []
    known = await house.ports.users.find(A, user)
    assert known is not None
    assert known.permissions == ()
    assert await api.get("/client-grants", audience=AUDIENCE) == []
    assert await api.refused("GET", path) == (404, "inexistent_resource_server")


@pytest.mark.parametrize(
    "body",
    [
        {"scopes": [{"value": "a"}, {"value": "a"}]},
        {"token_lifetime": -1},
        {"token_lifetime": 2592001},
        {"signing_alg": "none"},
        {"signing_secret": "short"},
        {
            "token_encryption": {
                "format": "compact-nested-jwe",
                "encryption_key": {"alg": "RSA-OAEP-256", "pem": "not a key"},
            }
        },
    ],
)
async def test_what_could_not_work_is_refused(api: Api, body: Any) -> None:
    assert await api.refused("POST", "/resource-servers", {"identifier": AUDIENCE, **body}) == (400, "invalid_body")


async def test_an_api_of_another_tenant_does_not_exist(api: Api, house: House) -> None:
    theirs = await make(await house.api(B))
    for name in (theirs["id"], quote(AUDIENCE, safe="")):
        assert await api.refused("GET", f"/resource-servers/{name}") == (404, "inexistent_resource_server")
        assert (await api.refused("PATCH", f"/resource-servers/{name}", {"name": "x"}))[0] == 404
        await api.delete(f"/resource-servers/{name}")
    await (await house.api(B)).get(f"/resource-servers/{theirs['id']}")


async def test_the_identifier_of_a_system_api_makes_it_ready(api: Api) -> None:
    mine = await api.post("/resource-servers", {"identifier": f"https://{A}/me/", "name": "Me"})
    assert mine["name"] == "Me"
    assert {"value": "read:me:factors", "description": "Read Me Factors"} in mine["scopes"]
    assert len(mine["scopes"]) == 10
    organization = await api.post("/resource-servers", {"identifier": f"https://{A}/my-org/"})
    assert len(organization["scopes"]) == 30
    express = await api.post("/resource-servers", {"identifier": "urn:auth0:express-configure"})
    assert express["token_lifetime"] == 300
    for made in (mine, organization, express):
        await api.delete(f"/resource-servers/{made['id']}")


async def test_the_my_account_api_is_for_people_and_keeps_its_scopes(api: Api) -> None:
    identifier = f"https://{A}/me/"
    mine = await api.post("/resource-servers", {"identifier": identifier, "authorization_policy": {"policy_id": "x"}})
    policies = {"user": {"policy": "require_client_grant"}, "client": {"policy": "deny_all"}}
    assert mine["subject_type_authorization"] == policies
    assert (mine["name"], mine["allow_offline_access"]) == ("Auth0 My Account API", True)
    assert mine["authorization_policy"] == {"policy_id": "x"}
    item = f"/resource-servers/{mine['id']}"
    for refused in (
        {"scopes": [{"value": "read:other"}]},
        {"signing_alg": "HS256"},
        {"subject_type_authorization": {"client": {"policy": "require_client_grant"}}},
    ):
        assert await api.refused("PATCH", item, refused) == (400, "invalid_body")
        await api.delete(item)
        assert await api.refused("POST", "/resource-servers", {"identifier": identifier, **refused}) == (
            400, "invalid_body",
        )  # fmt: skip
        mine = await api.post("/resource-servers", {"identifier": identifier})
        item = f"/resource-servers/{mine['id']}"
    open_ = {"subject_type_authorization": {"user": {"policy": "allow_all"}}, "scopes": mine["scopes"][:1]}
    changed = await api.patch(item, open_)
    assert changed["subject_type_authorization"] == {**policies, "user": {"policy": "allow_all"}}
    assert changed["scopes"] == mine["scopes"]
