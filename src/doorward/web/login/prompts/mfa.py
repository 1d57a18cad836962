"""The second factor: choose one, take one on, prove one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from doorward.identity.signup import PHONE
from doorward.model.digest import digest
from doorward.model.identifiers import is_phone, normalise_phone
from doorward.model.mfa import EMAIL, FACTORS, SMS, VOICE, Factor, MfaProgress, MfaSubject, Outcome, masked
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
MAX_TYPED = 64
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
            locale=visit.locale,
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
    if outcome is Outcome.VOID:
        return FieldError("", "no-transaction-in-progress")
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
            return await visit.choose_factor(
                screen, MfaProgress(factors=progress.factors, enrolls=progress.enrolls, factor=chosen)
            )
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


# ── a code that is sent ──


class _Sent(Struct, frozen=True, kw_only=True):
    """A factor whose code is sent, and how its pages differ."""

    factor: Factor
    challenge: Screen
    enrollment: Screen | None = None
    addresses: Screen
    pick: str
    too_many: str
    switch: Button | None = None


_SENT = {
    SMS.name: _Sent(
        factor=SMS,
        challenge=screens.MFA_SMS_CHALLENGE,
        enrollment=screens.MFA_SMS_ENROLLMENT,
        addresses=screens.MFA_SMS_LIST,
        pick="pick-sms",
        too_many="too-many-sms",
        switch=Button("switch-to-voice", "resendVoiceActionText", lead="resendVoiceActionSeparatorTextBefore"),
    ),
    VOICE.name: _Sent(
        factor=VOICE,
        challenge=screens.MFA_VOICE_CHALLENGE,
        enrollment=screens.MFA_VOICE_ENROLLMENT,
        addresses=screens.MFA_SMS_LIST,
        pick="pick-phone",
        too_many="too-many-voice",
        switch=Button("switch-to-sms", "resendSmsActionText", lead="resendSmsActionSeparatorTextBefore"),
    ),
    EMAIL.name: _Sent(
        factor=EMAIL,
        challenge=screens.MFA_EMAIL_CHALLENGE,
        addresses=screens.MFA_EMAIL_LIST,
        pick="pick-email",
        too_many="too-many-email",
    ),
}
_SWITCHES = {"switch-to-voice": VOICE.name, "switch-to-sms": SMS.name}
SELECTION = "selection-action::"


async def _addresses(person: Person) -> tuple[str, ...]:
    """Where codes can go to: what is known of the person, or the number that was typed to be enrolled."""
    if person.progress.enrolls:
        return (person.progress.address,) if person.progress.address else ()
    standing = await person.factors.standing(person.visit.directory, person.subject.user)
    return tuple(one.address for one in standing.of(person.progress.factor))


async def _sent_code(person: Person) -> Response:
    """Sends a code when the page is first come to, and takes it back."""
    visit, progress = person.visit, person.progress
    sent, addresses = _SENT[progress.factor], await _addresses(person)
    if not progress.place < len(addresses):
        return await person.pick_another()
    address = addresses[progress.place]
    handle = f"{sent.factor.name} {address}"
    if not visit.is_post:
        first = not progress.sent and await visit.move(mfa=replace(progress, sent=1))
        errors = await _send(person, sent, address, handle) if first else ()
        return _sent_code_page(person, sent, addresses, *errors)
    match visit.action:
        case "resend-code":
            errors = await _send(person, sent, address, handle)
            if errors:
                return _sent_code_page(person, sent, addresses, *errors)
            return await visit.choose_factor(sent.challenge, replace(progress, sent=progress.sent + 1))
        case sent.pick if len(addresses) > 1:
            return await visit.choose_factor(sent.addresses, progress)
        case "back-action" if progress.enrolls and sent.enrollment is not None:
            return await visit.choose_factor(sent.enrollment, progress)
        case action if _SWITCHES.get(action) in progress.factors:
            other = _SENT[_SWITCHES[action]]
            return await visit.choose_factor(other.challenge, replace(progress, factor=other.factor.name, sent=0))
    error = typed_badly(person.code)
    if error is not None:
        return _sent_code_page(person, sent, addresses, error)
    if progress.enrolls:
        outcome = await person.factors.enroll_phone(person.subject, sent.factor, handle, person.code)
    else:
        outcome = await person.factors.prove_code(person.subject, sent.factor, handle, person.code)
    if outcome is Outcome.RIGHT:
        return await (_enrolled(person) if progress.enrolls else person.proved())
    if outcome is Outcome.TAKEN:
        return visit.resumed
    return _sent_code_page(person, sent, addresses, refusal(outcome))


async def _send(person: Person, sent: _Sent, address: str, handle: str) -> tuple[FieldError, ...]:
    outcome = await person.factors.send_code(
        person.subject, sent.factor, address, handle, enrolls=person.progress.enrolls
    )
    return (FieldError("", sent.too_many),) if outcome is Outcome.TOO_MANY else ()


def _sent_code_page(person: Person, sent: _Sent, addresses: tuple[str, ...], *errors: FieldError) -> Response:
    progress = person.progress
    buttons = [Button("resend-code", "resendActionText", lead="resendText")]
    if sent.switch is not None and _SWITCHES[sent.switch.action] in progress.factors:
        buttons.append(sent.switch)
    if progress.enrolls:
        buttons.append(Button(BACK, "editText"))
    elif len(addresses) > 1:
        buttons.append(Button(sent.pick, "shared:otherAddressText"))
    return person.visit.show(
        CodePage(
            screen=sent.challenge,
            inputs=(screens.MFA_CODE,),
            sent_to=addresses[progress.place] if progress.enrolls else masked(addresses[progress.place]),
            checkbox=None if progress.enrolls else REMEMBER,
            buttons=(*buttons, *person.pick),
            errors=errors,
            status=status_of(*errors),
        )
    )


async def _which_address(person: Person) -> Response:
    visit, progress = person.visit, person.progress
    sent, addresses = _SENT[progress.factor], await _addresses(person)
    if visit.is_post:
        chosen = visit.action.removeprefix(SELECTION)
        place = int(chosen) if chosen.isascii() and chosen.isdecimal() and len(chosen) < 3 else progress.place
        if place < len(addresses):
            again = replace(progress, place=place, sent=progress.sent if visit.action == BACK else 0)
            return await visit.choose_factor(sent.challenge, again)
    options = tuple(Option(f"{SELECTION}{place}", label=masked(to)) for place, to in enumerate(addresses))
    return visit.show(PickerPage(screen=sent.addresses, options=options, back=True))


async def _phone_enrollment(person: Person) -> Response:
    visit, sent = person.visit, _SENT[person.progress.factor]
    if not visit.is_post or sent.enrollment is None:
        return _phone_page(person, sent)
    typed = visit.form.get("phone", "").strip()
    number = normalise_phone(typed)
    if not typed:
        return _phone_page(person, sent, FieldError("phone", "no-phone"))
    if not is_phone(typed) or not PHONE.fullmatch(number):
        return _phone_page(person, sent, FieldError("phone", "invalid-phone"))
    return await visit.choose_factor(sent.challenge, replace(person.progress, address=number, sent=0))


def _phone_page(person: Person, sent: _Sent, *errors: FieldError) -> Response:
    return person.visit.show(
        CodePage(
            screen=sent.enrollment or sent.challenge,
            inputs=(screens.PHONE,),
            values={"phone": person.visit.form.get("phone", person.progress.address)[:MAX_TYPED]},
            buttons=person.pick,
            errors=errors,
        )
    )


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
    screens.MFA_SMS_ENROLLMENT: _for_person(_phone_enrollment),
    screens.MFA_SMS_CHALLENGE: _for_person(_sent_code),
    screens.MFA_SMS_LIST: _for_person(_which_address),
    screens.MFA_VOICE_ENROLLMENT: _for_person(_phone_enrollment),
    screens.MFA_VOICE_CHALLENGE: _for_person(_sent_code),
    screens.MFA_EMAIL_CHALLENGE: _for_person(_sent_code),
    screens.MFA_EMAIL_LIST: _for_person(_which_address),
    screens.MFA_RECOVERY_CODE_ENROLLMENT: _to_keep(screens.MFA_RECOVERY_CODE_ENROLLMENT),
    screens.MFA_RECOVERY_CODE_CHALLENGE: _for_person(_recovery_code_challenge),
    screens.MFA_RECOVERY_CODE_CHALLENGE_NEW_CODE: _to_keep(screens.MFA_RECOVERY_CODE_CHALLENGE_NEW_CODE),
}
