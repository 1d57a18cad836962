"""Token revocation (RFC 7009): refresh tokens, by the client they were issued to."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from doorward.model.digest import digest
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth.client_authentication import authenticate
from doorward.oauth.errors import AccessDenied, InvalidClient, InvalidGrant, missing_parameter
from doorward.oauth.log_events import protocol_event
from doorward.ports import Ports


async def revoke(
    parameters: Mapping[str, str],
    basic: tuple[str, str] | None,
    context: RequestContext,
    issuer: Issuer,
    ports: Ports,
) -> None:
    """Revoke a refresh token with its family, or, where the tenant says so
    (``flags.revoke_refresh_token_grant``), the whole grant behind it.

    An unknown token is no error. Raises ``InvalidClient`` (401) and ``InvalidGrant`` (400) for the
    token of another client.
    """
    directory = ports.directory.tenant(issuer.tenant)
    try:
        authenticated = await authenticate(parameters, basic, issuer, directory, ports)
    except AccessDenied as error:
        raise InvalidClient("Client authentication failed", hint=error.hint) from None
    presented = parameters.get("token")
    if not presented:
        raise missing_parameter("token")
    token = await ports.refresh_tokens.find(issuer.tenant, digest(presented))
    if token is None:
        return
    if token.client_id != authenticated.client.client_id:
        raise InvalidGrant("The token was not issued to this client", status=400)
    now = ports.clock.now()
    event = protocol_event("srrt", context, now, client=authenticated.client, details={"token_id": token.family})
    event = msgspec.structs.replace(event, user_id=token.user_id)
    if directory.settings.flags.revoke_refresh_token_grant:
        await ports.refresh_tokens.revoke_grant(
            issuer.tenant, token.user_id, token.client_id, token.audience, at=now, events=(event,)
        )
    else:
        await ports.refresh_tokens.revoke_family(issuer.tenant, token.family, at=now, events=(event,))
