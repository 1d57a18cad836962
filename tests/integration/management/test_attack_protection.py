"""What the tenant does against attackers: ``/attack-protection`` and what belongs to it."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from doorward.management.new_tenant import DEFAULT_CONNECTION
from doorward.model.document import Kind

from .conftest import A, Api, B, House, ok

pytestmark = pytest.mark.anyio
PROTECTION = "/attack-protection"


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (f"{PROTECTION}/bot-detection", {"challenge_password_policy": "when_risky", "allowlist": ["127.0.0.1"]}),
        (f"{PROTECTION}/breached-password-detection", {"enabled": True, "method": "enhanced"}),
        (f"{PROTECTION}/brute-force-protection", {"max_attempts": 5, "mode": "count_per_identifier"}),
        (f"{PROTECTION}/suspicious-ip-throttling", {"allowlist": ["2001:db8::/32"]}),
        (f"{PROTECTION}/captcha", {"active_provider_id": "simple_captcha"}),
        (f"{PROTECTION}/phone-provider-protection", {"type": "exponential"}),
        ("/risk-assessments/settings", {"enabled": True}),
        ("/risk-assessments/settings/new-device", {"remember_for": 60}),
        ("/supplemental-signals", {"akamai_enabled": True}),
    ],
)
async def test_settings_read_as_a_whole_and_a_patch_changes_what_it_names(
    api: Api, path: str, change: dict[str, Any]
) -> None:
    before = await api.get(path)
    assert before.keys() >= change.keys()
    after = await api.patch(path, change)
    assert after == {**before, **change} != before
    assert await api.get(path) == after
    assert await api.refused("PATCH", path, dict.fromkeys(change, "neither")) == (400, "invalid_body")


async def test_a_stage_keeps_what_a_patch_leaves_out(api: Api) -> None:
    path = f"{PROTECTION}/suspicious-ip-throttling"
    before = (await api.get(path))["stage"]
    assert before["pre-login"] == {"max_attempts": 100, "rate": 864_000}
    after = await api.patch(path, {"stage": {"pre-login": {"max_attempts": 7}, "pre-user-registration": {}}})
    assert after["stage"] == {**before, "pre-login": {"max_attempts": 7, "rate": 864_000}}
    too_fast = {"stage": {"pre-login": {"max_attempts": 7, "rate": 1}}}
    assert await api.refused("PATCH", path, too_fast) == (400, "invalid_body")
    assert await api.refused("PATCH", path, {"allowlist": ["here"]}) == (400, "invalid_body")


async def test_a_provider_that_no_page_can_show_is_refused(api: Api) -> None:
    keys = {
        "site_key": "s",
        "secret": "t-of-arkose",
        "client_subdomain": "c",
        "verify_subdomain": "v",
        "fail_open": False,
    }
    path = f"{PROTECTION}/captcha"
    assert (await api.patch(path, {"arkose": keys}))["arkose"]["site_key"] == "s"
    refused = await api.refused("PATCH", path, {"active_provider_id": "arkose"})
    assert refused == (400, "operation_not_supported")
    assert (await api.get(path))["active_provider_id"] == "auth_challenge"


async def test_the_secret_of_a_captcha_goes_in_and_never_out(api: Api, house: House) -> None:
    path = f"{PROTECTION}/captcha"
    change = {"active_provider_id": "hcaptcha", "hcaptcha": {"site_key": "site", "secret": "SECRET-of-hcaptcha"}}
    assert (await api.patch(path, change))["hcaptcha"] == {"site_key": "site"}
    shown = await api.get(path)
    assert (shown["active_provider_id"], shown["hcaptcha"]) == ("hcaptcha", {"site_key": "site"})
    await api.patch(path, {"active_provider_id": "auth_challenge"})
    stored = house.ports.directory.tenant(A).documents[Kind.CONFIGURATION]["attack-protection/captcha"]
    assert stored.secrets == {"hcaptcha.secret": "SECRET-of-hcaptcha"}
    assert "SECRET-of-hcaptcha" not in str(stored.body) + str([event.details for event in await house.log()])
    assert await api.refused("PATCH", path, {"hcaptcha": {"site_key": "site"}}) == (400, "invalid_body")


# ── brute force ──

BRUTE_FORCE = f"{PROTECTION}/brute-force-protection"
PERSON = {"connection": DEFAULT_CONNECTION, "email": "ada@example.test", "password": "Correct-Horse-9"}


class Person:
    """Somebody who signs in with a password, from an address of their choice."""

    def __init__(self, house: House, client: dict[str, str]) -> None:
        self.house = house
        self.form = {
            "grant_type": "http://auth0.com/oauth/grant-type/password-realm",
            "realm": DEFAULT_CONNECTION,
            "username": PERSON["email"],
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
        }

    async def try_(self, password: str = PERSON["password"], ip: str = "192.0.2.1") -> int:
        transport = httpx2.ASGITransport(app=self.house.server.application, client=(ip, 50000))
        async with httpx2.AsyncClient(transport=transport, base_url=f"https://{A}") as http:
            return (await http.post("/oauth/token", data={**self.form, "password": password})).status_code

    async def fail(self, times: int, ip: str = "192.0.2.1") -> None:
        for _ in range(times):
            assert await self.try_("wrong", ip) == 403


@pytest.fixture
async def person(api: Api, house: House) -> Person:
    grants = ["http://auth0.com/oauth/grant-type/password-realm"]
    client = await api.post("/clients", {"name": "Web", "app_type": "regular_web", "grant_types": grants})
    connection = (await api.get("/connections"))[0]
    clients = [{"client_id": client["client_id"], "status": True}]
    ok(await api.call("PATCH", f"/connections/{connection['id']}/clients", clients), 204)
    await api.post("/users", PERSON)
    return Person(house, client)


async def test_so_many_wrong_passwords_as_the_settings_say_lock_a_person_out(api: Api, person: Person) -> None:
    await api.patch(BRUTE_FORCE, {"max_attempts": 3})
    await person.fail(2)
    assert await person.try_() == 200
    await person.fail(3)
    assert await person.try_() == 429
    assert await person.try_(ip="192.0.2.2") == 200
    blocks = await api.get("/user-blocks", identifier=PERSON["email"])
    assert [entry["ip"] for entry in blocks["blocked_for"]] == ["192.0.2.1"]
    await api.patch(BRUTE_FORCE, {"max_attempts": 4})
    assert await person.try_() == 200


async def test_failures_can_be_counted_whatever_the_address(api: Api, person: Person) -> None:
    await api.patch(BRUTE_FORCE, {"max_attempts": 3, "mode": "count_per_identifier"})
    for last in range(3):
        await person.fail(1, ip=f"192.0.2.{last}")
    assert await person.try_(ip="192.0.2.99") == 429
    blocks = (await api.get("/user-blocks", identifier=PERSON["email"]))["blocked_for"]
    assert blocks == [{"identifier": PERSON["email"], "connection": DEFAULT_CONNECTION}]
    await api.patch(BRUTE_FORCE, {"mode": "count_per_identifier_and_ip"})
    assert (await api.get("/user-blocks", identifier=PERSON["email"]))["blocked_for"] == []
    assert await person.try_() == 200
    await api.patch(BRUTE_FORCE, {"mode": "count_per_identifier"})
    await api.delete(f"/user-blocks?identifier={PERSON['email']}")
    assert await person.try_() == 200


@pytest.mark.parametrize(
    "change", [{"enabled": False}, {"shields": ["user_notification"]}, {"allowlist": ["10.0.0.1", "192.0.2.0/24"]}]
)
async def test_nobody_is_locked_out_where_the_settings_say_so(api: Api, person: Person, change: dict[str, Any]) -> None:
    await api.patch(BRUTE_FORCE, {"max_attempts": 1})
    await person.fail(1)
    assert await person.try_() == 429
    await api.patch(BRUTE_FORCE, change)
    assert await person.try_() == 200
    await person.fail(2)
    assert await person.try_() == 200
    heeded = await api.get("/user-blocks", identifier=PERSON["email"], consider_brute_force_enablement=True)
    assert len(heeded["blocked_for"]) == (1 if "allowlist" in change else 0)
    if "allowlist" in change:
        await person.fail(1, ip="198.51.100.1")
        assert await person.try_(ip="198.51.100.1") == 429


async def test_the_settings_of_one_tenant_are_not_those_of_another(api: Api, house: House) -> None:
    await api.patch(BRUTE_FORCE, {"max_attempts": 1})
    assert (await (await house.api(B)).get(BRUTE_FORCE))["max_attempts"] == 10
    assert house.ports.directory.tenant(A).brute_force.max_attempts == 1
    assert house.ports.directory.tenant(B).brute_force.max_attempts == 10
