"""What the hot trips cost, in counts that are the same on every machine.

Statements, signatures and hops to other threads per request: what makes the token path slow shows here
without a clock. How long things take is measured in ``bench``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest
from msgspec import Struct
from tests.integration.door import CALLBACK, CHALLENGE, BrowserTab, Door

from doorward.backends.keys.jose import JoseBackend

API = "https://api.test/"
TENANT = {
    "databases": [{"name": "people", "strategy": "auth0", "enabled_clients": ["Web"]}],
    "clients": [
        {
            "name": "Machine", "app_type": "non_interactive", "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_post",
        },
        {
            "name": "Web", "app_type": "regular_web", "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_post", "callbacks": [CALLBACK], "oidc_conformant": True,
            "refresh_token": {"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0},
        },
    ],
    "resourceServers": [
        {
            "name": "API", "identifier": API, "scopes": [{"value": "read:x"}], "allow_offline_access": True,
            "skip_consent_for_verifiable_first_party_clients": True,
        }
    ],
    "clientGrants": [{"client_id": "Machine", "audience": API, "scope": ["read:x"]}],
    "users": [{"email": "ada@example.test", "password": "correct-horse-9", "connection": "people"}],
}  # fmt: skip
# What the background does (the log, the poll) can only add to a count: the smallest of some is the trip's own.
TIMES = 4


class Cost(Struct, frozen=True):
    """Of one request. ``hops`` are hand-overs to another thread."""

    statements: int
    signatures: int
    hops: int


class Meter:
    """Counts what one request at a time costs."""

    def __init__(self, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
        self.door = door
        self.signatures = self.hops = 0
        self.on_sqlite = door.server.storage.database.dialect.batches is False
        loop = asyncio.get_running_loop()
        sign, hop = JoseBackend.sign, loop.run_in_executor

        def counted_sign(*arguments: Any) -> Awaitable[str]:
            self.signatures += 1
            return sign(*arguments)

        def counted_hop(*arguments: Any) -> asyncio.Future[Any]:
            self.hops += 1
            return hop(*arguments)

        monkeypatch.setattr(JoseBackend, "sign", counted_sign)
        monkeypatch.setattr(loop, "run_in_executor", counted_hop)

    async def least(self, trip: Callable[[], Awaitable[httpx2.Response]]) -> Cost:
        costs = []
        for _ in range(TIMES):
            await self.door.ports.log.flush()
            before = self._reading()
            answer = await trip()
            after = self._reading()
            assert answer.status_code in (200, 302), answer.text
            costs.append([end - start for start, end in zip(before, after, strict=True)])
        return Cost(*(min(column) for column in zip(*costs, strict=True)))

    def _reading(self) -> tuple[int, int, int]:
        return self.door.server.storage.database.statements, self.signatures, self.hops


@pytest.fixture
async def meter(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Meter]:
    door = await (await Door(database).start()).tenant(TENANT)
    yield Meter(door, monkeypatch)
    await door.stop()


async def signed_in(door: Door) -> tuple[BrowserTab, dict[str, str]]:
    tab = await door.browser().authorize(door.client("Web"), scope="openid read:x offline_access", audience=API)
    await tab.login()
    answer = await door.redeem(door.client("Web"), tab.answer["code"])
    return tab, answer.json()


async def machine_token(door: Door, client: str, audience: str) -> httpx2.Response:
    machine = door.client(client)
    return await door.token(
        grant_type="client_credentials",
        client_id=machine.client_id,
        client_secret=machine.client_secret,
        audience=audience,
    )


async def test_client_credentials_need_one_signature_and_no_database(meter: Meter) -> None:
    cost = await meter.least(lambda: machine_token(meter.door, "Machine", API))
    assert cost == Cost(statements=0, signatures=1, hops=0)


async def test_a_code_costs_two_reads_and_one_write(meter: Meter) -> None:
    tab, _ = await signed_in(meter.door)
    web = meter.door.client("Web")

    async def trip() -> httpx2.Response:
        return await meter.door.redeem(web, codes.pop())

    codes = []
    for _ in range(TIMES):
        await tab.authorize(web, scope="openid read:x", audience=API)
        codes.append(tab.answer["code"])
    cost = await meter.least(trip)
    # code and user; spend and log, which PostgreSQL does in one.
    assert cost == (Cost(4, 2, 1) if meter.on_sqlite else Cost(3, 2, 0))


async def test_a_refresh_costs_two_reads_and_one_write(meter: Meter) -> None:
    _, tokens = await signed_in(meter.door)
    web = meter.door.client("Web")

    async def trip() -> httpx2.Response:
        answer = await meter.door.token(
            grant_type="refresh_token",
            client_id=web.client_id,
            client_secret=web.client_secret,
            refresh_token=tokens["refresh_token"],
        )
        tokens.update(answer.json())
        return answer

    cost = await meter.least(trip)
    # refresh token and user; spend, successor and log.
    assert cost == (Cost(5, 2, 1) if meter.on_sqlite else Cost(3, 2, 0))


async def test_userinfo_is_one_read(meter: Meter) -> None:
    _, tokens = await signed_in(meter.door)

    async def trip() -> httpx2.Response:
        async with meter.door.http() as http:
            return await http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})

    assert await meter.least(trip) == Cost(statements=1, signatures=0, hops=0)


async def test_a_session_answers_authorize_with_two_reads_and_one_write(meter: Meter) -> None:
    tab, _ = await signed_in(meter.door)
    web = meter.door.client("Web")
    asked = {
        "client_id": web.client_id, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid read:x",
        "audience": API, "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip

    async def trip() -> httpx2.Response:
        answer = await tab.http.get("/authorize", params=asked)
        assert answer.headers["location"].startswith(f"{CALLBACK}?code="), answer.headers["location"]
        return answer

    cost = await meter.least(trip)
    # session and user; session, code and log.
    assert cost == (Cost(5, 0, 1) if meter.on_sqlite else Cost(3, 0, 0))


async def test_the_management_api_reads_configuration_from_memory(meter: Meter) -> None:
    door = meter.door
    token = (await machine_token(door, "Mgmt", f"https://{door.ports.directory.tenants()[0].domain}/api/v2/")).json()

    async def trip() -> httpx2.Response:
        async with door.http() as http:
            headers = {"authorization": f"Bearer {token['access_token']}"}
            return await http.get(f"/api/v2/clients/{door.client('Web').client_id}", headers=headers)

    assert await meter.least(trip) == Cost(statements=0, signatures=0, hops=0)


async def test_public_documents_cost_nothing(meter: Meter) -> None:
    async def trip() -> httpx2.Response:
        async with meter.door.http() as http:
            return await http.get("/.well-known/jwks.json")

    assert await meter.least(trip) == Cost(statements=0, signatures=0, hops=0)
