"""Against whoever tries many accounts from one address: how many attempts it has, and how fast they come back."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from doorward.model.allowlist import is_listed
from doorward.model.counter import Counter
from doorward.model.identifiers import address_key

SETTINGS_ID = "attack-protection/suspicious-ip-throttling"


class IpStage(StrEnum):
    """What is attempted. Each is counted apart: an address that may not log in any more may still sign up."""

    LOGIN = "pre-login"
    SIGNUP = "pre-user-registration"
    TOKEN_EXCHANGE = "pre-custom-token-exchange"

    def key(self, ip: str) -> str:
        """The counter of an address; of IPv6, of the whole /64 a subscriber has."""
        return address_key(self.value, ip)


class Throttle(Struct, frozen=True):
    """So many attempts at once, and another one every ``rate`` milliseconds."""

    max_attempts: int
    rate: int

    @property
    def interval(self) -> float:
        """Seconds until there is another attempt."""
        return self.rate / 1000

    def is_exhausted(self, counter: Counter, at: float) -> bool:
        """Whether an address has no attempt left; ``counter`` is what ``ports.Attempts.admit`` keeps."""
        return counter.last_at > at + (self.max_attempts - 1) * self.interval


DEFAULTS = {
    IpStage.LOGIN.value: Throttle(max_attempts=100, rate=864_000),
    IpStage.SIGNUP.value: Throttle(max_attempts=50, rate=1_200),
    IpStage.TOKEN_EXCHANGE.value: Throttle(max_attempts=10, rate=600_000),
}


class SuspiciousIp(Struct, frozen=True, kw_only=True):
    """The settings of ``GET /api/v2/attack-protection/suspicious-ip-throttling``.

    Without the shield ``block`` what is found is logged and nothing else. Addresses and networks of the
    ``allowlist`` are neither counted nor logged.
    """

    enabled: bool = True
    shields: tuple[str, ...] = ("admin_notification", "block")
    allowlist: tuple[str, ...] = ()
    stage: dict[str, Throttle] = field(default_factory=DEFAULTS.copy)

    @property
    def blocks(self) -> bool:
        return self.enabled and "block" in self.shields

    def watches(self, ip: str) -> bool:
        """Whether what this address does is counted."""
        return self.enabled and not is_listed(ip, self.allowlist)

    def keys(self, stage: IpStage, ip: str) -> tuple[str, ...]:
        """The counter that says whether an address is blocked; none where it never is."""
        return (stage.key(ip),) if self.blocks and self.watches(ip) else ()

    def is_blocked(self, stage: IpStage, counters: Mapping[str, Counter], ip: str, at: float) -> bool:
        """Whether an address is to wait; ``counters`` has its own, if there is one."""
        throttle = self.throttle(stage)
        return any(throttle.is_exhausted(counters[key], at) for key in self.keys(stage, ip) if key in counters)

    def throttle(self, stage: IpStage) -> Throttle:
        return self.stage.get(stage.value) or DEFAULTS[stage.value]
