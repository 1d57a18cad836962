"""Values that count once: pushed authorization requests and assertion ids."""

from __future__ import annotations

import msgspec

from doorward.backends.storage.database import Database, Query
from doorward.model.credential import OneTimeValue, PushedRequest

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(PushedRequest).decode

PUSH = """
INSERT INTO pushed_request (tenant, uri_hash, expires_at, document)
VALUES (:tenant, :uri_hash, :expires_at, :document) RETURNING uri_hash"""
FIND = "SELECT document FROM pushed_request WHERE tenant = :tenant AND uri_hash = :uri_hash AND used_at IS NULL"
SPEND = """
UPDATE pushed_request SET used_at = :at
WHERE tenant = :tenant AND uri_hash = :uri_hash AND used_at IS NULL RETURNING uri_hash"""
# A value whose time is over may be used anew, so the sweep need not be exact.
USE = """
INSERT INTO one_time_value (tenant, value_hash, expires_at) VALUES (:tenant, :value_hash, :expires_at)
ON CONFLICT (tenant, value_hash) DO UPDATE SET expires_at = excluded.expires_at
    WHERE one_time_value.expires_at <= :at
RETURNING value_hash"""
USED = "SELECT 1 FROM one_time_value WHERE tenant = :tenant AND value_hash = :value_hash AND expires_at > :at"


def use_once(tenant: str, value: OneTimeValue, *, at: float) -> Query:
    """The statement that remembers a value; it gives a row unless the value came before."""
    return Query(USE, {"tenant": tenant, "value_hash": value.value_hash, "at": at, "expires_at": value.expires_at})


class StoredPushedRequests:
    """``ports.PushedRequests``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def push(self, tenant: str, request: PushedRequest) -> None:
        pushed = {
            "tenant": tenant,
            "uri_hash": request.uri_hash,
            "expires_at": request.expires_at,
            "document": _encode(request).decode(),
        }
        await self._database.once(Query(PUSH, pushed))

    async def find(self, tenant: str, uri_hash: bytes) -> PushedRequest | None:
        rows = await self._database.read(FIND, {"tenant": tenant, "uri_hash": uri_hash})
        return _decode(rows[0][0]) if rows else None

    async def spend(self, tenant: str, uri_hash: bytes, *, at: float) -> bool:
        return bool(await self._database.once(Query(SPEND, {"tenant": tenant, "uri_hash": uri_hash, "at": at})))


class StoredOneTimeValues:
    """``ports.OneTimeValues``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def use(self, tenant: str, value_hash: bytes, *, at: float, expires_at: float) -> bool:
        return bool(await self._database.once(use_once(tenant, OneTimeValue(value_hash, expires_at), at=at)))

    async def used(self, tenant: str, value_hash: bytes, *, at: float) -> bool:
        return bool(await self._database.read(USED, {"tenant": tenant, "value_hash": value_hash, "at": at}))
