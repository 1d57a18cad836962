"""Token latency under a login storm: ``make bench ARGS="--storm"``.

Tokens are asked for at a constant rate, first alone, then while every one of 32 other connections sends one right
password after another to the login page of the same server.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import databases, machine, servers
from bench.databases import ROOT_KEY
from bench.trips import client_credentials, login_password
from bench.trips.trip import Trip
from bench.world import HOST, World
from doorward.app import build

TOKENS, LOGINS = client_credentials.RS256, login_password.TRIP
PER_SECOND = 200
WARM, SECONDS, ROUNDS = 2.0, 10.0, 3


def main(arguments: list[str]) -> int:
    if arguments:
        print("--storm takes no other options")
        return 2
    print(machine.description())
    print(f"\n| {PER_SECOND} tokens a second | p50 ms | p99 ms | max ms | logins/s | S us |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="doorward-bench-") as name, databases.sqlite() as where:
        asyncio.run(_seed(where.make("storm"), Path(name)))
        for _ in range(ROUNDS):
            for storm in (False, True):
                with servers.doorward(where.copy("storm"), HOST) as run:
                    _round(Path(name), run, storm=storm)
    return 0


async def _seed(database: str, folder: Path) -> None:
    door = build(database, root_key=ROOT_KEY)
    await door.start()
    try:
        world = World(door)
        await world.make()
        for trip in (TOKENS, LOGINS):
            (folder / f"{trip.name}.json").write_text(json.dumps(await trip.seed(world)))
    finally:
        await door.stop()


def _round(folder: Path, run: servers.Running, *, storm: bool) -> None:
    os.sched_setaffinity(0, machine.cores()[1])
    signature = machine.signature_us()
    storming = _load(folder, run, LOGINS, None, SECONDS + 2 * WARM) if storm else None
    asked = _result(_load(folder, run, TOKENS, PER_SECOND, SECONDS))
    logins = _result(storming)["per_second"] if storming is not None else 0.0
    latencies = [f"{asked['latency_ms'][name]:.2f}" for name in ("p50", "p99", "max")]
    cells = ["in a storm" if storm else "alone", *latencies, f"{logins:.0f}", f"{signature:.0f}"]
    print(f"| {' | '.join(cells)} |")


def _load(
    folder: Path, run: servers.Running, trip: Trip, rate: float | None, seconds: float
) -> subprocess.Popen[bytes]:
    spec = {
        "trip": trip.name,
        "server": "doorward",
        "seed": str(folder / f"{trip.name}.json"),
        "port": run.port,
        "pid": run.pid,
        "database_pid": None,
        "connections": 32,
        "warm": WARM,
        "seconds": seconds,
        "rate": rate,
        "cores": sorted(machine.cores()[0]),
    }
    path = folder / f"{trip.name}-load.json"
    path.write_text(json.dumps(spec))
    return subprocess.Popen([sys.executable, "-m", "bench.load", str(path)], stdout=subprocess.PIPE)


def _result(load: subprocess.Popen[bytes]) -> dict[str, Any]:
    out, _ = load.communicate()
    result: dict[str, Any] = json.loads(out)
    assert not result["failures"], result["failures"]
    return result
