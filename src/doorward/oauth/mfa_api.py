"""Auth0's MFA API: what a person can be challenged with, and another factor for them.

An ``mfa_token`` speaks for whoever gave the password only: it lists, challenges, and takes on a **first** factor. To
add to, or take from, what somebody has takes an access token for ``https://TENANT/mfa/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from doorward.model.client import Client
from doorward.model.identifiers import EMAIL_ADDRESS, is_phone, normalise_email, normalise_phone
from doorward.model.log_event import LogEvent
from doorward.model.mfa import (
    EMAIL,
    FACTORS,
    OTP,
    SENDING,
    ChallengeType,
    Enrolled,
    Factor,
    MfaSubject,
    Outcome,
    Standing,
    masked,
    offers,
)
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth import mfa_token
from doorward.oauth.bearer import BearerTokens
from doorward.oauth.eligibility import eligible_user
from doorward.oauth.errors import (
    AccessDenied,
    InsufficientScope,
    InvalidRequest,
    InvalidTokenError,
    OAuthError,
    TooManyRequests,
    missing_parameter,
)
from doorward.oauth.log_events import protocol_event
from doorward.oauth.mfa_token import ENROLL, WaitingRequest
from doorward.ports import Ports

LONGEST_NUMBER = 32  # with what people put between
READ, REMOVE = "read:authenticators", "remove:authenticators"
ACCOUNT = "account"  # stands for the authentication method where an address of the account itself is one


class NoSuchAuthenticator(OAuthError):
    """The authenticator of the path does not exist, or is somebody else's."""

    error = "not_found"
    status = 404


class AssociationRequired(AccessDenied):
    """Auth0's ``association_required``: there is nothing to challenge."""

    error = "association_required"


class UnsupportedChallengeType(InvalidRequest):
    """Auth0's ``unsupported_challenge_type``."""

    error = "unsupported_challenge_type"


class Caller(Struct, frozen=True, kw_only=True):
    """Whom a token speaks for. ``scopes`` is ``None`` for an ``mfa_token``."""

    subject: MfaSubject
    scopes: frozenset[str] | None

    @property
    def tenant(self) -> str:
        return self.subject.directory.tenant.id

    def need(self, scope: str) -> None:
        """Raises ``InsufficientScope``."""
        if self.scopes is not None and scope not in self.scopes:
            raise InsufficientScope(f"Insufficient scope, expected: {scope}")


