"""Addresses that follow the custom domain a request came to."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from tests.integration.door import Door

HOST = "{custom_domain.metadata.public_app}"
TENANT = {
    "customDomains": [
        {"domain": "login.one.test", "domain_metadata": {"public_app": "app.one.test"}},
        {"domain": "login.two.test", "domain_metadata": {"public_app": "app.two.test/evil", "private": "x.test"}},
    ],
    "clients": [
        {
            "name": "Spa", "callbacks": [f"https://{HOST}/cb", "https://{custom_domain.metadata.private}/cb"],
            "web_origins": [f"https://{HOST}"], "allowed_logout_urls": [f"https://{HOST}/bye"],
        }
    ],
}  # fmt: skip


@pytest.fixture
async def door(door: Door) -> Door:
    return await door.tenant(TENANT)


async def status(door: Door, domain: str, uri: str) -> int:
    asked = {"client_id": door.client("Spa").client_id, "redirect_uri": uri, "response_type": "code"}
    async with door.http(domain) as http:
        return (await http.get("/authorize?" + urlencode(asked))).status_code


async def test_a_callback_follows_the_domain(door: Door) -> None:
    assert await status(door, "login.one.test", "https://app.one.test/cb") == 302
    assert await status(door, "login.two.test", "https://app.one.test/cb") == 403
    assert await status(door, "tenant.test", "https://app.one.test/cb") == 403


async def test_only_public_values_that_are_hosts_count(door: Door) -> None:
    assert await status(door, "login.two.test", "https://x.test/cb") == 403
    assert await status(door, "login.two.test", "https://app.two.test/evil/cb") == 403
    for uri in (f"https://{HOST}/cb", "https:///cb"):
        assert await status(door, "login.two.test", uri) == 403


async def test_origins_and_logout_follow_too(door: Door) -> None:
    spa = door.client("Spa")
    async with door.http("login.one.test") as http:
        bye = {"client_id": spa.client_id, "returnTo": "https://app.one.test/bye"}
        assert (await http.get("/v2/logout", params=bye)).headers["location"] == "https://app.one.test/bye"
        headers = {"origin": "https://app.one.test"}
        answer = await http.post("/oauth/token", data={"client_id": spa.client_id}, headers=headers)
        assert answer.headers["access-control-allow-origin"] == "https://app.one.test"
    async with door.http() as http:
        assert (await http.get("/v2/logout", params=bye)).status_code == 400
        assert (await http.post("/oauth/token", data={"client_id": spa.client_id}, headers=headers)).status_code == 403
