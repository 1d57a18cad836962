"""``/organizations/{id}/members``: who belongs to an organization, and the roles they have in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doorward.management.kit.answers import EMPTY, page_of
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import conflict, insufficient_scope, invalid_body, not_supported
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.projection import project
from doorward.management.kit.schema import OBJECT, choice, items, record, text
from doorward.management.kit.shapes import Command, Link, Shape, View
from doorward.management.kit.writing import api_event
from doorward.management.resources.organization_parts import organization
from doorward.management.resources.roles import assignable, in_order, no_such_role
from doorward.management.resources.users import no_such_user
from doorward.model.document import Document
from doorward.model.organization import Member
from doorward.model.role import Role

MOST_AT_ONCE = 1000
MOST_ROLES = 50
PUBLIC = ("email", "picture", "name")
USER_ID = text(min=1, max=255)
MEMBERS_BODY = record({"members": items(USER_ID, min=1, max=MOST_AT_ONCE)}, required=("members",), open=True)
ROLES_BODY = record({"roles": items(text(min=1, max=64), min=1, max=MOST_ROLES)}, required=("roles",))
MEMBERS_PAGING = Paging(key="members", checkpoint=True)
WITH_ROLE_PAGING = Paging(key="members", offset=False, checkpoint=True, always_object=True)
ROLES_PAGING = Paging(key="roles")
EFFECTIVE_PAGING = Paging(key="roles", offset=False, checkpoint=True, always_object=True, largest=1000)
GROUPS_PAGING = Paging(key="groups", offset=False, checkpoint=True, always_object=True, largest=1000)
_role = record({"id": text(), "name": text(), "description": text()})
_member = record({"user_id": text(), **dict.fromkeys(PUBLIC, text()), "roles": items(_role)})

# ── members ──


def _show(call: Call, member: Member) -> dict[str, Any]:
    """A member; the roles are shown to those who ask for them by name."""
    profile = member.profile
    shown = {"user_id": member.user_id, **{name: profile[name] for name in PUBLIC if name in profile}}
    if _asks_for_roles(call):
        shown["roles"] = [{"id": role.id, "name": role.name} for role in _roles_of(call, member)]
    return project(shown, call.query)


def _asks_for_roles(call: Call) -> bool:
    names = {name.strip() for name in call.query.get("fields", "").split(",")}
    return "roles" in names and call.query.get("include_fields", True)


async def _page(call: Call, document: Document, paging: Paging, role: str | None = None) -> Any:
    if _asks_for_roles(call) and not call.actor.may("read:organization_member_roles"):
        raise insufficient_scope(("read:organization_member_roles",))
    start, limit = paging.window(call.query)
    page = call.ports.organizations.members
    if paging.by_checkpoint(call.query):
        rest, _ = await page(call.tenant, document.id, after=start, limit=limit + 1, role=role)
        return paging.after(rest, limit, lambda member: _show(call, member), lambda member: member.position)
    members, total = await page(call.tenant, document.id, offset=start, limit=limit, role=role)
    return paging.answer([_show(call, member) for member in members], call.query, total=total)


async def _members(call: Call) -> Any:
    return await _page(call, organization(call), MEMBERS_PAGING)


async def _add(call: Call) -> Answer:
    document = organization(call)
    users, event = list(dict.fromkeys(call.body["members"])), api_event(call, status=204)
    unknown = await call.ports.organizations.add_members(call.tenant, document.id, users, events=(event,))
    if unknown is not None:
        raise invalid_body(f"The user does not exist: {unknown}")
    return Answer(status=204, body=NOTHING)


async def _remove(call: Call) -> Answer:
    document = organization(call)
    users, event = list(dict.fromkeys(call.body["members"])), api_event(call, status=204)
    await call.ports.organizations.remove_members(call.tenant, document.id, users, events=(event,))
    return Answer(status=204, body=NOTHING)


# ── roles of a member ──


def _roles_of(call: Call, member: Member) -> list[Role]:
    return in_order(call, member.roles)


async def _member_of(call: Call) -> Member | None:
    """The member of the path, ``None`` for another user. Raises ``ApiError`` (404) for nobody."""
    document, user_id = organization(call), call.arguments["user_id"]
    member = await call.ports.organizations.member(call.tenant, document.id, user_id)
    if member is None and await call.ports.users.find(call.tenant, user_id) is None:
        raise no_such_user()
    return member


async def _roles(call: Call) -> Answer:
    def show(role: Role) -> dict[str, Any]:
        return {"id": role.id, "name": role.name, "description": role.description or ""}

    member = await _member_of(call)
    return Answer(body=ROLES_PAGING.of(_roles_of(call, member) if member else [], call.query, show))


async def _assign(call: Call) -> Answer:
    member = await _member_of(call)
    added = list(dict.fromkeys(call.body["roles"]))
    roles = assignable(call, added, call.id)
    if member is not None and len({*member.roles, *added}) > MOST_ROLES:
        raise conflict("No more roles can be assigned to this organization member.")
    return await _write_roles(call, add=added, decided_by=roles)


async def _remove_roles(call: Call) -> Answer:
    await _member_of(call)
    return await _write_roles(call, remove=list(dict.fromkeys(call.body["roles"])))


async def _write_roles(
    call: Call, *, add: Sequence[str] = (), remove: Sequence[str] = (), decided_by: Sequence[Document] = ()
) -> Answer:
    assign = call.ports.organizations.assign_roles
    event = api_event(call, status=204)
    user_id = call.arguments["user_id"]
    if not await assign(call.tenant, call.id, user_id, add=add, remove=remove, decided_by=decided_by, events=(event,)):
        raise not_supported("The user is not a member of the organization")
    return Answer(status=204, body=NOTHING)


async def _effective_roles(call: Call) -> Any:
    def show(role: Role) -> dict[str, Any]:
        return {"id": role.id, "name": role.name, "description": role.description or "", "sources": ["direct"]}

    member = await _member_of(call)
    return EFFECTIVE_PAGING.of(_roles_of(call, member) if member else [], call.query, show)


async def _with_role(call: Call) -> Any:
    document = organization(call)
    role = call.directory.roles.get(call.arguments["role_id"])
    if role is None or role.owner_id not in (None, document.id):
        raise no_such_role()
    return await _page(call, document, WITH_ROLE_PAGING, role.id)


async def _no_groups(call: Call) -> Any:
    organization(call)
    return GROUPS_PAGING.of([], call.query, lambda group: group)


_path = "/organizations/{id}/members"
RESOURCES: tuple[Shape, ...] = (
    View(
        path=_path,
        scopes=("read:organization_members",),
        summary="Get members of an organization",
        answer=_members,
        shows=page_of(_member, MEMBERS_PAGING),
        query={**MEMBERS_PAGING.rules, **PROJECTION},
        effect=Effect.STORED,
    ),
    *(
        Command(
            method=method,
            path=_path,
            scopes=(f"{verb}:organization_members",),
            summary=summary,
            run=run,
            body=MEMBERS_BODY,
            answers=EMPTY,
            effect=Effect.STORED,
        )
        for method, verb, summary, run in (
            ("POST", "create", "Add members to an organization", _add),
            ("DELETE", "delete", "Remove members from an organization", _remove),
        )
    ),
    Link(
        path=f"{_path}/{{user_id}}/roles",
        body=ROLES_BODY,
        reading=("read:organization_member_roles",),
        adding=("create:organization_member_roles",),
        removing=("delete:organization_member_roles",),
        summaries=(
            "Get the roles of an organization member",
            "Assign roles to an organization member",
            "Remove roles from an organization member",
        ),
        list=_roles,
        add=_assign,
        remove=_remove_roles,
        paging=ROLES_PAGING,
        effect=Effect.STORED,
    ),
    View(
        path=f"{_path}/{{user_id}}/effective-roles",
        scopes=("read:organization_member_effective_roles",),
        summary="Get the roles an organization member has, however assigned",
        answer=_effective_roles,
        shows=page_of(record({**_role.properties, "sources": items(choice("direct", "groups"))}), EFFECTIVE_PAGING),
        query=EFFECTIVE_PAGING.rules,
        effect=Effect.STORED,
    ),
    View(
        path="/organizations/{id}/roles/{role_id}/members",
        scopes=("read:organization_member_roles",),
        summary="Get the organization members with a role",
        answer=_with_role,
        shows=page_of(_member, WITH_ROLE_PAGING),
        query={**WITH_ROLE_PAGING.rules, **PROJECTION},
        effect=Effect.STORED,
    ),
    *(
        View(
            path=f"/organizations/{{id}}/{path}",
            scopes=(f"read:{noun}",),
            summary=summary,
            answer=_no_groups,
            shows=page_of(OBJECT, GROUPS_PAGING),
            query=GROUPS_PAGING.rules,
            effect=Effect.EMPTY,
        )
        for path, noun, summary in (
            ("groups", "organization_groups", "Get the groups of an organization"),
            ("roles/{role_id}/groups", "organization_group_roles", "Get the groups with a role in an organization"),
            (
                "members/{user_id}/effective-roles/sources/groups",
                "organization_member_role_source_groups",
                "Get the groups an organization member has roles through",
            ),
        )
    ),
)
