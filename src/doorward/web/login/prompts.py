"""The handlers behind the pages: each reads one form, moves the transaction, and leads on.

No page decides what follows it: a finished one leads to ``/authorize/resume``, and a form that comes
for a step that is over leads to the step that is current.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from doorward.identity.password_policy import PasswordVerdict, judge
from doorward.identity.sign_in import HostedSignIn
from doorward.identity.signup import EMAIL, Signup, SignupError, SignupForm, SignupRefused
from doorward.model.authentication import Denial
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.session import LoginTransaction, Step
from doorward.model.user import User
from doorward.oauth.authorization import Answer, Authorization, Interaction, TransactionGone
from doorward.oauth.authorize_request import PageError
from doorward.oauth.eligibility import serving_databases
from doorward.oauth.errors import AccessDenied, InvalidRequest, OAuthError, TooManyRequests
from doorward.ports import Overloaded, Ports
from doorward.web.login import pages
from doorward.web.login.pages import FieldError, Identifier, PasswordRule, TransactionPage
from doorward.web.login.presenter import Presenter
from doorward.web.wire.cookies import browser, session_cookies
from doorward.web.wire.http import Headers, Request, Response, redirect
from doorward.web.wire.parameters import body_parameters, query_parameters
from doorward.web.wire.same_origin import is_same_origin

MAX_IDENTIFIER = 320
Finish = Callable[[Request, Interaction | Answer], Response]


def path_of(step: Step, state: str, directory: TenantDirectory) -> str:
    """The page of a step, by the tenant's way to log in."""
    first = directory.asks_identifier_first
    path = {
        Step.LOGIN: pages.LOGIN_ID if first else pages.LOGIN,
        Step.SIGNUP: pages.SIGNUP_ID if first else pages.SIGNUP,
        Step.CONSENT: pages.CONSENT,
        Step.CONFIRMATION: pages.LOGIN_CONFIRMATION,
    }[step]
    return f"{path}?state={quote(state, safe='')}"


class Visit(Struct, frozen=True, kw_only=True):
    """One request to a page: its transaction, and what the pages are about."""

    request: Request
    state: str
    transaction: LoginTransaction
    directory: TenantDirectory
    client: Client
    connections: tuple[Connection, ...]
    form: Mapping[str, str]

    @property
    def tenant(self) -> str:
        return self.directory.tenant.id

    @property
    def redirect_uri(self) -> str:
        return self.transaction.parameters.get("redirect_uri") or next(iter(self.client.callbacks), "")

    @property
    def receiver(self) -> str:
        """Where the browser goes in the end, as people may judge it: a host, or an application's scheme."""
        parts = urlsplit(self.redirect_uri)
        return parts.netloc or f"{parts.scheme}:"

    @property
    def identifier(self) -> Identifier:
        wants_username = any(connection.requires_username for connection in self.connections)
        return Identifier.USERNAME_OR_EMAIL if wants_username else Identifier.EMAIL

    @property
    def signup_connection(self) -> Connection | None:
        return next((connection for connection in self.connections if connection.allows_signup), None)

    @property
    def username(self) -> str:
        """What was typed so far, or what the application suggests."""
        return self.transaction.username or self.transaction.parameters.get("login_hint", "")[:MAX_IDENTIFIER]

    def on(self, path: str) -> Response:
        return redirect(f"{path}?state={quote(self.state, safe='')}")

    @property
    def resumed(self) -> Response:
        return self.on("/authorize/resume")

    @property
    def current(self) -> Response:
        """The page this transaction is at."""
        return redirect(path_of(self.transaction.step, self.state, self.directory))


Prompt = Callable[[Visit], Awaitable[Response]]


