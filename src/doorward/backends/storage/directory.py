"""Configuration in memory: one immutable snapshot per tenant, replaced whole.

Own writes change the snapshot at once; what other processes write is noticed by the tenant's
revision. A document the protocol cannot read is reported.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from doorward.backends.storage import sealing
from doorward.backends.storage.database import Database, Query, Verb
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.tenant_tables import document_place, remove_rows
from doorward.model.directory import TenantDirectory
from doorward.model.document import Change, Delete, Document, Documents, Forget, Kind, Need, Put, Unchanged
from doorward.model.log_event import LogEvent
from doorward.model.logout_notice import LogoutNotice
from doorward.model.snapshot import changed_snapshot, snapshot_of, touched_by
from doorward.model.tenant import DomainKind, Issuer, Tenant
from doorward.ports import Clock, Conflict, UnknownTenant

logger = logging.getLogger(__name__)

MAX_HOST = 255
REREADS = 3

TENANTS = "SELECT id, domain, revision, data_key FROM tenant ORDER BY sequence"
REVISIONS = "SELECT id, revision, data_key FROM tenant"
INSERT_TENANT = """
INSERT INTO tenant (id, domain, revision, sequence, data_key, created_at)
VALUES (:tenant, :domain, :revision, (SELECT coalesce(max(sequence), 0) + 1 FROM tenant), :data_key, :at)
ON CONFLICT (id) DO NOTHING RETURNING id"""
MOVE_TENANT = "UPDATE tenant SET domain = :domain WHERE id = :tenant"
DELETE_TENANT = "DELETE FROM tenant WHERE id = :tenant RETURNING id"
# A tenant that was made or restored has its key sealed anew: who knows another one knows another tenant.
BUMP = "UPDATE tenant SET revision = revision + 1 WHERE id = :tenant AND data_key = :data_key RETURNING revision"
MARK_DELETED = """
INSERT INTO deleted_tenant (id, deleted_at) VALUES (:tenant, :at)
ON CONFLICT (id) DO UPDATE SET deleted_at = excluded.deleted_at"""
UNMARK_DELETED = "DELETE FROM deleted_tenant WHERE id = :tenant RETURNING id"
DOCUMENTS = """
SELECT kind, id, unique_key, sequence, revision, body, secrets, created_at, updated_at FROM document
WHERE tenant = :tenant ORDER BY sequence"""
INSERT_DOCUMENT = """
INSERT INTO document (tenant, kind, id, unique_key, sequence, revision, body, secrets, created_at, updated_at)
VALUES (:tenant, :kind, :id, :unique_key,
    (SELECT coalesce(max(sequence), 0) + 1 FROM document WHERE tenant = :tenant),
    :revision, :body, :secrets, :created_at, :updated_at)
ON CONFLICT DO NOTHING RETURNING sequence"""
UPDATE_DOCUMENT = """
UPDATE document SET unique_key = :unique_key, revision = :revision, body = :body, secrets = :secrets,
    updated_at = :updated_at
WHERE tenant = :tenant AND kind = :kind AND id = :id AND revision = :expected RETURNING sequence"""
TAKEN = """
SELECT id FROM document WHERE tenant = :tenant AND kind = :kind AND unique_key = :unique_key AND id <> :id"""
DELETE_DOCUMENT = "DELETE FROM document WHERE tenant = :tenant AND kind = :kind AND id = :id"
WRITTEN_SINCE = """
SELECT 1 FROM document WHERE tenant = :tenant AND kind = :kind AND revision > :since LIMIT 1"""
EXISTS = "SELECT 1 FROM document WHERE tenant = :tenant AND kind = :kind AND id = :id"
CLAIM_HOST = """
INSERT INTO host (host, tenant) VALUES (:host, :tenant) ON CONFLICT (host) DO NOTHING"""
HOST_OWNER = "SELECT tenant FROM host WHERE host = :host"
RELEASE_HOST = "DELETE FROM host WHERE host = :host AND tenant = :tenant"


class DataKey(Struct, frozen=True):
    """The key of a tenant's secrets: as it is kept, under the master key, and as it is used."""

    sealed: bytes
    plain: bytes

    @classmethod
    def new(cls, root_key: bytes, tenant: str, plain: bytes | None = None) -> DataKey:
        """A random key, or ``plain`` sealed again."""
        plain = os.urandom(sealing.KEY_LENGTH) if plain is None else plain
        return cls(sealing.seal(root_key, plain, f"tenant|{tenant}"), plain)

    @classmethod
    def unsealed(cls, root_key: bytes, tenant: str, sealed: bytes) -> DataKey:
        """Raises ``WrongMasterKey``."""
        return cls(bytes(sealed), sealing.unseal(root_key, bytes(sealed), f"tenant|{tenant}"))


