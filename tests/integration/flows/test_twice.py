"""Forms that are sent twice: a double click, the back button, an answer that was lost on the way."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import Awaitable, Mapping
from urllib.parse import quote

import httpx2
import pytest
from tests.authenticator import Authenticator
from tests.integration.door import DOMAIN, BrowserTab, Door
from tests.integration.flows import test_passkeys as keys
from tests.integration.flows.test_importing_people import management
from tests.integration.flows.test_second_factor import (
    ALWAYS,
    at_challenge,
    code,
    has_app,
    manage,
    shown_key,
    types,
    user_id,
)
from tests.integration.flows.test_sent_factors import login as sent_login
from tests.integration.flows.test_sent_factors import tenant as sent_tenant

from doorward.backends.keys.password_hashes import PasswordHasher
from doorward.backends.storage.tickets import StoredTickets
from doorward.model.digest import digest
from doorward.model.message import Message
from doorward.ports import StorageUnavailable

HEADERS = {"origin": f"https://{DOMAIN}", "sec-fetch-site": "same-origin"}
GRACE, PASSWORD = "grace@example.test", "Correct-Horse-9"


async def mails(door: Door, template: str = "") -> list[Message]:
    """What waits to be sent."""
    taken = await door.server.storage.outbox.take(Message, until=door.clock.now() + 1, limit=20)
    return [one.message for one in taken if template in ("", one.message.template)]


async def twice(tab: BrowserTab, how: str, action: str = "default", **fields: str) -> list[httpx2.Response]:
    """Send the form of a page two times: in ``parallel``, in a ``row``, with what the first answer brought ``lost``, or
    at once and the first answer ``unheard``; and go where the last answer leads."""
    body = {**{name: value for name, value in tab.form.fields.items() if value}, **fields, "action": action}
    at, before = tab.at, dict(tab.http.cookies)
    if how in ("parallel", "unheard"):
        answers = list(await asyncio.gather(*(tab.http.post(at, data=body, headers=HEADERS) for _ in range(2))))
        if how == "unheard":
            bring(tab, {**before, **dict(answers[-1].cookies)})
    else:
        answers = [await tab.http.post(at, data=body, headers=HEADERS)]
        if how == "lost":
            bring(tab, before)
        answers.append(await tab.http.post(at, data=body, headers=HEADERS))
    assert [one.status_code for one in answers] == [302, 302], [errors(one) for one in answers]
    await tab.get(answers[-1].headers["location"])
    return answers


def bring(tab: BrowserTab, cookies: Mapping[str, str]) -> None:
    tab.http.cookies.clear()
    for name, value in cookies.items():
        tab.http.cookies.set(name, value, domain=DOMAIN)


def errors(answer: httpx2.Response) -> list[str]:
    return re.findall(r'data-error-code="([^"]+)"', answer.text)


HOW = pytest.mark.parametrize("how", ["row", "lost", "parallel", "unheard"])
# Where nothing is known any more of a form that was done before, and who did not hear the answer begins again.
HEARD = pytest.mark.parametrize("how", ["row", "parallel", "unheard"])


# ── a sign-up ──


@HOW
@pytest.mark.parametrize("pages", [1, 2])
async def test_a_sign_up_makes_one_account_and_lets_it_in(door: Door, how: str, pages: int) -> None:
    await door.tenant({"prompts": {"identifier_first": pages == 2}})
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    if pages == 2:
        await tab.submit(email=GRACE)
        await twice(tab, how, password=PASSWORD)
    else:
        await twice(tab, how, email=GRACE, password=PASSWORD)
    assert "code" in tab.answer
    assert len(await door.log("ss")) == 1
    assert await door.log("fs") == []


async def test_another_password_is_no_way_into_an_account_just_made(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    body = {"state": tab.state, "email": GRACE, "action": "default"}
    before = dict(tab.http.cookies)
    await tab.http.post(tab.at, data={**body, "password": PASSWORD}, headers=HEADERS)
    bring(tab, before)
    other = await tab.http.post(tab.at, data={**body, "password": "Other-Horse-10"}, headers=HEADERS)
    assert (other.status_code, errors(other)) == (400, ["email-in-use"])
    elsewhere = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await elsewhere.submit(email=GRACE, password=PASSWORD)
    assert elsewhere.form.errors == {"error-element-email": "email-in-use"}, "another login is no twin of it"


@HOW
async def test_a_sign_up_whose_address_is_verified_first_leads_to_the_code(door: Door, how: str) -> None:
    await door.tenant({"databases": [{"name": "people", "options": {"attributes": {"email": VERIFIED}}}]})
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await twice(tab, how, email=GRACE, password=PASSWORD)
    assert tab.path == "/u/login-email-verification"
    await tab.submit(code=(await mails(door, "verify_email_by_code"))[-1].values["code"])
    assert "code" in tab.answer
    assert len(await door.log("ss")) == 1


@HEARD
async def test_a_code_that_verifies_an_address_leads_on(door: Door, how: str) -> None:
    await door.tenant({"databases": [{"name": "people", "options": {"attributes": {"email": VERIFIED}}}]})
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await tab.submit(email=GRACE, password=PASSWORD)
    await twice(tab, how, code=(await mails(door, "verify_email_by_code"))[-1].values["code"])
    assert "code" in tab.answer


BY_CODE = {
    "attributes": {
        "email": {
            "identifier": {"active": True, "default_method": "email_otp"},
            "verification_method": "otp",
            "signup": {"status": "required", "verification": {"active": True}},
        }
    },
    "authentication_methods": {"password": {"enabled": True}, "email_otp": {"enabled": True}},
}
VERIFIED = {"verification_method": "otp", "signup": {"status": "required", "verification": {"active": True}}}


async def by_code(door: Door, send: str = "code") -> BrowserTab:
    """Where Grace has asked for a code or a link."""
    mail = {"name": "email", "strategy": "email", "enabled_clients": ["Spa"], "options": {"send": send}}
    await door.tenant({"connections": [mail]})
    tab = await door.browser().authorize(door.client("Spa"), connection="email")
    return await tab.submit(username=GRACE)


@HOW
async def test_a_code_that_signs_in_leads_on(door: Door, how: str) -> None:
    tab = await by_code(door)
    assert tab.path == "/u/login/passwordless-email-challenge"
    await twice(tab, how, code=(await mails(door))[-1].values["code"])
    assert "code" in tab.answer
    assert len(await door.log("ss")) == 1


@HOW
async def test_a_code_of_somebody_who_is_logged_in_already_leads_on(door: Door, how: str) -> None:
    tab = await by_code(door)
    await tab.submit(code=(await mails(door))[-1].values["code"])
    await tab.authorize(door.client("Spa"), connection="email", prompt="login")
    await tab.submit(username=GRACE)
    await twice(tab, how, code=(await mails(door))[-1].values["code"])
    assert "code" in tab.answer


@HOW
async def test_a_link_that_signs_in_leads_on(door: Door, how: str) -> None:
    tab = await by_code(door, "link")
    link = (await mails(door))[-1].values["link"]
    await tab.get(link.removeprefix(f"https://{DOMAIN}"))
    await twice(tab, how)
    assert "code" in tab.answer
    assert len(await door.log("ss")) == 1


@HEARD
async def test_a_code_instead_of_a_password_leads_on(door: Door, how: str) -> None:
    await door.tenant({"databases": [{"name": "people", "options": BY_CODE}]})
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.submit(username="ada@example.test")
    assert tab.path == "/u/email-identifier/challenge"
    await twice(tab, how, code=(await mails(door))[-1].values["code"])
    assert "code" in tab.answer
    assert len(await door.log("s")) == 1


@pytest.mark.parametrize(("waited", "again"), [(60, True), (61, False)])
async def test_a_used_code_brings_its_cookie_again_for_a_moment(door: Door, waited: float, again: bool) -> None:
    tab, code = await by_code(door), (await mails(door))[-1].values["code"]
    before = dict(tab.http.cookies)
    assert (await post(tab, tab.path, code=code)).cookies["auth0"]
    bring(tab, before)
    door.clock.pass_(waited)
    answer = await post(tab, tab.path, code=code)
    assert (answer.status_code, "auth0" in answer.cookies) == (302, again)


async def test_a_session_that_ended_since_is_not_brought_again(door: Door) -> None:
    tab, code = await by_code(door), (await mails(door))[-1].values["code"]
    before = dict(tab.http.cookies)
    await post(tab, tab.path, code=code)
    await tab.http.get("/v2/logout", params={"client_id": door.client("Spa").client_id})
    bring(tab, before)
    assert "auth0" not in (await post(tab, tab.path, code=code)).cookies


async def test_a_user_name_just_taken_is_called_one(door: Door) -> None:
    attributes = {"username": {"signup": {"status": "required"}}}
    await door.tenant({"databases": [{"name": "people", "options": {"attributes": attributes}}]})
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    before = dict(tab.http.cookies)
    await post(tab, "/u/signup", username="grace", password=PASSWORD)
    bring(tab, before)
    other = await post(tab, "/u/signup", username="grace", password="Other-Horse-10")
    assert (other.status_code, errors(other)) == (400, ["username-taken"])


# ── two people, one after the other ──

ADA, BOB = "ada@example.test", "bob@example.test"
BOBS = {"users": [{"email": BOB, "password": "bob-horse-9", "connection": "people", "email_verified": True}]}
FORMS = {
    ADA: ("/u/login", {"username": ADA, "password": "correct-horse-9"}),
    BOB: ("/u/login", {"username": BOB, "password": "bob-horse-9"}),
    GRACE: ("/u/signup", {"email": GRACE, "password": PASSWORD}),
}


async def post(tab: BrowserTab, path: str, **fields: str) -> httpx2.Response:
    """Send a form of this login, and do not go where its answer leads."""
    body = {"state": tab.state, "action": "default", **fields}
    return await tab.http.post(f"{path}?state={tab.state}", data=body, headers=HEADERS)


async def let_in(door: Door, tab: BrowserTab) -> str:
    """The address of whoever the login ends for."""
    await tab.get(f"/authorize/resume?state={tab.state}")
    tokens = (await door.redeem(door.client("Spa"), tab.answer["code"])).json()
    about = {"authorization": f"Bearer {tokens['access_token']}"}
    email: str = (await tab.http.get("/userinfo", headers=about)).json()["email"]
    return email


@pytest.mark.parametrize(("first", "second"), [(ADA, BOB), (GRACE, ADA), (ADA, GRACE), (GRACE, BOB)])
async def test_whoever_proves_who_they_are_last_is_let_in(door: Door, first: str, second: str) -> None:
    await door.tenant(BOBS)
    tab = await door.browser().authorize(door.client("Spa"), scope="openid email")
    for one in (first, second):
        path, fields = FORMS[one]
        assert (await post(tab, path, **fields)).status_code == 302
    assert await let_in(door, tab) == second
    await tab.authorize(door.client("Spa"), scope="openid email", prompt="none")
    assert "code" in tab.answer, "the browser has the session of the one who was last"


async def test_whoever_proves_nothing_is_not_let_in_as_somebody_else(door: Door) -> None:
    await door.tenant(BOBS)
    tab = await door.browser().authorize(door.client("Spa"), scope="openid email")
    await post(tab, "/u/login", **FORMS[ADA][1])
    wrong = await post(tab, "/u/login", username=BOB, password="wrong")
    assert (wrong.status_code, errors(wrong)) == (400, ["wrong-email-credentials"])
    assert [event.user_name for event in await door.log("fp")] == [BOB]
    assert await let_in(door, tab) == ADA


async def test_somebody_else_is_asked_for_their_password_on_a_page_of_its_own(door: Door) -> None:
    await door.tenant({**BOBS, "prompts": {"identifier_first": True}})
    tab = await door.browser().authorize(door.client("Spa"), scope="openid email")
    await tab.submit(username=ADA)
    await post(tab, tab.path, username=ADA, password="correct-horse-9")
    answer = await post(tab, "/u/login/identifier", username=BOB)
    await tab.get(answer.headers["location"])
    assert (tab.path, tab.form.fields["username"]) == ("/u/login/password", BOB)
    await post(tab, tab.path, username=BOB, password="bob-horse-9")
    assert await let_in(door, tab) == BOB


async def test_a_passkey_says_who_it_is_of(door: Door) -> None:
    await keys.offering(door)
    await door.tenant(BOBS)
    device = await keys.enrolled(door)
    tab = await door.browser().authorize(door.client("Spa"), scope="openid email")
    answer = json.dumps(device.get(keys.options(tab)))
    await post(tab, "/u/login", **FORMS[BOB][1])
    for _ in range(2):
        assert (await post(tab, "/u/login", passkey=answer)).status_code == 302
    assert await let_in(door, tab) == ADA


# ── a second factor, and the recovery code that comes with it ──

NEW = "/u/mfa-recovery-code-challenge-new-code"


async def enrolling(door: Door) -> tuple[BrowserTab, str]:
    """Where Ada sets an app up, and its key."""
    await door.tenant(ALWAYS)
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    await tab.submit("toggle-view")
    return tab, shown_key(tab)


async def keeping(door: Door) -> str:
    """Give Ada an app, and tell the recovery code that she keeps."""
    tab, key = await enrolling(door)
    await tab.submit(code=code(door, key))
    recovery = shown_key(tab)
    await tab.submit(saved="on")
    assert "code" in tab.answer
    return recovery


async def confirmed(door: Door) -> dict[str, bool]:
    """What the Management API says of Ada's factors."""
    async with await management(door) as api:
        answer = await api.get(f"/api/v2/users/{quote(await user_id(door))}/authentication-methods")
        return {one["type"]: one["confirmed"] for one in answer.json()}


