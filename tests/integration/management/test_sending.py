"""Messages reach people: whole flows, from the call that asks for a mail to the server or provider that takes it."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from tests.smtp_server import SmtpSink

from doorward.backends.keys.local_ca import LocalCa
from doorward.backends.outbound.courier import PAUSES, MailServer
from doorward.backends.outbound.relay import LEASE_SECONDS
from doorward.backends.outbound.smtp import SmtpServer
from doorward.model.message import Channel, Message
from doorward.ports import HttpAnswer, StorageUnavailable, Unreachable

from .conftest import A, Api, B, House

pytestmark = pytest.mark.anyio
ADA = {
    "email": "ada@example.test", "connection": "Username-Password-Authentication", "password": "Str0ng-Enough-1",
    "verify_email": False,
}  # fmt: skip
SENDER = "Doors <no-reply@a.test>"
RESET = Message(template="reset_email", to="ada@example.test", values={"url": "https://a.test/u/reset?ticket=canary"})
CODE = Message(template="otp_verify", to="+4915112345678", channel=Channel.SMS, values={"code": "123456"})


class Elsewhere:
    """Everybody else's HTTP server: ``asked`` is what it was sent, ``answers`` what it says by host."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Mapping[str, str], bytes]] = []
        self.answers: dict[str, HttpAnswer | Unreachable] = {}

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", **_: Any
    ) -> HttpAnswer:
        self.asked.append((method, url, headers or {}, body))
        answer = self.answers.get(url.split("/")[2], HttpAnswer(200, {}, b"{}"))
        if isinstance(answer, Unreachable):
            raise answer
        return answer

    @property
    def body(self) -> Any:
        return json.loads(self.asked[-1][3])


@asynccontextmanager
async def opened(**settings: Any) -> AsyncIterator[tuple[House, Api]]:
    house = await House(**settings).open()
    try:
        yield house, await house.api()
    finally:
        await house.close()


@asynccontextmanager
async def mailing(sink: SmtpSink, **more: Any) -> AsyncIterator[tuple[House, Api]]:
    """A server whose own mail goes to ``sink``."""
    server = MailServer(smtp=SmtpServer(host="127.0.0.1", port=sink.port, **more), sender=SENDER)
    async with opened(mail_server=server) as (house, api):
        yield house, api


async def put(house: House, *messages: Message, tenant: str = A) -> None:
    await house.ports.outbox.put(tenant, messages)
    await house.server.relay.send_due()


async def reasons(house: House) -> list[str]:
    return [event.description.removeprefix("Failed Sending Notification: ") for event in await house.log(type_="fn")]


async def left(house: House) -> int:
    return int((await house.server.storage.database.read("SELECT count(*) FROM outbox", {}))[0][0])


# ── the server's own SMTP ──


async def test_a_verification_mail_is_sent_by_the_servers_own_smtp() -> None:
    async with SmtpSink().open() as sink, mailing(sink) as (house, api):
        user = await api.post("/users", {**ADA, "name": "Ada <b>"})
        await api.post("/jobs/verification-email", {"user_id": user["user_id"]})
        await house.server.relay.send_due()
        ((sender, to, mail),) = sink.mails
        assert (sender, to) == ("no-reply@a.test", "ada@example.test")
        assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, to, "Verify your email address")
        assert mail["Message-ID"].startswith("<msg_")
        assert mail["Message-ID"].endswith("@a.test>")
        assert mail["Auto-Submitted"] == "auto-generated"
        text, html = (part.get_content() for part in mail.iter_parts())
        assert "https://a.test/u/email-verification?ticket=" in text
        assert '<a href="https://a.test/u/email-verification?ticket=' in html
        assert await left(house) == 0
        assert await reasons(house) == []


async def test_mail_leaves_by_itself_at_once_and_the_relay_ends_cleanly() -> None:
    async with SmtpSink().open() as sink, mailing(sink) as (house, _):
        await house.server.relay.start()
        await house.ports.outbox.put(A, [RESET])
        async with asyncio.timeout(4):  # well before it would look again by itself
            while await left(house):  # noqa: ASYNC110 - the row goes, and nobody rings a bell
                await asyncio.sleep(0.01)
        assert len(sink.mails) == 1
        await house.server.relay.stop()
        await house.ports.outbox.put(A, [RESET])
        await house.server.relay.send_due()
        assert len(sink.mails) == 1, "nothing is begun any more"


