"""Why a token comes out as it does: a dry run of one request, with every deciding rule and what to change.

The request walks the real path (``authorize_request``, ``authorize_decision``, ``token_endpoint``,
``token_policy``) on ports that change nothing (``dry_run``). What a dry run cannot know (a secret, a session,
a password) is taken for granted, and each thing taken for granted is a step of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from doorward.model.client import Client
from doorward.model.credential import RefreshToken
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.resource_server import ResourceServer
from doorward.model.session import LoginTransaction, Session
from doorward.model.session import Step as Page
from doorward.model.tenant import Issuer
from doorward.model.user import User
from doorward.oauth import (
    authorize_decision,
    authorize_request,
    pushed_request,
    token_endpoint,
    token_policy,
    token_request,
)
from doorward.oauth.authorization import authorization_proof, stays_on_a_page
from doorward.oauth.authorize_decision import Interact
from doorward.oauth.authorize_request import AuthorizationError, AuthorizationRequest, PageError
from doorward.oauth.client_authentication import AuthenticatedClient, authenticate
from doorward.oauth.consent import consent_is_for
from doorward.oauth.dry_run import dry_run
from doorward.oauth.eligibility import connection_serves, eligible_user
from doorward.oauth.errors import InvalidGrant, InvalidScope, OAuthError
from doorward.oauth.explain_fixes import fix
from doorward.oauth.fixes.facts import Facts
from doorward.oauth.login_assessment import CONFIDENT
from doorward.oauth.proof import Proof, SpendCode, SpendRefreshToken
from doorward.oauth.request_rules import ALL_RULES, refusal_rule
from doorward.oauth.scopes import OFFLINE_ACCESS, parse_scope
from doorward.oauth.token_issue import INVALID_REFRESH_TOKEN, current_key
from doorward.oauth.token_policy import RefreshPlan, TokenPlan
from doorward.oauth.token_request import PASSKEY, PASSWORD_REALM, PASSWORDLESS_OTP
from doorward.oauth.token_rules import Reason
from doorward.oauth.token_size import size_reason
from doorward.oauth.trace import Because, Step, Trace, decision, error_body, step
from doorward.ports import Ports

ANYBODY = "(any user)"
ASSUMED = "(assumed)"
# A well-formed S256 challenge, for an authorization request that is only imagined.
ASSUMED_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


class NotExplainable(Exception):
    """What was asked is no request to explain; ``status`` and ``code`` in the Management API's terms."""

    def __init__(self, message: str, *, code: str = "invalid_body", status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


class _Walk(Struct):
    """What is known so far of the request being explained; filled in on the way.

    ``before`` and ``after`` are the reasons around those of the plan; ``named`` is whom the caller named, ``user``
    whom the request turned out to be for.
    """

    parameters: Mapping[str, str]
    issuer: Issuer
    directory: TenantDirectory
    client: Client | None = None
    user: User | None = None
    named: User | None = None
    proof: Proof | None = None
    plan: TokenPlan | None = None
    before: list[Reason] = []
    after: list[Reason] = []
    shape: dict[str, Any] = {}
    delivered: str = "response"
    confirms_callbacks: bool = True

    def note(self, rule: str, value: Any = None) -> None:
        self.before.append(Reason(ALL_RULES[rule].field, rule, value))

    @property
    def reasons(self) -> list[Reason]:
        """Everything decided so far, in the order it was decided."""
        return [*self.before, *(self.plan.reasons if self.plan is not None else ()), *self.after]


async def explain(
    parameters: Mapping[str, str], user_id: str | None, issuer: Issuer, ports: Ports, *, confirms_callbacks: bool
) -> Trace:
    """Explain one request; nothing is issued, written or spent.

    ``parameters`` are those of ``/oauth/token`` (when there is a ``grant_type``) or of ``/authorize``, by their
    wire names; ``user_id`` names the person for whom it would be; ``confirms_callbacks`` is the server's default, as in
    ``Authorization``. Raises ``NotExplainable``.
    """
    directory = ports.directory.tenant(issuer.tenant)
    named = None
    if user_id is not None:
        named = await ports.users.find(directory.tenant.id, user_id)
        if named is None:
            raise NotExplainable("The user does not exist.", code="inexistent_user")
    walk = _Walk(parameters, issuer, directory, named=named, confirms_callbacks=confirms_callbacks)
    walk.client = directory.clients.get(parameters.get("client_id", ""))
    try:
        if "grant_type" in parameters:
            await _token(walk, ports)
        elif "response_type" in parameters or "redirect_uri" in parameters or "request_uri" in parameters:
            await _authorize(walk, parameters, ports)
        else:
            raise NotExplainable(
                "The body needs grant_type (a request to /oauth/token) or response_type (a request to /authorize)."
            )
    except OAuthError as error:
        return _refused(walk, error)
    except PageError as refused:
        walk.delivered = "page"
        return _refused(walk, refused.error)
    except AuthorizationError as refused:
        walk.client = refused.client
        walk.delivered = "page" if stays_on_a_page(refused.client, refused.target) else "redirect"
        return _refused(walk, refused.error)
    return _made(walk)


# ── /oauth/token ───────────────────────────────────────────────────────────────────────────────


async def _token(walk: _Walk, ports: Ports) -> None:
    parameters, directory = dict(walk.parameters), walk.directory
    grant_type = parameters["grant_type"]
    if grant_type == "authorization_code" and "code" not in parameters:
        walk.note("assumed.authorization")
        await _authorize(walk, _imagined_authorization(walk), ports)
        return
    if grant_type == PASSKEY:
        raise NotExplainable(
            "Only a device can prove a passkey. Explain grant_type=password for the same client and user instead."
        )
    person = walk.named
    imagined: RefreshToken | None = None
    if grant_type in ("password", PASSWORD_REALM):
        if person is None and "username" not in parameters:
            walk.note("assumed.any_user")
            person = _anybody(walk.client, directory, parameters.get("realm") or directory.settings.default_directory)
        parameters.setdefault("username", ASSUMED)
        parameters["password"] = ASSUMED
        walk.note("assumed.password")
    if grant_type == PASSWORDLESS_OTP:
        if person is None and "username" not in parameters:
            walk.note("assumed.any_user")
            person = _anybody(walk.client, directory, parameters.get("realm"))
        parameters.setdefault("username", ASSUMED)
        parameters["otp"] = ASSUMED
        walk.note("assumed.code")
    if grant_type == "refresh_token" and "refresh_token" not in parameters:
        parameters["refresh_token"] = ASSUMED
        if walk.client is not None:
            walk.note("assumed.refresh_token")
            if person is None:
                walk.note("assumed.any_user")
                person = _anybody(walk.client, directory, None)
            imagined = _imagined_refresh_token(walk, walk.client, person, ports)
    dry = dry_run(ports, person=person, refresh_token=imagined)
    walk.user = walk.named
    request = token_request.parse(parameters)
    authenticated = await _authenticated(walk, parameters, dry)
    walk.client = authenticated.client
    context = RequestContext(hostname=walk.issuer.host)
    walk.proof, walk.plan = await token_endpoint.prove_and_decide(
        request, authenticated, grant_type, context, walk.issuer, directory, dry
    )
    walk.user = walk.proof.user if walk.proof.user is not None and walk.proof.user.user_id != ANYBODY else None
    spend = walk.proof.spend
    if isinstance(spend, SpendCode):
        walk.note("given.code", {"hash": spend.code.code_hash.hex()[:16], "expires_at": int(spend.code.expires_at)})
    elif isinstance(spend, SpendRefreshToken) and imagined is None:
        walk.note("given.refresh_token", {"id": spend.token.family, "generation": spend.token.generation})
    walk.shape = {"endpoint": "/oauth/token", "grant_type": grant_type}


async def _authenticated(walk: _Walk, parameters: dict[str, str], dry: Ports) -> AuthenticatedClient:
    """The client as ``client_authentication`` sees it; proof that was left out is taken for granted."""
    client = walk.client
    if client is not None and not client.is_global and not {"client_secret", "client_assertion"} & set(parameters):
        if client.uses_assertion or (not client.is_public and not client.client_secret):
            walk.note("assumed.client_authentication")
            return AuthenticatedClient(client, "private_key_jwt")
        if not client.is_public:
            walk.note("assumed.client_authentication")
            parameters["client_secret"] = client.client_secret
    return await authenticate(parameters, None, walk.issuer, walk.directory, dry)


def _imagined_authorization(walk: _Walk) -> dict[str, str]:
    """The authorization request whose code the token request would have carried."""
    parameters = {name: value for name, value in walk.parameters.items() if name in authorize_request.KEPT_PARAMETERS}
    parameters["response_type"] = "code"
    client = walk.client
    if client is not None and client.callbacks:
        parameters.setdefault("redirect_uri", client.callbacks[0])
    if client is not None and (client.is_public or client.is_strict_third_party) and "code_challenge" not in parameters:
        parameters |= {"code_challenge": ASSUMED_CHALLENGE, "code_challenge_method": "S256"}
    return parameters


def _imagined_refresh_token(walk: _Walk, client: Client, person: User, ports: Ports) -> RefreshToken:
    """The refresh token a login with this audience and scope would have given.

    Raises ``OAuthError`` where that login is refused or gives none.
    """
    asked = parse_scope(walk.parameters.get("scope"))
    login = Proof(
        grant_type="authorization_code",
        client=client,
        user=person,
        audience=walk.parameters.get("audience"),
        resource=walk.parameters.get("resource"),
        requested=tuple(dict.fromkeys((*asked, OFFLINE_ACCESS))),
    )
    walk.proof, walk.user = login, walk.named
    plan = token_policy.decide(login, walk.directory, walk.issuer)
    if plan.refresh is not RefreshPlan.ISSUE:
        because = next(reason for reason in plan.reasons if reason.field == "refresh_token")
        raise InvalidGrant(
            INVALID_REFRESH_TOKEN,
            hint=f"This login gives no refresh token: {ALL_RULES[because.rule].sentence}",
            reasons=(*plan.reasons[: plan.reasons.index(because)], msgspec.structs.replace(because, refused=True)),
        )
    now = ports.clock.now()
    return RefreshToken(
        token_hash=digest(ASSUMED),
        family=ASSUMED,
        generation=0,
        client_id=client.client_id,
        user_id=person.user_id,
        host=walk.issuer.host,
        audience=plan.audience,
        scope=plan.scope,
        granted={},
        issued_at=now,
        rotating=client.refresh_token.rotation_type.value == "rotating",
    )


def _anybody(client: Client | None, directory: TenantDirectory, connection: str | None) -> User:
    """Somebody without roles or permissions, of a connection the application can use."""
    if connection is None and client is not None:
        serving = (c for c in directory.connections.values() if c.is_database and connection_serves(c, client))
        found = next(serving, None)
        connection = found.name if found is not None else ""
    return User(user_id=ANYBODY, connection=connection or "")


# ── /authorize ─────────────────────────────────────────────────────────────────────────────────


async def _authorize(walk: _Walk, parameters: Mapping[str, str], ports: Ports) -> None:
    """The questions of ``authorization``, in its order; a page that would be shown is taken to be answered."""
    directory, now = walk.directory, ports.clock.now()
    parameters, pushed = await pushed_request.resolve(parameters, walk.issuer, now, ports)
    request = authorize_request.validate(parameters, directory, walk.issuer, pushed=pushed is not None)
    walk.client, walk.user = request.client, walk.named
    walk.delivered = "page" if stays_on_a_page(request.client, request.target) else "redirect"
    pages: list[Page] = []
    session, served = None, True
    if walk.named is not None:
        walk.note("assumed.session")
        theirs = [directory.connections.get(name) for name in walk.named.connections]
        usable = [one.name for one in theirs if one is not None and connection_serves(one, request.client)]
        served = bool(usable)
        session = _session(walk.named, usable[0] if usable else walk.named.connection, walk.issuer, now)
    _take(walk, authorize_decision.authentication(request, session, None, now, served=served), request, pages)
    if walk.named is None:
        walk.note("assumed.any_user")
    person = walk.named or _anybody(request.client, directory, request.connection)
    eligible_user(person, request.client, directory)
    standing = await ports.second_factors.standing(directory, person)
    wanted = authorize_decision.mfa_demand(request, directory, walk.issuer)
    if wanted is not None and wanted.weighs:
        wanted = msgspec.structs.replace(wanted, settled=CONFIDENT)
    listed = directory.settings.flags.mfa_show_factor_list_on_enrollment
    asked = authorize_decision.mfa(request, session, None, wanted, standing, remembered=False, listed=listed, now=now)
    _take(walk, asked, request, pages)
    await _plan(walk, request, person, pages, ports)
    seen = _transaction(walk.issuer, request, now) if pages else None
    asks = walk.confirms_callbacks
    _take(walk, authorize_decision.confirmation(request, seen, directory, asks_by_default=asks), request, pages)
    walk.shape = {
        "endpoint": "/authorize",
        "next": pages[0].value if pages else "issue",
        "pages": [page.value for page in pages],
        "response_type": " ".join(sorted(request.response_type)),
        "response_mode": request.response_mode,
        "redirect_uri": request.redirect_uri,
    }


async def _plan(walk: _Walk, request: AuthorizationRequest, person: User, pages: list[Page], ports: Ports) -> None:
    """The token, twice: once to know what consent is about, once with what consent leaves of it."""
    directory = walk.directory
    has_code = "code" in request.response_type
    walk.proof = authorization_proof(request, person, front=not has_code, pending=True)
    walk.plan = plan = token_policy.decide(walk.proof, directory, walk.issuer)
    remembered = None
    if walk.named is not None:
        remembered = await ports.consents.find(
            directory.tenant.id, walk.named.user_id, request.client.client_id, plan.audience
        )
    asked = authorize_decision.consent(request, plan, remembered, None)
    _take(walk, asked, request, pages)
    pending = isinstance(asked, Interact)
    consented = None
    if not pending and consent_is_for(plan, request.client):
        consented = remembered.scope if remembered is not None else ()
    front = "token" in request.response_type or not has_code
    walk.proof = authorization_proof(request, person, front=front, pending=pending, consented=consented)
    walk.plan = token_policy.decide(walk.proof, directory, walk.issuer)


def _take(
    walk: _Walk, outcome: authorize_decision.Interact | authorize_decision.Proceed, request: AuthorizationRequest,
    pages: list[Page],
) -> None:  # fmt: skip
    """Note what was decided about a page; where nothing may be shown, refuse as the endpoint does."""
    if isinstance(outcome, Interact):
        if request.is_silent:
            raise authorize_decision.silent_refusal(outcome)
        pages.append(outcome.step)
    (walk.before if walk.plan is None else walk.after).append(outcome.reason)


def _session(user: User, connection: str, issuer: Issuer, now: float) -> Session:
    return Session(
        sid=ASSUMED,
        cookie_hash=b"",
        host=issuer.host,
        user_id=user.user_id,
        connection=connection,
        authenticated_at=now,
        created_at=now,
        last_interacted_at=now,
        idle_lifetime=0,
        idle_expires_at=now,
        expires_at=now,
    )


def _transaction(issuer: Issuer, request: AuthorizationRequest, now: float) -> LoginTransaction:
    """A transaction in which a page was answered."""
    return LoginTransaction(
        id_hash=b"",
        browser_hash=b"",
        host=issuer.host,
        client_id=request.client.client_id,
        parameters={},
        created_at=now,
        expires_at=now,
        interacted=True,
    )


# ── the answer ─────────────────────────────────────────────────────────────────────────────────


def _made(walk: _Walk) -> Trace:
    plan, proof = walk.plan, walk.proof
    if plan is None or proof is None:
        raise LookupError("a request that was not refused has a plan")
    size = size_reason(plan, proof)
    reasons = [*walk.reasons, size]
    made: dict[str, Any] = dict(walk.shape)
    made |= decision(plan.reasons, proof.requested or ()) or {}
    made["kid"] = _kid(walk.directory, plan)
    made["bytes"] = size.value["bytes"]
    if "endpoint" in made and "response_type" in made:
        _fit_response_type(made)
    return Trace(made, None, _steps(walk, reasons, None))


def _fit_response_type(made: dict[str, Any]) -> None:
    """Only the ID token is asked for: there is no access token to speak of."""
    kinds = set(made["response_type"].split())
    made["access_token"] = bool(kinds & {"code", "token"})
    if "code" not in kinds:
        made["id_token"] = made["id_token"] and "id_token" in kinds


def _kid(directory: TenantDirectory, plan: TokenPlan) -> str | None:
    if plan.api is None or plan.api.is_symmetric:
        return None
    return current_key(directory).kid


def _refused(walk: _Walk, error: OAuthError) -> Trace:
    rule = refusal_rule(error)
    reasons = [*walk.reasons, *error.reasons]
    if not error.reasons:
        reasons.append(Reason(ALL_RULES[rule].field, rule, None, refused=True))
    elif not reasons[-1].refused:
        reasons[-1] = msgspec.structs.replace(reasons[-1], refused=True)
    body = error_body(error)
    body["delivered"] = walk.delivered
    body["code"] = rule
    return Trace(None, body, _steps(walk, reasons, error))


def _steps(walk: _Walk, reasons: Sequence[Reason], error: OAuthError | None) -> tuple[Step, ...]:
    """The reasons in words; a reason that refused, or took something away, says what to do about it."""
    api, asked = _api(walk, reasons), _asked(walk)
    steps = []
    for reason in reasons:
        plain = step(reason)
        facts = Facts(
            directory=walk.directory,
            issuer=walk.issuer,
            reason=reason,
            client=walk.client,
            user=walk.user,
            api=api,
            proof=walk.proof,
            error=error if reason.refused else None,
            asked=asked,
            redirect_uri=walk.parameters.get("redirect_uri"),
        )
        mended = fix(facts)
        because = Because(plain.because.code, plain.because.args, ALL_RULES[reason.rule].sentence)
        change = None
        if mended is not None:
            change, mended = mended.change, msgspec.structs.replace(mended, change=None)
        steps.append(msgspec.structs.replace(plain, because=because, change=change, fix=mended))
    return tuple(steps)


def _api(walk: _Walk, reasons: Sequence[Reason]) -> ResourceServer | None:
    for reason in reasons:
        if reason.field == "audience" and isinstance(reason.value, str):
            return walk.directory.resource_servers.get(reason.value)
    return None


def _asked(walk: _Walk) -> tuple[str, ...]:
    """The scopes asked for, whether or not the request got as far as a proof."""
    if walk.proof is not None:
        return walk.proof.requested or ()
    try:
        return parse_scope(walk.parameters.get("scope"))
    except InvalidScope:
        return ()
