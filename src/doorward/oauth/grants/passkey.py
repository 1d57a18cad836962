"""A passkey in an application's own pages (Auth0 native passkeys): its answer logs in, or makes an account."""

from __future__ import annotations

from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.model.user import User
from doorward.model.webauthn import AnsweredBefore
from doorward.oauth import passkey_session
from doorward.oauth.client_authentication import AuthenticatedClient
from doorward.oauth.eligibility import connection_serves, eligible_user
from doorward.oauth.errors import InvalidGrant, UnauthorizedClient
from doorward.oauth.proof import Proof
from doorward.oauth.token_request import PASSKEY, PasskeyRequest
from doorward.ports import Ports, SignupImpossible


async def prove(
    request: PasskeyRequest,
    authenticated: AuthenticatedClient,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> Proof:
    """The challenge is used up with this, whatever is decided. Raises ``InvalidGrant``, ``InvalidRequest`` where nobody
    can be signed up."""
    client = authenticated.client
    session = passkey_session.read(request.auth_session, client, issuer, directory, ports)
    connection = directory.connections.get(session.connection)
    if connection is None or not connection.offers_passkeys or not connection_serves(connection, client):
        raise UnauthorizedClient("The connection is not enabled for this client")
    if request.realm is not None and request.realm != connection.name:
        raise InvalidGrant(passkey_session.INVALID_SESSION, hint="The challenge was for another realm.")
    bound = passkey_session.binding(request.auth_session)
    user: User | None
    if session.purpose == passkey_session.REGISTER:
        try:
            newcomer = passkey_session.newcomer(session, bound, client, connection, directory, context)
            user = await ports.passkeys.sign_up(newcomer, request.authn_response)
        except AnsweredBefore:
            user = None
        except SignupImpossible as impossible:
            raise passkey_session.refusal(impossible, directory) from None
    else:
        login = await ports.passkeys.prove(
            directory, (connection,), request.authn_response, bound, context, client, embedded=True
        )
        user = login.user
    if user is None:
        raise InvalidGrant(
            "Invalid passkey", hint="The answer is of another challenge or origin, or of a passkey nobody has here."
        )
    return Proof(
        grant_type=PASSKEY,
        client=client,
        user=eligible_user(user, client, directory),
        audience=request.audience,
        resource=request.resource,
        requested=request.scope or None,
        browser=context.origin is not None,
    )
