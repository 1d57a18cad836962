"""``POST /dbconnections/signup`` and ``/change_password``: Auth0's ways to do without a page."""

from __future__ import annotations

from typing import Any

from doorward.identity.bot_detection import BotDetector
from doorward.identity.log_events import person_event
from doorward.identity.password_change import PasswordChange, TooManyResets
from doorward.identity.password_policy import PasswordError
from doorward.identity.signup import ATTRIBUTES, Signup, SignupError, SignupForm, SignupRefused
from doorward.model.bot_detection import Flow
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.oauth.eligibility import connection_serves
from doorward.oauth.errors import InvalidRequest, RequiresVerification
from doorward.ports import Clock, Overloaded, Ports
from doorward.web.router import Handler
from doorward.web.wire.errors import paced
from doorward.web.wire.http import NO_STORE, Request, Response, json_response, text_response
from doorward.web.wire.parameters import body_parameters, json_object

RESET_ASKED = "We've just sent you an email to reset your password."


class DbConnectionsError(Exception):
    """A refusal in the dialect of these endpoints: status and the whole body."""

    def __init__(self, code: str, description: Any, *, status: int = 400, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        name = more.pop("name", "BadRequestError")
        self.body = {"name": name, "code": code, **more, "description": description, "statusCode": status}


TOO_MANY = DbConnectionsError("too_many_requests", "Too many requests", status=429, name="TooManyRequests")


CHALLENGED = DbConnectionsError(
    RequiresVerification.error, RequiresVerification.text, status=401, name="UnauthorizedError"
)


def signup(ports: Ports, registrar: Signup, bots: BotDetector) -> Handler:
    """Answers with ``_id``, the user id without its provider prefix."""

    async def handler(request: Request) -> Response:
        return json_response(await _sign_up(request, ports, registrar, bots), 200, NO_STORE)

    return _in_dialect(handler, ports.clock)


def change_password(ports: Ports, changes: PasswordChange, bots: BotDetector) -> Handler:
    """Answers the same sentence whoever is asked for; nothing of a password is in the request.

    ``organization`` is kept with the link for what the mail and the pages show. It restricts nothing: whether
    somebody is a member of it is not to be told either.
    """

    async def handler(request: Request) -> Response:
        body = _body(request)
        directory = ports.directory.tenant(request.issuer.tenant)
        client = _client(directory, body) if _text(body, "client_id") else None
        connection = _connection(directory, body, client)
        identifier = _text(body, "email") or _text(body, "username")
        if not identifier:
            raise DbConnectionsError("invalid_request", "Missing required parameter: email")
        organization = _text(body, "organization") or None
        if organization is not None and organization not in directory.documents["organization"]:
            raise DbConnectionsError("invalid_request", "The organization does not exist")
        await _judged(bots, Flow.PASSWORD_RESET, request, ports, client, connection, identifier)
        await changes.ask(
            directory, connection, identifier, request.context, client=client, organization_id=organization
        )
        return text_response(RESET_ASKED, 200, NO_STORE)

    return _in_dialect(handler, ports.clock)


def _in_dialect(handler: Handler, clock: Clock) -> Handler:
    async def handle(request: Request) -> Response:
        headers = NO_STORE
        try:
            return await handler(request)
        except DbConnectionsError as error:
            refusal = error
        except InvalidRequest as error:
            refusal = DbConnectionsError("invalid_request", error.description)
        except Overloaded as error:
            headers += (("retry-after", str(error.retry_after)),)
            refusal = TOO_MANY
        except TooManyResets as error:
            headers += paced(error.pace, clock.now())
            refusal = TOO_MANY
        return json_response(refusal.body, refusal.status, headers)

    return handle


async def _sign_up(request: Request, ports: Ports, registrar: Signup, bots: BotDetector) -> dict[str, Any]:
    body = _body(request)
    directory = ports.directory.tenant(request.issuer.tenant)
    client = _client(directory, body)
    connection = _connection(directory, body, client)
    metadata = body.get("user_metadata") or {}
    if not isinstance(metadata, dict):
        raise DbConnectionsError("invalid_request", "user_metadata must be an object")
    form = SignupForm(
        email=_text(body, "email"),
        username=_text(body, "username"),
        phone_number=_text(body, "phone_number"),
        password=_text(body, "password", required=connection.requires_password) or None,
        attributes={name: _text(body, name) for name in ATTRIBUTES},
        user_metadata=metadata,
    )
    await _judged(bots, Flow.PASSWORD, request, ports, client, connection, form.email)
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


async def _judged(
    bots: BotDetector,
    flow: Flow,
    request: Request,
    ports: Ports,
    client: Client | None,
    connection: Connection,
    name: str,
) -> None:
    """Raises ``DbConnectionsError`` where bot detection asks for a challenge, which only a page can show."""
    event = person_event("pla", ports.clock.now(), connection, request.context, name=name, client=client)
    if await bots.judge(ports.directory.tenant(request.issuer.tenant), flow, event):
        raise CHALLENGED


def _client(directory: TenantDirectory, body: dict[str, Any]) -> Client:
    client = directory.clients.get(_text(body, "client_id", required=True))
    if client is None or client.is_global:
        raise DbConnectionsError("unauthorized_client", "Unknown client", status=403, name="ForbiddenError")
    return client


def _connection(directory: TenantDirectory, body: dict[str, Any], client: Client | None) -> Connection:
    connection = directory.connections.get(_text(body, "connection", required=True))
    if connection is None or not connection.is_database or (client and not connection_serves(connection, client)):
        raise DbConnectionsError("invalid_connection", "The connection does not exist or is not enabled for the client")
    return connection


def _body(request: Request) -> dict[str, Any]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/json" and request.body:
        return json_object(request.body)
    return dict(body_parameters(request))


def _text(body: dict[str, Any], name: str, *, required: bool = False) -> str:
    value = body.get(name)
    if value is None or value == "":
        if required:
            raise DbConnectionsError("invalid_request", f"Missing required parameter: {name}")
        return ""
    if not isinstance(value, str):
        raise DbConnectionsError("invalid_request", f"Parameter {name} must be a string")
    return value


def _refusal(refused: SignupRefused, *, tells_existence: bool) -> DbConnectionsError:
    error, verdict = refused.password, refused.verdict
    if refused.error is SignupError.IP_BLOCKED:
        return TOO_MANY
    if error is PasswordError.LEAKED:
        return DbConnectionsError("password_leaked", error.message, name="PasswordLeakedError")
    if error is PasswordError.STRENGTH and verdict is not None:
        return DbConnectionsError(
            "invalid_password",
            {"rules": verdict.rules, "verified": False},
            name=error.value,
            message=error.message,
            policy=verdict.as_text,
        )
    if error is not None:
        return DbConnectionsError("invalid_password", error.message, name=error.value, message=error.message)
    match refused.error:
        case SignupError.EMAIL_TAKEN | SignupError.PHONE_TAKEN if tells_existence:
            return DbConnectionsError("user_exists", "The user already exists.")
        case SignupError.USERNAME_TAKEN if tells_existence:
            return DbConnectionsError("username_exists", "The username provided is in use already.")
        case SignupError.DISABLED:
            return DbConnectionsError("signup_disabled", "public signup is disabled")
    return DbConnectionsError("invalid_signup", "Invalid sign up")
