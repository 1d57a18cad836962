"""``POST /oauth/token`` and ``POST /oauth/revoke``."""

from __future__ import annotations

from doorward.oauth import revocation, token_endpoint
from doorward.ports import Ports
from doorward.web.router import Handler
from doorward.web.wire.http import NO_STORE, Request, Response, json_response
from doorward.web.wire.parameters import basic_credentials, body_parameters


def token(ports: Ports) -> Handler:
    """RFC 6749 §3.2."""

    async def handler(request: Request) -> Response:
        parameters = body_parameters(request, objects=("authn_response",))
        answer = await token_endpoint.token(
            parameters, basic_credentials(request), request.context, request.issuer, ports
        )
        return json_response(answer, 200, NO_STORE)

    return handler


def revoke(ports: Ports) -> Handler:
    """RFC 7009 §2."""

    async def handler(request: Request) -> Response:
        parameters = body_parameters(request)
        await revocation.revoke(parameters, basic_credentials(request), request.context, request.issuer, ports)
        return Response(200, b"", NO_STORE)

    return handler
