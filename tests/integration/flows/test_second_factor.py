"""A second factor on the way to an application: taken on, proved, remembered, and refused."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from tests.integration.door import DOMAIN, BrowserTab, Door

from doorward.identity.mfa import otp
from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.message import Message
from doorward.model.mfa import MULTI_FACTOR

FACTORS = [{"name": "otp", "enabled": True}, {"name": "recovery-code", "enabled": True}]
ALWAYS = {"guardianFactors": FACTORS, "guardianPolicies": {"policies": ["all-applications"]}}
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def shown_key(tab: BrowserTab) -> str:
    """The key an enrolment page shows to be typed."""
    assert tab.page is not None
    found = re.search(r'data-copy="([A-Z2-7]+)"', tab.page.text)
    assert found is not None, tab.page.text
    return found[1]


def code(door: Door, key: str = KEY, steps: int = 0) -> str:
    return otp.code_of(key, otp.step_at(door.clock.now()) + steps)


async def user_id(door: Door) -> str:
    users, _ = await door.ports.users.page(DOMAIN, offset=0, limit=1)
    return users[0].user_id


async def has_app(door: Door, key: str = KEY) -> str:
    """Give Ada an authenticator app; returns the id of the method."""
    method = AuthenticationMethod(
        id="dev_app", user_id=await user_id(door), type=MethodType.TOTP, created_at=0.0, secrets={"totp_secret": key}
    )
    assert await door.ports.authentication_methods.add(DOMAIN, method.user_id, [method], events=())
    return method.id


async def types(door: Door) -> list[str]:
    return [one.type.value for one in await door.ports.authentication_methods.of_user(DOMAIN, await user_id(door))]


async def at_challenge(door: Door, tab: BrowserTab | None = None, **parameters: str) -> BrowserTab:
    tab = await (tab or door.browser()).authorize(door.client("Web"), **parameters)
    if tab.path == "/u/login":
        await tab.login()
    assert tab.path == "/u/mfa-otp-challenge", tab.at
    return tab


async def test_without_a_policy_nobody_is_asked(door: Door) -> None:
    await door.tenant({"guardianFactors": FACTORS})
    await has_app(door)
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    assert "code" in tab.answer


async def test_a_first_factor_is_taken_on_and_asked_for_from_then_on(door: Door) -> None:
    await door.tenant(ALWAYS)
    web = door.client("Web")
    tab = await (await door.browser().authorize(web)).login()
    assert tab.path == "/u/mfa-otp-enrollment"
    assert tab.page is not None
    assert 'src="data:image/png;base64,' in tab.page.text
    await tab.submit("toggle-view")
    key = shown_key(tab)
    await tab.submit(code="000000")
    assert tab.page.status_code == 400
    assert tab.form.errors == {"error-element-code": "invalid-code"}
    assert shown_key(tab) == key
    await tab.submit(code=code(door, key))
    assert tab.path == "/u/mfa-recovery-code-enrollment"
    recovery = shown_key(tab)
    await tab.get(tab.at)
    assert shown_key(tab) == recovery
    await tab.submit()
    assert tab.form.errors == {"": "no-confirmation"}
    await tab.submit(saved="on")
    told = claims((await door.redeem(web, tab.answer["code"])).json()["id_token"])
    assert told["amr"] == ["mfa"]
    assert "acr" not in told
    assert sorted(await types(door)) == ["recovery-code", "totp"]
    (done,) = await door.log("gd_enrollment_complete")
    assert done.details == {"authenticator": {"type": "otp"}}

    again = await (await door.browser().authorize(web)).login()
    assert again.path == "/u/mfa-otp-challenge"
    await again.submit(code=code(door, key))
    assert again.form.errors == {"error-element-code": "invalid-code"}, "the code of the enrolment is spent"
    door.clock.pass_(30)
    arabic = code(door, key).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    await again.submit(code=f"{arabic[:3]} {arabic[3:]}")
    assert "code" in again.answer
    assert await door.log("gd_auth_succeed")


async def test_a_session_that_proved_one_is_not_asked_again_and_does_not_tell_again(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    web = door.client("Web")
    tab = await at_challenge(door)
    await tab.submit(code=code(door))
    assert "code" in tab.answer
    await tab.authorize(web, prompt="none")
    told = claims((await door.redeem(web, tab.answer["code"])).json()["id_token"])
    assert "amr" not in told
    await tab.authorize(web, prompt="login")
    await tab.login()
    assert tab.path == "/u/mfa-otp-challenge", "a new login is proved anew"


async def test_silence_ends_where_a_factor_is_wanted(door: Door) -> None:
    await has_app(door)
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    await door.tenant(ALWAYS)
    await tab.authorize(door.client("Web"), prompt="none")
    assert tab.answer["error"] == "login_required"
    assert tab.answer["error_description"] == "Multifactor authentication required"


async def test_an_application_asks_for_a_factor_proved_for_it(door: Door) -> None:
    await door.tenant({"guardianFactors": FACTORS})
    await has_app(door)
    web = door.client("Web")
    tab = await at_challenge(door, acr_values=MULTI_FACTOR)
    door.clock.pass_(7)
    await tab.submit(code=code(door))
    told = claims((await door.redeem(web, tab.answer["code"])).json()["id_token"])
    assert (told["acr"], told["amr"], told["auth_time"]) == (MULTI_FACTOR, ["mfa"], int(door.clock.now()))
    door.clock.pass_(60)
    await at_challenge(door, tab, acr_values=MULTI_FACTOR)
    await tab.authorize(web)
    assert "code" in tab.answer, "who does not ask is not held up"
    await tab.authorize(web, acr_values=MULTI_FACTOR, prompt="none")
    assert tab.answer["error_description"] == "Multifactor authentication required"


async def test_a_tenant_may_say_which_classes_it_knows(door: Door) -> None:
    await door.tenant({"tenant": {"acr_values_supported": [MULTI_FACTOR]}})
    async with door.http() as http:
        assert (await http.get("/.well-known/openid-configuration")).json()["acr_values_supported"] == [MULTI_FACTOR]
    tab = await door.browser().authorize(door.client("Web"), acr_values=f"{MULTI_FACTOR} urn:other")
    assert (tab.answer["error"], tab.answer["error_description"]) == (
        "invalid_request", "Unsupported acr_values: urn:other",
    )  # fmt: skip
    await tab.authorize(door.client("Web"), acr_values=MULTI_FACTOR)
    assert tab.path == "/u/login"


async def test_a_step_cannot_be_left_out(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    tab = await at_challenge(door)
    state = quote(tab.form.fields["state"])
    for path in ("/authorize/resume", "/u/consent", "/u/mfa-otp-enrollment", "/u/mfa-recovery-code-enrollment"):
        await tab.get(f"{path}?state={state}")
        assert tab.path == "/u/mfa-otp-challenge", path
    await tab.authorize(door.client("Web"))
    assert tab.path == "/u/mfa-otp-challenge"


async def test_whoever_has_a_factor_cannot_take_on_another_instead(door: Door) -> None:
    await door.tenant(ALWAYS)
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    await tab.submit("toggle-view")
    key = shown_key(tab)
    await has_app(door)
    await tab.submit(code=code(door, key))
    assert tab.path == "/u/mfa-otp-challenge"
    assert await types(door) == ["totp"]


async def test_of_two_enrolments_at_a_time_one_is_kept(door: Door) -> None:
    await door.tenant(ALWAYS)
    tabs = [await (await door.browser().authorize(door.client("Web"))).login() for _ in range(2)]
    keys = []
    for tab in tabs:
        await tab.submit("toggle-view")
        keys.append(shown_key(tab))
    assert keys[0] != keys[1]
    await asyncio.gather(*(tab.submit(code=code(door, key)) for tab, key in zip(tabs, keys, strict=True)))
    assert sorted(tab.path for tab in tabs) == ["/u/mfa-otp-challenge", "/u/mfa-recovery-code-enrollment"]
    assert sorted(await types(door)) == ["recovery-code", "totp"]


async def test_a_code_is_good_once_however_many_send_it(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    tabs = [await at_challenge(door) for _ in range(4)]
    await asyncio.gather(*(tab.submit(code=code(door)) for tab in tabs))
    assert sorted(tab.page.status_code for tab in tabs if tab.page is not None) == [302, 400, 400, 400]


async def test_the_same_form_twice_leads_on_twice(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    tab = await at_challenge(door)
    before = dict(tab.http.cookies)
    body = {"state": tab.form.fields["state"], "code": code(door), "action": "default"}
    headers = {"origin": f"https://{DOMAIN}", "sec-fetch-site": "same-origin"}
    first = await tab.http.post(tab.at, data=body, headers=headers)
    renewed = tab.http.cookies["auth0"]
    assert renewed != before["auth0"], "a session that is worth more has another cookie"
    tab.http.cookies.clear()
    for name, value in before.items():  # a browser that never saw the first answer
        tab.http.cookies.set(name, value, domain=DOMAIN)
    second = await tab.http.post(tab.at, data=body, headers=headers)
    assert first.headers["location"] == second.headers["location"]
    assert tab.http.cookies["auth0"] == renewed
    await tab.get(second.headers["location"])
    assert "code" in tab.answer


async def test_the_cookie_from_before_a_factor_is_nobodys_after_it(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    tab = await at_challenge(door)
    known = tab.http.cookies["auth0"]
    await tab.submit(code=code(door))
    assert "code" in tab.answer
    assert tab.http.cookies["auth0"] != known
    thief = door.browser()
    for value in (known, known[::-1]):
        for name in ("auth0", "auth0_compat"):
            thief.http.cookies.set(name, value, domain=DOMAIN)
        await thief.authorize(door.client("Web"), prompt="none")
        assert thief.answer["error"] == "login_required"
    await tab.authorize(door.client("Web"), prompt="none")
    assert "code" in tab.answer


async def test_two_logins_of_a_browser_that_prove_a_factor_leave_it_signed_in(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    tab, other = await at_challenge(door), door.browser()
    other.http = tab.http
    await other.authorize(door.client("Spa"))
    assert other.path == "/u/mfa-otp-challenge"
    await asyncio.gather(tab.submit(code=code(door)), other.submit(code=code(door, steps=1)))
    await tab.authorize(door.client("Web"), prompt="none")
    assert "code" in tab.answer


async def test_after_too_many_wrong_codes_the_right_one_waits(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    tab = await at_challenge(door)
    for _ in range(5):
        await tab.submit(code="000000")
        assert tab.page is not None
        assert tab.page.status_code == 400
    await tab.submit(code=code(door))
    assert tab.page.status_code == 429
    assert tab.form.errors == {"": "too-many-failures"}
    other = await at_challenge(door)
    await other.submit(code=code(door))
    assert other.form.errors == {"": "too-many-failures"}, "another login is no way around"
    door.clock.pass_(361)
    await tab.submit(code=code(door))
    assert "code" in tab.answer
    assert await door.log("gd_otp_rate_limit_exceed")


async def test_an_enrolment_that_comes_too_late_gives_no_tries_back(door: Door) -> None:
    await door.tenant(ALWAYS)
    early = await (await door.browser().authorize(door.client("Web"))).login()
    await early.submit("toggle-view")
    mine = shown_key(early)
    await has_app(door)
    tab = await at_challenge(door)
    for _ in range(5):
        await tab.submit(code="000000")
    await early.submit(code=code(door, mine))
    assert early.path == "/u/mfa-otp-challenge", "whoever has one takes no other on"
    await tab.submit(code=code(door))
    assert (tab.status, tab.form.errors) == (429, {"": "too-many-failures"})


async def test_what_is_no_code_costs_no_try(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    tab = await at_challenge(door)
    for typed, error in (("", "no-code"), ("12", "invalid-otp-code-format"), ("12345a", "invalid-otp-code-format")) * 3:
        await tab.submit(code=typed)
        assert tab.form.errors == {"error-element-code": error}
    right = code(door)
    await tab.submit(code=f" {right[:3]} {right[3:]} ")
    assert "code" in tab.answer


async def test_a_browser_is_believed_for_thirty_days(door: Door) -> None:
    await door.tenant(ALWAYS)
    method = await has_app(door)
    web = door.client("Web")
    tab = await at_challenge(door)
    await tab.submit(code=code(door), rememberBrowser="true")
    assert {"__Host-auth0-mf", "__Host-auth0-mf_compat"} <= set(tab.http.cookies)
    await tab.authorize(web, prompt="login")
    await tab.login()
    told = claims((await door.redeem(web, tab.answer["code"])).json()["id_token"])
    assert "amr" not in told
    await at_challenge(door, tab, acr_values=MULTI_FACTOR)
    door.clock.pass_(30 * 24 * 3600)
    await at_challenge(door, tab)
    await tab.submit(code=code(door), rememberBrowser="true")
    door.clock.pass_(31)
    await door.ports.authentication_methods.remove(DOMAIN, [method], events=())
    await has_app(door)
    await tab.authorize(web, prompt="login")
    await tab.login()
    assert tab.path == "/u/mfa-otp-challenge", "with the factor went what was believed because of it"


async def test_a_recovery_code_lets_in_once_and_is_replaced(door: Door) -> None:
    await door.tenant(ALWAYS)
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    await tab.submit("toggle-view")
    key = shown_key(tab)
    await tab.submit(code=code(door, key))
    recovery = shown_key(tab)
    await tab.submit(saved="on")

    tab = await at_challenge(door)
    await tab.submit("pick-authenticator")
    assert tab.path == "/u/mfa-login-options"
    assert tab.form.actions == ["otp", "recovery-code", "back-action"]
    await tab.submit("recovery-code")
    assert tab.path == "/u/mfa-recovery-code-challenge"
    await tab.submit(code="WRONG2345ABCDEFGHJKLMNPQ")
    assert tab.form.errors == {"error-element-code": "invalid-code"}
    typed = " ".join(recovery[at : at + 6].lower() for at in range(0, 24, 6))
    await tab.submit(code=typed)
    assert tab.path == "/u/mfa-recovery-code-challenge-new-code"
    fresh = shown_key(tab)
    assert fresh != recovery
    await tab.submit(saved="on")
    assert "code" in tab.answer

    for given, right in ((recovery, False), (fresh, True)):
        tab = await at_challenge(door)
        await tab.submit("pick-authenticator")
        await tab.submit("recovery-code")
        await tab.submit(code=given)
        assert (tab.path == "/u/mfa-recovery-code-challenge-new-code") == right


async def test_of_many_with_one_recovery_code_one_gets_in(door: Door) -> None:
    await door.tenant(ALWAYS)
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    await tab.submit("toggle-view")
    await tab.submit(code=code(door, shown_key(tab)))
    recovery = shown_key(tab)
    tabs = []
    for _ in range(3):
        tabs.append(one := await at_challenge(door))
        await one.submit("pick-authenticator")
        await one.submit("recovery-code")
    await asyncio.gather(*(one.submit(code=recovery) for one in tabs))
    assert sorted(one.path.rpartition("-")[2] for one in tabs) == ["challenge", "challenge", "code"]


async def test_somebody_else_who_signs_in_proves_for_themselves(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    users = [{"email": "bob@example.test", "password": "correct-horse-9", "connection": "people"}]
    await door.tenant({"users": users})
    first = await at_challenge(door)
    challenge = first.at
    await first.authorize(door.client("Web"), prompt="login")
    await first.login("bob@example.test")
    assert first.path == "/u/mfa-otp-enrollment"
    await first.get(challenge)
    assert first.path == "/u/mfa-otp-enrollment", "Ada's page is not for Bob"


async def test_no_key_and_no_code_is_kept_as_it_is(door: Door) -> None:
    await door.tenant(ALWAYS)
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    await tab.submit("toggle-view")
    key = shown_key(tab)
    transactions = await door.server.storage.database.read("SELECT document FROM login_transaction", {})
    assert key not in str(transactions)
    await tab.submit(code=code(door, key))
    recovery = shown_key(tab)
    for table in ("login_transaction", "authentication_method", "log_event", "session"):
        rows = await door.server.storage.database.read(f"SELECT * FROM {table}", {})
        assert key.encode() not in repr(rows).encode()
        assert recovery.encode() not in repr(rows).encode()


@pytest.mark.parametrize("policies", [["confidence-score"], []])
async def test_a_login_like_any_other_is_believed(door: Door, policies: list[str]) -> None:
    await door.tenant({"guardianFactors": FACTORS, "guardianPolicies": {"policies": policies}})
    await has_app(door)
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    assert "code" in tab.answer


async def manage(door: Door, method: str, path: str, body: Any = None) -> httpx2.Response:
    """A call of the Management API; ``{id}`` is Ada's."""
    manager = door.client("Mgmt")
    granted = await door.token(
        grant_type="client_credentials", client_id=manager.client_id, client_secret=manager.client_secret or "",
        audience=f"https://{DOMAIN}/api/v2/",
    )  # fmt: skip
    bearer = {"authorization": f"Bearer {granted.json()['access_token']}"}
    path = path.replace("{id}", quote(await user_id(door), safe=""))
    async with door.http() as http:
        return await http.request(method, f"/api/v2{path}", json=body, headers=bearer)


