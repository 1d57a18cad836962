"""Tenants in memory for tests of decisions: no storage, no clock, no network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from doorward.model.client import Client, ClientGrant
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.document import Documents
from doorward.model.resource_server import ResourceServer
from doorward.model.role import Permission, Role
from doorward.model.tenant import DomainKind, Issuer, Tenant, TenantSettings
from doorward.model.user import User
from doorward.oauth.proof import Proof

C, CD = "acme.test", "login.acme.test"
TENANT = Tenant(id="acme", domain=C)
CANONICAL = Issuer(tenant="acme", host=C)
CUSTOM = Issuer(tenant="acme", host=CD, kind=DomainKind.CUSTOM)
A, B, H, MANAGEMENT = "https://api/", "https://b/", "https://hs/", f"https://{C}/api/v2/"
USERINFO = f"https://{C}/userinfo"
SKIPS = "skip_consent_for_verifiable_first_party_clients"


def api(identifier: str = A, **properties: Any) -> ResourceServer:
    """An API with the scopes r, w and x; ``properties`` are those of ``/api/v2/resource-servers``."""
    given = {"id": identifier, "identifier": identifier, "scopes": [{"value": s} for s in ("r", "w", "x")]}
    return msgspec.convert({**given, **properties}, ResourceServer)


def client(client_id: str = "W", **properties: Any) -> Client:
    """A confidential first-party application; ``properties`` are those of ``/api/v2/clients``."""
    grants = ["authorization_code", "refresh_token", "implicit", "password", "client_credentials"]
    return msgspec.convert({"client_id": client_id, "client_secret": "s", "grant_types": grants, **properties}, Client)


def grant(audience: str = A, scope: Iterable[str] = ("r", "w"), **properties: Any) -> ClientGrant:
    given = {"id": "cgr_1", "client_id": "W", "audience": audience, "scope": list(scope)}
    return msgspec.convert({**given, **properties}, ClientGrant)


def user(*permissions: str, on: str = A, **properties: Any) -> User:
    """Somebody with these permissions on one API."""
    return User(
        user_id="auth0|u",
        connection="people",
        permissions=tuple(Permission(on, name) for name in permissions),
        **properties,
    )


def directory(
    *,
    apis: Iterable[ResourceServer] | None = None,
    clients: Iterable[Client] = (),
    grants: Iterable[ClientGrant] = (),
    roles: Iterable[Role] = (),
    connections: Iterable[Connection] = (),
    **settings: Any,
) -> TenantDirectory:
    """A tenant with APIs A (RS256), B, H (HS256) and the Management API, unless ``apis`` says otherwise."""
    known = apis if apis is not None else (api(), api(B), api(H, signing_alg="HS256", signing_secret="k" * 32))
    system = api(MANAGEMENT, is_system=True, scopes=[{"value": "read:users"}, {"value": "read:current_user"}])
    return TenantDirectory(
        tenant=TENANT,
        settings=msgspec.convert(settings, TenantSettings),
        clients={one.client_id: one for one in clients},
        resource_servers={one.identifier: one for one in (*known, system)},
        client_grants={
            (None if one.default_for else one.client_id, one.audience, one.subject_type): one for one in grants
        },
        connections={one.name: one for one in connections},
        roles={one.id: one for one in roles},
        signing_keys=(),
        custom_domains={},
        documents=Documents(),
        token_key=b"k" * 32,
    )


def login(scope: str = "", **more: Any) -> Proof:
    """A person who signed in; the code's own exchange unless ``grant_type`` says otherwise."""
    given: dict[str, Any] = {"grant_type": "authorization_code", "client": client(), "user": user(), **more}
    return Proof(requested=tuple(scope.split()) or None, **given)


def machine(scope: str = "", **more: Any) -> Proof:
    given: dict[str, Any] = {"grant_type": "client_credentials", "client": client(), **more}
    return Proof(requested=tuple(scope.split()) or None, **given)
