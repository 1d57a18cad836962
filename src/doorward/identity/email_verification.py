"""Verifying that a mailbox is somebody's own: the link that is sent, and what redeeming it does."""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.identity.log_events import person_event
from doorward.identity.tickets import Redeemable, TicketUnusable, is_sent, redeemable, ticket_mail
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.log_event import LogEvent
from doorward.model.message import Message
from doorward.model.request_context import RequestContext
from doorward.model.ticket import Ticket, TicketType
from doorward.model.user import AccountChange, User
from doorward.ports import Clock, Conflict, Entropy, Log, Tickets, Users

VERIFY, WELCOME = "verify_email", "welcome_email"
TRIES = 3


def verifies_by_link(directory: TenantDirectory, connection: Connection) -> bool:
    """Whether new users of a connection are sent a link."""
    email = (connection.options.get("attributes") or {}).get("email") or {}
    return connection.is_database and email.get("verification_method", "link") == "link" and is_sent(directory, VERIFY)


def needs_verification(user: User, connection: Connection) -> bool:
    """Whether somebody who signs in with ``connection`` has to show by a code that their address there is theirs."""
    if connection.name not in user.connections or not connection.verifies_by_code:
        return False
    profile = user.profile_of(user.connections.index(connection.name))
    return bool(profile.get("email")) and profile.get("email_verified") is not True


def welcome(directory: TenantDirectory, user: User, place: int = 0) -> tuple[Message, ...]:
    """The mail that welcomes somebody, where the tenant wrote one."""
    email = user.profile_of(place).get("email")
    if not email or not is_sent(directory, WELCOME, unless_written=False):
        return ()
    return (Message(template=WELCOME, to=email, user_id=user.user_id, connection=user.connections[place]),)


class EmailVerification:
    """Sends the links, and redeems them."""

    def __init__(self, clock: Clock, entropy: Entropy, users: Users, tickets: Tickets, log: Log) -> None:
        self._clock = clock
        self._entropy = entropy
        self._users = users
        self._tickets = tickets
        self._log = log

    def letter(
        self,
        directory: TenantDirectory,
        user: User,
        place: int,
        *,
        url: str,
        client_id: str | None = None,
        organization_id: str | None = None,
        locale: str = "",
    ) -> tuple[Ticket, Message]:
        """The ticket, and the mail that brings it to the address, which there has to be, as a link below ``url``
        (with its slash)."""
        return ticket_mail(
            self._entropy,
            directory,
            VERIFY,
            TicketType.EMAIL_VERIFICATION,
            user,
            place,
            url=url,
            at=self._clock.now(),
            locale=locale,
            client_id=client_id,
            organization_id=organization_id,
        )

    async def send(
        self, directory: TenantDirectory, user: User, place: int, *, events: tuple[LogEvent, ...] = (), **details: Any
    ) -> bool:
        """Put such a letter into the outbox; the links sent before are void. ``False``, and nothing written, for
        somebody without an address, or who is gone."""
        if not user.profile_of(place).get("email"):
            return False
        ticket, message = self.letter(directory, user, place, **details)
        return await self._tickets.create(directory.tenant.id, ticket, events=events, messages=(message,))

    async def ask(
        self,
        directory: TenantDirectory,
        user: User,
        place: int,
        context: RequestContext,
        *,
        client: Client | None = None,
        locale: str = "",
    ) -> bool:
        """The same, asked for by the person; logged as ``svr`` or ``fvr``."""
        connection, now = directory.connections.get(user.connections[place]), self._clock.now()
        asked = person_event("svr", now, connection, context, user=user, client=client)
        if await self.send(
            directory,
            user,
            place,
            url=f"https://{context.hostname}/",
            client_id=client.client_id if client is not None else None,
            locale=locale,
            events=(asked,),
        ):
            return True
        self._log.write(directory.tenant.id, msgspec.structs.replace(asked, type="fvr", description="no email address"))
        return False

    async def look(self, tenant: str, ticket_hash: bytes) -> Redeemable:
        """What a link is good for. Raises ``TicketUnusable``."""
        return await redeemable(
            self._tickets, self._users, tenant, ticket_hash, TicketType.EMAIL_VERIFICATION, at=self._clock.now()
        )

    async def redeem(self, directory: TenantDirectory, ticket_hash: bytes, context: RequestContext) -> Redeemable:
        """Use a link up: its address is verified. Raises ``TicketUnusable``."""
        try:
            return await self._redeem(directory, ticket_hash, context)
        except TicketUnusable as unusable:
            event = person_event("fv", self._clock.now(), None, context, description=f"ticket {unusable}")
            self._log.write(directory.tenant.id, event)
            raise

    async def _redeem(self, directory: TenantDirectory, ticket_hash: bytes, context: RequestContext) -> Redeemable:
        tenant, now = directory.tenant.id, self._clock.now()
        for _ in range(TRIES):
            found = await self.look(tenant, ticket_hash)
            profile = {**found.user.profile_of(found.place), "email_verified": True}
            user = msgspec.structs.replace(found.user.with_profile(found.place, profile), updated_at=now)
            connection = directory.connections.get(user.connections[found.place])
            try:
                redeemed = await self._tickets.redeem(
                    tenant,
                    found.ticket.ticket_hash,
                    TicketType.EMAIL_VERIFICATION,
                    at=now,
                    change=AccountChange(user=user, place=found.place),
                    events=(person_event("sv", now, connection, context, user=user),),
                    messages=welcome(directory, user, found.place),
                )
            except Conflict:
                continue
            if redeemed is not None:
                return Redeemable(redeemed, user, found.place)
        raise TicketUnusable(None)
