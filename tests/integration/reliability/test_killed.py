"""A server that is killed in the middle of its work has lost nothing it had acknowledged."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading

import httpx2
import pytest
from tests.integration.commands.conftest import Operator
from tests.integration.commands.conftest import operator as operator

HOST = "auth.example.com"
WRITERS = 4
PERSON = {"connection": "Username-Password-Authentication", "password": "Correct-horse-9"}


@pytest.mark.parametrize("after", [5, 40])
def test_what_was_acknowledged_is_there_after_a_kill(operator: Operator, after: int) -> None:
    """The kill comes while ``WRITERS`` write, once ``after`` writes were acknowledged."""
    management = operator.json("tenants", "create", HOST)["management"]
    acknowledged: list[tuple[str, int]] = []  # paths, and the status they have to have afterwards
    enough = threading.Event()
    with operator.serve(ends=-signal.SIGKILL) as served:
        with served.http(HOST) as http:
            token = http.post("/oauth/token", data={"grant_type": "client_credentials", **management}).json()
        bearer = {"authorization": f"Bearer {token['access_token']}"}

        def write(writer: int) -> None:
            with served.http(HOST) as http, contextlib.suppress(httpx2.TransportError):
                for number in range(1000):
                    name = f"{writer} {number}"
                    client = http.post("/api/v2/clients", json={"name": name}, headers=bearer)
                    acknowledged.append((f"/api/v2/clients/{client.json()['client_id']}", 200))
                    email = f"{writer}-{number}@example.com"
                    user = http.post("/api/v2/users", json={**PERSON, "email": email}, headers=bearer)
                    acknowledged.append((f"/api/v2/users/{user.json()['user_id']}", 200))
                    role = (
                        f"/api/v2/roles/{http.post('/api/v2/roles', json={'name': name}, headers=bearer).json()['id']}"
                    )
                    http.delete(role, headers=bearer).raise_for_status()
                    acknowledged.append((role, 404))
                    if len(acknowledged) >= after:
                        enough.set()

        writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        assert enough.wait(60)
        os.kill(served.process.pid, signal.SIGKILL)
        for writer in writers:
            writer.join()
    assert len(acknowledged) >= after
    with sqlite3.connect(operator.folder / "doorward.sqlite") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with operator.serve() as served, served.http(HOST) as http:
        for path, status in acknowledged:
            assert http.get(path, headers=bearer).status_code == status, path
