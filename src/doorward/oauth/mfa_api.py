"""Auth0's MFA API: what a person can be challenged with, and another factor for them.

An ``mfa_token`` speaks for whoever gave the password only: it lists, challenges, and takes on a **first** factor. To
add to, or take from, what somebody has takes an access token for ``https://TENANT/mfa/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.client import Client
from doorward.model.digest import digest
from doorward.model.log_event import LogEvent
from doorward.model.mfa import FACTORS, OTP, MfaSubject
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
    missing_parameter,
)
from doorward.oauth.log_events import protocol_event
from doorward.ports import Ports

SIGNED_DOTS = 2  # a JWS; an mfa_token is a JWE
ENROLL, READ, REMOVE = "enroll", "read:authenticators", "remove:authenticators"
# What an authenticator is on this wire: the prefix of its id and its type.
WIRE = {
    MethodType.TOTP: ("totp", "otp"),
    MethodType.RECOVERY_CODE: ("recovery-code", "recovery-code"),
}


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
        if token.count(".") == SIGNED_DOTS:
            bearer = self._bearer_tokens.verify(token, directory.tenant.mfa_audience, issuer, directory)
            user_id, client_id, scopes = bearer.subject, bearer.client_id, bearer.scopes
            _, revoked = await ports.users.access(issuer.tenant, user_id, bearer.token_hash)
            if revoked:
                raise InvalidTokenError("The token was revoked")
            bound = digest(f"mfa access {token}")
        else:
            waiting = mfa_token.read(token, client, issuer, directory, ports)
            user_id, client_id, bound = waiting.sub, waiting.azp, mfa_token.binding(token)
        served = directory.clients.get(client_id)
        if served is None:
            raise InvalidTokenError("The client of the token does not exist any more")
        user = eligible_user(await ports.users.find(issuer.tenant, user_id), served, directory)
        subject = MfaSubject(directory=directory, user=user, client=served, context=context, binding=bound)
        return Caller(subject=subject, scopes=scopes)

    async def challenge(self, caller: Caller, types: Sequence[str], authenticator_id: str | None) -> dict[str, str]:
        """Begin a challenge; ``types`` are those the client can do, none for all."""
        standing = await self._ports.second_factors.standing(caller.subject.directory, caller.subject.user)
        if not standing.challenges:
            raise AssociationRequired("User does not have any authenticators enrolled")
        wanted = [one for one in standing.enrolled if not types or FACTORS[one.factor].type.value in types]
        if authenticator_id is not None:
            wanted = [one for one in wanted if authenticator_id.rpartition("|")[2] == one.method]
        for one in wanted:
            if one.factor == OTP.name:
                self._write(caller, "gd_start_auth")
                return {"challenge_type": "otp"}
        raise UnsupportedChallengeType("User does not support any of the requested challenge types")

    async def associate(self, caller: Caller, types: Sequence[str], channels: Sequence[str]) -> dict[str, Any]:
        """What is needed to set another factor up; it counts once a code of it was given to the token endpoint."""
        caller.need(ENROLL)
        if not types:
            raise missing_parameter("authenticator_types")
        subject, factors = caller.subject, self._ports.second_factors
        standing = await factors.standing(subject.directory, subject.user)
        if standing.challenges:
            raise AccessDenied("User is already enrolled.", hint="Another factor is added on the login pages.")
        if "otp" not in types or OTP.name not in standing.enrollable:
            raise InvalidRequest("None of the authenticator_types is available")
        self._write(caller, "gd_start_enroll")
        enrollment = factors.otp_enrollment(subject)
        answer: dict[str, Any] = {
            "authenticator_type": "otp",
            "secret": enrollment.secret,
            "barcode_uri": enrollment.uri,
        }
        code = factors.coming_recovery_code(subject)
        return {**answer, "recovery_codes": [code]} if code is not None else answer

    async def authenticators(self, caller: Caller) -> list[dict[str, Any]]:
        """What the person has."""
        caller.need(READ)
        methods = await self._ports.authentication_methods.of_user(caller.tenant, caller.subject.user.user_id)
        return [shown for method in methods for shown in _shown(method)]

    async def remove(self, caller: Caller, id_: str) -> None:
        """Raises ``NoSuchAuthenticator``."""
        if caller.scopes is None:
            raise InvalidTokenError("An access token is needed", hint=f"With the scope {REMOVE}.")
        caller.need(REMOVE)
        prefix, _, method_id = id_.rpartition("|")
        method = await self._ports.authentication_methods.find(caller.tenant, method_id)
        if method is None or method.user_id != caller.subject.user.user_id or prefix not in _prefixes(method):
            raise NoSuchAuthenticator("Authenticator not found")
        await self._ports.authentication_methods.remove(
            caller.tenant, [method.id], events=(self._event(caller, "gd_unenroll"),)
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


def _prefixes(method: AuthenticationMethod) -> tuple[str, ...]:
    return (WIRE[method.type][0],) if method.type in WIRE else ()


def _shown(method: AuthenticationMethod) -> list[dict[str, Any]]:
    return [
        {"id": f"{prefix}|{method.id}", "authenticator_type": WIRE[method.type][1], "active": True}
        for prefix in _prefixes(method)
    ]
