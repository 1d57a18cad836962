"""``doorward serve`` and the commands around it: from nothing to a token, and every way to be refused."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from tests.databases import empty_database
from tests.integration.commands.conftest import Operator, Served
from tests.smtp_server import SmtpSink

HOST = "auth.example.com"
PASSWORD_REALM = "http://auth0.com/oauth/grant-type/password-realm"


def token(http: httpx2.Client, management: dict[str, str]) -> httpx2.Response:
    return http.post("/oauth/token", data={"grant_type": "client_credentials", **management})


def workers_of(served: Served) -> list[int]:
    path = f"/proc/{served.process.pid}/task/{served.process.pid}/children"
    with open(path) as children:
        return [int(pid) for pid in children.read().split()]


def get_until(http: httpx2.Client, path: str, wanted: int, seconds: float = 10.0) -> httpx2.Response:
    """Ask again until the status is the one wanted."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = http.get(path)
            if answer.status_code == wanted or time.monotonic() > deadline:
                return answer
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_g7_from_nothing_to_a_token(operator: Operator, workers: str) -> None:
    made = operator.json("tenants", "create", HOST)
    assert made["issuer"] == f"https://{HOST}/"
    assert [tenant["domain"] for tenant in operator.json("tenants", "list")] == [HOST]
    with operator.serve("--workers", workers) as served, served.http(HOST) as http:
        answer = token(http, made["management"])
        assert answer.status_code == 200, answer.text
        bearer = {"authorization": f"Bearer {answer.json()['access_token']}"}
        assert http.get("/api/v2/clients", headers=bearer).status_code == 200
        assert http.get("/.well-known/jwks.json", headers={"host": "unknown.example"}).status_code == 404


def test_a_tenant_made_while_it_serves_is_served(operator: Operator) -> None:
    operator.json("tenants", "create", HOST)
    with operator.serve() as served, served.http("second.example.com") as http:
        assert http.get("/.well-known/jwks.json").status_code == 404
        made = operator.json("tenants", "create", "second.example.com")
        assert get_until(http, "/.well-known/jwks.json", 200).status_code == 200
        assert token(http, made["management"]).status_code == 200


def test_a_worker_that_dies_is_replaced(operator: Operator) -> None:
    operator.json("tenants", "create", HOST)
    with operator.serve("--workers", "2") as served, served.http(HOST) as http:
        before = workers_of(served)
        os.kill(before[0], signal.SIGKILL)
        for _ in range(200):
            now = workers_of(served)
            if len(now) == 2 and before[0] not in now:
                break
            time.sleep(0.05)
        assert before[0] not in workers_of(served)
        assert get_until(http, "/_doorward/ready", 200).status_code == 200


def test_keys_and_users_are_managed_beside_a_running_server(operator: Operator) -> None:
    operator.json("tenants", "create", HOST)
    with operator.serve() as served, served.http(HOST) as http:
        first = operator.json("keys", "list")[0]["kid"]
        assert operator.run("keys", "rotate").returncode == 0
        deadline = time.monotonic() + 10
        while len(http.get("/.well-known/jwks.json").json()["keys"]) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(http.get("/.well-known/jwks.json").json()["keys"]) == 3
        revoked = operator.run("keys", "revoke", first)
        assert revoked.returncode == 0, revoked.stderr
        assert operator.run("keys", "revoke", "no-such-key").returncode == 1


