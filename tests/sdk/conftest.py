"""The official Node and browser SDKs, each a small program in ``apps``, against one development server."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.dev_server import DevServer, dev_server
from tests.sdk_tenant import sdk_tenant

HERE = Path(__file__).parent
APPS = HERE / "apps"
PROGRAM_LIMIT = 60.0

Program = Callable[..., Any]


@pytest.fixture(scope="session")
def node() -> str:
    """The Node program, with the packages of ``package-lock.json`` installed."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node.js is not on the PATH")
    if not (HERE / "node_modules").is_dir():
        pytest.skip("the npm packages are not installed: make test-sdk")
    return found


class Listener:
    """A bound port on ``localhost``, known before the application that will serve it is started."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://localhost:{self.socket.getsockname()[1]}"


@pytest.fixture(scope="session")
def listeners() -> Iterator[dict[str, Listener]]:
    """The ports of the applications: the tenant has to know them before it is loaded."""
    opened = {name: Listener() for name in ("api", "spa", "web")}
    yield opened
    for listener in opened.values():
        listener.socket.close()


@pytest.fixture(scope="session")
def door(node: str, listeners: Mapping[str, Listener], tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    tenant = sdk_tenant(single_page=[listeners["spa"].origin], web=[listeners["web"].origin])
    with dev_server(tenant, tmp_path_factory.mktemp("sdk")) as running:
        yield running


@pytest.fixture(scope="session")
def environment(door: DevServer) -> dict[str, str]:
    """What a Node program needs: the certificate authority, and where the server is."""
    return {**os.environ, **door.trust, "DOMAIN": door.domain, "ISSUER": door.issuer}


@pytest.fixture(scope="session")
def program(node: str, environment: Mapping[str, str]) -> Program:
    """Run ``apps/NAME`` to its end with its arguments as JSON, and return the JSON it prints."""

    def run(name: str, /, **arguments: Any) -> Any:
        ended = subprocess.run(
            [node, str(APPS / name), json.dumps(arguments)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PROGRAM_LIMIT,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run


@contextlib.contextmanager
def application(
    node: str, name: str, listener: Listener, environment: Mapping[str, str], **settings: str
) -> Iterator[str]:
    """Run the web application ``apps/NAME`` on ``listener``; gives its origin. It prints ``ready`` when it serves."""
    number = listener.socket.fileno()
    with subprocess.Popen(
        [node, str(APPS / name)],
        env={**environment, **settings, "ORIGIN": listener.origin, "LISTEN_FD": str(number)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=[number],
    ) as process:
        said: list[str] = []
        ready = threading.Event()

        def listen() -> None:
            for line in process.stdout or ():
                said.append(line)
                if line.startswith("ready"):
                    ready.set()
            ready.set()

        reader = threading.Thread(target=listen, daemon=True)
        reader.start()
        try:
            ready.wait(PROGRAM_LIMIT)
            if "ready\n" not in said:
                raise RuntimeError(f"{name} did not start:\n{''.join(said)}")
            yield listener.origin
        finally:
            process.kill()
            process.wait()
            reader.join()
