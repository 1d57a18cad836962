"""Tenant log events of the protocol: who asked, what was decided, and why."""

from __future__ import annotations

from typing import Any

from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.log_event import LogEvent
from doorward.model.request_context import RequestContext
from doorward.model.user import User
from doorward.oauth.errors import OAuthError
from doorward.oauth.token_rules import Reason
from doorward.oauth.trace import kept


def protocol_event(
    type_: str,
    context: RequestContext,
    at: float,
    *,
    client: Client | None = None,
    user: User | None = None,
    directory: TenantDirectory | None = None,
    error: OAuthError | None = None,
    reasons: tuple[Reason, ...] = (),
    description: str = "",
    audience: str | None = None,
    scope: str | None = None,
    details: dict[str, Any] | None = None,
) -> LogEvent:
    """An event of type ``type_`` at ``at`` (epoch seconds), with the decisions behind it.

    ``directory`` is where the connection of ``user`` is looked up.
    """
    more: dict[str, Any] = dict(details) if details else {}
    if error is not None:
        more["error"] = {"error": error.error, "description": error.description}
        if error.hint:
            more["hint"] = error.hint
        reasons = error.reasons or reasons
        description = description or error.description
    connection = directory.connections.get(user.connection) if directory is not None and user is not None else None
    return LogEvent(
        type=type_,
        date=at,
        description=description,
        client_id=client.client_id if client is not None else None,
        client_name=client.name if client is not None else None,
        user_id=user.user_id if user is not None else None,
        user_name=(user.email or user.profile.get("name")) if user is not None else None,
        connection=user.connection if user is not None else None,
        connection_id=connection.id if connection is not None else None,
        strategy=connection.strategy if connection is not None else None,
        strategy_type=connection.strategy_type if connection is not None else None,
        ip=context.ip,
        user_agent=context.user_agent,
        hostname=context.hostname,
        auth0_client=context.auth0_client,
        audience=audience,
        scope=scope,
        details=more,
        reasons=kept(reasons),
    )
