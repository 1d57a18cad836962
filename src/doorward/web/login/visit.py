"""One request to a page of a login: what it is about, and the ways a page can go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from doorward.identity.captcha import FIELD, PAUSE, CaptchaRefused
from doorward.identity.claimant import Claimant, of_browser
from doorward.identity.email_verification import needs_verification
from doorward.identity.log_events import person_event
from doorward.identity.one_time_codes import TooManyCodes
from doorward.identity.people import People
from doorward.identity.sign_in import HostedSignIn, SignedIn, cookie_after
from doorward.model.bot_detection import Flow
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import normalise_email
from doorward.model.mfa import MfaProgress
from doorward.model.session import LoginTransaction, Session, Step
from doorward.model.ticket import OpenedTicket, Ticket
from doorward.model.user import User
from doorward.oauth.authorization import Answer, Authorization, Interaction
from doorward.oauth.errors import OAuthError
from doorward.ports import Ports
from doorward.web.login import screens
from doorward.web.login.captcha import captcha_of
from doorward.web.login.ladder import asks_identifier_first, code_connections, screen_of, shown_for
from doorward.web.login.pages import Captcha, FieldError, FormPage, Page
from doorward.web.login.presenter import Presenter
from doorward.web.login.screens import Identifier, Screen
from doorward.web.wire.cookies import browser, session_cookies
from doorward.web.wire.http import Request, Response, redirect

MAX_IDENTIFIER = 320
# How often, and how many seconds apart, it is looked for what a form does that came a moment before.
LOOKS, BETWEEN_LOOKS = 20, 0.05
# How long after a login its cookie is brought again to who brings the same code.
SAME_FORM_SECONDS = 60.0
MAX_LANGUAGE = 35  # RFC 5646, section 4.4.1


class UniversalLogin(Struct, frozen=True, kw_only=True):
    """What the pages work with. ``finish`` turns an answer into a response."""

    ports: Ports
    authorization: Authorization
    sign_in: HostedSignIn
    people: People
    presenter: Presenter
    finish: Callable[[Request, Interaction | Answer], Response]


class PageRequest(Struct, frozen=True, kw_only=True):
    """One request to a page, with the form that came, if one did; one that is ``refused`` is only shown again."""

    login: UniversalLogin
    request: Request
    directory: TenantDirectory
    form: Mapping[str, str]
    refused: bool = False

    @property
    def tenant(self) -> str:
        return self.directory.tenant.id

    @property
    def is_post(self) -> bool:
        return self.request.method == "POST" and not self.refused

    @property
    def action(self) -> str:
        """Which button sent the form."""
        return self.form.get("action") or "default"

    def judged(self, page: Page) -> Page:
        """The page, that says of a form nothing came of that it could not be taken."""
        return msgspec.structs.replace(page, status=400) if self.refused and page.status is None else page


class TicketVisit(PageRequest, frozen=True, kw_only=True):
    """A request by a link from a mail. It belongs to no login: the ticket says what it is about. Where more is asked
    of whoever opened the link, that is a ``transaction``, whose ``state`` takes the ticket's place in the address."""

    ticket_hash: bytes
    state: str = ""
    transaction: LoginTransaction | None = None

    @property
    def proved(self) -> bool:
        """Whether a second factor was proved, or taken on, since the link was opened."""
        return self.transaction is not None and self.transaction.mfa_at is not None

    async def is_signed_in(self, user_id: str) -> bool:
        """Whether this browser is one ``user_id`` is signed in with."""
        cookie = browser(self.request).session
        session = await self.login.ports.sessions.find(self.tenant, digest(cookie)) if cookie is not None else None
        return session is not None and session.user_id == user_id

    def client_of(self, ticket: Ticket) -> Client | None:
        """The application a link was asked for by, if one was."""
        return self.directory.clients.get(ticket.client_id or "")

    def show(self, page: Page, ticket: Ticket | None = None) -> Response:
        """The page, in the name of the application the ticket came from; its form may end where the ticket leads."""
        if ticket is not None:
            page = msgspec.structs.replace(page, redirect_uri=ticket.result_url or "", state=self.state)
            client = self.client_of(ticket)
            if client is not None:
                page = msgspec.structs.replace(page, client_name=client.name, client_id=client.client_id)
        return self.login.presenter.render(self.request, self.judged(page))


