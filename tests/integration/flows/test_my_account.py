"""The My Account API: what people do about themselves, in applications of their choice."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.authenticator import Authenticator
from tests.integration.door import DOMAIN, Door
from tests.integration.flows.test_managing_people import manager
from tests.integration.flows.test_mfa_api import has_number
from tests.integration.flows.test_second_factor import claims, code, has_app, types, user_id
from tests.integration.flows.test_sent_factors import code_sent, sent
from tests.integration.management.conftest import Api

from doorward.model.credential import RefreshToken
from doorward.model.digest import digest
from doorward.model.document import Delete, Kind

OWN = "https://app.test"
AUDIENCE = f"https://{DOMAIN}/me/"
VERBS = ("create", "read", "update", "delete")
SCOPES = [*(f"{verb}:me:authentication_methods" for verb in VERBS), "read:me:factors", "read:me:consents",
          "read:me:organizations", "read:me:connected_accounts", "create:me:connected_accounts"]  # fmt: skip
ON = ("otp", "sms", "email", "recovery-code", "webauthn-roaming", "webauthn-platform")
TENANT = {
    "resourceServers": [{"name": "Auth0 My Account API", "identifier": AUDIENCE}],
    "clients": [
        {"name": "Web", "web_origins": [OWN], "grant_types": ["password", "refresh_token", "authorization_code"]},
        {"name": "Other", "app_type": "regular_web", "grant_types": ["password"]},
    ],
    "clientGrants": [
        {"client_id": "Web", "audience": AUDIENCE, "scope": SCOPES, "subject_type": "user"},
        {"client_id": "Other", "audience": AUDIENCE, "scope": SCOPES, "subject_type": "user"},
    ],
    "databases": [
        {
            "name": "people", "strategy": "auth0", "enabled_clients": ["Spa", "Web", "Other"],
            "options": {"authentication_methods": {"passkey": {"enabled": True}}, "passwordPolicy": "good"},
        }
    ],
    "guardianFactors": [{"name": name, "enabled": True} for name in ON],
}  # fmt: skip
PASSWORD = "correct-horse-9"


class Me:
    """Ada, at an application."""

    def __init__(self, door: Door, token: str) -> None:
        self.door = door
        self.token = token

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        async with self.door.http() as http:
            return await http.request(
                method, f"/me/v1/{path}", json=body, headers={"authorization": f"Bearer {self.token}", **headers}
            )

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def begin(self, **body: Any) -> dict[str, Any]:
        answer = await self.ask("POST", "authentication-methods", body)
        assert answer.status_code == 202, answer.text
        begun: dict[str, Any] = answer.json()
        return {**begun, "location": answer.headers["location"]}

    async def confirm(self, begun: dict[str, Any], **proof: Any) -> httpx2.Response:
        path = begun["location"].removeprefix(f"https://{DOMAIN}/me/v1/")
        return await self.ask("POST", f"{path}/verify", {"auth_session": begun["auth_session"], **proof})

    async def confirmed(self, begun: dict[str, Any], **proof: Any) -> dict[str, Any]:
        answer = await self.confirm(begun, **proof)
        assert answer.status_code == 201, answer.text
        shown: dict[str, Any] = answer.json()
        path = answer.headers["location"].removeprefix(f"https://{DOMAIN}/me/v1/")
        assert path == f"authentication-methods/{quote(shown['id'], safe='')}"
        if shown["type"] != "password":
            assert await self.get(path) == shown
        return shown

    async def problem(self, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
        return problem(await self.ask(method, path, body))


def problem(answer: httpx2.Response) -> tuple[int, str, str]:
    """Status, title and detail of a refusal."""
    said = answer.json()
    assert set(said) <= {"type", "status", "title", "detail", "validation_errors"}, said
    assert said["status"] == answer.status_code
    assert said["type"].startswith(f"https://auth0.com/api-errors#A0E-{answer.status_code}-")
    return answer.status_code, said["title"], said["detail"]


async def token(door: Door, client: str = "Web", scope: str = " ".join(SCOPES), **more: str) -> httpx2.Response:
    known = door.client(client)
    return await door.token(
        grant_type="password", client_id=known.client_id, client_secret=known.client_secret or "",
        **{"username": "ada@example.test", "password": PASSWORD, "audience": AUDIENCE, "scope": scope, **more},
    )  # fmt: skip


async def at(door: Door, client: str = "Web", scope: str = " ".join(SCOPES), **more: str) -> Me:
    answer = await token(door, client, scope, **more)
    assert answer.status_code == 200, answer.text
    return Me(door, answer.json()["access_token"])


@pytest.fixture
async def me(door: Door) -> Me:
    await door.tenant(TENANT)
    return await at(door)


# ── who is let in ──


async def test_the_api_is_there_when_it_is_activated_and_for_who_was_granted_it(door: Door) -> None:
    unknown = await token(door)
    assert (unknown.status_code, unknown.json()["error"]) == (403, "access_denied")
    await door.tenant({"resourceServers": TENANT["resourceServers"]})
    ungranted = await token(door)
    assert (ungranted.status_code, ungranted.json()["error"]) == (403, "unauthorized_client")
    machine = door.client("Mgmt")
    refused = await door.token(
        grant_type="client_credentials", client_id=machine.client_id, client_secret=machine.client_secret or "",
        audience=AUDIENCE,
    )  # fmt: skip
    assert (refused.status_code, refused.json()["error"]) == (403, "access_denied")
    await door.tenant(TENANT)
    given = (await token(door, scope="read:me:factors update:me:nothing")).json()
    assert (given["scope"], claims(given["access_token"])["aud"]) == ("read:me:factors", AUDIENCE)


async def test_a_token_has_to_be_for_it_on_this_domain_and_with_the_scope(me: Me) -> None:
    door = me.door
    async with door.http() as http:
        none = await http.get("/me/v1/factors")
    assert problem(none) == (401, "Unauthorized", "Missing or invalid token.")
    assert none.headers["www-authenticate"].startswith("Bearer ")
    assert problem(await Me(door, "x.y.z").ask("GET", "factors"))[:2] == (401, "Invalid Token")
    items = (await token(door, audience="https://api.test")).json()["access_token"]
    assert problem(await Me(door, items).ask("GET", "factors")) == (401, "Invalid Token", "Bad audience")
    reader = await at(door, scope="read:me:factors")
    await reader.get("factors")
    assert await reader.problem("GET", "authentication-methods") == (
        403, "insufficient_scope", "Insufficient scope, expected: read:me:authentication_methods",
    )  # fmt: skip
    door.clock.pass_(86_401)
    assert (await me.problem("GET", "factors"))[1] == "Invalid Token"
    me = await at(door)
    await door.ports.users.delete(DOMAIN, await user_id(door), at=door.clock.now(), events=())
    assert (await me.problem("GET", "factors"))[0] == 401


async def test_it_is_asked_for_by_the_domain_that_is_used(me: Me) -> None:
    door = me.door
    await door.tenant({"customDomains": [{"domain": "login.custom.test", "type": "self_managed_certs"}]})
    web, custom = door.client("Web"), "login.custom.test"
    for audience in (AUDIENCE, f"https://{custom}/me/"):
        answer = await door.token(
            custom, grant_type="password", client_id=web.client_id, client_secret=web.client_secret or "",
            username="ada@example.test", password=PASSWORD, audience=audience, scope="read:me:factors",
        )  # fmt: skip
        given = answer.json()["access_token"]
        assert (claims(given)["aud"], claims(given)["iss"]) == (AUDIENCE, f"https://{custom}/")
        bearer = {"authorization": f"Bearer {given}"}
        async with door.http(custom) as http:
            assert (await http.get("/me/v1/factors", headers=bearer)).status_code == 200
        async with door.http() as http:
            assert problem(await http.get("/me/v1/factors", headers=bearer))[0] == 401
    foreign = await token(door, audience=f"https://{custom}/me/")
    assert foreign.json()["error_description"].startswith("Service not enabled within domain")


async def test_it_follows_a_tenant_to_another_domain(me: Me) -> None:
    door, moved = me.door, "moved.test"
    await door.server.tenants.move(DOMAIN, moved)
    web = door.client("Web")
    answer = await door.token(
        moved, grant_type="password", client_id=web.client_id, client_secret=web.client_secret or "",
        username="ada@example.test", password=PASSWORD, audience=f"https://{moved}/me/", scope="read:me:factors",
    )  # fmt: skip
    given = answer.json()["access_token"]
    assert claims(given)["aud"] == f"https://{moved}/me/"
    async with door.http(moved) as http:
        assert (await http.get("/me/v1/factors", headers={"authorization": f"Bearer {given}"})).status_code == 200


async def test_what_is_not_there_is_a_problem_too(me: Me) -> None:
    assert await me.problem("GET", "nothing") == (404, "Not Found", "Not Found")
    wrong = await me.ask("PUT", "factors")
    assert problem(wrong) == (405, "Method Not Allowed", "Method Not Allowed")
    assert wrong.headers["allow"] == "GET, OPTIONS"


async def test_strict_third_party_applications_are_kept_out(me: Me) -> None:
    strict = {"name": "Strict", "is_first_party": False, "third_party_security_mode": "strict",
              "app_type": "regular_web", "callbacks": ["https://app.test/callback"]}  # fmt: skip
    grant = {"client_id": "Strict", "audience": AUDIENCE, "scope": SCOPES, "subject_type": "user"}
    await me.door.tenant({"clients": [strict], "clientGrants": [grant]})
    tab = await me.door.browser().authorize(me.door.client("Strict"), audience=AUDIENCE, scope="read:me:factors")
    await tab.login()
    assert "Strict third-party applications cannot reach system APIs." in tab.text


async def test_other_sites_may_ask_that_an_application_registered(me: Me) -> None:
    path = "/me/v1/authentication-methods/totp%7Cdev_1"
    async with me.door.http() as http:
        asked = await http.options(path, headers={"origin": OWN, "access-control-request-method": "DELETE"})
        assert asked.headers["access-control-allow-methods"] == "DELETE, GET, OPTIONS, PATCH"
        assert (await http.options(path, headers={"origin": "https://evil.test"})).status_code == 403
    answer = await me.ask("GET", "factors", origin=OWN)
    assert answer.headers["access-control-allow-origin"] == OWN
    assert "Location" in answer.headers["access-control-expose-headers"]


# ── what there is ──


async def test_the_factors_are_those_the_tenant_switched_on(me: Me) -> None:
    assert await me.get("factors") == {
        "factors": [
            {"type": "password", "usage": ["primary"]},
            {"type": "passkey", "usage": ["primary"]},
            {"type": "webauthn-platform", "usage": ["secondary"]},
            {"type": "webauthn-roaming", "usage": ["secondary"]},
            {"type": "totp", "usage": ["secondary"]},
            {"type": "phone", "usage": ["secondary"]},
            {"type": "email", "usage": ["secondary"]},
            {"type": "recovery-code", "usage": ["secondary"]},
        ]
    }
    off = [{"name": name, "enabled": name == "otp"} for name in ON]
    await me.door.tenant({"guardianFactors": off})
    assert [one["type"] for one in (await me.get("factors"))["factors"]] == ["password", "passkey", "totp"]
    for type_, more in (("email", {"email": "a@b.test"}), ("phone", {"phone_number": "+442079460000"}),
                        ("recovery-code", {}), ("webauthn-roaming", {}), ("push-notification", {})):  # fmt: skip
        refused = await me.problem("POST", "authentication-methods", {"type": type_, **more})
        assert refused == (403, "Forbidden", f"The factor {type_} is not enabled")


async def test_what_somebody_has_is_listed_with_their_password(me: Me) -> None:
    await has_app(me.door)
    listed = (await me.get("authentication-methods"))["authentication_methods"]
    app, password = listed
    assert app == {
        "id": "totp|dev_app", "type": "totp", "created_at": "1970-01-01T00:00:00.000Z", "usage": ["secondary"],
        "confirmed": True,
    }  # fmt: skip
    assert (password["type"], password["usage"]) == ("password", ["primary"])
    assert password["identity_user_id"] == await user_id(me.door)
    assert await me.get(f"authentication-methods/{quote(password['id'])}") == password
    assert await me.get("authentication-methods?type=totp") == {"authentication_methods": [app]}
    assert await me.get("authentication-methods?type=password") == {"authentication_methods": [password]}
    assert await me.get("authentication-methods?type=passkey") == {"authentication_methods": []}
    status, title, _ = await me.problem("GET", "authentication-methods?type=smoke")
    assert (status, title) == (400, "Invalid Request")
    for missing in ("totp%7Cdev_other", "sms%7Cdev_app", "password%7CZm9v", "dev_app", "a%00b"):
        assert (await me.problem("GET", f"authentication-methods/{missing}"))[0] == 404


# ── taking one on ──


async def test_an_authenticator_app_is_taken_on_beside_what_there_is(me: Me) -> None:
    begun = await me.begin(type="totp")
    assert begun["id"].startswith("totp|dev_")
    assert begun["location"] == f"https://{DOMAIN}/me/v1/authentication-methods/{quote(begun['id'], safe='')}"
    assert f"secret={begun['manual_input_code']}" in begun["barcode_uri"]
    assert await types(me.door) == [], "nothing counts before it is confirmed"
    assert problem(await me.confirm(begun, otp_code="000000")) == (400, "Bad Request", "The otp_code is wrong")
    right = code(me.door, begun["manual_input_code"])
    shown = await me.confirmed(begun, otp_code=right)
    assert shown == {
        "id": begun["id"], "type": "totp", "created_at": shown["created_at"], "usage": ["secondary"], "confirmed": True,
    }  # fmt: skip
    assert await types(me.door) == ["totp"]
    again = await me.problem("POST", "authentication-methods", {"type": "totp"})
    assert again == (400, "Bad Request", "The authentication method exists already")
    assert problem(await me.confirm(begun, otp_code=right))[2] == "The auth_session is invalid or expired"
    assert await me.door.log("gd_start_enroll")
    assert await me.door.log("gd_enrollment_complete")
    (succeeded,) = await me.door.log("my_account_authentication_method_succeeded")
    assert succeeded.details == {
        "operation": "verify", "authentication_method": "totp", "authentication_method_id": begun["id"],
        "request": {"method": "post", "path": f"/me/v1/authentication-methods/{quote(begun['id'], safe='')}/verify"},
    }  # fmt: skip
    failed = (await me.door.log("my_account_authentication_method_failed"))[0]
    assert failed.details["error"]["detail"] == "The auth_session is invalid or expired"


async def test_a_number_and_an_address_are_taken_on_with_the_code_that_was_sent(me: Me) -> None:
    for more, address in (
        ({"type": "phone", "phone_number": "+44 20 7946 0000"}, "+442079460000"),
        ({"type": "email", "email": "other@example.test"}, "other@example.test"),
    ):
        begun = await me.begin(**more)
        (message,) = await sent(me.door)
        assert message.to == address
        assert problem(await me.confirm(begun, otp_code="x"))[:2] == (400, "Bad Request")
        shown = await me.confirmed(begun, otp_code=message.values["code"])
        assert shown["id"] == begun["id"]
        assert shown["type"] == more["type"]
        assert address in (shown.get("phone_number"), shown.get("email"))
        assert shown.get("preferred_authentication_method") == ("sms" if more["type"] == "phone" else None)
        assert (await me.problem("POST", "authentication-methods", more))[
            2
        ] == "The authentication method exists already"
    assert await types(me.door) == ["phone", "email"]
    for _ in range(10):
        answer = await me.ask("POST", "authentication-methods", {"type": "email", "email": "third@example.test"})
        if answer.status_code == 429:
            break
    assert problem(answer)[:2] == (429, "Too Many Requests")


async def test_a_recovery_code_takes_the_place_of_the_one_there_was(me: Me) -> None:
    first = await me.begin(type="recovery-code")
    assert len(first["recovery_code"]) == 24
    await me.confirmed(first)
    second = await me.begin(type="recovery-code")
    assert second["recovery_code"] != first["recovery_code"]
    answers = await asyncio.gather(me.confirm(second), me.confirm(second))
    assert sorted(answer.status_code for answer in answers) == [201, 400]
    assert await types(me.door) == ["recovery-code"]
    (kept,) = (await me.get("authentication-methods?type=recovery-code"))["authentication_methods"]
    assert kept["id"] == second["id"]


@pytest.mark.parametrize("type_", ["passkey", "webauthn-platform", "webauthn-roaming"])
async def test_a_key_is_taken_on_in_pages_of_the_application(me: Me, type_: str) -> None:
    begun = await me.begin(type=type_)
    assert ("id" in begun) is (type_ != "passkey")
    device = Authenticator(OWN)
    answer = device.create(begun["authn_params_public_key"])
    answers = await asyncio.gather(*(me.confirm(begun, authn_response=answer) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 400, 400]
    (shown,) = [one.json() for one in answers if one.status_code == 201]
    assert shown["usage"] == (["primary"] if type_ == "passkey" else ["secondary"])
    if type_ == "passkey":
        assert begun["location"].endswith("/passkey%7Cnew")
        assert shown["identity_user_id"] == await user_id(me.door)
        assert shown["relying_party_id"] == DOMAIN
        excluded = (await me.begin(type="passkey"))["authn_params_public_key"]["excludeCredentials"]
        assert [one["id"] for one in excluded] == [shown["key_id"]]
        every = await me.begin(type="passkey", use_exclude_credentials=False)
        assert "excludeCredentials" not in every["authn_params_public_key"]
    foreign = Authenticator("https://evil.test")
    begun = await me.begin(type=type_)
    refused = await me.confirm(begun, authn_response=foreign.create(begun["authn_params_public_key"]))
    assert problem(refused)[2] == "The authn_response is not valid for this auth_session"


async def test_another_password_is_chosen_once_and_ends_the_sessions(me: Me) -> None:
    door = me.door
    tab = await (await door.browser().authorize(door.client("Spa"))).login()
    assert tab.answer["code"]
    begun = await me.begin(type="password", connection="people", identity_user_id=await user_id(door))
    assert begun["id"] == "password|new"
    assert begun["policy"] == {
        "complexity": {
            "min_length": 8, "character_types": ["lowercase", "uppercase", "number", "special"],
            "character_type_rule": "three_of_four", "identical_characters": "allow", "sequential_characters": "allow",
            "max_length_exceeded": "error",
        },
        "profile_data": {"active": False, "blocked_fields": []},
        "history": {"active": False, "size": 0},
        "dictionary": {"active": False, "default": "en_10k"},
    }  # fmt: skip
    weak = await me.confirm(begun, new_password="weak")
    assert problem(weak) == (400, "PasswordStrengthError", "Password is too weak")
    assert weak.json()["validation_errors"][0]["field"] == "new_password"
    answers = await asyncio.gather(*(me.confirm(begun, new_password=f"Another-horse-{number}") for number in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 400, 400]
    (place,) = [number for number, one in enumerate(answers) if one.status_code == 201]
    assert answers[place].json()["last_password_reset"]
    assert (await token(door)).status_code == 403
    me = await at(door, password=f"Another-horse-{place}")
    again = await tab.authorize(door.client("Spa"))
    assert again.path == "/u/login", "the session is over"
    assert await door.log("scp")
    assert "Another-horse" not in str(await door.log())
    nobody = await me.problem("POST", "authentication-methods", {"type": "password", "connection": "elsewhere"})
    assert nobody[2] == "No identity of the user can have a password in such a connection"


async def with_two_more(me: Me) -> tuple[Api, str, str]:
    """Ada has the accounts of Bea and Cleo, too, in one connection: her id, and Cleo's."""
    await me.door.tenant(
        {
            "databases": [{"name": "guests", "enabled_clients": ["Web"], "options": TENANT["databases"][0]["options"]}],
            "users": [
                {"email": f"{name}@example.test", "password": "guest-horse-9", "connection": "guests"}
                for name in ("bea", "cleo")
            ],
        }
    )
    api, ada = await manager(me.door), await user_id(me.door)
    for name in ("bea", "cleo"):
        (other,) = await api.get("/users-by-email", email=f"{name}@example.test")
        await api.post(f"/users/{quote(ada)}/identities", {"provider": "auth0", "user_id": other["user_id"]})
    return api, ada, other["user_id"]


