"""The process that serves: sockets, TLS, signals, one uvicorn per process.

``HttpServer`` runs one application in this process; ``serve_forever`` does that, or with several
workers opens the sockets and leaves the rest to ``workers``. Nothing is printed here: ``on_ready``
is called when the sockets accept.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

import uvicorn

from doorward.web.asgi import Application
from doorward.web.protocol import Limits, limited

DRAIN_SECONDS = 25
LOOPBACK = ("127.0.0.1", "::1")
_IPV6_ABSENT = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Young objects before the collector looks at them: a request's own are gone by reference counting.
_GC_THRESHOLD = 20_000

Factory = Callable[[], Application]


class HttpServer:
    """One application on sockets that are already bound.

    ``certificate`` and ``key`` are PEM files (one file may hold both); without them plain HTTP is served. A
    changed certificate file is noticed within a second; ``reload_certificate`` takes it at once. ``run`` ends
    with 0 after SIGTERM or SIGINT: nothing new is accepted, what is in progress has ``drain`` seconds.
    """

    def __init__(
        self,
        app: Application,
        sockets: Sequence[socket.socket],
        *,
        certificate: Path | None = None,
        key: Path | None = None,
        limits: Limits | None = None,
        keep_alive: int = 5,
        drain: int = DRAIN_SECONDS,
        on_ready: Callable[[], None] | None = None,
        parent: int | None = None,
    ) -> None:
        self.app = app
        self.sockets = list(sockets)
        self._certificate = certificate
        self._key = key
        self._context = None if certificate is None else tls_context(certificate, key)
        self._seen = self._stamp()
        self._on_ready = on_ready
        self._parent = parent
        context = self._context
        self._config = uvicorn.Config(
            app,
            http=limited(limits or Limits()),
            ws="none",
            lifespan="on",
            loop="auto",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=keep_alive,
            timeout_graceful_shutdown=drain,
            ssl_context_factory=None if context is None else (lambda config, default: context),
        )
        self._server: _Uvicorn | None = None

    @property
    def port(self) -> int:
        """The port of the first socket; 0 for a Unix socket."""
        address = self.sockets[0].getsockname()
        return address[1] if isinstance(address, tuple) else 0

    def reload_certificate(self, certificate: Path | None = None, key: Path | None = None) -> None:
        """Use another certificate, or the same file read again, for connections opened from now on.

        Raises ``ssl.SSLError`` or ``OSError`` and keeps the old one when the files cannot be used.
        """
        if self._context is None:
            raise ValueError("this server speaks plain HTTP")
        path, key = (self._certificate, self._key) if certificate is None else (certificate, key)
        if path is None:
            raise ValueError("there is no certificate to read again")
        tls_context(path, key)  # a broken pair would leave the running context half changed
        self._context.load_cert_chain(path, key)
        self._certificate, self._key = path, key
        self._seen = self._stamp()

    def stop(self) -> None:
        """Begin to stop, as SIGTERM does; safe to call from any thread."""
        self.app.drain()
        if self._server is not None:
            self._server.should_exit = True

    def run(self) -> int:
        """Serve until told to stop; returns the exit code.

        Raises what a startup hook raised, when the application could not start.
        """
        logging.getLogger("uvicorn.error").addFilter(_is_no_failed_start)
        self._server = _Uvicorn(self, self._config)
        factory = self._config.get_loop_factory()
        try:
            with asyncio.Runner(loop_factory=factory) as runner:
                runner.run(self._server.serve(self.sockets))
        except SystemExit:
            if self.app.startup_error is not None:
                raise self.app.startup_error from None
            raise
        return 0

    def ready(self) -> None:
        """The sockets accept."""
        if self._on_ready is not None:
            self._on_ready()

    def each_second(self) -> None:
        """Notice a new certificate, and a parent process that is gone."""
        if self._parent is not None and os.getppid() != self._parent:
            self.stop()
        stamp = self._stamp()
        if stamp is not None and stamp != self._seen:
            with contextlib.suppress(OSError, ssl.SSLError):  # half written: the next second will do
                self.reload_certificate()

    def _stamp(self) -> tuple[int, int, int] | None:
        if self._certificate is None:
            return None
        try:
            found = self._certificate.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


class _Uvicorn(uvicorn.Server):
    """uvicorn's server with our signals: it does not raise SIGTERM again once everything has ended well."""

    def __init__(self, owner: HttpServer, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._owner = owner

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _settle_memory()
            self._owner.ready()

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            self._owner.each_second()
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._owner.app.drain()
        super().handle_exit(sig, frame)


def _is_no_failed_start(record: logging.LogRecord) -> bool:
    """Why a start failed is said by whoever started the server."""
    return "startup failed" not in record.getMessage()


def _settle_memory() -> None:
    """What was loaded to serve stays: the garbage collector need not walk modules and configuration again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD, 10, 10)


def serve_forever(
    app: Application | Factory | str,
    *,
    sockets: Sequence[socket.socket],
    workers: int = 1,
    certificate: Path | None = None,
    key: Path | None = None,
    limits: Limits | None = None,
    keep_alive: int = 5,
    drain: int = DRAIN_SECONDS,
    on_ready: Callable[[], None] | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code (0 when stopped so).

    ``app`` is an application, a function that builds one, or the name of such a function as
    ``"package.module:function"``. With ``workers`` above one it must be one of the latter two: every worker
    builds its own. ``sockets`` come from ``open_sockets`` or ``open_unix_socket``.
    """

    def build() -> Application:
        if isinstance(app, Application):
            return app
        return (load(app) if isinstance(app, str) else app)()

    def serve(ready: Callable[[], None] | None, parent: int | None) -> int:
        return HttpServer(
            build(),
            sockets,
            certificate=certificate,
            key=key,
            limits=limits,
            keep_alive=keep_alive,
            drain=drain,
            on_ready=ready,
            parent=parent,
        ).run()

    if workers == 1:
        return serve(on_ready, None)
    if isinstance(app, Application):
        raise TypeError("several workers need a function that builds the application")
    from doorward.web.workers import Workers  # forking is only for those who asked for it

    return Workers(serve, workers, sockets=sockets, drain=drain, on_ready=on_ready).run()


def load(name: str) -> Factory:
    """The function ``"package.module:function"`` names."""
    from importlib import import_module

    module, _, attribute = name.partition(":")
    factory: Factory = getattr(import_module(module), attribute)
    return factory


def tls_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer. Raises ``ssl.SSLError`` or ``OSError`` for files that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    return context


def open_sockets(hosts: Sequence[str] = LOOPBACK, port: int = 0) -> list[socket.socket]:
    """Bound TCP sockets, one per address. ``port`` 0 takes a free one, the same for all.

    An IPv6 loopback beside another address is left out where the machine has no IPv6. Raises ``OSError`` when
    an address is taken or not ours.
    """
    opened: list[socket.socket] = []
    try:
        for host in hosts:
            try:
                opened.append(_bind(host, port))
            except OSError as error:
                if error.errno in _IPV6_ABSENT and host == "::1" and len(hosts) > 1:
                    continue
                raise
            port = opened[-1].getsockname()[1]
    except OSError:
        for bound in opened:
            bound.close()
        raise
    return opened


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    bound.setblocking(False)
    return bound


def open_unix_socket(path: Path, mode: int = 0o660) -> socket.socket:
    """A bound Unix socket for a proxy on this machine; a left-over socket file is replaced.

    Raises ``OSError`` when the path is something else, or a server still answers on it.
    """
    if path.is_socket():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), str(path))
        path.unlink()
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~mode)
    try:
        bound.bind(str(path))
    except OSError:
        bound.close()
        raise
    finally:
        os.umask(before)
    bound.setblocking(False)
    return bound
