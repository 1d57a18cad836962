"""Who is locked out after too many wrong passwords: ``/user-blocks``."""

from __future__ import annotations

import pytest

from doorward.management.new_tenant import DEFAULT_CONNECTION
from doorward.model.identifiers import attempt_key
from doorward.model.suspicious_ip import IpStage

from .conftest import START, A, Api, B, House, ok

pytestmark = pytest.mark.anyio
PERSON = {
    "connection": DEFAULT_CONNECTION,
    "email": "ada@example.test",
    "password": "Correct-Horse-9",
    "username": "ada",
}


async def fail(house: House, identifier: str, ip: str, times: int = 10, tenant: str = A) -> None:
    key = attempt_key(DEFAULT_CONNECTION, identifier, ip)
    for _ in range(times):
        await house.ports.attempts.fail(tenant, key, at=START, window=3600)


def block(identifier: str, ip: str) -> dict[str, str]:
    return {"identifier": identifier, "ip": ip, "connection": DEFAULT_CONNECTION}


async def test_blocks_are_read_by_identifier_and_by_user(api: Api, house: House) -> None:
    user = await api.post("/users", PERSON)
    path = f"/user-blocks/{user['user_id']}"
    assert await api.get(path) == {"blocked_for": []}
    await fail(house, "Ada@example.test", "192.0.2.1")
    await fail(house, "ada@example.test", "192.0.2.2", times=9)
    await fail(house, "ada", "2001:db8::1")
    await fail(house, "ada@example.testing", "192.0.2.3")
    assert await api.get("/user-blocks", identifier="ada@example.test") == {
        "blocked_for": [block("ada@example.test", "192.0.2.1")]
    }
    assert await api.get(path) == {"blocked_for": [block("ada@example.test", "192.0.2.1"), block("ada", "2001:db8::")]}
    assert await api.get("/user-blocks", identifier="nobody") == {"blocked_for": []}


async def test_unblocking_lifts_every_address_and_nothing_else(api: Api, house: House) -> None:
    user = await api.post("/users", PERSON)
    for ip in ("192.0.2.1", "192.0.2.2"):
        await fail(house, "ada@example.test", ip)
    await fail(house, "grace@example.test", "192.0.2.1")
    await fail(house, "ada@example.test", "192.0.2.1", tenant=B)
    await api.delete("/user-blocks?identifier=Ada%40example.test")
    assert await api.get("/user-blocks", identifier="ada@example.test") == {"blocked_for": []}
    assert len((await api.get("/user-blocks", identifier="grace@example.test"))["blocked_for"]) == 1
    theirs = await house.api(B)
    assert len((await theirs.get("/user-blocks", identifier="ada@example.test"))["blocked_for"]) == 1
    await fail(house, "ada", "192.0.2.1")
    await api.delete(f"/user-blocks/{user['user_id']}")
    assert await api.get(f"/user-blocks/{user['user_id']}") == {"blocked_for": []}
    assert {event.description for event in await house.log()} >= {"Unblock by identifier", "Unblock a user"}


async def test_a_connection_without_protection_blocks_nobody(api: Api, house: House) -> None:
    await fail(house, "ada@example.test", "192.0.2.1")
    connection = (await api.get("/connections"))[0]
    await api.patch(
        f"/connections/{connection['id']}", {"options": {**connection["options"], "brute_force_protection": False}}
    )
    asked = {"identifier": "ada@example.test", "consider_brute_force_enablement": True}
    assert await api.get("/user-blocks", **asked) == {"blocked_for": []}


async def test_refusals(api: Api, house: House) -> None:
    for method in ("GET", "DELETE"):
        assert await api.refused(method, "/user-blocks") == (400, "invalid_query_string")
        assert await api.refused(method, "/user-blocks/auth0%7Cnobody") == (404, "inexistent_user")
    reader = await house.api(scopes=["read:users"])
    assert await reader.get("/user-blocks", identifier="a") == {"blocked_for": []}
    assert await reader.refused("DELETE", "/user-blocks", identifier="a") == (403, "insufficient_scope")
    writer = await house.api(scopes=["update:users"])
    assert await writer.refused("GET", "/user-blocks", identifier="a") == (403, "insufficient_scope")


