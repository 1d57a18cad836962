"""What an administrator changes about a person is felt at once where the person signs in."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.door import DOMAIN, BrowserTab, Door
from tests.integration.flows.conftest import TENANT
from tests.integration.management.conftest import Api

EMAIL, PASSWORD = "ada@example.test", "correct-horse-9"
MANAGEMENT = f"https://{DOMAIN}/api/v2/"


@pytest.fixture
async def api(door: Door) -> Api:
    return await manager(door)


async def manager(door: Door) -> Api:
    client = door.client("Mgmt")
    answer = await door.token(
        grant_type="client_credentials", client_id=client.client_id, client_secret=client.client_secret,
        audience=MANAGEMENT,
    )  # fmt: skip
    return Api(door.http(), answer.json()["access_token"])


async def ada(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = (await api.get("/users-by-email", email=EMAIL))[0]
    return found


async def signed_in(door: Door, **parameters: str) -> tuple[BrowserTab, dict[str, Any]]:
    """A browser with a session, and the tokens of its login."""
    tab = await door.browser().authorize(door.client("Spa"), **parameters)
    await tab.login()
    return tab, (await door.redeem(door.client("Spa"), tab.answer["code"])).json()


async def renew(door: Door, refresh_token: str) -> tuple[int, dict[str, Any]]:
    answer = await door.token(
        grant_type="refresh_token", client_id=door.client("Spa").client_id, refresh_token=refresh_token
    )
    return answer.status_code, answer.json()


async def silently(door: Door, tab: BrowserTab) -> str | None:
    """The error of ``prompt=none``, if any."""
    await tab.authorize(door.client("Spa"), prompt="none")
    return tab.answer.get("error")


@pytest.mark.parametrize(
    "change",
    [
        {"password": "Another-Horse-9"},
        {"email": "countess@example.test"},
        {"email_verified": False},
        {"username": "countess"},
        {"phone_number": "+15550100"},
    ],
)
async def test_a_changed_credential_ends_silent_renewal(door: Door, api: Api, change: dict[str, Any]) -> None:
    tab, _ = await signed_in(door)
    assert await silently(door, tab) is None
    await api.patch(f"/users/{(await ada(api))['user_id']}", change)
    assert await silently(door, tab) == "login_required"


@pytest.mark.parametrize("change", [{"name": "A"}, {"user_metadata": {"a": 1}}, {"email": EMAIL}, {"blocked": False}])
async def test_another_change_leaves_the_session(door: Door, api: Api, change: dict[str, Any]) -> None:
    tab, _ = await signed_in(door)
    await api.patch(f"/users/{(await ada(api))['user_id']}", change)
    assert await silently(door, tab) is None


async def test_the_new_password_signs_in_and_the_old_one_does_not(door: Door, api: Api) -> None:
    await api.patch(f"/users/{(await ada(api))['user_id']}", {"password": "Another-Horse-9"})
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.login(password=PASSWORD)
    assert tab.path == "/u/login"
    await tab.login(password="Another-Horse-9")
    assert "code" in tab.answer


@pytest.mark.parametrize("revokes", [False, True])
async def test_e2_a_new_password_revokes_refresh_tokens_where_the_operator_says_so(
    database: str, revokes: bool
) -> None:
    door = await Door(database, password_change_revokes_refresh_tokens=revokes).start()
    try:
        await door.tenant(TENANT)
        _, tokens = await signed_in(door, audience="https://api.test", scope="openid offline_access")
        waiting = await door.browser().authorize(door.client("Spa"))
        await waiting.login()
        api = await manager(door)
        await api.patch(f"/users/{(await ada(api))['user_id']}", {"password": "Another-Horse-9"})
        assert (await renew(door, tokens["refresh_token"]))[0] == (403 if revokes else 200)
        late = await door.redeem(door.client("Spa"), waiting.answer["code"])
        assert (late.status_code, late.json()["error"]) == (403, "invalid_grant")
    finally:
        await door.stop()


async def test_a_user_made_by_the_api_signs_in_by_address_and_by_name(door: Door, api: Api) -> None:
    made = await api.post(
        "/users",
        {"connection": "people", "email": "Grace@example.test", "username": "Grace", "password": "Nano-Seconds-11"},
    )
    assert "last_login" not in made
    for identifier in ("grace@EXAMPLE.test", "grace"):
        tab = await door.browser().authorize(door.client("Spa"))
        await tab.login(identifier, "Nano-Seconds-11")
        assert "code" in tab.answer
    seen = await api.get(f"/users/{made['user_id']}")
    assert (seen["logins_count"], seen["last_ip"]) == (2, "192.0.2.1")
    assert seen["last_login"].endswith("Z")


async def test_a_deleted_user_keeps_nothing(door: Door, api: Api) -> None:
    tab, tokens = await signed_in(door, audience="https://api.test", scope="openid offline_access read:items")
    user = await ada(api)
    await api.delete(f"/users/{user['user_id']}")
    assert await silently(door, tab) == "login_required"
    status, answer = await renew(door, tokens["refresh_token"])
    assert (status, answer["error"]) == (403, "invalid_grant")
    async with door.http() as http:
        me = await http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert me.status_code == 401
    await tab.authorize(door.client("Spa"))
    await tab.login()
    assert tab.path == "/u/login", "nobody of that name can sign in"


async def test_a_blocked_user_neither_signs_in_nor_renews(door: Door, api: Api) -> None:
    tab, tokens = await signed_in(door, audience="https://api.test", scope="openid offline_access read:items")
    path = f"/users/{(await ada(api))['user_id']}"
    await api.patch(path, {"blocked": True})
    assert (await renew(door, tokens["refresh_token"]))[0] == 403
    assert await silently(door, tab) is not None
    await api.patch(path, {"blocked": False})
    fresh = await door.browser().authorize(door.client("Spa"))
    await fresh.login()
    assert "code" in fresh.answer


# ── a person's own token ──


async def own_token(door: Door, scope: str) -> Api:
    tab = await door.browser().authorize(door.client("Spa"), audience=MANAGEMENT, scope=scope)
    await tab.login()
    await tab.submit("accept")
    answer = await door.redeem(door.client("Spa"), tab.answer["code"])
    return Api(door.http(), answer.json()["access_token"])


async def test_a_persons_own_token_reaches_the_person_alone(door: Door, api: Api) -> None:
    mine = await own_token(door, "openid read:current_user")
    user = await ada(api)
    assert (await mine.get(f"/users/{user['user_id']}"))["email"] == EMAIL
    other = await api.post("/users", {"connection": "people", "email": "o@example.test", "password": "Nano-Seconds-11"})
    response = await mine.call("GET", f"/users/{other['user_id']}")
    assert response.status_code == 403
    assert response.json()["message"] == "User to be acted on does not match subject in bearer token."
    for method, path in (("GET", "/users"), ("GET", "/users-by-email"), ("DELETE", f"/users/{user['user_id']}")):
        assert await mine.refused(method, path) == (403, "insufficient_scope")


async def test_a_persons_own_token_changes_metadata_but_neither_password_nor_profile(door: Door, api: Api) -> None:
    mine = await own_token(door, "openid update:current_user_metadata")
    path = f"/users/{(await ada(api))['user_id']}"
    changed = await mine.patch(path, {"user_metadata": {"theme": "dark"}})
    assert changed["user_metadata"] == {"theme": "dark"}
    for given in (
        {"password": "Another-Horse-9"},
        {"app_metadata": {"plan": "gold"}},
        {"email_verified": True},
        {"user_metadata": {}, "blocked": False},
        {"name": "x"},
    ):
        assert await mine.refused("PATCH", path, given) == (403, "insufficient_scope")
    assert (await api.get(path))["user_metadata"] == {"theme": "dark"}


async def test_a_person_may_be_let_go(door: Door, api: Api) -> None:
    mine, path = await own_token(door, "openid delete:current_user"), f"/users/{(await ada(api))['user_id']}"
    other = await api.post("/users", {"connection": "people", "email": "o@example.test", "password": "Nano-Seconds-11"})
    assert await mine.refused("DELETE", f"/users/{other['user_id']}") == (403, "insufficient_scope")
    await mine.delete(path)
    assert (await api.call("GET", path)).status_code == 404


# ── consent and blocks ──


async def test_consent_that_is_taken_back_takes_the_tokens_with_it_and_is_asked_for_again(door: Door, api: Api) -> None:
    await door.tenant(
        {
            "resourceServers": [
                {
                    "name": "Items",
                    "identifier": "https://api.test",
                    "allow_offline_access": True,
                    "skip_consent_for_verifiable_first_party_clients": False,
                    "scopes": [{"value": "read:items"}, {"value": "write:items"}],
                }
            ]
        }
    )
    asked = {"audience": "https://api.test", "scope": "openid offline_access read:items"}
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa, **asked)
    await tab.login()
    await tab.submit("accept")
    tokens = (await door.redeem(spa, tab.answer["code"])).json()
    user = await ada(api)
    grants = await api.get("/grants", user_id=user["user_id"], client_id=spa.client_id, audience="https://api.test")
    assert [(grant["clientID"], grant["audience"]) for grant in grants] == [(spa.client_id, "https://api.test")]
    await api.delete(f"/grants/{grants[0]['id']}")
    status, answer = await renew(door, tokens["refresh_token"])
    assert (status, answer["error"]) == (403, "invalid_grant")
    await tab.authorize(spa, prompt="none", **asked)
    assert tab.answer["error"] == "consent_required"


async def test_who_is_locked_out_is_let_in_again(door: Door, api: Api) -> None:
    user = await ada(api)
    tab = await door.browser().authorize(door.client("Spa"))
    for _ in range(10):
        await tab.login(password="wrong")
    blocked = {"identifier": EMAIL, "ip": "192.0.2.1", "connection": "people"}
    assert await api.get(f"/user-blocks/{user['user_id']}") == {"blocked_for": [blocked]}
    await api.delete(f"/user-blocks/{user['user_id']}")
    assert await api.get("/user-blocks", identifier=EMAIL) == {"blocked_for": []}
    await tab.login()
    assert "code" in tab.answer


# ── the log of what people and applications did ──


async def test_what_happened_is_in_the_log_with_auth0s_codes_and_the_reasons(door: Door, api: Api) -> None:
    spa, web, machine = (door.client(name) for name in ("Spa", "Web", "Mgmt"))
    tab, tokens = await signed_in(door, audience="https://api.test", scope="openid offline_access read:items")
    await silently(door, tab)
    await silently(door, door.browser())
    await door.redeem(spa, "no-code")
    await renew(door, tokens["refresh_token"])
    await renew(door, tokens["refresh_token"])  # reused
    await renew(door, "no-token")
    password = {"grant_type": "password", "username": EMAIL, "client_id": web.client_id}
    await door.token(**password, password=PASSWORD, client_secret=web.client_secret)
    await door.token(**password, password="wrong", client_secret=web.client_secret)
    await door.token(**{**password, "username": "nobody"}, password="wrong", client_secret=web.client_secret)
    machine_asks = {"grant_type": "client_credentials", "client_id": machine.client_id, "audience": "https://no.test"}
    await door.token(**machine_asks, client_secret=machine.client_secret)
    async with door.http() as http:
        for body in (
            {"email": "new@example.test", "password": "Nano-Seconds-11"},
            {"email": "new@example.test", "password": "x"},
        ):
            given = {"client_id": spa.client_id, "connection": "people", **body}
            await http.post("/dbconnections/signup", json=given)
        await http.post("/oauth/revoke", data={"client_id": spa.client_id, "token": tokens["refresh_token"]})
    await tab.get(f"/v2/logout?client_id={spa.client_id}&returnTo=https://evil.test/")
    await (await signed_in(door))[0].get(f"/v2/logout?client_id={spa.client_id}")
    await api.patch(f"/users/{(await ada(api))['user_id']}", {"name": "Ada"})
    await api.call("PATCH", f"/users/{(await ada(api))['user_id']}", {"name": 7})
    events = await api.get("/logs", per_page=100)
    by_type = {event["type"]: event for event in events}
    assert by_type.keys() == {
        "s", "seacft", "ssa", "fsa", "feacft", "sertft", "ferrt", "fertft", "sepft", "fepft", "fp", "fu", "seccft",
        "feccft", "ss", "fs", "srrt", "slo", "flo", "sapi", "fapi",
    }  # fmt: skip
    for type_ in ("s", "seacft", "ssa", "sertft", "sepft", "seccft", "feccft"):
        trace = by_type[type_]["details"]["trace"]
        assert trace["steps"], type_
        assert (trace["decision"] is None) is (type_ == "feccft")
    connection = (await api.get("/connections", name="people"))[0]
    user_id = (await ada(api))["user_id"]
    for type_ in ("s", "seacft", "ssa", "sertft", "sepft", "fp"):
        event = by_type[type_]
        assert (event["connection"], event["connection_id"]) == ("people", connection["id"]), type_
        assert (event["strategy"], event["strategy_type"], event["user_id"]) == ("auth0", "database", user_id), type_
    assert (by_type["seacft"]["audience"], by_type["seacft"]["scope"]) == (
        "https://api.test",
        "openid offline_access read:items",
    )
    sent = [event for event in events if event["hostname"]]  # what a tenant file writes comes from no host
    assert {event["type"] for event in sent} == by_type.keys()
    assert all(event["ip"] == "192.0.2.1" and event["hostname"] == DOMAIN for event in sent)
    of_ada = await api.get(f"/users/{user_id}/logs", per_page=100)
    assert {event["type"] for event in of_ada} == {"s", "seacft", "ssa", "sertft", "sepft", "fp", "slo", "srrt"}
