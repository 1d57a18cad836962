"""Mail by SMTP (RFC 5321), with TLS from the beginning (RFC 8314) or by STARTTLS (RFC 3207)."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from msgspec import Struct

from doorward.backends.outbound.addresses import checked
from doorward.backends.outbound.http import trusting_context
from doorward.backends.outbound.letters import Mail, address_of
from doorward.backends.outbound.sending import NotSent
from doorward.ports import Unreachable

logger = logging.getLogger(__name__)

SECONDS = 20.0
CONNECT_SECONDS = 5.0
TLS_PORT = 465

Tls = Literal["auto", "demanded", "starttls", "tls", "none"]


class SmtpServer(Struct, frozen=True, kw_only=True):
    """Who takes mail. ``tls``: ``tls`` from the beginning, ``starttls``, ``none``; ``demanded`` is ``tls`` on port 465
    and elsewhere ``starttls``, and ``auto`` the same where it is offered; without it no password is told."""

    host: str
    port: int = 587
    user: str = ""
    password: str = ""
    tls: Tls = "auto"

    def __repr__(self) -> str:
        return f"SmtpServer({self.host!r}, {self.port})"


async def send_by_smtp(
    server: SmtpServer, mail: Mail, *, at: float, anywhere: bool = False, loopback: bool = False
) -> None:
    """Hand a mail over. ``anywhere`` is for a server the operator named; others have to be on the public internet,
    or, with ``loopback``, on this machine. Raises ``NotSent``."""
    import aiosmtplib  # which a server needs that sends mail by SMTP

    try:
        async with asyncio.timeout(SECONDS):
            connection = None
            if not anywhere:
                addresses = await checked(server.host, server.port, loopback=loopback)
                connection = await _connected(addresses, server.port)
            await _send(server, connection, mime(mail, at), address_of(mail.sender)[1], mail.to)
    except Unreachable as error:
        # What resolves inside is for the operator to know, not for whoever named the host.
        logger.info("mail by %s: %s", server.host, error.reason)
        raise NotSent(f"{server.host} cannot be reached", final=True) from None
    except aiosmtplib.SMTPResponseException as error:
        final = error.code >= 500
        raise NotSent(f"{server.host} answered {error.code}", final=final) from None
    except aiosmtplib.SMTPRecipientsRefused as error:
        code = max((refused.code for refused in error.recipients), default=550)
        raise NotSent(f"{server.host} refuses the recipient ({code})", final=code >= 500) from None
    except aiosmtplib.SMTPNotSupported:
        raise NotSent(f"{server.host} lacks something this mail needs", final=True) from None
    except (TimeoutError, OSError, aiosmtplib.SMTPException) as error:
        raise NotSent(f"{server.host} cannot be spoken to: {type(error).__name__}", final=False) from None


async def _connected(addresses: Sequence[str], port: int) -> socket.socket:
    """A connection to the first that answers. Raises ``OSError``, ``TimeoutError``."""
    last: Exception = OSError("no address")
    for address in addresses:
        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        connection.setblocking(False)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.get_running_loop().sock_connect(connection, (address, port))
        except BaseException as error:
            connection.close()
            if not isinstance(error, OSError | TimeoutError):
                raise
            last = error
        else:
            return connection
    raise last


async def _send(
    server: SmtpServer, connection: socket.socket | None, message: EmailMessage, sender: str, to: str
) -> None:
    import aiosmtplib

    implicit = server.tls == "tls" or (server.tls in ("auto", "demanded") and server.port == TLS_PORT)
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=None if connection else server.port,
        sock=connection,
        local_hostname=sender.rpartition("@")[2],
        use_tls=implicit,
        start_tls=False,
        tls_context=trusting_context(),
        timeout=SECONDS,
    )
    async with client:
        if not implicit and server.tls != "none":
            await client.ehlo()
            if client.supports_extension("starttls"):
                await client.starttls()
            elif server.tls != "auto" or server.password:
                raise NotSent(f"{server.host} offers no TLS", final=True)
        if server.user or server.password:
            await client.login(server.user, server.password)
        await client.send_message(message, sender=sender, recipients=[to])


def mime(mail: Mail, at: float) -> EmailMessage:
    """The mail as RFC 5322 has it; its ``Message-ID`` is the same however often it is sent."""
    _, address = address_of(mail.sender)
    message = EmailMessage()
    message["Message-ID"] = f"<{mail.id}@{address.rpartition('@')[2]}>"
    message["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
    message["From"] = mail.sender
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is to be answered with
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message
