"""What next? Ask the person something, answer the client, or refuse; with the reason.

A pure function of the request, the session, what happened in this transaction, and the time. Every
page returns here; no page decides what follows it. ``prompt=none`` is handled once, at the end.
"""

from __future__ import annotations

from msgspec import Struct

from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.mfa import Standing, policies
from doorward.model.passkey import PasskeyState
from doorward.model.session import ConsentGrant, LoginTransaction, Session, Step
from doorward.model.tenant import Issuer
from doorward.oauth import mfa_policy, redirect_uri
from doorward.oauth.authorize_request import AuthorizationRequest
from doorward.oauth.consent import consent_is_for, is_covered
from doorward.oauth.errors import ConsentRequired, InteractionRequired, LoginRequired, OAuthError
from doorward.oauth.mfa_policy import Challenge, Demand
from doorward.oauth.token_policy import TokenPlan
from doorward.oauth.token_rules import Reason


class Interact(Struct, frozen=True):
    """Show the page of this step; ``challenge`` is what a second factor is asked for with. A login that ``lapsed``
    was enough in the place of a second factor, as long as it was recent."""

    step: Step
    reason: Reason
    challenge: Challenge | None = None
    lapsed: bool = False


class Proceed(Struct, frozen=True):
    """Nothing more to ask at this point."""

    reason: Reason


def authentication(
    request: AuthorizationRequest,
    session: Session | None,
    transaction: LoginTransaction | None,
    now: float,
    *,
    served: bool = True,
) -> Interact | Proceed:
    """Whether the person has to sign in (OpenID Connect Core §3.1.2.3).

    ``session`` is a live one or ``None``; ``served`` says whether the client may use the connection it
    came from. A sign-in counts once it happened in this very
    transaction; editing the URL cannot make an old one count.
    """

    def ask(rule: str) -> Interact:
        signup = request.screen_hint == "signup" or "create" in request.prompt
        return Interact(Step.SIGNUP if signup else Step.LOGIN, Reason("login", rule, True))

    if session is None:
        return ask("login.no_session")
    if not served:
        return ask("login.connection_not_enabled")
    if transaction is not None and transaction.authenticated_at is not None:
        return Proceed(Reason("login", "login.fresh", False))
    if request.client.sso_disabled:
        return ask("login.sso_disabled")
    if "login" in request.prompt:
        return ask("login.prompt_login")
    if "select_account" in request.prompt:
        return ask("login.select_account")
    if "create" in request.prompt:
        return ask("login.prompt_create")
    if request.max_age is not None and (request.max_age == 0 or now - session.authenticated_at > request.max_age):
        return ask("login.max_age")
    if request.connection is not None and request.connection != session.connection:
        return ask("login.other_connection")
    return Proceed(Reason("login", "login.session", False))


def mfa(
    request: AuthorizationRequest,
    session: Session | None,
    transaction: LoginTransaction | None,
    wanted: Demand | None,
    standing: Standing,
    *,
    remembered: bool,
    listed: bool,
    now: float,
) -> Interact | Proceed:
    """Whether a second factor has to be proved."""
    decision = mfa_policy.decide(
        wanted,
        standing,
        proved_now=transaction is not None and transaction.mfa_at is not None,
        proved_in_session=session is not None and wanted is not None and wanted.is_met(session.mfa_at, now),
        remembered=remembered,
        listed=listed,
    )
    if isinstance(decision, Challenge):
        return Interact(Step.MFA, decision.reason, decision)
    if transaction is not None and transaction.shows_what_came:
        return Interact(Step.MFA, decision.reason)
    recent = session is not None and now - session.authenticated_at <= mfa_policy.RECENT
    if wanted is not None and wanted.within is not None and decision.lacks_factor and not recent:
        return Interact(Step.LOGIN, Reason("mfa", "mfa.unmet", True), lapsed=True)
    return Proceed(decision.reason)


def mfa_demand(request: AuthorizationRequest, directory: TenantDirectory, issuer: Issuer) -> Demand | None:
    """Whether this request wants a second factor at all."""
    named = request.audience, request.resource
    return mfa_policy.demand(
        policies(directory),
        request.acr_values,
        manages_factors=mfa_policy.manages(directory, *named),
        assured=mfa_policy.assured(directory, issuer, *named),
    )


