"""Refresh tokens: rotation, leeway and revocation of families, each decided in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorward.backends.storage.database import Database, Query, Row, Verb
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.single_use import use_once
from doorward.model.credential import OneTimeValue, RefreshToken
from doorward.model.log_event import LogEvent
from doorward.ports import Described

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(RefreshToken).decode

INSERT = """
INSERT INTO refresh_token (tenant, token_hash, family, generation, user_id, client_id, audience, rotating,
    issued_at, expires_at, idle_expires_at, access_token_hash, access_token_expires_at, document, metadata)
SELECT :tenant, :token_hash, :family, :generation, :user_id, :client_id, :audience, :rotating,
    :issued_at, :expires_at, :idle_expires_at, :access_token_hash, :access_token_expires_at, :document,
    (SELECT before.metadata FROM refresh_token AS before
        WHERE before.tenant = :tenant AND before.token_hash = :predecessor) {once}"""
FIND = """
SELECT document, expires_at, idle_expires_at, last_exchanged_at, used_at, revoked_at FROM refresh_token
WHERE tenant = :tenant AND token_hash = :token_hash"""
STATE = """
SELECT family, generation, used_at, revoked_at FROM refresh_token
WHERE tenant = :tenant AND token_hash = :token_hash"""
# First use: the one statement that decides who rotates.
SPEND = """
UPDATE refresh_token SET used_at = :at, last_exchanged_at = :at
WHERE tenant = :tenant AND token_hash = :token_hash AND used_at IS NULL AND revoked_at IS NULL
RETURNING family, generation"""
# Again within the leeway, while nothing newer than the direct successors was ever used.
SPEND_AGAIN = """
UPDATE refresh_token SET last_exchanged_at = :at
WHERE tenant = :tenant AND token_hash = :token_hash AND revoked_at IS NULL AND used_at > :since
    AND generation + 1 = (SELECT max(other.generation) FROM refresh_token AS other
        WHERE other.tenant = :tenant AND other.family = refresh_token.family)
RETURNING family, generation"""
GIVE_UP = """
UPDATE refresh_token SET revoked_at = :at
WHERE tenant = :tenant AND token_hash = :token_hash AND used_at IS NULL AND revoked_at IS NULL RETURNING family"""
GIVE_UP_LASTING = """
UPDATE refresh_token SET revoked_at = :at
WHERE tenant = :tenant AND user_id = :user_id AND client_id = :client_id AND audience = :audience
    AND NOT rotating AND revoked_at IS NULL AND used_at IS NULL"""
EXCHANGE = """
UPDATE refresh_token SET last_exchanged_at = :at, last_ip = :ip, last_user_agent = :user_agent,
    expires_at = :expires_at, idle_expires_at = :idle_expires_at, access_token_hash = :access_token_hash,
    access_token_expires_at = :access_token_expires_at
WHERE tenant = :tenant AND token_hash = :token_hash AND revoked_at IS NULL AND used_at IS NULL RETURNING family"""
RENEW = """
UPDATE refresh_token SET document = :document, last_exchanged_at = :at, last_ip = :ip, last_user_agent = :user_agent,
    expires_at = :expires_at, idle_expires_at = :idle_expires_at, access_token_hash = :access_token_hash,
    access_token_expires_at = :access_token_expires_at
WHERE tenant = :tenant AND token_hash = :token_hash AND revoked_at IS NULL AND used_at IS NULL RETURNING family"""
REVOKE_FAMILY = """
UPDATE refresh_token SET revoked_at = :at WHERE tenant = :tenant AND family = :family AND revoked_at IS NULL
RETURNING generation"""
REVOKE_ACCESS_TOKENS = """
INSERT INTO revoked_access_token (tenant, token_hash, expires_at)
SELECT tenant, access_token_hash, access_token_expires_at FROM refresh_token
WHERE tenant = :tenant AND family = :family AND access_token_hash IS NOT NULL AND access_token_expires_at > :at
ON CONFLICT (tenant, token_hash) DO NOTHING"""
FAMILIES = """
SELECT DISTINCT family FROM refresh_token
WHERE tenant = :tenant AND user_id = :user_id AND client_id = :client_id AND audience = :audience
    AND revoked_at IS NULL AND used_at IS NULL"""
# Beside the token that is being issued, which counts as one of those that are kept.
REVOKE_SURPLUS = """
UPDATE refresh_token SET revoked_at = :at
WHERE tenant = :tenant AND revoked_at IS NULL AND family IN (
    SELECT live.family FROM refresh_token AS live
    WHERE live.tenant = :tenant AND live.user_id = :user_id AND live.client_id = :client_id
        AND live.revoked_at IS NULL AND live.used_at IS NULL AND live.token_hash <> :token_hash
    ORDER BY live.issued_at DESC LIMIT 1000 OFFSET :others) {and_once}"""
# What can still be used, once for each family: a token presented twice within its leeway has two successors.
USABLE = """
t.tenant = :tenant AND t.revoked_at IS NULL AND t.used_at IS NULL
    AND (t.expires_at IS NULL OR t.expires_at > :at) AND (t.idle_expires_at IS NULL OR t.idle_expires_at > :at)
    AND NOT EXISTS (SELECT 1 FROM refresh_token AS later
        WHERE later.tenant = t.tenant AND later.family = t.family AND later.revoked_at IS NULL
            AND later.used_at IS NULL AND (later.generation, later.token_hash) > (t.generation, t.token_hash))"""
SELECTED = f"""
SELECT t.document, t.expires_at, t.idle_expires_at, t.last_exchanged_at, t.used_at, t.revoked_at, t.last_ip,
    t.last_user_agent, t.metadata
