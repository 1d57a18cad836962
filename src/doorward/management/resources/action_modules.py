"""``/actions/modules``: code that several Actions share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import ApiError, conflict, not_found
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import ANY, BOOLEAN, record, text
from doorward.management.kit.shapes import Collection, Command, Shape, View
from doorward.management.kit.wire import nanoseconds
from doorward.management.kit.writing import commit
from doorward.management.resources.actions import ACTION
from doorward.management.resources.versions import SECRETS, Versions, dates, dependencies, with_secrets
from doorward.model.document import Change, Document, Put
from doorward.model.identifiers import new_uuid

MODULE = "action_module"
CREATE = record(
    {
        "name": text(min=1, max=255),
        "code": text(max=65_536),
        "secrets": SECRETS,
        "dependencies": dependencies(),
        "api_version": text(max=20),
        "publish": BOOLEAN,
    },
    required=("name", "code"),
)
ROLLBACK = record({"module_version_id": text(max=36)}, required=("module_version_id",))
VERSIONS = Versions(
    kind="action_module_version",
    owner="module_id",
    copied=("code", "dependencies", "secrets"),
    missing=lambda: not_found("That action module version does not exist."),
)


def no_such_module(_: str = "") -> ApiError:
    return not_found("That action module does not exist.")


def _drafted(call: Call, draft: Document, given: dict[str, Any]) -> Document:
    named = {name: value for name, value in given.items() if name not in ("secrets", "publish")}
    after = msgspec.structs.replace(draft, body={**draft.body, **named})
    return with_secrets(call, after, given["secrets"]) if "secrets" in given else after


def prepare(call: Call, given: dict[str, Any]) -> Document:
    id_ = new_uuid(call.ports.entropy)
    empty = {"id": id_, "dependencies": [], "secrets": [], "changed": True}
    draft = _drafted(call, Document(kind=MODULE, id=id_, body=empty), given)
    return VERSIONS.published(call, draft) if given.get("publish") else draft


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    return VERSIONS.marked(_drafted(call, before, given), VERSIONS.current(call, before))


def _published_at_once(call: Call, new: Document) -> Sequence[Change]:
    return [Put(document=VERSIONS.of(new))] if "version" in new.body else []


def _users(call: Call, module: Document) -> list[dict[str, Any]]:
    """The actions that name the module."""
    return [
        {
            "action_id": action.id,
            "action_name": action.body["name"],
            "supported_triggers": action.body["supported_triggers"],
            **{name: value for name, value in used.items() if name.startswith("module_version")},
        }
        for action in call.directory.documents[ACTION].values()
        for used in action.body.get("modules", ())
        if used["module_id"] == module.id
    ]


def _version(call: Call, version: Document) -> dict[str, Any]:
    shown = {name: value for name, value in version.body.items() if name != "number"}
    return {**shown, "version_number": version.body["number"], "created_at": nanoseconds(version.created_at)}


def show(call: Call, document: Document) -> dict[str, Any]:
    body = document.body
    latest = VERSIONS.current(call, document)
    published = {"latest_version": _version(call, latest)} if latest is not None else {}
    return {
        **{name: value for name, value in body.items() if name not in ("changed", "number", "version")},
        "all_changes_published": not body["changed"],
        "actions_using_module_total": len(_users(call, document)),
        **({"latest_version_number": body["number"]} if latest is not None else {}),
        **published,
        **dates(document),
    }


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    if _users(call, document):
        raise ApiError(412, "The module cannot be deleted while an action uses it")
    return VERSIONS.removed(call, document.id)


MODULES = Collection(
    path="/actions/modules",
    kind=MODULE,
    one="module",
    many="modules",
    scopes="actions",
    create=CREATE,
    update=CREATE.patch(without=("name", "api_version", "publish")),
    prepare=prepare,
    revise=revise,
    show=show,
    unique="name",
    missing=no_such_module,
    paging=Paging(key="modules", numbered=True),
    created_with=_published_at_once,
    removed_with=removed_with,
    gone=None,
    taken=lambda _: conflict("An action module with the same name already exists."),
    effect=Effect.STORED,
)
VERSIONS_PAGING = Paging(key="versions", numbered=True)
USERS_PAGING = Paging(key="actions", numbered=True)


async def _versions(call: Call) -> Any:
    found = VERSIONS.all(call, MODULES.get(call, call.id).id)
    return VERSIONS_PAGING.of(found, call.query, lambda version: _version(call, version))


async def _one_version(call: Call) -> Any:
    return _version(call, VERSIONS.get(call, MODULES.get(call, call.id).id, call.arguments["versionId"]))


async def _used_by(call: Call) -> Any:
    return USERS_PAGING.of(_users(call, MODULES.get(call, call.id)), call.query, dict)


async def _publish(call: Call) -> Answer:
    module = MODULES.get(call, call.id)
    if not module.body["changed"]:
        raise conflict("There is no draft to publish.")
    version, changes = VERSIONS.publish(call, module)
    directory = await commit(call, changes)
    return Answer(body=_version(call, directory.documents[VERSIONS.kind][version.id]))


async def _roll_back(call: Call) -> Answer:
    module = MODULES.get(call, call.id)
    version = VERSIONS.get(call, module.id, call.body["module_version_id"])
    restored = VERSIONS.marked(VERSIONS.restored(module, version), VERSIONS.current(call, module))
    if restored == module:
        raise conflict("The draft is already that version.")
    directory = await commit(call, [Put(document=restored, expected_revision=module.revision)])
    return Answer(body=show(call, directory.documents[MODULE][module.id]))


RESOURCES: tuple[Shape, ...] = (
    MODULES,
    View(
        path="/actions/modules/{id}/versions",
        scopes=("read:actions",),
        summary="Get a module's versions",
        answer=_versions,
        query=VERSIONS_PAGING.rules,
        effect=Effect.STORED,
    ),
    View(
        path="/actions/modules/{id}/versions/{versionId}",
        scopes=("read:actions",),
        summary="Get a specific version of a module",
        answer=_one_version,
        effect=Effect.STORED,
    ),
    View(
        path="/actions/modules/{id}/actions",
        scopes=("read:actions",),
        summary="Get the actions that use a module",
        answer=_used_by,
        query=USERS_PAGING.rules,
        effect=Effect.STORED,
    ),
    Command(
        method="POST",
        path="/actions/modules/{id}/versions",
        scopes=("update:actions",),
        summary="Create a version of a module",
        run=_publish,
        answers={200: ANY},
        effect=Effect.STORED,
    ),
    Command(
        method="POST",
        path="/actions/modules/{id}/rollback",
        scopes=("update:actions",),
        summary="Roll a module's draft back to a version",
        run=_roll_back,
        body=ROLLBACK,
        answers={200: ANY},
        effect=Effect.STORED,
    ),
)
