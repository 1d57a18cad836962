"""One measurement: a fresh server on a fresh copy of its database, S on both sides of the load."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from msgspec import Struct

from bench import machine, servers
from bench.databases import Databases
from bench.trips.trip import Trip
from bench.world import HOST

CONNECTIONS = 32
# The generator must not be what limits a result: the server has to want a core nearly all the time, or
# (where answers wait for the disk) the generator has to be mostly idle.
SERVER_BUSY = 0.9
GENERATOR_IDLE = 0.7


class Shape(Struct, frozen=True):
    """How long and how: ``seconds`` of load after ``warm``; ``open`` adds a run at half of capacity."""

    warm: float
    seconds: float
    open: bool


class Bench:
    """Measures trips in one folder, on one kind of database."""

    def __init__(self, folder: Path, databases: Databases, shape: Shape) -> None:
        self._folder = folder
        self._databases = databases
        self._shape = shape

    def measure(self, server: str, trip: Trip) -> dict[str, Any]:
        """The raw sample of one round."""
        os.sched_setaffinity(0, machine.cores()[1])
        with self._server(server, trip) as run:
            before = machine.signature_us()
            closed = self._load(server, trip, run, None)
            after = machine.signature_us()
            rss, pss = machine.memory_mib(machine.tree(run.pid))
        sample: dict[str, Any] = {
            "server": server,
            "trip": trip.name,
            "s_before": before,
            "s_after": after,
            "start_seconds": run.start,
            "rss_mib": rss,
            "pss_mib": pss,
            "closed": closed,
            "open": None,
            "refused": _refusal(closed, trip),
        }
        if self._shape.open and sample["refused"] is None:
            with self._server(server, trip) as run:
                sample["open"] = self._load(server, trip, run, closed["per_second"] / 2)
            if sample["open"]["failures"]:
                sample["refused"] = f"wrong answers: {sample['open']['failures'][0]}"
        return sample

    def idle(self, database: str) -> dict[str, Any]:
        """A start on existing data: seconds to the first 200, and memory when nothing happens."""
        os.sched_setaffinity(0, machine.cores()[1])
        with servers.doorward(self._databases.copy(database), HOST) as run:
            ran, _ = machine.cpu_ns(machine.tree(run.pid))
            rss, pss = machine.memory_mib(machine.tree(run.pid))
        return {"seconds": run.start, "cpu_seconds": ran / 1e9, "rss_mib": rss, "pss_mib": pss}

    def _server(self, server: str, trip: Trip) -> contextlib.AbstractContextManager[servers.Running]:
        if server == "doorward":
            return servers.doorward(self._databases.copy(trip.name), HOST)
        return servers.node_oidc_provider(self._folder / "peer.json", HOST)

    def _load(self, server: str, trip: Trip, run: servers.Running, rate: float | None) -> dict[str, Any]:
        spec = {
            "trip": trip.name,
            "server": server,
            "seed": str(self._folder / f"{trip.name}.json"),
            "port": run.port,
            "pid": run.pid,
            "database_pid": self._databases.pid if server == "doorward" else None,
            "connections": CONNECTIONS,
            "warm": self._shape.warm,
            "seconds": self._shape.seconds,
            "rate": rate,
            "cores": sorted(machine.cores()[0]),
        }
        path = self._folder / "load.json"
        path.write_text(json.dumps(spec))
        done = subprocess.run([sys.executable, "-m", "bench.load", str(path)], stdout=subprocess.PIPE, check=True)
        result: dict[str, Any] = json.loads(done.stdout)
        return result


def _refusal(closed: dict[str, Any], trip: Trip) -> str | None:
    """Why a result does not count."""
    if closed["failures"]:
        return f"wrong answers: {closed['failures'][0]}"
    if closed["answers"] == 0:
        return "no answers in the window"
    if closed["server_busy"] < SERVER_BUSY and not (trip.durable and closed["generator_busy"] < GENERATOR_IDLE):
        return (
            f"the server was not the bottleneck: it wanted a core {closed['server_busy']:.0%} of the time, "
            f"the generator {closed['generator_busy']:.0%}"
        )
    return None