async def with_recovery_code(door: Door) -> BrowserTab:
    tab = await at_challenge(door)
    await tab.submit("pick-authenticator")
    return await tab.submit("recovery-code")


@HOW
async def test_an_app_is_taken_on_and_the_recovery_code_shown(door: Door, how: str) -> None:
    tab, key = await enrolling(door)
    await twice(tab, how, code=code(door, key))
    assert tab.path == "/u/mfa-recovery-code-enrollment"
    recovery = shown_key(tab)
    await twice(tab, how, saved="on")
    assert "code" in tab.answer
    assert sorted(await types(door)) == ["recovery-code", "totp"]
    assert await door.log("gd_auth_failed") == []
    other = await with_recovery_code(door)
    await other.submit(code=recovery)
    assert other.path == NEW


@HOW
async def test_a_recovery_code_is_spent_once_and_the_next_one_shown(door: Door, how: str) -> None:
    recovery = await keeping(door)
    tab = await with_recovery_code(door)
    await twice(tab, how, code=recovery)
    assert tab.path == NEW
    assert shown_key(tab) != recovery
    assert len(await door.log("gd_recovery_succeed")) == 1
    assert await door.log("gd_recovery_failed") == []


@HOW
async def test_a_code_of_an_app_leads_on(door: Door, how: str) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    tab = await at_challenge(door)
    await twice(tab, how, code=code(door))
    assert "code" in tab.answer
    assert await door.log("gd_auth_failed") == []


