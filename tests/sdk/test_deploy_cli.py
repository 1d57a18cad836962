"""auth0-deploy-cli, unchanged: a tenant goes in, comes out, goes into another one, and comes out the same."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.dev_server import DevServer, dev_server

HERE = Path(__file__).parent
PROGRAM = HERE / "node_modules" / ".bin" / "a0deploy"
LIMIT = 600.0
SHARED = os.environ.get("DOORWARD_SHARED")
SAMPLES = [HERE / "tenant" / "tenant.yaml", *([Path(SHARED, "samples", "tenant.yaml")] if SHARED else [])]
# The tool exports these as they are read, without what no answer shows.
WITHOUT_VALUE = re.compile(r"(?P<indent> +)- name: TIDE_KEY\n")
# It reads them as its former SDK answered, and writes an empty list.
LOST_BY_THE_TOOL = {"guardianFactorProviders"}
# Proofs that a domain is the tenant's, and whether a secret is there that no answer shows.
OF_ONE_TENANT = {"verification_txt", "verification", "created_at", "ready"}
# Their credentials are in the file and in no answer: the tool sees another one each time.
ALWAYS_UPDATED = {"EmailProvider", "EventStreams", "PhoneProviders"}
KEYWORD = re.compile(r"##(\w+)##")


class Tool:
    """The tool with the development server's management client."""

    def __init__(self, node: str, server: DevServer, secrets: Mapping[str, str]) -> None:
        self._node = node
        self._secrets = secrets
        self._data = server.ca.parent
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AUTH0_")},
            **server.trust,
            "AUTH0_DOMAIN": server.domain,
            "AUTH0_CLIENT_ID": server.management.client_id,
            "AUTH0_CLIENT_SECRET": server.management.client_secret,
            "AUTH0_AUDIENCE": server.management_audience,
        }

    def run(self, *words: str, **settings: str) -> str:
        """What it said; it has to succeed."""
        ended = subprocess.run(
            [self._node, str(PROGRAM), *words],
            env={**self._environment, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        said = ended.stdout + ended.stderr
        assert ended.returncode == 0, said
        return said

    def load(self, file: Path, **settings: str) -> str:
        return self.run(
            "import", "--input_file", str(file), AUTH0_KEYWORD_REPLACE_MAPPINGS=self._mappings(file), **settings
        )

    def _mappings(self, file: Path) -> str:
        """A value for every keyword of a file; those of the sample and of its export mean the same secret."""
        return json.dumps(
            {**dict.fromkeys(KEYWORD.findall(file.read_text()), "a-secret-of-the-tenant"), **self._secrets}
        )

    def export(self, folder: Path) -> Path:
        self.run("export", "--format", "yaml", "--output_folder", str(folder))
        return folder / "tenant.yaml"

    def is_as(self, source: Path) -> None:
        """Whether ``doorward import`` would change nothing."""
        command = [sys.executable, "-m", "doorward", "import", str(source), "--dry-run", "--data", str(self._data)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def secrets_of(sample: Path) -> dict[str, str]:
    """The secrets a sample says itself, by the keyword that an export has in their place."""
    connections = yaml.safe_load(sample.read_text()).get("connections", ())
    said = {entry["name"]: (entry.get("options") or {}).get("client_secret", "##") for entry in connections}
    return {
        f"CONNECTIONS_{re.sub(r'[^A-Z0-9]', '_', name.upper())}_SECRET": secret
        for name, secret in said.items()
        if not secret.startswith("##")
    }


def files(folder: Path) -> dict[str, Any]:
    """The files of an export, its document as ``settled``."""
    found: dict[str, Any] = {
        str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    return {**found, "tenant.yaml": settled(yaml.safe_load(found["tenant.yaml"]))}


def settled(value: Any) -> Any:
    """A document without what no two tenants have in common; grants are made three at a time, in any order."""
    if isinstance(value, dict):
        kept = {name: settled(item) for name, item in value.items() if name not in OF_ONE_TENANT}
        if "clientGrants" in kept:
            kept["clientGrants"].sort(key=repr)
        return kept
    return [settled(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda sample: sample.parent.name)
def sample(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture(scope="module")
def tools(node: str, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tool, Tool]]:
    """The tool on two servers whose tenants are empty."""
    folders = [tmp_path_factory.mktemp("server") for _ in range(2)]
    with dev_server({}, folders[0]) as one, dev_server({}, folders[1]) as other:
        secrets = secrets_of(sample)
        yield Tool(node, one, secrets), Tool(node, other, secrets)


@pytest.fixture(scope="module")
def exported(tools: tuple[Tool, Tool], sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample after it went in and came out."""
    tools[0].load(sample)
    return tools[0].export(tmp_path_factory.mktemp("exported"))


def sections(file: Path) -> Mapping[str, bool]:
    """The top-level keys of an export, and whether they hold anything."""
    found = re.findall(r"^(\w+):( \[\]| \{\})?$", file.read_text(), re.MULTILINE)
    return {key: not empty for key, empty in found}


def test_everything_that_went_in_comes_out(sample: Path, exported: Path) -> None:
    gone = {key for key, holds in sections(sample).items() if holds and not sections(exported).get(key)}
    assert gone <= LOST_BY_THE_TOOL


def test_another_tenant_made_of_the_export_exports_the_same(
    tools: tuple[Tool, Tool], exported: Path, tmp_path: Path
) -> None:
    # Whoever moves a tenant says the secrets of its Actions again.
    before = files(exported.parent)
    complete = WITHOUT_VALUE.sub(r"\g<0>\g<indent>  value: tide\n", exported.read_text())
    moved = exported.with_name("moved.yaml")
    moved.write_text(complete)
    tools[1].load(moved)
    moved.unlink()
    again = tools[1].export(tmp_path / "again")
    assert files(again.parent) == before


def test_doorward_reads_the_tools_files(tools: tuple[Tool, Tool], exported: Path, tmp_path: Path) -> None:
    tools[0].run("export", "--format", "directory", "--output_folder", str(tmp_path / "folder"))
    for source in (exported, tmp_path / "folder"):
        tools[0].is_as(source)


def test_the_export_is_what_the_tenant_is(tools: tuple[Tool, Tool], exported: Path) -> None:
    said = tools[0].load(exported, AUTH0_DRY_RUN="true")
    updated = re.findall(r"│ (\w+) +│ (\w+) +│", re.sub(r"\x1b\[[0-9;]*[a-zA-Z]", "", said))
    assert {(resource, status) for resource, status in updated if resource != "Resource"} <= {
        (resource, "UPDATE") for resource in ALWAYS_UPDATED
    }, said


def test_importing_with_deletion_changes_nothing_that_is_named(
    tools: tuple[Tool, Tool], exported: Path, tmp_path: Path
) -> None:
    tools[0].load(exported, AUTH0_ALLOW_DELETE="true")
    assert files(tools[0].export(tmp_path / "again").parent) == files(exported.parent)
