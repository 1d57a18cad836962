"""One-time codes: what was sent to somebody who is to give it back."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from doorward.model.message import Channel


class Purpose(StrEnum):
    """What a code is good for."""

    PASSWORDLESS = "passwordless"
    IDENTIFIER = "identifier"
    PASSWORD_RESET = "password_reset"
    EMAIL_VERIFICATION = "email_verification"
    MFA = "mfa"


# Wrong codes after which the right one is void, too.
TRIES = {
    Purpose.PASSWORDLESS: 3,
    Purpose.IDENTIFIER: 3,
    Purpose.PASSWORD_RESET: 3,
    Purpose.EMAIL_VERIFICATION: 3,
    Purpose.MFA: 5,
}


class Challenge(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code that was sent, and may be given back once. ``expires_at`` is in epoch seconds.

    ``subject`` (digest) is whom it was sent to and what for: a newer one takes the place of the older. ``id_hash``
    is the digest of the handle it is checked by, which names whoever may give it back: a client, a login, or who
    knows the secret of a link. ``code_hash`` is an HMAC: so few digits are found from a plain digest in no time.
    ``payload`` is what its maker wants to know again once it is solved.
    """

    id_hash: bytes
    subject: bytes
    purpose: Purpose
    channel: Channel
    address: str
    code_hash: bytes
    tries: int
    expires_at: float
    connection: str | None = None
    client_id: str | None = None
    user_id: str | None = None
    payload: dict[str, Any] = {}


class Verdict(StrEnum):
    """What a code turned out to be. ``SPENT``: the right one, once more. ``VOID``: there is none (any more) that it
    could be."""

    RIGHT = "right"
    SPENT = "spent"
    WRONG = "wrong"
    VOID = "void"
