"""From a token plan to claims: access token (by dialect), ID token and userinfo.

Claims leave in the order of Auth0's samples. ``custom_claims`` filters what tenant code may add.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from doorward.model.user import User
from doorward.oauth.proof import Proof
from doorward.oauth.scopes import join_scope
from doorward.oauth.token_policy import (
    CLIENT_CREDENTIALS,
    PASSWORD_GRANTS,
    TokenPlan,
    id_token_lifetime,
)

PROFILE_CLAIMS = (
    "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
)  # fmt: skip
CLAIMS_BY_SCOPE: dict[str, tuple[str, ...]] = {
    "profile": PROFILE_CLAIMS,
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "address": ("address",),
    "name": ("name",),
    "given_name": ("given_name",),
    "family_name": ("family_name",),
    "nickname": ("nickname",),
    "picture": ("picture",),
    "created_at": ("created_at",),
    "identities": ("identities",),
    "email_verified": ("email_verified",),
}
SCOPED_CLAIMS = frozenset(claim for claims in CLAIMS_BY_SCOPE.values() for claim in claims)

# Claims tenant code can never set; asking for one is silently without effect.
RESERVED_CLAIMS = frozenset(
    [
        "acr",
        "act",
        "active",
        "amr",
        "at_hash",
        "ath",
        "attest",
        "aud",
        "auth_time",
        "authorization_details",
        "azp",
        "c_hash",
        "client_id",
        "cnf",
        "cty",
        "dest",
        "entitlements",
        "events",
        "exp",
        "groups",
        "gty",
        "htm",
        "htu",
        "iat",
        "internalService",
        "iss",
        "jcard",
        "jku",
        "jti",
        "jwe",
        "jwk",
        "kid",
        "may_act",
        "mky",
        "nbf",
        "nonce",
        "object_id",
        "org_id",
        "org_name",
        "orig",
        "origid",
        "permissions",
        "roles",
        "rph",
        "s_hash",
        "sid",
        "sub",
        "sub_jwk",
        "toe",
        "txn",
        "typ",
        "uuid",
        "vot",
        "vtm",
        "x5t#S256",
    ]
)
REFUSED_NAMESPACES = ("auth0.com", "webtask.io", "webtask.run")


def isoformat(epoch: float) -> str:
    """ISO 8601 with milliseconds and ``Z``, the form of every date on Auth0's wire."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def subject(proof: Proof) -> str:
    """The user id, or ``<client_id>@clients`` for a machine."""
    return proof.user.user_id if proof.user is not None else f"{proof.client.client_id}@clients"


