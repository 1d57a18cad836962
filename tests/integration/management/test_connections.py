"""Where identities live: ``/connections`` and the clients that use them."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.management.new_tenant import DEFAULT_CONNECTION
from doorward.model.document import Kind

from .conftest import A, Api, B, House
from .people import add_user

pytestmark = pytest.mark.anyio


async def test_a_database_begins_with_auth0s_defaults(api: Api) -> None:
    made = await api.post("/connections", {"name": "Staff", "strategy": "auth0"})
    assert made["id"].startswith("con_")
    assert made["realms"] == ["Staff"]
    assert made["enabled_clients"] == []
    assert made["is_domain_connection"] is False
    assert made["authentication"] == {"active": True}
    assert made["options"]["passwordPolicy"] == "good"
    assert made["options"]["authentication_methods"]["password"] == {
        "enabled": True,
        "api_behavior": "required",
        "signup_behavior": "allow",
    }
    assert await api.get(f"/connections/{made['id']}") == made
    (first,) = await api.get("/connections", name=DEFAULT_CONNECTION)
    own = ("id", "name", "realms")
    assert {n: v for n, v in first.items() if n not in own} == {n: v for n, v in made.items() if n not in own}


async def test_options_are_replaced_as_a_whole_but_secrets_left_out_stay(api: Api, house: House) -> None:
    options = {"client_id": "x", "client_secret": "canary-s", "domain": "a.okta.test", "scope": "openid"}
    made = await api.post("/connections", {"name": "okta", "strategy": "okta", "options": options})
    assert made["options"]["token_endpoint"] == "https://a.okta.test/oauth2/v1/token"
    path = f"/connections/{made['id']}"
    changed = await api.patch(path, {"options": {"client_id": "y"}})
    assert changed["options"]["client_secret"] == "canary-s"
    assert changed["options"]["client_id"] == "y"
    assert "domain" not in changed["options"]
    document = house.ports.directory.tenant(A).documents[Kind.CONNECTION][made["id"]]
    assert "canary" not in str(document.body)
    untouched = await api.patch(path, {"display_name": "Okta"})
    assert untouched["options"] == changed["options"]
    reader = await house.api(scopes=["read:connections"])
    assert "canary" not in str(await reader.get(path))
    assert "canary" not in str(await house.log())


async def test_the_metadata_of_a_provider_names_endpoints_and_what_it_leaves_out_has_the_standards_defaults(
    api: Api,
) -> None:
    metadata = {
        "issuer": "https://idp.test",
        "token_endpoint": "https://idp.test/t",
        "request_parameter_supported": True,
    }
    options = {"client_id": "x", "issuer": "https://other.test", "token_endpoint": None, "oidc_metadata": metadata}
    made = (await api.post("/connections", {"name": "idp", "strategy": "oidc", "options": options}))["options"]
    assert (made["issuer"], made["token_endpoint"]) == ("https://other.test", "https://idp.test/t")
    assert made["oidc_metadata"] == {
        **metadata,
        "claims_parameter_supported": False,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": False,
    }


async def test_name_and_strategy_never_change_and_a_name_is_taken_once(api: Api) -> None:
    made = await api.post("/connections", {"name": "Staff", "strategy": "auth0"})
    for change in ({"name": "x"}, {"strategy": "oidc"}):
        assert await api.refused("PATCH", f"/connections/{made['id']}", change) == (400, "invalid_body")
    assert (await api.refused("POST", "/connections", {"name": "Staff", "strategy": "oidc"}))[0] == 409


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"options": {"attributes": {"email": {}}, "validation": {"username": {"min": 1, "max": 2}}}},
            "Cannot set both options.attributes and options.validation",
        ),
        (
            {"options": {"authentication_methods": {"password": {"enabled": False}, "passkey": {"enabled": True}}}},
            "Cannot disable password without enabling email_otp or phone_otp",
        ),
        (
            {"options": {"attributes": {"email": {}}, "requires_username": True}},
            "Cannot set both options.attributes and options.requires_username",
        ),
        (
            {"options": {"attributes": {"phone_number": {"profile_required": True, "signup": {"status": "inactive"}}}}},
            "attribute phone_number must also be required on signup",
        ),
        (
            {"cross_app_access_requesting_app": {"active": True}},
            "Cross App Access Requesting App is not supported for this connection.",
        ),
        ({"name": "-x"}, None),
        ({"strategy": "telepathy"}, None),
    ],
)
async def test_contradictions_are_refused_in_auth0s_words(api: Api, body: Any, message: str | None) -> None:
    response = await api.call("POST", "/connections", {"name": "x", "strategy": "auth0", **body})
    assert response.status_code == 400
    assert message is None or response.json()["message"] == message


async def test_clients_are_enabled_and_disabled(api: Api) -> None:
    first, second = [(await api.post("/clients", {"name": name}))["client_id"] for name in ("1", "2")]
    made = await api.post("/connections", {"name": "c", "strategy": "auth0", "enabled_clients": [first]})
    path = f"/connections/{made['id']}/clients"
    await api.patch(path, [{"client_id": second, "status": True}], 204)
    assert await api.get(path) == {"clients": [{"client_id": first}, {"client_id": second}]}
    page = await api.get(path, take=1)
    assert (await api.get(path, take=1, **{"from": page["next"]}))["clients"] == [{"client_id": second}]
    await api.patch(path, [{"client_id": first, "status": False}, {"client_id": second, "status": True}], 204)
    assert (await api.get(f"/connections/{made['id']}"))["enabled_clients"] == [second]
    of_second = await api.get(f"/clients/{second}/connections")
    assert [connection["id"] for connection in of_second["connections"]] == [made["id"]]
    assert "enabled_clients" not in of_second["connections"][0]
    assert (await api.get(f"/clients/{first}/connections"))["connections"] == []
    assert (await api.refused("PATCH", path, [{"client_id": "nobody", "status": True}]))[0] == 404
    assert await api.refused("PATCH", path, {"client_id": second}) == (400, "invalid_body")
    await api.delete(f"/clients/{second}")
    assert (await api.get(f"/connections/{made['id']}"))["enabled_clients"] == []


async def test_deleting_a_connection_removes_its_users(api: Api, house: House) -> None:
    user = await add_user(house)
    (database,) = await api.get("/connections", name=DEFAULT_CONNECTION)
    gone = await api.delete(f"/connections/{database['id']}", status=202)
    assert gone == {"deleted_at": "2023-11-14T22:13:20.000Z"}
    assert await house.ports.users.find(A, user) is None
    await api.delete(f"/connections/{database['id']}", status=204)
    assert await api.refused("GET", f"/connections/{database['id']}") == (404, "inexistent_connection")


async def test_a_user_of_a_connection_is_deleted_by_address(api: Api, house: House) -> None:
    user = await add_user(house, email="gone@example.test")
    (database,) = await api.get("/connections", name=DEFAULT_CONNECTION)
    await api.delete(f"/connections/{database['id']}/users?email=Gone@example.test")
    assert await house.ports.users.find(A, user) is None


async def test_lists_filter_by_name_and_strategy(api: Api) -> None:
    for name, strategy in (("g", "google-oauth2"), ("o", "oidc"), ("s", "samlp")):
        await api.post("/connections", {"name": name, "strategy": strategy, "options": {}})
    found = await api.get("/connections", strategy=["oidc", "samlp"], fields="name")
    assert [connection["name"] for connection in found] == ["o", "s"]
    totals = await api.get("/connections", name="g", include_totals=True)
    assert (totals["total"], totals["connections"][0]["strategy"]) == (1, "google-oauth2")


async def test_a_connection_of_another_tenant_does_not_exist(api: Api, house: House) -> None:
    other = await house.api(B)
    theirs = await other.post("/connections", {"name": "x", "strategy": "auth0"})
    path = f"/connections/{theirs['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"options": {}}),
        ("GET", f"{path}/clients", None),
        ("PATCH", f"{path}/clients", [{"client_id": "x", "status": True}]),
        ("DELETE", f"{path}/users", None),
    ):
        assert (await api.refused(method, where, body))[0] == 404
    await api.delete(path)
    assert (await other.get(path))["name"] == "x"


async def test_the_keys_of_a_connection_are_made_rotated_and_go_with_it(api: Api, house: House) -> None:
    made = await api.post("/connections", {"name": "okta", "strategy": "okta", "options": {"client_id": "x"}})
    path = f"/connections/{made['id']}/keys"
    assert await api.get(path) == []
    assert await api.refused("POST", path, {"signing_alg": "ES256"}) == (400, "operation_not_supported")
    following, current = await api.post(path, {"signing_alg": "PS256"})
    assert (following["next"], current["current"], current["algorithm"]) == (True, True, "PS256")
    assert current["cert"].startswith("-----BEGIN CERTIFICATE-----")
    assert (await api.refused("POST", path, {}))[0] == 409
    rotated = await api.post(f"{path}/rotate", None)
    keys = await api.get(path)
    assert [key["kid"] for key in keys] == [rotated["kid"], following["kid"], current["kid"]]
    states = [[name for name in ("next", "current", "previous") if key[name]] for key in keys]
    assert states == [["next"], ["current"], ["previous"]]
    assert {key["algorithm"] for key in keys} == {"PS256"}
    secrets = house.ports.directory.tenant(A).documents["connection_keys"][made["id"]].secrets
    assert set(secrets) == {rotated["kid"], following["kid"]}, "the previous one signs no more"
    assert "PRIVATE" not in repr(keys)
    await api.delete(f"/connections/{made['id']}", status=202)
    assert not house.ports.directory.tenant(A).documents["connection_keys"]
    assert (await api.refused("GET", path))[1] == "inexistent_connection"
    database = await api.post("/connections", {"name": "people", "strategy": "auth0"})
    assert await api.refused("POST", f"/connections/{database['id']}/keys", {}) == (400, "operation_not_supported")
