"""What a new password has to be, judged rule by rule: the options a connection always had, or ``password_options``.

A connection with ``password_options`` is held to these alone, as Auth0 does. Passwords that were used before and
breached ones are told apart in ``new_password``: that takes more than reading the password.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Any

from msgspec import Struct

from doorward.identity.common_passwords import EN_10K, is_common
from doorward.model.connection import Connection

MAX_LENGTH = 256
# What bcrypt reads. Nothing is cut off here, but a connection may refuse what another server would cut off.
MAX_BYTES = 72
DEFAULT_POLICY = "good"
# Anything shorter is in any password sooner or later.
SHORTEST_PERSONAL = 3
KINDS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "lowerCase": ("lower case letters (a-z)", lambda c: "a" <= c <= "z"),
    "upperCase": ("upper case letters (A-Z)", lambda c: "A" <= c <= "Z"),
    "numbers": ("numbers (i.e. 0-9)", lambda c: "0" <= c <= "9"),
    "specialCharacters": (
        "special characters (e.g. !@#$%^&*)",
        lambda c: c == " " or not (c.isalnum() or c.isspace()),
    ),
}
# ``character_types`` of ``password_options``.
TYPES = {"lowercase": "lowerCase", "uppercase": "upperCase", "number": "numbers", "special": "specialCharacters"}
PERSONAL = (
    "name", "username", "nickname", "user_metadata.name", "user_metadata.first", "user_metadata.last", "email",
)  # fmt: skip


class PasswordError(StrEnum):
    """Why a password cannot be chosen; the values are Auth0's names."""

    STRENGTH = "PasswordStrengthError"
    DICTIONARY = "PasswordDictionaryError"
    USER_INFORMATION = "PasswordNoUserInfoError"
    HISTORY = "PasswordHistoryError"
    LEAKED = "password_leaked"

    @property
    def message(self) -> str:
        """As Auth0 tells an application."""
        return _MESSAGES[self][0]

    @property
    def text_key(self) -> str:
        """The key of the page text that tells a person."""
        return _MESSAGES[self][1]


_MESSAGES = {
    PasswordError.STRENGTH: ("Password is too weak", "password-too-weak"),
    PasswordError.DICTIONARY: ("Password is too common", "password-too-common"),
    PasswordError.USER_INFORMATION: ("Password contains user information", "password-contains-user-information"),
    PasswordError.HISTORY: ("Password has previously been used", "password-previously-used"),
    PasswordError.LEAKED: ("Password has appeared in a data breach", "password-breached"),
}


class PasswordPolicy(Struct, frozen=True):
    """What a connection asks of a password.

    ``needed`` of the ``kinds`` of characters; at most ``identical`` equal ones in a row, and ``sequential``
    neighbours in the alphabet or among the digits. ``dictionary`` is ``en_10k`` or ``en_100k``, ``words`` more
    of it in lower case. Of the last passwords, the present one among them, ``history`` cannot be chosen again.
    ``personal`` are the fields of the profile whose values may not be in it.
    """

    shortest: int
    kinds: tuple[str, ...] = ()
    needed: int = 0
    identical: int | None = None
    sequential: int | None = None
    most_bytes: int | None = None
    dictionary: str | None = None
    words: frozenset[str] = frozenset()
    history: int = 0
    personal: tuple[str, ...] = ()

    @property
    def remembered(self) -> int:
        """How many passwords are kept beside the present one."""
        return max(0, self.history - 1)


_ALL = tuple(KINDS)
# A connection that names no policy: length alone (NIST SP 800-63B-4 §3.1.1.2, a password as the only factor).
UNNAMED = PasswordPolicy(15)
STRENGTHS = {
    "none": PasswordPolicy(1),
    "low": PasswordPolicy(6),
    "fair": PasswordPolicy(8, _ALL[:3], 3),
    "good": PasswordPolicy(8, _ALL, 3),
    "excellent": PasswordPolicy(10, _ALL, 3, identical=2),
}


class PasswordVerdict(Struct, frozen=True):
    """``rules`` is the checklist as Auth0 writes it (``description.rules`` of a refused signup)."""

    rules: tuple[dict[str, Any], ...]
    error: PasswordError | None = None

    @property
    def accepted(self) -> bool:
        """Whether nothing stands against it."""
        return self.error is None

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


def policy_of(connection: Connection) -> PasswordPolicy:
    """What a connection asks for."""
    options = connection.options
    flexible = options.get("password_options")
    return _flexible(flexible) if isinstance(flexible, dict) and flexible else _classic(options)


def _classic(options: Mapping[str, Any]) -> PasswordPolicy:
    strength = options.get("passwordPolicy")
    base = UNNAMED if strength is None else STRENGTHS.get(strength, STRENGTHS[DEFAULT_POLICY])
    history, dictionary = _part(options, "password_history"), _part(options, "password_dictionary")
    shortest = _part(options, "password_complexity_options").get("min_length")
    return PasswordPolicy(
        max(1, min(shortest, 128)) if isinstance(shortest, int) else base.shortest,
        base.kinds,
        base.needed,
        base.identical,
        dictionary=EN_10K if dictionary.get("enable") else None,
        words=_words(dictionary.get("dictionary")),
        history=int(history.get("size") or 0) if history.get("enable") else 0,
        personal=PERSONAL if _part(options, "password_no_personal_info").get("enable") else (),
    )