def access_token_claims(
    plan: TokenPlan, proof: Proof, *, now: int, jti: str, custom: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Claims of a JWT access token by the API's dialect (RFC 9068 §2.2, Auth0 token profiles).

    ``now`` is epoch seconds; ``jti`` is used by the RFC 9068 dialects only.
    """
    claims: dict[str, Any] = dict(custom) if custom else {}
    claims["iss"] = plan.issuer
    claims["sub"] = subject(proof)
    claims["aud"] = plan.aud
    claims["iat"] = now
    claims["exp"] = now + plan.lifetime
    if plan.scope:
        claims["scope"] = join_scope(plan.scope)
    if plan.dialect is not None and plan.dialect.is_rfc9068:
        claims["client_id"] = proof.client.client_id
        claims["jti"] = jti
    else:
        gty = grant_type_claim(proof)
        if gty is not None:
            claims["gty"] = gty
        claims["azp"] = proof.client.client_id
    if plan.permissions is not None:
        claims["permissions"] = plan.permissions
    return claims


def opaque_token_claims(plan: TokenPlan, proof: Proof, *, now: int, jti: str) -> dict[str, Any]:
    """What a sealed token holds, so that /userinfo needs no row for the token itself."""
    claims: dict[str, Any] = {
        "iss": plan.issuer,
        "sub": subject(proof),
        "aud": plan.aud,
        "azp": proof.client.client_id,
        "iat": now,
        "exp": now + plan.lifetime,
        "scope": join_scope(plan.scope),
        "jti": jti,
    }
    if proof.session_sid is not None:
        claims["sid"] = proof.session_sid
    return claims


def grant_type_claim(proof: Proof) -> str | tuple[str, ...] | None:
    """``gty``: absent for code flows, the grant for others, with the first grant after a refresh."""
    if proof.grant_type == CLIENT_CREDENTIALS:
        return "client-credentials"
    if proof.grant_type in PASSWORD_GRANTS:
        return "password"
    if proof.original is not None:
        return ("refresh_token", *proof.gty) if proof.gty else "refresh_token"
    return None


def user_claims(user: User, scope: tuple[str, ...]) -> dict[str, Any]:
    """The claims the granted scopes open (OpenID Connect Core §5.4), absent ones left out."""
    claims: dict[str, Any] = {}
    for claim in _opened(scope):
        made = _MADE.get(claim)
        value = user.profile.get(claim) if made is None else made(user)
        if value is not None and value != "":
            claims[claim] = value
    return claims


@lru_cache(1024)
def _opened(scope: tuple[str, ...]) -> tuple[str, ...]:
    """The claims of these scopes, each once."""
    return tuple(dict.fromkeys(claim for value in scope for claim in CLAIMS_BY_SCOPE.get(value, ())))


# Claims that are not a property of the profile under their own name.
_MADE: dict[str, Callable[[User], Any]] = {
    "updated_at": lambda user: isoformat(user.updated_at),
    "created_at": lambda user: isoformat(user.created_at),
    "identities": lambda user: user.identities,
    "phone_number_verified": lambda user: user.profile.get("phone_verified"),
    "preferred_username": lambda user: user.profile.get("preferred_username", user.profile.get("username")),
}


def id_token_claims(
    plan: TokenPlan,
    proof: Proof,
    user: User,
    *,
    now: int,
    access_token: str | None = None,
    code: str | None = None,
) -> dict[str, Any]:
    """Claims of an ID token (OpenID Connect Core §2, §3.3.2.11).

    ``access_token`` and ``code`` are given where the ID token must bind them (``at_hash``,
    ``c_hash``: front channel only).
    """
    claims = user_claims(user, plan.scope)
    claims["iss"] = plan.issuer
    claims["aud"] = proof.client.client_id
    claims["iat"] = now
    claims["exp"] = now + id_token_lifetime(proof.client)
    claims["sub"] = user.user_id
    if proof.auth_time is not None:
        claims["auth_time"] = proof.auth_time
    if proof.acr is not None:
        claims["acr"] = proof.acr
    if proof.amr:
        claims["amr"] = proof.amr
    if access_token is not None:
        claims["at_hash"] = left_half_hash(access_token)
    if code is not None:
        claims["c_hash"] = left_half_hash(code)
    if proof.session_sid is not None:
        claims["sid"] = proof.session_sid
    if proof.nonce is not None:
        claims["nonce"] = proof.nonce
    return claims


def left_half_hash(value: str) -> str:
    """``at_hash`` and ``c_hash``: the left half of SHA-256, base64url (all our ID tokens use a
    256-bit algorithm)."""
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode("ascii")).digest()[:16]).rstrip(b"=").decode()


def custom_claims(asked: Mapping[str, Any], scope: tuple[str, ...], *, system_audience: bool = False) -> dict[str, Any]:
    """The custom claims that may go into a token; the others are left out silently.

    Reserved names never pass; OpenID profile claims pass only with their scope; a namespace of
    Auth0's own is refused; tokens for system APIs take namespaced claims only.
    """
    opened = {claim for value in scope for claim in CLAIMS_BY_SCOPE.get(value, ())}
    return {name: value for name, value in asked.items() if _may_set(name, opened, system_audience)}


def _may_set(name: str, opened: set[str], system_audience: bool) -> bool:
    if name in RESERVED_CLAIMS or name.startswith("sip_"):
        return False
    if name in SCOPED_CLAIMS:
        return name in opened
    if name.startswith("urn:"):
        return not name.startswith("urn:auth0")
    scheme, separator, rest = name.partition("://")
    if separator and scheme in ("http", "https"):
        host = rest.partition("/")[0].partition(":")[0].lower()
        return not any(host == domain or host.endswith("." + domain) for domain in REFUSED_NAMESPACES)
    return not system_audience
