"""New accounts, by page and by ``/dbconnections/signup``."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.integration.door import Door


async def test_a_new_person_signs_up_and_is_signed_in(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa, screen_hint="signup")
    assert tab.path == "/u/signup"
    await tab.submit(email="Grace@Example.test", password="weak")
    assert tab.form.errors["error-element-password"] == "password-too-weak"
    await tab.submit(email="Grace@Example.test", password="Correct-Horse-9")
    answer = (await door.redeem(spa, tab.answer["code"])).json()
    assert "id_token" in answer
    assert [event.user_name for event in await door.log("ss")] == ["grace@example.test"]
    again = await door.browser().authorize(spa)
    await again.login("grace@example.test", "Correct-Horse-9")
    assert "code" in again.answer


async def test_identifier_first_signup_takes_two_pages(door: Door) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    assert tab.path == "/u/signup/identifier"
    for refused in ("not an address", "gr\u0430ce@example.test"):  # the second with a Cyrillic a
        await tab.submit(email=refused)
        assert tab.form.errors == {"error-element-email": "invalid-email-format"}
    await tab.submit(email="grace@example.test")
    assert tab.path == "/u/signup/password"
    await tab.submit(password="Correct-Horse-9")
    assert "code" in tab.answer


async def test_a_taken_address_is_an_error_on_the_page(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await tab.submit(email="ada@example.test", password="Correct-Horse-9")
    assert tab.form.errors == {"error-element-email": "email-in-use"}


async def sign_up(door: Door, **body: Any) -> httpx2.Response:
    body = {
        "client_id": door.client("Spa").client_id, "connection": "people", "email": "grace@example.test",
        "password": "Correct-Horse-9", **body,
    }  # fmt: skip
    async with door.http() as http:
        return await http.post("/dbconnections/signup", json={k: v for k, v in body.items() if v is not ...})


async def test_the_api_answers_with_an_id_without_prefix(door: Door) -> None:
    answer = await sign_up(door, user_metadata={"plan": "free"}, given_name="Grace")
    assert answer.status_code == 200
    body = answer.json()
    assert len(body.pop("_id")) == 24
    assert body == {
        "email": "grace@example.test", "email_verified": False, "given_name": "Grace",
        "user_metadata": {"plan": "free"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"email": "ada@example.test"}, 400, "invalid_signup"),
        ({"email": "nonsense"}, 400, "invalid_signup"),
        ({"password": "weak"}, 400, "invalid_password"),
        ({"password": ...}, 400, "invalid_request"),
        ({"connection": "nowhere"}, 400, "invalid_connection"),
        ({"client_id": "nobody"}, 403, "unauthorized_client"),
        ({"email": 7}, 400, "invalid_request"),
        ({"user_metadata": {"a": 1}}, 400, "invalid_signup"),
    ],
)
async def test_the_api_refuses_in_its_own_dialect(door: Door, body: dict[str, Any], status: int, code: str) -> None:
    answer = await sign_up(door, **body)
    assert (answer.status_code, answer.json()["code"], answer.json()["statusCode"]) == (status, code, status)


async def test_a_weak_password_comes_with_the_checklist(door: Door) -> None:
    body = (await sign_up(door, password="abc")).json()
    assert (body["name"], body["message"]) == ("PasswordStrengthError", "Password is too weak")
    assert [rule["code"] for rule in body["description"]["rules"]] == ["lengthAtLeast", "containsAtLeast"]
    assert body["policy"].startswith("* At least 8 characters in length\n* Contain at least 3 of the following 4 types")


async def test_a_tenant_may_say_that_a_user_exists(door: Door) -> None:
    await door.tenant({"tenant": {"flags": {"enable_public_signup_user_exists_error": True}}})
    assert (await sign_up(door, email="ada@example.test")).json()["code"] == "user_exists"


async def test_a_connection_without_signup_refuses_and_shows_no_link(door: Door) -> None:
    await door.tenant({"databases": [{"name": "people", "options": {"disable_signup": True}}]})
    assert (await sign_up(door)).status_code == 400
    tab = await door.browser().authorize(door.client("Spa"))
    assert not [link for link in tab.form.links if "signup" in link]
