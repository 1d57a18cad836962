"""The Management API on a copy of a tenant: everything is checked as ever, and nothing is stored.

A tenant file is planned by making the calls that would bring it about. What they write is collected as
changes, which can then be written for good in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast
from urllib.parse import quote

import msgspec
from msgspec import Struct

from doorward.management.kit.bodies import check_arguments, read_query, refusal
from doorward.management.kit.context import Actor, Call, ManagementRequest, Nothing, Services
from doorward.management.kit.errors import ApiError, conflict, insufficient_scope, invalid_body
from doorward.management.kit.operation import Effect, Operation
from doorward.management.kit.paths import Paths
from doorward.management.kit.schema import Rule, Unfit
from doorward.management.new_tenant import MANAGEMENT_CLIENT
from doorward.management.registry import operations, own, reason
from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.document import Change, Delete, Document, Documents, Forget, Kind, Need, Put
from doorward.model.log_event import LogEvent
from doorward.model.request_context import RequestContext
from doorward.model.snapshot import changed_snapshot, touched_by
from doorward.model.tenant import Issuer, Tenant
from doorward.oauth.dry_run import dry_run
from doorward.ports import Clock, Conflict, Directory, Log

T = TypeVar("T")
PAGE = 100
WRITING = frozenset(("POST", "PUT", "PATCH"))
# What says when something was written, or that it was.
SETS = frozenset(("shields",))  # lists whose order means nothing
STAMPS = frozenset(("updated_at", "built_at", "fingerprint"))


class NotBuilt(Exception):
    """This server does not offer the operation."""


class Mark(Struct, frozen=True):
    """A moment of a rehearsal, to go back to."""

    snapshot: TenantDirectory
    written: int
    others: int
    events: int


class Stage:
    """What operations need of ``ports.Directory``, with changes to one tenant that stay in memory."""

    def __init__(self, real: Directory, snapshot: TenantDirectory, clock: Clock) -> None:
        self._real = real
        self._clock = clock
        self._before = self.snapshot = snapshot
        self._written: list[tuple[str, str]] = []  # kind and id, of what is gone too
        self._owners: dict[str, dict[str, str]] = {}  # by kind: who had a unique key last
        self._others: list[Change] = []
        self._sequence = max(
            (document.sequence for of_kind in snapshot.documents.values() for document in of_kind.values()), default=0
        )
        self.events: list[LogEvent] = []

    # ── as the directory ──

    def issuer(self, host: str) -> Issuer | None:
        return self._real.issuer(host)

    def tenant(self, tenant: str) -> TenantDirectory:
        return self.snapshot if tenant == self.snapshot.tenant.id else self._real.tenant(tenant)

    def tenants(self) -> Sequence[Tenant]:
        return self._real.tenants()

    async def refresh(self, tenant: str | None = None) -> None:
        return None

    async def change(
        self,
        tenant: str,
        changes: Sequence[Change],
        events: Sequence[LogEvent] = (),
        *,
        at_revision: int | None = None,
    ) -> TenantDirectory:
        """The changes in order, each refused as storage would refuse it; nothing is kept of a refused list.

        What only demands something of the tenant is let go then: all of it is written at the revision it was made for.
        """
        before = self.snapshot
        documents: dict[str, dict[str, Document]] = {}
        owners: dict[str, dict[str, str]] = {}

        def of(kind: str) -> dict[str, Document]:
            return documents.setdefault(kind, dict(before.documents[kind]))

        for change in changes:
            if isinstance(change, Delete):
                of(change.kind).pop(change.id, None)
            elif isinstance(change, Put):
                kind = change.document.kind
                document = self._put(of(kind), owners.setdefault(kind, {}), change)
                of(kind)[document.id] = document
                if document.unique_key is not None:
                    owners[kind][document.unique_key] = document.id
            elif isinstance(change, Need) and change.id not in of(change.kind):
                raise Conflict("revision", change.id)
        after = Documents({**before.documents, **documents})
        self.snapshot = changed_snapshot(before, before.tenant, after, touched_by(changes), report=_refuse)
        for kind, newest in owners.items():
            self._owners_of(kind).update(newest)
        for change in changes:
            if isinstance(change, Put):
                self._written.append((change.document.kind, change.document.id))
            elif isinstance(change, Delete):
                self._written.append((change.kind, change.id))
            elif isinstance(change, Forget):
                self._others.append(change)
        self.events += events
        return self.snapshot

    def _owners_of(self, kind: str) -> dict[str, str]:
        if kind not in self._owners:
            documents = self.snapshot.documents[kind].values()
            self._owners[kind] = {one.unique_key: one.id for one in documents if one.unique_key is not None}
        return self._owners[kind]

    def _put(self, of_kind: Mapping[str, Document], owners: Mapping[str, str], change: Put) -> Document:
        """``owners`` are those of unique keys since the last change."""
        document, known = change.document, of_kind.get(change.document.id)
        if change.expected_revision is None and known is not None:
            raise Conflict("id", document.id)
        if change.expected_revision is not None and (known is None or known.revision != change.expected_revision):
            raise Conflict("revision", document.id)
        unique = document.unique_key
        if unique is not None:
            holder = of_kind.get(owners.get(unique) or self._owners_of(document.kind).get(unique, ""))
            if holder is not None and holder.id != document.id and holder.unique_key == unique:
                raise Conflict("unique_key", unique)
        if document.kind == Kind.CUSTOM_DOMAIN and document.body.get("status") == "ready":
            owner = self._real.issuer(document.body["domain"])
            if owner is not None and owner.tenant != self.snapshot.tenant.id:
                raise Conflict("host", document.body["domain"])
        now = self._clock.now()
        if known is None:
            self._sequence += 1
            # A revision that is never 0: a document of revision 0 counts as not written yet.
            return msgspec.structs.replace(
                document, sequence=self._sequence, revision=-1, created_at=now, updated_at=now
            )
        return msgspec.structs.replace(document, updated_at=now)

    # ── as what was rehearsed ──

    def mark(self) -> Mark:
        return Mark(self.snapshot, len(self._written), len(self._others), len(self.events))

    def go_back(self, mark: Mark) -> None:
        """Forget everything since ``mark``."""
        if self.snapshot is not mark.snapshot:
            self._owners.clear()
        self.snapshot = mark.snapshot
        del self._written[mark.written :]
        del self._others[mark.others :]
        del self.events[mark.events :]

    def changed_since(self, mark: Mark) -> bool:
        """Whether anything is different but the time of its last write."""
        if len(self._others) != mark.others:
            return True
        before, after = mark.snapshot.documents, self.snapshot.documents
        return any(
            not same(before[kind].get(id_), after[kind].get(id_)) for kind, id_ in set(self._written[mark.written :])
        )

    def changes(self) -> list[Change]:
        """What to write to have all of it: what goes first, then what is new or different in the order it was made."""
        before, after = self._before.documents, self.snapshot.documents
        gone = [
            Delete(kind=kind, id=id_) for kind, of_kind in before.items() for id_ in of_kind if id_ not in after[kind]
        ]
        puts: list[Change] = []
        for kind, id_ in dict.fromkeys(self._written):
            document, known = after[kind].get(id_), before[kind].get(id_)
            if document is None or (known is not None and same(known, document)):
                continue
            puts.append(Put(document=document, expected_revision=known.revision if known is not None else None))
        return [*gone, *self._others, *puts]


def _refuse(document: Document, reason: str) -> None:
    raise invalid_body(reason)


def same(one: Document | None, other: Document | None) -> bool:
    """Whether two documents differ in nothing but the time they were written."""
    if one is None or other is None:
        return one is other
    return one is other or (
        settled(one.body) == settled(other.body)
        and settled(one.secrets) == settled(other.secrets)
        and one.unique_key == other.unique_key
    )


def settled(value: Any) -> Any:
    """A value without ``null`` and without the times of writing, its sets in order, to be compared."""
    if isinstance(value, Mapping):
        kept = {name: settled(item) for name, item in value.items() if item is not None and name not in STAMPS}
        for name in SETS & kept.keys():
            kept[name] = sorted(kept[name], key=repr) if isinstance(kept[name], list) else kept[name]
        return kept
    if isinstance(value, list | tuple):
        return [settled(item) for item in value]
    return value


class _Unlogged:
    """What a refused call would log is nobody's deed."""

    def write(self, tenant: str, event: LogEvent) -> None:
        return None


