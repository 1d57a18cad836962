"""Is this access token good here? (RFC 6750, RFC 7519 §7.2) Asked by /userinfo and the Management API.

A token is good on the domain it was issued on, for the audience it names, until it expires or its
key is revoked. What was verified once is remembered until the tenant's configuration changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.tenant import Issuer
from doorward.oauth.errors import InvalidTokenError
from doorward.ports import Clock, InvalidToken, Jose

# RS512 is among the algorithms of an API; the others are Auth0's three without the symmetric one.
ACCEPTED_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256"})
SEALED_SEGMENTS = 5
REMEMBERED = 10_000


class BearerToken(Struct, frozen=True, kw_only=True):
    """A verified access token. ``expires_at`` in epoch seconds; ``token_hash`` finds it in the
    list of revoked ones; ``sealed`` marks an opaque token."""

    token_hash: bytes
    subject: str
    client_id: str
    audience: tuple[str, ...]
    scopes: frozenset[str]
    expires_at: int
    sealed: bool
    claims: Mapping[str, Any]

    @property
    def authenticated_at(self) -> float:
        """When the person proved who they are, as far as the token tells (epoch seconds; 0 where it does not)."""
        told = self.claims.get("auth_time")
        return float(told) if isinstance(told, int) else 0.0


class BearerTokens:
    """Verifies access tokens for one server, and remembers those that were good."""

    def __init__(self, clock: Clock, jose: Jose) -> None:
        self._clock = clock
        self._jose = jose
        self._seen: dict[tuple[str, bytes], tuple[int, str, BearerToken]] = {}

    def verify(self, token: str, audience: str, issuer: Issuer, directory: TenantDirectory) -> BearerToken:
        """The token's content, if it is valid on ``issuer`` and meant for ``audience``.

        Raises ``InvalidTokenError``; its description says what is wrong with the token.
        """
        token_hash = digest(token)
        key = (directory.tenant.id, token_hash)
        seen = self._seen.get(key)
        if seen is not None and seen[0] == directory.tenant.revision and seen[1] == issuer.url:
            bearer = seen[2]
        else:
            bearer = self._read(token, token_hash, issuer, directory)
            if len(self._seen) >= REMEMBERED:
                self._seen.clear()
            self._seen[key] = (directory.tenant.revision, issuer.url, bearer)
        if bearer.expires_at <= self._clock.now():
            raise InvalidTokenError("The token has expired")
        if audience not in bearer.audience:
            raise InvalidTokenError(
                "Bad audience",
                hint=f"The token is for {', '.join(bearer.audience)}, not for {audience}.",
            )
        return bearer

    def _read(self, token: str, token_hash: bytes, issuer: Issuer, directory: TenantDirectory) -> BearerToken:
        sealed = token.count(".") == SEALED_SEGMENTS - 1
        try:
            if sealed:
                claims = self._jose.open(directory.token_key, token)
            else:
                claims = self._jose.verify(token, directory.verification_key, ACCEPTED_ALGORITHMS)[1]
        except InvalidToken as error:
            raise InvalidTokenError("The token is malformed or its signature is invalid", hint=error.reason) from None
        return _bearer(claims, token_hash, sealed, issuer)


def _bearer(claims: Mapping[str, Any], token_hash: bytes, sealed: bool, issuer: Issuer) -> BearerToken:
    """Types first: a claim of the wrong type makes the token malformed."""
    audience, scope, expires_at = claims.get("aud"), claims.get("scope", ""), claims.get("exp")
    subject, client_id = claims.get("sub"), claims.get("azp") or claims.get("client_id")
    audiences = (audience,) if isinstance(audience, str) else tuple(audience) if isinstance(audience, list) else ()
    if (
        not isinstance(subject, str)
        or not isinstance(client_id, str)
        or not isinstance(scope, str)
        or not isinstance(expires_at, int)
        or not audiences
    ):
        raise InvalidTokenError("The token is not an access token")
    if claims.get("iss") != issuer.url:
        raise InvalidTokenError(
            "The token was issued on another domain",
            hint=f"Its iss is {claims.get('iss')}, this is {issuer.url}: use one domain for both.",
        )
    return BearerToken(
        token_hash=token_hash,
        subject=subject,
        client_id=client_id,
        audience=audiences,
        scopes=frozenset(scope.split()),
        expires_at=expires_at,
        sealed=sealed,
        claims=claims,
    )
