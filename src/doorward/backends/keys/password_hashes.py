"""Password hashing in a bounded pool of its own: argon2id, and whatever imported users come with."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2
import bcrypt
import msgspec

from doorward.backends.keys.imported_hashes import matches
from doorward.model.imported_hash import PREFIX, imported_hash
from doorward.ports import Overloaded

T = TypeVar("T")

MAX_PASSWORD = 256
BCRYPT_LIMIT = 72
BCRYPT_PREFIXES = ("$2a$", "$2b$", "$2y$")
QUEUE_PER_WORKER = 16
NICENESS = 10  # about a tenth of the share of the thread that answers: a storm of logins leaves tokens alone


class PasswordHasher:
    """``ports.Passwords``. ``memory_kib`` and ``iterations`` are argon2id's; tests make them cheap."""

    def __init__(self, *, memory_kib: int = 19 * 1024, iterations: int = 2, workers: int | None = None) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=iterations, memory_cost=memory_kib, parallelism=1)
        self._workers = workers or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="passwords", initializer=_stand_back)
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
        candidates = tuple(dict.fromkeys((normalised, password)))  # another system may have hashed it as it came
        if stored.startswith(PREFIX):
            return self._verify_imported(candidates, stored), True
        if stored.startswith(BCRYPT_PREFIXES):
            cut = dict.fromkeys(candidate.encode()[:BCRYPT_LIMIT] for candidate in candidates)
            try:
                return any(b"\0" not in c and bcrypt.checkpw(c, stored.encode()) for c in cut), True
            except ValueError:
                return False, False
        if not any(self._is_argon2_of(candidate, stored) for candidate in candidates):
            return False, False
        return True, self._argon2.check_needs_rehash(stored)

    def _verify_imported(self, candidates: tuple[str, ...], stored: str) -> bool:
        try:
            hashed = imported_hash(stored)
        except msgspec.DecodeError:
            return False
        if any(matches(candidate, hashed) for candidate in candidates):
            return True
        # Some of them are verified in no time at all; a wrong password is to cost what an unknown user does.
        self._is_argon2_of(candidates[0], self._dummy)
        return False

    def _is_argon2_of(self, password: str, stored: str) -> bool:
        try:
            return self._argon2.verify(stored, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

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


def _stand_back() -> None:
    """Let the threads that answer go first, where a thread has a priority of its own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a sandbox may forbid it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
