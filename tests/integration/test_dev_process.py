"""The development server and its process: one at a time on a folder, ended with 0 by SIGTERM whoever is connected."""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from tests.dev_server import dev_server
from tests.sdk_tenant import sdk_tenant

from doorward.cli.tenant_documents import demo_tenant

pytestmark = pytest.mark.xdist_group("sdk-python")


def test_an_idle_connection_kept_alive_does_not_hold_the_server_up(tmp_path: Path) -> None:
    connections: list[http.client.HTTPSConnection] = []
    with dev_server(sdk_tenant(), tmp_path) as door:  # raises when the process does not end in time
        trusted = ssl.create_default_context(cafile=door.ca)
        connections.append(http.client.HTTPSConnection(door.domain, context=trusted))
        connections[0].request("GET", "/.well-known/jwks.json")
        assert connections[0].getresponse().read()
    connections[0].close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_new_server_does_not_keep_what_made_its_tables(tmp_path: Path) -> None:
    with dev_server(sdk_tenant(), tmp_path, listened=False) as door:
        process = Path(f"/proc/{door.pid}")
        loaded, resident = (process / "maps").read_text(), (process / "status").read_text().partition("VmRSS:")[2]
        assert "httptools" in loaded, "what is in use is found"
        assert "greenlet" not in loaded
        assert int(resident.split()[0]) < 105_000, "KiB"


def test_a_second_server_on_the_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with dev_server(sdk_tenant(), tmp_path) as door:
        command = [sys.executable, "-m", "doorward", "dev", "--port", "0", "--data", str(door.ca.parent)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert (second.returncode, second.stdout) == (1, "")
        assert "is running on" in second.stderr.splitlines()[0]
        connection = http.client.HTTPSConnection(door.domain, context=door.tls)
        connection.request("GET", "/.well-known/jwks.json")
        assert connection.getresponse().status == 200
        connection.close()


def test_a_port_that_is_taken_is_named_with_a_command_that_keeps_the_data(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "doorward", "dev", "--port", str(port), "--data", str(tmp_path / "data")]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert refused.returncode == 1
    assert [line.split(maxsplit=1)[1] for line in refused.stderr.splitlines()] == [
        f"port {port} cannot be used",
        "another program listens there",
        f"doorward dev --port {port + 1} --data {tmp_path / 'data'}",
    ]


def test_a_start_that_fails_leaves_no_word_of_the_server_before(tmp_path: Path) -> None:
    with dev_server(sdk_tenant(), tmp_path) as door:
        data = door.ca.parent
    assert (data / "ready.json").exists()
    (data / "master.key").write_text("a" * 43 + "=")
    command = [sys.executable, "-m", "doorward", "dev", "--port", "0", "--data", str(data)]
    failed = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert failed.returncode != 0
    assert failed.stderr.startswith("✗ ")
    assert "another master key" in failed.stderr
    assert not (data / "ready.json").exists()


def test_a_tenant_of_another_port_has_its_login_answered_here(tmp_path: Path) -> None:
    with dev_server(demo_tenant("https://localhost:1"), tmp_path) as door:
        connection = http.client.HTTPSConnection(door.domain, context=door.tls)
        connection.request("GET", "/")
        page = unescape(connection.getresponse().read().decode())
        connection.close()
    assert f"redirect_uri=https://{door.domain}/_doorward/callback&" in page
