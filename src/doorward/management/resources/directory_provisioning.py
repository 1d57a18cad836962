"""``/connections/{id}/directory-provisioning``: people and groups fetched from a Google Workspace directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, conflict, not_found, not_supported
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, choice, integer, items, record, text
from doorward.management.kit.shapes import Command, Shape, Singleton, View
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import commit
from doorward.management.resources.connections import CONNECTIONS, DIRECTORY_PROVISIONING
from doorward.model.document import Document, Kind, Put

STRATEGY = "google-apps"
GROUPS = "groups"
# What the directory calls the attributes users have here (the users resource of the Admin SDK).
DEFAULT_MAPPING = [
    {"auth0": name, "idp": idp}
    for name, idp in (
        ("external_id", "id"),
        ("email", "primaryEmail"),
        ("name", "name.fullName"),
        ("given_name", "name.givenName"),
        ("family_name", "name.familyName"),
        ("picture", "thumbnailPhotoUrl"),
        ("blocked", "suspended"),
    )
]
DEFAULTS: dict[str, Any] = {
    "mapping": DEFAULT_MAPPING, "synchronize_automatically": False, "synchronize_groups": "off"
}  # fmt: skip
SETTINGS = record(
    {
        "mapping": items(
            record({"auth0": text(min=1, max=255), "idp": text(min=1, max=255)}, required=("auth0", "idp")),
            min=1,
            max=200,
        ),
        "synchronize_automatically": BOOLEAN,
        "synchronize_groups": choice("all", "off", "selected"),
    }
)
SELECTION = record(
    {
        "groups": items(
            record(
                {
                    "id": text(min=1, max=32, pattern="[A-Za-z0-9]+", about="Google Workspace Directory group ID"),
                    "name": text(max=255, about="Google Workspace Directory group name"),
                    "email": text(format="email", about="Google Workspace Directory group email"),
                    "direct_members_count": integer(min=0),
                },
                required=("id",),
            ),
            max=1000,
        )
    },
    required=("groups",),
)
GROUPS_PAGING = Paging(key="groups", offset=False, checkpoint=True, always_object=True)
EVERY_PAGING = Paging(key="directory_provisionings", offset=False, checkpoint=True, always_object=True)


def connection(call: Call) -> Document:
    return CONNECTIONS.get(call, call.id)


def missing() -> ApiError:
    return not_found("Not Found")


def made(call: Call, new: Document, given: dict[str, Any]) -> Document:
    if connection(call).body["strategy"] != STRATEGY:
        raise not_supported("Directory provisioning is not supported for this connection.")
    return msgspec.structs.replace(new, body={**DEFAULTS, **given})


def show(call: Call, document: Document) -> dict[str, Any]:
    of = call.directory.documents[Kind.CONNECTION][document.id]
    return {
        "connection_id": of.id,
        "connection_name": of.body["name"],
        "strategy": of.body["strategy"],
        **{name: value for name, value in document.body.items() if name != GROUPS},
        "created_at": timestamp(document.created_at),
        "updated_at": timestamp(document.updated_at),
    }


PROVISIONING = Singleton(
    path="/connections/{id}/directory-provisioning",
    kind=DIRECTORY_PROVISIONING,
    id="{id}",
    scopes="directory_provisionings",
    summary="directory provisioning of a connection",
    create=SETTINGS,
    made=made,
    update=SETTINGS,
    show=show,
    within=connection,
    missing=missing,
    taken=lambda _: conflict("Directory provisioning is already enabled on the specified connection"),
    removable=True,
    effect=Effect.STORED,
)


async def _default_mapping(call: Call) -> dict[str, Any]:
    if connection(call).body["strategy"] != STRATEGY:
        raise missing()
    return {"mapping": DEFAULT_MAPPING}


async def _every(call: Call) -> Any:
    documents = list(call.directory.documents[DIRECTORY_PROVISIONING].values())
    return EVERY_PAGING.of(documents, call.query, lambda document: show(call, document), lambda d: d.sequence)


# ── groups ──


def _selected(document: Document) -> Sequence[Mapping[str, Any]]:
    groups: Sequence[Mapping[str, Any]] = document.body.get(GROUPS, ())
    return groups


async def _groups(call: Call) -> Any:
    return GROUPS_PAGING.of(_selected(PROVISIONING.get(call)), call.query, dict)


async def _select(call: Call) -> Answer:
    return await _write(call, call.body["groups"])


async def _add(call: Call) -> Answer:
    return await _write(call, [*_selected(PROVISIONING.get(call)), *call.body["groups"]])


async def _remove(call: Call) -> Answer:
    gone = {group["id"] for group in call.body["groups"]}
    return await _write(call, [group for group in _selected(PROVISIONING.get(call)) if group["id"] not in gone])


async def _write(call: Call, groups: Sequence[Mapping[str, Any]]) -> Answer:
    """One of each id: the last says what it is."""
    document = PROVISIONING.get(call)
    unique = list({group["id"]: group for group in groups}.values())
    changed = msgspec.structs.replace(document, body={**document.body, GROUPS: unique})
    await commit(call, [Put(document=changed, expected_revision=document.revision)], status=204)
    return Answer(status=204, body=NOTHING)


SELECTED = f"{PROVISIONING.path}/synchronized-groups"
RESOURCES: tuple[Shape, ...] = (
    PROVISIONING,
    View(
        path=f"{PROVISIONING.path}/default-mapping",
        scopes=("read:directory_provisionings",),
        summary="Get the default directory mapping of a connection",
        answer=_default_mapping,
    ),
    View(
        path="/connections-directory-provisionings",
        scopes=("read:directory_provisionings",),
        summary="Get directory provisioning of all connections",
        answer=_every,
        query=EVERY_PAGING.rules,
        effect=Effect.STORED,
    ),
    View(
        path=SELECTED,
        scopes=("read:directory_provisionings",),
        summary="Get synchronized groups",
        answer=_groups,
        query=GROUPS_PAGING.rules,
        effect=Effect.STORED,
    ),
    *(
        Command(
            method=method,
            path=SELECTED,
            scopes=("update:directory_provisionings",),
            summary=f"{verb} synchronized groups",
            run=run,
            body=SELECTION,
            answers={204: None},
            effect=Effect.STORED,
        )
        for method, verb, run in (("PUT", "Set", _select), ("POST", "Add", _add), ("DELETE", "Remove", _remove))
    ),
)
