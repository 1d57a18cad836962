"""Discovery and key set."""

from __future__ import annotations

from doorward.oauth import discovery
from doorward.oauth.discovery import KEY_SET_MAX_AGE
from doorward.ports import Ports
from doorward.web.router import Handler
from doorward.web.wire.http import Request, Response, json_response

CACHED = (
    ("access-control-allow-origin", "*"),
    ("cache-control", f"public, max-age={KEY_SET_MAX_AGE}, stale-while-revalidate=15, stale-if-error=86400"),
)


def metadata(ports: Ports) -> Handler:
    """OpenID Connect Discovery §4, RFC 8414 §3."""

    async def handler(request: Request) -> Response:
        directory = ports.directory.tenant(request.issuer.tenant)
        return json_response(discovery.metadata(request.issuer, directory), 200, CACHED)

    return handler


def key_set(ports: Ports) -> Handler:
    """RFC 7517 §5."""

    async def handler(request: Request) -> Response:
        return json_response(discovery.key_set(ports.directory.tenant(request.issuer.tenant)), 200, CACHED)

    return handler
