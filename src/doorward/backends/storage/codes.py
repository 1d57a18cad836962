"""Authorization codes: issued with session and consent, spent with refresh token and log."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from doorward.backends.storage.consents import merge_consent
from doorward.backends.storage.database import Database, Query, Verb
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.refresh_tokens import insert_refresh_token, revoke_family, revoke_surplus
from doorward.backends.storage.sessions import touch_session
from doorward.model.credential import AuthorizationCode, RefreshToken
from doorward.model.log_event import LogEvent
from doorward.model.session import ConsentGrant, Session

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AuthorizationCode).decode

INSERT = """
INSERT INTO authorization_code (tenant, code_hash, user_id, expires_at, document)
SELECT :tenant, :code_hash, :user_id, :expires_at, :document {once} RETURNING code_hash"""
FIND = """
SELECT document, used_at, family FROM authorization_code WHERE tenant = :tenant AND code_hash = :code_hash"""
SPEND = """
UPDATE authorization_code SET used_at = :at, family = :family, access_token_hash = :access_token_hash,
    access_token_expires_at = :access_token_expires_at
WHERE tenant = :tenant AND code_hash = :code_hash AND used_at IS NULL RETURNING user_id"""
ISSUED = """
SELECT family, access_token_hash, access_token_expires_at FROM authorization_code
WHERE tenant = :tenant AND code_hash = :code_hash"""
REVOKE_ACCESS_TOKEN = """
INSERT INTO revoked_access_token (tenant, token_hash, expires_at) VALUES (:tenant, :token_hash, :expires_at)
ON CONFLICT (tenant, token_hash) DO NOTHING"""
FINISH = """
UPDATE login_transaction SET finished = TRUE
WHERE tenant = :tenant AND id_hash = :id_hash AND NOT finished {session} RETURNING version"""
# Held, so that whoever ends the session meanwhile finds the code, or comes first.
IN_SESSION = "AND EXISTS (SELECT 1 FROM session WHERE tenant = :tenant AND sid = :sid {hold})"


class StoredCodes:
    """``ports.AuthorizationCodes``."""

    def __init__(self, database: Database, log: StoredLog) -> None:
        self._database = database
        self._log = log

    async def issue(
        self,
        tenant: str,
        code: AuthorizationCode | None,
        *,
        session: Session | None,
        consent: ConsentGrant | None,
        transaction: bytes | None,
        events: Sequence[LogEvent],
    ) -> bool:
        steps: list[Query] = []
        if transaction is not None:
            steps.append(self._finish(tenant, transaction, session))
        if session is not None:
            steps.append(touch_session(self._database.dialect, tenant, session))
        if code is not None:
            stored = {
                "tenant": tenant,
                "code_hash": code.code_hash,
                "user_id": code.user_id,
                "expires_at": code.expires_at,
                "document": _encode(code).decode(),
            }
            steps.append(Query(INSERT, stored))
        steps += self._log.inserts(tenant, events)
        if consent is None and steps:
            return bool(await self._database.once(steps[0], steps[1:]))

        def verb() -> Verb[bool]:
            for position, query in enumerate(steps):
                if not (yield query) and position == 0:
                    return False
            if consent is not None:
                yield from merge_consent(tenant, consent)
            return True

        return await self._database.write(verb)

    async def find(self, tenant: str, code_hash: bytes) -> AuthorizationCode | None:
        rows = await self._database.read(FIND, {"tenant": tenant, "code_hash": code_hash})
        if not rows:
            return None
        document, used_at, family = rows[0]
        return msgspec.structs.replace(_decode(document), used_at=used_at, family=family)

    async def spend(
        self,
        tenant: str,
        code_hash: bytes,
        *,
        at: float,
        access_token_hash: bytes | None,
        access_token_expires_at: float,
        refresh_token: RefreshToken | None,
        keep: int,
        events: Sequence[LogEvent],
    ) -> bool:
        spent = Query(
            SPEND,
            {
                "tenant": tenant,
                "code_hash": code_hash,
                "at": at,
                "family": refresh_token.family if refresh_token is not None else None,
                "access_token_hash": access_token_hash,
                "access_token_expires_at": access_token_expires_at,
            },
        )
        then = self._log.inserts(tenant, events)
        if refresh_token is not None:
            then = [revoke_surplus(tenant, refresh_token, keep), insert_refresh_token(tenant, refresh_token), *then]
        return bool(await self._database.once(spent, then))

    async def revoke_issued(self, tenant: str, code_hash: bytes, *, at: float, events: Sequence[LogEvent]) -> None:
        def verb() -> Verb[None]:
            rows = yield Query(ISSUED, {"tenant": tenant, "code_hash": code_hash})
            for family, token_hash, expires_at in rows:
                if token_hash is not None:
                    yield Query(
                        REVOKE_ACCESS_TOKEN, {"tenant": tenant, "token_hash": token_hash, "expires_at": expires_at}
                    )
                if family is not None:
                    yield from revoke_family(tenant, family, at)
            yield from self._log.insert(tenant, events)

        await self._database.write(verb)

    def _finish(self, tenant: str, transaction: bytes, session: Session | None) -> Query:
        key = {"tenant": tenant, "id_hash": transaction}
        if session is None:
            return Query(FINISH.replace("{session}", ""), key)
        condition = IN_SESSION.replace("{hold}", self._database.dialect.hold)
        return Query(FINISH.replace("{session}", condition), {**key, "sid": session.sid})
