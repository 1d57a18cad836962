"""Pictures and fonts of the login pages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from doorward.backends.storage.database import Database, Query, Verb
from doorward.model.asset import ASSET

KEEP = """
INSERT INTO asset (tenant, digest, content) VALUES (:tenant, :digest, :content)
ON CONFLICT (tenant, digest) DO NOTHING RETURNING digest"""
FIND = "SELECT content FROM asset WHERE tenant = :tenant AND digest = :digest"
UNNAMED = """
NOT EXISTS (SELECT 1 FROM document d
    WHERE d.tenant = asset.tenant AND d.kind = :kind AND {digest} = asset.digest)"""
DROP = "DELETE FROM asset WHERE tenant = :tenant AND digest = :digest AND "
OF_WHOM = "SELECT DISTINCT tenant FROM asset WHERE "
TENANT = "SELECT id FROM tenant WHERE id = :tenant"
SWEEP = "DELETE FROM asset WHERE tenant = :tenant AND "


class StoredAssets:
    """``ports.Assets``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unnamed = UNNAMED.format(digest=database.dialect.member("d.body", "digest"))

    async def keep(self, tenant: str, digest: str, content: bytes) -> None:
        await self._database.once(Query(KEEP, {"tenant": tenant, "digest": digest, "content": content}))

    async def find(self, tenant: str, digest: str) -> bytes | None:
        rows = await self._database.read(FIND, {"tenant": tenant, "digest": digest})
        return bytes(rows[0][0]) if rows else None

    async def drop(self, tenant: str, digests: Sequence[str]) -> None:
        def verb() -> Verb[None]:
            for digest in digests:
                yield Query(DROP + self._unnamed, {"tenant": tenant, "digest": digest, "kind": ASSET})

        if digests:
            await self._database.write(verb)

    async def sweep(self) -> int:
        """Remove what no document names any more: whoever forgot it may have stopped before it went. How many."""
        swept = 0
        for (tenant,) in await self._database.read(OF_WHOM + self._unnamed, {"kind": ASSET}):
            swept += await self._database.write(partial(self._sweep, tenant))
        return swept

    def _sweep(self, tenant: str) -> Verb[int]:
        # Whoever writes a document holds the tenant: what names a file is seen here, or is written after this.
        yield Query(TENANT + self._database.dialect.hold, {"tenant": tenant})
        return len((yield Query(f"{SWEEP}{self._unnamed} RETURNING digest", {"tenant": tenant, "kind": ASSET})))
