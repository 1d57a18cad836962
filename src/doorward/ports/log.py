"""What happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from doorward.model.log_event import LogEvent
from doorward.model.search import EVERYTHING, Search, Sort


class Log(Protocol):
    def write(self, tenant: str, event: LogEvent) -> None:
        """Collect an event of an answer that writes nothing else; stored within a second."""

    async def flush(self) -> None: ...

    async def page(
        self,
        tenant: str,
        *,
        offset: int,
        limit: int,
        count: int = 1000,
        after: str | None = None,
        where: Search = EVERYTHING,
        sort: Sort | None = None,
        newest_first: bool = True,
    ) -> tuple[list[LogEvent], int]:
        """Events by ``log_id``, or by ``sort`` first, and how many there are, counted up to ``count``; ``after`` is a
        checkpoint (oldest first; where others write to the same log, up to where nobody can still be
        writing something earlier). ``where`` and ``sort`` know the fields of an event but ``details``. Raises
        ``TooCostly``."""

    async def find(self, tenant: str, log_id: str) -> LogEvent | None: ...

    async def daily(self, tenant: str, first: str, last: str) -> Mapping[str, Mapping[str, int]]:
        """Of the days (``YYYYMMDD``, UTC) from ``first`` to ``last`` on which any of them happened, how often each
        of the ``COUNTED`` did; also of days whose events are gone. Raises ``TooCostly``."""
