"""From a tenant document to changes.

Entities are matched by their natural keys (name, identifier, client and audience); references by
name become ids. Order matters only in that names must be known: clients and APIs come first, the
tenant's own settings last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from doorward.management.new_tenant import CLIENT_DEFAULTS, RESOURCE_SERVER_DEFAULTS, SETTINGS_ID
from doorward.model.directory import TenantDirectory
from doorward.model.document import Document, Kind, Put
from doorward.model.identifiers import new_client_id, new_client_secret, new_id, new_object_id
from doorward.ports import Entropy

SUPPORTED = frozenset(
    [
        "tenant",
        "clients",
        "resourceServers",
        "clientGrants",
        "roles",
        "databases",
        "connections",
        "customDomains",
        "prompts",
        "users",
    ]
)
WELL_FORMED_LISTS = ("clients", "resourceServers", "clientGrants", "roles", "databases", "connections", "customDomains")
CLIENT_SECRETS = ("client_secret",)
CONNECTION_SECRETS = ("client_secret", "app_secret", "api_key")


class TenantFileError(Exception):
    """The document cannot be loaded: ``what`` is wrong, and ``fix``."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


class Plan(Struct, frozen=True):
    """What to write, and the keys of the document that have no effect yet."""

    changes: list[Put]
    unsupported: list[str]


def plan(document: Mapping[str, Any], directory: TenantDirectory, entropy: Entropy, *, verified_domains: bool) -> Plan:
    """The changes that make the tenant what ``document`` says.

    ``verified_domains``: custom domains count as verified at once. Raises ``TenantFileError``.
    """
    for name in WELL_FORMED_LISTS:
        entries = document.get(name) or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise TenantFileError(f"{name} has to be a list of objects")
    planner = _Planner(directory, entropy)
    for entry in document.get("resourceServers") or []:
        planner.resource_server(entry)
    for entry in document.get("clients") or []:
        planner.client(entry)
    for entry in document.get("clientGrants") or []:
        planner.client_grant(entry)
    for entry in document.get("roles") or []:
        planner.role(entry)
    for entry in [
        *({"strategy": "auth0", **e} for e in document.get("databases") or []),
        *(document.get("connections") or []),
    ]:
        planner.connection(entry)
    for entry in document.get("customDomains") or []:
        planner.custom_domain(entry, verified=verified_domains)
    planner.settings(document.get("tenant") or {}, document.get("prompts") or {})
    return Plan(list(planner.puts.values()), sorted(set(document) - SUPPORTED))


