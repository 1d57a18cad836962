"""What the tenant does against attackers: ``/attack-protection`` and what belongs to it."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.model.document import Kind

from .conftest import A, Api, House

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


async def test_the_secret_of_a_captcha_goes_in_and_never_out(api: Api, house: House) -> None:
    path = f"{PROTECTION}/captcha"
    change = {"active_provider_id": "hcaptcha", "hcaptcha": {"site_key": "site", "secret": "SECRET"}}
    assert (await api.patch(path, change))["hcaptcha"] == {"site_key": "site"}
    shown = await api.get(path)
    assert (shown["active_provider_id"], shown["hcaptcha"]) == ("hcaptcha", {"site_key": "site"})
    await api.patch(path, {"active_provider_id": "auth_challenge"})
    stored = house.ports.directory.tenant(A).documents[Kind.CONFIGURATION]["attack-protection/captcha"]
    assert stored.secrets == {"hcaptcha.secret": "SECRET"}
    assert "SECRET" not in str(stored.body) + str([event.details for event in await house.log()])
    assert await api.refused("PATCH", path, {"hcaptcha": {"site_key": "site"}}) == (400, "invalid_body")
