"""A second factor, proved with the ``mfa_token`` of a request that waits for it: Auth0's mfa-otp,
mfa-oob, mfa-recovery-code. An access token for the MFA API in its place adds another one, and is answered with the
next such token, which ends when it does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from doorward.model.client import Client
from doorward.model.credential import OneTimeValue
from doorward.model.directory import TenantDirectory
from doorward.model.mfa import FACTORS, OTP, MfaSubject, Outcome, offers
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth import mfa_token
from doorward.oauth.bearer import BearerTokens
from doorward.oauth.client_authentication import AuthenticatedClient
from doorward.oauth.eligibility import eligible_user
from doorward.oauth.errors import InsufficientScope, InvalidGrant, OAuthError, TooManyAttempts, UnauthorizedClient
from doorward.oauth.mfa_token import ENROLL, WaitingRequest
from doorward.oauth.proof import Proof, SpendMfaToken
from doorward.oauth.refresh_proof import refresh_proof
from doorward.oauth.token_issue import MALFORMED_MFA_TOKEN
from doorward.oauth.token_request import MFA_OOB, MfaOobRequest, MfaOtpRequest, MfaRecoveryCodeRequest
from doorward.ports import Ports

REJECTED = "MFA Authorization rejected."
TOO_MANY = "Too many failed codes. Wait for some minutes before retrying."
# What comes of a code of somebody, and whether it adds a factor to those they have.
Prove = Callable[[MfaSubject, bool], Coroutine[Any, Any, Outcome]]


async def prove_otp(
    request: MfaOtpRequest,
    authenticated: AuthenticatedClient,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> Proof:
    """Whoever has no factor yet takes the app on that ``/mfa/associate`` gave the key of."""

    async def prove(subject: MfaSubject, adds: bool) -> Outcome:
        standing = await ports.second_factors.standing(directory, subject.user)
        if OTP.name in standing.challenges and not adds:
            return await ports.second_factors.prove_otp(subject, request.otp)
        if (standing.challenges and not adds) or OTP.name not in standing.enrollable:
            return Outcome.WRONG
        return await ports.second_factors.enroll_otp(subject, request.otp, first=not standing.challenges)

    wrong = InvalidGrant("Invalid otp_code.")
    return (await _prove(request.mfa_token, prove, wrong, authenticated, issuer, directory, context, ports))[0]


async def prove_oob(
    request: MfaOobRequest,
    authenticated: AuthenticatedClient,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> Proof:
    """Whoever has no factor yet takes the number on that ``/mfa/associate`` sent the code to."""
    factor = FACTORS.get(request.oob_code.partition(".")[0])

    async def prove(subject: MfaSubject, adds: bool) -> Outcome:
        if factor is None:
            return Outcome.WRONG
        standing = await ports.second_factors.standing(directory, subject.user)
        if factor.name in standing.challenges and not adds:
            return await ports.second_factors.prove_code(subject, factor, request.oob_code, request.binding_code)
        if (standing.challenges or factor.name not in standing.enrollable) and not (adds and offers(directory, factor)):
            return Outcome.WRONG
        return await ports.second_factors.enroll_address(
            subject, factor, request.oob_code, request.binding_code, first=not standing.challenges
        )

    wrong = InvalidGrant("Invalid binding_code.")
    return (await _prove(request.mfa_token, prove, wrong, authenticated, issuer, directory, context, ports))[0]


async def prove_recovery_code(
    request: MfaRecoveryCodeRequest,
    authenticated: AuthenticatedClient,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> Proof:
    """The answer carries the code that takes the place of the spent one."""

    async def prove(subject: MfaSubject, adds: bool) -> Outcome:
        standing = await ports.second_factors.standing(directory, subject.user)
        if adds or not standing.of("recovery-code"):
            return Outcome.WRONG
        return await ports.second_factors.prove_recovery_code(subject, request.recovery_code)

    proof, subject = await _prove(
        request.mfa_token, prove, InvalidGrant(REJECTED), authenticated, issuer, directory, context, ports
    )
    return proof.with_recovery_code(await ports.second_factors.recovery_code(subject))


async def _prove(
    value: str,
    prove: Prove,
    wrong: OAuthError,
    authenticated: AuthenticatedClient,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> tuple[Proof, MfaSubject]:
    """The request that waited, once the factor is proved; whether it may still be answered is asked anew.

    Raises ``wrong``, ``InvalidGrant``, ``ExpiredToken``, ``TooManyAttempts``, and whatever stands against the user.
    """
    client = authenticated.client
    if mfa_token.is_access_token(value):
        return await _add(value, prove, wrong, client, issuer, directory, context, ports)
    waiting = mfa_token.read(value, client, issuer, directory, ports)
    if waiting.grant_type not in client.grant_types:
        raise UnauthorizedClient(f"Grant type '{waiting.grant_type}' not allowed for the client.")
    bound = mfa_token.binding(value)
    proof = await _waited(waiting, OneTimeValue(bound, waiting.exp), client, issuer, directory, context, ports)
    user = waiting.still_of(proof.user)
    subject = MfaSubject(directory=directory, user=user, client=client, context=context, binding=bound)
    _check(await prove(subject, False), wrong)
    return msgspec.structs.replace(proof, mfa_at=ports.clock.now()), subject


async def _waited(
    waiting: WaitingRequest,
    once: OneTimeValue,
    client: Client,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> Proof:
    """The request that waits as it is now, but for the factor: a refresh goes on with the token that was presented.
    Raises ``InvalidGrant``, and whatever stands against the user."""
    if waiting.refresh_token is not None:
        return await refresh_proof(
            waiting.refresh_token,
            client,
            issuer,
            directory,
            context,
            ports,
            audience=waiting.audience,
            resource=waiting.resource,
            scope=waiting.scope,
            mfa_token=once,
        )
    return Proof(
        grant_type=waiting.grant_type,
        client=client,
        user=eligible_user(await ports.users.find(directory.tenant.id, waiting.sub), client, directory),
        audience=waiting.audience,
        resource=waiting.resource,
        requested=waiting.scope,
        consented=waiting.consented,
        browser=context.origin is not None,
        spend=SpendMfaToken(once),
    )


async def _add(
    value: str,
    prove: Prove,
    wrong: OAuthError,
    client: Client,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> tuple[Proof, MfaSubject]:
    """Another factor of whoever an access token for the MFA API is of; one comes of each token, and the next ends
    with the first: who a person is was proved then, and what is added now proves nothing of that. Raises as ``_prove``,
    and ``InvalidTokenError``, ``InsufficientScope``."""
    bearer = BearerTokens(ports.clock, ports.jose).verify(value, directory.tenant.mfa_audience, issuer, directory)
    user, revoked = await ports.users.access(directory.tenant.id, bearer.subject, bearer.token_hash)
    if revoked or bearer.client_id != client.client_id:
        raise InvalidGrant(MALFORMED_MFA_TOKEN, hint="The access token was revoked, or is another client's.")
    if ENROLL not in bearer.scopes:
        raise InsufficientScope(f"Insufficient scope, expected: {ENROLL}")
    bound = mfa_token.binding(value)
    if await ports.one_time_values.used(directory.tenant.id, bound, at=ports.clock.now()):
        raise InvalidGrant(MALFORMED_MFA_TOKEN, hint="One factor is added with each access token; take the next.")
    subject = MfaSubject(
        directory=directory,
        user=eligible_user(user, client, directory),
        client=client,
        context=context,
        binding=bound,
    )
    _check(await prove(subject, True), wrong)
    proof = Proof(
        grant_type=MFA_OOB,
        client=client,
        user=subject.user,
        audience=directory.tenant.mfa_audience,
        requested=tuple(sorted(bearer.scopes - {"offline_access"})),
        browser=context.origin is not None,
        spend=SpendMfaToken(OneTimeValue(bound, bearer.expires_at)),
        seconds_left=bearer.expires_at - int(ports.clock.now()),
    )
    return proof, subject


def _check(outcome: Outcome, wrong: OAuthError) -> None:
    """Raises ``wrong``, ``TooManyAttempts``."""
    if outcome is Outcome.TOO_MANY:
        raise TooManyAttempts(TOO_MANY, hint="One more try is given every few minutes.")
    if outcome is not Outcome.RIGHT:
        raise wrong
