"""A server that is killed in the middle of an import has written what its job says, and no more."""

from __future__ import annotations

import json
import os
import signal
import sqlite3

from tests.integration.commands.conftest import Operator
from tests.integration.commands.conftest import operator as operator

HOST = "auth.example.com"
PEOPLE = 3000


def test_what_was_reported_is_there_after_a_kill(operator: Operator) -> None:
    management = operator.json("tenants", "create", HOST)["management"]
    credentials = {"grant_type": "client_credentials", **management}
    users = [{"email": f"person{number}@example.com"} for number in range(PEOPLE)]
    with operator.serve(ends=-signal.SIGKILL) as served, served.http(HOST) as http:
        http.headers["authorization"] = f"Bearer {http.post('/oauth/token', data=credentials).json()['access_token']}"
        client = http.post("/api/v2/clients", json={"name": "Web"}).json()["client_id"]
        connection = http.get("/api/v2/connections").json()[0]["id"]
        enabled = [{"client_id": client, "status": True}]
        http.patch(f"/api/v2/connections/{connection}/clients", json=enabled).raise_for_status()
        job = http.post(
            "/api/v2/jobs/users-imports",
            data={"connection_id": connection},
            files={"users": json.dumps(users).encode()},
        ).json()
        while not (seen := http.get(f"/api/v2/jobs/{job['id']}").json()).get("summary"):
            pass
        os.kill(served.process.pid, signal.SIGKILL)
    with sqlite3.connect(operator.folder / "doorward.sqlite") as database:
        ((document, alive_until),) = database.execute("SELECT document, alive_until FROM job").fetchall()
        ((written,),) = database.execute("SELECT count(*) FROM user_account").fetchall()
        ((named,),) = database.execute("SELECT count(*) FROM user_identifier").fetchall()
        assert json.loads(document)["summary"]["inserted"] == written == named >= seen["summary"]["inserted"]
        # A minute goes by.
        database.execute("UPDATE job SET alive_until = 0, document = json_set(document, '$.alive_until', 0)")
        assert alive_until > 0
    with operator.serve() as served, served.http(HOST) as http:
        http.headers["authorization"] = f"Bearer {http.post('/oauth/token', data=credentials).json()['access_token']}"
        found = http.get(f"/api/v2/jobs/{job['id']}").json()
        assert found["summary"]["inserted"] == written
        assert found["status"] == ("failed" if written < PEOPLE else found["status"])
        assert http.get("/api/v2/users", params={"include_totals": "true"}).json()["total"] == min(written, 1000)
