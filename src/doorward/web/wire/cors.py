"""Cross-origin requests: which pages of other sites may read our answers (Fetch standard, CORS protocol).

A preflight names no client, so every origin that some client of the tenant registered passes it; the
request itself is held to its own client. No answer ever allows credentials, and a page without an
origin (``null``) is nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.log_event import LogEvent
from doorward.model.printable import printable
from doorward.model.tenant import Issuer
from doorward.oauth import redirect_uri
from doorward.oauth.domain_placeholders import client_on
from doorward.oauth.errors import OAuthError
from doorward.ports import Ports
from doorward.web.router import Handler, Mount, Readers, Route
from doorward.web.wire.errors import oauth_error
from doorward.web.wire.http import Headers, Request, Response, text_response
from doorward.web.wire.parameters import basic_credentials, body_parameters, json_object

ALLOW_HEADERS = "Content-Type, Authorization, Auth0-Client, DPoP, X-Request-Language"
EXPOSE_HEADERS = "DPoP-Nonce, Location, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After"
MAX_AGE = "3600"
MAX_ORIGIN = 512
VARY = ("vary", "Origin")
_ANYBODY: Headers = (("access-control-allow-origin", "*"),)


class RegisteredOrigins:
    """The origins that some client of a tenant registered, gathered anew when its configuration changes: a
    preflight proves nothing, and is not to cost a walk through every client."""

    def __init__(self) -> None:
        self._gathered: dict[tuple[str, str], tuple[TenantDirectory, frozenset[str], tuple[str, ...]]] = {}

    def have(self, asked: str, directory: TenantDirectory, issuer: Issuer) -> bool:
        key = (directory.tenant.id, issuer.host)
        gathered = self._gathered.get(key)
        if gathered is None or gathered[0] is not directory:
            clients = (client_on(client, issuer, directory) for client in directory.clients.values())
            entries = {entry for client in clients for entry in _entries(client)}
            patterns = tuple(sorted(entry for entry in entries if "*" in entry))
            exact = frozenset(known for entry in entries if "*" not in entry and (known := redirect_uri.origin(entry)))
            gathered = self._gathered[key] = (directory, exact, patterns)
        return _is_origin(asked) and (asked in gathered[1] or redirect_uri.origin_allowed(asked, gathered[2]))


def across_origins(routes: Iterable[Route | Mount], ports: Ports) -> list[Route | Mount]:
    """The routes, those with readers answering other origins, preflights included."""
    registered = RegisteredOrigins()
    wrapped: list[Route | Mount] = []
    methods: dict[str, list[str]] = {}
    readers: dict[str, Readers] = {}
    for route in routes:
        if isinstance(route, Route) and route.readers is not Readers.NOBODY:
            methods.setdefault(route.path, []).append(route.method)
            readers[route.path] = route.readers
            route = msgspec.structs.replace(route, handler=_wrapped(route, ports, registered))  # noqa: PLW2901
        wrapped.append(route)
    preflights = [
        Route("OPTIONS", path, _preflight(readers[path], allowed, ports, registered))
        for path, allowed in methods.items()
    ]
    return [*wrapped, *preflights]


def _wrapped(route: Route, ports: Ports, registered: RegisteredOrigins) -> Handler:
    if route.readers is Readers.EVERYBODY:
        return route.handler  # these say so themselves, in headers that never change
    if route.readers is Readers.WITH_TOKEN:
        return _reflecting(route.handler)
    return _for_clients(route.handler, ports, registered)


def _reflecting(handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        origin = request.origin
        if origin is None or not _is_origin(origin):
            return await handler(request)
        return await _allowed(handler, request, origin)

    return answer


def _for_clients(handler: Handler, ports: Ports, registered: RegisteredOrigins) -> Handler:
    async def answer(request: Request) -> Response:
        origin = request.origin
        if origin is None or origin.lower() == f"https://{request.issuer.host}":
            return await handler(request)
        directory = ports.directory.tenant(request.issuer.tenant)
        client = _client(request, directory)
        if client is None:
            allowed = registered.have(origin, directory, request.issuer)
        else:
            allowed = client_allows(origin, client_on(client, request.issuer, directory))
        if not allowed:
            return _refused(request, origin, client, ports)
        return await _allowed(handler, request, origin)

    return answer


async def _allowed(handler: Handler, request: Request, origin: str) -> Response:
    """The answer, errors included, made readable for ``origin``."""
    try:
        response = await handler(request)
    except OAuthError as error:
        response = oauth_error(error)
    return response.with_headers(*_headers(origin))


def _preflight(readers: Readers, methods: list[str], ports: Ports, registered: RegisteredOrigins) -> Handler:
    listed = ", ".join(sorted({*methods, "OPTIONS"}))

    async def answer(request: Request) -> Response:
        origin = request.origin
        if origin is None:
            return Response(204, b"", (("allow", listed),))
        directory = ports.directory.tenant(request.issuer.tenant)
        if readers is Readers.REGISTERED and not registered.have(origin, directory, request.issuer):
            return _refused(request, origin, None, ports)
        if not _is_origin(origin):
            return Response(204, b"", (("allow", listed),))
        allow: Headers = _ANYBODY if readers is Readers.EVERYBODY else _headers(origin)
        return Response(
            204,
            b"",
            (
                *allow,
                ("access-control-allow-methods", listed),
                ("access-control-allow-headers", ALLOW_HEADERS),
                ("access-control-max-age", MAX_AGE),
            ),
        )

    return answer


def _headers(origin: str) -> Headers:
    return (("access-control-allow-origin", origin), ("access-control-expose-headers", EXPOSE_HEADERS), VARY)


def client_allows(asked: str, client: Client) -> bool:
    """Whether this client registered the origin: as one of its origins, or by a callback on it."""
    return _is_origin(asked) and redirect_uri.origin_allowed(asked, _entries(client))


def _entries(client: Client) -> tuple[str, ...]:
    return (*client.allowed_origins, *client.callbacks, *client.web_origins)


def _client(request: Request, directory: TenantDirectory) -> Client | None:
    """The client a request says it comes from; who it is gets proved later."""
    try:
        basic = basic_credentials(request)
        if basic is not None:
            return directory.clients.get(basic[0])
        is_json = request.headers.get("content-type", "").lstrip().lower().startswith("application/json")
        client_id = (json_object(request.body) if is_json else body_parameters(request)).get("client_id")
    except OAuthError:
        return None
    return directory.clients.get(client_id) if isinstance(client_id, str) else None


def _refused(request: Request, origin: str, client: Client | None, ports: Ports) -> Response:
    """403 in plain text, and an ``fco`` in the tenant log."""
    shown = origin[:MAX_ORIGIN]
    ports.log.write(
        request.issuer.tenant,
        LogEvent(
            type="fco",
            date=ports.clock.now(),
            description=f"Origin {shown} is not allowed.",
            client_id=client.client_id if client is not None else None,
            client_name=client.name if client is not None else None,
            ip=request.context.ip,
            user_agent=request.context.user_agent,
            hostname=request.issuer.host,
            auth0_client=request.context.auth0_client,
        ),
    )
    return text_response(f"Origin {printable(shown)} is not allowed.", 403, (VARY,))


def _is_origin(value: str) -> bool:
    """Whether this is an origin as browsers write one (RFC 6454 §6.2), and not ``null``."""
    if len(value) > MAX_ORIGIN or not value.isascii() or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return (
        bool(parts.scheme and parts.netloc) and "@" not in parts.netloc and value == f"{parts.scheme}://{parts.netloc}"
    )
