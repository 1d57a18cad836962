"""Somebody who proved a password shows that their address is theirs, by a code from a mail."""

from __future__ import annotations

import re

from doorward.identity.email_codes import Verified
from doorward.identity.one_time_codes import typed
from doorward.model.connection import Connection
from doorward.model.user import User
from doorward.web.login import screens
from doorward.web.login.pages import Button, FieldError, FormPage, Link
from doorward.web.login.visit import Visit
from doorward.web.wire.http import Response

RESEND, BACK = "resend-code", "back-action"
_CODE = re.compile(r"[0-9]{6}")


async def verify(visit: Visit) -> Response:
    """The code was sent when the page before came to an end."""
    pending = await _pending(visit)
    if pending is None:
        return visit.on(visit.entrance)
    user, connection = pending
    if not visit.is_post:
        return _page(visit, user, connection)
    if visit.action == BACK:
        return visit.on(visit.entrance)
    if visit.action == RESEND:
        if await visit.send_verification(user, connection):
            return visit.current
        return _page(visit, user, connection, FieldError("", "too-many-email"), status=429)
    code = typed(visit.form.get("code", ""))
    if not _CODE.fullmatch(code):
        return _page(visit, user, connection, FieldError("code", "invalid-otp-code-format"))
    outcome = await visit.login.people.email_codes.bring(visit.owner(user, connection), user, code)
    if outcome is Verified.YES:
        return await visit.let_in(user, connection.name)
    wrong = outcome is Verified.WRONG
    return _page(visit, user, connection, FieldError("code", "invalid-code" if wrong else "invalid-expired-code"))


async def _pending(visit: Visit) -> tuple[User, Connection] | None:
    """Who it is, unless they may not come in any more."""
    if visit.transaction.pending is None:
        return None
    user_id, name = visit.transaction.pending
    user = await visit.login.ports.users.find(visit.tenant, user_id)
    connection = visit.directory.connections.get(name)
    if user is None or user.blocked or connection is None or connection not in visit.connections:
        return None
    if name not in user.connections:  # the identity was unlinked meanwhile
        return None
    return user, connection


def _page(visit: Visit, user: User, connection: Connection, *errors: FieldError, status: int | None = None) -> Response:
    email = user.profile_of(user.connections.index(connection.name)).get("email") or ""
    return visit.show(
        FormPage(
            screen=screens.LOGIN_EMAIL_VERIFICATION,
            inputs=(screens.OTP_CODE,),
            buttons=(Button(RESEND, "resendActionText", lead="resendText"),),
            links=(Link(visit.entrance.path, "shared:editAddressText"),),
            texts={"email": str(email)},
            errors=errors,
            status=status,
        )
    )
