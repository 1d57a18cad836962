"""Running an import: the file is read twice, first to know that it is whole, then row by row into the database.

Rows are written some at a time, each time with the state of the job: what its summary says has happened, and
nothing else has, whatever ends the process in between. Everybody an import writes bears the same moment; that is
how a second row of the same person is told from one who was there before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from doorward.management.kit.schema import Unfit
from doorward.management.users_import.imported_user import ImportedUser, failed, read_user, unfit, updated
from doorward.management.users_import.rows import MalformedFile, read_rows
from doorward.model.connection import Connection
from doorward.model.job import (
    COMPLETED,
    FAILED,
    PENDING,
    ChangedUser,
    ImportBatch,
    Job,
    JobError,
    KnownUser,
    NewUser,
    Summary,
)
from doorward.model.log_event import LogEvent
from doorward.ports import Conflict, Ports, Spool, StorageUnavailable

# Rows written in one transaction, and how much text of them.
BATCH = 100
BATCH_SIZE = 256 * 1024
COUNTED_AT_A_TIME = 500
ALIVE_SECONDS = 60.0
# Errors are told in one answer: past so many bytes they are only counted.
MAX_ERROR_BYTES = 16 * 1024 * 1024
RETRIES = 5
# How long a database that does not answer is left alone.
RECOVERY_SECONDS = 2.0
TAKEN = {"email": "CONFLICT_EMAIL", "username": "CONFLICT_USERNAME"}
GONE = "The connection does not exist."
UNREADABLE = "Failed to parse users file JSON when importing users. Make sure it is valid JSON."


class Interrupted(Exception):
    """Somebody else declared the job dead."""


class Homeless(Exception):
    """The connection was deleted, and everybody in it."""


class UsersImport:
    """One import, of ``users`` into ``connection``; ``run`` closes the file."""

    def __init__(
        self, ports: Ports, tenant: str, job: Job, connection: Connection, users: Spool, *, done: Sequence[LogEvent]
    ) -> None:
        self._ports = ports
        self._tenant = tenant
        self._job = job
        self._connection = connection
        self._users = users
        self._upsert = job.asked.get("upsert") is True
        self._done = done
        self._total = 0
        # As object ids are: the time, chance, and a counter. New rows then go to the end of most indexes.
        self._ids = f"{int(job.created_at):08x}{ports.entropy.hexadecimal(10)}"
        self._has_lost_errors = False

    async def run(self) -> None:
        why = "The import was interrupted"
        try:
            await self._import()
        except MalformedFile:
            why = UNREADABLE
        except StorageUnavailable:
            why = "The database was not available"
        except Homeless:
            why = GONE
        except Interrupted:
            self._job = msgspec.structs.replace(self._job, status=FAILED)
        finally:
            self._users.close()
            if self._job.status == PENDING:
                # Not the state that is known here: an interrupted write may have taken place.
                await self._ports.jobs.fail(self._tenant, self._job.id, why, events=self._done)

    async def _import(self) -> None:
        await self._count()
        position = 0
        for batch in _batches(read_rows(self._users.pieces())):
            await self._write([self._read(position + index, given) for index, given in enumerate(batch)])
            position += len(batch)
            await self._ports.background.pause()
        await self._complete()

    async def _count(self) -> None:
        """How many rows there are; a file that is malformed anywhere is not imported at all."""
        rows = read_rows(self._users.pieces())
        while some := sum(1 for _ in islice(rows, COUNTED_AT_A_TIME)):
            self._total += some
            if self._ports.clock.now() > self._job.alive_until - ALIVE_SECONDS / 2:
                await self._advance(self._alive(self._job))
            await self._ports.background.pause()

    def _read(self, position: int, given: object) -> ImportedUser | JobError:
        try:
            id_ = f"{self._ids}{position:06x}"
            return read_user(given, position, self._connection, self._job.created_at, id_, self._ports.entropy)
        except Unfit as error:
            return unfit(position, given, error)

    async def _write(self, rows: Sequence[ImportedUser | JobError]) -> None:
        named: dict[str, list[str]] = {}
        for row in rows:
            if isinstance(row, ImportedUser):
                for field, value in row.named.items():
                    named.setdefault(field, []).append(value)
        for _ in range(RETRIES):
            try:
                job = await self._ports.jobs.import_users(
                    self._tenant, self._job, self._connection, named, lambda known: self._decide(rows, known)
                )
            except Conflict as lost:
                if lost.field == "connection":
                    raise Homeless from None
                continue
            except StorageUnavailable:
                await self._ports.background.pause(RECOVERY_SECONDS)
                if await self._has_written():
                    return None
                if len(rows) == 1:
                    continue
                half = len(rows) // 2  # so many rows may have taken longer than a statement may
                await self._write(rows[:half])
                return await self._write(rows[half:])
            if job is None:
                raise Interrupted
            self._job = job
            return None
        raise StorageUnavailable("the rows could not be written")

    async def _has_written(self) -> bool:
        """Whether the write whose answer was lost took place after all."""
        try:
            found = await self._ports.jobs.find(self._tenant, self._job.id, at=self._job.created_at)
        except StorageUnavailable:
            return False
        if found is None or found.summary is None or found.summary.total == (self._job.summary or Summary()).total:
            return False
        self._job = found
        return True

    def _decide(self, rows: Sequence[ImportedUser | JobError], known: Sequence[KnownUser]) -> ImportBatch:
        """What becomes of some rows, now that it is known who is there."""
        there = {(one.field, one.value): one for one in known}
        before: set[tuple[str, str]] = set()
        new: list[NewUser] = []
        changed: list[ChangedUser] = []
        errors: list[JobError] = []
        for row in rows:
            if isinstance(row, JobError):
                errors.append(row)
                continue
            outcome = self._outcome(row, there, before)
            before |= row.named.items()
            if isinstance(outcome, JobError):
                errors.append(outcome)
            elif isinstance(outcome, ChangedUser):
                changed.append(outcome)
            else:
                new.append(outcome)
        kept = list(_fitting(errors, MAX_ERROR_BYTES - self._job.error_bytes))
        self._has_lost_errors |= len(kept) < len(errors)
        job = self._next(len(new), len(changed), len(errors), self._job.error_bytes + sum(map(_size, kept)))
        return ImportBatch(job=job, new=new, changed=changed, errors=kept)

    def _outcome(
        self, row: ImportedUser, there: dict[tuple[str, str], KnownUser], before: set[tuple[str, str]]
    ) -> NewUser | ChangedUser | JobError:
        found = {field: there[field, value] for field, value in row.named.items() if (field, value) in there}
        given_twice = [field for field, value in row.named.items() if (field, value) in before]
        given_twice += [field for field, one in found.items() if one.user.updated_at == self._job.created_at]
        if given_twice:
            message = f"A user with this {given_twice[0]} was already provided."
            return failed(row.position, row.given, "DUPLICATED_USER", message)
        if not found:
            return NewUser(user=row.user, identifiers=row.identifiers, password=row.password, methods=row.methods)
        if not self._upsert:
            message = "The user already exist and upsert parameter is false"
            return failed(row.position, row.given, "DUPLICATED_USER", message)
        by_email = found.get("email")
        others = [
            field for field, one in found.items() if by_email is None or one.user.user_id != by_email.user.user_id
        ]
        if by_email is None or others:
            field = others[0]
            code = TAKEN.get(field, "CONFLICT")
            return failed(row.position, row.given, code, f"The {field} is in use by another user", field)
        user = by_email.user
        if user.primary_identity[1] != by_email.identity_id:
            return failed(row.position, row.given, "CONFLICT", "The user is linked to another one", "email")
        password = row.password if "custom_password_hash" in row.given and user.last_login is None else None
        return ChangedUser(user=updated(user, row), password=password)

    # ── the state of the job ──

    def _next(self, inserted: int, updated: int, failed: int, error_bytes: int) -> Job:
        before = self._job.summary or Summary()
        summary = Summary(
            inserted=before.inserted + inserted, updated=before.updated + updated, failed=before.failed + failed
        )
        done, now = summary.total, self._ports.clock.now()
        left = (now - self._job.created_at) / done * (self._total - done)
        return msgspec.structs.replace(
            self._alive(self._job),
            summary=summary,
            percentage_done=100 * done // self._total,
            time_left_seconds=max(0, round(left)),
            error_bytes=error_bytes,
        )

    def _alive(self, job: Job) -> Job:
        return msgspec.structs.replace(job, alive_until=self._ports.clock.now() + ALIVE_SECONDS)

    async def _advance(self, job: Job, events: Sequence[LogEvent] = ()) -> None:
        if not await self._ports.jobs.advance(self._tenant, job, events=events):
            raise Interrupted
        self._job = job

    async def _complete(self) -> None:
        completed = msgspec.structs.replace(
            self._job,
            status=COMPLETED,
            percentage_done=100,
            time_left_seconds=None,
            status_details="There were too many errors to keep them all" if self._has_lost_errors else None,
        )
        await self._advance(completed, self._done)


def _batches(rows: Iterator[tuple[object, int]]) -> Iterator[list[object]]:
    batch: list[object] = []
    size = 0
    for given, length in rows:
        batch.append(given)
        size += length
        if len(batch) >= BATCH or size >= BATCH_SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _size(error: JobError) -> int:
    return len(msgspec.json.encode(error))


def _fitting(errors: Sequence[JobError], room: int) -> Iterator[JobError]:
    """As many of the errors as there is room for, in bytes."""
    for error in errors:
        room -= _size(error)
        if room < 0:
            return
        yield error
