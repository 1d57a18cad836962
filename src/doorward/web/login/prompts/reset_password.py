"""A forgotten password: ask for a link, and choose another one by it."""

from __future__ import annotations

import re

from doorward.identity.claimant import Claimant
from doorward.identity.new_password import PasswordRefused
from doorward.identity.one_time_codes import TooManyCodes, typed
from doorward.identity.password_change import MOMENT, FactorAskedFirst, TooManyResets
from doorward.identity.password_policy import PasswordError, PasswordVerdict
from doorward.identity.signup import EMAIL
from doorward.identity.tickets import Redeemable, TicketUnusable
from doorward.model.authentication import Denial
from doorward.model.connection import Connection
from doorward.model.identifiers import normalise_email
from doorward.model.session import Identification
from doorward.model.ticket import TicketState
from doorward.oauth.mfa_policy import before_password_reset
from doorward.web.login import screens
from doorward.web.login.pages import Button, FieldError, FormPage, Link, ResultPage
from doorward.web.login.prompts.mfa_ticket import factor_asked, sends
from doorward.web.login.prompts.password_rules import password_rules
from doorward.web.login.prompts.ticket_results import after_ticket, home_of
from doorward.web.login.visit import MAX_IDENTIFIER, TicketVisit, Visit
from doorward.web.wire.http import Response, redirect

RESEND = "resend-code"
_CODE = re.compile(r"[0-9]{6}")
_ERRORS = {
    TicketState.EXPIRED: "Expired",
    TicketState.USED: "Used",
    None: "Generic",
}
CHANGED = "You can now login to the application with the new password."


async def request(visit: Visit) -> Response:
    """Who is to be sent a link, and then that it is on its way. Whether there is such an account is not told."""
    sent = visit.transaction.at == screens.RESET_PASSWORD_EMAIL.name
    if not visit.is_post:
        return _sent_page(visit) if sent and visit.transaction.username else _request_page(visit)
    if visit.action == "back-to-login":
        return visit.on(visit.entrance)
    if sent and visit.action == "resend-email-action":
        email = visit.transaction.username or ""
    else:
        email = visit.form.get("email", "").strip() or visit.form.get("username", "").strip()
        if sent and email == visit.transaction.username and _was_linked(visit):
            return visit.current  # the form came twice
        sent = False
    if not email:
        return _request_page(visit, FieldError("email", "no-email"))
    if len(email) > MAX_IDENTIFIER or not EMAIL.fullmatch(email):
        return _request_page(visit, FieldError("email", "invalid-email-format"))
    connection = _connection(visit)
    if connection is None:
        return _request_page(visit, FieldError("", "reset-password-error"))
    unproven = await visit.unproven()
    if unproven is not None:
        return _request_page(visit, unproven[0], status=unproven[1])
    if _by_code(visit, connection):
        who = Identification(connection=connection.name, given={"email": email}, asked="email", resets=True)
        return await send_code(visit, who) or _request_page(visit, FieldError("", "too-many-email"), status=429)
    now = visit.login.ports.clock.now()
    who = Identification(connection=connection.name, given={"email": email}, resets=True, linked_at=now)
    asked = {"identification": who, "username": email, "at": screens.RESET_PASSWORD_EMAIL.name}
    if not sent and not await visit.move(**asked):
        return (await visit.anew()).current  # of two at a time one sends a link
    try:
        await visit.login.people.password_change.ask(
            visit.directory,
            connection,
            email,
            visit.request.context,
            client=visit.client,
            locale=visit.locale,
        )
    except Exception as failed:
        if not sent:  # nothing is on its way
            await (await visit.anew()).move(at="")
        if not isinstance(failed, TooManyResets):
            raise
        error = FieldError("", "too-many-email")
        return _sent_page(visit, error) if sent else _request_page(visit, error, status=429)
    return visit.on(screens.RESET_PASSWORD_EMAIL)


