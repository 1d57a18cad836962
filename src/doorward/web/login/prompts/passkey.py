"""Passkeys: a way in beside the password."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from doorward.identity.webauthn import can_have_keys
from doorward.model.connection import Connection
from doorward.oauth.errors import AccessDenied
from doorward.web.login import screens
from doorward.web.login.pages import Ceremony
from doorward.web.login.visit import Visit
from doorward.web.wire.http import Response

FIELD = "passkey"
# Where one lets in.
SCREENS = (screens.LOGIN, screens.LOGIN_ID, screens.LOGIN_PASSWORD)
TOLD = "showError::"


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
    if outcome.again:
        return await visit.caught_up() or refused()
    if outcome.user is None or outcome.connection is None:
        return refused()
    if outcome.user.blocked:
        return await visit.refuse(AccessDenied("user is blocked"))
    offer = "local" if outcome.elsewhere else ""
    return await visit.sign_in(outcome.user, outcome.connection, passkey=offer, amr=("phr",))
