"""What a person did, as an event of the tenant log."""

from __future__ import annotations

from typing import Any

from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.log_event import LogEvent
from doorward.model.mfa import MfaSubject
from doorward.model.request_context import RequestContext
from doorward.model.user import User

LONGEST_NAME = 320


def person_event(
    type_: str,
    at: float,
    connection: Connection | None,
    context: RequestContext,
    *,
    user: User | None = None,
    name: str = "",
    client: Client | None = None,
    description: str = "",
    details: dict[str, Any] | None = None,
) -> LogEvent:
    """``name`` is what somebody called themselves; without one it is the user's address."""
    about: dict[str, Any] = {}
    if connection is not None:
        about = {
            "connection": connection.name,
            "connection_id": connection.id,
            "strategy": connection.strategy,
            "strategy_type": connection.strategy_type,
        }
    return LogEvent(
        type=type_,
        date=at,
        description=description,
        client_id=client.client_id if client is not None else None,
        client_name=client.name if client is not None else None,
        user_id=user.user_id if user is not None else None,
        user_name=name[:LONGEST_NAME] or (user.email if user is not None else None),
        ip=context.ip,
        user_agent=context.user_agent,
        hostname=context.hostname,
        auth0_client=context.auth0_client,
        details=details or {},
        **about,
    )


def subject_event(
    type_: str, at: float, subject: MfaSubject, details: dict[str, Any], description: str = ""
) -> LogEvent:
    """What the person of ``subject`` did with a factor or a passkey."""
    user = subject.user
    return person_event(
        type_,
        at,
        subject.directory.connections.get(user.connection),
        subject.context,
        user=user,
        client=subject.client,
        description=description,
        details=details,
    )
