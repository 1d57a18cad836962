"""A real ``doorward dev`` process for tests: trusted TLS, a tenant of its own, what a client has to know."""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

START_LIMIT = 60.0  # seconds until a server that says nothing counts as broken
STOP_LIMIT = 15.0
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class KnownClient:
    """An application of the tenant, as ``ready.json`` names it."""

    client_id: str
    client_secret: str


@dataclass(frozen=True)
class DevServer:
    """A running development server. ``domain`` carries the port, ``issuer`` ends in a slash."""

    domain: str
    issuer: str
    ca: Path
    clients: Mapping[str, KnownClient]
    management: KnownClient
    management_audience: str
    pid: int

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1 and ::1."""
        return int(self.domain.rpartition(":")[2])

    @property
    def tls(self) -> ssl.SSLContext:
        """What a client in this process trusts the server by."""
        return ssl.create_default_context(cafile=self.ca)

    @property
    def trust(self) -> dict[str, str]:
        """The environment that makes Python, Node and curl trust the server's certificate authority."""
        ca = str(self.ca)
        return {"REQUESTS_CA_BUNDLE": ca, "SSL_CERT_FILE": ca, "NODE_EXTRA_CA_CERTS": ca, "CURL_CA_BUNDLE": ca}

    def url(self, path: str) -> str:
        """``path`` (without its leading slash) at this server."""
        return self.issuer + path


@contextlib.contextmanager
def dev_server(
    tenant: Mapping[str, Any] | None,
    folder: Path,
    others: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    *options: str,
    listened: bool = True,
) -> Iterator[DevServer]:
    """Run ``doorward dev`` on a free port with ``tenant``, a document in the format of ``tenant.yaml``; without
    one with its demo tenant.

    ``others`` are further tenants by domain, ``options`` further ones of the command. ``folder`` receives the files and
    the server's data. Raises ``RuntimeError`` with what the process said when it does not become ready, or does not end
    cleanly on SIGTERM; or, unless it is not ``listened`` to, when it kept or told a secret (see ``tests/canary.py``).
    """
    data, given = folder / "data", []
    if tenant is not None:
        (folder / "tenant.yaml").write_text(yaml.safe_dump(dict(tenant)))
        given = [str(folder / "tenant.yaml")]
    more = []
    for domain, document in others.items():
        (folder / f"{domain}.yaml").write_text(yaml.safe_dump(dict(document)))
        more += ["--tenant", f"{domain}={folder / domain}.yaml"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
    words = ["dev", *given, "--port", "0", "--data", str(data), *more, *options]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.canary" if listened else "doorward", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**environment, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)},
    ) as process:
        said: list[str] = []
        ready = threading.Event()
        reader = threading.Thread(target=_listen, args=(process, said, ready), daemon=True)
        reader.start()
        try:
            ready.wait(START_LIMIT)
            if not any(line.startswith("ready ") for line in said):
                raise RuntimeError("doorward dev did not become ready:\n" + "".join(said))
            yield _known(json.loads((data / "ready.json").read_text()), process.pid)
        finally:
            process.terminate()
            try:
                code = process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                raise RuntimeError("doorward dev did not end on SIGTERM:\n" + "".join(said)) from None
            finally:
                reader.join(STOP_LIMIT)
        if code != 0:
            raise RuntimeError(f"doorward dev ended with {code}:\n" + "".join(said))


def _listen(process: subprocess.Popen[str], said: list[str], ready: threading.Event) -> None:
    """Keep what the server says; tell when it is ready, or gone."""
    for line in process.stdout or ():
        said.append(line)
        if line.startswith("ready "):
            ready.set()
    ready.set()


def _known(summary: Mapping[str, Any], pid: int) -> DevServer:
    management = summary["management"]
    return DevServer(
        domain=summary["domain"],
        issuer=summary["issuer"],
        ca=Path(summary["ca"]),
        clients={
            client["name"]: KnownClient(client["client_id"], client["client_secret"]) for client in summary["clients"]
        },
        management=KnownClient(management["client_id"], management["client_secret"]),
        management_audience=management["audience"],
        pid=pid,
    )
