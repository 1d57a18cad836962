"""The pages behind the links of mails: another password, a verified address, a lifted block."""

from __future__ import annotations

import asyncio
import re

import pytest
from tests.integration.door import DOMAIN, BrowserTab, Door
from tests.integration.flows.test_attempts import attempt, guess
from tests.integration.flows.test_passwords import ADA, NEW, configure, forgot, link, mails

from doorward.identity.tickets import new_ticket
from doorward.model.ticket import TicketType

RESET = "/u/reset-password?ticket="


async def forgotten(door: Door) -> BrowserTab:
    """A login whose page was left for that of a forgotten password."""
    tab = await door.browser().authorize(door.client("Spa"), ui_locales="en")
    (href,) = [href for href in tab.form.links if "password-reset-start" in href]
    await tab.get(href)
    assert tab.status == 200
    return tab


async def test_a_forgotten_password_is_replaced_by_the_link_of_a_mail(door: Door) -> None:
    tab = await forgotten(door)
    await tab.submit(email=ADA)
    assert tab.path == "/u/reset-password/request"
    assert ADA in tab.text
    value = await link(door)
    other = await door.browser().get(RESET + value)
    assert [*other.form.fields] == ["username", "password-reset", "re-enter-password"]
    await other.submit(**{"password-reset": NEW, "re-enter-password": NEW})
    assert "Password changed" in other.text
    await tab.get(f"/authorize/resume?state={tab.state}")
    assert tab.path == "/u/reset-password/request", "the login waits where it was left"
    await tab.get(f"/u/login?state={tab.state}")
    await tab.login(password=NEW)
    assert "code" in tab.answer


async def test_whether_there_is_an_account_is_not_told(door: Door) -> None:
    pages = []
    for email in (ADA, "nobody@example.test"):
        tab = await forgotten(door)
        await tab.submit(email=email)
        shown = re.sub(r'nonce="[^"]+"', "", tab.text).replace(email, "").replace(tab.state, "")
        pages.append((tab.status, shown))
    assert pages[0] == pages[1]
    assert len(await mails(door)) == 1


async def test_the_mail_is_sent_again_when_asked_for_and_not_too_often(door: Door) -> None:
    tab = await forgotten(door)
    await tab.submit(email=ADA)
    for _ in range(9):
        await tab.submit("resend-email-action")
        assert tab.status == 200
    await tab.submit("resend-email-action")
    assert (tab.status, "several emails" in tab.text) == (429, True)
    tab = await forgotten(door)
    await tab.submit(email=ADA)
    assert tab.status == 429
    assert [event.type for event in await door.log("scpr")] == ["scpr"] * 10


@pytest.mark.parametrize(("typed", "code"), [("", "no-email"), ("ada", "invalid-email-format")])
async def test_what_is_no_address_is_asked_for_again(door: Door, typed: str, code: str) -> None:
    tab = await forgotten(door)
    await tab.submit(email=typed)
    assert tab.form.errors == {"error-element-email": code}


async def test_looking_into_the_link_does_not_use_it_up(door: Door) -> None:
    await forgot(door)
    value = await link(door)
    for _ in range(3):
        tab = await door.browser().get(RESET + value)
        assert tab.form.actions == ["default"]
    assert tab.page.headers["referrer-policy"] == "same-origin"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        (("", ""), {"error-element-password-reset": "no-password-reset"}),
        ((NEW, ""), {"error-element-re-enter-password": "no-re-enter-password"}),
        ((NEW, "Other-Horse-7"), {"error-element-re-enter-password": "password-mismatch"}),
        (("weak", "weak"), {"error-element-password-reset": "password-too-weak"}),
    ],
)
async def test_a_password_that_cannot_be_leaves_the_link_good(
    door: Door, typed: tuple[str, str], errors: dict[str, str]
) -> None:
    await forgot(door)
    tab = await door.browser().get(RESET + await link(door))
    await tab.submit(**dict(zip(("password-reset", "re-enter-password"), typed, strict=True)))
    assert tab.form.errors == errors
    assert tab.status == 400
    await tab.submit(**{"password-reset": NEW, "re-enter-password": NEW})
    assert "Password changed" in tab.text


async def test_a_password_that_leaked_is_told_as_one(door: Door) -> None:
    await door.tenant(
        {"attackProtection": {"breachedPasswordDetection": {
            "enabled": True, "shields": ["block"], "stage": {"pre-change-password": {"shields": ["block"]}}}}}
    )  # fmt: skip
    await configure(door, passwordPolicy="none")
    await forgot(door)
    tab = await door.browser().get(RESET + await link(door))
    await tab.submit(**{"password-reset": "AUTH0-TEST-leaked", "re-enter-password": "AUTH0-TEST-leaked"})
    assert tab.form.errors == {"error-element-password-reset": "password-breached-reset"}


async def test_the_last_page_leads_back_to_where_logins_begin(door: Door) -> None:
    start = "https://spa.test/login"
    await door.tenant({"tenant": {"default_redirection_uri": "https://tenant.test/"}})
    await (await forgotten(door)).submit(email=ADA)
    value = await link(door)
    first = await door.browser().get(RESET + value)
    await first.submit(**{"password-reset": NEW, "re-enter-password": NEW})
    assert '<a class="button" href="https://tenant.test/">' in first.text
    await door.tenant({"clients": [{"name": "Spa", "initiate_login_uri": start}]})
    again = await door.browser().get(RESET + value)
    assert "was used before" in again.text
    assert f'<a class="button" href="{start}">Back to Spa</a>' in again.text, "of the application it was asked for by"


