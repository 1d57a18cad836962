"""Which pages of other sites may read an answer (B15, CORS), and whose word about a caller counts (G1, G2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import httpx2
import pytest
from tests.integration.door import DOMAIN, Door

from doorward.web.asgi import Application
from doorward.web.forwarded import Forwarded
from doorward.web.router import Router
from doorward.web.routes import routes

TENANT = """
clients:
  - {name: Spa, app_type: spa, token_endpoint_auth_method: none, callbacks: ["https://spa.test/cb"],
     web_origins: ["https://silent.test"], allowed_origins: ["https://*.preview.test"]}
  - {name: Other, app_type: spa, token_endpoint_auth_method: none, callbacks: ["https://other.test/cb"]}
"""


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}").start()
    yield await door.tenant(TENANT)
    await door.stop()


async def ask(door: Door, origin: str, client: str = "Spa", path: str = "/oauth/token") -> httpx2.Response:
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": door.client(client).client_id}
    async with door.http() as http:
        return await http.post(path, data=form, headers={"origin": origin})


@pytest.mark.parametrize("origin", ["https://spa.test", "https://silent.test", "https://a.preview.test"])
async def test_b15_registered_origins_may_read_the_answer(door: Door, origin: str) -> None:
    answer = await ask(door, origin)
    assert answer.status_code == 403
    assert answer.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.test", "null", "https://other.test", "http://spa.test", "https://spa.test:444", "https://a.b.preview.test"],
)  # fmt: skip
async def test_b15_other_origins_are_refused_and_logged(door: Door, origin: str) -> None:
    answer = await ask(door, origin)
    assert (answer.status_code, answer.text) == (403, f"Origin {origin} is not allowed.")
    assert "access-control-allow-origin" not in answer.headers
    assert await door.log("fco")


async def test_b15_a_preflight_knows_no_client(door: Door) -> None:
    async with door.http() as http:
        for origin, expected in (("https://other.test", 204), ("https://evil.test", 403)):
            headers = {"origin": origin, "access-control-request-method": "POST"}
            answer = await http.options("/oauth/token", headers=headers)
            assert answer.status_code == expected
    assert "Authorization" in (await preflight(door)).headers["access-control-allow-headers"]


async def test_an_origin_counts_as_soon_and_as_long_as_a_client_has_it(door: Door) -> None:
    async def allowed(origin: str) -> bool:
        async with door.http() as http:
            return (await http.options("/oauth/token", headers={"origin": origin})).status_code == 204

    assert [await allowed(f"https://{name}.test") for name in ("other", "late", "a.late")] == [True, False, False]
    await door.tenant({"clients": [{"name": "Late", "app_type": "spa", "web_origins": ["https://late.test/x"]}]})
    assert [await allowed(f"https://{name}.test") for name in ("other", "late", "a.late")] == [True, True, False]
    await door.tenant({"clients": [{"name": "Late", "allowed_origins": ["https://*.late.test"], "web_origins": []}]})
    assert [await allowed(f"https://{name}.test") for name in ("other", "late", "a.late")] == [True, False, True]


async def preflight(door: Door) -> httpx2.Response:
    async with door.http() as http:
        return await http.options("/oauth/token", headers={"origin": "https://spa.test"})


async def test_public_documents_and_userinfo_are_for_every_site(door: Door) -> None:
    async with door.http() as http:
        keys = await http.get("/.well-known/jwks.json", headers={"origin": "https://anybody.test"})
        about = await http.get("/userinfo", headers={"origin": "https://anybody.test"})
    assert keys.headers["access-control-allow-origin"] == "*"
    assert (about.status_code, about.headers["access-control-allow-origin"]) == (401, "https://anybody.test")


async def test_g1_an_unknown_host_is_nobody_s(door: Door) -> None:
    for host in ("evil.test", "", f"{DOMAIN}.evil.test", f"x{DOMAIN}", "127.0.0.1"):
        async with door.http() as http:
            answer = await http.get("/.well-known/openid-configuration", headers={"host": host})
        assert answer.status_code == 404, host
        assert "issuer" not in answer.text


def behind(door: Door, peer: str) -> httpx2.AsyncClient:
    """The same server behind proxies in 10.0.0.0/8, asked from ``peer``."""
    application = Application(
        Router(routes(door.server.services, development=False)),
        door.ports.directory,
        forwarded=Forwarded((ip_network("10.0.0.0/8"),)),
        strict_transport=True,
    )
    transport = httpx2.ASGITransport(app=application, client=(peer, 1))
    return httpx2.AsyncClient(transport=transport, base_url="http://internal")


async def test_g2_a_proxy_names_host_and_caller(door: Door) -> None:
    async with behind(door, "10.0.0.1") as http:
        answer = await http.get(
            "/.well-known/openid-configuration",
            headers={
                "x-forwarded-host": DOMAIN,
                "x-forwarded-proto": "https",
                "x-forwarded-for": "203.0.113.5, 10.0.0.9",
            },
        )
        assert answer.json()["issuer"] == f"https://{DOMAIN}/"
        assert answer.headers["strict-transport-security"]
        plain = {"x-forwarded-host": DOMAIN, "x-forwarded-proto": "http"}
        redirected = await http.get("/.well-known/jwks.json", headers=plain)
        assert redirected.headers["location"] == f"https://{DOMAIN}/.well-known/jwks.json"
        assert (await http.post("/oauth/token", data={"a": "b"}, headers=plain)).status_code == 400


async def test_g2_nobody_else_does(door: Door) -> None:
    async with behind(door, "192.0.2.1") as http:
        answer = await http.get("/.well-known/openid-configuration", headers={"x-forwarded-host": DOMAIN})
        assert answer.status_code == 404
        named = await http.get(
            "/.well-known/openid-configuration", headers={"host": DOMAIN, "x-forwarded-proto": "http"}
        )
        assert named.status_code == 200


@pytest.mark.parametrize("value", ["not-an-address", "203.0.113.5, evil", "1.2.3"])
async def test_g2_an_invalid_address_is_refused_not_skipped(door: Door, value: str) -> None:
    async with behind(door, "10.0.0.1") as http:
        answer = await http.get("/.well-known/jwks.json", headers={"host": DOMAIN, "x-forwarded-for": value})
    assert answer.status_code == 400