async def test_a_passkey_is_for_the_identity_that_is_named(me: Me) -> None:
    _, _, cleo = await with_two_more(me)
    begun = await me.begin(type="passkey", identity_user_id=cleo)
    shown = await me.confirmed(begun, authn_response=Authenticator(OWN).create(begun["authn_params_public_key"]))
    assert shown["identity_user_id"] == cleo


async def test_an_identity_that_is_gone_meanwhile_takes_nothing_on(me: Me) -> None:
    api, ada, cleo = await with_two_more(me)
    bea = (await api.get(f"/users/{quote(ada)}"))["identities"][1]["user_id"]
    password = await me.begin(type="password", identity_user_id=cleo)
    passkey = await me.begin(type="passkey", identity_user_id=cleo)
    answer = Authenticator(OWN).create(passkey["authn_params_public_key"])
    await api.delete(f"/users/{quote(ada)}/identities/auth0/{bea}", status=200)
    shown = await me.confirmed(password, new_password="Another-horse-9")
    assert shown["identity_user_id"] == cleo, "another one took its place"
    me = await at(me.door)
    password = await me.begin(type="password", identity_user_id=cleo)
    await api.delete(f"/users/{quote(ada)}/identities/auth0/{cleo.partition('|')[2]}", status=200)
    for gone in (await me.confirm(password, new_password="Another-horse-8"),
                 await me.confirm(passkey, authn_response=answer)):  # fmt: skip
        assert problem(gone) == (400, "Bad Request", "The account was changed meanwhile: begin again")


