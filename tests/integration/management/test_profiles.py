"""Profiles of connections, attributes, self-service and token exchange."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Api

pytestmark = pytest.mark.anyio
EMAIL = {"description": "Address", "label": "Email", "profile_required": True, "auth0_mapping": "email"}
NAMES = ("user-attribute-profiles", "connection-profiles", "token-exchange-profiles", "self-service-profiles")


async def body(api: Api, collection: str, name: str) -> dict[str, Any]:
    trigger = {"id": "custom-token-exchange", "version": "v1"}
    actions = (await api.get("/actions/actions", actionName="Judge"))["actions"]
    if collection == "token-exchange-profiles" and not actions:
        actions = [await api.post("/actions/actions", {"name": "Judge", "supported_triggers": [trigger]})]
    action_id = actions[0]["id"] if actions else ""
    more: dict[str, dict[str, Any]] = {
        "user-attribute-profiles": {"user_attributes": {"email": EMAIL}},
        "connection-profiles": {},
        "token-exchange-profiles": {
            "subject_token_type": f"urn:acme:{name}",
            "action_id": action_id,
            "type": "custom_authentication",
        },
        "self-service-profiles": {},
    }
    return {"name": name, **more[collection]}


@pytest.mark.parametrize(
    ("collection", "prefix", "missing"),
    [
        ("user-attribute-profiles", "uap_", "User attribute profile not found."),
        ("connection-profiles", "cop_", "Connection profile not found."),
        ("token-exchange-profiles", "tep_", "Token exchange profile not found."),
        ("self-service-profiles", "ssp_", "Profile with ID: {id} not found"),
    ],
)
async def test_a_profile_lives_from_post_to_delete(api: Api, collection: str, prefix: str, missing: str) -> None:
    given = await body(api, collection, "First")
    made = await api.post(f"/{collection}", given)
    assert made["id"].startswith(prefix)
    assert made.items() >= given.items()
    path = f"/{collection}/{made['id']}"
    assert await api.get(path) == made
    assert (await api.patch(path, {"name": "Renamed"}))["name"] == "Renamed" == (await api.get(path))["name"]
    for _ in range(2):
        await api.delete(path)
    for method, given_ in (("GET", None), ("PATCH", {"name": "Again"})):
        response = await api.call(method, path, given_)
        assert response.json() == {
            "statusCode": 404,
            "error": "Not Found",
            "message": missing.replace("{id}", made["id"]),
        }
    assert await api.refused("POST", f"/{collection}", {}) == (400, "invalid_body")


@pytest.mark.parametrize("collection", NAMES[:3])
async def test_profiles_are_unique_and_paged_through(api: Api, collection: str) -> None:
    made = [await api.post(f"/{collection}", await body(api, collection, f"Profile{n}")) for n in range(7)]
    assert (await api.refused("POST", f"/{collection}", await body(api, collection, "Profile0")))[0] == 409
    key = collection.replace("-", "_")
    first = await api.get(f"/{collection}", take=5)
    second = await api.get(f"/{collection}", take=5, from_=first["next"])
    assert [entry["id"] for entry in first[key] + second[key]] == [entry["id"] for entry in made]
    assert "next" not in second


async def test_connection_profiles_come_five_at_a_time(api: Api) -> None:
    for number in range(6):
        await api.post("/connection-profiles", {"name": f"P{number}"})
    listed = await api.get("/connection-profiles")
    assert (len(listed["connection_profiles"]), "next" in listed) == (5, True)
    assert await api.refused("GET", "/connection-profiles", take=11) == (400, "invalid_query_string")


async def test_a_user_id_is_mapped_by_default(api: Api) -> None:
    made = await api.post("/user-attribute-profiles", await body(api, "user-attribute-profiles", "A"))
    assert (made["user_id"]["oidc_mapping"], made["user_id"]["scim_mapping"]) == ("sub", "externalId")
    path = f"/user-attribute-profiles/{made['id']}"
    changed = await api.patch(path, {"user_id": {"scim_mapping": "userName"}})
    assert changed["user_id"] == {**made["user_id"], "scim_mapping": "userName"}
    assert (await api.patch(path, {"user_id": None}))["user_id"] == made["user_id"]
    overridden = {"email": {**EMAIL, "strategy_overrides": {"okta": {"scim_mapping": "email"}}}}
    assert (await api.patch(path, {"user_attributes": overridden}))["user_attributes"] == overridden
    for wrong in ({}, {"email": {}}, {"email": {**EMAIL, "strategy_overrides": {"github": {}}}}):
        assert await api.refused("PATCH", path, {"user_attributes": wrong}) == (400, "invalid_body")


@pytest.mark.parametrize("collection", NAMES[:2])
async def test_a_template_makes_a_profile(api: Api, collection: str) -> None:
    key = f"{collection[:-1].replace('-', '_')}_templates"
    (template,) = (await api.get(f"/{collection}/templates"))[key]
    assert await api.get(f"/{collection}/templates/{template['id']}") == template
    made = await api.post(f"/{collection}", template["template"])
    assert made == {**template["template"], "id": made["id"]}
    assert (await api.refused("GET", f"/{collection}/templates/none"))[0] == 404


async def test_connection_names_begin_as_a_profile_says(api: Api) -> None:
    for template in ("{org_id}", "a-b", ""):
        await api.post("/connection-profiles", {"name": f"P{template}", "connection_name_prefix_template": template})
    for template in ("-a", "a--b", "{user}", "a" * 16):
        wrong = {"name": "P", "connection_name_prefix_template": template}
        assert await api.refused("POST", "/connection-profiles", wrong) == (400, "invalid_body")


async def test_token_types_of_others_are_reserved(api: Api) -> None:
    for type_ in ("urn:ietf:params:x", "https://auth0.com/token", "no-uri", "urn:a b c d e"):
        wrong = {**(await body(api, "token-exchange-profiles", "One")), "subject_token_type": type_}
        assert await api.refused("POST", "/token-exchange-profiles", wrong) == (400, "invalid_body"), type_
    unknown = {**(await body(api, "token-exchange-profiles", "One")), "action_id": "nobody"}
    assert await api.refused("POST", "/token-exchange-profiles", unknown) == (400, "invalid_body")
    one = await api.post("/token-exchange-profiles", await body(api, "token-exchange-profiles", "One"))
    await api.post("/token-exchange-profiles", await body(api, "token-exchange-profiles", "Two"))
    path = f"/token-exchange-profiles/{one['id']}"
    assert (await api.refused("PATCH", path, {"subject_token_type": "urn:acme:Two"}))[0] == 409
    assert await api.refused("PATCH", path, {}) == (400, "invalid_body")
    assert await api.refused("PATCH", path, {"action_id": "a2"}) == (400, "invalid_body")


async def test_a_self_service_profile_lists_attributes_or_names_a_profile_of_them(api: Api) -> None:
    attributes = await api.post("/user-attribute-profiles", await body(api, "user-attribute-profiles", "A"))
    attribute = {"name": "email", "description": "Address", "is_optional": False}
    made = await api.post("/self-service-profiles", {"name": "S", "user_attributes": [attribute]})
    path = f"/self-service-profiles/{made['id']}"
    reference = {"user_attribute_profile_id": attributes["id"]}
    assert await api.refused("PATCH", path, reference) == (400, "invalid_body")
    emptied = await api.patch(path, {"user_attributes": None})
    assert emptied["user_attributes"] == []
    assert await api.patch(path, reference) == {**emptied, **reference}
    assert await api.patch(path, {"user_attribute_profile_id": None}) == emptied
    unknown = {"user_attribute_profile_id": f"uap_{'1' * 22}"}
    assert await api.refused("PATCH", path, unknown) == (400, "invalid_body")
    assert (await api.get("/self-service-profiles", include_totals=True))["total"] == 1


async def test_a_user_attribute_profile_that_goes_is_named_no_more(api: Api) -> None:
    attributes = await api.post("/user-attribute-profiles", await body(api, "user-attribute-profiles", "A"))
    other = await api.post("/user-attribute-profiles", await body(api, "user-attribute-profiles", "B"))
    named = {"user_attribute_profile_id": attributes["id"]}
    made = await api.post("/self-service-profiles", {"name": "S", **named})
    kept = await api.post("/self-service-profiles", {"name": "K", "user_attribute_profile_id": other["id"]})
    await api.delete(f"/user-attribute-profiles/{attributes['id']}")
    assert "user_attribute_profile_id" not in await api.get(f"/self-service-profiles/{made['id']}")
    assert (await api.get(f"/self-service-profiles/{kept['id']}"))["user_attribute_profile_id"] == other["id"]


async def test_a_tenant_has_twenty_self_service_profiles(api: Api) -> None:
    for number in range(20):
        await api.post("/self-service-profiles", {"name": f"S{number}"})
    response = await api.call("POST", "/self-service-profiles", {"name": "One more"})
    assert (response.status_code, response.json()["message"]) == (
        409,
        "No more profiles can be created for this tenant.",
    )


async def test_the_texts_of_a_self_service_profile_go_with_it(api: Api) -> None:
    made = await api.post("/self-service-profiles", {"name": "S"})
    path = f"/self-service-profiles/{made['id']}/custom-text/en/get-started"
    assert await api.get(path) == {}
    texts = {"introduction": "Welcome"}
    assert (await api.call("PUT", path, texts)).json() == texts == await api.get(path)
    assert await api.refused("GET", path.replace("/en/", "/de/")) == (400, "invalid_uri")
    await api.delete(f"/self-service-profiles/{made['id']}")
    for method in ("GET", "PUT"):
        response = await api.call(method, path, {} if method == "PUT" else None)
        assert response.json()["message"] == f"Profile with ID: {made['id']} not found"
