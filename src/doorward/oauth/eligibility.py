"""Whether a user may be given anything at all: asked on every path into issuing, in one place."""

from __future__ import annotations

from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.user import User
from doorward.oauth.errors import AccessDenied, InvalidGrant, OAuthError, UnauthorizedClient


def connection_serves(connection: Connection, client: Client) -> bool:
    """First-party clients reach the connections enabled for them; third-party clients reach the
    domain-level ones, all of them and no other."""
    if not client.is_first_party:
        return connection.is_domain_connection
    return client.client_id in connection.enabled_clients


def eligible_user(
    user: User | None, client: Client, directory: TenantDirectory, *, missing: OAuthError | None = None
) -> User:
    """The user, if they exist, are not blocked, and their connection serves the client.

    Raises ``missing`` (``InvalidGrant`` unless given) for a user that is gone, ``AccessDenied`` for
    a blocked one, ``UnauthorizedClient`` where the connection does not serve the client.
    """
    if user is None:
        raise missing or InvalidGrant("The user does not exist any more")
    if user.blocked:
        raise AccessDenied("user is blocked", hint=f"{user.user_id} is blocked: unblock the user to let them in.")
    connection = directory.connections.get(user.connection)
    if connection is None or not connection_serves(connection, client):
        raise UnauthorizedClient(
            "The connection is not enabled for this client",
            hint=f"Enable the connection {user.connection} for {client.client_id}"
            if client.is_first_party
            else f"Make {user.connection} a domain-level connection: third-party clients reach no other.",
        )
    return user
