"""How passwords are kept (D4): argon2id, imported bcrypt upgraded, no truncation, a bounded queue."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

import bcrypt
import pytest

from doorward.backends.keys.password_hashes import QUEUE_PER_WORKER, PasswordHasher
from doorward.ports import Overloaded


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    hasher = PasswordHasher(memory_kib=8, iterations=1, workers=1)
    yield hasher
    hasher.close()


async def test_d4_the_floor_is_owasps() -> None:
    hasher = PasswordHasher()
    try:
        assert (await hasher.hash("x")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    finally:
        hasher.close()


async def test_nothing_is_left_to_do_for_one_that_was_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorward.backends.keys.password_hashes.IDLE_SECONDS", 0.0)
    failed: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failed.append(context))
    hasher = PasswordHasher(memory_kib=8, iterations=1, workers=1)
    await hasher.hash("x")
    hasher.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert failed == []


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own here")
async def test_hashing_stands_back_for_the_thread_that_answers(hasher: PasswordHasher) -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    loop = asyncio.get_running_loop()
    assert await loop.run_in_executor(hasher._pool, priority) > priority()


async def test_d4_composed_and_decomposed_are_one_password_and_nothing_is_cut_off(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("Zu\u0308rich" + "x" * 240)
    assert await hasher.verify("Z\u00fcrich" + "x" * 240, stored) == (True, False)
    for wrong in ("Z\u00fcrich" + "x" * 239, "Z\u00fcrich" + "x" * 241, "", "Zurich" + "x" * 240):
        assert (await hasher.verify(wrong, stored))[0] is False


async def test_d4_an_imported_hash_verifies_and_asks_for_its_upgrade(hasher: PasswordHasher) -> None:
    for raw in ("old-password", "Zu\u0308rich", "Z\u00fcrich"):
        for prefix in (b"2a", b"2b"):
            stored = bcrypt.hashpw(raw.encode(), bcrypt.gensalt(4, prefix=prefix)).decode()
            assert await hasher.verify(raw, stored) == (True, True)
            assert (await hasher.verify(raw + "!", stored))[0] is False


async def test_d4_weaker_parameters_are_upgraded(hasher: PasswordHasher) -> None:
    stronger = PasswordHasher(memory_kib=16, iterations=1, workers=1)
    try:
        assert await stronger.verify("x", await hasher.hash("x")) == (True, True)
    finally:
        stronger.close()


async def test_e9_nobody_has_no_password(hasher: PasswordHasher) -> None:
    for stored in (None, "", "nonsense", "$argon2id$broken", "$2b$broken"):
        for password in ("", "nobody has this password", "x" * 400):
            assert (await hasher.verify(password, stored))[0] is False


async def test_d4_past_its_queue_the_pool_takes_no_more(hasher: PasswordHasher) -> None:
    hold = threading.Event()
    waiting: list[asyncio.Task[Any]] = [asyncio.create_task(hasher._run(hold.wait)) for _ in range(QUEUE_PER_WORKER)]
    await asyncio.sleep(0)
    try:
        with pytest.raises(Overloaded) as refused:
            await asyncio.wait_for(hasher.verify("x", None), 5)
        assert refused.value.retry_after >= 1
        with pytest.raises(Overloaded):
            await asyncio.wait_for(hasher.hash("x"), 5)
    finally:
        hold.set()
        await asyncio.gather(*waiting)
    assert await hasher.verify("x", await hasher.hash("x")) == (True, False)
