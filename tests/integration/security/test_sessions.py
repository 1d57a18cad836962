"""Sessions, cookies and pages under attack; tests are named by the requirement they prove."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.door import DOMAIN, BrowserTab, Door

from doorward.model.digest import digest
from doorward.model.session_end import Cause

PASSWORD = "correct-horse-9"


def session_of(tab: BrowserTab) -> str:
    return tab.http.cookies.get("auth0") or ""


async def test_f1_a_login_makes_a_new_session_id(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa)
    await tab.login()
    first = session_of(tab)
    await tab.authorize(spa, prompt="login")
    await tab.login()
    assert session_of(tab) != first
    replayed = door.browser()
    replayed.http.cookies.set("auth0", first, domain=DOMAIN)
    await replayed.authorize(spa, prompt="none")
    assert replayed.answer["error"] == "login_required"


async def test_f1_a_session_id_chosen_by_somebody_else_is_not_taken(door: Door) -> None:
    tab = door.browser()
    tab.http.cookies.set("auth0", "chosen-by-an-attacker-000000000000000000000", domain=DOMAIN)
    await tab.authorize(door.client("Spa"))
    await tab.login()
    assert "chosen" not in session_of(tab)


async def test_f1_cookies_are_secure_http_only_and_host_only(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    form = {**tab.form.fields, "username": "ada@example.test", "password": PASSWORD, "action": "default"}
    answer = await tab.http.post(tab.at, data=form)
    cookies = answer.headers.get_list("set-cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"auth0", "auth0_compat"}
    for cookie in cookies:
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    assert sum("SameSite=None" in cookie for cookie in cookies) == 1


async def test_f2_logout_ends_the_session_on_the_server(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa)
    await tab.login()
    kept = session_of(tab)
    await tab.get("/v2/logout")
    tab.http.cookies.set("auth0", kept, domain=DOMAIN)
    await tab.authorize(spa, prompt="none")
    assert tab.answer["error"] == "login_required"


HOUR = 3600.0


@pytest.mark.parametrize(
    ("pauses", "alive"), [([71], True), ([73], False), ([71, 71], True), ([71, 71, 25], True), ([71, 71, 27], False)]
)
async def test_f2_a_session_ends_by_idleness_and_in_the_end(door: Door, pauses: list[int], alive: bool) -> None:
    """72 hours without use, 168 in all; a copied cookie lasts no longer than the server says."""
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa)
    await tab.login()
    cookie = session_of(tab)
    for hours in pauses:
        door.clock.pass_(hours * HOUR)
        tab = door.browser()
        tab.http.cookies.set("auth0", cookie, domain=DOMAIN)
        await tab.authorize(spa, prompt="none")
    assert ("code" in tab.answer) == alive


@pytest.mark.parametrize("pressed", ["before", "after"])
async def test_f2_somebody_else_s_consent_is_not_taken_over(door: Door, pressed: str) -> None:
    """Two people at one browser: what the first one's pages established is not the second one's."""
    await door.tenant({"users": [{"email": "bo@example.test", "password": PASSWORD, "connection": "people"}]})
    partner, spa = door.client("Partner"), door.client("Spa")
    tab = await door.browser().authorize(partner, audience="https://careful.test", scope="openid read:secrets")
    await tab.login()
    assert tab.path == "/u/consent"
    consent, form = tab.at, {**tab.form.fields, "action": "accept"}
    if pressed == "before":
        assert (await tab.http.post(consent, data=form)).status_code == 302
    await tab.authorize(spa, prompt="login")
    await tab.login("bo@example.test")
    if pressed == "after":
        await tab.http.post(consent, data=form)
    await tab.get(consent.replace("/u/consent", "/authorize/resume"))
    assert tab.path == "/u/consent"
    assert tab.page is not None
    assert "bo@example.test" in tab.page.text, "it is Bo who is asked now"
    assert "Ada" not in tab.page.text
    assert "Partner" not in [event.client_name for event in await door.log("s")]


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.test"},
        {"origin": "null"}, {"origin": f"https://{DOMAIN}.evil.test"}, {"origin": f"http://{DOMAIN}"},
    ],
)  # fmt: skip
async def test_f3_a_form_of_another_site_is_refused(door: Door, headers: dict[str, str]) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    form = {**tab.form.fields, "username": "ada@example.test", "password": PASSWORD, "action": "default"}
    answer = await tab.http.post(tab.at, data=form, headers=headers)
    assert answer.status_code == 403
    assert "auth0=" not in str(answer.headers)


async def test_f3_another_browser_cannot_go_on_with_a_login(door: Door) -> None:
    """Login CSRF: the page of one browser is worth nothing in another."""
    tab = await door.browser().authorize(door.client("Spa"))
    form = {**tab.form.fields, "username": "ada@example.test", "password": PASSWORD, "action": "default"}
    async with door.http() as http:
        answer = await http.post(tab.at, data=form)
    assert answer.status_code >= 400
    assert "auth0=" not in str(answer.headers)


async def test_f4_every_page_carries_its_policy(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    error = await door.browser().get("/authorize")
    for page in (tab.page, error.page):
        assert page is not None
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        assert "cross-origin-opener-policy" not in page.headers
        assert "strict-transport-security" not in page.headers  # a development server
    assert tab.page is not None
    assert tab.page.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    "sent",
    [
        "/bye", "//app.test/bye", "/\\app.test/bye", "https:/app.test/bye", "https:app.test/bye", "https://app.test/bye/../x",
        "https://app.test%2fbye", "https://app.test@evil.test/bye", "https://evil.test/?https://app.test/bye",
        "https%3A%2F%2Fapp.test%2Fbye", "javascript:alert(1)", "https://app.test/bye\r\nx: y",
        "https://app.test/bye#\r\nset-cookie: a=b", "https://app.test/bye#\u2028", "https://app.test/bye#a b",
        "https://app.test/bye?a\tb",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("path", "parameter"), [("/v2/logout", "returnTo"), ("/oidc/logout", "post_logout_redirect_uri")]
)
async def test_f7_a_logout_leads_to_registered_addresses_only(door: Door, path: str, parameter: str, sent: str) -> None:
    async with door.http() as http:
        answer = await http.get(path, params={"client_id": door.client("Spa").client_id, parameter: sent})
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "a=b" not in str(answer.headers)


async def test_f7_query_and_fragment_of_return_to_come_along(door: Door) -> None:
    wanted = "https://app.test/bye?from=here#top"
    async with door.http() as http:
        answer = await http.get("/v2/logout", params={"client_id": door.client("Spa").client_id, "returnTo": wanted})
    assert (answer.status_code, answer.headers["location"]) == (302, wanted)


async def test_f6_what_people_are_called_is_text(door: Door) -> None:
    await door.tenant({
        "resourceServers": [{"identifier": "https://careful.test", "name": "Careful & 'quoted' \"API\""}],
        "users": [{"email": "ada@example.test", "connection": "people", "name": "<script>x</script>"}],
    })  # fmt: skip
    tab = await door.browser().authorize(
        door.client("Partner"), audience="https://careful.test", scope="openid read:secrets"
    )
    await tab.login()
    assert tab.path == "/u/consent"
    assert tab.page is not None
    assert "<script>x" not in tab.page.text
    assert "Careful &amp; &#39;quoted&#39;" in tab.page.text


@pytest.mark.parametrize("prompt", ["none", None])
async def test_f2_a_session_ended_while_a_code_is_made_gives_none(
    door: Door, monkeypatch: pytest.MonkeyPatch, prompt: str | None
) -> None:
    spa, issue = door.client("Spa"), door.ports.codes.issue
    tab = await door.browser().authorize(spa)
    await tab.login()
    cookie = digest(session_of(tab))

    async def logged_out_before(tenant: str, *given: Any, **named: Any) -> bool:
        await door.ports.sessions.end(tenant, named["session"].sid, Cause.LOGOUT, at=door.clock.now(), events=())
        return await issue(tenant, *given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(type(door.ports.codes), "issue", staticmethod(logged_out_before))
        await tab.authorize(spa, prompt=prompt)
    if prompt == "none":
        assert tab.answer["error"] == "login_required"
    else:
        assert tab.path == "/u/login"
    assert await door.ports.sessions.find(DOMAIN, cookie) is None
    await tab.authorize(spa)
    await tab.login()
    assert "code" in tab.answer