def test_a_user_made_here_signs_in_and_is_let_in_again(operator: Operator) -> None:
    made = operator.json("tenants", "create", HOST)
    ada = operator.json("users", "create", "--email", "ada@example.com", "--verified")
    given = operator.json("users", "create", "--email", "bo@example.com", "--password-stdin", given="Correct-horse-9\n")
    assert "password" not in given
    assert operator.run("users", "create", "--email", "ada@example.com").returncode == 1
    assert operator.run("users", "create", "--email", "nobody").returncode == 1
    with operator.serve() as served, served.http(HOST) as http:
        bearer = {"authorization": f"Bearer {token(http, made['management']).json()['access_token']}"}
        app = {"name": "Terminal", "app_type": "native", "grant_types": [PASSWORD_REALM]}
        client = http.post("/api/v2/clients", headers=bearer, json=app).json()
        connections = http.get("/api/v2/connections", headers=bearer).json()
        enabled = [{"client_id": client["client_id"], "status": True}]
        http.patch(f"/api/v2/connections/{connections[0]['id']}/clients", headers=bearer, json=enabled)

        def sign_in(username: str, password: str) -> httpx2.Response:
            form = {"grant_type": PASSWORD_REALM, "realm": connections[0]["name"], "client_id": client["client_id"]}
            secret = {"client_secret": client["client_secret"]}
            return http.post("/oauth/token", data={**form, **secret, "username": username, "password": password})

        assert sign_in("ada@example.com", ada["password"]).status_code == 200
        assert sign_in("bo@example.com", "Correct-horse-9").status_code == 200
        for _ in range(10):
            sign_in("ada@example.com", "wrong")
        assert sign_in("ada@example.com", ada["password"]).status_code == 429
        assert operator.run("users", "unblock", "ada@example.com").returncode == 0
        weak = operator.run("users", "create", "--email", "x@example.com", "--password-stdin", given="short\n")
        assert weak.returncode == 1
        assert "fix   a longer password" in weak.stderr
        assert sign_in("ada@example.com", ada["password"]).status_code == 200


def test_a_setting_of_the_wrong_kind_is_told_which_it_should_be(operator: Operator) -> None:
    for name, said in (("SERVER_PORT", "a whole number, not text"), ("SERVER_HEAD_TIMEOUT", "a number, not text")):
        assert f"it has to be {said}" in operator.run("serve", **{f"DOORWARD_{name}": "abc"}).stderr
    far_off = operator.run("serve", DOORWARD_TELEMETRY="off").stderr
    assert "did you mean" not in far_off
    assert "did you mean DOORWARD_SERVER_PORT?" in operator.run("serve", DOORWARD_SERVER_PROT="1").stderr


def test_settings_come_from_a_file_too(operator: Operator) -> None:
    file = operator.folder / "doorward.toml"
    file.write_text(
        f"""
[database]
url = "{operator.environment["DOORWARD_DATABASE_URL"]}"
[keys]
master_key_file = "{operator.environment["DOORWARD_KEYS_MASTER_KEY_FILE"]}"
"""
    )
    bare: dict[str, Any] = dict.fromkeys(operator.environment)
    assert operator.run("tenants", "create", HOST, "--config", str(file), **bare).returncode == 0
    with operator.serve("--config", str(file), **bare) as served, served.http(HOST) as http:
        assert http.get("/.well-known/openid-configuration").json()["issuer"] == f"https://{HOST}/"


@pytest.mark.parametrize(
    ("changes", "what", "code"),
    [
        ({"DOORWARD_DATABASE_URL": None}, "no database is named", 2),
        ({"DOORWARD_KEYS_MASTER_KEY_FILE": None}, "there is no master key", 2),
        ({"DOORWARD_KEYS_MASTER_KEY_FILE": "/nowhere/master.key"}, "the master key file", 2),
        ({"DOORWARD_SERVER_HOSTS": "0.0.0.0"}, "plain HTTP would be spoken on 0.0.0.0", 2),
        ({"DOORWARD_SERVER_TRUSTED_PROXIES": "0.0.0.0/0"}, "trusts everybody", 2),
        ({"DOORWARD_SERVER_PROT": "1"}, "DOORWARD_SERVER_PROT is no setting", 2),
        ({"DOORWARD_SERVER_PORT": "abc"}, "DOORWARD_SERVER_PORT cannot be used", 2),
        ({"DOORWARD_PASSWORDS_ITERATIONS": "1"}, "password hashes would be too weak", 2),
        ({"DOORWARD_MAIL_HOST": "smtp.example.com"}, "mail.sender is missing", 2),
        ({"DOORWARD_MAIL_SENDER": "a@example.com"}, "mail.host is missing", 2),
        (
            {
                "DOORWARD_MAIL_HOST": "smtp.example.com",
                "DOORWARD_MAIL_SENDER": "a@example.com",
                "DOORWARD_MAIL_TLS": "none",
                "DOORWARD_MAIL_PASSWORD": "pw-canary",
            },
            "the mail password would cross the network readable",
            2,
        ),
        ({"DOORWARD_DATABASE_URL": "postgresql://nobody:pw-canary@127.0.0.1:1/none"}, "does not answer", 3),
        ({"DOORWARD_DATABASE_URL": "sqlite:////nowhere/at/all.sqlite"}, "cannot be opened", 3),
        ({}, "there is no tenant to serve", 2),
    ],
)
def test_what_is_unsafe_or_incomplete_is_refused_with_a_fix(
    operator: Operator, changes: dict[str, str | None], what: str, code: int
) -> None:
    refused = operator.run("serve", **changes)
    assert refused.returncode == code, refused.stderr
    said = refused.stderr
    assert said.startswith("✗ ")
    assert what in said.splitlines()[0], said
    assert [line.split()[0] for line in said.splitlines()[1:]] == ["why", "fix", "more"], said
    assert "Traceback" not in said
    assert "pw-canary" not in said


