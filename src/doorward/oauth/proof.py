"""What a grant has established, before anything is decided or made."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from doorward.model.client import Client
from doorward.model.credential import AuthorizationCode, OneTimeValue, RefreshToken
from doorward.model.user import User


class SpendCode(Struct, frozen=True, tag="code"):
    """The code to use up when the tokens are made."""

    code: AuthorizationCode


class SpendRefreshToken(Struct, frozen=True, tag="refresh_token"):
    """The refresh token to rotate or note as used when the tokens are made, and the ``mfa_token`` that is used up with
    it where a second factor was proved for this refresh."""

    token: RefreshToken
    mfa_token: OneTimeValue | None = None


class SpendMfaToken(Struct, frozen=True, tag="mfa_token"):
    """The ``mfa_token`` to use up when the tokens are made."""

    value: OneTimeValue


Spend = SpendCode | SpendRefreshToken | SpendMfaToken


class Proof(Struct, frozen=True, kw_only=True):
    """Who and what a grant has established; the input of the token policy.

    ``user`` is absent for a machine. ``requested`` is the scope asked for, ``None`` when none was.
    ``original`` and ``stored_audience`` come from a refresh token. ``consented`` is what the user
    agreed to, ``None`` where consent was not needed; ``consent_pending`` marks a decision made
    before consent was asked. ``front_channel`` is the authorization endpoint's own answer.
    ``amr`` and ``acr`` are what the ID token tells of the way the person signed in. ``login_at`` is when they did,
    ``mfa_at`` when a second factor was last proved (epoch seconds). ``recovery_code`` is told in the answer.
    ``seconds_left`` are those of the access token that was presented for another one.
    """

    grant_type: str
    client: Client
    user: User | None = None
    audience: str | None = None
    resource: str | None = None
    stored_audience: str | None = None
    requested: tuple[str, ...] | None = None
    original: tuple[str, ...] | None = None
    consented: tuple[str, ...] | None = None
    consent_pending: bool = False
    at_authorize: bool = False
    front_channel: bool = False
    browser: bool = False
    gty: tuple[str, ...] = ()
    session_sid: str | None = None
    nonce: str | None = None
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    acr: str | None = None
    login_at: float | None = None
    mfa_at: float | None = None
    spend: Spend | None = None
    recovery_code: str | None = None
    seconds_left: int | None = None
    granted: dict[str, Any] = {}

    def authenticated_at(self, now: float) -> float:
        """When the person last proved who they are, by a login or with a second factor since (epoch seconds)."""
        match self.spend:
            case SpendRefreshToken(token):
                began = token.began_at or token.issued_at
            case SpendCode(code):
                began = code.created_at
            case _:
                began = now
        return max(self.login_at or began, self.mfa_at or 0.0)

    def with_recovery_code(self, code: str | None) -> Proof:
        """The same, answered with a new recovery code."""
        return msgspec.structs.replace(self, recovery_code=code)
