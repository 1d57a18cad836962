"""One person's whole way, on both databases: of every secret on it nothing is kept in clear (D1, D2, D3, L3).

What is looked through is every column of every table after every step, the tenant's log and the server's own, for each
secret as it is, in base64 wherever it may begin in a longer text, in hexadecimal, and encoded for a URL.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from tests.authenticator import Authenticator
from tests.integration.door import DOMAIN, VERIFIER, BrowserTab, Door
from tests.integration.flows.test_passkeys import PASSKEYS, by_passkey, options
from tests.integration.flows.test_passwordless import CLIENTS, CONNECTIONS, OWN
from tests.integration.flows.test_second_factor import ALWAYS, code, shown_key

from doorward.backends.server_log import JsonLines
from doorward.backends.storage.schema import metadata
from doorward.model.message import Message

PASSWORD, SECOND, WRONG = "Canary-Signup-4711", "Canary-Reset-4712", "Canary-Wrong-4713"
GRACE, BOB, NUMBER = "grace@example.test", "bob@example.test", "+442079460000"
SHORT = 8  # characters: what is as short as a code has to stand alone, or it would be found in any number


class Watch:
    """Remembers all that was ever kept, and the secrets to look for in it by what they are for."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.secrets: dict[str, str] = {}
        self._kept: set[tuple[str, str]] = set()

    def secret(self, name: str, value: str) -> str:
        assert value
        self.secrets[f"{name} {len(self.secrets)}"] = value
        return value

    async def look(self) -> None:
        await self.door.ports.log.flush()
        database = self.door.server.storage.database
        for table in metadata.sorted_tables:
            names = [column.name for column in table.columns]
            for row in await database.read(f"SELECT {', '.join(names)} FROM {table.name}", {}):
                for name, value in zip(names, row, strict=True):
                    told = bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                    self._kept.add((f"{table.name}.{name}", told))

    async def sent(self) -> list[Message]:
        """What is on its way, after a look at how it is kept."""
        await self.look()
        outbox = self.door.server.storage.outbox
        taken = await outbox.take(Message, until=self.door.clock.now() + 1, limit=100)
        for one in taken:
            await outbox.remove(one)
        return [one.message for one in taken if one.message is not None]

    async def code_sent(self, name: str) -> str:
        (message,) = (one for one in await self.sent() if "code" in one.values)
        return self.secret(name, message.values["code"])

    async def ticket(self, template: str) -> str:
        """The path of the link in a mail."""
        (message,) = (one for one in await self.sent() if one.template == template)
        link = urlsplit(str(message.values.get("url") or message.values["link"]))
        self.secret(template, link.query.rpartition("=")[2])
        return f"{link.path}?{link.query}"

    def carried(self, tab: BrowserTab) -> None:
        for cookie in tab.http.cookies.jar:
            self.secret(f"cookie {cookie.name}", cookie.value or "")

    def found(self, spoken: str) -> set[tuple[str, str]]:
        texts = [*self._kept, ("the server's log", spoken)]
        return {
            (name, place)
            for name, value in self.secrets.items()
            for place, text in texts
            if any(form.search(text) for form in forms(value))
        }


