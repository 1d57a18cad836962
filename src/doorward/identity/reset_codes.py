"""A code from a mail that leads to another password, where a connection has codes in the place of links.

Whether there is such an account is not told (E9): the answer and the work behind it are the same.
"""

from __future__ import annotations

import hmac

from doorward.identity.code_guard import CodeGuard
from doorward.identity.log_events import person_event
from doorward.identity.one_time_codes import TooManyCodes, admit, handle, message_of, new_challenge, sealed, typed
from doorward.identity.password_change import RESET
from doorward.identity.password_login import PasswordLogin
from doorward.identity.tickets import is_sent, lifetime, new_ticket
from doorward.model.authentication import Denial
from doorward.model.challenge import Challenge, Purpose
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import SEPARATOR, normalise_email, reset_key
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
        guard: CodeGuard,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._challenges = challenges
        self._attempts = attempts
        self._tickets = tickets
        self._log = log
        self._login = login
        self._guard = guard

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
        challenge = new_challenge(
            directory, Purpose.PASSWORD_RESET, subject, code, email,
            holder=holder, expires_at=now + LIFETIME, connection=connection, client=client, user=user,
        )  # fmt: skip
        why = ""
        if not connection.allows_password_reset:
            why = "self-service password change is disabled"
        elif not is_sent(directory, TEMPLATE):
            why = "the tenant does not send this mail"
        elif user is None:
            why = "user does not exist"
        message = message_of(challenge, TEMPLATE, {"code": code}, locale)
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
    ) -> str | Denial:
        """The path where another password is chosen, for the code that ``holder`` brings back: the same path when it
        comes twice. Wrong ones count as wrong passwords do; as another password ends that, an account they lock takes
        the right one. Raises ``TooManyCodes``."""
        tenant, now, email = directory.tenant.id, self._clock.now(), normalise_email(email)
        tried = f"code{SEPARATOR}{reset_key(connection.name, email, context.ip)}"
        if not await self._attempts.admit(tenant, tried, at=now, interval=INTERVAL, burst=BURST):
            raise TooManyCodes(int(INTERVAL))
        subject = _subject(connection, email)
        denial, challenge = await self._guard.tried(
            directory, connection, "email", email, handle(subject, holder), sealed(directory, subject, typed(code)),
            client, context, failed="fcpr", unlocks=True,
        )  # fmt: skip
        if challenge is None or denial not in (None, Denial.CODE_USED):
            return denial or Denial.WRONG_CREDENTIALS
        user, place = await self._login.find(directory, connection, email)
        if user is None:
            why = "user does not exist"
            self._log.write(
                tenant, person_event("fcpr", now, connection, context, name=email, client=client, description=why)
            )
            return Denial.WRONG_CREDENTIALS
        path, ticket = new_ticket(
            _ticket_value(directory, challenge),
            "/",
            TicketType.PASSWORD_CHANGE,
            user,
            identity=user.identity_at(place),
            email=email,
            expires_at=now + min(LIFETIME, lifetime(directory, RESET)),
            client_id=client.client_id,
            mark_email_as_verified=True,  # whoever has the code has the mailbox
        )
        if denial is None and not await self._tickets.create(tenant, ticket, events=()):
            return Denial.WRONG_CREDENTIALS
        return path.rstrip("#")


def _ticket_value(directory: TenantDirectory, challenge: Challenge) -> str:
    """What the link carries that a code leads to, and nobody else can know."""
    about = challenge.code_hash + str(challenge.expires_at).encode()
    return hmac.digest(directory.token_key, b"link of a reset code" + about, "sha256").hex()


def _subject(connection: Connection, email: str) -> bytes:
    """Of the codes sent to an address the last one counts, whoever asked for it."""
    return digest(SEPARATOR.join((Purpose.PASSWORD_RESET, connection.id, email)))
