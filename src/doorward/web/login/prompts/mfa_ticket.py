"""The link by which an administrator lets somebody take a second factor on, outside of any login."""

from __future__ import annotations

from doorward.model.digest import digest
from doorward.model.mfa import OTP, MfaSubject, Outcome
from doorward.model.ticket import Ticket, TicketState, TicketType
from doorward.web.login import screens
from doorward.web.login.pages import Button, CodePage, FieldError, ResultPage
from doorward.web.login.prompts.mfa_person import BACK, SAVED, refusal, status_of, typed_badly, typed_code
from doorward.web.login.qr_code import picture_of
from doorward.web.login.visit import TicketVisit
from doorward.web.wire.http import Response

_UNUSABLE = {
    TicketState.EXPIRED: "expiredTicket",
    TicketState.USED: "alreadyUsed",
    None: "invalidTicket",
}
_BY_HAND = "by_hand"


async def enroll(visit: TicketVisit) -> Response:
    """Looking changes nothing; the code of the app that was set up uses the link up."""
    ports = visit.login.ports
    found = await ports.tickets.look(
        visit.tenant, digest(visit.ticket), TicketType.MFA_ENROLLMENT, at=ports.clock.now()
    )
    ticket, state = found or (None, None)
    if state is TicketState.USED and SAVED.name in visit.form:
        return _result(visit, "enrolled", ticket=ticket)
    user = await ports.users.find(visit.tenant, ticket.user_id) if ticket is not None else None
    if ticket is None or user is None or state is not TicketState.OPEN:
        return _result(visit, _UNUSABLE[state if user is not None else None], status=400)
    standing = await ports.second_factors.standing(visit.directory, user)
    if standing.challenges and not ticket.allow_multiple_enrollments:
        return _result(visit, "genericError", "alreadyEnrolledDescription", status=400)
    if OTP.name not in standing.enrollable or ticket.factor not in (None, OTP.name):
        return _result(visit, "invalidTicket", status=400)
    subject = MfaSubject(
        directory=visit.directory,
        user=user,
        client=visit.client_of(ticket),
        context=visit.request.context,
        binding=ticket.ticket_hash,
    )
    by_hand = bool(visit.form.get(_BY_HAND))
    if not visit.is_post or visit.action in ("toggle-view", BACK):
        return _page(visit, ticket, subject, by_hand=visit.action == "toggle-view")
    code = typed_code(visit.form)
    error = typed_badly(code)
    if error is not None:
        return _page(visit, ticket, subject, error, by_hand=by_hand)
    first = not ticket.allow_multiple_enrollments or not standing.challenges
    outcome = await ports.second_factors.enroll_otp(subject, code, first=first)
    if outcome is Outcome.TAKEN:
        return _result(visit, "genericError", "alreadyEnrolledDescription", status=400)
    if outcome is not Outcome.RIGHT:
        return _page(visit, ticket, subject, refusal(outcome), by_hand=by_hand)
    await ports.tickets.redeem(visit.tenant, ticket.ticket_hash, TicketType.MFA_ENROLLMENT, at=ports.clock.now())
    came = await ports.second_factors.recovery_code(subject)
    if came is None:
        return _result(visit, "enrolled", ticket=ticket)
    keep = CodePage(screen=screens.MFA_RECOVERY_CODE_ENROLLMENT, secret=came, hidden={SAVED.name: "on"})
    return visit.show(keep, ticket)


def _page(visit: TicketVisit, ticket: Ticket, subject: MfaSubject, *errors: FieldError, by_hand: bool) -> Response:
    enrollment = visit.login.ports.second_factors.otp_enrollment(subject)
    toggle = Button(BACK, "backText") if by_hand else Button("toggle-view", "codeEnrollmentText")
    page = CodePage(
        screen=screens.MFA_OTP_ENROLLMENT_CODE if by_hand else screens.MFA_OTP_ENROLLMENT_QR,
        inputs=(screens.MFA_CODE,),
        picture="" if by_hand else picture_of(enrollment.uri),
        secret=enrollment.secret if by_hand else "",
        hidden={_BY_HAND: "1"} if by_hand else {},
        buttons=(toggle,),
        errors=errors,
        status=status_of(*errors),
    )
    return visit.show(page, ticket)


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
