"""``/_doorward/api/v1``: what Auth0 has no endpoint for. Tokens, rate limit and refusals are the Management API's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from doorward.management.kit.admission import Admission
from doorward.management.kit.context import Answer, Call, ManagementRequest, Services
from doorward.management.kit.errors import ApiError, insufficient_scope, invalid_body
from doorward.management.tenant_file import wire
from doorward.model.printable import printable
from doorward.oauth.errors import InvalidRequest
from doorward.oauth.explain import NotExplainable
from doorward.oauth.explain import explain as explain_request
from doorward.web.router import Handler
from doorward.web.wire.http import NO_STORE, Request, Response, json_response
from doorward.web.wire.parameters import MAX_FIELDS, bearer_token, json_object

READ_LOGS = "read:logs"


def explain(services: Services, admission: Admission, *, confirms_callbacks: bool) -> Handler:
    """``POST /_doorward/api/v1/explain``.

    The body is a JSON object: the parameters of ``/authorize`` or ``/oauth/token``, plus an optional ``user_id``.
    Needs ``read:logs``; answers ``{decision, error, steps}`` for refusals too. ``confirms_callbacks`` is the
    authorization endpoint's.
    """

    async def answer(request: Request, call: Call) -> Answer:
        if not call.actor.may(READ_LOGS):
            raise insufficient_scope([READ_LOGS])
        try:
            parameters = _parameters(request)
            user_id = parameters.pop("user_id", None)
            explained = await explain_request(
                parameters, user_id, request.issuer, services.ports, confirms_callbacks=confirms_callbacks
            )
        except NotExplainable as error:
            raise ApiError(error.status, error.message, error.code) from None
        return Answer(body=explained)

    return _admitted(services, admission, "Explain a request", answer)


def tenant_file(services: Services, admission: Admission) -> Handler:
    """``/_doorward/api/v1/tenant-file``: GET exports the tenant, POST plans a tenant file or applies it.

    Both do what the token's scopes allow, each call they stand for by itself.
    """

    async def answer(request: Request, call: Call) -> Answer:
        if not call.actor.is_machine:
            raise ApiError(403, "A tenant file is read and written by machines", "insufficient_scope")
        if request.method == "POST":
            return await wire.write(json_object(request.body), call.tenant, services, call.actor, request.context)
        query = dict(parse_qsl(request.query.decode("ascii", "replace"))[:MAX_FIELDS])
        return await wire.read(query, call.tenant, services, call.actor, request.context)

    return _admitted(services, admission, "Read or write a tenant file", answer)


def _admitted(
    services: Services, admission: Admission, summary: str, answer: Callable[[Request, Call], Awaitable[Answer]]
) -> Handler:
    """A handler that answers who may ask, and may just now, as the Management API would."""

    async def handler(request: Request) -> Response:
        standing = admission.standing()
        directory = services.ports.directory.tenant(request.issuer.tenant)
        try:
            token = bearer_token(request)
            actor = await admission.caller(token, request.issuer, directory)
            asked = ManagementRequest(
                method=request.method,
                path=request.path,
                token=token,
                issuer=request.issuer,
                context=request.context,
                prefix="",
            )
            call = Call(request=asked, directory=directory, actor=actor, services=services, summary=summary)
            standing |= admission.count(call)
            answered = await answer(request, call)
        except InvalidRequest as error:
            answered = _refusal(invalid_body(error.description))
        except ApiError as error:
            answered = _refusal(error)
        headers = {**standing, **answered.headers}
        return json_response(answered.body, answered.status, (*NO_STORE, *headers.items()))

    return handler


def _refusal(error: ApiError) -> Answer:
    return Answer(status=error.status, body=error.body, headers=error.headers)


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
