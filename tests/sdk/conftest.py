"""The official Node and browser SDKs, each a small program in ``apps``, against one development server."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright
from tests import chromium
from tests.dev_server import DevServer, dev_server
from tests.sdk_tenant import EMAIL, PASSWORD, sdk_tenant

HERE = Path(__file__).parent
APPS = HERE / "apps"
PROGRAM_LIMIT = 60.0  # seconds
STEP_LIMIT = 15_000.0  # milliseconds
WEB_MOUNTS = ("basic", "post", "pushed", "posted", "implicit")  # the paths of apps/web.mjs


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
    web = [f"{listeners['web'].origin}/{mount}" for mount in WEB_MOUNTS]
    portal = [f"{listeners['web'].origin}/portal"]
    tenant = sdk_tenant(single_page=[listeners["spa"].origin], web=web, portal=portal)
    with dev_server(tenant, tmp_path_factory.mktemp("sdk")) as running:
        yield running


@pytest.fixture(scope="session")
def environment(door: DevServer) -> dict[str, str]:
    """What a Node program needs: the certificate authority, and where the server is."""
    return {**os.environ, **door.trust, "DOMAIN": door.domain, "ISSUER": door.issuer}


@pytest.fixture(scope="module")
def profile(door: DevServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """Chromium with a profile."""
    if chromium.CHROMIUM is None:
        pytest.skip(chromium.NO_CHROMIUM)
    with sync_playwright() as driver, chromium.profile(driver, tmp_path_factory.mktemp("profile")) as started:
        started.set_default_timeout(STEP_LIMIT)
        yield started


@pytest.fixture
def browser(profile: BrowserContext) -> BrowserContext:
    """The browser, without a cookie."""
    profile.clear_cookies()
    return profile


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


def log_in(page: Page) -> None:
    """Ada on the two login pages."""
    page.locator("#username").fill(EMAIL)
    page.locator("button[name=action]").click()
    page.locator("#password").fill(PASSWORD)
    page.locator("button[name=action]").click()


@pytest.fixture(scope="session")
def authentication(node: str, environment: Mapping[str, str]) -> Iterator[SdkProgram]:
    """The AuthenticationClient of node-auth0."""
    with sdk_program(node, "authentication.mjs", environment) as program:
        yield program


@pytest.fixture(scope="session")
def management(node: str, door: DevServer, environment: Mapping[str, str]) -> Iterator[Management]:
    """The ManagementClient of node-auth0, with every scope."""
    with sdk_program(node, "management.mjs", environment) as program:
        yield Management(program, door)


class SdkError(Exception):
    """What an SDK threw: the HTTP ``status`` and whatever else the program read from it."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__(told)
        self.status = told.get("status")
        self.told = told


class SdkProgram:
    """A running program of ``apps`` that makes one SDK call per line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def call(self, path: str, *arguments: Any, **options: Any) -> Any:
        """Call ``path`` (``clients.create``) of the client made with ``options``; lists come with all their pages.

        Raises ``SdkError`` for an error answer the SDK understood.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"options": options, "path": path, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], PROGRAM_LIMIT)
        line = self._process.stdout.readline() if ready else ""
        assert line, f"no answer to {path} within {PROGRAM_LIMIT:.0f} s"
        said = json.loads(line)
        if "error" in said:
            assert "thrown" not in said["error"], said["error"]["thrown"]
            raise SdkError(said["error"])
        return said["answer"]


@contextlib.contextmanager
def sdk_program(node: str, name: str, environment: Mapping[str, str]) -> Iterator[SdkProgram]:
    """Run ``apps/NAME`` until the block ends."""
    with subprocess.Popen(
        [node, str(APPS / name)],
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield SdkProgram(process)
        finally:
            process.kill()


class Management:
    """Calls of a ManagementClient that holds every scope."""

    def __init__(self, program: SdkProgram, door: DevServer) -> None:
        self._program = program
        self._client = door.management

    def __call__(self, path: str, *arguments: Any) -> Any:
        credentials = {"clientId": self._client.client_id, "clientSecret": self._client.client_secret}
        return self._program.call(path, *arguments, **credentials)


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
