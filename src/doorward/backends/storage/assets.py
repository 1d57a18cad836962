"""Pictures and fonts of the login pages."""

from __future__ import annotations

from collections.abc import Sequence

from doorward.backends.storage.database import Database, Query, Verb
from doorward.model.asset import ASSET

KEEP = """
INSERT INTO asset (tenant, digest, content) VALUES (:tenant, :digest, :content)
ON CONFLICT (tenant, digest) DO NOTHING RETURNING digest"""
FIND = "SELECT content FROM asset WHERE tenant = :tenant AND digest = :digest"
DROP = """
DELETE FROM asset WHERE tenant = :tenant AND digest = :digest AND NOT EXISTS (
    SELECT 1 FROM document d WHERE d.tenant = :tenant AND d.kind = :kind AND {digest} = :digest)"""


class StoredAssets:
    """``ports.Assets``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._drop = DROP.format(digest=database.dialect.member("d.body", "digest"))

    async def keep(self, tenant: str, digest: str, content: bytes) -> None:
        await self._database.once(Query(KEEP, {"tenant": tenant, "digest": digest, "content": content}))

    async def find(self, tenant: str, digest: str) -> bytes | None:
        rows = await self._database.read(FIND, {"tenant": tenant, "digest": digest})
        return bytes(rows[0][0]) if rows else None

    async def drop(self, tenant: str, digests: Sequence[str]) -> None:
        def verb() -> Verb[None]:
            for digest in digests:
                yield Query(self._drop, {"tenant": tenant, "digest": digest, "kind": ASSET})

        if digests:
            await self._database.write(verb)
