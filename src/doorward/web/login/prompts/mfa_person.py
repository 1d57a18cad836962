"""Whoever is to prove a second factor, and what its pages share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec
from msgspec import Struct

from doorward.identity.one_time_codes import typed
from doorward.identity.sign_in import cookie_after
from doorward.model.digest import digest
from doorward.model.mfa import MfaProgress, MfaSubject, Outcome, Standing, ways
from doorward.model.session import Session
from doorward.model.ticket import Ticket, TicketState
from doorward.model.user import User
from doorward.ports import SecondFactors
from doorward.web.login import screens
from doorward.web.login.pages import Button, Checkbox, FieldError
from doorward.web.login.screens import Screen
from doorward.web.login.visit import FactorPrompt, FactorVisit, LinkVisit, Visit
from doorward.web.wire.cookies import browser, remembered_cookies, session_cookies
from doorward.web.wire.http import Headers, Response

REMEMBER_SECONDS = 30 * 24 * 3600.0
CODE_DIGITS = 6
PICK = "pick-authenticator"
BACK = "back-action"
REMEMBER = Checkbox("rememberBrowser", "rememberMeText")
SAVED = Checkbox("saved", "checkboxText", value="on")


class Person(Struct, frozen=True, kw_only=True):
    """Whoever is at a page of the second factor."""

    visit: FactorVisit
    subject: MfaSubject
    progress: MfaProgress

    @property
    def factors(self) -> SecondFactors:
        """What proves and takes on second factors."""
        return self.visit.login.ports.second_factors

    @property
    def code(self) -> str:
        """What was typed as a code."""
        return typed_code(self.visit.form)

    @property
    def pick(self) -> tuple[Button, ...]:
        """The way to the other factors, where there are some."""
        return (Button(PICK, "pickAuthenticatorText"),) if len(ways(self.progress.offered)) > 1 else ()

    @property
    def remember(self) -> Checkbox | None:
        """The offer to believe this browser, where there is a login to be spared."""
        return None

    async def standing(self) -> Standing:
        """What the person has."""
        return await self.factors.standing(self.visit.directory, self.subject.user)

    async def is_first(self) -> bool:
        """Whether what is enrolled has to be the first factor: only an administrator's link adds others."""
        return True

    async def pick_another(self) -> Response:
        """To the choice of factors."""
        options = screens.MFA_BEGIN_ENROLL_OPTIONS if self.progress.enrolls else screens.MFA_LOGIN_OPTIONS
        return await self.visit.choose_factor(options, self.progress)

    async def proved(self, then: Screen | None = None) -> Response:
        """The second factor is proved: on to what is decided next, after ``then`` was shown."""
        visit = self.visit
        then = then if then is not None else await self._still_to_show()
        proved, cookies = await self._prove(then.name if then is not None else visit.transaction.at)
        onward = visit.on(then) if then is not None and proved else visit.resumed
        return onward.with_headers(*cookies)

    async def overtaken(self, outcome: Outcome) -> Response | None:
        """Where it goes on when the form came twice, or another login enrolled a first factor meanwhile; ``None`` when
        neither is so."""
        match outcome:
            case Outcome.AGAIN:
                twin = await self.visit.after_twin()
                if twin is None:
                    return None
                return twin.resumed if twin.transaction.finished else twin.current
            case Outcome.TAKEN:
                visit = await self.visit.anew()
                return visit.current if visit.transaction.mfa_at is not None else visit.resumed
        return None

    async def shown(self) -> Response:
        """What came of the second factor was seen: to what is decided next."""
        await self.visit.move(at="")
        return self.visit.resumed

    async def _still_to_show(self) -> Screen | None:
        """What follows a challenge that was met."""
        return None

    async def _prove(self, at: str) -> tuple[bool, Headers]:
        """Note that it is, at the screen ``at``; ``False`` when another form was first. With it the cookies that are
        due."""
        sign_in, visit = self.visit.login.sign_in, self.visit
        return await sign_in.prove_factor(visit.tenant, visit.transaction, None, "", at=at), ()


class SessionOwner(Person, frozen=True, kw_only=True):
    """Somebody in a login, with their ``session`` and its ``cookie``."""

    visit: Visit
    session: Session
    cookie: str

    @property
    def remember(self) -> Checkbox | None:
        return REMEMBER

    async def _still_to_show(self) -> Screen | None:
        """A recovery code, where nobody says they keep the one there is."""
        if self.progress.enrolls or await self.factors.renewed_recovery_code(self.subject) is None:
            return None
        return screens.MFA_RECOVERY_CODE_ENROLLMENT

    async def _prove(self, at: str) -> tuple[bool, Headers]:
        visit, cookie = self.visit, _renewed(self.cookie, self.visit)
        proved = await visit.login.sign_in.prove_factor(visit.tenant, visit.transaction, self.session, cookie, at=at)
        # Looked up even if this form was not the first: the answer to its twin may be lost on the way.
        session = await visit.session_of(cookie)
        cookies = session_cookies(session, cookie) if session is not None else ()
        return proved, (*cookies, *await self._remember()) if proved else cookies

    async def _remember(self) -> Headers:
        visit, ports = self.visit, self.visit.login.ports
        if self.progress.enrolls or not visit.form.get(REMEMBER.name):
            return ()
        value = ports.entropy.token(32)  # never one that came: others may know it
        until = ports.clock.now() + REMEMBER_SECONDS
        user_id = self.subject.user.user_id
        await ports.remembered_browsers.remember(visit.tenant, user_id, digest(value), until=until)
        return remembered_cookies(value, until)


