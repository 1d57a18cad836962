"""Requests and responses as plain values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.ports import FileBody

Headers = tuple[tuple[str, str], ...]

_encode = msgspec.json.Encoder().encode
NO_STORE: Headers = (("cache-control", "no-store"), ("pragma", "no-cache"))


class Request:
    """One HTTP request. Header names are lower case; ``host`` is the Host header as it came. ``pieces`` is the
    body of a route that reads it itself."""

    __slots__ = (
        "_cookies",
        "body",
        "headers",
        "ip",
        "issuer",
        "method",
        "path",
        "path_parameters",
        "pieces",
        "query",
        "request_id",
    )

    def __init__(
        self,
        method: str,
        path: str,
        query: bytes,
        headers: Mapping[str, str],
        body: bytes,
        *,
        ip: str = "",
        request_id: str = "",
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.ip = ip
        self.request_id = request_id
        self.path_parameters: Mapping[str, str] = {}
        self.pieces: AsyncIterator[bytes] | None = None
        self.issuer: Issuer = _NOBODY
        self._cookies: dict[str, str] | None = None

    @property
    def host(self) -> str:
        return self.headers.get("host", "")

    @property
    def origin(self) -> str | None:
        return self.headers.get("origin")

    @property
    def cookies(self) -> Mapping[str, str]:
        """Cookies by name; the first of equal names counts (RFC 6265 §5.4 puts the most specific first)."""
        if self._cookies is None:
            self._cookies = {}
            for pair in self.headers.get("cookie", "").split(";"):
                name, separator, value = pair.strip().partition("=")
                if separator:
                    self._cookies.setdefault(name, value)
        return self._cookies

    @property
    def context(self) -> RequestContext:
        """Who is calling, for the log and for attack protection."""
        return RequestContext(
            ip=self.ip,
            forwarded_for=self.headers.get("auth0-forwarded-for"),
            user_agent=self.headers.get("user-agent", "")[:512],
            hostname=self.issuer.host,
            origin=self.origin,
            auth0_client=_telemetry(self.headers.get("auth0-client")),
        )


_NOBODY = Issuer(tenant="", host="")


def _telemetry(header: str | None) -> dict[str, Any] | None:
    """The SDK's ``Auth0-Client`` header: base64url JSON, of interest to the log alone."""
    if header is None or len(header) > 1024:
        return None
    import base64
    import binascii

    try:
        value = msgspec.json.decode(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        return None
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else None


class Response:
    """One HTTP response. Content length is added when it is sent; a file is handed out piece by piece."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int = 200, body: bytes | FileBody = b"", headers: Headers = ()) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    def with_headers(self, *headers: tuple[str, str]) -> Response:
        return Response(self.status, self.body, self.headers + headers)


class Later(Response):
    """What is made beside the event loop, after everything about it is decided: ``make`` gives what is sent. Headers
    added to it come with that."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Awaitable[Response]], headers: Headers = ()) -> None:
        super().__init__(headers=headers)
        self.make = make

    def with_headers(self, *headers: tuple[str, str]) -> Later:
        return Later(self.make, self.headers + headers)


async def made(response: Response) -> Response:
    """What is sent, made if it has to be."""
    while isinstance(response, Later):
        response = (await response.make()).with_headers(*response.headers)
    return response


JSON = ("content-type", "application/json; charset=utf-8")
_HTML: Headers = (("content-type", "text/html; charset=utf-8"),)
_TEXT: Headers = (("content-type", "text/plain; charset=utf-8"),)


def json_response(value: Any, status: int = 200, headers: Headers = ()) -> Response:
    return Response(status, _encode(value), (JSON, *headers))


def html_response(text: str, status: int = 200, headers: Headers = ()) -> Response:
    return Response(status, text.encode(), _HTML + headers)


def text_response(text: str, status: int = 200, headers: Headers = ()) -> Response:
    return Response(status, text.encode(), _TEXT + headers)


def with_query(address: str, told: Mapping[str, str]) -> str:
    """``address`` with more in its query, which is before its fragment."""
    address, hash_, fragment = address.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{urlencode(told)}{hash_}{fragment}"


def redirect(location: str, headers: Headers = ()) -> Response:
    """302, to an absolute URL or one relative to the host.

    Raises ``ValueError`` for what would not stay within its header line; callers have refused it before.
    """
    if not (location.isascii() and location.isprintable()):
        raise ValueError("a Location header is printable ASCII")
    return Response(302, b"", (("location", location), ("cache-control", "no-store"), *headers))