async def test_what_is_refused_for_now_is_tried_again_and_keeps_its_id(caplog: pytest.LogCaptureFixture) -> None:
    async with SmtpSink(refuse={"RCPT": "451 greylisted"}).open() as sink, mailing(sink) as (house, _):
        await put(house, RESET)
        assert (sink.mails, await left(house), await reasons(house)) == ([], 1, [])
        await house.server.relay.send_due()
        assert sink.commands.count("RCPT") == 1, "not before its time"
        sink.refuse.clear()
        house.clock.time += PAUSES[0]
        await house.server.relay.send_due()
        assert [mail["To"] for _, _, mail in sink.mails] == ["ada@example.test"]
        assert await left(house) == 0


async def test_a_mail_whose_sending_nobody_wrote_down_comes_again_as_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async with SmtpSink().open() as sink, mailing(sink) as (house, _):
        await house.ports.outbox.put(A, [RESET])

        async def dies(*_: Any, **__: Any) -> None:
            raise StorageUnavailable

        with monkeypatch.context() as patched:
            patched.setattr(house.server.storage.outbox, "remove", dies)
            with pytest.raises(StorageUnavailable):
                await house.server.relay.send_due()
        house.clock.time += LEASE_SECONDS - 1
        assert (await house.server.relay.send_due(), await left(house)) == (0, 1)
        house.clock.time += 1
        assert (await house.server.relay.send_due(), await left(house)) == (1, 0)
        first, second = (mail["Message-ID"] for _, _, mail in sink.mails)
        assert first == second


async def test_a_message_that_no_attempt_came_to_an_end_with_is_given_up() -> None:
    async with SmtpSink().open() as sink, mailing(sink) as (house, _):
        await house.ports.outbox.put(A, [RESET])
        for _ in range(len(PAUSES) + 1):
            now = house.clock.time
            assert len(await house.server.storage.outbox.take(Message, until=now + LEASE_SECONDS, limit=1)) == 1
            house.clock.time += LEASE_SECONDS
        await house.server.relay.send_due()
        assert (sink.mails, await left(house)) == ([], 0)
        assert await reasons(house) == ["trying to send it never came to an end"]


async def test_what_is_refused_too_often_is_dropped_and_told() -> None:
    async with SmtpSink(refuse={"MAIL": "451 later"}).open() as sink, mailing(sink) as (house, _):
        await put(house, RESET)
        for pause in PAUSES:
            assert await reasons(house) == []
            house.clock.time += pause
            await house.server.relay.send_due()
        assert await reasons(house) == ["127.0.0.1 answered 451"]
        assert (await left(house), sink.commands.count("MAIL")) == (0, len(PAUSES) + 1)


@pytest.mark.parametrize(
    ("refuse", "reason"),
    [
        ({"RCPT": "550 nobody"}, "127.0.0.1 refuses the recipient (550)"),
        ({"DATA": "554 spam"}, "127.0.0.1 answered 554"),
    ],
)
async def test_what_is_refused_for_good_is_not_tried_again(refuse: dict[str, str], reason: str) -> None:
    async with SmtpSink(refuse=refuse).open() as sink, mailing(sink) as (house, _):
        await put(house, msg := RESET)
        (event,) = await house.log(type_="fn")
        assert event.description == f"Failed Sending Notification: {reason}"
        assert event.details == {"type": msg.template, "channel": "email", "to": msg.to, "error": reason}
        assert await left(house) == 0


async def test_no_password_is_told_without_tls_and_with_it_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = LocalCa(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.leaf({"127.0.0.1"}))
    login = ("ada", "canary-smtp-password")
    account = {"user": login[0], "password": login[1]}
    async with SmtpSink(login=login).open() as sink, mailing(sink, **account) as (house, _):
        await put(house, RESET)
        assert "AUTH" not in sink.commands
        assert await reasons(house) == ["127.0.0.1 offers no TLS"]
    async with SmtpSink(login=login, tls=context).open() as sink, mailing(sink, **account) as (house, _):
        await put(house, RESET)
        assert "AUTH" not in sink.commands, "nobody vouches for the certificate"
        trusting = ssl.create_default_context(cafile=str(authority.certificate_path))
        monkeypatch.setattr("doorward.backends.outbound.smtp.trusting_context", lambda: trusting)
        house.clock.time += PAUSES[0]
        await house.server.relay.send_due()
        assert sink.encrypted == [True]
    async with (
        SmtpSink(login=("ada", "another"), tls=context, implicit=True).open() as sink,
        mailing(sink, tls="tls", **account) as (house, _),
    ):
        await put(house, RESET)
        assert await reasons(house) == ["127.0.0.1 answered 535"]


