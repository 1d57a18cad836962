"""Addresses that attack protection leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network


def is_listed(ip: str, allowlist: Sequence[str]) -> bool:
    """Whether ``ip`` is one of these addresses, or within one of these networks (CIDR)."""
    if not allowlist:
        return False
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    return any(address in ip_network(allowed, strict=False) for allowed in allowlist)
