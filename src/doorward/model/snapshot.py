"""From configuration documents to the snapshot the protocol reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from doorward.model.bot_detection import CAPTCHA_ID, BotDetection, Captcha
from doorward.model.bot_detection import SETTINGS_ID as BOT_DETECTION
from doorward.model.breached_passwords import SETTINGS_ID as BREACHED_PASSWORDS
from doorward.model.breached_passwords import BreachedPasswordDetection
from doorward.model.brute_force import SETTINGS_ID as BRUTE_FORCE
from doorward.model.brute_force import BruteForce
from doorward.model.client import Client, ClientGrant
from doorward.model.connection import Connection
from doorward.model.credential import KeyState, SigningKey
from doorward.model.directory import TenantDirectory
from doorward.model.document import Change, Delete, Document, Documents, Kind, Put
from doorward.model.resource_server import ResourceServer
from doorward.model.role import Role
from doorward.model.suspicious_ip import SETTINGS_ID as SUSPICIOUS_IP
from doorward.model.suspicious_ip import SuspiciousIp
from doorward.model.tenant import CustomDomain, Tenant, TenantSettings

T = TypeVar("T")
Report = Callable[[Document, str], None]


def read_document(document: Document, type_: type[T], report: Report) -> T | None:
    """The document as the protocol reads it: ``null`` counts as absent, so that defaults apply.

    One that cannot be read is left out, and reported.
    """
    merged = {**document.body, **document.secrets}
    try:
        return msgspec.convert(_without_nulls(merged), type_, strict=False)
    except msgspec.ValidationError as error:
        report(document, str(error))
        return None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return value


class TypedMap(Struct, frozen=True):
    """One of the maps of a snapshot: its ``name``, what its values are, and what they are found by."""

    name: str
    type_: type[Any]
    key: Callable[[Any], Hashable]


MAPS: Mapping[str, TypedMap] = {
    Kind.CLIENT: TypedMap("clients", Client, lambda client: client.client_id),
    Kind.RESOURCE_SERVER: TypedMap("resource_servers", ResourceServer, lambda api: api.identifier),
    Kind.CLIENT_GRANT: TypedMap("client_grants", ClientGrant, lambda grant: grant.key),
    Kind.CONNECTION: TypedMap("connections", Connection, lambda connection: connection.name),
    Kind.ROLE: TypedMap("roles", Role, lambda role: role.id),
    Kind.CUSTOM_DOMAIN: TypedMap("custom_domains", CustomDomain, lambda domain: domain.domain),
}


class Single(Struct, frozen=True):
    """One of the values of a snapshot there is one document of: the ``name``, where it is read, and what it is."""

    name: str
    kind: str
    id: str
    type_: type[Any]


SINGLES = (
    Single("settings", Kind.SETTINGS, "tenant", TenantSettings),
    Single("brute_force", Kind.CONFIGURATION, BRUTE_FORCE, BruteForce),
    Single("breached_passwords", Kind.CONFIGURATION, BREACHED_PASSWORDS, BreachedPasswordDetection),
    Single("suspicious_ip", Kind.CONFIGURATION, SUSPICIOUS_IP, SuspiciousIp),
    Single("bot_detection", Kind.CONFIGURATION, BOT_DETECTION, BotDetection),
    Single("captcha", Kind.CONFIGURATION, CAPTCHA_ID, Captcha),
)
KEY_ORDER = {KeyState.CURRENT: 0, KeyState.NEXT: 1, KeyState.PREVIOUS: 2, KeyState.REVOKED: 3}


def snapshot_of(tenant: Tenant, documents: Documents, token_key: bytes, *, report: Report) -> TenantDirectory:
    """The snapshot of these documents.

    A document the protocol cannot read is kept for the Management API, left out of the typed maps, and
    given to ``report`` with the reason.
    """
    maps: dict[str, Any] = {}
    for kind, map_ in MAPS.items():
        read = (read_document(document, map_.type_, report) for document in documents[kind].values())
        maps[map_.name] = {map_.key(value): value for value in read if value is not None}
    return TenantDirectory(
        tenant=tenant,
        signing_keys=_signing_keys(documents, report),
        documents=documents,
        token_key=token_key,
        **{single.name: _single(single, documents, report) for single in SINGLES},
        **maps,
    )


def touched_by(changes: Sequence[Change]) -> dict[str, Collection[str]]:
    """Ids of the documents that change, by kind, in the order of the changes."""
    touched: dict[str, dict[str, None]] = {}
    for change in changes:
        if isinstance(change, Put):
            touched.setdefault(change.document.kind, {})[change.document.id] = None
        elif isinstance(change, Delete):
            touched.setdefault(change.kind, {})[change.id] = None
    return dict(touched)


def changed_snapshot(
    before: TenantDirectory,
    tenant: Tenant,
    documents: Documents,
    touched: Mapping[str, Collection[str]],
    *,
    report: Report,
) -> TenantDirectory:
    """The snapshot after the documents ``touched`` (ids by kind) were written or deleted: only they are read again."""
    changes: dict[str, Any] = {"tenant": tenant, "documents": documents}
    for single in SINGLES:
        if single.id in touched.get(single.kind, ()):
            changes[single.name] = _single(single, documents, report)
    for kind, ids in touched.items():
        if kind == Kind.SIGNING_KEY:
            changes["signing_keys"] = _signing_keys(documents, report)
        elif kind in MAPS:
            map_ = MAPS[kind]
            values = getattr(before, map_.name)
            changes[map_.name] = _changed(map_, values, before.documents[kind], documents[kind], ids, report)
    return msgspec.structs.replace(before, **changes)


def _changed(
    map_: TypedMap,
    values: Mapping[Hashable, Any],
    before: Mapping[str, Document],
    after: Mapping[str, Document],
    ids: Collection[str],
    report: Report,
) -> dict[Hashable, Any]:
    changed = dict(values)
    for id_ in ids:
        old, new = (
            read_document(of[id_], map_.type_, tell) if id_ in of else None
            for of, tell in ((before, _told_before), (after, report))
        )
        if old is not None and (new is None or map_.key(new) != map_.key(old)):
            changed.pop(map_.key(old), None)
        if new is not None:
            changed[map_.key(new)] = new
    return changed


def _told_before(document: Document, reason: str) -> None:
    """What could not be read before was reported then."""


def _single(single: Single, documents: Documents, report: Report) -> Any:
    document = documents[single.kind].get(single.id)
    value = read_document(document, single.type_, report) if document is not None else None
    return value if value is not None else single.type_()


def _signing_keys(documents: Documents, report: Report) -> tuple[SigningKey, ...]:
    read = (read_document(document, SigningKey, report) for document in documents[Kind.SIGNING_KEY].values())
    return tuple(sorted((key for key in read if key is not None), key=lambda key: KEY_ORDER[key.state]))
