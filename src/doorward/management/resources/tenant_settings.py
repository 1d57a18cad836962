"""``/tenants/settings``: what holds for the whole tenant."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import msgspec

from doorward.management.kit.bodies import refusal
from doorward.management.kit.context import Call
from doorward.management.kit.errors import invalid_body
from doorward.management.kit.schema import Unfit, number
from doorward.management.kit.shapes import Shape, Singleton, without_nulls
from doorward.management.new_tenant import SETTINGS_DEFAULTS, SETTINGS_ID
from doorward.management.resources.tenant_settings_body import LIFETIMES, UPDATE
from doorward.model.document import Document, Kind

MINUTES = "_in_minutes"
SANDBOX_VERSIONS = ("22", "18", "12")
# What the server decides; writing back what was read is no change.
READ_ONLY_FLAGS = frozenset(
    [
        "allow_changing_enable_sso",
        "cannot_change_enforce_client_authentication_on_passwordless_start",
        "disable_impersonation",
        "universal_login",
    ]
)
# Pages that keep what a PATCH leaves out; every other object but the flags is replaced.
MERGED = ("change_password", "guardian_mfa_page")
# Of the flags, a PATCH answers these too.
FLAGS_AFTER_UPDATE = {
    "cannot_change_enforce_client_authentication_on_passwordless_start": True,
    "enforce_client_authentication_on_passwordless_start": True,
}


def revised(
    before: Mapping[str, Any], given: Mapping[str, Any], *, apis: Container[str], connections: Container[str]
) -> dict[str, Any]:
    """The settings after a PATCH: flags and ``MERGED`` change property by property, other objects are replaced,
    ``null`` unsets.

    ``apis`` are the identifiers ``default_audience`` may name, ``connections`` the names
    ``default_directory`` may. Raises ``ApiError``.
    """
    if not given:
        raise refusal(Unfit("Too few properties defined (0), minimum 1", ""))
    changes = dict(given)
    for name in LIFETIMES:
        minutes = changes.pop(name + MINUTES, None)
        if minutes is None:
            continue
        if name in changes:
            raise invalid_body(f"{name}{MINUTES} cannot be specified together with {name}")
        changes[name] = minutes // 60 if minutes % 60 == 0 else minutes / 60
    _check_names(before, changes, "default_audience", apis, "an API")
    _check_names(before, changes, "default_directory", connections, "a connection")
    if "sandbox_version" in changes and changes["sandbox_version"] not in SANDBOX_VERSIONS:
        raise invalid_body(f"sandbox_version has to be one of {', '.join(SANDBOX_VERSIONS)}")
    for name in MERGED:
        if changes.get(name) is not None:
            changes[name] = {**before.get(name, {}), **changes[name]}
    if "flags" in changes:
        changes["flags"] = _flags(_flags_of(before), changes["flags"])
    return without_nulls({**before, **changes})


def _check_names(
    before: Mapping[str, Any], changes: Mapping[str, Any], name: str, known: Container[str], kind: str
) -> None:
    """What was stored may be written back, even if what it names is gone."""
    value = changes.get(name)
    if value and value != before.get(name) and value not in known:
        raise invalid_body(f"{name} does not name {kind} of this tenant")


def _flags_of(settings: Mapping[str, Any]) -> dict[str, bool]:
    return {**SETTINGS_DEFAULTS["flags"], **settings.get("flags", {})}


def fixed_flags(before: Mapping[str, Any], given: Mapping[str, bool]) -> list[str]:
    """The flags among ``given`` that would change what cannot be changed."""
    return _refused(_flags_of(before), given)


def _flags(before: Mapping[str, bool], given: Mapping[str, bool]) -> dict[str, bool]:
    refused = _refused(before, given)
    if refused:
        raise invalid_body(f"The flag {refused[0]} cannot be changed")
    return {**before, **given}


def _refused(before: Mapping[str, bool], given: Mapping[str, bool]) -> list[str]:
    fixed = READ_ONLY_FLAGS if before["allow_changing_enable_sso"] else READ_ONLY_FLAGS | {"enable_sso"}
    known = {**FLAGS_AFTER_UPDATE, **before}
    return sorted(name for name in fixed & given.keys() if given[name] is not known.get(name, False))


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    directory = call.directory
    body = revised(before.body, given, apis=directory.resource_servers, connections=directory.connections)
    return msgspec.structs.replace(before, body=body)


def show(call: Call, document: Document) -> dict[str, Any]:
    flags = _flags_of(document.body)
    shown: dict[str, Any] = {"sandbox_version": SANDBOX_VERSIONS[0], **document.body, "flags": flags}
    if "universal_login" in shown:
        shown["universal_login"] = {
            **shown["universal_login"],
            "identifier_first": call.directory.asks_identifier_first,
        }
    if call.request.method == "PATCH":
        shown["flags"] = {**FLAGS_AFTER_UPDATE, **flags}
    else:
        shown["sandbox_versions_available"] = list(SANDBOX_VERSIONS)
    return shown


SETTINGS = Singleton(
    path="/tenants/settings",
    kind=Kind.SETTINGS,
    id=SETTINGS_ID,
    scopes="tenant_settings",
    summary="tenant settings",
    update=UPDATE,
    revise=revise,
    show=show,
    shows=dict.fromkeys(LIFETIMES, number()),
    projects=True,
)
RESOURCES: tuple[Shape, ...] = (SETTINGS,)
