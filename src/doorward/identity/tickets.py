"""Tickets as links: what they look like, how long they are good for, and the mail that brings one."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import new_ticket_value, normalise_email
from doorward.model.message import Message
from doorward.model.ticket import Ticket, TicketState, TicketType
from doorward.model.user import User
from doorward.ports import Entropy, Tickets, Users

EMAIL_TEMPLATE = "email_template"
LIFETIME = 5 * 24 * 3600  # of one that is asked of the Management API, as at Auth0
LIFETIME_IN_A_MAIL = 24 * 3600
PATHS = {
    TicketType.EMAIL_VERIFICATION: "u/email-verification",
    TicketType.PASSWORD_CHANGE: "u/reset-password",
    TicketType.UNBLOCK: "u/brute-force-protection-unblock",
}


def new_ticket(value: str, url: str, type_: TicketType, user: User, **details: Any) -> tuple[str, Ticket]:
    """A link below ``url`` (with its slash) that carries ``value``, and the ticket it redeems; ``details`` are the
    other members of a ``Ticket``. The fragment keeps a proxy in between from adding to it."""
    ticket = Ticket(ticket_hash=digest(value), type=type_, user_id=user.user_id, **details)
    return f"{url}{PATHS[type_]}?ticket={value}#", ticket


def ticket_mail(
    entropy: Entropy,
    directory: TenantDirectory,
    template: str,
    type_: TicketType,
    user: User,
    place: int,
    *,
    url: str,
    at: float,
    locale: str = "",
    **details: Any,
) -> tuple[Ticket, Message]:
    """A ticket for the identity at ``place``, and the mail that brings it to its address, which there has to be."""
    email = user.profile_of(place)["email"]
    link, ticket = new_ticket(
        new_ticket_value(entropy),
        url,
        type_,
        user,
        identity=user.identity_at(place),
        email=email,
        expires_at=at + lifetime(directory, template),
        **details,
    )
    message = Message(
        template=template,
        to=email,
        values={"url": link},
        user_id=user.user_id,
        client_id=ticket.client_id,
        organization_id=ticket.organization_id,
        connection=user.connections[place],
        locale=locale,
    )
    return ticket, message


def for_nobody(entropy: Entropy, type_: TicketType, template: str, at: float) -> tuple[Ticket, Message]:
    """A ticket and a mail of nobody: to store them is as much work, and does nothing."""
    value = new_ticket_value(entropy)
    return Ticket(ticket_hash=digest(value), type=type_, user_id="", expires_at=at), Message(template=template, to="")


def lifetime(directory: TenantDirectory, template: str) -> float:
    """How long a link in this mail is good for, in seconds (``urlLifetimeInSeconds``)."""
    document = directory.documents[EMAIL_TEMPLATE].get(template)
    return float((document.body.get("urlLifetimeInSeconds") if document is not None else None) or LIFETIME_IN_A_MAIL)


def is_sent(directory: TenantDirectory, template: str, *, unless_written: bool = True) -> bool:
    """Whether the tenant wants this mail; ``unless_written`` where it never wrote one of its own."""
    document = directory.documents[EMAIL_TEMPLATE].get(template)
    return unless_written if document is None else document.body.get("enabled") is True


class TicketUnusable(Exception):
    """A link that is good for nothing. ``state`` is ``None`` for one that never was, was replaced, or is about an
    account that is not the same any more; ``ticket`` is the one it was."""

    def __init__(self, state: TicketState | None, ticket: Ticket | None = None) -> None:
        super().__init__(state or "unknown")
        self.state, self.ticket = state, ticket

    @property
    def text_key(self) -> str:
        """The key of the page text that tells a person."""
        return "auth0-users-used-ticket" if self.state is TicketState.USED else "auth0-users-expired-ticket"


class Redeemable(Struct, frozen=True):
    """A ticket, whose it is, and which of their identities it is about."""

    ticket: Ticket
    user: User
    place: int


async def redeemable(
    tickets: Tickets, users: Users, tenant: str, ticket_hash: bytes, type_: TicketType, *, at: float
) -> Redeemable:
    """What a link is good for; reading it does not spend it. Raises ``TicketUnusable``."""
    found = await tickets.look(tenant, ticket_hash, type_, at=at)
    if found is None:
        raise TicketUnusable(None)
    ticket, state = found
    if state is not TicketState.OPEN:
        raise TicketUnusable(state, ticket)
    user = await users.find(tenant, ticket.user_id)
    place = user.place_of_identity(ticket.identity) if user is not None else None
    if user is None or place is None:
        raise TicketUnusable(None)
    if normalise_email(user.profile_of(place).get("email") or "") != normalise_email(ticket.email or ""):
        raise TicketUnusable(None)  # sent to an address that is theirs no more
    return Redeemable(ticket, user, place)
