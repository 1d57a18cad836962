"""What users are found by: columns of their row, and terms for everything that has none."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from doorward.backends.storage.database import Dialect
from doorward.backends.storage.search import Place
from doorward.model.user import User

# How much of a field's name or value is kept as it is; of what is longer, the beginning and a digest.
KEPT = 200
MAX_TERMS = 1000
# Attributes that compare without case.
FOLDED = ("email", "name", "given_name", "family_name", "nickname")
COPIED = ("name", "given_name", "family_name", "nickname", "username", "phone_number")
WITH_COLUMN = frozenset((*COPIED, "email", "email_verified", "phone_verified", "picture"))
TERM = {"tenant": "text", "sequence": "int8", "field": "text", "value": "text", "number": "float8"}
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


def places(dialect: Dialect) -> Callable[[str], Place]:
    """Where each field of a user is."""
    columns = (
        "user_id", "last_login", "last_ip", "blocked", "created_at", "updated_at", "logins_count",
        "email_verified", *COPIED, "email",
    )  # fmt: skip
    known = {name: Place(f"u.{name}", name in FOLDED, order=f"u.{name}") for name in columns}
    known["email.domain"] = Place("u.email_domain", folded=True, order="u.email_domain")
    known["picture"] = Place(dialect.member("u.profile", "picture"))
    known["phone_verified"] = Place(f"CAST({dialect.member('u.profile', 'phone_verified')} AS boolean)")
    known["organization_id"] = Place(
        "m.organization_id",
        order="m.organization_id, m.sequence",
        rows="organization_member m",
        of="m.tenant = u.tenant AND m.user_id = u.user_id",
        keyed=True,
    )
    known |= {
        f"identities.{name}": Place(
            f"d.{column}", order=order, rows="user_identity d", of="d.tenant = u.tenant AND d.user_id = u.user_id"
        )
        for name, column, order in (
            ("connection", "connection", "d.connection, d.identity_id"),
            ("provider", "provider", "d.provider, d.identity_id"),
            ("user_id", "identity_id", "d.identity_id"),
        )
    }

    def place(field: str) -> Place:
        return known.get(field) or Place(
            "t.value",
            order="t.value",
            rows="user_term t",
            of="t.tenant = u.tenant AND t.sequence = u.sequence",
            key="t.sequence",
            number="t.number",
            named="t.field",
            name=kept(field),
            kept=kept,
            alike=_alike,
        )

    return place


def fields_of(user: User) -> dict[str, Any]:
    """The columns a user is found by."""
    profile = user.profile
    values = {name: _text(profile, name) for name in (*COPIED, "email")}
    for name in FOLDED:
        value = values[name]
        values[name] = value.lower() if value is not None else None
    _, at, domain = (values["email"] or "").rpartition("@")
    verified = profile.get("email_verified")
    return {
        **values,
        "email_domain": domain if at else None,
        "email_verified": verified if isinstance(verified, bool) else None,
    }


def terms_of(tenant: str, sequence: int, user: User) -> list[dict[str, Any]]:
    """The rows of everything else; an array stands for each of its items."""
    found: dict[tuple[str, str], float | None] = {}
    for field, leaf in _documents(user):
        if len(found) == MAX_TERMS:
            break
        text, number = _term(leaf)
        found[kept(field), text] = number
    return [
        {"tenant": tenant, "sequence": sequence, "field": field, "value": value, "number": number}
        for (field, value), number in found.items()
    ]


def _documents(user: User) -> Iterator[tuple[str, Any]]:
    for name, value in user.profile.items():
        if name not in WITH_COLUMN:
            yield from _leaves(name, value)
    yield from _leaves("user_metadata", user.user_metadata)
    yield from _leaves("app_metadata", user.app_metadata)
    for identity in user.identities:
        yield from _leaves("identities.profileData", identity.get("profileData"))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The strings, numbers and booleans under a path, each with its dotted name."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(f"{path}.{name}", item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(path, item)
    elif value is not None:
        yield path, value


def kept(text: str) -> str:
    """A text as it is kept: what is too long for an index ends in a digest."""
    if len(text) <= KEPT:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[:KEPT]}…{digest[:32]}"


def _term(value: Any) -> tuple[str, float | None]:
    if isinstance(value, bool):
        return ("true" if value else "false"), None
    if isinstance(value, int | float):
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        return str(whole), float(value) if math.isfinite(value) else None
    return kept(value), None


def _alike(value: str) -> tuple[str, ...]:
    """A value as somebody writes it, and as it is kept if it is a number."""
    if not _NUMBER.fullmatch(value):
        return (value,)
    return tuple(dict.fromkeys((value, _term(float(value) if "." in value else int(value))[0])))


def _text(profile: Mapping[str, Any], name: str) -> str | None:
    value = profile.get(name)
    return value if isinstance(value, str) else None