def test_of_several_processes_one_sends_each_mail(operator: Operator) -> None:
    made = operator.json("tenants", "create", HOST)
    with smtp_sink() as sink:
        mail: dict[str, str | None] = {
            "DOORWARD_MAIL_HOST": "127.0.0.1",
            "DOORWARD_MAIL_PORT": str(sink.port),
            "DOORWARD_MAIL_SENDER": "Doors <no-reply@example.com>",
        }
        with operator.serve("--workers", "2", **mail) as served, served.http(HOST) as http:
            http.headers["authorization"] = f"Bearer {token(http, made['management']).json()['access_token']}"
            connection = http.get("/api/v2/connections").json()[0]["name"]
            for number in range(5):
                user = {"email": f"u{number}@example.com", "connection": connection, "verify_email": False}
                user["password"] = "Str0ng-enough-1!"
                user_id = http.post("/api/v2/users", json=user).json()["user_id"]
                asked = http.post("/api/v2/jobs/verification-email", json={"user_id": user_id})
                assert asked.status_code == 201, asked.text
            until(lambda: len(sink.mails) >= 5)
        assert sorted(to for _, to, _ in sink.mails) == [f"u{number}@example.com" for number in range(5)]
        assert {sender for sender, _, _ in sink.mails} == {"no-reply@example.com"}


@contextlib.contextmanager
def smtp_sink() -> Iterator[SmtpSink]:
    """A sink on a loop of its own, beside the processes that mail to it."""
    opened, leave, sink = threading.Event(), asyncio.Event(), SmtpSink()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with sink.open():
            opened.set()
            await leave.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert opened.wait(10)
        yield sink
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join(10)
        loop.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for other processes, as long as it may take them at most."""
    for _ in range(400):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_another_master_key_is_refused(operator: Operator) -> None:
    operator.json("tenants", "create", HOST)
    (operator.folder / "master.key").write_text("a" * 43 + "=")
    refused = operator.run("serve", "--workers", "2")
    assert refused.returncode == 2
    assert "belongs to another master key" in refused.stderr


def test_a_domain_is_served_by_one_tenant(operator: Operator) -> None:
    operator.json("tenants", "create", HOST)
    refused = operator.run("tenants", "create", HOST.upper())
    assert (refused.returncode, "is a tenant already" in refused.stderr) == (1, True)
    assert operator.run("tenants", "create", "https://x.example/").returncode == 2


def test_a_port_in_use_is_refused(operator: Operator) -> None:
    operator.json("tenants", "create", HOST)
    with operator.serve() as served:
        refused = operator.run("serve", DOORWARD_SERVER_PORT=str(served.port))
    assert refused.returncode == 1
    assert "cannot be listened on" in refused.stderr


def test_migrate_says_what_it_does(operator: Operator) -> None:
    assert operator.run("migrate", "--check").returncode == 1
    assert "schema none" in operator.run("migrate").stdout
    again = operator.run("migrate", "--check")
    assert (again.returncode, "up to date" in again.stdout) == (0, True)


def test_postgresql_from_nothing_to_a_token(operator: Operator, postgresql: str) -> None:
    """The tables are there already; a fresh database is refused until it is migrated (see the storage suite)."""
    asyncio.run(empty_database(postgresql))
    on_postgresql = {"DOORWARD_DATABASE_URL": postgresql}
    assert operator.run("migrate", "--check", **on_postgresql).returncode == 0
    made = operator.json("tenants", "create", "pg.example.com", **on_postgresql)
    with operator.serve(**on_postgresql) as served, served.http("pg.example.com") as http:
        assert token(http, made["management"]).status_code == 200
