"""The ASGI application: from bytes to a handler and back; exceptions become answers here."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from doorward.management.my_account.problems import Problem
from doorward.model.tenant import Issuer
from doorward.oauth.errors import OAuthError
from doorward.ports import Directory, FileBody, Overloaded, StorageUnavailable, UnknownTenant
from doorward.web.forwarded import BadHead, Forwarded
from doorward.web.router import Router
from doorward.web.wire.errors import oauth_error
from doorward.web.wire.headers import INERT_PAGE, NOSNIFF, STRICT_TRANSPORT, lacks_policy, may_be_strict
from doorward.web.wire.http import (
    JSON,
    NO_STORE,
    Headers,
    Request,
    Response,
    json_response,
    made,
    redirect,
    text_response,
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Hook = Callable[[], Awaitable[None]]
# Status, headers with the content length, body (none for a HEAD).
Reply = tuple[int, list[tuple[bytes, bytes]], bytes | FileBody]

logger = logging.getLogger("doorward.web")

MAX_BODY = 1024 * 1024
MAX_ACTIVE = 1024
HEALTH = "/_doorward/health"
READY = "/_doorward/ready"
API = "/_doorward/api/"
MY_ACCOUNT = "/me/v1/"
SERVED_HOST = "doorward.host"
# Two of these would let two readers of one request see different things.
SINGLE = frozenset(
    {"host", "authorization", "content-type", "content-length", "origin", "x-forwarded-host", "x-forwarded-proto"}
)


class Disconnected(Exception):
    """The peer went away while its body was read."""


class Application:
    """Doorward as an ASGI application.

    What ``on_start`` and ``on_stop`` were given runs with the server's lifespan. ``forwarded`` knows the
    proxies to believe. ``strict_transport`` tells browsers to come back over https only. ``names_tenants``
    lets the answer to a wrong host name the right one, for a development server on loopback. Past
    ``max_active`` requests at a time the answer is 503.
    """

    def __init__(
        self,
        router: Router,
        directory: Directory,
        *,
        forwarded: Forwarded | None = None,
        strict_transport: bool = False,
        names_tenants: bool = False,
        max_active: int = MAX_ACTIVE,
    ) -> None:
        self._router = router
        self._directory = directory
        self._forwarded = forwarded or Forwarded()
        self._strict_transport = strict_transport
        self._names_tenants = names_tenants
        self._max_active = max_active
        self._active = 0
        self._request_ids = _request_ids()
        self._start: Hook | None = None
        self._stop: Hook | None = None
        self._ready = False
        self.startup_error: Exception | None = None

    def on_start(self, start: Hook) -> None:
        """Run this before the first request."""
        self._start = start

    def on_stop(self, stop: Hook) -> None:
        """Run this after the last request."""
        self._stop = stop

    def drain(self) -> None:
        """The server is about to stop: readiness is withdrawn."""
        self._ready = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            reply = await self.respond(scope, receive)
            if reply is not None:
                status, headers, body = reply
                await send({"type": "http.response.start", "status": status, "headers": headers})
                if not isinstance(body, bytes):
                    async for piece in body.pieces():
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                    body = b""
                await send({"type": "http.response.body", "body": body})
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            if self._start is not None:
                await self._start()
        except Exception as error:
            self.startup_error = error
            await send({"type": "lifespan.startup.failed", "message": ""})
            return
        self._ready = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._ready = False
        if self._stop is not None:
            await self._stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def respond(self, scope: Scope, receive: Receive) -> Reply | None:
        """The answer to one request (an ASGI scope of the type ``http``), ``None`` if nobody waits for it any more."""
        request_id = next(self._request_ids)
        self._active += 1
        try:
            response = await made(await self._answer(scope, receive, request_id))
        except OAuthError as error:
            response = oauth_error(error)
        except BadHead as error:
            response = text_response(f"{error}\n", 400)
        except Disconnected:
            return None
        except UnknownTenant:  # deleted while it was asked
            response = self._unknown_host(scope.get(SERVED_HOST, ""))
        except StorageUnavailable as error:
            logger.error("request %s: storage unavailable: %s", request_id, error)
            response = _unavailable(503, "temporarily_unavailable", "The service is temporarily unavailable", 1)
        except Overloaded as overloaded:
            response = _unavailable(429, "too_many_requests", "Too many requests", overloaded.retry_after)
        except Exception as error:
            logger.error("request %s failed", request_id, exc_info=error)
            response = json_response(
                {"error": "server_error", "error_description": f"Request {request_id} failed"}, 500
            )
        finally:
            self._active -= 1
        strict = self._strict_transport and may_be_strict(scope.get(SERVED_HOST, "localhost"))
        of_its_kind = _known_head if response.headers and response.headers[0] is JSON else _head
        body = response.body
        headers = [
            *of_its_kind(response.headers, strict),
            (b"content-length", b"%d" % (len(body) if isinstance(body, bytes) else body.size)),
            (b"x-auth0-requestid", request_id.encode()),
        ]
        if scope["method"] == "HEAD":
            if not isinstance(body, bytes):
                body.close()
            body = b""
        return response.status, headers, body

    async def _answer(self, scope: Scope, receive: Receive, request_id: str) -> Response:
        headers = _headers(scope["headers"])
        path = scope["raw_path"].partition(b"?")[0].decode("ascii", "replace")
        if path == HEALTH:
            return json_response({"status": "ok"}, 200, NO_STORE)
        if path == READY:
            return json_response(
                {"status": "ready" if self._ready else "not ready"}, 200 if self._ready else 503, NO_STORE
            )
        if self._active > self._max_active:
            return _unavailable(503, "temporarily_unavailable", "Too many requests at a time", 1)
        client = scope.get("client")
        ip, is_plain = self._forwarded.read(client[0] if client else "", headers)
        host = headers.get("host", "").lower()
        issuer = self._directory.issuer(host)
        if issuer is None:
            return self._unknown_host(host)
        scope[SERVED_HOST] = issuer.host
        method: str = scope["method"]
        if is_plain:
            return _to_https(method, issuer, path, scope["query_string"])
        handler, parameters, allowed = self._router.find(method, path)
        if handler is None:
            return _no_handler(path, allowed)
        pieces, body = None, b""
        if self._router.streams(handler):
            pieces = _pieces(receive)
        else:
            declared = headers.get("content-length", "0")
            read = await _body(receive) if declared.isdigit() and int(declared[:12]) <= MAX_BODY else None
            if read is None:
                return text_response("Request body too large\n", 413)
            body = read
        request = Request(method, path, scope["query_string"], headers, body, ip=ip, request_id=request_id)
        request.issuer = issuer
        request.pieces = pieces
        request.path_parameters = parameters
        return await handler(request)

    def _unknown_host(self, host: str) -> Response:
        names = [tenant.domain for tenant in self._directory.tenants()]
        if self._names_tenants and names and host.startswith(("127.0.0.1", "[::1]")):
            return text_response(f"No tenant is served by address; use https://{names[0]}/\n", 404)
        return text_response("No tenant is served under this host\n", 404)


def _no_handler(path: str, allowed: Sequence[str]) -> Response:
    """Nothing is at the path, or only other methods; an API says so in the dialect of its other refusals."""
    status, headers = (405, (("allow", ", ".join(allowed)),)) if allowed else (404, ())
    phrase = HTTPStatus(status).phrase
    if path.startswith(API):
        return json_response({"statusCode": status, "error": phrase, "message": phrase}, status, (*NO_STORE, *headers))
    if path.startswith(MY_ACCOUNT):
        return json_response(Problem(status, phrase).body, status, (*NO_STORE, *headers))
    return text_response(f"{phrase}\n", status, headers)


def _request_ids() -> Iterator[str]:
    """20 random hexadecimal digits each, many of them from one question to the system."""
    while True:
        digits = os.urandom(10 * 256).hex()
        for start in range(0, len(digits), 20):
            yield digits[start : start + 20]


def _head(given: Headers, strict: bool) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, and those that do not depend on the endpoint."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]
    headers.append(NOSNIFF)
    if lacks_policy(given):
        headers.extend(INERT_PAGE)
    if strict:
        headers.append(STRICT_TRANSPORT)
    return headers


# Answers in JSON have one of a few heads, none of them secret.
_known_head = lru_cache(64)(_head)


def _to_https(method: str, issuer: Issuer, path: str, query: bytes) -> Response:
    """The proxy says its caller spoke plain HTTP: nothing secret may be asked or answered that way."""
    if method in ("GET", "HEAD"):
        return redirect(
            issuer.endpoint(path.removeprefix("/")) + (f"?{query.decode('ascii', 'replace')}" if query else "")
        )
    return text_response("This address is served over https only (X-Forwarded-Proto: http)\n", 400)


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name. Raises ``BadHead`` for two of a kind there can be one of."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name not in headers:
            headers[name] = value
        elif name in SINGLE:
            raise BadHead(f"More than one {name} header")
        else:
            headers[name] += ("; " if name == "cookie" else ", ") + value
    return headers


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or ``None`` when it is over the limit. Raises ``Disconnected``."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part: bytes = message.get("body", b"")
        if not message.get("more_body"):
            return part if not parts else b"".join([*parts, part]) if size + len(part) <= MAX_BODY else None
        size += len(part)
        if size > MAX_BODY:
            return None
        parts.append(part)


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises ``Disconnected``."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        more = bool(message.get("more_body"))
        yield message.get("body", b"")


def _unavailable(status: int, error: str, description: str, retry_after: int) -> Response:
    body = {"error": error, "error_description": description}
    return json_response(body, status, (("retry-after", str(retry_after)), ("cache-control", "no-store")))
