"""From a tenant document to changes, by the rules of the Management API.

Entities are matched by their natural keys (name, identifier, client and audience); a new one is made as a
POST would make it, a known one is changed as a PATCH would, and references by name become ids. Later
sections see what earlier ones made, and the tenant's own settings come last.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import Struct

from doorward.management.kit.bodies import refusal
from doorward.management.kit.context import Actor, Call, ManagementRequest, Services
from doorward.management.kit.errors import ApiError
from doorward.management.kit.schema import BOOLEAN, Rule, Unfit, pruned, record, text
from doorward.management.kit.shapes import Collection, without_nulls
from doorward.management.resources import permissions, tenant_settings
from doorward.management.resources.client_grants import CLIENT_GRANTS
from doorward.management.resources.client_grants import key as grant_key
from doorward.management.resources.clients import CLIENTS, adopt
from doorward.management.resources.connections import CONNECTIONS
from doorward.management.resources.custom_domains import CUSTOM_DOMAINS, READY
from doorward.management.resources.resource_servers import RESOURCE_SERVERS
from doorward.management.resources.roles import ROLES
from doorward.management.resources.tenant_settings_body import LIFETIMES
from doorward.management.resources.tenant_settings_body import UPDATE as SETTINGS_UPDATE
from doorward.management.system_scopes import EVERY_SCOPE
from doorward.model.directory import TenantDirectory
from doorward.model.document import Document, Documents, Kind, Put
from doorward.model.snapshot import snapshot_of
from doorward.model.tenant import Issuer

SECTIONS = ("resourceServers", "clients", "clientGrants", "roles", "databases", "connections", "customDomains")
SUPPORTED = frozenset((*SECTIONS, "tenant", "prompts", "users"))
# The other keys of the format, so that a slip of the pen is told from what is not built yet.
NOT_YET = frozenset((
    "actionModules", "actions", "attackProtection", "branding", "clientAuthCredentials", "connectionProfiles",
    "emailProvider", "emailTemplates", "eventStreams", "exclude", "flowVaultConnections", "flows", "forms",
    "guardianFactorProviders", "guardianFactorTemplates", "guardianFactors",
    "guardianPhoneFactorMessageTypes", "guardianPhoneFactorSelectedProvider", "guardianPolicies", "hooks",
    "include", "logStreams", "networkACLs", "organizations", "pages", "phoneProviders", "phoneTemplates",
    "rateLimitPolicies", "riskAssessment", "rules", "rulesConfigs", "selfServiceProfiles",
    "supplementalSignals", "themes", "tokenExchangeProfiles", "triggers", "userAttributeProfiles",
))  # fmt: skip
PROMPTS = record(
    {"universal_login_experience": text(max=20), "identifier_first": BOOLEAN, "webauthn_platform_first_factor": BOOLEAN}
)
PROMPTS_ID = "prompts"
KEYWORD = re.compile(r"##\w+##|@@\w+@@")
CLIENT_ID = text(min=1, max=64, format="client-id")
IMMUTABLE = "cannot be changed, remove the entity first"


class TenantFileError(Exception):
    """The document cannot be loaded: ``what`` is wrong, and ``fix``."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


class Plan(Struct, frozen=True):
    """What to write, and the properties of the document that have no effect yet, as dotted paths."""

    changes: list[Put]
    unsupported: list[str]


def plan(
    document: Mapping[str, Any], directory: TenantDirectory, services: Services, *, verified_domains: bool
) -> Plan:
    """The changes that make the tenant what ``document`` says.

    ``verified_domains``: custom domains count as verified at once. Raises ``TenantFileError``.
    """
    planner = _Planner(directory, services, verified_domains=verified_domains)
    document = _replaced(document, "", planner.unsupported)
    for section, load in (
        ("resourceServers", planner.resource_server),
        ("clients", planner.client),
        ("clientGrants", planner.client_grant),
        ("roles", planner.role),
        ("databases", planner.database),
        ("connections", planner.connection),
        ("customDomains", planner.custom_domain),
    ):
        for entry in _entries(document, section):
            load(entry)
    planner.prompts(_section(document, "prompts"))
    planner.settings(_section(document, "tenant"))
    unsupported = dict.fromkeys(planner.unsupported + [_shown_key(key) for key in set(document) - SUPPORTED])
    return Plan(list(planner.puts.values()), sorted(unsupported))


def _replaced(value: Any, path: str, unknown: list[str]) -> Any:
    """The document without properties whose whole value is a keyword nobody replaced: what is stored stays."""
    if isinstance(value, dict):
        kept = {}
        for name, item in value.items():
            inside = f"{path}.{name}" if path else str(name)
            if isinstance(item, str) and KEYWORD.fullmatch(item):
                unknown.append(f"{inside} ({item} is not replaced)")
            else:
                kept[name] = _replaced(item, inside, unknown)
        return kept
    if isinstance(value, list):
        return [_replaced(item, path, unknown) for item in value]
    return value


