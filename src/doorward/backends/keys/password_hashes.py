"""Password hashing in a bounded pool of its own (argon2id; bcrypt for imported users)."""

from __future__ import annotations

import asyncio
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2
import bcrypt

from doorward.ports import Overloaded

T = TypeVar("T")

MAX_PASSWORD = 256
BCRYPT_LIMIT = 72
BCRYPT_PREFIXES = ("$2a$", "$2b$", "$2y$")
QUEUE_PER_WORKER = 16


class PasswordHasher:
    """``ports.Passwords``. ``memory_kib`` and ``iterations`` are argon2id's; tests make them cheap."""

    def __init__(self, *, memory_kib: int = 19 * 1024, iterations: int = 2, workers: int | None = None) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=iterations, memory_cost=memory_kib, parallelism=1)
        self._workers = workers or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="passwords")
        self._waiting = 0
        self._dummy = self._argon2.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        normalised = unicodedata.normalize("NFC", password)
        return await self._run(lambda: self._argon2.hash(normalised))

    async def verify(self, password: str, stored: str | None) -> tuple[bool, bool]:
        known = bool(stored) and len(password) <= MAX_PASSWORD
        against = stored if known and stored else self._dummy
        right, rehash = await self._run(lambda: self._verify(password[:MAX_PASSWORD], against))
        return right and known, rehash and known

    def _verify(self, password: str, stored: str) -> tuple[bool, bool]:
        normalised = unicodedata.normalize("NFC", password)
        if stored.startswith(BCRYPT_PREFIXES):
            candidates = dict.fromkeys((password.encode()[:BCRYPT_LIMIT], normalised.encode()[:BCRYPT_LIMIT]))
            try:
                return any(b"\0" not in c and bcrypt.checkpw(c, stored.encode()) for c in candidates), True
            except ValueError:
                return False, False
        try:
            self._argon2.verify(stored, normalised)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False, False
        return True, self._argon2.check_needs_rehash(stored)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._workers * QUEUE_PER_WORKER:
            raise Overloaded
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
