"""The generator: sends the requests of one trip over raw sockets, in a process of its own.

``python -m bench.load SPEC.json`` prints one JSON object. Closed load keeps every connection busy with one
request after another: capacity. Open load sends at a constant rate whatever comes back, and counts latency
from the moment a request was due, not from when it could be sent.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any, cast

import uvloop

from bench import machine
from bench.trips import TRIPS
from bench.trips.trip import Requests

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
OPEN_CONNECTIONS = 64
SAMPLE = 100


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request on its way."""

    def __init__(self, owner: Load) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._needs = 0
        self._due = 0.0
        self._token: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._owner.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.lost()

    def send(self, request: bytes, token: Any, due: float) -> None:
        self._due, self._token = due, token
        assert self._transport is not None
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._needs:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            found = LENGTH.search(self._buffer, 0, end)
            if found is None:
                self._owner.fail("an answer without Content-Length")
                return
            self._needs = end + 4 + int(found[1])
        if len(self._buffer) < self._needs:
            return
        answer, self._buffer, self._needs = self._buffer, b"", 0
        self._owner.answered(self, answer, self._token, self._due)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Load:
    """One run: warm-up, then the window that is measured."""

    def __init__(self, spec: dict[str, Any], requests: Requests) -> None:
        self._spec = spec
        self._requests = requests
        self._rate: float | None = spec["rate"]
        self._idle: deque[Connection] = deque()
        self._due: deque[float] = deque()
        self._sent = 0
        self._answers = 0
        self._failures: list[str] = []
        self._latencies: list[float] = []
        self._samples: list[tuple[bytes, Any]] = []
        self._measuring = False
        self._over = False
        self._done = asyncio.Event()
        self._status = f"HTTP/1.1 {requests.status}".encode()

    async def run(self) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        many = self._spec["connections"] if self._rate is None else OPEN_CONNECTIONS
        connections = []
        for _ in range(many):
            _, connection = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self._spec["port"])
            connections.append(connection)
        pacing = asyncio.create_task(self._pace()) if self._rate is not None else None
        await self._for(self._spec["warm"])
        before = self._reading()
        self._measuring = True
        self._answers = 0
        await self._for(self._spec["seconds"])
        self._measuring = False
        after = self._reading()
        answers = self._answers
        self._over = True
        if pacing is not None:
            pacing.cancel()
        for connection in connections:
            connection.close()
        for answer, token in self._samples:
            try:
                self._requests.check(*_parts(answer), token)
            except AssertionError as error:
                self._failures.append(f"a wrong answer: {error}")
        wall = after["wall"] - before["wall"]
        latencies = sorted(self._latencies)
        return {
            "answers": answers,
            "checked": len(self._samples),
            "failures": self._failures[:5],
            "exhausted": self._done.is_set(),
            "seconds": wall,
            "cpu_us": (after["server"][0] - before["server"][0]) / 1000 / max(answers, 1),
            "database_cpu_us": (after["database"][0] - before["database"][0]) / 1000 / max(answers, 1),
            "hashing_us": _hashing(before["threads"], after["threads"]) / 1000 / max(answers, 1),
            "server_busy": (after["main"] - before["main"]) / 1e9 / wall,
            "generator_us": (after["own"][0] - before["own"][0]) / 1000 / max(answers, 1),
            "generator_busy": (after["own"][1] - before["own"][1]) / 1e9 / wall,
            "per_second": answers / wall,
            "latency_ms": {
                name: latencies[min(int(len(latencies) * share), len(latencies) - 1)] * 1000 if latencies else None
                for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
            },
        }

    async def _for(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._done.wait(), seconds)
        except TimeoutError:
            return

    def _reading(self) -> dict[str, Any]:
        pid = self._spec["pid"]
        database = self._spec["database_pid"]
        return {
            "wall": time.perf_counter(),
            "server": machine.cpu_ns(machine.tree(pid)),
            "main": machine.main_thread_ns(pid),
            "threads": machine.threads_ns(pid),
            "database": machine.cpu_ns(machine.tree(database)) if database else (0, 0),
            "own": machine.cpu_ns([os.getpid()]),
        }

    async def _pace(self) -> None:
        assert self._rate is not None
        began = time.perf_counter()
        while True:
            now = time.perf_counter()
            while (due := began + self._sent / self._rate) <= now:
                self._sent += 1
                if self._idle:
                    self._send(self._idle.popleft(), due)
                else:
                    self._due.append(due)
            await asyncio.sleep(0.001)

    def free(self, connection: Connection) -> None:
        if self._over:
            return
        if self._rate is None:
            self._send(connection, time.perf_counter())
        elif self._due:
            self._send(connection, self._due.popleft())
        else:
            self._idle.append(connection)

    def _send(self, connection: Connection, due: float) -> None:
        following = self._requests.next()
        if following is None:
            self._done.set()
            return
        connection.send(*following, due)

    def answered(self, connection: Connection, answer: bytes, token: Any, due: float) -> None:
        if not answer.startswith(self._status):
            self.fail(answer[:400].decode("utf-8", "replace"))
            return
        self._answers += 1
        if self._measuring:
            self._latencies.append(time.perf_counter() - due)
            if self._answers % SAMPLE == 1:
                self._samples.append((answer, token))
        self._requests.took(answer, token)
        self.free(connection)

    def fail(self, what: str) -> None:
        self._failures.append(what)
        self._done.set()

    def lost(self) -> None:
        if not self._over:
            self.fail("the server closed a connection")


def _hashing(before: dict[str, int], after: dict[str, int]) -> int:
    """What the busiest threads ran, as many as hash passwords: nothing else a server does takes so long."""
    ran = sorted((ns - before.get(thread, 0) for thread, ns in after.items()), reverse=True)
    return sum(ran[: os.cpu_count() or 1])


def _parts(answer: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return headers, body


async def _main(spec: dict[str, Any], requests: Requests) -> dict[str, Any]:
    return await Load(spec, requests).run()


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text())
    os.sched_setaffinity(0, given["cores"])
    seed = json.loads(Path(given["seed"]).read_text())
    print(json.dumps(uvloop.run(_main(given, TRIPS[given["trip"]].requests(seed, given["server"])))))
