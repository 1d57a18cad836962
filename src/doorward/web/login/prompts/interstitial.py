"""A challenge between two pages: before another code is sent."""

from __future__ import annotations

from doorward.web.login import screens
from doorward.web.login.ladder import code_connection
from doorward.web.login.pages import FieldError, FormPage
from doorward.web.login.prompts import identifying, passwordless, reset_password
from doorward.web.login.visit import Visit
from doorward.web.wire.http import Response


async def captcha(visit: Visit) -> Response:
    """Who solved it is sent what they asked for, and is back at the page they came from."""
    visit = await visit.assessed(screens.INTERSTITIAL_CAPTCHA)
    if not visit.is_post:
        return _page(visit)
    unproven = await visit.unproven()
    if unproven is not None:
        return _page(visit, unproven[0], status=unproven[1])
    who, connection = visit.transaction.identification, code_connection(visit.transaction, visit.directory)
    if who is not None and who.connection in visit.directory.connections:
        sent = await (reset_password.send_code if who.resets else identifying.again)(visit, who)
    elif connection is not None and await passwordless.send(visit, connection, visit.transaction.username or ""):
        sent = await visit.go(at="")
    else:
        sent = None
    return sent or _page(visit, FieldError("", "too-many-codes"), status=429)


def _page(visit: Visit, *errors: FieldError, status: int | None = None) -> Response:
    return visit.show(FormPage(screen=screens.INTERSTITIAL_CAPTCHA, inputs=(), errors=errors, status=status))
