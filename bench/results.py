"""Writes ``RESULTS.md``: one section for each kind of database, replaced by every kept run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bench import report

FILE = Path(__file__).parent / "RESULTS.md"
HEAD = """# Results

Written by `python -m bench.run --write`, one section for each database; searches and imports are copied from their
own output. [README.md](README.md) says how to read it.
What missed its budget stands here like everything else.
"""
QUIET_LOAD = 0.5


def write(run: dict[str, Any]) -> None:
    """Replace the section of the run's database."""
    name = run["database"]
    before = FILE.read_text() if FILE.exists() else HEAD
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", before, re.MULTILINE | re.DOTALL))
    sections[name] = f"\n{_told(run)}\n\n{report.summary(run)}\n"
    FILE.write_text(HEAD + "".join(f"\n## {title}\n\n{text.strip()}\n" for title, text in sorted(sections.items())))


def _told(run: dict[str, Any]) -> str:
    machine, shape = run["machine"], run["shape"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    load = (machine["load"], machine["load_after"])
    busy = max(load[0], load[1] - 2) > QUIET_LOAD
    said = [
        f"{run['began']}, {machine['cpu']}, {machine['cores']} cores, {machine['system']}.",
        f"Python {machine['python']} ({machine['python_build']}), {versions}; signatures by {machine['openssl']}.",
        f"{shape['rounds']} rounds of {shape['seconds']} s after {shape['warm']} s of warm-up, 32 connections, "
        "RSA keys of 2048 bits, one worker, plain HTTP.",
        f"Load of the machine {load[0]:.1f} before and {load[1]:.1f} after."
        + (" **Taken on a machine that was busy with other work.**" if busy else ""),
    ]
    return "\n".join(f"* {sentence}" for sentence in said)
