"""Who really asks: what a proxy of ours says of its caller, and nobody else may say.

Only a peer whose address is a configured proxy is believed. ``X-Forwarded-For`` is read from the right:
the first address that is no proxy of ours is the caller, whatever stands further left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

REMEMBERED_PEERS = 1024
_WITH_PORT = re.compile(r"([0-9.]+):[0-9]{1,5}|\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")


class BadHead(Exception):
    """A request head that cannot be trusted; answered with 400."""


class Forwarded:
    """Reads the headers of trusted proxies. ``unix_socket`` trusts a peer without an address."""

    def __init__(self, proxies: Sequence[Network] = (), *, unix_socket: bool = False) -> None:
        self._proxies = tuple(proxies)
        self._unix_socket = unix_socket
        self._known: dict[str, bool] = {}

    def read(self, peer: str, headers: dict[str, str]) -> tuple[str, bool]:
        """The caller's address, and whether it came over plain HTTP by a proxy's word.

        ``peer`` is the address the connection comes from, empty for a Unix socket. From a proxy, ``host``
        in ``headers`` becomes what ``X-Forwarded-Host`` says. Raises ``BadHead`` for what cannot be read.
        """
        if not (self._proxies or self._unix_socket) or not self._is_proxy(peer):
            return peer, False
        host = headers.get("x-forwarded-host")
        if host is not None:
            headers["host"] = host.strip()
        proto = headers.get("x-forwarded-proto", "https").strip().lower()
        if proto not in ("http", "https"):
            raise BadHead("X-Forwarded-Proto has to be http or https")
        address = peer
        for entry in reversed(headers.get("x-forwarded-for", "").split(",")):
            if not entry.strip():
                continue
            address = _address(entry.strip())
            if not self._trusts(address):
                break
        return address, proto == "http"

    def _is_proxy(self, peer: str) -> bool:
        if not peer:
            return self._unix_socket
        known = self._known.get(peer)
        if known is None:
            known = self._trusts(_address(peer))
            if len(self._known) >= REMEMBERED_PEERS:
                self._known.clear()
            self._known[peer] = known
        return known

    def _trusts(self, address: str) -> bool:
        parsed = ip_address(address)
        return any(parsed.version == network.version and parsed in network for network in self._proxies)


def _address(text: str) -> str:
    """An IP address as it is usually written: without a port, IPv4 inside IPv6 unwrapped."""
    match = _WITH_PORT.fullmatch(text)
    if match is not None:
        text = match[1] or match[2]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        raise BadHead("X-Forwarded-For holds something that is no address") from None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