def _entries(document: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    entries = document.get(section) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise TenantFileError(f"{section} has to be a list of objects")
    return entries


def _section(document: Mapping[str, Any], section: str) -> dict[str, Any]:
    found = document.get(section) or {}
    if not isinstance(found, dict):
        raise TenantFileError(f"{section} has to be an object")
    return found


def _shown_key(key: Any) -> str:
    if key in NOT_YET:
        return str(key)
    near = difflib.get_close_matches(str(key), SUPPORTED | NOT_YET, 1)
    return f"{key} (not a key of the format{f': is {near[0]} meant?' if near else ''})"


Adopt = Callable[[Call, Document, dict[str, Any]], tuple[Document, dict[str, Any]]]


class _Planner:
    def __init__(self, directory: TenantDirectory, services: Services, *, verified_domains: bool) -> None:
        self._verified_domains = verified_domains
        issuer = Issuer(tenant=directory.tenant.id, host=directory.tenant.domain)
        self._call = Call(
            request=ManagementRequest(method="POST", path="", issuer=issuer),
            directory=directory,
            actor=Actor(client_id="", subject="", scopes=frozenset(EVERY_SCOPE)),
            services=services,
            summary="",
        )
        self.puts: dict[tuple[str, str], Put] = {}
        self.unsupported: list[str] = []

    # ── what every entity goes through ──

    def _find(self, kind: str, field: str, value: Any) -> Document | None:
        for document in self._call.directory.documents[kind].values():
            if document.body.get(field) == value:
                return document
        return None

    def _supported(self, rule: Rule, entry: Mapping[str, Any], section: str) -> dict[str, Any]:
        supported: dict[str, Any] = pruned(rule, dict(entry), section, self.unsupported)
        return supported

    def _settle(
        self,
        section: str,
        name: str,
        collection: Collection,
        entry: Mapping[str, Any],
        known: Document | None,
        *,
        beyond: Mapping[str, Any] | None = None,
        adopt: Adopt | None = None,
    ) -> Document:
        """The entity as the API would make or change it; ``beyond`` is what only a file may choose, and ``adopt``
        turns what a PATCH cannot say into what it can."""
        given = self._supported(collection.create, entry, section)
        with _named(section, name):
            if known is None:
                new = without_nulls(given)
                collection.create.check(new, "")
                return collection.prepare(self._call, {**new, **(beyond or {})})
            fixed = given.keys() - collection.update.properties.keys()
            changed = sorted(n for n in fixed if n in known.body and given[n] not in (known.body[n], None))
            if changed:
                raise TenantFileError(f"{section} {name}: {changed[0]} {IMMUTABLE}")
            changes = {name: value for name, value in given.items() if name not in fixed}
            if adopt is not None:
                known, changes = adopt(self._call, known, changes)
            collection.update.check(changes, "")
            return collection.revise(self._call, known, changes) if changes else known

    def _put(self, section: str, name: str, document: Document, known: Document | None) -> None:
        if known is not None and _same(document, known):
            return
        key = (document.kind, document.id)
        planned = self.puts.get(key)
        revision = planned.expected_revision if planned is not None else known.revision if known is not None else None
        self.puts[key] = Put(document=document, expected_revision=revision)
        before = self._call.directory
        of_kind = {**before.documents[document.kind], document.id: document}

        def report(unreadable: Document, reason: str) -> None:
            if unreadable is document:
                raise TenantFileError(f"{section} {name}: {reason}")

        self._call.directory = snapshot_of(
            before.tenant,
            Documents({**before.documents, document.kind: of_kind}),
            before.token_key,
            report=report,
            previous=before,
            touched={document.kind},
        )

    # ── one kind after the other ──

    def resource_server(self, entry: Mapping[str, Any]) -> None:
        name = _required(entry, "identifier", "resourceServers")
        known = self._find(Kind.RESOURCE_SERVER, "identifier", name)
        self._put("resourceServers", name, self._settle("resourceServers", name, RESOURCE_SERVERS, entry, known), known)

    def client(self, entry: Mapping[str, Any]) -> None:
        name = _required(entry, "name", "clients")
        given = dict(entry)
        client_id = given.pop("client_id", None)
        if client_id is None:
            known = self._find(Kind.CLIENT, "name", name)
            beyond = {}
        else:
            with _named("clients", name):
                CLIENT_ID.check(client_id, "client_id")
            known = self._call.directory.documents[Kind.CLIENT].get(client_id)
            beyond = {"client_id": client_id}
        document = self._settle("clients", name, CLIENTS, given, known, beyond=beyond, adopt=adopt)
        self._put("clients", name, document, known)

    def client_grant(self, entry: Mapping[str, Any]) -> None:
        audience = _required(entry, "audience", "clientGrants")
        given = {"subject_type": "client", **entry}
        if given.get("client_id") is not None:
            given["client_id"] = self._client_id("clientGrants", given["client_id"])
        key = grant_key(given)
        grants = self._call.directory.documents[Kind.CLIENT_GRANT].values()
        known = next((grant for grant in grants if grant.unique_key == key), None)
        name = f"{entry.get('client_id') or entry.get('default_for')} for {audience}"
        self._put("clientGrants", name, self._settle("clientGrants", name, CLIENT_GRANTS, given, known), known)

    def role(self, entry: Mapping[str, Any]) -> None:
        name = _required(entry, "name", "roles")
        known = self._find(Kind.ROLE, "name", name)
        given = dict(entry)
        held = given.pop("permissions", None)
        document = self._settle("roles", name, ROLES, given, known)
        if held is not None:
            with _named("roles", name):
                if held:
                    permissions.BODY.check({"permissions": held}, "")
                named = permissions.named({"permissions": held})
                permissions.check(self._call, named)
            body = {**document.body, "permissions": [msgspec.to_builtins(permission) for permission in named]}
            document = msgspec.structs.replace(document, body=body)
        self._put("roles", name, document, known)

    def database(self, entry: Mapping[str, Any]) -> None:
        self.connection({"strategy": "auth0", **entry}, "databases")

    def connection(self, entry: Mapping[str, Any], section: str = "connections") -> None:
        name = _required(entry, "name", section)
        known = self._find(Kind.CONNECTION, "name", name)
        given = dict(entry)
        if isinstance(given.get("enabled_clients"), list):
            given["enabled_clients"] = [self._client_id(section, client) for client in given["enabled_clients"]]
        if known is not None and isinstance(given.get("options"), dict):
            # The server completed the options when it made the connection.
            given["options"] = {**known.body.get("options", {}), **given["options"]}
        self._put(section, name, self._settle(section, name, CONNECTIONS, given, known), known)

    def custom_domain(self, entry: Mapping[str, Any]) -> None:
        name = _required(entry, "domain", "customDomains").lower()
        known = self._find(Kind.CUSTOM_DOMAIN, "domain", name)
        given = {"type": known.body["type"] if known is not None else "self_managed_certs", **entry, "domain": name}
        document = self._settle("customDomains", name, CUSTOM_DOMAINS, given, known)
        if self._verified_domains:
            document = msgspec.structs.replace(document, body={**document.body, "status": READY})
        self._put("customDomains", name, document, known)

    def prompts(self, entry: Mapping[str, Any]) -> None:
        given = self._supported(PROMPTS, entry, "prompts")
        if not given:
            return
        with _named("prompts"):
            PROMPTS.check(given, "")
        known = self._call.directory.documents[Kind.CONFIGURATION].get(PROMPTS_ID)
        document = known or Document(kind=Kind.CONFIGURATION, id=PROMPTS_ID, body={})
        self._put("prompts", "", msgspec.structs.replace(document, body={**document.body, **given}), known)

    def settings(self, entry: Mapping[str, Any]) -> None:
        """Through the very code of a PATCH; lifetimes may be fractions of an hour, as they are read."""
        given = self._supported(SETTINGS_UPDATE, entry, "tenant")
        for name in LIFETIMES:
            if isinstance(given.get(name), float):
                given[name + tenant_settings.MINUTES] = round(given.pop(name) * 60)
        known = tenant_settings.SETTINGS.get(self._call)
        if isinstance(given.get("flags"), dict):
            fixed = tenant_settings.fixed_flags(known.body, given["flags"])
            self.unsupported += [f"tenant.flags.{name}" for name in fixed]
            given["flags"] = {name: value for name, value in given["flags"].items() if name not in fixed}
        if not given:
            return
        with _named("tenant"):
            SETTINGS_UPDATE.check(given, "")
            document = tenant_settings.revise(self._call, known, given)
        self._put("tenant", "", document, known)

    def _client_id(self, section: str, name: Any) -> str:
        known = self._find(Kind.CLIENT, "name", name)
        if known is not None:
            return known.id
        if name in self._call.directory.documents[Kind.CLIENT]:
            return str(name)
        raise TenantFileError(
            f"{section}: no client is named {name}", "Name a client of the clients list, or give its client_id."
        )


@contextmanager
def _named(section: str, name: str = "") -> Iterator[None]:
    """Say where in the file a refusal of the API has its cause."""
    where = f"{section} {name}".rstrip()
    try:
        yield
    except Unfit as error:
        raise TenantFileError(f"{where}: {refusal(error).message}") from None
    except ApiError as error:
        raise TenantFileError(f"{where}: {error.message}") from None


def _same(one: Document, other: Document) -> bool:
    return (
        without_nulls(one.body) == without_nulls(other.body)
        and one.secrets == other.secrets
        and one.unique_key == other.unique_key
    )


def _required(entry: Mapping[str, Any], field: str, section: str) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or not value:
        raise TenantFileError(f"an entry of {section} has no {field}")
    return value
