"""Every URL of the product, on one screen."""

from __future__ import annotations

from doorward.oauth.bearer import BearerTokens
from doorward.ports import Ports
from doorward.web.authentication import token, userinfo, well_known
from doorward.web.router import Route


def routes(ports: Ports) -> list[Route]:
    bearer_tokens = BearerTokens(ports.clock, ports.jose)
    about_me = userinfo.userinfo(ports, bearer_tokens)
    return [
        Route("POST", "/oauth/token", token.token(ports)),
        Route("POST", "/oauth/revoke", token.revoke(ports)),
        Route("GET", "/userinfo", about_me),
        Route("POST", "/userinfo", about_me),
        Route("GET", "/.well-known/openid-configuration", well_known.metadata(ports)),
        Route("GET", "/.well-known/oauth-authorization-server", well_known.metadata(ports)),
        Route("GET", "/.well-known/jwks.json", well_known.key_set(ports)),
    ]
