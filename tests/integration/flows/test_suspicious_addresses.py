"""Many accounts tried from one address: counted apart for logins and signups, and let through at a pace (K2, K6)."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from tests.integration.door import DOMAIN, Door

RIGHT, WRONG = "correct-horse-9", "not-this-one-9"
MINE, OTHER = "192.0.2.1", "198.51.100.1"
TELLS = (
    "We have detected suspicious login behavior and further attempts will be blocked. Please contact the administrator."
)


async def throttle(door: Door, **settings: Any) -> None:
    """Three failed logins and two signups for an address, then one a minute and one a second."""
    stage = {
        "pre-login": {"max_attempts": 3, "rate": 60_000}, "pre-user-registration": {"max_attempts": 2, "rate": 1_200},
    }  # fmt: skip
    settings = {"enabled": True, "shields": ["block"], "allowlist": [], "stage": stage, **settings}
    await door.tenant({"attackProtection": {"suspiciousIpThrottling": settings}})


@pytest.fixture
async def guarded(door: Door) -> Door:
    await throttle(door)
    return door


async def login(door: Door, password: str, *, username: str = "", ip: str = MINE) -> httpx2.Response:
    web = door.client("Web")
    asked = {
        "grant_type": "password", "client_id": web.client_id, "client_secret": web.client_secret,
        "username": username or "ada@example.test", "password": password,
    }  # fmt: skip
    async with door.http(ip=ip) as http:
        return await http.post("/oauth/token", data=asked)


async def spray(door: Door, times: int = 3, **more: str) -> None:
    for number in range(times):
        assert (await login(door, WRONG, username=f"nobody{number}@example.test", **more)).status_code == 403


async def sign_up(door: Door, email: str, *, ip: str = MINE, password: str = "Correct-Horse-9") -> httpx2.Response:
    body = {"client_id": door.client("Spa").client_id, "connection": "people", "email": email, "password": password}
    async with door.http(ip=ip) as http:
        return await http.post("/dbconnections/signup", json=body)


async def test_k2_an_address_that_failed_with_many_accounts_waits(guarded: Door) -> None:
    await spray(guarded)
    for password in (RIGHT, WRONG):
        refused = await login(guarded, password)
        assert (refused.status_code, refused.json()) == (
            429,
            {"error": "too_many_attempts", "error_description": TELLS},
        )
    assert (await login(guarded, RIGHT, ip=OTHER)).status_code == 200
    blocked = await guarded.log("limit_mu")
    assert [(event.ip, event.user_name) for event in blocked] == [(MINE, "ada@example.test")] * 2


async def test_k2_attempts_come_back_at_the_pace_of_the_settings(guarded: Door) -> None:
    await spray(guarded)
    guarded.clock.pass_(59)
    assert (await login(guarded, RIGHT)).status_code == 429
    guarded.clock.pass_(1)
    assert (await login(guarded, WRONG)).status_code == 403
    assert (await login(guarded, RIGHT)).status_code == 429
    guarded.clock.pass_(60)
    assert (await login(guarded, RIGHT)).status_code == 200
    assert (await login(guarded, RIGHT)).status_code == 200  # only failures count


async def test_k2_the_page_says_so(guarded: Door) -> None:
    await spray(guarded)
    tab = await guarded.browser().authorize(guarded.client("Spa"))
    await tab.login()
    assert (tab.status, list(tab.form.errors.values())) == (429, ["ip-blocked"])
    guarded.clock.pass_(60)
    assert "code" in (await tab.login()).answer


async def test_k2_signups_count_whether_they_fail_or_not_and_apart_from_logins(guarded: Door) -> None:
    await spray(guarded)
    assert (await sign_up(guarded, "grace@example.test")).status_code == 200
    assert (await sign_up(guarded, "grace@example.test")).status_code == 400
    refused = await sign_up(guarded, "bo@example.test")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert (await sign_up(guarded, "bo@example.test", ip=OTHER)).status_code == 200
    tab = await guarded.browser().authorize(guarded.client("Spa"), screen_hint="signup")
    await tab.submit(email="eve@example.test", password="Correct-Horse-9")
    assert (tab.status, list(tab.form.errors.values())) == (429, ["ip-signup-blocked"])
    assert [event.user_name for event in await guarded.log("limit_mu")] == ["eve@example.test", "bo@example.test"]
    guarded.clock.pass_(1.2)
    assert (await sign_up(guarded, "eve@example.test")).status_code == 200
    assert (await login(guarded, RIGHT)).status_code == 429


async def test_k2_what_is_no_signup_at_all_does_not_count(guarded: Door) -> None:
    for _ in range(3):
        assert (await sign_up(guarded, "no address")).status_code == 400
        assert (await sign_up(guarded, "grace@example.test", password="")).status_code == 400
    assert (await sign_up(guarded, "grace@example.test")).status_code == 200


async def test_k6_ipv6_counts_by_subscriber(guarded: Door) -> None:
    await spray(guarded, ip="2001:db8::1")
    assert (await login(guarded, RIGHT, ip="2001:db8::2")).status_code == 429
    assert (await login(guarded, RIGHT, ip="2001:db8:0:1::1")).status_code == 200


@pytest.mark.parametrize(
    "settings", [{"enabled": False}, {"shields": ["admin_notification"]}, {"allowlist": ["192.0.2.0/24"]}]
)
async def test_k2_nobody_waits_where_the_settings_say_so(door: Door, settings: dict[str, Any]) -> None:
    await throttle(door, **settings)
    await spray(door, 5)
    assert (await login(door, RIGHT)).status_code == 200
    for number in range(4):
        assert (await sign_up(door, f"grace{number}@example.test")).status_code == 200
    watched = 2 + 2 if "shields" in settings else 0
    assert len(await door.log("limit_mu")) == watched


async def test_k2_a_burst_gets_no_more_than_its_share(guarded: Door) -> None:
    burst = [login(guarded, WRONG, username=f"nobody{number}@example.test") for number in range(9)]
    codes = [answer.status_code for answer in await asyncio.gather(*burst)]
    assert (codes.count(403), codes.count(429)) == (3, 6)
    signups = [sign_up(guarded, f"grace{number}@example.test") for number in range(6)]
    codes = [answer.status_code for answer in await asyncio.gather(*signups)]
    assert (codes.count(200), codes.count(429)) == (2, 4)


async def test_k2_a_new_tenant_has_what_auth0_gives_one(door: Door) -> None:
    settings = door.ports.directory.tenant(DOMAIN).suspicious_ip
    assert settings.blocks
    await spray(door, 100)
    assert (await login(door, RIGHT)).status_code == 429
    door.clock.pass_(864)
    assert (await login(door, RIGHT)).status_code == 200
