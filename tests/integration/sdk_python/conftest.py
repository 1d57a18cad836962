"""One development server for the Python SDKs, trusted through the environment as an application would."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx
import pytest
from auth0.management import ManagementClient
from tests.dev_server import DevServer, dev_server
from tests.sdk_tenant import WEB, sdk_tenant


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    tenant = sdk_tenant()
    web = next(client for client in tenant["clients"] if client["name"] == WEB)
    web["grant_types"] += [f"http://auth0.com/oauth/grant-type/mfa-{kind}" for kind in ("otp", "recovery-code")]
    with dev_server(tenant, tmp_path_factory.mktemp("sdk-python")) as running:
        yield running


@pytest.fixture
def door(server: DevServer, monkeypatch: pytest.MonkeyPatch) -> DevServer:
    """The running server; this process trusts its certificate authority for the length of the test."""
    for name, value in server.trust.items():
        monkeypatch.setenv(name, value)
    return server


def managing(door: DevServer, http: httpx.Client) -> ManagementClient:
    known = door.management
    return ManagementClient(
        domain=door.domain, client_id=known.client_id, client_secret=known.client_secret, httpx_client=http
    )


@pytest.fixture
def http(door: DevServer) -> Iterator[httpx.Client]:
    """What the SDK sends with, so that it is closed."""
    with httpx.Client(verify=ssl.create_default_context(cafile=door.ca)) as client:
        yield client


@pytest.fixture
def api(door: DevServer, http: httpx.Client) -> ManagementClient:
    return managing(door, http)
