"""Several processes on the same sockets: start them, replace the dead, stop them all.

The parent holds no application and no event loop, so it can fork at any time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

log = logging.getLogger("doorward.web")

STARTUP_FAILED = 3
_GRACE = 5.0
_TICK = 0.1
_SLOWEST_RESTART = 30.0

Serve = Callable[[Callable[[], None] | None, int | None], int]


class _Worker:
    __slots__ = ("number", "pid", "pipe", "ready", "started")

    def __init__(self, number: int, pid: int, pipe: int) -> None:
        self.number, self.pid, self.pipe = number, pid, pipe
        self.ready = False
        self.started = time.monotonic()


class Workers:
    """``count`` processes that run ``serve(on_ready, parent_pid)``.

    A worker that dies is replaced, ever more slowly if it keeps dying; one that fails before it was ever ready
    for the first time ends the whole, since its successors would fail the same way.
    """

    def __init__(
        self,
        serve: Serve,
        count: int,
        *,
        sockets: Sequence[socket.socket],
        drain: float,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        self._serve = serve
        self._count = count
        self._sockets = sockets
        self._drain = drain
        self._on_ready = on_ready
        self._workers: dict[int, _Worker] = {}
        self._stopping = False
        self._announced = False
        self._deaths = 0
        self._due: dict[int, float] = {}

    def run(self) -> int:
        """Returns 0 once told to stop (SIGTERM, SIGINT), ``STARTUP_FAILED`` when no worker can start."""
        with self._signals():
            for number in range(self._count):
                self._start(number)
            failed = False
            while not self._stopping and not failed:
                self._listen()
                failed = self._bury()
                self._replace()
            self._stop()
        return STARTUP_FAILED if failed else 0

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self._stopping = True

        self._before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _start(self, number: int) -> None:
        parent = os.getpid()
        reading, writing = os.pipe()
        signals = {signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
                os.close(reading)
                for sibling in self._workers.values():
                    os.close(sibling.pipe)
                code = self._serve(lambda: _tell(writing), parent)
            except SystemExit as leaving:
                code = leaving.code if isinstance(leaving.code, int) else 1
            except BaseException as error:
                code = STARTUP_FAILED
                log.critical("a worker failed", exc_info=error)
            finally:
                with contextlib.suppress(Exception):
                    logging.shutdown()
                    sys.stdout.flush()
                    sys.stderr.flush()
                os._exit(code)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        os.close(writing)
        self._workers[pid] = _Worker(number, pid, reading)

    def _listen(self) -> None:
        """Wait a moment; note which workers have begun to accept."""
        waiting = [worker.pipe for worker in self._workers.values() if not worker.ready]
        heard, _, _ = select.select(waiting, [], [], _TICK)
        for worker in self._workers.values():
            if worker.pipe in heard and os.read(worker.pipe, 1):
                worker.ready = True
        if not self._announced and len(self._workers) == self._count and all(w.ready for w in self._workers.values()):
            self._announced = True
            if self._on_ready is not None:
                self._on_ready()

    def _bury(self) -> bool:
        """Take the dead out; ``True`` when one of the first generation never got ready."""
        for worker in list(self._workers.values()):
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid == 0:
                continue
            del self._workers[worker.pid]
            os.close(worker.pipe)
            if not worker.ready and not self._announced:
                return True
            lived = time.monotonic() - worker.started
            self._deaths = 0 if lived > _SLOWEST_RESTART else self._deaths + 1
            pause = 0.0 if self._deaths <= 1 else min(0.1 * 2.0**self._deaths, _SLOWEST_RESTART)
            self._due[worker.number] = time.monotonic() + pause
            log.error(
                "a worker died and will be replaced",
                extra={"worker": worker.number, "exit": os.waitstatus_to_exitcode(status)},
            )
        return False

    def _replace(self) -> None:
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now]:
            del self._due[number]
            if not self._stopping:
                self._start(number)

    def _stop(self) -> None:
        for opened in self._sockets:
            opened.close()
        self._tell_all(signal.SIGTERM)
        deadline = time.monotonic() + self._drain + _GRACE
        while self._workers and time.monotonic() < deadline:
            for pid in list(self._workers):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    os.close(self._workers.pop(pid).pipe)
            if self._workers:
                time.sleep(_TICK / 2)
        self._tell_all(signal.SIGKILL)
        for pid in self._workers:
            os.waitpid(pid, 0)

    def _tell_all(self, number: signal.Signals) -> None:
        for pid in self._workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _tell(pipe: int) -> None:
    os.write(pipe, b"1")
    os.close(pipe)
