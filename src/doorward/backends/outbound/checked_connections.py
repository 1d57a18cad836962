"""Connections to addresses that were checked, under the name that was asked for."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

import httpcore2

from doorward.backends.outbound.addresses import checked

CONNECT_SECONDS = 5.0
FAULTS = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError)


def pool_for(url: str, tls: ssl.SSLContext, *, loopback: bool) -> httpcore2.AsyncConnectionPool:
    """For one request to ``url``; without TLS only to this machine."""
    backend = _Checked(loopback=loopback, public=url.startswith("https:"))
    return httpcore2.AsyncConnectionPool(ssl_context=tls, max_connections=1, network_backend=backend)


class _Checked(httpcore2.AsyncNetworkBackend):
    """Connects to addresses it has checked."""

    def __init__(self, *, loopback: bool, public: bool) -> None:
        self._allowed = {"loopback": loopback, "public": public}
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of the library
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        reason: Exception = OSError(host)
        for address in await checked(host, port, **self._allowed):
            try:
                return await self._backend.connect_tcp(address, port, timeout or CONNECT_SECONDS)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                reason = error
        raise reason
