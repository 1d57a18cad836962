"""A code after an identifier: it signs in, or goes before a new account."""

from __future__ import annotations

import re

from msgspec.structs import replace

from doorward.identity.one_time_codes import typed
from doorward.identity.signup import SignupError, SignupRefused
from doorward.model.authentication import Denial
from doorward.model.connection import Connection
from doorward.model.message import Channel
from doorward.model.mfa import phone_channels
from doorward.model.session import Identification, Step
from doorward.oauth.errors import AccessDenied
from doorward.web.login import screens
from doorward.web.login.pages import Button, Choice, CodePage, FieldError
from doorward.web.login.prompts import passkey, signup
from doorward.web.login.prompts.identifying import WAYS, again
from doorward.web.login.visit import Visit
from doorward.web.wire.http import Response

BACK, RESEND, TO_PASSWORD = "back-action", "resend-code", "switch-to-password-auth"
PROCEED = frozenset({"default", "proceed-to-signup"})
_SWITCHES = {"switch-to-text": Channel.SMS, "switch-to-sms": Channel.SMS, "switch-to-voice": Channel.VOICE}
_TYPES = {"text": Channel.SMS, "sms": Channel.SMS, "voice": Channel.VOICE}
_CODE = re.compile(r"[0-9]{6}")


def _waiting(visit: Visit) -> tuple[Identification, Connection] | None:
    """Who is waited for, unless their connection is gone since."""
    who = visit.transaction.identification
    connection = visit.directory.connections.get(who.connection) if who is not None else None
    return (who, connection) if who is not None and connection is not None and connection in visit.connections else None


def _beginning(visit: Visit) -> Response:
    return visit.on(screens.SIGNUP_ID if visit.transaction.step is Step.SIGNUP else screens.LOGIN_ID)


async def enrollment(visit: Visit) -> Response:
    """A text message, or a call."""
    waiting = _waiting(visit)
    if waiting is None or (visit.is_post and visit.action == BACK):
        return _beginning(visit)
    who, _ = waiting
    channels = phone_channels(visit.directory)
    if not visit.is_post:
        return _enrollment_page(visit, who)
    channel = _TYPES.get(visit.form.get("type", ""), channels[0])
    if channel not in channels:
        channel = channels[0]
    sent = await again(visit, replace(who, channel=channel.value))
    return sent or _enrollment_page(visit, who, FieldError("", WAYS[channel].too_many), status=429)


def _enrollment_page(visit: Visit, who: Identification, *errors: FieldError, status: int | None = None) -> Response:
    return visit.show(
        CodePage(
            screen=screens.PHONE_IDENTIFIER_ENROLLMENT,
            sent_to=who.address,
            choice=Choice(
                "type", "chooseMessageTypeText", (("text", "smsButtonText"), ("voice", "voiceButtonText")), "text"
            ),
            primary="continueButtonText",
            buttons=(Button(BACK, "backButtonText"),),
            errors=errors,
            status=status,
        )
    )


async def challenge(visit: Visit) -> Response:
    """The code from a mail, a text message or a call."""
    waiting = _waiting(visit)
    if waiting is None or (visit.is_post and visit.action == BACK):
        return _beginning(visit)
    who, connection = waiting
    if not visit.is_post:
        return _challenge_page(visit, who, connection)
    match visit.action:
        case "resend-code":
            return await _send_again(visit, who, connection)
        case action if _SWITCHES.get(action) in _others(visit, who):
            return await _send_again(visit, replace(who, channel=_SWITCHES[action].value), connection)
        case "switch-to-password-auth" if _has_password(visit, connection):
            return await visit.go(at="", identification=None)
    code = typed(visit.form.get("code", ""))
    if not _CODE.fullmatch(code):
        return _challenge_page(visit, who, connection, FieldError("code", "invalid-otp-code-format"))
    return await _brought(visit, who, connection, code)


async def _send_again(visit: Visit, who: Identification, connection: Connection) -> Response:
    """Another code; before that a challenge, where bot detection asks for one."""
    if (await visit.assessed(screens.INTERSTITIAL_CAPTCHA)).captcha is not None:
        return await visit.go(identification=who, at=screens.INTERSTITIAL_CAPTCHA.name)
    return await again(visit, who) or _too_many(visit, who, connection)


