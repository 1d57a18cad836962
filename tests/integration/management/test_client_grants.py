"""Who may ask for what: ``/client-grants``."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from .conftest import A, Api, B, House

pytestmark = pytest.mark.anyio
AUDIENCE = "https://api.test/"


@pytest.fixture
async def client_id(api: Api) -> str:
    scopes = [{"value": "read:a"}, {"value": "write:a"}]
    await api.post("/resource-servers", {"identifier": AUDIENCE, "scopes": scopes})
    made: str = (await api.post("/clients", {"name": "C"}))["client_id"]
    return made


async def make(api: Api, client_id: str, **more: Any) -> Any:
    body = {"client_id": client_id, "audience": AUDIENCE, "scope": ["read:a"], **more}
    return await api.post("/client-grants", body)


async def test_a_grant_is_made_changed_and_removed_and_decides_what_a_token_may_do(
    api: Api, house: House, client_id: str
) -> None:
    secret = (await api.get(f"/clients/{client_id}"))["client_secret"]
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "audience": AUDIENCE}

    async def scope() -> str | None:
        async with house.http(A) as http:
            answer: dict[str, str] = (await http.post("/oauth/token", data=form)).json()
        return answer.get("scope", answer.get("error"))

    assert await scope() == "access_denied"
    made = await make(api, client_id)
    assert made == {
        "id": made["id"],
        "client_id": client_id,
        "audience": AUDIENCE,
        "scope": ["read:a"],
        "subject_type": "client",
    }
    assert made["id"].startswith("cgr_")
    assert await scope() == "read:a"
    changed = await api.patch(f"/client-grants/{made['id']}", {"scope": ["read:a", "write:a"]})
    assert changed["scope"] == ["read:a", "write:a"]
    assert await scope() == "read:a write:a"
    assert await api.get(f"/client-grants/{made['id']}") == changed
    await api.delete(f"/client-grants/{made['id']}")
    await api.delete(f"/client-grants/{made['id']}")
    assert await scope() == "access_denied"
    assert await api.refused("GET", f"/client-grants/{made['id']}") == (404, "inexistent_client_grant")


async def test_one_grant_per_client_api_and_subject(api: Api, client_id: str) -> None:
    await make(api, client_id)
    await make(api, client_id, subject_type="user")
    again = {"client_id": client_id, "audience": AUDIENCE, "scope": []}
    assert (await api.refused("POST", "/client-grants", again))[0] == 409


async def test_a_default_for_third_parties_has_no_client(api: Api, client_id: str) -> None:
    body = {"audience": AUDIENCE, "scope": ["read:a"], "default_for": "third_party_clients"}
    made = await api.post("/client-grants", body)
    assert made["default_for"] == "third_party_clients"
    assert "client_id" not in made
    both = {**body, "client_id": client_id}
    assert await api.refused("POST", "/client-grants", both) == (400, "invalid_body")
    assert await api.refused("POST", "/client-grants", {"audience": AUDIENCE}) == (400, "invalid_body")
    assert await api.get("/client-grants", default_for="third_party_clients") == [made]


async def test_client_and_api_have_to_exist_but_a_scope_may_come_later(api: Api, client_id: str) -> None:
    grant = {"client_id": client_id, "audience": AUDIENCE, "scope": ["read:a"]}
    for change, refusal in (
        ({"client_id": "nobody"}, (404, "inexistent_client")),
        ({"audience": "https://none"}, (404, "inexistent_resource_server")),
        ({"scope": ["read:a", "read:a"]}, (400, "invalid_body")),
    ):
        assert await api.refused("POST", "/client-grants", {**grant, **change}) == refusal
    made = await make(api, client_id, scope=["fly:a"])
    assert made["scope"] == ["fly:a"]
    assert (await api.patch(f"/client-grants/{made['id']}", {"scope": ["swim:a"]}))["scope"] == ["swim:a"]


async def test_lists_filter_and_page(api: Api, client_id: str) -> None:
    made = [await make(api, client_id), await make(api, client_id, subject_type="user")]
    assert await api.get("/client-grants", client_id=client_id) == made
    assert await api.get("/client-grants", client_id=client_id, subject_type="user") == made[1:]
    first = await api.get("/client-grants", client_id=client_id, take=1)
    rest = await api.get("/client-grants", client_id=client_id, take=1, **{"from": first["next"]})
    assert first["client_grants"] + rest["client_grants"] == made
    assert "next" not in rest


async def test_a_grant_of_another_tenant_does_not_exist(api: Api, house: House, client_id: str) -> None:
    theirs = (await (await house.api(B)).get("/client-grants"))[0]
    path = f"/client-grants/{theirs['id']}"
    assert await api.refused("GET", path) == (404, "inexistent_client_grant")
    assert await api.refused("PATCH", path, {"scope": []}) == (404, "inexistent_client_grant")
    await api.delete(path)
    assert theirs in await (await house.api(B)).get("/client-grants")
    stranger = (await (await house.api(B)).post("/clients", {"name": "B"}))["client_id"]
    body = {"client_id": stranger, "audience": AUDIENCE}
    assert await api.refused("POST", "/client-grants", body) == (404, "inexistent_client")


@pytest.mark.parametrize("gone", ["client", "api"])
async def test_a_grant_made_while_its_client_or_api_is_deleted_does_not_outlive_it(api: Api, gone: str) -> None:
    for turn in range(5):
        audience = f"https://{turn}.test/"
        await api.post("/resource-servers", {"identifier": audience})
        client_id = (await api.post("/clients", {"name": "C"}))["client_id"]
        path = f"/clients/{client_id}" if gone == "client" else f"/resource-servers/{quote(audience, safe='')}"
        body = {"client_id": client_id, "audience": audience}
        both = [api.call("POST", "/client-grants", body), api.delete(path)]
        await asyncio.gather(*(both if turn % 2 else reversed(both)))
        assert await api.get("/client-grants", audience=audience) == []
