"""``/users/{id}/roles`` and ``/users/{id}/permissions``: what RBAC grants a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import not_supported
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import OBJECT, items, record, text
from doorward.management.kit.shapes import Link, Shape
from doorward.management.kit.writing import api_event
from doorward.management.resources import permissions
from doorward.management.resources.roles import assignable, in_order
from doorward.management.resources.users import existing_user, no_such_user
from doorward.model.document import Document
from doorward.model.role import Permission, Role
from doorward.model.user import User

MOST_ROLES = 50
ROLES_PAGING = Paging(key="roles")
PERMISSIONS_PAGING = Paging(key="permissions")
ROLES_BODY = record({"roles": items(text(min=1, max=64), min=1, max=MOST_ROLES)}, required=("roles",))
DIRECT = {"source_id": "", "source_name": "", "source_type": "DIRECT"}

# ── roles ──


async def _roles(call: Call) -> Answer:
    def show(role: Role) -> dict[str, Any]:
        return {"id": role.id, "name": role.name, "description": role.description or ""}

    return Answer(body=ROLES_PAGING.of(in_order(call, (await existing_user(call)).roles), call.query, show))


async def _assign_roles(call: Call) -> Answer:
    user = await existing_user(call)
    added = list(dict.fromkeys(call.body["roles"]))
    roles = assignable(call, added)
    if len({*user.roles, *added}) > MOST_ROLES:
        raise not_supported(f"A user can have {MOST_ROLES} roles at most")
    return await _write_roles(call, add=added, decided_by=roles)


async def _remove_roles(call: Call) -> Answer:
    return await _write_roles(call, remove=list(dict.fromkeys(call.body["roles"])))


async def _write_roles(
    call: Call, *, add: Sequence[str] = (), remove: Sequence[str] = (), decided_by: Sequence[Document] = ()
) -> Answer:
    event = api_event(call, status=204)
    if not await call.ports.users.assign_roles(
        call.tenant, call.id, add=add, remove=remove, decided_by=decided_by, events=(event,)
    ):
        raise no_such_user()
    return Answer(status=204, body=NOTHING)


# ── permissions ──


def _sources(call: Call, user: User) -> dict[Permission, list[dict[str, str]]]:
    """Every permission of a user, with where it comes from: given directly, or through roles."""
    sources: dict[Permission, list[dict[str, str]]] = {permission: [DIRECT] for permission in user.permissions}
    for role in in_order(call, user.roles):
        source = {"source_id": role.id, "source_name": role.name, "source_type": "ROLE"}
        for permission in role.permissions:
            sources.setdefault(permission, []).append(source)
    return sources


async def _permissions(call: Call) -> Answer:
    sources = _sources(call, await existing_user(call))

    def show(permission: Permission) -> dict[str, Any]:
        return {**permissions.show(call, permission), "sources": sources[permission]}

    ordered = sorted(sources, key=lambda held: (held.resource_server_identifier, held.permission_name))
    return Answer(body=PERMISSIONS_PAGING.of(ordered, call.query, show))


async def _add_permissions(call: Call) -> Answer:
    user = await existing_user(call)
    added = permissions.named(call.body)
    permissions.check(call, added)
    if len({*user.permissions, *added}) > permissions.LARGEST:
        raise not_supported(f"A user can have {permissions.LARGEST} permissions at most")
    event = api_event(call, status=201)
    apis = permissions.apis(call, added)
    if not await call.ports.users.assign_permissions(call.tenant, call.id, add=added, decided_by=apis, events=(event,)):
        raise no_such_user()
    return Answer(status=201, body={})


async def _remove_permissions(call: Call) -> Answer:
    event = api_event(call, status=204)
    gone = permissions.named(call.body)
    if not await call.ports.users.assign_permissions(call.tenant, call.id, remove=gone, events=(event,)):
        raise no_such_user()
    return Answer(status=204, body=NOTHING)


RESOURCES: tuple[Shape, ...] = (
    Link(
        path="/users/{id}/roles",
        body=ROLES_BODY,
        reading=("read:users", "read:roles", "read:role_members"),
        adding=("update:users", "create:role_members"),
        removing=("update:users", "delete:role_members"),
        summaries=("Get a user's roles", "Assign roles to a user", "Removes roles from a user"),
        list=_roles,
        add=_assign_roles,
        remove=_remove_roles,
        paging=ROLES_PAGING,
    ),
    Link(
        path="/users/{id}/permissions",
        body=permissions.BODY,
        reading=("read:users",),
        adding=("update:users",),
        removing=("update:users",),
        summaries=("Get a User's Permissions", "Assign Permissions to a User", "Remove Permissions from a User"),
        list=_permissions,
        add=_add_permissions,
        remove=_remove_permissions,
        added={201: OBJECT},
        paging=PERMISSIONS_PAGING,
    ),
)
