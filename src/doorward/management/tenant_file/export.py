"""A tenant as a file: what a tenant is, in the words that would make it, always in the same order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from doorward.management.kit.context import Actor, Services
from doorward.management.kit.errors import ApiError
from doorward.management.kit.secrets import put
from doorward.management.resources.email_provider import CREDENTIALS
from doorward.management.resources.email_provider import SECRETS as EMAIL_SECRETS
from doorward.management.resources.phone_notifications import TWILIO
from doorward.management.tenant_file.differences import is_secret
from doorward.management.tenant_file.format import in_order
from doorward.management.tenant_file.rehearsal import NotBuilt, Rehearsal
from doorward.management.tenant_file.sections import Section
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext

# What the official tool could not bring back, or would take literally: left out rather than stood in for.
WITHOUT_PLACEHOLDER = {"clients": ("client_secret", "encryption_key"), "resourceServers": ("signing_secret",)}


# What an entry begins with.
FIRST = ("name", "displayName", "identifier", "domain", "template", "type", "description", "client_id", "audience")


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
    own: bool = False,
    context: RequestContext | None = None,
) -> Exported:
    """What ``actor`` may read of the tenant, as a document that makes another one like it.

    Without ``secrets`` keywords stand in their places; with ``identifiers`` clients keep their ``client_id``, and with
    ``own`` there is also what only this server has, which the official tool takes from a folder but from no YAML file.
    """
    api = Rehearsal(directory, services, actor, context)
    document: dict[str, Any] = {}
    left_out: list[str] = []
    for section in sorted(in_order(), key=lambda section: section.key != "tenant"):
        if section.own and not own:
            continue
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
        if section.key in NEVER_SHOWN or section.key in ("actions", "actionModules"):
            value = [_filled(section, entry) for entry in value] if isinstance(value, list) else _filled(section, value)
        if isinstance(value, list):
            if not secrets:
                value = [_masked(entry, (section.key, section.called(entry))) for entry in value]
            document[section.key] = [arranged(entry, FIRST) for entry in value]
        else:
            document[section.key] = arranged(value if secrets else _masked(value, (section.key, section.called(value))))
    return Exported(document, left_out)


def _of_email_provider(entry: Mapping[str, Any]) -> list[str]:
    rule = CREDENTIALS[entry["name"]]
    return [f"credentials.{name}" for name in getattr(rule, "properties", ()) if name in EMAIL_SECRETS]


def _of_phone_provider(entry: Mapping[str, Any]) -> list[str]:
    return ["credentials.auth_token"] if entry["name"] == TWILIO else []


def _of_event_stream(entry: Mapping[str, Any]) -> list[str]:
    authorization = entry["destination"]["configuration"].get("webhook_authorization") or {}
    name = {"basic": "password", "bearer": "token", "custom_header": "header_value"}.get(
        authorization.get("method", "")
    )
    return [f"destination.configuration.webhook_authorization.{name}"] if name else []


# What no answer of the API shows and an import has to give: keywords stand for it in any case.
NEVER_SHOWN: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "emailProvider": _of_email_provider,
    "phoneProviders": _of_phone_provider,
    "eventStreams": _of_event_stream,
}


def _filled(section: Section, entry: dict[str, Any]) -> dict[str, Any]:
    if section.key in ("actions", "actionModules"):
        called = section.called(entry)
        named = [{**one, "value": keyword(section.key, called, one["name"])} for one in entry["secrets"]]
        return {**entry, "secrets": named}
    if section.key in ("emailProvider", "phoneProviders"):
        entry = {**entry, "credentials": entry.get("credentials", {})}
    for path in NEVER_SHOWN[section.key](entry):
        entry = put(entry, path, keyword(section.key, section.called(entry), path.rpartition(".")[2]))
    return entry


def arranged(value: Any, first: Sequence[str] = ()) -> Any:
    """A copy whose properties are in order of their names, but for the ``first``."""
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: (first.index(name) if name in first else len(first), str(name)))
        return {name: arranged(value[name]) for name in names}
    return [arranged(item, ("name",)) for item in value] if isinstance(value, list) else value


def _masked(value: Any, where: tuple[str, ...], path: str = "", *, secret: bool = False) -> Any:
    """A copy with keywords in the place of secrets; ``where`` is section and entry."""
    if isinstance(value, Mapping):
        kept = {}
        for name, item in value.items():
            inside = f"{path}.{name}" if path else name
            if name not in WITHOUT_PLACEHOLDER.get(where[0], ()):
                kept[name] = _masked(item, where, inside, secret=secret or is_secret(inside, item))
        return kept
    if secret and value:
        return keyword(*where, path.rpartition(".")[2])
    return [_masked(item, where, path) for item in value] if isinstance(value, list) else value


def keyword(*parts: str) -> str:
    """The keyword that stands for a secret of an export."""
    written = re.sub("[^A-Za-z0-9]+", "_", "_".join(part for part in parts if part))
    return f"##{written.strip('_').upper()}##"
