"""Recorded traffic of Auth0's Management API, sent to a running server: what came back there has to come back here.

The recordings are no part of the project; ``DOORWARD_SHARED`` names the folder that holds them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.dev_server import dev_server

SHARED = Path(os.environ.get("DOORWARD_SHARED") or "absent")
RECORDINGS = SHARED / "recordings"
FLOOR = 95  # percent of the scenarios whose operations are all offered here
OFFERED = {"T1", "T2"}
LIMIT = 240  # seconds

# What the tenants held when they were recorded, as far as scenarios take it for granted.
RECORDED = {
    "tenant": {"default_redirection_uri": "https://app.test/login"},
    "branding": {
        "colors": {"primary": "#0059d6", "page_background": "#000000"},
        "logo_url": "https://app.test/logo.png",
        "favicon_url": "https://app.test/favicon.png",
    },
    "clients": [{"name": "Default App"}],
    "databases": [
        {
            "name": "Username-Password-Authentication",
            "strategy": "auth0",
            "enabled_clients": ["Default App"],
        }
    ],
    "emailTemplates": [
        {
            "template": "welcome_email",
            "enabled": True,
            "body": "welcome.html",
            "from": "",
            "subject": "Welcome",
            "syntax": "liquid",
        }
    ],
}

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="DOORWARD_SHARED names no folder with recorded traffic")


def scenarios() -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """The steps of each scenario, by name and source."""
    lines = [line for file in sorted(RECORDINGS.glob("*.jsonl")) for line in file.read_text().splitlines()]
    return {(scenario["name"], scenario["source"]): scenario["steps"] for scenario in map(json.loads, lines)}


def offered(steps: list[Mapping[str, Any]], tiers: Mapping[str, str]) -> bool:
    """Whether a scenario is about operations that are offered, and no others."""
    named = [f"{step['m']} {step['op']}" for step in steps if step["op"]]
    return bool(named) and all(tiers.get(name) in OFFERED for name in named)


def replayed(recording: Path, folder: Path) -> list[dict[str, Any]]:
    """The results of the scenarios of one recorded tenant, one after another on a tenant of its own."""
    folder.mkdir()
    (folder / "welcome.html").write_text("<p>Welcome</p>")
    result = folder / "result.json"
    # Secrets of recorded traffic are words, and parts of the names of other things: no canary.
    with dev_server(RECORDED, folder, listened=False) as server:
        known = server.management
        told = subprocess.run(
            [
                sys.executable, str(SHARED / "tools" / "replay.py"), "--base", server.issuer, "--ca", str(server.ca),
                "--client-id", known.client_id, "--client-secret", known.client_secret, "--json", str(result),
                "--concurrency", "1", str(recording),
            ],
            capture_output=True, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip
    assert result.exists(), told.stdout + told.stderr
    results: list[dict[str, Any]] = json.loads(result.read_text())["results"]
    return results


def test_recorded_scenarios_pass(tmp_path: Path) -> None:
    results = [each for file in sorted(RECORDINGS.glob("*.jsonl")) for each in replayed(file, tmp_path / file.stem)]
    failures = [step for each in results for step in each.get("steps", ()) if (step.get("got") or 0) >= 500]
    assert failures == []
    tiers: Mapping[str, str] = json.loads((SHARED / "spec" / "management-tiers.json").read_text())
    steps = scenarios()
    run = [
        each for each in results if each["result"] != "skipped" and offered(steps[each["name"], each["source"]], tiers)
    ]
    failed = [f"{each['name']}: {each['why']}" for each in run if each["result"] != "passed"]
    assert len(run) > 200
    assert 100 * (len(run) - len(failed)) >= FLOOR * len(run), "\n".join(failed)
