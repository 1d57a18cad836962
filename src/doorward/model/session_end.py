"""What ends with what: one table says for everything that can happen to an account or a session which sessions,
codes, refresh tokens and remembered browsers end with it, and what the applications are told."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Initiator(StrEnum):
    """Why applications are logged out over the back channel: ``backchannel_logout_initiators`` of a client."""

    RP_LOGOUT = "rp-logout"
    IDP_LOGOUT = "idp-logout"
    PASSWORD_CHANGED = "password-changed"
    SESSION_EXPIRED = "session-expired"
    SESSION_REVOKED = "session-revoked"
    ACCOUNT_DELETED = "account-deleted"
    EMAIL_IDENTIFIER_CHANGED = "email-identifier-changed"
    MFA_PHONE_UNENROLLED = "mfa-phone-unenrolled"
    ACCOUNT_DEACTIVATED = "account-deactivated"


class Reach(StrEnum):
    """Of how many things of a kind: none, those of the one session it is about, or all of the person.

    ``ASKED`` is for refresh tokens: as whoever does it, or the operator's setting, says.
    """

    NONE = "none"
    SESSION = "session"
    ALL = "all"
    ASKED = "asked"


class Cause(StrEnum):
    """What happened."""

    LOGOUT = "logout"
    OTHER_PERSON = "another person logged in"
    EXPIRED = "session expired"
    SESSION_DELETED = "session deleted"
    SESSIONS_DELETED = "sessions of a user deleted"
    SESSION_REVOKED = "session revoked"
    ACCESS_REVOKED = "access revoked"
    PASSWORD_CHANGED = "password changed"
    EMAIL_CHANGED = "e-mail address changed"
    IDENTIFIER_CHANGED = "username, phone number or verification changed"
    BLOCKED = "user blocked"
    DELETED = "user deleted"
    PHONE_UNENROLLED = "phone removed as second factor"
    FACTOR_REMOVED = "another second factor removed"
    CONNECTION_DISABLED = "connection disabled for an application"
    CLIENT_DELETED = "application deleted"


class Ends(Struct, frozen=True, kw_only=True):
    """What ends. With each session its unspent codes do. ``initiator`` is ``None`` where no session ends."""

    sessions: Reach
    initiator: Initiator | None = None
    refresh_tokens: Reach = Reach.NONE
    remembered_browsers: bool = False


# Refresh tokens outlive sessions, as at Auth0: what is refused while somebody is blocked, or while a connection is
# not enabled, is good again afterwards. An application that goes takes its refresh tokens along, of everybody.
ENDS: Mapping[Cause, Ends] = {
    Cause.LOGOUT: Ends(sessions=Reach.SESSION, initiator=Initiator.RP_LOGOUT),
    Cause.OTHER_PERSON: Ends(sessions=Reach.SESSION, initiator=Initiator.SESSION_REVOKED),
    Cause.EXPIRED: Ends(sessions=Reach.SESSION, initiator=Initiator.SESSION_EXPIRED),
    Cause.SESSION_DELETED: Ends(sessions=Reach.SESSION, initiator=Initiator.SESSION_REVOKED),
    Cause.SESSIONS_DELETED: Ends(sessions=Reach.ALL, initiator=Initiator.SESSION_REVOKED),
    Cause.SESSION_REVOKED: Ends(
        sessions=Reach.SESSION, initiator=Initiator.SESSION_REVOKED, refresh_tokens=Reach.SESSION
    ),
    Cause.ACCESS_REVOKED: Ends(sessions=Reach.ALL, initiator=Initiator.SESSION_REVOKED, refresh_tokens=Reach.ASKED),
    Cause.PASSWORD_CHANGED: Ends(
        sessions=Reach.ALL,
        initiator=Initiator.PASSWORD_CHANGED,
        refresh_tokens=Reach.ASKED,
        remembered_browsers=True,
    ),
    Cause.EMAIL_CHANGED: Ends(sessions=Reach.ALL, initiator=Initiator.EMAIL_IDENTIFIER_CHANGED),
    Cause.IDENTIFIER_CHANGED: Ends(sessions=Reach.ALL, initiator=Initiator.SESSION_REVOKED),
    Cause.BLOCKED: Ends(sessions=Reach.ALL, initiator=Initiator.ACCOUNT_DEACTIVATED),
    Cause.DELETED: Ends(
        sessions=Reach.ALL,
        initiator=Initiator.ACCOUNT_DELETED,
        refresh_tokens=Reach.ALL,
        remembered_browsers=True,
    ),
    Cause.PHONE_UNENROLLED: Ends(
        sessions=Reach.ALL, initiator=Initiator.MFA_PHONE_UNENROLLED, remembered_browsers=True
    ),
    Cause.FACTOR_REMOVED: Ends(sessions=Reach.NONE, remembered_browsers=True),
    Cause.CONNECTION_DISABLED: Ends(sessions=Reach.NONE),
    Cause.CLIENT_DELETED: Ends(sessions=Reach.NONE, refresh_tokens=Reach.ALL),
}


def changed_account(
    before: Mapping[str, Any], after: Mapping[str, Any], *, password: bool = False, blocked: bool = False
) -> Cause | None:
    """What happened to somebody whose profile became another, who got another ``password`` or was ``blocked`` just
    now: of several things the one that ends most, or ``None`` where nothing ends."""
    if blocked:
        return Cause.BLOCKED
    if password:
        return Cause.PASSWORD_CHANGED
    if after.get("email") != before.get("email"):
        return Cause.EMAIL_CHANGED
    if any(after.get(name) != before.get(name) for name in ("email_verified", "phone_number", "username")):
        return Cause.IDENTIFIER_CHANGED
    return None
