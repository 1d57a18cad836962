"""A refresh token proves its family (RFC 6749 §6, RFC 9700 §4.14)."""

from __future__ import annotations

from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth.client_authentication import AuthenticatedClient
from doorward.oauth.proof import Proof
from doorward.oauth.refresh_proof import refresh_proof
from doorward.oauth.token_request import RefreshTokenRequest
from doorward.ports import Ports


async def prove(
    request: RefreshTokenRequest,
    authenticated: AuthenticatedClient,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> Proof:
    """Raises ``InvalidGrant`` and ``RefreshTokenReused`` as ``refresh_proof`` does."""
    return await refresh_proof(
        digest(request.refresh_token),
        authenticated.client,
        issuer,
        directory,
        context,
        ports,
        audience=request.audience,
        resource=request.resource,
        scope=request.scope or None,
    )
