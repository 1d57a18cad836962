"""A draft of code and its immutable, numbered versions: what Actions and their modules have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, invalid_body
from doorward.management.kit.schema import Rule, items, record, text
from doorward.management.kit.wire import nanoseconds
from doorward.model.document import Change, Delete, Document, Put
from doorward.model.identifiers import new_uuid

KEPT = 50  # versions of one draft; older ones make room
SECRETS = items(
    record(
        {"name": text(min=1, max=255), "value": text(max=4096), "updated_at": text(max=40)},
        required=("name",),
        open=True,
    ),
    max=30,
)
VALUES = "values"


def dependencies(**more: Rule) -> Rule:
    """Packages the code needs."""
    return items(record({"name": text(min=1, max=255), "version": text(max=50), **more}, required=("name",)), max=100)


def with_secrets(call: Call, draft: Document, given: Sequence[Mapping[str, Any]]) -> Document:
    """The draft with these secrets and no others: names and dates in its body, values apart.

    One without a value keeps the value it had. Raises ``ApiError``.
    """
    names = [entry["name"] for entry in given]
    if len(set(names)) < len(names):
        raise invalid_body("The names of secrets have to be unique")
    dates = {entry["name"]: entry["updated_at"] for entry in draft.body.get("secrets", ())}
    known = draft.secrets.get(VALUES, {})
    values = {entry["name"]: entry.get("value", known.get(entry["name"])) for entry in given}
    without = [name for name, value in values.items() if value is None]
    if without:
        raise invalid_body(f"The secret {without[0]} needs a value")
    now = nanoseconds(call.ports.clock.now())
    shown = [
        {"name": name, "updated_at": dates[name] if name in dates and known.get(name) == value else now}
        for name, value in values.items()
    ]
    return msgspec.structs.replace(
        draft, body={**draft.body, "secrets": shown}, secrets={VALUES: values} if values else {}
    )


def dates(document: Document) -> dict[str, str]:
    """``created_at`` and ``updated_at`` as this part of the API writes them."""
    return {"created_at": nanoseconds(document.created_at), "updated_at": nanoseconds(document.updated_at)}


class Versions(Struct, frozen=True, kw_only=True):
    """The versions, of kind ``kind``, of drafts with the properties ``copied``; ``owner`` names the draft's id in them.

    A draft knows the id of its current ``version``, how many were made (``number``), and whether it has
    ``changed`` since.
    """

    kind: str
    owner: str
    copied: tuple[str, ...]
    missing: Callable[[], ApiError]

    def marked(self, draft: Document, version: Document | None) -> Document:
        """The draft, marked by whether it holds anything else than its current version."""
        changed = (
            version is None
            or draft.secrets != version.secrets
            or any(draft.body.get(name) != version.body.get(name) for name in self.copied)
        )
        return msgspec.structs.replace(draft, body={**draft.body, "changed": changed})

    def published(self, call: Call, draft: Document) -> Document:
        """The draft with a new current version, still to be made with ``of``."""
        number = draft.body.get("number", 0) + 1
        body = {**draft.body, "version": new_uuid(call.ports.entropy), "number": number, "changed": False}
        return msgspec.structs.replace(draft, body=body)

    def of(self, published: Document, content: Document | None = None) -> Document:
        """The current version of a draft that was just ``published``; it holds what the draft does, or ``content``."""
        content = content or published
        body = {name: content.body[name] for name in self.copied if name in content.body}
        id_, number = published.body["version"], published.body["number"]
        body |= {"id": id_, self.owner: published.id, "number": number}
        return Document(kind=self.kind, id=id_, body=body, secrets=content.secrets)

    def publish(self, call: Call, draft: Document, older: Document | None = None) -> tuple[Document, list[Change]]:
        """The new version of a stored draft, like the draft or like an older version, and what has to be written."""
        published = self.published(call, draft)
        version = self.of(published, older)
        outdated = self.all(call, draft.id)[KEPT - 1 :]
        return version, [
            Put(document=self.marked(published, version), expected_revision=draft.revision),
            Put(document=version),
            *(Delete(kind=self.kind, id=old.id) for old in outdated),
        ]

    def current(self, call: Call, draft: Document) -> Document | None:
        version = draft.body.get("version")
        return None if version is None else call.directory.documents[self.kind].get(version)

    def all(self, call: Call, draft_id: str) -> list[Document]:
        """Newest first."""
        versions = call.directory.documents[self.kind].values()
        return [version for version in reversed(list(versions)) if version.body[self.owner] == draft_id]

    def get(self, call: Call, draft_id: str, id_: str) -> Document:
        """Raises ``missing``."""
        found = call.directory.documents[self.kind].get(id_)
        if found is None or found.body[self.owner] != draft_id:
            raise self.missing()
        return found

    def restored(self, draft: Document, version: Document) -> Document:
        """The draft with what a version holds."""
        body = {name: version.body[name] for name in self.copied if name in version.body}
        return msgspec.structs.replace(draft, body={**draft.body, **body}, secrets=version.secrets)

    def removed(self, call: Call, draft_id: str) -> list[Change]:
        return [Delete(kind=self.kind, id=version.id) for version in self.all(call, draft_id)]
