"""Challenges before somebody may try: always, or when what came before looks like a script (K4)."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Mapping
from typing import Any

import httpx2
import msgspec
import pytest
from tests.integration.door import DOMAIN, BrowserTab, Door

from doorward.identity.captcha import PAUSE, CaptchaRefused, is_solved
from doorward.model.identifiers import address_key
from doorward.ports import HttpAnswer, Unreachable

RIGHT, WRONG = "correct-horse-9", "not-this-one-9"
ALWAYS = {"challenge_password_policy": "always", "challenge_password_reset_policy": "always"}
RISKY = {"challenge_password_policy": "when_risky", "challenge_password_reset_policy": "when_risky"}
NEEDS_ONE = {"error": "requires_verification", "error_description": "Suspicious request requires verification"}


async def detect(door: Door, **settings: Any) -> Door:
    return await door.tenant({"attackProtection": {"botDetection": settings}})


def solved(tab: BrowserTab) -> dict[str, str]:
    """What a browser with scripts adds to the form."""
    challenge = tab.form.fields["captcha"]
    counter = next(number for number in itertools.count() if is_solved(challenge, str(number)))
    return {"captcha": f"{challenge}.{counter}"}


async def grant(
    door: Door, password: str, username: str = "ada@example.test", ip: str = "192.0.2.1"
) -> httpx2.Response:
    web = door.client("Web")
    asked = {
        "grant_type": "password", "client_id": web.client_id, "client_secret": web.client_secret,
        "username": username, "password": password,
    }  # fmt: skip
    async with door.http(ip=ip) as http:
        return await http.post("/oauth/token", data=asked)


async def refused(tab: BrowserTab, status: int = 400) -> str:
    assert tab.status == status
    return re.findall(r'data-error-code="([^"]+)"', tab.text)[0]


# ── the challenge ──


async def test_k4_who_solved_the_challenge_goes_on(door: Door) -> None:
    await detect(door, **ALWAYS)
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit(username="ada@example.test", password=WRONG, **solved(tab))
    assert await refused(tab) == "wrong-email-credentials"
    await tab.submit(username="ada@example.test", password=RIGHT, **solved(tab))
    assert "code" in tab.answer


async def test_k4_no_password_is_tried_without_it(door: Door) -> None:
    await detect(door, **ALWAYS)
    tab = await door.browser().authorize(door.client("Spa"))
    unsolved = tab.form.fields["captcha"]
    for captcha in ("", "1.2.3", f"{unsolved}.0x", f"{unsolved[:-1]}.5", "." * 3, "\x7f" * 300, "é"):
        await tab.submit(username="ada@example.test", password=RIGHT, captcha=captcha)
        assert await refused(tab) == "invalid-captcha", captcha
    assert not await door.log("s")
    assert not await door.log("fp")


async def test_k4_a_challenge_is_good_once_and_for_its_own_login(door: Door) -> None:
    await detect(door, **ALWAYS)
    tab, other = door.browser(), door.browser()
    await tab.authorize(door.client("Spa"))
    answer = solved(tab)
    await other.authorize(door.client("Spa"))
    await other.submit(username="ada@example.test", password=RIGHT, **answer)
    assert await refused(other) == "invalid-captcha"
    await tab.submit(username="ada@example.test", password=WRONG, **answer)
    assert await refused(tab) == "wrong-email-credentials"
    await tab.submit(username="ada@example.test", password=RIGHT, **answer)
    assert await refused(tab) == "invalid-captcha"


async def test_k4_a_challenge_does_not_last_for_ever(door: Door) -> None:
    captcha, directory = door.server.services.people.captcha, door.ports.directory.tenant(DOMAIN)
    challenge = captcha.new(directory, b"login")
    answer = next(f"{challenge}.{number}" for number in itertools.count() if is_solved(challenge, str(number)))
    door.clock.pass_(3600)
    with pytest.raises(CaptchaRefused):
        await captcha.check(directory, b"login", {"captcha": answer}, "192.0.2.1")
    door.clock.pass_(-1)
    await captcha.check(directory, b"login", {"captcha": answer}, "192.0.2.1")


async def test_k4_without_scripts_somebody_waits_and_only_so_often(door: Door) -> None:
    await detect(door, **ALWAYS)
    tab = await door.browser().authorize(door.client("Spa"))
    assert f"wait {PAUSE} seconds" in tab.text
    first = tab.form.fields["captcha"]
    await tab.submit(username="ada@example.test", password=RIGHT)
    assert await refused(tab) == "captcha-too-soon"
    assert tab.form.fields["captcha"] == first  # the time that passed counts
    door.clock.pass_(PAUSE)
    await tab.submit(username="ada@example.test", password=WRONG)
    assert await refused(tab) == "wrong-email-credentials"
    assert tab.form.fields["captcha"] != first
    for _ in range(2):
        door.clock.pass_(PAUSE)
        await tab.submit(username="ada@example.test", password=WRONG)
        assert await refused(tab) == "wrong-email-credentials"
    door.clock.pass_(PAUSE)
    await tab.submit(username="ada@example.test", password=RIGHT)
    assert await refused(tab, 429) == "captcha-too-many"
    door.clock.pass_(60)
    await tab.submit(username="ada@example.test", password=RIGHT)
    assert "code" in tab.answer


async def test_k4_signups_and_resets_take_it_too(door: Door) -> None:
    await detect(door, **ALWAYS)
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await tab.submit(email="grace@example.test", password="Correct-Horse-9")
    assert await refused(tab) == "captcha-too-soon"
    await tab.submit(email="grace@example.test", password="Correct-Horse-9", **solved(tab))
    assert "code" in tab.answer
    reset = await door.browser().authorize(door.client("Spa"))
    await reset.get(f"/u/reset-password/request/people?state={reset.state}")
    await reset.submit(email="ada@example.test")
    assert await refused(reset) == "captcha-too-soon"
    assert not await door.log("scpr")
    await reset.submit(email="ada@example.test", **solved(reset))
    assert "on its way" in reset.text
    assert len(await door.log("scpr")) == 1


async def test_k4_on_two_pages_the_one_with_the_password_takes_it(door: Door) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    await detect(door, **ALWAYS)
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit(username="ada@example.test")
    assert await refused(tab) == "captcha-too-soon"
    await tab.submit(username="ada@example.test", **solved(tab))
    assert tab.path == "/u/login/password"
    assert "captcha" not in tab.form.fields, "once is enough"
    await tab.submit(password=WRONG)
    assert await refused(tab) == "wrong-email-credentials"
    await tab.submit(password=RIGHT)
    assert await refused(tab) == "captcha-too-soon", "for one password"
    await tab.submit(password=RIGHT, **solved(tab))
    assert "code" in tab.answer


async def test_k4_one_challenge_is_good_for_one_password_of_many_at_once(door: Door) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    await detect(door, **ALWAYS)
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit(username="ada@example.test", **solved(tab))
    body = {"state": tab.state, "username": "ada@example.test", "password": WRONG, "action": "default"}
    answers = await asyncio.gather(*(tab.http.post(tab.at, data=body) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [400] * 4
    assert len(await door.log("fp")) <= 1


async def test_k4_a_new_account_takes_it_on_the_first_of_two_pages(door: Door) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    await detect(door, **ALWAYS)
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await tab.submit(email="grace@example.test")
    assert await refused(tab) == "captcha-too-soon"
    await tab.submit(email="grace@example.test", **solved(tab))
    assert tab.path == "/u/signup/password"
    await tab.submit(password="Correct-Horse-9")
    assert "code" in tab.answer


async def test_k4_whom_it_is_about_is_what_the_page_goes_by(door: Door) -> None:
    await detect(door, **RISKY)
    for number in range(3):
        assert (await grant(door, WRONG, ip=f"198.51.100.{number}")).status_code == 403
    reset = await door.browser().authorize(door.client("Spa"))
    await reset.get(f"/u/reset-password/request/people?state={reset.state}")
    await reset.submit(email="ada@example.test", username="nobody@example.test")
    assert await refused(reset) == "invalid-captcha"
    assert (await door.log("pla"))[0].user_name == "ada@example.test"
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await tab.submit(email="grace@example.test", username="nobody", password="x")
    assert (await door.log("pla"))[0].user_name == "grace@example.test"


async def test_k4_another_code_takes_another_challenge(door: Door) -> None:
    await door.tenant(
        {
            "databases": [
                {
                    "name": "people",
                    "options": {
                        "attributes": {"email": {"identifier": {"active": True, "default_method": "email_otp"}}},
                        "authentication_methods": {"email_otp": {"enabled": True}},
                    },
                }
            ]
        }
    )
    await detect(door, **ALWAYS)
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit(username="ada@example.test", **solved(tab))
    assert tab.path == "/u/email-identifier/challenge"
    await tab.submit("resend-code")
    assert tab.path == "/u/interstitial-captcha"
    await tab.submit()
    assert await refused(tab) == "captcha-too-soon"
    assert len(await door.log("cls")) == 1
    await tab.submit(**solved(tab))
    assert tab.path == "/u/email-identifier/challenge"
    assert len(await door.log("cls")) == 2


async def test_k4_another_reset_code_takes_another_challenge(door: Door) -> None:
    attributes = {"email": {"identifier": {"active": True}, "verification_method": "otp"}}
    await door.tenant(
        {
            "databases": [{"name": "people", "options": {"attributes": attributes}}],
            "prompts": {"identifier_first": True},
        }
    )
    await detect(door, challenge_password_reset_policy="always")
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.get(f"/u/login/password-reset-start/people?state={tab.state}")
    await tab.submit(email="ada@example.test", **solved(tab))
    assert tab.path == "/u/email-otp-challenge"
    await tab.submit("resend-code")
    assert tab.path == "/u/interstitial-captcha"
    assert len(await door.log("scpr")) == 1
    await tab.submit(**solved(tab))
    assert tab.path == "/u/email-otp-challenge"
    assert len(await door.log("scpr")) == 2


async def test_k4_where_there_is_no_page_the_caller_is_told(door: Door) -> None:
    await detect(door, **ALWAYS)
    answer = await grant(door, RIGHT)
    assert (answer.status_code, answer.json()) == (401, NEEDS_ONE)
    client = {"client_id": door.client("Web").client_id, "connection": "people"}
    async with door.http() as http:
        body = {**client, "email": "grace@example.test", "password": "Correct-Horse-9"}
        signup = await http.post("/dbconnections/signup", json=body)
        reset = await http.post("/dbconnections/change_password", json={**client, "email": "ada@example.test"})
    for refusal in (signup, reset):
        assert (refusal.status_code, refusal.json()["code"]) == (401, "requires_verification")
    assert not await door.log("ss")
    assert not await door.log("scpr")


async def test_k4_nobody_is_asked_by_default_or_from_listed_addresses(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    assert "captcha" not in tab.form.fields
    assert not await door.ports.attempts.matching(DOMAIN, "bot-")
    await detect(door, **ALWAYS, allowlist=["192.0.2.0/24"])
    assert (await grant(door, RIGHT)).status_code == 200
    assert (await grant(door, RIGHT, ip="198.51.100.1")).status_code == 401
    await tab.login()
    assert "code" in tab.answer


# ── risk ──


async def test_k4_a_risky_attempt_takes_a_challenge_and_another_does_not(door: Door) -> None:
    await detect(door, **RISKY)
    tab = await door.browser().authorize(door.client("Spa"))
    assert "captcha" not in tab.form.fields
    for _ in range(2):
        await tab.submit(username="ada@example.test", password=WRONG)
        assert await refused(tab) == "wrong-email-credentials"
    assert "captcha" not in tab.form.fields
    await tab.submit(username="ada@example.test", password=WRONG)
    assert "captcha" in tab.form.fields
    assert (await grant(door, RIGHT)).json() == NEEDS_ONE
    await tab.submit(username="ada@example.test", password=RIGHT, **solved(tab))
    assert "code" in tab.answer
    assert (await grant(door, WRONG, "bo@example.test", ip="198.51.100.1")).status_code == 403
    door.clock.pass_(3601)
    assert (await grant(door, RIGHT)).status_code == 200


async def test_k4_it_takes_less_risk_where_the_level_is_high(door: Door) -> None:
    await detect(door, **RISKY, bot_detection_level="high")
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit(username="ada@example.test", password=RIGHT, **solved(tab))  # nobody came from there before
    assert "code" in tab.answer
    assert "captcha" not in (await door.browser().authorize(door.client("Spa"))).form.fields
    await detect(door, **RISKY, bot_detection_level="low")
    for number in range(4):
        assert (await grant(door, WRONG, f"nobody{number}@example.test", ip="198.51.100.1")).status_code == 403
    assert (await grant(door, RIGHT, ip="198.51.100.1")).status_code == 200


async def test_k4_haste_is_risky(door: Door) -> None:
    await detect(door, **RISKY)
    for _ in range(20):
        assert (await grant(door, RIGHT)).status_code == 200
    assert (await grant(door, RIGHT)).status_code == 401
    door.clock.pass_(3)
    assert (await grant(door, RIGHT)).status_code == 200


async def test_e9_nobody_is_challenged_like_somebody(door: Door) -> None:
    await detect(door, **RISKY)
    told = []
    for ip, username in (("192.0.2.1", "ada@example.test"), ("192.0.2.2", "nobody@example.test")):
        answers = [await grant(door, WRONG, username, ip=ip) for _ in range(4)]
        told.append([(answer.status_code, answer.content) for answer in answers])
    assert told[0] == told[1]
    assert told[0][-1][0] == 401


async def test_k4_a_monitored_tenant_asks_nobody_and_logs_what_it_would(door: Door) -> None:
    await detect(door, monitoring_mode_enabled=True, **ALWAYS)
    for _ in range(3):
        await grant(door, WRONG)
    assert (await grant(door, RIGHT)).status_code == 200
    assessed = await door.log("pla")
    assert [event.details["risk"] for event in reversed(assessed)] == ["some", "some", "some", "high"]
    assert {(event.user_name, event.ip) for event in assessed} == {("ada@example.test", "192.0.2.1")}
    assert not any(event.details["challenged"] for event in assessed)


# ── somebody else's ──


class Elsewhere:
    """``ports.HttpOut`` with a provider behind it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.answers: bytes | None = b'{"success": true}'

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", **_: Any
    ) -> HttpAnswer:
        self.asked.append((url, body))
        if self.answers is None:
            raise Unreachable("down")
        return HttpAnswer(200, {}, self.answers)


