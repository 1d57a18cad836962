"""Messages on their way, to people and to applications: stored with what they tell of, sealed, and gone once they are
delivered.

Whoever takes a message puts it off in the same statement, for as long as sending may take: of all processes one
has it, and if that one dies the message comes up again. It may then come twice, never not at all; it keeps its id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from doorward.backends.storage.database import Database, Query, Verb
from doorward.backends.storage.directory import StoredDirectory
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.sealing import WrongMasterKey
from doorward.backends.storage.tenant_tables import message_place
from doorward.model.identifiers import new_id
from doorward.model.log_event import LogEvent
from doorward.model.logout_notice import LogoutNotice
from doorward.model.message import Message
from doorward.ports import Clock, Entropy, UnknownTenant

AnyMessage = Message | LogoutNotice
_encode = msgspec.json.Encoder().encode
_KINDS: Mapping[type[Any], str] = {Message: "message", LogoutNotice: "logout"}
M = TypeVar("M", bound=AnyMessage)

ALWAYS = Query("SELECT 1 AS one")
INSERT = """
INSERT INTO outbox (tenant, id, kind, created_at, due_at, attempts, content)
SELECT :tenant, :id, :kind, :at, :at, 0, :content {once}"""
# The oldest of each tenant, found from tenant to tenant along the index: however much one of them has waiting, it costs
# the others nothing. That it is still due is asked of each row as it is when it is written: of two who take it at a
# time one does.
TAKE = """
WITH RECURSIVE waiting (tenant) AS (
    SELECT min(tenant) FROM outbox WHERE kind = :kind
    UNION ALL
    SELECT (SELECT min(tenant) FROM outbox WHERE kind = :kind AND tenant > waiting.tenant)
    FROM waiting WHERE tenant IS NOT NULL),
oldest AS MATERIALIZED (
    SELECT tenant, (
        SELECT id FROM outbox WHERE kind = :kind AND tenant = waiting.tenant AND due_at <= :at
        ORDER BY due_at LIMIT 1{pick}) AS id
    FROM waiting WHERE tenant NOT IN {without}),
picked AS MATERIALIZED (
    SELECT tenant, id FROM outbox WHERE (tenant, id) IN (SELECT tenant, id FROM oldest) ORDER BY due_at LIMIT :limit)
UPDATE outbox SET due_at = :until, attempts = attempts + 1
WHERE due_at <= :at AND (tenant, id) IN (SELECT tenant, id FROM picked)
RETURNING tenant, id, attempts, content"""
# Who was too slow does not disturb who has the message now.
POSTPONE = """
UPDATE outbox SET due_at = :to WHERE tenant = :tenant AND id = :id AND due_at = :until RETURNING id"""
REMOVE = "DELETE FROM outbox WHERE tenant = :tenant AND id = :id RETURNING id"


class Taken(Struct, Generic[M], frozen=True):
    """A message this process has until ``until`` (epoch seconds); ``attempts`` counts this one. ``message`` is
    ``None`` where this process cannot read it."""

    tenant: str
    id: str
    attempts: int
    until: float
    message: M | None


class StoredOutbox:
    """``ports.Outbox``, and what the relay does with what is in it."""

    def __init__(
        self, database: Database, log: StoredLog, directory: StoredDirectory, clock: Clock, entropy: Entropy
    ) -> None:
        self._database = database
        self._log = log
        self._directory = directory
        self._clock = clock
        self._entropy = entropy
        self._take = TAKE.format(pick=database.dialect.pick, without=database.dialect.among(":without", str))
        self.filled = {type_: asyncio.Event() for type_ in _KINDS}  # set when there may be something new

    # ── putting ──

    async def put(self, tenant: str, messages: Sequence[Message], *, events: Sequence[LogEvent] = ()) -> None:
        await self._database.once(ALWAYS, [*self.inserts(tenant, messages), *self._log.inserts(tenant, events)])
        self.wake(messages)

    def insert(self, tenant: str, messages: Sequence[AnyMessage]) -> Verb[None]:
        """Statements that store messages; for the inside of another verb, which calls ``wake`` when it is done."""
        for query in self.inserts(tenant, messages):  # noqa: UP028 - a list cannot be sent rows
            yield query

    def inserts(self, tenant: str, messages: Sequence[AnyMessage]) -> list[Query]:
        """The same, for what follows a guard."""
        return [Query(INSERT, self._row(tenant, message)) for message in messages]

    def wake(self, messages: Sequence[AnyMessage]) -> None:
        """Have what was stored sent at once."""
        for type_ in {type(message) for message in messages}:
            self.filled[type_].set()

    def _row(self, tenant: str, message: AnyMessage) -> dict[str, Any]:
        id_ = message.id or new_id(self._entropy, "msg_")
        content = _encode(msgspec.structs.replace(message, id=id_))
        sealed = self._directory.seal(tenant, content, message_place(tenant, {"id": id_}))
        kind = _KINDS[type(message)]
        return {"tenant": tenant, "id": id_, "kind": kind, "at": self._clock.now(), "content": sealed}

    # ── sending ──

    async def take(
        self, type_: type[M], *, until: float, limit: int, each: int | None = None, without: Collection[str] = ()
    ) -> list[Taken[M]]:
        """Up to ``limit`` messages of a type that are due, the oldest of each tenant first, ``each`` of one at most,
        and none of those ``without``; nobody else takes them before ``until``."""
        values = {"kind": _KINDS[type_], "at": self._clock.now(), "until": until}
        values["without"] = _encode(list(without)).decode()
        taken: list[Taken[M]] = []
        for _ in range(each or limit):
            rows = await self._database.once(Query(self._take, {**values, "limit": limit - len(taken)}))
            taken += [
                Taken(row[0], row[1], row[2], until, self._read(type_, row[0], row[1], bytes(row[3]))) for row in rows
            ]
            if not rows or len(taken) == limit:
                break
        return taken

    def _read(self, type_: type[M], tenant: str, id_: str, content: bytes) -> M | None:
        try:
            return msgspec.json.decode(
                self._directory.unseal(tenant, content, message_place(tenant, {"id": id_})), type=type_
            )
        except (UnknownTenant, WrongMasterKey):  # its tenant is new to this process, or was made anew
            return None

    async def remove(self, taken: Taken[Any], *, events: Sequence[LogEvent] = ()) -> None:
        """It is delivered, or nobody will."""
        key = {"tenant": taken.tenant, "id": taken.id}
        await self._database.once(Query(REMOVE, key), self._log.inserts(taken.tenant, events))

    async def postpone(self, taken: Taken[Any], to: float) -> None:
        """Try again at ``to``, unless somebody else has it by then."""
        key = {"tenant": taken.tenant, "id": taken.id, "until": taken.until, "to": to}
        await self._database.once(Query(POSTPONE, key))
