"""How people get into a connection without signing up: SCIM and directory provisioning."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .conftest import A, Api, House

pytestmark = pytest.mark.anyio
NOWHERE = "/connections/con_0000000000000000"
NOT_FOUND = {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
DATES = {"2023-11-14T22:13:20.000Z"}


async def connection(api: Api, strategy: str) -> str:
    made = await api.post("/connections", {"name": strategy, "strategy": strategy, "options": {"client_id": "x"}})
    return f"/connections/{made['id']}"


@pytest.mark.parametrize(
    ("strategy", "path", "mapping"),
    [
        ("okta", "scim-configuration", [{"auth0": "email", "scim": "emails"}]),
        ("google-apps", "directory-provisioning", [{"auth0": "email", "idp": "primaryEmail"}]),
    ],
)
async def test_a_connection_is_provisioned_from_post_to_delete(
    api: Api, strategy: str, path: str, mapping: list[dict[str, str]]
) -> None:
    missing = await api.call("GET", f"{NOWHERE}/{path}")
    assert (missing.status_code, missing.json()["errorCode"]) == (404, "inexistent_connection")
    assert (await api.refused("POST", f"{NOWHERE}/{path}", {}))[1] == "inexistent_connection"
    of = await connection(api, strategy)
    assert (await api.call("GET", f"{of}/{path}")).json() == NOT_FOUND
    defaults = (await api.get(f"{of}/{path}/default-mapping"))["mapping"]
    made = await api.post(f"{of}/{path}", {})
    about = {"connection_id": of.split("/")[2], "connection_name": strategy, "strategy": strategy}
    assert made.items() >= {**about, "mapping": defaults}.items()
    assert {made["created_at"], made.get("updated_at") or made["updated_on"]} == DATES
    assert (await api.refused("POST", f"{of}/{path}", {}))[0] == 409
    changed = {"mapping": mapping, **({"user_id_attribute": "userName"} if strategy == "okta" else {})}
    assert await api.patch(f"{of}/{path}", changed) == {**made, **changed} == await api.get(f"{of}/{path}")
    assert await api.refused("PATCH", f"{of}/{path}", {"mapping": "all"}) == (400, "invalid_body")
    await api.delete(f"{of}/{path}")
    assert (await api.call("GET", f"{of}/{path}")).json() == NOT_FOUND


async def test_provisioning_is_refused_where_the_strategy_has_none(api: Api) -> None:
    of = await connection(api, "github")
    for path in ("scim-configuration", "directory-provisioning"):
        assert await api.refused("POST", f"{of}/{path}", {}) == (400, "operation_not_supported")
        assert (await api.call("GET", f"{of}/{path}/default-mapping")).json() == NOT_FOUND


async def test_a_scim_token_is_shown_once_and_there_are_two_at_most(api: Api, house: House) -> None:
    path = f"{await connection(api, 'okta')}/scim-configuration"
    assert (await api.refused("POST", f"{path}/tokens", {}))[0] == 404
    await api.post(path, {})
    first = await api.post(f"{path}/tokens", {"scopes": ["get:users"], "token_lifetime": 3600})
    token = first.pop("token")
    assert first == {
        "token_id": first["token_id"],
        "scopes": ["get:users"],
        "created_at": "2023-11-14T22:13:20.000Z",
        "valid_until": "2023-11-14T23:13:20.000Z",
    }
    second = await api.post(f"{path}/tokens", {})
    assert await api.get(f"{path}/tokens") == [first, {n: v for n, v in second.items() if n != "token"}]
    assert (await api.refused("POST", f"{path}/tokens", {}))[0] == 409
    for wrong in ({"scopes": ["read:users"]}, {"scopes": []}, {"token_lifetime": 900}):
        assert await api.refused("POST", f"{path}/tokens", wrong) == (400, "invalid_body")
    documents = house.ports.directory.tenant(A).documents
    assert token not in repr(documents["scim_token"]), "a hash is kept"
    for _ in range(2):
        await api.delete(f"{path}/tokens/{first['token_id']}")
    assert len(await api.get(f"{path}/tokens")) == 1
    await api.delete(path)
    assert not house.ports.directory.tenant(A).documents["scim_token"], "tokens go with the configuration"


async def test_groups_are_selected_added_and_removed(api: Api) -> None:
    base = f"{await connection(api, 'google-apps')}/directory-provisioning"
    path = f"{base}/synchronized-groups"
    assert (await api.refused("PUT", path, {"groups": []}))[0] == 404
    await api.post(base, {"synchronize_groups": "selected"})
    one: dict[str, Any] = {"id": "one", "name": "One", "email": "one@a.test", "direct_members_count": 7}

    async def change(method: str, *groups: dict[str, Any]) -> list[dict[str, Any]]:
        response = await api.call(method, path, {"groups": list(groups)})
        assert (response.status_code, response.content) == (204, b"")
        return list((await api.get(path))["groups"])

    assert await change("PUT", one, {"id": "two"}) == [one, {"id": "two"}]
    assert await change("POST", {"id": "three"}, {"id": "one"}) == [{"id": "one"}, {"id": "two"}, {"id": "three"}]
    assert await change("DELETE", {"id": "two"}, {"id": "nine"}) == [{"id": "one"}, {"id": "three"}]
    first = await api.get(path, take=1)
    assert (await api.get(path, take=1, from_=first["next"]))["groups"] == [{"id": "three"}]
    assert await change("PUT") == []
    response = await api.call("POST", path, {"groups": [{"id": "one", "email": ""}]})
    assert response.json()["message"] == (
        "Payload validation error: 'Object didn't pass validation for format email: ' on property groups[0].email "
        "(Google Workspace Directory group email)."
    )
    assert "groups" not in await api.get(base)


async def test_what_is_provisioned_is_listed_and_goes_with_its_connection(api: Api, house: House) -> None:
    google, okta = await connection(api, "google-apps"), await connection(api, "okta")
    made = await api.post(f"{google}/directory-provisioning", {})
    await api.post(f"{okta}/scim-configuration", {})
    await api.post(f"{okta}/scim-configuration/tokens", {})
    assert await api.get("/connections-directory-provisionings", take=50) == {"directory_provisionings": [made]}
    for path in (google, okta):
        await api.delete(path, status=202)
    documents = house.ports.directory.tenant(A).documents
    assert not any(documents[kind] for kind in ("directory_provisioning", "scim_configuration", "scim_token"))
    assert await api.get("/connections-directory-provisionings") == {"directory_provisionings": []}


async def test_nothing_is_left_of_a_connection_that_goes_meanwhile(api: Api, house: House) -> None:
    for number in range(4):
        made = await api.post("/connections", {"name": f"okta{number}", "strategy": "okta", "options": {}})
        path = f"/connections/{made['id']}"
        await api.post(f"{path}/scim-configuration", {})
        await asyncio.gather(
            api.call("POST", f"{path}/scim-configuration/tokens", {}),
            api.delete(path, status=202),
            api.call("POST", f"{path}/keys", {}),
        )
    documents = house.ports.directory.tenant(A).documents
    assert not any(documents[kind] for kind in ("scim_configuration", "scim_token", "connection_keys"))


async def test_no_connector_is_online(api: Api) -> None:
    response = await api.call("GET", f"{await connection(api, 'ad')}/status")
    assert (response.status_code, response.json()["message"]) == (404, "The connection is offline")
    assert (await api.refused("GET", f"{NOWHERE}/status"))[1] == "inexistent_connection"
