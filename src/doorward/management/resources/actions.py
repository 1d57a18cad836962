"""``/actions``: code for the points at which a tenant can be extended. It is kept; nothing runs it yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import ApiError, conflict, invalid_body, not_found, not_supported
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import ANY, BOOLEAN, choice, integer, items, record, text
from doorward.management.kit.shapes import Collection, Command, Shape, View
from doorward.management.kit.wire import nanoseconds
from doorward.management.kit.writing import commit
from doorward.management.resources.action_triggers import RUNTIME, TRIGGERS
from doorward.management.resources.versions import SECRETS, Versions, dates, dependencies, with_secrets
from doorward.model.document import Change, Document, Put
from doorward.model.identifiers import new_uuid

ACTION, BINDINGS = "action", "action_bindings"
BUILT = "built"
COPIED = ("code", "dependencies", "runtime", "supported_triggers", "modules", "secrets")
TRIGGER_ID = choice(*TRIGGERS)
SUPPORTED = items(record({"id": TRIGGER_ID, "version": text(max=10)}, required=("id",), open=True), min=1, max=1)
MODULE = record(
    {
        "module_id": text(max=36),
        "module_name": text(max=255),
        "module_version_id": text(max=36),
        "module_version_number": integer(min=1),
    },
    required=("module_id",),
)
CREATE = record(
    {
        "name": text(min=1, max=255),
        "supported_triggers": SUPPORTED,
        "code": text(max=100_000),
        "dependencies": dependencies(registry_url=text(max=2048)),
        "runtime": text(pattern=r"node[0-9]{2}(-actions)?"),
        "secrets": SECRETS,
        "modules": items(MODULE, max=20),
        "deploy": BOOLEAN,
    },
    required=("name", "supported_triggers"),
)
REFERENCE = record(
    {"type": choice("binding_id", "action_id", "action_name"), "value": text(min=1, max=255)},
    required=("type", "value"),
    open=True,
)
BIND = record(
    {
        "bindings": items(
            record({"ref": REFERENCE, "display_name": text(max=255), "secrets": SECRETS}, required=("ref",), open=True),
            max=100,
        )
    },
    required=("bindings",),
)


def no_such_action(_: str = "") -> ApiError:
    return not_found("That action does not exist.")


VERSIONS = Versions(
    kind="action_version",
    owner="action_id",
    copied=COPIED,
    missing=lambda: not_found("That action version does not exist."),
)

# ── actions ──


def _triggers(given: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Each trigger and its version, the current one where none is named. Raises ``ApiError``."""
    named = [{"id": entry["id"], "version": entry.get("version", TRIGGERS[entry["id"]].current)} for entry in given]
    for entry in named:
        if entry["version"] not in TRIGGERS[entry["id"]].versions:
            raise invalid_body(f"The trigger {entry['id']} has no version {entry['version']}")
    return named


def _drafted(call: Call, draft: Document, given: dict[str, Any]) -> Document:
    named = {name: value for name, value in given.items() if name not in ("secrets", "deploy")}
    if "supported_triggers" in named:
        named["supported_triggers"] = _triggers(named["supported_triggers"])
    after = msgspec.structs.replace(draft, body={**draft.body, **named})
    return with_secrets(call, after, given["secrets"]) if "secrets" in given else after


def prepare(call: Call, given: dict[str, Any]) -> Document:
    id_ = new_uuid(call.ports.entropy)
    empty = {"id": id_, "code": "", "dependencies": [], "runtime": RUNTIME, "secrets": [], "changed": True}
    draft = _drafted(call, Document(kind=ACTION, id=id_, body=empty), given)
    return VERSIONS.published(call, draft) if given.get("deploy") else draft


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    return VERSIONS.marked(_drafted(call, before, given), VERSIONS.current(call, before))


def _deployed_at_once(call: Call, new: Document) -> Sequence[Change]:
    return [Put(document=VERSIONS.of(new))] if "version" in new.body else []


def _summary(document: Document) -> dict[str, Any]:
    """An action as its versions name it."""
    body = document.body
    return {
        **{name: body[name] for name in ("id", "name", "supported_triggers")},
        **dates(document),
        "all_changes_deployed": not body["changed"],
    }


def _version(call: Call, version: Document) -> dict[str, Any]:
    action = call.directory.documents[ACTION].get(version.body["action_id"])
    return {
        **version.body,
        **dates(version),
        "built_at": nanoseconds(version.created_at),
        "status": BUILT,
        "deployed": action is not None and action.body.get("version") == version.id,
    }


def _version_of_action(call: Call, version: Document) -> dict[str, Any]:
    action = call.directory.documents[ACTION].get(version.body["action_id"])
    return {**_version(call, version), **({"action": _summary(action)} if action is not None else {})}


