"""Signing in without a password: a code or a link is sent to an address, and whoever brings it back has the address.

Whether there is an account is not told: the answer to "send me a code" and the work behind it are the same. A
code is bound to who asked for it: an application, or one browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from doorward.identity.administrators import Administrators
from doorward.identity.claimant import Attempt, Claimant, of_client, sealed
from doorward.identity.code_guard import BLOCKED, FLAGS, CodeGuard, barred, unsent
from doorward.identity.email_verification import welcome
from doorward.identity.ip_throttling import takes_attempt
from doorward.identity.one_time_codes import MAX_CODE, admit, message_of, typed
from doorward.identity.signup import EMAIL, MAX_EMAIL, PHONE, identifiers_of, with_defaults
from doorward.model.authentication import Denial, PasswordOutcome
from doorward.model.challenge import Challenge, Purpose
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import new_object_id, normalise_email, normalise_phone
from doorward.model.message import Channel, Message
from doorward.model.request_context import RequestContext
from doorward.model.suspicious_ip import IpStage
from doorward.model.user import User
from doorward.ports import Attempts, Challenges, Clock, Conflict, Entropy, Log, Users

LINK = "passwordless/verify_redirect"


def address_of(connection: Connection, given: str) -> str | None:
    """What somebody typed, as an address of a passwordless connection; ``None`` for what is none."""
    if connection.address_field == "email":
        email = normalise_email(given)
        return email if len(email) <= MAX_EMAIL and EMAIL.fullmatch(email) else None
    phone = normalise_phone(given)
    return phone if PHONE.fullmatch(phone) else None


def claimant_of(
    directory: TenantDirectory, connection: Connection, address: str, client: Client, context: RequestContext
) -> Claimant:
    """Who has a code sent by an application, or brings one back there."""
    return Claimant(
        directory=directory,
        connection=connection,
        field=connection.address_field,
        address=address,
        client=client,
        context=context,
        holder=of_client(client),
    )


class Passwordless:
    """Sends codes and links, and takes them back. ``ports.CodeAuthenticator``. ``guard`` counts wrong ones as it does
    wrong passwords."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        users: Users,
        challenges: Challenges,
        attempts: Attempts,
        log: Log,
        guard: CodeGuard,
        administrators: Administrators,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._users = users
        self._challenges = challenges
        self._attempts = attempts
        self._log = log
        self._guard = guard
        self._administrators = administrators

    # ── there ──

    async def send(
        self,
        claimant: Claimant,
        *,
        link: Mapping[str, str] | None = None,
        payload: dict[str, Any] | None = None,
        locale: str = "",
    ) -> str:
        """Send ``claimant`` a code, or a link with ``link`` in its query; ``payload`` is found in it again.

        Returns why nothing was sent, or the empty string; that is for the log, and for whoever may know it. Raises
        ``TooManyCodes``.
        """
        connection, now = claimant.connection, self._clock.now()
        await admit(self._attempts, claimant.tenant, connection.name, claimant.address, claimant.context.ip, at=now)
        user, channel = await self._guard.known(claimant), Channel(connection.strategy)
        secret = self._entropy.token(32) if link is not None else self._entropy.digits(connection.code_length)
        until = now + connection.code_lifetime
        challenge = claimant.challenge(Purpose.PASSWORDLESS, secret, until=until, user=user, channel=channel)
        id_hash = digest(secret) if link is not None else challenge.id_hash
        challenge = msgspec.structs.replace(challenge, id_hash=id_hash, payload=payload or {})
        why = unsent(claimant, channel, user)
        type_ = "f" if why else "cls" if channel is Channel.EMAIL else "cs"
        event = claimant.event(type_, now, user=user, description=why)
        message = _message(challenge, secret, claimant.context, link, locale)
        await self._challenges.begin(claimant.tenant, challenge, messages=() if why else (message,), events=(event,))
        return why

    # ── and back ──

    async def code(
        self,
        directory: TenantDirectory,
        connection: Connection,
        client: Client,
        username: str,
        code: str,
        context: RequestContext,
    ) -> PasswordOutcome:
        address = address_of(connection, username) or username[:MAX_EMAIL]
        return await self.bring(claimant_of(directory, connection, address, client, context), code)

    async def bring(self, claimant: Claimant, code: str) -> PasswordOutcome:
        """What becomes of a code that ``claimant`` brings back, typed with or without gaps."""
        return await self._tried(claimant, claimant.attempt(Purpose.PASSWORDLESS, typed(code)))

    async def look(self, directory: TenantDirectory, secret: str, *, spent: bool = False) -> Challenge | None:
        """What a link is about, while it is good, or was ``spent`` then; looking does not spend it."""
        id_hash, now = digest(secret[:MAX_CODE]), self._clock.now()
        found = await self._challenges.find(directory.tenant.id, id_hash, at=now, spent=spent)
        return found if found is not None and found.purpose is Purpose.PASSWORDLESS else None

    async def follow(self, claimant: Claimant, secret: str, link: Challenge) -> PasswordOutcome:
        """What becomes of a link (``link`` from ``look``) that ``claimant`` follows."""
        code_hash = sealed(claimant.directory, link.subject, secret[:MAX_CODE])
        return await self._tried(claimant, Attempt(link.id_hash, code_hash))

    async def _tried(self, claimant: Claimant, attempt: Attempt) -> PasswordOutcome:
        denial, _ = await self._guard.tried(claimant, attempt)
        return PasswordOutcome(denial=denial) if denial is not None else await self._person(claimant)

    async def _person(self, claimant: Claimant) -> PasswordOutcome:
        """Whose address it is: somebody who is known, or a new user."""
        directory, tenant, connection = claimant.directory, claimant.tenant, claimant.connection
        user, event = await self._guard.known(claimant), claimant.event("ss", self._clock.now())
        why = barred(claimant) if user is None else ""
        if why:
            self._log.write(tenant, msgspec.structs.replace(event, type="fs", description=why))
            return PasswordOutcome(denial=Denial.WRONG_CREDENTIALS)
        if user is None:
            if not await takes_attempt(self._attempts, directory, IpStage.SIGNUP, claimant.context.ip, at=event.date):
                blocked = msgspec.structs.replace(event, type="limit_mu")
                await self._administrators.throttled(directory, IpStage.SIGNUP, blocked)
                if directory.suspicious_ip.blocks:
                    return PasswordOutcome(denial=Denial.IP_BLOCKED)
            made = self._new(connection, claimant.address)
            event = msgspec.structs.replace(event, user_id=made.user_id)
            try:
                await self._users.create(
                    tenant,
                    made,
                    identifiers_of(made.profile),
                    None,
                    events=(event,),
                    messages=welcome(directory, made),
                    within=connection.id,
                )
                user = made
            except Conflict:  # made by another login a moment ago
                user = await self._guard.known(claimant)
        if user is None:
            return PasswordOutcome(denial=Denial.WRONG_CREDENTIALS)
        if user.blocked:
            self._log.write(tenant, msgspec.structs.replace(event, type="f", description=BLOCKED))
            return PasswordOutcome(denial=Denial.USER_BLOCKED)
        return PasswordOutcome(user=await self._guard.verified(claimant, user), connection=connection.name)

    def _new(self, connection: Connection, address: str) -> User:
        now, local = self._clock.now(), new_object_id(self._entropy)
        known = {connection.address_field: address, FLAGS[connection.address_field]: True}
        identity = {
            "connection": connection.name, "user_id": local, "provider": connection.strategy, "isSocial": False,
        }  # fmt: skip
        return User(
            user_id=f"{connection.strategy}|{local}",
            connection=connection.name,
            profile=with_defaults(known),
            identities=(identity,),
            created_at=now,
            updated_at=now,
        )


def _message(
    challenge: Challenge, secret: str, context: RequestContext, link: Mapping[str, str] | None, locale: str
) -> Message:
    values: dict[str, Any] = {"send": "code", "code": secret}
    if link is not None:
        url = f"https://{context.hostname}/{LINK}?{urlencode({'verification_code': secret, **link})}"
        values = {"send": "link", "link": url, "url": url}
    template = "auth_email_by_code" if challenge.channel is Channel.EMAIL else "otp_verify"
    return message_of(challenge, template, values, locale)
