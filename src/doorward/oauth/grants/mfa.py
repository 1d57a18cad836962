"""A second factor, proved with the ``mfa_token`` of a request that waits for it: Auth0's mfa-otp,
mfa-oob, mfa-recovery-code."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from doorward.model.directory import TenantDirectory
from doorward.model.mfa import FACTORS, OTP, MfaSubject, Outcome
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth import mfa_token
from doorward.oauth.client_authentication import AuthenticatedClient
from doorward.oauth.eligibility import eligible_user
from doorward.oauth.errors import InvalidGrant, OAuthError, TooManyAttempts, UnauthorizedClient
from doorward.oauth.proof import Proof, SpendMfaToken
from doorward.oauth.token_request import MfaOobRequest, MfaOtpRequest, MfaRecoveryCodeRequest
from doorward.ports import Ports

REJECTED = "MFA Authorization rejected."
TOO_MANY = "Too many failed codes. Wait for some minutes before retrying."
Prove = Callable[[MfaSubject], Coroutine[Any, Any, Outcome]]


async def prove_otp(
    request: MfaOtpRequest,
    authenticated: AuthenticatedClient,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> Proof:
    """Whoever has no factor yet takes the app on that ``/mfa/associate`` gave the key of."""

    async def prove(subject: MfaSubject) -> Outcome:
        standing = await ports.second_factors.standing(directory, subject.user)
        if OTP.name in standing.challenges:
            return await ports.second_factors.prove_otp(subject, request.otp)
        if standing.challenges or OTP.name not in standing.enrollable:
            return Outcome.WRONG
        return await ports.second_factors.enroll_otp(subject, request.otp)

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

    async def prove(subject: MfaSubject) -> Outcome:
        if factor is None:
            return Outcome.WRONG
        standing = await ports.second_factors.standing(directory, subject.user)
        if factor.name in standing.challenges:
            return await ports.second_factors.prove_code(subject, factor, request.oob_code, request.binding_code)
        if standing.challenges or factor.name not in standing.enrollable:
            return Outcome.WRONG
        return await ports.second_factors.enroll_address(subject, factor, request.oob_code, request.binding_code)

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

    async def prove(subject: MfaSubject) -> Outcome:
        standing = await ports.second_factors.standing(directory, subject.user)
        if not standing.of("recovery-code"):
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
    waiting = mfa_token.read(value, client, issuer, directory, ports)
    if waiting.grant_type not in client.grant_types:
        raise UnauthorizedClient(f"Grant type '{waiting.grant_type}' not allowed for the client.")
    user = waiting.still_of(eligible_user(await ports.users.find(directory.tenant.id, waiting.sub), client, directory))
    subject = MfaSubject(
        directory=directory, user=user, client=client, context=context, binding=mfa_token.binding(value)
    )
    outcome = await prove(subject)
    if outcome is Outcome.TOO_MANY:
        raise TooManyAttempts(TOO_MANY, hint="One more try is given every few minutes.")
    if outcome is not Outcome.RIGHT:
        raise wrong
    proof = Proof(
        grant_type=waiting.grant_type,
        client=client,
        user=user,
        audience=waiting.audience,
        resource=waiting.resource,
        requested=waiting.scope,
        consented=waiting.consented,
        browser=context.origin is not None,
        mfa_at=ports.clock.now(),
        spend=SpendMfaToken(mfa_token.binding(value), waiting.exp),
    )
    return proof, subject
