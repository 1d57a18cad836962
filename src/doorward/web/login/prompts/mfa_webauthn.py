"""A key of an authenticator as second factor: security keys, and what is built into a device."""

from __future__ import annotations

import json

import msgspec
from msgspec.structs import replace

from doorward.model.mfa import FACTORS, WEBAUTHN_PLATFORM, Outcome, ways
from doorward.web.login import screens
from doorward.web.login.pages import Ceremony, FieldError, FormPage, KeyPage, ResultPage
from doorward.web.login.prompts.mfa_person import Person, for_person, status_of
from doorward.web.login.prompts.passkey import TOLD
from doorward.web.login.prompts.passkey_enrollment import MAX_TOLD
from doorward.web.login.screens import BY_NAME, Screen
from doorward.web.login.visit import FactorPrompt
from doorward.web.wire.http import Response

FIELD = "response"
SNOOZE, REFUSE = "snooze-enrollment", "refuse-add-device"
SHORTEST_NICKNAME, LONGEST_NICKNAME = 1, 30
TOO_MANY = "too-many-webauthn-challenge-attempts-error"


async def _challenge(person: Person) -> Response:
    visit, factor = person.visit, person.progress.factor
    if not visit.is_post:
        return await _challenge_page(person)
    answer = visit.form.get(FIELD)
    if not answer or visit.action.startswith(TOLD):
        return await _went_wrong(person)
    outcome = await person.factors.prove_key(person.subject, factor, answer)
    if outcome is Outcome.RIGHT:
        return await person.proved()
    overtaken = await person.overtaken(outcome)
    if overtaken is not None:
        return overtaken
    wrong = "webauthn-platform-challenge-error" if _is_platform(person) else "webauthn-challenge-error"
    return await _challenge_page(person, FieldError("", TOO_MANY if outcome is Outcome.TOO_MANY else wrong))


async def _challenge_page(person: Person, *errors: FieldError) -> Response:
    options = await person.factors.key_challenge(person.subject, person.progress.factor)
    return person.visit.show(
        KeyPage(
            screen=BY_NAME[FACTORS[person.progress.factor].challenge],
            ceremony=Ceremony(field=FIELD, kind="get", options=msgspec.json.encode(options).decode()),
            waiting="awaitingConfirmation",
            checkbox=person.remember,
            buttons=person.pick,
            errors=errors,
            status=status_of(*errors),
        )
    )


async def _enrollment(person: Person) -> Response:
    visit, factor = person.visit, person.progress.factor
    if not visit.is_post:
        return await _enrollment_page(person)
    if visit.action in (SNOOZE, REFUSE):
        return await _declined(person)
    answer = visit.form.get(FIELD)
    if not answer or visit.action.startswith(TOLD):
        return await _went_wrong(person)
    outcome, method = await person.factors.enroll_key(person.subject, factor, answer, first=await person.is_first())
    if outcome is Outcome.RIGHT:
        named = replace(visit.transaction, mfa=replace(person.progress, key=method))
        person = replace(person, visit=replace(visit, transaction=named))
        return await person.proved(screens.MFA_WEBAUTHN_CHANGE_KEY_NICKNAME)
    overtaken = await person.overtaken(outcome)
    if overtaken is not None:
        return overtaken
    error = "webauthn-platform-associate-error" if _is_platform(person) else "webauthn-associate-error"
    return await _enrollment_page(person, FieldError("", error))


async def _declined(person: Person) -> Response:
    """Not now, or never on this device: another way, since one there has to be."""
    progress = person.progress
    if person.visit.action == REFUSE and len(ways(progress.offered)) > 1:
        progress = replace(progress, unable=(*(progress.unable or ()), progress.factor))
    return await replace(person, progress=progress).pick_another()


async def _enrollment_page(person: Person, *errors: FieldError) -> Response:
    options = await person.factors.key_enrollment(person.subject, person.progress.factor)
    return person.visit.show(
        KeyPage(
            screen=BY_NAME[FACTORS[person.progress.factor].enrollment],
            ceremony=Ceremony(field=FIELD, kind="create", options=msgspec.json.encode(options).decode()),
            waiting="awaitingConfirmation",
            steps=() if _is_platform(person) else ("instructions1", "instructions2", "instructions3"),
            buttons=person.pick,
            errors=errors,
        )
    )


def _is_platform(person: Person) -> bool:
    return person.progress.factor == WEBAUTHN_PLATFORM.name


