"""A production server as an operator has it: settings in the environment, commands as processes."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.dev_server import ROOT

LIMIT = 30.0


@dataclass
class Operator:
    """Runs ``doorward`` with one environment. ``wrong`` settings are left out by giving them as ``None``."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, given: str = "", **changes: str | None) -> subprocess.CompletedProcess[str]:
        # Port 0: a server that is to be refused must not be refused for what else this machine serves.
        return subprocess.run(
            [sys.executable, "-m", "doorward", *words],
            env=self._environment({"DOORWARD_SERVER_PORT": "0", **changes}),
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )

    def json(self, *words: str, **more: Any) -> Any:
        ended = self.run(*words, "--json", **more)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    @contextlib.contextmanager
    def serve(self, *words: str, ends: int = 0, **changes: str | None) -> Iterator[Served]:
        """``doorward serve`` on a free port, listened to (``tests/canary.py``), ended with SIGTERM; it has to end with
        0, or as ``ends`` says."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        environment = self._environment({"DOORWARD_SERVER_PORT": str(port), **changes})
        with subprocess.Popen(
            [sys.executable, "-m", "tests.canary", "serve", *words],
            env={**environment, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            served = Served(process, port)
            try:
                served.wait_until_ready()
                yield served
            finally:
                process.terminate()
                code = process.wait(LIMIT)
                served.reader.join(LIMIT)
        assert code == ends, "".join(served.said)

    def _environment(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
        merged = {**inherited, **self.environment, **changes}
        return {name: value for name, value in merged.items() if value is not None}


class Served:
    """A running ``doorward serve`` and what it said."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.said: list[str] = []
        self._ready = threading.Event()
        self.reader = threading.Thread(target=self._listen, daemon=True)
        self.reader.start()

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            self.said.append(line)
            if line.startswith("ready "):
                self._ready.set()
        self._ready.set()

    def wait_until_ready(self) -> None:
        self._ready.wait(LIMIT)
        assert any(line.startswith("ready ") for line in self.said), "".join(self.said)

    def http(self, host: str) -> httpx2.Client:
        """As a proxy would ask: plain HTTP, with the Host of the tenant."""
        return httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", headers={"host": host}, trust_env=False)


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """On SQLite, with a master key file; no tenant yet."""
    key = tmp_path / "master.key"
    key.write_bytes(base64.b64encode(os.urandom(32)))
    key.chmod(0o600)
    environment = {
        "DOORWARD_DATABASE_URL": f"sqlite:///{tmp_path / 'doorward.sqlite'}",
        "DOORWARD_KEYS_MASTER_KEY_FILE": str(key),
        "DOORWARD_PASSWORDS_MEMORY_KIB": "7168",
        "DOORWARD_PASSWORDS_ITERATIONS": "5",
        "NO_COLOR": "1",
    }
    return Operator(tmp_path, environment)
