"""Who belongs to an organization, and who is invited to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Member(Struct, frozen=True, kw_only=True):
    """A user in an organization: the user's profile, the roles held in this organization (ids), and the
    place in the order of joining, which grows."""

    user_id: str
    profile: Mapping[str, Any]
    roles: tuple[str, ...] = ()
    position: int = 0


class Invitation(Struct, frozen=True, kw_only=True):
    """A ticket that lets somebody join an organization.

    ``details`` are the rest of what was asked for, under their wire names (``inviter``, ``invitee``, ``roles``...).
    Times are epoch seconds.
    """

    id: str
    organization_id: str
    ticket_id: str
    client_id: str
    connection_id: str | None = None
    created_at: float
    expires_at: float
    details: Mapping[str, Any] = {}
