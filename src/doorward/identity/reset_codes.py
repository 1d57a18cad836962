"""A code from a mail that leads to another password, where a connection has codes in the place of links.

Whether there is such an account is not told: the answer and the work behind it are the same.
"""

from __future__ import annotations

import hmac

from doorward.identity.claimant import Claimant
from doorward.identity.code_guard import CodeGuard
from doorward.identity.one_time_codes import TooManyCodes, admit, message_of, typed
from doorward.identity.password_change import RESET
from doorward.identity.password_login import PasswordLogin
from doorward.identity.tickets import is_sent, lifetime, new_ticket
from doorward.model.authentication import Denial
from doorward.model.challenge import Challenge, Purpose
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import SEPARATOR, reset_key
from doorward.model.pace import Pace
from doorward.model.ticket import TicketType
from doorward.ports import Ports

TEMPLATE = "reset_email_by_code"
NOBODY = "user does not exist"
LENGTH = 6
LIFETIME = 900.0
# Codes that are tried for an account from one address: so many at once, and one more after so many seconds.
CODES_BACK = Pace(10, 360.0)


class ResetCodes:
    """Sends the codes, and takes them back for a ticket."""

    def __init__(self, ports: Ports, login: PasswordLogin, guard: CodeGuard) -> None:
        self._ports = ports
        self._login = login
        self._guard = guard

    async def send(self, claimant: Claimant, *, locale: str = "") -> None:
        """Send ``claimant`` a code, in the language of ``locale`` (BCP 47). Raises ``TooManyCodes``."""
        ports, directory, connection = self._ports, claimant.directory, claimant.connection
        now = ports.clock.now()
        await admit(ports.attempts, claimant.tenant, connection.name, claimant.address, claimant.context.ip, at=now)
        user, _ = await self._login.find(directory, connection, claimant.address)
        code = ports.entropy.digits(LENGTH)
        challenge = claimant.challenge(Purpose.PASSWORD_RESET, code, until=now + LIFETIME, user=user)
        why = ""
        if not connection.allows_password_reset:
            why = "self-service password change is disabled"
        elif not is_sent(directory, TEMPLATE):
            why = "the tenant does not send this mail"
        elif user is None:
            why = NOBODY
        message = message_of(challenge, TEMPLATE, {"code": code}, locale)
        event = claimant.event("fcpr" if why else "scpr", now, user=user, description=why)
        await ports.challenges.begin(claimant.tenant, challenge, messages=() if why else (message,), events=(event,))

    async def bring(self, claimant: Claimant, code: str) -> str | Denial:
        """The path where another password is chosen, for the code that ``claimant`` brings back: the same path when it
        comes twice. Wrong ones count as wrong passwords do; as another password ends that, an account they lock takes
        the right one. Raises ``TooManyCodes``."""
        ports, directory, connection = self._ports, claimant.directory, claimant.connection
        now = ports.clock.now()
        key = f"code{SEPARATOR}{reset_key(connection.name, claimant.address, claimant.context.ip)}"
        if not await ports.attempts.admit(
            claimant.tenant, key, at=now, interval=CODES_BACK.interval, burst=CODES_BACK.burst
        ):
            raise TooManyCodes(CODES_BACK)
        attempt = claimant.attempt(Purpose.PASSWORD_RESET, typed(code))
        denial, challenge = await self._guard.tried(claimant, attempt, failed="fcpr", unlocks=True)
        if challenge is None or denial not in (None, Denial.CODE_USED):
            return denial or Denial.WRONG_CREDENTIALS
        user, place = await self._login.find(directory, connection, claimant.address)
        if user is None:
            ports.log.write(claimant.tenant, claimant.event("fcpr", now, description=NOBODY))
            return Denial.WRONG_CREDENTIALS
        path, ticket = new_ticket(
            _ticket_value(directory, challenge),
            "/",
            TicketType.PASSWORD_CHANGE,
            user,
            identity=user.identity_at(place),
            email=claimant.address,
            expires_at=now + min(LIFETIME, lifetime(directory, RESET)),
            client_id=claimant.client.client_id,
            mark_email_as_verified=True,  # whoever has the code has the mailbox
        )
        if denial is None and not await ports.tickets.create(claimant.tenant, ticket, events=()):
            return Denial.WRONG_CREDENTIALS
        return path.rstrip("#")


def _ticket_value(directory: TenantDirectory, challenge: Challenge) -> str:
    """What the link carries that a code leads to, and nobody else can know."""
    about = challenge.code_hash + str(challenge.expires_at).encode()
    return hmac.digest(directory.token_key, b"link of a reset code" + about, "sha256").hex()
