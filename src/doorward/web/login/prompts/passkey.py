"""Passkeys: a way in beside the password, and the page that offers one."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from doorward.identity.webauthn import can_have_keys
from doorward.model.connection import Connection
from doorward.model.mfa import MfaSubject
from doorward.model.passkey import Enrollment
from doorward.oauth.errors import AccessDenied
from doorward.web.login import screens
from doorward.web.login.pages import Benefit, Button, Ceremony, Checkbox, FieldError, KeyPage
from doorward.web.login.visit import Visit
from doorward.web.wire.cookies import browser
from doorward.web.wire.http import Response

FIELD = "passkey"
ABORT = "abort-passkey-enrollment"
TOLD = "showError::"
NOT_AGAIN = Checkbox("dontShowAgain", "checkboxText", value="on")
MAX_TOLD = 500


def ceremony(visit: Visit, *, button: str = "shared:passkeyButtonText", fills_in: bool = True) -> Ceremony | None:
    """What a login page asks for, where a connection of it has passkeys. ``fills_in``: something is typed there."""
    offering = [connection for connection in visit.connections if connection.offers_passkeys]
    if not offering or not can_have_keys(visit.transaction.host):
        return None
    ui = [connection.passkey_options for connection in offering]
    asked = visit.login.ports.passkeys.request(visit.directory, visit.transaction.host, visit.transaction.id_hash)
    return Ceremony(
        field=FIELD,
        kind="get",
        options=msgspec.json.encode(asked).decode(),
        button=button if any(options.button for options in ui) else "",
        autofill=fills_in and any(options.autofill for options in ui),
    )


def probe(connection: Connection | None) -> Ceremony | None:
    """Only whether the browser could have a passkey, where one may be offered next."""
    return Ceremony(field=FIELD) if connection is not None and connection.offers_passkeys else None


def is_answered(visit: Visit) -> bool:
    """Whether a login page was posted with what became of a passkey."""
    return bool(visit.form.get(FIELD)) or visit.action.startswith(TOLD)


async def log_in(visit: Visit, refused: Callable[[], Response]) -> Response:
    """Whoever has the passkey is in; ``refused`` is the page again."""
    if visit.action.startswith(TOLD):
        return refused()
    outcome = await visit.login.ports.passkeys.prove(
        visit.directory,
        visit.connections,
        visit.form[FIELD],
        visit.transaction.id_hash,
        visit.request.context,
        visit.client,
    )
    if outcome.user is None or outcome.connection is None:
        return refused()
    if outcome.user.blocked:
        return await visit.refuse(AccessDenied("user is blocked"))
    offer = "local" if outcome.elsewhere else ""
    return await visit.sign_in(outcome.user, outcome.connection, passkey=offer, amr=("phr",))


async def enrollment(visit: Visit) -> Response:
    """A passkey is offered; whoever wants none goes on without."""
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
    outcome = await ports.passkeys.enroll(subject, connection, visit.form[FIELD])
    return await (_done(visit) if outcome is Enrollment.DONE else _page(visit, subject, outcome))


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
