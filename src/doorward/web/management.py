"""The Management API v2 under ``/api/v2``, and beside it what is declared like it of our own; the token comes in the
header only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import msgspec

from doorward.management.kit.admission import Admission
from doorward.management.kit.context import OWN_PREFIX, PREFIX, ManagementRequest, Services
from doorward.management.kit.dispatch import Management
from doorward.management.kit.errors import ApiError, invalid_body
from doorward.management.kit.form import Form, ReadForm
from doorward.management.kit.operation import Operation
from doorward.management.openapi import openapi
from doorward.management.registry import operations, own
from doorward.web.answers import response_of
from doorward.web.router import Handler, Mount, Route
from doorward.web.wire.http import JSON, NO_STORE, Request, Response, json_response
from doorward.web.wire.multipart import FormTooLarge, MalformedForm, read_form
from doorward.web.wire.parameters import bearer_token

ANY_HOST = "https://{host}/"


def management(services: Services, admission: Admission) -> list[Route | Mount]:
    """Every request below ``PREFIX``, answered in Auth0's error dialect. Forms with files are read only once it is
    known who sends them."""
    declared = operations()
    handler = _handler(declared, PREFIX, services, admission)

    async def streaming(request: Request) -> Response:
        return await handler(request)

    uploads = [Route(one.method, PREFIX + one.path, streaming, streams=True) for one in declared if one.uploads]
    return [*uploads, Mount(f"{PREFIX}/", handler)]


def own_api(services: Services, admission: Admission) -> list[Route | Mount]:
    """What Auth0 has no endpoint for and is declared as if it had, below ``OWN_PREFIX``."""
    declared = own()
    handler = _handler(declared, OWN_PREFIX, services, admission)
    return [Route(one.method, OWN_PREFIX + one.path, handler) for one in declared]


def _handler(declared: Iterable[Operation], prefix: str, services: Services, admission: Admission) -> Handler:
    api = Management(declared, services, admission)

    async def handler(request: Request) -> Response:
        answer = await api.answer(
            ManagementRequest(
                method=request.method,
                path=request.path[len(prefix) :],
                query=request.query.decode("ascii", "replace"),
                body=request.body,
                content_type=request.headers.get("content-type", ""),
                form=None if request.pieces is None else _form(request, services),
                token=bearer_token(request),
                issuer=request.issuer,
                context=request.context,
                prefix=prefix,
            )
        )
        return response_of(answer)

    return handler


def _form(request: Request, services: Services) -> ReadForm:
    pieces, limit = request.pieces, services.largest_upload
    too_large = ApiError(413, f"Payload content length greater than maximum allowed: {limit}")

    async def read(uploads: Sequence[str]) -> Form:
        declared = request.headers.get("content-length", "0")
        if not declared.isdigit() or int(declared[:18]) > limit:
            raise too_large
        if pieces is None:
            raise LookupError("the body was read before")
        try:
            content_type = request.headers.get("content-type", "")
            return await read_form(content_type, pieces, uploads, services.ports.files.spool, limit)
        except FormTooLarge:
            raise too_large from None
        except MalformedForm:
            raise invalid_body("Payload validation error: 'Invalid multipart payload format'.") from None

    return read


def description(admission: Admission) -> Handler:
    """``GET /_doorward/api/v1/openapi.json``: what the Management API of this host offers. Everybody may ask, and
    nobody too often."""

    async def handler(request: Request) -> Response:
        try:
            admission.count_address(request.issuer.tenant, request.ip)
        except ApiError as error:
            return json_response(error.body, error.status, (*NO_STORE, *error.headers.items()))
        described = _description().replace(ANY_HOST.encode(), request.issuer.url.encode(), 1)
        return Response(200, described, (JSON, ("cache-control", "public, max-age=300")))

    return handler


@cache
def _description() -> bytes:
    """The document for ``ANY_HOST``: it is long to make, and everybody may ask for it."""
    return msgspec.json.encode(openapi(operations(), ANY_HOST))
