"""Tenants and what is configured for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import BinaryIO, Protocol

from doorward.model.directory import TenantDirectory
from doorward.model.document import Change, Put
from doorward.model.log_event import LogEvent
from doorward.model.tenant import Issuer, Tenant
from doorward.model.tenant_snapshot import TenantSnapshot


class Directory(Protocol):
    """Configuration in memory: immutable snapshots, replaced whole when a tenant changes."""

    def issuer(self, host: str) -> Issuer | None:
        """Whom the ``Host`` header names (lower case, with its port if it has one), or ``None``."""

    def tenant(self, tenant: str) -> TenantDirectory:
        """The current snapshot of a tenant. Raises ``UnknownTenant``."""

    def tenants(self) -> Sequence[Tenant]:
        """All tenants, in order of creation."""

    async def change(
        self,
        tenant: str,
        changes: Sequence[Change],
        events: Sequence[LogEvent] = (),
        *,
        at_revision: int | None = None,
    ) -> TenantDirectory:
        """Write documents and log events in one transaction, and return the new snapshot.

        ``at_revision`` demands that nothing of the tenant was changed since it was at that revision. Raises
        ``Conflict`` (field ``unique_key`` or ``revision``, or ``host`` for a domain that another tenant serves) or
        ``UnknownTenant``, and then writes nothing.
        """

    async def create_tenant(
        self, tenant: Tenant, changes: Sequence[Change], events: Sequence[LogEvent] = ()
    ) -> TenantDirectory:
        """Make a tenant with its first documents; raises ``Conflict`` (``tenant`` or ``host``)."""

    async def delete_tenant(self, tenant: str) -> None:
        """Remove a tenant with everything it has, its log and its snapshots too. Raises ``UnknownTenant``."""

    async def move_tenant(self, tenant: str, domain: str, changes: Sequence[Change]) -> TenantDirectory:
        """Give a tenant another canonical domain."""

    async def refresh(self, tenant: str | None = None) -> None:
        """Read again what other nodes may have written."""

    def turn(self, tenant: str) -> AbstractAsyncContextManager[object]:
        """Held by one at a time of those whose change of a tenant lost against another: many together would only
        lose to each other."""


class Snapshots(Protocol):
    """Tenants as they were: in files, or kept in the database. Sealed under the master key."""

    async def take(self, tenant: str, file: BinaryIO, events: Sequence[LogEvent] = ()) -> TenantSnapshot:
        """Write what a tenant is at one moment to ``file``. Raises ``UnknownTenant``, ``OSError``."""

    def read_head(self, file: BinaryIO, sealed_under: bytes | None = None) -> TenantSnapshot:
        """What a snapshot says of itself. Raises ``UnusableSnapshot``."""

    async def restore(
        self,
        file: BinaryIO,
        *,
        domain: str | None = None,
        kept: str | None = None,
        sealed_under: bytes | None = None,
        events: Sequence[LogEvent] = (),
    ) -> TenantDirectory:
        """Make the tenant what it was, or make it anew where it is gone: all of it, or nothing.

        A tenant that exists stays at its domain and signs with its keys of today, another one gets its old ones, unless
        ``domain`` says otherwise. With ``kept``, the id it is kept under, only a tenant that is there and keeps it
        still: raises ``UnknownTenant``.
        ``sealed_under`` is the master key (32 bytes) of the server it was taken on, if that is another one.
        Raises ``UnusableSnapshot``, ``Conflict`` (``host``).
        """

    async def clone(
        self,
        file: BinaryIO,
        tenant: Tenant,
        *,
        without: Collection[str],
        changes: Sequence[Put],
        sealed_under: bytes | None = None,
        events: Sequence[LogEvent] = (),
    ) -> TenantDirectory:
        """Make another tenant of a snapshot, ``without`` these kinds of documents and with ``changes`` instead.

        Raises ``UnusableSnapshot``, ``Conflict`` (``tenant`` or ``host``).
        """

    async def keep(self, tenant: str, id_: str, events: Sequence[LogEvent] = ()) -> TenantSnapshot:
        """Take a snapshot and keep it in the database, with the tenant. Raises ``UnknownTenant``."""

    async def kept(self, tenant: str) -> list[TenantSnapshot]:
        """The snapshots kept of a tenant, the oldest first."""

    async def open(self, tenant: str, id_: str) -> BinaryIO | None:
        """The content of a kept snapshot, to be closed after use."""

    async def drop(self, tenant: str, id_: str) -> bool:
        """Keep it no longer; ``False`` where there is none."""


class RootCredential(Protocol):
    """What opens the door to all tenants of a server: one for all its nodes, derived from the master key."""

    async def matches(self, given: str) -> bool:
        """Whether ``given`` is the credential; takes as long for every other."""


class Assets(Protocol):
    """Pictures and fonts of the login pages, by a digest of what they hold."""

    async def keep(self, tenant: str, digest: str, content: bytes) -> None:
        """Have it; it may be there already."""

    async def find(self, tenant: str, digest: str) -> bytes | None: ...

    async def drop(self, tenant: str, digests: Sequence[str]) -> None:
        """Remove those that are there, but for what a document of the tenant's says it is kept."""
