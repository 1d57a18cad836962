"""Where what tenants wrote is filled in: beside the event loop, one at a time, and every tenant in its turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakValueDictionary

from doorward.ports import Overloaded

T = TypeVar("T")

WAITING = 32


class LiquidThread:
    """One thread: more would only take turns with the event loop more often. A tenant has one piece of work in its
    line at a time, so whoever has little to do waits for one piece of each other tenant's at most; no more than
    ``waiting`` pieces of a tenant wait."""

    def __init__(self, name: str, *, waiting: int = WAITING) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lines: WeakValueDictionary[str, _Line] = WeakValueDictionary()
        self._waiting = waiting

    async def run(self, tenant: str, work: Callable[[], T]) -> T:
        """What ``work`` makes. Raises ``Overloaded``, and what it raises."""
        line = self._lines.setdefault(tenant, _Line())
        if line.length >= self._waiting:
            raise Overloaded
        line.length += 1
        try:
            async with line.turn:
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            line.length -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class _Line:
    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.length = 0
