"""Who carries a message: the tenant's provider, the server's own SMTP, or the inbox of a development server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from doorward.backends.outbound.email_providers import PROVIDERS, Account, Way
from doorward.backends.outbound.inbox import MemoryInbox
from doorward.backends.outbound.letters import Mail, NoWords, Spoken, is_address, mailbox
from doorward.backends.outbound.phone_providers import send_by_gateway, send_by_twilio
from doorward.backends.outbound.sending import NotSent
from doorward.backends.outbound.smtp import SmtpServer, send_by_smtp
from doorward.liquid_thread import LiquidThread
from doorward.management.resources.connections import SECRETS as CONNECTION_SECRETS
from doorward.management.resources.phone_notifications import PROVIDER as PHONE_PROVIDER
from doorward.management.resources.phone_notifications import TWILIO
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.document import Document, Kind
from doorward.model.log_event import EVENT_TYPES, LogEvent
from doorward.model.message import Channel, Message, Received
from doorward.model.user import User
from doorward.ports import Attempts, Clock, Directory, HttpOut, Log, Users

if TYPE_CHECKING:
    from doorward.liquid_templates import UnusableTemplate

T = TypeVar("T")

SMTP_PORTS = (25, 465, 587, 2525)
DEVELOPMENT_SENDER = "Doorward <inbox@localhost.test>"
DEVELOPMENT_NUMBER = "+15550100"
HOUR = 3600
PAUSES = (10.0, 60.0, 300.0, 1800.0, 7200.0)  # seconds
METHODS = {Channel.SMS: "text", Channel.VOICE: "voice"}


class MailServer(Struct, frozen=True, kw_only=True):
    """The server's own way for mail, for tenants without a provider: where to, and who it is from."""

    smtp: SmtpServer
    sender: str


