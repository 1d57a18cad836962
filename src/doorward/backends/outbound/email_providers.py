"""The e-mail providers of ``/api/v2/emails/provider``: one call of each one's HTTP API."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from doorward.backends.outbound.aws_signature import signed_headers
from doorward.backends.outbound.letters import Mail, address_of
from doorward.backends.outbound.sending import NotSent, expect_success
from doorward.backends.outbound.smtp import SmtpServer, mime, send_by_smtp
from doorward.ports import HttpAnswer, HttpOut, Unreachable

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode
JSON = {"content-type": "application/json"}


class Account(Struct, frozen=True):
    """What a tenant has at a provider: ``credentials`` and ``settings`` as they are configured."""

    credentials: Mapping[str, Any]
    settings: Mapping[str, Any]

    def __getitem__(self, name: str) -> str:
        """Raises ``NotSent``."""
        value = self.credentials.get(name)
        if not value:
            raise NotSent(f"the e-mail provider has no {name}", final=True)
        return str(value)

    def option(self, name: str) -> str:
        """A setting of messages, or nothing."""
        message = self.settings.get("message")
        return str((message.get(name) if isinstance(message, Mapping) else None) or "")


class Way(Struct, frozen=True):
    """How mail leaves this server, by which ports of a tenant's SMTP server. ``loopback`` is for developers: also to
    this machine, by any port and without TLS. ``at`` is now, in epoch seconds."""

    http: HttpOut
    at: float
    loopback: bool
    smtp_ports: Collection[int]

    async def post(self, whose: str, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """A success. Raises ``NotSent``."""
        try:
            answer = await self.http.send("POST", url, headers=headers, body=body)
        except Unreachable as error:
            logger.info("%s: %s", whose, error.reason)
            raise NotSent(f"{whose} cannot be reached", final=False) from None
        expect_success(answer, whose)
        return answer


Provider = Callable[[Way, Account, Mail], Awaitable[None]]


def _party(mailbox: str) -> dict[str, str]:
    name, address = address_of(mailbox)
    return {"email": address, **({"name": name} if name else {})}


async def _mailgun(way: Way, account: Account, mail: Mail) -> None:
    host = "api.eu.mailgun.net" if account.credentials.get("region") == "eu" else "api.mailgun.net"
    url = f"https://{host}/v3/{quote(account['domain'], safe='.-')}/messages"
    form = {"from": mail.sender, "to": mail.to, "subject": mail.subject, "text": mail.text, "html": mail.html}
    headers = {"authorization": basic("api", account["api_key"]), "content-type": "application/x-www-form-urlencoded"}
    await way.post("Mailgun", url, headers, urlencode(form).encode())


async def _sendgrid(way: Way, account: Account, mail: Mail) -> None:
    body = {
        "personalizations": [{"to": [{"email": mail.to}]}],
        "from": _party(mail.sender),
        "subject": mail.subject,
        "content": [{"type": "text/plain", "value": mail.text}, {"type": "text/html", "value": mail.html}],
        "tracking_settings": {"click_tracking": {"enable": False}},
    }
    await way.post("SendGrid", "https://api.sendgrid.com/v3/mail/send", _bearer(account["api_key"]), _encode(body))


async def _mandrill(way: Way, account: Account, mail: Mail) -> None:
    name, address = address_of(mail.sender)
    message = {
        "from_email": address,
        "from_name": name,
        "to": [{"email": mail.to, "type": "to"}],
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "track_clicks": False,
    }
    body = {"key": account["api_key"], "message": message}
    answer = await way.post("Mandrill", "https://mandrillapp.com/api/1.0/messages/send", JSON, _encode(body))
    try:
        status = msgspec.json.decode(answer.body)[0]["status"]
    except (msgspec.DecodeError, LookupError, TypeError):
        raise NotSent("Mandrill answered something else", final=False) from None
    if status in ("rejected", "invalid"):
        raise NotSent(f"Mandrill says the message is {status}", final=True)


async def _sparkpost(way: Way, account: Account, mail: Mail) -> None:
    host = "api.eu.sparkpost.com" if account.credentials.get("region") == "eu" else "api.sparkpost.com"
    body = {
        "options": {"transactional": True, "open_tracking": False, "click_tracking": False},
        "recipients": [{"address": {"email": mail.to}}],
        "content": {"from": _party(mail.sender), "subject": mail.subject, "text": mail.text, "html": mail.html},
    }
    headers = {**JSON, "authorization": account["api_key"]}
    await way.post("SparkPost", f"https://{host}/api/v1/transmissions", headers, _encode(body))


async def _resend(way: Way, account: Account, mail: Mail) -> None:
    body = {"from": mail.sender, "to": [mail.to], "subject": mail.subject, "text": mail.text, "html": mail.html}
    headers = {**_bearer(account["api_key"]), "idempotency-key": mail.id}
    await way.post("Resend", "https://api.resend.com/emails", headers, _encode(body))


async def _ses(way: Way, account: Account, mail: Mail) -> None:
    region = account["region"]
    url = f"https://email.{quote(region, safe='-')}.amazonaws.com/v2/email/outbound-emails"
    raw = base64.b64encode(mime(mail, way.at).as_bytes()).decode()
    message: dict[str, Any] = {
        "FromEmailAddress": mail.sender,
        "Destination": {"ToAddresses": [mail.to]},
        "Content": {"Raw": {"Data": raw}},
    }
    if chosen := account.option("configuration_set_name"):
        message["ConfigurationSetName"] = chosen
    body = _encode(message)
    headers = signed_headers(
        url,
        body,
        access_key=account["accessKeyId"],
        secret_key=account["secretAccessKey"],
        region=region,
        service="ses",
        at=way.at,
    )
    await way.post("Amazon SES", url, headers, body)


async def _azure(way: Way, account: Account, mail: Mail) -> None:
    named = dict(part.partition("=")[::2] for part in account["connectionString"].split(";") if part)
    given = {name.strip().lower(): value.strip() for name, value in named.items()}
    endpoint = urlsplit(given.get("endpoint", ""))
    path = "/emails:send?api-version=2023-03-31"
    body = _encode({
        "senderAddress": address_of(mail.sender)[1],
        "recipients": {"to": [{"address": mail.to}]},
        "content": {"subject": mail.subject, "plainText": mail.text, "html": mail.html},
    })  # fmt: skip
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    date = formatdate(way.at, usegmt=True)
    try:
        key = base64.b64decode(given.get("accesskey", ""), validate=True)
    except ValueError:
        raise NotSent("the connection string has no access key", final=True) from None
    to_sign = f"POST\n{path}\n{date};{endpoint.netloc};{digest}"
    signature = base64.b64encode(hmac.digest(key, to_sign.encode(), hashlib.sha256)).decode()
    headers = {
        **JSON,
        "x-ms-date": date,
        "x-ms-content-sha256": digest,
        "authorization": f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}",
    }
    await way.post("Azure", f"https://{endpoint.netloc}{path}", headers, body)


async def _microsoft(way: Way, account: Account, mail: Mail) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": account["clientId"],
        "client_secret": account["clientSecret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    url = f"https://login.microsoftonline.com/{quote(account['tenantId'], safe='.-')}/oauth2/v2.0/token"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await way.post("Microsoft", url, headers, urlencode(form).encode())
    try:
        token = str(msgspec.json.decode(answer.body)["access_token"])
    except (msgspec.DecodeError, LookupError, TypeError):
        raise NotSent("Microsoft gave no token", final=False) from None
    sender = quote(address_of(mail.sender)[1], safe="@.-")
    headers = {"authorization": f"Bearer {token}", "content-type": "text/plain"}
    body = base64.b64encode(mime(mail, way.at).as_bytes())
    await way.post("Microsoft", f"https://graph.microsoft.com/v1.0/users/{sender}/sendMail", headers, body)


async def _smtp(way: Way, account: Account, mail: Mail) -> None:
    given = account.credentials
    server = SmtpServer(
        host=account["smtp_host"],
        port=int(given.get("smtp_port") or 587),
        user=str(given.get("smtp_user") or ""),
        password=str(given.get("smtp_pass") or ""),
        tls="auto" if way.loopback else "demanded",
    )
    if server.port not in way.smtp_ports and not way.loopback:
        ports = ", ".join(map(str, sorted(way.smtp_ports)))
        raise NotSent(f"port {server.port} is none that this server sends mail by ({ports})", final=True)
    await send_by_smtp(server, mail, at=way.at, loopback=way.loopback)


async def _custom(way: Way, account: Account, mail: Mail) -> None:
    raise NotSent("a custom e-mail provider is an Action, and Actions do not run yet", final=True)


PROVIDERS: Mapping[str, Provider] = {
    "mailgun": _mailgun,
    "sendgrid": _sendgrid,
    "mandrill": _mandrill,
    "sparkpost": _sparkpost,
    "resend": _resend,
    "ses": _ses,
    "azure_cs": _azure,
    "ms365": _microsoft,
    "smtp": _smtp,
    "custom": _custom,
}


def basic(user: str, password: str) -> str:
    """HTTP Basic (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _bearer(key: str) -> dict[str, str]:
    return {**JSON, "authorization": f"Bearer {key}"}
