"""The authorization endpoint under attack; tests are named by the requirement they prove."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from tests.integration.door import CALLBACK, DOMAIN, Door

EVIL = "https://evil.test/cb"


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@pytest.mark.parametrize(
    "bad",
    [
        {"client_id": "nobody"}, {"redirect_uri": EVIL}, {"redirect_uri": EVIL, "prompt": "none"},
        {"redirect_uri": EVIL, "scope": "a" * 3000}, {"redirect_uri": EVIL, "response_type": "nonsense"},
        {"redirect_uri": EVIL, "request": "eyJ"}, {"redirect_uri": EVIL, "request_uri": "https://evil.test/r"},
        {"redirect_uri": EVIL, "response_mode": "web_message"}, {"redirect_uri": "javascript:alert(1)"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:forged"}, {"redirect_uri": CALLBACK + "#x"},
    ],
)  # fmt: skip
async def test_a1_nothing_is_redirected_before_client_and_redirect_uri_are_good(
    door: Door, bad: dict[str, str]
) -> None:
    asked = {"client_id": door.client("Spa").client_id, "redirect_uri": CALLBACK, "response_type": "code", **bad}
    async with door.http() as http:
        answer = await http.get("/authorize?" + urlencode(asked))
    assert 400 <= answer.status_code < 500
    assert "location" not in answer.headers
    assert "evil.test" not in answer.headers.get("content-security-policy", "")


async def test_a4_a_repeated_parameter_is_refused_and_an_unknown_one_ignored(door: Door) -> None:
    spa = door.client("Spa")
    async with door.http() as http:
        twice = await http.get(f"/authorize?client_id={spa.client_id}&client_id={spa.client_id}&response_type=code")
    assert twice.status_code == 400
    tab = await door.browser().authorize(spa, unheard_of="x")
    assert tab.path == "/u/login"


async def test_a5_a_client_answers_only_by_what_it_may_also_after_a_login(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa)
    await door.tenant({"clients": [{"name": "Spa", "grant_types": ["refresh_token"]}]})
    await tab.login()
    assert "code" not in query(tab.at)


async def test_a6_pkce_cannot_be_left_out_or_added_later(door: Door) -> None:
    spa, web = door.client("Spa"), door.client("Web")
    refused = await door.browser().authorize(spa, code_challenge=None, code_challenge_method=None)
    assert refused.answer["error"] == "invalid_request"
    plain = await door.browser().authorize(spa, code_challenge="a" * 43, code_challenge_method="plain")
    assert plain.answer["error"] == "invalid_request"
    tab = await door.browser().authorize(web, code_challenge=None, code_challenge_method=None)
    await tab.login()
    downgraded = await door.redeem(web, tab.answer["code"])  # with a verifier nobody asked for
    assert (downgraded.status_code, downgraded.json()["error"]) == (403, "invalid_grant")


async def test_a7_a_code_is_bound_to_client_redirect_uri_and_host(door: Door) -> None:
    await door.tenant({"customDomains": [{"domain": "login.test"}]})
    web, spa = door.client("Web"), door.client("Spa")

    async def code() -> str:
        tab = await door.browser().authorize(web)
        await tab.login()
        return tab.answer["code"]

    other = await door.token(
        grant_type="authorization_code", client_id=spa.client_id, code=await code(), redirect_uri=CALLBACK,
        code_verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    )  # fmt: skip
    assert other.json()["error"] == "invalid_grant"
    assert (await door.redeem(web, await code(), redirect_uri=CALLBACK + "/")).status_code == 403
    async with door.http("login.test") as http:
        elsewhere = await http.post(
            "/oauth/token",
            data={
                "grant_type": "authorization_code", "client_id": web.client_id, "client_secret": web.client_secret,
                "code": await code(), "redirect_uri": CALLBACK,
                "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            },
        )  # fmt: skip
    assert elsewhere.json()["error"] == "invalid_grant"
    late = await code()
    door.clock.pass_(601)
    assert (await door.redeem(web, late)).json()["error"] == "invalid_grant"


async def test_a8_every_answer_says_who_answers(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"), prompt="none")
    assert tab.answer["iss"] == f"https://{DOMAIN}/"
    await tab.authorize(door.client("Spa"))
    await tab.login()
    assert tab.answer["iss"] == f"https://{DOMAIN}/"
    async with door.http() as http:
        metadata = (await http.get("/.well-known/openid-configuration")).json()
    assert metadata["authorization_response_iss_parameter_supported"] is True


async def test_a9_state_comes_back_byte_for_byte_and_is_bounded(door: Door) -> None:
    state = "ü <'\"&>+%20 x"
    tab = await door.browser().authorize(door.client("Spa"), prompt="none", state=state)
    assert tab.answer["state"] == state
    await tab.authorize(door.client("Spa"), prompt="none", state="s" * 2049)
    assert tab.answer["error"] == "invalid_request"


async def test_a10_a_web_message_reaches_registered_origins_only(door: Door) -> None:
    await door.tenant({"clients": [{"name": "Spa", "callbacks": [CALLBACK, "https://second.test/cb"]}]})
    spa = door.client("Spa")
    told = await door.browser().authorize(spa, prompt="none", response_mode="web_message")
    assert told.page is not None
    assert '"https://app.test"' in told.page.text
    silent = await door.browser().authorize(
        spa, prompt="none", response_mode="web_message", redirect_uri="https://second.test/cb"
    )
    assert silent.page is not None
    assert silent.page.status_code == 403
    assert "postMessage" not in silent.page.text


async def test_a11_form_post_goes_nowhere_else(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"), prompt="none", response_mode="form_post", state='"><x>')
    assert tab.page is not None
    policy = tab.page.headers["content-security-policy"]
    assert "form-action https://app.test" in policy
    assert "default-src 'none'" in policy
    assert "<x>" not in tab.page.text
    assert tab.page.headers["cache-control"] == "no-store"


async def test_a13_a_fresh_login_cannot_be_edited_away(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa)
    await tab.login()
    await tab.authorize(spa, prompt="login")
    assert tab.path == "/u/login"
    state = query(tab.at)["state"]
    await tab.get(f"/authorize/resume?state={state}")
    assert tab.path == "/u/login"


async def test_a14_descriptions_are_ascii_and_reflect_nothing_unescaped(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"), response_type='<é"\\>')
    description = tab.answer["error_description"]
    assert description.isascii()
    assert '"' not in description
    page = await door.browser().get("/authorize?client_id=<script>alert(1)</script>")
    assert page.page is not None
    assert "<script>alert" not in page.page.text


async def test_a16_a_posted_password_is_never_carried_on(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    form = {**tab.form.fields, "username": "ada@example.test", "password": "correct-horse-9", "action": "default"}
    answer = await tab.http.post(tab.at, data=form, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 302
