"""Forgotten, changed, leaked and guessed passwords, and addresses that are verified: whole ways, by HTTP where there
is an endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any

import httpx2
import pytest
from tests.integration.door import DOMAIN, BrowserTab, Door, pace
from tests.integration.flows.test_attempts import LIMIT, RIGHT, attempt, guess

from doorward.identity.new_password import PasswordRefused
from doorward.identity.password_change import ChangeError, ChangeRefused
from doorward.identity.people import People
from doorward.identity.tickets import TicketUnusable
from doorward.model.digest import digest
from doorward.model.message import Message
from doorward.model.request_context import RequestContext
from doorward.model.ticket import TicketState
from doorward.model.user import User

NEW = "Another-Horse-7"
SENT = "We've just sent you an email to reset your password."
ADA = "ada@example.test"
HERE = RequestContext(ip="192.0.2.1", hostname=DOMAIN)
DAY = 86400.0


def people(door: Door) -> People:
    return door.server.services.people


async def mails(door: Door) -> list[Message]:
    """What is on its way, the oldest first."""
    taken = await door.server.storage.outbox.take(Message, until=door.clock.now() + 1e6, limit=100)
    return [one.message for one in taken if one.message is not None]


async def link(door: Door, template: str = "reset_email") -> str:
    """The value of the ticket in the one mail there is, but for such as tell that a password was changed."""
    (message,) = (message for message in await mails(door) if message.template != "password_reset")
    assert (message.template, message.to) == (template, ADA)
    return str(message.values["url"]).partition("?ticket=")[2].rstrip("#")


async def forgot(door: Door, ip: str = "192.0.2.1", **body: Any) -> httpx2.Response:
    body = {"connection": "people", "email": ADA, **body}
    async with door.http(ip=ip) as http:
        return await http.post("/dbconnections/change_password", json=body)


async def ada(door: Door) -> User:
    found = await door.ports.users.find_by_identifier(DOMAIN, "people", "email", ADA)
    assert found is not None
    return found[0]


async def change(door: Door, value: str, password: str = NEW) -> None:
    await people(door).password_change.redeem(door.ports.directory.tenant(DOMAIN), digest(value), password, HERE)


async def configure(door: Door, **options: Any) -> None:
    database = {"name": "people", "strategy": "auth0", "enabled_clients": ["Spa", "Web"], "is_domain_connection": True}
    await door.tenant({"databases": [{**database, "options": {"passwordPolicy": "good", **options}}]})


async def sign_in(door: Door) -> BrowserTab:
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.login(ADA, RIGHT)
    return tab


# ── a link ──


async def test_whoever_forgot_a_password_chooses_another_one(door: Door) -> None:
    tab = await sign_in(door)
    answer = await forgot(door, client_id=door.client("Web").client_id)
    assert (answer.status_code, answer.text) == (200, SENT)
    assert answer.headers["content-type"].startswith("text/plain")
    value = await link(door)
    assert len(value) == 32
    found = await people(door).password_change.look(door.ports.directory.tenant(DOMAIN), digest(value))
    assert (found.user.email, found.ticket.expires_at) == (ADA, door.clock.now() + DAY)
    assert found.ticket.client_id == door.client("Web").client_id
    door.clock.pass_(10)
    await change(door, value)
    assert (await attempt(door, RIGHT)).status_code == 403
    assert (await attempt(door, NEW)).status_code == 200
    user = await ada(door)
    assert user.profile["last_password_reset"].startswith("2096-10-02T07:06:50")
    (asked,), (done,) = await door.log("scpr"), await door.log("scp")
    assert (asked.user_id, asked.connection, done.user_id) == (user.user_id, "people", user.user_id)
    again = await tab.authorize(door.client("Spa"))
    assert again.path == "/u/login", "the session ended"


async def test_e3_a_link_is_good_once_and_the_last_one_only(door: Door) -> None:
    await forgot(door)
    first = await link(door)
    await forgot(door)
    second = (await mails(door))[-1].values["url"].partition("?ticket=")[2].rstrip("#")
    for value, state, key in ((first, None, "expired"), ("x" * 32, None, "expired"), ("", None, "expired")):
        with pytest.raises(TicketUnusable) as unusable:
            await change(door, value)
        assert (unusable.value.state, unusable.value.text_key) == (state, f"auth0-users-{key}-ticket")
    await change(door, second)
    with pytest.raises(TicketUnusable) as unusable:
        await change(door, second, "Third-Horse-8")
    assert (unusable.value.state, unusable.value.text_key) == (TicketState.USED, "auth0-users-used-ticket")
    assert len(await door.log("fcp")) == 4


async def test_e3_a_link_ends(door: Door) -> None:
    await forgot(door)
    value = await link(door)
    door.clock.pass_(5 * DAY)
    with pytest.raises(TicketUnusable) as unusable:
        await people(door).password_change.look(door.ports.directory.tenant(DOMAIN), digest(value))
    assert unusable.value.state is TicketState.EXPIRED


async def test_e3_of_two_who_have_the_link_one_changes_the_password(door: Door) -> None:
    await forgot(door)
    value = await link(door)
    chosen = [f"Number-{number}-Horse" for number in range(4)]
    outcomes = await asyncio.gather(*(change(door, value, one) for one in chosen), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert {type(outcome) for outcome in outcomes if outcome is not None} == {TicketUnusable}
    opened = [(await attempt(door, one)).status_code for one in chosen]
    assert opened.count(200) == 1
    assert opened.index(200) == outcomes.index(None)


async def test_e3_a_link_is_for_the_address_it_was_sent_to(door: Door) -> None:
    await forgot(door)
    value = await link(door)
    user = await ada(door)
    async with door.http() as http:
        token = (
            await door.token(
                grant_type="client_credentials",
                client_id=door.client("Mgmt").client_id,
                client_secret=door.client("Mgmt").client_secret or "",
                audience=f"https://{DOMAIN}/api/v2/",
            )
        ).json()["access_token"]
        moved = await http.patch(
            f"/api/v2/users/{user.user_id}",
            json={"email": "countess@example.test", "connection": "people"},
            headers={"authorization": f"Bearer {token}"},
        )
    assert moved.status_code == 200, moved.text
    with pytest.raises(TicketUnusable):
        await change(door, value)


async def test_a_link_proves_the_mailbox(door: Door) -> None:
    async with door.http() as http:
        body = {"client_id": door.client("Spa").client_id, "connection": "people", "email": "bo@example.test"}
        assert (await http.post("/dbconnections/signup", json={**body, "password": RIGHT})).status_code == 200
    await mails(door)
    await forgot(door, email="bo@example.test")
    (message,) = await mails(door)
    await change(door, message.values["url"].partition("?ticket=")[2].rstrip("#"))
    found = await door.ports.users.find_by_identifier(DOMAIN, "people", "email", "bo@example.test")
    assert found is not None
    assert found[0].profile["email_verified"] is True


async def test_a_refused_password_leaves_the_link_good(door: Door) -> None:
    await configure(door, password_history={"enable": True, "size": 3}, password_no_personal_info={"enable": True})
    await forgot(door)
    value = await link(door)
    for password, error in (
        ("weak", "PasswordStrengthError"),
        (RIGHT, "PasswordHistoryError"),
        ("Ada Example 1", "PasswordNoUserInfoError"),
    ):
        with pytest.raises(PasswordRefused) as refused:
            await change(door, value, password)
        assert refused.value.error == error
    await change(door, value)
    assert [event.description.partition(":")[0] for event in await door.log("fcp")] == [
        "PasswordNoUserInfoError", "PasswordHistoryError", "PasswordStrengthError",
    ]  # fmt: skip


async def test_e2_the_last_passwords_cannot_be_chosen_again(door: Door) -> None:
    await configure(door, password_options={"history": {"active": True, "size": 3}})

    async def choose(password: str) -> str | None:
        await forgot(door, ip="192.0.2.77")
        value = (await mails(door))[-1].values["url"].partition("?ticket=")[2].rstrip("#")
        door.clock.pass_(60)
        try:
            await change(door, value, password)
        except PasswordRefused as refused:
            return refused.error.value
        return None

    second, third = "second-one", "third-one"
    assert [await choose(password) for password in (RIGHT, second, third, RIGHT, second, third)] == [
        "PasswordHistoryError", None, None, "PasswordHistoryError", "PasswordHistoryError", "PasswordHistoryError",
    ]  # fmt: skip
    assert [await choose(password) for password in ("fourth-one", RIGHT, third)] == [None, None, "PasswordHistoryError"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"connection": ""}, 400, "invalid_request"),
        ({"email": ""}, 400, "invalid_request"),
        ({"email": ["x"]}, 400, "invalid_request"),
        ({"connection": "nowhere"}, 400, "invalid_connection"),
        ({"client_id": "nobody"}, 403, "unauthorized_client"),
        ({"organization": "org_nowhere"}, 400, "invalid_request"),
    ],
)
async def test_what_cannot_be_asked_is_told(door: Door, body: dict[str, Any], status: int, code: str) -> None:
    answer = await forgot(door, **body)
    assert (answer.status_code, answer.json()["code"], answer.json()["statusCode"]) == (status, code, status)
    assert await mails(door) == []


async def test_a_form_is_as_good_as_json(door: Door) -> None:
    async with door.http() as http:
        answer = await http.post("/dbconnections/change_password", data={"connection": "people", "email": ADA})
    assert answer.text == SENT
    assert await link(door)


async def test_k5_a_link_is_asked_for_ten_times_at_once_and_then_each_minute(door: Door) -> None:
    for email in (ADA, "nobody@example.test"):
        for _ in range(10):
            assert (await forgot(door, email=email)).status_code == 200
        refused = await forgot(door, email=email.upper())
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert pace(refused) == (10, 60, door.clock.now() + 60)
    assert (await forgot(door, ip="198.51.100.7")).status_code == 200
    door.clock.pass_(60)
    assert (await forgot(door)).status_code == 200
    assert (await forgot(door)).status_code == 429


# ── nobody is told who has an account ──


async def test_e9_the_answer_is_the_same_for_whomever_is_asked(door: Door) -> None:
    async with door.http() as http:
        web = {"client_id": door.client("Web").client_id, "connection": "people"}
        answers = [
            await http.post("/dbconnections/change_password", json={**web, **who})
            for who in ({"email": ADA}, {"email": "nobody@example.test"}, {"username": "nobody"}, {"email": "@" * 9999})
        ]
    for answer in answers:
        del answer.headers["x-auth0-requestid"]
        assert (answer.status_code, answer.text, answer.headers) == (200, SENT, answers[0].headers)
    assert [message.to for message in await mails(door)] == [ADA]
    assert [event.description for event in await door.log("fcpr")] == ["user does not exist"] * 3


async def test_e9_where_people_may_not_do_it_themselves_nothing_is_sent(door: Door) -> None:
    await configure(door, disable_self_service_change_password=True)
    assert (await forgot(door)).text == SENT
    assert await mails(door) == []
    (event,) = await door.log("fcpr")
    assert event.description == "self-service password change is disabled"


async def test_e9_who_has_no_mailbox_gets_the_same_answer(door: Door) -> None:
    await configure(door, requires_username=True)
    await door.tenant({"users": [{"username": "eve", "email": "eve@example.test", "connection": "people"}]})
    assert (await forgot(door, email=None, username="eve")).text == SENT
    assert [message.to for message in await mails(door)] == ["eve@example.test"]


async def test_e9_the_work_is_the_same_for_whomever_is_asked(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    database, work = door.server.storage.database, list[str]()
    asking = ContextVar("asking", default=False)  # what a node does by itself does not count

    def counted(name: str) -> Any:
        real = getattr(database, name)

        async def run(given: Any, *more: Any) -> Any:
            if not asking.get():
                return await real(given, *more)
            work.append(name)
            within = asking.set(False)
            try:
                return await real(statements(given) if name == "write" else given, *more)
            finally:
                asking.reset(within)

        return run

    def statements(verb: Callable[[], Generator[Any, Any, Any]]) -> Callable[[], Generator[Any, Any, Any]]:
        def run() -> Generator[Any, Any, Any]:
            steps, rows = verb(), None
            while True:
                try:
                    query = steps.send(rows)
                except StopIteration as done:
                    return done.value
                work.append("statement")
                rows = yield query

        return run

    for name in ("read", "once", "write"):
        monkeypatch.setattr(database, name, counted(name))
    done = []
    asking.set(True)
    for email in (ADA, "nobody@example.test"):
        work.clear()
        assert (await forgot(door, email=email)).text == SENT
        done.append(list(work))
    assert done[0] == done[1] == ["once", "read", "read", "write", *["statement"] * 5]


# ── by the present password ──


async def test_e2_who_is_signed_in_needs_the_present_password(door: Door) -> None:
    tab = await sign_in(door)
    (session,), _ = await door.ports.sessions.page(DOMAIN, (await ada(door)).user_id, at=door.clock.now(), limit=10)
    other = await sign_in(door)
    directory = door.ports.directory.tenant(DOMAIN)
    connection = directory.connections["people"]

    async def change_to(current: str, password: str = NEW) -> User:
        return await people(door).password_change.change(
            directory, connection, await ada(door), current, password, HERE, session=session[0].sid
        )

    with pytest.raises(ChangeRefused) as refused:
        await change_to("wrong")
    assert refused.value.error is ChangeError.WRONG_PASSWORD
    with pytest.raises(PasswordRefused):
        await change_to(RIGHT, "weak")
    await change_to(RIGHT)
    assert (await attempt(door, NEW)).status_code == 200
    assert "code" in (await tab.authorize(door.client("Spa"))).answer, "this session goes on"
    assert (await other.authorize(door.client("Spa"))).path == "/u/login"


async def test_k1_the_present_password_cannot_be_guessed_there_either(door: Door) -> None:
    directory = door.ports.directory.tenant(DOMAIN)
    connection, user = directory.connections["people"], await ada(door)
    seen = []
    for _ in range(LIMIT + 1):
        with pytest.raises(ChangeRefused) as refused:
            await people(door).password_change.change(directory, connection, user, "wrong", NEW, HERE)
        seen.append(refused.value.error)
    assert seen == [ChangeError.WRONG_PASSWORD] * LIMIT + [ChangeError.TOO_MANY_ATTEMPTS]


async def test_somebody_can_be_made_to_choose_another_one(door: Door) -> None:
    directory = door.ports.directory.tenant(DOMAIN)
    assert await people(door).password_change.demand(directory, await ada(door), 0, HERE)
    await change(door, await link(door))
    assert (await attempt(door, NEW)).status_code == 200


# ── locked accounts ──


async def test_k1_a_locked_account_is_opened_by_the_link_in_a_mail(door: Door) -> None:
    await guess(door, LIMIT)
    assert (await attempt(door, RIGHT)).status_code == 429
    value = await link(door, "blocked_account")
    blocked = people(door).blocked_accounts
    directory = door.ports.directory.tenant(DOMAIN)
    assert (await blocked.look(DOMAIN, digest(value))).user.email == ADA
    assert (await attempt(door, RIGHT)).status_code == 429, "looking opens nothing"
    await blocked.unblock(directory, digest(value), HERE)
    assert (await attempt(door, RIGHT)).status_code == 200
    with pytest.raises(TicketUnusable) as unusable:
        await blocked.unblock(directory, digest(value), HERE)
    assert unusable.value.state is TicketState.USED
    (event,) = await door.log("ublkdu")
    assert event.user_id == (await ada(door)).user_id


async def test_k1_another_password_opens_a_locked_account(door: Door) -> None:
    await guess(door, LIMIT)
    await guess(door, LIMIT, ip="203.0.113.9")
    await mails(door)
    await forgot(door)
    await change(door, await link(door))
    assert (await attempt(door, NEW)).status_code == 200
    assert (await attempt(door, NEW, ip="203.0.113.9")).status_code == 200


async def test_k1_for_one_address_there_is_one_mail_an_hour(door: Door) -> None:
    directory = door.ports.directory.tenant(DOMAIN)

    async def lock(ip: str = "192.0.2.1") -> int:
        await guess(door, LIMIT, ip=ip)
        await door.ports.attempts.clear(directory.tenant.id, "brute")
        return len(await mails(door))

    assert [await lock(), await lock(), await lock("198.51.100.7")] == [1, 0, 1]
    door.clock.pass_(3600)
    assert await lock() == 1
    await configure(door, brute_force_protection=False)
    await guess(door, LIMIT + 1)
    assert await mails(door) == []


async def test_k1_a_tenant_may_not_want_that_mail(door: Door) -> None:
    shields = {"shields": ["block"]}
    await door.tenant({"attackProtection": {"bruteForceProtection": {"enabled": True, **shields}}})
    await guess(door, LIMIT)
    assert (await attempt(door, RIGHT)).status_code == 429
    assert await mails(door) == []
    assert await door.log("limit_wc")


# ── leaked passwords ──

LEAKED = "AUTH0-TEST-Horse-9"


async def detect(door: Door, *shields: str, signup: bool = False, change: bool = False) -> None:
    block = [{"shields": ["block"]} if wanted else {"shields": []} for wanted in (signup, change)]
    await door.tenant(
        {
            "attackProtection": {
                "breachedPasswordDetection": {
                    "enabled": True,
                    "shields": list(shields),
                    "admin_notification_frequency": [],
                    "method": "standard",
                    "stage": {"pre-user-registration": block[0], "pre-change-password": block[1]},
                }
            }
        }
    )


async def sign_up(door: Door, password: str = LEAKED, email: str = "bo@example.test") -> httpx2.Response:
    body = {"client_id": door.client("Spa").client_id, "connection": "people", "email": email, "password": password}
    async with door.http() as http:
        return await http.post("/dbconnections/signup", json=body)


async def test_k3_without_detection_nothing_counts_as_leaked(door: Door) -> None:
    assert (await sign_up(door)).status_code == 200
    assert await door.log("signup_pwd_leak") == []


async def test_k3_nobody_signs_up_with_a_leaked_password(door: Door) -> None:
    await detect(door, signup=True)
    refused = await sign_up(door)
    assert refused.status_code == 400
    assert (refused.json()["code"], refused.json()["name"]) == ("password_leaked", "PasswordLeakedError")
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await tab.submit(email="bo@example.test", password=LEAKED)
    assert tab.form.errors == {"error-element-password": "password-breached"}
    (event,) = await door.log("signup_pwd_leak")
    assert (event.user_name, event.connection) == ("bo@example.test", "people")
    assert (await sign_up(door, NEW)).status_code == 200


async def test_k3_without_a_shield_it_is_only_logged(door: Door) -> None:
    await detect(door)
    assert (await sign_up(door)).status_code == 200
    assert len(await door.log("signup_pwd_leak")) == 1
    await forgot(door)
    (message,) = [one for one in await mails(door) if one.template == "reset_email"]
    await change(door, message.values["url"].partition("?ticket=")[2].rstrip("#"), LEAKED)
    assert len(await door.log("reset_pwd_leak")) == 1
    assert (await attempt(door, LEAKED)).status_code == 200
    assert len(await door.log("pwd_leak")) == 1


async def test_k3_nobody_logs_in_with_a_leaked_password(door: Door) -> None:
    await forgot(door)
    await change(door, await link(door), LEAKED)
    await detect(door, "block", "user_notification")
    assert (await attempt(door, "wrong")).status_code == 403, "what leaked is told to its owner alone"
    refused = await attempt(door, LEAKED)
    assert (refused.status_code, refused.json()["error"]) == (401, "password_leaked")
    value = await link(door, "stolen_credentials")
    assert (await attempt(door, LEAKED)).status_code == 401
    assert await mails(door) == [], "one mail an hour"
    assert len(await door.log("pwd_leak")) == 1
    door.clock.pass_(3600)
    await attempt(door, LEAKED)
    assert len(await door.log("pwd_leak")) == 2
    newer = await link(door, "stolen_credentials")
    with pytest.raises(TicketUnusable):
        await change(door, value)
    await change(door, newer)
    assert (await attempt(door, NEW)).status_code == 200


async def test_k3_a_leaked_password_is_not_chosen_anew(door: Door) -> None:
    await detect(door, change=True)
    await forgot(door)
    value = await link(door)
    with pytest.raises(PasswordRefused) as refused:
        await change(door, value, LEAKED)
    assert refused.value.error == "password_leaked"
    assert len(await door.log("reset_pwd_leak")) == 1
    await change(door, value)


# ── addresses ──


async def test_e3_a_new_address_is_verified_by_the_link_in_a_mail(door: Door) -> None:
    await sign_up(door, NEW)
    (message,) = await mails(door)
    assert (message.template, message.to) == ("verify_email", "bo@example.test")
    assert message.client_id == door.client("Spa").client_id
    url = str(message.values["url"])
    assert url.startswith(f"https://{DOMAIN}/u/email-verification?ticket=")
    value = url.partition("?ticket=")[2].rstrip("#")
    verification, directory = people(door).email_verification, door.ports.directory.tenant(DOMAIN)
    assert (await verification.look(DOMAIN, digest(value))).user.profile["email_verified"] is False
    redeemed = await asyncio.gather(
        *(verification.redeem(directory, digest(value), HERE) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, TicketUnusable) for one in redeemed) == 3
    found = await door.ports.users.find_by_identifier(DOMAIN, "people", "email", "bo@example.test")
    assert found is not None
    assert found[0].profile["email_verified"] is True
    assert len(await door.log("sv")) == 1
    assert len(await door.log("fv")) == 3


async def test_a_link_can_be_asked_for_again(door: Door) -> None:
    verification, directory = people(door).email_verification, door.ports.directory.tenant(DOMAIN)
    assert await verification.ask(directory, await ada(door), 0, HERE)
    first = await link(door, "verify_email")
    assert await verification.ask(directory, await ada(door), 0, HERE)
    with pytest.raises(TicketUnusable):
        await verification.redeem(directory, digest(first), HERE)
    assert len(await door.log("svr")) == 2


@pytest.mark.parametrize("verifies", [True, False])
async def test_a_welcome_comes_when_the_address_is_known_to_be_theirs(door: Door, verifies: bool) -> None:
    written = {"body": "Hello", "from": "", "subject": "Hello", "syntax": "liquid"}
    await door.tenant(
        {
            "emailTemplates": [
                {"template": "welcome_email", **written, "enabled": True},
                {"template": "verify_email", **written, "enabled": verifies},
            ]
        }
    )
    await sign_up(door, NEW)
    (message,) = await mails(door)
    assert message.template == ("verify_email" if verifies else "welcome_email")
    if verifies:
        value = str(message.values["url"]).partition("?ticket=")[2].rstrip("#")
        await people(door).email_verification.redeem(door.ports.directory.tenant(DOMAIN), digest(value), HERE)
        assert [one.template for one in await mails(door)] == ["welcome_email"]


async def test_e2_a_change_is_told_unless_the_tenant_does_not_want_that(door: Door) -> None:
    await forgot(door)
    await change(door, await link(door))
    assert [(one.template, one.to) for one in await mails(door)] == [("password_reset", ADA)]
    unwanted = {"body": "", "from": "", "subject": "", "syntax": "liquid", "enabled": False}
    await door.tenant({"emailTemplates": [{"template": "password_reset", **unwanted}]})
    await forgot(door)
    await change(door, await link(door), "Another-Horse-9")
    assert await mails(door) == []


async def test_a_change_is_told_in_the_words_of_the_tenant(door: Door) -> None:
    written = {"body": "Hello", "from": "", "subject": "Hello", "syntax": "liquid", "urlLifetimeInSeconds": 3600}
    await door.tenant(
        {
            "emailTemplates": [
                {"template": name, **written, "enabled": True} for name in ("password_reset", "reset_email")
            ]
        }
    )
    await forgot(door)
    value = await link(door)
    found = await people(door).password_change.look(door.ports.directory.tenant(DOMAIN), digest(value))
    assert found.ticket.expires_at == door.clock.now() + 3600
    await change(door, value)
    assert [(one.template, one.to) for one in await mails(door)] == [("password_reset", ADA)]
