"""Codes in a database connection: they sign in, or show before a sign-up that an address is somebody's own.

Whether there is an account is not told before the code came back (E9): the answer to an address and the work behind
it are the same. A code is bound to the browser that asked for it (B13).
"""

from __future__ import annotations

import msgspec

from doorward.identity.code_guard import BLOCKED, FLAGS, SIGNUP_DISABLED, CodeGuard, unsent
from doorward.identity.log_events import person_event
from doorward.identity.one_time_codes import admit, handle, message_of, new_challenge, sealed, typed
from doorward.model.authentication import Denial, PasswordOutcome
from doorward.model.authentication_method import MethodType
from doorward.model.challenge import Purpose
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import SEPARATOR
from doorward.model.message import Channel
from doorward.model.request_context import RequestContext
from doorward.model.user import User
from doorward.ports import Attempts, AuthenticationMethods, Challenges, Clock, Entropy, Log, Users

UNVERIFIED = "The address is not verified, and the account has another way in"
LENGTH = 6
LIFETIME = 900.0


class IdentifierCodes:
    """Sends the codes, and takes them back."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        users: Users,
        challenges: Challenges,
        attempts: Attempts,
        log: Log,
        guard: CodeGuard,
        methods: AuthenticationMethods,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._users = users
        self._challenges = challenges
        self._attempts = attempts
        self._log = log
        self._guard = guard
        self._methods = methods

    async def send(
        self,
        directory: TenantDirectory,
        connection: Connection,
        field: str,
        address: str,
        client: Client,
        context: RequestContext,
        *,
        holder: str,
        channel: Channel = Channel.EMAIL,
        signs_up: bool = False,
        locale: str = "",
    ) -> None:
        """Send a code to an address (``field`` is ``email`` or ``phone_number``, normalised) that ``holder`` may bring
        back. Raises ``TooManyCodes``."""
        tenant, now = directory.tenant.id, self._clock.now()
        await admit(self._attempts, tenant, connection.name, address, context.ip, at=now)
        user = await self._guard.known(tenant, connection, field, address)
        code, subject = self._entropy.digits(LENGTH), _subject(connection, field, address)
        challenge = new_challenge(
            directory, Purpose.IDENTIFIER, subject, code, address,
            holder=holder, expires_at=now + LIFETIME, connection=connection, client=client, user=user, channel=channel,
        )  # fmt: skip
        why = unsent(directory, connection, channel, address, user)
        by_mail, mail = channel is Channel.EMAIL, "verify_email_by_code" if signs_up else "auth_email_by_code"
        message = message_of(challenge, mail if by_mail else "otp_verify", {"send": "code", "code": code}, locale)
        type_ = "f" if why else "cls" if by_mail else "cs"
        event = person_event(type_, now, connection, context, user=user, name=address, client=client, description=why)
        await self._challenges.begin(tenant, challenge, messages=() if why else (message,), events=(event,))

    async def bring(
        self,
        directory: TenantDirectory,
        connection: Connection,
        field: str,
        address: str,
        code: str,
        client: Client,
        context: RequestContext,
        *,
        holder: str,
    ) -> PasswordOutcome:
        """What becomes of a code that ``holder`` brings back, typed with or without gaps. A right one for an address
        without an account leads to neither a user nor a denial."""
        tenant, subject = directory.tenant.id, _subject(connection, field, address)
        denial, _ = await self._guard.tried(
            directory,
            connection,
            field,
            address,
            handle(subject, holder),
            sealed(directory, subject, typed(code)),
            client,
            context,
        )
        if denial is not None:
            return PasswordOutcome(denial=denial)
        user = await self._guard.known(tenant, connection, field, address)
        event = person_event("f", self._clock.now(), connection, context, user=user, name=address, client=client)
        if user is None:
            if connection.allows_signup:
                return PasswordOutcome(connection=connection.name)
            self._log.write(tenant, msgspec.structs.replace(event, description=SIGNUP_DISABLED))
            return PasswordOutcome(denial=Denial.WRONG_CREDENTIALS)
        if user.blocked:
            self._log.write(tenant, msgspec.structs.replace(event, description=BLOCKED))
            return PasswordOutcome(denial=Denial.USER_BLOCKED)
        if await self._may_be_of_another(tenant, user, connection, field, address):
            self._log.write(tenant, msgspec.structs.replace(event, description=UNVERIFIED))
            return PasswordOutcome(denial=Denial.NOT_PROVED)
        user = await self._guard.verified(tenant, user, connection, field, address)
        return PasswordOutcome(user=user, connection=connection.name)

    async def proved(self, tenant: str, user: User, connection: Connection, field: str, address: str) -> User:
        """The user, who brought a code back and proved that the account is theirs as well."""
        return await self._guard.verified(tenant, user, connection, field, address)

    async def _may_be_of_another(
        self, tenant: str, user: User, connection: Connection, field: str, address: str
    ) -> bool:
        """Whether somebody else may have made the account with this address, and can get into it.

        Whoever signs up with an address that is not theirs waits for its owner to use the account. So an address that
        nobody verified opens none that has another way in.
        """
        place = user.place_of(connection.name, field, address)
        profile = user.profile_of(place) if place is not None else {}
        if profile.get(FLAGS[field]) is True:
            return False
        if len(user.identities) > 1 or any(profile.get(flag) is True for flag in FLAGS.values()):
            return True
        found = await self._users.find_by_identifier(tenant, connection.name, field, address)
        if found is not None and found[1] is not None:
            return True
        return any(one.type is MethodType.PASSKEY for one in await self._methods.of_user(tenant, user.user_id))


def _subject(connection: Connection, field: str, address: str) -> bytes:
    """Of the codes sent to an address the last one counts, whoever asked for it."""
    return digest(SEPARATOR.join((Purpose.IDENTIFIER, connection.id, field, address)))
