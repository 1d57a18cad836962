"""``POST /passkey/challenge`` and ``/passkey/register``: passkeys in an application's own pages."""

from __future__ import annotations

from typing import Any

from doorward.model.client import Client
from doorward.model.request_context import RequestContext
from doorward.oauth import passkey_session
from doorward.oauth.client_authentication import authenticate, trusted_context
from doorward.oauth.errors import AccessDenied, InvalidClient, InvalidRequest, missing_parameter
from doorward.ports import Ports
from doorward.web.router import Handler
from doorward.web.wire.http import NO_STORE, Request, Response, json_response
from doorward.web.wire.parameters import basic_credentials, json_object

MAX_VALUE = 2000


def challenge(ports: Ports) -> Handler:
    """To log in with a passkey somebody has."""

    async def handler(request: Request) -> Response:
        body = json_object(request.body)
        client, context = await _client(request, body, ports)
        answer = await passkey_session.begin(
            passkey_session.LOGIN, client, _text(body, "realm"), request.issuer, context, ports
        )
        return json_response(answer, 200, NO_STORE)

    return handler


def register(ports: Ports) -> Handler:
    """To sign up with a new passkey."""

    async def handler(request: Request) -> Response:
        body = json_object(request.body)
        client, context = await _client(request, body, ports)
        if "user_profile" not in body:
            raise missing_parameter("user_profile")
        answer = await passkey_session.begin(
            passkey_session.REGISTER,
            client,
            _text(body, "realm"),
            request.issuer,
            context,
            ports,
            profile=_texts(body, "user_profile"),
            metadata=_texts(body, "user_metadata"),
        )
        return json_response(answer, 200, NO_STORE)

    return handler


async def _client(request: Request, body: dict[str, Any], ports: Ports) -> tuple[Client, RequestContext]:
    """Who asks, and for whom. Raises ``InvalidClient``, ``InvalidRequest``."""
    if body.get("organization"):
        raise InvalidRequest("parameter organization is not supported")
    directory = ports.directory.tenant(request.issuer.tenant)
    names = ("client_id", "client_secret", "client_assertion", "client_assertion_type")
    parameters = {name: value for name in names if (value := _text(body, name)) is not None}
    try:
        authenticated = await authenticate(parameters, basic_credentials(request), request.issuer, directory, ports)
    except AccessDenied as error:
        raise InvalidClient("Client authentication failed", hint=error.hint) from None
    return authenticated.client, trusted_context(request.context, authenticated)


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidRequest(f"Parameter {name} must be a string")
    return value


def _texts(body: dict[str, Any], name: str) -> dict[str, str]:
    """An object of texts. Raises ``InvalidRequest`` for anything else."""
    value = body.get(name) or {}
    if not isinstance(value, dict) or not all(isinstance(one, str) and len(one) <= MAX_VALUE for one in value.values()):
        raise InvalidRequest(f"Parameter {name} must be an object of strings")
    return {key: one for key, one in value.items() if one}
