"""A person signs in, and the application gets its tokens."""

from __future__ import annotations

import pytest
from tests.integration.door import CALLBACK, VERIFIER, Door


async def test_a_password_on_one_page_leads_to_a_code_and_tokens(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa, audience="https://api.test", scope="openid profile read:items")
    assert tab.path == "/u/login"
    await tab.login()
    assert tab.answer["state"] == "s1"
    assert tab.answer["iss"] == "https://tenant.test/"
    answer = (await door.redeem(spa, tab.answer["code"])).json()
    assert answer["scope"] == "openid profile read:items"
    async with door.http() as http:
        me = await http.get("/userinfo", headers={"authorization": f"Bearer {answer['access_token']}"})
    assert me.json()["name"] == "Ada Example"


async def test_identifier_first_takes_two_pages(door: Door) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    tab = await door.browser().authorize(door.client("Spa"))
    assert tab.path == "/u/login/identifier"
    await tab.submit(username="ada@example.test")
    assert tab.path == "/u/login/password"
    assert tab.form.fields["username"] == "ada@example.test"
    await tab.submit(password="correct-horse-9")
    assert "code" in tab.answer


async def test_a_wrong_password_is_400_with_the_page_and_says_nothing_about_the_account(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa)
    await tab.login(password="wrong")
    known = tab.page
    other = await door.browser().authorize(spa)
    await other.login(username="nobody@example.test", password="wrong")
    assert known is not None
    assert other.page is not None
    assert (known.status_code, other.page.status_code) == (400, 400)
    assert tab.form.errors == other.form.errors != {}


async def test_ten_wrong_passwords_lock_the_account_even_for_the_right_one(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    for _ in range(10):
        await tab.login(password="wrong")
    await tab.login()
    assert tab.page is not None
    assert tab.page.status_code == 429
    assert await door.log("limit_wc")


async def test_a_session_answers_without_a_page(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa)
    await tab.login()
    await tab.authorize(door.client("Web"), prompt="none", state="s2")
    assert set(tab.answer) >= {"code", "state"}
    assert [event.client_name for event in await door.log("ssa")] == ["Web"]


@pytest.mark.parametrize("prompt", ["login", "select_account"])
async def test_prompt_asks_in_spite_of_a_session(door: Door, prompt: str) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.login()
    await tab.authorize(door.client("Spa"), prompt=prompt)
    assert tab.path == "/u/login"
    await tab.login()
    assert "code" in tab.answer


async def test_silent_authentication_without_a_session_is_login_required(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"), prompt="none")
    assert tab.answer["error"] == "login_required"
    assert tab.answer["error_description"] == "Login required"
    assert len(await door.log("fsa")) == 1


async def test_max_age_asks_again_and_tells_auth_time(door: Door) -> None:
    web = door.client("Web")
    tab = await door.browser().authorize(web)
    await tab.login()
    door.clock.pass_(100)
    await tab.authorize(web, max_age="200")
    assert "code" in tab.answer
    door.clock.pass_(101)
    await tab.authorize(web, max_age="200")
    assert tab.path == "/u/login"


async def test_the_session_ends_when_idle_and_absolutely(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa)
    await tab.login()
    for _ in range(3):
        door.clock.pass_(60 * 3600)
        await tab.authorize(spa, prompt="none")
        answered = tab.answer
    assert "error" in answered
    tab = await door.browser().authorize(spa)
    await tab.login()
    door.clock.pass_(72 * 3600 + 1)
    await tab.authorize(spa, prompt="none")
    assert tab.answer["error"] == "login_required"


async def test_a_page_of_another_browser_is_of_no_use(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    stranger = await door.browser().get(tab.at)
    assert stranger.page is not None
    assert stranger.page.status_code == 400
    await stranger.get(tab.at.replace("/u/login", "/authorize/resume"))
    assert stranger.page.status_code == 400


async def test_a_form_of_another_site_is_refused(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    body = {"state": tab.form.fields["state"], "username": "ada@example.test", "password": "correct-horse-9"}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.test"}, {"origin": "null"}):
        answer = await tab.http.post(tab.at, data=body, headers=headers)
        assert answer.status_code == 403


async def test_pressing_the_button_twice_is_harmless(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    page = tab.at
    body = {**tab.form.fields, "username": "ada@example.test", "password": "correct-horse-9", "action": "default"}
    first = await tab.http.post(page, data=body)
    second = await tab.http.post(page, data=body)
    assert [first.status_code, second.status_code] == [302, 302]
    await tab.get(second.headers["location"])
    assert "code" in tab.answer
    code = tab.answer["code"]
    await tab.get(first.headers["location"])
    assert tab.answer["code"] != code


async def test_a_blocked_user_is_told_only_after_the_right_password(door: Door) -> None:
    await door.tenant({"users": [{"email": "ada@example.test", "connection": "people", "blocked": True}]})
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.login(password="wrong")
    assert tab.path == "/u/login"
    await tab.login()
    assert tab.answer["error"] == "access_denied"
    assert tab.answer["error_description"] == "user is blocked"


async def test_an_unknown_client_or_callback_is_a_page_and_never_a_redirect(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().get("/authorize?client_id=nobody&response_type=code&redirect_uri=https://evil.test/")
    assert tab.page is not None
    assert tab.page.status_code == 400
    await tab.authorize(spa, redirect_uri="https://evil.test/")
    assert tab.page.status_code == 403
    assert "Callback URL mismatch" in tab.page.text
    assert "<title>Something went wrong | Spa</title>" in tab.page.text


async def test_errors_of_a_good_callback_are_sent_to_it(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"), response_type="nonsense")
    assert tab.at.startswith(CALLBACK + "?")
    assert tab.answer["error"] == "unsupported_response_type"
    assert tab.answer["state"] == "s1"


async def test_without_a_redirect_uri_the_answer_goes_to_the_first_callback(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa, redirect_uri=None)
    await tab.login()
    assert tab.at.startswith(f"{CALLBACK}?")
    answer = await door.token(
        grant_type="authorization_code", client_id=spa.client_id, code=tab.answer["code"], code_verifier=VERIFIER
    )
    assert answer.status_code == 200


async def test_the_log_tells_which_pages_were_shown_and_why(door: Door) -> None:
    partner = door.client("Partner")
    tab = await door.browser().authorize(partner, scope="openid profile")
    door.clock.pass_(5)
    await tab.login()
    assert tab.path == "/u/consent"
    door.clock.pass_(2)
    await tab.submit("accept")
    (event,) = await door.log("s")
    told = [(p["name"], p["reason"], p["elapsedTime"]) for p in event.details["prompts"]]
    assert told == [("login", "login.no_session", 5000), ("consent", "consent.third_party", 2000)]


async def test_a_refused_login_tells_its_pages_too(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Partner"), scope="openid profile")
    await tab.login()
    await tab.submit("deny")
    (event,) = await door.log("f")
    assert [p["name"] for p in event.details["prompts"]] == ["login", "consent"]
