"""``POST /passwordless/start``: Auth0's way to have a code or a link sent without a page; and ``/passwordless/verify``,
which was before the grant that takes the code back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.identity.bot_detection import BotDetector
from doorward.identity.code_guard import SIGNUP_DISABLED
from doorward.identity.one_time_codes import TooManyCodes
from doorward.identity.passwordless import Passwordless, address_of, claimant_of
from doorward.model.bot_detection import Flow
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import new_object_id
from doorward.oauth.client_authentication import AuthenticatedClient, authenticate, trusted_context
from doorward.oauth.eligibility import connection_serves
from doorward.oauth.errors import InvalidRequest, RequiresVerification, TooManyRequests, UnauthorizedClient
from doorward.ports import Ports
from doorward.web.login.presenter import Presenter
from doorward.web.router import Handler
from doorward.web.wire.http import NO_STORE, Request, Response, json_response
from doorward.web.wire.parameters import basic_credentials, body_parameters, json_object

RESOURCE_OWNER = "http://auth0.com/oauth/legacy/grant-type/ro"
MAX_AUTH_PARAMS = 20
MAX_AUTH_PARAM = 2048
CREDENTIALS = frozenset({"client_secret", "client_assertion"})


class StartRefused(InvalidRequest):
    """A refusal whose ``error`` names the parameter, as this endpoint does."""

    def __init__(self, about: str, description: str, *, status: int = 400) -> None:
        super().__init__(description, status=status)
        self.error = f"bad.{about}"  # type: ignore[misc]


def start(ports: Ports, passwordless: Passwordless, bots: BotDetector, pages: Presenter) -> Handler:
    """Answers with an ``_id`` that is nobody's: whether there is an account is not told."""

    async def handler(request: Request) -> Response:
        directory = ports.directory.tenant(request.issuer.tenant)
        body = _body(request)
        authenticated = await _client(request, body, directory, ports)
        client = authenticated.client
        connection = _connection(body, client, directory)
        address = _address(body, connection)
        by_link = _by_link(body, connection)
        context = trusted_context(request.context, authenticated)
        claimant = claimant_of(directory, connection, address, client, context)
        if await bots.judge(directory, Flow.PASSWORDLESS, claimant.event("pla", ports.clock.now())):
            raise RequiresVerification
        try:
            why = await passwordless.send(
                claimant,
                link={} if by_link else None,
                payload={"authParams": _auth_params(body, connection)} if by_link else {},
                locale=_locale(request, pages),
            )
        except TooManyCodes as too_many:
            now = ports.clock.now()
            raise TooManyRequests("Too many codes were sent; try again later", too_many.pace, now) from None
        if why == SIGNUP_DISABLED and directory.settings.flags.enable_public_signup_user_exists_error:
            raise StartRefused("connection", SIGNUP_DISABLED, status=403)
        sent = {"_id": new_object_id(ports.entropy), connection.address_field: address}
        flag = "email_verified" if connection.address_field == "email" else "phone_verified"
        return json_response({**sent, flag: False}, 200, NO_STORE)

    return handler


async def verify(request: Request) -> Response:
    """The legacy endpoint: its grant type is open to nobody."""
    raise UnauthorizedClient(
        f"Grant type '{RESOURCE_OWNER}' not allowed for the client.",
        hint="Use the grant http://auth0.com/oauth/grant-type/passwordless/otp at /oauth/token.",
    )


def _body(request: Request) -> dict[str, Any]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/json" and request.body:
        return json_object(request.body)
    return dict(body_parameters(request))


def _text(body: Mapping[str, Any], name: str, *, about: str = "", required: bool = False) -> str:
    value = body.get(name)
    if value is None or value == "":
        if required:
            raise StartRefused(about or name, f"Missing required property: {name}")
        return ""
    if not isinstance(value, str):
        raise StartRefused(about or name, f"Expected type string but found type {_type_of(value)}")
    return value


def _type_of(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "string")


async def _client(
    request: Request, body: Mapping[str, Any], directory: TenantDirectory, ports: Ports
) -> AuthenticatedClient:
    """Who asks. A confidential client authenticates, unless the tenant does not insist on it
    (``enforce_client_authentication_on_passwordless_start``)."""
    basic = basic_credentials(request)
    client_id = basic[0] if basic is not None else _text(body, "client_id", required=True)
    given = {name: value for name, value in body.items() if isinstance(value, str) and value}
    client = directory.clients.get(client_id)
    if client is None or client.is_global:
        raise StartRefused("client_id", "The client does not exist")
    insists = directory.settings.flags.enforce_client_authentication_on_passwordless_start
    if not insists and basic is None and not CREDENTIALS & given.keys():
        return AuthenticatedClient(client, "none")
    return await authenticate(given, basic, request.issuer, directory, ports)


def _connection(body: Mapping[str, Any], client: Client, directory: TenantDirectory) -> Connection:
    connection = directory.connections.get(_text(body, "connection", required=True))
    if connection is None:
        raise StartRefused("connection", "Connection does not exist")
    if not connection.is_passwordless:
        raise StartRefused("connection", "Invalid connection strategy. It must either be a passwordless connection")
    if not connection_serves(connection, client):
        raise StartRefused("connection", "Connection is disabled")
    return connection


def _address(body: Mapping[str, Any], connection: Connection) -> str:
    field = connection.address_field
    typed = _text(body, field, required=True)
    address = address_of(connection, typed)
    if address is None and field == "email":
        raise StartRefused(field, "Object didn't pass validation for format email")
    if address is None:
        raise StartRefused(field, "String does not match pattern: ^\\+[0-9]{1,15}$")
    return address


def _by_link(body: Mapping[str, Any], connection: Connection) -> bool:
    send = _text(body, "send", about="request")
    if send not in ("", "link", "code") and not send.startswith("link_"):
        raise StartRefused("request", "send must be link or code")
    return connection.address_field == "email" and send != "code"


def _auth_params(body: Mapping[str, Any], connection: Connection) -> dict[str, str]:
    """The authorization request a link leads to; the connection's own parameters come first."""
    given = body.get("authParams") or {}
    if not isinstance(given, dict):
        raise StartRefused("authParams", f"error in authParams - invalid type: {_type_of(given)} (expected object)")
    own = connection.options.get("authParams")
    asked = {**(own if isinstance(own, dict) else {}), **given}
    if len(asked) > MAX_AUTH_PARAMS:
        raise StartRefused("authParams", f"error in authParams - more than {MAX_AUTH_PARAMS} parameters")
    for name, value in given.items():
        if value is not None and (not isinstance(value, str) or len(value) > MAX_AUTH_PARAM):
            raise StartRefused("authParams", f"error in authParams - {name[:64]} is not a string, or too long")
    return {name: value for name, value in asked.items() if isinstance(value, str) and value}


def _locale(request: Request, pages: Presenter) -> str:
    return pages.locale(request, request.headers.get("x-request-language", ""))