async def test_of_two_who_use_one_link_one_wins_and_the_other_is_told(door: Door) -> None:
    await forgot(door)
    value = await link(door)
    tabs = [await door.browser().get(RESET + value) for _ in range(2)]
    chosen = ("First-Horse-11", "Second-Horse-22")
    await asyncio.gather(
        *(
            tab.submit(**{"password-reset": word, "re-enter-password": word})
            for tab, word in zip(tabs, chosen, strict=True)
        )
    )
    won = ["Password changed" in tab.text for tab in tabs]
    assert sorted(won) == [False, True]
    assert "used before" in tabs[won.index(False)].text
    worked = [(await attempt(door, word)).status_code for word in chosen]
    assert worked == [200 if yes else 403 for yes in won]


async def test_a_link_that_is_over_says_why(door: Door) -> None:
    await forgot(door)
    old = await link(door)
    door.clock.pass_(24 * 3600 + 1)
    tab = await door.browser().get(RESET + old)
    assert (tab.status, "expired" in tab.text) == (400, True)
    for value in ("", "nonsense", "x" * 5000):
        await tab.get(RESET + value)
        assert (tab.status, "does not work" in tab.text) == (400, True)


async def test_an_address_is_verified_by_a_press_not_by_a_look(door: Door) -> None:
    await configure(door)
    tab = await door.browser().authorize(door.client("Spa"), screen_hint="signup")
    await tab.submit(email="new@example.test", password="Correct-Horse-9")
    (message,) = await mails(door)
    assert (message.template, message.to) == ("verify_email", "new@example.test")
    path = str(message.values["url"]).removeprefix(f"https://{DOMAIN}").rstrip("#")
    other = await door.browser().get(path)
    assert "data-presses-itself" not in other.text, "what looks into mails may run scripts"
    assert "data-presses-itself" in (await tab.get(path)).text, "whoever signed up here is the one who asked"
    assert not await door.log("sv")
    await other.submit()
    assert "Email verified" in other.text
    assert await door.log("sv")
    await other.get(path)
    assert "confirmed before" in other.text
    await other.get("/u/email-verification?ticket=nonsense")
    assert (other.status, "Email not verified" in other.text) == (400, True)


async def test_a_block_is_lifted_by_a_press(door: Door) -> None:
    await guess(door, 10)
    (message,) = await mails(door)
    assert message.template == "blocked_account"
    assert (await attempt(door, "correct-horse-9")).status_code == 429
    tab = await door.browser().get(str(message.values["url"]).removeprefix(f"https://{DOMAIN}").rstrip("#"))
    assert (await attempt(door, "correct-horse-9")).status_code == 429
    await tab.submit()
    assert "You can log in again" in tab.text
    assert (await attempt(door, "correct-horse-9")).status_code == 200
    await tab.submit()
    assert (tab.status, "does not work" in tab.text) == (400, True)


async def test_a_form_of_another_site_redeems_nothing(door: Door) -> None:
    await forgot(door)
    value = await link(door)
    async with door.http() as http:
        answer = await http.post(
            RESET + value,
            data={"password-reset": NEW, "re-enter-password": NEW},
            headers={"origin": "https://evil.test", "sec-fetch-site": "cross-site"},
        )
    assert answer.status_code == 403
    assert not await door.log("scp")


async def test_a_login_with_a_password_that_leaked_leads_to_another_one(door: Door) -> None:
    await configure(door, passwordPolicy="none")
    leaked = "AUTH0-TEST-leaked"
    await forgot(door)
    tab = await door.browser().get(RESET + await link(door))
    await tab.submit(**{"password-reset": leaked, "re-enter-password": leaked})
    await door.tenant({"attackProtection": {"breachedPasswordDetection": {"enabled": True, "shields": ["block"]}}})
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.login(password=leaked)
    assert (tab.status, tab.form.errors) == (400, {"error-element-password": "password-breached"})
    await tab.login(password="wrong")
    assert tab.form.errors == {"error-element-password": "wrong-email-credentials"}


async def test_a_link_leads_nowhere_that_cannot_be_said_in_a_header(door: Door) -> None:
    (user, _) = await door.ports.users.find_by_identifier(DOMAIN, "people", "email", ADA)  # type: ignore[misc]
    link_, ticket = new_ticket(
        "the-value-of-a-ticket", "/", TicketType.EMAIL_VERIFICATION, user,
        identity=user.primary_identity, email=ADA, expires_at=door.clock.now() + 60,
        result_url="https://app.test/über?next=ж",
    )  # fmt: skip
    await door.ports.tickets.create(DOMAIN, ticket, events=())
    tab = await door.browser().get(link_.rstrip("#"))
    await tab.submit()
    assert (tab.status, tab.path) == (200, "/u/email-verification")
    found = await door.ports.users.find(DOMAIN, user.user_id)
    assert found is not None
    assert found.profile["email_verified"] is True


async def test_a_page_lets_the_browser_follow_to_where_its_ticket_leads(door: Door) -> None:
    (user, _) = await door.ports.users.find_by_identifier(DOMAIN, "people", "email", ADA)  # type: ignore[misc]
    leads = "http://localhost:3000/verified"
    link_, ticket = new_ticket(
        "the-value-of-a-ticket", "/", TicketType.EMAIL_VERIFICATION, user,
        identity=user.primary_identity, email=ADA, expires_at=door.clock.now() + 60, result_url=leads,
        include_email_in_redirect=True,
    )  # fmt: skip
    await door.ports.tickets.create(DOMAIN, ticket, events=())
    tab = await door.browser().get(link_.rstrip("#"))
    assert tab.page is not None
    assert "form-action 'self' https: http://localhost:3000" in tab.page.headers["content-security-policy"]
    await tab.submit()
    assert tab.at.startswith(f"{leads}?")
    assert tab.answer["success"] == "true"
    assert tab.answer["email"] == ADA
