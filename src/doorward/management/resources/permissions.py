"""Permissions as roles and people hold them: a scope of an API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import invalid_body, not_found
from doorward.management.kit.schema import items, record, text
from doorward.model.document import Change, Document, Kind, Need, Unchanged
from doorward.model.role import Permission

LARGEST = 1000
BODY = record(
    {
        "permissions": items(
            record(
                {"resource_server_identifier": text(min=1, max=600), "permission_name": text(min=1, max=280)},
                required=("resource_server_identifier", "permission_name"),
                open=True,
            ),
            min=1,
            max=LARGEST,
        )
    },
    required=("permissions",),
)


def named(body: Mapping[str, Any]) -> list[Permission]:
    """The permissions a body names, each once."""
    every = (Permission(p["resource_server_identifier"], p["permission_name"]) for p in body["permissions"])
    return list(dict.fromkeys(every))


def check(call: Call, permissions: Iterable[Permission]) -> None:
    """Raises ``ApiError`` for a permission no API of the tenant defines."""
    for permission in permissions:
        api = call.directory.resource_servers.get(permission.resource_server_identifier)
        if api is None:
            raise not_found("The resource server does not exist", "inexistent_resource_server")
        if permission.permission_name not in api.scope_values:
            raise invalid_body(f"The resource server does not define the scope: {permission.permission_name}")


def apis(call: Call, permissions: Iterable[Permission]) -> list[Document]:
    """The documents of the APIs that define these permissions."""
    audiences = {permission.resource_server_identifier for permission in permissions}
    every = call.directory.documents[Kind.RESOURCE_SERVER].values()
    return [api for api in every if api.body["identifier"] in audiences]


def kept(call: Call, permissions: Iterable[Permission]) -> list[Change]:
    """That these permissions are still defined when they are given to a role."""
    return [
        Unchanged(kind=Kind.RESOURCE_SERVER, since=call.directory.tenant.revision),
        *(Need(kind=api.kind, id=api.id) for api in apis(call, permissions)),
    ]


def show(call: Call, permission: Permission) -> dict[str, Any]:
    api = call.directory.resource_servers.get(permission.resource_server_identifier)
    descriptions = {scope.value: scope.description for scope in api.scopes} if api is not None else {}
    return {
        "permission_name": permission.permission_name,
        "description": descriptions.get(permission.permission_name, ""),
        "resource_server_name": api.name if api is not None else "",
        "resource_server_identifier": permission.resource_server_identifier,
    }
