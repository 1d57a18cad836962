"""What a refresh token proves: its family (RFC 6749 §6, RFC 9700 §4.14)."""

from __future__ import annotations

from doorward.model.client import Client
from doorward.model.credential import OneTimeValue
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth.eligibility import eligible_user
from doorward.oauth.errors import InvalidGrant
from doorward.oauth.proof import Proof, SpendRefreshToken
from doorward.oauth.token_issue import INVALID_REFRESH_TOKEN, RefreshTokenReused
from doorward.ports import Ports


async def refresh_proof(
    token_hash: bytes,
    client: Client,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
    *,
    audience: str | None,
    resource: str | None,
    scope: tuple[str, ...] | None,
    mfa_token: OneTimeValue | None = None,
) -> Proof:
    """What a refresh token proves as it is now; the others are what was asked for with it. ``mfa_token`` is the one it
    comes back with, after it was presented and a second factor was asked for.

    Raises ``InvalidGrant`` for a token that is unknown, another client's, revoked or expired,
    ``RefreshTokenReused`` for one that was exchanged before and is past its leeway; with an ``mfa_token`` that is
    ``InvalidGrant`` too, since it was no reuse when it was presented.
    """
    tenant = directory.tenant.id
    now = ports.clock.now()
    token = await ports.refresh_tokens.find(tenant, token_hash)
    if token is None:
        raise _invalid("The refresh token is unknown.")
    if token.client_id != client.client_id:
        raise _invalid("The refresh token was issued to another client.")
    if token.revoked_at is not None:
        raise _invalid("The refresh token was revoked.")
    if token.host != issuer.host:
        raise _invalid(f"The refresh token was issued on {token.host}; use it there, so that iss stays the same.")
    if token.expires_at is not None and token.expires_at <= now:
        raise _invalid("The refresh token has reached the end of its life.")
    if token.idle_expires_at is not None and token.idle_expires_at <= now:
        raise _invalid("The refresh token was not used for too long.")
    if token.used_at is not None and now - token.used_at >= client.refresh_token.leeway:
        if mfa_token is not None:
            raise _invalid(
                "The refresh token was exchanged while a second factor was asked for; begin with the newest."
            )
        raise RefreshTokenReused(token.family)
    user = eligible_user(
        await ports.users.find(tenant, token.user_id), client, directory, missing=_invalid("The user is gone.")
    )
    consented = token.granted.get("consented")
    return Proof(
        grant_type="refresh_token",
        client=client,
        user=user,
        audience=audience,
        resource=resource,
        stored_audience=token.audience,
        requested=scope,
        original=token.scope,
        consented=tuple(consented) if consented is not None else None,
        browser=context.origin is not None,
        gty=tuple(token.granted.get("gty", ())),
        session_sid=token.session_sid,
        auth_time=token.granted.get("auth_time"),
        login_at=token.granted.get("login_at"),
        mfa_at=token.granted.get("mfa_at"),
        spend=SpendRefreshToken(token, mfa_token),
    )


def _invalid(hint: str) -> InvalidGrant:
    return InvalidGrant(INVALID_REFRESH_TOKEN, hint=hint)