async def test_a_connection_that_is_gone_meanwhile_takes_nothing_on(me: Me) -> None:
    _, _, cleo = await with_two_more(me)
    begun = await me.begin(type="password", identity_user_id=cleo)
    directory = me.door.ports.directory
    guests = directory.tenant(DOMAIN).connections["guests"]
    await directory.change(DOMAIN, [Delete(kind=Kind.CONNECTION, id=guests.id)])
    gone = await me.confirm(begun, new_password="Another-horse-9")
    assert problem(gone) == (400, "Bad Request", "The account was changed meanwhile: begin again")


async def test_a_session_is_of_one_person_at_one_application_and_for_ten_minutes(me: Me) -> None:
    door = me.door
    begun = await me.begin(type="totp")
    right = code(door, begun["manual_input_code"])
    gone = (400, "Bad Request", "The auth_session is invalid or expired")
    assert problem(await (await at(door, "Other")).confirm(begun, otp_code=right)) == gone
    assert problem(await me.confirm({**begun, "auth_session": "x"}, otp_code=right)) == gone
    elsewhere = {**begun, "location": (await me.begin(type="totp"))["location"]}
    assert problem(await me.confirm(elsewhere, otp_code=right)) == gone
    await door.tenant({"users": [{"email": "eve@example.test", "password": PASSWORD, "connection": "people"}]})
    eve = await at(door, username="eve@example.test")
    assert problem(await eve.confirm(begun, otp_code=right)) == gone
    door.clock.pass_(600)
    assert problem(await me.confirm(begun, otp_code=code(door, begun["manual_input_code"]))) == gone
    assert await types(door) == []


