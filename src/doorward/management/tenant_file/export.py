"""A tenant as a file: what a tenant is, in the words that would make it, always in the same order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from doorward.management.kit.context import Actor, Services
from doorward.management.kit.errors import ApiError
from doorward.management.tenant_file.differences import SECRETS
from doorward.management.tenant_file.format import in_order
from doorward.management.tenant_file.rehearsal import NotBuilt, Rehearsal
from doorward.management.tenant_file.sections import Entities
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext

# What the official tool could not bring back, or would take literally: left out rather than stood in for.
WITHOUT_PLACEHOLDER = {"clients": ("client_secret", "encryption_key"), "resourceServers": ("signing_secret",)}


class Exported(Struct, frozen=True):
    """The document, and the sections that could not be read."""

    document: dict[str, Any]
    left_out: Sequence[str]


async def export(
    directory: TenantDirectory,
    services: Services,
    actor: Actor,
    *,
    secrets: bool = False,
    identifiers: bool = False,
    context: RequestContext | None = None,
) -> Exported:
    """What ``actor`` may read of the tenant, as a document that makes another one like it.

    Without ``secrets`` keywords stand in their places; with ``identifiers`` clients keep their ``client_id``.
    """
    api = Rehearsal(directory, services, actor, context)
    document: dict[str, Any] = {}
    left_out: list[str] = []
    for section in sorted(in_order(), key=lambda section: section.key != "tenant"):
        try:
            value = await section.read(api)
        except NotBuilt:
            continue
        except ApiError:
            left_out.append(section.key)
            continue
        if value is None or value in ([], {}):
            continue
        if section.key == "clients" and not identifiers:
            value = [{name: item for name, item in entry.items() if name != "client_id"} for entry in value]
        first = section.by if isinstance(section, Entities) else ("name",)
        if isinstance(value, list):
            if not secrets:
                value = [_masked(entry, section.key, str(entry.get(first[0], ""))) for entry in value]
            document[section.key] = [arranged(entry, first) for entry in value]
        else:
            document[section.key] = arranged(value if secrets else _masked(value, section.key, ""))
    return Exported(document, left_out)


def arranged(value: Any, first: Sequence[str] = ()) -> Any:
    """A copy whose properties are in order of their names, but for the ``first``."""
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: (first.index(name) if name in first else len(first), str(name)))
        return {name: arranged(value[name]) for name in names}
    return [arranged(item, ("name",)) for item in value] if isinstance(value, list) else value


def _masked(value: Any, section: str, name: str) -> Any:
    """A copy with keywords in the place of secrets."""
    if isinstance(value, Mapping):
        kept = {}
        for property_, item in value.items():
            if property_ in WITHOUT_PLACEHOLDER.get(section, ()):
                continue
            if property_ in SECRETS and item:
                kept[property_] = _keyword(section, name, property_)
            else:
                kept[property_] = _masked(item, section, name)
        return kept
    return [_masked(item, section, name) for item in value] if isinstance(value, list) else value


def _keyword(*parts: str) -> str:
    written = "_".join(part for part in parts if part)
    return f"##{re.sub('[^A-Za-z0-9]+', '_', written).strip('_').upper()}##"
