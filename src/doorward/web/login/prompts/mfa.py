"""The second factor: choose one, take an authenticator app on, prove one, use a recovery code."""

from __future__ import annotations

from msgspec.structs import replace

from doorward.model.mfa import (
    CALLED,
    PHONE,
    WEBAUTHN_PLATFORM,
    WEBAUTHN_ROAMING,
    MfaProgress,
    Outcome,
    screen_of_way,
    ways,
)
from doorward.web.login import screens
from doorward.web.login.pages import Button, Ceremony, CodePage, FieldError, Option, PickerPage, ResultPage
from doorward.web.login.prompts.mfa_person import (
    BACK,
    SAVED,
    Person,
    enrolled,
    for_person,
    refusal,
    status_of,
    typed_badly,
)
from doorward.web.login.prompts.mfa_sent import SENT_PROMPTS
from doorward.web.login.qr_code import picture_of
from doorward.web.login.screens import BY_NAME, Screen
from doorward.web.login.visit import FactorPrompt
from doorward.web.wire.http import Response

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

KEYS = {WEBAUTHN_ROAMING.name, WEBAUTHN_PLATFORM.name}
PLATFORM, TRY_AGAIN = "webauthn-platform-available", "tryagain"


# ── which one ──


async def _options(person: Person) -> Response:
    progress, visit = person.progress, person.visit
    if visit.is_post:
        chosen = progress.way if visit.action == BACK else visit.action
        if chosen in (*progress.factors, *ways(progress.factors)):
            return await _picked(person, chosen)
    elif progress.enrolls and progress.unable is None and KEYS.intersection(progress.factors):
        return await visit.choose_factor(screens.MFA_DETECT_BROWSER_CAPABILITIES, progress)
    return visit.show(
        PickerPage(
            screen=screens.MFA_BEGIN_ENROLL_OPTIONS if progress.enrolls else screens.MFA_LOGIN_OPTIONS,
            options=tuple(Option(way, NAMES[way]) for way in ways(progress.offered)),
            back=bool(progress.way),
        )
    )


async def _picked(person: Person, way: str) -> Response:
    """To where a way begins."""
    progress = person.progress
    factor = next(name for name in progress.factors if name == way or (way == PHONE and name in CALLED))
    picked = MfaProgress(
        factors=progress.factors, enrolls=progress.enrolls, factor=factor, way=way, unable=progress.unable
    )
    return await person.visit.choose_factor(BY_NAME[screen_of_way(way, enrolls=progress.enrolls)], picked)


async def _detect(person: Person) -> Response:
    """Scripts tell what the browser can do, before keys are offered; without them it can do nothing of that kind."""
    visit, progress = person.visit, person.progress
    if visit.is_post and visit.action != TRY_AGAIN:
        able = {
            WEBAUTHN_ROAMING.name: visit.form.get("webauthn-available") == "true",
            WEBAUTHN_PLATFORM.name: visit.form.get(PLATFORM) == "true",
        }
        unable = tuple(name for name in progress.factors if not able.get(name, True))
        progress = replace(progress, unable=unable if len(unable) < len(progress.factors) else ())
        left, listed = ways(progress.offered), visit.directory.settings.flags.mfa_show_factor_list_on_enrollment
        if len(left) == 1 or not listed:
            return await _picked(replace(person, progress=progress), left[0])
        return await visit.choose_factor(screens.MFA_BEGIN_ENROLL_OPTIONS, progress)
    return visit.show(
        ResultPage(
            screen=screens.MFA_DETECT_BROWSER_CAPABILITIES,
            title="noJSErrorTitle",
            description="noJSErrorDescription",
            ceremony=Ceremony(field=PLATFORM, kind="detect"),
            primary="pickAuthenticatorText",
            buttons=(Button(TRY_AGAIN, "reloadButtonText"),),
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
    return await person.overtaken(outcome) or _otp_challenge_page(person, refusal(outcome))


def _otp_challenge_page(person: Person, *errors: FieldError) -> Response:
    return person.visit.show(
        CodePage(
            screen=screens.MFA_OTP_CHALLENGE,
            inputs=(screens.MFA_CODE,),
            checkbox=person.remember,
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
    outcome = await person.factors.enroll_otp(person.subject, person.code, first=await person.is_first())
    if outcome is Outcome.RIGHT:
        return await enrolled(person)
    return await person.overtaken(outcome) or _otp_enrollment_page(person, by_hand, refusal(outcome))


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


# ── a recovery code ──


async def _recovery_code_challenge(person: Person) -> Response:
    if not person.visit.is_post:
        return _recovery_code_page(person)
    if not person.code:
        return _recovery_code_page(person, FieldError("code", "no-code"))
    outcome = await person.factors.prove_recovery_code(person.subject, person.code)
    if outcome is Outcome.RIGHT:
        return await person.proved(screens.MFA_RECOVERY_CODE_CHALLENGE_NEW_CODE)
    return await person.overtaken(outcome) or _recovery_code_page(person, refusal(outcome))


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


def _to_keep(screen: Screen) -> FactorPrompt:
    """A recovery code, shown until the person says it is kept."""

    async def page(person: Person) -> Response:
        visit = person.visit
        code = await person.factors.recovery_code(person.subject)
        if code is None:  # or another login gave one since, which is the one to be kept
            return await person.shown()
        if visit.is_post and visit.form.get(SAVED.name):
            await person.factors.keeps_recovery_code(person.subject)
            return await person.shown()
        errors = (FieldError("", "no-confirmation"),) if visit.is_post else ()
        return visit.show(CodePage(screen=screen, secret=code, checkbox=SAVED, errors=errors))

    return for_person(page, after=True)


MFA_PROMPTS: dict[Screen, FactorPrompt] = {
    screens.MFA_LOGIN_OPTIONS: for_person(_options),
    screens.MFA_BEGIN_ENROLL_OPTIONS: for_person(_options),
    screens.MFA_DETECT_BROWSER_CAPABILITIES: for_person(_detect, leads_on=False),
    screens.MFA_OTP_ENROLLMENT_QR: for_person(_otp_enrollment),
    screens.MFA_OTP_CHALLENGE: for_person(_otp_challenge),
    screens.MFA_RECOVERY_CODE_ENROLLMENT: _to_keep(screens.MFA_RECOVERY_CODE_ENROLLMENT),
    screens.MFA_RECOVERY_CODE_CHALLENGE: for_person(_recovery_code_challenge),
    screens.MFA_RECOVERY_CODE_CHALLENGE_NEW_CODE: _to_keep(screens.MFA_RECOVERY_CODE_CHALLENGE_NEW_CODE),
    **SENT_PROMPTS,
}
