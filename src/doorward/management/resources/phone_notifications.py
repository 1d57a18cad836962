"""``/branding/phone``: who sends text messages and calls, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from doorward.management.kit.bodies import require, require_liquid
from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import ApiError, conflict, invalid_body, not_found
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import ANY, BOOLEAN, OBJECT, Rule, choice, items, record, text
from doorward.management.kit.shapes import Collection, Command, Shape, View, merged, without_nulls
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import commit
from doorward.management.new_tenant import SETTINGS_ID
from doorward.model.document import Document, Kind, Put
from doorward.model.identifiers import new_base58_id

PROVIDER, TEMPLATE = "phone_provider", "phone_template"
TWILIO, CUSTOM = "twilio", "custom"
ID = {"id": text(min=1, max=255)}
BY_DISABLED = {"disabled": BOOLEAN}


def not_there(_: str = "") -> ApiError:
    return not_found("Notification Resource not found")


def _shown(call: Call, document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "tenant": call.tenant,
        "channel": "phone",
        **document.body,
        "created_at": timestamp(document.created_at),
        "updated_at": timestamp(document.updated_at),
    }


def keep(call: Call, document: Document) -> bool:
    return "disabled" not in call.query or document.body["disabled"] is call.query["disabled"]


# ── providers ──

DELIVERY_METHODS = items(choice("text", "voice"), min=1, unique=True)
CONFIGURATIONS: dict[str, Rule] = {
    TWILIO: record(
        {"default_from": text(), "mssid": text(), "sid": text(), "delivery_methods": DELIVERY_METHODS},
        required=("sid", "delivery_methods"),
    ),
    CUSTOM: record({"delivery_methods": DELIVERY_METHODS}, required=("delivery_methods",)),
}
CREDENTIALS: dict[str, Rule] = {
    TWILIO: record({"auth_token": text(min=1, max=255)}, required=("auth_token",)),
    CUSTOM: record({}),
}
CREATE_PROVIDER = record(
    {"name": choice(TWILIO, CUSTOM), "disabled": BOOLEAN, "configuration": OBJECT, "credentials": OBJECT},
    required=("name", "credentials"),
)


def _check(name: str, given: Mapping[str, Any]) -> None:
    for part, rules in (("configuration", CONFIGURATIONS), ("credentials", CREDENTIALS)):
        if part in given:
            require(rules[name], given[part], part)


def prepare_provider(call: Call, given: dict[str, Any]) -> Document:
    _check(given["name"], given)
    id_ = new_base58_id(call.ports.entropy, "pro_")
    return Document(kind=PROVIDER, id=id_, body={"disabled": False, **given})


def revise_provider(call: Call, before: Document, given: dict[str, Any]) -> Document:
    """Credentials that are left out stay, unless they belonged to another provider."""
    name = given.get("name", before.body["name"])
    if name != before.body["name"] and not given.keys() >= {"configuration", "credentials"}:
        raise invalid_body("configuration and credentials are required with another provider")
    _check(name, given)
    return merged(call, before, given)


def show_provider(call: Call, document: Document) -> dict[str, Any]:
    shown = _shown(call, document)
    return shown if call.arguments or call.request.method != "GET" else {**shown, "credentials": None}


PROVIDERS = Collection(
    path="/branding/phone/providers",
    kind=PROVIDER,
    one="phone provider",
    many="phone providers",
    scopes="phone_providers",
    create=CREATE_PROVIDER,
    update=CREATE_PROVIDER.patch(min=1),
    prepare=prepare_provider,
    revise=revise_provider,
    show=show_provider,
    write_only=("credentials",),
    unique="name",
    missing=not_there,
    paging=Paging(key="providers", offset=False, always_object=True),
    keep=keep,
    filters=BY_DISABLED,
    gone=None,
    taken=lambda _: conflict("The phone provider is configured already"),
    parameters=ID,
)

# ── templates ──

CODE = "{{ code | escape }}"
WHERE = "{{ friendly_name | escape }}"
SPOKEN_CODE = f"Your code for {WHERE} is {{{{ pause }}}} {CODE}. Once more: {{{{ pause }}}} {CODE}"
ALERT_END = f"at {WHERE}. Please change your password."
# What is said by default: as a text message and in a call.
DEFAULTS: dict[str, tuple[str, str]] = {
    "otp_verify": (f"Your code for {WHERE} is {CODE}", SPOKEN_CODE),
    "otp_enroll": (f"Your code to register this number at {WHERE} is {CODE}", SPOKEN_CODE),
    "change_password": (f"Your code to change your password at {WHERE} is {CODE}", SPOKEN_CODE),
    "blocked_account": (
        f"Somebody tries to guess your password {ALERT_END}",
        f"Somebody tries to guess your password {ALERT_END}",
    ),
    "password_breach": (
        f"Your password became known to others, it is the one you use {ALERT_END}",
        f"Your password became known to others, it is the one you use {ALERT_END}",
    ),
}
CONTENT = {
    "from": text(max=16),
    "body": record({"text": text(min=1, max=20_000), "voice": text(min=1, max=20_000)}, min=1),
}
CREATE_TEMPLATE = record(
    {
        "type": choice(*DEFAULTS),
        "disabled": BOOLEAN,
        "content": record({"syntax": text(max=255), **CONTENT}, min=1),
    },
    required=("type",),
)
UPDATE_TEMPLATE = record({"disabled": BOOLEAN, "content": record(CONTENT, min=1)})


def default_content(type_: str) -> dict[str, Any]:
    written, spoken = DEFAULTS[type_]
    return {"syntax": "liquid", "body": {"text": written, "voice": spoken}}


def _readable(call: Call, given: dict[str, Any]) -> None:
    require_liquid(call.services.check_template, **given.get("content", {}).get("body", {}))


def prepare_template(call: Call, given: dict[str, Any]) -> Document:
    _readable(call, given)
    type_ = given["type"]
    content = {"from": "", **default_content(type_), **given.get("content", {})}
    body = {"customizable": True, "disabled": False, **given, "content": content}
    id_ = new_base58_id(call.ports.entropy, "tem_")
    return Document(kind=TEMPLATE, id=id_, body=body)


def revise_template(call: Call, before: Document, given: dict[str, Any]) -> Document:
    _readable(call, given)
    content = {**before.body["content"], **given.get("content", {})}
    return msgspec.structs.replace(before, body=without_nulls({**before.body, **given, "content": content}))


TEMPLATES = Collection(
    path="/branding/phone/templates",
    kind=TEMPLATE,
    one="phone notification template",
    many="phone notification templates",
    scopes="phone_templates",
    create=CREATE_TEMPLATE,
    update=UPDATE_TEMPLATE,
    prepare=prepare_template,
    revise=revise_template,
    show=_shown,
    unique="type",
    missing=not_there,
    paging=Paging(key="templates", offset=False, always_object=True),
    gone=None,
    taken=lambda _: conflict("Phone template already configured for tenant"),
    parameters=ID,
    without=("list",),
)


async def _list(call: Call) -> dict[str, Any]:
    """One of each type; one that was never written has no id."""
    written = {document.body["type"]: document for document in call.directory.documents[TEMPLATE].values()}
    shown = [_shown(call, written[type_]) if type_ in written else _unwritten(call, type_) for type_ in DEFAULTS]
    wanted = call.query.get("disabled")
    return {"templates": [entry for entry in shown if wanted is None or entry["disabled"] is wanted]}


def _unwritten(call: Call, type_: str) -> dict[str, Any]:
    """It is as old as the tenant."""
    since = call.directory.documents[Kind.SETTINGS][SETTINGS_ID].created_at
    content = {"from": "", **default_content(type_)}
    body = {"customizable": True, "type": type_, "disabled": False, "content": content}
    shown = _shown(call, Document(kind=TEMPLATE, id="", body=body, created_at=since, updated_at=since))
    return {name: value for name, value in shown.items() if name != "id"}


async def _reset(call: Call) -> Answer:
    """What is said becomes the default; who says it stays."""
    before = TEMPLATES.get(call, call.id)
    content = {**before.body["content"], **default_content(before.body["type"])}
    changed = msgspec.structs.replace(before, body={**before.body, "content": content})
    directory = await commit(call, [Put(document=changed, expected_revision=before.revision)])
    return Answer(body=_shown(call, directory.documents[TEMPLATE][before.id]))


RESOURCES: tuple[Shape, ...] = (
    PROVIDERS,
    TEMPLATES,
    View(
        path=TEMPLATES.path,
        scopes=("read:phone_templates",),
        summary="Get phone notification templates",
        answer=_list,
        query=BY_DISABLED,
    ),
    Command(
        method="PATCH",
        path=f"{TEMPLATES.path}/{{id}}/reset",
        scopes=("update:phone_templates",),
        summary="Reset a phone notification template",
        run=_reset,
        body=ANY,
        parameters=ID,
    ),
)
