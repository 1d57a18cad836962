"""Logins a program that embeds the server has doubts about, under the policy ``confidence-score``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.integration.door import DOMAIN, BrowserTab, Door
from tests.integration.flows.conftest import TENANT
from tests.integration.flows.test_mfa_api import LOGIN, grant, required
from tests.integration.flows.test_second_factor import FACTORS, code, has_app, manage

from doorward.model.directory import TenantDirectory
from doorward.model.login_assessment import AssessedLogin, Confidence

ADAPTIVE = {"guardianFactors": FACTORS, "guardianPolicies": {"policies": ["confidence-score"]}}
HOME = "192.0.2.1"


class Assessor:
    """Believes nobody who comes from elsewhere."""

    def __init__(self) -> None:
        self.asked: list[AssessedLogin] = []
        self.home = HOME

    async def assess(self, directory: TenantDirectory, login: AssessedLogin) -> Confidence:
        assert directory.tenant.id == DOMAIN
        self.asked.append(login)
        return (
            Confidence(True, "at home") if login.context.ip == self.home else Confidence(False, "an address never seen")
        )


@pytest.fixture
def assessor() -> Assessor:
    return Assessor()


@pytest.fixture
async def weighing(database: str, assessor: Assessor) -> AsyncIterator[Door]:
    door = await Door(database, login_assessor=assessor).start()
    try:
        await door.tenant(TENANT)
        await door.tenant(ADAPTIVE)
        await has_app(door)
        yield door
    finally:
        await door.stop()


async def login(door: Door, ip: str) -> BrowserTab:
    tab = door.browser()
    tab.http = door.http(ip=ip)
    return await (await tab.authorize(door.client("Web"))).login()


def why(event: Any) -> list[Any]:
    return [one["after"] for one in event.details["trace"]["steps"] if one["stage"] == "mfa"]


async def test_a_login_that_is_doubted_proves_a_second_factor(weighing: Door, assessor: Assessor) -> None:
    tab = await login(weighing, "198.51.100.7")
    assert tab.path == "/u/mfa-otp-challenge"
    (asked,) = assessor.asked
    assert (asked.user.email, asked.client.name, asked.at) == ("ada@example.test", "Web", weighing.clock.now())
    assert asked.session is not None
    await tab.submit(code=code(weighing))
    assert "code" in tab.answer
    await tab.authorize(weighing.client("Web"))
    assert "code" in tab.answer
    assert len(assessor.asked) == 1, "who proved a factor is not weighed again"


async def test_a_login_that_is_believed_goes_on_with_the_reason(weighing: Door, assessor: Assessor) -> None:
    tab = await login(weighing, HOME)
    assert "code" in tab.answer
    assert len(assessor.asked) == 1
    (event,) = await weighing.log("s")
    assert why(event) == ["at home"]


async def test_the_token_endpoint_weighs_a_password_too(weighing: Door, assessor: Assessor) -> None:
    assert (await grant(weighing, "password", **LOGIN)).status_code == 200
    assert assessor.asked.pop().session is None
    assessor.home = "203.0.113.9"
    await required(weighing)
    (event,) = await weighing.log("mfar")
    assert why(event) == ["an address never seen"]


async def test_nobody_is_weighed_under_another_policy(weighing: Door, assessor: Assessor) -> None:
    for policies in ([], ["all-applications", "confidence-score"]):
        await weighing.tenant({"guardianPolicies": {"policies": policies}})
        tab = await login(weighing, "198.51.100.7")
        assert (tab.path == "/u/mfa-otp-challenge") is bool(policies)
    assert assessor.asked == []


async def test_the_policy_is_no_empty_promise_then(weighing: Door) -> None:
    answer = await manage(weighing, "PUT", "/guardian/policies", ["confidence-score"])
    assert (answer.status_code, answer.headers.get("warning")) == (200, None)
