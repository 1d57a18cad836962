"""``doorward tenants`` and ``doorward root``: what an operator does with tenants, beside a running server."""

from __future__ import annotations

import base64
import json
import os
import pty
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.integration.commands.conftest import LIMIT, Operator
from tests.integration.commands.test_serve import get_until, token

HOST, COPY = "auth.example.com", "staging.example.com"
API = "/_doorward/api/v1/tenants"


@pytest.fixture
def installed(operator: Operator, database: str) -> Operator:
    """The operator of an empty database, SQLite or PostgreSQL."""
    operator.environment["DOORWARD_DATABASE_URL"] = database
    return operator


def test_a_tenant_is_copied_restored_and_deleted_beside_a_running_server(installed: Operator) -> None:
    made = installed.json("tenants", "create", HOST, "--id", "main")
    installed.json("users", "create", "--email", "ada@example.com")
    with installed.serve() as served, served.http(HOST) as http, served.http(COPY) as copy:
        before = token(http, made["management"]).json()["access_token"]
        taken = installed.json("tenants", "snapshot", HOST, "-o", "main.snapshot")
        assert (taken["file"], taken["tenant"], taken["users"]) == ("main.snapshot", "main", 1)
        file = installed.folder / "main.snapshot"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert made["management"]["client_secret"].encode() not in file.read_bytes()

        copied = installed.json("tenants", "restore", "main.snapshot", "--as", COPY)
        assert (copied["id"], copied["issuer"]) == (COPY, f"https://{COPY}/")
        assert get_until(copy, "/.well-known/jwks.json", 200).status_code == 200
        of_copy = {**made["management"], "audience": f"https://{COPY}/api/v2/"}
        assert token(copy, of_copy).status_code == 200

        installed.json("users", "create", "--email", "bo@example.com", "--tenant", HOST)
        assert installed.json("tenants", "show", "main")["users"] == 2
        assert installed.json("tenants", "restore", "main.snapshot", "--yes")["domain"] == HOST
        assert installed.json("tenants", "show", HOST)["users"] == 1
        bearer = {"authorization": f"Bearer {before}"}
        users = http.get("/api/v2/users", headers=bearer)
        assert [user["email"] for user in users.json()] == ["ada@example.com"], "tokens from before are good"

        assert installed.run("tenants", "delete", COPY, "--yes").stdout == f"✓ deleted {COPY}\n"
        assert get_until(copy, "/.well-known/jwks.json", 404).status_code == 404
        assert [tenant["id"] for tenant in installed.json("tenants", "list")] == ["main"]

        credential = installed.run("root", "show").stdout.strip()
        assert http.get(API, headers={"authorization": f"Bearer {credential}"}).json()[0]["id"] == "main"
        another = installed.run("root", "rotate").stdout.strip()
        assert http.get(API, headers={"authorization": f"Bearer {credential}"}).status_code == 401
        assert http.get(API, headers={"authorization": f"Bearer {another}"}).status_code == 200
        assert not any(credential in line or another in line for line in served.said)


# ``doorward`` that stops in the middle of a restore, with some tables written.
STOPS_HALFWAY = """
import sys, time
from doorward.backends.storage.snapshot_file import SnapshotReader
from doorward.cli import main

parts = SnapshotReader.parts

def half_of_them(reader):
    for number, part in enumerate(parts(reader)):
        if number == 4:
            print("halfway", flush=True)
            time.sleep(60)
        yield part

SnapshotReader.parts = half_of_them
main()
"""


def test_a_restore_that_is_killed_leaves_the_tenant_as_it_was(installed: Operator) -> None:
    installed.json("tenants", "create", HOST)
    installed.json("users", "create", "--email", "ada@example.com")
    installed.json("tenants", "snapshot", HOST, "-o", "x.snapshot")
    installed.json("users", "create", "--email", "later@example.com")
    before = installed.json("tenants", "show", HOST)
    words = [sys.executable, "-c", STOPS_HALFWAY, "tenants", "restore", "x.snapshot", "--yes"]
    environment = installed._environment({})
    with subprocess.Popen(words, env=environment, cwd=installed.folder, stdout=subprocess.PIPE, text=True) as restoring:
        assert restoring.stdout is not None
        assert restoring.stdout.readline() == "halfway\n"
        assert installed.json("tenants", "show", HOST) == before, "nobody sees half of it"
        os.kill(restoring.pid, signal.SIGKILL)
    assert installed.json("tenants", "show", HOST) == before
    assert installed.run("tenants", "restore", "x.snapshot", "--yes").returncode == 0
    assert installed.json("tenants", "show", HOST)["users"] == 1


def test_what_would_be_lost_is_confirmed_first(operator: Operator) -> None:
    operator.json("tenants", "create", HOST)
    operator.json("tenants", "snapshot", HOST, "-o", "x.snapshot")
    for words in (("delete", HOST), ("restore", "x.snapshot")):
        refused = operator.run("tenants", *words)
        assert refused.returncode == 2
        assert refused.stderr.splitlines()[0] == "✗ nobody confirmed"
        assert refused.stderr.splitlines()[2].endswith("--yes")
    code, said = at_a_terminal(operator, "something else\n", "tenants", "delete", HOST)
    assert (code, "nothing was deleted" in said) == (1, True)
    assert "1 client" in said
    assert at_a_terminal(operator, "n\n", "tenants", "restore", "x.snapshot")[0] == 1
    assert at_a_terminal(operator, "y\n", "tenants", "restore", "x.snapshot")[0] == 0
    assert at_a_terminal(operator, f"{HOST}\n", "tenants", "delete", HOST)[0] == 0
    assert operator.json("tenants", "list") == []
    assert operator.json("tenants", "restore", "x.snapshot")["id"] == HOST, "nothing is lost, nobody is asked"


