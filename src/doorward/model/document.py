"""Configuration as documents: what the Management API writes and the directory reads."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Kind(StrEnum):
    """The kinds of configuration document a tenant holds."""

    CLIENT = "client"
    RESOURCE_SERVER = "resource_server"
    CLIENT_GRANT = "client_grant"
    CONNECTION = "connection"
    ROLE = "role"
    CUSTOM_DOMAIN = "custom_domain"
    SIGNING_KEY = "signing_key"
    SETTINGS = "settings"
    CONFIGURATION = "configuration"


class Document(Struct, frozen=True, kw_only=True):
    """One configuration entity as it is stored.

    ``body`` holds the public properties under their wire names; ``secrets`` holds those kept
    encrypted at rest (client secrets, private keys, connection secrets), as plain values here.
    ``unique_key`` is unique per tenant and kind (a name, an identifier). ``sequence`` is the order
    of creation, ``revision`` the tenant revision of the last write.
    """

    kind: Kind
    id: str
    body: Mapping[str, Any]
    secrets: Mapping[str, Any] = {}
    unique_key: str | None = None
    sequence: int = 0
    revision: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0


class Put(Struct, frozen=True, kw_only=True, tag="put"):
    """Create or replace a document.

    ``expected_revision`` is the revision the writer read: ``None`` demands that the document does
    not exist yet, a number that it is still at that revision.
    """

    document: Document
    expected_revision: int | None = None


class Delete(Struct, frozen=True, kw_only=True, tag="delete"):
    """Remove a document; removing one that is gone is no error."""

    kind: Kind
    id: str


class Forget(Struct, frozen=True, kw_only=True, tag="forget"):
    """Remove what people hold of something that goes away, in the same transaction.

    ``client_id``: consents given to it and its refresh tokens. ``audience``: consents, refresh tokens
    and direct permissions of the API; with ``permissions`` only those direct permissions. ``role_id``:
    its assignments. ``connection``: its users with all they have. ``at`` in epoch seconds.
    """

    at: float
    client_id: str | None = None
    audience: str | None = None
    permissions: tuple[str, ...] | None = None
    role_id: str | None = None
    connection: str | None = None


Change = Put | Delete | Forget
