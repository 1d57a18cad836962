"""The client itself is the subject (RFC 6749 §4.4)."""

from __future__ import annotations

from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth.client_authentication import AuthenticatedClient
from doorward.oauth.errors import UnauthorizedClient
from doorward.oauth.proof import Proof
from doorward.oauth.token_request import ClientCredentialsRequest
from doorward.ports import Ports


async def prove(
    request: ClientCredentialsRequest,
    authenticated: AuthenticatedClient,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> Proof:
    """Raises ``UnauthorizedClient`` for a public client: it has proved nothing."""
    if not authenticated.is_confidential:
        raise UnauthorizedClient(
            "Grant type 'client_credentials' not allowed for the client.",
            hint="A public client (token_endpoint_auth_method none) cannot use client credentials.",
        )
    return Proof(
        grant_type="client_credentials",
        client=authenticated.client,
        audience=request.audience,
        resource=request.resource,
        requested=request.scope or None,
    )