class LinkOwner(Person, frozen=True, kw_only=True):
    """Somebody who opened a link, with its ``ticket``."""

    visit: LinkVisit
    ticket: Ticket

    async def standing(self) -> Standing:
        """What the person has; the mailbox the link came to is no second one."""
        standing = await super().standing()
        mailbox = self.ticket.email if not self.progress.enrolls else None
        return standing.without_mailbox(mailbox) if mailbox else standing

    async def is_first(self) -> bool:
        return not self.ticket.allow_multiple_enrollments or not (await self.standing()).challenges


def _renewed(cookie: str, visit: Visit) -> str:
    """The cookie of a session whose cookie it was, once a second factor is proved in this login."""
    return cookie_after("mfa", visit.directory, cookie, visit.state)


def for_person(
    page: Callable[[Person], Awaitable[Response]], *, after: bool = False, leads_on: bool = True
) -> FactorPrompt:
    """``page`` for whoever is signed in, or came by a ticket; one that comes ``after`` the proof is not shown before,
    any other not then. Unless one ``leads_on`` to other ways by itself, it says where."""

    async def prompt(visit: FactorVisit) -> Response:
        person: Person | None
        renewed: Headers = ()
        if isinstance(visit, LinkVisit):
            person = await _link_owner(visit)
        else:
            person, renewed = await _signed_in(visit)
        proved = visit.transaction.mfa_at is not None
        if person is None and visit.transaction.shows_what_came:
            await visit.move(at="")  # to nobody any more; where it leads on would lead back
        if person is None or proved is not after:
            return visit.resumed.with_headers(*renewed)
        if visit.is_post and visit.action == PICK and leads_on:
            return (await person.pick_another()).with_headers(*renewed)
        return (await page(person)).with_headers(*renewed)

    return prompt


async def _signed_in(visit: Visit) -> tuple[SessionOwner | None, Headers]:
    """Whoever is signed in, and their cookie if it is another since."""
    cookie = browser(visit.request).session
    session = await visit.session_of(cookie)
    renewed: Headers = ()
    if cookie is not None and session is None:
        cookie = _renewed(cookie, visit)
        session = await visit.session_of(cookie)
        renewed = session_cookies(session, cookie) if session is not None else ()
    user = await visit.login.ports.users.find(visit.tenant, session.user_id) if session is not None else None
    progress = visit.transaction.mfa
    if session is None or cookie is None or user is None or progress is None:
        return None, renewed
    subject = _subject(visit, user)
    visit = msgspec.structs.replace(visit, user=user)
    return SessionOwner(visit=visit, subject=subject, progress=progress, session=session, cookie=cookie), renewed


async def _link_owner(visit: LinkVisit) -> LinkOwner | None:
    """Whoever opened the link, as long as it is good; what an enrolment ends with is shown once it is used, too."""
    ports, opened, progress = visit.login.ports, visit.opened, visit.transaction.mfa
    found = await ports.tickets.look(visit.tenant, opened.ticket_hash, opened.type, at=ports.clock.now())
    ticket, state = found or (None, None)
    user = await ports.users.find(visit.tenant, opened.user_id)
    good = state is TicketState.OPEN or visit.transaction.mfa_at is not None
    if ticket is None or user is None or progress is None or not good:
        return None
    subject = _subject(visit, user, ticket.ticket_hash if progress.enrolls else None)
    visit = msgspec.structs.replace(visit, user=user)
    return LinkOwner(visit=visit, subject=subject, progress=progress, ticket=ticket)


def _subject(visit: FactorVisit, user: User, ticket: bytes | None = None) -> MfaSubject:
    return MfaSubject(
        directory=visit.directory,
        user=user,
        client=visit.client,
        context=visit.request.context,
        binding=visit.transaction.id_hash,
        locale=visit.locale,
        ticket=ticket,
        shown_later=True,
    )


def typed_code(form: Mapping[str, str]) -> str:
    """What was typed, without what is put between."""
    return typed(form.get("code", ""))


def refusal(outcome: Outcome) -> FieldError:
    """What a code that was not right is called."""
    if outcome is Outcome.TOO_MANY:
        return FieldError("", "too-many-failures")
    if outcome is Outcome.VOID:
        return FieldError("", "no-transaction-in-progress")
    return FieldError("code", "invalid-code")


def status_of(*errors: FieldError) -> int | None:
    """The HTTP status of a page with these errors, where it is another than usual."""
    return 429 if any(error.code.startswith("too-many") for error in errors) else None


def typed_badly(code: str) -> FieldError | None:
    """What is wrong with a code whatever it should be."""
    if not code:
        return FieldError("code", "no-code")
    if len(code) != CODE_DIGITS or not (code.isascii() and code.isdecimal()):
        return FieldError("code", "invalid-otp-code-format")
    return None


async def enrolled(person: Person) -> Response:
    """Taken on, and proved with that; the recovery code that may have come with it is still to be shown."""
    came = await person.factors.recovery_code(person.subject)
    return await person.proved(screens.MFA_RECOVERY_CODE_ENROLLMENT if came is not None else None)
