"""What the application asks for, and yes or no."""

from __future__ import annotations

from doorward.model.user import User
from doorward.oauth.errors import AccessDenied
from doorward.web.login import screens
from doorward.web.login.pages import ConsentPage, ConsentScope, FieldError
from doorward.web.login.visit import Visit
from doorward.web.wire.http import Response


async def consent(visit: Visit) -> Response:
    """Asks whoever is signed in."""
    user = await visit.signed_in_user()
    if user is None:
        return visit.resumed
    if not visit.is_post:
        return _page(visit, user)
    stale = _stale(visit) if visit.action == "accept" else None
    if stale is not None:
        return _page(visit, user, FieldError("", stale))
    return await decided(visit) or _page(visit, user, FieldError("", "invalid-action"))


def _stale(visit: Visit) -> str | None:
    """What somebody agreed to that is not what is asked for any more; what a form does not repeat is as it was."""
    asked = visit.transaction
    if visit.form.get("audience", asked.asked_audience) != asked.asked_audience:
        return "invalid-audience"
    scopes = visit.form.get("scope")
    return "invalid-scope" if scopes is not None and {*scopes.split()} != {*asked.asked} else None


def _page(visit: Visit, user: User, *errors: FieldError) -> Response:
    transaction = visit.transaction
    api = visit.directory.resource_servers.get(transaction.asked_audience)
    described = {scope.value: scope.description for scope in api.scopes} if api is not None else {}
    tells = visit.directory.settings.flags.use_scope_descriptions_for_consent
    return visit.show(
        ConsentPage(
            screen=screens.CONSENT,
            user=user,
            user_name=shown_name(user),
            scopes=tuple(
                ConsentScope(scope, (described.get(scope) or "") if tells else "") for scope in transaction.asked
            ),
            audience=transaction.asked_audience if api is not None else "",
            audience_name=(api.name or api.identifier) if api is not None else "",
            receiver=visit.receiver,
            errors=errors,
        )
    )


async def decided(visit: Visit) -> Response | None:
    """What yes and no lead to; ``None`` when neither was said."""
    if visit.action == "accept":
        await visit.login.authorization.accept(visit.transaction, visit.tenant)
        return visit.resumed
    if visit.action == "deny":
        return await visit.refuse(AccessDenied("User did not authorize the request"))
    return None


def shown_name(user: User) -> str:
    """What a person is called on a page."""
    return user.email or str(user.profile.get("name") or user.user_id)