def at_a_terminal(operator: Operator, typed: str, *words: str) -> tuple[int, str]:
    """Exit code and what was said to somebody at a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "doorward", *words],
        env=operator._environment({}),
        cwd=operator.folder,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        os.write(ours, typed.encode())
        said, _ = process.communicate(timeout=LIMIT)
    os.close(ours)
    os.close(theirs)
    return process.returncode, said


REFUSALS = (
    (("show", "nobody.example.com"), "no tenant is nobody.example.com", 2),
    (("delete", "nobody.example.com", "--yes"), "no tenant is", 2),
    (("snapshot", HOST, "-o", "there"), "there exists", 2),
    (("snapshot", HOST, "-o", "no/such/folder"), "no/such/folder cannot be written", 1),
    (("restore", "absent"), "absent cannot be read", 2),
    (("restore", "there"), "there cannot be restored", 1),
    (("restore", "x.snapshot", "--id", "other"), "--id is for a copy", 2),
    (("restore", "x.snapshot", "--as", "https://x/"), "https://x/ is not a domain", 2),
    (("restore", "x.snapshot", "--as", HOST), f"{HOST} is a tenant already", 1),
    (("restore", "x.snapshot", "--as", HOST, "--id", "other"), f"{HOST} is served already", 1),
    (("create", COPY, "--id", "../x"), "../x cannot be the id", 2),
    (("create", COPY, "--id", HOST), f"{HOST} is a tenant already", 1),
)


def test_every_refusal_says_what_and_how_to_go_on(furnished: Operator) -> None:
    for words, what, code in REFUSALS:
        refused = furnished.run("tenants", *words)
        assert (refused.returncode, refused.stdout) == (code, ""), refused.stderr
        assert what in refused.stderr.splitlines()[0]
        assert "Traceback" not in refused.stderr
    assert sorted(path.name for path in furnished.folder.glob(".*")) == [], "nothing half-written is left"


@pytest.fixture
def furnished(operator: Operator) -> Operator:
    """A tenant, its snapshot, and a file that is none."""
    operator.json("tenants", "create", HOST)
    operator.json("tenants", "snapshot", HOST, "-o", "x.snapshot")
    (operator.folder / "there").write_text("hello")
    return operator


def test_d6_a_snapshot_of_another_master_key_is_refused(furnished: Operator) -> None:
    (furnished.folder / "master.key").rename(furnished.folder / "old.key")
    (furnished.folder / "master.key").write_bytes(base64.b64encode(os.urandom(32)))
    (furnished.folder / "master.key").chmod(0o600)
    changes = {"DOORWARD_DATABASE_URL": f"sqlite:///{furnished.folder / 'another.sqlite'}"}
    refused = furnished.run("tenants", "restore", "x.snapshot", **changes)
    assert refused.returncode == 1
    assert "why   it was taken under another master key" in refused.stderr
    assert "fix   --sealed-under FILE" in refused.stderr
    words = ("tenants", "restore", "x.snapshot", "--sealed-under", "old.key")
    assert furnished.json(*words, **changes)["domain"] == HOST


def test_the_lists_are_for_people_too(furnished: Operator) -> None:
    furnished.json("tenants", "create", "b.example.com", "--id", "bee")
    listed = furnished.run("tenants", "list").stdout.splitlines()
    assert [line.split() for line in listed] == [
        ["domain", "id", "clients", "also", "served", "at"], [HOST, HOST, "1"], ["b.example.com", "bee", "1"],
    ]  # fmt: skip
    assert furnished.run("tenants", "show", "bee").stdout.splitlines()[0] == "b.example.com"
    assert "\x1b" not in furnished.run("tenants", "show", "bee").stdout
    named = furnished.run("tenants", "snapshot", "bee").stdout.splitlines()[0]
    assert (furnished.folder / named.removeprefix("✓ ")).exists()


def test_a_development_server_has_the_same_commands(tmp_path: Path) -> None:
    unconfigured = Operator(tmp_path, {"NO_COLOR": "1"})
    refused = unconfigured.run("tenants", "list")
    assert (refused.returncode, "there is no server to work on" in refused.stderr) == (2, True)
    words = [sys.executable, "-m", "doorward", "dev", "--port", "0", "--data", "data"]
    with subprocess.Popen(
        words, cwd=tmp_path, env=unconfigured._environment({"PYTHONUNBUFFERED": "1"}), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            said = iter(server.stdout or ())
            next(line for line in said if line.startswith("ready "))
            ready = json.loads((tmp_path / "data" / "ready.json").read_text())
            data = ("--data", "data")
            assert unconfigured.run("root", "show", *data).stdout.strip() == ready["root_credential"]
            before: Any = unconfigured.json("tenants", "show", "default", *data)
            unconfigured.json("tenants", "snapshot", "default", "-o", "x.snapshot", *data)
            assert unconfigured.json("tenants", "restore", "x.snapshot", "--yes", *data)["domain"] == ready["domain"]
            assert unconfigured.json("tenants", "show", "default", *data) == before
        finally:
            server.terminate()
            server.communicate(timeout=LIMIT)
    assert server.returncode == 0
