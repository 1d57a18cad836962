"""One-time codes: one at a time for each subject, a few tries, and right once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from doorward.backends.storage.database import Database, Query
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.outbox import StoredOutbox
from doorward.model.challenge import Challenge, Verdict
from doorward.model.log_event import LogEvent
from doorward.model.message import Message

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Challenge).decode

BEGIN = """
INSERT INTO challenge (tenant, subject_hash, id_hash, code_hash, tries_left, expires_at, document)
VALUES (:tenant, :subject, :id_hash, :code_hash, :tries, :expires_at, :document)
ON CONFLICT (tenant, subject_hash) DO UPDATE SET id_hash = excluded.id_hash, code_hash = excluded.code_hash,
    tries_left = excluded.tries_left, expires_at = excluded.expires_at, document = excluded.document
RETURNING id_hash"""
FIND = """
SELECT document FROM challenge
WHERE tenant = :tenant AND id_hash = :id_hash AND tries_left > 0 AND expires_at > :at"""
FIND_OR_SPENT = """
SELECT document FROM challenge
WHERE tenant = :tenant AND id_hash = :id_hash AND (tries_left > 0 OR tries_left = -1) AND expires_at > :at"""
# The right code spends it (-1), and a wrong one costs a try: one statement, so that of many at a time one is right.
CHECK = """
UPDATE challenge SET tries_left = CASE WHEN code_hash = :code_hash THEN -1 ELSE tries_left - 1 END
WHERE tenant = :tenant AND id_hash = :id_hash AND tries_left > 0 AND expires_at > :at
RETURNING document, code_hash = :code_hash"""
SPENT = """
SELECT document FROM challenge
WHERE tenant = :tenant AND id_hash = :id_hash AND code_hash = :code_hash AND tries_left = -1"""


class StoredChallenges:
    """``ports.Challenges``."""

    def __init__(self, database: Database, log: StoredLog, outbox: StoredOutbox) -> None:
        self._database = database
        self._log = log
        self._outbox = outbox

    async def begin(
        self, tenant: str, challenge: Challenge, *, messages: Sequence[Message], events: Sequence[LogEvent]
    ) -> None:
        stored = {
            "tenant": tenant,
            "subject": challenge.subject,
            "id_hash": challenge.id_hash,
            "code_hash": challenge.code_hash,
            "tries": challenge.tries,
            "expires_at": challenge.expires_at,
            "document": _encode(challenge).decode(),
        }
        then = [*self._log.inserts(tenant, events), *self._outbox.inserts(tenant, messages)]
        await self._database.once(Query(BEGIN, stored), then)
        self._outbox.wake(messages)

    async def find(self, tenant: str, id_hash: bytes, *, at: float, spent: bool = False) -> Challenge | None:
        key = {"tenant": tenant, "id_hash": id_hash, "at": at}
        rows = await self._database.read(FIND_OR_SPENT if spent else FIND, key)
        return _decode(rows[0][0]) if rows else None

    async def check(
        self, tenant: str, id_hash: bytes, code_hash: bytes, *, at: float
    ) -> tuple[Verdict, Challenge | None]:
        guess = {"tenant": tenant, "id_hash": id_hash, "code_hash": code_hash, "at": at}
        rows = await self._database.once(Query(CHECK, guess))
        if not rows:
            spent = await self._database.read(SPENT, {name: guess[name] for name in ("tenant", "id_hash", "code_hash")})
            return (Verdict.SPENT, _decode(spent[0][0])) if spent else (Verdict.VOID, None)
        document, right = rows[0]
        return Verdict.RIGHT if right else Verdict.WRONG, _decode(document)
