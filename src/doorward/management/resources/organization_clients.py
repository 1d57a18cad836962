"""``/organizations/{id}/clients`` and ``/client-grants``: applications of an organization, and what machines may
ask for in its name."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.answers import page_of
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import conflict, not_found
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, OBJECT, items, record, text
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.resources import client_credentials, organization_parts
from doorward.management.resources.client_grants import no_such_grant
from doorward.management.resources.organization_parts import Entry, Part, organization, write
from doorward.model.document import Document, Kind

# ── clients ──

MOST_AT_ONCE = 50
ABOUT = ("name", "app_type", "is_first_party", "grant_types", "organization_usage")
CLIENTS_PAGING = Paging(key="clients", offset=False, checkpoint=True, always_object=True)
SETTINGS = record({"use_for_member_access": BOOLEAN})
CLIENT_ID = text(min=1, max=255)
ADD = record(
    {
        "clients": items(
            record({"client_id": CLIENT_ID, **SETTINGS.properties}, required=("client_id",)), min=1, max=MOST_AT_ONCE
        )
    },
    required=("clients",),
)
REMOVE = record({"clients": items(CLIENT_ID, min=1, max=MOST_AT_ONCE)}, required=("clients",))
SHOWN = record({"client_id": text(), "use_for_member_access": BOOLEAN, "client": OBJECT})


def show(call: Call, client_id: str, entry: Entry) -> Entry:
    client = call.directory.documents[Kind.CLIENT][client_id].body
    return {"client_id": client_id, **entry, "client": {name: client[name] for name in ABOUT if name in client}}


def _entries(document: Document) -> dict[str, Entry]:
    return dict(document.body.get(organization_parts.CLIENTS, {}))


def _entry(call: Call, document: Document) -> tuple[str, Entry]:
    client_id = call.arguments["client_id"]
    entry = _entries(document).get(client_id)
    if entry is None:
        raise not_found("No client found by that id")
    return client_id, entry


async def _clients(call: Call) -> Any:
    entries = list(_entries(organization(call)).items())
    return CLIENTS_PAGING.of(entries, call.query, lambda item: show(call, *item))


async def _client(call: Call) -> Any:
    return show(call, *_entry(call, organization(call)))


async def _add(call: Call) -> Answer:
    document = organization(call)
    entries = _entries(document)
    for given in call.body["clients"]:
        client_id = client_credentials.client(call, given["client_id"]).id
        entries[client_id] = {"use_for_member_access": given.get("use_for_member_access", False)}
    await write(call, document, organization_parts.CLIENTS, entries, 201)
    added = dict.fromkeys(given["client_id"] for given in call.body["clients"])
    return Answer(status=201, body=[show(call, client_id, entries[client_id]) for client_id in added])


async def _update(call: Call) -> Answer:
    document = organization(call)
    client_id, entry = _entry(call, document)
    after = {**entry, **call.body}
    await write(call, document, organization_parts.CLIENTS, {**_entries(document), client_id: after}, 200)
    return Answer(body=show(call, client_id, after))


async def _remove(call: Call) -> Answer:
    document = organization(call)
    gone = set(call.body["clients"])
    kept = {client_id: entry for client_id, entry in _entries(document).items() if client_id not in gone}
    await write(call, document, organization_parts.CLIENTS, kept, 204)
    return Answer(status=204, body=NOTHING)


_path = "/organizations/{id}/clients"
CLIENTS: tuple[Shape, ...] = (
    View(
        path=_path,
        scopes=("read:organization_clients",),
        summary="Get clients of an organization",
        answer=_clients,
        shows=page_of(SHOWN, CLIENTS_PAGING),
        query=CLIENTS_PAGING.rules,
        effect=Effect.STORED,
    ),
    Command(
        method="POST",
        path=_path,
        scopes=("create:organization_clients",),
        summary="Add clients to an organization",
        run=_add,
        body=ADD,
        answers={201: items(SHOWN)},
        effect=Effect.STORED,
    ),
    Command(
        method="DELETE",
        path=_path,
        scopes=("delete:organization_clients",),
        summary="Remove clients from an organization",
        run=_remove,
        body=REMOVE,
        effect=Effect.STORED,
    ),
    View(
        path=f"{_path}/{{client_id}}",
        scopes=("read:organization_clients",),
        summary="Get a client of an organization",
        answer=_client,
        shows=SHOWN,
        effect=Effect.STORED,
    ),
    Command(
        method="PATCH",
        path=f"{_path}/{{client_id}}",
        scopes=("update:organization_clients",),
        summary="Update a client of an organization",
        run=_update,
        body=SETTINGS,
        answers={200: SHOWN},
        effect=Effect.STORED,
    ),
)

# ── client grants ──

GRANT_DEFAULTS: Entry = {"scope": [], "organization_usage": "deny", "allow_any_organization": False}


def _make_grant(call: Call, document: Document, given: Entry) -> tuple[str, Entry]:
    if given["grant_id"] not in call.directory.documents[Kind.CLIENT_GRANT]:
        raise no_such_grant()
    return given["grant_id"], {}


def _show_grant(call: Call, grant_id: str, entry: Entry) -> Entry:
    return {**GRANT_DEFAULTS, **call.directory.documents[Kind.CLIENT_GRANT][grant_id].body}


def _show_added_grant(call: Call, grant_id: str, entry: Entry) -> Entry:
    return {**_show_grant(call, grant_id, entry), "grant_id": grant_id}


def _keep_grant(call: Call, grant_id: str, entry: Entry) -> bool:
    grant, query = call.directory.documents[Kind.CLIENT_GRANT][grant_id].body, call.query
    if "grant_ids" in query and grant_id not in query["grant_ids"]:
        return False
    return all(grant.get(name) == query[name] for name in ("audience", "client_id") if name in query)


GRANTS = Part(
    part=organization_parts.CLIENT_GRANTS,
    segment="client-grants",
    one="client grant",
    many="client grants",
    scopes="organization_client_grants",
    paging=Paging(key="client_grants"),
    add=record({"grant_id": text(min=1, max=50)}, required=("grant_id",)),
    make=_make_grant,
    show=_show_grant,
    show_added=_show_added_grant,
    shows={"id": text(), "client_id": text(), "audience": text(), "scope": items(text())},
    keep=_keep_grant,
    filters={"audience": text(max=600), "client_id": text(max=255), "grant_ids": items(text(max=50), max=10)},
    reads=False,
    missing=no_such_grant,
    taken=lambda: conflict("The client grant has already been added to this organization."),
)
RESOURCES: tuple[Shape, ...] = (*CLIENTS, *GRANTS.shapes())