async def test_a_code_somebody_else_used_gives_no_tries_back_however_often_it_comes(door: Door) -> None:
    await door.tenant(ALWAYS)
    await has_app(door)
    whose, guesses = await at_challenge(door), await at_challenge(door)
    seen = code(door)
    await whose.submit(code=seen)
    for given in (seen, "100001", seen, "100002", seen):
        await guesses.submit(code=given)
        assert guesses.form.errors == {"error-element-code": "invalid-code"}
    await guesses.submit(code="100003")
    assert guesses.page is not None
    assert "invalid-code" not in guesses.page.text
    await door.ports.log.flush()
    assert len(await door.log("gd_auth_failed")) == 5
    assert len(await door.log("gd_otp_rate_limit_exceed")) == 1


@HOW
async def test_a_phone_is_taken_on_and_the_recovery_code_shown(door: Door, how: str) -> None:
    await door.tenant(sent_tenant("sms", "recovery-code"))
    tab = await sent_login(door)
    await twice(tab, how, phone="+442079460000")
    texts = await mails(door)
    assert len(texts) == 1
    await twice(tab, how, code=texts[0].values["code"])
    assert tab.path == "/u/mfa-recovery-code-enrollment"
    assert shown_key(tab)
    await tab.submit(saved="on")
    assert "code" in tab.answer


