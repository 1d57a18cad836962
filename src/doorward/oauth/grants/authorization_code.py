"""A code proves what the authorization request established (RFC 6749 §4.1.3, RFC 7636 §4.6)."""

from __future__ import annotations

from doorward.model.credential import AuthorizationCode
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth import pkce
from doorward.oauth.client_authentication import AuthenticatedClient
from doorward.oauth.eligibility import eligible_user
from doorward.oauth.errors import InvalidGrant, UnauthorizedClient
from doorward.oauth.proof import Proof, SpendCode
from doorward.oauth.token_issue import INVALID_CODE
from doorward.oauth.token_request import AuthorizationCodeRequest
from doorward.ports import Ports


async def prove(
    request: AuthorizationCodeRequest,
    authenticated: AuthenticatedClient,
    issuer: Issuer,
    directory: TenantDirectory,
    context: RequestContext,
    ports: Ports,
) -> Proof:
    """Raises ``InvalidGrant`` for a code that is unknown, expired, another's, or fails PKCE (which
    burns it); a second use revokes what the first gave."""
    client = authenticated.client
    tenant = directory.tenant.id
    now = ports.clock.now()
    code = await ports.codes.find(tenant, digest(request.code))
    if code is None or code.client_id != client.client_id:
        raise InvalidGrant(INVALID_CODE, hint="The code is unknown, or was issued to another client.")
    if code.used_at is not None:
        await ports.codes.revoke_issued(tenant, code.code_hash, at=now, events=())
        raise InvalidGrant(INVALID_CODE, hint="The code was used before; everything it gave is revoked.")
    if code.expires_at <= now:
        raise InvalidGrant(INVALID_CODE, hint="The code has expired.")
    if code.host != issuer.host:
        raise InvalidGrant(INVALID_CODE, hint=f"The code was issued on {code.host}; redeem it there.")
    _check_redirect_uri(request, code)
    await _check_verifier(request, code, tenant, now, ports)
    user = eligible_user(await ports.users.find(tenant, code.user_id), client, directory)
    granted = code.granted
    consented = granted.get("consented")
    return Proof(
        grant_type="authorization_code",
        client=client,
        user=user,
        audience=granted.get("audience"),
        resource=granted.get("resource"),
        requested=tuple(granted.get("requested", ())),
        consented=tuple(consented) if consented is not None else None,
        browser=context.origin is not None,
        session_sid=granted.get("sid"),
        nonce=granted.get("nonce"),
        auth_time=granted.get("auth_time"),
        amr=tuple(granted.get("amr", ())),
        acr=granted.get("acr"),
        login_at=granted.get("login_at"),
        mfa_at=granted.get("mfa_at"),
        spend=SpendCode(code),
    )


def _check_redirect_uri(request: AuthorizationCodeRequest, code: AuthorizationCode) -> None:
    if request.redirect_uri is None and not code.redirect_uri_given:
        return
    if request.redirect_uri != code.redirect_uri:
        raise UnauthorizedClient(
            f"The redirect URI is wrong. You sent {_origin(request.redirect_uri)}, "
            f"and we expected {_origin(code.redirect_uri)}",
            hint="Send the redirect_uri of the authorization request, character for character.",
        )


def _origin(uri: str | None) -> str:
    """Scheme and authority alone: the rest may hold something private."""
    if not uri:
        return "null"
    scheme, separator, rest = uri.partition("://")
    shown = f"{scheme}{separator}{rest.partition('/')[0].partition('?')[0]}"
    return shown.encode("ascii", "replace").decode()


async def _check_verifier(
    request: AuthorizationCodeRequest, code: AuthorizationCode, tenant: str, now: float, ports: Ports
) -> None:
    if code.code_challenge is None:
        if request.code_verifier is not None:
            raise InvalidGrant(
                "Failed to verify code verifier", hint="A verifier came for a code without a code_challenge."
            )
        return
    if request.code_verifier is not None and pkce.verifies(
        request.code_verifier, code.code_challenge, code.code_challenge_method or "plain"
    ):
        return
    await ports.codes.spend(
        tenant,
        code.code_hash,
        at=now,
        access_token_hash=None,
        access_token_expires_at=now,
        refresh_token=None,
        keep=0,
        events=(),
    )
    raise InvalidGrant("Failed to verify code verifier", hint="The code_verifier does not match; the code is burnt.")
