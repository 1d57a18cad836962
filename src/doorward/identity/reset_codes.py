"""A code from a mail that leads to another password, where a connection has codes in the place of links.

Whether there is such an account is not told (E9): the answer and the work behind it are the same.
"""

from __future__ import annotations

import msgspec

from doorward.identity.log_events import person_event
from doorward.identity.one_time_codes import TooManyCodes, admit, handle, sealed, typed
from doorward.identity.password_change import RESET
from doorward.identity.password_login import PasswordLogin
from doorward.identity.tickets import is_sent, lifetime, new_ticket
from doorward.model.challenge import TRIES, Challenge, Purpose, Verdict
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import SEPARATOR, normalise_email, reset_key
from doorward.model.message import Channel, Message
from doorward.model.request_context import RequestContext
from doorward.model.ticket import TicketType
from doorward.ports import Attempts, Challenges, Clock, Entropy, Log, Tickets

TEMPLATE = "reset_email_by_code"
LENGTH = 6
LIFETIME = 900.0
# Codes that are tried for an account from one address: so many at once, and one more after so many seconds.
BURST, INTERVAL = 10, 360.0


class ResetCodes:
    """Sends the codes, and takes them back for a ticket."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        challenges: Challenges,
        attempts: Attempts,
        tickets: Tickets,
        log: Log,
        login: PasswordLogin,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._challenges = challenges
        self._attempts = attempts
        self._tickets = tickets
        self._log = log
        self._login = login

    async def send(
        self,
        directory: TenantDirectory,
        connection: Connection,
        email: str,
        client: Client,
        context: RequestContext,
        *,
        holder: str,
        locale: str = "",
    ) -> None:
        """Send a code to an address that ``holder`` may bring back. Raises ``TooManyCodes``."""
        tenant, now, email = directory.tenant.id, self._clock.now(), normalise_email(email)
        await admit(self._attempts, tenant, connection.name, email, context.ip, at=now)
        user, _ = await self._login.find(directory, connection, email)
        code, subject = self._entropy.digits(LENGTH), _subject(connection, email)
        challenge = Challenge(
            id_hash=handle(subject, holder),
            subject=subject,
            purpose=Purpose.PASSWORD_RESET,
            channel=Channel.EMAIL,
            address=email,
            code_hash=sealed(directory, subject, code),
            tries=TRIES[Purpose.PASSWORD_RESET],
            expires_at=now + LIFETIME,
            connection=connection.name,
            client_id=client.client_id,
            user_id=user.user_id if user is not None else None,
        )
        why = ""
        if not connection.allows_password_reset:
            why = "self-service password change is disabled"
        elif not is_sent(directory, TEMPLATE):
            why = "the tenant does not send this mail"
        elif user is None:
            why = "user does not exist"
        message = Message(
            template=TEMPLATE,
            to=email,
            values={"code": code},
            user_id=challenge.user_id,
            client_id=client.client_id,
            connection=connection.name,
            locale=locale,
        )
        event = person_event(
            "fcpr" if why else "scpr", now, connection, context, user=user, name=email, client=client, description=why
        )
        await self._challenges.begin(tenant, challenge, messages=() if why else (message,), events=(event,))

    async def bring(
        self,
        directory: TenantDirectory,
        connection: Connection,
        email: str,
        code: str,
        client: Client,
        context: RequestContext,
        *,
        holder: str,
    ) -> str | None:
        """The path where another password is chosen, for the code that ``holder`` brings back, once; ``None`` for a
        wrong one. Raises ``TooManyCodes``."""
        tenant, now, email = directory.tenant.id, self._clock.now(), normalise_email(email)
        tried = f"code{SEPARATOR}{reset_key(connection.name, email, context.ip)}"
        if not await self._attempts.admit(tenant, tried, at=now, interval=INTERVAL, burst=BURST):
            raise TooManyCodes(int(INTERVAL))
        subject = _subject(connection, email)
        verdict, _ = await self._challenges.check(
            tenant, handle(subject, holder), sealed(directory, subject, typed(code)), at=now
        )
        user, place = await self._login.find(directory, connection, email)
        event = person_event("fcpr", now, connection, context, user=user, name=email, client=client)
        if verdict is not Verdict.RIGHT or user is None:
            self._log.write(tenant, msgspec.structs.replace(event, description=f"The code is {verdict.value}"))
            return None
        path, ticket = new_ticket(
            self._entropy,
            "/",
            TicketType.PASSWORD_CHANGE,
            user,
            identity=user.identity_at(place),
            email=email,
            expires_at=now + min(LIFETIME, lifetime(directory, RESET)),
            client_id=client.client_id,
            mark_email_as_verified=True,  # whoever has the code has the mailbox
        )
        return path.rstrip("#") if await self._tickets.create(tenant, ticket, events=()) else None


def _subject(connection: Connection, email: str) -> bytes:
    """Of the codes sent to an address the last one counts, whoever asked for it."""
    return digest(SEPARATOR.join((Purpose.PASSWORD_RESET, connection.id, email)))
