"""Passkeys in an application's own pages: ``/passkey/challenge``, ``/passkey/register``, and the grant."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from tests.authenticator import Authenticator
from tests.integration.door import DOMAIN, Door, pace
from tests.integration.flows.test_second_factor import claims

from doorward.identity.mfa import otp
from doorward.oauth.token_request import PASSKEY

OWN = "https://spa.elsewhere.test"
PEOPLE = {
    "name": "people", "strategy": "auth0", "enabled_clients": ["Spa", "Web", "Native", "Other"],
    "options": {"authentication_methods": {"passkey": {"enabled": True}}},
}  # fmt: skip
MFA = "http://auth0.com/oauth/grant-type/mfa-otp"
BOB = {"email": "bob@example.test", "name": "Bob"}


@pytest.fixture
async def passkeys(door: Door) -> Door:
    native = {
        "name": "Native", "app_type": "native", "token_endpoint_auth_method": "none", "allowed_origins": [OWN],
        "grant_types": [PASSKEY, MFA, "refresh_token"], "oidc_conformant": True,
        "mobile": {"android": {"sha256_cert_fingerprints": ["00:FF:10"]}},
    }  # fmt: skip
    other = {**native, "name": "Other", "app_type": "spa"}
    return await door.tenant({"clients": [native, other], "databases": [PEOPLE]})


async def post(door: Door, path: str, **body: Any) -> httpx2.Response:
    async with door.http() as http:
        return await http.post(path, json={"client_id": door.client("Native").client_id, **body})


async def challenge(door: Door, **body: Any) -> dict[str, Any]:
    answer = await post(door, "/passkey/challenge", **body)
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


async def exchange(door: Door, session: str, answer: dict[str, Any], **body: Any) -> httpx2.Response:
    return await post(
        door, "/oauth/token", grant_type=PASSKEY, auth_session=session, authn_response=answer, scope="openid", **body
    )


async def signed_up(door: Door, device: Authenticator, **profile: str) -> httpx2.Response:
    begun = await post(door, "/passkey/register", user_profile={**BOB, **profile}, user_metadata={"plan": "gold"})
    assert begun.status_code == 200, begun.text
    asked = begun.json()
    return await exchange(door, asked["auth_session"], device.create(asked["authn_params_public_key"]))


async def log_in(door: Door, device: Authenticator, **body: Any) -> httpx2.Response:
    asked = await challenge(door)
    return await exchange(door, asked["auth_session"], device.get(asked["authn_params_public_key"]), **body)


async def test_somebody_signs_up_with_a_passkey_and_logs_in_with_it(passkeys: Door) -> None:
    begun = await post(passkeys, "/passkey/register", user_profile=BOB)
    asked = begun.json()
    assert begun.headers["cache-control"] == "no-store"
    options = asked["authn_params_public_key"]
    assert options["rp"] == {"id": DOMAIN, "name": DOMAIN}
    assert (options["user"]["name"], options["user"]["displayName"]) == ("bob@example.test", "Bob")
    assert options["pubKeyCredParams"] == [{"type": "public-key", "alg": alg} for alg in (-8, -7, -257)]
    assert options["authenticatorSelection"] == {"residentKey": "required", "userVerification": "preferred"}
    assert options["timeout"] == 600_000

    device = Authenticator(f"https://{DOMAIN}")
    made = await signed_up(passkeys, device)
    assert made.status_code == 200, made.text
    user_id = claims(made.json()["id_token"])["sub"]
    (created,) = await passkeys.log("ss")
    assert created.details["authentication_methods"] == ["passkey"]
    user = await passkeys.ports.users.find(DOMAIN, user_id)
    assert user is not None
    assert (user.email, user.user_metadata) == ("bob@example.test", {"plan": "gold"})
    (method,) = await passkeys.ports.authentication_methods.of_user(DOMAIN, user_id)
    assert method.properties["user_handle"] == device.handle

    begun = await challenge(passkeys, realm="people")
    assert begun["authn_params_public_key"] | {"challenge": ""} == {
        "challenge": "", "timeout": 600_000, "rpId": DOMAIN, "userVerification": "preferred",
    }  # fmt: skip
    tokens = (await log_in(passkeys, device)).json()
    assert claims(tokens["id_token"])["sub"] == user_id
    assert "amr" not in claims(tokens["id_token"])
    assert (await passkeys.log("passkey_challenge_started"))[0].details == {"purpose": "login"}


async def test_an_answer_is_good_once_for_its_session_and_its_client(passkeys: Door) -> None:
    device = Authenticator(f"https://{DOMAIN}", counts=False)
    await signed_up(passkeys, device)
    asked, other = await challenge(passkeys), await challenge(passkeys)
    answer = device.get(asked["authn_params_public_key"])
    assert (await exchange(passkeys, other["auth_session"], answer)).status_code == 403
    foreign = await exchange(passkeys, asked["auth_session"], answer, client_id=passkeys.client("Other").client_id)
    assert foreign.json()["error"] == "invalid_grant"
    together = await asyncio.gather(*(exchange(passkeys, asked["auth_session"], answer) for _ in range(3)))
    assert sorted(one.status_code for one in together) == [200, 403, 403]
    late = await challenge(passkeys)
    passkeys.clock.pass_(601)
    refused = await exchange(passkeys, late["auth_session"], device.get(late["authn_params_public_key"]))
    assert refused.json() == {"error": "invalid_grant", "error_description": "Invalid or expired auth_session"}


async def test_it_is_used_at_the_clients_own_origins_and_nowhere_else(passkeys: Door) -> None:
    device = Authenticator(f"https://{DOMAIN}")
    await signed_up(passkeys, device)
    for origin, status in ((OWN, 200), ("android:apk-key-hash:AP8Q", 200), ("https://evil.test", 403)):
        device.origin = origin
        assert (await log_in(passkeys, device)).status_code == status, origin


async def test_an_address_that_has_an_account_signs_up_nobody(passkeys: Door) -> None:
    device = Authenticator(f"https://{DOMAIN}")
    begun = [(await post(passkeys, "/passkey/register", user_profile=BOB)).json() for _ in range(2)]
    answers = [
        exchange(passkeys, one["auth_session"], Authenticator(device.origin).create(one["authn_params_public_key"]))
        for one in begun
    ]
    assert sorted(answer.status_code for answer in await asyncio.gather(*answers)) == [200, 400]
    refused = await signed_up(passkeys, Authenticator(device.origin))
    assert (refused.status_code, refused.json()["error_description"]) == (400, "Invalid sign up")
    await passkeys.tenant({"tenant": {"flags": {"enable_public_signup_user_exists_error": True}}})
    refused = await signed_up(passkeys, Authenticator(device.origin))
    assert refused.json() == {"error": "invalid_request", "error_description": "The user already exists"}


async def test_e9_a_challenge_is_the_same_for_a_known_address(passkeys: Door) -> None:
    async def shape(email: str) -> tuple[int, list[str], list[str], int]:
        begun = await post(passkeys, "/passkey/register", user_profile={**BOB, "email": email})
        asked = begun.json()
        return begun.status_code, sorted(asked), sorted(asked["authn_params_public_key"]), len(begun.content)

    await signed_up(passkeys, Authenticator(f"https://{DOMAIN}"))
    assert await shape("bob@example.test") == await shape("bea@example.test")
    assert await passkeys.log("passkey_challenge_failed") == []


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"client_id": None}, 400, "invalid_request"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": 7}, 400, "invalid_request"),
        ({"realm": "others"}, 400, "invalid_request"),
        ({"organization": "org_1"}, 400, "invalid_request"),
    ],
)
async def test_who_may_not_ask_is_refused(passkeys: Door, body: dict[str, Any], status: int, error: str) -> None:
    for path, more in (("/passkey/challenge", {}), ("/passkey/register", {"user_profile": BOB})):
        refused = await post(passkeys, path, **more, **body)
        assert (refused.status_code, refused.json()["error"]) == (status, error)


@pytest.mark.parametrize("profile", [None, {}, {"email": "no"}, {**BOB, "shoe_size": "9"}, {"email": 7}, "x"])
async def test_nobody_is_signed_up_with_nonsense(passkeys: Door, profile: Any) -> None:
    refused = await post(passkeys, "/passkey/register", user_profile=profile)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_clients_without_the_grant_and_tenants_without_passkeys_have_none(passkeys: Door) -> None:
    web = passkeys.client("Web")
    refused = await post(passkeys, "/passkey/challenge", client_id=web.client_id, client_secret=web.client_secret)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    off = {**PEOPLE, "options": {"authentication_methods": {"passkey": {"enabled": False}}}}
    await passkeys.tenant({"databases": [off]})
    assert (await post(passkeys, "/passkey/challenge")).status_code == 404


async def test_challenges_are_not_made_without_end(passkeys: Door) -> None:
    answers = [await post(passkeys, "/passkey/challenge") for _ in range(51)]
    assert [one.status_code for one in answers] == [200] * 50 + [429]
    assert pace(answers[-1]) == (50, 6, passkeys.clock.now() + 6)
    passkeys.clock.pass_(6)
    assert (await post(passkeys, "/passkey/challenge")).status_code == 200


async def test_who_has_many_addresses_gets_no_more_challenges(passkeys: Door) -> None:
    body = {"client_id": passkeys.client("Native").client_id}

    async def asked(ip: str) -> int:
        async with passkeys.http(ip=ip) as http:
            return (await http.post("/passkey/challenge", json=body)).status_code

    statuses = [await asked(f"2001:db8::{place:x}") for place in range(1, 52)]
    assert statuses == [200] * 50 + [429]
    assert await asked("2001:db8:0:1::1") == 200, "the network of somebody else"


async def test_a_policy_wants_a_second_factor_of_a_passkey_too(passkeys: Door) -> None:
    device = Authenticator(f"https://{DOMAIN}")
    user_id = claims((await signed_up(passkeys, device)).json()["id_token"])["sub"]
    factors = [{"name": "otp", "enabled": True}]
    await passkeys.tenant({"guardianFactors": factors, "guardianPolicies": {"policies": ["all-applications"]}})
    waiting = (await log_in(passkeys, device)).json()
    assert waiting["error"] == "mfa_required"
    async with passkeys.http() as http:
        bearer = {"authorization": f"Bearer {waiting['mfa_token']}"}
        given = await http.post("/mfa/associate", json={"authenticator_types": ["otp"]}, headers=bearer)
    code = otp.code_of(given.json()["secret"], otp.step_at(passkeys.clock.now()))
    done = await post(passkeys, "/oauth/token", grant_type=MFA, mfa_token=waiting["mfa_token"], otp=code)
    assert done.status_code == 200, done.text
    (logged,) = await passkeys.log("sepkotpft")
    assert logged.user_id == user_id
