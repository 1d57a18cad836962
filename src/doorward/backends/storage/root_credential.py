"""The root credential: derived from the master key and a salt in the database, where only its hash is beside it.

Whoever holds master key and database can always say it again, so it lies nowhere else; another salt makes another
one, for every node at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from doorward.backends.storage import sealing
from doorward.backends.storage.database import Database, Query
from doorward.model.digest import digest
from doorward.ports import Clock

PREFIX = "dwr_"
SALT_LENGTH = 32

READ = "SELECT salt, hash FROM root_credential WHERE id = 'root'"
MAKE = """
INSERT INTO root_credential (id, salt, hash, created_at) VALUES ('root', :salt, :hash, :at)
ON CONFLICT (id) DO {otherwise}"""
MAKE_FIRST = MAKE.format(otherwise="NOTHING")
MAKE_ANOTHER = MAKE.format(
    otherwise="UPDATE SET salt = excluded.salt, hash = excluded.hash, created_at = excluded.created_at"
)


class StoredRootCredential:
    """``ports.RootCredential``, and what its operator needs."""

    def __init__(self, database: Database, clock: Clock, *, root_key: bytes) -> None:
        self._database = database
        self._clock = clock
        self._key = sealing.derive(root_key, "root credential")

    async def make(self) -> None:
        """Make one where there is none; of several nodes at their first start one does."""
        if not await self._database.read(READ, {}):
            await self._write(MAKE_FIRST)

    async def rotate(self) -> str:
        """Make another one; the one before opens nothing from now on."""
        await self._write(MAKE_ANOTHER)
        return await self.shown()

    async def shown(self) -> str:
        """The credential. Raises ``WrongMasterKey``."""
        await self.make()
        salt, hash_ = (await self._database.read(READ, {}))[0]
        credential = self._derived(bytes(salt))
        if not hmac.compare_digest(digest(credential), bytes(hash_)):
            raise sealing.WrongMasterKey("root credential")
        return credential

    async def matches(self, given: str) -> bool:
        rows = await self._database.read(READ, {})
        return hmac.compare_digest(digest(given), bytes(rows[0][1]) if rows else bytes(hashlib.sha256().digest_size))

    async def _write(self, statement: str) -> None:
        salt = os.urandom(SALT_LENGTH)
        values = {"salt": salt, "hash": digest(self._derived(salt)), "at": self._clock.now()}
        await self._database.once(Query(statement, values))

    def _derived(self, salt: bytes) -> str:
        secret = hmac.digest(self._key, salt, hashlib.sha256)
        return PREFIX + base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
