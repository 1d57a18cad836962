"""The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2): from a request to an answer.

``begin`` takes the parameters, ``resume`` goes on after every page. Both ask the same questions in the
same order (sign-in, eligibility, second factor, policy, consent, confirmation) and end in a page to show
(``Interaction``) or in an answer for the client (``Answer``). What a page established is kept on the
server, in the ``LoginTransaction``; nothing that matters travels through the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from doorward.model.client import Client
from doorward.model.credential import AuthorizationCode
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import new_object_id
from doorward.model.login_assessment import AssessedLogin
from doorward.model.mfa import MULTI_FACTOR, Standing
from doorward.model.passkey import PasskeyState
from doorward.model.request_context import RequestContext
from doorward.model.session import Asked, ConsentGrant, LoginTransaction, Session, Step
from doorward.model.tenant import Issuer
from doorward.model.user import User
from doorward.oauth import authorize_decision, token_policy
from doorward.oauth.authorize_decision import Interact
from doorward.oauth.authorize_request import (
    AuthorizationError,
    AuthorizationRequest,
    PageError,
    ResponseTarget,
    validate,
)
from doorward.oauth.authorize_response import AuthorizationResponse, error_parameters, respond
from doorward.oauth.consent import consent_is_for
from doorward.oauth.eligibility import connection_serves, eligible_user
from doorward.oauth.errors import InvalidRequest, OAuthError
from doorward.oauth.log_events import protocol_event
from doorward.oauth.login_assessment import weighed
from doorward.oauth.mfa_policy import Challenge, Demand
from doorward.oauth.proof import Proof
from doorward.oauth.pushed_request import resolve
from doorward.oauth.scopes import join_scope
from doorward.oauth.token_issue import make_access_token, make_id_token
from doorward.oauth.token_policy import TokenPlan
from doorward.oauth.token_rules import Reason
from doorward.ports import Ports

TRANSACTION_LIFETIME = 3600.0
CODE_LIFETIME = 600.0
MAX_STATE_LENGTH = 256
MAX_WAY_ON = 8000  # what any proxy takes as an address


class Browser(Struct, frozen=True, kw_only=True):
    """The secrets a browser brought: its session cookie, the cookie its transactions are bound to, and the one by
    which it is believed to have proved a second factor."""

    session: str | None = None
    transaction: str | None = None
    remembered: str | None = None


class Interaction(Struct, frozen=True, kw_only=True):
    """Show the page ``transaction`` is at, whose handle is ``state``; ``browser_secret`` goes into the cookie."""

    transaction: LoginTransaction
    state: str
    browser_secret: str


class Answer(Struct, frozen=True, kw_only=True):
    """An answer for the client; ``session`` is the one it touched, whose cookie is to be renewed."""

    response: AuthorizationResponse
    session: Session | None = None


class TransactionGone(Exception):
    """There is nothing to go on with: a stale, foreign, expired or finished transaction.

    ``client`` is known where the transaction is; only then may the person be sent on to it. ``transaction`` is what it
    was, if this browser began it.
    """

    def __init__(self, reason: str, client: Client | None = None, transaction: LoginTransaction | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.client = client
        self.transaction = transaction

    @property
    def way_on(self) -> str:
        """Where the person can begin anew: the same request again, whose answer may have been lost. Empty where that
        cannot be: a pushed one is spent, and of a link there was none."""
        login = self.transaction
        if self.client is None or login is None or login.ticket is not None or login.pushed_request is not None:
            return ""
        return f"/authorize?{urlencode(login.parameters)}"

    @property
    def leads_on(self) -> bool:
        """Whether a request that comes now can be one that came twice, after the first had led all the way. What
        somebody decided on a page is not decided again, nor is who was turned away asked again."""
        login = self.transaction
        if self.reason != "finished" or login is None or login.authenticated_at is None:
            return False
        return login.step not in (Step.CONSENT, Step.CONFIRMATION) and 0 < len(self.way_on) <= MAX_WAY_ON


class _Visit(Struct, kw_only=True):
    """One request to the endpoint, and what it is about."""

    request: AuthorizationRequest
    directory: TenantDirectory
    issuer: Issuer
    context: RequestContext
    now: float
    browser: Browser
    session: Session | None
    pushed_request: bytes | None = None
    transaction: LoginTransaction | None = None
    state: str = ""
    reasons: tuple[Reason, ...] = ()
    user: User | None = None


class Authorization:
    """The endpoint's rules over the ports.

    ``confirms_callbacks``: whether loopback and custom-scheme callbacks are confirmed by the person where
    neither client nor tenant says.
    """

    def __init__(self, ports: Ports, *, confirms_callbacks: bool) -> None:
        self._ports = ports
        self._confirms_callbacks = confirms_callbacks

    async def begin(
        self, parameters: Mapping[str, str], browser: Browser, context: RequestContext, issuer: Issuer
    ) -> Interaction | Answer:
        """A new authorization request. Raises ``PageError`` for one whose client or redirect URI is not to be
        trusted."""
        ports = self._ports
        directory = ports.directory.tenant(issuer.tenant)
        now = ports.clock.now()
        try:
            parameters, pushed = await resolve(parameters, issuer, now, ports)
            request = validate(parameters, directory, issuer, pushed=pushed is not None)
        except PageError as error:
            ports.log.write(issuer.tenant, protocol_event("f", context, now, error=error.error))
            raise
        except AuthorizationError as error:
            silent = "none" in (parameters.get("prompt") or "").split()
            event = protocol_event("fsa" if silent else "f", context, now, client=error.client, error=error.error)
            ports.log.write(issuer.tenant, event)
            return _delivered(error.error, error.target, error.client, issuer, directory)
        return await self._proceed(
            _Visit(
                request=request,
                directory=directory,
                issuer=issuer,
                context=context,
                now=now,
                browser=browser,
                session=await self._session(browser, issuer, now),
                pushed_request=pushed,
            )
        )

    async def resume(
        self, state: str, browser: Browser, context: RequestContext, issuer: Issuer
    ) -> Interaction | Answer:
        """Go on after a page. Raises ``TransactionGone``, or ``PageError`` when the client changed meanwhile."""
        transaction = await self.find(state, browser, issuer)
        return await self._proceed(await self._visit(transaction, state, browser, context, issuer))

    async def find(self, state: str, browser: Browser, issuer: Issuer, *, by_ticket: bool = False) -> LoginTransaction:
        """The transaction behind ``state``, if this browser began it and it goes on: a login, or ``by_ticket`` one that
        began with a link, too. Raises ``TransactionGone``."""
        if not state or len(state) > MAX_STATE_LENGTH:
            raise TransactionGone("unknown")
        transaction = await self._ports.transactions.find(issuer.tenant, digest(state))
        if transaction is None or transaction.host != issuer.host or (transaction.ticket and not by_ticket):
            raise TransactionGone("unknown")
        if browser.transaction is None or digest(browser.transaction) != transaction.browser_hash:
            raise TransactionGone("other_browser")
        client = self._ports.directory.tenant(issuer.tenant).clients.get(transaction.client_id)
        if transaction.finished:
            raise TransactionGone("finished", client, transaction)
        if transaction.expires_at <= self._ports.clock.now():
            raise TransactionGone("expired", client, transaction)
        return transaction

    async def accept(self, transaction: LoginTransaction, tenant: str) -> None:
        """The person agreed on the consent or confirmation page. A second press changes nothing."""
        if transaction.step is Step.CONSENT:
            transaction = msgspec.structs.replace(transaction, consented=transaction.asked, interacted=True)
        elif transaction.step is Step.CONFIRMATION:
            transaction = msgspec.structs.replace(transaction, confirmed=True)
        else:
            return
        await self._ports.transactions.advance(tenant, transaction)

    async def refuse(
        self,
        error: OAuthError,
        transaction: LoginTransaction,
        state: str,
        browser: Browser,
        context: RequestContext,
        issuer: Issuer,
    ) -> Answer:
        """A page ended in a refusal (the person declined, or is blocked): the client is told, and the
        transaction is over."""
        return await self._refused(error, await self._visit(transaction, state, browser, context, issuer))

    # ── what came ──────────────────────────────────────────────────────────────────────────────

    async def _session(self, browser: Browser, issuer: Issuer, now: float) -> Session | None:
        if browser.session is None:
            return None
        session = await self._ports.sessions.find(issuer.tenant, digest(browser.session))
        return session if session is not None and session.is_live(issuer.host, now) else None

    async def _visit(
        self, transaction: LoginTransaction, state: str, browser: Browser, context: RequestContext, issuer: Issuer
    ) -> _Visit:
        """The request is validated anew: what it named may have changed since."""
        directory = self._ports.directory.tenant(issuer.tenant)
        now = self._ports.clock.now()
        try:
            pushed = transaction.pushed_request is not None
            request = validate(transaction.parameters, directory, issuer, pushed=pushed)
        except AuthorizationError as error:
            raise PageError(error.error, error.client) from None
        session = await self._session(browser, issuer, now)
        if session is None or session.sid != transaction.session_sid:
            # Somebody else signed in since: what the pages established is not theirs.
            transaction = msgspec.structs.replace(
                transaction,
                authenticated_at=None,
                mfa=None,
                mfa_at=None,
                passkey="",
                consented=None,
                confirmed=False,
                interacted=False,
            )
        return _Visit(
            request=request,
            directory=directory,
            issuer=issuer,
            context=context,
            now=now,
            browser=browser,
            session=session,
            pushed_request=transaction.pushed_request,
            transaction=transaction,
            state=state,
        )

    # ── the questions, in order ────────────────────────────────────────────────────────────────

    async def _proceed(self, visit: _Visit) -> Interaction | Answer:
        try:
            return await self._decide(visit)
        except OAuthError as error:
            return await self._refused(error, visit)

    async def _decide(self, visit: _Visit) -> Interaction | Answer:
        request, directory, session = visit.request, visit.directory, visit.session
        connection = directory.connections.get(session.connection) if session is not None else None
        served = connection is not None and connection_serves(connection, request.client)
        move = authorize_decision.authentication(request, session, visit.transaction, visit.now, served=served)
        visit.reasons = (move.reason,)
        if isinstance(move, Interact) or session is None:
            return await self._interact(visit, move)
        user = await self._ports.users.find(visit.issuer.tenant, session.user_id)
        if user is None:
            return await self._interact(visit, Interact(Step.LOGIN, Reason("login", "login.user_gone", True)))
        visit.user = eligible_user(user, request.client, directory)
        move = await self._second_factor(visit, session, user)
        visit.reasons += (move.reason,)
        if isinstance(move, Interact):
            return await self._interact(visit, move)
        offered = await self._passkey(visit, session, user)
        if offered is not None:
            visit.reasons += (offered.reason,)
            if isinstance(offered, Interact):
                return await self._interact(visit, offered)

        pending = _proof(visit, session, front=request.response_type.isdisjoint({"code"}), pending=True)
        plan = token_policy.decide(pending, directory, visit.issuer)
        remembered = await self._remembered_consent(visit, user, plan)
        move = authorize_decision.consent(request, plan, remembered, visit.transaction)
        visit.reasons += (move.reason,)
        if isinstance(move, Interact):
            return await self._interact(visit, move, plan)
        move = authorize_decision.confirmation(
            request, visit.transaction, directory, asks_by_default=self._confirms_callbacks
        )
        visit.reasons += (move.reason,)
        if isinstance(move, Interact):
            return await self._interact(visit, move)
        return await self._issue(visit, session, user, plan, remembered)

    async def _second_factor(
        self, visit: _Visit, session: Session, user: User
    ) -> Interact | authorize_decision.Proceed:
        """What somebody has is looked up only where a second factor is wanted."""
        directory, request, ports = visit.directory, visit.request, self._ports
        wanted, standing, remembered = (
            authorize_decision.mfa_demand(request, directory, visit.issuer),
            Standing(),
            False,
        )
        if wanted is not None and wanted.weighs:
            wanted = await self._weighed(wanted, visit, session, user)
        if wanted is not None and wanted.settled is None:
            standing = await ports.second_factors.standing(directory, user)
            if visit.browser.remembered is not None:
                browser = digest(visit.browser.remembered)
                remembered = await ports.remembered_browsers.knows(
                    visit.issuer.tenant, user.user_id, browser, at=visit.now
                )
        listed = directory.settings.flags.mfa_show_factor_list_on_enrollment
        return authorize_decision.mfa(
            request, session, visit.transaction, wanted, standing, remembered=remembered, listed=listed, now=visit.now
        )

    async def _weighed(self, wanted: Demand, visit: _Visit, session: Session, user: User) -> Demand:
        """Nothing is asked about whoever proved a second factor already."""
        proved_now = visit.transaction is not None and visit.transaction.mfa_at is not None
        if proved_now or wanted.is_met(session.mfa_at, visit.now):
            return wanted
        login = AssessedLogin(
            user=user, client=visit.request.client, context=visit.context, at=visit.now, session=session
        )
        return await weighed(wanted, visit.directory, login, self._ports.login_assessor)

    async def _remembered_consent(self, visit: _Visit, user: User, plan: TokenPlan) -> ConsentGrant | None:
        """Consent given before is looked up only where the tokens rest on it, or where more was just given."""
        client, transaction = visit.request.client, visit.transaction
        given = transaction is not None and transaction.consented is not None
        if not given and not consent_is_for(plan, client):
            return None
        return await self._ports.consents.find(visit.issuer.tenant, user.user_id, client.client_id, plan.audience)

    async def _passkey(
        self, visit: _Visit, session: Session, user: User
    ) -> Interact | authorize_decision.Proceed | None:
        """A passkey is offered after a sign-in of this very transaction, in a browser that can have one."""
        transaction = visit.transaction
        if transaction is None or not transaction.passkey or transaction.authenticated_at is None:
            return None
        connection = visit.directory.connections.get(session.connection)
        state = PasskeyState.UNAVAILABLE
        if connection is not None:
            state = await self._ports.passkeys.state(visit.directory, connection, user, visit.issuer.host)
        return authorize_decision.passkey(transaction.passkey, connection, state)

    async def _interact(
        self, visit: _Visit, move: Interact | authorize_decision.Proceed, plan: TokenPlan | None = None
    ) -> Interaction:
        """Show a page, or refuse where none may be shown."""
        page = move if isinstance(move, Interact) else Interact(Step.LOGIN, move.reason)
        step = page.step
        if visit.request.is_silent:
            raise authorize_decision.silent_refusal(page)
        ports, tenant = self._ports, visit.issuer.tenant
        shown: dict[str, Any] = {"step": step}
        if step in (Step.LOGIN, Step.SIGNUP):
            shown["authenticated_at"] = None  # whatever was proved is not enough any more
        if visit.session is not None and step in (Step.MFA, Step.PASSKEY, Step.CONSENT, Step.CONFIRMATION):
            shown["session_sid"] = visit.session.sid
        if page.challenge is not None:
            shown |= _asked_factor(visit.transaction, page.challenge)
        if plan is not None:
            shown |= {"asked": plan.scope, "asked_audience": plan.audience, "consented": None}
        secret = visit.browser.transaction
        if visit.transaction is not None and secret is not None:
            shown["trail"] = visit.transaction.asked_for(step, page.reason.rule, visit.now)
            moved = msgspec.structs.replace(visit.transaction, **shown)
            if moved != visit.transaction and not await ports.transactions.advance(tenant, moved):
                moved = await self.find(visit.state, visit.browser, visit.issuer)
            return Interaction(transaction=moved, state=visit.state, browser_secret=secret)
        state, secret = ports.entropy.token(32), secret or ports.entropy.token(32)
        transaction = LoginTransaction(
            id_hash=digest(state),
            browser_hash=digest(secret),
            host=visit.issuer.host,
            client_id=visit.request.client.client_id,
            parameters=dict(visit.request.parameters),
            created_at=visit.now,
            expires_at=visit.now + TRANSACTION_LIFETIME,
            pushed_request=visit.pushed_request,
            trail=(Asked(step, page.reason.rule, visit.now),),
            **shown,
        )
        await ports.transactions.start(tenant, transaction)
        return Interaction(transaction=transaction, state=state, browser_secret=secret)

    # ── the answer ─────────────────────────────────────────────────────────────────────────────

    async def _issue(
        self, visit: _Visit, session: Session, user: User, plan: TokenPlan, remembered: ConsentGrant | None
    ) -> Interaction | Answer:
        """Code and front-channel tokens, with everything they rest on, in one write."""
        ports, request, directory, issuer = self._ports, visit.request, visit.directory, visit.issuer
        given = visit.transaction.consented if visit.transaction is not None else None
        consented: tuple[str, ...] | None = None
        if given is not None or consent_is_for(plan, request.client):
            consented = tuple(dict.fromkeys((remembered.scope if remembered is not None else ()) + (given or ())))
        now = int(visit.now)
        parameters: dict[str, str] = {}
        code_value: str | None = None
        code: AuthorizationCode | None = None
        if "code" in request.response_type:
            code_value = ports.entropy.token(32)
            code = _code(visit, session, user, code_value, consented)
            parameters["code"] = code_value
        access_token: str | None = None
        if request.response_type & {"token", "id_token"}:
            proof = _proof(visit, session, front=True, consented=consented)
            front = token_policy.decide(proof, directory, issuer)
            if "token" in request.response_type:
                access_token = await make_access_token(front, proof, directory, ports, now=now)
                parameters |= {"access_token": access_token, "expires_in": str(front.lifetime), "token_type": "Bearer"}
                if front.scope:
                    parameters["scope"] = join_scope(front.scope)
                plan = front
            if "id_token" in request.response_type:
                id_token = await make_id_token(
                    front, proof, directory, ports, now=now, access_token=access_token, code=code_value
                )
                parameters["id_token"] = id_token or ""
        if visit.pushed_request is not None and not await ports.pushed_requests.spend(
            issuer.tenant, visit.pushed_request, at=visit.now
        ):
            if visit.transaction is not None:  # by a twin of this answer, which is not to be ended with it
                raise TransactionGone("finished", request.client, visit.transaction)
            raise InvalidRequest("The request_uri was used before")
        touched = session.touched(directory.settings, visit.now, request.client.client_id, visit.context)
        event = protocol_event(
            "ssa" if request.is_silent else "s",
            visit.context,
            visit.now,
            client=request.client,
            user=user,
            directory=visit.directory,
            reasons=visit.reasons + plan.reasons,
            audience=plan.audience,
            scope=join_scope(plan.scope),
            details={"session_id": session.sid, **_prompts(visit)},
        )
        consent = None
        if given is not None:
            consent = ConsentGrant(
                id=new_object_id(ports.entropy),
                user_id=user.user_id,
                client_id=request.client.client_id,
                audience=plan.audience,
                scope=given,
            )
        issued = await ports.codes.issue(
            issuer.tenant,
            code,
            session=touched,
            consent=consent,
            transaction=visit.transaction.id_hash if visit.transaction is not None else None,
            events=(event,),
        )
        if not issued:
            if visit.transaction is None or await self._session(visit.browser, issuer, visit.now) is None:
                # The session was ended while the code was made: there is nobody signed in any more.
                visit.session = None
                return await self._decide(visit)
            raise TransactionGone("finished", request.client, visit.transaction)
        return Answer(response=respond(request.target, parameters, issuer, directory), session=touched)

    async def _refused(self, error: OAuthError, visit: _Visit) -> Answer:
        """Tell the client no; a transaction ends with that."""
        request, tenant = visit.request, visit.issuer.tenant
        error.reasons = visit.reasons + tuple(r for r in error.reasons if r not in visit.reasons)
        event = protocol_event(
            "fsa" if request.is_silent else "f",
            visit.context,
            visit.now,
            client=request.client,
            user=visit.user,
            directory=visit.directory,
            error=error,
            details=_prompts(visit),
        )
        if visit.transaction is None:
            self._ports.log.write(tenant, event)
        elif not await self._ports.codes.issue(
            tenant, None, session=None, consent=None, transaction=visit.transaction.id_hash, events=(event,)
        ):
            raise TransactionGone("finished", request.client, visit.transaction)
        return _delivered(error, request.target, request.client, visit.issuer, visit.directory)


def _asked_factor(transaction: LoginTransaction | None, challenge: Challenge) -> dict[str, Any]:
    """The transaction where a second factor begins; one that is under way and still possible goes on."""
    before = transaction.mfa if transaction is not None and transaction.step is Step.MFA else None
    if before is not None and before.enrolls == challenge.enrolls and before.factors == challenge.factors:
        return {}
    return {"mfa": challenge.progress, "at": challenge.screen}


def _prompts(visit: _Visit) -> dict[str, Any]:
    """What the log tells of the pages that were shown: in what order, why, and for how long (milliseconds)."""
    if visit.transaction is None:
        return {}
    return {
        "prompts": [
            {
                "name": asked.step.value,
                "reason": asked.rule,
                "initiatedAt": int(asked.at * 1000),
                "completedAt": int((asked.done_at or visit.now) * 1000),
                "elapsedTime": int(((asked.done_at or visit.now) - asked.at) * 1000),
                **({"performed_amr": list(asked.amr)} if asked.amr else {}),
            }
            for asked in visit.transaction.trail
        ]
    }


def _delivered(
    error: OAuthError, target: ResponseTarget, client: Client, issuer: Issuer, directory: TenantDirectory
) -> Answer:
    """Raises ``PageError`` for a strict third-party client that is protected against open redirects."""
    if stays_on_a_page(client, target):
        raise PageError(error, client)
    return Answer(response=respond(target, error_parameters(error), issuer, directory))


def stays_on_a_page(client: Client, target: ResponseTarget) -> bool:
    """Whether refusals are shown to the person instead of being sent to the client."""
    protected = client.is_strict_third_party and client.redirection_policy == "open_redirect_protection"
    return protected and target.response_mode != "web_message"


def _proof(
    visit: _Visit,
    session: Session,
    *,
    front: bool,
    pending: bool = False,
    consented: tuple[str, ...] | None = None,
) -> Proof:
    proof = authorization_proof(visit.request, visit.user, front=front, pending=pending, consented=consented)
    return msgspec.structs.replace(
        proof,
        session_sid=session.sid,
        auth_time=_auth_time(visit, session),
        amr=_amr(visit),
        acr=_acr(visit),
        login_at=session.authenticated_at,
        mfa_at=_mfa_at(visit, session),
    )


def authorization_proof(
    request: AuthorizationRequest,
    user: User | None,
    *,
    front: bool,
    pending: bool = False,
    consented: tuple[str, ...] | None = None,
) -> Proof:
    """What an authorization request establishes for ``user``: for its own answer (``front``), or for the code's."""
    return Proof(
        grant_type="implicit" if front else "authorization_code",
        client=request.client,
        user=user,
        audience=request.audience,
        resource=request.resource,
        requested=request.scope or None,
        consented=consented,
        consent_pending=pending,
        at_authorize=True,
        front_channel=front,
        nonce=request.nonce,
    )


