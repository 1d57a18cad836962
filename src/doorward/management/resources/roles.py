"""``/roles``: named sets of permissions, and who has them."""

from __future__ import annotations

from collections.abc import Collection as Collected
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorward.management.kit.answers import page_of
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, conflict, invalid_body, not_found, not_supported
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import OBJECT, choice, items, record, text
from doorward.management.kit.search import found
from doorward.management.kit.shapes import Collection, Link, Shape, View, merged
from doorward.management.kit.writing import api_event, commit
from doorward.management.resources import permissions
from doorward.management.resources.organization_parts import no_such_organization
from doorward.model.document import Change, Document, Forget, Kind, Need, Put
from doorward.model.identifiers import new_id
from doorward.model.role import Permission, Role
from doorward.model.user import User

LARGEST = 1000
CREATE = record(
    {
        "name": text(min=1, max=128),
        "description": text(max=255).or_null,
        "type": choice("tenant", "organization"),
        "owner_id": text(max=50),
    },
    required=("name",),
)
UPDATE = CREATE.patch(without=("type", "owner_id"))
USERS = record({"users": items(text(min=1, max=255), min=1, max=LARGEST)}, required=("users",))


def prepare(call: Call, given: dict[str, Any]) -> Document:
    owner = given.get("owner_id")
    if (given.get("type") == "organization") is not (owner is not None):
        raise invalid_body("owner_id is the organization of a role of type organization")
    if owner is not None and owner not in call.directory.documents[Kind.ORGANIZATION]:
        raise no_such_organization()
    if len(call.directory.documents[Kind.ROLE]) >= LARGEST:
        raise not_supported(f"A tenant can have {LARGEST} roles at most")
    id_ = new_id(call.ports.entropy, "rol_")
    body = {"description": None, **given, "id": id_, "permissions": []}
    return Document(kind=Kind.ROLE, id=id_, body=body, unique_key=_key(body))


def _key(body: Mapping[str, Any]) -> str:
    """A name is unique among the roles of the tenant, or of the organization."""
    owner = body.get("owner_id")
    return body["name"] if owner is None else f"{owner} {body['name']}"


def created_with(call: Call, document: Document) -> Sequence[Change]:
    owner = document.body.get("owner_id")
    return () if owner is None else (Need(kind=Kind.ORGANIZATION, id=owner),)


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    after = merged(call, before, given)
    return msgspec.structs.replace(after, unique_key=_key(after.body))


def assignable(call: Call, role_ids: Sequence[str], organization_id: str | None = None) -> list[Document]:
    """The documents of roles. Raises ``ApiError`` for what is no role of the tenant, nor of the organization."""
    for id_ in role_ids:
        role = call.directory.roles.get(id_)
        if role is None or role.owner_id not in (None, organization_id):
            raise invalid_body(f"The role does not exist: {id_}")
    return [call.directory.documents[Kind.ROLE][id_] for id_ in role_ids]


def in_order(call: Call, role_ids: Collected[str]) -> list[Role]:
    """The roles with these ids as far as there are such, in the order they were made."""
    held, roles = set(role_ids), call.directory.roles
    return [roles[id_] for id_ in call.directory.documents[Kind.ROLE] if id_ in held and id_ in roles]


def show(call: Call, document: Document) -> dict[str, Any]:
    body = {"type": "tenant", **document.body}
    body["description"] = body.get("description") or ""
    body.pop("permissions", None)
    return body


def show_created(call: Call, document: Document) -> dict[str, Any]:
    return {**show(call, document), "description": document.body.get("description")}


def keep(call: Call, document: Document) -> bool:
    query = call.query
    owner = document.body.get("owner_id")
    if query.get("owner_id") != owner and ("owner_id" in query or query.get("type") != "organization"):
        return False
    if query.get("type", document.body.get("type", "tenant")) != document.body.get("type", "tenant"):
        return False
    return query.get("name_filter", "").casefold() in str(document.body["name"]).casefold()


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    return (Forget(role_id=document.id, at=call.ports.clock.now()),)


def no_such_role(_: str = "") -> ApiError:
    return not_found("The role does not exist.")


ROLES = Collection(
    path="/roles",
    kind=Kind.ROLE,
    one="role",
    many="roles",
    scopes="roles",
    create=CREATE,
    update=UPDATE,
    prepare=prepare,
    created_with=created_with,
    revise=revise,
    show=show,
    show_created=show_created,
    missing=no_such_role,
    paging=Paging(key="roles"),
    filters={"name_filter": text(max=1000), "type": choice("tenant", "organization"), "owner_id": text(max=50)},
    keep=keep,
    removed_with=removed_with,
    created=200,
    deleted=200,
    deleted_body=lambda _: {},
    gone=None,
    taken=lambda _: conflict("The role already exists."),
)

