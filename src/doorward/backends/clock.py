"""The wall clock."""

from __future__ import annotations

import time


class SystemClock:
    """``ports.Clock`` from the operating system."""

    def now(self) -> float:
        return time.time()