class Names:
    """What the entries of a section are called, by their ids; of two with the same name the first counts."""

    def __init__(self, by_id: Mapping[str, str]) -> None:
        self.by_id = by_id
        self._by_name: dict[str, str] = {}
        for id_, name in by_id.items():
            self._by_name.setdefault(name, id_)

    def id_of(self, value: Any) -> str | None:
        """The id of what is called so, or of what has that id."""
        if not isinstance(value, str):
            return None
        return self._by_name.get(value) or (value if value in self.by_id else None)


@cache
def _paths() -> Paths[Operation]:
    paths: Paths[Operation] = Paths()
    for operation in (*operations(), *own()):
        paths.put(operation.method, operation.path, operation)
    return paths


class Rehearsal:
    """The Management API, as ``actor``, on a copy of a tenant.

    ``idle`` collects why what was written does not act, as far as it does not, until somebody clears it.
    ``keep`` are the ids of what a file neither tells of nor touches: the client that asks, the one the tenant was made
    with, and what those are granted.
    """

    def __init__(
        self, directory: TenantDirectory, services: Services, actor: Actor, context: RequestContext | None = None
    ) -> None:
        ports = services.ports
        clients = {c.client_id for c in directory.clients.values() if c.name == MANAGEMENT_CLIENT} | {actor.client_id}
        grants = directory.documents[Kind.CLIENT_GRANT].values()
        self.keep = frozenset(clients) | {grant.id for grant in grants if grant.body.get("client_id") in clients}
        self.stage = Stage(ports.directory, directory, ports.clock)
        self.actor = actor
        self._issuer = Issuer(tenant=directory.tenant.id, host=directory.tenant.domain)
        self._context = context or RequestContext()
        self._services = msgspec.structs.replace(
            services,
            ports=msgspec.structs.replace(dry_run(ports), directory=self.stage, log=cast("Log", _Unlogged())),
        )
        self.idle: dict[str, None] = {}
        self._lists: tuple[TenantDirectory, dict[str, list[dict[str, Any]]]] = (directory, {})
        self._clients: tuple[Mapping[str, Client], Names] = ({}, Names({}))

    @property
    def tenant(self) -> str:
        return self.directory.tenant.id

    @property
    def directory(self) -> TenantDirectory:
        """The tenant as it would be by now."""
        return self.stage.snapshot

    @property
    def client_names(self) -> Names:
        """What the applications are called, made anew only when one changed."""
        clients = self.directory.clients
        if self._clients[0] is not clients:
            self._clients = (clients, Names({c.client_id: c.name for c in clients.values() if not c.is_global}))
        return self._clients[1]

    def operation(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation and its path parameters. Raises ``NotBuilt``."""
        found = _paths().find(method, path.partition("?")[0])
        if found is None or found[0].effect is Effect.REFUSED:
            raise NotBuilt(f"{method} {path}")
        return found

    def rule(self, method: str, path: str) -> Rule | None:
        """What the body of an operation may hold. Raises ``NotBuilt``."""
        return self.operation(method, path)[0].body

    async def call(self, method: str, path: str, body: Any = None, *, beyond: Mapping[str, Any] | None = None) -> Any:
        """What an operation answers; ``path`` begins after ``/api/v2``, or after the prefix of our own API. ``beyond``
        is what the body may hold only here.

        Raises ``ApiError`` for a refusal and ``NotBuilt``.
        """
        operation, arguments = self.operation(method, path)
        if not operation.allows(self.actor.scopes):
            raise insufficient_scope(operation.scopes, every=operation.every_scope)
        check_arguments(arguments, operation.parameters)
        await self._services.ports.background.pause()  # a file has thousands of entries, and others wait
        call = self._call(method, path)
        call.summary, call.arguments = operation.summary, arguments
        call.query = read_query(call.request.query, operation.query)
        if operation.body is not None:
            try:
                operation.body.check(body, "")
            except Unfit as error:
                raise refusal(error) from None
            call.body = {**body, **beyond} if beyond else body
        try:
            answer = await operation.run(call)
        except Conflict as error:
            raise conflict(f"{error.field} {error.value} is taken already") from None
        if operation.effect is Effect.STORED and method in WRITING:
            self.idle[reason(operation)] = None
        return None if isinstance(answer.body, Nothing) else msgspec.json.decode(msgspec.json.encode(answer.body))

    def _call(self, method: str, path: str) -> Call:
        path_alone, _, query = path.partition("?")
        return Call(
            request=ManagementRequest(
                method=method, path=path_alone, query=query, issuer=self._issuer, context=self._context
            ),
            directory=self.directory,
            actor=self.actor,
            services=self._services,
            summary="",
        )

    def within(self, work: Callable[[Call], T]) -> T:
        """Do something of a resource's own, as if within a call. Raises ``ApiError``."""
        try:
            return work(self._call("PATCH", ""))
        except Unfit as error:
            raise refusal(error) from None

    async def read(self, path: str) -> Any:
        """What a GET answers, ``None`` where there is nothing. Raises ``ApiError`` and ``NotBuilt``."""
        try:
            return await self.call("GET", path)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    async def every(self, path: str) -> list[dict[str, Any]]:
        """Every item of a list, through all its pages. Raises ``ApiError`` and ``NotBuilt``."""
        if self._lists[0] is not self.directory:
            self._lists = (self.directory, {})
        lists = self._lists[1]
        if path not in lists:
            lists[path] = await self._every(path)
        return lists[path]

    async def _every(self, path: str) -> list[dict[str, Any]]:
        query = self.operation("GET", path)[0].query
        style = next((name for name in ("page", "take") if name in query), None)
        size = min(PAGE, getattr(query.get("take" if style == "take" else "per_page"), "max", None) or PAGE)
        found: list[dict[str, Any]] = []
        more = ""
        while True:
            window = {"page": f"per_page={size}&page={len(found) // size}", "take": f"take={size}{more}"}.get(
                style or ""
            )
            joint = "&" if "?" in path else "?"
            answer = await self.read(f"{path}{joint}{window}" if window else path)
            items = _items(answer)
            found += items
            following = answer.get("next") if style == "take" and isinstance(answer, dict) else None
            if not (following or (style == "page" and len(items) == size)):
                return found
            more = f"&from={quote(following or '')}"


def _items(answer: Any) -> list[dict[str, Any]]:
    if isinstance(answer, dict):
        return next((value for value in answer.values() if isinstance(value, list)), [])
    return answer if isinstance(answer, list) else []