async def _brought(visit: Visit, who: Identification, connection: Connection, code: str) -> Response:
    claimant = visit.claimant(connection, who.asked, who.address)
    outcome = await visit.login.people.identifier_codes.bring(claimant, code)
    signs_up = visit.transaction.step is Step.SIGNUP
    match outcome.denial:
        case Denial.CODE_USED:
            return await visit.came_again(claimant)
        case Denial.USER_BLOCKED:
            return await visit.refuse(AccessDenied("user is blocked"))
        case Denial.TOO_MANY_ATTEMPTS | Denial.IP_BLOCKED as locked:
            error = FieldError("", "ip-blocked" if locked is Denial.IP_BLOCKED else "user-blocked")
            return _challenge_page(visit, who, connection, error, status=429)
        case Denial.NOT_PROVED:
            return await _ask_for_proof(visit, who, connection)
        case Denial():
            return _challenge_page(visit, who, connection, FieldError("code", "invalid-code"))
    if outcome.user is not None:
        if signs_up and not connection.takes_code(who.asked):
            return _challenge_page(visit, who, connection, FieldError("", "user-account-exists"))
        amr = (WAYS[Channel(who.channel)].amr,)
        return await visit.sign_in(outcome.user, connection.name, passkey="progressive", amr=amr)
    who = replace(who, verified=(*who.verified, who.asked))
    if signs_up:
        return await signup.go_on(visit, who, connection)
    if not _is_enough(who, connection):
        return _challenge_page(visit, who, connection, FieldError("", "invalid-user"))
    return await visit.go(identification=who, at=screens.CONFIRMATION.name)


async def _ask_for_proof(visit: Visit, who: Identification, connection: Connection) -> Response:
    """The code showed whose the address is, and not whose the account: the password does."""
    if not _has_password(visit, connection):
        return _challenge_page(visit, who, connection, FieldError("", "user-account-exists"))
    return await visit.go(at="", identification=replace(who, verified=(*who.verified, who.asked)))


def _is_enough(who: Identification, connection: Connection) -> bool:
    """Whether what somebody is known by makes an account."""
    takes = connection.signup_identifiers
    return who.asked in takes and all(kind in who.given for kind, needed in takes.items() if needed)


def _has_password(visit: Visit, connection: Connection) -> bool:
    return visit.transaction.step is Step.LOGIN and connection.takes_passwords


def _others(visit: Visit, who: Identification) -> tuple[Channel, ...]:
    """How else a code could reach the same phone."""
    if who.asked != "phone_number":
        return ()
    return tuple(channel for channel in phone_channels(visit.directory) if channel != who.channel)


def _too_many(visit: Visit, who: Identification, connection: Connection) -> Response:
    error = FieldError("", WAYS[Channel(who.channel)].too_many)
    return _challenge_page(visit, who, connection, error, status=429)


def _challenge_page(
    visit: Visit, who: Identification, connection: Connection, *errors: FieldError, status: int | None = None
) -> Response:
    way, by_mail = WAYS[Channel(who.channel)], who.channel == Channel.EMAIL
    switches = tuple(button for channel in _others(visit, who) if (button := WAYS[channel].switch) is not None)
    password = "switchToPasswordButtonText" if by_mail else "shared:usePasswordText"
    return visit.show(
        CodePage(
            screen=way.screen,
            description=way.description,
            sent_to="" if by_mail else who.address,
            texts={"email": who.address},
            inputs=(screens.OTP_CODE,),
            buttons=(
                Button(RESEND, "resendActionText", lead="resendText"),
                *switches,
                *((Button(TO_PASSWORD, password),) if _has_password(visit, connection) else ()),
                Button(BACK, "backButtonText"),
            ),
            ceremony=passkey.probe(connection),
            errors=errors,
            status=status,
        )
    )


async def confirmation(visit: Visit) -> Response:
    """There is no account with the address whose code came back: one is made if that is wanted."""
    waiting = _waiting(visit)
    if waiting is None or (visit.is_post and visit.action not in PROCEED):
        return _beginning(visit)
    who, connection = waiting
    if who.asked not in who.verified:
        return _beginning(visit)
    if not visit.is_post:
        return _confirmation_page(visit, who)
    try:
        return await signup.create(visit, who, connection)
    except SignupRefused as refused:
        many = refused.error is SignupError.IP_BLOCKED
        error = FieldError("", refused.error.value if many else "auth0-users-validation")
        return _confirmation_page(visit, who, error, status=429 if many else None)


def _confirmation_page(visit: Visit, who: Identification, *errors: FieldError, status: int | None = None) -> Response:
    return visit.show(
        CodePage(
            screen=screens.CONFIRMATION,
            sent_to=who.address,
            buttons=(Button(BACK, "backButtonText"),),
            ceremony=passkey.probe(visit.directory.connections.get(who.connection)),
            errors=errors,
            status=status,
        )
    )
