"""One development server for the Python SDKs, trusted through the environment as an application would."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.dev_server import DevServer, dev_server
from tests.sdk_tenant import sdk_tenant


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    with dev_server(sdk_tenant(), tmp_path_factory.mktemp("sdk-python")) as running:
        yield running


@pytest.fixture
def door(server: DevServer, monkeypatch: pytest.MonkeyPatch) -> DevServer:
    """The running server; this process trusts its certificate authority for the length of the test."""
    for name, value in server.trust.items():
        monkeypatch.setenv(name, value)
    return server