async def _went_wrong(person: Person) -> Response:
    """The browser says it could not, or posted nothing, as it does without scripts."""
    visit, told = person.visit, person.visit.action.removeprefix(TOLD)[:MAX_TOLD]
    person.factors.key_failed(person.subject, person.progress.factor, told, enrolls=person.progress.enrolls)
    unable = not visit.action.startswith(TOLD) or _name(told) == "NotSupportedError"
    page = screens.MFA_WEBAUTHN_NOT_AVAILABLE if unable else screens.MFA_WEBAUTHN_ERROR
    return await visit.choose_factor(page, person.progress)


def _name(told: str) -> str:
    try:
        error = json.loads(told)
    except ValueError:
        return ""
    return str(error.get("name", "")) if isinstance(error, dict) else ""


async def _error(person: Person) -> Response:
    """It can be tried again, or another way."""
    visit, progress = person.visit, person.progress
    if visit.is_post:
        factor = FACTORS[progress.factor]
        return await visit.choose_factor(BY_NAME[factor.enrollment if progress.enrolls else factor.challenge], progress)
    platform = "Platform" if _is_platform(person) else ""
    return visit.show(
        ResultPage(
            screen=screens.MFA_WEBAUTHN_ERROR,
            title=f"errorTitle{platform}Challenge",
            description=f"description{platform}",
            primary="tryAgainLinkText",
            buttons=person.pick,
        )
    )


async def _not_available(person: Person) -> Response:
    if person.visit.is_post:
        return await _error(person)
    return person.visit.show(
        ResultPage(
            screen=screens.MFA_WEBAUTHN_NOT_AVAILABLE,
            title="errorTitle",
            description="errorDescription",
            primary="tryAgainLinkText",
            buttons=person.pick,
        )
    )


# ── once it is enrolled ──


async def _nickname(person: Person) -> Response:
    visit = person.visit
    if not visit.is_post:
        return _nickname_page(person)
    name = visit.form.get("nickname", "").strip()
    if not name:
        return _nickname_page(person, "no-nickname")
    if len(name) > LONGEST_NICKNAME:
        return _nickname_page(person, "nickname-too-long")
    if not await person.factors.name_key(person.subject, person.progress.key, name):
        return _nickname_page(person, "error-while-patching")
    return await visit.choose_factor(screens.MFA_WEBAUTHN_ENROLLMENT_SUCCESS, person.progress)


def _nickname_page(person: Person, *errors: str) -> Response:
    platform = _is_platform(person)
    return person.visit.show(
        FormPage(
            screen=screens.MFA_WEBAUTHN_CHANGE_KEY_NICKNAME,
            inputs=(screens.DEVICE_NICKNAME if platform else screens.NICKNAME,),
            description="descriptionPlatform" if platform else "description",
            values={"nickname": person.visit.form.get("nickname", "")[:LONGEST_NICKNAME]},
            errors=tuple(FieldError("nickname", code) for code in errors),
        )
    )


async def _success(person: Person) -> Response:
    visit = person.visit
    if visit.is_post:
        came = await person.factors.recovery_code(person.subject)
        if came is None:
            return await person.shown()
        return await visit.choose_factor(screens.MFA_RECOVERY_CODE_ENROLLMENT, person.progress)
    platform = "Platform" if _is_platform(person) else ""
    return visit.show(
        ResultPage(
            screen=screens.MFA_WEBAUTHN_ENROLLMENT_SUCCESS,
            title=f"title{platform}",
            description=f"description{platform}",
            primary="buttonText",
        )
    )


KEY_PROMPTS: dict[Screen, FactorPrompt] = {
    screens.MFA_WEBAUTHN_ROAMING_CHALLENGE: for_person(_challenge),
    screens.MFA_WEBAUTHN_PLATFORM_CHALLENGE: for_person(_challenge),
    screens.MFA_WEBAUTHN_ROAMING_ENROLLMENT: for_person(_enrollment),
    screens.MFA_WEBAUTHN_PLATFORM_ENROLLMENT: for_person(_enrollment),
    screens.MFA_WEBAUTHN_ERROR: for_person(_error),
    screens.MFA_WEBAUTHN_NOT_AVAILABLE: for_person(_not_available),
    screens.MFA_WEBAUTHN_CHANGE_KEY_NICKNAME: for_person(_nickname, after=True),
    screens.MFA_WEBAUTHN_ENROLLMENT_SUCCESS: for_person(_success, after=True),
}
