"""The ``mfa_token``: a request for tokens that waits for a second factor, sealed and handed to the client.

It is good for ten minutes, for the client and the user it was made for, on the domain it was made on, and for nothing
but the MFA API; once tokens came of it, it is spent.
"""

from __future__ import annotations

import hmac
from typing import Any

import msgspec
from msgspec import Struct

from doorward.model.client import Client
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.mfa import FACTORS, Standing
from doorward.model.tenant import Issuer
from doorward.model.user import User
from doorward.oauth.errors import AccessDenied, InvalidGrant, OAuthError
from doorward.oauth.proof import Proof, SpendRefreshToken
from doorward.oauth.token_issue import MALFORMED_MFA_TOKEN
from doorward.ports import InvalidToken, Ports

LIFETIME = 600
MAX_LENGTH = 16_384
SIGNED_DOTS = 2
ENROLL = "enroll"  # the scope to add a factor with


class MfaRequired(AccessDenied):
    """Auth0's ``mfa_required``; ``mfa_token`` and ``mfa_requirements`` are in the body."""

    error = "mfa_required"


class ExpiredToken(OAuthError):
    """Auth0's ``expired_token``."""

    error = "expired_token"
    status = 401


class WaitingRequest(Struct, frozen=True, kw_only=True):
    """What an ``mfa_token`` holds: the request it was made for. ``exp`` in epoch seconds; ``refresh_token`` is the
    digest of the one that was presented, which goes on with the tokens that come of it."""

    sub: str
    azp: str
    iss: str
    exp: int
    jti: str
    grant_type: str
    audience: str | None = None
    resource: str | None = None
    scope: tuple[str, ...] | None = None
    consented: tuple[str, ...] | None = None
    password_of: str = ""
    refresh_token: bytes | None = None

    def still_of(self, user: User | None) -> User:
        """The user, whose password is the one it was made with. Raises ``InvalidGrant``."""
        if user is None or self.password_of != _password_of(user):
            raise InvalidGrant(MALFORMED_MFA_TOKEN, hint="The user's password was changed since. Begin again.")
        return user


def _password_of(user: User) -> str:
    return str(user.profile.get("last_password_reset") or "")


def mfa_required(
    proof: Proof, standing: Standing, issuer: Issuer, directory: TenantDirectory, ports: Ports
) -> MfaRequired:
    """The refusal that asks for a second factor, with the token to prove it with."""
    user = proof.user
    if user is None:
        raise LookupError("a machine has no second factor")
    waiting = WaitingRequest(
        sub=user.user_id,
        azp=proof.client.client_id,
        iss=issuer.url,
        exp=int(ports.clock.now()) + LIFETIME,
        jti=ports.entropy.token(16),
        grant_type=proof.grant_type,
        audience=proof.audience,
        resource=proof.resource,
        scope=proof.requested,
        consented=proof.consented,
        password_of=_password_of(user),
        refresh_token=proof.spend.token.token_hash if isinstance(proof.spend, SpendRefreshToken) else None,
    )
    token = ports.jose.seal(_key(directory), issuer.url, msgspec.to_builtins(waiting))
    return MfaRequired(
        "Multifactor authentication required",
        extra={"mfa_token": token, "mfa_requirements": requirements(standing)},
        hint="Prove a second factor of the user with the mfa_token: /mfa/challenge, then one of the mfa grants.",
    )


def requirements(standing: Standing) -> dict[str, list[dict[str, str]]]:
    """What can be done about it: ``challenge`` or ``enroll``, each a list of ``{"type": ...}``."""
    names, what = (standing.challenges, "challenge") if standing.challenges else (standing.enrollable, "enroll")
    types = dict.fromkeys(FACTORS[name].requirement for name in names)
    return {what: [{"type": type_} for type_ in types]}


def read(value: str, client: Client | None, issuer: Issuer, directory: TenantDirectory, ports: Ports) -> WaitingRequest:
    """What the token holds. ``client`` is who presents it, if one has to.

    Raises ``InvalidGrant`` for one that is none, or another client's, ``ExpiredToken``.
    """
    if len(value) > MAX_LENGTH:
        raise InvalidGrant(MALFORMED_MFA_TOKEN)
    try:
        claims: dict[str, Any] = ports.jose.open(_key(directory), value)
        waiting = msgspec.convert(claims, WaitingRequest)
    except (InvalidToken, msgspec.ValidationError):
        raise InvalidGrant(
            MALFORMED_MFA_TOKEN, hint="Send the mfa_token of the mfa_required answer as it came."
        ) from None
    if waiting.iss != issuer.url or (client is not None and waiting.azp != client.client_id):
        raise InvalidGrant(MALFORMED_MFA_TOKEN, hint="The mfa_token was made for another client or on another domain.")
    if waiting.exp <= ports.clock.now():
        raise ExpiredToken("mfa_token is expired", hint="Begin again: an mfa_token is good for ten minutes.")
    return waiting


def binding(value: str) -> bytes:
    """What is proved and enrolled with the token belongs together by this; an access token for the MFA API has its
    own."""
    return digest(f"{'mfa access' if is_access_token(value) else 'mfa_token'} {value}")


def is_access_token(value: str) -> bool:
    """Whether it is a JWS; an ``mfa_token`` is a JWE."""
    return value.count(".") == SIGNED_DOTS


def _key(directory: TenantDirectory) -> bytes:
    """A key of its own: no other sealed value is an ``mfa_token``, and it is no access token."""
    return hmac.digest(directory.token_key, b"mfa_token", "sha256")
