"""HTTP to where somebody else said: ``ports.HttpOut``.

The connection goes to the address that was checked, under the name that was asked for, so a name that resolves to
another address a moment later changes nothing. There are no redirects, no cookies and no proxy to follow.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

from doorward.ports import HttpAnswer, Unreachable

PORTS = frozenset({443, 8443})
logging.getLogger("httpcore2").setLevel(logging.WARNING)  # it would log what others answer


class GuardedHttp:
    """``ports.HttpOut``; with ``loopback`` it also reaches this machine, on any port and without TLS, as developers
    need it."""

    def __init__(self, *, loopback: bool = False) -> None:
        self._loopback = loopback

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        seconds: float = 5.0,
        largest: int = 65_536,
    ) -> HttpAnswer:
        # Takes long to import, and many a server never asks anybody.
        from doorward.backends.outbound.checked_connections import FAULTS, pool_for

        self._check(url)
        sent = {"accept-encoding": "identity", "user-agent": "Doorward", **(headers or {})}
        sent |= {"host": urlsplit(url).netloc.rpartition("@")[2], "content-length": str(len(body))}
        try:
            pool = pool_for(url, trusting_context(), loopback=self._loopback)
            async with asyncio.timeout(seconds), pool as connections:
                request = connections.stream(method, url, headers=list(sent.items()), content=body)
                async with request as response:
                    content = bytearray()
                    async for piece in response.aiter_stream():
                        content += piece
                        if len(content) > largest:
                            raise Unreachable(f"the answer is larger than {largest} bytes")
        except TimeoutError:
            raise Unreachable(f"no answer within {seconds:g} seconds") from None
        except FAULTS as error:
            raise Unreachable(type(error).__name__) from None
        told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return HttpAnswer(response.status, told, bytes(content))

    def _check(self, url: str) -> None:
        """Raises ``Unreachable`` for a URL that is not to be asked, whatever its address is."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise Unreachable("the URL cannot be read") from None
        if parts.username is not None or not parts.hostname or not url.isascii() or not url.isprintable():
            raise Unreachable("the URL is not one to ask")
        if parts.scheme == "https" and (port in PORTS or port is None or self._loopback):
            return
        if not (parts.scheme == "http" and self._loopback):
            raise Unreachable("only https is spoken, on port 443 or 8443")


@cache
def trusting_context() -> ssl.SSLContext:
    """TLS with the certificates this machine trusts."""
    return ssl.create_default_context()
