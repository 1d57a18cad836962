"""Codes are tried as passwords are: wrong ones count, and what is locked stays locked for the right one, too."""

from __future__ import annotations

import msgspec

from doorward.identity.claimant import Attempt, Claimant
from doorward.identity.one_time_codes import UNREACHED
from doorward.identity.password_login import Account, PasswordLogin
from doorward.model.authentication import Denial
from doorward.model.challenge import Challenge, Verdict
from doorward.model.identifiers import is_look_alike
from doorward.model.message import Channel
from doorward.model.user import AccountChange, User
from doorward.ports import Challenges, Clock, Log, Users

FLAGS = {"email": "email_verified", "phone_number": "phone_verified"}
SIGNUP_DISABLED, BLOCKED = "Public signup is disabled", "user is blocked"
LOOK_ALIKE = "the address mixes scripts that look alike"


def unsent(claimant: Claimant, channel: Channel, user: User | None) -> str:
    """Why no code that signs ``user`` in, or up, goes to their address; empty where one does."""
    if channel is not Channel.EMAIL and not claimant.directory.settings.reaches(claimant.address):
        return UNREACHED
    if user is None:
        return barred(claimant)
    return BLOCKED if user.blocked else ""


def barred(claimant: Claimant) -> str:
    """Why nobody becomes a user with the address; empty where they may."""
    if not claimant.connection.allows_signup:
        return SIGNUP_DISABLED
    return LOOK_ALIKE if claimant.field == "email" and is_look_alike(claimant.address) else ""


class CodeGuard:
    """What codes that sign in have in common; ``passwords`` counts the wrong ones."""

    def __init__(self, clock: Clock, users: Users, challenges: Challenges, log: Log, passwords: PasswordLogin) -> None:
        self._clock = clock
        self._users = users
        self._challenges = challenges
        self._log = log
        self._passwords = passwords

    async def tried(
        self, claimant: Claimant, attempt: Attempt, *, failed: str = "f", unlocks: bool = False
    ) -> tuple[Denial | None, Challenge | None]:
        """What stands against a code that was sent to the address; nothing if it is right. With it what was tried. A
        wrong one is logged as ``failed``; one that ``unlocks`` an account is taken while wrong ones lock that."""
        who, now = (claimant.directory, claimant.connection, claimant.address), self._clock.now()
        denial, failures = await self._passwords.stopped(*who, claimant.context)
        if denial is not None and not (unlocks and denial is Denial.TOO_MANY_ATTEMPTS):
            return denial, None
        verdict, challenge = await self._challenges.check(claimant.tenant, attempt.id_hash, attempt.code_hash, at=now)
        if verdict is Verdict.RIGHT:
            await self._passwords.passed(*who, claimant.context, failures=failures)
            return None, challenge
        user = await self.known(claimant)
        event = claimant.event(failed, now, user=user, description=f"The code is {verdict.value}")
        if verdict is Verdict.SPENT:
            self._log.write(claimant.tenant, event)
            return Denial.CODE_USED, challenge
        place = claimant.place_in(user) if user is not None else None
        denial = await self._passwords.failed(*who, Account(user, place or 0), claimant.context, wrong=event)
        return denial, challenge

    async def known(self, claimant: Claimant) -> User | None:
        """Whose the address is."""
        found = await self._users.find_by_identifier(
            claimant.tenant, claimant.connection.name, claimant.field, claimant.address
        )
        return found[0] if found is not None else None

    async def verified(self, claimant: Claimant, user: User) -> User:
        """The user, whose address is theirs beyond doubt now."""
        place, flag = claimant.place_in(user), FLAGS[claimant.field]
        if place is None or user.profile_of(place).get(flag) is True:
            return user
        profile = {**user.profile_of(place), flag: True}
        changed = msgspec.structs.replace(user.with_profile(place, profile), updated_at=self._clock.now())
        written = await self._users.change(claimant.tenant, AccountChange(user=changed, place=place), events=())
        return msgspec.structs.replace(changed, revision=user.revision + 1) if written else user
