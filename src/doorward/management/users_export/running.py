"""Running an export: users in order of creation, some at a time, into a compressed file."""

from __future__ import annotations

import msgspec

from doorward.management.users_export.content import as_lines, as_rows, csv_head
from doorward.model.job import COMPLETED, FAILED, Job
from doorward.ports import Ports, StorageUnavailable

AT_A_TIME = 200
ALIVE_SECONDS = 60.0


class UsersExport:
    """One export into the file that bears the id of its job."""

    def __init__(self, ports: Ports, tenant: str, job: Job) -> None:
        self._ports = ports
        self._tenant = tenant
        self._job = job

    async def run(self) -> None:
        status, details = FAILED, "The export was interrupted"
        try:
            if not await self._write():
                return
            status, details = COMPLETED, ""
        except StorageUnavailable:
            details = "The database or the disk was not available"
        finally:
            ended = msgspec.structs.replace(
                self._job,
                status=status,
                status_details=details or None,
                percentage_done=100 if status == COMPLETED else self._job.percentage_done,
                time_left_seconds=None,
            )
            await self._ports.jobs.advance(self._tenant, ended)

    async def _write(self) -> bool:
        """``False`` when somebody else declared the job dead."""
        asked = self._job.asked
        fields, is_csv = asked.get("fields", []), asked["format"] == "csv"
        connection, users = asked.get("connection"), self._ports.users
        total = await users.count(self._tenant, connection=connection)
        total = wanted = min(total, asked.get("limit", total))
        file = self._ports.files.export(self._job.id)
        try:
            if is_csv:
                await file.write(csv_head(fields))
            after = None
            while wanted > 0:
                found, after = await users.walk(
                    self._tenant, after=after, limit=min(AT_A_TIME, wanted), connection=connection
                )
                if not found:
                    break
                await file.write(as_rows(found, fields) if is_csv else as_lines(found, fields))
                wanted -= len(found)
                if not await self._advance(total - wanted, total):
                    return False
            await file.finish()
        finally:
            file.discard()
        return True

    async def _advance(self, done: int, total: int) -> bool:
        """A sign of life every half minute is enough: nobody could read the progress of every page."""
        now = self._ports.clock.now()
        self._job = msgspec.structs.replace(
            self._job,
            percentage_done=100 * done // total,
            time_left_seconds=round((now - self._job.created_at) / done * (total - done)),
        )
        await self._ports.background.pause()
        if done < total and now < self._job.alive_until - ALIVE_SECONDS + 1:
            return True
        self._job = msgspec.structs.replace(self._job, alive_until=now + ALIVE_SECONDS)
        return await self._ports.jobs.advance(self._tenant, self._job)