def _auth_time(visit: _Visit, session: Session) -> int | None:
    """``auth_time`` is told to those who asked about it (OpenID Connect Core §2); whoever asked for a second factor is
    told when that one was proved."""
    request = visit.request
    if _acr(visit) is not None and visit.transaction is not None and visit.transaction.mfa_at is not None:
        return int(visit.transaction.mfa_at)
    return int(session.authenticated_at) if request.max_age is not None or "login" in request.prompt else None


def _mfa_at(visit: _Visit, session: Session) -> float | None:
    """When a second factor was last proved."""
    return (visit.transaction.mfa_at if visit.transaction is not None else None) or session.mfa_at


def _amr(visit: _Visit) -> tuple[str, ...]:
    """``amr`` tells what was proved for this very request (RFC 8176 §2); not what a session remembers."""
    return ("mfa",) if visit.transaction is not None and visit.transaction.mfa_at is not None else ()


def _acr(visit: _Visit) -> str | None:
    """The ``acr`` that was asked for, where it was reached (OpenID Connect Core §2)."""
    return MULTI_FACTOR if _amr(visit) and MULTI_FACTOR in visit.request.acr_values else None


def _code(
    visit: _Visit, session: Session, user: User, value: str, consented: tuple[str, ...] | None
) -> AuthorizationCode:
    request = visit.request
    granted: dict[str, Any] = {"requested": request.scope, "sid": session.sid}
    for name, known in (
        ("audience", request.audience),
        ("resource", request.resource),
        ("nonce", request.nonce),
        ("auth_time", _auth_time(visit, session)),
        ("amr", _amr(visit) or None),
        ("acr", _acr(visit)),
        ("consented", consented),
        ("login_at", session.authenticated_at),
        ("mfa_at", _mfa_at(visit, session)),
    ):
        if known is not None:
            granted[name] = known
    return AuthorizationCode(
        code_hash=digest(value),
        client_id=request.client.client_id,
        user_id=user.user_id,
        host=visit.issuer.host,
        redirect_uri=request.redirect_uri,
        redirect_uri_given=request.redirect_uri_given,
        expires_at=visit.now + CODE_LIFETIME,
        created_at=visit.now,
        granted=granted,
        code_challenge=request.code_challenge,
        code_challenge_method=request.code_challenge_method,
    )
