"""The link that lifts what brute-force protection blocked."""

from __future__ import annotations

from doorward.identity.tickets import TicketUnusable
from doorward.web.login import screens
from doorward.web.login.pages import ResultPage
from doorward.web.login.prompts.ticket_results import home_of
from doorward.web.login.visit import TicketVisit
from doorward.web.wire.http import Response


async def unblock(visit: TicketVisit) -> Response:
    """Asks first: whoever looks into the link lifts nothing."""
    blocked = visit.login.people.blocked_accounts
    try:
        if not visit.is_post:
            await blocked.look(visit.tenant, visit.ticket_hash)
            return visit.show(ResultPage(screen=screens.UNBLOCK, title="pageTitle", primary="buttonText"))
        await blocked.unblock(visit.directory, visit.ticket_hash, visit.request.context)
    except TicketUnusable:
        return visit.show(
            ResultPage(screen=screens.UNBLOCK_FAILURE, title="pageTitle", onward=home_of(visit), status=400)
        )
    return visit.show(ResultPage(screen=screens.UNBLOCK_SUCCESS, title="pageTitle", onward=home_of(visit)))