async def test_e4_the_former_address_is_told_in_so_many_words() -> None:
    async with opened(development=True) as (house, api):
        user = await api.post("/users", {**ADA, "email_verified": True})
        await api.patch(f"/users/{user['user_id']}", {"email": "eve@example.test"})
        (received,) = await house.inbox()
        assert (received.to, received.subject) == ("ada@example.test", "Your email address was changed")
        assert "tell us at once" in received.text
        assert "eve@" not in received.text + received.html


# ── providers of the tenant ──


async def provider(api: Api, name: str, credentials: Any, **more: Any) -> None:
    body = {"name": name, "default_from_address": SENDER.partition("<")[2][:-1], "credentials": credentials, **more}
    await api.post("/emails/provider", body)


async def test_k3_h2_a_tenants_smtp_server_has_to_be_on_the_public_internet() -> None:
    async with SmtpSink().open() as sink:
        smtp = {"smtp_host": "localhost", "smtp_port": sink.port}
        async with opened(smtp_ports=(sink.port,)) as (house, api):
            await provider(api, "smtp", smtp)
            await put(house, RESET)
            assert await reasons(house) == ["localhost cannot be reached"], "nothing of what it resolves to"
            assert sink.commands == []
        async with opened(reaches_loopback=True) as (house, api):
            await provider(api, "smtp", smtp)
            await put(house, RESET)
            assert [sender for sender, _, _ in sink.mails] == ["no-reply@a.test"]


async def test_h2_a_tenants_smtp_server_is_spoken_to_by_ports_of_mail_and_with_tls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def resolved(*_: Any, **__: Any) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr("doorward.backends.outbound.smtp.checked", resolved)
    async with SmtpSink().open() as sink:
        smtp = {"smtp_host": "mail.test", "smtp_port": sink.port}
        for ports, told in (
            ((25, 587), f"port {sink.port} is none that this server sends mail by (25, 587)"),
            ((sink.port,), "mail.test offers no TLS"),
        ):
            async with opened(smtp_ports=ports) as (house, api):
                await provider(api, "smtp", smtp)
                await put(house, RESET)
                assert await reasons(house) == [told]
                assert sink.mails == []
    assert sink.commands == ["EHLO", "QUIT"]


PROVIDERS: list[tuple[str, Any, str, str]] = [
    ("mailgun", {"api_key": "k-secret", "domain": "mg.a.test"}, "https://api.mailgun.net/v3/mg.a.test/messages", ""),
    ("sendgrid", {"api_key": "k-secret"}, "https://api.sendgrid.com/v3/mail/send", "Bearer k-secret"),
    (
        "sparkpost",
        {"api_key": "k-secret", "region": "eu"},
        "https://api.eu.sparkpost.com/api/v1/transmissions",
        "k-secret",
    ),
    ("resend", {"api_key": "k-secret"}, "https://api.resend.com/emails", "Bearer k-secret"),
    (
        "ses",
        {"accessKeyId": "AK", "secretAccessKey": "sk", "region": "eu-west-1"},
        "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails",
        "AWS4-HMAC-SHA256 Credential=AK/20231114/eu-west-1/ses/aws4_request, SignedHeaders=content-type;host;",
    ),
    (
        "azure_cs",
        {"connectionString": "endpoint=https://x.communication.azure.com/;accesskey=c2VjcmV0"},
        "https://x.communication.azure.com/emails:send?api-version=2023-03-31",
        "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=",
    ),
]


