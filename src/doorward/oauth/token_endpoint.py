"""The token endpoint (RFC 6749 §3.2): authenticate, prove, decide, mint; every step shared."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from doorward.model.directory import TenantDirectory
from doorward.model.login_assessment import AssessedLogin
from doorward.model.mfa import Standing, policies
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth import mfa_policy, token_policy, token_request
from doorward.oauth.client_authentication import AuthenticatedClient, authenticate, trusted_context
from doorward.oauth.errors import OAuthError, UnauthorizedClient
from doorward.oauth.grants import PROVE
from doorward.oauth.log_events import protocol_event
from doorward.oauth.login_assessment import weighed
from doorward.oauth.mfa_policy import Challenge
from doorward.oauth.mfa_token import MfaRequired, mfa_required
from doorward.oauth.proof import Proof, SpendMfaToken, SpendRefreshToken
from doorward.oauth.scopes import join_scope
from doorward.oauth.token_issue import RefreshTokenReused, TokenResponse, mint
from doorward.oauth.token_policy import TokenPlan
from doorward.oauth.token_rules import Reason
from doorward.ports import Ports

# grant_type: log type of a success, of a failure
EVENTS = {
    "authorization_code": ("seacft", "feacft"),
    "client_credentials": ("seccft", "feccft"),
    "refresh_token": ("sertft", "fertft"),
    "password": ("sepft", "fepft"),
    "http://auth0.com/oauth/grant-type/password-realm": ("sepft", "fepft"),
    "http://auth0.com/oauth/grant-type/passwordless/otp": ("s", "fepotpft"),
    token_request.PASSKEY: ("s", "f"),
    token_request.MFA_OTP: ("seotpft", "feotpft"),
    token_request.MFA_OOB: ("seoobft", "feoobft"),
    token_request.MFA_RECOVERY_CODE: ("sercft", "fercft"),
}

PROVED_NOW = Reason("mfa", "mfa.proved_now", False)

# The same where the first factor was a passkey.
AFTER_PASSKEY = {
    token_request.MFA_OTP: "sepkotpft",
    token_request.MFA_OOB: "sepkoobft",
    token_request.MFA_RECOVERY_CODE: "sepkrcft",
}


async def token(
    parameters: Mapping[str, str],
    basic: tuple[str, str] | None,
    context: RequestContext,
    issuer: Issuer,
    ports: Ports,
) -> TokenResponse:
    """Answer one token request.

    ``basic`` is the decoded Authorization header, if any. Raises ``OAuthError``; the refusal is
    then in the tenant log, with the decisions that led to it.
    """
    directory = ports.directory.tenant(issuer.tenant)
    grant_type = parameters.get("grant_type", "")
    authenticated: AuthenticatedClient | None = None
    try:
        request = token_request.parse(parameters)
        authenticated = await authenticate(parameters, basic, issuer, directory, ports)
        context = trusted_context(context, authenticated)
        proof, plan = await prove_and_decide(request, authenticated, grant_type, context, issuer, directory, ports)
        succeeded = EVENTS[grant_type][0]
        if proof.grant_type == token_request.PASSKEY:
            succeeded = AFTER_PASSKEY.get(grant_type, succeeded)
        event = protocol_event(
            succeeded,
            context,
            ports.clock.now(),
            client=authenticated.client,
            user=proof.user,
            directory=directory,
            reasons=plan.reasons,
            audience=plan.audience,
            scope=join_scope(plan.scope),
        )
        return await mint(plan, proof, directory, issuer, ports, event)
    except OAuthError as error:
        client_or_none = authenticated.client if authenticated is not None else None
        now = ports.clock.now()
        if isinstance(error, RefreshTokenReused):
            event = protocol_event("ferrt", context, now, client=client_or_none, error=error)
            await ports.refresh_tokens.revoke_family(issuer.tenant, error.family, at=now, events=(event,))
        elif grant_type in EVENTS:
            type_ = "mfar" if isinstance(error, MfaRequired) else EVENTS[grant_type][1]
            ports.log.write(issuer.tenant, protocol_event(type_, context, now, client=client_or_none, error=error))
        raise


async def prove_and_decide(
    request: token_request.TokenRequest,
    authenticated: AuthenticatedClient,
    grant_type: str,
    context: RequestContext,
    issuer: Issuer,
    directory: TenantDirectory,
    ports: Ports,
) -> tuple[Proof, TokenPlan]:
    """What an authenticated request establishes and what it is worth: all but the minting, which spends.

    Raises ``OAuthError``.
    """
    client = authenticated.client
    if grant_type not in client.grant_types:
        raise UnauthorizedClient(
            f"Grant type '{grant_type}' not allowed for the client.",
            hint=f"Add {grant_type} to the grant_types of {client.called}.",
        )
    proof = await PROVE[type(request)](request, authenticated, issuer, directory, context, ports)
    why = await _second_factor(proof, issuer, directory, context, ports)
    plan = token_policy.decide(proof, directory, issuer)
    if isinstance(proof.spend, SpendRefreshToken):
        why = await _recent_factor(proof, proof.spend, plan, issuer, directory, ports)
    return proof, msgspec.structs.replace(plan, reasons=why + plan.reasons)


async def _second_factor(
    proof: Proof, issuer: Issuer, directory: TenantDirectory, context: RequestContext, ports: Ports
) -> tuple[Reason, ...]:
    """Whoever signed in with this very request proves a second factor where the tenant wants one; codes and refresh
    tokens come of a login that was asked. Raises ``MfaRequired``."""
    if isinstance(proof.spend, SpendMfaToken):
        return (PROVED_NOW,)
    if proof.user is None or proof.spend is not None:
        return ()
    named, standing = (proof.audience, proof.resource), Standing()
    wanted = mfa_policy.demand(
        policies(directory),
        manages_factors=mfa_policy.manages(directory, *named),
        assured=mfa_policy.assured(directory, issuer, *named),
    )
    if wanted is not None and wanted.weighs:
        login = AssessedLogin(user=proof.user, client=proof.client, context=context, at=ports.clock.now())
        wanted = await weighed(wanted, directory, login, ports.login_assessor)
    if wanted is not None and wanted.settled is None:
        standing = await ports.second_factors.standing(directory, proof.user)
    decision = mfa_policy.decide(wanted, standing)
    if isinstance(decision, Challenge):
        error = mfa_required(proof, standing, issuer, directory, ports)
        error.reasons = (msgspec.structs.replace(decision.reason, refused=True),)
        raise error
    return (decision.reason,)


async def _recent_factor(
    proof: Proof, spend: SpendRefreshToken, plan: TokenPlan, issuer: Issuer, directory: TenantDirectory, ports: Ports
) -> tuple[Reason, ...]:
    """A refresh meets a policy of the API it is for, whatever the login met: a factor that was proved lately, or,
    where the person has none, a login of late. Raises ``MfaRequired``, ``UnmetAuthenticationRequirements``."""
    if spend.mfa_token is not None:
        return (PROVED_NOW,)
    if proof.user is None or not mfa_policy.assured(directory, issuer, plan.audience, None):
        return ()
    wanted, now = mfa_policy.demand((), assured=True), ports.clock.now()
    standing = await ports.second_factors.standing(directory, proof.user)
    recently = wanted is not None and wanted.is_met(proof.mfa_at, now)
    decision = mfa_policy.decide(wanted, standing, proved_in_session=recently)
    if isinstance(decision, Challenge):
        error = mfa_required(proof, standing, issuer, directory, ports)
        error.reasons = (msgspec.structs.replace(decision.reason, refused=True), *plan.reasons)
        raise error
    if not recently and now - proof.authenticated_at(now) > mfa_policy.RECENT:
        raise mfa_policy.unmet(*plan.reasons)
    return (decision.reason,)