async def test_two_confirmations_at_a_time_have_one_winner(me: Me) -> None:
    one, other = await me.begin(type="totp"), await me.begin(type="totp")
    codes = [(begun, code(me.door, begun["manual_input_code"])) for begun in (one, one, other, other)]
    answers = await asyncio.gather(*(me.confirm(begun, otp_code=right) for begun, right in codes))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
    assert await types(me.door) == ["totp"]
    begun = await me.begin(type="email", email="other@example.test")
    right = await code_sent(me.door)
    answers = await asyncio.gather(*(me.confirm(begun, otp_code=right) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400]


async def test_guesses_are_counted_whatever_session_they_are_for(me: Me) -> None:
    for _ in range(5):
        begun = await me.begin(type="totp")
        assert (await me.confirm(begun, otp_code="000000")).status_code == 400
    stopped = await me.confirm(begun, otp_code=code(me.door, begun["manual_input_code"]))
    assert problem(stopped)[:2] == (429, "Too Many Requests")


BODIES: list[tuple[Any, str | None, str]] = [
    ({}, None, "Missing required property: type"),
    ([], None, "Expected type object but found type array"),
    ({"type": "smoke"}, "type", "No enum match for: smoke"),
    ({"type": "totp", "secret": "x"}, None, "Additional properties not allowed: secret"),
    ({"type": "email"}, None, "Missing required property: email"),
    ({"type": "email", "email": "nobody"}, "email", "Object didn't pass validation for format email: nobody"),
    ({"type": "phone", "phone_number": "12"}, "phone_number", "Object didn't pass validation for format phone-number"),
    ({"type": "passkey", "connection": "a b"}, "connection", "String does not match pattern ^[a-zA-Z0-9-]+$: a b"),
]


@pytest.mark.parametrize(("body", "field", "detail"), BODIES)
async def test_a_body_is_refused_with_what_is_wrong_and_where(
    me: Me, body: Any, field: str | None, detail: str
) -> None:
    answer = await me.ask("POST", "authentication-methods", body)
    assert problem(answer) == (400, "Invalid Request", "Validation of the body failed")
    where = {} if field is None else {"field": field, "pointer": f"/{field}"}
    assert answer.json()["validation_errors"] == [{"detail": detail, "source": "body", **where}]


async def test_what_is_no_json_is_refused(me: Me) -> None:
    bearer = {"authorization": f"Bearer {me.token}"}
    async with me.door.http() as http:
        path = "/me/v1/authentication-methods"
        assert problem(await http.post(path, data={"type": "totp"}, headers=bearer))[0] == 415
        json = {**bearer, "content-type": "application/json"}
        for body in (b"{", b"\xff", b'{"type": "totp", "x": "\\u0000"}', b"[" * 100_000):
            assert problem(await http.post(path, content=body, headers=json))[0] == 400


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["totp", "phone", "email", "passkey", "password", "recovery-code", "+442079460000", "a@b.test"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "id", "response"]), inner),
    max_leaves=8,
)  # fmt: skip
NAMES = ["type", "email", "phone_number", "connection", "identity_user_id", "auth_session", "otp_code", "new_password",
         "authn_response", "name", "preferred_authentication_method", "use_exclude_credentials"]  # fmt: skip


