"""The end of sessions and what ends with them, as ``model.session_end`` says: statements for the inside of the verbs
such a thing happens in. Whoever takes a session out of the database tells its applications, so each is told once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from doorward.backends.storage.database import Dialect, Query, Row, Verb
from doorward.backends.storage.directory import StoredDirectory
from doorward.backends.storage.outbox import StoredOutbox
from doorward.backends.storage.refresh_tokens import LIVE_FAMILIES, decoded_metadata, revoke_family
from doorward.model.credential import AuthorizationCode
from doorward.model.logout_notice import LogoutNotice
from doorward.model.session import Session
from doorward.model.session_end import ENDS, Cause, Reach
from doorward.oauth.backchannel_logout import notices
from doorward.ports import Clock, Entropy, UnknownTenant

_decode_session = msgspec.json.Decoder(Session).decode
_decode_code = msgspec.json.Decoder(AuthorizationCode).decode

Told = list[LogoutNotice]

DELETE = "DELETE FROM session WHERE tenant = :tenant"
GIVEN = " RETURNING document, metadata"
EXPIRED = """
DELETE FROM session WHERE expires_at < :before AND (tenant, sid) IN
    (SELECT tenant, sid FROM session WHERE expires_at < :before LIMIT :limit)
RETURNING document, metadata, tenant"""
UNSPENT = "authorization_code WHERE tenant = :tenant AND user_id = :user_id AND used_at IS NULL"
UNSPENT_CODES = f"SELECT code_hash, document FROM {UNSPENT}"  # noqa: S608
DELETE_CODES = f"DELETE FROM {UNSPENT}"  # noqa: S608
FORGET_BROWSERS = "DELETE FROM remembered_browser WHERE tenant = :tenant AND user_id = :user_id"
DELETE_CODE = f"{DELETE_CODES} AND code_hash = :code_hash"


class SessionEnds:
    """Every verb here adds to ``told`` who is to be told; hand that to ``wake`` when the transaction is done."""

    def __init__(
        self, dialect: Dialect, directory: StoredDirectory, outbox: StoredOutbox, clock: Clock, entropy: Entropy
    ) -> None:
        self._clock = clock
        self._directory = directory
        self._outbox = outbox
        self._entropy = entropy
        self._of_session = f"{LIVE_FAMILIES} AND {dialect.member('document', 'session_sid')} = :sid"

    def end(
        self,
        tenant: str,
        cause: Cause,
        told: Told,
        *,
        user_id: str | None = None,
        sid: str | None = None,
        but: str | None = None,
        refresh_tokens: bool = False,
        at: float | None = None,
    ) -> Verb[bool]:
        """End what ends with ``cause``: for a user, for one session (of that user), or for all ``but`` one.

        ``refresh_tokens`` is what was asked for where the cause leaves that open, ``at`` when it was (now). ``False``,
        and nothing done, where there is no session ``sid``.
        """
        ends = ENDS[cause]
        if ends.initiator is not None:
            narrowed = {"user_id": ("=", user_id), "sid": ("<>", but) if sid is None else ("=", sid)}
            where = {name: (sign, value) for name, (sign, value) in narrowed.items() if value is not None}
            sql = DELETE + "".join(f" AND {name} {sign} :{name}" for name, (sign, _) in where.items()) + GIVEN
            rows = yield Query(sql, {"tenant": tenant, **{name: value for name, (_, value) in where.items()}})
            if sid is not None:
                if not rows:
                    return False
                user_id = _decode_session(rows[0][0]).user_id
            yield from self.tell(tenant, rows, cause, told)
        whose = {"tenant": tenant, "user_id": user_id}
        # Codes before tokens: what a code gave meanwhile is among them.
        if sid is not None:
            for code_hash, document in (yield Query(UNSPENT_CODES, whose)):
                if _decode_code(document).granted.get("sid") == sid:
                    yield Query(DELETE_CODE, {**whose, "code_hash": code_hash})
        elif ends.sessions is Reach.ALL:
            yield Query(DELETE_CODES, whose)
        if refresh_tokens if ends.refresh_tokens is Reach.ASKED else ends.refresh_tokens is not Reach.NONE:
            of_session = Query(self._of_session, {**whose, "sid": sid})
            for (family,) in (yield Query(LIVE_FAMILIES, whose) if sid is None else of_session):
                yield from revoke_family(tenant, family, self._clock.now() if at is None else at)
        if ends.remembered_browsers:
            yield Query(FORGET_BROWSERS, whose)
        return True

    def tell(self, tenant: str, rows: Sequence[Row], cause: Cause, told: Told) -> Verb[None]:
        """Tell the applications of sessions that were taken out: ``rows`` of document and metadata."""
        initiator = ENDS[cause].initiator
        try:
            directory = self._directory.tenant(tenant)
        except UnknownTenant:
            return
        for document, metadata in rows:
            if initiator is not None:
                session = _decode_session(document)
                found = notices(session, decoded_metadata(metadata), initiator, directory, self._entropy)
                yield from self._outbox.insert(tenant, found)
                told += found

    def expire(self, before: float, limit: int, told: Told) -> Verb[int]:
        """End sessions that are over, of all tenants, ``limit`` at most; how many there were."""
        rows = yield Query(EXPIRED, {"before": before, "limit": limit})
        for document, metadata, tenant in rows:
            yield from self.tell(tenant, [(document, metadata)], Cause.EXPIRED, told)
        return len(rows)

    def wake(self, told: Told) -> None:
        """Have applications told at once."""
        self._outbox.wake(told)
