"""What administrators hear of attacks, and how often one account may log in from one address."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.integration.door import Door, pace
from tests.integration.flows.conftest import TENANT
from tests.integration.flows.test_sent_factors import sent
from tests.integration.flows.test_suspicious_addresses import MINE, OTHER, RIGHT, WRONG, login, sign_up, spray, throttle

from doorward.ports import TooCostly

SUPPORT = "security@example.test"
LEAKED = "AUTH0-TEST-Horse-9"
BOTH = ["admin_notification", "block"]


async def told(door: Door) -> list[tuple[str, str, dict[str, Any]]]:
    return [(message.template, message.to, dict(message.values)) for message in await sent(door)]


async def detect(door: Door, *frequencies: str, **settings: Any) -> None:
    stage = {"pre-user-registration": {"shields": ["admin_notification"]}, "pre-change-password": {"shields": []}}
    settings = {"enabled": True, "shields": BOTH, "stage": stage, **settings}
    settings["admin_notification_frequency"] = list(frequencies)
    await door.tenant({"attackProtection": {"breachedPasswordDetection": settings}})


@pytest.fixture
async def watched(door: Door) -> Door:
    await door.tenant({"tenant": {"support_email": SUPPORT}})
    return door


async def test_administrators_hear_of_an_address_once_an_hour(watched: Door) -> None:
    await throttle(watched, shields=BOTH)
    await spray(watched, 3)
    assert await told(watched) == []
    answers = await asyncio.gather(*(login(watched, RIGHT) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {429}
    assert await told(watched) == [("admin_suspicious_ip", SUPPORT, {"ip": MINE, "doing": "log in"})]
    await spray(watched, 3, ip=OTHER)
    await login(watched, WRONG, ip=OTHER)
    assert [values["ip"] for _, _, values in await told(watched)] == [OTHER]
    for number in range(4):
        await sign_up(watched, f"new{number}@example.test")
    assert ("admin_suspicious_ip", SUPPORT, {"ip": MINE, "doing": "sign up"}) in await told(watched)
    watched.clock.pass_(3600)
    await spray(watched, 3)
    await login(watched, RIGHT)
    assert [template for template, _, _ in await told(watched)].count("admin_suspicious_ip") == 1


async def test_without_the_shield_or_an_address_nobody_is_written_to(door: Door) -> None:
    await throttle(door, shields=BOTH)
    await spray(door, 3)
    assert (await login(door, RIGHT)).status_code == 429
    assert await told(door) == [], "the tenant has no support_email"
    await door.tenant({"tenant": {"support_email": SUPPORT}})
    await throttle(door, shields=["block"])
    assert (await login(door, RIGHT)).status_code == 429
    assert await told(door) == []


async def test_administrators_hear_at_once_who_used_a_leaked_password(watched: Door) -> None:
    await detect(watched, "immediately")
    await sign_up(watched, "bob@example.test", password=LEAKED)
    signed_up = ("admin_leaked_password", SUPPORT, {"account": "bob@example.test", "did": "signed up"})
    assert signed_up in await told(watched)
    assert (await login(watched, LEAKED, username="bob@example.test")).status_code == 401
    assert (await login(watched, LEAKED, username="bob@example.test")).status_code == 401
    assert [(name, values["did"]) for name, _, values in await told(watched) if name.startswith("admin")] == [
        ("admin_leaked_password", "logged in")
    ]


async def test_administrators_hear_how_many_there_were(watched: Door) -> None:
    """A Wednesday; the week is over on Monday, the month on the first."""
    door = watched
    door.clock.time = datetime(2097, 2, 27, 12, tzinfo=UTC).timestamp()
    await detect(door, "daily", "weekly", "monthly")
    for name in ("bob", "eve"):
        await sign_up(door, f"{name}@example.test", password=LEAKED)
    assert [name for name, _, _ in await told(door) if name.startswith("admin")] == []

    async def counted() -> list[tuple[str, str, str]]:
        await asyncio.gather(*(door.server.storage.sweep(door.clock.now()) for _ in range(2)))
        return [(str(v["count"]), v["first"], v["last"]) for name, _, v in await told(door) if name.startswith("admin")]

    assert await counted() == []
    door.clock.time = datetime(2097, 2, 28, 0, 5, tzinfo=UTC).timestamp()
    assert await counted() == [("2", "2097-02-27", "2097-02-27")]
    assert await counted() == []
    door.clock.time = datetime(2097, 3, 1, 0, 5, tzinfo=UTC).timestamp()
    assert await counted() == [("2", "2097-02-01", "2097-02-28")]
    door.clock.time = datetime(2097, 3, 4, 0, 5, tzinfo=UTC).timestamp()
    assert await counted() == [("2", "2097-02-25", "2097-03-03")]


async def test_what_could_not_be_counted_is_told_the_next_time(watched: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door = watched
    await detect(door, "daily")
    await sign_up(door, "bob@example.test", password=LEAKED)
    await door.ports.log.flush()
    door.clock.pass_(24 * 3600)

    async def too_costly(*_: Any, **__: Any) -> dict[str, dict[str, int]]:
        raise TooCostly

    with monkeypatch.context() as patched:
        patched.setattr(door.server.storage.log, "daily", too_costly)
        await door.server.storage.sweep(door.clock.now())
    assert "admin_leaked_passwords" not in [name for name, _, _ in await told(door)]
    await door.server.storage.sweep(door.clock.now())
    assert "admin_leaked_passwords" in [name for name, _, _ in await told(door)]


async def test_the_mail_says_what_happened(watched: Door) -> None:
    await throttle(watched, shields=BOTH)
    await spray(watched, 3)
    await login(watched, RIGHT)
    await detect(watched)
    await sign_up(watched, "bob@example.test", password=LEAKED)
    await watched.server.relay.send_due()
    inbox = watched.ports.inbox
    assert inbox is not None
    mails = {mail.template: mail for mail in inbox.messages("tenant.test", SUPPORT)}
    assert mails["admin_suspicious_ip"].subject == "192.0.2.1 tries too often to log in at Example"
    assert "bob@example.test signed up at the tenant" in mails["admin_leaked_password"].text


async def test_one_account_logs_in_from_one_address_so_often(database: str) -> None:
    door = await Door(database, logins_per_minute=10).start()
    try:
        await door.tenant(TENANT)
        for password in [RIGHT] * 15 + [WRONG] * 5:
            assert (await login(door, password)).status_code in (200, 403)
        refused = await login(door, RIGHT)
        assert (refused.status_code, refused.json()["error"]) == (429, "too_many_requests")
        assert pace(refused) == (20, 6, door.clock.now() + 6)
        assert refused.json()["error_description"].startswith("Too many login attempts for this user")
        (event,) = await door.log("limit_sul")
        assert (event.user_name, event.ip) == ("ada@example.test", MINE)
        tab = await (await door.browser().authorize(door.client("Web"))).login()
        assert tab.page is not None
        assert (tab.page.status_code, tab.form.errors) == (429, {"": "same-user-login"})
        assert (await login(door, RIGHT, ip=OTHER)).status_code == 200
        assert (await login(door, WRONG, username="eve@example.test")).status_code == 403
        door.clock.pass_(6)
        answers = await asyncio.gather(*(login(door, RIGHT) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 429, 429]
    finally:
        await door.stop()
