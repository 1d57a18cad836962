"""Work that goes on after an answer, and the files it reads and writes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Protocol

from doorward.model.connection import Connection
from doorward.model.job import ImportBatch, Job, JobError, KnownUser
from doorward.model.log_event import LogEvent


class Jobs(Protocol):
    async def create(self, tenant: str, job: Job, *, at_most: int | None = None, events: Sequence[LogEvent]) -> bool:
        """Store a new job. ``False``, and nothing written, when ``at_most`` of its type are under way already."""

    async def find(self, tenant: str, job_id: str, *, at: float) -> Job | None:
        """The job as it is at ``at``: a pending one without a sign of life is failed from now on."""

    async def errors(self, tenant: str, job_id: str) -> list[JobError]:
        """The rows that failed, in the order of the file."""

    async def fail(self, tenant: str, job_id: str, details: str, *, events: Sequence[LogEvent] = ()) -> bool:
        """End a pending job as failed, with what it has come to so far, whoever wrote that; ``False`` when it is not
        pending any more."""

    async def advance(self, tenant: str, job: Job, *, events: Sequence[LogEvent] = ()) -> bool:
        """Write the next state of a pending job; ``False``, and nothing written, when it is not pending any more."""

    async def import_users(
        self,
        tenant: str,
        job: Job,
        connection: Connection,
        identifiers: Mapping[str, Sequence[str]],
        decide: Callable[[Sequence[KnownUser]], ImportBatch],
    ) -> Job | None:
        """Write some rows of an import and the state of its job in one transaction.

        ``identifiers`` are what the rows name, normalised, by the ``field`` of ``KnownUser``. ``decide`` is told
        who has one of them, and says what is to be written; it may be asked again. The new state of the job, or
        ``None``, and nothing written, when it is not pending any more. Raises ``Conflict`` when somebody was changed
        meanwhile (``revision``), or the connection is gone (``connection``).
        """


class Background(Protocol):
    """What happens beside the requests, in the same process."""

    async def start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Begin ``work``; return when it is done, or after a moment while it goes on. It is cancelled when the
        server stops and it does not end by itself within a few seconds."""

    async def pause(self, seconds: float = 0) -> None:
        """Let the requests have their turn, for so long at least."""


class Spool(Protocol):
    """A temporary file without a name: written from the beginning, then read from the beginning.

    ``write`` raises ``StorageUnavailable`` when the disk is full. It is gone when it is closed, or the process ends.
    """

    @property
    def size(self) -> int: ...

    def write(self, data: bytes) -> None: ...

    def pieces(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class FileBody(Protocol):
    """The content of a file, to be handed out piece by piece."""

    @property
    def size(self) -> int: ...

    def pieces(self) -> AsyncIterator[bytes]: ...

    def close(self) -> None: ...


class ExportFile(Protocol):
    """A compressed file (gzip) in the making; nobody finds it before it is finished."""

    async def write(self, data: bytes) -> None: ...

    async def finish(self) -> None: ...

    def discard(self) -> None:
        """Throw away what was written, unless it is finished."""


class Files(Protocol):
    """The files of jobs. What was exported is kept for a day."""

    def spool(self) -> Spool: ...

    def export(self, name: str) -> ExportFile: ...

    def open(self, name: str) -> FileBody | None: ...
