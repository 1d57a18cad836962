"""Error bodies in the dialects of the endpoints."""

from __future__ import annotations

from math import ceil
from typing import Any

from doorward.model.pace import Pace
from doorward.model.printable import printable
from doorward.oauth.errors import OAuthError, TooManyRequests
from doorward.web.wire.http import NO_STORE, Headers, Response, json_response


def oauth_error(error: OAuthError) -> Response:
    """``{"error", "error_description", ...}`` (RFC 6749 §5.2); a client that failed to authenticate is told
    the scheme it may use."""
    description = printable(error.description)
    body: dict[str, Any] = {"error": error.error, "error_description": description, **error.extra}
    headers = NO_STORE
    if error.status == 401:
        headers += (("www-authenticate", 'Basic realm="Doorward"'),)
    if isinstance(error, TooManyRequests) and error.pace is not None:
        headers += paced(error.pace, error.at)
    return json_response(body, error.status, headers)


def paced(pace: Pace, at: float) -> Headers:
    """When to try again, told somebody who was refused ``at`` that time (epoch seconds)."""
    return (
        ("retry-after", str(pace.wait)),
        ("x-ratelimit-limit", str(pace.burst)),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", str(ceil(at + pace.interval))),
    )


def bearer_error(error: OAuthError, realm: str) -> Response:
    """A refused bearer token (RFC 6750 §3)."""
    description = error.description.replace('"', "'")
    challenge = f'Bearer realm="{realm}", error="{error.error}", error_description="{description}"'
    body = b"Unauthorized" if error.status == 401 else f"{error.error}: {description}".encode()
    return Response(
        error.status, body, (("content-type", "text/plain; charset=utf-8"), ("www-authenticate", challenge), *NO_STORE)
    )
