"""Who asks, and whether they may just now: the token (401), then the rate limit (429)."""

from __future__ import annotations

import msgspec

from doorward.management.kit.context import Actor, Call, Services
from doorward.management.kit.errors import unauthorized
from doorward.management.kit.rate_limit import RateLimit, RateLimited, Standing
from doorward.management.kit.writing import api_event
from doorward.model.directory import TenantDirectory
from doorward.model.tenant import Issuer
from doorward.oauth.errors import InvalidTokenError
from doorward.oauth.scopes import CURRENT_USER_SCOPES

SENTENCES = {
    "The token has expired": "Expired token received for JSON Web Token validation",
    "The token is malformed or its signature is invalid": "Invalid token",
    "The token is not an access token": "Invalid token",
}


class Admission:
    """One for everything of a server that takes a token of the Management API, so that a caller is counted once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._limit = RateLimit(
            services.ports.clock, per_second=services.requests_per_second, burst=services.request_burst
        )

    def standing(self) -> dict[str, str]:
        """The headers of an answer to somebody who was not counted (yet)."""
        return self._limit.full()

    async def caller(self, token: str | None, issuer: Issuer, directory: TenantDirectory) -> Actor:
        """Whose token it is, with those of its scopes that count. Raises ``ApiError`` (401)."""
        if token is None:
            raise unauthorized("Missing authentication")
        audience = directory.tenant.management_audience
        try:
            claims = self._services.verify(token, audience, issuer, directory)
        except InvalidTokenError as error:
            sentence = SENTENCES.get(error.description, error.description)
            raise unauthorized(f"{sentence}: {audience}" if sentence == "Bad audience" else sentence) from None
        if claims.sealed:
            raise unauthorized("Invalid token")
        actor = Actor(client_id=claims.client_id, subject=claims.subject, scopes=claims.scopes)
        if actor.is_machine:
            return actor
        user, revoked = await self._services.ports.users.access(directory.tenant.id, claims.subject, claims.token_hash)
        if revoked or user is None or user.blocked:
            raise unauthorized("Invalid token")
        return Actor(client_id=claims.client_id, subject=claims.subject, scopes=claims.scopes & CURRENT_USER_SCOPES)

    def count(self, call: Call) -> Standing:
        """How the caller stands with this request; nothing where there is no limit. Raises ``ApiError`` (429) for who
        asks too often; the tenant log says so once, not every time."""
        if not self._limit.counts:
            return {}
        try:
            return self._limit.take(call.tenant, call.actor.subject)
        except RateLimited as error:
            if error.first:
                event = api_event(call, type_="api_limit")
                limit = {"size": self._services.request_burst, "bucket": "global", "global": True}
                details = {"request": event.details["request"], "limit": limit}
                call.ports.log.write(call.tenant, msgspec.structs.replace(event, details=details))
            raise

    def count_address(self, tenant: str, ip: str) -> None:
        """The same of a request without a token, by its address. Raises ``ApiError`` (429)."""
        if self._limit.counts:
            self._limit.take(tenant, f"ip {ip}")
