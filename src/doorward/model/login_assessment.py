"""What is thought of a login, where a second factor depends on it."""

from __future__ import annotations

from msgspec import Struct

from doorward.model.client import Client
from doorward.model.request_context import RequestContext
from doorward.model.session import Session
from doorward.model.user import User


class AssessedLogin(Struct, frozen=True, kw_only=True):
    """Somebody proved who they are, or goes on in a session, ``at`` a time (epoch seconds), at an application.

    ``user`` has the number and the last of their logins; on pages that is this one already, with the ``session`` it
    began. At the token endpoint there is no session, and the last login is the one before.
    """

    user: User
    client: Client
    context: RequestContext
    at: float
    session: Session | None = None


class Confidence(Struct, frozen=True):
    """Whether a login is believed as it is, and why (a sentence for the tenant's log)."""

    confident: bool
    reason: str = ""
