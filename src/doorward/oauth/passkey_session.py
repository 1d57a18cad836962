"""The ``auth_session`` of a passkey in an application's own pages: who may answer a challenge, and what for.

Sealed and handed to the client, good for some minutes, for that client on that domain; its challenge is answered once.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind
from doorward.model.identifiers import address_key, new_object_id
from doorward.model.pace import Pace
from doorward.model.passkey import Newcomer
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth.eligibility import connection_serves
from doorward.oauth.errors import InvalidGrant, InvalidRequest, OAuthError, TooManyRequests
from doorward.oauth.log_events import protocol_event
from doorward.oauth.token_request import PASSKEY
from doorward.ports import InvalidToken, Ports, SignupImpossible

LIFETIME = 600
MAX_LENGTH = 16_384
# Challenges for one address: so many at once, and one more after so many seconds.
CHALLENGES = Pace(50, 6.0)
LOGIN, REGISTER = "login", "register"
INVALID_SESSION = "Invalid or expired auth_session"
PROFILE = frozenset({"email", "phone_number", "username", "name", "given_name", "family_name", "nickname", "picture"})


class PasskeysDisabled(OAuthError):
    """No connection of the tenant has passkeys."""

    error = "not_found"
    status = 404


class PasskeySession(Struct, frozen=True, kw_only=True):
    """What an ``auth_session`` holds. ``identity`` is the id a new account will have, ``exp`` is in epoch seconds."""

    purpose: str
    azp: str
    iss: str
    exp: int
    jti: str
    connection: str
    identity: str = ""
    profile: dict[str, str] = {}
    metadata: dict[str, str] = {}


class Challenge(Struct, frozen=True):
    """The answer: the session, and what the browser or the device is to be asked."""

    auth_session: str
    authn_params_public_key: dict[str, Any]


async def begin(
    purpose: str,
    client: Client,
    realm: str | None,
    issuer: Issuer,
    context: RequestContext,
    ports: Ports,
    *,
    profile: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Challenge:
    """A challenge to log in, or to sign up with ``profile``.

    Raises ``PasskeysDisabled``, ``InvalidRequest``, ``TooManyRequests``; the refusal is in the tenant log.
    """
    directory = ports.directory.tenant(issuer.tenant)
    now = ports.clock.now()
    details: dict[str, Any] = {"purpose": purpose}
    try:
        if not await ports.attempts.admit(
            issuer.tenant,
            address_key("passkey challenge", context.ip),
            at=now,
            interval=CHALLENGES.interval,
            burst=CHALLENGES.burst,
        ):
            raise TooManyRequests("Too many requests", CHALLENGES, now)
        connection = _connection(client, realm, directory)
        session = PasskeySession(
            purpose=purpose,
            azp=client.client_id,
            iss=issuer.url,
            exp=int(now) + LIFETIME,
            jti=ports.entropy.token(16),
            connection=connection.name,
            identity=new_object_id(ports.entropy) if purpose == REGISTER else "",
            profile=dict(profile or {}),
            metadata=dict(metadata or {}),
        )
        value = ports.jose.seal(_key(directory), issuer.url, msgspec.to_builtins(session))
        if purpose == LOGIN:
            asked = ports.passkeys.request(directory, issuer.host, binding(value), seconds=LIFETIME)
        else:
            asked = await _new_account(newcomer(session, binding(value), client, connection, directory, context), ports)
    except OAuthError as error:
        event = protocol_event(
            "passkey_challenge_failed",
            context,
            now,
            client=client,
            details={**details, "error": {"message": error.description}},
        )
        ports.log.write(issuer.tenant, event)
        raise
    ports.log.write(
        issuer.tenant, protocol_event("passkey_challenge_started", context, now, client=client, details=details)
    )
    return Challenge(value, asked)


async def _new_account(newcomer: Newcomer, ports: Ports) -> dict[str, Any]:
    unknown = next(iter(newcomer.profile.keys() - PROFILE), None)
    if unknown is not None:
        raise InvalidRequest(f"Unrecognized property in user_profile: {unknown.encode('ascii', 'replace').decode()}")
    try:
        return await ports.passkeys.new_account(newcomer, seconds=LIFETIME)
    except SignupImpossible as impossible:
        raise refusal(impossible, newcomer.directory) from None


def newcomer(
    session: PasskeySession,
    bound: bytes,
    client: Client,
    connection: Connection,
    directory: TenantDirectory,
    context: RequestContext,
) -> Newcomer:
    """Whose account a ``session`` is to make; ``bound`` is its ``binding``."""
    return Newcomer(
        directory=directory,
        connection=connection,
        client=client,
        context=context,
        profile=session.profile,
        metadata=session.metadata,
        identity=session.identity,
        binding=bound,
    )


def refusal(impossible: SignupImpossible, directory: TenantDirectory) -> InvalidRequest:
    """Whether there is an account is told where the tenant tells that."""
    if impossible.taken and directory.settings.flags.enable_public_signup_user_exists_error:
        return InvalidRequest("The user already exists")
    return InvalidRequest("Invalid sign up", hint=f"The signup was refused: {impossible.code}.")


def read(value: str, client: Client, issuer: Issuer, directory: TenantDirectory, ports: Ports) -> PasskeySession:
    """What an ``auth_session`` holds. Raises ``InvalidGrant`` for one that is none, is over, or is another client's."""
    try:
        if len(value) > MAX_LENGTH:
            raise InvalidToken("too long")
        session = msgspec.convert(ports.jose.open(_key(directory), value), PasskeySession)
    except (InvalidToken, msgspec.ValidationError):
        raise InvalidGrant(INVALID_SESSION, hint="Send the auth_session of the challenge as it came.") from None
    if session.iss != issuer.url or session.azp != client.client_id:
        raise InvalidGrant(INVALID_SESSION, hint="It was made for another client or on another domain.")
    if session.exp <= ports.clock.now():
        raise InvalidGrant(INVALID_SESSION, hint="It is over: ask for another challenge.")
    return session


def binding(value: str) -> bytes:
    """What ties a challenge to its session."""
    return digest(f"auth_session {value}")


def _connection(client: Client, realm: str | None, directory: TenantDirectory) -> Connection:
    """The database connection of a request. Raises ``PasskeysDisabled``, ``InvalidRequest``."""
    if not any(connection.offers_passkeys for connection in directory.connections.values()):
        raise PasskeysDisabled("Passkeys are not enabled", hint="Enable passkeys for a database connection.")
    document = directory.documents[Kind.CLIENT].get(client.client_id)
    conformant = document is None or document.body.get("oidc_conformant") is not False
    if PASSKEY not in client.grant_types or not client.is_first_party or not conformant:
        raise InvalidRequest(
            "The application is not configured for passkey authentication",
            hint=f"It has to be a first-party, OIDC-conformant client with the grant {PASSKEY}.",
        )
    name = realm or directory.settings.default_directory
    connection = directory.connections.get(name)
    if connection is None or not connection.offers_passkeys or not connection_serves(connection, client):
        raise InvalidRequest(
            "The connection is not configured for passkey authentication",
            hint="Name a realm with passkeys that is enabled for the client, or set the tenant's default_directory.",
        )
    return connection


def _key(directory: TenantDirectory) -> bytes:
    """A key of its own: no other sealed value is an ``auth_session``, and it is no access token."""
    return hmac.digest(directory.token_key, b"auth_session", "sha256")
