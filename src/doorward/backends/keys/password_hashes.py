"""Password hashing in a bounded pool of its own: argon2id, and whatever imported users come with.

The allocator keeps the 19 MiB of a hash for the next one, which saves a third of its time. It would do so for each
thread and for ever; so it gets one heap for all of them, and is told when nobody hashes any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import sys
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
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
IDLE_SECONDS = 10.0
M_ARENA_MAX = -8  # mallopt(3) of glibc
NICENESS = 10  # about a tenth of the share of the thread that answers: a storm of logins leaves tokens alone


class PasswordHasher:
    """``ports.Passwords``. ``memory_kib`` and ``iterations`` are argon2id's; tests make them cheap."""

    def __init__(self, *, memory_kib: int = 19 * 1024, iterations: int = 2, workers: int | None = None) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=iterations, memory_cost=memory_kib, parallelism=1)
        self._workers = workers or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="passwords", initializer=_stand_back)
        self._waiting = 0
        self._idle: asyncio.TimerHandle | None = None
        if (allocator := _allocator()) is not None:
            allocator.mallopt(M_ARENA_MAX, 1)
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
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
            if self._idle is not None:
                self._idle.cancel()
            self._idle = loop.call_later(IDLE_SECONDS, self._give_back)

    def _give_back(self) -> None:
        """Nobody hashed for a while: the system may have the memory."""
        allocator = _allocator()
        if allocator is not None and not self._waiting:
            self._pool.submit(allocator.malloc_trim, 0)

    def close(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)


@cache
def _allocator() -> ctypes.CDLL | None:
    """The C library where it is glibc."""
    try:
        library = ctypes.CDLL(None)
        return library if library.mallopt and library.malloc_trim else None
    except (OSError, AttributeError, TypeError):
        return None


def _stand_back() -> None:
    """Let the threads that answer go first, where a thread has a priority of its own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a sandbox may forbid it
            os.nice(NICENESS)  # of this thread alone, there