def _with_version(call: Call, document: Document) -> dict[str, Any]:
    """An action with what is deployed of it; ``current_version`` is the older form of the same."""
    deployed = VERSIONS.current(call, document)
    if deployed is None:
        return _summary(document)
    shown = _version(call, deployed)
    older = ("id", "code", "runtime", "status", "number", "created_at", "updated_at")
    current = {**{name: shown[name] for name in older}, "build_time": shown["built_at"]}
    return {**_summary(document), "current_version": current, "deployed_version": shown}


def show(call: Call, document: Document) -> dict[str, Any]:
    draft = {name: document.body[name] for name in COPIED if name in document.body}
    return {**_with_version(call, document), **draft, "status": BUILT}


def keep(call: Call, document: Document) -> bool:
    query, body = call.query, document.body
    if "triggerId" in query and all(entry["id"] != query["triggerId"] for entry in body["supported_triggers"]):
        return False
    if "deployed" in query and query["deployed"] is not ("version" in body):
        return False
    return query.get("actionName", body["name"]) == body["name"] and not query.get("installed")


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    """Its versions go with it. Raises ``ApiError`` while it is bound, unless it is to be detached by force."""
    detached: list[Change] = []
    for trigger in call.directory.documents[BINDINGS].values():
        kept = [binding for binding in trigger.body["bindings"] if binding["action_id"] != document.id]
        if len(kept) < len(trigger.body["bindings"]):
            detached.append(Put(document=_bound(trigger, kept), expected_revision=trigger.revision))
    if detached and not call.query.get("force"):
        raise not_supported("The action has to be unbound from every trigger before it can be deleted.")
    return [*detached, *VERSIONS.removed(call, document.id)]


ACTIONS = Collection(
    path="/actions/actions",
    kind=ACTION,
    one="action",
    many="actions",
    scopes="actions",
    create=CREATE,
    update=CREATE.patch(without=("deploy",)),
    prepare=prepare,
    revise=revise,
    show=show,
    shows={"secrets": ANY},
    unique="name",
    missing=no_such_action,
    paging=Paging(key="actions", numbered=True),
    filters={
        "triggerId": TRIGGER_ID,
        "actionName": text(max=255),
        "deployed": BOOLEAN,
        "installed": BOOLEAN,
    },
    keep=keep,
    created_with=_deployed_at_once,
    removal={"force": BOOLEAN},
    removed_with=removed_with,
    gone=None,
    taken=lambda _: conflict("An action with the same name already exists."),
    effect=Effect.STORED,
)

# ── versions ──

VERSIONS_PAGING = Paging(key="versions", numbered=True)


async def _versions(call: Call) -> Any:
    action = ACTIONS.get(call, call.id)
    found = VERSIONS.all(call, action.id)
    return VERSIONS_PAGING.of(found, call.query, lambda version: _version_of_action(call, version))


async def _one_version(call: Call) -> Any:
    version = VERSIONS.get(call, ACTIONS.get(call, call.id).id, call.arguments["id"])
    return _version_of_action(call, version)


async def _publish(call: Call, draft: Document, older: Document | None = None) -> Answer:
    version, changes = VERSIONS.publish(call, draft, older)
    directory = await commit(call, changes)
    return Answer(body=_version_of_action(call, directory.documents[VERSIONS.kind][version.id]))


async def _deploy(call: Call) -> Answer:
    return await _publish(call, ACTIONS.get(call, call.id))


async def _deploy_again(call: Call) -> Answer:
    """An older version becomes the newest; the draft stays as it is unless it is to be updated too."""
    action = ACTIONS.get(call, call.id)
    older = VERSIONS.get(call, action.id, call.arguments["id"])
    updated = (call.body or {}).get("update_draft")
    return await _publish(call, VERSIONS.restored(action, older) if updated else action, older)


async def _test(call: Call) -> Answer:
    """What became of the code: this server runs none."""
    ACTIONS.get(call, call.id)
    error = {"name": "NotSupportedError", "message": "This server does not run Actions", "stack": ""}
    measured = ("action", "boot", "network", "runtime_external_call", "runtime_processing")
    stats = {f"{part}_duration_ms": 0 for part in (*measured, "total_request", "total_runtime_execution")}
    return Answer(body={"payload": {"error": error, "stats": stats}})


async def _execution(call: Call) -> Any:
    raise not_found("That execution does not exist.")


# ── triggers and bindings ──

BINDINGS_PAGING = Paging(key="bindings", numbered=True)


async def _list_triggers(call: Call) -> Any:
    return {"triggers": [entry for trigger in TRIGGERS.values() for entry in trigger.shown()]}


def _of_trigger(call: Call) -> Document:
    known = call.directory.documents[BINDINGS].get(call.id)
    return known or Document(kind=BINDINGS, id=call.id, body={"bindings": []})


def _bound(trigger: Document, bindings: list[dict[str, Any]]) -> Document:
    return msgspec.structs.replace(trigger, body={"bindings": bindings})


