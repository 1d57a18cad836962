"""``/organizations``: customers that are companies, each with its own ways to log in, members and roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from doorward.management.kit.answers import entity, page_of
from doorward.management.kit.context import Call
from doorward.management.kit.errors import conflict, insufficient_scope
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, choice, integer, items, mapping, record, text
from doorward.management.kit.shapes import Collection, Shape, View, without_nulls
from doorward.management.resources import organization_connections as connections
from doorward.management.resources.client_grants import CLIENT_GRANTS
from doorward.management.resources.organization_parts import CLIENT_GRANTS as GRANTS
from doorward.management.resources.organization_parts import CONNECTIONS, PARTS, needs, no_such_organization
from doorward.management.resources.users import existing_user
from doorward.model.document import Change, Delete, Document, Forget, Kind, Put, Unchanged
from doorward.model.identifiers import new_id

NEW: dict[str, Any] = {"third_party_client_access": "block", "is_app_entitlement_active": False}
SUMMARY = ("id", "name", "display_name")
READING = ("read:organizations", "read:organizations_summary")
_color = text(pattern=r"#(?:[0-9A-Fa-f]{3,4}){1,2}|[A-Za-z]+")
_count = integer(min=1, max=2147483647)
CREATE = record(
    {
        "name": text(min=1, max=50, format="organization-name", about="The name of this organization."),
        "display_name": text(min=1, max=255, about="Friendly name of this organization."),
        "branding": record(
            {
                "logo_url": text(format="absolute-https-uri-or-empty").or_null,
                "colors": record(
                    {"primary": _color, "page_background": _color}, required=("primary", "page_background")
                ),
            }
        ),
        "metadata": mapping(text(max=255).or_null, max=25, max_name=255),
        "enabled_connections": items(connections.FIRST_ADD, max=connections.MOST),
        "token_quota": record(
            {
                "client_credentials": record(
                    {"enforce": BOOLEAN, "per_day": _count, "per_hour": _count},
                    min=1,
                )
            },
            required=("client_credentials",),
        ),
        "third_party_client_access": choice("block", "allow"),
        "is_app_entitlement_active": BOOLEAN,
    },
    required=("name",),
)
UPDATE = CREATE.patch(without=("enabled_connections",), nullable=("token_quota",))


def _completed(body: dict[str, Any]) -> dict[str, Any]:
    """As it is stored: what is ``null`` is absent, one level deep."""
    return {
        name: without_nulls(value) if name in ("branding", "metadata") else value
        for name, value in without_nulls(body).items()
    }


def prepare(call: Call, given: dict[str, Any]) -> Document:
    if not call.actor.may("create:organizations"):
        raise insufficient_scope(("create:organizations",))
    if given.get("enabled_connections") and not call.actor.may("create:organization_connections"):
        raise insufficient_scope(("create:organization_connections",))
    id_ = new_id(call.ports.entropy, "org_")
    enabled = dict(connections.entry_of(call, connection) for connection in given.get("enabled_connections", ()))
    body = {"id": id_, "display_name": given["name"], **NEW, **_completed(given)}
    body.pop("enabled_connections", None)
    body |= {CONNECTIONS: enabled} if enabled else {}
    return Document(kind=Kind.ORGANIZATION, id=id_, body=body, unique_key=given["name"])


def created_with(call: Call, document: Document) -> Sequence[Change]:
    return needs(CONNECTIONS, document.body.get(CONNECTIONS, ()))


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    body = _completed({**before.body, **given})
    return msgspec.structs.replace(before, body=body, unique_key=body["name"])


def show(call: Call, document: Document) -> dict[str, Any]:
    reads = call.request.method in ("GET", "HEAD")
    if reads and not call.actor.may("read:organizations") and call.actor.may("read:organizations_summary"):
        return {name: document.body[name] for name in SUMMARY}
    return {name: value for name, value in document.body.items() if name not in PARTS}


def show_created(call: Call, document: Document) -> dict[str, Any]:
    enabled = document.body.get(CONNECTIONS)
    if not enabled:
        return show(call, document)
    shown = [connections.show_first(call, *item) for item in enabled.items()]
    return {**show(call, document), "enabled_connections": shown}


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    """Its members, invitations and roles go with it, and clients that began with it begin with none."""
    at = call.ports.clock.now()
    documents = call.directory.documents
    roles = [role.id for role in documents[Kind.ROLE].values() if role.body.get("owner_id") == document.id]
    clients = [
        client
        for client in documents[Kind.CLIENT].values()
        if (client.body.get("default_organization") or {}).get("organization_id") == document.id
    ]
    return [
        Unchanged(kind=Kind.ROLE, since=call.directory.tenant.revision),
        *(Delete(kind=Kind.ROLE, id=id_) for id_ in roles),
        *(Forget(role_id=id_, at=at) for id_ in roles),
        *(Put(document=_without_default(client), expected_revision=client.revision) for client in clients),
        Forget(organization_id=document.id, at=at),
    ]


def _without_default(client: Document) -> Document:
    body = {name: value for name, value in client.body.items() if name != "default_organization"}
    return msgspec.structs.replace(client, body=body)


ORGANIZATIONS = Collection(
    path="/organizations",
    kind=Kind.ORGANIZATION,
    one="organization",
    many="organizations",
    scopes={
        "list": READING,
        "read": READING,
        "create": ("create:organizations", "create:organization_connections"),
        "update": ("update:organizations",),
        "delete": ("delete:organizations",),
    },
    create=CREATE,
    update=UPDATE,
    prepare=prepare,
    created_with=created_with,
    revise=revise,
    show=show,
    show_created=show_created,
    missing=no_such_organization,
    paging=Paging(key="organizations", checkpoint=True),
    sorts={
        "name": lambda document: document.body["name"],
        "display_name": lambda document: document.body["display_name"].casefold(),
        "created_at": lambda document: document.sequence,
    },
    removed_with=removed_with,
    gone=None,
    taken=lambda _: conflict("An organization with this name already exists."),
    effect=Effect.STORED,
)

# ── by name, of a user, of a client grant ──

OF_USER_PAGING = Paging(key="organizations")
OF_GRANT_PAGING = Paging(key="organizations", checkpoint=True)
ORGANIZATION = entity(CREATE, UPDATE, shows={"id": text()})


async def _by_name(call: Call) -> Any:
    every = call.directory.documents[Kind.ORGANIZATION].values()
    found = next((document for document in every if document.unique_key == call.arguments["name"]), None)
    if found is None:
        raise no_such_organization()
    return show(call, found)


async def _of_user(call: Call) -> Any:
    user = await existing_user(call)
    ids = await call.ports.organizations.of_user(call.tenant, user.user_id)
    documents = call.directory.documents[Kind.ORGANIZATION]
    joined = sorted((documents[id_] for id_ in ids if id_ in documents), key=lambda document: document.sequence)
    return OF_USER_PAGING.of(joined, call.query, lambda document: show(call, document))


async def _of_grant(call: Call) -> Any:
    grant = CLIENT_GRANTS.get(call, call.id)
    every = call.directory.documents[Kind.ORGANIZATION].values()
    holding = [document for document in every if grant.id in document.body.get(GRANTS, ())]
    return OF_GRANT_PAGING.of(
        holding, call.query, lambda document: show(call, document), lambda document: document.sequence
    )


RESOURCES: tuple[Shape, ...] = (
    ORGANIZATIONS,
    View(
        path="/organizations/name/{name}",
        scopes=("read:organizations",),
        summary="Get an organization by name",
        answer=_by_name,
        shows=ORGANIZATION,
        effect=Effect.STORED,
    ),
    View(
        path="/users/{id}/organizations",
        scopes=("read:organizations",),
        summary="Get a user's organizations",
        answer=_of_user,
        shows=page_of(ORGANIZATION, OF_USER_PAGING),
        query=OF_USER_PAGING.rules,
    ),
    View(
        path="/client-grants/{id}/organizations",
        scopes=("read:organization_client_grants",),
        summary="Get the organizations of a client grant",
        answer=_of_grant,
        shows=page_of(ORGANIZATION, OF_GRANT_PAGING),
        query=OF_GRANT_PAGING.rules,
        effect=Effect.STORED,
    ),
)
