"""Which addresses a request may go to that somebody else chose: those of the public internet, checked after the
name was resolved and connected to as they were checked."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from doorward.ports import Unreachable

# Public by their number, and yet not: what clouds tell their machines, and IPv4 addresses in the clothes of IPv6.
REFUSED = tuple(
    ip_network(network)
    for network in ("168.63.129.16/32", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether this is a host of the public internet, by the registries of RFC 6890."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in REFUSED if network.version == address.version)


async def checked(host: str, port: int, *, loopback: bool = False, public: bool = True) -> list[str]:
    """The addresses of ``host``, every one of them ``public``, or, if it may be, of this machine (``loopback``).

    Raises ``Unreachable``.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(f"{host} is not known") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        parsed = ip_address(address.partition("%")[0])
        if not ((public and is_public(parsed)) or (loopback and parsed.is_loopback)):
            raise Unreachable(f"{host} is {address}, which is no address of the public internet")
    return addresses
