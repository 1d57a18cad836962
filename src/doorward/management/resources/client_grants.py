"""``/client-grants``: what one client, or every third-party client, may ask of one API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, conflict, invalid_body, not_found, not_supported
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, choice, items, record, text
from doorward.management.kit.shapes import Collection, Shape, without_nulls
from doorward.management.resources import organization_parts, resource_servers
from doorward.management.resources.client_credentials import no_such_client
from doorward.model.document import Change, Document, Kind, Need
from doorward.model.identifiers import new_id

USAGE = choice("deny", "allow", "require")
CREATE = record(
    {
        "client_id": text(min=1, max=255),
        "audience": text(min=1, max=600),
        "default_for": choice("third_party_clients"),
        "organization_usage": USAGE,
        "allow_any_organization": BOOLEAN,
        "scope": items(text(min=1, max=280), unique=True),
        "subject_type": choice("client", "user"),
        "authorization_details_types": items(text(min=1, max=255)),
        "allow_all_scopes": BOOLEAN,
    },
    required=("audience",),
)
CHANGEABLE = (
    "scope",
    "organization_usage",
    "allow_any_organization",
    "authorization_details_types",
    "allow_all_scopes",
)
UPDATE = record({name: CREATE.properties[name].or_null for name in CHANGEABLE})


def key(body: Mapping[str, Any]) -> str:
    """What is unique: who, the API, and whether it is for people or the client itself."""
    return f"{body.get('client_id') or body.get('default_for')} {body['audience']} {body['subject_type']}"


def prepare(call: Call, given: dict[str, Any]) -> Document:
    """A grant may name scopes before the API defines them."""
    if ("client_id" in given) is ("default_for" in given):
        raise invalid_body("Exactly one of client_id and default_for is required")
    id_ = new_id(call.ports.entropy, "cgr_")
    body = {"subject_type": "client", "scope": [], **given, "id": id_}
    if "client_id" in given:
        client = call.directory.documents[Kind.CLIENT].get(given["client_id"])
        if client is None:
            raise no_such_client()
        if client.body.get("is_global"):
            raise not_supported("The global client cannot be granted anything")
    if body["audience"] not in call.directory.resource_servers:
        raise resource_servers.no_such_api()
    return Document(kind=Kind.CLIENT_GRANT, id=id_, body=body, unique_key=key(body))


def created_with(call: Call, document: Document) -> Sequence[Change]:
    """Who is granted something, and the API, are not to go meanwhile."""
    named = (
        resource_servers.find(call, document.body["audience"]),
        call.directory.documents[Kind.CLIENT].get(document.body.get("client_id", "")),
    )
    return [Need(kind=entity.kind, id=entity.id) for entity in named if entity is not None]


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    return msgspec.structs.replace(before, body={"scope": [], **without_nulls({**before.body, **given})})


def keep(call: Call, document: Document) -> bool:
    names = ("audience", "client_id", "subject_type", "default_for", "allow_any_organization")
    return all(document.body.get(name) == call.query[name] for name in names if name in call.query)


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    """Organizations forget it."""
    return organization_parts.without(call, {organization_parts.CLIENT_GRANTS: {document.id}})


def no_such_grant(_: str = "") -> ApiError:
    return not_found("The grant does not exist.", "inexistent_client_grant")


CLIENT_GRANTS = Collection(
    path="/client-grants",
    kind=Kind.CLIENT_GRANT,
    one="client grant",
    many="client grants",
    scopes="client_grants",
    create=CREATE,
    update=UPDATE,
    prepare=prepare,
    created_with=created_with,
    revise=revise,
    missing=no_such_grant,
    paging=Paging(key="client_grants", checkpoint=True),
    filters={
        "audience": text(max=600),
        "client_id": text(max=255),
        "allow_any_organization": BOOLEAN,
        "subject_type": choice("client", "user"),
        "default_for": choice("third_party_clients"),
    },
    keep=keep,
    removed_with=removed_with,
    taken=lambda _: conflict("A client grant for this client, API and subject type already exists", "conflict"),
)
RESOURCES: tuple[Shape, ...] = (CLIENT_GRANTS,)
