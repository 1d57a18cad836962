"""``/forms``: pages a tenant builds from blocks. They are kept; nothing shows them yet."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, not_found
from doorward.management.kit.making import dated, made
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import ANY, OBJECT, choice, items, mapping, record, text
from doorward.management.kit.secrets import at
from doorward.management.kit.shapes import Collection, Shape
from doorward.model.document import Document
from doorward.model.identifiers import new_base58_id

FORM = "form"
NODE = record(
    {
        "id": text(min=1, max=255),
        "type": choice("FLOW", "ROUTER", "STEP"),
        "alias": text(min=1, max=150),
        "coordinates": OBJECT,
        "config": OBJECT,
    },
    required=("id", "type"),
    open=True,
)
MESSAGES = mapping(text(min=1, max=255))
CREATE = record(
    {
        "name": text(min=1, max=150),
        "description": text(max=1000),
        "messages": record({"errors": MESSAGES, "custom": MESSAGES}),
        "languages": record({"primary": text(min=1, max=55), "default": text(min=1, max=55)}),
        "translations": mapping(OBJECT),
        "nodes": items(NODE, max=200),
        "start": OBJECT,
        "ending": OBJECT,
        "style": record({"css": text(max=5000)}, open=True),
    },
    required=("name",),
)
UPDATE = CREATE.patch(nullable=("messages", "languages", "translations", "nodes", "start", "ending", "style"))
HYDRATE = items(choice("flow_count", "links"))


def no_such_form(_: str = "") -> ApiError:
    return not_found("Form not found")


def show(call: Call, document: Document) -> dict[str, Any]:
    listed = call.request.method == "GET" and not call.arguments
    counted = {"flow_count": len(_flows(document))} if listed else {}
    return {**dated(call, document), **counted}


def _flows(document: Document) -> set[str]:
    """The flows the form leads through."""
    named = [at(node, "config.flow_id") for node in document.body.get("nodes", ()) if node["type"] == "FLOW"]
    after = at(document.body, "ending.after_submit.flow_id")
    return {flow for flow in (*named, after) if isinstance(flow, str)}


FORMS = Collection(
    path="/forms",
    kind=FORM,
    one="form",
    many="forms",
    scopes="forms",
    create=CREATE,
    update=UPDATE,
    prepare=made(FORM, "ap_", defaults={"languages": {"primary": "en"}}, id_=new_base58_id),
    show=show,
    shows={"flow_count": ANY},
    parameters={"id": text(max=30)},
    missing=no_such_form,
    paging=Paging(key="forms"),
    filters={"hydrate": HYDRATE},
    gone=None,
    effect=Effect.STORED,
)
RESOURCES: tuple[Shape, ...] = (FORMS,)
