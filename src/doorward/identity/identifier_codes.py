"""Codes in a database connection: they sign in, or show before a sign-up that an address is somebody's own.

Whether there is an account is not told before the code came back: the answer to an address and the work behind
it are the same. A code is bound to the browser that asked for it.
"""

from __future__ import annotations

from doorward.identity.claimant import Claimant
from doorward.identity.code_guard import BLOCKED, FLAGS, SIGNUP_DISABLED, CodeGuard, unsent
from doorward.identity.one_time_codes import admit, message_of, typed
from doorward.model.authentication import Denial, PasswordOutcome
from doorward.model.authentication_method import MethodType
from doorward.model.challenge import Purpose
from doorward.model.message import Channel
from doorward.model.user import User
from doorward.ports import Ports

UNVERIFIED = "The address is not verified, and the account has another way in"
LENGTH = 6
LIFETIME = 900.0


class IdentifierCodes:
    """Sends the codes, and takes them back."""

    def __init__(self, ports: Ports, guard: CodeGuard) -> None:
        self._ports = ports
        self._guard = guard

    async def send(
        self, claimant: Claimant, *, channel: Channel = Channel.EMAIL, signs_up: bool = False, locale: str = ""
    ) -> None:
        """Send ``claimant`` a code, in the language of ``locale`` (BCP 47). Raises ``TooManyCodes``."""
        ports, tenant, now = self._ports, claimant.tenant, self._ports.clock.now()
        await admit(ports.attempts, tenant, claimant.connection.name, claimant.address, claimant.context.ip, at=now)
        user, code = await self._guard.known(claimant), ports.entropy.digits(LENGTH)
        challenge = claimant.challenge(Purpose.IDENTIFIER, code, until=now + LIFETIME, user=user, channel=channel)
        why = unsent(claimant, channel, user)
        by_mail, mail = channel is Channel.EMAIL, "verify_email_by_code" if signs_up else "auth_email_by_code"
        message = message_of(challenge, mail if by_mail else "otp_verify", {"send": "code", "code": code}, locale)
        event = claimant.event("f" if why else "cls" if by_mail else "cs", now, user=user, description=why)
        await ports.challenges.begin(tenant, challenge, messages=() if why else (message,), events=(event,))

    async def bring(self, claimant: Claimant, code: str) -> PasswordOutcome:
        """What becomes of a code that ``claimant`` brings back, typed with or without gaps. A right one for an address
        without an account leads to neither a user nor a denial."""
        denial, _ = await self._guard.tried(claimant, claimant.attempt(Purpose.IDENTIFIER, typed(code)))
        if denial is not None:
            return PasswordOutcome(denial=denial)
        user, connection = await self._guard.known(claimant), claimant.connection
        if user is None and connection.allows_signup:
            return PasswordOutcome(connection=connection.name)
        if user is None:
            return self._denied(Denial.WRONG_CREDENTIALS, claimant, user, SIGNUP_DISABLED)
        if user.blocked:
            return self._denied(Denial.USER_BLOCKED, claimant, user, BLOCKED)
        if await self._may_be_of_another(claimant, user):
            return self._denied(Denial.NOT_PROVED, claimant, user, UNVERIFIED)
        return PasswordOutcome(user=await self._guard.verified(claimant, user), connection=connection.name)

    async def proved(self, claimant: Claimant, user: User) -> User:
        """The user, who brought a code back and proved that the account is theirs as well."""
        return await self._guard.verified(claimant, user)

    def _denied(self, denial: Denial, claimant: Claimant, user: User | None, why: str) -> PasswordOutcome:
        event = claimant.event("f", self._ports.clock.now(), user=user, description=why)
        self._ports.log.write(claimant.tenant, event)
        return PasswordOutcome(denial=denial)

    async def _may_be_of_another(self, claimant: Claimant, user: User) -> bool:
        """Whether somebody else may have made the account with this address, and can get into it.

        Whoever signs up with an address that is not theirs waits for its owner to use the account. So an address that
        nobody verified opens none that has another way in.
        """
        tenant, place = claimant.tenant, claimant.place_in(user)
        profile = user.profile_of(place) if place is not None else {}
        if profile.get(FLAGS[claimant.field]) is True:
            return False
        if len(user.identities) > 1 or any(profile.get(flag) is True for flag in FLAGS.values()):
            return True
        found = await self._ports.users.find_by_identifier(
            tenant, claimant.connection.name, claimant.field, claimant.address
        )
        if found is not None and found[1] is not None:
            return True
        methods = await self._ports.authentication_methods.of_user(tenant, user.user_id)
        return any(one.type is MethodType.PASSKEY for one in methods)
