"""Second factors whose code is sent: by text message, by a call, by mail."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from doorward.identity.signup import PHONE as PHONE_NUMBER
from doorward.model.identifiers import is_phone, normalise_phone
from doorward.model.mfa import CALLED, EMAIL, FACTORS, PHONE, SMS, VOICE, Factor, MfaProgress, Outcome, masked
from doorward.web.login import screens
from doorward.web.login.countries import countries
from doorward.web.login.pages import Button, Choice, CodePage, FieldError, Option, PickerPage
from doorward.web.login.prompts import country_codes
from doorward.web.login.prompts.mfa_person import (
    BACK,
    Person,
    enrolled,
    for_person,
    refusal,
    status_of,
    typed_badly,
)
from doorward.web.login.screens import BY_NAME, Screen
from doorward.web.login.visit import FactorPrompt
from doorward.web.wire.http import Response

MAX_TYPED = 64


class _Sent(Struct, frozen=True, kw_only=True):
    """A factor whose code is sent, and how its pages differ."""

    factor: Factor
    challenge: Screen
    enrollment: Screen | None = None
    addresses: Screen
    pick: str
    too_many: str
    failed: str = ""
    switch: Button | None = None


_SENT = {
    SMS.name: _Sent(
        factor=SMS,
        challenge=screens.MFA_SMS_CHALLENGE,
        enrollment=screens.MFA_SMS_ENROLLMENT,
        addresses=screens.MFA_SMS_LIST,
        pick="pick-sms",
        too_many="too-many-sms",
        failed="send-sms-failed",
        switch=Button("switch-to-voice", "resendVoiceActionText", lead="resendVoiceActionSeparatorTextBefore"),
    ),
    VOICE.name: _Sent(
        factor=VOICE,
        challenge=screens.MFA_VOICE_CHALLENGE,
        enrollment=screens.MFA_VOICE_ENROLLMENT,
        addresses=screens.MFA_SMS_LIST,
        pick="pick-phone",
        too_many="too-many-voice",
        failed="send-voice-failed",
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
DELIVERY = Choice(
    "type", "chooseMessageTypeText", ((SMS.name, "smsButtonText"), (VOICE.name, "voiceButtonText")), SMS.name
)


async def _addresses(person: Person) -> tuple[str, ...]:
    """Where codes can go to: what is known of the person, or the number that was typed to be enrolled. Of mailboxes
    only that of the account is enrolled."""
    progress, standing = person.progress, await person.standing()
    if progress.enrolls:
        address = standing.mailbox if progress.factor == EMAIL.name else progress.address
        return (address,) if address else ()
    return tuple(one.address for one in standing.of(progress.factor))


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
            return await visit.choose_factor(_enrollment(progress), progress)
        case action if _SWITCHES.get(action) in progress.factors:
            other = _SENT[_SWITCHES[action]]
            return await visit.choose_factor(other.challenge, replace(progress, factor=other.factor.name, sent=0))
    error = typed_badly(person.code)
    if error is not None:
        return _sent_code_page(person, sent, addresses, error)
    if progress.enrolls:
        first = await person.is_first()
        outcome = await person.factors.enroll_address(person.subject, sent.factor, handle, person.code, first=first)
    else:
        outcome = await person.factors.prove_code(person.subject, sent.factor, handle, person.code)
    if outcome is Outcome.RIGHT:
        return await (enrolled(person) if progress.enrolls else person.proved())
    return await person.overtaken(outcome) or _sent_code_page(person, sent, addresses, refusal(outcome))


async def _send(person: Person, sent: _Sent, address: str, handle: str) -> tuple[FieldError, ...]:
    outcome = await person.factors.send_code(
        person.subject, sent.factor, address, handle, enrolls=person.progress.enrolls
    )
    refused = {Outcome.TOO_MANY: sent.too_many, Outcome.UNREACHED: sent.failed}
    return (FieldError("", refused[outcome]),) if outcome in refused else ()


def _sent_code_page(person: Person, sent: _Sent, addresses: tuple[str, ...], *errors: FieldError) -> Response:
    progress = person.progress
    buttons = [Button("resend-code", "resendActionText", lead="resendText")]
    if sent.switch is not None and _SWITCHES[sent.switch.action] in progress.factors:
        buttons.append(sent.switch)
    if progress.enrolls and sent.enrollment is not None:
        buttons.append(Button(BACK, "editText"))
    elif len(addresses) > 1:
        buttons.append(Button(sent.pick, "shared:otherAddressText"))
    return person.visit.show(
        CodePage(
            screen=sent.challenge,
            inputs=(screens.MFA_CODE,),
            sent_to=addresses[progress.place] if progress.enrolls else masked(addresses[progress.place]),
            checkbox=None if progress.enrolls else person.remember,
            buttons=(*buttons, *person.pick),
            errors=errors,
            status=status_of(*errors),
        )
    )


async def _which_address(person: Person) -> Response:
    visit, progress = person.visit, person.progress
    sent, addresses = _SENT[progress.factor], await _addresses(person)
    if visit.is_post:
        chosen = visit.action.removeprefix(country_codes.SELECTION)
        place = int(chosen) if chosen.isascii() and chosen.isdecimal() and len(chosen) < 3 else progress.place
        if place < len(addresses):
            again = replace(progress, place=place, sent=progress.sent if visit.action == BACK else 0)
            asks_how = progress.way == PHONE and not again.sent
            return await visit.choose_factor(screens.MFA_PHONE_CHALLENGE if asks_how else sent.challenge, again)
    options = tuple(Option(f"{country_codes.SELECTION}{place}", label=masked(to)) for place, to in enumerate(addresses))
    return visit.show(PickerPage(screen=sent.addresses, options=options, back=True))


async def _phone_challenge(person: Person) -> Response:
    """The same number, and the question how to reach it."""
    visit, progress, addresses = person.visit, person.progress, await _addresses(person)
    if not progress.place < len(addresses):
        return await person.pick_another()
    if visit.is_post and visit.action == "pick-phone" and len(addresses) > 1:
        return await visit.choose_factor(screens.MFA_SMS_LIST, progress)
    if visit.is_post:
        sent = _SENT[_delivery(person)]
        return await visit.choose_factor(sent.challenge, replace(progress, factor=sent.factor.name, sent=0))
    others = (Button("pick-phone", "changePhoneText"),) if len(addresses) > 1 else ()
    return visit.show(
        CodePage(
            screen=screens.MFA_PHONE_CHALLENGE,
            sent_to=masked(addresses[progress.place]),
            choice=replace(DELIVERY, chosen=progress.factor),
            primary="continueButtonText",
            buttons=(*others, *person.pick),
        )
    )


def _delivery(person: Person) -> str:
    """Message or call, where both are possible and one was asked for."""
    progress, asked = person.progress, person.visit.form.get(DELIVERY.name)
    return asked if progress.way == PHONE and asked in CALLED and asked in progress.factors else progress.factor


def _enrollment(progress: MfaProgress) -> Screen:
    """Where a number is typed."""
    return screens.MFA_PHONE_ENROLLMENT if progress.way == PHONE else BY_NAME[FACTORS[progress.factor].enrollment]


async def _phone_enrollment(person: Person) -> Response:
    visit, progress = person.visit, person.progress
    if not visit.is_post:
        return _phone_page(person)
    if visit.action == country_codes.PICK:
        return await visit.choose_factor(screens.MFA_COUNTRY_CODES, progress)
    typed, country = visit.form.get("phone", "").strip(), countries().get(progress.country)
    if not typed:
        return _phone_page(person, FieldError("phone", "no-phone"))
    if len(typed) > MAX_TYPED:
        return _phone_page(person, FieldError("phone", "invalid-phone"))
    whole = country.number(typed) if country is not None else typed
    number = normalise_phone(whole)
    reached = visit.directory.settings.reaches(number)
    if not is_phone(whole) or not PHONE_NUMBER.fullmatch(number) or not reached:
        return _phone_page(person, FieldError("phone", "invalid-phone"))
    sent = _SENT[_delivery(person)]
    return await visit.choose_factor(sent.challenge, replace(progress, factor=sent.factor.name, address=number, sent=0))


def _phone_page(person: Person, *errors: FieldError) -> Response:
    progress, form = person.progress, person.visit.form
    country = countries().get(progress.country)
    asks_how = progress.way == PHONE
    return person.visit.show(
        CodePage(
            screen=_enrollment(progress),
            inputs=(screens.NATIONAL_PHONE if country is not None else screens.PHONE,),
            values={"phone": form.get("phone", progress.address)[:MAX_TYPED]},
            country=country,
            choice=replace(DELIVERY, chosen=_delivery(person)) if asks_how else None,
            primary="continueButtonText" if asks_how else "buttonText",
            buttons=(country_codes.CHOOSE, *person.pick),
            errors=errors,
        )
    )


async def _country_codes(person: Person) -> Response:
    visit, progress = person.visit, person.progress

    async def leave(picked: str) -> Response:
        return await visit.choose_factor(_enrollment(progress), replace(progress, country=picked or progress.country))

    return await country_codes.choose(visit, leave)


SENT_PROMPTS: dict[Screen, FactorPrompt] = {
    screens.MFA_SMS_ENROLLMENT: for_person(_phone_enrollment),
    screens.MFA_SMS_CHALLENGE: for_person(_sent_code),
    screens.MFA_SMS_LIST: for_person(_which_address),
    screens.MFA_PHONE_ENROLLMENT: for_person(_phone_enrollment),
    screens.MFA_PHONE_CHALLENGE: for_person(_phone_challenge),
    screens.MFA_COUNTRY_CODES: for_person(_country_codes),
    screens.MFA_VOICE_ENROLLMENT: for_person(_phone_enrollment),
    screens.MFA_VOICE_CHALLENGE: for_person(_sent_code),
    screens.MFA_EMAIL_CHALLENGE: for_person(_sent_code),
    screens.MFA_EMAIL_LIST: for_person(_which_address),
}