@pytest.mark.parametrize(("name", "credentials", "url", "authorization"), PROVIDERS)
async def test_a_mail_is_handed_to_the_tenants_provider(
    name: str, credentials: Any, url: str, authorization: str
) -> None:
    elsewhere = Elsewhere()
    async with opened(http=elsewhere) as (house, api):
        await provider(api, name, credentials)
        await put(house, RESET)
        ((method, asked, headers, body),) = elsewhere.asked
        assert (method, asked) == ("POST", url)
        assert headers["authorization"].startswith(authorization)
        said = body.decode()
        if name == "ses":
            said += base64.b64decode(json.loads(body)["Content"]["Raw"]["Data"]).decode()
        for part in ("no-reply@a.test", "ada@example.test", "Choose a new password"):
            assert part in said.replace("%40", "@").replace("+", " "), part
        assert "canary" in said
        assert (await left(house), await reasons(house)) == (0, [])


async def test_mandrill_says_in_a_success_that_it_refuses() -> None:
    elsewhere = Elsewhere()
    async with opened(http=elsewhere) as (house, api):
        await provider(api, "mandrill", {"api_key": "Mailer-key-2"})
        for status, told in (("sent", []), ("rejected", ["Mandrill says the message is rejected"])):
            elsewhere.answers["mandrillapp.com"] = HttpAnswer(200, {}, json.dumps([{"status": status}]).encode())
            await put(house, RESET)
            assert await reasons(house) == told
        assert elsewhere.body["message"]["to"] == [{"email": "ada@example.test", "type": "to"}]


async def test_microsoft_is_asked_for_a_token_first() -> None:
    elsewhere = Elsewhere()
    elsewhere.answers["login.microsoftonline.com"] = HttpAnswer(200, {}, b'{"access_token": "t-secret"}')
    async with opened(http=elsewhere) as (house, api):
        await provider(api, "ms365", {"tenantId": "T", "clientId": "C", "clientSecret": "S"})
        await put(house, RESET)
        (_, token_url, _, form), (_, url, headers, body) = elsewhere.asked
        assert token_url == "https://login.microsoftonline.com/T/oauth2/v2.0/token"
        assert parse_qs(form.decode())["client_secret"] == ["S"]
        assert url == "https://graph.microsoft.com/v1.0/users/no-reply@a.test/sendMail"
        assert headers["authorization"] == "Bearer t-secret"
        assert b"Subject: Choose a new password" in base64.b64decode(body)


