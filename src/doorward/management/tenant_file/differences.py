"""What changes between two readings of a tenant, property by property; secrets are never shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from doorward.management.kit.writing import REDACTED
from doorward.management.resources.connections import SECRET_OPTIONS

# Properties that hold secrets, wherever they stand. The pattern of the log hides more than that, for good measure.
SECRETS = (SECRET_OPTIONS - {"configuration", "customHeaders", "freeform_fields"}) | {
    "signing_secret", "smtp_pass", "accessKeyId", "secretAccessKey", "connectionString", "clientSecret", "auth_token",
    "httpAuthorization", "splunkToken", "datadogApiKey", "mixpanelServiceAccountPassword", "segmentWriteKey",
    "header_value", "encryption_key", "skey", "httpCustomHeaders", "storageAccessKey", "sasKey", "masterkey",
}  # fmt: skip
# Objects that hold nothing else, by the last two names of their path.
SECRET_OBJECTS = frozenset(("options.configuration", "options.customHeaders", "options.freeform_fields"))


class Action(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"


class Difference(Struct, frozen=True, omit_defaults=True):
    """One property (a dotted path): its values, or what a list gained and lost."""

    path: str
    before: Any = UNSET
    after: Any = UNSET
    added: Sequence[Any] | UnsetType = UNSET
    removed: Sequence[Any] | UnsetType = UNSET


class Change(Struct, frozen=True):
    """What happens to one entry of a section."""

    section: str
    name: str
    action: Action
    properties: Sequence[Difference]


Reading = Mapping[str, Mapping[str, Mapping[str, Any]]]  # section -> name -> entry


def changes(before: Reading, after: Reading, given: Reading) -> list[Change]:
    """Every entry that is not as before. Of a new one only what the file said (``given``) is told."""
    found = []
    for section in dict.fromkeys((*before, *after)):
        were, are = before.get(section, {}), after.get(section, {})
        for name, entry in are.items():
            if name not in were:
                said = given.get(section, {}).get(name)
                told = entry if said is None else {n: value for n, value in entry.items() if n in said}
                found.append(Change(section, name, Action.CREATE, differences({}, told)))
            elif entry != were[name]:
                found.append(Change(section, name, Action.CHANGE, differences(were[name], entry)))
        found += [Change(section, name, Action.DELETE, ()) for name in were if name not in are]
    return found


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The properties of two objects that are not the same."""
    return _of_objects(before, after, "", secret=False)


def _of_objects(before: Mapping[str, Any], after: Mapping[str, Any], path: str, *, secret: bool) -> list[Difference]:
    found = []
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name, UNSET), after.get(name, UNSET)
        if one == other and isinstance(one, bool) is isinstance(other, bool):
            continue
        inside = f"{path}.{name}" if path else str(name)
        found += _of_values(one, other, inside, secret=secret or is_secret(inside, other if one is UNSET else one))
    return found


def _of_values(before: Any, after: Any, path: str, *, secret: bool) -> list[Difference]:
    if isinstance(after, Mapping) and (isinstance(before, Mapping) or (before is UNSET and after)):
        return _of_objects(before if isinstance(before, Mapping) else {}, after, path, secret=secret)
    if isinstance(before, list) and isinstance(after, list) and not secret:
        added = [masked(item) for item in after if item not in before]
        removed = [masked(item) for item in before if item not in after]
        if added or removed:
            return [Difference(path, added=added or UNSET, removed=removed or UNSET)]
    return [Difference(path, before=_shown(before, secret), after=_shown(after, secret))]


def is_secret(path: str, value: Any) -> bool:
    """Whether what stands at a dotted path is something nobody is shown."""
    holder, _, name = path.rpartition(".")
    if f"{holder.rpartition('.')[2]}.{name}" in SECRET_OBJECTS:
        return True
    return name in SECRETS and not isinstance(value, Mapping)


def _shown(value: Any, secret: bool) -> Any:
    if value is UNSET or isinstance(value, bool) or value is None:
        return value
    return REDACTED if secret else masked(value)


def masked(value: Any, path: str = "") -> Any:
    """A copy without secrets."""
    if isinstance(value, Mapping):
        inside = ((name, item, f"{path}.{name}") for name, item in value.items())
        return {name: REDACTED if is_secret(at, item) else masked(item, at) for name, item, at in inside}
    return [masked(item, path) for item in value] if isinstance(value, list) else value
