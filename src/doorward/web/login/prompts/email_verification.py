"""The link that verifies an e-mail address: what looks into links does not use it up, a press of a button does.

Where its person is signed in the button presses itself. Anywhere else somebody has to: what looks into the links of
mails may run scripts too, and would vouch for an address that its owner never heard of.
"""

from __future__ import annotations

from doorward.identity.tickets import TicketUnusable
from doorward.model.ticket import TicketState
from doorward.web.login import screens
from doorward.web.login.pages import ResultPage
from doorward.web.login.prompts.ticket_results import after_ticket, home_of
from doorward.web.login.visit import TicketVisit
from doorward.web.wire.http import Response

VERIFIED = "Your email was verified. You can continue using the application."


async def verify(visit: TicketVisit) -> Response:
    """Asks for one press of a button."""
    verification = visit.login.people.email_verification
    try:
        if not visit.is_post:
            found = await verification.look(visit.tenant, visit.ticket_hash)
            page = ResultPage(
                screen=screens.REDEEM_TICKET,
                title="pageTitle",
                primary="buttonText",
                presses_itself=await visit.is_signed_in(found.user.user_id),
            )
            return visit.show(page, found.ticket)
        found = await verification.redeem(visit.directory, visit.ticket_hash, visit.request.context)
    except TicketUnusable as unusable:
        return _unusable_page(visit, unusable)
    page = ResultPage(screen=screens.EMAIL_VERIFICATION, title="verifiedTitle", description="verifiedDescription")
    return after_ticket(visit, found.ticket, page, VERIFIED)


def _unusable_page(visit: TicketVisit, unusable: TicketUnusable) -> Response:
    known = unusable.state is not None
    used = unusable.state is TicketState.USED
    return visit.show(
        ResultPage(
            screen=screens.EMAIL_VERIFICATION,
            title="verifiedTitle" if used else "errorTitle",
            description=(
                "alreadyVerifiedDescription" if used
                else unusable.text_key if known
                else "invalidAccountOrCodeDescription"
            ),
            onward=home_of(visit, unusable.ticket),
            status=200 if used else 400,
        ),
        unusable.ticket,
    )  # fmt: skip
