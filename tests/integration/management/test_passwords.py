"""Passwords an administrator sets: held to the same policy, remembered, and never shown."""

from __future__ import annotations

import io
from typing import Any

import pytest

from doorward.management.new_tenant import DEFAULT_CONNECTION
from doorward.model.digest import digest
from doorward.model.identifiers import attempt_key
from doorward.model.message import Message

from .conftest import START, A, Api, House

pytestmark = pytest.mark.anyio
ADA = {"connection": DEFAULT_CONNECTION, "email": "ada@example.test", "password": "Analytical-9"}


async def configure(api: Api, **options: Any) -> None:
    (connection,) = await api.get("/connections", name=DEFAULT_CONNECTION)
    await api.patch(f"/connections/{connection['id']}", {"options": {**connection["options"], **options}})


async def mails(house: House) -> list[Message]:
    taken = await house.server.storage.outbox.take(Message, until=START + 1e6, limit=100)
    return [one.message for one in taken if one.message is not None]


POLICIES = [
    ({"passwordPolicy": "excellent"}, "Short-9", "PasswordStrengthError: Password is too weak"),
    ({"password_dictionary": {"enable": True}}, "Password1", "PasswordDictionaryError: Password is too common"),
    (
        {"password_no_personal_info": {"enable": True}},
        "Ada@2024-ada",
        "PasswordNoUserInfoError: Password contains user information",
    ),
    (
        {"password_options": {"complexity": {"sequential_characters": "block"}}},
        "Horse-1234-Gate",
        "PasswordStrengthError: Password is too weak",
    ),
]


@pytest.mark.parametrize(("options", "password", "message"), POLICIES)
async def test_e2_an_administrator_is_held_to_the_policy(
    api: Api, options: dict[str, Any], password: str, message: str
) -> None:
    user = await api.post("/users", ADA)
    await configure(api, **options)
    for method, path, body in (
        ("POST", "/users", {**ADA, "email": "ada@other.test", "password": password}),
        ("PATCH", f"/users/{user['user_id']}", {"password": password, "connection": DEFAULT_CONNECTION}),
    ):
        refused = (await api.call(method, path, body)).json()
        assert (refused["statusCode"], refused["errorCode"], refused["message"]) == (400, "auth0_idp_error", message)


async def test_e2_the_last_passwords_are_refused_and_counted_with_the_present_one(api: Api, house: House) -> None:
    await configure(api, password_history={"enable": True, "size": 2})
    path = f"/users/{(await api.post('/users', ADA))['user_id']}"

    async def set_to(password: str) -> str:
        house.clock.time += 10
        answer = await api.call("PATCH", path, {"password": password})
        return "set" if answer.status_code == 200 else str(answer.json()["message"])

    used = "PasswordHistoryError: Password has previously been used"
    passwords = ("Analytical-9", "Second-Pass-9", "Analytical-9", "Third-Pass-9", "Analytical-9", "Second-Pass-9")
    assert [await set_to(password) for password in passwords] == [used, "set", used, "set", "set", "set"]


async def test_e2_no_hash_of_a_former_password_leaves_the_server(api: Api, house: House) -> None:
    await configure(api, password_history={"enable": True, "size": 5})
    user = await api.post("/users", ADA)
    await api.patch(f"/users/{user['user_id']}", {"password": "Second-Pass-9"})
    former = (await house.ports.users.passwords(A, "auth0", user["identities"][0]["user_id"]))[1].hash
    assert former.startswith("$argon2id$")
    shown = await api.call("GET", f"/users/{user['user_id']}")
    assert former not in shown.text
    assert shown.json()["last_password_reset"]
    assert all(former not in str(event) for event in await house.log())
    snapshot = io.BytesIO()
    await house.ports.snapshots.take(A, snapshot)
    assert former.encode() not in snapshot.getvalue()


async def test_e2_e4_whoever_had_an_account_learns_of_another_password_and_another_address(
    api: Api, house: House
) -> None:
    user = await api.post("/users", {**ADA, "email_verified": True})
    path = f"/users/{user['user_id']}"
    await api.patch(path, {"password": "Second-Pass-9"})
    await api.patch(path, {"email": "Ada@Example.test"})
    await api.patch(path, {"email": "eve@example.test"})
    await api.patch(path, {"email": "nobody@example.test"})
    told = [("password_reset", "ada@example.test"), ("email_changed", "ada@example.test")]
    assert [(one.template, one.to) for one in await mails(house)] == told, "nobody showed that eve's is theirs"


async def test_another_password_opens_what_was_locked_and_voids_what_was_sent(api: Api, house: House) -> None:
    user = await api.post("/users", ADA)
    key = attempt_key(DEFAULT_CONNECTION, ADA["email"], "192.0.2.1")
    await house.ports.attempts.fail(A, key, at=START, window=60)
    link = (await api.post("/tickets/password-change", {"user_id": user["user_id"]}))["ticket"]
    changes, directory = house.server.services.people.password_change, house.ports.directory.tenant(A)
    value = link.partition("?ticket=")[2].rstrip("#")
    assert (await changes.look(directory, digest(value))).user.email == ADA["email"]
    await api.patch(f"/users/{user['user_id']}", {"password": "Second-Pass-9"})
    assert await house.ports.attempts.count(A, key) == 0
    with pytest.raises(Exception, match="unknown"):
        await changes.look(directory, digest(value))


@pytest.mark.parametrize(
    ("more", "sent"),
    [
        ({}, 1),
        ({"verify_email": True}, 1),
        ({"verify_email": False}, 0),
        ({"email_verified": True}, 0),
        ({"email_verified": True, "verify_email": True}, 1),
    ],
)
async def test_a_new_user_is_sent_a_link_that_verifies_the_address(
    api: Api, house: House, more: dict[str, Any], sent: int
) -> None:
    await api.post("/users", {**ADA, **more})
    assert [(one.template, one.to) for one in await mails(house)] == [("verify_email", ADA["email"])] * sent


async def test_another_address_is_verified_when_asked_for(api: Api, house: House) -> None:
    user = await api.post("/users", {**ADA, "verify_email": False})
    path = f"/users/{user['user_id']}"
    await api.patch(path, {"email": "countess@example.test"})
    assert await mails(house) == []
    await api.patch(path, {"email": "ada@example.test", "verify_email": True})
    (message,) = await mails(house)
    assert (message.template, message.to) == ("verify_email", "ada@example.test")


async def test_an_administrator_may_set_what_leaked(api: Api) -> None:
    detection = {"enabled": True, "shields": ["block"], "stage": {"pre-change-password": {"shields": ["block"]}}}
    await api.patch("/attack-protection/breached-password-detection", detection)
    user = await api.post("/users", {**ADA, "password": "AUTH0-TEST-Horse-9"})
    await api.patch(f"/users/{user['user_id']}", {"password": "AUTH0-TEST-Horse-8"})
