"""Codes are tried as passwords are: wrong ones count, and what is locked stays locked for the right one, too."""

from __future__ import annotations

import msgspec

from doorward.identity.log_events import person_event
from doorward.identity.one_time_codes import UNREACHED
from doorward.identity.password_login import Account, PasswordLogin
from doorward.model.authentication import Denial
from doorward.model.challenge import Challenge, Verdict
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.message import Channel
from doorward.model.request_context import RequestContext
from doorward.model.user import AccountChange, User
from doorward.ports import Challenges, Clock, Log, Users

FLAGS = {"email": "email_verified", "phone_number": "phone_verified"}
SIGNUP_DISABLED, BLOCKED = "Public signup is disabled", "user is blocked"


def unsent(
    directory: TenantDirectory, connection: Connection, channel: Channel, address: str, user: User | None
) -> str:
    """Why no code that signs ``user`` in, or up, goes to their address; empty where one does."""
    if channel is not Channel.EMAIL and not directory.settings.reaches(address):
        return UNREACHED
    if user is None:
        return "" if connection.allows_signup else SIGNUP_DISABLED
    return BLOCKED if user.blocked else ""


class CodeGuard:
    """What codes that sign in have in common; ``passwords`` counts the wrong ones."""

    def __init__(self, clock: Clock, users: Users, challenges: Challenges, log: Log, passwords: PasswordLogin) -> None:
        self._clock = clock
        self._users = users
        self._challenges = challenges
        self._log = log
        self._passwords = passwords

    async def tried(
        self,
        directory: TenantDirectory,
        connection: Connection,
        field: str,
        address: str,
        id_hash: bytes,
        code_hash: bytes,
        client: Client,
        context: RequestContext,
        *,
        failed: str = "f",
        unlocks: bool = False,
    ) -> tuple[Denial | None, Challenge | None]:
        """What stands against a code that was sent to an address (``field`` is its kind); nothing if it is right. With
        it what was tried. A wrong one is logged as ``failed``; one that ``unlocks`` an account is taken while wrong
        ones lock that."""
        tenant, now = directory.tenant.id, self._clock.now()
        denial, failures = await self._passwords.stopped(directory, connection, address, context)
        if denial is not None and not (unlocks and denial is Denial.TOO_MANY_ATTEMPTS):
            return denial, None
        verdict, challenge = await self._challenges.check(tenant, id_hash, code_hash, at=now)
        if verdict is Verdict.RIGHT:
            await self._passwords.passed(directory, connection, address, context, failures=failures)
            return None, challenge
        user, what = await self.known(tenant, connection, field, address), f"The code is {verdict.value}"
        event = person_event(failed, now, connection, context, user=user, name=address, client=client, description=what)
        if verdict is Verdict.SPENT:
            self._log.write(tenant, event)
            return Denial.CODE_USED, challenge
        place = user.place_of(connection.name, field, address) if user is not None else None
        account = Account(user, place or 0)
        denial = await self._passwords.failed(directory, connection, address, account, context, wrong=event)
        return denial, challenge

    async def known(self, tenant: str, connection: Connection, field: str, address: str) -> User | None:
        """Whose the address is."""
        found = await self._users.find_by_identifier(tenant, connection.name, field, address)
        return found[0] if found is not None else None

    async def verified(self, tenant: str, user: User, connection: Connection, field: str, address: str) -> User:
        """The user, whose address is theirs beyond doubt now."""
        place = user.place_of(connection.name, field, address)
        if place is None or user.profile_of(place).get(FLAGS[field]) is True:
            return user
        profile = {**user.profile_of(place), FLAGS[field]: True}
        changed = msgspec.structs.replace(user.with_profile(place, profile), updated_at=self._clock.now())
        written = await self._users.change(tenant, AccountChange(user=changed, place=place), events=())
        return msgspec.structs.replace(changed, revision=user.revision + 1) if written else user