def passkey(offer: str, connection: Connection | None, state: PasskeyState) -> Interact | Proceed:
    """Whether a passkey is offered to whoever just signed in: ``offer`` is why it may be (``progressive``, after a
    password; ``local``, after a passkey of another device)."""
    options = connection.passkey_options if connection is not None else None
    if options is None or state is PasskeyState.UNAVAILABLE:
        return Proceed(Reason("passkey", "passkey.unavailable", False))
    if state is PasskeyState.POSTPONED:
        return Proceed(Reason("passkey", "passkey.postponed", False))
    if offer == "local" and options.local_enrollment_enabled:
        return Interact(Step.PASSKEY, Reason("passkey", "passkey.local", True))
    if state is PasskeyState.ENROLLED:
        return Proceed(Reason("passkey", "passkey.enrolled", False))
    if offer == "progressive" and options.progressive_enrollment_enabled:
        return Interact(Step.PASSKEY, Reason("passkey", "passkey.progressive", True))
    return Proceed(Reason("passkey", "passkey.not_offered", False))


def consent(
    request: AuthorizationRequest,
    plan: TokenPlan,
    remembered: ConsentGrant | None,
    transaction: LoginTransaction | None,
) -> Interact | Proceed:
    """Whether the person has to consent to the plan's scopes."""
    given = transaction.consented if transaction is not None else None
    if given is not None and set(plan.scope) <= set(given):
        return Proceed(Reason("consent", "consent.given_now", False))
    if "consent" in request.prompt:
        return Interact(Step.CONSENT, Reason("consent", "consent.prompt_consent", True))
    if not consent_is_for(plan, request.client):
        return Proceed(Reason("consent", "consent.not_needed", False))
    if is_covered(plan, remembered):
        return Proceed(Reason("consent", "consent.remembered", False))
    rule = "consent.first_party_api" if request.client.is_first_party else "consent.third_party"
    return Interact(Step.CONSENT, Reason("consent", rule, True))


def confirmation(
    request: AuthorizationRequest,
    transaction: LoginTransaction | None,
    directory: TenantDirectory,
    *,
    asks_by_default: bool,
) -> Interact | Proceed:
    """Whether a callback that anybody on the device could answer has to be confirmed.

    Only where no other page was shown; the client's setting wins over the tenant's, that over the
    server's default. A web_message goes to a registered web origin instead of the callback.
    """
    client, settings = request.client, directory.settings
    skip = client.skip_non_verifiable_callback_uri_confirmation_prompt
    if skip is None:
        skip = settings.skip_non_verifiable_callback_uri_confirmation_prompt
    asks = asks_by_default if skip is None else not skip
    shown = transaction is not None and (transaction.interacted or transaction.confirmed)
    verifiable = not redirect_uri.is_non_verifiable(request.redirect_uri)
    if not asks or shown or verifiable or request.response_mode == "web_message":
        return Proceed(Reason("confirmation", "confirmation.not_needed", False))
    return Interact(Step.CONFIRMATION, Reason("confirmation", "confirmation.non_verifiable_callback", True))


def silent_refusal(interact: Interact) -> OAuthError:
    """The ``prompt=none`` error for a page that would have been shown (OpenID Connect Core §3.1.2.6)."""
    if interact.lapsed:
        return mfa_policy.unmet()
    hint, reasons = _HINTS.get(interact.reason.rule), (interact.reason,)
    match interact.step:
        case Step.MFA:
            return LoginRequired("Multifactor authentication required", hint=hint, reasons=reasons)
        case Step.CONSENT:
            return ConsentRequired("Consent required", hint=hint, reasons=reasons)
        case Step.CONFIRMATION:
            return InteractionRequired("Interaction required", hint=hint, reasons=reasons)
        case Step.LOGIN | Step.SIGNUP | Step.PASSKEY:
            return LoginRequired("Login required", hint=hint, reasons=reasons)


_ENROLLMENT = "The user has to take on a second factor first, which needs a page."
_HINTS = {
    "login.no_session": "The browser sent no cookie of a live session: expired, ended, or a third-party cookie.",
    "login.connection_not_enabled": "The session came from a connection this client may not use.",
    "login.other_connection": "The session came from another connection than the one asked for.",
    "login.user_gone": "The user of the session does not exist any more.",
    "login.sso_disabled": "The client has sso_disabled, so every login asks.",
    "login.max_age": "The last login is older than max_age.",
    "login.prompt_login": "prompt=login always asks.",
    "mfa.policy": "Every login of this tenant needs a second factor, and this session has not proved one.",
    "mfa.assurance": "The My Account API wants a second factor proved within 15 minutes, which needs a page.",
    "mfa.acr_values": "acr_values asks for a second factor proved for this request, which needs a page.",
    "mfa.enrollment": _ENROLLMENT,
    "mfa.enrollment_list": _ENROLLMENT,
    "consent.third_party": "A third-party client needs consent that covers every scope.",
    "consent.first_party_api": "The API does not skip consent (skip_consent_for_verifiable_first_party_clients).",
    "confirmation.non_verifiable_callback": "A loopback or custom-scheme callback has to be confirmed by the person.",
}
