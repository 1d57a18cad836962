"""``doorward import`` and ``doorward export`` against a running development server, in both formats."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from tests.dev_server import DevServer, dev_server

from doorward.cli import commands
from doorward.cli.running_server import RunningServer
from doorward.cli.terminal import NOT_AUTHORIZED, Problem

SAMPLE = Path(__file__).parents[1] / "sdk" / "tenant"
SECOND, THIRD, LATER = "second.test", "third.test", "later.test"
WIDTH = 80
API = "https://api.example.test/"
DOCUMENT: dict[str, Any] = {
    "resourceServers": [{"name": "API", "identifier": API, "scopes": [{"value": "read:a", "description": "See a"}]}],
    "clients": [
        {
            "name": "Web",
            "app_type": "regular_web",
            "oidc_conformant": True,
            "callbacks": ["https://app.test/cb"],
            "grant_types": ["authorization_code"],
        }
    ],
    "databases": [{"name": "people", "enabled_clients": ["Web"]}],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    folder = tmp_path_factory.mktemp("dev")
    with dev_server(DOCUMENT, folder, {SECOND: {}, THIRD: {}}) as running:
        yield running


class Terminal:
    """Runs commands on one tenant of the server."""

    def __init__(self, server: DevServer, folder: Path) -> None:
        self._data = server.ca.parent
        self.folder = folder

    def run(self, *words: str, tenant: str | None = None, typed: str | None = None, **environment: str) -> Result:
        runner = CliRunner(env={"COLUMNS": str(WIDTH), "AUTH0_KEYWORD_REPLACE_MAPPINGS": "", **environment})
        more = ["--tenant", tenant] if tenant else []
        arguments = [*words, "--data", str(self._data), *more]
        return runner.invoke(commands, arguments, input=typed, color=typed is not None)

    def write(self, document: dict[str, Any], name: str = "tenant.yaml") -> str:
        path = self.folder / name
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return str(path)

    def plan(self, *words: str, **more: Any) -> dict[str, Any]:
        """The plan of a dry run."""
        result = self.run("import", *words, "--dry-run", "--json", **more)
        assert result.exit_code in (0, 2), result.output
        return dict(json.loads(result.stdout))


@pytest.fixture
def terminal(server: DevServer, tmp_path: Path) -> Terminal:
    return Terminal(server, tmp_path)


def test_what_is_so_already_is_said_and_ends_with_0(terminal: Terminal) -> None:
    result = terminal.run("import", terminal.write(DOCUMENT), "--dry-run")
    assert result.exit_code == 0, result.output
    assert "✓ nothing to change" in result.output


def test_a_dry_run_shows_the_plan_and_ends_with_2(terminal: Terminal) -> None:
    document = {
        "resourceServers": [{**DOCUMENT["resourceServers"][0], "token_lifetime": 600}],
        "clients": [{"name": "Web", "callbacks": ["https://app.test/other"]}, {"name": "New"}],
    }
    file = terminal.write(document)
    for _ in range(2):  # nothing was changed by the first
        result = terminal.run("import", file, "--dry-run")
        assert result.exit_code == 2, result.output
        assert "token_lifetime  86400 → 600" in result.output
        assert "Tokens for API will expire after 600 s instead of 86400 s" in result.output
        assert "1 to create, 2 to change; nothing was changed" in result.output
        assert max(len(line) for line in result.output.splitlines() if "revision" not in line) <= WIDTH


def test_nobody_to_ask_is_no_yes(terminal: Terminal) -> None:
    file = terminal.write({"clients": [{"name": "Asked for"}]})
    result = terminal.run("import", file)
    assert isinstance(result.exception, Problem)
    assert result.exception.exit_code == 2
    assert "1 to create" in result.exception.what
    assert terminal.plan(file)["changes"]


def test_whoever_sits_there_is_asked(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("doorward.cli.tenant_import.sys", somebody)
    file = terminal.write({"clients": [{"name": "Agreed to"}]})
    declined = terminal.run("import", file, typed="n\n", NO_COLOR="1")
    assert "1 to create. Apply to " in declined.output
    assert declined.output.endswith("1 to create; nothing was changed\n")
    assert "\x1b[" not in declined.output
    assert terminal.plan(file)["changes"]
    agreed = terminal.run("import", file, typed="y\n", NO_COLOR="")
    assert ": 1 created" in agreed.output
    assert "\x1b[1m" in agreed.output
    assert terminal.plan(file)["changes"] == []


def test_only_changes_end_a_dry_run_with_2(terminal: Terminal) -> None:
    file = terminal.write({"clients": [{"name": "Never made"}]})
    for words in (("absent.yaml",), (file, "--mapping", "ABSENT"), (file, "--tenant", "absent.test")):
        result = terminal.run("import", *words, "--dry-run")
        assert isinstance(result.exception, Problem), words
        assert result.exception.exit_code == 1, words


def test_what_has_no_effect_is_said_in_a_paragraph_of_its_own(terminal: Terminal) -> None:
    result = terminal.run("import", terminal.write({"clientAuthCredentials": [], "rules": [{}]}), "--dry-run")
    assert result.exit_code == 0
    _, *rest = result.output.split("\n\n")
    assert [part.strip().partition("\n")[0][:17] for part in rest] == ["Without effect", "✓ nothing to chan"]


def test_what_is_stored_and_does_not_act_is_said_with_its_reason(terminal: Terminal) -> None:
    action = {"name": "Enrich", "code": "", "supported_triggers": [{"id": "post-login", "version": "v3"}]}
    file = terminal.write({"actions": [action], "clients": [{"name": "Acts"}]})
    result = terminal.run("import", file, "--dry-run")
    assert "Stored, and does not act yet\n  ! actions Enrich: No code is run yet.\n" in result.output
    assert terminal.run("import", file, "--yes").exit_code == 0
    assert "does not act" not in terminal.run("import", file, "--dry-run").output


def test_a_section_nobody_knows_stops_the_import(terminal: Terminal) -> None:
    file = terminal.write({"roles": [{"name": "Never made"}], "clientts": [{"name": "Web"}]})
    for words in (("--dry-run",), ("--yes",)):
        result = terminal.run("import", file, *words)
        assert result.exit_code == 1, result.output
        assert re.search(r"clientts\s+tenant\.yaml:3", result.output), result.output
        assert "Did you mean clients?" in result.output
    assert terminal.plan(terminal.write({"roles": [{"name": "Never made"}]}))["changes"]


def test_a_tenant_made_since_the_server_started_is_worked_on_too(terminal: Terminal) -> None:
    made = terminal.run("tenants", "create", LATER)
    assert made.exit_code == 0, made.output
    file = terminal.write({"clients": [{"name": "Of the later one"}]})
    assert terminal.run("import", file, "--yes", tenant=LATER).exit_code == 0
    assert terminal.plan(file, tenant=LATER)["changes"] == []
    assert "Of the later one" in terminal.run("export", tenant=LATER).output
    assert terminal.plan(file)["changes"] != []


def test_a_server_named_by_its_address_is_asked_for_the_tenant(
    server: DevServer, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = json.loads((server.ca.parent / "ready.json").read_text())
    client = next(one["management"]["client_id"] for one in ready["tenants"] if one["domain"] == SECOND)
    audience = f"https://{SECOND}/api/v2/"
    words = ("token", "--client", client, "--audience", audience, "--raw")
    token = terminal.run(*words, tenant=SECOND).output.strip()
    asked = ("export", "--url", ready["issuer"], "--token", token)
    untrusted = terminal.run(*asked, tenant=SECOND)
    assert isinstance(untrusted.exception, Problem)
    assert "is not trusted" in untrusted.exception.what
    monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
    assert terminal.run(*asked, tenant=SECOND).exit_code == 0
    assert isinstance(terminal.run(*asked).exception, Problem)


@pytest.mark.parametrize(
    ("status", "fix", "exit_code"),
    [
        (400, "mend the file", 1),
        (401, "--token with", NOT_AUTHORIZED),
        (403, "--token with", NOT_AUTHORIZED),
        (404, "--tenant names its tenant", 1),
        (409, "run the same command again", 1),
        (413, "import less", 1),
        (418, "change what was asked for", 1),
        (500, "look at the server's log", 1),
        (503, "run the same command again", 1),
    ],
)
def test_a_refusal_says_what_to_do(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, status: int, fix: str, exit_code: int
) -> None:
    refused = (status, {"message": "No."})
    monkeypatch.setattr(RunningServer, "call", lambda *_: refused)
    problem = terminal.run("import", terminal.write(DOCUMENT), "--yes").exception
    assert isinstance(problem, Problem)
    assert fix in problem.fix
    assert (problem.why, problem.exit_code) == ("No.", exit_code)


def test_an_export_does_not_take_a_file_for_a_folder(terminal: Terminal) -> None:
    file = terminal.folder / "tenant.json"
    file.write_text("{}")
    result = terminal.run("export", "--output", str(file))
    assert isinstance(result.exception, Problem)
    assert result.exception.what.endswith("is a file")
    written = terminal.run("export", "--output", str(terminal.folder / "out"))
    assert max(map(len, written.output.replace(str(terminal.folder), "").splitlines())) <= WIDTH


def test_yes_applies_all_of_it(terminal: Terminal) -> None:
    file = terminal.write(
        {"clients": [{"name": "Applied", "callbacks": ["https://a.test/"]}], "roles": [{"name": "R"}]}
    )
    result = terminal.run("import", file, "--yes", "--details")
    assert result.exit_code == 0, result.output
    assert "+ https://a.test/" in result.output
    assert "2 created" in result.output
    assert terminal.plan(file)["changes"] == []
    deleted = terminal.write({"roles": []})
    assert terminal.plan(deleted)["changes"] == []
    result = terminal.run("import", deleted, "--yes", "--allow-delete")
    assert "1 deleted" in result.output
    assert terminal.plan(deleted, "--allow-delete")["changes"] == []


def test_what_is_wrong_is_told_with_its_place(terminal: Terminal) -> None:
    file = terminal.write({"roles": [{"name": "Fine"}], "clients": [{"name": "A"}, {"name": "B", "callbacks": 5}]})
    result = terminal.run("import", file, "--yes")
    assert result.exit_code == 1
    assert re.search(r"clients B\s+tenant\.yaml:5", result.output), result.output
    assert "Expected type array but found type integer" in result.output.replace("\n    ", " ")
    assert not any(change["action"] == "change" for change in terminal.plan(terminal.write({"roles": []}))["changes"])
    assert [one["section"] for one in terminal.plan(terminal.write({"roles": [{"name": "Fine"}]}))["changes"]] == [
        "roles"
    ]


def problems(result: Result) -> list[tuple[str, str, int | None]]:
    """Name, file and line of each problem in a plan as JSON."""
    found = json.loads(result.stdout)["problems"]
    return [(f"{one['section']} {one['name']}".rstrip(), one["file"], one.get("line")) for one in found]


def test_problems_as_data_have_file_and_line(terminal: Terminal) -> None:
    file = terminal.write(
        {
            "clients": [{"name": "A"}, {"name": "B", "callbacks": 5}],
            "roles": [{"name": "R"}, 5],
            "attackProtection": {"bruteForceProtection": {"enabled": 5}},
            "unheardOf": 1,
        }
    )
    result = terminal.run("import", file, "--dry-run", "--json")
    assert result.exit_code == 1
    assert sorted(problems(result)) == [
        ("attackProtection bruteForceProtection", file, 9),
        ("clients B", file, 3),
        ("roles", file, 7),
        ("unheardOf", file, 11),
    ]


def test_problems_of_a_folder_name_the_file(terminal: Terminal) -> None:
    root = terminal.folder / "tenant"
    wrong = {
        "clients/B.json": {"name": "B", "callbacks": 5},
        "custom-domains/custom-domains.json": {"domain": "a.test"},
        "triggers/triggers.json": [],
        "attack-protection/brute-force-protection.json": {"enabled": 5},
        "phone-providers/provider.json": ["twilio"],
    }
    for path, content in {**wrong, "clients/A.json": {"name": "A"}}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(json.dumps(content))
    result = terminal.run("import", str(root), "--dry-run", "--json")
    assert sorted((file, line) for _, file, line in problems(result)) == [
        (str(root / path), None) for path in sorted(wrong) if path != "triggers/triggers.json"
    ]
    (root / "clients" / "B.json").write_text("[{}]")
    refused = terminal.run("import", str(root), "--dry-run")
    assert isinstance(refused.exception, Problem)
    assert refused.exception.what == f"{root / 'clients' / 'B.json'} has to hold a JSON object"


def test_keywords_come_from_options_and_the_environment(terminal: Terminal) -> None:
    path = Path(terminal.write({}))
    path.write_text(
        "tenant:\n  friendly_name: '##NAME##'\n  allowed_logout_urls: @@URLS@@\n  support_email: '##MAIL##'\n"
    )
    words = ("import", str(path), "--dry-run", "--json", "--mapping", 'URLS=["https://a.test/"]', "--mapping", "MAIL")
    result = terminal.run(*words, MAIL="a@a.test", AUTH0_KEYWORD_REPLACE_MAPPINGS='{"NAME": "Acme"}')
    (change,) = json.loads(result.stdout)["changes"]
    assert {one["path"]: one["after"] for one in change["properties"]} == {
        "friendly_name": "Acme", "allowed_logout_urls": ["https://a.test/"], "support_email": "a@a.test",
    }  # fmt: skip
    left = terminal.plan(str(path))
    assert left["changes"] == []
    assert left["left_out"] == [
        "tenant.allowed_logout_urls (@@URLS@@ is not replaced)",
        "tenant.friendly_name (##NAME## is not replaced)",
        "tenant.support_email (##MAIL## is not replaced)",
    ]


def test_files_outside_of_the_folder_are_not_read(terminal: Terminal) -> None:
    action = {"name": "A", "supported_triggers": [{"id": "post-login"}], "code": "../../etc/passwd"}
    result = terminal.run("import", terminal.write({"actions": [action]}), "--dry-run")
    assert isinstance(result.exception, Problem)
    assert "outside" in result.exception.what


# ── out and in again ──


def mappings(exported: Path) -> str:
    """A value for every keyword in the files."""
    texts = "".join(path.read_text() for path in exported.rglob("*") if path.is_file())
    found = sorted(set(re.findall(r"##(\w+)##", texts)))
    assert found
    return json.dumps({key: "BEARER" if key.endswith("_TYPE") else f"value-of-{key.lower()}" for key in found})


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_whole_sample_goes_in_and_out_the_same_in_both_formats(terminal: Terminal, tmp_path: Path) -> None:
    sample = tmp_path / "sample"
    shutil.copytree(SAMPLE, sample)
    known = mappings(sample)
    result = terminal.run(
        "import", str(sample / "tenant.yaml"), "--yes", tenant=SECOND, AUTH0_KEYWORD_REPLACE_MAPPINGS=known
    )
    assert result.exit_code == 0, result.output
    again = terminal.plan(str(sample / "tenant.yaml"), tenant=SECOND, AUTH0_KEYWORD_REPLACE_MAPPINGS=known)
    assert (again["changes"], again["left_out"]) == ([], [])

    out = tmp_path / "out"
    for target in ("yaml/tenant.yaml", "folder"):
        result = terminal.run("export", "--output", str(out / target), tenant=SECOND)
        assert result.exit_code == 0, result.output
    assert set(yaml.safe_load((out / "yaml" / "tenant.yaml").read_text())) == set(
        yaml.safe_load((sample / "tenant.yaml").read_text())
    )
    # Into an empty tenant from the folder, out of it as both, and into it again from YAML.
    values = {"AUTH0_KEYWORD_REPLACE_MAPPINGS": mappings(out)}
    result = terminal.run("import", str(out / "folder"), "--yes", tenant=THIRD, **values)
    assert result.exit_code == 0, result.output
    for target in ("yaml/tenant.yaml", "folder"):
        terminal.run("export", "--output", str(tmp_path / "third" / target), tenant=THIRD)
    assert files(tmp_path / "third" / "folder") == files(out / "folder")
    assert files(tmp_path / "third" / "yaml") == files(out / "yaml")
    for target in ("yaml/tenant.yaml", "folder"):
        assert terminal.plan(str(out / target), tenant=THIRD, **values)["changes"] == []
        plain = terminal.plan(str(out / target), tenant=THIRD)
        assert plain["changes"] == []  # what is kept secret stays


def test_an_export_without_output_is_one_text_that_can_be_imported(terminal: Terminal) -> None:
    result = terminal.run("export")
    assert result.exit_code == 0
    path = terminal.folder / "one.yaml"
    path.write_text(result.stdout)
    assert terminal.plan(str(path))["changes"] == []
    assert json.loads(terminal.run("export", "--json").stdout) == yaml.safe_load(result.stdout)


def test_an_export_over_another_removes_what_is_gone(terminal: Terminal) -> None:
    folder = terminal.folder / "tenant"
    terminal.run("import", terminal.write({"roles": [{"name": "Gone"}, {"name": "Stays"}]}), "--yes")
    terminal.run("export", "--output", str(folder))
    assert (folder / "roles" / "Gone.json").is_file()
    (folder / "notes.txt").write_text("mine")
    terminal.run("import", terminal.write({"roles": [{"name": "Stays"}]}), "--yes", "--allow-delete")
    terminal.run("export", "--output", str(folder))
    assert sorted(path.name for path in (folder / "roles").iterdir()) == ["Stays.json"]
    assert (folder / "notes.txt").is_file()
