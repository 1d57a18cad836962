"""Suspicious IP throttling: an address has so many attempts, and then one now and again."""

from __future__ import annotations

from doorward.model.directory import TenantDirectory
from doorward.model.suspicious_ip import IpStage
from doorward.ports import Attempts


async def takes_attempt(attempts: Attempts, directory: TenantDirectory, stage: IpStage, ip: str, *, at: float) -> bool:
    """Take one of the attempts an address has. ``False`` where none is left; what follows of that is up to
    ``SuspiciousIp.blocks``."""
    settings = directory.suspicious_ip
    if not settings.watches(ip):
        return True
    throttle = settings.throttle(stage)
    return await attempts.admit(
        directory.tenant.id, stage.key(ip), at=at, interval=throttle.interval, burst=throttle.max_attempts
    )
