"""What stands in an export: users as lines of JSON, or as rows of a CSV file.

In CSV every text begins with an apostrophe inside its quotes, so that no spreadsheet takes it for a formula
(CWE-1236); moments that the server wrote need none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorward.management.kit.wire import timestamp
from doorward.model.user import User

MAX_COLUMNS = 30
WHOLE_OBJECTS = ("user_metadata", "app_metadata")
# The columns of a CSV export that names none.
COLUMNS = (
    "user_id", "email", "email_verified", "username", "phone_number", "phone_verified", "name", "given_name",
    "family_name", "nickname", "picture", "blocked", "created_at", "updated_at", "last_login", "last_ip",
    "logins_count", "identities[0].connection",
)  # fmt: skip
MOMENTS = ("created_at", "updated_at", "last_login")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_STEP = re.compile(r"\[(\d{1,6})\]|([^.\[\]]+)")

_encode = msgspec.json.Encoder().encode


def exported(user: User) -> dict[str, Any]:
    """Everything of a user that can be exported, under wire names: nothing about passwords."""
    told: dict[str, Any] = {"user_id": user.user_id, **user.profile}
    told |= {
        "blocked": user.blocked,
        "created_at": timestamp(user.created_at),
        "updated_at": timestamp(user.updated_at),
    }
    told["identities"] = [
        {name: value for name, value in identity.items() if "token" not in name} for identity in user.identities
    ]
    for name, metadata in (("user_metadata", user.user_metadata), ("app_metadata", user.app_metadata)):
        if metadata:
            told[name] = metadata
    if user.last_login is not None:
        told |= {"last_login": timestamp(user.last_login), "last_ip": user.last_ip, "logins_count": user.logins_count}
    return told


def as_lines(users: Sequence[User], fields: Sequence[Mapping[str, str]]) -> bytes:
    """One JSON object per line; with ``fields`` those that a user has of them, under the names to export as."""
    return b"".join(_encode(_chosen(exported(user), fields)) + b"\n" for user in users)


def _chosen(told: dict[str, Any], fields: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    if not fields:
        return told
    values = ((_title(field), _value(told, field["name"])) for field in fields)
    return {title: value for title, value in values if value is not None}


def csv_head(fields: Sequence[Mapping[str, str]]) -> bytes:
    titles = [_title(field) for field in fields] or list(COLUMNS)
    return _row([_quoted(f"'{title}" if title.startswith(FORMULA) else title) for title in titles])


def as_rows(users: Sequence[User], fields: Sequence[Mapping[str, str]]) -> bytes:
    """One row per user (RFC 4180)."""
    names = [field["name"] for field in fields] or list(COLUMNS)
    return b"".join(_row([_cell(name, _value(told, name)) for name in names]) for told in map(exported, users))


def _title(field: Mapping[str, str]) -> str:
    return field.get("export_as") or field["name"]


def _value(told: Any, name: str) -> Any:
    """What a name like ``identities[0].connection`` leads to, ``None`` if nowhere."""
    for index, key in _STEP.findall(name):
        if index:
            told = told[int(index)] if isinstance(told, list) and int(index) < len(told) else None
        else:
            told = told.get(key) if isinstance(told, dict) else None
    return told


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value if name in MOMENTS else f"'{value}")
    return _quoted(f"'{_encode(value).decode()}")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _row(cells: Sequence[str]) -> bytes:
    return (",".join(cells) + "\r\n").encode()
