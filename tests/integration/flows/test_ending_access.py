"""Sessions and refresh tokens over the Management API: what is shown of them, and that ending them is felt at once."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.integration.door import BrowserTab, Door
from tests.integration.flows.test_managing_people import ada, api, manager, renew, signed_in, silently
from tests.integration.management.conftest import Api

__all__ = ["api"]
OFFLINE = {"audience": "https://api.test", "scope": "openid offline_access read:items"}
NOW = "2096-10-02T07:06:40.000Z"


async def path(api: Api) -> str:
    return f"/users/{(await ada(api))['user_id'].replace('|', '%7C')}"


async def sessions(api: Api) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await api.get(f"{await path(api)}/sessions"))["sessions"]
    return listed


async def tokens(api: Api) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await api.get(f"{await path(api)}/refresh-tokens"))["tokens"]
    return listed


async def ended(answer: httpx2.Response, status: int = 202) -> None:
    assert (answer.status_code, answer.content) == (status, b"")


async def test_a_session_shows_where_and_how_it_began(door: Door, api: Api) -> None:
    tab, _ = await signed_in(door)
    door.clock.pass_(60)
    tab.http.headers["user-agent"] = "Newer/2"
    await silently(door, tab)
    (listed,) = await sessions(api)
    assert listed == {
        "id": listed["id"],
        "user_id": (await ada(api))["user_id"],
        "created_at": NOW,
        "authenticated_at": NOW,
        "updated_at": "2096-10-02T07:07:40.000Z",
        "last_interacted_at": "2096-10-02T07:07:40.000Z",
        "idle_expires_at": "2096-10-05T07:07:40.000Z",
        "expires_at": "2096-10-09T07:06:40.000Z",
        "device": {
            "initial_ip": "192.0.2.1",
            "initial_user_agent": listed["device"]["initial_user_agent"],
            "last_ip": "192.0.2.1",
            "last_user_agent": "Newer/2",
        },
        "clients": [{"client_id": door.client("Spa").client_id}],
        "authentication": {"methods": [{"name": "pwd", "timestamp": NOW}]},
        "cookie": {"mode": "persistent"},
    }
    assert listed["device"]["initial_user_agent"].startswith("python")
    assert await api.get(f"/sessions/{listed['id']}") == listed


async def expiring(door: Door, api: Api) -> None:
    settings = {
        "rotation_type": "rotating", "expiration_type": "expiring", "token_lifetime": 2592000,
        "idle_token_lifetime": 1296000, "infinite_token_lifetime": False, "infinite_idle_token_lifetime": False,
    }  # fmt: skip
    await api.patch(f"/clients/{door.client('Spa').client_id}", {"refresh_token": settings})


async def test_a_refresh_token_keeps_its_id_and_its_metadata_over_rotation(door: Door, api: Api) -> None:
    await expiring(door, api)
    _, answer = await signed_in(door, **OFFLINE)
    (listed,) = await tokens(api)
    (session,) = await sessions(api)
    assert listed == {
        "id": listed["id"],
        "user_id": (await ada(api))["user_id"],
        "client_id": door.client("Spa").client_id,
        "session_id": session["id"],
        "created_at": NOW,
        "last_exchanged_at": None,
        "idle_expires_at": "2096-10-17T07:06:40.000Z",
        "expires_at": "2096-11-01T07:06:40.000Z",
        "rotating": True,
        "resource_servers": [{"audience": "https://api.test", "scopes": "openid offline_access read:items"}],
        "device": listed["device"],
    }
    metadata = {"device": "phone"}
    one = f"/refresh-tokens/{listed['id']}"
    assert (await api.patch(one, {"refresh_token_metadata": metadata}))["refresh_token_metadata"] == metadata
    door.clock.pass_(60)
    status, _ = await renew(door, answer["refresh_token"])
    assert status == 200
    again = await api.get(one)
    assert (again["id"], again["created_at"], again["last_exchanged_at"]) == (
        listed["id"], NOW, "2096-10-02T07:07:40.000Z",
    )  # fmt: skip
    assert again["refresh_token_metadata"] == metadata
    assert "refresh_token_metadata" not in await api.patch(one, {"refresh_token_metadata": None})
    await renew(door, answer["refresh_token"])  # again: the family is over
    assert await api.refused("GET", one) == (404, None)
    assert await api.refused("PATCH", one, {"refresh_token_metadata": {}}) == (404, None)
    assert await tokens(api) == []


async def test_a_lasting_token_shows_who_used_it_last(door: Door, api: Api) -> None:
    web = door.client("Web")
    tab = await door.browser().authorize(web, **OFFLINE)
    await tab.login()
    answer = (await door.redeem(web, tab.answer["code"])).json()
    door.clock.pass_(60)
    async with door.http(ip="198.51.100.7") as http:
        await http.post(
            "/oauth/token",
            data={
                "grant_type": "refresh_token", "client_id": web.client_id, "client_secret": web.client_secret,
                "refresh_token": answer["refresh_token"],
            },
        )  # fmt: skip
    (listed,) = await tokens(api)
    assert (listed["rotating"], listed["last_exchanged_at"]) == (False, "2096-10-02T07:07:40.000Z")
    assert (listed["device"]["initial_ip"], listed["device"]["last_ip"]) == ("192.0.2.1", "198.51.100.7")


async def test_metadata_of_a_session_outlives_its_use(door: Door, api: Api) -> None:
    tab, _ = await signed_in(door)
    (listed,) = await sessions(api)
    one = f"/sessions/{listed['id']}"
    await api.patch(one, {"session_metadata": {"desk": "4"}})
    assert await silently(door, tab) is None
    assert (await api.get(one))["session_metadata"] == {"desk": "4"}
    assert "session_metadata" not in await api.patch(one, {"session_metadata": None})
    for refused in (
        {},
        {"session_metadata": {"a": 1}},
        {"session_metadata": {"a": "x" * 256}},
        {"session_metadata": {f"n{n}": "" for n in range(26)}},
    ):
        assert await api.refused("PATCH", one, refused) == (400, "invalid_body")


async def test_what_ran_out_is_not_there(door: Door, api: Api) -> None:
    await expiring(door, api)
    await signed_in(door, **OFFLINE)
    (session,), (token,) = await sessions(api), await tokens(api)
    door.clock.pass_(3 * 24 * 3600)
    later = await manager(door)
    assert await sessions(later) == []
    assert await later.refused("GET", f"/sessions/{session['id']}") == (404, None)
    assert await later.refused("PATCH", f"/sessions/{session['id']}", {"session_metadata": {}}) == (404, None)
    assert await later.refused("POST", f"/sessions/{session['id']}/revoke") == (404, None)
    door.clock.pass_(12 * 24 * 3600)
    later = await manager(door)
    assert await tokens(later) == []
    assert await later.refused("GET", f"/refresh-tokens/{token['id']}") == (404, None)


# ── ending ──


@pytest.mark.parametrize(
    ("method", "of_session", "body", "signs_out", "ends_tokens"),
    [
        ("DELETE", "", None, True, False),
        ("POST", "/revoke", None, True, True),
    ],
)
async def test_ending_one_session(
    door: Door, api: Api, method: str, of_session: str, body: Any, signs_out: bool, ends_tokens: bool
) -> None:
    here, answer = await signed_in(door, **OFFLINE)
    (first,) = await sessions(api)
    there, other = await signed_in(door, **OFFLINE)
    await ended(await api.call(method, f"/sessions/{first['id']}{of_session}", body))
    assert (await silently(door, here) == "login_required") is signs_out
    assert ((await renew(door, answer["refresh_token"]))[0] == 403) is ends_tokens
    assert await silently(door, there) is None
    assert (await renew(door, other["refresh_token"]))[0] == 200
    await ended(await api.call("DELETE", f"/sessions/{first['id']}"))  # gone is no error


@pytest.mark.parametrize(
    ("method", "below", "body", "signs_out", "ends_tokens"),
    [
        ("DELETE", "/sessions", None, True, False),
        ("DELETE", "/refresh-tokens", None, False, True),
        ("POST", "/revoke-access", {}, True, True),
        ("POST", "/revoke-access", None, True, True),
        ("POST", "/revoke-access", {"preserve_refresh_tokens": True}, True, False),
    ],
)
async def test_ending_all_of_a_user(
    door: Door, api: Api, method: str, below: str, body: Any, signs_out: bool, ends_tokens: bool
) -> None:
    people = [await signed_in(door, **OFFLINE) for _ in range(2)]
    await ended(await api.call(method, f"{await path(api)}{below}", body))
    for tab, answer in people:
        assert (await silently(door, tab) == "login_required") is signs_out
        assert ((await renew(door, answer["refresh_token"]))[0] == 403) is ends_tokens


async def test_revoking_access_of_one_session_leaves_the_other(door: Door, api: Api) -> None:
    here, answer = await signed_in(door, **OFFLINE)
    (first,) = await sessions(api)
    there, other = await signed_in(door, **OFFLINE)
    below = f"{await path(api)}/revoke-access"
    assert await api.refused("POST", below, {"session_id": "nothing"}) == (404, None)
    await ended(await api.call("POST", below, {"session_id": first["id"]}))
    assert await silently(door, here) == "login_required"
    assert (await renew(door, answer["refresh_token"]))[0] == 403
    assert await silently(door, there) is None
    assert (await renew(door, other["refresh_token"]))[0] == 200


async def test_a_code_of_a_revoked_session_gives_nothing(door: Door, api: Api) -> None:
    spa = door.client("Spa")

    async def waiting() -> BrowserTab:
        tab = await door.browser().authorize(spa, **OFFLINE)
        return await tab.login()

    first = await waiting()
    (session,) = await sessions(api)
    second = await waiting()
    await ended(await api.call("POST", f"/sessions/{session['id']}/revoke"))
    assert (await door.redeem(spa, first.answer["code"])).status_code == 403
    assert (await door.redeem(spa, second.answer["code"])).status_code == 200


async def test_revoking_tokens_by_what_they_are_for(door: Door, api: Api) -> None:
    spa, user_id = door.client("Spa"), (await ada(api))["user_id"]

    async def revoked(**body: Any) -> bool:
        _, answer = await signed_in(door, **OFFLINE)
        given = {"ids": [token["id"] for token in await tokens(api)]} if body.pop("ids", False) else body
        await ended(await api.call("POST", "/refresh-tokens/revoke", given))
        return (await renew(door, answer["refresh_token"]))[0] == 403

    assert await revoked(ids=True)
    assert await revoked(user_id=user_id)
    assert await revoked(user_id=user_id, client_id=spa.client_id)
    assert await revoked(user_id=user_id, client_id=spa.client_id, audience="https://api.test")
    assert not await revoked(user_id=user_id, client_id="another")
    assert not await revoked(user_id=user_id, client_id=spa.client_id, audience="https://careful.test")
    assert not await revoked(user_id="auth0|nobody")
    for refused in ({}, {"client_id": "x"}, {"ids": ["x"], "user_id": user_id}, {"user_id": user_id, "audience": "x"}):
        assert await api.refused("POST", "/refresh-tokens/revoke", refused) == (400, "invalid_body")


async def test_one_token_is_deleted(door: Door, api: Api) -> None:
    _, answer = await signed_in(door, **OFFLINE)
    _, other = await signed_in(door, **OFFLINE)
    listed = await tokens(api)
    await ended(await api.call("DELETE", f"/refresh-tokens/{listed[0]['id']}"), 204)
    await ended(await api.call("DELETE", f"/refresh-tokens/{listed[0]['id']}"), 204)
    assert await tokens(api) == listed[1:]
    assert sorted([(await renew(door, given["refresh_token"]))[0] for given in (answer, other)]) == [200, 403]


# ── paging ──


async def test_both_lists_are_paged_by_checkpoint(door: Door, api: Api) -> None:
    for _ in range(3):
        await signed_in(door, **OFFLINE)
    user, user_id = await path(api), (await ada(api))["user_id"]
    for address, key, more in (
        (f"{user}/sessions", "sessions", {}),
        (f"{user}/refresh-tokens", "tokens", {}),
        ("/refresh-tokens", "refresh_tokens", {"user_id": user_id}),
    ):
        first = await api.get(address, take=2, **more)
        assert len(first[key]) == 2
        last = await api.get(address, take=2, from_=first["next"], **more)
        assert last.keys() == {key}
        whole = await api.get(address, **more)
        assert whole == {key: first[key] + last[key]}
        assert await api.refused("GET", address, from_="x", **more) == (400, "invalid_query_string")
    assert (await api.get(f"{user}/sessions", include_totals=True, per_page=50))["total"] == 3
    assert (await api.get(f"{user}/refresh-tokens", include_totals=True, take=1))["total"] == 3
    shown = await api.get("/refresh-tokens", user_id=user_id, client_id="other")
    assert shown == {"refresh_tokens": []}
    ids = await api.get("/refresh-tokens", user_id=user_id, fields="id")
    assert [list(token) for token in ids["refresh_tokens"]] == [["id"]] * 3
    assert await api.refused("GET", "/refresh-tokens") == (400, "invalid_query_string")


async def test_nobody_has_none(door: Door, api: Api) -> None:
    nobody = "/users/auth0%7Cnobody"
    for method, below in (
        ("GET", "/sessions"),
        ("DELETE", "/sessions"),
        ("GET", "/refresh-tokens"),
        ("DELETE", "/refresh-tokens"),
        ("POST", "/revoke-access"),
    ):
        assert await api.refused(method, nobody + below) == (404, "inexistent_user")
    assert await api.refused("GET", "/refresh-tokens", user_id="auth0|nobody") == (404, "inexistent_user")
