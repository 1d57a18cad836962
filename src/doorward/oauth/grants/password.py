"""A user's password, through the person's own rules (RFC 6749 §4.3, Auth0 password-realm)."""

from __future__ import annotations

from doorward.model.authentication import Denial
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth.client_authentication import AuthenticatedClient
from doorward.oauth.eligibility import connection_serves, eligible_user
from doorward.oauth.errors import (
    InvalidGrant,
    InvalidRequest,
    PasswordLeaked,
    RequiresVerification,
    ServerError,
    TooManyAttempts,
    TooManyRequests,
    UnauthorizedClient,
    UserBlocked,
)
from doorward.oauth.proof import Proof
from doorward.oauth.token_request import PasswordRequest
from doorward.ports import Ports

WRONG_CREDENTIALS = "Wrong email or password."
ACCOUNT_BLOCKED = (
    "Your account has been blocked after multiple consecutive login attempts. We've sent you a notification "
    "via your preferred contact method with instructions on how to unblock it."
)
IP_BLOCKED = (
    "We have detected suspicious login behavior and further attempts will be blocked. Please contact the administrator."
)
TOO_MANY_LOGINS = "Too many login attempts for this user. Wait, and try again later."
LEAKED = "This password was disclosed in a data breach of another service. Reset it to log in again."


async def prove(
    request: PasswordRequest,
    authenticated: AuthenticatedClient,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> Proof:
    """Raises ``InvalidGrant`` for a wrong identifier or password alike, ``TooManyAttempts`` for a locked account,
    ``TooManyRequests`` for one that logs in too often, ``InvalidRequest`` for a realm that does not exist."""
    client = authenticated.client
    connection = _connection(request, directory, authenticated)
    outcome = await ports.authenticator.password(directory, connection, request.username, request.password, context)
    if outcome.denial is Denial.TOO_MANY_ATTEMPTS:
        raise TooManyAttempts(ACCOUNT_BLOCKED, hint="Brute-force protection locked this account for this address.")
    if outcome.denial is Denial.IP_BLOCKED:
        raise TooManyAttempts(IP_BLOCKED, hint="Suspicious IP throttling stopped logins from this address.")
    if outcome.denial is Denial.TOO_MANY_LOGINS:
        hint = "One account logs in from one address so often in a minute only."
        raise TooManyRequests(TOO_MANY_LOGINS, outcome.pace, ports.clock.now(), hint=hint)
    if outcome.denial is Denial.REQUIRES_VERIFICATION:
        raise RequiresVerification
    if outcome.denial is Denial.USER_BLOCKED:
        raise UserBlocked("user is blocked", hint="An administrator blocked this user.")
    if outcome.denial is Denial.PASSWORD_LEAKED:
        raise PasswordLeaked(LEAKED, hint="Breached-password detection blocks logins with leaked passwords.")
    if outcome.user is None:
        raise InvalidGrant(WRONG_CREDENTIALS)
    user = eligible_user(outcome.user, client, directory)
    return Proof(
        grant_type=request.grant_type,
        client=client,
        user=user,
        audience=request.audience,
        resource=request.resource,
        requested=request.scope or None,
        browser=context.origin is not None,
    )


def _connection(request: PasswordRequest, directory: TenantDirectory, authenticated: AuthenticatedClient) -> Connection:
    name = request.realm or directory.settings.default_directory
    if not name:
        raise ServerError(
            "Authorization server not configured with default connection.",
            status=403,
            hint="Set the tenant's default_directory, or use the password-realm grant with a realm.",
        )
    connection = directory.connections.get(name)
    if connection is None or not connection.is_database:
        raise InvalidRequest(f"Unknown realm: {name.encode('ascii', 'replace').decode()}")
    if not connection_serves(connection, authenticated.client):
        raise UnauthorizedClient(
            "The connection is not enabled for this client",
            hint=f"Enable the connection {name} for {authenticated.client.called}.",
        )
    return connection
