"""SIGTERM ends the development server with 0, whoever is still connected."""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path

import pytest
from tests.dev_server import dev_server
from tests.sdk_tenant import sdk_tenant

pytestmark = pytest.mark.xdist_group("sdk-python")


def test_an_idle_connection_kept_alive_does_not_hold_the_server_up(tmp_path: Path) -> None:
    connections: list[http.client.HTTPSConnection] = []
    with dev_server(sdk_tenant(), tmp_path) as door:  # raises when the process does not end in time
        trusted = ssl.create_default_context(cafile=door.ca)
        connections.append(http.client.HTTPSConnection(door.domain, context=trusted))
        connections[0].request("GET", "/.well-known/jwks.json")
        assert connections[0].getresponse().read()
    connections[0].close()