class MfaApi:
    """The operations, over the ports."""

    def __init__(self, ports: Ports, bearer_tokens: BearerTokens) -> None:
        self._ports = ports
        self._bearer_tokens = bearer_tokens

    async def caller(self, token: str | None, client: Client | None, context: RequestContext, issuer: Issuer) -> Caller:
        """Whom ``token`` speaks for: an ``mfa_token``, or an access token for the MFA API. ``client`` is who
        presents it, where it says so.

        Raises ``InvalidTokenError``, ``InvalidGrant``, ``ExpiredToken``, and whatever stands against the user.
        """
        if not token:
            raise InvalidTokenError("Missing token")
        ports, directory = self._ports, self._ports.directory.tenant(issuer.tenant)
        scopes: frozenset[str] | None = None
        waiting: WaitingRequest | None = None
        if mfa_token.is_access_token(token):
            bearer = self._bearer_tokens.verify(token, directory.tenant.mfa_audience, issuer, directory)
            user_id, client_id, scopes = bearer.subject, bearer.client_id, bearer.scopes
            _, revoked = await ports.users.access(issuer.tenant, user_id, bearer.token_hash)
            if revoked:
                raise InvalidTokenError("The token was revoked")
        else:
            waiting = mfa_token.read(token, client, issuer, directory, ports)
            user_id, client_id = waiting.sub, waiting.azp
        served = directory.clients.get(client_id)
        if served is None:
            raise InvalidTokenError("The client of the token does not exist any more")
        user = eligible_user(await ports.users.find(issuer.tenant, user_id), served, directory)
        if waiting is not None:
            waiting.still_of(user)
            if await ports.one_time_values.used(issuer.tenant, mfa_token.binding(token), at=ports.clock.now()):
                raise InvalidTokenError("The mfa_token was used")
        subject = MfaSubject(
            directory=directory, user=user, client=served, context=context, binding=mfa_token.binding(token)
        )
        return Caller(subject=subject, scopes=scopes)

    async def challenge(self, caller: Caller, types: Sequence[str], authenticator_id: str | None) -> dict[str, str]:
        """Begin a challenge; ``types`` are those the client can do, none for all."""
        standing = await self._ports.second_factors.standing(caller.subject.directory, caller.subject.user)
        if not standing.challenges:
            raise AssociationRequired("User does not have any authenticators enrolled")
        wanted = [one for one in standing.enrolled if not types or FACTORS[one.factor].type.value in types]
        if authenticator_id is not None:
            wanted = [one for one in wanted if authenticator_id == wire_id(one)]
        for one in wanted:
            factor = FACTORS[one.factor]
            if factor.type is ChallengeType.OTP:
                self._write(caller, "gd_start_auth")
                return {"challenge_type": "otp"}
            if factor.type is ChallengeType.OOB:
                return {"challenge_type": "oob", **await self._sent(caller, factor, one.address, enrolls=False)}
        raise UnsupportedChallengeType("User does not support any of the requested challenge types")

    async def _sent(self, caller: Caller, factor: Factor, address: str, *, enrolls: bool) -> dict[str, str]:
        """A code under way, and how it is given back. Raises ``TooManyRequests``."""
        oob_code = f"{factor.name}.{self._ports.entropy.token(32)}"
        outcome = await self._ports.second_factors.send_code(caller.subject, factor, address, oob_code, enrolls=enrolls)
        if outcome is not Outcome.RIGHT:
            raise TooManyRequests(
                "Too many codes were sent", SENDING, self._ports.clock.now(), hint="One more is sent every two minutes."
            )
        return {"oob_code": oob_code, "binding_method": "prompt"}

    async def associate(
        self,
        caller: Caller,
        types: Sequence[str],
        channels: Sequence[str],
        phone_number: str | None = None,
        email: str | None = None,
    ) -> dict[str, Any]:
        """What is needed to set another factor up; it counts once a code of it was given to the token endpoint, with
        the same token."""
        caller.need(ENROLL)
        if not types:
            raise missing_parameter("authenticator_types")
        subject, factors = caller.subject, self._ports.second_factors
        standing = await factors.standing(subject.directory, subject.user)
        has_app = "otp" in types and bool(standing.of(OTP.name))  # one is all that somebody can have
        if standing.challenges and (caller.scopes is None or has_app):
            raise AccessDenied(
                "User is already enrolled.",
                hint=f"Another factor is added with an access token for the MFA API with the scope {ENROLL}.",
            )
        answer: dict[str, Any]
        if "otp" in types and OTP.name in standing.enrollable:
            enrollment = factors.otp_enrollment(subject)
            answer = {"authenticator_type": "otp", "secret": enrollment.secret, "barcode_uri": enrollment.uri}
        else:
            offered = (*standing.enrollable, *_mailboxes(caller))
            factor = next((FACTORS[name] for name in channels if name in offered and "oob" in types), None)
            if factor is None or factor.channel is None:
                raise InvalidRequest("None of the authenticator_types is available")
            address = _mailbox(caller, standing, email) if factor is EMAIL else _number(phone_number)
            sent = await self._sent(caller, factor, address, enrolls=True)
            answer = {"authenticator_type": "oob", "oob_channel": factor.channel.value, **sent}
        self._write(caller, "gd_start_enroll")
        code = factors.coming_recovery_code(subject) if not standing.challenges else None
        return {**answer, "recovery_codes": [code]} if code is not None else answer

    async def authenticators(self, caller: Caller) -> list[dict[str, Any]]:
        """What the person has."""
        caller.need(READ)
        standing = await self._ports.second_factors.standing(caller.subject.directory, caller.subject.user)
        return [_shown(one) for one in standing.enrolled]

    async def remove(self, caller: Caller, id_: str) -> None:
        """Raises ``NoSuchAuthenticator``."""
        if caller.scopes is None:
            raise InvalidTokenError("An access token is needed", hint=f"With the scope {REMOVE}.")
        caller.need(REMOVE)
        standing = await self._ports.second_factors.standing(caller.subject.directory, caller.subject.user)
        method = next((one.method for one in standing.enrolled if one.method and wire_id(one) == id_), None)
        if method is None:
            raise NoSuchAuthenticator("Authenticator not found")
        await self._ports.authentication_methods.remove(
            caller.tenant, [method], events=(self._event(caller, "gd_unenroll"),)
        )

    async def renew_recovery_code(self, caller: Caller) -> dict[str, str]:
        """Another recovery code in the place of the one there was."""
        if caller.scopes is None:
            raise InvalidTokenError("An access token is needed", hint=f"With the scope {ENROLL}.")
        caller.need(ENROLL)
        return {"recovery_code": await self._ports.second_factors.new_recovery_code(caller.subject)}

    def _write(self, caller: Caller, type_: str) -> None:
        self._ports.log.write(caller.tenant, self._event(caller, type_))

    def _event(self, caller: Caller, type_: str) -> LogEvent:
        subject = caller.subject
        return protocol_event(
            type_,
            subject.context,
            self._ports.clock.now(),
            client=subject.client,
            user=subject.user,
            directory=subject.directory,
        )


def _mailboxes(caller: Caller) -> tuple[str, ...]:
    """Whoever proved who they are may add mailboxes; others take on what the standing says."""
    offered = caller.scopes is not None and offers(caller.subject.directory, EMAIL)
    return (EMAIL.name,) if offered else ()


def _mailbox(caller: Caller, standing: Standing, given: str | None) -> str:
    """Where a code goes to for whoever takes a mailbox on: that of the account, if nothing more is known of them.
    Raises ``InvalidRequest``."""
    if caller.scopes is None:
        return standing.mailbox
    if not given:
        raise missing_parameter("email")
    if not EMAIL_ADDRESS.fullmatch(given):
        raise InvalidRequest("email must be an e-mail address")
    return normalise_email(given)


def _number(given: str | None) -> str:
    """Raises ``InvalidRequest`` for what is no number."""
    if not given:
        raise missing_parameter("phone_number")
    if not is_phone(given) or len(given) > LONGEST_NUMBER:
        raise InvalidRequest("phone_number must be a number with its country code, such as +442079460000")
    return normalise_phone(given)


def wire_id(one: Enrolled) -> str:
    """``totp|dev_...``, ``sms|dev_...``: an authenticator on this wire."""
    return f"{'totp' if one.factor == OTP.name else one.factor}|{one.method or ACCOUNT}"


def _shown(one: Enrolled) -> dict[str, Any]:
    factor = FACTORS[one.factor]
    shown = {
        "id": wire_id(one), "authenticator_type": factor.type.value, "type": factor.requirement, "active": True,
    }  # fmt: skip
    if factor.channel is not None:
        shown |= {"oob_channel": factor.channel.value, "name": masked(one.address)}
    return shown
