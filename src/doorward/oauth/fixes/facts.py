"""What a fix may look at, and the Management API calls it may suggest."""

from __future__ import annotations

from urllib.parse import quote

from msgspec import Struct

from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.resource_server import ResourceServer
from doorward.model.tenant import Issuer
from doorward.model.user import User
from doorward.oauth.errors import OAuthError
from doorward.oauth.proof import Proof
from doorward.oauth.token_rules import Reason
from doorward.oauth.trace import Change

REFUSED, WARNING, NOTE = "refused", "warning", "note"


class Facts(Struct, frozen=True, kw_only=True):
    """What a fix may look at. ``reason`` is the step it is for, ``api`` the API addressed, ``user`` whom the request
    names, ``error`` the refusal where this step is it, ``asked`` the scopes of the request."""

    directory: TenantDirectory
    issuer: Issuer
    reason: Reason
    client: Client | None = None
    user: User | None = None
    api: ResourceServer | None = None
    proof: Proof | None = None
    error: OAuthError | None = None
    redirect_uri: str | None = None
    asked: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The application, as people call it."""
        return (self.client.name or self.client.client_id) if self.client is not None else "the application"


def patch_api(api: ResourceServer, **body: object) -> Change:
    return Change(f"PATCH /api/v2/resource-servers/{quote(api.identifier, safe='')}", dict(body))


def patch_client(client: Client, **body: object) -> Change:
    return Change(f"PATCH /api/v2/clients/{quote(client.client_id, safe='')}", dict(body))


def patch_tenant(**body: object) -> Change:
    return Change("PATCH /api/v2/tenants/settings", dict(body))


def apis(facts: Facts) -> str:
    own = [api.identifier for api in facts.directory.resource_servers.values() if not api.is_system]
    return ", ".join(own[:5]) + (" …" if len(own) > 5 else "") if own else "an API you create first"


def words(scopes: tuple[str, ...]) -> str:
    return " ".join(scopes)


def first_api(facts: Facts) -> str:
    return next((a.identifier for a in facts.directory.resource_servers.values() if not a.is_system), "")


def lost_scopes(facts: Facts) -> tuple[str, ...]:
    kept = facts.reason.value or ()
    return tuple(scope for scope in facts.reason.before or () if scope not in kept)