FROM refresh_token AS t WHERE {USABLE}"""  # noqa: S608
COUNT = f"SELECT count(*) FROM refresh_token AS t WHERE {USABLE}"  # noqa: S608
DESCRIBE = """
UPDATE refresh_token SET metadata = :metadata
WHERE tenant = :tenant AND family = :family AND revoked_at IS NULL AND coalesce(metadata, '') <> :wanted
RETURNING generation"""
LIVE_FAMILIES = """
SELECT DISTINCT family FROM refresh_token WHERE tenant = :tenant AND user_id = :user_id
    AND revoked_at IS NULL AND used_at IS NULL"""
DELETE_CONSENT = """
DELETE FROM consent_grant
WHERE tenant = :tenant AND user_id = :user_id AND client_id = :client_id AND audience = :audience"""


def insert_refresh_token(
    tenant: str,
    token: RefreshToken,
    *,
    access_token_hash: bytes | None = None,
    access_token_expires_at: float = 0,
    predecessor: bytes | None = None,
) -> Query:
    """The statement that stores a token with the digest of the access token it came with, and the metadata
    of the token it takes the place of."""
    return Query(
        INSERT,
        {
            "tenant": tenant,
            "token_hash": token.token_hash,
            "family": token.family,
            "generation": token.generation,
            "user_id": token.user_id,
            "client_id": token.client_id,
            "audience": token.audience,
            "rotating": token.rotating,
            "issued_at": token.issued_at,
            "expires_at": token.expires_at,
            "idle_expires_at": token.idle_expires_at,
            "access_token_hash": access_token_hash,
            "access_token_expires_at": access_token_expires_at,
            "document": _encode(token).decode(),
            "predecessor": predecessor,
        },
    )


def _with_mfa_token(
    tenant: str, mfa_token: OneTimeValue, at: float, guards: Sequence[Query], then: Sequence[Query]
) -> Verb[bool]:
    """Statements that use the ``mfa_token`` up, and do what follows with the first of the guards that gives a row."""
    if not (yield use_once(tenant, mfa_token, at=at)):
        return False
    for guard in guards:
        if (yield guard):
            for query in then:
                _ = yield query  # the rows are sent here, which a list cannot take
            return True
    return False


def revoke_surplus(tenant: str, token: RefreshToken, keep: int) -> Query:
    """The statement that leaves ``keep`` tokens to the user and client of a token that is being issued."""
    return Query(
        REVOKE_SURPLUS,
        {
            "tenant": tenant,
            "at": token.issued_at,
            "user_id": token.user_id,
            "client_id": token.client_id,
            "token_hash": token.token_hash,
            "others": keep - 1,
        },
    )


def revoke_family(tenant: str, family: str, at: float) -> Verb[None]:
    """Statements that revoke a family and the access tokens it gave."""
    yield from _end_family(tenant, family, at)
    yield Query(REVOKE_ACCESS_TOKENS, {"tenant": tenant, "family": family, "at": at})


def _end_family(tenant: str, family: str, at: float) -> Verb[None]:
    """A rotation under way when the first statement began has a successor by now that only the next
    one sees: until there is none left."""
    while (yield Query(REVOKE_FAMILY, {"tenant": tenant, "family": family, "at": at})):
        pass


class StoredRefreshTokens:
    """``ports.RefreshTokens``."""

    def __init__(self, database: Database, log: StoredLog) -> None:
        self._database = database
        self._log = log

    async def issue(self, tenant: str, token: RefreshToken, *, keep: int, events: Sequence[LogEvent]) -> None:
        insert = insert_refresh_token(tenant, token)
        stored = Query(f"{insert.sql} RETURNING family", insert.parameters)
        await self._database.once(stored, [revoke_surplus(tenant, token, keep), *self._log.inserts(tenant, events)])

    async def find(self, tenant: str, token_hash: bytes) -> RefreshToken | None:
        rows = await self._database.read(FIND, {"tenant": tenant, "token_hash": token_hash})
        if not rows:
            return None
        document, expires_at, idle_expires_at, last_exchanged_at, used_at, revoked_at = rows[0]
        return msgspec.structs.replace(
            _decode(document),
            expires_at=expires_at,
            idle_expires_at=idle_expires_at,
            last_exchanged_at=last_exchanged_at,
            used_at=used_at,
            revoked_at=revoked_at,
        )

    async def rotate(
        self,
        tenant: str,
        token_hash: bytes,
        successor: RefreshToken,
        *,
        at: float,
        leeway: int,
        access_token_hash: bytes,
        access_token_expires_at: float,
        events: Sequence[LogEvent],
        mfa_token: OneTimeValue | None = None,
    ) -> bool:
        key: dict[str, Any] = {"tenant": tenant, "token_hash": token_hash, "at": at}
        then = [
            insert_refresh_token(
                tenant,
                successor,
                access_token_hash=access_token_hash,
                access_token_expires_at=access_token_expires_at,
                predecessor=token_hash,
            ),
            *self._log.inserts(tenant, events),
        ]
        guards = [Query(SPEND, key)]
        if leeway > 0:
            guards.append(Query(SPEND_AGAIN, {**key, "since": at - leeway}))
        if mfa_token is not None:
            return await self._database.write(lambda: _with_mfa_token(tenant, mfa_token, at, guards, then))
        for guard in guards:
            if await self._database.once(guard, then):
                return True
        return False

    async def replace(
        self,
        tenant: str,
        token_hash: bytes,
        successor: RefreshToken,
        *,
        at: float,
        access_token_hash: bytes,
        access_token_expires_at: float,
        events: Sequence[LogEvent],
        mfa_token: OneTimeValue | None = None,
    ) -> bool:
        def verb() -> Verb[bool]:
            if mfa_token is not None and not (yield use_once(tenant, mfa_token, at=at)):
                return False
            given_up = yield Query(GIVE_UP, {"tenant": tenant, "token_hash": token_hash, "at": at})
            if not given_up:
                return False
            if successor.rotating:
                whose = {
                    "user_id": successor.user_id,
                    "client_id": successor.client_id,
                    "audience": successor.audience,
                }
                yield Query(GIVE_UP_LASTING, {"tenant": tenant, "at": at, **whose})
            else:
                yield from _end_family(tenant, given_up[0][0], at)
            yield insert_refresh_token(
                tenant,
                successor,
                access_token_hash=access_token_hash,
                access_token_expires_at=access_token_expires_at,
                predecessor=token_hash,
            )
            yield from self._log.insert(tenant, events)
            return True

        return await self._database.write(verb)

    async def exchange(
        self,
        tenant: str,
        token_hash: bytes,
        *,
        at: float,
        ip: str | None,
        user_agent: str | None,
        idle_expires_at: float | None,
        expires_at: float | None,
        access_token_hash: bytes,
        access_token_expires_at: float,
        events: Sequence[LogEvent],
        mfa_token: OneTimeValue | None = None,
        renewed: RefreshToken | None = None,
    ) -> bool:
        exchanged = Query(
            EXCHANGE if renewed is None else RENEW,
            {
                **({"document": _encode(renewed).decode()} if renewed is not None else {}),
                "tenant": tenant,
                "token_hash": token_hash,
                "at": at,
                "ip": ip,
                "user_agent": user_agent,
                "idle_expires_at": idle_expires_at,
                "expires_at": expires_at,
                "access_token_hash": access_token_hash,
                "access_token_expires_at": access_token_expires_at,
            },
        )
        then = self._log.inserts(tenant, events)
        if mfa_token is not None:
            return await self._database.write(lambda: _with_mfa_token(tenant, mfa_token, at, [exchanged], then))
        return bool(await self._database.once(exchanged, then))

    async def revoke_family(self, tenant: str, family: str, *, at: float, events: Sequence[LogEvent]) -> None:
        def verb() -> Verb[None]:
            yield from revoke_family(tenant, family, at)
            yield from self._log.insert(tenant, events)

        await self._database.write(verb)

    async def get(self, tenant: str, family: str, *, at: float) -> Described[RefreshToken] | None:
        rows = await self._database.read(
            f"{SELECTED} AND t.family = :family", {"tenant": tenant, "family": family, "at": at}
        )
        return _described(rows[0]) if rows else None

    async def page(
        self,
        tenant: str,
        user_id: str,
        *,
        client_id: str | None = None,
        at: float,
        after: str = "",
        limit: int,
    ) -> tuple[list[Described[RefreshToken]], int]:
        where = " AND t.user_id = :user_id"
        parameters = {"tenant": tenant, "user_id": user_id, "at": at}
        if client_id is not None:
            where += " AND t.client_id = :client_id"
            parameters["client_id"] = client_id
        rows = await self._database.read(
            f"{SELECTED}{where} AND t.family > :after ORDER BY t.family LIMIT :limit",
            {**parameters, "after": after, "limit": limit},
        )
        total = await self._database.read(f"{COUNT}{where}", parameters)
        return [_described(row) for row in rows], total[0][0]

    async def describe(
        self, tenant: str, family: str, metadata: Mapping[str, Any] | None, *, at: float, events: Sequence[LogEvent]
    ) -> bool:
        kept = encoded_metadata(metadata)
        written = {"tenant": tenant, "family": family, "metadata": kept, "wanted": kept or ""}

        def verb() -> Verb[bool]:
            if not (yield Query(f"{SELECTED} AND t.family = :family", {"tenant": tenant, "family": family, "at": at})):
                return False
            # A rotation under way copies what was there before, as in _end_family.
            while (yield Query(DESCRIBE, written)):
                pass
            yield from self._log.insert(tenant, events)
            return True

        return await self._database.write(verb)

    async def revoke(
        self,
        tenant: str,
        *,
        families: Sequence[str] = (),
        user_id: str | None = None,
        client_id: str | None = None,
        audience: str | None = None,
        at: float,
        events: Sequence[LogEvent],
    ) -> None:
        narrowed = {"client_id": client_id, "audience": audience}
        where = {name: value for name, value in narrowed.items() if value is not None}
        statement = LIVE_FAMILIES + "".join(f" AND {name} = :{name}" for name in where)

        def verb() -> Verb[None]:
            found = list(families)
            if user_id is not None:
                found += [row[0] for row in (yield Query(statement, {"tenant": tenant, "user_id": user_id, **where}))]
            for family in found:
                yield from revoke_family(tenant, family, at)
            yield from self._log.insert(tenant, events)

        await self._database.write(verb)

    async def revoke_grant(
        self, tenant: str, user_id: str, client_id: str, audience: str, *, at: float, events: Sequence[LogEvent]
    ) -> None:
        def verb() -> Verb[None]:
            yield from revoke_grant(tenant, user_id, client_id, audience, at)
            yield from self._log.insert(tenant, events)

        await self._database.write(verb)


def _described(row: Row) -> Described[RefreshToken]:
    document, expires_at, idle_expires_at, last_exchanged_at, used_at, revoked_at, ip, user_agent, metadata = row
    token = _decode(document)
    token = msgspec.structs.replace(
        token,
        expires_at=expires_at,
        idle_expires_at=idle_expires_at,
        last_exchanged_at=last_exchanged_at,
        used_at=used_at,
        revoked_at=revoked_at,
        last_ip=ip if ip is not None else token.last_ip,
        last_user_agent=user_agent if user_agent is not None else token.last_user_agent,
    )
    return token, decoded_metadata(metadata)


def encoded_metadata(metadata: Mapping[str, Any] | None) -> str | None:
    return _encode(metadata).decode() if metadata else None


def decoded_metadata(metadata: str | None) -> dict[str, Any]:
    return msgspec.json.decode(metadata) if metadata else {}


def revoke_grant(tenant: str, user_id: str, client_id: str, audience: str, at: float) -> Verb[None]:
    """Statements that delete a consent and revoke what was issued under it."""
    parameters = {"tenant": tenant, "user_id": user_id, "client_id": client_id, "audience": audience}
    yield Query(DELETE_CONSENT, parameters)
    for (family,) in (yield Query(FAMILIES, parameters)):
        yield from revoke_family(tenant, family, at)
