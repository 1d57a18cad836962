"""How a ticket is kept, for the verbs that store one."""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.backends.storage.database import Query
from doorward.model.ticket import Ticket, TicketType

_encode = msgspec.json.Encoder().encode

INSERT = """
INSERT INTO ticket (tenant, ticket_hash, type, user_id, expires_at, document)
SELECT u.tenant, :ticket_hash, :type, u.user_id, :expires_at, :document FROM user_account u
WHERE u.tenant = :tenant AND u.user_id = :user_id RETURNING ticket_hash"""
REDEEM = """
UPDATE ticket SET used_at = :at
WHERE tenant = :tenant AND ticket_hash = :ticket_hash AND type = :type AND used_at IS NULL AND expires_at > :at
RETURNING document"""


def insert_ticket(tenant: str, ticket: Ticket) -> Query:
    """The statement that stores a ticket, if its user is there."""
    return Query(INSERT, ticket_row(tenant, ticket))


def ticket_key(tenant: str, ticket_hash: bytes, type_: TicketType, at: float) -> dict[str, Any]:
    return {"tenant": tenant, "ticket_hash": ticket_hash, "type": type_.value, "at": at}


def redeem_ticket(tenant: str, ticket_hash: bytes, type_: TicketType, at: float) -> Query:
    """The statement that uses a ticket up, if it is still good; its row is the document."""
    return Query(REDEEM, ticket_key(tenant, ticket_hash, type_, at))


def ticket_row(tenant: str, ticket: Ticket) -> dict[str, Any]:
    """What is kept of a ticket, by column."""
    return {
        "tenant": tenant,
        "ticket_hash": ticket.ticket_hash,
        "type": ticket.type.value,
        "user_id": ticket.user_id,
        "expires_at": ticket.expires_at,
        "document": _encode(ticket).decode(),
    }