@pytest.fixture
async def elsewhere(door: Door) -> Elsewhere:
    elsewhere = Elsewhere()
    door.server.services.people.captcha._http = elsewhere
    await detect(door, **ALWAYS)
    return elsewhere


async def provide(door: Door, provider: str, **keys: str) -> BrowserTab:
    captcha = {"active_provider_id": provider, **({provider: keys} if keys else {})}
    await door.tenant({"attackProtection": {"captcha": captcha}})
    return await door.browser().authorize(door.client("Spa"))


async def test_k4_a_provider_s_widget_is_let_in_and_its_answer_checked(door: Door, elsewhere: Elsewhere) -> None:
    tab = await provide(door, "hcaptcha", site_key="site-1", secret="s3cret&")
    assert tab.page is not None
    policy = tab.page.headers["content-security-policy"]
    assert "frame-src https://hcaptcha.com https://*.hcaptcha.com" in policy
    assert "style-src 'self' https://hcaptcha.com" in policy
    assert 'data-sitekey="site-1"' in tab.text
    await tab.submit(username="ada@example.test", password=RIGHT)
    assert await refused(tab) == "invalid-captcha"
    elsewhere.answers = b'{"success": false}'
    await tab.submit(username="ada@example.test", password=RIGHT, **{"h-captcha-response": "a"})
    assert await refused(tab) == "invalid-captcha"
    for broken in (None, b"<html>", b"[]"):
        elsewhere.answers = broken
        await tab.submit(username="ada@example.test", password=RIGHT, **{"h-captcha-response": "a"})
        assert await refused(tab) == "captcha-validation-failure"
    elsewhere.answers = b'{"success": true}'
    await tab.submit(username="ada@example.test", password=RIGHT, **{"h-captcha-response": "an answer"})
    assert "code" in tab.answer
    assert elsewhere.asked[-1] == (
        "https://api.hcaptcha.com/siteverify", b"secret=s3cret%26&response=an+answer",
    )  # fmt: skip


