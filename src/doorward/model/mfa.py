"""Second factors: which there are, which a tenant offers, and what of them a person has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct, structs

from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind
from doorward.model.identifiers import normalise_email
from doorward.model.message import Channel
from doorward.model.pace import Pace
from doorward.model.request_context import RequestContext
from doorward.model.user import User

# The class of authentication an application asks for with ``acr_values``, and is told of in ``acr``.
MULTI_FACTOR = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"

# How often a code is sent for one factor of a person.
SENDING = Pace(5, 120.0)


class ChallengeType(StrEnum):
    """How a factor is challenged: ``challenge_type`` of the MFA API."""

    OTP = "otp"
    OOB = "oob"
    RECOVERY_CODE = "recovery-code"
    WEBAUTHN = "webauthn"  # on pages alone


class Factor(Struct, frozen=True, kw_only=True):
    """One kind of second factor.

    ``name`` is what a form posts to pick it, ``switch`` the name under ``/guardian/factors`` that enables it,
    ``requirement`` what ``mfa_requirements`` calls it. ``challenge``, ``enrollment`` and ``listed`` are the names of
    its screens (without ``enrollment`` nobody enrols in it by themselves), ``channel`` is its ``oob_channel``.
    """

    name: str
    switch: str
    method: MethodType
    type: ChallengeType
    requirement: str
    challenge: str
    enrollment: str = ""
    listed: str = ""
    channel: Channel | None = None


OTP = Factor(
    name="otp", switch="otp", method=MethodType.TOTP, type=ChallengeType.OTP, requirement="otp",
    challenge="mfa-otp-challenge", enrollment="mfa-otp-enrollment-qr",
)  # fmt: skip
RECOVERY_CODE = Factor(
    name="recovery-code", switch="recovery-code", method=MethodType.RECOVERY_CODE, type=ChallengeType.RECOVERY_CODE,
    requirement="recovery-code", challenge="mfa-recovery-code-challenge",
)  # fmt: skip
SMS = Factor(
    name="sms", switch="sms", method=MethodType.PHONE, type=ChallengeType.OOB, requirement="phone",
    challenge="mfa-sms-challenge", enrollment="mfa-sms-enrollment", listed="mfa-sms-list", channel=Channel.SMS,
)  # fmt: skip
VOICE = Factor(
    name="voice", switch="sms", method=MethodType.PHONE, type=ChallengeType.OOB, requirement="phone",
    challenge="mfa-voice-challenge", enrollment="mfa-voice-enrollment", listed="mfa-sms-list", channel=Channel.VOICE,
)  # fmt: skip
EMAIL = Factor(
    name="email", switch="email", method=MethodType.EMAIL, type=ChallengeType.OOB, requirement="email",
    challenge="mfa-email-challenge", enrollment="mfa-email-challenge", listed="mfa-email-list", channel=Channel.EMAIL,
)  # fmt: skip
WEBAUTHN_ROAMING = Factor(
    name="webauthn-roaming", switch="webauthn-roaming", method=MethodType.WEBAUTHN_ROAMING,
    type=ChallengeType.WEBAUTHN, requirement="webauthn-roaming", challenge="mfa-webauthn-roaming-challenge",
    enrollment="mfa-webauthn-roaming-enrollment",
)  # fmt: skip
WEBAUTHN_PLATFORM = Factor(
    name="webauthn-platform", switch="webauthn-platform", method=MethodType.WEBAUTHN_PLATFORM,
    type=ChallengeType.WEBAUTHN, requirement="webauthn-platform", challenge="mfa-webauthn-platform-challenge",
    enrollment="mfa-webauthn-platform-enrollment",
)  # fmt: skip
# In the order in which they are offered; what comes first is asked for first.
FACTORS: dict[str, Factor] = {
    factor.name: factor for factor in (WEBAUTHN_ROAMING, WEBAUTHN_PLATFORM, OTP, SMS, VOICE, EMAIL, RECOVERY_CODE)
}


# What is shown once a second factor is proved, before the login goes on.
SHOWN_AFTER = frozenset(
    {
        "mfa-recovery-code-enrollment",
        "mfa-recovery-code-challenge-new-code",
        "mfa-webauthn-change-key-nickname",
        "mfa-webauthn-enrollment-success",
    }
)
# A number that can be reached in both ways is one way to people: they say which when a code is to come.
PHONE = "phone"
CALLED = (SMS.name, VOICE.name)


def ways(factors: Sequence[str]) -> tuple[str, ...]:
    """``factors`` as they are offered to be picked."""
    if not set(CALLED) <= set(factors):
        return tuple(factors)
    return tuple(dict.fromkeys(PHONE if name in CALLED else name for name in factors))


def screen_of_way(way: str, *, enrolls: bool) -> str:
    """The name of the screen a way begins with."""
    if way == PHONE:
        return "mfa-phone-enrollment" if enrolls else "mfa-phone-challenge"
    return FACTORS[way].enrollment if enrolls else FACTORS[way].challenge


class Enrolled(Struct, frozen=True):
    """A factor a person has and the tenant offers; ``method`` is the id of the authentication method, empty where the
    account itself says enough (a verified address), ``address`` where a code goes to."""

    factor: str
    method: str = ""
    address: str = ""


class Standing(Struct, frozen=True, kw_only=True):
    """What a person can be challenged with, and what they may enrol in, by name and in order. ``mailbox`` is the
    address of the account where the tenant offers that as a factor, and nobody has enrolled it."""

    enrolled: tuple[Enrolled, ...] = ()
    enrollable: tuple[str, ...] = ()
    mailbox: str = ""

    @property
    def challenges(self) -> tuple[str, ...]:
        """The factors to choose from. A recovery code stands in for another factor: alone it is none; nor is an
        address that nobody enrolled, as long as there is something to enrol in."""
        names = tuple(dict.fromkeys(one.factor for one in self.enrolled))
        counts = any(one.method for one in self.enrolled if one.factor != RECOVERY_CODE.name)
        alone = not self.enrollable and EMAIL.name in names
        return names if counts or alone else ()

    def of(self, factor: str) -> tuple[Enrolled, ...]:
        return tuple(one for one in self.enrolled if one.factor == factor)

    def without_mailbox(self, address: str) -> Standing:
        """The same for whoever is known to read the mail of ``address``: a code sent there would prove nothing more."""
        known = normalise_email(address)
        left = tuple(e for e in self.enrolled if e.factor != EMAIL.name or normalise_email(e.address) != known)
        return structs.replace(self, enrolled=left)


class MfaProgress(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a login is with its second factor.

    ``factors`` may be chosen, ``factor`` is; ``enrolls`` where the person has none yet. ``way`` is what was picked,
    ``phone`` where message or call is asked each time. ``place`` says which of several addresses a code is for; where
    one is enrolled, ``address`` is what was typed, and ``country`` (``GB+44``) what was chosen for it. ``sent`` counts
    the codes that went there, ``key`` is the id of a key that was just enrolled. ``unable`` are the factors the
    browser cannot have, once that was found out.
    """

    factors: tuple[str, ...]
    enrolls: bool = False
    factor: str = ""
    way: str = ""
    place: int = 0
    address: str = ""
    country: str = ""
    sent: int = 0
    key: str = ""
    unable: tuple[str, ...] | None = None

    @property
    def offered(self) -> tuple[str, ...]:
        """What there is to pick from."""
        return tuple(name for name in self.factors if name not in (self.unable or ()))