def forms(value: str) -> Iterator[re.Pattern[str]]:
    """A secret in all its clothes."""
    if len(value) <= SHORT:
        yield re.compile(rf"(?<![\w.]){re.escape(value)}(?![\w.])")
        return
    raw = value.encode()
    dressed = {value, quote(value, safe=""), raw.hex(), raw.hex().upper()}
    for before, skipped in ((0, 0), (1, 2), (2, 3)):
        whole = base64.b64encode(bytes(before) + raw)[skipped : (before + len(raw)) * 8 // 6].decode()
        dressed |= {whole, whole.replace("+", "-").replace("/", "_")}
    if re.fullmatch("[A-Z2-7]{16,}", value):  # the key of an authenticator app, or a recovery code
        padded = value + "=" * (-len(value) % 8)
        dressed.add(base64.b32decode(padded[: len(padded) // 8 * 8]).decode("latin-1"))
    yield from (re.compile(re.escape(form)) for form in dressed)


def test_the_search_would_find_what_is_there() -> None:
    word = "Canary-Signup-4711"
    for before in ("", "a", "ab", "abc"):
        text = f'{before}{word}"}}'
        for kept in (text, text.encode().hex(), base64.b64encode(text.encode()).decode(), quote(text, safe="")):
            assert any(form.search(kept) for form in forms(word)), kept
    assert any(form.search('{"code":"123456"}') for form in forms("123456"))
    assert not any(form.search("1700123456.0") for form in forms("123456"))


async def sign_up(watch: Watch) -> None:
    """With a password, a second factor by an app, and a recovery code; the address is verified by a link."""
    door, web = watch.door, watch.door.client("Web")
    tab = await door.browser().authorize(web, screen_hint="signup", scope="openid offline_access", nonce="n1")
    watch.secret("state", tab.state)
    await tab.submit(email=BOB, password=watch.secret("password", PASSWORD))
    assert tab.path == "/u/mfa-otp-enrollment"
    await tab.submit("toggle-view")
    key = watch.secret("key of an app", shown_key(tab))
    await watch.look()
    await tab.submit(code=watch.secret("code of an app", code(door, key)))
    recovery = watch.secret("recovery code", shown_key(tab))
    await watch.look()
    await tab.submit(saved="on")
    watch.carried(tab)
    tokens = (await door.redeem(web, watch.secret("authorization code", tab.answer["code"]))).json()
    await refresh(watch, tokens)
    await tab.get(await watch.ticket("verify_email"))
    await tab.submit()
    assert await door.log("sv")

    again = await (await door.browser().authorize(web)).login(BOB, watch.secret("password", WRONG))
    await again.login(BOB, PASSWORD)
    assert again.path == "/u/mfa-otp-challenge"
    door.clock.pass_(30)
    await again.submit(code=watch.secret("code of an app", code(door, key, 5)))
    assert again.status == 400
    await again.submit(code=watch.secret("code of an app", code(door, key)), rememberBrowser="true")
    assert "code" in again.answer
    watch.carried(again)

    third = await (await door.browser().authorize(web)).login(BOB, PASSWORD)
    await third.submit("pick-authenticator")
    await third.submit("recovery-code")
    assert third.path == "/u/mfa-recovery-code-challenge", third.at
    await third.submit(code=recovery)
    watch.secret("recovery code", shown_key(third))
    await watch.look()
    await third.submit(saved="on")
    assert "code" in third.answer
    watch.carried(third)


async def refresh(watch: Watch, tokens: dict[str, Any]) -> None:
    """Twice, and once too often."""
    web = watch.door.client("Web")
    known = {"grant_type": "refresh_token", "client_id": web.client_id, "client_secret": web.client_secret or ""}
    first = tokens["refresh_token"]
    for _ in range(2):
        for name in ("access_token", "refresh_token", "id_token"):
            watch.secret(name, tokens.get(name) or first)
        await watch.look()
        answer = await watch.door.token(**known, refresh_token=tokens.get("refresh_token") or first)
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
    await watch.door.token(**known, refresh_token=watch.secret("no refresh token", "canary-refresh-token-4714"))


async def reset(watch: Watch) -> None:
    door = watch.door
    async with door.http() as http:
        await http.post("/dbconnections/change_password", json={"connection": "people", "email": BOB})
    tab = await door.browser().get(await watch.ticket("reset_email"))
    chosen = watch.secret("password", SECOND)
    await tab.submit(**{"password-reset": chosen, "re-enter-password": chosen})
    assert "Password changed" in tab.text
    watch.carried(tab)


async def second_factor_by_phone(watch: Watch) -> None:
    door = watch.door
    tab = await (await door.browser().authorize(door.client("Web"))).login()
    assert tab.path == "/u/mfa-sms-enrollment", tab.at
    await tab.submit(phone=NUMBER)
    await tab.submit(code=await watch.code_sent("code by phone"))
    watch.secret("recovery code", shown_key(tab))
    await tab.submit(saved="on")
    assert "code" in tab.answer
    again = await (await door.browser().authorize(door.client("Web"))).login()
    assert again.path == "/u/mfa-sms-challenge"
    await again.submit(code=await watch.code_sent("code by phone"))
    watch.carried(again)
    assert "code" in again.answer


async def without_a_password(watch: Watch) -> None:
    door, codes = watch.door, watch.door.client("Codes")
    tab = await door.browser().authorize(codes)
    await tab.submit(username=GRACE)
    await tab.submit(code=await watch.code_sent("code by mail"))
    watch.carried(tab)
    tokens = (await door.redeem(codes, watch.secret("authorization code", tab.answer["code"]))).json()
    watch.secret("access_token", tokens["access_token"])
    await door.tenant({"connections": [{"name": "email", "strategy": "email", "options": {"send": "link"}}]})
    other = await door.browser().authorize(codes)
    await other.submit(username=GRACE)
    await other.get(await watch.ticket("auth_email_by_code"))
    await other.submit()
    assert "code" in other.answer
    watch.carried(other)


async def by_key(watch: Watch) -> None:
    door = watch.door
    tab = await door.browser().authorize(door.client("Web"))
    await tab.submit(username=BOB, password=SECOND, **{"webauthn-available": "true"})
    assert tab.path == "/u/passkey-enrollment", tab.at
    device = Authenticator(f"https://{DOMAIN}")
    await tab.submit(passkey=json.dumps(device.create(options(tab))))
    assert "code" in tab.answer
    again = await by_passkey(door, device)
    watch.secret("authorization code", again.answer["code"])
    watch.carried(again)


async def test_d1_d2_d3_l3_nothing_secret_on_somebodys_way_is_kept_in_clear(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    watch = Watch(door)
    people = {"name": "people", "strategy": "auth0", "enabled_clients": ["Spa", "Web"], "is_domain_connection": True}
    await door.tenant({**ALWAYS, "clients": [*CLIENTS, OWN], "connections": CONNECTIONS})
    watch.secret("code verifier", VERIFIER)
    watch.secret("client secret", door.client("Web").client_secret or "")
    await sign_up(watch)
    sms = [{"name": name, "enabled": name != "otp"} for name in ("otp", "sms", "recovery-code")]
    await door.tenant({"guardianFactors": sms, "guardianPhoneFactorMessageTypes": {"message_types": ["sms"]}})
    await second_factor_by_phone(watch)
    await door.tenant({"guardianPolicies": {"policies": []}})
    await reset(watch)
    await without_a_password(watch)
    await door.tenant({"databases": [{**people, "options": PASSKEYS}]})
    await by_key(watch)
    await watch.look()

    events = {event.type for event in await door.log()}
    assert {
        "ss",
        "s",
        "fp",
        "scpr",
        "scp",
        "sv",
        "gd_enrollment_complete",
        "gd_auth_succeed",
        "gd_auth_failed",
    } <= events
    assert len(watch.secrets) > 40
    spoken = [JsonLines().format(record) for record in caplog.records if not record.name.startswith("http")]
    told = "\n".join(spoken)
    assert watch.found(told) == set()
    watch.secrets = {"address": BOB}
    assert ("address", "user_account.profile") in watch.found(told), "what is there is found"