async def test_nothing_leads_past_a_recovery_code_that_is_not_kept_yet(door: Door) -> None:
    tab, key = await enrolling(door)
    await tab.submit(code=code(door, key))
    recovery, page = shown_key(tab), tab.at
    for path in ("/authorize/resume", "/u/login", "/u/mfa-otp-enrollment", "/u/mfa-login-options"):
        await tab.get(f"{path}?state={tab.state}")
        assert (tab.at, shown_key(tab)) == (page, recovery)
    await tab.submit(saved="on")
    assert "code" in tab.answer


async def test_a_recovery_code_that_is_not_good_any_more_confirms_no_other(door: Door) -> None:
    tab, key = await enrolling(door)
    await tab.submit(code=code(door, key))
    other = await at_challenge(door)
    await other.submit(code=code(door, key, steps=1))
    assert other.path == "/u/mfa-recovery-code-enrollment"
    await tab.submit(saved="on")
    assert "code" in tab.answer
    door.clock.pass_(60)
    third = await at_challenge(door)
    await third.submit(code=code(door, key))
    assert third.path == "/u/mfa-recovery-code-enrollment", "nobody said that they keep the one that is good"


async def test_a_recovery_code_nobody_says_they_keep_is_replaced_by_one_at_the_next_proof(door: Door) -> None:
    tab, key = await enrolling(door)
    await tab.submit(code=code(door, key))
    unseen = shown_key(tab)
    assert await confirmed(door) == {"totp": True, "recovery-code": False}
    next_time = await at_challenge(door)
    await next_time.submit(code=code(door, key, steps=1))
    assert next_time.path == "/u/mfa-recovery-code-enrollment"
    recovery = shown_key(next_time)
    assert recovery != unseen
    await next_time.submit(saved="on")
    assert "code" in next_time.answer
    assert await confirmed(door) == {"totp": True, "recovery-code": True}
    door.clock.pass_(60)
    third = await at_challenge(door)
    await third.submit(code=code(door, key))
    assert "code" in third.answer, "asked once"
    for given, right in ((unseen, False), (recovery, True)):
        one = await with_recovery_code(door)
        await one.submit(code=given)
        assert (one.path == NEW) == right


