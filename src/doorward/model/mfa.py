"""Second factors: which there are, which a tenant offers, and what of them a person has."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind
from doorward.model.request_context import RequestContext
from doorward.model.user import User

# The class of authentication an application asks for with ``acr_values``, and is told of in ``acr``.
MULTI_FACTOR = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"


class ChallengeType(StrEnum):
    """How a factor is challenged: ``challenge_type`` of the MFA API."""

    OTP = "otp"
    OOB = "oob"
    RECOVERY_CODE = "recovery-code"


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
    channel: str = ""


OTP = Factor(
    name="otp", switch="otp", method=MethodType.TOTP, type=ChallengeType.OTP, requirement="otp",
    challenge="mfa-otp-challenge", enrollment="mfa-otp-enrollment-qr",
)  # fmt: skip
RECOVERY_CODE = Factor(
    name="recovery-code", switch="recovery-code", method=MethodType.RECOVERY_CODE, type=ChallengeType.RECOVERY_CODE,
    requirement="recovery-code", challenge="mfa-recovery-code-challenge",
)  # fmt: skip
# In the order in which they are offered; what comes first is asked for first.
FACTORS: dict[str, Factor] = {factor.name: factor for factor in (OTP, RECOVERY_CODE)}


class Enrolled(Struct, frozen=True):
    """A factor a person has and the tenant offers; ``method`` is the id of the authentication method, empty where the
    account itself says enough, ``label`` where a code goes to."""

    factor: str
    method: str = ""
    label: str = ""


class Standing(Struct, frozen=True, kw_only=True):
    """What a person can be challenged with, and what they may enrol in, by name and in order."""

    enrolled: tuple[Enrolled, ...] = ()
    enrollable: tuple[str, ...] = ()

    @property
    def challenges(self) -> tuple[str, ...]:
        """The factors to choose from. A recovery code stands in for another factor: alone it is none."""
        names = tuple(dict.fromkeys(one.factor for one in self.enrolled))
        return names if any(name != RECOVERY_CODE.name for name in names) else ()

    def of(self, factor: str) -> tuple[Enrolled, ...]:
        return tuple(one for one in self.enrolled if one.factor == factor)


class MfaProgress(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a login is with its second factor.

    ``factors`` may be chosen, ``factor`` is; ``enrolls`` where the person has none yet. ``method`` is the id of the
    authentication method that is challenged.
    """

    factors: tuple[str, ...]
    enrolls: bool = False
    factor: str = ""
    method: str = ""


class MfaSubject(Struct, frozen=True, kw_only=True):
    """Who is to prove a second factor, at which application, and in what: ``binding`` is the digest of the login, the
    token or the link it happens in."""

    directory: TenantDirectory
    user: User
    client: Client | None
    context: RequestContext
    binding: bytes


class OtpEnrollment(Struct, frozen=True):
    """What an authenticator app is given: the secret (base32) by hand, or the URI as a picture."""

    secret: str
    uri: str


class Outcome(StrEnum):
    """What came of a code. ``TAKEN``: somebody enrolled meanwhile."""

    RIGHT = "right"
    WRONG = "wrong"
    TOO_MANY = "too_many"
    TAKEN = "taken"


def offers(directory: TenantDirectory, factor: Factor) -> bool:
    """Whether the tenant has the factor switched on (``PUT /guardian/factors/{name}``)."""
    switch = directory.documents[Kind.CONFIGURATION].get(f"guardian/factors/{factor.switch}")
    return switch is not None and switch.body.get("enabled") is True


def policies(directory: TenantDirectory) -> tuple[str, ...]:
    """When a second factor is asked for (``PUT /guardian/policies``); empty means never."""
    document = directory.documents[Kind.CONFIGURATION].get("guardian/policies")
    return tuple(document.body["policies"]) if document is not None else ()


def standing(directory: TenantDirectory, user: User, methods: Iterable[AuthenticationMethod]) -> Standing:
    """What ``methods`` of ``user`` are worth in this tenant."""
    methods = tuple(methods)
    offered = [factor for factor in FACTORS.values() if offers(directory, factor)]
    return Standing(
        enrolled=tuple(
            Enrolled(factor.name, method.id) for factor in offered for method in methods if method.type is factor.method
        ),
        enrollable=tuple(factor.name for factor in offered if factor.enrollment),
    )
