"""SSO sessions and login transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from doorward.backends.storage.database import Database, Dialect, Query, Row, Verb
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.refresh_tokens import decoded_metadata, encoded_metadata
from doorward.backends.storage.session_ends import SessionEnds, Told
from doorward.backends.storage.users import record_login
from doorward.model.log_event import LogEvent
from doorward.model.session import LoginTransaction, Renewal, Session, SignIn
from doorward.model.session_end import Cause
from doorward.ports import Described

_encode = msgspec.json.Encoder().encode
_decode_session = msgspec.json.Decoder(Session).decode
_decode_transaction = msgspec.json.Decoder(LoginTransaction).decode

SAVE = """
INSERT INTO session (tenant, sid, cookie_hash, user_id, expires_at, document)
SELECT :tenant, :sid, :cookie_hash, :user_id, :expires_at, :document {once}
ON CONFLICT (tenant, sid) DO UPDATE SET expires_at = excluded.expires_at, document = excluded.document
RETURNING sid"""
# Of two applications that sign somebody in at a time none is to be forgotten: it would not be told of the end.
TOUCH = """
UPDATE session SET expires_at = :expires_at, document = {united}
WHERE tenant = :tenant AND sid = :sid {and_once} RETURNING sid"""
RENEW = """
UPDATE session SET cookie_hash = :cookie_hash, expires_at = :expires_at, document = {united}
WHERE tenant = :tenant AND sid = :sid {and_once}"""
BY_COOKIE = "SELECT document FROM session WHERE tenant = :tenant AND cookie_hash = :cookie_hash"
# The idle end is known to the document alone.
_LIVE = "tenant = :tenant AND expires_at > :at AND CAST({idle_expires_at} AS double precision) > :at"
DESCRIBE = f"UPDATE session SET metadata = :metadata WHERE {_LIVE} AND sid = :sid RETURNING sid"  # noqa: S608
SELECTED = f"SELECT document, metadata FROM session WHERE {_LIVE}"  # noqa: S608
COUNT = f"SELECT count(*) FROM session WHERE {_LIVE} AND user_id = :user_id"  # noqa: S608
START = """
INSERT INTO login_transaction (tenant, id_hash, version, finished, expires_at, document)
VALUES (:tenant, :id_hash, :version, FALSE, :expires_at, :document) RETURNING version"""
FIND_TRANSACTION = """
SELECT document, version, finished FROM login_transaction WHERE tenant = :tenant AND id_hash = :id_hash"""
ADVANCE = """
UPDATE login_transaction SET version = version + 1, document = :document
WHERE tenant = :tenant AND id_hash = :id_hash AND version = :version AND NOT finished RETURNING version"""


def _save(tenant: str, session: Session) -> Query:
    began = {"cookie_hash": session.cookie_hash, "user_id": session.user_id}
    return Query(SAVE, {**began, **_touched(tenant, session)})


def _renew(dialect: Dialect, tenant: str, session: Session) -> Query:
    """Another cookie for a session that goes on. One that was ended meanwhile stays ended."""
    return Query(_united(dialect, RENEW), {"cookie_hash": session.cookie_hash, **_touched(tenant, session)})


def _renew_from(dialect: Dialect, tenant: str, renewal: Renewal) -> Query:
    """The same, where no other login of the browser was first: both would tell it a cookie, and one would be wrong."""
    query = _renew(dialect, tenant, renewal.session)
    return Query(f"{query.sql} AND cookie_hash = :before", {**query.parameters, "before": renewal.cookie_hash})


def touch_session(dialect: Dialect, tenant: str, session: Session) -> Query:
    """The statement that notes the use of a session. One that was ended meanwhile stays ended."""
    return Query(_united(dialect, TOUCH), _touched(tenant, session))


@cache
def _united(dialect: Dialect, statement: str) -> str:
    return statement.replace("{united}", dialect.united)


def _touched(tenant: str, session: Session) -> dict[str, Any]:
    document = _encode(session).decode()
    # Over is what is idle for too long, too.
    return {"tenant": tenant, "sid": session.sid, "expires_at": session.idle_expires_at, "document": document}


def _described(row: Row) -> Described[Session]:
    return _decode_session(row[0]), decoded_metadata(row[1])


class StoredSessions:
    """``ports.Sessions``."""

    def __init__(self, database: Database, log: StoredLog, ends: SessionEnds) -> None:
        self._database = database
        self._log = log
        self._ends = ends
        member = database.dialect.member
        idle = {"idle_expires_at": member("document", "idle_expires_at")}
        self._selected, self._count, self._describe = (sql.format(**idle) for sql in (SELECTED, COUNT, DESCRIBE))

    async def find(self, tenant: str, cookie_hash: bytes) -> Session | None:
        rows = await self._database.read(BY_COOKIE, {"tenant": tenant, "cookie_hash": cookie_hash})
        return _decode_session(rows[0][0]) if rows else None

    async def get(self, tenant: str, sid: str, *, at: float) -> Described[Session] | None:
        rows = await self._database.read(f"{self._selected} AND sid = :sid", {"tenant": tenant, "sid": sid, "at": at})
        return _described(rows[0]) if rows else None

    async def page(
        self, tenant: str, user_id: str, *, at: float, after: str = "", limit: int
    ) -> tuple[list[Described[Session]], int]:
        parameters = {"tenant": tenant, "user_id": user_id, "at": at}
        rows = await self._database.read(
            f"{self._selected} AND user_id = :user_id AND sid > :after ORDER BY sid LIMIT :limit",
            {**parameters, "after": after, "limit": limit},
        )
        total = await self._database.read(self._count, parameters)
        return [_described(row) for row in rows], total[0][0]

    async def describe(
        self, tenant: str, sid: str, metadata: Mapping[str, Any] | None, *, at: float, events: Sequence[LogEvent]
    ) -> bool:
        described = {"tenant": tenant, "sid": sid, "at": at, "metadata": encoded_metadata(metadata)}
        return bool(await self._database.once(Query(self._describe, described), self._log.inserts(tenant, events)))

    async def revoke(
        self,
        tenant: str,
        user_id: str,
        cause: Cause,
        *,
        sid: str | None = None,
        refresh_tokens: bool = False,
        at: float,
        events: Sequence[LogEvent],
    ) -> bool:
        told: Told = []

        def verb() -> Verb[bool]:
            ended = yield from self._ends.end(
                tenant, cause, told, user_id=user_id, sid=sid, refresh_tokens=refresh_tokens, at=at
            )
            if ended:
                yield from self._log.insert(tenant, events)
            return ended

        revoked = await self._database.write(verb)
        self._ends.wake(told)
        return revoked

    async def end(self, tenant: str, sid: str, cause: Cause, *, at: float, events: Sequence[LogEvent]) -> bool:
        told: Told = []

        def verb() -> Verb[bool]:
            ended = yield from self._ends.end(tenant, cause, told, sid=sid, at=at)
            yield from self._log.insert(tenant, events)
            return ended

        ended = await self._database.write(verb)
        self._ends.wake(told)
        return ended

    async def expire(self, before: float, *, limit: int) -> int:
        """End what is over, ``limit`` sessions at most; how many there were."""
        told: Told = []
        ended = await self._database.write(lambda: self._ends.expire(before, limit, told))
        self._ends.wake(told)
        return ended


class StoredTransactions:
    """``ports.LoginTransactions``."""

    def __init__(self, database: Database, log: StoredLog, ends: SessionEnds) -> None:
        self._database = database
        self._log = log
        self._ends = ends

    async def start(self, tenant: str, transaction: LoginTransaction) -> None:
        started = {
            "tenant": tenant,
            "id_hash": transaction.id_hash,
            "version": transaction.version,
            "expires_at": transaction.expires_at,
            "document": _encode(transaction).decode(),
        }
        await self._database.once(Query(START, started))

    async def find(self, tenant: str, id_hash: bytes) -> LoginTransaction | None:
        rows = await self._database.read(FIND_TRANSACTION, {"tenant": tenant, "id_hash": id_hash})
        if not rows:
            return None
        document, version, finished = rows[0]
        return msgspec.structs.replace(_decode_transaction(document), version=version, finished=bool(finished))

    async def advance(
        self,
        tenant: str,
        transaction: LoginTransaction,
        *,
        sign_in: SignIn | None = None,
        renewal: Renewal | None = None,
        events: Sequence[LogEvent] = (),
    ) -> bool:
        moved = Query(
            ADVANCE,
            {
                "tenant": tenant,
                "id_hash": transaction.id_hash,
                "version": transaction.version,
                "document": _encode(transaction).decode(),
            },
        )
        then = self._log.inserts(tenant, events)
        if sign_in is not None:
            session = sign_in.session
            saved = _renew(self._database.dialect, tenant, session) if sign_in.renews else _save(tenant, session)
            then = [saved, record_login(tenant, session.user_id, session.authenticated_at, session.ip), *then]
        if renewal is not None:
            then = [_renew_from(self._database.dialect, tenant, renewal), *then]
        if sign_in is None or sign_in.replaces is None:
            return bool(await self._database.once(moved, then))
        replaced, told = sign_in.replaces, Told()

        def verb() -> Verb[bool]:
            if not (yield moved):
                return False
            yield from self._ends.end(tenant, Cause.OTHER_PERSON, told, sid=replaced, at=session.authenticated_at)
            for query in then:  # noqa: UP028 - a list cannot be sent rows
                yield query
            return True

        advanced = await self._database.write(verb)
        self._ends.wake(told)
        return advanced
