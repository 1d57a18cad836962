"""Work beside the requests, on the same loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

PATIENCE = 0.5
GRACE = 5.0


class BackgroundTasks:
    """``ports.Background``. ``patience`` is for how many seconds whoever starts something waits for its end:
    little work is then done before its request is answered."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(_run(work), name="background")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait({task}, timeout=self.patience)

    async def pause(self, seconds: float = 0) -> None:
        await asyncio.sleep(seconds)

    async def stop(self) -> None:
        """Wait a few seconds for what is under way, then cancel it."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:
        logger.exception("work in the background failed")
