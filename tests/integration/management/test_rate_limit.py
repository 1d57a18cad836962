"""What every answer says of the rate limit, and what becomes of who asks too often."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from doorward.management.kit import rate_limit
from doorward.management.kit.rate_limit import RateLimit, RateLimited

from .conftest import START, A, Api, B, House, StandingClock

pytestmark = pytest.mark.anyio
HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def standing(response: httpx2.Response) -> tuple[int, int, int]:
    limit, remaining, reset = (int(response.headers[name]) for name in HEADERS)
    return limit, remaining, reset


@pytest.fixture
async def limited() -> AsyncIterator[House]:
    """Two requests a second, three at once."""
    house = await House(requests_per_second=2.0).open()
    yield house
    await house.close()


async def test_without_a_limit_every_answer_says_that_nothing_was_used(api: Api, house: House) -> None:
    nobody = Api(house.http(A), "")
    narrow = await house.api(scopes=["read:roles"])
    for caller, method, path, status in (
        (api, "GET", "/clients", 200),
        (api, "DELETE", "/clients/none", 204),
        (api, "GET", "/clients/none", 404),
        (api, "GET", "/toasters", 404),
        (narrow, "GET", "/clients", 403),
        (nobody, "GET", "/clients", 401),
    ):
        response = await caller.call(method, path)
        assert response.status_code == status
        limit, remaining, reset = standing(response)
        assert limit == remaining >= 1_000
        assert reset == int(house.clock.now())
        assert "retry-after" not in response.headers
    house.clock.time += 1.5
    assert standing(await api.call("GET", "/clients"))[2] == int(START + 1.5)


async def test_who_asks_too_often_has_to_wait(limited: House) -> None:
    api = await limited.api()
    left = [standing(await api.call("GET", "/roles")) for _ in range(3)]
    assert [(limit, remaining) for limit, remaining, _ in left] == [(3, 2), (3, 1), (3, 0)]
    for _ in range(2):
        refused = await api.call("GET", "/roles")
        assert refused.status_code == 429
        assert refused.json() == {
            "statusCode": 429,
            "error": "Too Many Requests",
            "message": "Global limit has been reached",
            "errorCode": "too_many_requests",
        }
        assert standing(refused) == (3, 0, int(START) + 1)
        assert refused.headers["retry-after"] == "1"
    limited.clock.time += 0.5
    assert (await api.call("GET", "/roles")).status_code == 200
    assert (await api.call("GET", "/roles")).status_code == 429
    limited.clock.time += 3600
    assert standing(await api.call("GET", "/roles"))[:2] == (3, 2)
    events = await limited.log(type_="api_limit")
    assert [event.details["limit"]["size"] for event in events] == [3, 3]


async def test_callers_are_counted_apart(limited: House) -> None:
    one, other, elsewhere = await limited.api(), await limited.api(), await limited.api(B)
    for _ in range(3):
        await one.call("GET", "/roles")
    assert (await one.call("GET", "/roles")).status_code == 429
    assert standing(await other.call("GET", "/roles"))[1] == 2
    assert standing(await elsewhere.call("GET", "/roles"))[1] == 2
    assert (await Api(limited.http(A), "").call("GET", "/roles")).status_code == 401


async def test_what_is_refused_is_not_done(limited: House) -> None:
    api = await limited.api()
    for number in range(3):
        await api.post("/roles", {"name": f"R{number}"}, 200)
    assert (await api.call("POST", "/roles", {"name": "R3"})).status_code == 429
    limited.clock.time += 60
    assert len(await api.get("/roles")) == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/_doorward/api/v1/tenant-file"), ("POST", "/_doorward/api/v1/tenant-file"),
     ("POST", "/_doorward/api/v1/explain")],
)  # fmt: skip
async def test_one_limit_holds_for_everything_a_token_opens(limited: House, method: str, path: str) -> None:
    api = await limited.api()
    bearer = {"authorization": f"Bearer {api.token}"}
    asked = {"grant_type": "client_credentials", "client_id": "x"} if path.endswith("explain") else {"document": {}}

    async def ask() -> httpx2.Response:
        return await api.http.request(method, path, headers=bearer, json=asked if method == "POST" else None)

    assert standing(await ask())[:2] == (3, 2)
    assert standing(await api.call("GET", "/roles"))[:2] == (3, 1)
    assert standing(await ask())[:2] == (3, 0)
    refused = await ask()
    assert (refused.status_code, refused.json()["errorCode"]) == (429, "too_many_requests")
    assert refused.headers["retry-after"] == "1"
    assert (await api.call("GET", "/roles")).status_code == 429
    (event,) = await limited.log(type_="api_limit")
    assert event.details["request"]["path"] == path
    nobody = await api.http.request(method, path)
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, 'Bearer realm="Management API"')


async def test_the_description_is_for_everybody_and_not_too_often(limited: House) -> None:
    async with limited.http(A) as http:
        path = "/_doorward/api/v1/openapi.json"
        assert [(await http.get(path)).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert (await http.get(path)).json()["errorCode"] == "too_many_requests"
        limited.clock.time += 0.5
        assert (await http.get(path)).status_code == 200


def test_buckets_that_are_full_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MANY", 10)
    clock = StandingClock()
    limit = RateLimit(clock, per_second=1.0, burst=2)
    for caller in range(10):
        limit.take("t", str(caller))
    clock.time += 1.0
    limit.take("t", "0")
    limit.take("t", "0")
    clock.time += 1.0
    limit.take("t", "new")
    limit.take("t", "0")
    with pytest.raises(RateLimited):
        limit.take("t", "0")
    assert len(limit._buckets) == 2


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    clock = StandingClock()
    limit = RateLimit(clock, per_second=1.0, burst=1)
    limit.take("t", "c")
    clock.time -= 100
    with pytest.raises(RateLimited) as refused:
        limit.take("t", "c")
    assert refused.value.headers["retry-after"] == "1"
    clock.time += 1
    limit.take("t", "c")