async def test_nothing_that_comes_is_answered_with_a_failure(me: Me) -> None:
    """The same requests each time; sessions that are real, too."""
    asked: list[dict[str, Any]] = []
    paths = ["", "/totp%7Cnew", "/passkey%7Cnew", "/password%7Cnew", "/%00", "/%ff%7C", "/" + "a" * 2000, "/x"]

    @settings(max_examples=80, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(
        method=st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
        path=st.sampled_from(paths),
        verify=st.sampled_from(["", "/verify"]),
        body=st.dictionaries(st.sampled_from(NAMES), ODD, max_size=4) | ODD,
        real=st.booleans(),
    )
    def collect(**request: Any) -> None:
        asked.append(request)

    await asyncio.to_thread(collect)
    begun = [await me.begin(type=type_) for type_ in ("passkey", "password", "webauthn-roaming")]
    async with me.door.http() as http:
        for place, one in enumerate(asked):
            path, body = f"/me/v1/authentication-methods{one['path']}{one['verify']}", one["body"]
            if one["real"] and isinstance(body, dict):
                session = begun[place % len(begun)]
                path = f"{session['location'].removeprefix(f'https://{DOMAIN}')}/verify"
                body = {**body, "auth_session": session["auth_session"]}
            headers = {"authorization": f"Bearer {me.token}", "content-type": "application/json"}
            content = json.dumps(body).encode()
            answer = await http.request(one["method"], path, content=content, headers=headers)
            assert answer.status_code < 500, (one, answer.text)


# ── changing and removing ──


async def test_a_method_gets_a_name_and_a_phone_its_channel(me: Me) -> None:
    await has_app(me.door)
    app = "authentication-methods/totp%7Cdev_app"
    named = await me.ask("PATCH", app, {"name": "Mine"})
    assert (named.status_code, named.json()["name"]) == (200, "Mine")
    assert (await me.get(app))["name"] == "Mine"
    refused = await me.problem("PATCH", app, {"preferred_authentication_method": "voice"})
    assert refused == (400, "Bad Request", "Only a phone has a preferred_authentication_method")
    begun = await me.begin(type="phone", phone_number="+442079460000")
    shown = await me.confirmed(begun, otp_code=await code_sent(me.door))
    phone = f"authentication-methods/{quote(shown['id'])}"
    voice = {"preferred_authentication_method": "voice"}
    assert (await me.problem("PATCH", phone, voice))[0] == 403
    await me.door.tenant({"guardianPhoneFactorMessageTypes": {"message_types": ["sms", "voice"]}})
    assert (await me.ask("PATCH", phone, voice)).json() == {**shown, **voice}
    assert (await me.problem("PATCH", "authentication-methods/totp%7Cdev_none", {"name": "x"}))[0] == 404
    assert (await me.problem("PATCH", app, {"email": "x"}))[1] == "Invalid Request"


async def test_what_is_removed_is_gone_with_what_hung_on_it(me: Me) -> None:
    door = me.door
    begun = await me.begin(type="phone", phone_number="+442079460000")
    shown = await me.confirmed(begun, otp_code=await code_sent(door))
    tab = await (await door.browser().authorize(door.client("Spa"))).login()
    path = f"authentication-methods/{quote(shown['id'])}"
    assert (await me.ask("DELETE", path)).status_code == 204
    assert (await me.ask("DELETE", path)).status_code == 204, "what is gone is no error"
    assert (await me.problem("GET", path))[0] == 404
    assert (await tab.authorize(door.client("Spa"))).path == "/u/login", "a phone ends the sessions"
    (gone,) = await door.log("gd_unenroll")
    assert gone.details["authenticator"]["type"] == "phone"


async def test_the_last_way_into_an_account_stays(me: Me) -> None:
    (password,) = (await me.get("authentication-methods?type=password"))["authentication_methods"]
    kept = await me.problem("DELETE", f"authentication-methods/{quote(password['id'])}")
    assert kept == (409, "Conflict", "A password can be changed, and not be removed")
    begun = await me.begin(type="passkey")
    shown = await me.confirmed(begun, authn_response=Authenticator(OWN).create(begun["authn_params_public_key"]))
    assert (await me.ask("DELETE", f"authentication-methods/{quote(shown['id'])}")).status_code == 204


def ways_in(*names: str) -> dict[str, Any]:
    """Ada's database, where people log in in these ways."""
    known = TENANT["databases"][0]
    methods = {name: {"enabled": name in names} for name in ("password", "passkey", "email_otp", "phone_otp")}
    attributes = {name: {"identifier": {"active": True}} for name in ("email", "phone_number")}
    return {"databases": [{**known, "options": {"authentication_methods": methods, "attributes": attributes}}]}


async def test_of_passkeys_that_are_removed_at_a_time_the_last_stays_unless_codes_let_in(me: Me) -> None:
    paths = []
    for _ in range(3):
        begun = await me.begin(type="passkey")
        shown = await me.confirmed(begun, authn_response=Authenticator(OWN).create(begun["authn_params_public_key"]))
        paths.append(f"authentication-methods/{quote(shown['id'])}")
    await me.door.tenant(ways_in("passkey", "phone_otp"))
    answers = await asyncio.gather(*(me.ask("DELETE", path) for path in paths))
    assert sorted(answer.status_code for answer in answers) == [204, 204, 409]
    (last,) = [path for path, answer in zip(paths, answers, strict=True) if answer.status_code == 409]
    assert (await me.get(last))["type"] == "passkey"
    await me.door.tenant(ways_in("passkey", "email_otp", "phone_otp"))
    assert (await me.ask("DELETE", last)).status_code == 204
    assert len(await me.door.log("gd_unenroll")) == 3


async def test_passwords_are_none_where_none_signs_in(me: Me) -> None:
    begun = await me.begin(type="password")
    await me.door.tenant(ways_in("passkey", "phone_otp"))
    assert "password" not in {one["type"] for one in (await me.get("factors"))["factors"]}
    assert (await me.get("authentication-methods"))["authentication_methods"] == []
    refused = await me.problem("POST", "authentication-methods", {"type": "password"})
    assert refused[2] == "No identity of the user can have a password in such a connection"
    late = await me.confirm(begun, new_password="Another-horse-9")
    assert problem(late) == (403, "Forbidden", "The factor password is not enabled")


async def test_an_address_is_one_however_it_is_written(me: Me) -> None:
    begun = await me.begin(type="email", email="Other@Example.test")
    shown = await me.confirmed(begun, otp_code=await code_sent(me.door))
    assert shown["email"] == "other@example.test"
    again = await me.problem("POST", "authentication-methods", {"type": "email", "email": "OTHER@example.test"})
    assert again == (400, "Bad Request", "The authentication method exists already")
    api, ada = await manager(me.door), await user_id(me.door)
    path = f"/users/{quote(ada)}/authentication-methods"
    answer = await api.call("POST", path, {"type": "email", "name": "x", "email": "oTHER@example.test"})
    assert answer.status_code == 409


async def test_nobody_reaches_what_is_of_somebody_else(me: Me) -> None:
    await has_app(me.door)
    await me.door.tenant({"users": [{"email": "eve@example.test", "password": PASSWORD, "connection": "people"}]})
    eve = await at(me.door, username="eve@example.test")
    path = "authentication-methods/totp%7Cdev_app"
    assert (await eve.problem("GET", path))[0] == 404
    assert (await eve.problem("PATCH", path, {"name": "hers"}))[0] == 404
    assert (await eve.ask("DELETE", path)).status_code == 204
    assert "totp" in await types(me.door)
    theirs = {"name": "Me", "identifier": "https://other.test/me/"}
    await me.door.tenant({"resourceServers": [theirs]}, domain="other.test")
    async with me.door.http("other.test") as http:
        foreign = await http.get(f"/me/v1/{path}", headers={"authorization": f"Bearer {me.token}"})
    assert problem(foreign)[:2] == (401, "Invalid Token")


# ── the rest ──


async def test_consents_are_none_and_connected_accounts_are_not_there(me: Me) -> None:
    assert await me.get("consents") == {"consents": []}
    assert (await me.problem("GET", "consents/1"))[0] == 404
    for method, path, body in (
        ("POST", "connected-accounts/connect", {"connection": "x", "redirect_uri": "https://app.test"}),
        ("POST", "connected-accounts/complete", {}),
        ("GET", "connected-accounts/accounts", None),
        ("GET", "connected-accounts/connections", None),
    ):
        refused = await me.problem(method, path, body)
        assert refused == (501, "Not Implemented", "Connected accounts are not available on this server")
    assert (await me.problem("DELETE", "connected-accounts/accounts/x"))[0] == 403, "a scope of its own"


async def test_the_organizations_of_a_person_are_paged_by_id(me: Me) -> None:
    assert await me.get("organizations") == {"organizations": []}
    names = ["first", "second", "third"]
    await me.door.tenant({"organizations": [{"name": name, "display_name": name.title()} for name in names]})
    directory = me.door.ports.directory.tenant(DOMAIN)
    ids = sorted(directory.documents["organization"])
    for id_ in ids:
        await me.door.ports.organizations.add_members(DOMAIN, id_, [await user_id(me.door)], events=())
    first = await me.get("organizations?take=2")
    assert [one["id"] for one in first["organizations"]] == ids[:2]
    assert set(first["organizations"][0]) == {"id", "name", "display_name"}
    rest = await me.get(f"organizations?take=2&from={first['next']}")
    assert [one["id"] for one in rest["organizations"]] == ids[2:]
    assert "next" not in rest
    assert (await me.problem("GET", "organizations?take=0"))[0] == 400
    assert (await me.problem("GET", "organizations?take=x"))[0] == 400
    unfit = await me.ask("GET", f"organizations?take={'9' * 5000}")
    assert problem(unfit)[:2] == (400, "Invalid Request")
    assert unfit.json()["validation_errors"][0]["field"] == "take"


async def test_requests_of_a_person_are_counted_where_the_server_counts(database: str) -> None:
    door = await Door(database, requests_per_second=1.0, request_burst=2).start()
    try:
        from tests.integration.flows.conftest import TENANT as EXAMPLE

        await door.tenant(EXAMPLE)
        await door.tenant(TENANT)
        me = await at(door)
        standing = [(await me.ask("GET", "factors")).headers["x-ratelimit-remaining"] for _ in range(2)]
        assert standing == ["1", "0"]
        stopped = await me.ask("GET", "factors")
        assert problem(stopped) == (429, "Too Many Requests", "Rate limit exceeded.")
        assert stopped.headers["retry-after"] == "1"
        await me.ask("GET", "factors")
        assert len(await door.log("api_limit")) == 1
        door.clock.pass_(1.0)
        await me.get("factors")
    finally:
        await door.stop()


# ── a login of late ──


async def test_a_change_takes_a_login_of_the_last_quarter_of_an_hour(me: Me) -> None:
    door = me.door
    await has_number(door)
    wanted = [{"type": type_} for type_ in ("password", "passkey", "totp", "recovery-code")]
    door.clock.pass_(900)
    begun = await me.begin(type="password")
    door.clock.pass_(1)
    for body in wanted:
        answer = await me.ask("POST", "authentication-methods", body)
        assert problem(answer) == (
            401, "insufficient_user_authentication",
            "The user has to log in again: this takes a login of the last 15 minutes",
        )  # fmt: skip
        assert 'error="insufficient_user_authentication"' in answer.headers["www-authenticate"]
        assert 'max_age="900"' in answer.headers["www-authenticate"]
    path = "authentication-methods/phone%7Cdev_number"
    assert (await me.ask("DELETE", path)).status_code == 401
    assert (await door.log("my_account_authentication_method_failed"))[0].details["operation"] == "delete"
    assert await types(door) == ["phone"]
    assert (await me.ask("PATCH", path, {"name": "Work"})).status_code == 200, "a name opens nothing"
    assert len((await me.get("authentication-methods"))["authentication_methods"]) == 2
    await me.confirmed(begun, new_password="Another-Horse-7")
    again = await at(door, password="Another-Horse-7")
    assert (await again.ask("DELETE", path)).status_code == 204


async def test_another_token_is_no_login(door: Door) -> None:
    await door.tenant(STRICT)
    await door.tenant({"resourceServers": [{"name": "Me", "identifier": AUDIENCE, "authorization_policy": None}]})
    given = (await token(door, scope="offline_access create:me:authentication_methods")).json()
    logged_in = int(door.clock.now())
    door.clock.pass_(901)
    fresh = (await refreshed(door, given["refresh_token"])).json()["access_token"]
    assert claims(fresh)["auth_time"] == logged_in
    assert (await Me(door, fresh).ask("POST", "authentication-methods", {"type": "password"})).status_code == 401
    other = (await token(door, audience="https://api.test", scope="read:items")).json()["access_token"]
    assert "auth_time" not in claims(other)


async def test_a_second_factor_is_as_good_as_a_login(door: Door) -> None:
    (web, *more) = STRICT["clients"]
    policies = [{"audience": AUDIENCE, "scope": ["create:me:authentication_methods"]}]
    await door.tenant(
        {**STRICT, "clients": [{**web, "refresh_token": {**web["refresh_token"], "policies": policies}}, *more]}
    )
    await has_app(door)
    plain = (await token(door, audience="https://api.test", scope="offline_access read:items")).json()
    door.clock.pass_(86400)
    required = await refreshed(door, plain["refresh_token"], audience=AUDIENCE)
    stepped_up = Me(door, (await proved(door, required.json()["mfa_token"]))["access_token"])
    assert (await stepped_up.ask("POST", "authentication-methods", {"type": "password"})).status_code == 202


@pytest.mark.parametrize("response_type", ["code", "token"])
async def test_an_old_session_is_no_login(door: Door, response_type: str) -> None:
    await door.tenant(TENANT)
    await door.tenant({"clients": [{"name": "Web", "grant_types": ["authorization_code", "implicit"]}]})
    web = door.client("Web")
    asked = {"audience": AUDIENCE, "scope": "create:me:authentication_methods", "response_type": response_type}
    tab = await (await door.browser().authorize(web, **asked)).login()

    async def begun() -> int:
        value = tab.answer.get("access_token") or (await door.redeem(web, tab.answer["code"])).json()["access_token"]
        return (await Me(door, value).ask("POST", "authentication-methods", {"type": "password"})).status_code

    assert await begun() == 202
    door.clock.pass_(901)
    await tab.authorize(web, **asked)
    assert await begun() == 401
    await tab.authorize(web, max_age="900", **asked)
    await tab.login()
    assert await begun() == 202


# ── a second factor of late ──

MFA_OTP = "http://auth0.com/oauth/grant-type/mfa-otp"
STRICT = {
    **TENANT,
    "resourceServers": [{"name": "Me", "identifier": AUDIENCE, "authorization_policy": {"policy_id": "require-2fa"}}],
    "clients": [
        {"name": "Web", "grant_types": ["password", "refresh_token", "authorization_code", MFA_OTP],
         "refresh_token": {"rotation_type": "non-rotating", "expiration_type": "non-expiring", "policies": [
             {"audience": AUDIENCE, "scope": ["read:me:factors"]}]}},
        TENANT["clients"][1],
    ],
}  # fmt: skip


async def refreshed(door: Door, refresh_token: str, **more: str) -> httpx2.Response:
    web = door.client("Web")
    return await door.token(
        grant_type="refresh_token", client_id=web.client_id, client_secret=web.client_secret or "",
        refresh_token=refresh_token, **more,
    )  # fmt: skip


async def prove(door: Door, mfa_token: str) -> httpx2.Response:
    web = door.client("Web")
    return await door.token(
        grant_type=MFA_OTP, client_id=web.client_id, client_secret=web.client_secret or "", mfa_token=mfa_token,
        otp=code(door),
    )  # fmt: skip


async def proved(door: Door, mfa_token: str) -> dict[str, Any]:
    answer = await prove(door, mfa_token)
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


async def rules(door: Door, type_: str) -> set[str]:
    """What decided the newest event of a type."""
    steps = (await door.log(type_))[0].details["trace"]["steps"]
    return {step["because"]["code"] for step in steps}


async def test_with_the_policy_a_factor_is_proved_within_a_quarter_of_an_hour(door: Door) -> None:
    await door.tenant(STRICT)
    await has_app(door)
    scope = "openid offline_access read:me:factors"
    required = await token(door, scope=scope)
    assert (required.status_code, required.json()["error"]) == (403, "mfa_required")
    given = await proved(door, required.json()["mfa_token"])
    assert given["scope"] == scope
    door.clock.pass_(900)
    assert (await refreshed(door, given["refresh_token"])).status_code == 200
    door.clock.pass_(1)
    again = await refreshed(door, given["refresh_token"], scope="read:me:factors")
    assert (again.status_code, again.json()["error"]) == (403, "mfa_required")
    assert again.json()["mfa_requirements"] == {"challenge": [{"type": "otp"}, {"type": "email"}]}
    narrowed = await proved(door, again.json()["mfa_token"])
    assert narrowed["scope"] == "read:me:factors"
    assert claims(narrowed["access_token"])["aud"] == AUDIENCE
    assert "refresh_token" not in narrowed, "the same one lasts"
    assert {"mfa.proved_now", "refresh.reused"} <= await rules(door, "seotpft")
    door.clock.pass_(900)
    assert (await refreshed(door, given["refresh_token"])).status_code == 200, "what was proved at a refresh counts"
    assert "mfa.session" in await rules(door, "sertft")
    door.clock.pass_(1)
    assert (await refreshed(door, given["refresh_token"])).json()["error"] == "mfa_required"
    (event, *_) = await door.log("mfar")
    assert event.type == "mfar"


async def test_a_refresh_token_of_another_api_meets_the_policy_too(door: Door) -> None:
    await door.tenant(STRICT)
    plain = (await token(door, audience="https://api.test", scope="offline_access read:items")).json()
    for audience in (AUDIENCE, ""):
        assert (await refreshed(door, plain["refresh_token"], audience=audience)).status_code == 200
    await has_app(door)
    required = await refreshed(door, plain["refresh_token"], audience=AUDIENCE)
    assert required.json()["error"] == "mfa_required"
    assert (await refreshed(door, plain["refresh_token"])).status_code == 200, "the other API has no policy"
    given = await proved(door, required.json()["mfa_token"])
    assert (claims(given["access_token"])["aud"], given["scope"]) == (AUDIENCE, "offline_access read:me:factors")
    assert (await refreshed(door, plain["refresh_token"], audience=AUDIENCE)).status_code == 200


def rotating(leeway: int) -> dict[str, Any]:
    (web, *_) = STRICT["clients"]
    settings = {**web["refresh_token"], "rotation_type": "rotating", "expiration_type": "expiring", "leeway": leeway}
    return {**web, "refresh_token": settings}


async def asked(door: Door, leeway: int | None) -> tuple[str, str]:
    """A refresh token, which rotates with a ``leeway``, and the ``mfa_token`` of a refresh for the API with the
    policy."""
    await door.tenant(STRICT)
    if leeway is not None:
        await door.tenant({"clients": [rotating(leeway)]})
    await has_app(door)
    plain = (await token(door, audience="https://api.test", scope="offline_access read:items")).json()
    required = await refreshed(door, plain["refresh_token"], audience=AUDIENCE)
    assert required.json()["error"] == "mfa_required"
    return plain["refresh_token"], required.json()["mfa_token"]


async def kept(door: Door, refresh_token: str) -> RefreshToken:
    found = await door.ports.refresh_tokens.find(DOMAIN, digest(refresh_token))
    assert found is not None
    return found


async def test_a_family_that_rotates_goes_on_with_what_was_proved_at_a_refresh(door: Door) -> None:
    first, mfa_token = await asked(door, 0)
    door.clock.pass_(60)
    given = await proved(door, mfa_token)
    assert "refresh.rotated" in await rules(door, "seotpft")
    before, after = await kept(door, first), await kept(door, given["refresh_token"])
    assert (after.family, after.generation, after.expires_at) == (before.family, 1, before.expires_at)
    assert (after.session_sid, after.began_at, after.audience) == (before.session_sid, before.began_at, before.audience)
    assert (before.used_at, after.granted["mfa_at"]) == (door.clock.now(), door.clock.now())
    door.clock.pass_(900)
    again = await refreshed(door, given["refresh_token"], audience=AUDIENCE)
    assert again.status_code == 200, again.text
    door.clock.pass_(1)
    late = await refreshed(door, again.json()["refresh_token"], audience=AUDIENCE)
    assert late.json()["error"] == "mfa_required"
    assert (await refreshed(door, first)).json()["error"] == "invalid_grant"
    assert (await prove(door, late.json()["mfa_token"])).status_code == 403, "the family ended with the reuse"
    assert (await door.log("feotpft"))[0].details["hint"] == "The refresh token was revoked."


@pytest.mark.parametrize(
    ("leeway", "said"),
    [(0, "Unknown or invalid refresh token."), (60, "Malformed mfa_token"), (None, "Malformed mfa_token")],
)
async def test_an_mfa_token_of_a_refresh_is_good_once(door: Door, leeway: int | None, said: str) -> None:
    first, mfa_token = await asked(door, leeway)
    given = await proved(door, mfa_token)
    door.clock.pass_(30)
    again = await prove(door, mfa_token)
    assert (again.status_code, again.json()["error"], again.json()["error_description"]) == (403, "invalid_grant", said)
    newest = given.get("refresh_token", first)
    assert (await refreshed(door, newest)).status_code == 200, "the family is none the worse for it"


async def test_a_refresh_token_that_went_on_meanwhile_is_not_continued(door: Door) -> None:
    first, mfa_token = await asked(door, 0)
    newer = (await refreshed(door, first)).json()
    refused = await prove(door, mfa_token)
    assert (refused.status_code, refused.json()["error"]) == (403, "invalid_grant")
    assert await door.log("ferrt") == [], "it was no reuse when it was presented"
    assert (await refreshed(door, newer["refresh_token"])).status_code == 200


async def test_in_its_overlap_it_is_continued(door: Door) -> None:
    first, mfa_token = await asked(door, 60)
    newer = (await refreshed(door, first)).json()
    door.clock.pass_(59)
    given = await proved(door, mfa_token)
    for one in (newer, given):
        assert (await refreshed(door, one["refresh_token"])).status_code == 200


async def test_a_family_that_was_revoked_meanwhile_gives_nothing(door: Door) -> None:
    first, mfa_token = await asked(door, 60)
    await door.ports.refresh_tokens.revoke_family(
        DOMAIN, (await kept(door, first)).family, at=door.clock.now(), events=()
    )
    refused = await prove(door, mfa_token)
    assert (refused.status_code, refused.json()["error"]) == (403, "invalid_grant")


async def test_a_client_that_rotates_no_more_goes_on_with_a_token_that_lasts(door: Door) -> None:
    first, mfa_token = await asked(door, 60)
    await door.tenant({"clients": [STRICT["clients"][0]]})
    given = await proved(door, mfa_token)
    assert "refresh.rotation_ended" in await rules(door, "seotpft")
    assert (await kept(door, first)).revoked_at is not None
    assert (await refreshed(door, given["refresh_token"], audience=AUDIENCE)).status_code == 200


async def test_a_session_of_days_ago_does_not_count_as_a_login(door: Door) -> None:
    await door.tenant(STRICT)
    web = door.client("Web")
    asked = {"audience": "https://api.test", "scope": "openid offline_access read:items"}
    tab = await (await door.browser().authorize(web, **asked)).login()
    door.clock.pass_(2 * 86400)
    await tab.authorize(web, **asked)
    given = (await door.redeem(web, tab.answer["code"])).json()
    unmet = await refreshed(door, given["refresh_token"], audience=AUDIENCE)
    assert (unmet.status_code, unmet.json()["error"]) == (403, "unmet_authentication_requirements")


async def test_who_has_no_factor_logs_in_again_after_a_quarter_of_an_hour(door: Door) -> None:
    await door.tenant(STRICT)
    given = (await token(door, scope="offline_access read:me:factors")).json()
    door.clock.pass_(900)
    assert (await refreshed(door, given["refresh_token"])).status_code == 200
    door.clock.pass_(1)
    unmet = await refreshed(door, given["refresh_token"])
    assert (unmet.status_code, unmet.json()["error"]) == (403, "unmet_authentication_requirements")
    assert (await door.log("fertft"))[0].details["hint"].startswith("The user has no second factor")


async def test_the_policy_holds_on_the_pages(door: Door) -> None:
    await door.tenant(STRICT)
    web = door.client("Web")
    asked = {"audience": AUDIENCE, "scope": "openid read:me:factors"}
    tab = await (await door.browser().authorize(web, **asked)).login()
    assert "code" in tab.answer, "who has no factor is let in"
    await tab.authorize(web, prompt="none", **asked)
    assert "code" in tab.answer
    door.clock.pass_(901)
    await tab.authorize(web, prompt="none", **asked)
    assert tab.answer["error"] == "unmet_authentication_requirements"
    await tab.authorize(web, **asked)
    assert tab.path == "/u/login"
    await tab.login()
    assert "code" in tab.answer, "who logged in just now is let in again"
    door.clock.pass_(901)
    await has_app(door)
    await tab.authorize(web, prompt="none", **asked)
    assert tab.answer["error"] == "login_required"
    await tab.authorize(web, **asked)
    assert tab.path == "/u/mfa-otp-challenge"
    await tab.submit(code=code(door), rememberBrowser="true")
    assert "code" in tab.answer
    given = (await door.redeem(web, tab.answer["code"])).json()
    await Me(door, given["access_token"]).get("factors")
    door.clock.pass_(900)
    await tab.authorize(web, prompt="none", **asked)
    assert "code" in tab.answer
    door.clock.pass_(1)
    await tab.authorize(web, **asked)
    assert tab.path == "/u/mfa-otp-challenge", "a remembered browser is not enough"
    await tab.authorize(web, scope="openid")
    assert "code" in tab.answer, "other APIs have no such policy"