# ── a forgotten password ──


FORGOTTEN = {"email": "ada@example.test", "action": "default"}


async def links(door: Door) -> list[str]:
    """Where the links lead that were sent, the oldest first."""
    return [str(one.values["url"]).removeprefix(f"https://{DOMAIN}") for one in await mails(door, "reset_email")]


async def at_request(door: Door) -> BrowserTab:
    tab = await door.browser().authorize(door.client("Spa"))
    return await tab.get(f"/u/reset-password/request/people?state={tab.state}")


@pytest.mark.parametrize("how", ["row", "parallel"])
async def test_one_link_is_sent_and_the_last_of_several_is_good(door: Door, how: str) -> None:
    tab = await at_request(door)
    await twice(tab, how, email="ada@example.test")
    assert "resend-email-action" in tab.form.actions
    assert len(await links(door)) == 1
    await tab.submit("resend-email-action")
    await (await at_request(door)).submit(email="ada@example.test")
    sent = await links(door)
    assert len(sent) == 2, "those of before are on their way already"
    for link in sent:
        page = await door.browser().get(link)
        assert ("password-reset" in page.form.fields) == (link == sent[-1])


async def test_a_link_that_was_not_sent_is_asked_for_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_: object, **__: object) -> None:
        raise StorageUnavailable("the database is down")

    tab = await at_request(door)
    with monkeypatch.context() as outage:
        outage.setattr(StoredTickets, "create", down)
        assert (await tab.http.post(tab.at, data=FORGOTTEN, headers=HEADERS)).status_code == 503
    await tab.get(tab.at)
    assert "email" in tab.form.fields, "nothing is said to be on its way"
    await tab.submit(email="ada@example.test")
    assert ("resend-email-action" in tab.form.actions, len(await links(door))) == (True, 1)


async def test_a_form_that_comes_long_after_its_like_sends_another_link(door: Door) -> None:
    tab = await at_request(door)
    body = {**FORGOTTEN, "state": tab.state}
    for passed, sent in ((0, 1), (60, 1), (1, 2), (60, 2), (1800, 3)):
        door.clock.pass_(passed)
        answer = await tab.http.post(tab.at, data=body, headers=HEADERS)
        assert (answer.status_code, len(await links(door))) == (302, sent)


