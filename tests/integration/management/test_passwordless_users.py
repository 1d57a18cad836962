"""People without a password: connections of strategy ``email`` and ``sms``, and who is in them."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.model.message import Message

from .conftest import Api, House

pytestmark = pytest.mark.anyio
EMAIL: dict[str, Any] = {
    "name": "email",
    "strategy": "email",
    "options": {
        "name": "email",
        "email": {"syntax": "liquid", "from": "x@example.test", "subject": "{{ code }}", "body": "{{ code }}"},
        "totp": {"length": 6, "time_step": 300},
        "authParams": {"scope": "openid"},
        "brute_force_protection": True,
        "disable_signup": True,
    },
}
SMS: dict[str, Any] = {
    "name": "sms",
    "strategy": "sms",
    "options": {
        "name": "sms", "syntax": "md_with_macros", "template": "@@password@@", "from": "+15550001111",
        "provider": "sms_gateway", "gateway_url": "https://sms.test/", "twilio_token": "t" * 32,
    },
}  # fmt: skip


async def test_connections_keep_the_options_auth0_has(api: Api) -> None:
    for body in (EMAIL, SMS):
        made = await api.post("/connections", body)
        assert (made["strategy"], made["options"]) == (body["strategy"], body["options"])
        assert (await api.get(f"/connections/{made['id']}"))["options"] == body["options"]


async def test_a_user_of_an_email_connection_has_no_password(api: Api) -> None:
    await api.post("/connections", EMAIL)
    given = {"connection": "email", "email": "Ada@Example.test"}
    made = await api.post("/users", {**given, "email_verified": True})
    local = made["user_id"].removeprefix("email|")
    assert len(local) == 24
    assert made["identities"] == [{"connection": "email", "user_id": local, "provider": "email", "isSocial": False}]
    assert (made["email"], made["email_verified"], made["name"]) == ("ada@example.test", True, "ada@example.test")
    assert await api.refused("POST", "/users", given) == (409, "auth0_idp_error")
    path = f"/users/email%7C{local}"
    assert await api.refused("POST", "/users", {**given, "email": "b@example.test", "password": "Correct-Horse-9"}) == (
        400, "invalid_body",
    )  # fmt: skip
    assert await api.refused("PATCH", path, {"password": "Correct-Horse-9"}) == (400, "invalid_body")
    assert (await api.patch(path, {"user_metadata": {"a": 1}}))["user_metadata"] == {"a": 1}
    assert (await api.patch(path, {"email": "new@example.test"}))["email_verified"] is False
    assert [user["user_id"] for user in await api.get("/users", connection="email")] == [made["user_id"]]
    await api.delete(path)


async def test_a_user_of_an_sms_connection_has_a_phone_number(api: Api) -> None:
    await api.post("/connections", SMS)
    assert await api.refused("POST", "/users", {"connection": "sms", "email": "a@example.test"}) == (
        400, "invalid_body",
    )  # fmt: skip
    made = await api.post("/users", {"connection": "sms", "phone_number": "+15550002222", "phone_verified": True})
    assert made["user_id"].startswith("sms|")
    assert (made["phone_number"], made["phone_verified"]) == ("+15550002222", True)


async def test_nobody_is_sent_a_link_to_verify_an_address_that_a_code_verifies(house: House, api: Api) -> None:
    await api.post("/connections", EMAIL)
    await api.post("/users", {"connection": "email", "email": "a@example.test", "verify_email": True})
    assert not await house.server.storage.outbox.take(Message, until=house.clock.now() + 60, limit=10)


async def test_who_guessed_too_often_is_found_and_let_in_again(house: House, api: Api) -> None:
    connection = await api.post("/connections", EMAIL)
    made = await api.post("/users", {"connection": "email", "email": "a@example.test"})
    otp = "http://auth0.com/oauth/grant-type/passwordless/otp"
    client = await api.post("/clients", {"name": "App", "app_type": "native", "grant_types": [otp]})
    await api.patch(
        f"/connections/{connection['id']}/clients", [{"client_id": client["client_id"], "status": True}], status=204
    )
    guess = {
        "grant_type": otp, "client_id": client["client_id"], "client_secret": client.get("client_secret"),
        "realm": "email", "username": "a@example.test", "otp": "000000",
    }  # fmt: skip
    async with house.http("a.test") as http:
        answers = [await http.post("/oauth/token", json=guess) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [*[403] * 10, 429]
    blocks = await api.get(f"/user-blocks/{made['user_id'].replace('|', '%7C')}")
    assert [block["identifier"] for block in blocks["blocked_for"]] == ["a@example.test"]
    await api.delete(f"/user-blocks/{made['user_id'].replace('|', '%7C')}")
    async with house.http("a.test") as http:
        assert (await http.post("/oauth/token", json=guess)).status_code == 403
