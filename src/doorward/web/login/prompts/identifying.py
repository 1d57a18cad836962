"""What comes after an identifier: whether a code is sent to it, and how."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from doorward.identity.one_time_codes import TooManyCodes
from doorward.identity.signup import EMAIL, MAX_EMAIL, PHONE
from doorward.model.identifiers import kind_of, normalise_email, normalise_phone
from doorward.model.message import Channel
from doorward.model.mfa import phone_channels
from doorward.model.session import Identification, Step
from doorward.web.login import screens
from doorward.web.login.pages import Button
from doorward.web.login.screens import Screen
from doorward.web.login.visit import Visit
from doorward.web.wire.http import Response

TO_CODE = "switch-to-otp-auth"


class Way(Struct, frozen=True, kw_only=True):
    """How a code reaches somebody: what the challenge says, how the ``amr`` of the login calls it
    (RFC 8176), and the way there from another channel."""

    screen: Screen
    description: str
    too_many: str
    amr: str
    switch: Button | None = None


WAYS = {
    Channel.EMAIL: Way(
        screen=screens.EMAIL_IDENTIFIER_CHALLENGE, description="emailDescription", too_many="too-many-otps", amr="otp"
    ),
    Channel.SMS: Way(
        screen=screens.PHONE_IDENTIFIER_CHALLENGE,
        description="smsDescription",
        too_many="too-many-sms",
        amr="sms",
        switch=Button("switch-to-text", "resendSmsActionText", lead="resendSmsActionSeparatorTextBefore"),
    ),
    Channel.VOICE: Way(
        screen=screens.PHONE_IDENTIFIER_CHALLENGE,
        description="voiceDescription",
        too_many="too-many-voice",
        amr="tel",
        switch=Button("switch-to-voice", "resendVoiceActionText", lead="resendVoiceActionSeparatorTextBefore"),
    ),
}


async def by_code(visit: Visit, username: str, *, preferred: bool = False) -> Identification | None:
    """Whose code lets somebody in who typed ``username``: by what it looks like, never by whether there is such an
    account. ``preferred`` only where the code is asked for before the password."""
    kind = kind_of(username)
    taking = [one for one in visit.connections if (one.prefers_code if preferred else one.takes_code)(kind)]
    address = normalise_email(username) if kind == "email" else normalise_phone(username)
    if kind == "email":
        fits = EMAIL.fullmatch(address) is not None and len(address) <= MAX_EMAIL
    else:
        fits = PHONE.fullmatch(address) is not None and visit.directory.settings.reaches(address)
    if not taking or not fits:
        return None
    chosen = taking[0]
    if len(taking) > 1:  # all of them, always: how long it takes tells nothing of who is where
        known = [await visit.login.ports.authenticator.identify(visit.directory, one, address) for one in taking]
        chosen = next((one for one, user in zip(taking, known, strict=True) if user is not None), chosen)
    return Identification(connection=chosen.name, given={kind: address}, asked=kind)


def instead_of_password(visit: Visit) -> tuple[Button, ...]:
    """The way from the password of whoever was named to a code."""
    kind = kind_of(visit.transaction.username or "")
    taking = any(connection.takes_code(kind) for connection in visit.connections)
    return (Button(TO_CODE, "shared:useCodeText"),) if taking else ()


async def ask(visit: Visit, who: Identification, *, step: Step, username: str) -> Response | None:
    """Send a code for what is ``asked``, and go to the page that takes it; to the choice of a call or a message before
    that, where there is one. ``None``, and nothing changed, where there were too many already."""
    channels = phone_channels(visit.directory)
    if who.asked == "phone_number":
        who = replace(who, channel=channels[0].value)
        if len(channels) > 1:
            at = screens.PHONE_IDENTIFIER_ENROLLMENT.name
            return await visit.go(step=step, username=username, identification=who, at=at)
    else:
        who = replace(who, channel=Channel.EMAIL.value)
    return await _send(visit, who, step=step, username=username)


async def _send(visit: Visit, who: Identification, *, step: Step, username: str) -> Response | None:
    channel, connection = Channel(who.channel), visit.directory.connections[who.connection]
    try:
        await visit.login.people.identifier_codes.send(
            visit.claimant(connection, who.asked, who.address),
            channel=channel,
            signs_up=step is Step.SIGNUP,
            locale=visit.locale,
        )
    except TooManyCodes:
        return None
    return await visit.go(step=step, username=username, identification=who, at=WAYS[channel].screen.name)


async def again(visit: Visit, who: Identification) -> Response | None:
    """The same in the step that the login is at, by the ``channel`` there is."""
    return await _send(visit, who, step=visit.transaction.step, username=visit.transaction.username or who.address)
