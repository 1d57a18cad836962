"""Against guessing: how many wrong passwords are one too many, and whose."""

from __future__ import annotations

from msgspec import Struct

from doorward.model.allowlist import is_listed
from doorward.model.counter import Counter
from doorward.model.identifiers import attempt_address, attempt_key

SETTINGS_ID = "attack-protection/brute-force-protection"
PER_ADDRESS, PER_IDENTIFIER = "count_per_identifier_and_ip", "count_per_identifier"
ANY_ADDRESS = ""
WINDOW = 30 * 24 * 3600.0  # seconds without a failure after which all is forgotten


class BruteForce(Struct, frozen=True, kw_only=True):
    """The settings of ``GET /api/v2/attack-protection/brute-force-protection``.

    ``allowlist`` holds addresses and networks from which nothing is counted. Without the shield ``block`` what is found
    is logged, and told the owner where there is the shield for that, and nothing else.
    """

    enabled: bool = True
    shields: tuple[str, ...] = ("block", "user_notification")
    mode: str = PER_ADDRESS
    allowlist: tuple[str, ...] = ()
    max_attempts: int = 10

    @property
    def blocks(self) -> bool:
        return self.enabled and "block" in self.shields

    def watches(self, ip: str) -> bool:
        """Whether failures from this address count."""
        return self.enabled and not is_listed(ip, self.allowlist)

    def is_reached(self, counter: Counter, at: float) -> bool:
        """Whether there were as many failures as block."""
        return counter.failures >= self.max_attempts and counter.last_at >= at - WINDOW

    def key(self, connection: str, identifier: str, ip: str) -> str:
        """The counter of a failure."""
        return attempt_key(connection, identifier, ip if self.mode == PER_ADDRESS else ANY_ADDRESS)

    def counts(self, key: str) -> bool:
        """Whether this is a counter of the kind that is used."""
        return (attempt_address(key) == ANY_ADDRESS) is (self.mode == PER_IDENTIFIER)