class _Planner:
    def __init__(self, directory: TenantDirectory, entropy: Entropy) -> None:
        self._directory = directory
        self._entropy = entropy
        self.puts: dict[tuple[Kind, str], Put] = {}
        self._client_ids = {
            document.body.get("name"): id_ for id_, document in directory.documents[Kind.CLIENT].items()
        }

    def _find(self, kind: Kind, field: str, value: Any) -> Document | None:
        for document in self._directory.documents[kind].values():
            if document.body.get(field) == value:
                return document
        return None

    def _put(
        self,
        kind: Kind,
        id_: str,
        body: dict[str, Any],
        known: Document | None,
        *,
        unique_key: str | None = None,
        secrets: dict[str, Any] | None = None,
    ) -> None:
        secrets = secrets or {}
        if known is None:
            new = Document(kind=kind, id=id_, body=body, unique_key=unique_key, secrets=secrets)
            self.puts[kind, id_] = Put(document=new)
            return
        merged_secrets = {**known.secrets, **secrets}
        if body == known.body and merged_secrets == known.secrets:
            return
        changed = Document(
            kind=kind,
            id=id_,
            body=body,
            unique_key=unique_key,
            secrets=merged_secrets,
            sequence=known.sequence,
            created_at=known.created_at,
        )
        self.puts[kind, id_] = Put(document=changed, expected_revision=known.revision)

    def resource_server(self, entry: Mapping[str, Any]) -> None:
        identifier = _required(entry, "identifier", "resourceServers")
        known = self._find(Kind.RESOURCE_SERVER, "identifier", identifier)
        body = {**RESOURCE_SERVER_DEFAULTS, **(known.body if known else {}), **_without(entry, ("signing_secret",))}
        id_ = known.id if known else new_object_id(self._entropy)
        body["id"] = id_
        secrets: dict[str, Any] = {}
        if "signing_secret" in entry:
            secrets["signing_secret"] = entry["signing_secret"]
        elif str(body["signing_alg"]).startswith("HS") and not (known and known.secrets.get("signing_secret")):
            secrets["signing_secret"] = self._entropy.alphanumeric(32)
        self._put(Kind.RESOURCE_SERVER, id_, body, known, unique_key=identifier, secrets=secrets)

    def client(self, entry: Mapping[str, Any]) -> None:
        name = _required(entry, "name", "clients")
        documents = self._directory.documents[Kind.CLIENT]
        given = entry.get("client_id")
        known = documents.get(given) if given else self._find(Kind.CLIENT, "name", name)
        strict = entry.get("is_first_party") is False and entry.get("third_party_security_mode") != "permissive"
        id_ = known.id if known else given or new_client_id(self._entropy, strict_third_party=strict)
        body = {**CLIENT_DEFAULTS, **(known.body if known else {}), **_without(entry, CLIENT_SECRETS)}
        if body.get("is_first_party") is False:
            body.setdefault("third_party_security_mode", "strict")
        body["client_id"] = id_
        secrets: dict[str, Any] = {}
        if entry.get("client_secret"):
            secrets["client_secret"] = entry["client_secret"]
        elif not (known and known.secrets.get("client_secret")):
            secrets["client_secret"] = new_client_secret(self._entropy)
        self._put(Kind.CLIENT, id_, body, known, secrets=secrets)
        self._client_ids[name] = id_

    def client_grant(self, entry: Mapping[str, Any]) -> None:
        audience = _required(entry, "audience", "clientGrants")
        client_id = self._client_id(entry.get("client_id")) if entry.get("client_id") else None
        body = {"subject_type": "client", "scope": [], **entry}
        if client_id is not None:
            body["client_id"] = client_id
        key = f"{client_id or body.get('default_for')} {audience} {body['subject_type']}"
        known = next((d for d in self._directory.documents[Kind.CLIENT_GRANT].values() if d.unique_key == key), None)
        id_ = known.id if known else new_id(self._entropy, "cgr_")
        body["id"] = id_
        self._put(Kind.CLIENT_GRANT, id_, body, known, unique_key=key)

    def role(self, entry: Mapping[str, Any]) -> None:
        name = _required(entry, "name", "roles")
        known = self._find(Kind.ROLE, "name", name)
        id_ = known.id if known else new_id(self._entropy, "rol_")
        body = {**(known.body if known else {"permissions": []}), **entry, "id": id_}
        self._put(Kind.ROLE, id_, body, known, unique_key=name)

    def connection(self, entry: Mapping[str, Any]) -> None:
        name = _required(entry, "name", "connections")
        known = self._find(Kind.CONNECTION, "name", name)
        id_ = known.id if known else new_id(self._entropy, "con_")
        body = {
            "enabled_clients": [],
            "is_domain_connection": False,
            **(known.body if known else {}),
            **entry,
            "id": id_,
        }
        body["enabled_clients"] = [self._client_id(client) for client in body["enabled_clients"]]
        options = dict(body.get("options") or {})
        secrets = {name: options.pop(name) for name in CONNECTION_SECRETS if name in options}
        body["options"] = options
        self._put(
            Kind.CONNECTION, id_, body, known, unique_key=name, secrets={"options_secrets": secrets} if secrets else {}
        )

    def custom_domain(self, entry: Mapping[str, Any], *, verified: bool) -> None:
        domain = _required(entry, "domain", "customDomains")
        known = self._find(Kind.CUSTOM_DOMAIN, "domain", domain)
        id_ = known.id if known else new_id(self._entropy, "cd_")
        body = {"type": "self_managed_certs", **(known.body if known else {}), **entry, "custom_domain_id": id_}
        body["status"] = "ready" if verified else body.get("status", "pending_verification")
        existing = self._directory.documents[Kind.CUSTOM_DOMAIN]
        planned = any(kind is Kind.CUSTOM_DOMAIN for kind, _ in self.puts)
        body.setdefault("primary", not existing and not planned)
        self._put(Kind.CUSTOM_DOMAIN, id_, body, known, unique_key=domain)

    def settings(self, entry: Mapping[str, Any], prompts: Mapping[str, Any]) -> None:
        known = self._directory.documents[Kind.SETTINGS][SETTINGS_ID]
        body = dict(known.body)
        for name, value in entry.items():
            if name == "flags" and isinstance(value, dict):
                body["flags"] = {**body.get("flags", {}), **value}
            elif name.endswith("_in_minutes"):
                body[name.removesuffix("_in_minutes")] = value / 60
            else:
                body[name] = value
        self._put(Kind.SETTINGS, SETTINGS_ID, body, known)
        if prompts:
            kept = self._directory.documents[Kind.CONFIGURATION].get("prompts")
            chosen = {
                name: value
                for name, value in prompts.items()
                if name in ("identifier_first", "universal_login_experience")
            }
            self._put(Kind.CONFIGURATION, "prompts", {**(kept.body if kept else {}), **chosen}, kept)

    def _client_id(self, name: Any) -> str:
        if name in self._client_ids:
            return self._client_ids[name]
        if name in self._directory.documents[Kind.CLIENT] or (Kind.CLIENT, name) in self.puts:
            return str(name)
        raise TenantFileError(f"no client is named {name}", "Name a client of the clients list, or give its client_id.")


def _required(entry: Mapping[str, Any], field: str, where: str) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or not value:
        raise TenantFileError(f"an entry of {where} has no {field}")
    return value


def _without(entry: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}
