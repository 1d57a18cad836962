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


def serving_databases(client: Client, directory: TenantDirectory, named: str | None) -> tuple[Connection, ...]:
    """The password databases a login page of this client may use, the one that takes signups first.

    ``named`` is the ``connection`` parameter; without it the tenant's default directory counts alone
    where it serves the client, else every database that does, in order of creation.
    """
    serving = [c for c in directory.connections.values() if c.is_database and connection_serves(c, client)]
    for wanted in (named, directory.settings.default_directory):
        chosen = tuple(c for c in serving if wanted and c.name == wanted)
        if chosen or (wanted and wanted == named):
            return chosen
    return tuple(serving)


def serving_passwordless(client: Client, directory: TenantDirectory, named: str | None) -> tuple[Connection, ...]:
    """The connections by whose codes the login pages of this client sign people in: the one that is ``named``, or,
    where no password database serves the client, the first of each strategy."""
    if not named and serving_databases(client, directory, None):
        return ()
    found: dict[str, Connection] = {}
    for connection in directory.connections.values():
        wanted = connection.name == named if named else True
        if wanted and connection.is_passwordless and connection_serves(connection, client):
            found.setdefault(connection.strategy, connection)
    return tuple(found.values())


def eligible_user(
    user: User | None, client: Client, directory: TenantDirectory, *, missing: OAuthError | None = None
) -> User:
    """The user, if they exist, are not blocked, and a connection of theirs serves the client.

    Raises ``missing`` (``InvalidGrant`` unless given) for a user that is gone, ``AccessDenied`` for
    a blocked one, ``UnauthorizedClient`` where no connection serves the client.
    """
    if user is None:
        raise missing or InvalidGrant("The user does not exist any more")
    if user.blocked:
        raise AccessDenied("user is blocked", hint=f"{user.user_id} is blocked: unblock the user to let them in.")
    theirs = (directory.connections.get(name) for name in user.connections)
    if not any(connection is not None and connection_serves(connection, client) for connection in theirs):
        raise UnauthorizedClient(
            "The connection is not enabled for this client",
            hint=f"Enable the connection {user.connection} for {client.called}"
            if client.is_first_party
            else f"Make {user.connection} a domain-level connection: third-party clients reach no other.",
        )
    return user
