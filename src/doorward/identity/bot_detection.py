"""Bot detection: remembers what addresses do, and says who has to solve a challenge first."""

from __future__ import annotations

import msgspec

from doorward.identity.risk import Signals, risk
from doorward.model.bot_detection import Flow, Policy, Risk
from doorward.model.counter import Counter
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import address_key, identifier_key
from doorward.model.log_event import LogEvent
from doorward.ports import Attempts, Clock, Log

HOUR, MONTH = 3600.0, 30 * 24 * 3600.0
# One person: so many attempts at once, and one each so many seconds.
BURST, INTERVAL = 20, 3.0
FAILED, PACE, KNOWN = "bot-failed", "bot-pace", "bot-known"


class BotDetector:
    """Judges attempts by what came before them. Where a tenant's settings never weigh risk, nothing is remembered."""

    def __init__(self, clock: Clock, attempts: Attempts, log: Log) -> None:
        self._clock = clock
        self._attempts = attempts
        self._log = log

    async def challenges(self, directory: TenantDirectory, flow: Flow, identifier: str, ip: str) -> bool:
        """Whether somebody who is about to try has to solve a challenge."""
        settings = directory.bot_detection
        policy = settings.policy(flow)
        if settings.monitoring_mode_enabled or policy is Policy.NEVER or settings.exempts(ip):
            return False
        return policy is Policy.ALWAYS or (
            await self._risk(directory, identifier, ip) >= settings.bot_detection_level.least_risk
        )

    async def judge(self, directory: TenantDirectory, flow: Flow, event: LogEvent) -> bool:
        """The same about somebody who tries now, who and where the ``event`` says: it goes to the log as a pre-login
        assessment."""
        settings = directory.bot_detection
        policy, ip = settings.policy(flow), event.ip or ""
        if (policy is Policy.NEVER and not settings.monitoring_mode_enabled) or settings.exempts(ip):
            return False
        found = await self._risk(directory, event.user_name or "", ip)
        risky = found >= settings.bot_detection_level.least_risk
        challenges = not settings.monitoring_mode_enabled and (risky or policy is Policy.ALWAYS)
        details = {"risk": found.name.lower(), "risky": risky, "challenged": challenges}
        self._log.write(directory.tenant.id, msgspec.structs.replace(event, type="pla", details=details))
        return challenges

    async def attempted(
        self, directory: TenantDirectory, identifier: str, ip: str, *, succeeded: bool | None = None
    ) -> None:
        """Remember an attempt; ``succeeded`` is ``None`` where it says nothing of who somebody is."""
        settings, tenant, at = directory.bot_detection, directory.tenant.id, self._clock.now()
        if not settings.weighs_risk or settings.exempts(ip):
            return
        await self._attempts.admit(tenant, address_key(PACE, ip), at=at, interval=INTERVAL, burst=BURST)
        if succeeded:
            await self._attempts.fail(tenant, address_key(KNOWN, ip), at=at, window=MONTH)
        elif succeeded is not None:
            for key in (address_key(FAILED, ip), identifier_key(FAILED, identifier)):
                await self._attempts.fail(tenant, key, at=at, window=HOUR)

    async def _risk(self, directory: TenantDirectory, identifier: str, ip: str) -> Risk:
        at = self._clock.now()
        address, named = address_key(FAILED, ip), identifier_key(FAILED, identifier)
        pace, known = address_key(PACE, ip), address_key(KNOWN, ip)
        counters = await self._attempts.look(directory.tenant.id, (address, named, pace, known))

        def lately(key: str, window: float) -> int:
            counter = counters.get(key, Counter())
            return counter.failures if counter.last_at >= at - window else 0

        return risk(
            Signals(
                failures_of_address=lately(address, HOUR),
                failures_of_identifier=lately(named, HOUR),
                hurried=counters.get(pace, Counter()).last_at > at + (BURST - 1) * INTERVAL,
                new=not lately(known, MONTH),
            )
        )
