"""L7: chance comes from the operating system, and secrets are compared in constant time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import doorward

SOURCE = Path(doorward.__file__).parent
SECRET = re.compile(r"(secret|token|password|signature|mac|verifier|challenge)$")
# Where one may stand beside a sign of comparison, up to three lines after it: only those files are worth parsing.
COMPARED = re.compile(rf"{SECRET.pattern[:-1]}\b[\s)]*[!=]=|[!=]=(.*\n){{0,3}}.*{SECRET.pattern[:-1]}\b")
# Jitter between attempts to reach a database.
NO_SECRET_CHANCE = {"backends/storage/postgresql.py"}


def modules(with_: str | re.Pattern[str]) -> Iterator[tuple[str, ast.Module]]:
    """Those in which something stands."""
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text()
        if re.search(with_, text):
            yield str(path.relative_to(SOURCE)), ast.parse(text)


def test_l7_random_numbers_come_from_the_operating_system() -> None:
    found = {
        name
        for name, module in modules(r"\bimport .*\brandom\b|\bfrom random\b")
        for node in ast.walk(module)
        if (isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "random")
    }
    assert found == NO_SECRET_CHANCE


def test_l7_no_secret_is_compared_character_by_character() -> None:
    found = [
        f"{name}:{node.lineno} {ast.unparse(node)}"
        for name, module in modules(COMPARED)
        for node in ast.walk(module)
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
        and any(SECRET.search(last_name(side)) for side in (node.left, *node.comparators))
    ]
    assert found == []


def last_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
