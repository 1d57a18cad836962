"""A code that verifies an e-mail address, before somebody with a password is let in."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from doorward.identity.claimant import Claimant
from doorward.identity.email_verification import welcome
from doorward.identity.log_events import person_event
from doorward.identity.one_time_codes import admit, message_of, typed
from doorward.model.challenge import Purpose, Verdict
from doorward.model.log_event import LogEvent
from doorward.model.user import AccountChange, User
from doorward.ports import Ports

TEMPLATE = "verify_email_by_code"
LENGTH = 6
LIFETIME = 600.0
TRIES_TO_WRITE = 3


class Verified(StrEnum):
    """What became of a code."""

    YES = "yes"
    WRONG = "wrong"
    OVER = "over"


class EmailCodes:
    """Sends the codes, and takes them back. ``claimant`` says that the address of ``user`` is theirs."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def send(self, claimant: Claimant, user: User, *, locale: str = "") -> None:
        """Send a code, in the language of ``locale`` (BCP 47). Raises ``TooManyCodes``."""
        ports, now = self._ports, self._ports.clock.now()
        await admit(
            ports.attempts, claimant.tenant, claimant.connection.name, claimant.address, claimant.context.ip, at=now
        )
        code = ports.entropy.digits(LENGTH)
        challenge = claimant.challenge(Purpose.EMAIL_VERIFICATION, code, until=now + LIFETIME, user=user)
        message, event = message_of(challenge, TEMPLATE, {"code": code}, locale), self._event("svr", claimant, user)
        await ports.challenges.begin(claimant.tenant, challenge, messages=(message,), events=(event,))

    async def bring(self, claimant: Claimant, user: User, code: str) -> Verified:
        """What becomes of a code that comes back: the right one verifies the address it was sent to."""
        attempt, event = claimant.attempt(Purpose.EMAIL_VERIFICATION, typed(code)), self._event("sv", claimant, user)
        verdict, _ = await self._ports.challenges.check(
            claimant.tenant, attempt.id_hash, attempt.code_hash, at=event.date
        )
        if verdict not in (Verdict.RIGHT, Verdict.SPENT):
            failed = msgspec.structs.replace(event, type="fv", description=f"code {verdict.value}")
            self._ports.log.write(claimant.tenant, failed)
            return Verified.WRONG if verdict is Verdict.WRONG else Verified.OVER
        return Verified.YES if await self._write(claimant, user, event) else Verified.OVER

    async def _write(self, claimant: Claimant, user: User, event: LogEvent) -> bool:
        for _ in range(TRIES_TO_WRITE):
            known = await self._ports.users.find(claimant.tenant, user.user_id)
            place = claimant.place_in(known) if known is not None else None
            if known is None or place is None:
                return False  # the address is theirs no more
            if known.profile_of(place).get("email_verified") is True:
                return True
            profile = {**known.profile_of(place), "email_verified": True}
            changed = msgspec.structs.replace(known.with_profile(place, profile), updated_at=event.date)
            if await self._ports.users.change(
                claimant.tenant,
                AccountChange(user=changed, place=place),
                events=(event,),
                messages=welcome(claimant.directory, changed, place),
            ):
                return True
        return False

    def _event(self, type_: str, claimant: Claimant, user: User) -> LogEvent:
        return person_event(
            type_, self._ports.clock.now(), claimant.connection, claimant.context, user=user, client=claimant.client
        )
