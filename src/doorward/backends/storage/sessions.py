"""SSO sessions and login transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from doorward.backends.storage.database import Database, Query, Verb
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.users import record_login
from doorward.model.log_event import LogEvent
from doorward.model.session import LoginTransaction, Session, SignIn

_encode = msgspec.json.Encoder().encode
_decode_session = msgspec.json.Decoder(Session).decode
_decode_transaction = msgspec.json.Decoder(LoginTransaction).decode

SAVE = """
INSERT INTO session (tenant, sid, cookie_hash, user_id, expires_at, document)
SELECT :tenant, :sid, :cookie_hash, :user_id, :expires_at, :document {once}
ON CONFLICT (tenant, sid) DO UPDATE SET expires_at = excluded.expires_at, document = excluded.document
RETURNING sid"""
TOUCH = """
UPDATE session SET expires_at = :expires_at, document = :document
WHERE tenant = :tenant AND sid = :sid {and_once} RETURNING sid"""
BY_COOKIE = "SELECT document FROM session WHERE tenant = :tenant AND cookie_hash = :cookie_hash"
DELETE = "DELETE FROM session WHERE tenant = :tenant AND sid = :sid {and_once} RETURNING sid"
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


def touch_session(tenant: str, session: Session) -> Query:
    """The statement that notes the use of a session. One that was ended meanwhile stays ended."""
    return Query(TOUCH, _touched(tenant, session))


def _touched(tenant: str, session: Session) -> dict[str, Any]:
    document = _encode(session).decode()
    return {"tenant": tenant, "sid": session.sid, "expires_at": session.expires_at, "document": document}


class StoredSessions:
    """``ports.Sessions``."""

    def __init__(self, database: Database, log: StoredLog) -> None:
        self._database = database
        self._log = log

    async def find(self, tenant: str, cookie_hash: bytes) -> Session | None:
        rows = await self._database.read(BY_COOKIE, {"tenant": tenant, "cookie_hash": cookie_hash})
        return _decode_session(rows[0][0]) if rows else None

    async def end(self, tenant: str, sid: str, *, events: Sequence[LogEvent]) -> bool:
        def verb() -> Verb[bool]:
            ended = yield Query(DELETE, {"tenant": tenant, "sid": sid})
            yield from self._log.insert(tenant, events)
            return bool(ended)

        return await self._database.write(verb)


class StoredTransactions:
    """``ports.LoginTransactions``."""

    def __init__(self, database: Database, log: StoredLog) -> None:
        self._database = database
        self._log = log

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
        then: list[Query] = []
        if sign_in is not None:
            session = sign_in.session
            if sign_in.replaces is not None:
                then.append(Query(DELETE, {"tenant": tenant, "sid": sign_in.replaces}))
            then.append(_save(tenant, session))
            then.append(record_login(tenant, session.user_id, session.authenticated_at, session.ip))
        return bool(await self._database.once(moved, [*then, *self._log.inserts(tenant, events)]))