class PromptHandlers:
    """Login, signup, consent and confirmation. ``finish`` turns an answer into a response."""

    def __init__(
        self,
        ports: Ports,
        authorization: Authorization,
        sign_in: HostedSignIn,
        registrar: Signup,
        presenter: Presenter,
        finish: Finish,
    ) -> None:
        self._ports = ports
        self._authorization = authorization
        self._sign_in = sign_in
        self._registrar = registrar
        self._presenter = presenter
        self._finish = finish

    # ── what every page does ───────────────────────────────────────────────────────────────────

    def handler(self, prompt: Prompt, *steps: Step) -> Callable[[Request], Awaitable[Response]]:
        """A page for ``steps``; at another step its address leads to the page of that step."""

        async def handle(request: Request) -> Response:
            try:
                visit = await self._visit(request)
                if visit.transaction.step not in steps:
                    return visit.current
                return await prompt(visit)
            except TransactionGone as gone:
                return self._presenter.gone(request, gone)
            except PageError as error:
                return self._presenter.error(request, error.error)
            except OAuthError as error:
                return self._presenter.error(request, error)
            except Overloaded as overloaded:
                busy = self._presenter.error(request, TooManyRequests("Too many requests at once; try again soon"))
                return busy.with_headers(("retry-after", str(overloaded.retry_after)))

        return handle

    async def _visit(self, request: Request) -> Visit:
        state = query_parameters(request).get("state", "")
        form: Mapping[str, str] = {}
        if request.method == "POST":
            if not is_same_origin(request):
                raise InvalidRequest("The form did not come from this page", status=403)
            form = body_parameters(request, allow_json=False)
            if form.get("state", state) != state:
                raise InvalidRequest("The form belongs to another login")
        transaction = await self._authorization.find(state, browser(request), request.issuer)
        directory = self._ports.directory.tenant(request.issuer.tenant)
        client = directory.clients.get(transaction.client_id)
        if client is None:
            raise TransactionGone("unknown")
        connections = serving_databases(client, directory, transaction.parameters.get("connection"))
        return Visit(
            request=request,
            state=state,
            transaction=transaction,
            directory=directory,
            client=client,
            connections=connections,
            form=form,
        )

    def _show(self, visit: Visit, page: TransactionPage) -> Response:
        return self._presenter.render(visit.request, page, visit.transaction.parameters.get("ui_locales", ""))

    async def _remember(self, visit: Visit, *, username: str, alias: str | None = None) -> None:
        """Keep what was typed; when another tab was first, what it typed stands."""
        moved = msgspec.structs.replace(visit.transaction, username=username, alias=alias)
        await self._ports.transactions.advance(visit.tenant, moved)

    async def _signed_in(self, visit: Visit, user: User, connection: str) -> Response:
        secret = browser(visit.request).session
        signed_in = await self._sign_in.begin_session(
            visit.directory, visit.transaction, user, connection, visit.request.context, secret
        )
        cookies: Headers = ()
        if signed_in is not None:
            cookies = session_cookies(signed_in.session, signed_in.cookie)
        return visit.resumed.with_headers(*cookies)

    # ── login ──────────────────────────────────────────────────────────────────────────────────

    async def login(self, visit: Visit) -> Response:
        """Identifier and password on one page."""
        if visit.request.method != "POST":
            return visit.current if visit.directory.asks_identifier_first else self._login_page(visit)
        return await self._try_password(visit, visit.form.get("username", ""), self._login_page)

    def _login_page(self, visit: Visit, *errors: FieldError, status: int | None = None) -> Response:
        return self._show(
            visit,
            pages.LoginPage(
                state=visit.state,
                redirect_uri=visit.redirect_uri,
                client_name=visit.client.name,
                identifier=visit.identifier,
                username=visit.form.get("username", visit.username),
                signup_allowed=visit.signup_connection is not None,
                errors=errors or _without_database(visit),
                status=status,
            ),
        )

    async def login_identifier(self, visit: Visit) -> Response:
        """The identifier, first of two pages."""
        if visit.request.method != "POST":
            return self._identifier_page(visit) if visit.directory.asks_identifier_first else visit.current
        username = visit.form.get("username", "").strip()
        if not username:
            return self._identifier_page(visit, FieldError("username", _missing(visit.identifier)))
        if len(username) > MAX_IDENTIFIER:
            return self._identifier_page(visit, FieldError("username", "invalid-login-id"))
        if not visit.connections:
            return self._identifier_page(visit, FieldError("", "no-db-connection"))
        await self._remember(visit, username=username)
        return visit.on(pages.LOGIN_PASSWORD)

    def _identifier_page(self, visit: Visit, *errors: FieldError) -> Response:
        return self._show(
            visit,
            pages.LoginIdPage(
                state=visit.state,
                redirect_uri=visit.redirect_uri,
                client_name=visit.client.name,
                identifier=visit.identifier,
                username=visit.form.get("username", visit.username)[:MAX_IDENTIFIER],
                signup_allowed=visit.signup_connection is not None,
                errors=errors or _without_database(visit),
            ),
        )

    async def login_password(self, visit: Visit) -> Response:
        """The password, second of two pages."""
        username = visit.form.get("username") or visit.transaction.username or ""
        if not username:
            return visit.on(pages.LOGIN_ID)
        if visit.request.method != "POST":
            return self._password_page(visit)
        return await self._try_password(visit, username, self._password_page)

    def _password_page(self, visit: Visit, *errors: FieldError, status: int | None = None) -> Response:
        return self._show(
            visit,
            pages.LoginPasswordPage(
                state=visit.state,
                redirect_uri=visit.redirect_uri,
                client_name=visit.client.name,
                username=visit.form.get("username") or visit.transaction.username or "",
                identifier=visit.identifier,
                signup_allowed=visit.signup_connection is not None,
                errors=errors,
                status=status,
            ),
        )

    async def _try_password(self, visit: Visit, username: str, page: Callable[..., Response]) -> Response:
        username, password = username.strip(), visit.form.get("password", "")
        errors = []
        if not username:
            errors.append(FieldError("username", _missing(visit.identifier)))
        if not password:
            errors.append(FieldError("password", "no-password"))
        if errors:
            return page(visit, *errors)
        if not visit.connections:
            return page(visit, FieldError("", "no-db-connection"))
        outcome = await self._sign_in.with_password(
            visit.directory, visit.connections, username, password, visit.request.context
        )
        if outcome.user is not None and outcome.connection is not None:
            return await self._signed_in(visit, outcome.user, outcome.connection)
        if outcome.denial is Denial.USER_BLOCKED:
            return await self._refuse(visit, AccessDenied("user is blocked"))
        if outcome.denial is Denial.TOO_MANY_ATTEMPTS:
            return page(visit, FieldError("", "user-blocked"), status=429)
        return page(visit, FieldError("password", visit.identifier.wrong_credentials))

    async def _refuse(self, visit: Visit, error: OAuthError) -> Response:
        request = visit.request
        answer = await self._authorization.refuse(
            error, visit.transaction, visit.state, browser(request), request.context, request.issuer
        )
        return self._finish(request, answer)

    # ── signup ─────────────────────────────────────────────────────────────────────────────────

    async def signup(self, visit: Visit) -> Response:
        """Everything for a new account on one page."""
        if visit.request.method != "POST":
            return visit.on(pages.SIGNUP_ID) if visit.directory.asks_identifier_first else self._signup_page(visit)
        return await self._register(
            visit, visit.form.get("email", ""), visit.form.get("username", ""), self._signup_page
        )

    def _signup_page(self, visit: Visit, *errors: FieldError, verdict: PasswordVerdict | None = None) -> Response:
        connection = visit.signup_connection
        return self._show(
            visit,
            pages.SignupPage(
                state=visit.state,
                redirect_uri=visit.redirect_uri,
                client_name=visit.client.name,
                email=visit.form.get("email", visit.username if "@" in visit.username else ""),
                username=visit.form.get("username", ""),
                username_required=connection is not None and connection.requires_username,
                password_rules=_rules(connection, verdict),
                errors=errors,
            ),
        )

    async def signup_identifier(self, visit: Visit) -> Response:
        """Who the new account is for, first of two pages."""
        connection = visit.signup_connection
        if visit.request.method != "POST":
            return (
                self._signup_identifier_page(visit) if visit.directory.asks_identifier_first else visit.on(pages.SIGNUP)
            )
        email, username = visit.form.get("email", "").strip(), visit.form.get("username", "").strip()
        if not email:
            return self._signup_identifier_page(visit, FieldError("email", SignupError.NO_EMAIL.value))
        if len(email) > MAX_IDENTIFIER or not EMAIL.fullmatch(email):
            return self._signup_identifier_page(visit, FieldError("email", SignupError.INVALID_EMAIL.value))
        if connection is not None and connection.requires_username and not username:
            return self._signup_identifier_page(visit, FieldError("username", SignupError.NO_USERNAME.value))
        await self._remember(visit, username=email, alias=username[:MAX_IDENTIFIER] or None)
        return visit.on(pages.SIGNUP_PASSWORD)

    def _signup_identifier_page(self, visit: Visit, *errors: FieldError) -> Response:
        connection = visit.signup_connection
        return self._show(
            visit,
            pages.SignupIdPage(
                state=visit.state,
                redirect_uri=visit.redirect_uri,
                client_name=visit.client.name,
                email=visit.form.get("email", visit.username if "@" in visit.username else "")[:MAX_IDENTIFIER],
                username=visit.form.get("username", visit.transaction.alias or "")[:MAX_IDENTIFIER],
                username_required=connection is not None and connection.requires_username,
                errors=errors,
            ),
        )

    async def signup_password(self, visit: Visit) -> Response:
        """The password of the new account, second of two pages."""
        email = visit.form.get("email") or visit.transaction.username or ""
        if not email:
            return visit.on(pages.SIGNUP_ID)
        if visit.request.method != "POST":
            return self._signup_password_page(visit)
        alias = visit.form.get("username") or visit.transaction.alias or ""
        return await self._register(visit, email, alias, self._signup_password_page)

    def _signup_password_page(
        self, visit: Visit, *errors: FieldError, verdict: PasswordVerdict | None = None
    ) -> Response:
        return self._show(
            visit,
            pages.SignupPasswordPage(
                state=visit.state,
                redirect_uri=visit.redirect_uri,
                client_name=visit.client.name,
                email=visit.form.get("email") or visit.transaction.username or "",
                username=visit.form.get("username") or visit.transaction.alias or "",
                password_rules=_rules(visit.signup_connection, verdict),
                errors=errors,
            ),
        )

    async def _register(self, visit: Visit, email: str, username: str, page: Callable[..., Response]) -> Response:
        connection = visit.signup_connection
        if connection is None:
            raise AccessDenied("Signup is disabled", hint="No database of this client allows signup.")
        form = SignupForm(email=email, username=username, password=visit.form.get("password", ""))
        try:
            user = await self._registrar.register(visit.tenant, connection, form, visit.client, visit.request.context)
        except SignupRefused as refused:
            return page(visit, FieldError(refused.field, refused.error.value), verdict=refused.verdict)
        return await self._signed_in(visit, user, user.connection)

    # ── consent and confirmation ───────────────────────────────────────────────────────────────

    async def consent(self, visit: Visit) -> Response:
        """What the application asks for, and yes or no."""
        user = await self._signed_in_user(visit)
        if user is None:
            return visit.resumed
        if visit.request.method == "POST":
            return await self._decided(visit) or self._consent_page(visit, user, FieldError("", "invalid-action"))
        return self._consent_page(visit, user)

    def _consent_page(self, visit: Visit, user: User, *errors: FieldError) -> Response:
        transaction = visit.transaction
        api = visit.directory.resource_servers.get(transaction.asked_audience)
        described = {scope.value: scope.description for scope in api.scopes} if api is not None else {}
        tells = visit.directory.settings.flags.use_scope_descriptions_for_consent
        return self._show(
            visit,
            pages.ConsentPage(
                state=visit.state,
                redirect_uri=visit.redirect_uri,
                client_name=visit.client.name,
                user_name=_shown_name(user),
                scopes=tuple(
                    pages.ConsentScope(scope, (described.get(scope) or "") if tells else "")
                    for scope in transaction.asked
                ),
                audience=transaction.asked_audience if api is not None else "",
                audience_name=(api.name or api.identifier) if api is not None else "",
                receiver=visit.receiver,
                errors=errors,
            ),
        )

    async def confirmation(self, visit: Visit) -> Response:
        """Is it you who opened this application?"""
        user = await self._signed_in_user(visit)
        if user is None:
            return visit.resumed
        errors: tuple[FieldError, ...] = ()
        if visit.request.method == "POST":
            decided = await self._decided(visit)
            if decided is not None:
                return decided
            errors = (FieldError("", "invalid-action"),)
        return self._show(
            visit,
            pages.LoginConfirmationPage(
                state=visit.state,
                redirect_uri=visit.redirect_uri,
                client_name=visit.client.name,
                user_name=_shown_name(user),
                receiver=visit.redirect_uri,
                errors=errors,
            ),
        )

    async def _decided(self, visit: Visit) -> Response | None:
        action = visit.form.get("action")
        if action == "accept":
            await self._authorization.accept(visit.transaction, visit.tenant)
            return visit.resumed
        if action == "deny":
            return await self._refuse(visit, AccessDenied("User did not authorize the request"))
        return None

    async def _signed_in_user(self, visit: Visit) -> User | None:
        """Whom the page is shown to; ``None`` when somebody else is signed in by now."""
        secret = browser(visit.request).session
        session = await self._ports.sessions.find(visit.tenant, digest(secret)) if secret is not None else None
        if session is None or session.sid != visit.transaction.session_sid:
            return None
        return await self._ports.users.find(visit.tenant, session.user_id)


def _without_database(visit: Visit) -> tuple[FieldError, ...]:
    return () if visit.connections else (FieldError("", "no-db-connection"),)


def _missing(identifier: Identifier) -> str:
    return "no-email" if identifier is Identifier.EMAIL else "no-username"


def _shown_name(user: User) -> str:
    return user.email or str(user.profile.get("name") or user.user_id)


def _rules(connection: Connection | None, verdict: PasswordVerdict | None) -> tuple[PasswordRule, ...]:
    """The connection's password rules, with what is met once a password was judged."""
    if connection is None:
        return ()
    judged = verdict is not None
    rules = (verdict or judge("", connection)).rules
    return tuple(
        PasswordRule(
            rule["code"],
            count=rule.get("format", (0,))[0],
            items=tuple(
                PasswordRule(item["code"], met=item["verified"] if judged else None) for item in rule.get("items", ())
            ),
            met=rule["verified"] if judged else None,
        )
        for rule in rules
    )
