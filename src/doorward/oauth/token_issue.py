"""The mint: makes what the policy decided, spends what the grant proved, then answers.

Signing comes first, then one storage verb spends the proof and stores its successor and the log
event together; nothing is handed out before that verb has succeeded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from doorward.model.client import Client, ExpirationType, RotationType
from doorward.model.credential import KeyState, OneTimeValue, RefreshToken, SigningKey
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.log_event import LogEvent
from doorward.model.tenant import Issuer
from doorward.oauth.errors import InvalidGrant
from doorward.oauth.proof import Proof, SpendCode, SpendMfaToken, SpendRefreshToken
from doorward.oauth.scopes import join_scope
from doorward.oauth.token_claims import access_token_claims, id_token_claims, opaque_token_claims
from doorward.oauth.token_policy import PASSWORD_GRANTS, Format, RefreshPlan, TokenPlan
from doorward.ports import Jose, Ports

MAX_REFRESH_TOKENS_PER_CLIENT = 200
INVALID_CODE = "Invalid authorization code"
MALFORMED_MFA_TOKEN = "Malformed mfa_token"
INVALID_REFRESH_TOKEN = "Unknown or invalid refresh token."


class TokenResponse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The token endpoint's success body (RFC 6749 §5.1), in wire order."""

    access_token: str
    refresh_token: str | None = None
    id_token: str | None = None
    scope: str | None = None
    expires_in: int
    token_type: str = ""
    recovery_code: str | None = None


def current_key(directory: TenantDirectory) -> SigningKey:
    """The key that signs now. Raises ``LookupError`` for a tenant without one."""
    for key in directory.signing_keys:
        if key.state is KeyState.CURRENT:
            return key
    raise LookupError(f"tenant {directory.tenant.id} has no current signing key")


async def make_access_token(
    plan: TokenPlan, proof: Proof, directory: TenantDirectory, ports: Ports, *, now: int
) -> str:
    """The access token itself: sealed, signed, or signed and encrypted, as the plan says. One for the My Account API
    tells when the person proved who they are (``auth_time``, RFC 9068 §2.2.1)."""
    jose = ports.jose
    if plan.format is Format.OPAQUE or plan.api is None:
        claims = opaque_token_claims(plan, proof, now=now, jti=ports.entropy.token(16))
        return jose.seal(directory.token_key, plan.issuer, claims)
    rfc9068 = plan.dialect is not None and plan.dialect.is_rfc9068
    claims = access_token_claims(plan, proof, now=now, jti=ports.entropy.token(16) if rfc9068 else "")
    if plan.audience == directory.tenant.my_account_audience:
        claims["auth_time"] = int(proof.authenticated_at(now))
    typ = "at+jwt" if rfc9068 else "JWT"
    if plan.api.is_symmetric:
        token = jose.sign_symmetric(plan.api.signing_secret, plan.alg, typ, claims)
    else:
        token = await jose.sign(current_key(directory), plan.alg, typ, claims)
    if plan.format is Format.JWE and plan.api.token_encryption is not None:
        return jose.encrypt(plan.api.token_encryption.encryption_key, token)
    return token


async def make_id_token(
    plan: TokenPlan,
    proof: Proof,
    directory: TenantDirectory,
    ports: Ports,
    *,
    now: int,
    access_token: str | None = None,
    code: str | None = None,
) -> str | None:
    """The ID token, or ``None`` where the plan has none."""
    if not plan.id_token or proof.user is None:
        return None
    claims = id_token_claims(plan, proof, proof.user, now=now, access_token=access_token, code=code)
    return await sign_for_client(claims, proof.client, directory, ports.jose)


async def sign_for_client(claims: Mapping[str, Any], client: Client, directory: TenantDirectory, jose: Jose) -> str:
    """A JWT as the client's ID tokens are signed. A public client never gets HS256: it has no secret to verify it
    with."""
    alg = client.jwt_configuration.alg
    if alg.startswith("HS") and not client.is_public and client.client_secret:
        return jose.sign_symmetric(client.client_secret, alg, "JWT", claims)
    return await jose.sign(current_key(directory), "PS256" if alg == "PS256" else "RS256", "JWT", claims)