# ── permissions ──

PERMISSIONS_PAGING = Paging(key="permissions")
GROUPS_PAGING = Paging(key="groups", offset=False, checkpoint=True, always_object=True, largest=1000)
USERS_PAGING = Paging(key="users", checkpoint=True)


def _held(document: Document) -> list[Permission]:
    held = document.body.get("permissions", [])
    return [Permission(p["resource_server_identifier"], p["permission_name"]) for p in held]


async def _permissions(call: Call) -> Answer:
    held = _held(ROLES.get(call, call.id))
    return Answer(body=PERMISSIONS_PAGING.of(held, call.query, lambda permission: permissions.show(call, permission)))


async def _write(
    call: Call, document: Document, held: Sequence[Permission], status: int, changes: Sequence[Change] = ()
) -> None:
    if len(held) > permissions.LARGEST:
        raise not_supported(f"A role can hold {permissions.LARGEST} permissions at most")
    body = {**document.body, "permissions": [msgspec.to_builtins(permission) for permission in held]}
    changed = msgspec.structs.replace(document, body=body)
    await commit(call, [*changes, Put(document=changed, expected_revision=document.revision)], status=status)


async def _add_permissions(call: Call) -> Answer:
    document = ROLES.get(call, call.id)
    new = permissions.named(call.body)
    permissions.check(call, new)
    await _write(call, document, list(dict.fromkeys([*_held(document), *new])), 201, permissions.kept(call, new))
    return Answer(status=201, body={})


async def _remove_permissions(call: Call) -> Answer:
    document = ROLES.get(call, call.id)
    gone = set(permissions.named(call.body))
    await _write(call, document, [permission for permission in _held(document) if permission not in gone], 204)
    return Answer(status=204, body=NOTHING)


PERMISSIONS = Link(
    path="/roles/{id}/permissions",
    body=permissions.BODY,
    reading=("read:roles",),
    adding=("update:roles",),
    removing=("update:roles",),
    summaries=("Get a role's permissions", "Associate permissions with a role", "Remove permissions from a role"),
    list=_permissions,
    add=_add_permissions,
    remove=_remove_permissions,
    added={201: OBJECT},
    paging=PERMISSIONS_PAGING,
)

# ── users ──


def _member(user: User) -> dict[str, Any]:
    names = ("email", "picture", "name")
    return {"user_id": user.user_id, **{name: user.profile[name] for name in names if name in user.profile}}


async def _users(call: Call) -> Answer:
    role = ROLES.get(call, call.id)
    offset, limit = USERS_PAGING.window(call.query)
    users, total = await found(call.ports.users.page(call.tenant, offset=offset, limit=limit, role=role.id))
    return Answer(body=USERS_PAGING.answer([_member(user) for user in users], call.query, total=total))


async def _assign(call: Call) -> Answer:
    role = ROLES.get(call, call.id)
    if "owner_id" in role.body:
        raise not_supported("A role of an organization is assigned to its members")
    users = list(dict.fromkeys(call.body["users"]))
    unknown = await call.ports.users.assign_role(
        call.tenant, role.id, users, decided_by=(role,), events=(api_event(call),)
    )
    if unknown is not None:
        raise invalid_body(f"The user does not exist: {unknown}")
    return Answer(body={})


MEMBERS = Link(
    path="/roles/{id}/users",
    body=USERS,
    reading=("read:users", "read:roles", "read:role_members"),
    adding=("update:roles", "create:role_members"),
    removing=(),
    summaries=("Get a role's users", "Assign users to a role", ""),
    list=_users,
    add=_assign,
    added={200: OBJECT},
    paging=USERS_PAGING,
)


async def _no_groups(call: Call) -> Any:
    ROLES.get(call, call.id)
    return GROUPS_PAGING.of([], call.query, lambda group: group)


GROUPS = View(
    path="/roles/{id}/groups",
    scopes=("read:group_roles",),
    summary="Get a role's groups",
    answer=_no_groups,
    shows=page_of(OBJECT, GROUPS_PAGING),
    query=GROUPS_PAGING.rules,
    effect=Effect.EMPTY,
)
RESOURCES: tuple[Shape, ...] = (ROLES, PERMISSIONS, MEMBERS, GROUPS)
