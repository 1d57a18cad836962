"""What became of an attempt to sign in with a password."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from doorward.model.pace import Pace
from doorward.model.user import User


class Denial(StrEnum):
    """Why a password was not accepted. Only ``WRONG_CREDENTIALS``, ``TOO_MANY_ATTEMPTS``, ``TOO_MANY_LOGINS``,
    ``IP_BLOCKED`` and ``REQUIRES_VERIFICATION`` may be told to somebody who has not shown the right password.
    ``NOT_PROVED``: the address is whose it is said to be, and the account may be somebody else's."""

    WRONG_CREDENTIALS = "wrong_credentials"
    USER_BLOCKED = "user_blocked"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    TOO_MANY_LOGINS = "too_many_logins"
    IP_BLOCKED = "ip_blocked"
    REQUIRES_VERIFICATION = "requires_verification"
    CODE_USED = "code_used"
    NOT_PROVED = "not_proved"
    PASSWORD_LEAKED = "password_leaked"


class PasswordOutcome(Struct, frozen=True, kw_only=True):
    """``user`` when the password was right and nothing stands against it, else ``denial``.

    ``connection`` is the one the identity that signed in is in: of a linked one, not the user's.
    ``pace`` is what logins are let through at, where there were more.
    """

    user: User | None = None
    connection: str | None = None
    denial: Denial | None = None
    pace: Pace | None = None