@pytest.mark.parametrize("how", ["row", "parallel"])
async def test_a_password_is_changed_once_and_both_are_told(door: Door, how: str) -> None:
    await (await at_request(door)).submit(email="ada@example.test")
    (link,) = await links(door)
    tab = await door.browser().get(link)

    def post(password: str) -> Awaitable[httpx2.Response]:
        body = {"password-reset": password, "re-enter-password": password, "action": "default"}
        return tab.http.post(tab.at, data=body, headers=HEADERS)

    if how == "parallel":
        answers = list(await asyncio.gather(post("Another-Horse-7"), post("Another-Horse-7")))
    else:
        answers = [await post("Another-Horse-7"), await post("Another-Horse-7")]
    assert [(one.status_code, "Password changed" in one.text) for one in answers] == [(200, True)] * 2
    assert len(await door.log("scp")) == 1
    other = await post("Third-Horse-11")
    assert (other.status_code, "Password changed" in other.text) == (400, False)
    door.clock.pass_(61)
    assert (await post("Another-Horse-7")).status_code == 400, "a used link is no place to try passwords"


async def test_a_form_that_came_twice_is_known_whatever_its_owner_is_called_since(door: Door) -> None:
    await (await at_request(door)).submit(email="ada@example.test")
    (link,) = await links(door)
    tab = await door.browser().get(link)
    body = {"password-reset": "Another-Horse-7", "re-enter-password": "Another-Horse-7", "action": "default"}
    for _ in range(2):
        answer = await tab.http.post(tab.at, data=body, headers=HEADERS)
        assert (answer.status_code, "Password changed" in answer.text) == (200, True)
        assert (await manage(door, "PATCH", "/users/{id}", {"email": GRACE})).status_code == 200
    assert [await door.log(type_) for type_ in ("f", "fu", "fp")] == [[], [], []]


# ── pages that are left open ──


def ways_on(tab: BrowserTab) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'<a class="button" href="([^"]+)"', tab.text)]