class Silent(Elsewhere):
    """One of the servers says nothing until ``speaks`` is set; whoever it keeps waiting is counted."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self.host = host
        self.speaks = asyncio.Event()
        self.waiting = 0

    async def send(self, method: str, url: str, **more: Any) -> HttpAnswer:
        if url.split("/")[2] == self.host:
            self.waiting += 1
            await self.speaks.wait()
            self.waiting -= 1
        return await super().send(method, url, **more)


async def test_a_tenant_whose_server_says_nothing_holds_up_nobody_else() -> None:
    elsewhere = Silent("api.sendgrid.com")
    async with opened(http=elsewhere) as (house, api):
        await provider(api, "sendgrid", {"api_key": "Mailer-key-2"})
        await provider(await house.api(B), "resend", {"api_key": "Mailer-key-2"})
        await house.ports.outbox.put(A, [RESET] * 50)
        await house.server.relay.start()
        async with asyncio.timeout(20):
            for _ in range(2):  # also while nothing of the other's comes to an end
                await house.ports.outbox.put(B, [RESET])
                while await left(house) > 50:  # noqa: ASYNC110 - the row goes, and nobody rings a bell
                    await asyncio.sleep(0.01)
            assert elsewhere.waiting == 4
            elsewhere.speaks.set()
            while await left(house):  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.01)
        await house.server.relay.stop()
        assert len(elsewhere.asked) == 52


@pytest.mark.parametrize(
    ("answer", "final", "reason"),
    [
        (HttpAnswer(401, {}, b"secret words"), True, "SendGrid answered 401"),
        (HttpAnswer(503, {}, b""), False, ""),
        (HttpAnswer(429, {}, b""), False, ""),
        (Unreachable("no answer within 5 seconds"), False, ""),
    ],
)
async def test_what_a_provider_answers_decides_whether_to_try_again(
    answer: HttpAnswer | Unreachable, final: bool, reason: str
) -> None:
    elsewhere = Elsewhere()
    elsewhere.answers["api.sendgrid.com"] = answer
    async with opened(http=elsewhere) as (house, api):
        await provider(api, "sendgrid", {"api_key": "Mailer-key-2"})
        await put(house, RESET)
        assert (await left(house), await reasons(house)) == ((0, [reason]) if final else (1, []))


async def test_what_cannot_be_sent_is_told_and_not_kept() -> None:
    async with opened(http=(elsewhere := Elsewhere())) as (house, api):
        await put(house, RESET, CODE, Message(template="no_such", to="x@example.test"))
        await provider(api, "custom", {})
        await put(house, RESET)
        await api.patch("/emails/provider", {"name": "sendgrid", "credentials": {"api_key": "Mailer-key-2"}})
        await api.patch("/emails/provider", {"default_from_address": ""})
        await put(house, RESET)
        assert sorted(await reasons(house)) == [
            "a custom e-mail provider is an Action, and Actions do not run yet",
            "nobody said who the mail is from: set default_from_address",
            "the tenant has no phone provider that sends this",
            "there is no such template",
            "this server sends no mail: the tenant has no e-mail provider",
        ]
        assert (await left(house), elsewhere.asked) == (0, [])


@pytest.mark.parametrize("to", ["a@b.test, c@d.test", "a@b.test\r\nBcc: c@d.test", "A <a@b.test>", "nobody", ""])
async def test_f6_a_mail_goes_to_one_address(to: str) -> None:
    async with opened(http=(elsewhere := Elsewhere())) as (house, api):
        await sendgrid(house, api)
        await put(house, msgspec.structs.replace(RESET, to=to))
        assert (elsewhere.asked, await reasons(house)) == ([], ["that is no e-mail address"])


async def test_k7_no_more_than_so_many_go_to_an_address_or_from_a_tenant_in_an_hour() -> None:
    async with opened(http=(elsewhere := Elsewhere()), messages_per_address=2, messages_per_tenant=4) as (house, api):
        await provider(api, "sendgrid", {"api_key": "Mailer-key-2"})
        bob = Message(template="reset_email", to="bob@example.test", values={"url": "https://a.test/"})
        await put(house, RESET, RESET, RESET)
        assert (len(elsewhere.asked), await reasons(house)) == (2, ["more than 2 messages in an hour"])
        await put(house, bob, Message(template="reset_email", to="BOB@example.test"), bob)
        assert len(elsewhere.asked) == 4
        await put(house, Message(template="reset_email", to="eve@example.test"))
        assert (await reasons(house))[0] == "more than 4 messages in an hour"
        house.clock.time += 3600
        await put(house, RESET)
        assert len(elsewhere.asked) == 5


# ── the tenant's words ──

TEMPLATE = {
    "template": "reset_email", "syntax": "liquid", "enabled": True, "from": "{{ application.name }} <hi@b.test>",
    "subject": "{{ user.nickname }}, {{ friendly_name }}", "body": "<p>{{ user.name }}</p><a href='{{ url }}'>go</a>",
}  # fmt: skip


async def sendgrid(house: House, api: Api) -> None:
    await provider(api, "sendgrid", {"api_key": "Mailer-key-2"})


async def test_the_tenants_template_is_what_is_said() -> None:
    async with opened(http=(elsewhere := Elsewhere())) as (house, api):
        await sendgrid(house, api)
        await api.patch("/tenants/settings", {"friendly_name": "Acme & Co"})
        client = await api.post("/clients", {"name": "Shop"})
        user = await api.post("/users", {**ADA, "name": "<b>Ada</b>", "nickname": "a\r\nBcc: eve@example.test"})
        await api.post("/email-templates", TEMPLATE, status=200)
        known = Message(
            template="reset_email", to="ada@example.test", values={"url": "https://a.test/?a=1&b=2"},
            user_id=user["user_id"], client_id=client["client_id"],
        )  # fmt: skip
        await put(house, known)
        sent = elsewhere.body
        assert sent["from"] == {"email": "hi@b.test", "name": "Shop"}
        assert sent["subject"] == "a Bcc: eve@example.test, Acme & Co", "one line, and not escaped"
        text, html = (part["value"] for part in sent["content"])
        assert html == "<p>&lt;b&gt;Ada&lt;/b&gt;</p><a href='https://a.test/?a=1&amp;b=2'>go</a>"
        assert text == "<b>Ada</b>\ngo <https://a.test/?a=1&b=2>\n"
        await api.patch("/email-templates/reset_email", {"enabled": False})
        await put(house, known)
        assert elsewhere.body["subject"] == "Choose a new password"
        assert elsewhere.body["from"] == {"email": "no-reply@a.test"}


@pytest.mark.parametrize(
    "body",
    [
        "{% for i in (1..100000) %}x{% endfor %}", "{{ 1 | divided_by: 0 }}", "{% include 'other' %}",
        "{{ 'a' | append: url | split: '' | join: url | split: '' | join: url | split: '' | join: url }}",
    ],
)  # fmt: skip
async def test_a_template_that_breaks_does_not_lose_the_mail(body: str) -> None:
    async with opened(http=(elsewhere := Elsewhere())) as (house, api):
        await sendgrid(house, api)
        await api.post("/email-templates", {**TEMPLATE, "body": body}, status=200)
        long = Message(template="reset_email", to=RESET.to, values={"url": "https://a.test/" + "x" * 2000})
        await put(house, long)
        assert elsewhere.body["subject"] == "Choose a new password"
        await house.ports.log.flush()
        (event,) = await house.log(type_="w")
        assert event.description.startswith("The template reset_email cannot be used, the default was sent instead: ")


async def test_a_from_that_is_no_address_gives_way_to_the_providers() -> None:
    async with opened(http=(elsewhere := Elsewhere())) as (house, api):
        await sendgrid(house, api)
        for from_ in ("{{ nothing }}", "a@b.test, c@d.test", "no address", "x <y>"):
            await api.call("DELETE", "/email-templates/reset_email")
            template = {**TEMPLATE, "from": from_}
            if (await api.call("POST", "/email-templates", template)).status_code == 409:
                await api.patch("/email-templates/reset_email", {"from": from_})
            await put(house, RESET)
            assert elsewhere.body["from"] == {"email": "no-reply@a.test"}, from_


async def test_every_template_has_words_of_ours() -> None:
    async with opened(inbox=None, http=(elsewhere := Elsewhere())) as (house, api):
        await sendgrid(house, api)
        from doorward.management.resources.email_templates import NAMES

        values = {"url": "https://a.test/canary-link", "code": "424242", "inviter": {"name": "Grace"}}
        for name in NAMES:
            await put(house, Message(template=name, to="ada@example.test", values=values))
            text, html = (part["value"] for part in elsewhere.body["content"])
            assert "https://a.test/canary-link" in text, name
            assert "https://a.test/canary-link" in html, name
            assert "424242" in text, name
            for told in (elsewhere.body["subject"], text, html):
                assert "{{" not in told, name
                assert "[[" not in told, name
                assert "  " not in elsewhere.body["subject"], name
        assert await reasons(house) == []


# ── phones ──

TWILIO = {
    "name": "twilio",
    "configuration": {"sid": "AC1", "default_from": "+15550001", "delivery_methods": ["text", "voice"]},
    "credentials": {"auth_token": "tw-secret"},
}


async def test_a_code_is_sent_and_spoken_by_twilio() -> None:
    async with opened(http=(elsewhere := Elsewhere())) as (house, api):
        await api.post("/branding/phone/providers", TWILIO)
        await api.patch("/tenants/settings", {"friendly_name": "A & B"})
        await put(house, CODE)
        ((_, url, headers, body),) = elsewhere.asked
        assert url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
        assert headers["authorization"] == "Basic " + base64.b64encode(b"AC1:tw-secret").decode()
        assert parse_qs(body.decode()) == {
            "To": ["+4915112345678"], "From": ["+15550001"], "Body": ["Your code for A & B is 123456"],
        }  # fmt: skip
        await put(house, msgspec.structs.replace(CODE, channel=Channel.VOICE))
        assert elsewhere.asked[-1][1].endswith("/Calls.json")
        twiml = parse_qs(elsewhere.asked[-1][3].decode())["Twiml"][0]
        assert twiml.startswith('<Response><Say>Your code for A &amp; B is</Say><Pause length="1"/><Say>123456')
        await api.post("/branding/phone/templates", {
            "type": "otp_verify", "content": {"from": "+15550002", "body": {"text": "{{ code }} @{{ tenant }}"}},
        })  # fmt: skip
        await put(house, CODE)
        assert parse_qs(elsewhere.asked[-1][3].decode())["Body"] == [f"123456 @{A}"]
        assert parse_qs(elsewhere.asked[-1][3].decode())["From"] == ["+15550002"]
        assert await reasons(house) == []


async def test_the_words_of_second_factors_are_said_where_no_phone_template_is() -> None:
    async with opened(http=(elsewhere := Elsewhere())) as (house, api):
        await api.post("/branding/phone/providers", TWILIO)
        said = {
            "verification_message": "{{code}} for {{tenant.friendly_name}}",
            "enrollment_message": "{{code}} to enrol",
        }
        await api.call("PUT", "/guardian/factors/phone/templates", said)

        async def sent(**changes: Any) -> str:
            await put(house, msgspec.structs.replace(CODE, **changes))
            return parse_qs(elsewhere.asked[-1][3].decode())["Body"][0]

        assert await sent() == f"123456 for {A}"
        assert await sent(template="otp_enroll") == "123456 to enrol"
        assert "change your password" in await sent(template="change_password")
        await api.post("/branding/phone/templates", {"type": "otp_verify", "content": {"body": {"text": "{{ code }}"}}})
        assert await sent() == "123456"


async def test_which_provider_sends_a_code() -> None:
    elsewhere = Elsewhere()
    async with opened(http=elsewhere) as (house, api):
        await api.call("PUT", "/guardian/factors/phone/selected-provider", {"provider": "twilio"})
        account = {"from": "+15550003", "sid": "AC9", "auth_token": "guardian-secret"}
        await api.call("PUT", "/guardian/factors/phone/providers/twilio", account)
        await put(house, CODE)
        assert elsewhere.asked[-1][1].split("/")[-2] == "AC9"
        custom = {"name": "custom", "configuration": {"delivery_methods": ["text"]}, "credentials": {}}
        await api.post("/branding/phone/providers", custom)
        await put(house, CODE)
        assert await reasons(house) == ["a custom phone provider is an Action, and Actions do not run yet"]
        gateway = {"provider": "sms_gateway", "gateway_url": "https://sms.test/send", "from": "Doors"}
        await api.post("/connections", {"name": "sms", "strategy": "sms", "options": gateway})
        await put(
            house,
            Message(template="otp_verify", to=CODE.to, channel=CODE.channel, values=CODE.values, connection="sms"),
        )
        assert (elsewhere.asked[-1][1], elsewhere.body) == (
            "https://sms.test/send",
            {"recipient": CODE.to, "body": f"Your code for {A} is 123456", "sender": "Doors"},
        )


# ── secrets ──


async def test_l3_no_link_no_code_and_no_credential_is_in_any_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    requests: list[bytes] = []

    async def gateway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.read(4096))
        writer.write(b"HTTP/1.1 400 Bad Request\r\nx: canary-reply\r\nContent-Length: 6\r\n\r\ncanary")
        writer.close()

    http = await asyncio.start_server(gateway, "127.0.0.1", 0)
    async with (
        http,
        SmtpSink(refuse={"RCPT": "451 canary-reply"}).open() as sink,
        opened(reaches_loopback=True) as (house, api),
    ):
        smtp = {"smtp_host": "localhost", "smtp_port": sink.port}
        await provider(api, "smtp", smtp)
        await put(house, RESET)
        await api.patch("/emails/provider", {"credentials": {"smtp_user": "ada", "smtp_pass": "canary-password"}})
        await put(house, RESET)
        url = f"http://127.0.0.1:{http.sockets[0].getsockname()[1]}/"
        options = {"provider": "sms_gateway", "gateway_url": url, "twilio_token": "canary-token"}
        await api.post("/connections", {"name": "sms", "strategy": "sms", "options": options})
        await put(house, msgspec.structs.replace(CODE, connection="sms", values={"code": "canary-code"}))
        assert b"canary-code" in requests[0]
        events = repr([await house.log(type_=name) for name in ("fn", "sapi", "w")])
        told = "\n".join(record.getMessage() + repr(record.exc_info) for record in caplog.records)
        assert "canary" not in events
        assert [line for line in told.splitlines() if "canary" in line] == []
        assert "otp_verify" in events
    assert repr(RESET) == "Message('reset_email' by email, '')"


async def test_g3_a_tenants_provider_is_not_anothers() -> None:
    async with opened(http=(elsewhere := Elsewhere())) as (house, api):
        await sendgrid(house, api)
        await put(house, RESET, tenant=B)
        assert elsewhere.asked == []
        assert len(await house.log(B, type_="fn")) == 1
