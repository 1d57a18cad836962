"""An import of many users: what each of them costs, and how long others wait for an answer meanwhile."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import machine, servers
from bench.world import DATABASE, HOST, World

USERS = 50_000
LARGEST = 100_000_000
BOUNDARY = "a-boundary"
# Microseconds of CPU per user: 5,000 users a second on one core, and twice as many.
GATE, AIM = 200, 100
PAUSE = 0.02


async def seed(world: World) -> dict[str, Any]:
    """A token that may import, and where to."""
    token = await world.access_token(world.operator, None, f"{world.issuer}api/v2/", ())
    return {"token": token, "connection": world.directory.connections[DATABASE].id}


def measure(database: str, seeded: dict[str, Any]) -> dict[str, Any]:
    """The raw sample of one import into ``database``, by a fresh server."""
    os.sched_setaffinity(0, machine.cores()[1])
    signature = machine.signature_us()
    content = _form(seeded["connection"])
    with servers.doorward(database, HOST, DOORWARD_JOBS_MAX_IMPORT_BYTES=str(LARGEST)) as run:
        os.sched_setaffinity(0, machine.cores()[0])
        before, _ = machine.cpu_ns(machine.tree(run.pid))
        began = time.perf_counter()
        api = Api(run.port, seeded["token"])
        job = api.ask("POST", "/api/v2/jobs/users-imports", content, f"multipart/form-data; boundary={BOUNDARY}")
        waits = []
        while job["status"] == "pending":
            asked = time.perf_counter()
            job = api.ask("GET", f"/api/v2/jobs/{job['id']}")
            waits.append(time.perf_counter() - asked)
            time.sleep(PAUSE)
        seconds = time.perf_counter() - began
        after, _ = machine.cpu_ns(machine.tree(run.pid))
        peak = _peak_mib(run.pid)
    assert job["summary"]["inserted"] == USERS, job
    return {
        "users": USERS,
        "bytes": len(content),
        "seconds": seconds,
        "cpu_us": (after - before) / 1000 / USERS,
        "s": signature,
        "wait_p50_ms": statistics.median(waits) * 1000,
        "wait_p99_ms": statistics.quantiles(waits, n=100)[-1] * 1000,
        "peak_mib": peak,
    }


def told(samples: list[dict[str, Any]]) -> str:
    """A sentence about all rounds: medians."""

    def median(name: str) -> float:
        values: list[float] = [sample[name] for sample in samples]
        return statistics.median(values)

    cpu, users = median("cpu_us"), samples[0]["users"]
    verdict = "aim met" if cpu <= AIM else "gate met" if cpu <= GATE else "MISSED"
    return (
        f"users import, {users} users in {samples[0]['bytes'] / 1e6:.0f} MB with password hashes: {cpu:.0f} us of CPU "
        f"each, {1e6 / cpu:.0f} users/s of one core (gate {GATE} us, aim {AIM} us: {verdict}), "
        f"{median('s'):.0f} us S; {users / median('seconds'):.0f} users/s on the clock; others waited "
        f"{median('wait_p50_ms'):.1f} ms (p50), {median('wait_p99_ms'):.1f} ms (p99) for an answer meanwhile; "
        f"{median('peak_mib'):.0f} MiB at most"
    )


class Api:
    """One connection to the Management API."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self._headers = {"Host": HOST, "Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> dict[str, Any]:
        self._connection.request(method, path, body or None, {**self._headers, "Content-Type": kind})
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status < 300, content
        found: dict[str, Any] = json.loads(content)
        return found


def _form(connection: str) -> bytes:
    def parts() -> Iterator[bytes]:
        for name, value in (("connection_id", connection), ("send_completion_email", "false")):
            yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="users"; filename="users.json"\r\n\r\n['.encode()
        yield b",".join(json.dumps(_user(number)).encode() for number in range(USERS))
        yield f"]\r\n--{BOUNDARY}--\r\n".encode()

    return b"".join(parts())


def _user(number: int) -> dict[str, Any]:
    salt = f"salt{number}"
    return {
        "email": f"imported{number}@people.bench",
        "email_verified": True,
        "given_name": "Imported",
        "family_name": f"Number {number}",
        "name": f"Imported Number {number}",
        "user_metadata": {"theme": "light", "visits": number},
        "app_metadata": {"plan": "premium", "groups": ["readers", "writers"]},
        "custom_password_hash": {
            "algorithm": "sha256",
            "hash": {"value": hashlib.sha256(f"{salt}secret".encode()).hexdigest(), "encoding": "hex"},
            "salt": {"value": salt, "position": "prefix"},
        },
    }


def _peak_mib(pid: int) -> float:
    """The most memory the server's process has had, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
