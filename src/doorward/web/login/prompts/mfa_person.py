"""Whoever is to prove a second factor, and what its pages share."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from msgspec import Struct

from doorward.model.digest import digest
from doorward.model.mfa import MfaProgress, MfaSubject, Outcome
from doorward.model.session import Session
from doorward.ports import SecondFactors
from doorward.web.login import screens
from doorward.web.login.pages import Button, Checkbox, FieldError
from doorward.web.login.screens import Screen
from doorward.web.login.visit import Prompt, Visit
from doorward.web.wire.cookies import browser, remembered_cookies, session_cookies
from doorward.web.wire.http import Headers, Response

REMEMBER_SECONDS = 30 * 24 * 3600.0
CODE_DIGITS = 6
PICK = "pick-authenticator"
BACK = "back-action"
REMEMBER = Checkbox("rememberBrowser", "rememberMeText")
SAVED = Checkbox("saved", "checkboxText", value="on")


class Person(Struct, frozen=True, kw_only=True):
    """Whoever is signed in, at a page of the second factor."""

    visit: Visit
    session: Session
    cookie: str
    subject: MfaSubject
    progress: MfaProgress

    @property
    def factors(self) -> SecondFactors:
        return self.visit.login.ports.second_factors

    @property
    def code(self) -> str:
        return typed_code(self.visit.form)

    @property
    def pick(self) -> tuple[Button, ...]:
        """The way to the other factors, where there are some."""
        return (Button(PICK, "pickAuthenticatorText"),) if len(self.progress.factors) > 1 else ()

    async def pick_another(self) -> Response:
        options = screens.MFA_BEGIN_ENROLL_OPTIONS if self.progress.enrolls else screens.MFA_LOGIN_OPTIONS
        return await self.visit.choose_factor(options, self.progress)

    async def proved(self, then: Screen | None = None) -> Response:
        """The second factor is proved: on to what is decided next, after ``then`` was shown."""
        visit = self.visit
        cookie = _renewed(self.cookie, visit)
        signed_in = await visit.login.sign_in.prove_factor(
            visit.directory,
            visit.transaction,
            self.session,
            cookie,
            at=then.name if then is not None else visit.transaction.at,
        )
        if signed_in is None:
            return visit.resumed
        response = visit.on(then) if then is not None else visit.resumed
        return response.with_headers(*session_cookies(signed_in.session, cookie), *await self._remember())

    async def _remember(self) -> Headers:
        visit, ports = self.visit, self.visit.login.ports
        if self.progress.enrolls or not visit.form.get(REMEMBER.name):
            return ()
        value = ports.entropy.token(32)  # never one that came: others may know it
        until = ports.clock.now() + REMEMBER_SECONDS
        await ports.remembered_browsers.remember(visit.tenant, self.session.user_id, digest(value), until=until)
        return remembered_cookies(value, until)


def _renewed(cookie: str, visit: Visit) -> str:
    """The cookie after a second factor: another one, which only a form of this login that is sent twice finds again.
    Whoever knew the one before cannot tell it: the tenant's key is in it."""
    made = hmac.digest(visit.directory.token_key, f"after mfa {cookie} {visit.state}".encode(), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def for_person(page: Callable[[Person], Awaitable[Response]], *, after: bool = False) -> Prompt:
    """``page`` for whoever is signed in; one that comes ``after`` the proof is not shown before, any other not then."""

    async def prompt(visit: Visit) -> Response:
        cookie, ports = browser(visit.request).session, visit.login.ports
        session = await visit.session_of(cookie)
        renewed: Headers = ()
        if cookie is not None and session is None:
            cookie = _renewed(cookie, visit)
            session = await visit.session_of(cookie)
            renewed = session_cookies(session, cookie) if session is not None else ()
        user = await ports.users.find(visit.tenant, session.user_id) if session is not None else None
        progress, proved = visit.transaction.mfa, visit.transaction.mfa_at is not None
        if session is None or cookie is None or user is None or progress is None or proved is not after:
            return visit.resumed.with_headers(*renewed)
        subject = MfaSubject(
            directory=visit.directory,
            user=user,
            client=visit.client,
            context=visit.request.context,
            binding=visit.transaction.id_hash,
            locale=visit.locale,
        )
        visit = msgspec.structs.replace(visit, user=user)
        person = Person(visit=visit, session=session, cookie=cookie, subject=subject, progress=progress)
        if visit.is_post and visit.action == PICK:
            return await person.pick_another()
        return (await page(person)).with_headers(*renewed)

    return prompt


def typed_code(form: Mapping[str, str]) -> str:
    """What was typed, without what is put between."""
    return "".join(form.get("code", "").split())


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
