"""The second factor: choose one, take one on, prove one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from doorward.model.digest import digest
from doorward.model.mfa import FACTORS, MfaProgress, MfaSubject, Outcome
from doorward.model.session import Session
from doorward.ports import SecondFactors
from doorward.web.login import screens
from doorward.web.login.pages import Button, Checkbox, CodePage, FieldError, Option, PickerPage
from doorward.web.login.qr_code import picture_of
from doorward.web.login.screens import BY_NAME, Screen
from doorward.web.login.visit import Prompt, Visit
from doorward.web.wire.cookies import browser, remembered_cookies, session_cookies
from doorward.web.wire.http import Headers, Response

REMEMBER_SECONDS = 30 * 24 * 3600.0
CODE_DIGITS = 6
PICK = "pick-authenticator"
BACK = "back-action"
REMEMBER = Checkbox("rememberBrowser", "rememberMeText")
SAVED = Checkbox("saved", "checkboxText", value="on")
NAMES = {
    "otp": "authenticatorNamesOTP",
    "sms": "authenticatorNamesSMS",
    "voice": "authenticatorNamesVoice",
    "phone": "authenticatorNamesPhone",
    "email": "authenticatorNamesEmail",
    "webauthn-roaming": "authenticatorNamesWebauthnRoaming",
    "webauthn-platform": "authenticatorNamesWebauthnPlatform",
    "recovery-code": "authenticatorNamesRecoveryCode",
}


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
        cookie = _renewed(self.cookie, visit.state)
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
        value = browser(visit.request).remembered or ports.entropy.token(32)
        until = ports.clock.now() + REMEMBER_SECONDS
        await ports.remembered_browsers.remember(visit.tenant, self.session.user_id, digest(value), until=until)
        return remembered_cookies(value, until)


def _renewed(cookie: str, state: str) -> str:
    """The cookie after a second factor: another one, which only a form of this login that is sent twice finds again."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"{cookie} {state}".encode()).digest()).rstrip(b"=").decode()


def _for_person(page: Callable[[Person], Awaitable[Response]], *, after: bool = False) -> Prompt:
    """``page`` for whoever is signed in; one that comes ``after`` the proof is not shown before, any other not then."""

    async def prompt(visit: Visit) -> Response:
        cookie, ports = browser(visit.request).session, visit.login.ports
        session = await visit.session_of(cookie)
        renewed: Headers = ()
        if cookie is not None and session is None:
            cookie = _renewed(cookie, visit.state)
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
        )
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
    return FieldError("code", "invalid-code")


def status_of(*errors: FieldError) -> int | None:
    """The HTTP status of a page with these errors, where it is another than usual."""
    return 429 if any(error.code.startswith("too-many") for error in errors) else None


# ── which one ──


async def _options(person: Person) -> Response:
    progress, visit = person.progress, person.visit
    if visit.is_post:
        chosen = progress.factor if visit.action == BACK else visit.action
        if chosen in progress.factors:
            factor = FACTORS[chosen]
            screen = BY_NAME[factor.enrollment if progress.enrolls else factor.challenge]
            return await visit.choose_factor(screen, replace(progress, factor=chosen, method=""))
    return visit.show(
        PickerPage(
            screen=screens.MFA_BEGIN_ENROLL_OPTIONS if progress.enrolls else screens.MFA_LOGIN_OPTIONS,
            options=tuple(Option(name, NAMES[name]) for name in progress.factors),
            back=bool(progress.factor),
        )
    )


# ── an authenticator app ──


async def _otp_challenge(person: Person) -> Response:
    if not person.visit.is_post:
        return _otp_challenge_page(person)
    error = typed_badly(person.code)
    if error is not None:
        return _otp_challenge_page(person, error)
    outcome = await person.factors.prove_otp(person.subject, person.code)
    if outcome is Outcome.RIGHT:
        return await person.proved()
    return _otp_challenge_page(person, refusal(outcome))


def typed_badly(code: str) -> FieldError | None:
    """What is wrong with a code whatever it should be."""
    if not code:
        return FieldError("code", "no-code")
    if len(code) != CODE_DIGITS or not (code.isascii() and code.isdecimal()):
        return FieldError("code", "invalid-otp-code-format")
    return None


def _otp_challenge_page(person: Person, *errors: FieldError) -> Response:
    return person.visit.show(
        CodePage(
            screen=screens.MFA_OTP_CHALLENGE,
            inputs=(screens.MFA_CODE,),
            checkbox=REMEMBER,
            buttons=person.pick,
            errors=errors,
            status=status_of(*errors),
        )
    )


