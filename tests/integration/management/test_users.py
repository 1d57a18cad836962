"""People as the Management API sees them: ``/users``, ``/users-by-email``."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.management.new_tenant import DEFAULT_CONNECTION

from .conftest import A, Api, B, House, ok
from .people import add_user

pytestmark = pytest.mark.anyio
PASSWORD = "Correct-Horse-9"


def body(**more: Any) -> dict[str, Any]:
    return {"connection": DEFAULT_CONNECTION, "email": "ada@example.test", "password": PASSWORD, **more}


def path(user: dict[str, Any]) -> str:
    return f"/users/{user['user_id'].replace('|', '%7C')}"


async def options(house: House, tenant: str = A, **more: Any) -> None:
    """Change the options of the first connection."""
    api = await house.api(tenant)
    connection = (await api.get("/connections"))[0]
    await api.patch(f"/connections/{connection['id']}", {"options": {**connection["options"], **more}})


# ── create ──


async def test_a_user_is_made_with_auth0s_defaults(api: Api) -> None:
    made = await api.post("/users", body(email="Ada.Lovelace@Example.test", verify_email=False))
    local = made["user_id"].removeprefix("auth0|")
    assert len(local) == 24
    assert made == {
        "user_id": f"auth0|{local}",
        "email": "ada.lovelace@example.test",
        "email_verified": False,
        "name": "ada.lovelace@example.test",
        "nickname": "ada.lovelace",
        "picture": made["picture"],
        "identities": [
            {"connection": DEFAULT_CONNECTION, "user_id": local, "provider": "auth0", "isSocial": False},
        ],
        "blocked": False,
        "created_at": "2023-11-14T22:13:20.000Z",
        "updated_at": "2023-11-14T22:13:20.000Z",
    }
    assert made["picture"].startswith("https://s.gravatar.com/avatar/")
    assert made["picture"].endswith("avatars%2Fad.png")
    assert await api.get(path(made)) == made


async def test_what_is_given_is_kept(api: Api) -> None:
    given = body(
        user_id="chosen",
        username="ada",
        given_name="Ada",
        family_name="Lovelace",
        name="Ada Lovelace",
        nickname="al",
        picture="https://example.test/ada.png",
        phone_number="+15550100",
        email_verified=True,
        phone_verified=True,
        blocked=True,
        user_metadata={"likes": {"engines": [1, 2]}, "nothing": None},
        app_metadata={"plan": "gold"},
    )
    made = await api.post("/users", given)
    for name in given.keys() - {"user_id", "password", "connection", "user_metadata"}:
        assert made[name] == given[name], name
    assert made["user_id"] == "auth0|chosen"
    assert made["identities"][0]["user_id"] == "chosen"
    assert made["user_metadata"] == {"likes": {"engines": [1, 2]}}


@pytest.mark.parametrize(
    "second",
    [
        {"email": "ADA@example.test"},
        {"username": "Ada", "email": "other@example.test"},
        {"user_id": "chosen", "email": "other@example.test"},
    ],
)
async def test_who_exists_already_is_a_409(api: Api, second: dict[str, Any]) -> None:
    await api.post("/users", body(username="ada", user_id="chosen"))
    response = await api.call("POST", "/users", body(**second))
    assert response.json() == {
        "statusCode": 409,
        "error": "Conflict",
        "message": "The user already exists.",
        "errorCode": "auth0_idp_error",
    }
    assert len(await api.get("/users")) == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"connection": None}, "invalid_body"),
        ({"connection": "nowhere"}, "inexistent_connection"),
        ({"email": None}, "invalid_body"),
        ({"email": "no address"}, "invalid_body"),
        ({"password": None}, "invalid_body"),
        ({"user_id": "ada@clients"}, "invalid_body"),
        ({"password": "short"}, "auth0_idp_error"),
        ({"password": "longbutlowercase"}, "auth0_idp_error"),
        ({"username": "way-too-long-a-username"}, "invalid_body"),
        ({"username": "a space"}, "invalid_body"),
        ({"phone_number": "0555"}, "invalid_body"),
        ({"user_id": "a b"}, "invalid_body"),
        ({"picture": "javascript:alert(1)"}, "invalid_body"),
        ({"app_metadata": {"user_id": "x"}}, "invalid_body"),
        ({"user_metadata": []}, "invalid_body"),
        ({"logins_count": 7}, "invalid_body"),
        ({"identities": []}, "invalid_body"),
        ({"roles": ["rol_1"]}, "invalid_body"),
    ],
)
async def test_what_cannot_be_a_user_is_refused_and_nothing_is_made(api: Api, given: dict[str, Any], code: str) -> None:
    wanted = {name: value for name, value in body(**given).items() if value is not None}
    assert await api.refused("POST", "/users", wanted) == (400, code)
    assert await api.get("/users") == []


async def test_the_connection_says_what_its_users_need(api: Api, house: House) -> None:
    await options(house, requires_username=True, validation={"username": {"min": 3, "max": 30}})
    assert await api.refused("POST", "/users", body()) == (400, "invalid_body")
    assert await api.refused("POST", "/users", body(username="ab")) == (400, "invalid_body")
    await api.post("/users", body(username="a-rather-long-user-name"))


async def test_flexible_identifiers_need_no_address(api: Api, house: House) -> None:
    attributes = {
        "username": {"identifier": {"active": True}, "profile_required": True, "signup": {"status": "required"}}
    }
    made = await api.post("/connections", {"name": "flexible", "strategy": "auth0", "options": {}})
    await api.patch(f"/connections/{made['id']}", {"options": {"attributes": attributes, "passwordPolicy": "none"}})
    given = {"connection": "flexible", "password": "x"}
    assert await api.refused("POST", "/users", given) == (400, "invalid_body")
    user = await api.post("/users", {**given, "username": "grace"})
    assert (user["name"], user["nickname"], "email" in user, "picture" in user) == ("grace", "grace", False, False)


async def test_the_password_is_never_answered_nor_logged(api: Api, house: House) -> None:
    made = await api.post("/users", body())
    answers = [made, await api.get(path(made)), await api.patch(path(made), {"password": PASSWORD + "x"})]
    assert PASSWORD not in str(answers)
    assert PASSWORD not in str(await house.log())
    assert {event.description for event in await house.log()} == {"Create a User", "Update a User"}


# ── read ──


async def test_a_user_that_does_not_exist_is_a_404(api: Api, house: House) -> None:
    elsewhere = await add_user(house, B)
    for missing in ("auth0|nobody", elsewhere):
        response = await api.call("GET", f"/users/{missing}")
        assert response.json() == {
            "statusCode": 404,
            "error": "Not Found",
            "message": "The user does not exist.",
            "errorCode": "inexistent_user",
        }
        assert await api.refused("PATCH", f"/users/{missing}", {"name": "x"}) == (404, "inexistent_user")
        await api.delete(f"/users/{missing}")
    assert len(await (await house.api(B)).get("/users")) == 1


async def test_fields_are_chosen(api: Api) -> None:
    made = await api.post("/users", body())
    assert await api.get(path(made), fields="email,name") == {"email": made["email"], "name": made["name"]}
    rest = await api.get(path(made), fields="email,name", include_fields=False)
    assert rest.keys() == made.keys() - {"email", "name"}
    assert (await api.get("/users", fields="user_id"))[0] == {"user_id": made["user_id"]}


async def test_pages_are_exact_and_stable(api: Api, house: House) -> None:
    users = [await add_user(house) for _ in range(5)]
    found: list[str] = []
    for page in range(3):
        answer = await api.get("/users", page=page, per_page=2, include_totals=True)
        assert (answer["start"], answer["limit"], answer["total"]) == (page * 2, 2, 5)
        assert answer["length"] == len(answer["users"])
        found += [user["user_id"] for user in answer["users"]]
    assert found == users
    assert (await api.get("/users", per_page=0, include_totals=True))["total"] == 5
    assert [user["user_id"] for user in await api.get("/users")] == users


async def test_only_the_first_thousand_can_be_paged(api: Api) -> None:
    assert await api.get("/users", page=9, per_page=100) == []
    assert await api.get("/users", page=0, per_page=100) == []
    assert await api.refused("GET", "/users", page=10, per_page=100) == (400, "invalid_query_string")
    assert await api.refused("GET", "/users", per_page=101) == (400, "invalid_query_string")


async def test_an_address_is_found_in_any_case_over_all_connections(api: Api) -> None:
    await api.post("/connections", {"name": "second", "strategy": "auth0"})
    one = await api.post("/users", body())
    two = await api.post("/users", body(connection="second", password=PASSWORD + "-long-enough"))
    await api.post("/users", body(email="ada@example.testing"))
    assert await api.get("/users-by-email", email="Ada@Example.test") == [one, two]
    assert await api.get("/users-by-email", email="ada@example.test", fields="user_id") == [
        {"user_id": one["user_id"]},
        {"user_id": two["user_id"]},
    ]
    assert await api.get("/users-by-email", email="a") == []
    assert await api.refused("GET", "/users-by-email") == (400, "invalid_query_string")


async def test_tokens_of_identity_providers_need_their_own_scope(house: House) -> None:
    identity = {"connection": "google", "provider": "google-oauth2", "user_id": "1", "access_token": "secret"}
    await add_user(house, identities=(identity,))
    for scopes, seen in ((["read:users"], False), (["read:user_idp_tokens"], True)):
        api = await house.api(scopes=scopes)
        assert ("access_token" in (await api.get("/users"))[0]["identities"][0]) is seen


# ── update ──


async def test_root_attributes_are_replaced_or_removed(api: Api, house: House) -> None:
    made = await api.post("/users", body(given_name="Ada", family_name="L"))
    house.clock.time += 60
    changed = await api.patch(path(made), {"given_name": "Augusta", "family_name": None, "blocked": True})
    assert (changed["given_name"], "family_name" in changed, changed["blocked"]) == ("Augusta", False, True)
    assert (changed["created_at"], changed["updated_at"]) == (made["created_at"], "2023-11-14T22:14:20.000Z")
    assert await api.get(path(made)) == changed


async def test_metadata_cannot_grow_without_an_end(api: Api) -> None:
    made = await api.post("/users", body())
    for name in ("user_metadata", "app_metadata"):
        await api.patch(path(made), {name: {"a": "x" * 600_000}})
        assert await api.refused("PATCH", path(made), {name: {"b": "x" * 600_000}}) == (400, "invalid_body")
        await api.patch(path(made), {name: {"a": None, "b": "x" * 600_000}})


async def test_metadata_is_merged_at_its_first_level(api: Api) -> None:
    made = await api.post("/users", body(user_metadata={"a": {"x": 1}, "b": 2}, app_metadata={"plan": "gold"}))
    changed = await api.patch(path(made), {"user_metadata": {"a": {"y": 2}, "b": None, "c": [3]}})
    assert changed["user_metadata"] == {"a": {"y": 2}, "c": [3]}
    assert changed["app_metadata"] == {"plan": "gold"}
    cleared = await api.patch(path(made), {"user_metadata": {}})
    assert "user_metadata" not in cleared
    assert cleared["app_metadata"] == {"plan": "gold"}
    assert await api.refused("PATCH", path(made), {"app_metadata": {"email": "x"}}) == (400, "invalid_body")


async def test_a_new_address_is_unverified_and_taken_once(api: Api) -> None:
    await api.post("/users", body(email="grace@example.test"))
    made = await api.post("/users", body(email_verified=True))
    changed = await api.patch(path(made), {"email": "Countess@Example.test", "connection": DEFAULT_CONNECTION})
    assert (changed["email"], changed["email_verified"]) == ("countess@example.test", False)
    assert (await api.patch(path(made), {"email_verified": True}))["email_verified"] is True
    assert await api.refused("PATCH", path(made), {"email": "GRACE@example.test"}) == (400, "auth0_idp_error")
    await api.post("/users", body())  # the address that was given up is free
    kept = await api.patch(path(made), {"email": "countess@example.test"})
    assert kept["email_verified"] is True, "the same address stays verified"


async def test_a_username_is_changed_without_naming_the_connection(api: Api) -> None:
    made = await api.post("/users", body(username="ada"))
    assert (await api.patch(path(made), {"username": "countess"}))["username"] == "countess"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"email": "b@example.test", "password": PASSWORD + "2"}, "invalid_body"),
        ({"username": "b", "phone_number": "+15550100"}, "invalid_body"),
        ({"email": "b@example.test", "connection": "another"}, "invalid_body"),
        ({"password": "short"}, "auth0_idp_error"),
        ({"email": None}, "invalid_body"),
        ({"password": None}, "invalid_body"),
        ({"username": "not ok"}, "invalid_body"),
        ({"user_id": "auth0|other"}, "invalid_body"),
        ({"identities": []}, "invalid_body"),
        ({"last_login": "2023-01-01"}, "invalid_body"),
        ({"blocked": "yes"}, "invalid_body"),
    ],
)
async def test_a_change_that_is_not_allowed_changes_nothing(api: Api, given: dict[str, Any], code: str) -> None:
    made = await api.post("/users", body())
    assert await api.refused("PATCH", path(made), given) == (400, code)
    assert await api.get(path(made)) == made


async def test_a_new_password_says_when(api: Api, house: House) -> None:
    made = await api.post("/users", body())
    house.clock.time += 5
    changed = await api.patch(path(made), {"password": "I don't need one", "app_metadata": {"foo": "bar"}})
    assert changed["last_password_reset"] == "2023-11-14T22:13:25.000Z"
    assert changed["app_metadata"] == {"foo": "bar"}


async def test_the_scope_for_app_metadata_changes_nothing_else(house: House, api: Api) -> None:
    made = await api.post("/users", body())
    narrow = await house.api(scopes=["update:users_app_metadata"])
    assert (await narrow.patch(path(made), {"app_metadata": {"plan": "gold"}}))["app_metadata"] == {"plan": "gold"}
    for given in ({"name": "x"}, {"password": PASSWORD}, {"app_metadata": {}, "blocked": True}):
        assert await narrow.refused("PATCH", path(made), given) == (403, "insufficient_scope")


async def test_each_operation_needs_its_scope(house: House, api: Api) -> None:
    made = await api.post("/users", body())
    nobody = await house.api(scopes=["read:clients"])
    for method, where, given in (
        ("GET", "/users", None), ("POST", "/users", body()), ("GET", path(made), None),
        ("PATCH", path(made), {"name": "x"}), ("DELETE", path(made), None), ("GET", "/users-by-email", None),
    ):  # fmt: skip
        assert await nobody.refused(method, where, given) == (403, "insufficient_scope")
    response = await nobody.call("POST", "/users", body())
    assert response.json()["message"] == "Insufficient scope, expected any of: create:users"


# ── delete ──


async def test_a_deleted_user_is_gone_and_may_be_made_again(api: Api, house: House) -> None:
    made = await api.post("/users", body(user_id="chosen"))
    for _ in range(2):
        await api.delete(path(made))
    assert await api.refused("GET", path(made)) == (404, "inexistent_user")
    assert len([event for event in await house.log() if event.description == "Delete a User"]) == 1
    again = await api.post("/users", body(user_id="chosen"))
    assert again["user_id"] == made["user_id"]


async def test_a_form_may_be_sent_too(api: Api) -> None:
    form = {"connection": DEFAULT_CONNECTION, "email": "f@example.test", "password": PASSWORD, "user_metadata[a]": "b"}
    headers = {"authorization": f"Bearer {api.token}"}
    made = ok(await api.http.post("/api/v2/users", data={**form, "blocked": "true"}, headers=headers), 201)
    assert (made["user_metadata"], made["blocked"]) == ({"a": "b"}, True)


async def test_a_page_of_users_is_bounded_by_what_it_holds(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorward.backends.storage.users.LARGEST_PAGE", 1000)
    for number in range(3):
        large = {"email": f"{number}@example.test", "user_metadata": {"text": "x" * 400}}
        await api.post(
            "/users", {"connection": "Username-Password-Authentication", "password": "Analytical-9", **large}
        )
    assert await api.refused("GET", "/users") == (400, "invalid_query_string")
    assert len(await api.get("/users", per_page=2)) == 2