class MfaSubject(Struct, frozen=True, kw_only=True):
    """Who is to prove a second factor, at which application, and in what: ``binding`` is the digest of the login, the
    token or the link it happens in. ``locale`` is the language of what is sent (BCP 47). ``ticket`` is the digest of a
    link that is used up by what is enrolled. ``embedded``: in pages of the application itself. ``method_id`` is the id
    of what is enrolled, where that was told before. ``shown_later``: a recovery code that comes of it is told on a
    page that follows, and not in the answer."""

    directory: TenantDirectory
    user: User
    client: Client | None
    context: RequestContext
    binding: bytes
    locale: str = ""
    embedded: bool = False
    method_id: str = ""
    ticket: bytes | None = None
    shown_later: bool = False

    @property
    def pages_of(self) -> Client | None:
        """Whose pages it happens in, where they are not the server's own."""
        return self.client if self.embedded else None


class OtpEnrollment(Struct, frozen=True):
    """What an authenticator app is given: the secret (base32) by hand, or the URI as a picture."""

    secret: str
    uri: str


class Outcome(StrEnum):
    """What came of a code, or of sending one. ``AGAIN``: the right one, which came in the same login or with the same
    token before; of a key an answer to a challenge that was answered there before, rightly or not. ``TAKEN``: somebody
    enrolled meanwhile; ``VOID``: no code was sent, or it is not good any more; ``UNREACHED``: nothing is sent to that
    country."""

    RIGHT = "right"
    AGAIN = "again"
    WRONG = "wrong"
    TOO_MANY = "too_many"
    TAKEN = "taken"
    VOID = "void"
    UNREACHED = "unreached"