class Forgetting(Protocol):
    """What people hold of a document that goes away."""

    def forget(self, tenant: str, change: Forget, told: list[LogoutNotice]) -> Verb[None]:
        """Statements that remove it. Which applications are told that somebody went is added to ``told``."""

    def wake(self, told: list[LogoutNotice]) -> None:
        """Have them told at once."""


class StoredDirectory:
    """``ports.Directory``.

    ``root_key`` (32 bytes) opens the tenants' data keys; ``listener_ports`` are the ports this
    server is reached at, with which a host name may be followed.
    """

    def __init__(self, database: Database, log: StoredLog, clock: Clock, *, root_key: bytes) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._root_key = root_key
        self._snapshots: dict[str, TenantDirectory] = {}
        self._keys: dict[str, DataKey] = {}
        self.forgetting: Forgetting  # set with the other stores, which need this one
        self._reading = asyncio.Lock()
        self._issuers: dict[str, Issuer] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._listener_ports: frozenset[int] = frozenset()
        self._on_hosts: Callable[[frozenset[str]], None] | None = None

    # ── reading ──

    def tenant(self, tenant: str) -> TenantDirectory:
        try:
            return self._snapshots[tenant]
        except KeyError:
            raise UnknownTenant(tenant) from None

    def tenants(self) -> Sequence[Tenant]:
        return [snapshot.tenant for snapshot in self._snapshots.values()]

    def issuer(self, host: str) -> Issuer | None:
        found = self._issuers.get(host)
        if found is None and host != host.lower() and len(host) <= MAX_HOST:
            found = self._issuers.get(host.lower())
        return found

    def listen(self, ports: Iterable[int]) -> None:
        """Tell the ports this server listens on."""
        self._listener_ports = frozenset(ports)
        self._index_hosts()

    def on_hosts(self, follow: Callable[[frozenset[str]], None]) -> None:
        """Call ``follow`` with the hosts that are served, now and whenever they change."""
        self._on_hosts = follow
        self._index_hosts()

    def _index_hosts(self) -> None:
        issuers: dict[str, Issuer] = {}
        for snapshot in self._snapshots.values():
            tenant = snapshot.tenant
            self._index(issuers, tenant.id, tenant.domain, DomainKind.CANONICAL)
            for domain in snapshot.custom_domains.values():
                if domain.status == "ready":
                    self._index(issuers, tenant.id, domain.domain, DomainKind.CUSTOM)
        self._issuers = issuers
        if self._on_hosts is not None:
            self._on_hosts(frozenset(issuer.host for issuer in issuers.values()))

    def _index(self, issuers: dict[str, Issuer], tenant: str, domain: str, kind: DomainKind) -> None:
        name, port = split_port(domain.lower())
        hosts = [domain.lower(), name]
        if port is None:
            hosts += [f"{name}:{listener}" for listener in self._listener_ports]
        for host in hosts:
            issuers.setdefault(host, Issuer(tenant=tenant, host=host, kind=kind))

    async def load(self) -> None:
        """Read every tenant. Raises ``WrongMasterKey`` if they were sealed under another key."""
        for id_, domain, revision, data_key in await self._database.read(TENANTS, {}):
            await self._load_tenant(Tenant(id=id_, domain=domain, revision=revision), data_key)
        self._index_hosts()

    async def refresh(self, tenant: str | None = None) -> None:
        async with self._reading:
            for attempt in range(REREADS):
                try:
                    await self._read_again()
                    return
                except sealing.WrongMasterKey:  # a tenant was made anew between two of the reads
                    if attempt + 1 == REREADS:
                        raise

    async def _read_again(self) -> None:
        known = {id_: (held.tenant.revision, self._keys[id_].sealed) for id_, held in self._snapshots.items()}
        current = {row[0]: (row[1], bytes(row[2])) for row in await self._database.read(REVISIONS, {})}
        if current == known:
            return
        for gone in known.keys() - current.keys():
            del self._snapshots[gone], self._keys[gone]
        for id_, domain, revision, data_key in await self._database.read(TENANTS, {}):
            if known.get(id_) != (revision, bytes(data_key)):
                await self._load_tenant(Tenant(id=id_, domain=domain, revision=revision), data_key)
        self._index_hosts()

    async def _load_tenant(self, tenant: Tenant, sealed_key: bytes) -> None:
        key = DataKey.unsealed(self._root_key, tenant.id, sealed_key)
        documents: dict[str, dict[str, Document]] = {}
        for row in await self._database.read(DOCUMENTS, {"tenant": tenant.id}):
            kind, id_, unique_key, sequence, revision, body, secrets, created_at, updated_at = row
            documents.setdefault(kind, {})[id_] = Document(
                kind=kind,
                id=id_,
                unique_key=unique_key,
                sequence=sequence,
                revision=revision,
                body=msgspec.json.decode(body),
                secrets=_unseal(key.plain, tenant.id, kind, id_, secrets),
                created_at=created_at,
                updated_at=updated_at,
            )
        held = self._snapshots.get(tenant.id)
        if held is None or self._keys[tenant.id] != key or held.tenant.revision < tenant.revision:
            # A write of this node may have been faster than these reads: it is not to be lost from sight.
            self._keys[tenant.id] = key
            self._snapshots[tenant.id] = _snapshot(tenant, Documents(documents), key.plain)

    # ── secrets kept elsewhere ──

    def seal(self, tenant: str, plain: bytes, place: str) -> bytes:
        """``plain`` sealed under the tenant's key, bound to ``place``. Raises ``UnknownTenant``."""
        return sealing.seal(self._key(tenant), plain, place)

    def unseal(self, tenant: str, sealed: bytes, place: str) -> bytes:
        """Raises ``WrongMasterKey``, ``UnknownTenant``."""
        return sealing.unseal(self._key(tenant), sealed, place)

    def _key(self, tenant: str) -> bytes:
        try:
            return self._keys[tenant].plain
        except KeyError:
            raise UnknownTenant(tenant) from None

    # ── writing ──

    def turn(self, tenant: str) -> asyncio.Lock:
        return self._turns[tenant]

    async def create_tenant(
        self, tenant: Tenant, changes: Sequence[Change], events: Sequence[LogEvent] = ()
    ) -> TenantDirectory:
        key = DataKey.new(self._root_key, tenant.id)

        def verb() -> Verb[list[Document]]:
            yield from self.insert_tenant(tenant, key, revision=1)
            yield from claim_host(tenant.id, tenant.domain)
            yield from self.announce(tenant.id)
            written = yield from self.apply(tenant.id, key.plain, changes, 1)
            yield from self._log.insert(tenant.id, events)
            return written

        written = await self._database.write(verb)
        self._keys[tenant.id] = key
        documents: dict[str, dict[str, Document]] = {}
        for document in written:
            documents.setdefault(document.kind, {})[document.id] = document
        current = msgspec.structs.replace(tenant, revision=1)
        self._snapshots[tenant.id] = _snapshot(current, Documents(documents), key.plain)
        self._index_hosts()
        return self._snapshots[tenant.id]

    def insert_tenant(self, tenant: Tenant, key: DataKey, *, revision: int) -> Verb[None]:
        """Statements that make an empty tenant; for the inside of another verb. Raises ``Conflict``."""
        values = {"tenant": tenant.id, "domain": tenant.domain, "revision": revision, "data_key": key.sealed}
        if not (yield Query(INSERT_TENANT, {**values, "at": self._clock.now()})):
            raise Conflict("tenant", tenant.id)
        if (yield Query(UNMARK_DELETED, {"tenant": tenant.id})):
            yield from remove_rows(tenant.id)  # what another node wrote for the one before

    async def delete_tenant(self, tenant: str) -> None:
        def verb() -> Verb[None]:
            if not (yield Query(DELETE_TENANT, {"tenant": tenant})):
                raise UnknownTenant(tenant)
            yield from remove_rows(tenant)
            yield Query(MARK_DELETED, {"tenant": tenant, "at": self._clock.now()})
            yield from self.announce(tenant)

        await self._log.flush()
        await self._database.apart(verb, writes=True)
        await self.refresh()

    async def move_tenant(self, tenant: str, domain: str, changes: Sequence[Change]) -> TenantDirectory:
        before = self.tenant(tenant).tenant.domain

        def verb() -> Verb[None]:
            yield Query(RELEASE_HOST, {"host": before, "tenant": tenant})
            yield from claim_host(tenant, domain)
            yield Query(MOVE_TENANT, {"tenant": tenant, "domain": domain})

        await self._database.write(verb)
        snapshot = self._snapshots[tenant]
        moved = msgspec.structs.replace(snapshot.tenant, domain=domain)
        self._snapshots[tenant] = msgspec.structs.replace(snapshot, tenant=moved)
        self._index_hosts()
        return await self.change(tenant, changes)

    async def change(
        self,
        tenant: str,
        changes: Sequence[Change],
        events: Sequence[LogEvent] = (),
        *,
        at_revision: int | None = None,
    ) -> TenantDirectory:
        if tenant not in self._keys:
            raise UnknownTenant(tenant)
        key = self._keys[tenant]
        data_key = key.plain
        released = self._released_hosts(tenant, changes)
        told: list[LogoutNotice] = []

        def verb() -> Verb[tuple[int, list[Document]]]:
            rows = yield Query(BUMP, {"tenant": tenant, "data_key": key.sealed})
            if not rows:
                raise _Replaced
            revision: int = rows[0][0]
            if at_revision is not None and revision != at_revision + 1:
                raise Conflict("revision", tenant)
            for host in released:
                yield Query(RELEASE_HOST, {"host": host, "tenant": tenant})
            written = yield from self.apply(tenant, data_key, changes, revision, told=told)
            yield from self._log.insert(tenant, events)
            yield from self.announce(tenant)
            return revision, written

        try:
            revision, written = await self._database.write(verb)
        except _Replaced:
            await self.refresh(tenant)
            raise Conflict("revision", self.tenant(tenant).tenant.id) from None
        self.forgetting.wake(told)
        snapshot = self.tenant(tenant)
        if revision != snapshot.tenant.revision + 1 or self._keys[tenant] != key:
            # Somebody else wrote in between: what they changed is not in this snapshot.
            await self.refresh(tenant)
            return self.tenant(tenant)
        touched = touched_by(changes)
        changed = {kind: dict(snapshot.documents[kind]) for kind in touched}
        for change in changes:
            if isinstance(change, Delete):
                changed[change.kind].pop(change.id, None)
        for document in written:
            changed[document.kind][document.id] = document
        documents = Documents({**snapshot.documents, **changed})
        current = msgspec.structs.replace(snapshot.tenant, revision=revision)
        self._snapshots[tenant] = changed_snapshot(snapshot, current, documents, touched, report=_report)
        if Kind.CUSTOM_DOMAIN in touched or current.domain != snapshot.tenant.domain:
            self._index_hosts()
        return self._snapshots[tenant]

    def announce(self, tenant: str) -> Verb[None]:
        """Tell the other nodes; for the inside of another verb."""
        announcement = self._database.dialect.announcement
        if announcement is not None:
            yield Query(announcement, {"tenant": tenant})

    def _released_hosts(self, tenant: str, changes: Sequence[Change]) -> list[str]:
        domains = self.tenant(tenant).documents[Kind.CUSTOM_DOMAIN]
        return [
            domains[change.id].body["domain"]
            for change in changes
            if isinstance(change, Delete) and change.kind == Kind.CUSTOM_DOMAIN and change.id in domains
        ]

    def apply(
        self,
        tenant: str,
        data_key: bytes,
        changes: Sequence[Change],
        revision: int,
        *,
        told: list[LogoutNotice] | None = None,
    ) -> Verb[list[Document]]:
        """Statements that write documents; for the inside of another verb. Raises ``Conflict``. Whom the end of
        sessions is told is added to ``told``."""
        written = []
        for change in changes:
            if isinstance(change, Delete):
                yield Query(DELETE_DOCUMENT, {"tenant": tenant, "kind": change.kind, "id": change.id})
                continue
            if isinstance(change, Need):
                if not (yield Query(EXISTS, {"tenant": tenant, "kind": change.kind, "id": change.id})):
                    raise Conflict("revision", change.id)
                continue
            if isinstance(change, Unchanged):
                if (yield Query(WRITTEN_SINCE, {"tenant": tenant, "kind": change.kind, "since": change.since})):
                    raise Conflict("revision", change.kind)
                continue
            if isinstance(change, Forget):
                yield from self.forgetting.forget(tenant, change, told if told is not None else [])
                continue
            written.append((yield from self._put(tenant, data_key, change, revision)))
        return written

    def _put(self, tenant: str, data_key: bytes, change: Put, revision: int) -> Verb[Document]:
        document = change.document
        key = {"tenant": tenant, "kind": document.kind, "id": document.id}
        if document.unique_key is not None and (yield Query(TAKEN, {**key, "unique_key": document.unique_key})):
            raise Conflict("unique_key", document.unique_key)
        if document.kind == Kind.CUSTOM_DOMAIN and document.body.get("status") == "ready":
            yield from claim_host(tenant, document.body["domain"])
        now = self._clock.now()
        parameters = {
            **key,
            "unique_key": document.unique_key,
            "revision": revision,
            "body": msgspec.json.encode(document.body).decode(),
            "secrets": _seal(data_key, tenant, document),
            "updated_at": now,
        }
        if change.expected_revision is None:
            rows = yield Query(INSERT_DOCUMENT, {**parameters, "created_at": now})
            if not rows:
                raise Conflict("id", document.id)
            created_at = now
        else:
            rows = yield Query(UPDATE_DOCUMENT, {**parameters, "expected": change.expected_revision})
            if not rows:
                raise Conflict("revision", document.id)
            created_at = document.created_at
        return msgspec.structs.replace(
            document, sequence=rows[0][0], revision=revision, created_at=created_at, updated_at=now
        )