async def challenge(visit: Visit) -> Response:
    """The code that was sent in the place of a link: the right one leads to where another password is chosen."""
    connection, who = _connection(visit), visit.transaction.identification
    if connection is None or who is None or who.connection != connection.name or not _by_code(visit, connection):
        return visit.on(visit.entrance)
    if not visit.is_post:
        return _challenge_page(visit)
    if visit.action == RESEND:
        if (await visit.assessed(screens.INTERSTITIAL_CAPTCHA)).captcha is not None:
            return await visit.turn_to(screens.INTERSTITIAL_CAPTCHA)
        return await send_code(visit, who) or _challenge_page(visit, FieldError("", "too-many-email"), status=429)
    code = typed(visit.form.get("code", ""))
    if not code:
        return _challenge_page(visit, FieldError("code", "no-code"))
    if not _CODE.fullmatch(code):
        return _challenge_page(visit, FieldError("code", "invalid-otp-code-format"))
    try:
        path = await visit.login.people.reset_codes.bring(_claimant(visit, connection, who), code)
    except TooManyCodes:
        return _challenge_page(visit, FieldError("", "authenticator-error"), status=429)
    match path:
        case Denial.TOO_MANY_ATTEMPTS | Denial.IP_BLOCKED:
            return _challenge_page(visit, FieldError("", "authenticator-error"), status=429)
        case Denial():
            return _challenge_page(visit, FieldError("code", "invalid-code"))
    return redirect(path)


def _was_linked(visit: Visit) -> bool:
    """Whether it was a moment ago that a link was sent."""
    who = visit.transaction.identification
    return who is not None and visit.login.ports.clock.now() - who.linked_at <= MOMENT


def _by_code(visit: Visit, connection: Connection) -> bool:
    """Whether a code is sent, as Auth0 does where identifiers come first."""
    return connection.resets_by_code and visit.asks_identifier_first


async def send_code(visit: Visit, who: Identification) -> Response | None:
    """Send a code to who forgot their password, and go to the page that takes it; ``None``, and nothing changed, where
    there were too many already."""
    connection = visit.directory.connections[who.connection]
    try:
        await visit.login.people.reset_codes.send(_claimant(visit, connection, who), locale=visit.locale)
    except TooManyCodes:
        return None
    return await visit.go(identification=who, username=who.address, at=screens.EMAIL_OTP_CHALLENGE.name)


def _claimant(visit: Visit, connection: Connection, who: Identification) -> Claimant:
    return visit.claimant(connection, "email", normalise_email(who.address))


def _challenge_page(visit: Visit, *errors: FieldError, status: int | None = None) -> Response:
    return visit.show(
        FormPage(
            screen=screens.EMAIL_OTP_CHALLENGE,
            inputs=(screens.OTP_CODE,),
            texts={"email": visit.transaction.username or ""},
            buttons=(Button(RESEND, "resendActionText", lead="resendText"),),
            links=(Link(visit.entrance.path, "shared:editAddressText"),),
            errors=errors,
            status=status,
        )
    )


def _connection(visit: Visit) -> Connection | None:
    """The one the address names, or a page before named, else the first where a password can be."""
    who = visit.transaction.identification
    named = visit.request.path_parameters.get("connection") or (who.connection if who is not None else None)
    databases = [connection for connection in visit.connections if connection.is_database]
    return next((connection for connection in databases if connection.name == named), next(iter(databases), None))


def _request_page(visit: Visit, *errors: FieldError, status: int | None = None) -> Response:
    suggested = visit.username if "@" in visit.username else ""
    return visit.show(
        FormPage(
            screen=screens.RESET_PASSWORD_REQUEST,
            inputs=(screens.email(label="placeholderEmail", autocomplete="username"),),
            description="descriptionEmail",
            values={"email": visit.form.get("email", suggested)[:MAX_IDENTIFIER]},
            links=(Link(visit.entrance.path, "backToLoginLinkText"),),
            errors=errors,
            status=status,
        )
    )