def offers(directory: TenantDirectory, factor: Factor) -> bool:
    """Whether the tenant has the factor switched on (``PUT /guardian/factors/{name}``)."""
    documents = directory.documents[Kind.CONFIGURATION]
    switch = documents.get(f"guardian/factors/{factor.switch}")
    if switch is None or switch.body.get("enabled") is not True:
        return False
    if factor.method is not MethodType.PHONE or factor.channel is None:
        return True
    return factor.channel in phone_channels(directory)


def phone_channels(directory: TenantDirectory) -> tuple[Channel, ...]:
    """How codes reach phones (``PUT /guardian/factors/phone/message-types``)."""
    types = directory.documents[Kind.CONFIGURATION].get("guardian/phone/message-types")
    named = (types.body.get("message_types") if types is not None else None) or (Channel.SMS.value,)
    return tuple(Channel(name) for name in named)


def policies(directory: TenantDirectory) -> tuple[str, ...]:
    """When a second factor is asked for (``PUT /guardian/policies``); empty means never."""
    document = directory.documents[Kind.CONFIGURATION].get("guardian/policies")
    return tuple(document.body["policies"]) if document is not None else ()


def standing(directory: TenantDirectory, user: User, methods: Iterable[AuthenticationMethod]) -> Standing:
    """What ``methods`` of ``user`` are worth in this tenant. Who has no factor and no other to take on enrols the
    mailbox of the account; it need not be enrolled once it is known to be theirs."""
    methods = tuple(methods)
    offered = [factor for factor in _in_order(methods) if offers(directory, factor)]
    enrolled: list[Enrolled] = []
    mailbox = ""
    for factor in offered:
        theirs = [method for method in methods if method.type is factor.method]
        enrolled += [Enrolled(factor.name, method.id, _address(method)) for method in theirs]
        if factor is EMAIL and user.email and user.email not in [_address(method) for method in theirs]:
            mailbox = user.email
            if user.profile.get("email_verified") is True:
                enrolled.append(Enrolled(factor.name, address=mailbox))
    enrollable = tuple(factor.name for factor in offered if factor.enrollment and factor is not EMAIL)
    if not enrollable and mailbox and not enrolled:
        enrollable = (EMAIL.name,)
    return Standing(enrolled=tuple(enrolled), enrollable=enrollable, mailbox=mailbox)


def _in_order(methods: Iterable[AuthenticationMethod]) -> Iterable[Factor]:
    """Every factor; a call comes before a message for who wanted that."""
    first = next((method.properties for method in methods if method.type is MethodType.PHONE), {})
    if first.get("preferred_authentication_method") != VOICE.name:
        return FACTORS.values()
    swapped = {SMS.name: VOICE, VOICE.name: SMS}
    return [swapped.get(factor.name, factor) for factor in FACTORS.values()]


def _address(method: AuthenticationMethod) -> str:
    return str(method.properties.get("email") or method.properties.get("phone_number") or "")


def masked(address: str) -> str:
    """Of an address only enough to know it again."""
    local, at, host = address.rpartition("@")
    if at:
        return f"{local[:4] if len(local) > 4 else ''}{'*' * max(4, len(local) - 4)}@{host[:4]}{'*' * (len(host) - 4)}"
    return "X" * (len(address) - 4) + address[-4:]
