"""The authorization request: parameters become a frozen value, check by check.

RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1. Client and redirect URI come first: until both are
good nothing is ever sent to the redirect URI (``PageError``). Every later refusal is an
``AuthorizationError`` and knows where to be delivered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.printable import quotable
from doorward.model.tenant import Issuer
from doorward.oauth import pkce, redirect_uri
from doorward.oauth.domain_placeholders import client_on
from doorward.oauth.eligibility import connection_serves
from doorward.oauth.errors import (
    InvalidRequest,
    OAuthError,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnsupportedResponseType,
    missing_parameter,
)
from doorward.oauth.scopes import OFFLINE_ACCESS, ONLINE_ACCESS, parse_scope

RESPONSE_TYPES: dict[frozenset[str], str] = {
    frozenset({"code"}): "code",
    frozenset({"token"}): "token",
    frozenset({"id_token"}): "id_token",
    frozenset({"code", "token"}): "code token",
    frozenset({"code", "id_token"}): "code id_token",
    frozenset({"token", "id_token"}): "token id_token",
    frozenset({"code", "token", "id_token"}): "code token id_token",
}
RESPONSE_MODES = ("query", "fragment", "form_post", "web_message")
MAX_OPAQUE_LENGTH, MAX_KEPT_LENGTH = 2048, 4096
_MAX_AGE = re.compile(r"[0-9]{1,9}")

# What a strict third-party client may send; anything else is refused, not ignored.
STRICT_PARAMETERS = frozenset(
    [
        "client_id",
        "response_type",
        "redirect_uri",
        "response_mode",
        "scope",
        "audience",
        "resource",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "login_hint",
        "ui_locales",
        "connection",
        "auth0Client",
        "request_uri",
    ]
)
# What is kept of a request while its pages are shown: nothing else is asked for again, and it may be a secret.
KEPT_PARAMETERS = STRICT_PARAMETERS - {"auth0Client", "request_uri"} | {"screen_hint", "correlation_id", "acr_values"}
# What an application passes through to the tenant's page template, at most so many.
EXTENSION = (re.compile(r"ext-[\w-]{1,28}", re.ASCII), re.compile(r"[-\w.*~@+ /:]{1,255}", re.ASCII))
MAX_EXTENSIONS = 10


class ResponseTarget(Struct, frozen=True):
    """Where and how the answer goes."""

    redirect_uri: str
    response_mode: str
    state: str | None = None


class PageError(Exception):
    """Client or redirect URI are not to be trusted: the person sees a page, nobody is redirected. ``client`` is the
    one that asked, where it is known."""

    def __init__(self, error: OAuthError, client: Client | None = None) -> None:
        super().__init__(error.description)
        self.error, self.client = error, client


class AuthorizationError(Exception):
    """A refusal that goes to the client, at ``target``."""

    def __init__(self, error: OAuthError, target: ResponseTarget, client: Client) -> None:
        super().__init__(error.description)
        self.error = error
        self.target = target
        self.client = client


class AuthorizationRequest(Struct, frozen=True, kw_only=True):
    """A validated authorization request. ``parameters`` is what may be kept of it, for the transaction."""

    client: Client
    redirect_uri: str
    redirect_uri_given: bool
    response_type: frozenset[str]
    response_mode: str
    state: str | None
    nonce: str | None
    scope: tuple[str, ...]
    audience: str | None
    resource: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    prompt: frozenset[str]
    max_age: int | None
    login_hint: str | None
    screen_hint: str | None
    ui_locales: str | None
    connection: str | None
    acr_values: tuple[str, ...] = ()
    parameters: Mapping[str, str]

    @property
    def target(self) -> ResponseTarget:
        return ResponseTarget(self.redirect_uri, self.response_mode, self.state)

    @property
    def is_silent(self) -> bool:
        return "none" in self.prompt


def validate(
    parameters: Mapping[str, str], directory: TenantDirectory, issuer: Issuer, *, pushed: bool = False
) -> AuthorizationRequest:
    """The request these parameters make in this tenant, on the domain of ``issuer``.

    ``pushed``: they came through the pushed authorization request endpoint. Raises ``PageError``
    or ``AuthorizationError``.
    """
    client = client_on(_client(parameters, directory), issuer, directory)
    uri, given = _redirect_uri(parameters, client)
    response_type = frozenset((parameters.get("response_type") or "").split())
    default_mode = "fragment" if response_type & {"token", "id_token"} else "query"
    mode = parameters.get("response_mode") or default_mode
    deliverable = (
        mode if mode in RESPONSE_MODES and not (mode == "query" and default_mode == "fragment") else default_mode
    )
    target = ResponseTarget(uri, deliverable, parameters.get("state"))
    if deliverable == "web_message" and not _is_web_origin(uri, client):
        raise PageError(
            UnauthorizedClient(
                "The origin of redirect_uri is not one of the client's web origins",
                hint=f"Add {redirect_uri.origin(uri)} to web_origins of {client.called}.",
            ),
            client,
        )
    try:
        for check in CHECKS:
            check(parameters, client, directory, pushed)
        scope = parse_scope(parameters.get("scope"))
        _check_scope(scope, response_type)
    except OAuthError as error:
        raise AuthorizationError(error, target, client) from None
    max_age = parameters.get("max_age")
    challenge = parameters.get("code_challenge")
    return AuthorizationRequest(
        client=client,
        redirect_uri=uri,
        redirect_uri_given=given,
        response_type=response_type,
        response_mode=mode,
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
        scope=scope,
        audience=parameters.get("audience"),
        resource=parameters.get("resource"),
        code_challenge=challenge,
        code_challenge_method=(parameters.get("code_challenge_method") or "plain") if challenge else None,
        prompt=frozenset((parameters.get("prompt") or "").split()),
        max_age=int(max_age) if max_age is not None else None,
        login_hint=parameters.get("login_hint"),
        screen_hint=parameters.get("screen_hint"),
        ui_locales=parameters.get("ui_locales"),
        connection=parameters.get("connection"),
        acr_values=tuple((parameters.get("acr_values") or "").split()),
        parameters={
            **{name: value for name, value in parameters.items() if name in KEPT_PARAMETERS},
            **dict(_extensions(parameters)[:MAX_EXTENSIONS]),
        },
    )


# ── before anything may be redirected ──────────────────────────────────────────────────────────


def _extensions(parameters: Mapping[str, str]) -> list[tuple[str, str]]:
    name, value = EXTENSION
    sent = [entry for entry in parameters.items() if entry[0].startswith("ext-")]
    return [entry for entry in sent if name.fullmatch(entry[0]) and value.fullmatch(entry[1])]


def _client(parameters: Mapping[str, str], directory: TenantDirectory) -> Client:
    client_id = parameters.get("client_id")
    if not client_id:
        raise PageError(missing_parameter("client_id"))
    client = directory.clients.get(client_id)
    if client is None or client.is_global:
        raise PageError(
            InvalidRequest(
                f"Unknown client: {_printable(client_id)}", hint="No client of this tenant has this client_id."
            )
        )
    return client


def _redirect_uri(parameters: Mapping[str, str], client: Client) -> tuple[str, bool]:
    uri = parameters.get("redirect_uri")
    if uri is None:
        default = next(iter(client.callbacks), None)
        if default is None or "*" in default or redirect_uri.refusal(default) is not None:
            raise PageError(missing_parameter("redirect_uri"), client)
        return default, False
    if redirect_uri.refusal(uri) is not None or not redirect_uri.matches(
        uri, client.callbacks, exact=client.is_strict_third_party
    ):
        raise PageError(
            UnauthorizedClient(
                "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs.",
                hint=f"{callback_difference(uri, client.callbacks)} Look at the callbacks of {client.called}.",
            ),
            client,
        )
    return uri, True


def callback_difference(uri: str, registered: tuple[str, ...]) -> str:
    """What is different between a redirect URI and the registered one that comes closest."""
    refused = redirect_uri.refusal(uri)
    if refused is not None:
        return f"The redirect_uri can never be used: {refused}."
    if not registered:
        return "There are no callback URLs: add this one."
    for entry in registered:
        if entry.rstrip("/") == uri.rstrip("/"):
            return f"Registered is {entry}, sent was {uri}: the final slash differs."
        if entry.lower() == uri.lower():
            return f"Registered is {entry}, sent was {uri}: upper and lower case differ."
        if entry.partition("://")[2] == uri.partition("://")[2]:
            return f"Registered is {entry}, sent was {uri}: the scheme differs."
        if entry == uri.partition("?")[0]:
            return f"Registered is {entry}, sent was {uri}: the query differs."
    return f"Sent was {uri}; registered: {', '.join(registered)}. One of them has to be the same."


def _is_web_origin(uri: str, client: Client) -> bool:
    origin = redirect_uri.origin(uri)
    return origin is not None and redirect_uri.origin_allowed(origin, client.web_origins)


def _printable(value: str) -> str:
    """ASCII only, without quotes and backslashes (RFC 6749 §4.1.2.1)."""
    return quotable(value[:200])


# ── checks whose refusal goes to the client ────────────────────────────────────────────────────

Check = Callable[[Mapping[str, str], Client, TenantDirectory, bool], None]


def _check_unsupported(parameters: Mapping[str, str], client: Client, directory: TenantDirectory, pushed: bool) -> None:
    """RFC 9101 request objects and organizations are refused, never ignored."""
    if "request" in parameters:
        raise RequestNotSupported("The request parameter is not supported", hint="Send the parameters themselves.")
    if "request_uri" in parameters:
        raise RequestUriNotSupported("Only a request_uri of the pushed authorization request endpoint is accepted")
    if "organization" in parameters or "invitation" in parameters:
        raise InvalidRequest("parameter organization is not supported", hint="Organizations do not exist here.")


def _check_pushed(parameters: Mapping[str, str], client: Client, directory: TenantDirectory, pushed: bool) -> None:
    if client.require_pushed_authorization_requests and not pushed:
        raise InvalidRequest("Pushed authorization requests are required", hint="Push the request to /oauth/par first.")


def _check_strict(parameters: Mapping[str, str], client: Client, directory: TenantDirectory, pushed: bool) -> None:
    if not client.is_strict_third_party:
        return
    beyond = sorted(set(parameters) - STRICT_PARAMETERS)
    if beyond:
        raise InvalidRequest(f"parameter {_printable(beyond[0])} is not allowed for this client")
    if (parameters.get("response_type") or "code") != "code":
        raise UnsupportedResponseType("Only response_type code is allowed for this client")


def _check_response_type(
    parameters: Mapping[str, str], client: Client, directory: TenantDirectory, pushed: bool
) -> None:
    asked = parameters.get("response_type")
    if not asked:
        raise UnsupportedResponseType("Missing required parameter: response_type")
    kinds = frozenset(asked.split())
    if kinds not in RESPONSE_TYPES:
        raise UnsupportedResponseType(f"Unsupported response type: {_printable(asked)}")
    for kind, grant in (("code", "authorization_code"), ("token", "implicit"), ("id_token", "implicit")):
        if kind in kinds and grant not in client.grant_types:
            raise UnauthorizedClient(
                f"Grant type '{grant}' not allowed for the client.",
                hint=f"Add {grant} to the grant_types of {client.called}.",
            )
    if "id_token" in kinds and not parameters.get("nonce"):
        raise missing_parameter("nonce")


def _check_response_mode(
    parameters: Mapping[str, str], client: Client, directory: TenantDirectory, pushed: bool
) -> None:
    mode = parameters.get("response_mode")
    if mode is None:
        return
    if mode not in RESPONSE_MODES:
        raise InvalidRequest(f"Unsupported response mode: {_printable(mode)}")
    if mode == "query" and (parameters.get("response_type") or "").split() != ["code"]:
        raise InvalidRequest("response_mode query cannot carry tokens", hint="Use fragment or form_post.")


def _check_lengths(parameters: Mapping[str, str], client: Client, directory: TenantDirectory, pushed: bool) -> None:
    for name, value in parameters.items():
        longest = MAX_OPAQUE_LENGTH if name in ("state", "nonce") else MAX_KEPT_LENGTH
        if name in KEPT_PARAMETERS and len(value) > longest:
            raise InvalidRequest(f"parameter {name} is longer than {longest} characters")


def _check_acr_values(parameters: Mapping[str, str], client: Client, directory: TenantDirectory, pushed: bool) -> None:
    """Where the tenant says which classes of authentication it knows, it knows no other."""
    supported = directory.settings.acr_values_supported
    unknown = [value for value in (parameters.get("acr_values") or "").split() if value not in (supported or ())]
    if supported is not None and unknown:
        raise InvalidRequest(
            f"Unsupported acr_values: {_printable(unknown[0])}", hint="The tenant's acr_values_supported has others."
        )


def _check_pkce(parameters: Mapping[str, str], client: Client, directory: TenantDirectory, pushed: bool) -> None:
    challenge = parameters.get("code_challenge")
    method = parameters.get("code_challenge_method") or "plain"
    if challenge is None:
        if "code_challenge_method" in parameters:
            raise missing_parameter("code_challenge")
        wants_code = "code" in (parameters.get("response_type") or "").split()
        if wants_code and (client.is_public or client.is_strict_third_party):
            raise missing_parameter("code_challenge")
        return
    if method not in ("S256", "plain"):
        raise InvalidRequest(f"Unsupported code_challenge_method: {_printable(method)}")
    if method == "plain" and (client.is_public or client.is_strict_third_party):
        raise InvalidRequest("code_challenge_method plain is not allowed for this client", hint="Use S256.")
    if not pkce.is_challenge(challenge, method):
        raise InvalidRequest("code_challenge is malformed")


def _check_prompt(parameters: Mapping[str, str], client: Client, directory: TenantDirectory, pushed: bool) -> None:
    prompt = (parameters.get("prompt") or "").split()
    if "none" in prompt and len(prompt) > 1:
        raise InvalidRequest("prompt none cannot be combined with other values")
    max_age = parameters.get("max_age")
    if max_age is not None and not (_MAX_AGE.fullmatch(max_age)):
        raise InvalidRequest("max_age must be a number of seconds")


def _check_connection(parameters: Mapping[str, str], client: Client, directory: TenantDirectory, pushed: bool) -> None:
    name = parameters.get("connection")
    if name is None:
        if not client.is_first_party and not any(c.is_domain_connection for c in directory.connections.values()):
            raise UnauthorizedClient(
                "No connection is available for this client",
                hint="Third-party clients reach domain-level connections only: set is_domain_connection.",
            )
        return
    connection = directory.connections.get(name)
    if connection is None:
        raise InvalidRequest("the connection was not found")
    if not connection_serves(connection, client):
        raise InvalidRequest("the connection was disabled", hint=f"Enable {name} for {client.called}.")
    if not connection.is_database and not connection.is_passwordless:
        raise InvalidRequest(
            "the connection is of a strategy that is not supported",
            hint=f"Strategy {connection.strategy} cannot be used to log in yet.",
        )


CHECKS: tuple[Check, ...] = (
    _check_unsupported,
    _check_pushed,
    _check_strict,
    _check_response_type,
    _check_response_mode,
    _check_lengths,
    _check_pkce,
    _check_prompt,
    _check_acr_values,
    _check_connection,
)


def _check_scope(scope: tuple[str, ...], response_type: frozenset[str]) -> None:
    if OFFLINE_ACCESS in scope and ONLINE_ACCESS in scope:
        raise InvalidRequest("Cannot request both online_access and offline_access scopes")
    if "id_token" in response_type and "openid" not in scope:
        raise InvalidRequest("response_type id_token needs the openid scope", hint="Add openid to the scope.")
