"""The page that offers a passkey: after a login, or for a new account."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from doorward.model.connection import CODE_METHODS, Connection
from doorward.model.mfa import MfaSubject
from doorward.model.passkey import Enrollment, Newcomer
from doorward.model.session import Identification, Step
from doorward.model.webauthn import AnsweredBefore
from doorward.ports import SignupImpossible
from doorward.web.login import screens
from doorward.web.login.pages import Benefit, Button, Ceremony, Checkbox, FieldError, KeyPage
from doorward.web.login.prompts import signup
from doorward.web.login.prompts.passkey import FIELD, TOLD
from doorward.web.login.visit import Visit
from doorward.web.wire.cookies import browser
from doorward.web.wire.http import Response

ABORT = "abort-passkey-enrollment"
NOT_AGAIN = Checkbox("dontShowAgain", "checkboxText", value="on")
MAX_TOLD = 500


async def enrollment(visit: Visit) -> Response:
    """A passkey is offered; whoever wants none goes on without."""
    if visit.transaction.step is Step.SIGNUP:
        return await _first(visit)
    ports, transaction = visit.login.ports, visit.transaction
    session = await visit.session_of(browser(visit.request).session)
    user = await ports.users.find(visit.tenant, session.user_id) if session is not None else None
    connection = visit.directory.connections.get(session.connection) if session is not None else None
    if user is None or connection is None or not transaction.passkey:
        return visit.resumed
    subject = MfaSubject(
        directory=visit.directory,
        user=user,
        client=visit.client,
        context=visit.request.context,
        binding=transaction.id_hash,
    )
    if visit.is_post and visit.action == ABORT:
        await ports.passkeys.postpone(visit.directory, user, for_good=bool(visit.form.get(NOT_AGAIN.name)))
        return await _done(visit)
    if not visit.is_post:
        return await _page(visit, subject)
    if visit.action.startswith(TOLD) or not visit.form.get(FIELD):
        ports.passkeys.failed(subject, visit.action.removeprefix(TOLD)[:MAX_TOLD])
        return await _page(visit, subject, Enrollment.INVALID)
    place = user.connections.index(connection.name) if connection.name in user.connections else 0
    outcome = await ports.passkeys.enroll(subject, place, visit.form[FIELD])
    if outcome is Enrollment.AGAIN:
        return await visit.caught_up() or await _page(visit, subject, Enrollment.INVALID)
    return await (_done(visit) if outcome is Enrollment.DONE else _page(visit, subject, outcome))


async def _first(visit: Visit) -> Response:
    """The passkey of a new account, in the place of a password."""
    who, connection = visit.transaction.identification, visit.signup_connection
    if who is None or not who.identity or connection is None or connection.name != who.connection:
        return visit.on(screens.SIGNUP_ID)
    if any(
        kind in who.given and connection.verifies_at_signup(kind) and kind not in who.verified for kind in CODE_METHODS
    ):
        return visit.on(screens.SIGNUP_ID)
    if not visit.is_post:
        return _first_page(visit, who, connection)
    if visit.action == ABORT:
        return await signup.without_passkey(visit, who, connection)
    if visit.action.startswith(TOLD) or not visit.form.get(FIELD):
        return _first_page(visit, who, connection, Enrollment.INVALID.value)
    try:
        user = await visit.login.ports.passkeys.sign_up(_newcomer(visit, who, connection), visit.form[FIELD])
    except AnsweredBefore:
        return await visit.caught_up() or _first_page(visit, who, connection, "invalid-passkey")
    except SignupImpossible as impossible:
        status = 429 if impossible.code == "ip-signup-blocked" else None
        return _first_page(visit, who, connection, impossible.code, status=status)
    if user is None:
        return _first_page(visit, who, connection, "invalid-passkey")
    return await visit.sign_in(user, connection.name, amr=("phr",))


def _newcomer(visit: Visit, who: Identification, connection: Connection) -> Newcomer:
    return Newcomer(
        directory=visit.directory,
        connection=connection,
        client=visit.client,
        context=visit.request.context,
        profile=who.given,
        identity=who.identity,
        binding=visit.transaction.id_hash,
        verified=who.verified,
        embedded=False,
    )


def _first_page(
    visit: Visit, who: Identification, connection: Connection, refused: str = "", *, status: int | None = None
) -> Response:
    options = visit.login.ports.passkeys.first(_newcomer(visit, who, connection))
    return visit.show(
        KeyPage(
            screen=screens.PASSKEY_ENROLLMENT,
            ceremony=Ceremony(field=FIELD, kind="create", options=msgspec.json.encode(options).decode()),
            primary="createButtonText",
            benefits=BENEFITS,
            buttons=(Button(ABORT, "continueButtonText"),),
            errors=(FieldError("", refused),) if refused else (),
            status=status,
        )
    )


async def _page(visit: Visit, subject: MfaSubject, refused: Enrollment | None = None) -> Response:
    local = visit.transaction.passkey == "local"
    options = await visit.login.ports.passkeys.creation(subject, local=local)
    key = f"error_{refused.value}" if local and refused is not None else refused.value if refused is not None else ""
    return visit.show(
        KeyPage(
            screen=screens.PASSKEY_ENROLLMENT_LOCAL if local else screens.PASSKEY_ENROLLMENT,
            ceremony=Ceremony(field=FIELD, kind="create", options=msgspec.json.encode(options).decode()),
            primary="createButtonText",
            benefits=BENEFITS[: 2 if local else 3],
            checkbox=NOT_AGAIN,
            buttons=(Button(ABORT, "continueButtonText"),),
            errors=(FieldError("", key),) if key else (),
        )
    )


BENEFITS = tuple(Benefit(f"passkeyBenefit{n}Title", f"passkeyBenefit{n}Description") for n in (1, 2, 3))


async def _done(visit: Visit) -> Response:
    """The offer is answered: nobody is asked again in this login."""
    answered = replace(visit.transaction, passkey="", interacted=True)
    await visit.login.ports.transactions.advance(visit.tenant, answered)
    return visit.resumed