async def mint(
    plan: TokenPlan, proof: Proof, directory: TenantDirectory, issuer: Issuer, ports: Ports, event: LogEvent
) -> TokenResponse:
    """Make the tokens of the plan and spend the proof.

    Raises ``InvalidGrant`` when the code or refresh token was spent by somebody else meanwhile;
    the tokens just made are then thrown away and the lineage is revoked.
    """
    moment = ports.clock.now()
    now = int(moment)
    access_token = await make_access_token(plan, proof, directory, ports, now=now)
    id_token = await make_id_token(plan, proof, directory, ports, now=now) if plan.id_token else None
    refresh_token = await _spend(plan, proof, directory, issuer, ports, event, moment, access_token)
    return TokenResponse(
        access_token=access_token,
        refresh_token=refresh_token,
        id_token=id_token,
        scope=join_scope(plan.scope) if plan.scope else None,
        expires_in=plan.lifetime,
        token_type="Bearer",
        recovery_code=proof.recovery_code,
    )


async def _spend(
    plan: TokenPlan,
    proof: Proof,
    directory: TenantDirectory,
    issuer: Issuer,
    ports: Ports,
    event: LogEvent,
    at: float,
    access_token: str,
) -> str | None:
    tenant = directory.tenant.id
    events = (event,)
    token_expires_at = at + plan.lifetime
    match proof.spend:
        case SpendCode(code):
            secret, first = None, None
            if plan.refresh:
                secret, first = _first_refresh_token(plan, proof, issuer, ports, at, event)
            spent = await ports.codes.spend(
                tenant,
                code.code_hash,
                at=at,
                access_token_hash=digest(access_token),
                access_token_expires_at=token_expires_at,
                refresh_token=first,
                keep=MAX_REFRESH_TOKENS_PER_CLIENT,
                events=events,
            )
            if not spent:
                await ports.codes.revoke_issued(tenant, code.code_hash, at=at, events=())
                raise InvalidGrant(INVALID_CODE, hint="The code was used before; everything it gave is revoked.")
            return secret
        case SpendRefreshToken() as spend:
            return await _exchange_refresh_token(
                plan, proof, spend, directory, ports, event, at, digest(access_token), token_expires_at
            )
        case SpendMfaToken() | None:
            once = proof.spend.value if proof.spend is not None else None
            if once is not None and not await ports.one_time_values.use(
                tenant, once.value_hash, at=at, expires_at=once.expires_at
            ):
                raise InvalidGrant(MALFORMED_MFA_TOKEN, hint="Tokens came of this mfa_token before.")
            if plan.refresh is RefreshPlan.ISSUE:
                secret, first = _first_refresh_token(plan, proof, issuer, ports, at, event)
                await ports.refresh_tokens.issue(tenant, first, keep=MAX_REFRESH_TOKENS_PER_CLIENT, events=events)
                return secret
            if proof.user is not None:
                await ports.users.record_login(tenant, proof.user.user_id, at=at, ip=event.ip or "", events=events)
            else:
                ports.log.write(tenant, event)
            return None


def _first_refresh_token(
    plan: TokenPlan, proof: Proof, issuer: Issuer, ports: Ports, at: float, event: LogEvent
) -> tuple[str, RefreshToken]:
    user = proof.user
    if user is None:
        raise LookupError("a refresh token needs a user")
    settings = proof.client.refresh_token
    expiring = settings.expiration_type is ExpirationType.EXPIRING
    secret = "v1." + ports.entropy.token(48)
    family = ports.entropy.token(16)
    token = RefreshToken(
        token_hash=digest(secret),
        family=family,
        generation=0,
        client_id=proof.client.client_id,
        user_id=user.user_id,
        host=issuer.host,
        audience=plan.audience,
        scope=plan.scope,
        granted=_granted(proof),
        issued_at=at,
        rotating=settings.rotation_type is RotationType.ROTATING,
        session_sid=proof.session_sid,
        began_at=at,
        ip=event.ip or "",
        user_agent=event.user_agent or "",
        expires_at=at + settings.token_lifetime if expiring and not settings.infinite_token_lifetime else None,
        idle_expires_at=_idle_end(proof, at),
    )
    return secret, token


def _granted(proof: Proof) -> dict[str, Any]:
    """What a refresh has to know of how the family began."""
    granted: dict[str, Any] = {}
    if proof.consented is not None:
        granted["consented"] = proof.consented
    if proof.login_at is not None:
        granted["login_at"] = proof.login_at
    if proof.mfa_at is not None:
        granted["mfa_at"] = proof.mfa_at
    if proof.auth_time is not None:
        granted["auth_time"] = proof.auth_time
    if proof.grant_type in PASSWORD_GRANTS:
        granted["gty"] = ("password",)
    return granted


