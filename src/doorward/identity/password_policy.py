"""What a new password has to be: Auth0's five strengths, checked rule by rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from doorward.model.connection import Connection

MAX_LENGTH = 256
DEFAULT_POLICY = "good"
# A connection that names no policy: length alone (NIST SP 800-63B-4 §3.1.1.2, a password as the only factor).
UNNAMED: tuple[int, int, int, int | None] = (15, 0, 0, None)
KINDS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("lowerCase", "lower case letters (a-z)", lambda c: "a" <= c <= "z"),
    ("upperCase", "upper case letters (A-Z)", lambda c: "A" <= c <= "Z"),
    ("numbers", "numbers (i.e. 0-9)", lambda c: "0" <= c <= "9"),
    ("specialCharacters", "special characters (e.g. !@#$%^&*)", lambda c: c == " " or not (c.isalnum() or c.isspace())),
)
# strength: shortest length, kinds of characters, how many of those kinds, longest run of one character
STRENGTHS: dict[str, tuple[int, int, int, int | None]] = {
    "none": (1, 0, 0, None),
    "low": (6, 0, 0, None),
    "fair": (8, 3, 3, None),
    "good": (8, 4, 3, None),
    "excellent": (10, 4, 3, 2),
}


class PasswordVerdict(Struct, frozen=True):
    """``rules`` is the checklist as Auth0 writes it (``description.rules`` of a refused signup)."""

    rules: tuple[dict[str, Any], ...]

    @property
    def accepted(self) -> bool:
        return all(rule["verified"] for rule in self.rules)

    @property
    def as_text(self) -> str:
        """The checklist as a bulleted text."""
        lines = []
        for rule in self.rules:
            values = rule.get("format", ())
            message = rule["message"]
            lines.append("* " + (message % tuple(values) if values else message))
            lines.extend(f" * {item['message']}" for item in rule.get("items", ()))
        return "\n".join(lines)


def judge(password: str, connection: Connection) -> PasswordVerdict:
    """The password against the connection's ``passwordPolicy`` and ``password_complexity_options``."""
    options = connection.options
    strength = options.get("passwordPolicy")
    shortest, kinds, needed, run = UNNAMED if strength is None else STRENGTHS.get(strength, STRENGTHS[DEFAULT_POLICY])
    complexity = options.get("password_complexity_options")
    if isinstance(complexity, dict) and isinstance(complexity.get("min_length"), int):
        shortest = max(1, min(complexity["min_length"], 128))
    rules: list[dict[str, Any]] = [_length(password, shortest)]
    if kinds:
        rules.append(_kinds(password, kinds, needed))
    if run is not None:
        rules.append(_run(password, run))
    return PasswordVerdict(tuple(rules))


def _length(password: str, shortest: int) -> dict[str, Any]:
    return {
        "message": "At least %d characters in length" if shortest > 1 else "Non-empty password required",
        **({"format": [shortest]} if shortest > 1 else {}),
        "code": "lengthAtLeast" if shortest > 1 else "nonEmpty",
        "verified": shortest <= len(password) <= MAX_LENGTH,
    }


def _kinds(password: str, kinds: int, needed: int) -> dict[str, Any]:
    items = [
        {"message": message, "code": code, "verified": any(map(belongs, password))}
        for code, message, belongs in KINDS[:kinds]
    ]
    found = sum(bool(item["verified"]) for item in items)
    if needed == kinds:
        return {"message": "Should contain:", "code": "shouldContain", "items": items, "verified": found >= needed}
    return {
        "message": "Contain at least %d of the following %d types of characters:",
        "format": [needed, kinds],
        "code": "containsAtLeast",
        "items": items,
        "verified": found >= needed,
    }


def _run(password: str, longest: int) -> dict[str, Any]:
    repeated = any(len(set(password[i : i + longest + 1])) == 1 for i in range(len(password) - longest))
    return {
        "message": 'No more than %d identical characters in a row (e.g., "%s" not allowed)',
        "format": [longest, "a" * (longest + 1)],
        "code": "identicalChars",
        "verified": not repeated,
    }
