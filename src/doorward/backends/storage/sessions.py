"""SSO sessions and login transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorward.backends.storage.database import Database, Query, Row, Verb
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.refresh_tokens import (
    LIVE_FAMILIES,
    decoded_metadata,
    encoded_metadata,
    revoke_family,
)
from doorward.backends.storage.users import record_login
from doorward.model.credential import AuthorizationCode
from doorward.model.log_event import LogEvent
from doorward.model.session import LoginTransaction, Session, SignIn
from doorward.ports import Described

_encode = msgspec.json.Encoder().encode
_decode_session = msgspec.json.Decoder(Session).decode
_decode_code = msgspec.json.Decoder(AuthorizationCode).decode
_decode_transaction = msgspec.json.Decoder(LoginTransaction).decode

SAVE = """
INSERT INTO session (tenant, sid, cookie_hash, user_id, expires_at, document)
SELECT :tenant, :sid, :cookie_hash, :user_id, :expires_at, :document {once}
ON CONFLICT (tenant, sid) DO UPDATE SET expires_at = excluded.expires_at, document = excluded.document
RETURNING sid"""
TOUCH = """
UPDATE session SET expires_at = :expires_at, document = :document
WHERE tenant = :tenant AND sid = :sid {and_once} RETURNING sid"""
RENEW = """
UPDATE session SET cookie_hash = :cookie_hash, expires_at = :expires_at, document = :document
WHERE tenant = :tenant AND sid = :sid {and_once}"""
BY_COOKIE = "SELECT document FROM session WHERE tenant = :tenant AND cookie_hash = :cookie_hash"
DELETE = "DELETE FROM session WHERE tenant = :tenant AND sid = :sid {and_once} RETURNING sid"
# The idle end is known to the document alone.
_LIVE = "tenant = :tenant AND expires_at > :at AND CAST({idle_expires_at} AS double precision) > :at"
DESCRIBE = f"UPDATE session SET metadata = :metadata WHERE {_LIVE} AND sid = :sid RETURNING sid"  # noqa: S608
SELECTED = f"SELECT document, metadata FROM session WHERE {_LIVE}"  # noqa: S608
COUNT = f"SELECT count(*) FROM session WHERE {_LIVE} AND user_id = :user_id"  # noqa: S608
DELETE_ALL = "DELETE FROM session WHERE tenant = :tenant AND user_id = :user_id"
DELETE_ONE = f"{DELETE_ALL} AND sid = :sid RETURNING sid"
UNSPENT_CODES = """
SELECT code_hash, document FROM authorization_code
WHERE tenant = :tenant AND user_id = :user_id AND used_at IS NULL"""
DELETE_CODE = "DELETE FROM authorization_code WHERE tenant = :tenant AND code_hash = :code_hash AND used_at IS NULL"
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


def _described(row: Row) -> Described[Session]:
    return _decode_session(row[0]), decoded_metadata(row[1])


class StoredSessions:
    """``ports.Sessions``."""

    def __init__(self, database: Database, log: StoredLog) -> None:
        self._database = database
        self._log = log
        member = database.dialect.member
        idle = {"idle_expires_at": member("document", "idle_expires_at")}
        self._selected, self._count, self._describe = (sql.format(**idle) for sql in (SELECTED, COUNT, DESCRIBE))
        self._of_session = f"{LIVE_FAMILIES} AND {member('document', 'session_sid')} = :sid"

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
        *,
        sid: str | None = None,
        refresh_tokens: bool = False,
        at: float,
        events: Sequence[LogEvent],
    ) -> bool:
        whose = {"tenant": tenant, "user_id": user_id}

        def verb() -> Verb[bool]:
            if sid is None:
                yield Query(DELETE_ALL, whose)
            elif not (yield Query(DELETE_ONE, {**whose, "sid": sid})):
                return False
            # Codes before tokens: what a code gave meanwhile is among them.
            for code_hash, document in (yield Query(UNSPENT_CODES, whose)):
                if sid is None or _decode_code(document).granted.get("sid") == sid:
                    yield Query(DELETE_CODE, {"tenant": tenant, "code_hash": code_hash})
            if refresh_tokens:
                families = (
                    Query(LIVE_FAMILIES, whose) if sid is None else Query(self._of_session, {**whose, "sid": sid})
                )
                for (family,) in (yield families):
                    yield from revoke_family(tenant, family, at)
            yield from self._log.insert(tenant, events)
            return True

        return await self._database.write(verb)

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
        renewed: Session | None = None,
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
        if renewed is not None:
            then.append(Query(RENEW, {"cookie_hash": renewed.cookie_hash, **_touched(tenant, renewed)}))
        return bool(await self._database.once(moved, [*then, *self._log.inserts(tenant, events)]))
