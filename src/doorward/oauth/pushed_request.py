"""Pushed authorization requests (RFC 9126): the client sends the request itself, ahead of the browser."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from doorward.model.credential import PushedRequest
from doorward.model.digest import digest
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth.authorize_request import AuthorizationError, PageError, validate
from doorward.oauth.client_authentication import authenticate
from doorward.oauth.errors import AccessDenied, InvalidClient, InvalidRequest, OAuthError
from doorward.oauth.log_events import protocol_event
from doorward.ports import Ports

REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFETIME = 30
CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


class PushedResponse(Struct, frozen=True):
    """The answer to a push (RFC 9126 §2.2); ``expires_in`` in seconds."""

    request_uri: str
    expires_in: int


async def push(
    parameters: Mapping[str, str],
    basic: tuple[str, str] | None,
    context: RequestContext,
    issuer: Issuer,
    ports: Ports,
) -> PushedResponse:
    """Authenticate the client, check the request as ``/authorize`` would, and keep it.

    Raises ``OAuthError``; the refusal is in the tenant log.
    """
    directory = ports.directory.tenant(issuer.tenant)
    now = ports.clock.now()
    client = None
    try:
        if not directory.settings.pushed_authorization_requests_supported:
            raise InvalidRequest(
                "Pushed authorization requests are not enabled",
                hint="Set the tenant's pushed_authorization_requests_supported.",
            )
        try:
            client = (await authenticate(parameters, basic, issuer, directory, ports)).client
        except AccessDenied as error:
            raise InvalidClient("Client authentication failed", hint=error.hint) from None
        if "request_uri" in parameters:
            raise InvalidRequest("parameter request_uri is not allowed here")
        request = {name: value for name, value in parameters.items() if name not in CREDENTIALS}
        request["client_id"] = client.client_id
        try:
            request = dict(validate(request, directory, issuer, pushed=True).parameters)
        except (PageError, AuthorizationError) as error:
            raise error.error from None
    except OAuthError as error:
        ports.log.write(issuer.tenant, protocol_event("fpar", context, now, client=client, error=error))
        raise
    uri = REQUEST_URI_PREFIX + ports.entropy.token(32)
    lifetime = client.par_request_expiry or LIFETIME
    pushed = PushedRequest(
        uri_hash=digest(uri), client_id=client.client_id, parameters=request, expires_at=now + lifetime
    )
    await ports.pushed_requests.push(issuer.tenant, pushed)
    return PushedResponse(uri, lifetime)


async def resolve(
    parameters: Mapping[str, str], issuer: Issuer, now: float, ports: Ports
) -> tuple[Mapping[str, str], bytes | None]:
    """The parameters behind a ``request_uri`` of ours (RFC 9126 §4), and its digest; others come back as they are.

    Raises ``PageError``. Nothing is spent.
    """
    uri = parameters.get("request_uri", "")
    if not uri.startswith(REQUEST_URI_PREFIX):
        return parameters, None
    pushed = await ports.pushed_requests.find(issuer.tenant, digest(uri))
    if pushed is None or pushed.expires_at <= now or pushed.client_id != parameters.get("client_id"):
        raise PageError(
            InvalidRequest(
                "The request_uri is invalid or has expired",
                hint="A request_uri is used once, soon, by the client that pushed it, with its client_id.",
            )
        )
    return pushed.parameters, pushed.uri_hash
