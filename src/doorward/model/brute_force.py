"""Against guessing: how many wrong passwords are one too many, and whose."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from msgspec import Struct

from doorward.model.identifiers import attempt_address, attempt_key

SETTINGS_ID = "attack-protection/brute-force-protection"
PER_ADDRESS, PER_IDENTIFIER = "count_per_identifier_and_ip", "count_per_identifier"
ANY_ADDRESS = ""


class BruteForce(Struct, frozen=True, kw_only=True):
    """The settings of ``GET /api/v2/attack-protection/brute-force-protection``.

    ``allowlist`` holds addresses and networks from which nothing is counted.
    """

    enabled: bool = True
    shields: tuple[str, ...] = ("block", "user_notification")
    mode: str = PER_ADDRESS
    allowlist: tuple[str, ...] = ()
    max_attempts: int = 10

    @property
    def blocks(self) -> bool:
        return self.enabled and "block" in self.shields

    def guards(self, ip: str) -> bool:
        """Whether failures from this address count."""
        return self.blocks and not (self.allowlist and self._allows(ip))

    def _allows(self, ip: str) -> bool:
        try:
            address = ip_address(ip.partition("%")[0])
        except ValueError:
            return False
        return any(address in ip_network(allowed, strict=False) for allowed in self.allowlist)

    def key(self, connection: str, identifier: str, ip: str) -> str:
        """The counter of a failure."""
        return attempt_key(connection, identifier, ip if self.mode == PER_ADDRESS else ANY_ADDRESS)

    def counts(self, key: str) -> bool:
        """Whether this is a counter of the kind that is used."""
        return (attempt_address(key) == ANY_ADDRESS) is (self.mode == PER_IDENTIFIER)