class TransactionVisit(PageRequest, frozen=True, kw_only=True):
    """One request to a page of a transaction, which goes on in one browser: what logins and opened links have in
    common. ``client`` is the application, ``user`` who is known by now."""

    state: str
    transaction: LoginTransaction
    client: Client | None
    user: User | None = None

    def judged(self, page: Page) -> Page:
        nothing_came = self.refused or self.is_post  # whatever can be taken leads on
        return msgspec.structs.replace(page, status=400) if nothing_came and page.status is None else page

    @property
    def redirect_uri(self) -> str:
        """Where the browser goes in the end: what was asked for, or the first callback of the application."""
        callbacks = self.client.callbacks if self.client is not None else ()
        return self.transaction.parameters.get("redirect_uri") or next(iter(callbacks), "")

    @property
    def locale(self) -> str:
        """The language the person reads (BCP 47)."""
        return self.login.presenter.locale(self.request, self.transaction.parameters.get("ui_locales", ""))

    def _shown(self, page: Page, connection: Connection | None = None) -> Response:
        page = msgspec.structs.replace(
            self.judged(page),
            screen=shown_for(self.transaction, page.screen),
            state=self.state,
            redirect_uri=self.redirect_uri,
            client_name=self.client.name if self.client is not None else "",
            client_id=self.client.client_id if self.client is not None else "",
            user=page.user or self.user,
        )
        return self.login.presenter.render(self.request, page, self.transaction.parameters, connection)

    def on(self, screen: Screen, **more: str) -> Response:
        """To another page of the same step; ``more`` is in its address, too."""
        return leading_to(screen, self.state, **more)

    @property
    def current(self) -> Response:
        """To the page this login is at."""
        return self.on(screen_of(self.transaction, self.directory))

    async def anew(self) -> Self:
        """The same as it is by now, where another request may have been first."""
        current = await self.login.ports.transactions.find(self.tenant, self.transaction.id_hash)
        return msgspec.structs.replace(self, transaction=current) if current is not None else self

    async def after_twin(self) -> Self | None:
        """The same once the form that came first, like this one, has done what it is about to do; ``None`` where it
        does nothing for a moment."""
        for _ in range(LOOKS):
            visit = await self.anew()
            if visit.transaction.version != self.transaction.version:
                return visit
            await asyncio.sleep(BETWEEN_LOOKS)
        return None

    async def speak(self, language: str) -> Response:
        """Show the page again, and what follows, in ``language`` if the tenant has it."""
        parameters = {**self.transaction.parameters, "ui_locales": language[:MAX_LANGUAGE]}
        return await self.go(parameters=parameters)

    async def choose_factor(self, screen: Screen, mfa: MfaProgress) -> Response:
        """Go on with a second factor at ``screen``."""
        return await self.go(at=shown_for(self.transaction, screen).name, mfa=mfa)

    async def move(self, **changes: Any) -> bool:
        """Keep something of this login; ``False`` when another request was first."""
        moved = msgspec.structs.replace(self.transaction, **changes)
        return await self.login.ports.transactions.advance(self.tenant, moved)

    async def go(self, **changes: Any) -> Response:
        """Keep something of this login, and go to the page it is at then; when another tab was first, to that one's."""
        moved = msgspec.structs.replace(self.transaction, **changes)
        await self.login.ports.transactions.advance(self.tenant, moved)
        return msgspec.structs.replace(self, transaction=moved).current


class LinkVisit(TransactionVisit, frozen=True, kw_only=True):
    """One request to a page of the transaction that somebody began who ``opened`` a link: they prove a second factor,
    or take one on. It is no login, and may be of no application."""

    opened: OpenedTicket

    def show(self, page: Page) -> Response:
        """The page, for this link."""
        return self._shown(page)

    @property
    def resumed(self) -> Response:
        """The step is done: to where the link leads."""
        return self.on(screens.BY_TICKET[self.opened.type])


