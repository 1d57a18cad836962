"""What a plain POST makes, and how a document with dates is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.wire import timestamp
from doorward.model.document import Document
from doorward.model.identifiers import new_id
from doorward.ports import Entropy


def made(
    kind: str,
    prefix: str,
    *,
    defaults: Mapping[str, Any] = {},
    id_: Callable[[Entropy, str], str] = new_id,
) -> Callable[[Call, dict[str, Any]], Document]:
    """A ``prepare`` that gives what was sent an id and the ``defaults`` for what it leaves out."""

    def prepare(call: Call, given: dict[str, Any]) -> Document:
        body = {name: value for name, value in {**defaults, **given}.items() if value is not None}
        body["id"] = id_(call.ports.entropy, prefix)
        return Document(kind=kind, id=body["id"], body=body)

    return prepare


def dated(call: Call, document: Document) -> dict[str, Any]:
    """The body with ``created_at`` and ``updated_at``."""
    dates = {"created_at": timestamp(document.created_at), "updated_at": timestamp(document.updated_at)}
    return {**document.body, **dates}
