"""A code that was sent to somebody, given back by the application that had it sent (Auth0 passwordless)."""

from __future__ import annotations

from doorward.model.authentication import Denial
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth.client_authentication import AuthenticatedClient
from doorward.oauth.eligibility import connection_serves, eligible_user
from doorward.oauth.errors import InvalidGrant, InvalidRequest, TooManyAttempts, UnauthorizedClient, UserBlocked
from doorward.oauth.proof import Proof
from doorward.oauth.token_request import PASSWORDLESS_OTP, PasswordlessOtpRequest
from doorward.ports import Ports

WRONG_CODE = {
    "email": "Wrong email or verification code.",
    "sms": "Wrong phone number or verification code.",
}
TOO_MANY = (
    "We have detected suspicious login behavior and further attempts will be blocked. Please contact the administrator."
)


async def prove(
    request: PasswordlessOtpRequest,
    authenticated: AuthenticatedClient,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> Proof:
    """The code is spent with this, whatever is decided about it: it was shown. Raises ``InvalidGrant`` for a wrong
    address, a wrong code, and one that is over, alike; ``TooManyAttempts``; ``InvalidRequest`` for a realm that does
    not exist."""
    client = authenticated.client
    connection = _connection(request, directory, authenticated)
    outcome = await ports.passwordless.code(directory, connection, client, request.username, request.otp, context)
    if outcome.denial in (Denial.TOO_MANY_ATTEMPTS, Denial.IP_BLOCKED):
        raise TooManyAttempts(TOO_MANY, hint="Too many wrong codes came from this address for this account.")
    if outcome.denial is Denial.USER_BLOCKED:
        raise UserBlocked("user is blocked", hint="An administrator blocked this user.")
    if outcome.user is None:
        raise InvalidGrant(
            WRONG_CODE[connection.strategy],
            hint="The code is wrong, over, used, replaced, tried too often, or sent for another application.",
        )
    return Proof(
        grant_type=PASSWORDLESS_OTP,
        client=client,
        user=eligible_user(outcome.user, client, directory),
        audience=request.audience,
        resource=request.resource,
        requested=request.scope or None,
        browser=context.origin is not None,
    )


def _connection(
    request: PasswordlessOtpRequest, directory: TenantDirectory, authenticated: AuthenticatedClient
) -> Connection:
    connection = directory.connections.get(request.realm)
    if connection is None or not connection.is_passwordless:
        raise InvalidRequest(f"Unknown realm: {request.realm.encode('ascii', 'replace').decode()}")
    if not connection_serves(connection, authenticated.client):
        raise UnauthorizedClient(
            "The connection is not enabled for this client",
            hint=f"Enable the connection {connection.name} for {authenticated.client.called}.",
        )
    return connection
