"""The token endpoint, tokens and revocation under attack; tests are named by the requirement they prove."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey
from tests.integration.door import DOMAIN, START, Door

from doorward.backends.keys.password_hashes import PasswordHasher

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
AUDIENCE = "https://api.test"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
).decode()  # fmt: skip


@pytest.fixture
async def keyed(door: Door) -> Door:
    """``Robot`` authenticates with a key, and still has a secret."""
    await door.tenant({
        "clients": [{"name": "Robot", "grant_types": ["client_credentials"], "client_secret": "robot-secret-4711"}],
        "clientGrants": [{"client_id": "Robot", "audience": AUDIENCE, "scope": ["read:items"]}],
    })  # fmt: skip
    robot = door.client("Robot")
    async with door.http() as http:
        management = door.client("Mgmt")
        answer = await http.post(
            "/oauth/token",
            data={
                "grant_type": "client_credentials", "client_id": management.client_id,
                "client_secret": management.client_secret, "audience": f"https://{DOMAIN}/api/v2/",
            },
        )  # fmt: skip
        bearer = {"authorization": f"Bearer {answer.json()['access_token']}"}
        credential = await http.post(
            f"/api/v2/clients/{robot.client_id}/credentials",
            json={"credential_type": "public_key", "name": "k", "pem": PEM, "alg": "RS256"}, headers=bearer,
        )  # fmt: skip
        assert credential.status_code == 201, credential.text
        methods = {"private_key_jwt": {"credentials": [{"id": credential.json()["id"]}]}}
        changed = await http.patch(
            f"/api/v2/clients/{robot.client_id}",
            json={"client_authentication_methods": methods, "token_endpoint_auth_method": None}, headers=bearer,
        )  # fmt: skip
        assert changed.status_code == 200, changed.text
    return door


def assertion(door: Door, *, alg: str = "RS256", key: Any = KEY, **claims: Any) -> str:
    client_id = door.client("Robot").client_id
    given = {
        "iss": client_id, "sub": client_id, "aud": f"https://{DOMAIN}/", "exp": int(START) + 60,
        "jti": "one", **claims,
    }  # fmt: skip
    header = {"alg": alg}
    return jwt.encode(
        header, {k: v for k, v in given.items() if v is not None}, RSAKey.import_key(key), algorithms=[alg]
    )


async def as_robot(door: Door, presented: str, **more: str) -> httpx2.Response:
    return await door.token(
        grant_type="client_credentials", audience=AUDIENCE, client_assertion_type=ASSERTION, client_assertion=presented,
        **more,
    )  # fmt: skip


async def test_b1_a_client_with_a_key_cannot_fall_back_to_its_secret(keyed: Door) -> None:
    robot = keyed.client("Robot")
    answer = await keyed.token(
        grant_type="client_credentials", client_id=robot.client_id, client_secret="robot-secret-4711", audience=AUDIENCE
    )
    assert answer.status_code == 401
    assert (await as_robot(keyed, assertion(keyed))).status_code == 200


async def test_b1_two_ways_at_once_are_refused(keyed: Door) -> None:
    answer = await as_robot(keyed, assertion(keyed), client_secret="robot-secret-4711")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://other.test/"}, {"aud": None}, {"exp": int(START) - 60}, {"exp": int(START) + 3600},
        {"exp": None}, {"exp": START + 60.5}, {"exp": str(int(START) + 60)}, {"iat": True}, {"nbf": 10**15},
        {"jti": None}, {"jti": "x" * 65}, {"iat": int(START) + 600}, {"iss": "somebody"},
        {"sub": "somebody"}, {"alg": "PS256"}, {"alg": "RS384"},
        {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)},
    ],
)  # fmt: skip
async def test_b2_an_assertion_has_to_be_right_in_every_part(keyed: Door, wrong: dict[str, Any]) -> None:
    answer = await as_robot(keyed, assertion(keyed, **wrong))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_b2_an_assertion_counts_once(keyed: Door) -> None:
    presented = assertion(keyed)
    answers = await asyncio.gather(*(as_robot(keyed, presented) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def signed_in(door: Door, **asked: str) -> dict[str, Any]:
    web = door.client("Web")
    tab = await door.browser().authorize(web, **asked)
    await tab.login()
    answer: dict[str, Any] = (await door.redeem(web, tab.answer["code"])).json()
    return answer


async def userinfo(door: Door, token: str, domain: str = DOMAIN) -> int:
    async with door.http(domain) as http:
        return (await http.get("/userinfo", headers={"authorization": f"Bearer {token}"})).status_code


async def test_b9_b10_a_token_is_good_where_it_is_for_and_nothing_else_is_a_token(door: Door) -> None:
    await door.tenant({"customDomains": [{"domain": "login.test"}]})
    for_both = await signed_in(door, audience=AUDIENCE, scope="openid read:items")
    for_api = await signed_in(door, audience=AUDIENCE, scope="read:items")
    assert await userinfo(door, for_both["access_token"]) == 200
    assert await userinfo(door, for_api["access_token"]) == 401
    assert await userinfo(door, for_both["id_token"]) == 401
    assert await userinfo(door, for_both["access_token"], "login.test") == 401
    async with door.http() as http:
        for token in (for_both["access_token"], for_both["id_token"]):
            refused = await http.get("/api/v2/clients", headers={"authorization": f"Bearer {token}"})
            assert refused.status_code == 401
        hint = await http.get("/oidc/logout", params={"id_token_hint": for_both["access_token"]})
        assert hint.status_code == 400


async def test_b6_a_refresh_narrows_and_never_widens(door: Door) -> None:
    given = await signed_in(door, audience=AUDIENCE, scope="openid offline_access read:items")
    web = door.client("Web")
    answer = await door.token(
        grant_type="refresh_token", client_id=web.client_id, client_secret=web.client_secret,
        refresh_token=given["refresh_token"], scope="openid read:items write:items profile",
    )  # fmt: skip
    assert answer.json()["scope"] == "openid read:items"


async def test_b5_a_user_who_is_blocked_gets_nothing_on_any_path(door: Door) -> None:
    given = await signed_in(door, audience=AUDIENCE, scope="openid offline_access read:items")
    web = door.client("Web")
    tab = await door.browser().authorize(web)
    await tab.login()
    code = tab.answer["code"]
    await door.tenant({"users": [{"email": "ada@example.test", "connection": "people", "blocked": True}]})
    assert (await door.redeem(web, code)).status_code == 403
    refreshed = await door.token(
        grant_type="refresh_token", client_id=web.client_id, client_secret=web.client_secret,
        refresh_token=given["refresh_token"],
    )  # fmt: skip
    assert refreshed.status_code == 403
    await tab.authorize(web, prompt="none")
    assert tab.answer["error"] == "access_denied"
    assert await userinfo(door, given["access_token"]) == 401


async def refreshed(door: Door, token: str, **more: str) -> httpx2.Response:
    web = door.client("Web")
    secret = web.client_secret or ""
    return await door.token(
        grant_type="refresh_token", client_id=web.client_id, client_secret=secret, refresh_token=token, **more
    )


ROTATING = {"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 30}


async def test_b3_leeway_shields_no_token_that_was_revoked(door: Door) -> None:
    await door.tenant({"clients": [{"name": "Web", "refresh_token": {**ROTATING, "token_lifetime": 600}}]})
    first = (await signed_in(door, audience=AUDIENCE, scope="openid offline_access"))["refresh_token"]
    second = (await refreshed(door, first)).json()["refresh_token"]
    web = door.client("Web")
    async with door.http() as http:
        given = {"token": second, "client_id": web.client_id, "client_secret": web.client_secret}
        assert (await http.post("/oauth/revoke", data=given)).status_code == 200
    for token in (first, second):
        assert (await refreshed(door, token)).json()["error"] == "invalid_grant"


async def test_b3_leeway_ends_exactly_when_it_says(door: Door) -> None:
    await door.tenant({"clients": [{"name": "Web", "refresh_token": {**ROTATING, "token_lifetime": 600}}]})
    first = (await signed_in(door, audience=AUDIENCE, scope="openid offline_access"))["refresh_token"]
    assert (await refreshed(door, first)).status_code == 200
    door.clock.pass_(29.5)
    latest = (await refreshed(door, first)).json()["refresh_token"]
    door.clock.pass_(0.5)
    assert (await refreshed(door, first)).status_code == 403
    assert (await refreshed(door, latest)).status_code == 403, "the family is revoked"
    assert await door.log("ferrt")


async def test_b3_a_refresh_token_is_of_its_client_and_its_host(door: Door) -> None:
    await door.tenant({"customDomains": [{"domain": "login.test"}]})
    token = (await signed_in(door, audience=AUDIENCE, scope="openid offline_access"))["refresh_token"]
    web, spa = door.client("Web"), door.client("Spa")
    asked = {"grant_type": "refresh_token", "refresh_token": token}
    assert (await door.token(**asked, client_id=spa.client_id)).json()["error"] == "invalid_grant"
    credentials = {"client_id": web.client_id, "client_secret": web.client_secret or ""}
    assert (await door.token("login.test", **asked, **credentials)).json()["error"] == "invalid_grant"
    assert (await refreshed(door, token)).status_code == 200


@pytest.mark.parametrize(
    ("pauses", "works"), [([99], True), ([101], False), ([90, 90, 90, 29], True), ([90, 90, 90, 31], False)]
)  # fmt: skip
async def test_b4_idle_and_absolute_ends_both_hold(door: Door, pauses: list[int], works: bool) -> None:
    finite = {"infinite_token_lifetime": False, "infinite_idle_token_lifetime": False}
    limits = {**ROTATING, "leeway": 0, "idle_token_lifetime": 100, "token_lifetime": 300, **finite}
    await door.tenant({"clients": [{"name": "Web", "refresh_token": limits}]})
    token = (await signed_in(door, audience=AUDIENCE, scope="openid offline_access"))["refresh_token"]
    answer = None
    for seconds in pauses:
        door.clock.pass_(seconds)
        answer = await refreshed(door, token)
        token = answer.json().get("refresh_token", "")
    assert answer is not None
    assert (answer.status_code == 200) == works


async def test_b1_a_secret_does_not_make_a_public_client_confidential(door: Door) -> None:
    await door.tenant({"clients": [{"name": "Spa", "grant_types": ["client_credentials", "authorization_code"]}]})
    spa = door.client("Spa")
    for secret in ("guessed", spa.client_secret or "none"):
        answer = await door.token(
            grant_type="client_credentials", client_id=spa.client_id, client_secret=secret, audience=AUDIENCE
        )
        assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized_client")


async def test_b1_basic_and_post_stand_for_each_other_and_a_wrong_secret_for_nothing(door: Door) -> None:
    web = door.client("Web")
    name, secret = web.client_id, web.client_secret or ""
    asked = {"grant_type": "authorization_code", "code": "x"}
    async with door.http() as http:
        for given, auth, status in (
            ({"client_id": name, "client_secret": secret}, None, 403), ({}, (name, secret), 403),
            ({"client_id": name}, (name, secret), 403), ({}, (name, secret + "x"), 401),
            ({"client_id": name, "client_secret": secret[:-1]}, None, 401), ({"client_id": name}, None, 401),
            ({"client_id": "other"}, (name, secret), 400), ({"client_secret": secret}, (name, secret), 400),
            ({}, ("nobody", secret), 401), ({"client_id": name, "client_secret": "\u00e9"}, None, 401),
        ):  # fmt: skip
            answer = await http.post("/oauth/token", data={**asked, **given}, auth=auth)
            assert answer.status_code == status, (given, auth, answer.text)


async def test_b14_a_new_client_cannot_send_passwords(door: Door) -> None:
    manager = door.client("Mgmt")
    granted = await door.token(
        grant_type="client_credentials", client_id=manager.client_id, client_secret=manager.client_secret or "",
        audience=f"https://{DOMAIN}/api/v2/",
    )  # fmt: skip
    async with door.http() as http:
        for app_type in ("regular_web", "spa", "native", "non_interactive"):
            made = await http.post(
                "/api/v2/clients", json={"name": app_type, "app_type": app_type},
                headers={"authorization": f"Bearer {granted.json()['access_token']}"},
            )  # fmt: skip
            grants = made.json()["grant_types"]
            assert not [grant for grant in grants if "password" in grant], app_type
            assert made.json()["cross_origin_authentication"] is False


async def test_b7_only_the_owner_revokes_and_an_unknown_token_tells_nothing(door: Door) -> None:
    given = await signed_in(door, audience=AUDIENCE, scope="openid offline_access")
    spa, web = door.client("Spa"), door.client("Web")
    async with door.http() as http:
        foreign = await http.post("/oauth/revoke", data={"token": given["refresh_token"], "client_id": spa.client_id})
        unknown = await http.post("/oauth/revoke", data={"token": "x", "client_id": spa.client_id})
        nobody = await http.post("/oauth/revoke", data={"token": "x", "client_id": web.client_id, "client_secret": "?"})
    assert (foreign.status_code, unknown.status_code, nobody.status_code) == (400, 200, 401)


async def test_b15_token_answers_are_not_kept(door: Door) -> None:
    answer = await door.token(grant_type="nonsense")
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


async def test_e9_known_and_unknown_people_cost_and_look_the_same(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str | None] = []
    verify = PasswordHasher._verify

    def counted(hasher: PasswordHasher, password: str, stored: str) -> tuple[bool, bool]:
        verified.append(stored)
        return verify(hasher, password, stored)

    monkeypatch.setattr(PasswordHasher, "_verify", counted)
    web = door.client("Web")
    answers = []
    for username in ("ada@example.test", "nobody@example.test", "nobody", "x" * 400):
        before = len(verified)
        answer = await door.token(
            grant_type="password", client_id=web.client_id, client_secret=web.client_secret, username=username,
            password="wrong-password-9",
        )  # fmt: skip
        answers.append((answer.status_code, answer.content, len(verified) - before))
    assert len(set(answers)) == 1
    assert answers[0][2] == 1
    pages = set()
    for username in ("ada@example.test", "nobody@example.test"):
        tab = await door.browser().authorize(web)
        await tab.submit(username=username, password="wrong-password-9")
        assert tab.page is not None
        pages.add((tab.page.status_code, tuple(tab.form.errors.items())))
    assert len(pages) == 1


async def test_e9_pages_ask_everybody_for_a_password_and_a_taken_address_costs_a_hash_too(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    hash_ = PasswordHasher.hash

    async def counted(hasher: PasswordHasher, password: str) -> str:
        hashed.append(password)
        return await hash_(hasher, password)

    monkeypatch.setattr(PasswordHasher, "hash", counted)
    body = {"client_id": door.client("Spa").client_id, "connection": "people", "password": "Correct-horse-9"}
    async with door.http() as http:
        for email, status in (("ada@example.test", 400), ("fresh@example.test", 200)):
            before = len(hashed)
            assert (await http.post("/dbconnections/signup", json={**body, "email": email})).status_code == status
            assert len(hashed) == before + 1
    await door.tenant({"prompts": {"identifier_first": True}})
    seen = set()
    for username in ("ada@example.test", "nobody@example.test"):
        tab = await door.browser().authorize(door.client("Spa"))
        await tab.submit(username=username)
        assert tab.page is not None
        seen.add((tab.path, tab.page.status_code, len(tab.page.content.replace(username.encode(), b""))))
    assert len(seen) == 1


async def test_e10_that_somebody_is_blocked_is_told_after_the_right_password_only(door: Door) -> None:
    await door.tenant({"users": [{"email": "ada@example.test", "connection": "people", "blocked": True}]})
    web = door.client("Web")
    told = []
    for password in ("wrong-password-9", "correct-horse-9"):
        answer = await door.token(
            grant_type="password", client_id=web.client_id, client_secret=web.client_secret,
            username="ada@example.test", password=password,
        )  # fmt: skip
        told.append(answer.json()["error_description"])
    assert told == ["Wrong email or password.", "user is blocked"]


async def test_d3_what_is_handed_out_is_kept_as_a_digest(door: Door) -> None:
    given = await signed_in(door, audience=AUDIENCE, scope="openid offline_access")
    rows = await door.server.storage.database.read("SELECT token_hash, document FROM refresh_token", {})
    assert rows
    for token_hash, document in rows:
        assert len(bytes(token_hash)) == 32
        assert given["refresh_token"] not in document


async def test_codes_and_refresh_tokens_count_once_over_http(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa, audience=AUDIENCE, scope="openid offline_access")
    await tab.login()
    code = tab.answer["code"]
    redeemed = await asyncio.gather(*(door.redeem(spa, code) for _ in range(6)))
    assert [answer.status_code for answer in redeemed].count(200) == 1
    tab = await tab.authorize(spa, audience=AUDIENCE, scope="openid offline_access")
    token = (await door.redeem(spa, tab.answer["code"])).json()["refresh_token"]
    answers = await asyncio.gather(
        *(door.token(grant_type="refresh_token", client_id=spa.client_id, refresh_token=token) for _ in range(6))
    )
    assert [answer.status_code for answer in answers].count(200) <= 1
