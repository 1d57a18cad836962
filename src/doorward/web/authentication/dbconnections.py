"""``POST /dbconnections/signup``: Auth0's way to sign up without a page."""

from __future__ import annotations

from typing import Any

from doorward.identity.signup import ATTRIBUTES, Signup, SignupError, SignupForm, SignupRefused
from doorward.oauth.eligibility import connection_serves
from doorward.oauth.errors import InvalidRequest
from doorward.ports import Overloaded, Ports
from doorward.web.router import Handler
from doorward.web.wire.http import NO_STORE, Request, Response, json_response
from doorward.web.wire.parameters import body_parameters, json_object


class SignupApiError(Exception):
    """A refusal in this endpoint's dialect: status and the whole body."""

    def __init__(self, code: str, description: Any, *, status: int = 400, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        name = more.pop("name", "BadRequestError")
        self.body = {"name": name, "code": code, **more, "description": description, "statusCode": status}


def signup(ports: Ports, registrar: Signup) -> Handler:
    """Answers with ``_id``, the user id without its provider prefix."""

    async def handler(request: Request) -> Response:
        try:
            return json_response(await _sign_up(request, ports, registrar), 200, NO_STORE)
        except SignupApiError as error:
            return json_response(error.body, error.status, NO_STORE)
        except InvalidRequest as error:
            refusal = SignupApiError("invalid_request", error.description)
            return json_response(refusal.body, refusal.status, NO_STORE)
        except Overloaded as overloaded:
            refusal = SignupApiError("too_many_requests", "Too many requests", status=429, name="TooManyRequests")
            headers = (*NO_STORE, ("retry-after", str(overloaded.retry_after)))
            return json_response(refusal.body, refusal.status, headers)

    return handler


async def _sign_up(request: Request, ports: Ports, registrar: Signup) -> dict[str, Any]:
    body = _body(request)
    directory = ports.directory.tenant(request.issuer.tenant)
    client = directory.clients.get(_text(body, "client_id", required=True))
    if client is None or client.is_global:
        raise SignupApiError("unauthorized_client", "Unknown client", status=403, name="ForbiddenError")
    connection = directory.connections.get(_text(body, "connection", required=True))
    if connection is None or not connection.is_database or not connection_serves(connection, client):
        raise SignupApiError("invalid_connection", "The connection does not exist or is not enabled for the client")
    metadata = body.get("user_metadata") or {}
    if not isinstance(metadata, dict):
        raise SignupApiError("invalid_request", "user_metadata must be an object")
    form = SignupForm(
        email=_text(body, "email"),
        username=_text(body, "username"),
        phone_number=_text(body, "phone_number"),
        password=_text(body, "password", required=True),
        attributes={name: _text(body, name) for name in ATTRIBUTES},
        user_metadata=metadata,
    )
    try:
        user = await registrar.register(directory.tenant.id, connection, form, client, request.context)
    except SignupRefused as refused:
        raise _refusal(
            refused, tells_existence=directory.settings.flags.enable_public_signup_user_exists_error
        ) from None
    answer: dict[str, Any] = {"_id": user.user_id.partition("|")[2]}
    for name in ("email", "email_verified", "username", "phone_number", "phone_verified"):
        if name in user.profile:
            answer[name] = user.profile[name]
    answer |= {name: value for name, value in form.attributes.items() if value}
    if metadata:
        answer["user_metadata"] = metadata
    return answer


def _body(request: Request) -> dict[str, Any]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/json" and request.body:
        return json_object(request.body)
    return dict(body_parameters(request))


def _text(body: dict[str, Any], name: str, *, required: bool = False) -> str:
    value = body.get(name)
    if value is None or value == "":
        if required:
            raise SignupApiError("invalid_request", f"Missing required parameter: {name}")
        return ""
    if not isinstance(value, str):
        raise SignupApiError("invalid_request", f"Parameter {name} must be a string")
    return value


def _refusal(refused: SignupRefused, *, tells_existence: bool) -> SignupApiError:
    match refused.error:
        case SignupError.WEAK_PASSWORD if refused.verdict is not None:
            description = {"rules": refused.verdict.rules, "verified": False}
            return SignupApiError(
                "invalid_password",
                description,
                name="PasswordStrengthError",
                message="Password is too weak",
                policy=refused.verdict.as_text,
            )
        case SignupError.EMAIL_TAKEN | SignupError.PHONE_TAKEN if tells_existence:
            return SignupApiError("user_exists", "The user already exists.")
        case SignupError.USERNAME_TAKEN if tells_existence:
            return SignupApiError("username_exists", "The username provided is in use already.")
        case SignupError.DISABLED:
            return SignupApiError("signup_disabled", "public signup is disabled")
    return SignupApiError("invalid_signup", "Invalid sign up")
