"""Signing in without a password: by a code or a link, on the pages and at the endpoints."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import msgspec
import pytest
from tests.integration.door import CALLBACK, DOMAIN, BrowserTab, Door, pace

from doorward.identity.captcha import is_solved
from doorward.identity.signup import identifiers_of
from doorward.model.client import Client
from doorward.model.message import Message, Received
from doorward.model.user import User

OTP = "http://auth0.com/oauth/grant-type/passwordless/otp"
EMAIL, PHONE = "grace@example.test", "+442079460000"
NOT_PASSWORDLESS = "Invalid connection strategy. It must either be a passwordless connection"
NOT_AN_OBJECT = "error in authParams - invalid type: string (expected object)"
CONNECTIONS: list[dict[str, Any]] = [
    {"name": "email", "strategy": "email", "enabled_clients": ["Codes", "Own", "Both", "Spa"], "options": {}},
    {"name": "sms", "strategy": "sms", "enabled_clients": ["Texts", "Both"], "options": {}},
]
CLIENTS: list[dict[str, Any]] = [
    {
        "name": name, "app_type": "spa", "token_endpoint_auth_method": "none", "callbacks": [CALLBACK],
        "grant_types": ["authorization_code", "implicit", OTP],
    }
    for name in ("Codes", "Texts", "Both")
]  # fmt: skip
OWN = {
    "name": "Own", "app_type": "regular_web", "callbacks": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token", OTP],
}  # fmt: skip


@pytest.fixture
async def door(door: Door) -> Door:
    await door.tenant({"clients": [*CLIENTS, OWN], "connections": CONNECTIONS})
    return door


async def sent(door: Door) -> list[Message]:
    """Everything on its way, the oldest first."""
    outbox = door.server.storage.outbox
    taken = await outbox.take(Message, until=door.clock.now() + 1, limit=100)
    for one in taken:
        await outbox.remove(one)
    return [one.message for one in taken if one.message is not None]


async def code_of(door: Door) -> str:
    (message,) = await sent(door)
    code: str = message.values["code"]
    return code


async def link_of(door: Door) -> str:
    (message,) = await sent(door)
    parts = urlsplit(message.values["link"])
    assert parts.netloc == "tenant.test"
    return f"{parts.path}?{parts.query}"


async def start(door: Door, client: Client, **body: Any) -> httpx2.Response:
    asked = {"client_id": client.client_id, "connection": "email", "email": EMAIL, "send": "code", **body}
    if not client.is_public:
        asked.setdefault("client_secret", client.client_secret)
    async with door.http() as http:
        return await http.post("/passwordless/start", json={k: v for k, v in asked.items() if v is not ...})


async def exchange(door: Door, client: Client, otp: str, **more: str) -> httpx2.Response:
    asked = {"grant_type": OTP, "client_id": client.client_id, "username": EMAIL, "otp": otp, "realm": "email"}
    if not client.is_public:
        asked["client_secret"] = client.client_secret
    return await door.token(**{**asked, **more})


async def link(door: Door, send: str = "link", **options: Any) -> None:
    await door.tenant({"connections": [{"name": "email", "strategy": "email", "options": {"send": send, **options}}]})


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"


# ── pages ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_code_by_mail_signs_a_new_person_in(door: Door) -> None:
    codes = door.client("Codes")
    tab = await door.browser().authorize(codes, scope="openid email profile")
    assert tab.path == "/u/login/identifier"
    await tab.submit(username=" Grace@Example.test ")
    assert tab.path == "/u/login/passwordless-email-challenge"
    assert EMAIL in (tab.page.text if tab.page else "")
    (message,) = await sent(door)
    assert (message.template, message.to, message.client_id) == ("auth_email_by_code", EMAIL, codes.client_id)
    assert message.values["send"] == "code"
    await tab.submit(code=message.values["code"])
    tokens = (await door.redeem(codes, tab.answer["code"])).json()
    async with door.http() as http:
        me = await http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    about = me.json()
    assert about["sub"].startswith("email|")
    assert (about["email"], about["email_verified"]) == (EMAIL, True)
    assert [event.user_name for event in await door.log("cls")] == [EMAIL]
    assert [event.user_id for event in await door.log("ss")] == [about["sub"]]
    assert [event.connection for event in await door.log("s")] == ["email"]
    again = await door.browser().authorize(codes)
    await again.submit(username=EMAIL)
    await again.submit(code=await code_of(door))
    assert "code" in again.answer
    assert len(await door.log("ss")) == 1


async def test_a_code_by_text_message_signs_in(door: Door) -> None:
    texts = door.client("Texts")
    tab = await door.browser().authorize(texts, scope="openid phone")
    await tab.submit(username="grace@example.test")
    assert tab.form.errors == {"error-element-username": "invalid-phone-number"}
    await tab.submit(username="\u202a+44 20 7946 0000\u202c")  # as address books hand it over
    assert tab.path == "/u/login/passwordless-sms-challenge"
    (message,) = await sent(door)
    assert (message.template, message.channel, message.to) == ("otp_verify", "sms", PHONE)
    code = message.values["code"]
    await tab.submit(code=f"{code[:3]} {code[3:]}")
    tokens = (await door.redeem(texts, tab.answer["code"])).json()
    async with door.http() as http:
        about = (await http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})).json()
    assert about["sub"].startswith("sms|")
    assert (about["phone_number"], about["phone_number_verified"]) == (PHONE, True)
    assert len(await door.log("cs")) == 1


async def test_the_address_decides_how_the_code_comes(door: Door) -> None:
    both = door.client("Both")
    tab = await door.browser().authorize(both)
    await tab.submit(username="nobody")
    assert tab.form.errors == {"error-element-username": "invalid-email-phone"}
    await tab.submit(username="")
    assert tab.form.errors == {"error-element-username": "invalid-email-phone"}
    await tab.submit(username=PHONE)
    assert tab.path == "/u/login/passwordless-sms-challenge"
    await tab.get(next(link for link in tab.form.links if "identifier" in link))
    assert tab.form.fields["username"] == PHONE
    await tab.submit(username=EMAIL)
    assert tab.path == "/u/login/passwordless-email-challenge"
    assert {message.to for message in await sent(door)} == {PHONE, EMAIL}


async def test_a_database_comes_first_unless_the_connection_is_named(door: Door) -> None:
    spa = door.client("Spa")
    assert (await door.browser().authorize(spa)).path == "/u/login"
    tab = await door.browser().authorize(spa, connection="email")
    assert tab.path == "/u/login/identifier"
    await tab.submit(username=EMAIL)
    await tab.submit(code=await code_of(door))
    assert "code" in tab.answer


async def test_pages_of_a_password_are_closed_to_a_login_by_code_and_the_other_way_round(door: Door) -> None:
    by_code = await door.browser().authorize(door.client("Codes"), screen_hint="signup")
    assert by_code.path == "/u/login/identifier"
    state = by_code.form.fields["state"]
    for path in ("/u/login", "/u/login/password", "/u/signup", "/u/signup/password", "/u/reset-password/request"):
        await by_code.get(f"{path}?state={state}")
        assert by_code.path == "/u/login/identifier", path
    by_password = await door.browser().authorize(door.client("Spa"))
    state = by_password.form.fields["state"]
    for path in ("passwordless-email-challenge", "passwordless-sms-challenge", "passwordless-email-link"):
        await by_password.get(f"/u/login/{path}?state={state}")
        assert by_password.path == "/u/login", path


async def test_three_wrong_codes_make_the_right_one_void(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=EMAIL)
    code = await code_of(door)
    for _ in range(3):
        await tab.submit(code=wrong(code))
        assert tab.form.errors == {"error-element-code": "invalid-verification-code"}
        assert tab.page is not None
        assert tab.page.status_code == 400
    await tab.submit(code=code)
    assert tab.form.errors == {"error-element-code": "invalid-verification-code"}
    await tab.submit("resend")
    assert tab.path == "/u/login/passwordless-email-challenge"
    await tab.submit(code=await code_of(door))
    assert "code" in tab.answer


async def test_a_code_is_over_after_its_time(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=EMAIL)
    code = await code_of(door)
    door.clock.pass_(181)
    await tab.submit(code=code)
    assert tab.form.errors == {"error-element-code": "invalid-verification-code"}


async def test_the_connection_says_how_long_a_code_is_and_lasts(door: Door) -> None:
    await link(door, "code", totp={"length": 8, "time_step": 600})
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=EMAIL)
    code = await code_of(door)
    assert len(code) == 8
    assert code.isdecimal()
    door.clock.pass_(599)
    await tab.submit(code=code)
    assert "code" in tab.answer


async def test_only_the_newest_code_counts_in_whichever_tab_of_the_browser(door: Door) -> None:
    first = await door.browser().authorize(door.client("Codes"))
    await first.submit(username=EMAIL)
    old = await code_of(door)
    second = BrowserTab(door, first.domain)
    second.http = first.http
    await second.authorize(door.client("Codes"))
    await second.submit(username=EMAIL)
    new = await code_of(door)
    if old != new:
        await first.submit(code=old)
        assert first.form.errors == {"error-element-code": "invalid-verification-code"}
    await first.submit(code=new)
    assert "code" in first.answer


async def test_b13_a_code_is_good_in_the_browser_that_asked_for_it_alone(door: Door) -> None:
    asking, other = [await door.browser().authorize(door.client("Codes")) for _ in range(2)]
    await other.submit(username=EMAIL)
    await sent(door)
    await asking.submit(username=EMAIL)
    code = await code_of(door)
    await other.submit(code=code)
    assert other.form.errors == {"error-element-code": "invalid-verification-code"}
    refused = await exchange(door, door.client("Codes"), code)
    assert (refused.status_code, refused.json()["error"]) == (403, "invalid_grant")
    await asking.submit(code=code)
    assert "code" in asking.answer


async def test_a_form_that_comes_twice_goes_on_twice(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=EMAIL)
    body = {"state": tab.form.fields["state"], "code": await code_of(door), "action": "default"}
    headers = {"origin": "https://tenant.test", "sec-fetch-site": "same-origin"}
    answers = await asyncio.gather(*(tab.http.post(tab.at, data=body, headers=headers) for _ in range(4)))
    assert {answer.headers.get("location", "").partition("?")[0] for answer in answers} == {"/authorize/resume"}
    assert len({answer.cookies["auth0"] for answer in answers}) == 1, "whichever the browser hears lets it in"
    assert len(await door.log("ss")) == 1


async def test_k7_an_address_is_not_flooded(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=EMAIL)
    for _ in range(9):
        await tab.submit("resend")
    assert len(await sent(door)) == 10
    await tab.submit("resend")
    assert tab.page is not None
    assert (tab.page.status_code, tab.form.errors) == (429, {"": "passwordless-authenticator-error"})
    await tab.get(next(link for link in tab.form.links if "identifier" in link))
    await tab.submit(username=EMAIL)
    assert tab.form.errors == {"": "same-user-login"}
    assert not await sent(door)
    door.clock.pass_(361)
    await tab.submit(username=EMAIL)
    assert len(await sent(door)) == 1


async def test_wrong_codes_lock_the_address_out_whatever_new_code_is_asked_for(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=EMAIL)
    for _ in range(4):
        code = await code_of(door)
        for _ in range(3):
            await tab.submit(code=wrong(code))
        await tab.submit("resend")
    code = await code_of(door)
    await tab.submit(code=code)
    assert tab.page is not None
    assert (tab.page.status_code, tab.form.errors) == (429, {"": "passwordless-unknown-error"})
    assert await door.log("limit_wc")


async def test_an_administrator_blocks_somebody(door: Door) -> None:
    codes = door.client("Codes")
    tab = await door.browser().authorize(codes)
    await tab.submit(username=EMAIL)
    await tab.submit(code=await code_of(door))
    user = (await door.log("ss"))[0].user_id
    asked = await door.browser().authorize(codes)
    await asked.submit(username=EMAIL)
    code = await code_of(door)
    await block(door, user)
    await asked.submit(code=code)
    assert asked.answer["error"] == "access_denied"
    again = await door.browser().authorize(codes)
    await again.submit(username=EMAIL)
    assert again.path == "/u/login/passwordless-email-challenge", "whoever asks is not told"
    assert not await sent(door)


async def block(door: Door, user_id: str) -> None:
    found = await door.ports.users.find("tenant.test", user_id)
    assert found is not None
    blocked = msgspec.structs.replace(found, blocked=True)
    assert await door.ports.users.replace(
        "tenant.test", blocked, identifiers_of(found.profile), expected_revision=found.revision, events=()
    )


# ── links ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_link_leads_on_in_the_browser_it_was_asked_for_in(door: Door) -> None:
    await link(door)
    codes = door.client("Codes")
    tab = await door.browser().authorize(codes)
    await tab.submit(username=EMAIL)
    assert tab.path == "/u/login/passwordless-email-link"
    path = await link_of(door)
    for _ in range(3):  # whoever looks into links
        async with door.http() as scanner:
            assert (await scanner.get(path)).status_code == 400
    await tab.get(path)
    assert tab.path == "/passwordless/verify_redirect"
    await tab.submit()
    assert "code" in tab.answer
    assert (await door.redeem(codes, tab.answer["code"])).status_code == 200
    again = await tab.http.get(path)
    assert again.status_code == 403
    assert await door.log("cls")


async def test_a_link_in_another_browser_says_where_it_is_good_and_stays_so(door: Door) -> None:
    await link(door)
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=EMAIL)
    path = await link_of(door)
    elsewhere = await door.browser().get(path)
    assert elsewhere.page is not None
    assert elsewhere.page.status_code == 400
    assert "another browser" in elsewhere.page.text
    posted = await elsewhere.http.post(path, data={"action": "default"})
    assert posted.status_code == 400
    await (await tab.get(path)).submit()
    assert "code" in tab.answer


async def test_a_tenant_may_let_links_work_in_any_browser(door: Door) -> None:
    await link(door)
    await door.tenant(
        {"tenant": {"universal_login": {"passwordless": {"allow_magiclink_verify_without_session": True}}}}
    )
    tab = await door.browser().authorize(door.client("Codes"), state="mine")
    await tab.submit(username=EMAIL)
    path = await link_of(door)
    elsewhere = await door.browser().get(path)
    assert "data-presses-itself" not in elsewhere.text, "a person decides whether they are who the link is for"
    assert "data-presses-itself" in (await tab.get(path)).text
    await elsewhere.submit()
    assert elsewhere.answer["state"] == "mine"
    assert "code" in elsewhere.answer


async def test_another_link_takes_the_place_of_the_first(door: Door) -> None:
    await link(door)
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=EMAIL)
    first = await link_of(door)
    await tab.submit("resend")
    second = await link_of(door)
    assert (await tab.http.get(first)).status_code == 403
    await (await tab.get(second)).submit()
    assert "code" in tab.answer


async def test_a_link_asked_for_by_an_application_answers_as_it_asked(door: Door) -> None:
    asked = {
        "response_type": "id_token token",
        "nonce": "n",
        "state": "mine",
        "scope": "openid email",
        "prompt": "none",
    }
    answer = await start(door, door.client("Codes"), send=..., authParams={**asked, "redirect_uri": CALLBACK})
    assert answer.status_code == 200
    path = await link_of(door)
    tab = await door.browser().get(path)
    await tab.submit()
    assert tab.answer["state"] == "mine"
    assert {"id_token", "access_token"} <= tab.answer.keys()
    assert (await tab.http.get(path)).status_code == 403
    silent = await tab.authorize(door.client("Codes"), prompt="none")
    assert "code" in silent.answer, "and there is a session"


async def test_a_link_that_is_pressed_twice_signs_in_once(door: Door) -> None:
    await link(door)
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=EMAIL)
    path = await link_of(door)
    answers = await asyncio.gather(
        *(tab.http.post(path, data={"action": "default"}, headers={"sec-fetch-site": "same-origin"}) for _ in range(4))
    )
    assert len({answer.cookies["auth0"] for answer in answers}) == 1
    assert len(await door.log("ss")) == 1


async def test_a_code_typed_into_an_application_redirects_too(door: Door) -> None:
    codes = door.client("Codes")
    await start(door, codes)
    query = {
        "client_id": codes.client_id, "connection": "email", "email": EMAIL, "verification_code": await code_of(door),
        "response_type": "token", "redirect_uri": CALLBACK, "scope": "openid", "state": "mine",
    }  # fmt: skip

    tab = await door.browser().get(f"/passwordless/verify_redirect?{urlencode(query)}")
    await tab.submit()
    assert "access_token" in tab.answer
    assert tab.answer["state"] == "mine"


@pytest.mark.parametrize("query", ["", "?verification_code=no", "?verification_code=1&connection=email&email=a@b.c"])
async def test_a_link_that_never_was_is_refused(door: Door, query: str) -> None:
    tab = await door.browser().get(f"/passwordless/verify_redirect{query}")
    assert tab.page is not None
    assert tab.page.status_code == 403
    assert "Wrong email or verification code." in tab.page.text


# ── the grant ──────────────────────────────────────────────────────────────────────────────────


async def test_an_application_exchanges_a_code_for_tokens(door: Door) -> None:
    own = door.client("Own")
    started = await start(door, own)
    assert started.status_code == 200
    body = started.json()
    assert len(body.pop("_id")) == 24
    assert body == {"email": EMAIL, "email_verified": False}
    assert started.headers["cache-control"] == "no-store"
    code = await code_of(door)
    answer = await exchange(door, own, code, scope="openid email offline_access", audience="https://api.test")
    tokens = answer.json()
    assert {"access_token", "id_token", "refresh_token"} <= tokens.keys(), tokens
    refreshed = await door.token(
        grant_type="refresh_token", client_id=own.client_id, client_secret=own.client_secret or "",
        refresh_token=tokens["refresh_token"],
    )  # fmt: skip
    assert refreshed.status_code == 200
    assert [event.connection for event in await door.log("s")] == ["email"]
    again = await exchange(door, own, code)
    assert (again.status_code, again.json()) == (
        403, {"error": "invalid_grant", "error_description": "Wrong email or verification code."},
    )  # fmt: skip
    assert len(await door.log("fepotpft")) == 1


async def test_of_many_exchanges_at_once_one_is_answered(door: Door) -> None:
    own = door.client("Own")
    await start(door, own)
    code = await code_of(door)
    answers = await asyncio.gather(*(exchange(door, own, code) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, *[403] * 5]


async def test_b13_a_code_is_the_application_s_that_asked_for_it(door: Door) -> None:
    await start(door, door.client("Own"))
    code = await code_of(door)
    assert (await exchange(door, door.client("Codes"), code)).status_code == 403
    assert (await exchange(door, door.client("Own"), code)).status_code == 200


async def test_the_grant_refuses_in_auth0_s_words(door: Door) -> None:
    own, texts = door.client("Own"), door.client("Texts")
    assert (await exchange(door, own, "123456")).json()["error_description"] == "Wrong email or verification code."
    by_phone = await exchange(door, texts, "123456", username=PHONE, realm="sms")
    assert by_phone.json()["error_description"] == "Wrong phone number or verification code."
    for realm in ("people", "nowhere"):
        unknown = await exchange(door, own, "1", realm=realm)
        assert (unknown.status_code, unknown.json()["error_description"]) == (400, f"Unknown realm: {realm}")
    other = await exchange(door, own, "1", realm="sms")
    assert (other.status_code, other.json()["error"]) == (403, "unauthorized_client")
    missing = await exchange(door, own, "")
    assert missing.json()["error_description"] == "Missing required parameter: otp"


async def test_the_grant_locks_out_who_guesses(door: Door) -> None:
    own = door.client("Own")
    for _ in range(10):
        assert (await exchange(door, own, "000000")).status_code == 403
    await start(door, own)
    locked = await exchange(door, own, await code_of(door))
    assert (locked.status_code, locked.json()["error"]) == (429, "too_many_attempts")


async def test_explain_takes_the_code_for_granted_and_spends_none(door: Door) -> None:
    own, manager = door.client("Own"), door.client("Mgmt")
    await start(door, own)
    await exchange(door, own, await code_of(door))
    await start(door, own)
    code = await code_of(door)
    granted = await door.token(
        grant_type="client_credentials", client_id=manager.client_id, client_secret=manager.client_secret or "",
        audience="https://tenant.test/api/v2/",
    )  # fmt: skip
    bearer = {"authorization": f"Bearer {granted.json()['access_token']}"}
    asked = {"grant_type": OTP, "client_id": own.client_id, "realm": "email", "username": EMAIL, "scope": "openid"}
    async with door.http() as http:
        explained = await http.post("/_doorward/api/v1/explain", json=asked, headers=bearer)
        nobody = await http.post(
            "/_doorward/api/v1/explain", json={**asked, "username": "x@example.test"}, headers=bearer
        )
    assert explained.json()["decision"]["id_token"] is True, explained.text
    assert nobody.json()["error"]["error_description"] == "Wrong email or verification code."
    assert (await exchange(door, own, code)).status_code == 200


# ── starting ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "status", "error", "description"),
    [
        ({"client_id": ...}, 400, "bad.client_id", "Missing required property: client_id"),
        ({"client_id": "nobody"}, 400, "bad.client_id", "The client does not exist"),
        ({"connection": ...}, 400, "bad.connection", "Missing required property: connection"),
        ({"connection": "nowhere"}, 400, "bad.connection", "Connection does not exist"),
        ({"connection": "sms"}, 400, "bad.connection", "Connection is disabled"),
        ({"connection": "people"}, 400, "bad.connection", NOT_PASSWORDLESS),
        ({"email": ...}, 400, "bad.email", "Missing required property: email"),
        ({"email": "nobody"}, 400, "bad.email", "Object didn't pass validation for format email"),
        ({"email": 7}, 400, "bad.email", "Expected type string but found type integer"),
        ({"send": "letter"}, 400, "bad.request", "send must be link or code"),
        ({"send": "link", "authParams": "x"}, 400, "bad.authParams", NOT_AN_OBJECT),
        ({"client_secret": "wrong"}, 401, "access_denied", "Unauthorized"),
        ({"client_secret": ...}, 401, "access_denied", "Unauthorized"),
    ],
)  # fmt: skip
async def test_a_start_refuses_in_auth0_s_words(
    door: Door, body: dict[str, Any], status: int, error: str, description: str
) -> None:
    answer = await start(door, door.client("Own"), **body)
    assert (answer.status_code, answer.json()) == (status, {"error": error, "error_description": description})
    assert not await sent(door)


async def test_a_phone_number_is_asked_for_by_its_name(door: Door) -> None:
    texts = door.client("Texts")
    missing = await start(door, texts, connection="sms")
    assert missing.json()["error"] == "bad.phone_number"
    malformed = await start(door, texts, connection="sms", phone_number="020 7946")
    assert malformed.json()["error_description"] == "String does not match pattern: ^\\+[0-9]{1,15}$"
    answer = await start(door, texts, connection="sms", phone_number=PHONE, send="link")
    body = answer.json()
    assert (body["phone_number"], body["phone_verified"]) == (PHONE, False)
    assert await code_of(door)


async def test_a_tenant_may_not_insist_on_who_asks(door: Door) -> None:
    await door.tenant({"tenant": {"flags": {"enforce_client_authentication_on_passwordless_start": False}}})
    own = door.client("Own")
    assert (await start(door, own, client_secret=...)).status_code == 200
    assert (await start(door, own, client_secret="wrong")).status_code == 401


async def test_too_many_starts_are_told_when_to_come_back(door: Door) -> None:
    own = door.client("Own")
    for _ in range(10):
        assert (await start(door, own)).status_code == 200
    refused = await start(door, own)
    assert (refused.status_code, refused.json()["error"]) == (429, "too_many_requests")
    assert pace(refused) == (10, 360, door.clock.now() + 360)
    assert (await start(door, own, email="other@example.test")).status_code == 200


async def test_e9_whether_there_is_an_account_is_not_told(door: Door) -> None:
    own = door.client("Own")
    await start(door, own)
    await exchange(door, own, await code_of(door))
    await link(door, "code", disable_signup=True)
    known, unknown = await start(door, own), await start(door, own, email="nobody@example.test")
    assert known.status_code == unknown.status_code == 200
    assert known.json().keys() == unknown.json().keys()
    assert [message.to for message in await sent(door)] == [EMAIL]
    assert [event.description for event in await door.log("f")] == ["Public signup is disabled"]
    await door.tenant({"tenant": {"flags": {"enable_public_signup_user_exists_error": True}}})
    told = await start(door, own, email="nobody@example.test")
    assert (told.status_code, told.json()["error_description"]) == (403, "Public signup is disabled")


async def test_the_legacy_endpoint_is_closed(door: Door) -> None:
    async with door.http() as http:
        answer = await http.post("/passwordless/verify", json={"grant_type": "password", "username": EMAIL})
    assert answer.status_code == 403
    assert answer.json() == {
        "error": "unauthorized_client",
        "error_description": "Grant type 'http://auth0.com/oauth/legacy/grant-type/ro' not allowed for the client.",
    }


async def test_a_page_of_an_allowed_origin_may_start(door: Door) -> None:
    codes = door.client("Codes")
    body = {"client_id": codes.client_id, "connection": "email", "email": EMAIL, "send": "code", "authParams": {}}
    async with door.http() as http:
        allowed = await http.post("/passwordless/start", json=body, headers={"origin": "https://app.test"})
        refused = await http.post("/passwordless/start", json=body, headers={"origin": "https://evil.test"})
    assert allowed.headers["access-control-allow-origin"] == "https://app.test"
    assert refused.status_code == 403


ODD = [
    "a@b", "a@" + "b" * 400, "ä@exämple.test", "a\u202e@x.test", "\u0130@x.test", "+" + "1" * 400, "+٣٤٥٦٧٨٩", "+",
    "+1 (555) 0-1", "{{ 7 | times: 7 }}@x.test", "'@x.test", "a\tb@x.test", "\u2028@x.test", "@", "%0d%0a@x.test",
    "a@b@c", "9" * 5000,
]  # fmt: skip


async def test_odd_addresses_and_codes_are_refused_or_taken_and_nothing_else(door: Door) -> None:
    own, both = door.client("Own"), door.client("Both")
    for odd in ODD:
        answers = [
            await start(door, own, email=odd),
            await start(door, both, connection="sms", phone_number=odd),
            await start(door, own, send="link", authParams={odd: odd, "redirect_uri": odd}),
            await exchange(door, own, odd, username=odd),
        ]
        tab = await door.browser().authorize(both)
        await tab.submit(username=odd)
        await tab.submit(code=odd) if "code" in tab.form.fields else None
        async with door.http() as http:
            query = {"client_id": own.client_id, "connection": "email", "email": odd, "verification_code": odd}
            answers.append(await http.get("/passwordless/verify_redirect", params={**query, "redirect_uri": odd}))
            answers.append(await http.post("/passwordless/verify_redirect", params=query, data={"action": "default"}))
        assert tab.page is not None
        assert {answer.status_code for answer in (*answers, tab.page)} <= {200, 302, 400, 403, 429}, odd
        door.clock.pass_(3600)


async def test_k4_whoever_has_to_show_that_they_are_no_script_is_sent_nothing_before(door: Door) -> None:
    settings = {"botDetection": {"challenge_passwordless_policy": "always"}}
    await door.tenant({"attackProtection": settings})
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=EMAIL, captcha="")
    assert tab.path == "/u/login/identifier"
    assert set(tab.form.errors.values()) == {"invalid-captcha"}
    assert not await sent(door)
    challenge = tab.form.fields["captcha"]
    counter = next(number for number in itertools.count() if is_solved(challenge, str(number)))
    await tab.submit(username=EMAIL, captcha=f"{challenge}.{counter}")
    assert tab.path == "/u/login/passwordless-email-challenge"
    await tab.submit(code=await code_of(door))
    assert "code" in tab.answer


# ── what is sent ───────────────────────────────────────────────────────────────────────────────


async def received(door: Door) -> Received:
    """The newest message, as it reached the inbox."""
    await door.server.relay.send_due()
    inbox = door.ports.inbox
    assert inbox is not None
    return inbox.messages("tenant.test")[0]


async def test_a_mail_brings_a_code_or_a_link_in_our_words_or_the_connection_s(door: Door) -> None:
    own = door.client("Own")
    await start(door, own)
    code = await received(door)
    assert code.code is not None
    assert code.code in code.text
    await start(door, own, send="link")
    link_ = await received(door)
    assert link_.link is not None
    assert link_.link in link_.text
    email = {
        "syntax": "liquid",
        "from": "{{ application.name }} <door@example.test>",
        "subject": "{{ application.name }}: {{ code }}",
        "body": "<p>{% if send == 'link' %}{{ link }}{% else %}Type {{ code }}{% endif %}</p>",
    }
    await link(door, "code", email=email)
    await start(door, own)
    theirs = await received(door)
    assert (theirs.sender, theirs.subject) == ("Own <door@example.test>", f"Own: {theirs.code}")
    assert theirs.text.strip() == f"Type {theirs.code}"
    await link(door, "code", email={**email, "body": "{% if"})
    await start(door, own)
    assert "Type" not in (await received(door)).text, "ours stand in for what cannot be read"


@pytest.mark.parametrize(
    "options",
    [
        {"syntax": "liquid", "template": "It is {{ code }}."},
        {"syntax": "md_with_macros", "template": "It is @@password@@."},
    ],
)
async def test_a_text_message_is_in_the_connection_s_words(door: Door, options: dict[str, str]) -> None:
    await door.tenant(
        {"connections": [{"name": "sms", "strategy": "sms", "options": {**options, "from": "+15550001"}}]}
    )
    await start(door, door.client("Texts"), connection="sms", phone_number=PHONE)
    message = await received(door)
    assert (message.to, message.text) == (PHONE, f"It is {message.code}.")


async def test_k2_new_people_are_counted_like_any_sign_up(door: Door) -> None:
    stages = {"pre-user-registration": {"max_attempts": 1, "rate": 3_600_000}}
    await door.tenant({"attackProtection": {"suspiciousIpThrottling": {"enabled": True, "stage": stages}}})
    tab = door.browser()
    for address in (EMAIL, "bob@example.test"):
        await tab.authorize(door.client("Codes"), prompt="login")
        await tab.submit(username=address)
        await tab.submit(code=await code_of(door))
    assert (tab.status, list(tab.form.errors.values())) == (429, ["passwordless-unknown-error"])
    assert [event.user_name for event in await door.log("limit_mu")] == ["bob@example.test"]
    assert len(await door.log("ss")) == 1
    again = await door.browser().authorize(door.client("Codes"))
    await again.submit(username=EMAIL)
    await again.submit(code=await code_of(door))
    assert "code" in again.answer, "who has an account is no sign-up"


ALIKE = "gr\u0430ce@example.test"  # a Cyrillic a


async def known(door: Door, email: str) -> str:
    """Give somebody an account that they did not sign up for; their id."""
    profile = {"email": email, "email_verified": True}
    identity = {"connection": "email", "user_id": "a" * 24, "provider": "email", "isSocial": False}
    user = User(user_id=f"email|{'a' * 24}", connection="email", profile=profile, identities=(identity,))
    await door.ports.users.create(DOMAIN, user, identifiers_of(profile), None, events=())
    return user.user_id


async def test_addresses_that_can_be_taken_for_others_make_no_new_people(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=ALIKE)
    assert tab.path == "/u/login/passwordless-email-challenge", "told to nobody who asks"
    assert await sent(door) == []
    assert (await start(door, door.client("Codes"), connection="email", email=ALIKE)).status_code == 200
    assert await sent(door) == []
    assert {event.description for event in await door.log("f")} == {"the address mixes scripts that look alike"}
    await known(door, ALIKE)
    await tab.authorize(door.client("Codes"), prompt="login")
    await tab.submit(username=ALIKE)
    await tab.submit(code=await code_of(door))
    assert "code" in tab.answer, "who is known already logs in"


async def test_a_code_to_an_address_that_can_be_taken_for_another_makes_nobody(door: Door) -> None:
    user_id = await known(door, ALIKE)
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username=ALIKE)
    code = await code_of(door)
    await door.ports.users.delete(DOMAIN, user_id, at=door.clock.now(), events=())
    await tab.submit(code=code)
    assert (tab.status, tab.form.errors) == (400, {"error-element-code": "invalid-verification-code"})
    assert await door.log("ss") == []


async def test_k7_numbers_of_other_countries_are_sent_nothing(door: Door) -> None:
    await door.tenant({"tenant": {"country_codes": {"list": ["GB"], "mode": "deny"}}})
    tab = await door.browser().authorize(door.client("Texts"))
    await tab.submit(username=PHONE)
    assert tab.form.errors == {"error-element-username": "invalid-phone-number"}
    answer = await start(door, door.client("Texts"), connection="sms", email=..., phone_number=PHONE, send=...)
    assert answer.status_code == 200
    assert not await sent(door)
    assert [event.description for event in await door.log("f")] == ["no messages are sent to this country"]
