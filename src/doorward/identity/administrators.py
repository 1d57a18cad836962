"""Whoever looks after a tenant hears of attacks on it, where the settings of attack protection say so.

A tenant has no owner with a mailbox of its own here: its administrators are reached at its ``support_email``, and
without one nobody is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from doorward.model.breached_passwords import Stage
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import address_key
from doorward.model.log_event import LogEvent
from doorward.model.message import Message
from doorward.model.suspicious_ip import IpStage
from doorward.ports import Clock, Directory, Log, OneTimeValues, Outbox, TooCostly, UnknownTenant

SUSPICIOUS_IP, LEAKED, LEAKED_COUNT = "admin_suspicious_ip", "admin_leaked_password", "admin_leaked_passwords"
EVERY = 3600.0
REMEMBERED = 40 * 24 * 3600.0
TRYING = {IpStage.LOGIN: "log in", IpStage.SIGNUP: "sign up", IpStage.TOKEN_EXCHANGE: "exchange tokens"}
DID = {Stage.LOGIN: "logged in", Stage.SIGNUP: "signed up", Stage.CHANGE: "chose a new password"}


class Administrators:
    """Writes to them."""

    def __init__(
        self, clock: Clock, directory: Directory, log: Log, outbox: Outbox, one_time_values: OneTimeValues
    ) -> None:
        self._clock = clock
        self._directory = directory
        self._log = log
        self._outbox = outbox
        self._one_time_values = one_time_values

    async def throttled(self, directory: TenantDirectory, stage: IpStage, event: LogEvent) -> None:
        """An address has no attempt left: log the ``event``, and tell, of one address once an hour."""
        tenant, ip = directory.tenant.id, event.ip or ""
        self._log.write(tenant, event)
        if "admin_notification" not in directory.suspicious_ip.shields or not directory.settings.support_email:
            return
        if await self._first(tenant, f"{SUSPICIOUS_IP} {address_key(stage.value, ip)}", EVERY):
            await self._tell(directory, SUSPICIOUS_IP, ip=ip, doing=TRYING[stage])

    async def leaked(self, directory: TenantDirectory, stage: Stage, event: LogEvent) -> None:
        """Somebody used a password that leaked; the ``event`` says who. Told at once where that is wanted."""
        if directory.breached_passwords.tells_administrators(stage, "immediately"):
            await self._tell(directory, LEAKED, account=event.user_name or event.user_id, did=DID[stage])

    async def count_leaks(self, at: float) -> None:
        """Tell how many leaked passwords were used in a day, a week, a month that is over at ``at`` (epoch seconds);
        of each once."""
        today = datetime.fromtimestamp(at, UTC).date()
        for tenant in self._directory.tenants():
            try:
                directory = self._directory.tenant(tenant.id)
            except UnknownTenant:
                continue
            for frequency, first, last in _periods(today):
                wanted = any(directory.breached_passwords.tells_administrators(stage, frequency) for stage in Stage)
                if wanted:
                    await self._tell_count(directory, frequency, first, last)

    async def _tell_count(self, directory: TenantDirectory, frequency: str, first: date, last: date) -> None:
        tenant, what = directory.tenant.id, f"{LEAKED_COUNT} {frequency} {first}"
        if await self._one_time_values.used(tenant, digest(what), at=self._clock.now()):
            return
        try:
            days = await self._log.daily(tenant, f"{first:%Y%m%d}", f"{last:%Y%m%d}")
        except TooCostly:
            return  # it is tried again
        count = sum(day["leaked_passwords"] for day in days.values())
        if await self._first(tenant, what, REMEMBERED) and count:
            await self._tell(directory, LEAKED_COUNT, count=count, first=f"{first}", last=f"{last}")

    async def _tell(self, directory: TenantDirectory, template: str, **values: object) -> None:
        to = directory.settings.support_email
        if to:
            message = Message(template=template, to=to, values=values)
            await self._outbox.put(directory.tenant.id, (message,))

    async def _first(self, tenant: str, what: str, seconds: float) -> bool:
        now, once = self._clock.now(), digest(what)
        if await self._one_time_values.used(tenant, once, at=now):
            return False  # the common case under attack, which writes nothing
        return await self._one_time_values.use(tenant, once, at=now, expires_at=now + seconds)


def _periods(today: date) -> Iterator[tuple[str, date, date]]:
    """The last day, week (from Monday) and month that are over: their first and last days."""
    day = timedelta(days=1)
    yield "daily", today - day, today - day
    monday = today - today.weekday() * day
    yield "weekly", monday - 7 * day, monday - day
    end = today.replace(day=1) - day
    yield "monthly", end.replace(day=1), end