def _sent_page(visit: Visit, *errors: FieldError) -> Response:
    return visit.show(
        ResultPage(
            screen=screens.RESET_PASSWORD_EMAIL,
            description="emailDescription",
            texts={"email": visit.transaction.username or ""},
            buttons=(Button("resend-email-action", "resendLinkText"),),
            links=(Link(visit.entrance.path, "backButtonText"),),
            errors=errors,
            status=429 if errors else None,
        )
    )


async def choose(visit: TicketVisit) -> Response:
    """Another password, twice. Only a password that can be chosen uses the link up."""
    changes = visit.login.people.password_change
    try:
        found = await changes.look(visit.directory, visit.ticket_hash, visit.transaction)
        if not visit.is_post:
            return _choose_page(visit, found)
        chosen, again = visit.form.get("password-reset", ""), visit.form.get("re-enter-password", "")
        if not chosen:
            return _choose_page(visit, found, FieldError("password-reset", "no-password-reset"))
        if not again:
            return _choose_page(visit, found, FieldError("re-enter-password", "no-re-enter-password"))
        if chosen != again:
            return _choose_page(visit, found, FieldError("re-enter-password", "password-mismatch"))
        found = await changes.redeem(
            visit.directory, visit.ticket_hash, chosen, visit.request.context, opened=visit.transaction
        )
    except FactorAskedFirst as asked:
        return await _prove_first(visit, asked)
    except PasswordRefused as refused:
        breached = refused.error is PasswordError.LEAKED
        key = "password-breached-reset" if breached else refused.error.text_key
        return _choose_page(visit, found, FieldError("password-reset", key), verdict=refused.verdict)
    except TicketUnusable as unusable:
        twin = await _redeemed_before(visit, unusable)
        if twin is None:
            return _unusable_page(visit, unusable)
        found = twin
    page = ResultPage(screen=screens.RESET_PASSWORD_SUCCESS, title="eventTitle")
    return after_ticket(visit, found.ticket, page, CHANGED)


async def _redeemed_before(visit: TicketVisit, unusable: TicketUnusable) -> Redeemable | None:
    """What the same form did that came before, if one did."""
    ticket, chosen = unusable.ticket, visit.form.get("password-reset", "")
    if ticket is None or unusable.state is not TicketState.USED or not chosen:
        return None
    changes = visit.login.people.password_change
    return await changes.redeemed_with(visit.directory, ticket, chosen, visit.request.context)


async def _prove_first(visit: TicketVisit, asked: FactorAskedFirst) -> Response:
    """A press of a button begins it: what only looks into links is to send no code to anybody."""
    challenge = before_password_reset(asked.factors)
    if visit.is_post or visit.transaction is not None:
        return await factor_asked(visit, asked.ticket, challenge)
    page = ResultPage(
        screen=screens.REDEEM_TICKET, title="pageTitle", primary="buttonText", presses_itself=not sends(challenge)
    )
    return visit.show(page, asked.ticket)


def _choose_page(
    visit: TicketVisit, found: Redeemable, *errors: FieldError, verdict: PasswordVerdict | None = None
) -> Response:
    connection = visit.directory.connections.get(found.user.connections[found.place])
    return visit.show(
        FormPage(
            screen=screens.RESET_PASSWORD,
            inputs=(screens.PASSWORD_RESET, screens.RE_ENTER_PASSWORD),
            hidden={"username": found.ticket.email or ""},
            password_rules=password_rules(connection, verdict),
            errors=errors,
        ),
        found.ticket,
    )


def _unusable_page(visit: TicketVisit, unusable: TicketUnusable) -> Response:
    why = _ERRORS.get(unusable.state, "Generic")
    return visit.show(
        ResultPage(
            screen=screens.RESET_PASSWORD_ERROR,
            title=f"eventTitle{why}",
            description=f"description{why}",
            onward=home_of(visit, unusable.ticket),
            onward_text="backToLoginLinkText",
            status=400,
        ),
        unusable.ticket,
    )
