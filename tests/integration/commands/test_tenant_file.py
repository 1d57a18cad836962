"""A tenant file and the database of a production server: no server has to run."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.commands.conftest import Operator

DOCUMENT = """
resourceServers:
  - {name: API, identifier: "https://api.test/", scopes: [{value: "read:a"}]}
clients:
  - {name: Machine, client_id: machine, client_secret: the-secret-of-the-file, grant_types: [client_credentials]}
clientGrants:
  - {client_id: Machine, audience: "https://api.test/", scope: ["read:a"]}
"""
ONE, OTHER = "one.test", "other.test"


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_tenant_goes_out_of_a_database_and_into_another_tenant(operator: Operator) -> None:
    for domain in (ONE, OTHER):
        operator.json("tenants", "create", domain)
    (operator.folder / "tenant.yaml").write_text(DOCUMENT)
    changed = operator.run("import", "tenant.yaml", "--dry-run", "--tenant", ONE)
    assert changed.returncode == 2, changed.stderr
    applied = operator.run("import", "tenant.yaml", "--yes", "--tenant", ONE)
    assert applied.returncode == 0, applied.stderr
    assert operator.run("import", "tenant.yaml", "--dry-run", "--tenant", ONE).returncode == 0
    assert operator.run("export", "--output", "one", "--tenant", ONE).returncode == 0
    moved = operator.run("import", "one", "--yes", "--json", "--tenant", OTHER)
    assert json.loads(moved.stdout)["applied"] is True
    assert operator.run("export", "--output", "other", "--tenant", OTHER).returncode == 0
    assert files(operator.folder / "one") == files(operator.folder / "other")
    assert not any("Doorward management" in name for name in files(operator.folder / "one"))
