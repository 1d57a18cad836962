"""How many requests one caller may make: a bucket of tokens for each, refilled at a constant rate.

Every answer says how it stands. Each process counts for itself, in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from msgspec import Struct

from doorward.management.kit.errors import ApiError
from doorward.ports import Clock

LIMIT, REMAINING, RESET = "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"
UNLIMITED = 1_000_000  # what is said where nothing is counted
MANY = 10_000  # buckets, before those that are full again are forgotten
Standing = Mapping[str, str]


class RateLimited(ApiError):
    """Too many requests; ``first`` after one that was not."""

    def __init__(self, headers: Standing, *, first: bool) -> None:
        super().__init__(429, "Global limit has been reached", "too_many_requests", headers=headers)
        self.first = first


class Bucket(Struct):
    """``tokens`` there were ``at`` a time, and whether somebody was ``refused`` since one was taken."""

    tokens: float
    at: float
    refused: bool = False


class RateLimit:
    """``burst`` requests at once, and ``per_second`` more each second; without the latter there is no limit."""

    def __init__(self, clock: Clock, *, per_second: float, burst: int) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst if per_second else UNLIMITED
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._second = -1
        self._full: dict[str, str] = {}

    @property
    def counts(self) -> bool:
        """Whether there is a limit."""
        return self._per_second > 0

    def full(self) -> dict[str, str]:
        """How it stands for somebody who has used nothing, or is not known. Only where requests are counted is it
        the caller's to change."""
        second = int(self._clock.now())
        if second != self._second:
            self._second = second
            self._full = _standing(self._burst, self._burst, second)
        return dict(self._full) if self.counts else self._full

    def take(self, tenant: str, caller: str) -> Standing:
        """Use a token up, and say how it stands. Raises ``RateLimited`` where there is none."""
        now, bucket = self._clock.now(), self._bucket(tenant, caller)
        bucket.tokens = min(self._burst, bucket.tokens + max(0.0, now - bucket.at) * self._per_second)
        bucket.at = now
        if bucket.tokens < 1.0:
            wait = (1.0 - bucket.tokens) / self._per_second
            first, bucket.refused = not bucket.refused, True
            standing = _standing(self._burst, 0, ceil(now + wait))
            raise RateLimited({**standing, "retry-after": str(ceil(wait))}, first=first)
        bucket.tokens -= 1.0
        bucket.refused = False
        return _standing(self._burst, int(bucket.tokens), ceil(now + 1.0 / self._per_second))

    def _bucket(self, tenant: str, caller: str) -> Bucket:
        bucket = self._buckets.get((tenant, caller))
        if bucket is None:
            if len(self._buckets) >= MANY:
                self._forget()
            bucket = self._buckets[tenant, caller] = Bucket(float(self._burst), self._clock.now())
        return bucket

    def _forget(self) -> None:
        """A bucket that is full again is as good as none."""
        since = self._clock.now() - self._burst / self._per_second
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket.at > since}


def _standing(limit: int, remaining: int, reset: int) -> dict[str, str]:
    """``reset`` is when tokens are added, in UNIX seconds."""
    return {LIMIT: str(limit), REMAINING: str(remaining), RESET: str(reset)}
