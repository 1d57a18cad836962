"""What the machine says: CPU time of processes, memory, the cost of one signature, versions."""

from __future__ import annotations

import os
import platform
import ssl
import sys
import sysconfig
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography.hazmat.backends.openssl.backend import backend
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_padding, _hash = padding.PKCS1v15(), hashes.SHA256()


def signature_us(seconds: float = 0.2) -> float:
    """**S**: CPU microseconds of one RS256 signature (2048 bits) through ``cryptography``, now.

    The mean over ``seconds`` of this thread's CPU time: OpenSSL makes its blinding anew at every 32nd signature,
    which then costs four times as much, and no server gets around that.
    """
    message, count = b"x" * 600, 0
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        for _ in range(32):
            _key.sign(message, _padding, _hash)
        count += 32
    return (time.thread_time() - began) * 1e6 / count


def tree(pid: int) -> list[int]:
    """A process and everything below it."""
    found = [pid]
    for parent in found:
        for task in _tasks(parent):
            try:
                found += [int(child) for child in (task / "children").read_text().split()]
            except OSError:
                continue
    return found


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def cpu_ns(pids: Iterable[int]) -> tuple[int, int]:
    """Nanoseconds that every thread of these processes ran; and that it ran or waited for a core."""
    ran = wanted = 0
    for pid in pids:
        for task in _tasks(pid):
            try:
                on_cpu, waiting, _ = (task / "schedstat").read_text().split()
            except OSError:
                continue
            ran += int(on_cpu)
            wanted += int(on_cpu) + int(waiting)
    return ran, wanted


def main_thread_ns(pid: int) -> int:
    """Nanoseconds that the first thread of a process ran or waited for a core."""
    on_cpu, waiting, _ = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()
    return int(on_cpu) + int(waiting)


def threads_ns(pid: int) -> dict[str, int]:
    """Nanoseconds that each thread of a process but the first ran."""
    ran = {}
    for task in _tasks(pid):
        if task.name != str(pid):
            try:
                ran[task.name] = int((task / "schedstat").read_text().split()[0])
            except OSError:
                continue
    return ran


def memory_mib(pids: Iterable[int]) -> tuple[float, float]:
    """Resident and proportional memory, MiB."""
    rss = pss = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
        rss += sizes["Rss"]
        pss += sizes["Pss"]
    return rss / 1024, pss / 1024


def cores() -> tuple[set[int], set[int]]:
    """Cores for the generator, and for the servers: apart where there are two or more."""
    every = sorted(os.sched_getaffinity(0))
    return (set(every), set(every)) if len(every) == 1 else ({every[0]}, set(every[1:]))


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def _python_build() -> str:
    """How Python was compiled. Distributions optimise theirs (PGO, LTO) without saying so in its configuration."""
    built = " ".join(str(sysconfig.get_config_var(name)) for name in ("CONFIG_ARGS", "PY_CORE_CFLAGS", "OPT"))
    if "--enable-optimizations" in built or "-fprofile-use" in built:
        return "an optimised build"
    return "the distribution's build" if sys.base_prefix == "/usr" else "**not an optimised build**"


def description() -> dict[str, Any]:
    """Where a run took place."""
    named = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "cpu": named[0] if named else platform.machine(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "python_build": _python_build(),
        "openssl": backend.openssl_version_text(),
        "openssl_of_python": ssl.OPENSSL_VERSION,
        "load": os.getloadavg()[0],
        "versions": {
            name: version(name)
            for name in ("doorward", "cryptography", "uvicorn", "uvloop", "httptools", "msgspec", "asyncpg")
        },
    }
