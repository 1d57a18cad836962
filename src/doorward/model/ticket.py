"""Tickets: links by which a person proves to have a mailbox, or sets a password."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class TicketType(StrEnum):
    """What a ticket is good for."""

    EMAIL_VERIFICATION = "email_verification"
    PASSWORD_CHANGE = "password_change"
    UNBLOCK = "unblock"
    MFA_ENROLLMENT = "mfa_enrollment"


class TicketState(StrEnum):
    """What has become of a ticket. One that was replaced by a later one is not known any more."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"


class OpenedTicket(Struct, frozen=True):
    """The ticket a transaction on pages began with, where it did not begin with a login."""

    ticket_hash: bytes
    type: TicketType
    user_id: str


class Ticket(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One ticket: kept as a digest, good once. Times are epoch seconds.

    ``email`` is the address it was made for: a person who has another one since must not profit.
    ``identity`` is provider and id of the account it is about, ``factor`` what has to be enrolled.
    """

    ticket_hash: bytes
    type: TicketType
    user_id: str
    expires_at: float
    identity: tuple[str, str] | None = None
    email: str | None = None
    result_url: str | None = None
    client_id: str | None = None
    organization_id: str | None = None
    mark_email_as_verified: bool = False
    include_email_in_redirect: bool = False
    factor: str | None = None
    allow_multiple_enrollments: bool = False
