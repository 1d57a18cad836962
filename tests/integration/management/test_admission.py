"""Who is let in: tokens, domains, scopes, and what is not there."""

from __future__ import annotations

import re

import pytest

from doorward.management.ledger import operations
from doorward.management.new_tenant import new_document
from doorward.management.registry import RESOURCES, shape_of
from doorward.model.document import Kind

from .conftest import A, Api, B, House

pytestmark = pytest.mark.anyio
BUILT = {(o.method, shape_of(o.path)) for shape in RESOURCES for o in shape.operations()}
CUSTOM = "login.custom.test"


def filled(path: str) -> str:
    return shape_of(path).replace("{}", "x")


async def test_without_a_token_nothing_is_answered(house: House) -> None:
    api = Api(house.http(A), "")
    for method, path, _ in operations():
        assert await api.refused(method, filled(path)) == (401, None), f"{method} {path}"


async def test_a_token_in_query_or_body_is_not_looked_at(house: House, api: Api) -> None:
    bare = Api(house.http(A), "")
    assert (await bare.refused("GET", "/clients", access_token=api.token))[0] == 401
    assert (await bare.refused("POST", "/clients", {"name": "x", "access_token": api.token}))[0] == 401


async def test_another_tenants_token_is_refused_on_every_operation(house: House) -> None:
    stranger = Api(house.http(A), await house.token(B))
    for method, path, _ in operations():
        assert (await stranger.refused(method, filled(path)))[0] == 401, f"{method} {path}"


async def test_a_token_works_only_on_the_domain_it_was_issued_on(house: House, api: Api) -> None:
    body = {"custom_domain_id": "cd_x", "domain": CUSTOM, "status": "ready", "primary": True}
    await house.ports.directory.change(A, [new_document(Kind.CUSTOM_DOMAIN, "cd_x", body, unique_key=CUSTOM)])
    custom = Api(house.http(CUSTOM), await house.token(A, host=CUSTOM))
    await custom.get("/clients")
    assert await Api(house.http(A), custom.token).refused("GET", "/clients") == (401, None)
    assert await Api(house.http(CUSTOM), api.token).refused("GET", "/clients") == (401, None)


async def test_an_expired_token_and_a_broken_one_are_refused(house: House, api: Api) -> None:
    assert await Api(house.http(A), "x.y.z").refused("GET", "/clients") == (401, None)
    house.clock.time += 86401
    response = await api.call("GET", "/clients")
    assert response.json()["message"] == "Expired token received for JSON Web Token validation"


async def test_a_token_for_another_api_is_refused(house: House) -> None:
    api = {"id": "1" * 24, "identifier": "https://other.test", "scopes": []}
    client = {"client_id": "c1", "name": "c", "token_endpoint_auth_method": "client_secret_post"}
    grant = {"id": "cgr_1", "client_id": "c1", "audience": "https://other.test", "scope": [], "subject_type": "client"}
    await house.ports.directory.change(
        A,
        [
            new_document(Kind.RESOURCE_SERVER, "1" * 24, api, unique_key="https://other.test"),
            new_document(Kind.CLIENT, "c1", client, client_secret="s" * 40),
            new_document(Kind.CLIENT_GRANT, "cgr_1", grant, unique_key="c1"),
        ],
    )
    form = {"grant_type": "client_credentials", "client_id": "c1", "client_secret": "s" * 40}
    async with house.http(A) as http:
        token = (await http.post("/oauth/token", data={**form, "audience": "https://other.test"})).json()
    response = await Api(house.http(A), token["access_token"]).call("GET", "/clients")
    assert (response.status_code, response.json()["message"]) == (401, "Bad audience: https://a.test/api/v2/")


async def test_every_operation_is_refused_without_its_scope(house: House) -> None:
    nobody = await house.api(scopes=["read:nothing_at_all"])
    for method, path, scopes in operations():
        response = await nobody.call(method, filled(path))
        assert response.status_code == 403, f"{method} {path}"
        error = response.json()
        assert error["errorCode"] == "insufficient_scope"
        assert re.fullmatch(f"Insufficient scope, expected (any|all) of: {','.join(scopes)}.*", error["message"])


async def test_what_is_not_built_is_refused_even_with_every_scope(api: Api) -> None:
    for method, path, _ in operations():
        if (method, shape_of(path)) not in BUILT:
            assert await api.refused(method, filled(path)) == (403, "insufficient_scope"), f"{method} {path}"


async def test_unknown_paths_and_methods_are_not_found(api: Api) -> None:
    for method, path in (("GET", "/toasters"), ("PUT", "/clients"), ("GET", "/"), ("GET", "/clients/a/b/c/d/e")):
        assert await api.refused(method, path) == (404, None)


async def test_the_order_of_checks_is_scope_then_query_then_body_then_existence(house: House) -> None:
    reader = await house.api(scopes=["read:clients"])
    assert (await reader.refused("PATCH", "/clients/unknown", {"name": 1}))[0] == 403
    api = await house.api()
    assert await api.refused("PATCH", "/clients/unknown", {"name": 1}) == (400, "invalid_body")
    assert await api.refused("PATCH", "/clients/unknown", {"name": "ok"}) == (404, "inexistent_client")
    assert await api.refused("GET", "/clients/unknown", include_fields="maybe") == (400, "invalid_query_string")


async def test_a_form_body_is_read_like_json(house: House, api: Api) -> None:
    response = await api.http.post(
        "/api/v2/clients",
        data={
            "name": "Form",
            "is_first_party": "false",
            "callbacks[]": ["https://a.test/1", "https://a.test/2"],
            "jwt_configuration[lifetime_in_seconds]": "60",
        },
        headers={"authorization": f"Bearer {api.token}"},
    )
    made = response.json()
    assert response.status_code == 201, made
    assert made["is_first_party"] is False
    assert made["callbacks"] == ["https://a.test/1", "https://a.test/2"]
    assert made["jwt_configuration"]["lifetime_in_seconds"] == 60