async def _otp_enrollment(person: Person) -> Response:
    visit = person.visit
    by_hand = visit.transaction.at == screens.MFA_OTP_ENROLLMENT_CODE.name
    if not visit.is_post:
        return _otp_enrollment_page(person, by_hand)
    if visit.action in ("toggle-view", BACK):
        other = screens.MFA_OTP_ENROLLMENT_QR if by_hand else screens.MFA_OTP_ENROLLMENT_CODE
        return await visit.choose_factor(other, person.progress)
    error = typed_badly(person.code)
    if error is not None:
        return _otp_enrollment_page(person, by_hand, error)
    outcome = await person.factors.enroll_otp(person.subject, person.code)
    if outcome is Outcome.RIGHT:
        return await _enrolled(person)
    if outcome is Outcome.TAKEN:
        return visit.resumed
    return _otp_enrollment_page(person, by_hand, refusal(outcome))


def _otp_enrollment_page(person: Person, by_hand: bool, *errors: FieldError) -> Response:
    enrollment = person.factors.otp_enrollment(person.subject)
    toggle = Button(BACK, "backText") if by_hand else Button("toggle-view", "codeEnrollmentText")
    return person.visit.show(
        CodePage(
            screen=screens.MFA_OTP_ENROLLMENT_CODE if by_hand else screens.MFA_OTP_ENROLLMENT_QR,
            inputs=(screens.MFA_CODE,),
            picture="" if by_hand else picture_of(enrollment.uri),
            secret=enrollment.secret if by_hand else "",
            buttons=(toggle, *person.pick),
            errors=errors,
            status=status_of(*errors),
        )
    )


async def _enrolled(person: Person) -> Response:
    """Taken on, and proved with that; the recovery code that may have come with it is still to be shown."""
    came = await person.factors.recovery_code(person.subject)
    return await person.proved(screens.MFA_RECOVERY_CODE_ENROLLMENT if came is not None else None)


# ── a recovery code ──


async def _recovery_code_challenge(person: Person) -> Response:
    if not person.visit.is_post:
        return _recovery_code_page(person)
    if not person.code:
        return _recovery_code_page(person, FieldError("code", "no-code"))
    outcome = await person.factors.prove_recovery_code(person.subject, person.code)
    if outcome is Outcome.RIGHT:
        return await person.proved(screens.MFA_RECOVERY_CODE_CHALLENGE_NEW_CODE)
    return _recovery_code_page(person, refusal(outcome))


def _recovery_code_page(person: Person, *errors: FieldError) -> Response:
    return person.visit.show(
        CodePage(
            screen=screens.MFA_RECOVERY_CODE_CHALLENGE,
            inputs=(screens.RECOVERY_CODE,),
            buttons=person.pick,
            errors=errors,
            status=status_of(*errors),
        )
    )


def _to_keep(screen: Screen) -> Prompt:
    """A recovery code, shown until the person says it is kept."""

    async def page(person: Person) -> Response:
        visit = person.visit
        if visit.is_post and visit.form.get(SAVED.name):
            return visit.resumed
        code = await person.factors.recovery_code(person.subject)
        if code is None:
            return visit.resumed
        errors = (FieldError("", "no-confirmation"),) if visit.is_post else ()
        return visit.show(CodePage(screen=screen, secret=code, checkbox=SAVED, errors=errors))

    return _for_person(page, after=True)


MFA_PROMPTS: dict[Screen, Prompt] = {
    screens.MFA_LOGIN_OPTIONS: _for_person(_options),
    screens.MFA_BEGIN_ENROLL_OPTIONS: _for_person(_options),
    screens.MFA_OTP_ENROLLMENT_QR: _for_person(_otp_enrollment),
    screens.MFA_OTP_CHALLENGE: _for_person(_otp_challenge),
    screens.MFA_RECOVERY_CODE_ENROLLMENT: _to_keep(screens.MFA_RECOVERY_CODE_ENROLLMENT),
    screens.MFA_RECOVERY_CODE_CHALLENGE: _for_person(_recovery_code_challenge),
    screens.MFA_RECOVERY_CODE_CHALLENGE_NEW_CODE: _to_keep(screens.MFA_RECOVERY_CODE_CHALLENGE_NEW_CODE),
}
