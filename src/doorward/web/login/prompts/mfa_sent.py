"""Second factors whose code is sent: by text message, by a call, by mail."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from doorward.identity.signup import PHONE
from doorward.model.identifiers import is_phone, normalise_phone
from doorward.model.mfa import EMAIL, SMS, VOICE, Factor, Outcome, masked
from doorward.web.login import screens
from doorward.web.login.pages import Button, CodePage, FieldError, Option, PickerPage
from doorward.web.login.prompts.mfa_person import (
    BACK,
    Person,
    enrolled,
    for_person,
    refusal,
    status_of,
    typed_badly,
)
from doorward.web.login.screens import Screen
from doorward.web.login.visit import Prompt
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
    return tuple(one.address for one in (await person.standing()).of(person.progress.factor))


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
        first = await person.is_first()
        outcome = await person.factors.enroll_address(person.subject, sent.factor, handle, person.code, first=first)
    else:
        outcome = await person.factors.prove_code(person.subject, sent.factor, handle, person.code)
    if outcome is Outcome.RIGHT:
        return await (enrolled(person) if progress.enrolls else person.proved())
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


SENT_PROMPTS: dict[Screen, Prompt] = {
    screens.MFA_SMS_ENROLLMENT: for_person(_phone_enrollment),
    screens.MFA_SMS_CHALLENGE: for_person(_sent_code),
    screens.MFA_SMS_LIST: for_person(_which_address),
    screens.MFA_VOICE_ENROLLMENT: for_person(_phone_enrollment),
    screens.MFA_VOICE_CHALLENGE: for_person(_sent_code),
    screens.MFA_EMAIL_CHALLENGE: for_person(_sent_code),
    screens.MFA_EMAIL_LIST: for_person(_which_address),
}
