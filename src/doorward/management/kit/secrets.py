"""Properties kept encrypted at rest, each named by its dotted path in the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorward.model.document import Document

MISSING: Any = object()


def at(value: Any, path: str) -> Any:
    """What is at ``path``, or ``MISSING``."""
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return MISSING
        value = value[name]
    return value


def put(body: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with ``value`` at ``path``, or without anything there if it is ``MISSING``.

    What has nothing to hold it is left out.
    """
    name, _, rest = path.partition(".")
    if rest:
        holder = body.get(name)
        return {**body, name: put(holder, rest, value)} if isinstance(holder, Mapping) else dict(body)
    if value is MISSING:
        return {other: kept for other, kept in body.items() if other != name}
    return {**body, name: value}


def sealed(document: Document, paths: Sequence[str], given: Any) -> Document:
    """The document with what its body has at ``paths`` moved to its secrets.

    A secret the request (``given``) leaves out stays, as long as the object it belongs to does; ``null`` removes it.
    """
    if not paths:
        return document
    body, secrets = document.body, dict(document.secrets)
    for path in paths:
        value = at(body, path)
        holder, _, _ = path.rpartition(".")
        if value is not MISSING and value is not None:
            secrets[path] = value
        elif at(given, path) is None or (holder and at(body, holder) is MISSING):
            secrets.pop(path, None)
        body = put(body, path, MISSING)
    return msgspec.structs.replace(document, body=body, secrets=secrets)


def opened(document: Document, paths: Sequence[str]) -> Document:
    """The document with its secrets at ``paths`` back in its body."""
    if not paths or not document.secrets:
        return document
    body = document.body
    for path in paths:
        if path in document.secrets:
            body = put(body, path, document.secrets[path])
    return msgspec.structs.replace(document, body=body)


def shown(answer: Any, document: Document) -> set[str]:
    """Which secrets of the document an answer holds."""
    return {path for path in document.secrets if at(answer, path) is not MISSING}


def masked(value: Any, paths: Sequence[str], mask: str) -> Any:
    """A copy of a request body with ``mask`` in place of what is at ``paths``."""
    for path in paths:
        if at(value, path) is not MISSING:
            value = put(value, path, mask)
    return value
