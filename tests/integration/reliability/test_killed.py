"""A server that is killed in the middle of its work has lost nothing it had acknowledged."""

from __future__ import annotations

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


@pytest.mark.parametrize("after", [5, 40])
def test_what_was_acknowledged_is_there_after_a_kill(operator: Operator, after: int) -> None:
    """The kill comes while ``WRITERS`` write, once ``after`` writes were acknowledged."""
    management = operator.json("tenants", "create", HOST)["management"]
    acknowledged: list[str] = []
    enough = threading.Event()
    with operator.serve(ends=-signal.SIGKILL) as served:
        with served.http(HOST) as http:
            token = http.post("/oauth/token", data={"grant_type": "client_credentials", **management}).json()
        bearer = {"authorization": f"Bearer {token['access_token']}"}

        def write(writer: int) -> None:
            with served.http(HOST) as http:
                for number in range(1000):
                    try:
                        name = f"client {writer} {number}"
                        made = http.post("/api/v2/clients", json={"name": name}, headers=bearer)
                    except httpx2.TransportError:
                        return
                    if made.status_code == 201:
                        acknowledged.append(made.json()["client_id"])
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
        for client_id in acknowledged:
            assert http.get(f"/api/v2/clients/{client_id}", headers=bearer).status_code == 200
