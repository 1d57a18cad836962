"""Client authentication (RFC 6749 §2.3, RFC 7523 §2.2): none, basic, post, private_key_jwt."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any, TypeGuard

import msgspec
from msgspec import Struct

from doorward.model.client import Client
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth.errors import AccessDenied, InvalidClient, InvalidRequest, missing_parameter
from doorward.ports import InvalidToken, Ports

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = frozenset({"RS256", "RS384", "PS256", "PS384", "ES256", "ES384"})
MAX_ASSERTION_LENGTH = 2048
MAX_ASSERTION_LIFETIME = 300
CLOCK_SKEW = 10
MAX_ASSERTION_CLAIM = 64


class AuthenticatedClient(Struct, frozen=True):
    """A client and how it proved itself; ``method`` is ``none`` for public clients."""

    client: Client
    method: str

    @property
    def is_confidential(self) -> bool:
        return self.method != "none"


async def authenticate(
    parameters: Mapping[str, str],
    basic: tuple[str, str] | None,
    issuer: Issuer,
    directory: TenantDirectory,
    ports: Ports,
) -> AuthenticatedClient:
    """The client of a request to the token, revocation or pushed request endpoint.

    ``basic`` is user name and password of an Authorization header, form-decoded. Raises
    ``InvalidRequest`` for two methods at once or no client id, ``AccessDenied`` (401
    ``Unauthorized``) for an unknown client or wrong secret, ``InvalidClient`` for a bad assertion.
    """
    body_id = parameters.get("client_id")
    secret = parameters.get("client_secret")
    assertion = parameters.get("client_assertion")
    if (basic is not None) + (secret is not None) + (assertion is not None) > 1:
        raise InvalidRequest("Only one client authentication method may be used in a request")
    if assertion is not None:
        return await _by_assertion(parameters, assertion, body_id, issuer, directory, ports)
    client_id = body_id
    if basic is not None:
        client_id, secret = basic
        if body_id is not None and body_id != client_id:
            raise InvalidRequest("client_id in the body is not the one in the Authorization header")
    if not client_id:
        raise missing_parameter("client_id")
    client = directory.clients.get(client_id)
    if client is None or client.is_global:
        raise _unauthorized("No client has this client_id in this tenant.")
    if client.is_public:
        return AuthenticatedClient(client, "none")
    if client.uses_assertion:
        raise _unauthorized("This client authenticates with private_key_jwt only.")
    if secret is None:
        raise _unauthorized("The client has a secret and did not send it.")
    if not client.client_secret or not hmac.compare_digest(secret.encode(), client.client_secret.encode()):
        raise _unauthorized("The client_secret is not the client's.")
    return AuthenticatedClient(client, "client_secret_basic" if basic is not None else "client_secret_post")


def trusted_context(context: RequestContext, authenticated: AuthenticatedClient) -> RequestContext:
    """The context with the end user's address that a backend forwards in ``auth0-forwarded-for``.

    Believed only of a client that authenticated and has ``is_token_endpoint_ip_header_trusted``; from
    anybody else it is ignored. Raises ``InvalidRequest`` for what is not an address.
    """
    if (
        context.forwarded_for is None
        or not authenticated.is_confidential
        or not authenticated.client.is_token_endpoint_ip_header_trusted
    ):
        return context
    try:
        address = ip_address(context.forwarded_for.strip())
    except ValueError:
        raise InvalidRequest("auth0-forwarded-for must be one IP address") from None
    return msgspec.structs.replace(context, ip=str(address))


def _unauthorized(hint: str) -> AccessDenied:
    return AccessDenied("Unauthorized", status=401, hint=hint)


async def _by_assertion(
    parameters: Mapping[str, str],
    assertion: str,
    body_id: str | None,
    issuer: Issuer,
    directory: TenantDirectory,
    ports: Ports,
) -> AuthenticatedClient:
    if parameters.get("client_assertion_type") != ASSERTION_TYPE:
        raise InvalidClient(f"client_assertion_type must be {ASSERTION_TYPE}")
    if len(assertion) > MAX_ASSERTION_LENGTH:
        raise InvalidClient(f"client_assertion is longer than {MAX_ASSERTION_LENGTH} bytes")
    try:
        header, claims = ports.jose.peek(assertion)
    except InvalidToken as error:
        raise InvalidClient("client_assertion is not a valid JWT", detail=error.reason) from None
    client_id = claims.get("sub")
    if not isinstance(client_id, str) or claims.get("iss") != client_id:
        raise InvalidClient("client_assertion must have the client_id as iss and sub")
    if body_id is not None and body_id != client_id:
        raise InvalidClient("client_id is not the subject of client_assertion")
    client = directory.clients.get(client_id)
    if client is None or not client.uses_assertion:
        raise InvalidClient("client_assertion is not accepted for this client")
    claims = _verified(client, assertion, header, ports)
    await _check_claims(client_id, claims, issuer, directory, ports)
    return AuthenticatedClient(client, "private_key_jwt")


def _verified(client: Client, assertion: str, header: Mapping[str, Any], ports: Ports) -> dict[str, Any]:
    methods = client.client_authentication_methods
    named = methods.private_key_jwt.credentials if methods is not None and methods.private_key_jwt is not None else ()
    usable, now = {reference.id for reference in named}, ports.clock.now()
    kid = header.get("kid")
    for credential in client.credentials:
        if credential.id not in usable or (kid is not None and kid != credential.kid):
            continue
        if credential.expires_at is not None and datetime.fromisoformat(credential.expires_at).timestamp() <= now:
            continue
        if header.get("alg") != credential.alg or credential.alg not in ASSERTION_ALGORITHMS:
            continue
        try:
            return ports.jose.verify_pem(assertion, credential.pem, frozenset({credential.alg}))[1]
        except InvalidToken:
            continue
    raise InvalidClient("client_assertion is not signed by a key of the client")


async def _check_claims(
    client_id: str, claims: Mapping[str, Any], issuer: Issuer, directory: TenantDirectory, ports: Ports
) -> None:
    """RFC 7523 §3, with Auth0's limits: 300 s of life, 10 s of skew, jti once."""
    now = ports.clock.now()
    expires_at, jti, audience = claims.get("exp"), claims.get("jti"), claims.get("aud")
    if not _is_time(expires_at) or expires_at + CLOCK_SKEW <= now:
        raise InvalidClient("client_assertion has expired")
    if expires_at > now + MAX_ASSERTION_LIFETIME + CLOCK_SKEW:
        raise InvalidClient(f"client_assertion lives longer than {MAX_ASSERTION_LIFETIME} seconds")
    for name in ("iat", "nbf"):
        if name in claims and (not _is_time(claims[name]) or claims[name] > now + CLOCK_SKEW):
            raise InvalidClient(f"client_assertion {name} is in the future")
    accepted = {issuer.url, issuer.endpoint("oauth/token"), f"https://{directory.tenant.domain}/"}
    audiences = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(value, str) and value in accepted for value in audiences):
        raise InvalidClient("client_assertion aud is not this server", hint=f"Use {issuer.url} as aud.")
    if not isinstance(jti, str) or not jti or len(jti) > MAX_ASSERTION_CLAIM:
        raise InvalidClient(f"client_assertion needs a jti of at most {MAX_ASSERTION_CLAIM} characters")
    once = digest(f"client_assertion {client_id} {jti}")
    if not await ports.one_time_values.use(directory.tenant.id, once, at=now, expires_at=expires_at + 2 * CLOCK_SKEW):
        raise InvalidClient("client_assertion was used before")


def _is_time(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**12