async def test_a_page_left_open_for_too_long_starts_again_with_one_click(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"), state="of the app")
    door.clock.pass_(3601)
    await door.server.storage.sweep(door.clock.now())
    await tab.submit(username="ada@example.test", password="correct-horse-9")
    assert tab.status == 400
    assert "<title>This page has expired | Spa</title>" in tab.text
    (again,) = ways_on(tab)
    await tab.get(again)
    assert tab.path == "/u/login"
    await tab.login()
    assert tab.answer["state"] == "of the app"


async def test_a_form_of_a_finished_login_leads_to_the_application(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"), state="of the app")
    page, body = tab.at, {"state": tab.state, "username": "ada@example.test", "password": "x", "action": "default"}
    await tab.login()
    answer = await tab.http.post(page, data=body, headers=HEADERS)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/authorize?")
    await tab.get(answer.headers["location"])
    assert (tab.answer["state"], "code" in tab.answer) == ("of the app", True)
    stranger = await door.browser().http.post(page, data=body, headers=HEADERS)
    assert stranger.status_code == 400


async def test_who_was_turned_away_is_not_asked_again(door: Door) -> None:
    await door.tenant({"users": [{"email": "ada@example.test", "connection": "people", "blocked": True}]})
    tab = await door.browser().authorize(door.client("Spa"))
    page, body = tab.at, {"state": tab.state, "username": "ada@example.test", "password": "correct-horse-9"}
    await tab.login()
    assert tab.answer["error"] == "access_denied"
    again = await tab.http.post(page, data=body, headers=HEADERS)
    assert (again.status_code, "finished" in again.text) == (400, True)


async def test_a_page_of_a_finished_login_brings_the_application_another_answer(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"), state="of the app")
    page = tab.at
    await tab.login()
    await tab.get(page)
    assert tab.status == 400
    (again,) = ways_on(tab)
    stranger = await door.browser().get(page)
    assert (stranger.status, ways_on(stranger)) == (400, [])
    await tab.get(again)
    assert (tab.answer["state"], "code" in tab.answer) == ("of the app", True)


async def test_a_login_is_forgotten_once_nobody_can_go_on_with_it(door: Door) -> None:
    async def kept() -> list[bool]:
        await door.server.storage.sweep(door.clock.now())
        found = [await door.ports.transactions.find(DOMAIN, digest(state)) for state in (left.state, finished)]
        return [one is not None for one in found]

    left = await door.browser().authorize(door.client("Spa"))
    tab = await door.browser().authorize(door.client("Spa"))
    finished = tab.state
    await tab.login()
    assert await kept() == [True, True]
    door.clock.pass_(3601)
    assert await kept() == [True, False]
    door.clock.pass_(3600)
    assert await kept() == [False, False]


async def test_an_application_that_can_begin_a_login_is_asked_to(door: Door) -> None:
    await door.tenant({"clients": [{"name": "Spa", "initiate_login_uri": "https://app.test/login"}]})
    tab = await door.browser().authorize(door.client("Spa"))
    page = tab.at
    await tab.login()
    await tab.get(page)
    assert tab.at == "https://app.test/login"


# ── other pages ──


@HOW
async def test_a_login_with_the_right_password_leads_on(door: Door, how: str) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    await twice(tab, how, username="ada@example.test", password="correct-horse-9")
    assert "code" in tab.answer
    await tab.authorize(door.client("Spa"), prompt="none")
    assert "code" in tab.answer, "whichever answer was the last, its cookie is the one that is good"


def first_password_waits(monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Hold up the check of the first password from now on: an event that tells of it, and one to set."""
    verify, checking, go_on = PasswordHasher.verify, asyncio.Event(), asyncio.Event()

    async def slow_once(hasher: PasswordHasher, password: str, stored: str | None) -> tuple[bool, bool]:
        if not checking.is_set():
            checking.set()
            await go_on.wait()
        return await verify(hasher, password, stored)

    monkeypatch.setattr(PasswordHasher, "verify", slow_once)
    return checking, go_on


@pytest.mark.parametrize("clicks", [2, 3])
async def test_the_form_a_browser_gave_up_is_done_last_and_takes_nothing_from_it(
    door: Door, monkeypatch: pytest.MonkeyPatch, clicks: int
) -> None:
    """Another click has a browser forget the form before, whose answer it never sees."""
    checking, go_on = first_password_waits(monkeypatch)
    tab = await door.browser().authorize(door.client("Spa"))
    body = {"state": tab.state, "username": "ada@example.test", "password": "correct-horse-9", "action": "default"}
    first = asyncio.create_task(tab.http.post(tab.at, data=body, headers=HEADERS))
    await checking.wait()
    before = dict(tab.http.cookies)
    for _ in range(clicks - 1):
        bring(tab, before)
        last = await tab.http.post(tab.at, data=body, headers=HEADERS)
    kept = dict(tab.http.cookies)
    go_on.set()
    assert (await first).status_code == 302
    bring(tab, kept)
    await tab.get(last.headers["location"])
    assert "code" in tab.answer


async def test_a_form_that_finds_its_login_finished_at_last_leads_on(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application has its code before the second password is checked."""
    tab = await door.browser().authorize(door.client("Spa"), state="of the app")
    page, body = tab.at, {"state": tab.state, "username": "ada@example.test", "password": "correct-horse-9"}
    checking, go_on = first_password_waits(monkeypatch)
    second = asyncio.create_task(tab.http.post(page, data={**body, "action": "default"}, headers=HEADERS))
    await checking.wait()
    await tab.login()
    assert "code" in tab.answer
    go_on.set()
    await tab.get((await second).headers["location"])
    assert (tab.answer["state"], "code" in tab.answer) == ("of the app", True)


@pytest.mark.parametrize("second", ["accept", "deny"])
@pytest.mark.parametrize("how", ["row", "parallel"])
async def test_consent_is_answered_once(door: Door, how: str, second: str) -> None:
    tab = await (await door.browser().authorize(door.client("Partner"), scope="openid profile")).login()
    page, state = tab.at, tab.state

    async def press(action: str) -> str:
        body = {"state": state, "action": action}
        answer = await tab.http.post(page, data=body, headers=HEADERS)
        while answer.status_code == 302 and answer.headers["location"].startswith("/"):
            answer = await tab.http.get(answer.headers["location"])
        if answer.status_code == 302:
            return "code" if "code=" in answer.headers["location"] else "denied"
        assert "Start again" in answer.text
        return "a way on"

    if how == "parallel":
        ends = sorted(await asyncio.gather(press("accept"), press(second)))
    else:
        ends = sorted([await press("accept"), await press(second)])
    assert ends in (["a way on", "code"], ["a way on", "denied"])
    assert second == "deny" or "code" in ends
    assert len(await door.log("s")) == int("code" in ends)


@pytest.mark.parametrize("how", ["row", "parallel"])
async def test_a_passkey_is_made_once_and_logs_in_once(door: Door, how: str) -> None:
    await keys.offering(door)
    tab = await keys.with_password(await keys.at_login(door))
    device = Authenticator(keys.ORIGIN)
    await twice(tab, how, passkey=json.dumps(device.create(keys.options(tab))))
    assert "code" in tab.answer
    assert await types(door) == ["passkey"]
    tab = await keys.at_login(door, None, prompt="login")
    await twice(tab, how, passkey=json.dumps(device.get(keys.options(tab))))
    assert "code" in tab.answer


async def test_what_proves_nothing_is_not_brought_the_cookie_of_who_logs_in_meanwhile(door: Door) -> None:
    """Somebody else was at this browser before, and knows which login it is at."""
    await keys.offering(door)
    device = await keys.enrolled(door)
    tab = await keys.at_login(door)
    other = door.browser()
    bring(other, dict(tab.http.cookies))
    await other.get(tab.at)
    answer = device.get(keys.options(other))
    answer["response"]["signature"] = "AAAA"
    assert errors(await post(other, other.path, passkey=json.dumps(answer))) == ["authentication-failure"]
    again = asyncio.create_task(post(other, other.path, passkey=json.dumps(answer)))
    await asyncio.sleep(0.1)
    assert not again.done(), "it waits for the one that was first"
    assert (await post(tab, "/u/login", **FORMS[ADA][1])).cookies["auth0"]
    assert "auth0" not in (await again).cookies


@pytest.mark.parametrize("how", ["row", "parallel"])
async def test_an_account_with_a_passkey_is_made_once(door: Door, how: str) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    await keys.offering(door)
    tab = await keys.new_account(door, **{"webauthn-available": "true"})
    device = Authenticator(keys.ORIGIN)
    await twice(tab, how, passkey=json.dumps(device.create(keys.options(tab))))
    assert "code" in tab.answer
    assert len(await door.log("ss")) == 1
    assert await door.log("fs") == []


@pytest.mark.parametrize("how", ["row", "parallel"])
async def test_two_passkeys_make_one_account(door: Door, how: str) -> None:
    await door.tenant({"prompts": {"identifier_first": True}})
    await keys.offering(door)
    tab = await keys.new_account(door, **{"webauthn-available": "true"})
    path, made = tab.path, []
    for _ in range(2):
        made.append(json.dumps(Authenticator(keys.ORIGIN).create(keys.options(tab))))
        await tab.get(tab.at)
    if how == "parallel":
        answers = list(await asyncio.gather(*(post(tab, path, passkey=one) for one in made)))
    else:
        answers = [await post(tab, path, passkey=one) for one in made]
    assert [one.status_code for one in answers] == [302, 302], [errors(one) for one in answers]
    await tab.get(answers[-1].headers["location"])
    assert "code" in tab.answer
    assert len(await door.log("ss")) == 1


@HOW
async def test_a_security_key_is_taken_on_once_and_proved_once(door: Door, how: str) -> None:
    await door.tenant(keys.KEYS_ALWAYS)
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    await tab.submit(**{"webauthn-available": "true"})
    device = Authenticator(keys.ORIGIN)
    await twice(tab, how, response=json.dumps(device.create(keys.options(tab))))
    await twice(tab, how, nickname="Blue")
    await twice(tab, how)
    if tab.path == "/u/mfa-recovery-code-enrollment":
        await twice(tab, how, saved="on")
    assert "code" in tab.answer
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    await twice(tab, how, response=json.dumps(device.get(keys.options(tab))))
    assert "code" in tab.answer