def _flexible(options: Mapping[str, Any]) -> PasswordPolicy:
    complexity, dictionary = _part(options, "complexity"), _part(options, "dictionary")
    history, profile = _part(options, "history"), _part(options, "profile_data")
    kinds = tuple(TYPES[name] for name in TYPES if name in (complexity.get("character_types") or ()))
    return PasswordPolicy(
        max(1, int(complexity.get("min_length") or 1)),
        kinds,
        min(3, len(kinds)) if complexity.get("character_type_rule") == "three_of_four" else len(kinds),
        identical=2 if complexity.get("identical_characters") == "block" else None,
        sequential=2 if complexity.get("sequential_characters") == "block" else None,
        most_bytes=MAX_BYTES if complexity.get("max_length_exceeded") == "error" else None,
        dictionary=(dictionary.get("default") or EN_10K) if dictionary.get("active") else None,
        words=_words(dictionary.get("custom")),
        history=int(history.get("size") or 0) if history.get("active") else 0,
        personal=tuple(profile.get("blocked_fields") or PERSONAL) if profile.get("active") else (),
    )


def _part(options: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = options.get(name)
    return part if isinstance(part, dict) else {}


def _words(given: Iterable[str] | None) -> frozenset[str]:
    return frozenset(word.casefold() for word in given or ())


def judge(password: str, connection: Connection, person: Mapping[str, Any] | None = None) -> PasswordVerdict:
    """The password against the connection's policy. ``person`` is the profile, with ``user_metadata`` in it."""
    policy = policy_of(connection)
    rules = [_length(password, policy)]
    if policy.kinds:
        rules.append(_kinds(password, policy.kinds, policy.needed))
    if policy.identical is not None:
        rules.append(_run(password, policy.identical))
    if policy.sequential is not None:
        rules.append(_sequence(password, policy.sequential))
    return PasswordVerdict(tuple(rules), _error(password, policy, rules, person or {}))


def _error(
    password: str, policy: PasswordPolicy, rules: Iterable[Mapping[str, Any]], person: Mapping[str, Any]
) -> PasswordError | None:
    if not all(rule["verified"] for rule in rules):
        return PasswordError.STRENGTH
    folded = unicodedata.normalize("NFC", password).casefold()
    if policy.dictionary is not None and (folded in policy.words or is_common(folded, policy.dictionary)):
        return PasswordError.DICTIONARY
    if any(value in folded for value in _personal(policy.personal, person)):
        return PasswordError.USER_INFORMATION
    return None


def _personal(fields: Iterable[str], person: Mapping[str, Any]) -> Iterable[str]:
    for field in fields:
        value: Any = person
        for name in field.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            if field == "email":
                value = value.partition("@")[0]
            folded = unicodedata.normalize("NFC", value.strip()).casefold()
            if len(folded) >= SHORTEST_PERSONAL:
                yield folded


def _length(password: str, policy: PasswordPolicy) -> dict[str, Any]:
    shortest = policy.shortest
    fits = shortest <= len(password) <= MAX_LENGTH
    if policy.most_bytes is not None:
        fits = fits and len(unicodedata.normalize("NFC", password).encode(errors="replace")) <= policy.most_bytes
    if shortest <= 1:
        return {"message": "Non-empty password required", "code": "nonEmpty", "verified": fits}
    return {
        "message": "At least %d characters in length",
        "format": [shortest],
        "code": "lengthAtLeast",
        "verified": fits,
    }


def _kinds(password: str, kinds: tuple[str, ...], needed: int) -> dict[str, Any]:
    items = [
        {"message": message, "code": code, "verified": any(map(belongs, password))}
        for code, (message, belongs) in ((code, KINDS[code]) for code in kinds)
    ]
    found = sum(bool(item["verified"]) for item in items)
    if needed == len(kinds):
        return {"message": "Should contain:", "code": "shouldContain", "items": items, "verified": found >= needed}
    return {
        "message": "Contain at least %d of the following %d types of characters:",
        "format": [needed, len(kinds)],
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


def _sequence(password: str, longest: int) -> dict[str, Any]:
    text = password.lower()
    return {
        "message": 'No more than %d sequential characters in a row (e.g., "%s" not allowed)',
        "format": [longest, "abcdefgh"[: longest + 1]],
        "code": "sequentialChars",
        "verified": not any(_neighbours(text[i : i + longest + 1]) for i in range(len(text) - longest)),
    }


def _neighbours(text: str) -> bool:
    """Whether each character follows the one before, or each precedes it, in the alphabet or among the digits."""
    if not (text.isascii() and (text.isalpha() or text.isdigit())):
        return False
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})
