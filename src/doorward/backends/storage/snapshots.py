"""Tenants taken out of the database and put back in: streamed, in one transaction each, sealed.

A snapshot holds what a tenant is (``tenant_tables.Fate.KEPT``) with its data key; secrets stay sealed as they are.
A restore replaces all of it or nothing: who reads meanwhile sees the tenant as it was before. On SQLite it is the
only writer; on PostgreSQL what somebody writes to the same tenant at that moment counts as written afterwards.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, cast

import msgspec
from msgspec import Struct

from doorward.backends.storage import sealing
from doorward.backends.storage.database import Database, Query, Verb
from doorward.backends.storage.directory import (
    MOVE_TENANT,
    DataKey,
    StoredDirectory,
    claim_host,
)
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.snapshot_file import Part, SnapshotReader, SnapshotWriter
from doorward.backends.storage.tenant_tables import (
    AUDIENCES,
    SEALED,
    TABLES,
    Fate,
    TenantTable,
    remove_rows,
    tenant_tables,
)
from doorward.backends.storage.version import HEAD
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind, Put
from doorward.model.log_event import LogEvent
from doorward.model.tenant import Tenant
from doorward.model.tenant_snapshot import TenantSnapshot
from doorward.ports import Clock, UnknownTenant, UnusableSnapshot

TENANT = "SELECT domain, revision, data_key FROM tenant WHERE id = :tenant"
RENEW_TENANT = """
UPDATE tenant SET data_key = :data_key, revision = 1 + CASE WHEN revision > :revision THEN revision ELSE :revision END
WHERE id = :tenant RETURNING domain"""
INSERT_SNAPSHOT = """
INSERT INTO tenant_snapshot (tenant, id, taken_at, document) VALUES (:tenant, :id, :taken_at, :document)"""
INSERT_PART = """
INSERT INTO tenant_snapshot_part (tenant, id, number, content) VALUES (:tenant, :id, :number, :content)"""
KEPT = "SELECT document FROM tenant_snapshot WHERE tenant = :tenant ORDER BY taken_at, id"
PART = "SELECT content FROM tenant_snapshot_part WHERE tenant = :tenant AND id = :id AND number = :number"
IS_KEPT = "SELECT 1 FROM tenant_snapshot WHERE tenant = :tenant AND id = :id"
DROP = "DELETE FROM tenant_snapshot WHERE tenant = :tenant AND id = :id RETURNING id"

SLICE = 512 * 1024
# A part of a file is written once it holds so much (bytes), and has no more rows than a page.
FULL = 1024 * 1024
IN_MEMORY = 4 * 1024 * 1024
ROW_OF_TENANT = ("domain", "revision", "data_key")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_known = msgspec.json.Decoder(TenantSnapshot).decode


class StoredSnapshots:
    """``ports.Snapshots``."""

    def __init__(
        self, database: Database, directory: StoredDirectory, log: StoredLog, clock: Clock, *, root_key: bytes
    ) -> None:
        self._database = database
        self._directory = directory
        self._log = log
        self._clock = clock
        self._root_key = root_key

    # ── taking ──

    async def take(self, tenant: str, file: BinaryIO, events: Sequence[LogEvent] = ()) -> TenantSnapshot:
        taken = await self._database.apart(lambda: self._taking(tenant, file), writes=False)
        if events:
            await self._database.write(lambda: self._log.insert(tenant, events))
        return taken

    def _taking(self, tenant: str, file: BinaryIO) -> Verb[TenantSnapshot]:
        rows = yield Query(TENANT, {"tenant": tenant})
        if not rows:
            raise UnknownTenant(tenant)
        domain, revision, data_key = rows[0]
        at = self._clock.now()
        writer = SnapshotWriter(file, self._root_key, schema=HEAD, tenant=tenant, domain=domain, taken_at=at)
        writer.write("tenant", ROW_OF_TENANT, [(domain, revision, bytes(data_key))])
        tables = yield from tenant_tables(self._database.dialect)
        for name, fate in TABLES.items():
            if fate is Fate.KEPT:
                yield from _write_table(tables[name], tenant, writer)
        writer.finish()
        return TenantSnapshot(
            tenant=tenant, domain=domain, taken_at=at, schema=HEAD, size=writer.size, rows=_counted(writer.counts)
        )

    def read_head(self, file: BinaryIO, sealed_under: bytes | None = None) -> TenantSnapshot:
        head = SnapshotReader(file, sealed_under or self._root_key).head
        return TenantSnapshot(tenant=head.tenant, domain=head.domain, taken_at=head.taken_at, schema=head.schema)

    # ── restoring ──

    async def restore(
        self,
        file: BinaryIO,
        *,
        domain: str | None = None,
        kept: str | None = None,
        sealed_under: bytes | None = None,
        events: Sequence[LogEvent] = (),
    ) -> TenantDirectory:
        reader = self._read(file, sealed_under)
        tenant = reader.head.tenant

        def verb() -> Verb[None]:
            origin = _Origin.read(reader, sealed_under or self._root_key)
            key = DataKey.new(self._root_key, tenant, origin.key.plain)
            before = yield Query(TENANT + self._database.dialect.hold, {"tenant": tenant})
            if kept is not None and not before:
                raise UnknownTenant(tenant)
            if kept is not None and not (yield Query(IS_KEPT, {"tenant": tenant, "id": kept})):
                raise UnusableSnapshot("it is not kept any more")
            keys = (yield from self._signing_keys(tenant, bytes(before[0][2]), origin)) if before else []
            renew = {"tenant": tenant, "data_key": key.sealed, "revision": origin.revision}
            rows = yield Query(RENEW_TENANT, renew)
            place = Tenant(id=tenant, domain=domain or (rows[0][0] if rows else origin.tenant.domain))
            if rows:
                yield from remove_rows(tenant, (Fate.KEPT, Fate.ENDED))
                yield Query(MOVE_TENANT, {"tenant": tenant, "domain": place.domain})
            else:
                yield from self._directory.insert_tenant(place, key, revision=origin.revision + 1)
            yield from self._fill(origin, place, key, {Kind.SIGNING_KEY} if keys else (), keys, (), events)

        await self._database.apart(verb, writes=True)
        await self._directory.refresh()
        return self._directory.tenant(tenant)

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
        reader = self._read(file, sealed_under)

        def verb() -> Verb[None]:
            origin = _Origin.read(reader, sealed_under or self._root_key)
            key = DataKey.new(self._root_key, tenant.id)
            yield from self._directory.insert_tenant(tenant, key, revision=origin.revision + 1)
            yield from self._fill(origin, tenant, key, without, (), changes, events)

        await self._database.apart(verb, writes=True)
        await self._directory.refresh()
        return self._directory.tenant(tenant.id)

    def _signing_keys(self, tenant: str, sealed_key: bytes, origin: _Origin) -> Verb[list[dict[str, Any]]]:
        """The rows of the keys the tenant signs with today, if it is the one the snapshot was taken of: in the snapshot
        a key may be live that was revoked since. Another tenant under this id has another data key."""
        if DataKey.unsealed(self._root_key, tenant, sealed_key).plain != origin.key.plain:
            return []
        table = (yield from tenant_tables(self._database.dialect))["document"]
        columns = ", ".join(table.columns)
        sql = f"SELECT {columns} FROM document WHERE tenant = :tenant AND kind = :kind"  # noqa: S608
        rows = yield Query(sql, {"tenant": tenant, "kind": Kind.SIGNING_KEY})
        return [dict(zip(table.columns, row, strict=True)) for row in rows]

    def _read(self, file: BinaryIO, sealed_under: bytes | None) -> SnapshotReader:
        reader = SnapshotReader(file, sealed_under or self._root_key)
        if reader.head.schema > HEAD:
            raise UnusableSnapshot(
                f"it was taken by a newer Doorward: it has the schema {reader.head.schema}, this version {HEAD}"
            )
        return reader

    def _fill(
        self,
        origin: _Origin,
        tenant: Tenant,
        key: DataKey,
        without: Collection[str],
        documents: Sequence[Mapping[str, Any]],
        changes: Sequence[Put],
        events: Sequence[LogEvent],
    ) -> Verb[None]:
        """Statements that give an empty tenant everything it has; ``documents`` are rows that are put back as they
        were."""
        yield from claim_host(tenant.id, tenant.domain)
        tables = yield from tenant_tables(self._database.dialect)
        moving = _Moving(origin, tenant, key, frozenset(without))
        for part in origin.parts:
            table = tables.get(part.table)
            if table is None or TABLES[part.table] is not Fate.KEPT or set(part.columns) != set(table.columns):
                raise UnusableSnapshot(f"its table {part.table} is not one of this version's")
            rows = list(moving.moved(part.table, (dict(zip(part.columns, row, strict=True)) for row in part.rows)))
            for host in moving.hosts:
                yield from claim_host(tenant.id, host)
            moving.hosts.clear()
            if rows:
                yield Query(table.insert, rows=rows)
        if documents:
            yield Query(tables["document"].insert, rows=documents)
        yield from self._directory.apply(tenant.id, key.plain, changes, origin.revision + 1)
        yield from self._log.insert(tenant.id, events)
        yield from self._directory.announce(tenant.id)

    # ── keeping ──

    async def keep(self, tenant: str, id_: str, events: Sequence[LogEvent] = ()) -> TenantSnapshot:
        with _spool() as file:
            taken = msgspec.structs.replace(await self.take(tenant, file), id=id_)
            file.seek(0)

            def verb() -> Verb[None]:
                if not (yield Query(TENANT, {"tenant": tenant})):
                    raise UnknownTenant(tenant)
                key = {"tenant": tenant, "id": id_}
                document = _encode(taken).decode()
                yield Query(INSERT_SNAPSHOT, {**key, "taken_at": taken.taken_at, "document": document})
                for number, content in enumerate(iter(lambda: file.read(SLICE), b"")):
                    yield Query(INSERT_PART, {**key, "number": number, "content": content})
                yield from self._log.insert(tenant, events)

            await self._database.apart(verb, writes=True)
        return taken

    async def kept(self, tenant: str) -> list[TenantSnapshot]:
        return [_known(document) for (document,) in await self._database.read(KEPT, {"tenant": tenant})]

    async def open(self, tenant: str, id_: str) -> BinaryIO | None:
        file = _spool()

        def verb() -> Verb[int]:
            number = 0
            while rows := (yield Query(PART, {"tenant": tenant, "id": id_, "number": number})):
                file.write(rows[0][0])
                number += 1
            return number

        if not await self._database.apart(verb, writes=False):
            file.close()
            return None
        file.seek(0)
        return file

    async def drop(self, tenant: str, id_: str) -> bool:
        return bool(await self._database.once(Query(DROP, {"tenant": tenant, "id": id_})))


class _Origin(Struct, frozen=True):
    """The tenant a snapshot was taken of, and the parts that hold the rest of it."""

    tenant: Tenant
    revision: int
    key: DataKey
    parts: Iterator[Part]

    @classmethod
    def read(cls, reader: SnapshotReader, root_key: bytes) -> _Origin:
        parts = reader.parts()
        first = next(parts, None)
        if first is None or first.table != "tenant":
            raise UnusableSnapshot("it is damaged")
        domain, revision, sealed = first.rows[0]
        id_ = reader.head.tenant
        if reader.head.schema != HEAD:
            from doorward.backends.storage.snapshot_upgrade import upgraded

            row = {
                "id": id_,
                "domain": domain,
                "revision": revision,
                "data_key": sealed,
                "sequence": 1,
                "created_at": 0,
            }
            parts = upgraded(parts, reader.head.schema, row)
        return cls(Tenant(id=id_, domain=domain), revision, DataKey.unsealed(root_key, id_, sealed), parts)


class _Moving:
    """Rows on their way to ``tenant``: its id, its domain in system identifiers, and its key for what is sealed.

    ``hosts`` gathers the custom domains on the way.
    """

    def __init__(self, origin: _Origin, tenant: Tenant, key: DataKey, without: frozenset[str]) -> None:
        self._origin = origin
        self._tenant = tenant
        self._key = key
        self._without = without
        before = origin.tenant
        self._names: dict[str, str] = {}
        if before.domain != tenant.domain:
            self._names = dict(zip(before.system_audiences, tenant.system_audiences, strict=True))
        self.hosts: list[str] = []

    def moved(self, table: str, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in rows:
            if table == "document" and row["kind"] in self._without:
                continue
            if row["tenant"] != self._tenant.id:
                self._seal_anew(table, row)
                row["tenant"] = self._tenant.id
            if self._names:
                self._rename(table, row)
            if table == "document" and row["kind"] == Kind.CUSTOM_DOMAIN:
                body = _decode(row["body"])
                self.hosts += [body["domain"]] if body.get("status") == "ready" else []
            yield row

    def _seal_anew(self, table: str, row: dict[str, Any]) -> None:
        for (of, column), place in SEALED.items():
            if of == table and row[column] is not None:
                plain = sealing.unseal(self._origin.key.plain, row[column], place(row["tenant"], row))
                row[column] = sealing.seal(self._key.plain, plain, place(self._tenant.id, row))

    def _rename(self, table: str, row: dict[str, Any]) -> None:
        for column in AUDIENCES & row.keys():
            row[column] = self._names.get(row[column], row[column])
        if table == "document" and any(old in row["body"] for old in self._names):
            row["body"] = _encode(_renamed(_decode(row["body"]), self._names)).decode()
            for old, new in self._names.items() if row["unique_key"] is not None else ():
                row["unique_key"] = row["unique_key"].replace(old, new)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(item, names) for name, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _write_table(table: TenantTable, tenant: str, writer: SnapshotWriter) -> Verb[None]:
    after = None
    while rows := (yield table.page(tenant, after)):
        gathered: list[list[Any]] = []
        size = 0
        for row in rows:
            gathered.append(table.values(row))
            size += sum(len(value) for value in row if isinstance(value, str | bytes))
            if size >= FULL:
                writer.write(table.name, table.columns, gathered)
                gathered, size = [], 0
        if gathered:
            writer.write(table.name, table.columns, gathered)
        after = rows[-1]


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if name != "tenant"}


def _spool() -> BinaryIO:
    """A file for what is sealed: small ones in memory, without a name on the disk."""
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(IN_MEMORY))