async def test_k4_recaptcha_is_asked_in_its_two_ways(door: Door, elsewhere: Elsewhere) -> None:
    tab = await provide(door, "recaptcha_v2", site_key="site-2", secret="s2")
    await tab.submit(username="ada@example.test", password=RIGHT, **{"g-recaptcha-response": "a"})
    assert "code" in tab.answer
    assert elsewhere.asked[-1] == ("https://www.google.com/recaptcha/api/siteverify", b"secret=s2&response=a")
    tab = await provide(door, "recaptcha_enterprise", site_key="site-3", api_key="k/3", project_id="shop")
    for answer, opens in ((b'{"success": true}', False), (b'{"tokenProperties": {"valid": true}}', True)):
        elsewhere.answers = answer
        await tab.submit(username="ada@example.test", password=RIGHT, **{"g-recaptcha-response": "a"})
        assert opens or await refused(tab) == "invalid-captcha"
    assert "code" in tab.answer
    url, body = elsewhere.asked[-1]
    assert url == "https://recaptchaenterprise.googleapis.com/v1/projects/shop/assessments?key=k%2F3"
    assert msgspec.json.decode(body) == {"event": {"token": "a", "siteKey": "site-3"}}


@pytest.mark.parametrize("provider", ["hcaptcha", "simple_captcha", "auth_challenge"])
async def test_k4_where_no_provider_can_be_asked_the_challenge_is_ours(
    door: Door, elsewhere: Elsewhere, provider: str
) -> None:
    tab = await provide(door, provider)
    await tab.submit(username="ada@example.test", password=RIGHT, **solved(tab))
    assert "code" in tab.answer
    assert not elsewhere.asked


