"""Configuration as documents: what the Management API writes and the directory reads."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from msgspec import Struct


class Kind(StrEnum):
    """The kinds of configuration document the protocol reads, and the one of documents there is one of.

    A resource of the Management API that nothing else reads names a kind of its own.
    """

    CLIENT = "client"
    RESOURCE_SERVER = "resource_server"
    CLIENT_GRANT = "client_grant"
    CONNECTION = "connection"
    ROLE = "role"
    ORGANIZATION = "organization"
    CUSTOM_DOMAIN = "custom_domain"
    SIGNING_KEY = "signing_key"
    SETTINGS = "settings"
    CONFIGURATION = "configuration"


class Document(Struct, frozen=True, kw_only=True):
    """One configuration entity as it is stored.

    ``kind`` is a ``Kind`` or the name a resource chose. ``body`` holds the public properties under
    their wire names; ``secrets`` holds those kept encrypted at rest (client secrets, private keys,
    connection secrets), as plain values here.
    ``unique_key`` is unique per tenant and kind (a name, an identifier). ``sequence`` is the order
    of creation, ``revision`` the tenant revision of the last write.
    """

    kind: str
    id: str
    body: Mapping[str, Any]
    secrets: Mapping[str, Any] = {}
    unique_key: str | None = None
    sequence: int = 0
    revision: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0


NO_DOCUMENTS: Mapping[str, Document] = MappingProxyType({})


class Documents(dict[str, Mapping[str, Document]]):
    """Documents by kind, then id, in order of creation; there are none of a kind that nobody wrote."""

    def __missing__(self, kind: str) -> Mapping[str, Document]:
        return NO_DOCUMENTS


class Put(Struct, frozen=True, kw_only=True, tag="put"):
    """Create or replace a document.

    ``expected_revision`` is the revision the writer read: ``None`` demands that the document does
    not exist yet, a number that it is still at that revision.
    """

    document: Document
    expected_revision: int | None = None


class Delete(Struct, frozen=True, kw_only=True, tag="delete"):
    """Remove a document; removing one that is gone is no error."""

    kind: str
    id: str


class Need(Struct, frozen=True, kw_only=True, tag="need"):
    """Demand that a document is still there: another one is going to refer to it."""

    kind: str
    id: str


class Unchanged(Struct, frozen=True, kw_only=True, tag="unchanged"):
    """Demand that no document of a kind was written after the tenant revision ``since``: something goes away,
    and none of them refers to it. Comes before the changes that write such documents."""

    kind: str
    since: int


class Forget(Struct, frozen=True, kw_only=True, tag="forget"):
    """Remove what people hold of something that goes away, in the same transaction.

    ``client_id``: consents given to it, its refresh tokens and invitations. ``audience``: consents, refresh
    tokens and direct permissions of the API; with ``permissions`` only those direct permissions. ``role_id``:
    its assignments. ``connection``: its users with all they have. ``connection_id``: invitations to log in with
    it. ``organization_id``: its members and invitations. ``at`` in epoch seconds.
    """

    at: float
    client_id: str | None = None
    audience: str | None = None
    permissions: tuple[str, ...] | None = None
    role_id: str | None = None
    connection: str | None = None
    connection_id: str | None = None
    organization_id: str | None = None


Change = Put | Delete | Need | Unchanged | Forget
