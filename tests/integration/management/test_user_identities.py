"""Linking accounts over the Management API: who is left, what is refused, what goes with the connection."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.management.new_tenant import DEFAULT_CONNECTION

from .conftest import Api, House

pytestmark = pytest.mark.anyio
PASSWORD = "Correct-Horse-9"


@pytest.fixture
async def guests(api: Api) -> dict[str, Any]:
    """A second database."""
    made: dict[str, Any] = await api.post("/connections", {"name": "guests", "strategy": "auth0"})
    return made


async def add(api: Api, name: str, connection: str = DEFAULT_CONNECTION, **more: Any) -> dict[str, Any]:
    body = {"connection": connection, "email": f"{name}@example.test", "password": PASSWORD, "name": name, **more}
    made: dict[str, Any] = await api.post("/users", body)
    return made


def local(user: dict[str, Any]) -> str:
    return str(user["user_id"]).removeprefix("auth0|")


def path(user: dict[str, Any]) -> str:
    return f"/users/{user['user_id']}/identities"


def of(user: dict[str, Any]) -> dict[str, Any]:
    return {"provider": "auth0", "user_id": local(user)}


async def test_the_answer_has_every_identity_with_its_profile(api: Api, guests: dict[str, Any]) -> None:
    ada, bea = await add(api, "ada"), await add(api, "bea", "guests", app_metadata={"plan": "gold"})
    linked = await api.post(path(ada), {**of(bea), "connection_id": guests["id"]})
    assert [(identity["connection"], identity["profileData"]["email"]) for identity in linked] == [
        (DEFAULT_CONNECTION, "ada@example.test"),
        ("guests", "bea@example.test"),
    ]
    assert linked[1].keys() == {"connection", "user_id", "provider", "isSocial", "profileData"}
    assert await api.refused("GET", f"/users/{bea['user_id']}") == (404, "inexistent_user")
    shown = await api.get(f"/users/{ada['user_id']}")
    assert [sorted(identity) for identity in shown["identities"]] == [
        ["connection", "isSocial", "provider", "user_id"],
        ["connection", "isSocial", "profileData", "provider", "user_id"],
    ]
    assert shown["email"] == "ada@example.test"
    assert "app_metadata" not in shown
    assert [user["user_id"] for user in await api.get("/users")] == [ada["user_id"]]


async def test_identities_of_the_linked_come_along_and_leave_alone(api: Api, guests: dict[str, Any]) -> None:
    ada, bea, cleo = await add(api, "ada"), await add(api, "bea", "guests"), await add(api, "cleo")
    await api.post(path(bea), of(cleo))
    linked = await api.post(path(ada), of(bea))
    assert [identity["user_id"] for identity in linked] == [local(ada), local(bea), local(cleo)]
    left = await api.delete(f"{path(ada)}/auth0/{local(bea)}", status=200)
    assert [identity["user_id"] for identity in left] == [local(ada), local(cleo)]
    again = await api.get(f"/users/{bea['user_id']}")
    assert [identity["user_id"] for identity in again["identities"]] == [local(bea)]
    assert "profileData" not in again["identities"][0]
    assert (again["name"], again["email"]) == ("bea", "bea@example.test")


async def test_what_cannot_be_linked(api: Api, guests: dict[str, Any]) -> None:
    ada, bea, cleo = await add(api, "ada"), await add(api, "bea", "guests"), await add(api, "cleo")
    missing = "auth0%7Cnobody"
    assert await api.refused("POST", f"/users/{missing}/identities", of(bea)) == (404, "inexistent_user")
    assert await api.refused("POST", path(ada), {"provider": "auth0", "user_id": "x"}) == (404, "inexistent_user")
    assert await api.refused("POST", path(ada), {"provider": "oidc", "user_id": local(bea)}) == (404, "inexistent_user")
    assert await api.refused("POST", path(ada), of(ada)) == (400, "invalid_body")
    assert await api.refused("POST", path(ada), {}) == (400, "invalid_body")
    assert await api.refused("POST", path(ada), {"provider": "auth0"}) == (400, "invalid_body")
    assert await api.refused("POST", path(ada), {**of(bea), "user_id": True}) == (400, "invalid_body")
    elsewhere = {**of(cleo), "connection_id": guests["id"]}
    assert await api.refused("POST", path(ada), elsewhere) == (404, "inexistent_user")
    nowhere = {**of(cleo), "connection_id": "con_0000000000000000"}
    assert await api.refused("POST", path(ada), nowhere) == (400, "inexistent_connection")
    await api.post(path(ada), of(bea))
    for user in (ada, cleo):
        response = await api.call("POST", path(user), of(bea))
        assert (response.status_code, response.json()["message"]) == (409, "Specified identity already exists.")


async def test_what_cannot_be_unlinked(api: Api, guests: dict[str, Any]) -> None:
    ada, bea = await add(api, "ada"), await add(api, "bea", "guests")
    assert await api.refused("DELETE", f"{path(ada)}/auth0/{local(ada)}") == (400, "operation_not_supported")
    assert await api.refused("DELETE", f"{path(ada)}/auth0/{local(bea)}") == (400, "invalid_body")
    assert await api.refused("DELETE", f"/users/auth0%7Cx/identities/auth0/{local(ada)}") == (404, "inexistent_user")


async def test_who_is_linked_cannot_be_made_again(api: Api, guests: dict[str, Any]) -> None:
    ada, bea = await add(api, "ada"), await add(api, "bea", "guests", username="bea")
    await api.post(path(ada), of(bea))
    for taken in ({"user_id": local(bea)}, {"email": "bea@example.test"}, {"username": "Bea"}):
        body = {"connection": "guests", "email": "else@example.test", "password": PASSWORD, **taken}
        assert (await api.refused("POST", "/users", body))[0] == 409, taken
    await api.delete(f"/users/{ada['user_id']}")
    await add(api, "bea", "guests", username="bea", user_id=local(bea))


async def test_a_connection_takes_its_linked_identities_with_it(api: Api, guests: dict[str, Any]) -> None:
    ada, bea, cleo = await add(api, "ada"), await add(api, "bea", "guests"), await add(api, "cleo")
    await api.post(path(ada), of(bea))
    await api.post(path(ada), of(cleo))
    await api.delete(f"/connections/{guests['id']}", status=202)
    left = (await api.get(f"/users/{ada['user_id']}"))["identities"]
    assert [identity["user_id"] for identity in left] == [local(ada), local(cleo)]
    await api.post("/connections", {"name": "guests", "strategy": "auth0"})
    await add(api, "bea", "guests", user_id=local(bea))


async def test_what_a_person_links_is_logged(house: House, api: Api, guests: dict[str, Any]) -> None:
    ada, bea = await add(api, "ada"), await add(api, "bea", "guests")
    await api.post(path(ada), of(bea))
    await api.delete(f"{path(ada)}/auth0/{local(bea)}", status=200)
    assert [event.description for event in await house.log()][:2] == ["Unlink a User Identity", "Link a User Account"]
    await api.refused("POST", path(ada), {"link_with": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"})
    (event,) = await house.log(type_="fapi")
    assert event.details["request"]["body"] == {"link_with": "*****"}
