"""From configuration documents to the snapshot the protocol reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from doorward.model.brute_force import SETTINGS_ID as BRUTE_FORCE
from doorward.model.brute_force import BruteForce
from doorward.model.client import Client, ClientGrant
from doorward.model.connection import Connection
from doorward.model.credential import KeyState, SigningKey
from doorward.model.directory import TenantDirectory
from doorward.model.document import Document, Documents, Kind
from doorward.model.resource_server import ResourceServer
from doorward.model.role import Role
from doorward.model.tenant import CustomDomain, Tenant, TenantSettings

T = TypeVar("T")
Report = Callable[[Document, str], None]


def read_document(document: Document, type_: type[T], report: Report) -> T | None:
    """The document as the protocol reads it: ``null`` counts as absent, so that defaults apply.

    One that cannot be read is left out, and reported.
    """
    merged = {**document.body, **document.secrets}
    try:
        return msgspec.convert(_without_nulls(merged), type_, strict=False)
    except msgspec.ValidationError as error:
        report(document, str(error))
        return None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return value


def _typed(documents: Mapping[str, Document], type_: type[T], report: Report) -> list[T]:
    read = (read_document(document, type_, report) for document in documents.values())
    return [value for value in read if value is not None]


KEY_ORDER = {KeyState.CURRENT: 0, KeyState.NEXT: 1, KeyState.PREVIOUS: 2, KeyState.REVOKED: 3}


def snapshot_of(
    tenant: Tenant,
    documents: Documents,
    token_key: bytes,
    *,
    report: Report,
    previous: TenantDirectory | None = None,
    touched: set[str] | None = None,
) -> TenantDirectory:
    """The snapshot of these documents; kinds not ``touched`` are taken from ``previous``.

    A document the protocol cannot read is kept for the Management API, left out of the typed maps, and
    given to ``report`` with the reason.
    """

    kept = previous if touched is not None else None

    def read(kind: Kind, type_: type[T]) -> list[T]:
        return _typed(documents[kind], type_, report)

    def fresh(kind: Kind) -> bool:
        return kept is None or touched is None or kind in touched

    settings_document = documents[Kind.SETTINGS].get("tenant")
    settings = read_document(settings_document, TenantSettings, report) if settings_document is not None else None
    directory = kept or TenantDirectory(
        tenant=tenant,
        settings=TenantSettings(),
        clients={},
        resource_servers={},
        client_grants={},
        connections={},
        roles={},
        signing_keys=(),
        custom_domains={},
        documents=documents,
        token_key=token_key,
    )
    changes: dict[str, Any] = {"tenant": tenant, "settings": settings or TenantSettings(), "documents": documents}
    if fresh(Kind.CONFIGURATION):
        chosen = documents[Kind.CONFIGURATION].get(BRUTE_FORCE)
        brute_force = read_document(chosen, BruteForce, report) if chosen is not None else None
        changes["brute_force"] = brute_force or BruteForce()
    if fresh(Kind.CLIENT):
        changes["clients"] = _clients(documents[Kind.CLIENT], previous, report)
    if fresh(Kind.RESOURCE_SERVER):
        changes["resource_servers"] = {api.identifier: api for api in read(Kind.RESOURCE_SERVER, ResourceServer)}
    if fresh(Kind.CLIENT_GRANT):
        changes["client_grants"] = {
            (None if grant.default_for else grant.client_id, grant.audience, grant.subject_type): grant
            for grant in read(Kind.CLIENT_GRANT, ClientGrant)
        }
    if fresh(Kind.CONNECTION):
        changes["connections"] = {connection.name: connection for connection in read(Kind.CONNECTION, Connection)}
    if fresh(Kind.ROLE):
        changes["roles"] = {role.id: role for role in read(Kind.ROLE, Role)}
    if fresh(Kind.SIGNING_KEY):
        changes["signing_keys"] = tuple(sorted(read(Kind.SIGNING_KEY, SigningKey), key=lambda k: KEY_ORDER[k.state]))
    if fresh(Kind.CUSTOM_DOMAIN):
        changes["custom_domains"] = {domain.domain: domain for domain in read(Kind.CUSTOM_DOMAIN, CustomDomain)}
    return msgspec.structs.replace(directory, **changes)


def _clients(documents: Mapping[str, Document], previous: TenantDirectory | None, report: Report) -> dict[str, Client]:
    """Typed clients; unchanged documents keep the value they had, so that a change costs one."""
    clients: dict[str, Client] = {}
    before = previous.documents[Kind.CLIENT] if previous is not None else {}
    for id_, document in documents.items():
        known = before.get(id_)
        kept = previous.clients.get(id_) if previous is not None and known is document else None
        client = kept or read_document(document, Client, report)
        if client is not None:
            clients[id_] = client
    return clients