class _Replaced(Exception):
    """The tenant was deleted, made anew or restored since this node read it."""


def claim_host(tenant: str, host: str) -> Verb[None]:
    """Statements that give a tenant a host; for the inside of another verb. Raises ``Conflict``."""
    yield Query(CLAIM_HOST, {"host": host.lower(), "tenant": tenant})
    rows = yield Query(HOST_OWNER, {"host": host.lower()})
    if rows[0][0] != tenant:
        raise Conflict("host", host)


def _seal(data_key: bytes, tenant: str, document: Document) -> bytes | None:
    if not document.secrets:
        return None
    plain = msgspec.json.encode(document.secrets)
    return sealing.seal(data_key, plain, document_place(tenant, {"kind": document.kind, "id": document.id}))


def _unseal(data_key: bytes, tenant: str, kind: str, id_: str, sealed: bytes | None) -> Mapping[str, Any]:
    if sealed is None:
        return {}
    place = document_place(tenant, {"kind": kind, "id": id_})
    opened: dict[str, Any] = msgspec.json.decode(sealing.unseal(data_key, bytes(sealed), place))
    return opened


def split_port(host: str) -> tuple[str, int | None]:
    """A host name and its port, if it has one."""
    name, separator, port = host.rpartition(":")
    if separator and port.isascii() and port.isdigit() and not name.endswith(":"):
        return name, int(port)
    return host, None


def _snapshot(tenant: Tenant, documents: Documents, data_key: bytes) -> TenantDirectory:
    token_key = sealing.derive(data_key, "opaque-access-token")
    return snapshot_of(tenant, documents, token_key, report=_report)


def _report(document: Document, reason: str) -> None:
    logger.error("%s %s cannot be used: %s", document.kind, document.id, reason)
