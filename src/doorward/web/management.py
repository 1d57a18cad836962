"""The Management API v2 under ``/api/v2``; the token comes in the header only."""

from __future__ import annotations

from doorward.management.kit.context import Answer, ManagementRequest, Nothing, Services
from doorward.management.kit.dispatch import Management
from doorward.management.openapi import openapi
from doorward.management.registry import operations
from doorward.web.router import Handler
from doorward.web.wire.http import NO_STORE, Request, Response, json_response
from doorward.web.wire.parameters import bearer_token

PREFIX = "/api/v2"


def management(services: Services) -> Handler:
    """Answers every request below ``PREFIX``, in Auth0's error dialect."""
    api = Management(operations(), services)

    async def handler(request: Request) -> Response:
        answer = await api.answer(
            ManagementRequest(
                method=request.method,
                path=request.path[len(PREFIX) :],
                query=request.query.decode("ascii", "replace"),
                body=request.body,
                content_type=request.headers.get("content-type", ""),
                token=bearer_token(request),
                issuer=request.issuer,
                context=request.context,
            )
        )
        return _response(answer)

    return handler


async def description(request: Request) -> Response:
    """``GET /_doorward/api/v1/openapi.json``: what the Management API of this host offers."""
    return json_response(openapi(operations(), request.issuer.url), 200, (("cache-control", "public, max-age=300"),))


def _response(answer: Answer) -> Response:
    headers = (*NO_STORE, *answer.headers.items())
    if isinstance(answer.body, Nothing):
        return Response(answer.status, b"", headers)
    return json_response(answer.body, answer.status, headers)
