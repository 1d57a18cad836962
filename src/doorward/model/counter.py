"""What is remembered under the key of a counter."""

from __future__ import annotations

from msgspec import Struct


class Counter(Struct, frozen=True):
    """``failures`` so far; ``last_at`` (epoch seconds) is the time of the last, or of a counter that lets through at
    a pace, the time by which all it let through would have come one by one."""

    failures: int = 0
    last_at: float = 0.0
