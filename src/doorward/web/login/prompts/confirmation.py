"""Is it you who opened this application?"""

from __future__ import annotations

from doorward.web.login import screens
from doorward.web.login.pages import DecisionPage, FieldError
from doorward.web.login.prompts.consent import decided, shown_name
from doorward.web.login.visit import Visit
from doorward.web.wire.http import Response


async def confirmation(visit: Visit) -> Response:
    """Asked before a silent login to a loopback address or a custom scheme, whose receiver nobody can verify."""
    user = await visit.signed_in_user()
    if user is None:
        return visit.resumed
    errors: tuple[FieldError, ...] = ()
    if visit.is_post:
        leads_on = await decided(visit)
        if leads_on is not None:
            return leads_on
        errors = (FieldError("", "invalid-action"),)
    return visit.show(
        DecisionPage(
            screen=screens.LOGIN_CONFIRMATION,
            user=user,
            user_name=shown_name(user),
            receiver=visit.redirect_uri,
            errors=errors,
        )
    )