def _idle_end(proof: Proof, at: float) -> float | None:
    settings = proof.client.refresh_token
    if settings.expiration_type is not ExpirationType.EXPIRING or settings.infinite_idle_token_lifetime:
        return None
    return at + settings.idle_token_lifetime


async def _exchange_refresh_token(
    plan: TokenPlan,
    proof: Proof,
    spend: SpendRefreshToken,
    directory: TenantDirectory,
    ports: Ports,
    event: LogEvent,
    at: float,
    access_token_hash: bytes,
    access_token_expires_at: float,
) -> str | None:
    """Rotate, replace, or note the use. The absolute end never moves; the idle end follows the client's
    setting of today; a token without an end gets one once the client is configured so. A second factor that was proved
    for this refresh is noted, so that it counts for those after it."""
    presented, mfa_token = spend.token, spend.mfa_token
    if mfa_token is not None:
        presented = msgspec.structs.replace(presented, granted={**presented.granted, "mfa_at": proof.mfa_at})
    tenant = directory.tenant.id
    events = (event,)
    settings = proof.client.refresh_token
    expiring = settings.expiration_type is ExpirationType.EXPIRING
    expires_at = presented.expires_at
    if expires_at is None and expiring and not settings.infinite_token_lifetime:
        expires_at = at + settings.token_lifetime
    idle_end = _idle_end(proof, at)
    if plan.refresh is RefreshPlan.REUSE:
        kept = await ports.refresh_tokens.exchange(
            tenant,
            presented.token_hash,
            at=at,
            ip=event.ip,
            user_agent=event.user_agent,
            idle_expires_at=idle_end,
            expires_at=expires_at,
            access_token_hash=access_token_hash,
            access_token_expires_at=access_token_expires_at,
            events=events,
            mfa_token=mfa_token,
            renewed=presented if mfa_token is not None else None,
        )
        if not kept:
            raise _gone(mfa_token)
        return None
    secret = "v1." + ports.entropy.token(48)
    rotates = plan.refresh is RefreshPlan.ROTATE
    successor = RefreshToken(
        token_hash=digest(secret),
        family=presented.family if rotates else ports.entropy.token(16),
        generation=presented.generation + 1 if rotates else 0,
        client_id=presented.client_id,
        user_id=presented.user_id,
        host=presented.host,
        audience=presented.audience,
        scope=presented.scope,
        granted=presented.granted,
        issued_at=at,
        rotating=settings.rotation_type is RotationType.ROTATING,
        session_sid=presented.session_sid,
        began_at=presented.began_at or presented.issued_at,
        ip=presented.ip,
        user_agent=presented.user_agent,
        last_ip=event.ip,
        last_user_agent=event.user_agent,
        expires_at=expires_at,
        idle_expires_at=idle_end,
    )
    if not rotates:
        replaced = await ports.refresh_tokens.replace(
            tenant,
            presented.token_hash,
            successor,
            at=at,
            access_token_hash=access_token_hash,
            access_token_expires_at=access_token_expires_at,
            events=events,
            mfa_token=mfa_token,
        )
        if not replaced:
            raise _gone(mfa_token)
        return secret
    rotated = await ports.refresh_tokens.rotate(
        tenant,
        presented.token_hash,
        successor,
        at=at,
        leeway=settings.leeway,
        access_token_hash=access_token_hash,
        access_token_expires_at=access_token_expires_at,
        events=events,
        mfa_token=mfa_token,
    )
    if not rotated:
        raise RefreshTokenReused(presented.family) if mfa_token is None else _gone(mfa_token)
    return secret


def _gone(mfa_token: OneTimeValue | None) -> InvalidGrant:
    """What was presented is not good any more, and proves no reuse."""
    if mfa_token is None:
        return InvalidGrant(INVALID_REFRESH_TOKEN, hint="The refresh token was used or revoked.")
    return InvalidGrant(
        MALFORMED_MFA_TOKEN, hint="Tokens came of it before, or the refresh token was used or revoked meanwhile."
    )


class RefreshTokenReused(InvalidGrant):
    """A rotated token came again outside its leeway: the family has to be revoked."""

    def __init__(self, family: str) -> None:
        super().__init__(
            INVALID_REFRESH_TOKEN,
            hint="A refresh token that was already exchanged came again; the whole family is revoked.",
        )
        self.family = family
