"""Passwords at the token endpoint where a second factor is wanted: Auth0's MFA API and its grants."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from tests.integration.door import DOMAIN, Door
from tests.integration.flows.test_second_factor import ALWAYS, FACTORS, claims, code, has_app, types, user_id

from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.message import Message
from doorward.model.request_context import RequestContext

GRANT = "http://auth0.com/oauth/grant-type/"
GRANTS = ["password", "refresh_token", "authorization_code", f"{GRANT}mfa-otp", f"{GRANT}mfa-recovery-code"]
LOGIN = {"username": "ada@example.test", "password": "correct-horse-9"}


@pytest.fixture
async def mfa(door: Door) -> Door:
    await door.tenant({**ALWAYS, "clients": [{"name": "Web", "grant_types": GRANTS}]})
    return door


def credentials(door: Door, name: str = "Web") -> dict[str, str]:
    client = door.client(name)
    return {"client_id": client.client_id, "client_secret": client.client_secret or ""}


async def grant(door: Door, kind: str, client: str = "Web", **more: str) -> httpx2.Response:
    grant_type = kind if kind in ("password", "refresh_token") else GRANT + kind
    return await door.token(grant_type=grant_type, **credentials(door, client), **more)


async def required(door: Door, **more: str) -> dict[str, Any]:
    """The answer to a right password alone."""
    answer = await grant(door, "password", **LOGIN, **more)
    assert answer.status_code == 403, answer.text
    body: dict[str, Any] = answer.json()
    assert (body["error"], body["error_description"]) == ("mfa_required", "Multifactor authentication required")
    return body


async def call(
    door: Door, method: str, path: str, token: str, body: Any = None, ip: str = "192.0.2.1"
) -> httpx2.Response:
    async with door.http(ip=ip) as http:
        return await http.request(method, f"/mfa/{path}", json=body, headers={"authorization": f"Bearer {token}"})


async def test_a_password_alone_is_not_enough_and_a_code_is(mfa: Door) -> None:
    await has_app(mfa)
    body = await required(mfa, scope="openid offline_access read:items", audience="https://api.test")
    assert body["mfa_requirements"] == {"challenge": [{"type": "otp"}]}
    assert await mfa.log("mfar")
    token = body["mfa_token"]
    challenge = {"mfa_token": token, "challenge_type": "oob otp", **credentials(mfa)}
    async with mfa.http() as http:
        assert (await http.post("/mfa/challenge", json=challenge)).json() == {"challenge_type": "otp"}
        assert (await http.post("/mfa/challenge", data=challenge)).json() == {"challenge_type": "otp"}
    wrong = await grant(mfa, "mfa-otp", mfa_token=token, otp="000000")
    assert (wrong.status_code, wrong.json()["error"], wrong.json()["error_description"]) == (
        403, "invalid_grant", "Invalid otp_code.",
    )  # fmt: skip
    answer = (await grant(mfa, "mfa-otp", mfa_token=token, otp=code(mfa))).json()
    assert answer["scope"] == "openid offline_access read:items"
    assert "recovery_code" not in answer
    assert claims(answer["access_token"])["gty"] == "password"
    assert "amr" not in claims(answer["id_token"])
    assert (await grant(mfa, "refresh_token", refresh_token=answer["refresh_token"])).status_code == 200
    assert await mfa.log("seotpft")
    assert await mfa.log("feotpft")
    mfa.clock.pass_(30)
    again = await grant(mfa, "mfa-otp", mfa_token=token, otp=code(mfa))
    assert (again.status_code, again.json()["error_description"]) == (403, "Malformed mfa_token")


async def test_a_first_app_is_taken_on_with_the_token_and_no_second_one(mfa: Door) -> None:
    body = await required(mfa)
    assert body["mfa_requirements"] == {"enroll": [{"type": "otp"}]}
    token = body["mfa_token"]
    nothing = await call(mfa, "POST", "challenge", token, {"mfa_token": token})
    assert (nothing.status_code, nothing.json()["error"]) == (403, "association_required")
    assert (await call(mfa, "GET", "authenticators", token)).json() == []
    made = (await call(mfa, "POST", "associate", token, {"authenticator_types": ["otp"]})).json()
    assert made["authenticator_type"] == "otp"
    assert made["barcode_uri"].startswith("otpauth://totp/Example:ada%40example.test?secret=" + made["secret"]) or (
        "secret=" + made["secret"] in made["barcode_uri"]
    )
    assert await types(mfa) == [], "nothing counts before it is confirmed"
    assert (await grant(mfa, "mfa-otp", mfa_token=token, otp=code(mfa, made["secret"]))).status_code == 200
    assert sorted(await types(mfa)) == ["recovery-code", "totp"]

    token = (await required(mfa))["mfa_token"]
    listed = (await call(mfa, "GET", "authenticators", token)).json()
    assert [(one["authenticator_type"], one["active"]) for one in listed] == [("otp", True), ("recovery-code", True)]
    assert listed[0]["id"].startswith("totp|dev_")
    refused = await call(mfa, "POST", "associate", token, {"authenticator_types": ["otp"]})
    assert (refused.status_code, refused.json()["error"], refused.json()["error_description"]) == (
        403, "access_denied", "User is already enrolled.",
    )  # fmt: skip
    assert (await call(mfa, "DELETE", f"authenticators/{listed[0]['id']}", token)).status_code == 401
    assert (await call(mfa, "POST", "recovery-code-regeneration", token)).status_code == 401

    recovered = await grant(mfa, "mfa-recovery-code", mfa_token=token, recovery_code=made["recovery_codes"][0])
    fresh = recovered.json()["recovery_code"]
    assert fresh != made["recovery_codes"][0]
    assert await mfa.log("sercft")
    token = (await required(mfa))["mfa_token"]
    spent = await grant(mfa, "mfa-recovery-code", mfa_token=token, recovery_code=made["recovery_codes"][0])
    assert (spent.status_code, spent.json()["error_description"]) == (403, "MFA Authorization rejected.")
    assert (await grant(mfa, "mfa-recovery-code", mfa_token=token, recovery_code=fresh)).status_code == 200


async def test_the_token_is_for_its_client_its_domain_and_ten_minutes(mfa: Door) -> None:
    await has_app(mfa)
    await mfa.tenant(
        {
            "clients": [{"name": "Other", "app_type": "regular_web", "grant_types": GRANTS}],
            "databases": [{"name": "people", "strategy": "auth0", "enabled_clients": ["Spa", "Web", "Other"]}],
        }
    )
    token = (await required(mfa))["mfa_token"]
    foreign = await grant(mfa, "mfa-otp", "Other", mfa_token=token, otp=code(mfa))
    assert (foreign.status_code, foreign.json()["error"]) == (403, "invalid_grant")
    for garbage in ("x", token[:-4], "a.b.c.d.e", "x" * 20_000):
        answer = await grant(mfa, "mfa-otp", mfa_token=garbage, otp=code(mfa))
        assert (answer.status_code, answer.json()["error_description"]) == (403, "Malformed mfa_token")
        assert (await call(mfa, "GET", "authenticators", garbage)).status_code in (401, 403)
    async with mfa.http() as http:
        assert (await http.get("/userinfo", headers={"authorization": f"Bearer {token}"})).status_code == 401
        assert (await http.get("/mfa/authenticators")).status_code == 401
    mfa.clock.pass_(601)
    late = await grant(mfa, "mfa-otp", mfa_token=token, otp=code(mfa))
    assert (late.status_code, late.json()["error"], late.json()["error_description"]) == (
        401, "expired_token", "mfa_token is expired",
    )  # fmt: skip
    assert (await call(mfa, "GET", "authenticators", token)).status_code == 401


async def test_who_was_blocked_meanwhile_gets_nothing(mfa: Door) -> None:
    await has_app(mfa)
    token = (await required(mfa))["mfa_token"]
    await mfa.tenant({"users": [{"email": "ada@example.test", "connection": "people", "blocked": True}]})
    answer = await grant(mfa, "mfa-otp", mfa_token=token, otp=code(mfa))
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")
    assert (await call(mfa, "GET", "authenticators", token)).status_code == 403


async def test_a_client_needs_the_grant(mfa: Door) -> None:
    await has_app(mfa)
    token = (await required(mfa))["mfa_token"]
    await mfa.tenant({"clients": [{"name": "Web", "grant_types": ["password"]}]})
    answer = await grant(mfa, "mfa-otp", mfa_token=token, otp=code(mfa))
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized_client")


async def test_of_many_with_one_code_one_gets_tokens(mfa: Door) -> None:
    await has_app(mfa)
    tokens = [(await required(mfa))["mfa_token"] for _ in range(4)]
    answers = await asyncio.gather(*(grant(mfa, "mfa-otp", mfa_token=one, otp=code(mfa)) for one in tokens))
    assert sorted(one.status_code for one in answers) == [200, 403, 403, 403]


async def test_guesses_run_out_whatever_token_they_come_with(mfa: Door) -> None:
    await has_app(mfa)
    statuses = []
    for _ in range(6):
        token = (await required(mfa))["mfa_token"]
        statuses.append((await grant(mfa, "mfa-otp", mfa_token=token, otp="000000")).status_code)
    assert statuses == [403] * 5 + [429]
    right = await grant(mfa, "mfa-otp", mfa_token=token, otp=code(mfa))
    assert (right.status_code, right.json()["error"]) == (429, "too_many_attempts")


async def test_what_an_administrator_takes_away_is_gone_at_once(mfa: Door) -> None:
    method = await has_app(mfa)
    token = (await required(mfa))["mfa_token"]
    await mfa.ports.authentication_methods.remove(DOMAIN, [method], events=())
    assert (await grant(mfa, "mfa-otp", mfa_token=token, otp=code(mfa))).status_code == 403
    assert (await required(mfa))["mfa_requirements"] == {"enroll": [{"type": "otp"}]}


async def test_a_tenant_that_wants_none_gives_tokens_for_a_password(door: Door) -> None:
    await door.tenant({"guardianFactors": FACTORS})
    await has_app(door)
    assert (await grant(door, "password", **LOGIN)).status_code == 200


async def test_bad_input_gets_a_sentence(mfa: Door) -> None:
    token = (await required(mfa))["mfa_token"]
    for body in ({}, {"authenticator_types": "otp"}, {"authenticator_types": [1]}, {"authenticator_types": ["oob"]}):
        answer = await call(mfa, "POST", "associate", token, body)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), answer.text
    await has_app(mfa)
    token = (await required(mfa))["mfa_token"]
    answer = await call(mfa, "POST", "challenge", token, {"mfa_token": token, "challenge_type": "oob"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_challenge_type")
    assert (await grant(mfa, "mfa-otp", mfa_token=token)).json()["error_description"] == (
        "Missing required parameter: otp"
    )


MANAGE = {
    "audience": f"https://{DOMAIN}/mfa/",
    "scope": "openid enroll read:authenticators remove:authenticators create:anything",
}


async def test_an_access_token_changes_factors_once_one_was_proved(door: Door) -> None:
    await door.tenant({"guardianFactors": FACTORS, "clients": [{"name": "Web", "grant_types": GRANTS}]})
    answer = (await grant(door, "password", **LOGIN, **MANAGE)).json()
    assert (answer["expires_in"], answer["scope"]) == (600, "openid enroll read:authenticators remove:authenticators")
    assert (await call(door, "GET", "authenticators", answer["access_token"])).json() == []
    await has_app(door)
    token = (await required(door, **MANAGE))["mfa_token"]
    answer = (await grant(door, "mfa-otp", mfa_token=token, otp=code(door))).json()
    bearer = answer["access_token"]
    renewed = await call(door, "POST", "recovery-code-regeneration", bearer)
    assert len(renewed.json()["recovery_code"]) == 24
    listed = (await call(door, "GET", "authenticators", bearer)).json()
    assert {one["authenticator_type"] for one in listed} == {"otp", "recovery-code"}
    assert (await call(door, "DELETE", "authenticators/sms|dev_app", bearer)).status_code == 404
    for one in listed:
        assert (await call(door, "DELETE", f"authenticators/{one['id']}", bearer)).status_code == 204
        assert (await call(door, "DELETE", f"authenticators/{one['id']}", bearer)).status_code == 404
    assert await types(door) == []
    assert len(await door.log("gd_unenroll")) == 2
    door.clock.pass_(601)
    assert (await call(door, "GET", "authenticators", bearer)).status_code == 401


NAMED = {"resource": MANAGE["audience"], "scope": MANAGE["scope"]}


@pytest.mark.parametrize("asked", [MANAGE, NAMED], ids=["audience", "resource"])
async def test_a_login_that_changes_factors_proves_one(door: Door, asked: dict[str, str]) -> None:
    await door.tenant({"guardianFactors": FACTORS, "clients": [{"name": "Web", "grant_types": GRANTS}]})
    await has_app(door)
    tab = await (await door.browser().authorize(door.client("Web"), **asked)).login()
    assert tab.path == "/u/mfa-otp-challenge"
    refused = await grant(door, "password", **LOGIN, **asked)
    assert (refused.status_code, refused.json()["error"]) == (403, "mfa_required")


async def test_a_factor_proved_before_does_not_change_factors(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    await tab.submit(code=code(door))
    assert "code" in tab.answer
    await tab.authorize(door.client("Web"))
    assert "code" in tab.answer, "the session has proved one"
    await tab.authorize(door.client("Web"), **MANAGE)
    assert tab.path == "/u/mfa-otp-challenge"


async def test_an_mfa_token_ends_with_the_password_it_was_made_by(mfa: Door) -> None:
    await has_app(mfa)
    token = (await required(mfa))["mfa_token"]
    found = await mfa.ports.users.find_by_identifier(DOMAIN, "people", "email", "ada@example.test")
    assert found is not None
    connection = mfa.ports.directory.tenant(DOMAIN).connections["people"]
    await mfa.server.services.people.password_change.change(
        mfa.ports.directory.tenant(DOMAIN), connection, found[0], LOGIN["password"], "Another-Horse-7",
        RequestContext(ip="192.0.2.1", hostname=DOMAIN),
    )  # fmt: skip
    answer = await grant(mfa, "mfa-otp", mfa_token=token, otp=code(mfa))
    assert (answer.status_code, answer.json()["error"]) == (403, "invalid_grant")
    assert (await call(mfa, "GET", "authenticators", token)).status_code in (401, 403)


async def test_each_change_has_its_scope(door: Door) -> None:
    await door.tenant({"guardianFactors": FACTORS, "clients": [{"name": "Web", "grant_types": GRANTS}]})
    narrow = {**MANAGE, "scope": "openid"}
    bearer = (await grant(door, "password", **LOGIN, **narrow)).json()["access_token"]
    for method, path, body in (
        ("GET", "authenticators", None),
        ("DELETE", "authenticators/totp|dev_app", None),
        ("POST", "associate", {"authenticator_types": ["otp"]}),
        ("POST", "recovery-code-regeneration", None),
    ):
        answer = await call(door, method, path, bearer, body)
        assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    other = (await grant(door, "password", **LOGIN, audience="https://api.test")).json()["access_token"]
    assert (await call(door, "GET", "authenticators", other)).status_code in (401, 403)


async def test_explain_says_so_and_hands_nothing_out(mfa: Door) -> None:
    await has_app(mfa)
    manager = mfa.client("Mgmt")
    granted = await mfa.token(
        grant_type="client_credentials", client_id=manager.client_id, client_secret=manager.client_secret or "",
        audience=f"https://{DOMAIN}/api/v2/",
    )  # fmt: skip
    bearer = {"authorization": f"Bearer {granted.json()['access_token']}"}
    token = (await required(mfa))["mfa_token"]
    client = mfa.client("Web").client_id
    async with mfa.http() as http:

        async def explain(**asked: str) -> dict[str, Any]:
            answer = await http.post("/_doorward/api/v1/explain", json={"client_id": client, **asked}, headers=bearer)
            assert answer.status_code == 200, answer.text
            assert '"mfa_token"' not in answer.text
            body: dict[str, Any] = answer.json()
            return body

        told = await explain(grant_type="password", username="ada@example.test")
        assert told["error"]["error"] == "mfa_required"
        assert told["steps"][-1]["because"]["code"] == "mfa.policy"
        assert (await explain(grant_type=f"{GRANT}mfa-otp", mfa_token="x", otp="1"))["error"][
            "error"
        ] == "invalid_grant"
        told = await explain(grant_type=f"{GRANT}mfa-otp", mfa_token=token, otp="123456")
        assert told["error"] is None
    assert (await grant(mfa, "mfa-otp", mfa_token=token, otp=code(mfa))).status_code == 200, "nothing was spent"


@pytest.mark.parametrize("number", ["+44" + "0" * 40, "+44 " + "20 " * 12, "12345", "+44x2079460000"])
async def test_what_is_no_number_is_sent_nothing(door: Door, number: str) -> None:
    await door.tenant({**ALWAYS, "guardianFactors": [{"name": "sms", "enabled": True}]})
    await door.tenant({"clients": [{"name": "Web", "grant_types": GRANTS}]})
    body = {"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": number}
    answer = await call(door, "POST", "associate", (await required(door))["mfa_token"], body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert await door.server.storage.outbox.take(Message, until=door.clock.now() + 1, limit=9) == []


# ── another factor, by an access token ──


async def manager(door: Door, *factors: str) -> str:
    """An access token of somebody who has an app, and proved it."""
    switched = [{"name": name, "enabled": True} for name in ("otp", "recovery-code", *factors)]
    grants = [*GRANTS, f"{GRANT}mfa-oob"]
    await door.tenant({"guardianFactors": switched, "clients": [{"name": "Web", "grant_types": grants}]})
    await has_app(door)
    token = (await required(door, **MANAGE))["mfa_token"]
    answer = (await grant(door, "mfa-otp", mfa_token=token, otp=code(door))).json()
    bearer: str = answer["access_token"]
    return bearer


async def took(door: Door) -> str:
    """The code that was sent, which is then gone."""
    outbox = door.server.storage.outbox
    (entry,) = await outbox.take(Message, until=door.clock.now() + 1, limit=9)
    await outbox.remove(entry)
    assert entry.message is not None
    value: str = entry.message.values["code"]
    return value


async def test_a_number_is_added_with_an_access_token(door: Door) -> None:
    bearer = await manager(door, "sms")
    body = {"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+44 20 7946 0000"}
    associated = (await call(door, "POST", "associate", bearer, body)).json()
    assert associated["authenticator_type"] == "oob"
    assert "recovery_codes" not in associated, "the one there is stays good"
    sent = {"oob_code": associated["oob_code"], "binding_code": await took(door)}
    wrong = await grant(door, "mfa-oob", mfa_token=bearer, **{**sent, "binding_code": "000000"})
    assert (wrong.status_code, wrong.json()["error_description"]) == (403, "Invalid binding_code.")
    answer = await grant(door, "mfa-oob", mfa_token=bearer, **sent)
    assert answer.status_code == 200, answer.text
    assert sorted(answer.json()["scope"].split()) == sorted(MANAGE["scope"].split()[:-1])
    assert sorted(await types(door)) == ["phone", "totp"]
    again = await grant(door, "mfa-oob", mfa_token=bearer, **sent)
    assert (again.status_code, again.json()["error"]) == (403, "invalid_grant")
    listed = await call(door, "GET", "authenticators", answer.json()["access_token"])
    assert {one["authenticator_type"] for one in listed.json()} == {"otp", "oob"}


async def test_what_is_given_for_a_factor_ends_with_the_token_it_was_added_with(door: Door) -> None:
    bearer = await manager(door, "sms")
    ends = claims(bearer)["exp"]
    for number, left in (("+442079460000", 350), ("+442079460001", 100)):
        door.clock.pass_(250)
        body = {"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": number}
        associated = (await call(door, "POST", "associate", bearer, body)).json()
        sent = {"oob_code": associated["oob_code"], "binding_code": await took(door)}
        answer = (await grant(door, "mfa-oob", mfa_token=bearer, **sent)).json()
        bearer = answer["access_token"]
        assert (answer["expires_in"], claims(bearer)["exp"]) == (left, ends)
    lifetime = [
        step for step in (await door.log("seoobft"))[0].details["trace"]["steps"] if step["stage"] == "lifetime"
    ]
    assert [step["because"]["code"] for step in lifetime] == ["lifetime.presented"]
    assert (await call(door, "GET", "authenticators", bearer)).status_code == 200
    door.clock.pass_(100)
    assert (await call(door, "GET", "authenticators", bearer)).status_code == 401


async def test_a_mailbox_is_added_with_an_access_token(door: Door) -> None:
    bearer = await manager(door, "email")
    body = {"authenticator_types": ["oob"], "oob_channels": ["email"]}
    for given, words in (({}, "Missing required parameter: email"), ({"email": "ada@"}, "email must be an e-mail")):
        refused = await call(door, "POST", "associate", bearer, {**body, **given})
        assert refused.status_code == 400
        assert words in refused.json()["error_description"]
    associated = (await call(door, "POST", "associate", bearer, {**body, "email": "ada@elsewhere.test"})).json()
    assert associated["oob_channel"] == "email"
    sent = {"oob_code": associated["oob_code"], "binding_code": await took(door)}
    assert (await grant(door, "mfa-oob", mfa_token=bearer, **sent)).status_code == 200
    methods = await door.ports.authentication_methods.of_user(DOMAIN, await user_id(door))
    assert [one.properties for one in methods if one.type.value == "email"] == [{"email": "ada@elsewhere.test"}]


async def test_a_mailbox_is_taken_on_with_an_mfa_token_if_it_is_the_accounts(door: Door) -> None:
    person = {"email": "eve@example.test", "password": "correct-horse-9", "connection": "people"}
    await door.tenant({
        "guardianFactors": [{"name": "email", "enabled": True}],
        "guardianPolicies": {"policies": ["all-applications"]},
        "clients": [{"name": "Web", "grant_types": [*GRANTS, f"{GRANT}mfa-oob"]}],
        "users": [person],
    })  # fmt: skip
    refused = (await grant(door, "password", username=person["email"], password=person["password"])).json()
    assert refused["mfa_requirements"] == {"enroll": [{"type": "email"}]}
    body = {"authenticator_types": ["oob"], "oob_channels": ["email"], "email": "mallory@example.test"}
    associated = (await call(door, "POST", "associate", refused["mfa_token"], body)).json()
    (entry,) = await door.server.storage.outbox.take(Message, until=door.clock.now() + 1, limit=9)
    assert entry.message is not None
    assert entry.message.to == "eve@example.test", "what is typed is no address of theirs"
    sent = {"oob_code": associated["oob_code"], "binding_code": entry.message.values["code"]}
    assert (await grant(door, "mfa-oob", mfa_token=refused["mfa_token"], **sent)).status_code == 200


async def test_an_app_is_added_by_its_owner_only(door: Door) -> None:
    bearer = await manager(door, "sms")
    again = await call(door, "POST", "associate", bearer, {"authenticator_types": ["otp"]})
    assert (again.status_code, again.json()["error_description"]) == (403, "User is already enrolled.")
    await door.ports.authentication_methods.remove(DOMAIN, ["dev_app"], events=())
    await has_number(door)
    associated = (await call(door, "POST", "associate", bearer, {"authenticator_types": ["otp"]})).json()
    key = associated["secret"]
    narrow = await reading(door)
    for token, error in ((narrow, "insufficient_scope"), ((await other(door)), "invalid_token")):
        refused = await grant(door, "mfa-otp", mfa_token=token, otp=code(door, key))
        assert (refused.status_code in (401, 403), refused.json()["error"]) == (True, error)
    wrong = await grant(door, "mfa-otp", mfa_token=bearer, otp="000000")
    assert (wrong.status_code, wrong.json()["error_description"]) == (403, "Invalid otp_code.")
    answer = await grant(door, "mfa-otp", mfa_token=bearer, otp=code(door, key))
    assert answer.status_code == 200, answer.text
    assert sorted(await types(door)) == ["phone", "totp"]
    door.clock.pass_(601)
    late = await grant(door, "mfa-otp", mfa_token=answer.json()["access_token"], otp="000000")
    assert late.status_code == 401


async def has_number(door: Door) -> None:
    method = AuthenticationMethod(
        id="dev_number", user_id=await user_id(door), type=MethodType.PHONE, created_at=0.0,
        properties={"phone_number": "+442079460000"},
    )  # fmt: skip
    assert await door.ports.authentication_methods.add(DOMAIN, method.user_id, [method], events=())


async def reading(door: Door) -> str:
    """An access token for the MFA API that may not enroll."""
    waiting = (await required(door, **{**MANAGE, "scope": "openid read:authenticators"}))["mfa_token"]
    challenged = (await call(door, "POST", "challenge", waiting, {"mfa_token": waiting})).json()
    sent = {"oob_code": challenged["oob_code"], "binding_code": await took(door)}
    token: str = (await grant(door, "mfa-oob", mfa_token=waiting, **sent)).json()["access_token"]
    return token


async def other(door: Door) -> str:
    """An access token for another API."""
    token: str = (await grant(door, "password", **LOGIN, audience="https://api.test")).json()["access_token"]
    return token
