"""Accounts that brute-force protection locked: their owners hear of it, and can open them again."""

from __future__ import annotations

from doorward.identity.log_events import person_event
from doorward.identity.tickets import Redeemable, TicketUnusable, for_nobody, is_sent, redeemable, ticket_mail
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import attempt_prefix, attempt_suffix
from doorward.model.log_event import LogEvent
from doorward.model.request_context import RequestContext
from doorward.model.ticket import TicketType
from doorward.model.user import User
from doorward.ports import Clock, Entropy, OneTimeValues, Outbox, Tickets, Users

TEMPLATE = "blocked_account"
EVERY = 3600.0


def counters_of(user: User) -> tuple[str, ...]:
    """How the counters of all that somebody signs in with begin."""
    return tuple(attempt_prefix(connection, identifier) for connection, identifier in user.signs_in_with)


class BlockedAccounts:
    """Tells, and unblocks."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        users: Users,
        tickets: Tickets,
        outbox: Outbox,
        one_time_values: OneTimeValues,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._users = users
        self._tickets = tickets
        self._outbox = outbox
        self._one_time_values = one_time_values

    async def locked(
        self, directory: TenantDirectory, user: User | None, place: int, event: LogEvent, context: RequestContext
    ) -> None:
        """An account was locked just now: log it, and tell its owner, if there is one, at most once an hour for the
        address the attempts came from. It takes as long where there is nobody to tell."""
        tenant, now = directory.tenant.id, self._clock.now()
        reachable = user is not None and bool(user.profile_of(place).get("email"))
        wanted = "user_notification" in directory.brute_force.shields and is_sent(directory, TEMPLATE)
        whose = TEMPLATE if reachable and wanted else "nobody"
        first = await self._one_time_values.use(
            tenant, digest(f"{whose}{attempt_suffix(context.ip)}"), at=now, expires_at=now + EVERY
        )
        if user is not None and reachable and wanted and first:
            ticket, message = ticket_mail(
                self._entropy,
                directory,
                TEMPLATE,
                TicketType.UNBLOCK,
                user,
                place,
                url=f"https://{context.hostname}/",
                at=now,
            )
            if await self._tickets.create(tenant, ticket, events=(event,), messages=(message,)):
                return
        elif wanted and first:
            ticket, message = for_nobody(self._entropy, TicketType.UNBLOCK, TEMPLATE, now)
            await self._tickets.create(tenant, ticket, events=(), messages=(message,), otherwise=(event,))
            return
        await self._outbox.put(tenant, (), events=(event,))

    async def look(self, tenant: str, ticket_hash: bytes) -> Redeemable:
        """What the link of the mail is good for. Raises ``TicketUnusable``."""
        return await redeemable(
            self._tickets, self._users, tenant, ticket_hash, TicketType.UNBLOCK, at=self._clock.now()
        )

    async def unblock(self, directory: TenantDirectory, ticket_hash: bytes, context: RequestContext) -> User:
        """Use the link up: whatever was counted for its owner is forgotten. Raises ``TicketUnusable``."""
        tenant, now = directory.tenant.id, self._clock.now()
        found = await self.look(tenant, ticket_hash)
        connection = directory.connections.get(found.user.connections[found.place])
        redeemed = await self._tickets.redeem(
            tenant,
            found.ticket.ticket_hash,
            TicketType.UNBLOCK,
            at=now,
            unblock=counters_of(found.user),
            events=(person_event("ublkdu", now, connection, context, user=found.user),),
        )
        if redeemed is None:
            raise TicketUnusable(None)
        return found.user