class Courier:
    """Takes a message to whom it is for. With an ``inbox`` nothing leaves this server; ``loopback`` lets tenants name
    SMTP servers on this machine, on any port and without TLS; others are spoken to on ``smtp_ports`` only, and never
    without TLS. ``per_address`` and ``per_tenant`` messages are sent in an hour; 0 sets no limit."""

    carries = Message
    at_a_time = 32
    of_a_tenant = 4
    pauses = PAUSES

    def __init__(
        self,
        directory: Directory,
        users: Users,
        log: Log,
        attempts: Attempts,
        clock: Clock,
        http: HttpOut,
        *,
        server: MailServer | None = None,
        inbox: MemoryInbox | None = None,
        loopback: bool = False,
        per_address: int = 0,
        per_tenant: int = 0,
        smtp_ports: Collection[int] = SMTP_PORTS,
    ) -> None:
        self._directory = directory
        self._users = users
        self._log = log
        self._clock = clock
        self._http = http
        self._server = server
        self._inbox = inbox
        self._loopback = loopback
        self._attempts = attempts
        self._thread = LiquidThread("letters")
        self._per_address = per_address
        self._per_tenant = per_tenant
        self._smtp_ports = smtp_ports

    def name(self, message: Message) -> str:
        return message.template

    async def admit(self, tenant: str, message: Message) -> None:
        """Hold to the limits of this hour. Raises ``NotSent``."""
        now = self._clock.now()
        hour = int(now // HOUR)
        address = digest(f"{message.channel}|{message.to.casefold()}").hex()
        for limit, key in ((self._per_address, f"sent|{address}|{hour}"), (self._per_tenant, f"sent|{hour}")):
            if limit and await self._attempts.fail(tenant, key, at=now, window=2 * HOUR) > limit:
                raise NotSent(f"more than {limit} messages in an hour", final=True)

    def failed(self, tenant: str, message: Message, error: NotSent) -> LogEvent:
        reason = error.reason
        return LogEvent(
            type="fn",
            date=self._clock.now(),
            description=f"{EVENT_TYPES['fn']}: {reason}",
            user_id=message.user_id,
            client_id=message.client_id,
            connection=message.connection,
            details={"type": message.template, "channel": message.channel.value, "to": message.to, "error": reason},
        )

    async def deliver(self, tenant: str, message: Message) -> Sequence[LogEvent]:
        """Raises ``NotSent``."""
        directory = self._directory.tenant(tenant)
        user = await self._users.find(tenant, message.user_id) if message.user_id else None
        try:
            if message.channel is Channel.EMAIL:
                await self._mail(directory, message, user)
            else:
                await self._phone(directory, message, user)
        except NoWords:
            raise NotSent("there is no such template", final=True) from None
        return ()

    # ── mail ──

    async def _mail(self, directory: TenantDirectory, message: Message, user: User | None) -> None:
        if not is_address(message.to):  # two of them, or a header more
            raise NotSent("that is no e-mail address", final=True)
        provider = directory.documents[Kind.CONFIGURATION].get("email_provider")
        if provider is not None and not provider.body.get("enabled", True):
            provider = None
        own = mailbox(str(provider.body.get("default_from_address") or "")) if provider is not None else ""
        sender = own or (self._server.sender if self._server is not None else "")
        if self._inbox is not None:
            sender = sender or DEVELOPMENT_SENDER
        mail, fault = await self._composed(_compose_mail, directory, message, user, sender)
        self._tell(directory, message, fault)
        way = self._way()
        if self._inbox is not None:
            self._inbox.put(directory.tenant.id, _received(message, mail, way.at))
        elif provider is None and self._server is None:
            raise NotSent("this server sends no mail: the tenant has no e-mail provider", final=True)
        elif not mail.sender:
            raise NotSent("nobody said who the mail is from: set default_from_address", final=True)
        elif provider is not None:
            await PROVIDERS[provider.body["name"]](way, _account(provider), mail)
        elif self._server is not None:
            await send_by_smtp(self._server.smtp, mail, at=way.at, anywhere=True)

    # ── text messages and calls ──

    async def _phone(self, directory: TenantDirectory, message: Message, user: User | None) -> None:
        chosen = next(_phone_ways(directory, message), None)
        sender = chosen.sender if chosen is not None else ""
        if self._inbox is not None:
            sender = sender or DEVELOPMENT_NUMBER
        spoken, fault = await self._composed(_compose_spoken, directory, message, user, sender)
        self._tell(directory, message, fault)
        way = self._way()
        if self._inbox is not None:
            self._inbox.put(directory.tenant.id, _received(message, spoken, way.at))
        elif chosen is None:
            raise NotSent("the tenant has no phone provider that sends this", final=True)
        elif chosen.gateway:
            await send_by_gateway(way, chosen.gateway, spoken)
        elif chosen.twilio is not None:
            await send_by_twilio(way, chosen.twilio, spoken)
        else:
            raise NotSent("a custom phone provider is an Action, and Actions do not run yet", final=True)

    def _way(self) -> Way:
        return Way(self._http, self._clock.now(), loopback=self._loopback, smtp_ports=self._smtp_ports)

    async def _composed(
        self, compose: Callable[..., T], directory: TenantDirectory, message: Message, user: User | None, sender: str
    ) -> T:
        """In a thread of its own: what a tenant wrote may take its time."""
        return await self._thread.run(directory.tenant.id, partial(compose, directory, message, user, sender))

    def _tell(self, directory: TenantDirectory, message: Message, fault: UnusableTemplate | None) -> None:
        """The tenant's template is of no use: somebody should mend it."""
        if fault is not None:
            event = LogEvent(
                type="w",
                date=self._clock.now(),
                description=f"The template {message.template} cannot be used, the default was sent instead: {fault}",
                details={"template": message.template},
            )
            self._log.write(directory.tenant.id, event)


# Liquid takes long to import, and many a server never sends anything.


def _compose_mail(*given: Any) -> tuple[Mail, UnusableTemplate | None]:
    from doorward.backends.outbound.composing import compose_mail

    return compose_mail(*given)


def _compose_spoken(*given: Any) -> tuple[Spoken, UnusableTemplate | None]:
    from doorward.backends.outbound.composing import compose_spoken

    return compose_spoken(*given)


def _account(provider: Document) -> Account:
    secrets = {name.removeprefix("credentials."): value for name, value in provider.secrets.items()}
    settings = provider.body.get("settings")
    return Account(
        {**provider.body.get("credentials", {}), **secrets}, settings if isinstance(settings, Mapping) else {}
    )


class _PhoneWay(Struct, frozen=True):
    """A way to a phone: an account at Twilio, the address of a gateway, or neither that can be gone."""

    sender: str = ""
    twilio: Mapping[str, Any] | None = None
    gateway: str = ""


def _phone_ways(directory: TenantDirectory, message: Message) -> Iterator[_PhoneWay]:
    """What the tenant has: for this connection, for all its phone messages, for second factors."""
    connection = directory.connections.get(message.connection or "")
    if connection is not None and connection.strategy == "sms":
        document = directory.documents[Kind.CONNECTION][connection.id]
        options = {**connection.options, **document.secrets.get(CONNECTION_SECRETS, {})}
        sender = str(options.get("from") or "")
        if options.get("provider") == "sms_gateway":
            yield _PhoneWay(sender, gateway=str(options.get("gateway_url") or ""))
        elif options.get("twilio_sid"):
            named = {"sid": "twilio_sid", "auth_token": "twilio_token", "mssid": "messaging_service_sid"}
            yield _PhoneWay(sender, {name: options.get(option) for name, option in named.items()})
    for document in directory.documents[PHONE_PROVIDER].values():
        configuration = document.body.get("configuration") or {}
        if not document.body["disabled"] and METHODS[message.channel] in configuration.get("delivery_methods", ()):
            account = {**configuration, **document.secrets.get("credentials", {})}
            is_twilio = document.body["name"] == TWILIO
            yield _PhoneWay(str(configuration.get("default_from") or ""), account if is_twilio else None)
    guardian = directory.documents[Kind.CONFIGURATION]
    selected = guardian.get("guardian/phone/selected-provider")
    account_document = guardian.get("guardian/phone/providers/twilio")
    if selected is not None and selected.body.get("provider") == "phone-message-hook":
        yield _PhoneWay()
    elif selected is not None and selected.body.get("provider") == "twilio" and account_document is not None:
        body = {**account_document.body, **account_document.secrets}
        yield _PhoneWay(str(body.get("from") or ""), {**body, "mssid": body.get("messaging_service_sid")})


def _received(message: Message, sent: Mail | Spoken, at: float) -> Received:
    link = message.values.get("url") or message.values.get("link")
    return Received(
        id=message.id,
        at=at,
        channel=message.channel,
        template=message.template,
        sender=sent.sender,
        to=sent.to,
        subject=sent.subject if isinstance(sent, Mail) else "",
        html=sent.html if isinstance(sent, Mail) else "",
        text=sent.text,
        link=str(link) if link else None,
        code=str(message.values["code"]) if message.values.get("code") else None,
        user_id=message.user_id,
        client_id=message.client_id,
    )
