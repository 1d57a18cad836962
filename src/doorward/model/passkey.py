"""Passkeys: what came of one, and whether somebody has one."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from doorward.model.user import User


class PasskeyLogin(Struct, frozen=True, kw_only=True):
    """What came of an answer: who it is, and in which connection; nobody where it proves nothing.

    ``elsewhere``: the key is on another device than the browser.
    """

    user: User | None = None
    connection: str | None = None
    elsewhere: bool = False


class PasskeyState(StrEnum):
    """Whether somebody has a passkey for a host, or does not want one now."""

    UNAVAILABLE = "unavailable"
    ENROLLED = "enrolled"
    POSTPONED = "postponed"
    NONE = "none"


class Enrollment(StrEnum):
    """What came of a new passkey; the values of refusals are Auth0's text keys."""

    DONE = "done"
    INVALID = "passkey-enrollment-failure"
    TOO_MANY = "passkey-enrollment-max-allowed-reached"
