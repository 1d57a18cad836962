"""Userinfo: the claims the granted scopes open, live (OpenID Connect Core §5.3)."""

from __future__ import annotations

from typing import Any

from doorward.model.tenant import Issuer
from doorward.oauth.bearer import BearerTokens
from doorward.oauth.errors import InsufficientScope, InvalidTokenError
from doorward.oauth.token_claims import user_claims
from doorward.ports import Ports


async def userinfo(token: str, issuer: Issuer, ports: Ports, bearer_tokens: BearerTokens) -> dict[str, Any]:
    """The claims for an access token: ``sub`` first, then by scope, absent ones left out.

    Raises ``InvalidTokenError`` (401) and, for a token without ``openid``, ``InsufficientScope`` (403).
    """
    directory = ports.directory.tenant(issuer.tenant)
    bearer = bearer_tokens.verify(token, directory.tenant.userinfo_audience, issuer, directory)
    if "openid" not in bearer.scopes:
        raise InsufficientScope("The openid scope is required", hint="Ask for the scope openid.")
    user, revoked = await ports.users.access(directory.tenant.id, bearer.subject, bearer.token_hash)
    if revoked or user is None or user.blocked:
        raise InvalidTokenError("The token was revoked")
    scope = tuple(bearer.claims["scope"].split())
    return {"sub": user.user_id, **user_claims(user, scope)}
