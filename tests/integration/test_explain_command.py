"""``doorward explain`` against a running development server, as a person would run it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from doorward.cli import commands
from doorward.cli.explanation import PAGES, lifetime, setting_in_words
from doorward.cli.terminal import Problem
from doorward.model.session import Step

API = "https://api.example.test"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of a development server with the demo tenant."""
    folder = tmp_path_factory.mktemp("dev") / "data"
    arguments = [sys.executable, "-m", "doorward", "dev", "--port", "0", "--data", str(folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            assert any(line.startswith("ready ") for line in server.stdout), "the server ended before it was ready"
            yield folder
        finally:
            server.terminate()
            server.stdout.read()


def run(folder: Path, *arguments: str, environment: dict[str, str] | None = None, color: bool = False) -> Result:
    runner = CliRunner(env={"COLUMNS": "100", **(environment or {})})
    return runner.invoke(commands, ["explain", "--data", str(folder), *arguments], color=color)


def test_a_token_is_explained_by_the_name_of_the_application(folder: Path) -> None:
    result = run(folder, "--client", "My Service", "--audience", API)
    assert result.exit_code == 0, result.output
    assert f"✓ My Service gets a JWT for {API}  client_credentials" in result.output
    assert "read:items write:items" in result.output
    assert "(API: token_lifetime = 86400)" in result.output
    assert "86400 s (1 day)" in result.output
    assert "it is taken to be genuine" in result.output


def test_who_names_no_application_is_told_which_there_are(folder: Path) -> None:
    result = run(folder, "--client", "Nope", "--audience", API)
    assert result.exit_code == 1
    assert "Applications here: My Service, My App" in result.output or "Applications here: My App" in result.output
    assert "Applications here" not in run(folder, "--client", "My App", "--audience", API).output


def test_without_a_grant_the_application_decides_which_request_it_is(folder: Path) -> None:
    result = run(folder, "--client", "My App", "--audience", API, "--scope", "openid delete:items")
    assert result.exit_code == 0, result.output
    assert "authorization_code" in result.output.splitlines()[0]
    assert "the person has to log in" in result.output
    assert "! delete:items: not defined on https://api.example.test." in result.output
    assert "call           PATCH /api/v2/resource-servers/https%3A%2F%2Fapi.example.test" in result.output


def test_a_refusal_has_what_why_fix_and_more_and_exit_code_1(folder: Path) -> None:
    result = run(folder, "--client", "My Service", "--audience", API + "/")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0] == f"✗ access_denied: Service not enabled within domain: {API}/"
    assert re.search(r"^  why +No API has the identifier", result.output, re.MULTILINE)
    assert re.search(rf"^  fix +Send audience={API}\.$", result.output, re.MULTILINE)
    assert re.search(r"^  more +https://\S+/_doorward/help/audience\.unknown_api$", result.output, re.MULTILINE)


def test_an_authorize_address_is_explained(folder: Path) -> None:
    ready = json.loads((folder / "ready.json").read_text())
    client_id = next(client["client_id"] for client in ready["clients"] if client["name"] == "My App")
    callback = "redirect_uri=http%3A%2F%2Flocalhost%3A3000%2F"
    address = f"{ready['issuer']}authorize?response_type=code&client_id={client_id}&{callback}&scope=openid"
    result = run(folder, address)
    assert result.exit_code == 1
    assert "the final slash differs" in " ".join(result.output.split())


def test_json_is_the_answer_as_it_came(folder: Path) -> None:
    result = run(folder, "--client", "My Service", "--audience", API, "--json")
    assert result.exit_code == 0
    answer = json.loads(result.output)
    assert set(answer) == {"decision", "error", "steps"}
    assert answer["decision"]["format"] == "jwt"


def test_everything_shows_each_rule_id(folder: Path) -> None:
    result = run(folder, "--client", "My Service", "--audience", API, "--all")
    assert "[lifetime.api]" in result.output
    assert "No permissions claim" in result.output


def test_colour_is_for_terminals_and_not_for_those_who_refuse_it(folder: Path) -> None:
    arguments = ("--client", "My Service", "--audience", API)
    assert "\x1b[" not in run(folder, *arguments).output
    assert "\x1b[32m" in run(folder, *arguments, color=True).output
    assert "\x1b[" not in run(folder, *arguments, color=True, environment={"NO_COLOR": "1"}).output


@pytest.mark.parametrize(
    ("arguments", "exit_code", "what"),
    [
        ((), 2, "no application is named"),
        (("--client", "My Service", "--param", "oops"), 2, "--param oops is not NAME=VALUE"),
        (("https://localhost/elsewhere?x=1",), 2, "that is no /authorize address"),
        (("https://localhost/authorize?a=1&a=2",), 2, "a is in the address more than once"),
        (("--client", "My Service", "--tenant", "nowhere.test"), 2, "no tenant is nowhere.test"),
        (("--client", "x", "--url", "https://localhost:1"), 2, "https://localhost:1 wants to know who asks"),
        (("--client", "x", "--url", "ftp://localhost", "--token", "t"), 2, "ftp://localhost is not the address"),
        (
            ("--client", "x", "--url", "http://127.0.0.1:1", "--token", "t"),
            3,
            "no server answers at http://127.0.0.1:1",
        ),
        (("--client", "My Service", "--grant", "password", "--user", "auth0|no"), 2, "that is no request to explain"),
    ],
)
def test_what_cannot_be_asked_is_said_with_its_exit_code(
    folder: Path, arguments: tuple[str, ...], exit_code: int, what: str
) -> None:
    problem = run(folder, *arguments).exception
    assert isinstance(problem, Problem)
    assert problem.exit_code == exit_code
    assert problem.what.startswith(what)


def test_a_token_the_server_does_not_take_ends_with_4(folder: Path) -> None:
    ready = json.loads((folder / "ready.json").read_text())
    environment = {**os.environ, "SSL_CERT_FILE": ready["ca"]}
    arguments = [
        sys.executable,
        "-m",
        "doorward",
        "explain",
        "--url",
        ready["issuer"],
        "--token",
        "no",
        "--client",
        "x",
    ]
    finished = subprocess.run(
        [*arguments, "--grant", "client_credentials"], env=environment, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 4, finished.stderr
    assert "the server does not take the token (401)" in finished.stderr
    assert "\x1b[" not in finished.stderr


def test_a_folder_without_a_server_ends_with_3(tmp_path: Path) -> None:
    problem = run(tmp_path, "--client", "x").exception
    assert isinstance(problem, Problem)
    assert (problem.exit_code, problem.fix.split("   ")[0]) == (3, f"doorward dev --data {tmp_path}")


def test_a_ready_file_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "ready.json").write_text("[]")
    problem = run(tmp_path, "--client", "x").exception
    assert isinstance(problem, Problem)
    assert "cannot be used" in problem.what


def test_every_page_of_a_login_has_words() -> None:
    assert set(PAGES) == {step.value for step in Step}


def test_lifetimes_and_settings_read_well() -> None:
    assert [lifetime(s) for s in (90, 60, 7200, 86400, 2592000)] == [
        "90 s", "60 s (1 minute)", "7200 s (2 hours)", "86400 s (1 day)", "2592000 s (30 days)"
    ]  # fmt: skip
    setting = {"object": "resource_server", "id": API, "field": "token_lifetime", "value": 60}
    assert setting_in_words(setting) == "(API: token_lifetime = 60)"
    assert setting_in_words(None) == ""