# ── by address ──


async def test_an_address_is_blocked_while_somebody_is_locked_out_there(api: Api, house: House) -> None:
    await fail(house, "ada@example.test", "192.0.2.1")
    await fail(house, "ada@example.test", "192.0.2.11", times=9)
    await fail(house, "grace@example.test", "2001:db8::1")
    ok(await api.call("GET", "/anomaly/blocks/ips/192.0.2.1"), 200)
    ok(await api.call("GET", "/anomaly/blocks/ips/2001:db8::2"), 200)  # of the same subscriber
    for free in ("192.0.2.11", "192.0.2.2", "2001:db8:1::1", "2.1"):
        refused = await api.refused("GET", f"/anomaly/blocks/ips/{free}")
        assert refused == ((400, "invalid_uri") if free == "2.1" else (404, None)), free
    assert (await (await house.api(B)).refused("GET", "/anomaly/blocks/ips/192.0.2.1"))[0] == 404
    await api.delete("/anomaly/blocks/ips/192.0.2.1")
    assert (await api.refused("GET", "/anomaly/blocks/ips/192.0.2.1"))[0] == 404
    ok(await api.call("GET", "/anomaly/blocks/ips/2001:db8::1"), 200)
    assert (await api.get("/user-blocks", identifier="ada@example.test"))["blocked_for"] == []
    await api.delete("/anomaly/blocks/ips/192.0.2.1")
    assert await api.refused("DELETE", "/anomaly/blocks/ips/ada") == (400, "invalid_uri")


async def test_blocks_of_a_linked_account_are_those_of_the_person(api: Api, house: House) -> None:
    ada = await api.post("/users", PERSON)
    bea = await api.post("/users", {**PERSON, "email": "bea@example.test", "username": "bea"})
    await api.post(f"/users/{ada['user_id']}/identities", {"provider": "auth0", "user_id": bea["user_id"]})
    await fail(house, "bea@example.test", "192.0.2.1")
    path = f"/user-blocks/{ada['user_id']}"
    assert await api.get(path) == {"blocked_for": [block("bea@example.test", "192.0.2.1")]}
    await api.delete(path)
    assert await api.get(path) == {"blocked_for": []}


async def test_an_address_that_has_no_attempts_left_is_blocked(api: Api, house: House) -> None:
    taken = {"at": START, "interval": 60.0, "burst": 2}
    path = "/attack-protection/suspicious-ip-throttling"
    await api.patch(path, {"stage": {"pre-user-registration": {"max_attempts": 2, "rate": 60_000}}})
    for ip in ("192.0.2.1", "192.0.2.1", "192.0.2.11", "2001:db8::1", "2001:db8::2"):
        assert await house.ports.attempts.admit(A, IpStage.SIGNUP.key(ip), **taken)
    blocked = "/anomaly/blocks/ips/192.0.2.1"
    ok(await api.call("GET", blocked), 200)
    ok(await api.call("GET", "/anomaly/blocks/ips/2001:db8::3"), 200)
    assert (await api.refused("GET", "/anomaly/blocks/ips/192.0.2.11"))[0] == 404
    await api.patch(path, {"shields": ["admin_notification"]})
    assert (await api.refused("GET", blocked))[0] == 404
    await api.patch(path, {"shields": ["block"]})
    await api.delete(blocked)
    assert (await api.refused("GET", blocked))[0] == 404
    assert await house.ports.attempts.admit(A, IpStage.SIGNUP.key("192.0.2.1"), **taken)
    house.clock.time += 61
    assert (await api.refused("GET", "/anomaly/blocks/ips/2001:db8::1"))[0] == 404