class Visit(TransactionVisit, frozen=True, kw_only=True):
    """One request to a page of a login, and what the pages are about; ``user`` is who is signed in by now."""

    client: Client
    connections: tuple[Connection, ...]
    captcha: Captcha | None = None

    # ── what it is about ───────────────────────────────────────────────────────────────────────

    @property
    def receiver(self) -> str:
        """Where the browser goes in the end, as people may judge it: a host, or an application's scheme."""
        parts = urlsplit(self.redirect_uri)
        return parts.netloc or f"{parts.scheme}:"

    @property
    def identifier(self) -> Identifier:
        """What people call themselves in these connections."""
        return Identifier.of({kind for connection in self.connections for kind in connection.asked_identifiers})

    @property
    def asks_identifier_first(self) -> bool:
        """Whether the identifier is asked for on a page of its own."""
        return asks_identifier_first(self.transaction, self.directory)

    @property
    def code_connections(self) -> tuple[Connection, ...]:
        """By whose codes or links this login signs in; none for one with a password."""
        return code_connections(self.transaction, self.directory)

    @property
    def entrance(self) -> Screen:
        """Where a login of this tenant begins."""
        by_code = bool(self.code_connections)
        return screens.LOGIN_ID if by_code or self.asks_identifier_first else screens.LOGIN

    @property
    def takes_passwords(self) -> bool:
        """Whether any of the connections does."""
        return any(connection.takes_passwords for connection in self.connections)

    @property
    def signup_connection(self) -> Connection | None:
        """Where people sign up, if they may."""
        return next((connection for connection in self.connections if connection.allows_signup), None)

    @property
    def username(self) -> str:
        """What was typed so far, or what the application suggests."""
        return self.transaction.username or self.transaction.parameters.get("login_hint", "")[:MAX_IDENTIFIER]

    def claimant(self, connection: Connection, field: str, address: str) -> Claimant:
        """Whoever says in this login that an address (of kind ``field``, normalised) in ``connection`` is theirs."""
        return Claimant(
            directory=self.directory,
            connection=connection,
            field=field,
            address=address,
            client=self.client,
            context=self.request.context,
            holder=of_browser(self.transaction),
        )

    def owner(self, user: User, connection: Connection) -> Claimant:
        """``user``, who says that the e-mail address they have in ``connection`` is theirs."""
        email = user.profile_of(user.connections.index(connection.name)).get("email") or ""
        return self.claimant(connection, "email", normalise_email(email))

    async def session_of(self, cookie: str | None) -> Session | None:
        """The session of a cookie, if it is the one this login is about."""
        session = await self.login.ports.sessions.find(self.tenant, digest(cookie)) if cookie is not None else None
        return session if session is not None and session.sid == self.transaction.session_sid else None

    async def is_let_in(self) -> bool:
        """Whether this browser is signed in by this login, which was not taken up again since."""
        if self.transaction.authenticated_at is None or self.transaction.step not in screens.ENTERING:
            return False
        return await self.session_of(browser(self.request).session) is not None

    async def caught_up(self) -> Response | None:
        """Where the twin of this form led, if one did."""
        if await (await self.anew()).is_let_in():
            return self.resumed
        visit = await self.after_twin()
        if visit is None:
            return None
        return self.resumed if visit.transaction.finished else visit.current

    async def came_again(self, claimant: Claimant) -> Response:
        """Where a right code leads that ``claimant`` brought a moment ago. It let them in then, and the answer, with
        the cookie, may be lost on the way. It is brought to them again, and to nobody else."""
        visit = await self.anew()
        if visit.transaction.authenticated_at is None:
            visit = await self.after_twin() or visit
        transaction = visit.transaction
        let_in_at = transaction.authenticated_at
        if let_in_at is None or self.login.ports.clock.now() - let_in_at > SAME_FORM_SECONDS:
            return self.resumed
        user = await self.login.people.code_guard.known(claimant)
        if user is None or await visit.session_of(browser(self.request).session) is not None:
            return self.resumed
        since = self.transaction.version - 1  # that is what it was at if it let them in just before this form came
        cookie = partial(self._cookie_for, user)
        return self._with_session(await self.login.sign_in.begun(self.tenant, transaction, cookie, since=since))

    def _cookie_for(self, user: User, version: int) -> str:
        """The cookie of ``user`` when this login lets them in, as it is at ``version``."""
        secret = browser(self.request).transaction or ""
        return cookie_after("login", self.directory, secret, self.state, str(version), user.user_id)

    async def signed_in_user(self) -> User | None:
        """Whom the page is shown to; ``None`` when somebody else is signed in by now."""
        session = await self.session_of(browser(self.request).session)
        return await self.login.ports.users.find(self.tenant, session.user_id) if session is not None else None

    def named(self, screen: Screen) -> str:
        """Whom the form of a screen is about, as the prompt of the screen takes it."""
        decided = screen is screens.SIGNUP_PASSWORD and self.transaction.identification is not None
        typed = (self.form.get(name, "").strip() for name in (() if decided else screen.about))
        return next(filter(None, typed), self.username)[:MAX_IDENTIFIER]

    async def assessed(self, screen: Screen, *, tried: bool | None = None) -> Visit:
        """The same with what bot detection asks for, if it asks for anything; ``tried`` by the form that came, unless
        that was taken in already. A challenge that was solved one page before is enough once."""
        if not await self._is_asked(screen, tried=self.is_post if tried is None else tried):
            return self
        if self.transaction.vouched and screen in screens.AFTER_ANOTHER:
            if not self.is_post:
                return self
            moved = await self.move(vouched=False)
            current = await self.login.ports.transactions.find(self.tenant, self.transaction.id_hash)
            if moved and current is not None:
                return msgspec.structs.replace(self, transaction=current)
        challenge = self.login.people.captcha.new(self.directory, self.transaction.id_hash, self.form.get(FIELD, ""))
        return msgspec.structs.replace(self, captcha=captcha_of(self.directory.captcha, challenge))

    async def _is_asked(self, screen: Screen, *, tried: bool) -> bool:
        bots, directory, context = self.login.people.bots, self.directory, self.request.context
        who = self.transaction.identification
        default = Flow.PASSWORD_RESET if who is not None and who.resets else Flow.PASSWORD
        flow = Flow.PASSWORDLESS if self.code_connections else screen.flow or default
        if tried:
            at = self.login.ports.clock.now()
            event = person_event("pla", at, None, context, name=self.named(screen), client=self.client)
            return await bots.judge(directory, flow, event)
        return await bots.challenges(directory, flow, self.named(screen), context.ip)

    @property
    def solved(self) -> Visit:
        """The same after its challenge was solved, where there was one: the next page takes none."""
        transaction = msgspec.structs.replace(self.transaction, vouched=self.captcha is not None)
        return msgspec.structs.replace(self, transaction=transaction)

    async def unproven(self) -> tuple[FieldError, int] | None:
        """What is wrong with the challenge of the form that came, and the status to say so with; ``None`` where it
        was solved, or none was asked for."""
        if self.captcha is None:
            return None
        try:
            await self.login.people.captcha.check(
                self.directory, self.transaction.id_hash, self.form, self.request.context.ip
            )
        except CaptchaRefused as refused:
            return FieldError("", refused.code, values={"count": str(PAUSE)}), refused.status
        return None

    # ── the ways to go on ──────────────────────────────────────────────────────────────────────

    def show(self, page: Page) -> Response:
        """The page, for this login."""
        if isinstance(page, FormPage) and self.captcha is not None:
            page = msgspec.structs.replace(page, captcha=self.captcha)
        return self._shown(page, next(iter(self.connections), None))

    @property
    def resumed(self) -> Response:
        """The step is done: to where it is decided what follows."""
        return redirect(f"/authorize/resume?state={quote(self.state, safe='')}")

    async def remember(self, step: Step, *, username: str, alias: str | None = None) -> Response:
        """Keep what was typed, and go to the page that follows; when another tab was first, what it typed stands."""
        return await self.go(step=step, username=username, alias=alias, at="", identification=None)

    async def turn_to(self, screen: Screen) -> Response:
        """Go to a screen off the usual way, and come back to it when the login is taken up again."""
        return await self.go(at=screen.name)

    async def sign_in(self, user: User, connection: str, *, passkey: str = "", amr: tuple[str, ...] = ()) -> Response:
        """``user`` proved who they are, with an identity in ``connection``: let them in, once their address is verified
        where that is asked for. ``passkey`` is why they may be offered one, where their browser can have it; ``amr``
        how they proved themselves."""
        offer = passkey if self.form.get("webauthn-available") == "true" else ""
        trail = self.transaction.done_by(amr, self.login.ports.clock.now())
        transaction = msgspec.structs.replace(self.transaction, passkey=offer, trail=trail)
        visit = msgspec.structs.replace(self, transaction=transaction)
        known = self.directory.connections.get(connection)
        if known is not None and needs_verification(user, known):
            await visit.send_verification(user, known)
            at = screens.LOGIN_EMAIL_VERIFICATION.name
            return await visit.go(at=at, pending=(user.user_id, connection), authenticated_at=None)
        return await visit.let_in(user, connection)

    async def send_verification(self, user: User, connection: Connection) -> bool:
        """Send a code for an address; ``False`` when there were too many already."""
        try:
            await self.login.people.email_codes.send(self.owner(user, connection), user, locale=self.locale)
        except TooManyCodes:
            return False
        return True

    async def let_in(self, user: User, connection: str) -> Response:
        """A session for ``user``."""
        signed_in = await self.login.sign_in.begin_session(
            self.directory,
            self.transaction,
            user,
            connection,
            self.request.context,
            before=browser(self.request).session,
            cookie=partial(self._cookie_for, user),
        )
        return self._with_session(signed_in)

    def _with_session(self, signed_in: SignedIn | None) -> Response:
        cookies = session_cookies(signed_in.session, signed_in.cookie) if signed_in is not None else ()
        return self.resumed.with_headers(*cookies)

    async def refuse(self, error: OAuthError) -> Response:
        """The login ends, and the application is told."""
        request = self.request
        answer = await self.login.authorization.refuse(
            error, self.transaction, self.state, browser(request), request.context, request.issuer
        )
        return self.login.finish(request, answer)


def leading_to(screen: Screen, state: str, **more: str) -> Response:
    """To a page of a login."""
    return redirect(f"{screen.path}?{urlencode({'state': state, **more}, quote_via=quote, safe='')}")


# Whoever proves a second factor, or takes one on.
FactorVisit = Visit | LinkVisit
Prompt = Callable[[Visit], Awaitable[Response]]
FactorPrompt = Callable[[FactorVisit], Awaitable[Response]]
TicketPrompt = Callable[[TicketVisit], Awaitable[Response]]