async def test_a_policy_that_asks_nobody_says_so(door: Door) -> None:
    path, said = (
        "/guardian/policies",
        '299 - "confidence-score asks nobody for a second factor: no risk is assessed here"',
    )
    answer = await manage(door, "PUT", path, ["confidence-score"])
    assert (answer.status_code, answer.json(), answer.headers["warning"]) == (200, ["confidence-score"], said)
    assert (await manage(door, "GET", path)).headers["warning"] == said
    (event,) = await door.log("w")
    assert event.description in said
    for policies in (["all-applications", "confidence-score"], []):
        assert "warning" not in (await manage(door, "PUT", path, policies)).headers
    assert len(await door.log("w")) == 1


async def ticket(door: Door, **more: Any) -> str:
    """A link to enroll by, as an administrator makes one."""
    answer = await manage(door, "POST", "/guardian/enrollments/ticket", {"user_id": await user_id(door), **more})
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["ticket_url"]
    return url.removeprefix(f"https://{DOMAIN}").removesuffix("#")


async def test_f1_a_cookie_somebody_planted_is_not_what_is_believed(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    planted = {"name": "__Host-auth0-mf", "value": "p" * 43, "domain": DOMAIN, "path": "/"}
    tab = door.browser()
    tab.http.cookies.set(**planted)
    await at_challenge(door, tab)
    await tab.submit(code=code(door), rememberBrowser="true")
    assert "code" in tab.answer
    other = door.browser()
    other.http.cookies.set(**planted)
    await at_challenge(door, other)


async def test_what_an_administrator_changes_counts_at_once(door: Door) -> None:
    await door.tenant({"guardianFactors": FACTORS})
    assert (await manage(door, "PUT", "/guardian/policies", ["all-applications"])).status_code == 200
    await has_app(door)
    tab = await at_challenge(door)
    await tab.submit(code=code(door), rememberBrowser="true")
    await tab.authorize(door.client("Web"), prompt="login")
    await tab.login()
    assert "code" in tab.answer
    forgotten = await manage(door, "POST", "/users/{id}/multifactor/actions/invalidate-remember-browser")
    assert forgotten.status_code == 204
    await at_challenge(door, tab, prompt="login")
    renewed = await manage(door, "POST", "/users/{id}/recovery-code-regeneration")
    await tab.submit("pick-authenticator")
    assert tab.form.actions == ["otp", "back-action"], "what can be chosen was decided before"
    again = await at_challenge(door)
    await again.submit("pick-authenticator")
    await again.submit("recovery-code")
    await again.submit(code=renewed.json()["recovery_code"])
    assert again.path == "/u/mfa-recovery-code-challenge-new-code"
    assert (await manage(door, "DELETE", "/users/{id}/authenticators")).status_code == 204
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    assert tab.path == "/u/mfa-otp-enrollment"
    assert (await manage(door, "PUT", "/guardian/factors/otp", {"enabled": False})).status_code == 200
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    assert "code" in tab.answer


def heading(tab: BrowserTab) -> str:
    found = re.search(r"<h1>(.*?)</h1>", tab.page.text if tab.page is not None else "")
    assert found is not None
    return found[1]


async def test_a_link_takes_a_factor_on_once(door: Door) -> None:
    await door.tenant({"guardianFactors": FACTORS})
    link = await ticket(door)
    tab = await door.browser().get(link)
    assert tab.path == "/u/mfa-otp-enrollment"
    await tab.submit("toggle-view")
    key = shown_key(tab)
    await tab.submit(code="000000")
    assert (tab.status, shown_key(tab)) == (400, key)
    await tab.submit("back-action")
    assert "data:image/png;base64," in tab.text
    await tab.submit(code=code(door, key))
    assert heading(tab) == "Keep this code safe"
    await tab.submit()
    assert tab.form.errors == {"": "no-confirmation"}
    await tab.submit(saved="on")
    assert (tab.path, heading(tab)) == ("/u/mfa-enroll-result", "All done")
    assert sorted(await types(door)) == ["recovery-code", "totp"]
    await tab.get(link)
    assert (tab.status, heading(tab)) == (400, "This link was used before")
    assert shown_key_or_none(tab) is None


async def test_each_who_opens_a_link_is_shown_a_key_of_their_own_and_one_is_taken_on(door: Door) -> None:
    await door.tenant({"guardianFactors": FACTORS})
    link = await ticket(door, allow_multiple_enrollments=True)
    tabs = [await door.browser().get(link) for _ in range(3)]
    keys = []
    for tab in tabs:
        await tab.submit("toggle-view")
        keys.append(shown_key(tab))
    assert len(set(keys)) == 3
    stolen = await door.browser().get(tabs[0].at)
    assert (stolen.status, heading(stolen)) == (400, "This page has expired")
    await tabs[1].submit(code=code(door, keys[0]))
    assert tabs[1].form.errors == {"error-element-code": "invalid-code"}
    await asyncio.gather(*(tab.submit(code=code(door, key)) for tab, key in zip(tabs, keys, strict=True)))
    assert sorted(heading(tab) for tab in tabs) == ["Keep this code safe", *["This link was used before"] * 2]
    assert sorted(await types(door)) == ["recovery-code", "totp"]


def shown_key_or_none(tab: BrowserTab) -> str | None:
    found = re.search(r'data-copy="([A-Z2-7]+)"', tab.page.text if tab.page is not None else "")
    return found[1] if found is not None else None


async def test_a_link_is_mailed_where_that_is_asked_for(door: Door) -> None:
    await door.tenant({"guardianFactors": FACTORS})
    await ticket(door)
    link = await ticket(door, send_mail=True)
    (entry,) = await door.server.storage.outbox.take(Message, until=door.clock.now() + 1, limit=9)
    assert entry.message is not None
    assert (entry.message.template, entry.message.to) == ("enrollment_email", "ada@example.test")
    assert link in entry.message.values["link"]


async def test_a_link_is_good_for_nothing_where_it_should_not_be(door: Door) -> None:
    await door.tenant({"guardianFactors": FACTORS})
    other_factor, link = await ticket(door, factor="phone"), await ticket(door)
    tab = door.browser()
    for path, title in (
        ("/u/mfa-enrollment?ticket=nobodys", "This link does not work"),
        ("/u/mfa-enrollment", "This link does not work"),
        (other_factor, "This link does not work"),
    ):
        await tab.get(path)
        assert tab.page is not None
        assert (tab.page.status_code, heading(tab)) == (400, title)
    await has_app(door)
    await tab.get(link)
    assert heading(tab) == "That did not work"
    door.clock.pass_(6 * 24 * 3600)
    await tab.get(link)
    assert heading(tab) == "This link is too old"


async def test_a_page_of_the_tenants_knows_who_it_is_once_they_proved_it(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    template = "<html><head>{%- auth0:head -%}</head><body>{%- auth0:widget -%}<p>{{ user.email }}!</p></body></html>"
    await door.tenant({"branding": {"templates": [{"template": "universal_login", "body": template}]}})
    tab = await door.browser().authorize(door.client("Web"))
    assert "<p>!</p>" in tab.text
    tab = await tab.login()
    assert tab.path == "/u/mfa-otp-challenge"
    assert "<p>ada@example.test!</p>" in tab.text