async def test_k4_friendly_captcha_is_asked_in_its_own_words(door: Door, elsewhere: Elsewhere) -> None:
    tab = await provide(door, "friendly_captcha", site_key="site-4", secret="s4")
    assert tab.page is not None
    policy = tab.page.headers["content-security-policy"]
    assert "worker-src blob:" in policy
    assert "'wasm-unsafe-eval'" in policy
    assert '<div class="frc-captcha" data-sitekey="site-4">' in tab.text
    script = re.search(r"<script [^>]*friendly-challenge@[^>]*>", tab.text)
    assert script is not None
    assert re.search(r' integrity="sha384-[\w+/]{64}" crossorigin="anonymous" type="module"', script[0])
    await tab.submit(username="ada@example.test", password=RIGHT)
    assert await refused(tab) == "invalid-captcha"
    await tab.submit(username="ada@example.test", password=RIGHT, **{"frc-captcha-solution": "a"})
    assert "code" in tab.answer
    assert elsewhere.asked == [
        ("https://api.friendlycaptcha.com/api/v1/siteverify", b"secret=s4&solution=a&sitekey=site-4")
    ]


async def test_k6_what_is_remembered_is_by_subscriber(door: Door) -> None:
    await detect(door, **RISKY)
    await grant(door, WRONG, ip="2001:db8::1")
    assert await door.ports.attempts.count(DOMAIN, address_key("bot-failed", "2001:db8::2")) == 1


