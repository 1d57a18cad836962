"""How often something may be done."""

from __future__ import annotations

from math import ceil

from msgspec import Struct


class Pace(Struct, frozen=True):
    """``burst`` times at once, and once more each ``interval`` seconds."""

    burst: int
    interval: float

    @property
    def wait(self) -> int:
        """After how many seconds one more is let through, at most."""
        return max(1, ceil(self.interval))
