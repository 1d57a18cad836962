"""Links outside of any login: one lets somebody take a second factor on, of another a factor is asked first.

Whoever opens such a link begins a transaction of their own: what they are shown, a new key among it, is theirs alone,
and goes on in their browser only.
"""

from __future__ import annotations

import msgspec

from doorward.model.digest import digest
from doorward.model.mfa import FACTORS
from doorward.model.session import Asked, LoginTransaction, Step
from doorward.model.ticket import OpenedTicket, Ticket, TicketState, TicketType
from doorward.oauth.authorization import TRANSACTION_LIFETIME
from doorward.oauth.mfa_policy import Challenge, by_enrollment_ticket
from doorward.web.login import screens
from doorward.web.login.ladder import screen_of, shown_for
from doorward.web.login.pages import ResultPage
from doorward.web.login.visit import TicketVisit, leading_to
from doorward.web.wire.cookies import browser, transaction_cookie
from doorward.web.wire.http import Response

_UNUSABLE = {
    TicketState.EXPIRED: "expiredTicket",
    TicketState.USED: "alreadyUsed",
    None: "invalidTicket",
}


async def enroll(visit: TicketVisit) -> Response:
    """Looking changes nothing; what is enrolled in the end uses the link up."""
    ports = visit.login.ports
    found = await ports.tickets.look(visit.tenant, visit.ticket_hash, TicketType.MFA_ENROLLMENT, at=ports.clock.now())
    ticket, state = found or (None, None)
    user = await ports.users.find(visit.tenant, ticket.user_id) if ticket is not None else None
    if ticket is not None and user is not None and visit.proved:
        return _result(visit, "enrolled", ticket=ticket)
    if ticket is None or user is None or state is not TicketState.OPEN:
        return _result(visit, _UNUSABLE[state if user is not None else None], status=400)
    standing = await ports.second_factors.standing(visit.directory, user)
    if standing.challenges and not ticket.allow_multiple_enrollments:
        return _result(visit, "genericError", "alreadyEnrolledDescription", status=400)
    listed = visit.directory.settings.flags.mfa_show_factor_list_on_enrollment
    challenge = by_enrollment_ticket(standing, ticket.factor, listed=listed)
    if challenge is None:
        return _result(visit, "invalidTicket", status=400)
    return await factor_asked(visit, ticket, challenge)


async def factor_asked(visit: TicketVisit, ticket: Ticket, challenge: Challenge) -> Response:
    """To the page where it goes on, which begins here unless it did before."""
    if visit.transaction is not None:
        return leading_to(screen_of(visit.transaction, visit.directory), visit.state)
    ports, now = visit.login.ports, visit.login.ports.clock.now()
    state, secret = ports.entropy.token(32), browser(visit.request).transaction or ports.entropy.token(32)
    begun = LoginTransaction(
        id_hash=digest(state),
        browser_hash=digest(secret),
        host=visit.request.issuer.host,
        client_id=ticket.client_id or "",
        parameters={},
        created_at=now,
        expires_at=min(now + TRANSACTION_LIFETIME, ticket.expires_at),
        step=Step.MFA,
        mfa=challenge.progress,
        trail=(Asked(Step.MFA, challenge.reason.rule, now),),
        ticket=OpenedTicket(ticket.ticket_hash, ticket.type, ticket.user_id),
    )
    screen = shown_for(begun, screens.BY_NAME[challenge.screen])
    await ports.transactions.start(visit.tenant, msgspec.structs.replace(begun, at=screen.name))
    return leading_to(screen, state).with_headers(*transaction_cookie(secret))


def sends(challenge: Challenge) -> bool:
    """Whether what comes first sends something."""
    return not challenge.enrolls and FACTORS[challenge.factors[0]].channel is not None


def _result(
    visit: TicketVisit, what: str, description: str = "", *, ticket: Ticket | None = None, status: int | None = None
) -> Response:
    page = ResultPage(
        screen=screens.MFA_ENROLL_RESULT,
        title=what if what == "genericError" else f"{what}Title",
        description=description or f"{what}Description",
        status=status,
    )
    return visit.show(page, ticket)
