"""What people prove themselves with beside passwords, and the older views of it: enrollments, authenticators."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from doorward.model.digest import digest
from doorward.model.ticket import TicketType

from .conftest import START, A, Api, B, House
from .people import add_user
from .test_admission import Forge, forge

__all__ = ["forge"]
pytestmark = pytest.mark.anyio
MADE = "2023-11-14T22:13:20.000Z"
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
EMAIL = {"type": "email", "name": "Mine", "email": "chuck334@example.com"}
PHONE = {"type": "phone", "phone_number": "+44207183875044"}


@pytest.fixture
async def user(house: House) -> str:
    return f"/users/{quote(await add_user(house))}"


async def add(api: Api, user: str, body: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = await api.post(f"{user}/authentication-methods", body)
    return made


def item(user: str, method: dict[str, Any]) -> str:
    return f"{user}/authentication-methods/{quote(method['id'])}"


async def test_an_address_is_shown_so_that_its_owner_knows_it(api: Api, user: str) -> None:
    made = await add(api, user, EMAIL)
    assert made["id"].startswith("email|dev_")
    assert len(made["id"]) == len("email|dev_") + 16
    shown = {
        "id": made["id"], "type": "email", "name": "Mine", "email": "chuc****@exam*******", "created_at": MADE,
    }  # fmt: skip
    assert made == shown
    assert await api.get(item(user, made)) == {**shown, "confirmed": True}
    assert await api.get(f"{user}/authentication-methods") == [{**shown, "confirmed": True}]
    assert await api.get(f"{user}/authentication-methods", include_totals=True, per_page=1) == {
        "authenticators": [{**shown, "confirmed": True}], "start": 0, "limit": 1, "total": 1,
    }  # fmt: skip
    short = await add(api, user, {"type": "email", "email": "foo@example.com"})
    assert short["email"] == "****@exam*******"


async def test_a_number_is_reached_by_message_unless_by_voice(api: Api, user: str) -> None:
    made = await add(api, user, PHONE)
    device = made["id"].removeprefix("phone|")
    assert made["phone_number"] == "XXXXXXXXXXXX5044"[-15:]
    assert made["authentication_methods"] == [{"id": f"sms|{device}", "type": "sms"}]
    changed = await api.patch(item(user, made), {"preferred_authentication_method": "voice", "name": "Home"})
    assert (changed["name"], changed["preferred_authentication_method"]) == ("Home", "voice")
    assert changed["authentication_methods"] == [{"id": f"voice|{device}", "type": "voice"}]


async def test_a_totp_key_is_given_or_made_and_never_shown_again(house: House, api: Api, user: str) -> None:
    given = await add(api, user, {"type": "totp", "totp_secret": TOTP})
    assert "totp_secret" not in given
    secrets = house.ports.authentication_methods.secrets
    assert await secrets(A, given["id"].removeprefix("totp|")) == {"totp_secret": TOTP}
    await api.delete(item(user, given))
    made = await add(api, user, {"type": "totp"})
    assert len(made["totp_secret"]) == 32
    assert await secrets(A, made["id"].removeprefix("totp|")) == {"totp_secret": made["totp_secret"]}
    assert "totp_secret" not in await api.get(item(user, made))
    logged = [event.details["request"]["body"] for event in await house.log()]
    assert TOTP not in str(logged)
    assert {"type": "totp", "totp_secret": "*****"} in logged


@pytest.mark.parametrize(
    "body",
    [
        {"type": "webauthn-roaming", "key_id": "k", "public_key": "p", "relying_party_identifier": "a.test"},
        {
            "type": "passkey", "key_id": "k", "public_key": "p", "credential_device_type": "multi_device",
            "credential_backed_up": True, "transports": ["usb"], "aaguid": "00000000-0000-0000-0000-000000000000",
        },
    ],
)  # fmt: skip
async def test_public_keys_are_kept_as_they_are(api: Api, user: str, body: dict[str, Any]) -> None:
    made = await add(api, user, body)
    assert made == {**body, "id": made["id"], "created_at": MADE}
    assert await api.refused("POST", f"{user}/authentication-methods", body) == (409, None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "sms"},
        {"type": "recovery-code"},
        {"type": "email"},
        {"type": "email", "email": "no address"},
        {"type": "email", "email": "a@example.com", "phone_number": "+15550100"},
        {"type": "phone"},
        {"type": "phone", "phone_number": "+15550100", "preferred_authentication_method": "post"},
        {"type": "totp", "totp_secret": "not base 32"},
        {"type": "totp", "totp_secret": "ABC"},
        {"type": "webauthn-roaming", "key_id": "k", "public_key": "p"},
        {"type": "passkey", "key_id": "k"},
        {"type": "email", "email": "a@example.com", "confirmed": True},
    ],
)
async def test_what_is_no_method(api: Api, user: str, body: dict[str, Any]) -> None:
    assert await api.refused("POST", f"{user}/authentication-methods", body) == (400, "invalid_body")
    if "type" in body:
        assert await api.refused("PUT", f"{user}/authentication-methods", [body]) == (400, "invalid_body")


async def test_a_secret_that_is_refused_is_not_repeated(api: Api, house: House, user: str) -> None:
    methods = f"{user}/authentication-methods"
    body = {"type": "totp", "totp_secret": "jbswy3dpehpk3pxp"}
    for method, path, sent in (("POST", methods, body), ("PUT", methods, [body])):
        assert body["totp_secret"] not in (await api.call(method, path, sent)).text
    sink = {"mixpanelRegion": "us", "mixpanelProjectId": "1", "mixpanelServiceAccountUsername": "a"}
    sent = {"name": "S", "type": "mixpanel", "sink": {**sink, "mixpanelServiceAccountPassword": "hush:hush"}}
    assert "hush" not in (await api.call("POST", "/log-streams", sent)).text
    logged = [event.details for event in await house.log(type_="fapi")]
    assert len(logged) == 3
    assert not any(secret in str(logged) for secret in ("jbswy3dpehpk3pxp", "hush"))


async def test_all_are_replaced_but_keys_of_hardware(api: Api, user: str) -> None:
    roaming = {"type": "webauthn-roaming", "key_id": "k", "public_key": "p", "relying_party_identifier": "a.test"}
    await add(api, user, roaming)
    await add(api, user, EMAIL)
    path = f"{user}/authentication-methods"
    other = {"type": "email", "name": "MyEmail", "email": "foo@example.com"}
    put = await api.call("PUT", path, [other, PHONE, {"type": "totp", "totp_secret": TOTP}])
    assert [
        (method["type"], method.get("email"), method.get("phone_number"), "confirmed" in method)
        for method in put.json()
    ] == [("email", "foo@example.com", None, False), ("phone", None, PHONE["phone_number"], False),
          ("totp", None, None, False)]  # fmt: skip
    assert [method["type"] for method in await api.get(path)] == ["webauthn-roaming", "email", "phone", "totp"]
    assert (await api.refused("PUT", path, [EMAIL, EMAIL]))[0] == 409
    assert [method["type"] for method in await api.get(path)] == ["webauthn-roaming", "email", "phone", "totp"]
    assert (await api.call("PUT", path, [])).json() == []
    assert [method["type"] for method in await api.get(path)] == ["webauthn-roaming"]
    assert await api.refused("PUT", path, [roaming]) == (400, "invalid_body")


async def test_of_each_there_is_one(api: Api, user: str) -> None:
    path = f"{user}/authentication-methods"
    for body, another in (
        (EMAIL, {**EMAIL, "email": "b@example.com"}),
        (PHONE, {**PHONE, "phone_number": "+15550100"}),
    ):
        await add(api, user, body)
        response = await api.call("POST", path, body)
        assert (response.status_code, response.json()["message"]) == (409, "Authentication method already exists.")
        await add(api, user, another)
    await add(api, user, {"type": "totp"})
    assert (await api.refused("POST", path, {"type": "totp"}))[0] == 409


async def test_what_is_not_there(house: House, api: Api, user: str) -> None:
    made = await add(api, user, EMAIL)
    other = f"/users/{quote(await add_user(house))}"
    wrong = f"{user}/authentication-methods/phone%7C{made['id'].removeprefix('email|')}"
    for address in (item(other, made), wrong, f"{user}/authentication-methods/email%7Cdev_0000000000000000"):
        assert (await api.refused("GET", address))[0] == 404
        assert (await api.refused("PATCH", address, {"name": "x"}))[0] == 404
        await api.delete(address)
    assert len(await api.get(f"{user}/authentication-methods")) == 1
    theirs = await house.api(B)
    assert (await theirs.refused("GET", item(user, made)))[0] == 404
    nobody = "/users/auth0%7Cnobody"
    for method, below, body in (
        ("GET", "/authentication-methods", None),
        ("POST", "/authentication-methods", EMAIL),
        ("PUT", "/authentication-methods", [EMAIL]),
        ("DELETE", "/authentication-methods", None),
        ("DELETE", "/authenticators", None),
        ("GET", "/enrollments", None),
        ("DELETE", "/multifactor/duo", None),
        ("POST", "/recovery-code-regeneration", None),
    ):
        assert await api.refused(method, nobody + below, body) == (404, "inexistent_user"), below
    assert await api.refused("PATCH", item(user, made), {"preferred_authentication_method": "sms"}) == (
        400, "invalid_body",
    )  # fmt: skip


async def test_they_go_one_by_one_all_together_and_with_the_user(api: Api, user: str) -> None:
    path = f"{user}/authentication-methods"
    await api.delete(item(user, await add(api, user, EMAIL)))
    assert await api.get(path) == []
    for address in (path, f"{user}/authenticators"):
        await add(api, user, EMAIL)
        await add(api, user, PHONE)
        await api.delete(address)
        assert await api.get(path) == []
    totp = await add(api, user, {"type": "totp"})
    await api.delete(f"{user}/multifactor/duo")
    assert len(await api.get(path)) == 1
    await api.delete(f"{user}/multifactor/google-authenticator")
    assert await api.get(path) == []
    assert await api.refused("DELETE", f"{user}/multifactor/other") == (400, "invalid_uri")
    totp = await add(api, user, {"type": "totp"})
    await api.delete(user)
    assert await api.refused("GET", f"/guardian/enrollments/{totp['id'].removeprefix('totp|')}") == (
        404, "enrollment_not_found",
    )  # fmt: skip


# ── enrollments ──


async def test_the_first_enrollment_is_read_by_its_own_id(house: House, api: Api, user: str, forge: Forge) -> None:
    assert await api.get(f"{user}/enrollments") == []
    await add(api, user, EMAIL)
    phone = await add(api, user, {**PHONE, "name": "Mine"})
    await add(api, user, {"type": "totp"})
    id_ = phone["id"].removeprefix("phone|")
    shown = {"id": id_, "status": "confirmed", "name": "Mine", "phone_number": "XXXXXXXXXXX5044"}
    listed = [{**shown, "type": "sms", "auth_method": "sms", "enrolled_at": MADE}]
    assert await api.get(f"{user}/enrollments") == listed
    me = Api(
        house.http(A), forge.signed(sub=user.removeprefix("/users/").replace("%7C", "|"), scope="read:current_user")
    )
    assert await me.get(f"{user}/enrollments") == listed
    assert await api.get(f"/guardian/enrollments/{id_}") == {**shown, "enrolled_at": MADE}
    await api.delete(f"/guardian/enrollments/{id_}")
    assert await api.refused("DELETE", f"/guardian/enrollments/{id_}") == (404, "enrollment_not_found")
    assert [method["type"] for method in await api.get(f"{user}/authentication-methods")] == ["email", "totp"]


async def test_a_recovery_code_is_told_once(house: House, api: Api, user: str) -> None:
    path = f"{user}/recovery-code-regeneration"
    assert await api.refused("POST", path) == (404, "enrollment_not_found")
    await add(api, user, {"type": "totp"})
    first = (await api.post(path, None, 200))["recovery_code"]
    second = (await api.post(path, None, 200))["recovery_code"]
    assert first != second
    assert len(second) == 24
    _, code = await api.get(f"{user}/authentication-methods")
    assert code == {"id": code["id"], "type": "recovery-code", "created_at": MADE, "confirmed": True}
    kept = await house.ports.authentication_methods.secrets(A, code["id"].removeprefix("recovery-code|"))
    assert kept == {"recovery_code_hash": digest(second).hex()}
    assert second not in str(await house.log())


async def test_an_enrollment_ticket_is_kept_for_its_user(house: House, api: Api, user: str) -> None:
    user_id = user.removeprefix("/users/").replace("%7C", "|")
    made = await api.post("/guardian/enrollments/ticket", {"user_id": user_id, "factor": "otp"}, 200)
    assert made["ticket_url"] == f"https://{A}/u/mfa-enrollment?ticket={made['ticket_id']}#"
    kept = await house.ports.tickets.find(A, digest(made["ticket_id"]), TicketType.MFA_ENROLLMENT, at=START)
    assert kept is not None
    assert (kept.user_id, kept.factor, kept.expires_at) == (user_id, "otp", START + 5 * 24 * 3600)
    nobody = {"user_id": "auth0|nobody"}
    assert await api.refused("POST", "/guardian/enrollments/ticket", nobody) == (404, "inexistent_user")
    assert await api.refused("POST", "/guardian/enrollments/ticket", {}) == (400, "invalid_body")
