"""A server that is killed while mail is on its way sends it after the next start, and no letter twice."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.integration.commands.conftest import Operator
from tests.integration.commands.conftest import operator as operator
from tests.smtp_server import SmtpSink

HOST = "auth.example.com"
PEOPLE = [f"{number}@example.com" for number in range(8)]
LIMIT = 30.0


def query(database: Path, sql: str) -> list[tuple[int]]:
    with contextlib.closing(sqlite3.connect(database, timeout=LIMIT, isolation_level=None)) as connection:
        return connection.execute(sql).fetchall()


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(int(LIMIT / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to that")


async def test_mail_of_what_was_acknowledged_is_sent_once(operator: Operator) -> None:
    """At first the mail server takes connections and says nothing."""
    management = operator.json("tenants", "create", HOST)["management"]
    database = operator.folder / "doorward.sqlite"

    def waiting(condition: str = "true") -> int:
        return query(database, f"SELECT count(*) FROM outbox WHERE {condition}")[0][0]

    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        mail = {
            "DOORWARD_MAIL_HOST": "127.0.0.1", "DOORWARD_MAIL_PORT": str(port), "DOORWARD_MAIL_TLS": "none",
            "DOORWARD_MAIL_SENDER": "Example <no-reply@example.com>",
        }  # fmt: skip
        with operator.serve(ends=-signal.SIGKILL, **mail) as served:
            with served.http(HOST) as http:
                token = http.post("/oauth/token", data={"grant_type": "client_credentials", **management}).json()
                http.headers["authorization"] = f"Bearer {token['access_token']}"
                for email in PEOPLE:
                    person = {"connection": "Username-Password-Authentication", "password": "Correct-horse-9"}
                    http.post("/api/v2/users", json={**person, "email": email, "verify_email": True}).raise_for_status()
            await until(lambda: waiting("attempts > 0") > 0)
            os.kill(served.process.pid, signal.SIGKILL)
    assert waiting() == len(PEOPLE)
    assert 0 < waiting("attempts > 0") < len(PEOPLE)
    query(database, "UPDATE outbox SET due_at = 0")  # the time of those who had them passes
    sink = SmtpSink()
    async with sink.open(port):
        with operator.serve(**mail):
            await until(lambda: waiting() == 0)
    assert sorted(to for _, to, _ in sink.mails) == PEOPLE