def _existing(call: Call, trigger: Document) -> list[dict[str, Any]]:
    actions = call.directory.documents[ACTION]
    return [binding for binding in trigger.body["bindings"] if binding["action_id"] in actions]


def _binding(call: Call, binding: dict[str, Any]) -> dict[str, Any]:
    action = call.directory.documents[ACTION][binding["action_id"]]
    shown = {name: value for name, value in binding.items() if name != "action_id"}
    return {**shown, "trigger_id": call.id, "action": _with_version(call, action)}


async def _bindings(call: Call) -> Any:
    return BINDINGS_PAGING.of(_existing(call, _of_trigger(call)), call.query, lambda binding: _binding(call, binding))


def _referred(call: Call, trigger: Document, reference: dict[str, Any]) -> Document:
    """The action a binding is to run. Raises ``ApiError``."""
    type_, value = reference["type"], reference["value"]
    actions = call.directory.documents[ACTION]
    if type_ == "binding_id":
        value = next((entry["action_id"] for entry in trigger.body["bindings"] if entry["id"] == value), "")
    if type_ == "action_name":
        found = next((action for action in actions.values() if action.unique_key == value), None)
    else:
        found = actions.get(value)
    if found is None:
        raise no_such_action()
    if all(entry["id"] != trigger.id for entry in found.body["supported_triggers"]):
        raise invalid_body(f"The action {found.body['name']} does not support the trigger {trigger.id}")
    if "version" not in found.body:
        raise invalid_body(f"The action {found.body['name']} has to be deployed before it can be bound")
    return found


async def _bind(call: Call) -> Answer:
    trigger = _of_trigger(call)
    known = {binding["action_id"]: binding for binding in trigger.body["bindings"]}
    now = nanoseconds(call.ports.clock.now())
    bindings: dict[str, dict[str, Any]] = {}
    for given in call.body["bindings"]:
        action = _referred(call, trigger, given["ref"])
        if action.id in bindings:
            raise invalid_body(f"The action {action.body['name']} can be bound to a trigger only once")
        before = known.get(action.id) or {"id": new_uuid(call.ports.entropy), "created_at": now}
        name = given.get("display_name") or before.get("display_name") or action.body["name"]
        bindings[action.id] = {**before, "action_id": action.id, "display_name": name, "updated_at": now}
    change = Put(document=_bound(trigger, list(bindings.values())), expected_revision=trigger.revision or None)
    await commit(call, [change])
    return Answer(body={"bindings": [_binding(call, binding) for binding in _existing(call, _of_trigger(call))]})


RESOURCES: tuple[Shape, ...] = (
    ACTIONS,
    Command(
        method="POST",
        path="/actions/actions/{id}/deploy",
        scopes=("create:actions",),
        summary="Deploy an action",
        run=_deploy,
        answers={200: ANY},
        effect=Effect.STORED,
    ),
    Command(
        method="POST",
        path="/actions/actions/{id}/test",
        scopes=("create:actions",),
        summary="Test an action",
        run=_test,
        body=record({"payload": ANY}, required=("payload",)),
        answers={200: ANY},
        effect=Effect.EMPTY,
    ),
    View(
        path="/actions/actions/{actionId}/versions",
        scopes=("read:actions",),
        summary="Get an action's versions",
        answer=_versions,
        query=VERSIONS_PAGING.rules,
        effect=Effect.STORED,
    ),
    View(
        path="/actions/actions/{actionId}/versions/{id}",
        scopes=("read:actions",),
        summary="Get a specific version of an action",
        answer=_one_version,
        effect=Effect.STORED,
    ),
    Command(
        method="POST",
        path="/actions/actions/{actionId}/versions/{id}/deploy",
        scopes=("create:actions",),
        summary="Roll back to a previous action version",
        run=_deploy_again,
        body=record({"update_draft": BOOLEAN}).or_null,
        answers={200: ANY},
        effect=Effect.STORED,
    ),
    View(
        path="/actions/executions/{id}",
        scopes=("read:actions",),
        summary="Get an execution",
        answer=_execution,
        effect=Effect.EMPTY,
    ),
    View(
        path="/actions/triggers",
        scopes=("read:actions",),
        summary="Get triggers",
        answer=_list_triggers,
        effect=Effect.STORED,
    ),
    View(
        path="/actions/triggers/{triggerId}/bindings",
        scopes=("read:actions",),
        summary="Get trigger bindings",
        answer=_bindings,
        query=BINDINGS_PAGING.rules,
        parameters={"triggerId": TRIGGER_ID},
        effect=Effect.STORED,
    ),
    Command(
        method="PATCH",
        path="/actions/triggers/{triggerId}/bindings",
        scopes=("update:actions",),
        summary="Update trigger bindings",
        run=_bind,
        body=BIND,
        parameters={"triggerId": TRIGGER_ID},
        effect=Effect.STORED,
    ),
)
