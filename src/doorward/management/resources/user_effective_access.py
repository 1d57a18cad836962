"""``/users/{id}/effective-*``: what a person may do, however they came by it."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.answers import page_of
from doorward.management.kit.bodies import QUERY, refusal
from doorward.management.kit.context import Call
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import OBJECT, Rule, Unfit, text
from doorward.management.kit.shapes import Shape, View
from doorward.management.resources import permissions
from doorward.management.resources.roles import in_order
from doorward.management.resources.users import existing_user
from doorward.model.document import Kind
from doorward.model.role import Permission, Role

ROLES = Paging(key="roles", offset=False, checkpoint=True, always_object=True)
PERMISSIONS = Paging(key="permissions", offset=False, checkpoint=True, always_object=True)
OF_API: dict[str, Rule] = {"resource_server_identifier": text(min=1, max=600)}
OF_PERMISSION: dict[str, Rule] = {**OF_API, "permission_name": text(min=1, max=280)}


def _required(call: Call, *names: str) -> list[str]:
    """These values of the query. Raises ``ApiError`` (400)."""
    for name in names:
        if name not in call.query:
            raise refusal(Unfit(f"Missing required property: {name}", ""), QUERY)
    return [call.query[name] for name in names]


def _page_of_roles(call: Call, roles: list[Role]) -> Any:
    def show(role: Role) -> dict[str, Any]:
        return {"id": role.id, "name": role.name, "description": role.description or "", "sources": ["direct"]}

    return ROLES.of(roles, call.query, show, lambda role: call.directory.documents[Kind.ROLE][role.id].sequence)


async def _roles(call: Call) -> Any:
    return _page_of_roles(call, in_order(call, (await existing_user(call)).roles))


async def _roles_behind(call: Call) -> Any:
    """The roles that grant one permission."""
    wanted = Permission(*_required(call, *OF_PERMISSION))
    user = await existing_user(call)
    return _page_of_roles(call, [role for role in in_order(call, user.roles) if wanted in role.permissions])


async def _permissions(call: Call) -> Any:
    (api,) = _required(call, *OF_API)
    user = await existing_user(call)
    through_roles = {permission for role in in_order(call, user.roles) for permission in role.permissions}

    def show(permission: Permission) -> dict[str, Any]:
        direct = ["direct"] if permission in user.permissions else []
        return {
            **permissions.show(call, permission),
            "sources": direct + (["roles"] if permission in through_roles else []),
        }

    after, take = PERMISSIONS.key_window(call.query)
    held = {
        one.permission_name: one for one in (*user.permissions, *through_roles) if api == one.resource_server_identifier
    }
    names = sorted(name for name in held if name > after)[: take + 1]
    return PERMISSIONS.keyed([show(held[name]) for name in names], names, call.query)


RESOURCES: tuple[Shape, ...] = (
    View(
        path="/users/{id}/effective-roles",
        scopes=("read:user_effective_roles",),
        summary="Lists the roles of a user, however they came by them",
        answer=_roles,
        query=ROLES.rules,
        shows=page_of(OBJECT, ROLES),
    ),
    View(
        path="/users/{id}/effective-permissions",
        scopes=("read:user_effective_permissions",),
        summary="Lists the permissions of a user, given directly or through roles",
        answer=_permissions,
        query={**PERMISSIONS.rules, **OF_API},
        shows=page_of(OBJECT, PERMISSIONS),
    ),
    View(
        path="/users/{id}/effective-permissions/sources/effective-roles",
        scopes=("read:user_permission_source_roles",),
        summary="Lists the roles that grant a user a permission",
        answer=_roles_behind,
        query={**ROLES.rules, **OF_PERMISSION},
        shows=page_of(OBJECT, ROLES),
    ),
)
