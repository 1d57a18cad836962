"""``/tickets`` and ``/jobs/verification-email``: links for one person, good once."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from doorward.management.new_tenant import DEFAULT_CONNECTION
from doorward.model.digest import digest
from doorward.model.ticket import Ticket, TicketType

from .conftest import START, A, Api, House
from .people import add_user

pytestmark = pytest.mark.anyio
ADA = {
    "connection": DEFAULT_CONNECTION,
    "email": "ada@example.test",
    "username": "ada",
    "password": "Analytical-9",
    "verify_email": False,
}
VERIFY, CHANGE = "/tickets/email-verification", "/tickets/password-change"


async def redeemed(house: House, link: str, type_: TicketType, at: float = START) -> Ticket | None:
    value = parse_qs(urlsplit(link).query)["ticket"][0]
    assert len(value) == 32
    return await house.ports.tickets.redeem(A, digest(value), type_, at=at)


async def test_a_ticket_is_a_link_that_can_be_redeemed_once(api: Api, house: House) -> None:
    user = await api.post("/users", ADA)
    link = (await api.post(VERIFY, {"user_id": user["user_id"], "result_url": "https://app.test/done"}))["ticket"]
    assert link.startswith("https://a.test/u/email-verification?ticket=")
    assert link.endswith("#")
    ticket = await redeemed(house, link, TicketType.EMAIL_VERIFICATION)
    assert ticket == Ticket(
        ticket_hash=digest(parse_qs(urlsplit(link).query)["ticket"][0]),
        type=TicketType.EMAIL_VERIFICATION,
        user_id=user["user_id"],
        expires_at=START + 432_000,
        identity=("auth0", user["identities"][0]["user_id"]),
        email="ada@example.test",
        result_url="https://app.test/done",
    )
    assert await redeemed(house, link, TicketType.EMAIL_VERIFICATION) is None


async def test_a_ticket_lives_as_long_as_asked(api: Api, house: House) -> None:
    user = await api.post("/users", ADA)
    for given, seconds in ((60, 60), (0, 432_000), (None, 432_000)):
        body = {"user_id": user["user_id"], **({"ttl_sec": given} if given is not None else {})}
        link = (await api.post(CHANGE, body))["ticket"]
        assert await redeemed(house, link, TicketType.PASSWORD_CHANGE, START + seconds) is None
        assert await redeemed(house, link, TicketType.PASSWORD_CHANGE, START + seconds - 1) is not None


async def test_a_password_is_changed_by_user_or_by_address(api: Api, house: House) -> None:
    user = await api.post("/users", ADA)
    connection = (await api.get("/connections", name=DEFAULT_CONNECTION))[0]["id"]
    client = (await api.post("/clients", {"name": "Web"}))["client_id"]
    by_address = {"email": "ADA@example.test", "connection_id": connection, "mark_email_as_verified": True}
    for body in (by_address, {"user_id": user["user_id"], "client_id": client, "includeEmailInRedirect": True}):
        link = (await api.post(CHANGE, body))["ticket"]
        assert link.startswith("https://a.test/u/reset-password?ticket=")
        ticket = await redeemed(house, link, TicketType.PASSWORD_CHANGE)
        assert ticket is not None
        assert (ticket.user_id, ticket.client_id) == (user["user_id"], body.get("client_id"))
        assert ticket.mark_email_as_verified is body.get("mark_email_as_verified", False)
        assert ticket.include_email_in_redirect is body.get("includeEmailInRedirect", False)


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (VERIFY, {}, (400, "invalid_body")),
        (VERIFY, {"user_id": "auth0|nobody"}, (404, "inexistent_user")),
        (VERIFY, {"user_id": "ADA", "result_url": "https://app.test", "client_id": "x"}, (400, "invalid_body")),
        (VERIFY, {"user_id": "ADA", "result_url": "nowhere"}, (400, "invalid_body")),
        (VERIFY, {"user_id": "ADA", "client_id": "x"}, (400, "inexistent_client")),
        (VERIFY, {"user_id": "ADA", "organization_id": "org_0000000000000001"}, (400, "inexistent_organization")),
        (VERIFY, {"user_id": "ADA", "ttl_sec": -1}, (400, "invalid_body")),
        (VERIFY, {"user_id": "ADA", "identity": {"user_id": "x", "provider": "auth0"}}, (400, "invalid_body")),
        (VERIFY, {"user_id": "NAMELESS"}, (400, "invalid_body")),
        (CHANGE, {}, (400, "invalid_body")),
        (CHANGE, {"email": "ada@example.test"}, (400, "invalid_body")),
        (CHANGE, {"user_id": "ADA", "email": "ada@example.test"}, (400, "invalid_body")),
        (CHANGE, {"email": "no@example.test", "connection_id": "CONNECTION"}, (404, "inexistent_user")),
        (CHANGE, {"email": "a@b.test", "connection_id": "con_0000000000000001"}, (400, "inexistent_connection")),
        (CHANGE, {"user_id": "SOCIAL"}, (400, "operation_not_supported")),
        (CHANGE, {"user_id": "ADA", "identity": {"user_id": "x", "provider": "github"}}, (400, "invalid_body")),
        ("/jobs/verification-email", {"user_id": "NAMELESS"}, (400, "invalid_body")),
        ("/jobs/verification-email", {"user_id": "auth0|nobody"}, (404, "inexistent_user")),
    ],
)
async def test_what_makes_no_ticket(api: Api, house: House, path: str, body: Any, expected: Any) -> None:
    identity = {"provider": "github", "user_id": "9", "connection": "github", "isSocial": True}
    named = {
        "ADA": (await api.post("/users", ADA))["user_id"],
        "NAMELESS": await add_user(house, email=""),
        "SOCIAL": await add_user(house, user_id="github|9", identities=(identity,)),
        "CONNECTION": (await api.get("/connections", name=DEFAULT_CONNECTION))[0]["id"],
    }
    body = {name: named.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
    assert await api.refused("POST", path, body) == expected


async def test_a_ticket_takes_its_scope(house: House) -> None:
    narrow = await house.api(scopes=["read:users", "update:users"])
    for path in (VERIFY, CHANGE):
        assert await narrow.refused("POST", path, {"user_id": "x"}) == (403, "insufficient_scope")


async def test_an_account_of_a_person_can_be_named(api: Api, house: House) -> None:
    user = await api.post("/users", ADA)
    connection = (await api.get("/connections", name=DEFAULT_CONNECTION))[0]["id"]
    identity = {"user_id": user["identities"][0]["user_id"], "provider": "auth0"}
    other = (await api.post("/connections", {"name": "other", "strategy": "auth0"}))["id"]
    await api.post(VERIFY, {"user_id": user["user_id"], "identity": {**identity, "connection_id": connection}})
    assert await api.refused(
        "POST", VERIFY, {"user_id": user["user_id"], "identity": {**identity, "connection_id": other}}
    ) == (400, "invalid_body")


async def test_without_mail_the_job_is_done_and_the_log_says_that_nothing_was_sent(api: Api, house: House) -> None:
    user = await api.post("/users", ADA)
    job = await api.post("/jobs/verification-email", {"user_id": user["user_id"]})
    assert (job["type"], job["status"]) == ("verification_email", "pending")
    assert (await api.get(f"/jobs/{job['id']}"))["status"] == "completed"
    await house.server.relay.send_due()
    (event,) = await house.log(type_="fn")
    assert event.user_id == user["user_id"]
    assert event.details["to"] == "ada@example.test"
    assert "this server sends no mail" in event.description


async def test_with_mail_the_link_in_it_is_good() -> None:
    house = await House(development=True).open()
    api = await house.api()
    user = await api.post("/users", ADA)
    await api.post("/jobs/verification-email", {"user_id": user["user_id"]})
    (mail,) = await house.inbox()
    assert (mail.template, mail.to, mail.user_id) == ("verify_email", "ada@example.test", user["user_id"])
    assert mail.link is not None
    assert await redeemed(house, mail.link, TicketType.EMAIL_VERIFICATION) is not None
    assert await house.log(type_="fn") == []
    await house.close()


async def test_no_ticket_is_in_the_log(api: Api, house: House) -> None:
    user = await api.post("/users", ADA)
    link = (await api.post(CHANGE, {"user_id": user["user_id"]}))["ticket"]
    value = parse_qs(urlsplit(link).query)["ticket"][0]
    assert all(value not in str(event) for event in await house.log())
