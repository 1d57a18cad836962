"""Tenants as things: made, moved, copied, restored and deleted, for whoever has the server.

Over HTTP and at the command line alike. What is done to a tenant is in its log, in the same write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, BinaryIO

from doorward.management.kit.wire import timestamp
from doorward.management.new_tenant import (
    MANAGEMENT_CLIENT,
    first_documents,
    first_keys,
    management_client,
    renamed_audience,
)
from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind, Put
from doorward.model.identifiers import new_id
from doorward.model.log_event import LogEvent
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Tenant
from doorward.model.tenant_snapshot import TenantSnapshot
from doorward.ports import Ports

OPERATOR = "doorward operator"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = rf"(?=[^:]{{1,253}}(:|$)){_LABEL}(\.{_LABEL})*(:\d{{1,5}})?"
ID = r"[a-z0-9]([a-z0-9._:-]{0,257}[a-z0-9])?"
# What a copy does not take over: the domains are the original's, and with its keys a copy could sign as the original.
NOT_CLONED = frozenset({Kind.CUSTOM_DOMAIN, Kind.SIGNING_KEY})


def is_domain(text: str) -> bool:
    """Whether a tenant can be served there: a host name in lower case, with a port if it needs one."""
    return re.fullmatch(DOMAIN, text) is not None


def is_id(text: str) -> bool:
    """Whether a tenant can be named so; every domain is such a name."""
    return re.fullmatch(ID, text) is not None


class Tenants:
    """All tenants of one server. ``asked`` says who asks, for the log."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def create(
        self, id_: str, domain: str, more: Sequence[Put] = (), events: Sequence[LogEvent] = ()
    ) -> TenantDirectory:
        """A brand-new tenant with its two signing keys, and ``more``, in one write. Raises ``ports.Conflict``."""
        tenant = Tenant(id=id_, domain=domain)
        keys = await self._ports.keys.signing_key(tenant), await self._ports.keys.signing_key(tenant)
        documents = first_documents(tenant, keys, self._ports.entropy, self._ports.clock.now())
        return await self._ports.directory.create_tenant(tenant, [*documents, *more], events)

    async def create_managed(self, id_: str, domain: str, asked: RequestContext) -> tuple[TenantDirectory, Client]:
        """The same with a client that may do everything there. Raises ``ports.Conflict``."""
        client, grant = management_client(Tenant(id=id_, domain=domain), MANAGEMENT_CLIENT, self._ports.entropy)
        event = self._event("Create a tenant", asked)
        directory = await self.create(id_, domain, [client, grant], [event])
        return directory, directory.clients[client.document.id]

    async def move(self, id_: str, domain: str) -> None:
        """Give a tenant another canonical domain; the system identifiers built from it follow."""
        directory = self._ports.directory
        before = directory.tenant(id_)
        old, new = before.tenant, Tenant(id=id_, domain=domain)
        names = dict(zip(old.system_audiences, new.system_audiences, strict=True))
        changes = [
            renamed_audience(document, names)
            for kind in (Kind.RESOURCE_SERVER, Kind.CLIENT_GRANT)
            for document in before.documents[kind].values()
            if document.body.get("identifier", document.body.get("audience")) in names
        ]
        await directory.move_tenant(id_, domain, changes)

    async def delete(self, id_: str) -> None:
        """Remove it with everything it has. Raises ``ports.UnknownTenant``."""
        await self._ports.directory.delete_tenant(id_)

    async def take(self, id_: str, file: BinaryIO, asked: RequestContext) -> TenantSnapshot:
        """A snapshot into a file. Raises ``ports.UnknownTenant``, ``OSError``."""
        return await self._ports.snapshots.take(id_, file, [self._event("Take a snapshot of the tenant", asked)])

    async def keep(self, id_: str, asked: RequestContext) -> TenantSnapshot:
        """A snapshot into the database. Raises ``ports.UnknownTenant``."""
        event = self._event("Take a snapshot of the tenant", asked)
        return await self._ports.snapshots.keep(id_, new_id(self._ports.entropy, "snp_"), [event])

    async def restore(
        self,
        file: BinaryIO,
        asked: RequestContext,
        *,
        kept: str | None = None,
        sealed_under: bytes | None = None,
    ) -> TenantDirectory:
        """The tenant as it was, at its domain of today; ``kept`` is the id of a snapshot it keeps, ``sealed_under``
        the master key of the server it was taken on, if that is another one. Raises ``ports.UnusableSnapshot``,
        ``ports.Conflict``, and ``ports.UnknownTenant`` when one that is kept went with its tenant."""
        event = self._event("Restore the tenant from a snapshot", asked)
        return await self._ports.snapshots.restore(file, kept=kept, sealed_under=sealed_under, events=[event])

    async def clone(
        self, file: BinaryIO, id_: str, domain: str, asked: RequestContext, *, sealed_under: bytes | None = None
    ) -> TenantDirectory:
        """Another tenant from a snapshot, with signing keys of its own and without the original's custom domains.

        Raises ``ports.UnusableSnapshot``, ``ports.Conflict``.
        """
        tenant = Tenant(id=id_, domain=domain)
        keys = await self._ports.keys.signing_key(tenant), await self._ports.keys.signing_key(tenant)
        return await self._ports.snapshots.clone(
            file,
            tenant,
            without=NOT_CLONED,
            changes=first_keys(keys, self._ports.clock.now()),
            sealed_under=sealed_under,
            events=[self._event("Create a tenant from a snapshot", asked)],
        )

    def _event(self, description: str, asked: RequestContext) -> LogEvent:
        return LogEvent(
            type="sapi",
            date=self._ports.clock.now(),
            description=description,
            client_id=OPERATOR,
            client_name=OPERATOR,
            ip=asked.ip,
            user_agent=asked.user_agent,
            hostname=asked.hostname,
        )


def tenant_on_the_wire(directory: TenantDirectory) -> dict[str, Any]:
    """A tenant as commands and the root API show it."""
    tenant = directory.tenant
    ready = [domain.domain for domain in directory.custom_domains.values() if domain.status == "ready"]
    return {
        "id": tenant.id,
        "domain": tenant.domain,
        "issuer": f"https://{tenant.domain}/",
        "custom_domains": ready,
        "clients": sum(not client.is_global for client in directory.clients.values()),
    }


def made_on_the_wire(directory: TenantDirectory, client: Client) -> dict[str, Any]:
    """A new tenant, with the secret of its first client, which is shown this once."""
    tenant = directory.tenant
    return {
        "id": tenant.id,
        "domain": tenant.domain,
        "issuer": f"https://{tenant.domain}/",
        "management": {
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "audience": tenant.management_audience,
        },
    }


def snapshot_on_the_wire(snapshot: TenantSnapshot) -> dict[str, Any]:
    """What is known of a snapshot; ``id`` where it is kept in the database."""
    return {
        **({"id": snapshot.id} if snapshot.id else {}),
        "tenant": snapshot.tenant,
        "domain": snapshot.domain,
        "taken_at": timestamp(snapshot.taken_at),
        "schema": snapshot.schema,
        "size": snapshot.size,
        "users": snapshot.rows.get("user_account", 0),
    }
