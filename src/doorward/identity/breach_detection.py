"""Passwords that leaked elsewhere: looked for where the tenant wants it, and told of once an hour."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from doorward.identity.administrators import Administrators
from doorward.model.breached_passwords import Stage
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.log_event import LogEvent
from doorward.ports import BreachedPasswords, Clock, Log, OneTimeValues

# Whatever begins like this counts as leaked, so that the settings can be tried.
TRIAL = "AUTH0-TEST-"
EVERY = 3600.0
EVENTS = {Stage.SIGNUP: "signup_pwd_leak", Stage.LOGIN: "pwd_leak", Stage.CHANGE: "reset_pwd_leak"}


class Leak(Struct, frozen=True):
    """A password that leaked: whether it is refused, and whether this is the first time within an hour."""

    refused: bool
    first: bool


class BreachDetection:
    """Asks about passwords, for those tenants that want to know."""

    def __init__(
        self,
        clock: Clock,
        log: Log,
        one_time_values: OneTimeValues,
        breached: BreachedPasswords,
        administrators: Administrators,
    ) -> None:
        self._clock = clock
        self._administrators = administrators
        self._log = log
        self._one_time_values = one_time_values
        self._breached = breached

    async def leak(self, directory: TenantDirectory, stage: Stage, password: str, event: LogEvent) -> Leak | None:
        """What is known of this password, if anything is. ``event`` says whose it is; it is logged as that of the
        stage, for one person at most once an hour."""
        settings, tenant = directory.breached_passwords, directory.tenant.id
        if not settings.enabled:
            return None
        if not (password.startswith(TRIAL) or await self._breached.is_breached(password)):
            return None
        type_ = EVENTS[stage]
        now = self._clock.now()
        whose = digest(f"{type_} {event.user_id or event.user_name} {event.connection}")
        first = await self._one_time_values.use(tenant, whose, at=now, expires_at=now + EVERY)
        if first:
            self._log.write(tenant, msgspec.structs.replace(event, type=type_, description=""))
            await self._administrators.leaked(directory, stage, event)
        return Leak(refused=settings.blocks(stage), first=first)
