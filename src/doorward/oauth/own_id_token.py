"""ID tokens of ours that come back: a hint at logout, a proof when accounts are linked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.model.directory import TenantDirectory
from doorward.model.tenant import Issuer
from doorward.ports import InvalidToken, Jose

ALGORITHMS = frozenset({"RS256", "PS256"})
SYMMETRIC = frozenset({"HS256"})


def own_id_token(
    token: str, issuer: Issuer, directory: TenantDirectory, jose: Jose, *, symmetric: bool
) -> Mapping[str, Any]:
    """Claims of an ID token this issuer gave one of its clients, expired or not.

    ``symmetric`` also takes those a client could have made itself, with its secret. Raises ``InvalidToken``.
    """
    header, unverified = jose.peek(token)
    if symmetric and header.get("alg") in SYMMETRIC:
        client = directory.clients.get(str(unverified.get("aud")))
        if client is None or not client.client_secret:
            raise InvalidToken("no such client")
        header, claims = jose.verify_symmetric(token, client.client_secret, SYMMETRIC)
    else:
        header, claims = jose.verify(token, directory.verification_key, ALGORITHMS)
    is_id_token = (
        header.get("typ") == "JWT"
        and isinstance(claims.get("aud"), str)
        and claims.keys().isdisjoint(("scope", "events"))
    )
    if claims.get("iss") != issuer.url or not is_id_token or claims["aud"] not in directory.clients:
        raise InvalidToken("not an ID token of this issuer")
    return claims
