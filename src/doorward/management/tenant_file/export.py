"""A tenant as a file: what a tenant is, in the words that would make it, always in the same order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from doorward.management.kit.context import Actor, Services
from doorward.management.kit.errors import ApiError
from doorward.management.kit.secrets import MISSING, at, put
from doorward.management.resources.email_provider import PROVIDER as EMAIL_PROVIDER
from doorward.management.resources.event_streams import EVENT_STREAM
from doorward.management.resources.flows import VAULT_CONNECTION
from doorward.management.resources.phone_notifications import PROVIDER as PHONE_PROVIDER
from doorward.management.tenant_file.differences import is_secret
from doorward.management.tenant_file.format import in_order
from doorward.management.tenant_file.plan import KEYWORD
from doorward.management.tenant_file.rehearsal import NotBuilt, Rehearsal
from doorward.management.tenant_file.sections import Section
from doorward.model.bot_detection import CAPTCHA_ID
from doorward.model.directory import TenantDirectory
from doorward.model.document import Document, Documents, Kind
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
            kept = directory.documents
            value = (
                [_filled(section, entry, kept) for entry in value]
                if isinstance(value, list)
                else _filled(section, value, kept)
            )
        if isinstance(value, list):
            if not secrets:
                value = [_masked(entry, (section.key, section.called(entry))) for entry in value]
            document[section.key] = [arranged(entry, FIRST) for entry in value]
        else:
            document[section.key] = arranged(value if secrets else _masked(value, (section.key, section.called(value))))
    return Exported(document, left_out)


Keeper = Callable[[Documents, Mapping[str, Any]], Document | None]


def _set_up(id_: str) -> Keeper:
    """Settings of this id, in which properties of the entry may stand."""
    return lambda documents, entry: documents[Kind.CONFIGURATION].get(id_.format(**entry))


def _named(kind: str) -> Keeper:
    def keeper(documents: Documents, entry: Mapping[str, Any]) -> Document | None:
        return next((one for one in documents[kind].values() if one.body.get("name") == entry.get("name")), None)

    return keeper


# Who keeps what no answer of the API shows and an import has to give, and where an entry has it: keywords stand for it
# in any case.
NEVER_SHOWN: dict[str, tuple[str, Keeper]] = {
    "attackProtection": ("captcha.", _set_up(CAPTCHA_ID)),
    "emailProvider": ("", _set_up(EMAIL_PROVIDER.id)),
    "eventStreams": ("", _named(EVENT_STREAM)),
    "flowVaultConnections": ("", _named(VAULT_CONNECTION)),
    "guardianFactorProviders": ("", _set_up("guardian/{name}/providers/{provider}")),
    "phoneProviders": ("", _named(PHONE_PROVIDER)),
}


def _filled(section: Section, entry: dict[str, Any], documents: Documents) -> dict[str, Any]:
    called = section.called(entry)
    if section.key in ("actions", "actionModules"):
        named = [{**one, "value": keyword(section.key, called, one["name"])} for one in entry["secrets"]]
        return {**entry, "secrets": named}
    if section.key in ("emailProvider", "phoneProviders"):
        entry = {**entry, "credentials": entry.get("credentials", {})}
    place, keeper = NEVER_SHOWN[section.key]
    kept = keeper(documents, entry)
    for path, value in kept.secrets.items() if kept is not None else ():
        holder, _, name = (place + path).rpartition(".")
        if at(entry, place + path) in (MISSING, {}):
            of = called or holder.rpartition(".")[2]
            entry = put(entry, place + path, _stood_for(value, section.key, of, name))
    return entry


def _stood_for(value: Any, *where: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _stood_for(item, *where[:2], name) for name, item in value.items()}
    return keyword(*where, of=value)


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
        if isinstance(value, str) and KEYWORD.fullmatch(value):
            return value
        return keyword(*where, path.rpartition(".")[2], of=value)
    return [_masked(item, where, path) for item in value] if isinstance(value, list) else value


def keyword(*parts: str, of: Any = "") -> str:
    """The keyword that stands for a secret of an export: for a text, or for what ``of`` is."""
    written = re.sub("[^A-Za-z0-9]+", "_", "_".join(part for part in parts if part)).strip("_").upper()
    return f"##{written}##" if isinstance(of, str) else f"@@{written}@@"
