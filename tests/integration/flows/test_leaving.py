"""Both ways to log out."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from tests.integration.door import BrowserTab, Door


@pytest.fixture
async def tab(door: Door) -> BrowserTab:
    return await (await door.browser().authorize(door.client("Web"))).login()


async def is_logged_in(door: Door, tab: BrowserTab) -> bool:
    await tab.authorize(door.client("Web"), prompt="none")
    return "code" in tab.answer


async def test_logout_ends_the_session_and_returns(door: Door, tab: BrowserTab) -> None:
    web = door.client("Web")
    await tab.get("/v2/logout?" + urlencode({"client_id": web.client_id, "returnTo": "https://app.test/bye?x=1"}))
    assert tab.at == "https://app.test/bye?x=1"
    assert not await is_logged_in(door, tab)
    assert [event.client_name for event in await door.log("slo")] == ["Web"]


async def test_logout_without_a_target_uses_the_first_allowed_url_or_says_ok(door: Door, tab: BrowserTab) -> None:
    await tab.get(f"/v2/logout?client_id={door.client('Web').client_id}")
    assert tab.at == "https://app.test/bye"
    await tab.get("/v2/logout")
    assert tab.page is not None
    assert (tab.page.status_code, tab.page.text) == (200, "OK")


async def test_a_target_that_is_not_allowed_is_a_page_and_the_session_ends_all_the_same(
    door: Door, tab: BrowserTab
) -> None:
    await tab.get("/v2/logout?returnTo=https://evil.test/")
    assert tab.page is not None
    assert tab.page.status_code == 400
    assert "Allowed Logout URLs" in tab.page.text
    assert len(await door.log("flo")) == 1
    assert not await is_logged_in(door, tab)


async def test_the_cookie_that_was_stolen_before_logout_is_worth_nothing_after(door: Door, tab: BrowserTab) -> None:
    stolen = dict(tab.http.cookies.items())
    await tab.get("/v2/logout")
    thief = door.browser()
    thief.http.cookies.update(stolen)
    assert not await is_logged_in(door, thief)


async def id_token(door: Door, tab: BrowserTab) -> str:
    web = door.client("Web")
    await tab.authorize(web)
    return str((await door.redeem(web, tab.answer["code"])).json()["id_token"])


async def test_oidc_logout_with_the_sessions_id_token_does_not_ask(door: Door, tab: BrowserTab) -> None:
    hint = await id_token(door, tab)
    door.clock.pass_(40_000)  # an expired hint is still a hint
    asked = {"id_token_hint": hint, "post_logout_redirect_uri": "https://app.test/bye?a=1", "state": "z"}
    await tab.get("/oidc/logout?" + urlencode(asked))
    assert tab.at == "https://app.test/bye?a=1&state=z"
    assert not await is_logged_in(door, tab)


async def test_oidc_logout_without_a_hint_asks_first(door: Door, tab: BrowserTab) -> None:
    await tab.get("/oidc/logout?" + urlencode({"post_logout_redirect_uri": "https://www.test/bye"}))
    assert tab.form.actions == ["accept", "deny"]
    page = tab.at
    await tab.submit("deny")
    assert await is_logged_in(door, tab)
    tab = await tab.get(page)
    await tab.submit("accept")
    assert tab.at == "https://www.test/bye"
    assert not await is_logged_in(door, tab)


async def test_another_site_cannot_press_the_button(door: Door, tab: BrowserTab) -> None:
    for body in ({"action": "accept"}, {"action": "accept", "state": "guessed"}):
        answer = await tab.http.post("/oidc/logout", data=body, headers={"sec-fetch-site": "cross-site"})
        assert "set-cookie" not in answer.headers
    assert await is_logged_in(door, tab)


@pytest.mark.parametrize(
    "parameters",
    [
        {"id_token_hint": "nonsense"},
        {"id_token_hint": "eyJhbGciOiJub25lIn0.e30."},
        {"post_logout_redirect_uri": "https://evil.test/"},
        {"logout_hint": "x", "client_id": "nobody"},
    ],
)
async def test_a_bad_oidc_logout_is_a_page_and_leaves_the_session(
    door: Door, tab: BrowserTab, parameters: dict[str, str]
) -> None:
    await tab.get("/oidc/logout?" + urlencode(parameters))
    assert tab.page is not None
    assert tab.page.status_code == 400
    assert await is_logged_in(door, tab)
