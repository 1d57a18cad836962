"""The ASGI application: from bytes to a handler and back; exceptions become answers here."""

from __future__ import annotations

import ipaddress
import logging
import secrets
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from doorward.oauth.errors import OAuthError
from doorward.ports import Directory, Overloaded, StorageUnavailable
from doorward.web.router import Router
from doorward.web.wire.errors import oauth_error
from doorward.web.wire.http import Request, Response, json_response, text_response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

logger = logging.getLogger("doorward.web")

MAX_BODY = 1024 * 1024
HEALTH = "/_doorward/health"


class Application:
    """Doorward as an ASGI application.

    ``start`` and ``stop`` are run with the server's lifespan. ``trusted_proxies`` may name the
    client's address in ``X-Forwarded-For``.
    """

    def __init__(
        self,
        router: Router,
        directory: Directory,
        *,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
        trusted_proxies: Sequence[Network] = (),
    ) -> None:
        self._router = router
        self._directory = directory
        self._start = start
        self._stop = stop
        self._trusted = tuple(trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._start()
        except Exception as error:
            logger.critical("start failed", exc_info=error)
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = secrets.token_hex(10)
        try:
            response = await self._answer(scope, receive, request_id)
        except OAuthError as error:
            response = oauth_error(error)
        except StorageUnavailable as error:
            logger.error("storage unavailable: %s", error, extra={"request_id": request_id})
            response = _unavailable(503, "temporarily_unavailable", "The service is temporarily unavailable", 1)
        except Overloaded as overloaded:
            response = _unavailable(429, "too_many_requests", "Too many requests", overloaded.retry_after)
        except Exception as error:
            logger.error("unexpected failure", exc_info=error, extra={"request_id": request_id})
            response = json_response(
                {"error": "server_error", "error_description": f"Request {request_id} failed"}, 500
            )
        body = b"" if scope["method"] == "HEAD" else response.body
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        headers.append((b"content-length", b"%d" % len(response.body)))
        headers.append((b"x-auth0-requestid", request_id.encode()))
        headers.append((b"x-content-type-options", b"nosniff"))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive, request_id: str) -> Response:
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name = raw_name.decode("latin-1")
            value = raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers and name != "cookie" else value
        path = scope["path"]
        if path == HEALTH:
            return json_response({"status": "ok"})
        if "," in headers.get("host", ""):
            return text_response("one Host header, please", 400)
        issuer = self._directory.issuer(headers.get("host", ""))
        if issuer is None:
            return _unknown_host(headers.get("host", ""), self._directory)
        handler, parameters, allowed = self._router.find(scope["method"], path)
        if handler is None:
            if allowed:
                return text_response("Method Not Allowed", 405, (("allow", ", ".join(allowed)),))
            return text_response("Not Found", 404)
        body = await _body(receive)
        if body is None:
            return text_response("Request body too large", 413)
        request = Request(
            scope["method"],
            path,
            scope["query_string"],
            headers,
            body,
            ip=self._ip(scope, headers),
            request_id=request_id,
        )
        request.issuer = issuer
        request.path_parameters = parameters
        return await handler(request)

    def _ip(self, scope: Scope, headers: dict[str, str]) -> str:
        """The caller's address: the peer's, or the right-most one in X-Forwarded-For that is not a
        proxy of ours, when the peer is one."""
        peer: str = scope["client"][0] if scope.get("client") else ""
        forwarded = headers.get("x-forwarded-for")
        if not self._trusted or forwarded is None or not self._is_trusted(peer):
            return peer
        for address in reversed([part.strip() for part in forwarded.split(",")]):
            try:
                ipaddress.ip_address(address)
            except ValueError:
                return peer
            if not self._is_trusted(address):
                return address
        return peer

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or ``None`` when it is over the limit."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= MAX_BODY else None
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            return None
        parts.append(part)
    return b"".join(parts)


def _unknown_host(host: str, directory: Directory) -> Response:
    names = [tenant.domain for tenant in directory.tenants()]
    name = host.rpartition(":")[0] or host
    if name in ("127.0.0.1", "[::1]") and names:
        return text_response(f"No tenant is served here by address; use https://{names[0]}/\n", 404)
    return text_response("No tenant is served under this host\n", 404)


def _unavailable(status: int, error: str, description: str, retry_after: int) -> Response:
    body = {"error": error, "error_description": description}
    return json_response(body, status, (("retry-after", str(retry_after)), ("cache-control", "no-store")))
