"""Where a link from a mail leads in the end: to the address it was made with, or to a page of what came of it."""

from __future__ import annotations

import msgspec

from doorward.model.ticket import Ticket
from doorward.web.login.pages import ResultPage
from doorward.web.login.visit import TicketVisit
from doorward.web.wire.http import Response, redirect, with_query


def after_ticket(visit: TicketVisit, ticket: Ticket, page: ResultPage, message: str) -> Response:
    """A ticket was redeemed: to its ``result_url``, which is told so, or the page."""
    if ticket.result_url and ticket.result_url.isascii():
        told = {"success": "true", "message": message}
        if ticket.include_email_in_redirect and ticket.email:
            told["email"] = ticket.email
        return redirect(with_query(ticket.result_url, told))
    return visit.show(msgspec.structs.replace(page, onward=home_of(visit, ticket)), ticket)


def home_of(visit: TicketVisit, ticket: Ticket | None = None) -> str:
    """Where the person may go on: to where the application begins logins, or the tenant says; empty for nowhere."""
    client = visit.client_of(ticket) if ticket is not None else None
    start = (
        client.initiate_login_uri if client is not None else ""
    ) or visit.directory.settings.default_redirection_uri
    return start if start.startswith("https://") else ""
