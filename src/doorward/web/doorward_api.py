"""``/_doorward/api/v1``: what Auth0 has no endpoint for. Tokens and refusals are the Management API's."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qsl

from doorward.management.kit.context import Actor, Services
from doorward.management.kit.errors import ApiError, unauthorized
from doorward.management.tenant_file import wire
from doorward.model.directory import TenantDirectory
from doorward.model.printable import printable
from doorward.oauth.bearer import BearerTokens
from doorward.oauth.errors import InvalidRequest, InvalidTokenError
from doorward.oauth.explain import NotExplainable
from doorward.oauth.explain import explain as explain_request
from doorward.ports import Ports
from doorward.web.router import Handler
from doorward.web.wire.http import NO_STORE, Request, Response, json_response
from doorward.web.wire.parameters import MAX_FIELDS, bearer_token, json_object

READ_LOGS = "read:logs"


def explain(ports: Ports, bearer_tokens: BearerTokens, *, confirms_callbacks: bool) -> Handler:
    """``POST /_doorward/api/v1/explain``.

    The body is a JSON object: the parameters of ``/authorize`` or ``/oauth/token``, plus an optional ``user_id``.
    Needs ``read:logs``; answers ``{decision, error, steps}`` for refusals too. ``confirms_callbacks`` is the
    authorization endpoint's.
    """

    async def handler(request: Request) -> Response:
        directory = ports.directory.tenant(request.issuer.tenant)
        refused = _refusal(request, directory, bearer_tokens)
        if refused is not None:
            return refused
        try:
            parameters = _parameters(request)
            user_id = parameters.pop("user_id", None)
            answer = await explain_request(
                parameters, user_id, request.issuer, ports, confirms_callbacks=confirms_callbacks
            )
        except InvalidRequest as error:
            return management_error(400, error.description, "invalid_body")
        except NotExplainable as error:
            return management_error(error.status, error.message, error.code)
        return json_response(answer, 200, NO_STORE)

    return handler


def tenant_file(services: Services, bearer_tokens: BearerTokens) -> Handler:
    """``/_doorward/api/v1/tenant-file``: GET exports the tenant, POST plans a tenant file or applies it.

    Both do what the token's scopes allow, each call they stand for by itself.
    """
    directory = services.ports.directory

    async def handler(request: Request) -> Response:
        tenant = request.issuer.tenant
        try:
            actor = _machine(request, directory.tenant(tenant), bearer_tokens)
        except ApiError as error:
            return json_response(error.body, error.status, NO_STORE)
        if request.method == "POST":
            try:
                body = json_object(request.body)
            except InvalidRequest as error:
                return management_error(400, error.description, "invalid_body")
            answer = await wire.write(body, tenant, services, actor, request.context)
        else:
            query = dict(parse_qsl(request.query.decode("ascii", "replace"))[:MAX_FIELDS])
            answer = await wire.read(query, tenant, services, actor, request.context)
        return json_response(answer.body, answer.status, NO_STORE)

    return handler


def _machine(request: Request, directory: TenantDirectory, bearer_tokens: BearerTokens) -> Actor:
    """Which machine asks. Raises ``ApiError``."""
    token = bearer_token(request)
    if not token:
        raise unauthorized("Missing authentication")
    try:
        bearer = bearer_tokens.verify(token, directory.tenant.management_audience, request.issuer, directory)
    except InvalidTokenError as error:
        raise unauthorized(error.description) from None
    actor = Actor(client_id=bearer.client_id, subject=bearer.subject, scopes=bearer.scopes)
    if bearer.sealed or not actor.is_machine:
        raise ApiError(403, "A tenant file is read and written by machines", "insufficient_scope")
    return actor


def _refusal(request: Request, directory: TenantDirectory, bearer_tokens: BearerTokens) -> Response | None:
    """Why this caller may not ask, or ``None``. The token comes in the header alone."""
    token = bearer_token(request)
    if not token:
        return management_error(401, "Missing authentication")
    try:
        bearer = bearer_tokens.verify(token, directory.tenant.management_audience, request.issuer, directory)
    except InvalidTokenError as error:
        return management_error(401, error.description)
    if READ_LOGS not in bearer.scopes:
        return management_error(403, f"Insufficient scope, expected any of: {READ_LOGS}", "insufficient_scope")
    return None


def _parameters(request: Request) -> dict[str, str]:
    """The wire's rules: scalars are strings, ``null`` and the empty string mean absent. Raises ``InvalidRequest``."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise InvalidRequest("Content-Type must be application/json")
    body = json_object(request.body)
    if len(body) > MAX_FIELDS:
        raise InvalidRequest(f"More than {MAX_FIELDS} parameters")
    for name, value in body.items():
        if value is not None and not isinstance(value, str):
            shown = printable(name[:64])
            raise InvalidRequest(f"Payload validation error: 'Expected type string' on property {shown}.")
    return {name: value for name, value in body.items() if value}


def management_error(status: int, message: str, code: str | None = None) -> Response:
    """An error body of the Management API; ``errorCode`` is left out where there is none."""
    body = {"statusCode": status, "error": HTTPStatus(status).phrase, "message": message}
    if code is not None:
        body["errorCode"] = code
    return json_response(body, status, NO_STORE)
