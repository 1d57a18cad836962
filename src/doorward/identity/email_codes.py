"""A code that verifies an e-mail address, before somebody with a password is let in."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from doorward.identity.email_verification import welcome
from doorward.identity.log_events import person_event
from doorward.identity.one_time_codes import admit, handle, message_of, new_challenge, sealed, typed
from doorward.model.challenge import Purpose, Verdict
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import SEPARATOR, normalise_email
from doorward.model.log_event import LogEvent
from doorward.model.request_context import RequestContext
from doorward.model.user import AccountChange, User
from doorward.ports import Attempts, Challenges, Clock, Entropy, Log, Users

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
    """Sends the codes, and takes them back."""

    def __init__(
        self, clock: Clock, entropy: Entropy, users: Users, challenges: Challenges, attempts: Attempts, log: Log
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._users = users
        self._challenges = challenges
        self._attempts = attempts
        self._log = log

    async def send(
        self,
        directory: TenantDirectory,
        connection: Connection,
        user: User,
        client: Client,
        context: RequestContext,
        *,
        holder: str,
        locale: str = "",
    ) -> None:
        """Send ``user`` a code for their address in ``connection``. Raises ``TooManyCodes``."""
        tenant, now, email = directory.tenant.id, self._clock.now(), _email(user, connection)
        await admit(self._attempts, tenant, connection.name, email, context.ip, at=now)
        code, subject = self._entropy.digits(LENGTH), _subject(user, email)
        challenge = new_challenge(
            directory, Purpose.EMAIL_VERIFICATION, subject, code, email,
            holder=holder, expires_at=now + LIFETIME, connection=connection, client=client, user=user,
        )  # fmt: skip
        message = message_of(challenge, TEMPLATE, {"code": code}, locale)
        event = person_event("svr", now, connection, context, user=user, client=client)
        await self._challenges.begin(tenant, challenge, messages=(message,), events=(event,))

    async def bring(
        self,
        directory: TenantDirectory,
        connection: Connection,
        user: User,
        code: str,
        client: Client,
        context: RequestContext,
        *,
        holder: str,
    ) -> Verified:
        """What becomes of a code that ``holder`` brings back: the right one verifies the address it was sent to."""
        tenant, now = directory.tenant.id, self._clock.now()
        subject = _subject(user, _email(user, connection))
        verdict, _ = await self._challenges.check(
            tenant, handle(subject, holder), sealed(directory, subject, typed(code)), at=now
        )
        event = person_event("sv", now, connection, context, user=user, client=client)
        if verdict not in (Verdict.RIGHT, Verdict.SPENT):
            self._log.write(tenant, msgspec.structs.replace(event, type="fv", description=f"code {verdict.value}"))
            return Verified.WRONG if verdict is Verdict.WRONG else Verified.OVER
        return Verified.YES if await self._write(directory, connection, user, event) else Verified.OVER

    async def _write(self, directory: TenantDirectory, connection: Connection, user: User, event: LogEvent) -> bool:
        tenant, email = directory.tenant.id, _email(user, connection)
        for _ in range(TRIES_TO_WRITE):
            known = await self._users.find(tenant, user.user_id)
            place = _place(known, connection) if known is not None else None
            if known is None or place is None or _email(known, connection) != email:
                return False  # the address is theirs no more
            if known.profile_of(place).get("email_verified") is True:
                return True
            profile = {**known.profile_of(place), "email_verified": True}
            changed = msgspec.structs.replace(known.with_profile(place, profile), updated_at=event.date)
            if await self._users.change(
                tenant,
                AccountChange(user=changed, place=place),
                events=(event,),
                messages=welcome(directory, changed, place),
            ):
                return True
        return False


def _place(user: User, connection: Connection) -> int | None:
    return user.connections.index(connection.name) if connection.name in user.connections else None


def _email(user: User, connection: Connection) -> str:
    place = _place(user, connection)
    return normalise_email(user.profile_of(place).get("email") or "") if place is not None else ""


def _subject(user: User, email: str) -> bytes:
    return digest(SEPARATOR.join((Purpose.EMAIL_VERIFICATION, user.user_id, email)))
