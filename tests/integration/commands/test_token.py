"""``doorward token``: a token at the terminal, as a machine and as a person."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.dev_server import DevServer, dev_server
from tests.scripted_login import ScriptedLogin

EMAIL, PASSWORD = "ada@example.test", "correct-horse-9"
AUDIENCE = "https://api.example.test"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    tenant = {
        "resourceServers": [
            {
                "name": "API", "identifier": AUDIENCE, "scopes": [{"value": "read:items"}],
                "skip_consent_for_verifiable_first_party_clients": True,
            }
        ],
        "clients": [
            {
                "name": "App", "app_type": "native", "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code"], "callbacks": [f"http://localhost:{port}/done"],
            },
            {"name": "Service", "app_type": "non_interactive", "grant_types": ["client_credentials"]},
            {"name": "Bare", "app_type": "native", "grant_types": ["authorization_code"], "callbacks": ["app://x"]},
        ],
        "clientGrants": [{"client_id": "Service", "audience": AUDIENCE, "scope": ["read:items"]}],
        "databases": [{"name": "people", "strategy": "auth0", "enabled_clients": ["App"]}],
        "users": [{"email": EMAIL, "password": PASSWORD, "connection": "people"}],
    }  # fmt: skip
    with dev_server(tenant, tmp_path_factory.mktemp("token")) as running:
        yield running


def start(door: DevServer, *words: str) -> subprocess.Popen[str]:
    data = Path(door.ca).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
    return subprocess.Popen(
        [sys.executable, "-m", "doorward", "token", "--data", str(data), *words],
        env={**environment, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(door: DevServer, *words: str) -> tuple[int, str, str]:
    process = start(door, *words)
    said, complained = process.communicate(timeout=30)
    return process.returncode, said, complained


def bring(port: int, answer: str) -> bytes:
    """What a browser does with a redirect to the callback."""
    with socket.create_connection(("127.0.0.1", port)) as browser:
        browser.sendall(f"GET /done{answer} HTTP/1.0\r\nhost: localhost\r\n\r\n".encode())
        return browser.makefile("rb").read()


def test_a_machine_s_token_needs_no_option(door: DevServer) -> None:
    code, said, _ = run(door)
    assert code == 0
    assert re.search(rf"^  aud +{AUDIENCE}$", said, re.MULTILINE)
    assert re.search(r"^  form +JWT · RS256$", said, re.MULTILINE)


def test_raw_is_the_token_alone(door: DevServer) -> None:
    code, said, complained = run(door, "--raw")
    assert (code, complained) == (0, "")
    assert said.count(".") == 2
    assert len(said.splitlines()) == 1


def test_a_refusal_says_why_and_what_to_do(door: DevServer) -> None:
    code, _, complained = run(door, "--audience", f"{AUDIENCE}/")
    assert code == 1
    what, why, fix, more = complained.splitlines()
    assert what.startswith(f"✗ access_denied: Service not enabled within domain: {AUDIENCE}/")
    assert "differs by the final /" in why
    assert f"audience={AUDIENCE}" in fix
    assert more.endswith("/_doorward/help/audience.unknown_api")


def test_explain_follows_the_token(door: DevServer) -> None:
    _, said, _ = run(door, "--explain")
    assert "The application has a client grant for the API." in said


def test_a_person_signs_in_in_the_browser(door: DevServer) -> None:
    process = start(door, "--login", "--no-browser", "--json", "--audience", AUDIENCE, "--scope", "openid read:items")
    assert process.stderr is not None
    address = next(line.strip() for line in process.stderr if "/authorize?" in line)
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        callback = person.callback(address)
    port = int(re.findall(r":(\d+)/", callback)[0])
    page = bring(port, callback.partition("/done")[2])
    assert b"You can close this window" in page
    assert b"default-src 'none'; style-src 'sha256-" in page
    assert b"<script" not in page
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    answer = json.loads(said)
    assert answer["scope"] == "openid read:items"
    assert "id_token" in answer


def test_an_answer_to_another_question_changes_nothing(door: DevServer) -> None:
    process = start(door, "--login", "--no-browser", "--raw")
    assert process.stderr is not None
    address = next(line.strip() for line in process.stderr if "/authorize?" in line)
    port = int(re.findall(r"localhost%3A(\d+)%2Fdone", address)[0])
    assert b" 400 " in bring(port, "?code=stolen&state=forged")
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        bring(port, person.callback(address).partition("/done")[2])
    said, _ = process.communicate(timeout=30)
    assert (process.returncode, said.count(".")) == (0, 4)


def test_an_application_without_a_loopback_callback_is_told_what_to_add(door: DevServer) -> None:
    code, _, complained = run(door, "--login", "--client", "Bare")
    assert code == 2
    assert "no callback this command can answer" in complained


def test_a_token_for_the_management_api(door: DevServer) -> None:
    code, said, _ = run(door, "--management", "--json")
    assert code == 0
    assert "read:clients" in json.loads(said)["scope"]
    code, _, complained = run(door, "--management", "--login")
    assert code == 2
    assert "--management is an application of its own" in complained


def test_what_is_typed_wrongly_is_told_like_any_other_problem() -> None:
    for words, fix in ((["token", "--nope"], "doorward token --help"), (["frob"], "doorward --help")):
        command = [sys.executable, "-m", "doorward", *words]
        typed = subprocess.run(command, capture_output=True, text=True, timeout=30)
        what, how = typed.stderr.splitlines()
        assert (typed.returncode, what[:2], how.split("fix")[1].strip()) == (2, "✗ ", fix)
