"""Tickets: made for a person, redeemed once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from doorward.backends.storage.attempts import clear_attempts
from doorward.backends.storage.database import Database, Query, Verb
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.outbox import StoredOutbox
from doorward.backends.storage.session_ends import SessionEnds, Told
from doorward.backends.storage.ticket_rows import insert_ticket, redeem_ticket, ticket_key, ticket_row
from doorward.backends.storage.users import change_account
from doorward.model.log_event import LogEvent
from doorward.model.message import Message
from doorward.model.ticket import Ticket, TicketState, TicketType
from doorward.model.user import AccountChange
from doorward.ports import Conflict

_decode = msgspec.json.Decoder(Ticket).decode

# Whoever holds a person's row is the only one who makes links for them.
OWNER = "SELECT 1 FROM user_account WHERE tenant = :tenant AND user_id = :user_id"
# Of the links sent to an address for one purpose the last one counts.
VOID = """
DELETE FROM ticket WHERE tenant = :tenant AND user_id = :user_id AND type = :type AND ticket_hash <> :ticket_hash
    AND used_at IS NULL AND {email} = :email {{and_once}}"""
FIND = """
SELECT document FROM ticket
WHERE tenant = :tenant AND ticket_hash = :ticket_hash AND type = :type AND used_at IS NULL AND expires_at > :at"""
LOOK = """
SELECT document, used_at, expires_at FROM ticket
WHERE tenant = :tenant AND ticket_hash = :ticket_hash AND type = :type"""


class StoredTickets:
    """``ports.Tickets``."""

    def __init__(self, database: Database, log: StoredLog, outbox: StoredOutbox, ends: SessionEnds) -> None:
        self._database = database
        self._log = log
        self._outbox = outbox
        self._ends = ends
        self._void = VOID.format(email=database.dialect.member("document", "email"))

    async def create(
        self,
        tenant: str,
        ticket: Ticket,
        *,
        events: Sequence[LogEvent],
        messages: Sequence[Message] = (),
        otherwise: Sequence[LogEvent] = (),
    ) -> bool:
        owner = Query(OWNER + self._database.dialect.hold, {"tenant": tenant, "user_id": ticket.user_id})

        def verb() -> Verb[bool]:
            found = bool((yield owner))
            yield insert_ticket(tenant, ticket)  # of nobody's there is nothing to insert, and nothing to delete
            yield Query(self._void, {**ticket_row(tenant, ticket), "email": ticket.email})
            yield from self._log.insert(tenant, events if found else otherwise)
            if found:
                yield from self._outbox.insert(tenant, messages)
            else:
                for _ in messages:
                    yield owner
            return found

        created = await self._database.write(verb)
        if created:
            self._outbox.wake(messages)
        return created

    async def find(self, tenant: str, ticket_hash: bytes, type_: TicketType, *, at: float) -> Ticket | None:
        rows = await self._database.read(FIND, ticket_key(tenant, ticket_hash, type_, at))
        return _decode(rows[0][0]) if rows else None

    async def look(
        self, tenant: str, ticket_hash: bytes, type_: TicketType, *, at: float
    ) -> tuple[Ticket, TicketState] | None:
        rows = await self._database.read(LOOK, {"tenant": tenant, "ticket_hash": ticket_hash, "type": type_.value})
        if not rows:
            return None
        document, used_at, expires_at = rows[0]
        if used_at is not None:
            return _decode(document), TicketState.USED
        return _decode(document), TicketState.OPEN if expires_at > at else TicketState.EXPIRED

    async def redeem(
        self,
        tenant: str,
        ticket_hash: bytes,
        type_: TicketType,
        *,
        at: float,
        events: Sequence[LogEvent] = (),
        messages: Sequence[Message] = (),
        change: AccountChange | None = None,
        unblock: Sequence[str] = (),
    ) -> Ticket | None:
        told: Told = []

        def verb() -> Verb[Ticket | None]:
            redeemed = yield redeem_ticket(tenant, ticket_hash, type_, at)
            if not redeemed:
                return None
            if change is not None and not (
                yield from change_account(self._database.dialect, self._ends, tenant, change, told)
            ):
                raise Conflict("revision", change.user.user_id)
            for prefix in unblock:
                yield clear_attempts(tenant, prefix)
            yield from self._log.insert(tenant, events)
            yield from self._outbox.insert(tenant, messages)
            return _decode(redeemed[0][0])

        ticket = await self._database.write(verb)
        self._outbox.wake([*messages, *told])
        return ticket