# ── without a password ──


async def test_k4_a_code_is_sent_to_who_solved_the_challenge(door: Door) -> None:
    await door.tenant(
        {
            "clients": [{"name": "Codes", "app_type": "spa", "token_endpoint_auth_method": "none",
                         "callbacks": ["https://app.test/callback"], "grant_types": ["authorization_code"]}],
            "connections": [{"name": "email", "strategy": "email", "enabled_clients": ["Codes"], "options": {}}],
        }
    )  # fmt: skip
    await detect(door, challenge_passwordless_policy="always")
    tab = await door.browser().authorize(door.client("Codes"))
    await tab.submit(username="grace@example.test")
    assert await refused(tab) == "captcha-too-soon"
    async with door.http() as http:
        body = {"client_id": door.client("Codes").client_id, "connection": "email", "email": "grace@example.test"}
        answer = await http.post("/passwordless/start", json={**body, "send": "code"})
    assert (answer.status_code, answer.json()) == (401, NEEDS_ONE)
    assert not await door.log("cls")
    await tab.submit(username="grace@example.test", **solved(tab))
    assert tab.path != "/u/login/identifier"
    assert len(await door.log("cls")) == 1
    await tab.submit("resend")
    assert tab.path == "/u/interstitial-captcha"
    await tab.submit(**solved(tab))
    assert tab.path == "/u/login/passwordless-email-challenge"
    assert len(await door.log("cls")) == 2
    assert {event.user_name for event in await door.log("pla")} == {"grace@example.test"}
