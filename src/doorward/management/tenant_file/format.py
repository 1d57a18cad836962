"""Every section of the format, in the order they are written: a line each, where nothing is special about it.

Which section holds what, and by what an entry is matched, are facts of auth0-deploy-cli's ``tenant.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from doorward.management.kit.schema import text
from doorward.management.resources import client_credentials as credentials
from doorward.management.resources import clients, tenant_settings
from doorward.management.resources.email_templates import NAMES as EMAIL_TEMPLATES
from doorward.management.resources.prompts import PROMPTS, WITH_PARTIALS
from doorward.management.resources.tenant_settings_body import LIFETIMES
from doorward.management.tenant_file.rehearsal import NotBuilt, Rehearsal
from doorward.management.tenant_file.sections import (
    IMMUTABLE,
    Entities,
    Entry,
    Grouped,
    Held,
    Item,
    Named,
    Nested,
    Part,
    Section,
    Settings,
    TenantFileError,
    Untouched,
    Work,
    covers,
    differing,
    id_of,
    object_,
    objects,
)
from doorward.model.document import Kind, Put

CLIENT_ID = text(min=1, max=64, format="client-id")

# ── clients and APIs ──


def _with_credentials(api: Rehearsal, entry: Entry) -> Entry:
    """A client whose credentials are spelled out instead of referred to."""
    document = api.directory.documents[Kind.CLIENT][entry["client_id"]]
    known = {credential["id"]: credential for credential in credentials.of(document)}

    def spelled_out(holder: Mapping[str, Any]) -> dict[str, Any]:
        held = (known[reference["id"]] for reference in holder.get("credentials") or () if reference["id"] in known)
        return {**holder, "credentials": [{n: c[n] for n in CREDENTIAL if n in c} for c in held]}

    written = dict(entry)
    methods = written.get("client_authentication_methods")
    if methods:
        written["client_authentication_methods"] = {name: spelled_out(holder) for name, holder in methods.items()}
    for name in clients.HOLDERS - {"client_authentication_methods"}:
        if written.get(name):
            written[name] = spelled_out(written[name])
    return written


CREDENTIAL = ("name", "credential_type", "pem", "alg", "kid", "subject_dn", "expires_at")


async def _adopting(work: Work, given: Entry, item: Item | None) -> Entry:
    """Credentials spelled out again are those the client holds; others become its own."""
    if given.get("client_id") is not None:
        CLIENT_ID.check(given["client_id"], "client_id")
    if item is None or not clients.HOLDERS & differing(given, item.entry).keys():
        return given
    api = work.api
    before = api.directory.documents[Kind.CLIENT][item.id]
    after, changed = api.within(lambda call: clients.adopt(call, before, given))
    if after is not before:
        await api.stage.change(api.tenant, [Put(document=after, expected_revision=before.revision)])
    return changed


async def _of_known_api(work: Work, given: Entry, item: Item | None) -> Entry:
    """A grant for another tenant's Management API becomes one for this tenant's; nobody's own grant changes."""
    holder = given.get("client_id")
    if holder is not None and await id_of(work.api, "clients", holder) in work.api.keep:
        raise Untouched
    return given


def _own_audience(api: Rehearsal, audience: Any) -> Any:
    foreign = isinstance(audience, str) and audience.startswith("https://") and audience.endswith("/api/v2/")
    if foreign and audience not in api.directory.resource_servers:
        return api.directory.tenant.management_audience
    return audience


class Grants(Entities, frozen=True, kw_only=True):
    """Client grants. One for the Management API of the tenant a file was made of is one for this tenant's."""

    async def write_at(self, work: Work, base: str, value: Any) -> None:
        entries = [
            {**entry, "audience": _own_audience(work.api, entry.get("audience"))} for entry in objects(self.key, value)
        ]
        await super().write_at(work, base, entries)

    async def remove_at(self, work: Work, base: str, value: Any) -> None:
        entries = [
            {**entry, "audience": _own_audience(work.api, entry.get("audience"))} for entry in objects(self.key, value)
        ]
        await super().remove_at(work, base, entries)

    def key_of(self, entry: Mapping[str, Any]) -> tuple[Any, ...]:
        if not isinstance(entry.get("audience"), str):
            raise TenantFileError("an entry of clientGrants has no audience")
        whose, subject = entry.get("client_id") or entry.get("default_for"), entry.get("subject_type", "client")
        if not isinstance(whose, str | None) or not isinstance(subject, str | None):
            raise TenantFileError("client_id, default_for and subject_type of clientGrants are texts")
        return whose, entry["audience"], subject


def _described(api: Rehearsal, entry: Entry) -> Entry:
    """Without a description that is empty."""
    return {name: value for name, value in entry.items() if name != "description" or value}


# ── connections ──


async def _complete_options(work: Work, given: Entry, item: Item | None) -> Entry:
    """The server completed the options when it made the connection: what a file leaves out of them stays."""
    if item is None or not isinstance(given.get("options"), dict):
        return given
    have = item.entry.get("options", {})
    return given if covers(have, given["options"]) else {**given, "options": {**have, **given["options"]}}


CONNECTION_READ_ONLY = frozenset(("realms", "provisioning_ticket_url"))


# ── custom domains ──


async def _verify(work: Work, path: str, entry: Entry) -> None:
    if work.verified and (await work.api.call("GET", path))["status"] != "ready":
        await work.api.call("POST", f"{path}/verify")


async def _of_type(work: Work, given: Entry, item: Item | None) -> Entry:
    """The type is the one it has; a name is written in lower case."""
    known = item.entry["type"] if item is not None else "self_managed_certs"
    return {"type": known, **given, "domain": given["domain"].lower()}


class Domains(Entities, frozen=True, kw_only=True):
    def key_of(self, entry: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(str(one).lower() for one in super().key_of(entry))


# ── actions ──

WRITTEN_OF_ACTION = ("name", "code", "runtime", "dependencies", "supported_triggers", "secrets")


async def _deploy(work: Work, path: str, entry: Entry) -> None:
    """A deployed action runs what the file says."""
    if entry.get("deployed") and not (await work.api.call("GET", path)).get("all_changes_deployed"):
        await work.api.call("POST", f"{path}/deploy")


def _action(api: Rehearsal, entry: Entry) -> Entry:
    """An action as a file writes it: what it runs, and whether it is deployed."""
    kept = {name: entry[name] for name in WRITTEN_OF_ACTION if name in entry}
    return _with_secret_names(api, {**kept, "deployed": bool(entry.get("all_changes_deployed"))})


def _with_secret_names(api: Rehearsal, entry: Entry) -> Entry:
    return {**entry, "secrets": [{"name": secret["name"]} for secret in entry.get("secrets") or ()]}


async def _without_known_secrets(work: Work, given: Entry, item: Item | None) -> Entry:
    """Secrets without a value are those that are there."""
    body = without(given, "deployed", "status")
    if item is not None and isinstance(body.get("secrets"), list):
        secrets = objects("secrets", body["secrets"])
        valued = any(secret.get("value") is not None for secret in secrets)
        if not valued and {str(s.get("name")) for s in secrets} == {s["name"] for s in item.entry["secrets"]}:
            del body["secrets"]
    return body


async def _by_action_id(work: Work, given: Entry, item: Item | None) -> Entry:
    """A file names the action; which one it is stays."""
    if item is None:
        return {**without(given, "action"), **({"action_id": given["action"]} if "action" in given else {})}
    if given.get("action", item.entry["action"]) != item.entry["action"]:
        raise TenantFileError(f"action {IMMUTABLE}")
    return given


async def _publish(work: Work, path: str, entry: Entry) -> None:
    """A module is published, unless the file says that there is more to come."""
    if entry.get("all_changes_published", True) and not (await work.api.call("GET", path)).get(
        "all_changes_published", True
    ):
        await work.api.call("POST", f"{path}/versions", {})


class Triggers(Section, frozen=True, kw_only=True):
    """What runs at each trigger, in order."""

    path: str = "/actions/triggers"

    async def read(self, api: Rehearsal) -> dict[str, Any] | None:
        found = {}
        for name in dict.fromkeys(str(trigger["id"]) for trigger in await api.every(self.path)):
            bound = await api.every(f"{self.path}/{name}/bindings")
            if bound:
                found[name] = [
                    {"action_name": binding["action"]["name"], "display_name": binding["display_name"]}
                    for binding in bound
                ]
        return found or None

    async def write(self, work: Work, value: Any) -> None:
        known = await self.read(work.api) or {}
        for name, given in object_(self.key, value).items():
            with work.entry(self.key, str(name)):
                wanted = [
                    {
                        "action_name": entry.get("action_name"),
                        "display_name": entry.get("display_name", entry.get("action_name")),
                    }
                    for entry in objects(f"{self.key}.{name}", given)
                ]
                if wanted == known.get(name, []):
                    continue
                bindings = [
                    {
                        "ref": {"type": "action_name", "value": entry["action_name"]},
                        "display_name": entry["display_name"],
                    }
                    for entry in wanted
                ]
                await work.api.call("PATCH", f"{self.path}/{name}/bindings", {"bindings": bindings})

    async def remove(self, work: Work, value: Any) -> None:
        for name in (await self.read(work.api) or {}).keys() - object_(self.key, value).keys():
            with work.entry(self.key, name):
                await work.api.call("PATCH", f"{self.path}/{name}/bindings", {"bindings": []})

    def named(self, value: Any) -> dict[str, Entry]:
        return {name: {"bindings": bound} for name, bound in (value or {}).items()}


# ── organizations ──


class OrganizationGrants(Part, frozen=True, kw_only=True):
    """The client grants an organization may be used with, by the name of their client."""

    async def read(self, api: Rehearsal, base: str) -> list[Entry]:
        names = {id_: client.name for id_, client in api.directory.clients.items()}
        held = [grant for grant in await self._held(api, base) if grant["id"] not in api.keep]
        return [{"client_id": name} for name in sorted({names.get(g["client_id"], g["client_id"]) for g in held})]

    async def write(self, work: Work, base: str, given: Any) -> None:
        api = work.api
        wanted = {await id_of(api, "clients", entry.get("client_id")) for entry in objects(self.name, given)}
        held = {grant["id"]: grant["client_id"] for grant in await self._held(api, base)}
        every = await api.every("/client-grants")
        for grant in every:
            # Only what an organization can be used with counts; the rest of a client's grants are none of its business.
            usable = grant.get("organization_usage") in ("allow", "require")
            if grant.get("client_id") in wanted and usable and grant["id"] not in held:
                await api.call("POST", f"{base}/client-grants", {"grant_id": grant["id"]})
        for id_, client_id in held.items():
            if client_id not in wanted and id_ not in api.keep:
                await api.call("DELETE", f"{base}/client-grants/{id_}")

    async def _held(self, api: Rehearsal, base: str) -> list[dict[str, Any]]:
        try:
            return await api.every(f"{base}/client-grants")
        except NotBuilt:
            return []


class OrganizationClients(Part, frozen=True, kw_only=True):
    """The clients of an organization, by their names."""

    async def read(self, api: Rehearsal, base: str) -> list[Entry]:
        names = {id_: client.name for id_, client in api.directory.clients.items()}
        held = [shown for shown in await api.every(f"{base}/clients") if shown["client_id"] not in api.keep]
        entries = [
            {"client_id": names[shown["client_id"]], "use_for_member_access": bool(shown.get("use_for_member_access"))}
            for shown in held
        ]
        return sorted(entries, key=lambda entry: str(entry["client_id"]))

    async def write(self, work: Work, base: str, given: Any) -> None:
        held = {entry["client_id"]: entry for entry in await self.read(work.api, base)}
        wanted = {str(entry.get("client_id")): entry for entry in objects(self.name, given)}
        new = [entry for name, entry in wanted.items() if not covers(held.get(name), entry)]
        if new:
            body = [{**entry, "client_id": await id_of(work.api, "clients", entry.get("client_id"))} for entry in new]
            await work.api.call("POST", f"{base}/clients", {"clients": body})
        gone = [await id_of(work.api, "clients", name) for name in held.keys() - wanted.keys()]
        if gone:
            await work.api.call("DELETE", f"{base}/clients", {"clients": sorted(gone)})


def _connection_name(api: Rehearsal, entry: Entry) -> Entry:
    """A connection of an organization by its name."""
    connection = entry.get("connection") or {}
    kept = {name: value for name, value in entry.items() if name not in ("connection", "connection_id")}
    return {"name": connection.get("name"), **kept}


async def _connection_id(work: Work, given: Entry, item: Item | None) -> Entry:
    name = given.get("name") or given.get("organization_connection_name")
    kept = {n: value for n, value in given.items() if n != "name"}
    return kept if item is not None else {**kept, "connection_id": await id_of(work.api, "connections", name)}


ORGANIZATION_CONNECTIONS = Entities(
    key="organizations.connections",
    path="/connections",
    id="connection_id",
    tidy=_connection_name,
    adapt=_connection_id,
)
DISCOVERY_DOMAINS = Entities(
    key="organizations.discovery_domains",
    path="/discovery-domains",
    by=("domain",),
    read_only=frozenset(("verification_txt", "verification_host")),
)

# ── pages, branding, prompts, the tenant itself ──

PAGES = {"error_page": "error_page", "guardian_multifactor": "guardian_mfa_page", "password_reset": "change_password"}
UNIVERSAL_LOGIN = "/branding/templates/universal-login"


class Pages(Section, frozen=True, kw_only=True):
    """Pages of the classic login: one belongs to the global client, the others to the tenant's settings."""

    async def read(self, api: Rehearsal) -> list[Entry]:
        settings = await api.read("/tenants/settings") or {}
        found = [{"name": name, **settings[setting]} for name, setting in PAGES.items() if settings.get(setting)]
        (shared,) = await api.every("/clients?is_global=true")
        if shared.get("custom_login_page"):
            enabled = bool(shared.get("custom_login_page_on"))
            found.append({"name": "login", "enabled": enabled, "html": shared["custom_login_page"]})
        return sorted(found, key=lambda page: str(page["name"]))

    def named(self, value: Any) -> dict[str, Entry]:
        return {page["name"]: page for page in value or ()}

    async def write(self, work: Work, value: Any) -> None:
        known = self.named(await self.read(work.api))
        for position, entry in enumerate(objects(self.key, value)):
            name = entry.get("name")
            with work.entry(self.key, str(name or ""), position):
                if not isinstance(name, str) or (name != "login" and name not in PAGES):
                    raise TenantFileError(f"there is no page {name}", f"Pages are login, {', '.join(PAGES)}.")
                if covers(known.get(name), entry):
                    continue
                page = {n: v for n, v in entry.items() if n != "name"}
                if name == "login":
                    (shared,) = await work.api.every("/clients?is_global=true")
                    body = {"custom_login_page": page.get("html"), "custom_login_page_on": page.get("enabled", True)}
                    await work.api.call("PATCH", f"/clients/{shared['client_id']}", body)
                else:
                    rule = work.api.rule("PATCH", "/tenants/settings")
                    body = work.fitting(rule, {PAGES[name]: page}, self.key)
                    await work.api.call("PATCH", "/tenants/settings", body)


class Branding(Settings, frozen=True, kw_only=True):
    """The look of the pages, with the page templates beside it."""

    async def read(self, api: Rehearsal) -> Entry | None:
        found = await super().read(api) or {}
        template = await _template(api)
        if template is not None:
            found["templates"] = [{"template": "universal_login", "body": template}]
        return found or None

    async def put(self, work: Work, given: Entry) -> None:
        settings = {name: value for name, value in given.items() if name != "templates"}
        await super().put(work, settings)
        for entry in objects("branding.templates", given.get("templates")):
            if entry.get("template") != "universal_login":
                raise TenantFileError(f"there is no template {entry.get('template')}")
            if entry.get("body") != await _template(work.api):
                await work.api.call("PUT", UNIVERSAL_LOGIN, {"template": entry.get("body")})


class PhoneTemplates(Entities, frozen=True, kw_only=True):
    """Those of the tenant's own; one that says what the stock one says is none."""

    async def write_at(self, work: Work, base: str, value: Any) -> None:
        listed = await work.api.every(self.path)
        stock = {
            shown["type"]: await self._entry(work.api, {"id": "", **shown}, base)
            for shown in listed
            if "id" not in shown
        }
        own = [entry for entry in objects(self.key, value) if not covers(stock.get(entry.get("type")), entry)]
        await super().write_at(work, base, own)


class Themes(Entities, frozen=True, kw_only=True):
    """There is one theme at a time, whatever it is called."""

    async def items(self, api: Rehearsal, base: str = "") -> list[Item]:
        shown = await api.read(f"{self.path}/default")
        return [Item(shown[self.id], await self._entry(api, shown, base))] if shown else []

    def key_of(self, entry: Mapping[str, Any]) -> tuple[Any, ...]:
        return ()


async def _template(api: Rehearsal) -> str | None:
    try:
        found = await api.read(UNIVERSAL_LOGIN)
    except NotBuilt:
        return None
    return found.get("body") if isinstance(found, dict) else found


class Prompts(Settings, frozen=True, kw_only=True):
    """Settings of the prompts, their texts by language and prompt, and what is inserted into them."""

    async def read(self, api: Rehearsal) -> Entry | None:
        found = await super().read(api) or {}
        texts = {}
        for language in (await api.read("/tenants/settings") or {}).get("enabled_locales", ()):
            of_language = {prompt: await _optional(api, _text_path(prompt, language)) for prompt in PROMPTS}
            texts[language] = {prompt: text for prompt, text in of_language.items() if text}
        partials = {prompt: await _optional(api, f"/prompts/{prompt}/partials") for prompt in WITH_PARTIALS}
        for name, held in (("customText", texts), ("partials", partials)):
            if any(held.values()):
                found[name] = {one: value for one, value in held.items() if value}
        screens = await _screens(api)
        if screens:
            found["screenRenderers"] = [screens[key] for key in sorted(screens)]
        return found or None

    async def put(self, work: Work, given: Entry) -> None:
        known = await self.read(work.api) or {}
        settings = {n: v for n, v in given.items() if n not in ("customText", "partials", "screenRenderers")}
        await super().put(work, settings)
        screens = await _screens(work.api)
        for entry in objects("prompts.screenRenderers", given.get("screenRenderers")):
            if not covers(screens.get((str(entry.get("prompt")), str(entry.get("screen")))), entry):
                await work.api.call("PATCH", "/prompts/rendering", {"configs": [without(entry, "tenant")]})
        texts = known.get("customText", {})
        for language, prompts in object_("prompts.customText", given.get("customText")).items():
            for prompt, screens in object_(f"prompts.customText.{language}", prompts).items():
                if screens != texts.get(language, {}).get(prompt, {}):
                    await _set(work, f"prompts.customText.{language}.{prompt}", _text_path(prompt, language), screens)
        for prompt, screens in object_("prompts.partials", given.get("partials")).items():
            if screens != known.get("partials", {}).get(prompt, {}):
                await _set(work, f"prompts.partials.{prompt}", f"/prompts/{prompt}/partials", screens)


async def _screens(api: Rehearsal) -> dict[tuple[Any, Any], Entry]:
    """How screens are drawn, by prompt and screen."""
    try:
        every = await api.every("/prompts/rendering")
    except NotBuilt:
        return {}
    return {(shown["prompt"], shown["screen"]): without(shown, "tenant") for shown in every}


def without(entry: Mapping[str, Any], *names: str) -> Entry:
    return {name: value for name, value in entry.items() if name not in names}


async def _optional(api: Rehearsal, path: str) -> Any:
    try:
        return await api.read(path)
    except NotBuilt:
        return None


async def _set(work: Work, name: str, path: str, body: Any) -> None:
    try:
        await work.api.call("PUT", path, body)
    except NotBuilt:
        work.left_out.append(".".join(name.split(".")[:2]))


def _text_path(prompt: str, language: str) -> str:
    return f"/prompts/{prompt}/custom-text/{language}"


FIXED_FLAGS = ("allow_changing_enable_sso", "disable_impersonation", "enable_sso", "remove_stale_idp_attributes")


class TenantSettings(Settings, frozen=True, kw_only=True):
    """The tenant's own settings; lifetimes may be fractions of an hour, as they are read."""

    async def read(self, api: Rehearsal) -> Entry | None:
        found = await super().read(api) or {}
        flags = {name: value for name, value in found.get("flags", {}).items() if name not in FIXED_FLAGS}
        return {**found, "flags": flags}

    async def put(self, work: Work, given: Entry) -> None:
        given = dict(given)
        known = await self.read(work.api) or {}
        for name in LIFETIMES:
            minutes = name + tenant_settings.MINUTES
            if given.get(minutes) is not None:
                given.pop(name, None)
                if name in known and round(known[name] * 60) == given[minutes]:
                    del given[minutes]
            elif isinstance(given.get(name), float) and isfinite(given[name] * 60):
                hours = given.pop(name)
                if hours != known.get(name):
                    given[minutes] = round(hours * 60)
        if isinstance(given.get("flags"), dict):
            stored = tenant_settings.SETTINGS.get(work.api.within(lambda call: call))
            fixed = tenant_settings.fixed_flags(stored.body, given["flags"])
            work.left_out += [f"tenant.flags.{name}" for name in fixed]
            kept = {name: value for name, value in given["flags"].items() if name not in (*fixed, *FIXED_FLAGS)}
            given["flags"] = differing(kept, known["flags"])
        await super().put(work, given)


class Policies(Settings, frozen=True, kw_only=True):
    """A list on the wire that a file holds as the property ``name``."""

    name: str

    async def read(self, api: Rehearsal) -> Entry | None:
        return {self.name: await api.read(self.path) or []}

    async def put(self, work: Work, given: Entry) -> None:
        wanted = given.get(self.name)
        if wanted is not None and wanted != (await self.read(work.api) or {}).get(self.name):
            await work.api.call("PUT", self.path, wanted)


class Providers(Section, frozen=True, kw_only=True):
    """Providers of the factors that need one, at ``/guardian/factors/NAME/providers/PROVIDER``."""

    known: tuple[tuple[str, str], ...]

    async def read(self, api: Rehearsal) -> list[Entry]:
        found = []
        for name, provider in self.known:
            shown = await _optional(api, self._path(name, provider))
            if shown:
                found.append({"name": name, "provider": provider, **shown})
        return found

    def _path(self, name: str, provider: str) -> str:
        return f"/guardian/factors/{name}/providers/{provider}"

    def named(self, value: Any) -> dict[str, Entry]:
        return {f"{entry['name']} {entry['provider']}": entry for entry in value or ()}

    async def write(self, work: Work, value: Any) -> None:
        known = self.named(await self.read(work.api))
        for position, entry in enumerate(objects(self.key, value)):
            name, provider = str(entry.get("name")), str(entry.get("provider"))
            with work.entry(self.key, f"{name} {provider}", position):
                if (name, provider) not in self.known:
                    raise TenantFileError(f"there is no provider {provider} of the factor {name}")
                given = {n: v for n, v in entry.items() if n not in ("name", "provider")}
                if not covers(known.get(f"{name} {provider}", {}), given):
                    await work.api.call("PUT", self._path(name, provider), given)


DOMAIN_READ_ONLY = frozenset((
    "status", "primary", "verification", "certificate", "is_default", "origin_domain_name", "cname_api_key",
    "verification_method",
))  # fmt: skip
CLIENT_READ_ONLY = frozenset((
    "signing_keys", "global", "tenant", "callback_url_template", "config_route", "owners", "custom_login_page_preview",
    "external_metadata_type", "external_metadata_created_by", "jwks_uri",
))  # fmt: skip

SECTIONS: tuple[Section, ...] = (
    # What names nothing else.
    Entities(
        key="resourceServers",
        path="/resource-servers",
        by=("identifier",),
        read_only=frozenset(("is_system", "client_id")),
        keeps=lambda api, shown: not shown.get("is_system"),
    ),
    Entities(
        key="clients",
        order=51,
        path="/clients",
        listed="/clients?is_global=false",
        id="client_id",
        beyond=frozenset(("client_id",)),
        read_only=CLIENT_READ_ONLY,
        tidy=_with_credentials,
        adapt=_adopting,
    ),
    Domains(
        key="customDomains",
        path="/custom-domains",
        by=("domain",),
        id="custom_domain_id",
        read_only=DOMAIN_READ_ONLY,
        adapt=_of_type,
        after=_verify,
    ),
    Grouped(
        key="attackProtection",
        settings={
            name: Settings(key=f"attackProtection.{name}", path=f"/attack-protection/{path}")
            for name, path in {
                "botDetection": "bot-detection",
                "breachedPasswordDetection": "breached-password-detection",
                "bruteForceProtection": "brute-force-protection",
                "captcha": "captcha",
                "suspiciousIpThrottling": "suspicious-ip-throttling",
            }.items()
        },
    ),
    Grouped(
        key="riskAssessment",
        settings={
            "settings": Settings(key="riskAssessment.settings", path="/risk-assessments/settings"),
            "new_device": Settings(key="riskAssessment.new_device", path="/risk-assessments/settings/new-device"),
        },
    ),
    Named(
        key="guardianFactors",
        path="/guardian/factors/{name}",
        listed="/guardian/factors",
        hidden=frozenset(("trial_expired",)),
    ),
    Providers(key="guardianFactorProviders", known=(("sms", "twilio"), ("push-notification", "sns"))),
    Named(key="guardianFactorTemplates", path="/guardian/factors/{name}/templates", names=("sms",)),
    Policies(key="guardianPolicies", path="/guardian/policies", name="policies"),
    Settings(key="guardianPhoneFactorSelectedProvider", path="/guardian/factors/phone/selected-provider", method="PUT"),
    Settings(key="guardianPhoneFactorMessageTypes", path="/guardian/factors/phone/message-types", method="PUT"),
    Entities(key="userAttributeProfiles", path="/user-attribute-profiles"),
    Entities(key="connectionProfiles", path="/connection-profiles"),
    Entities(key="networkACLs", path="/network-acls", by=("description",)),
    Entities(key="rateLimitPolicies", path="/rate-limit-policies", by=("consumer_selector",)),
    # Actions.
    Entities(
        key="actionModules",
        path="/actions/modules",
        read_only=frozenset(
            ("actions_using_module_total", "all_changes_published", "latest_version", "latest_version_number")
        ),
        tidy=_with_secret_names,
        adapt=_without_known_secrets,
        after=_publish,
    ),
    Entities(
        key="actions",
        order=52,
        path="/actions/actions",
        tidy=_action,
        adapt=_without_known_secrets,
        after=_deploy,
    ),
    # What names clients, APIs and actions.
    Entities(
        key="databases",
        order=60,
        path="/connections",
        listed="/connections?strategy=auth0",
        defaults={"strategy": "auth0"},
        read_only=CONNECTION_READ_ONLY,
        references={"enabled_clients": "clients"},
        adapt=_complete_options,
    ),
    Entities(
        key="connections",
        order=60,
        path="/connections",
        keeps=lambda api, shown: shown["strategy"] != "auth0",
        read_only=CONNECTION_READ_ONLY,
        references={"enabled_clients": "clients"},
        adapt=_complete_options,
    ),
    Grants(
        key="clientGrants",
        order=60,
        path="/client-grants",
        defaults={"subject_type": "client"},
        references={"client_id": "clients"},
        adapt=_of_known_api,
        title=lambda entry: f"{entry.get('client_id') or entry.get('default_for')} for {entry.get('audience')}",
    ),
    Entities(
        key="roles",
        order=60,
        path="/roles",
        read_only=frozenset(("type",)),
        tidy=_described,
        parts=(
            Held(
                name="permissions",
                path="/permissions",
                body="permissions",
                fields=("permission_name", "resource_server_identifier"),
            ),
        ),
    ),
    Settings(key="emailProvider", order=60, path="/emails/provider", creates=True),
    Themes(key="themes", order=60, path="/branding/themes", by=("displayName",), id="themeId"),
    Entities(
        key="phoneProviders",
        order=60,
        path="/branding/phone/providers",
        read_only=frozenset(("channel", "tenant")),
    ),
    PhoneTemplates(
        key="phoneTemplates",
        order=60,
        path="/branding/phone/templates",
        by=("type",),
        keeps=lambda api, shown: "id" in shown,  # the others are the stock ones
        read_only=frozenset(("channel", "tenant", "customizable")),
    ),
    Entities(
        key="tokenExchangeProfiles",
        order=60,
        path="/token-exchange-profiles",
        by=("subject_token_type",),
        references={"action_id": "actions"},
        tidy=lambda api, entry: {**without(entry, "action_id"), "action": entry["action_id"]},
        adapt=_by_action_id,
    ),
    Entities(
        key="selfServiceProfiles",
        order=60,
        path="/self-service-profiles",
        references={"user_attribute_profile_id": "userAttributeProfiles"},
    ),
    Branding(key="branding", order=70, path="/branding"),
    Named(
        key="emailTemplates",
        order=70,
        path="/email-templates/{name}",
        name="template",
        method="PATCH",
        names=EMAIL_TEMPLATES,
        creates="/email-templates",
    ),
    Entities(
        key="organizations",
        order=70,
        path="/organizations",
        parts=(
            Nested(name="connections", entities=ORGANIZATION_CONNECTIONS),
            Nested(name="discovery_domains", entities=DISCOVERY_DOMAINS),
            OrganizationGrants(name="client_grants"),
            OrganizationClients(name="clients"),
        ),
    ),
    Entities(key="logStreams", order=70, path="/log-streams"),
    Entities(key="eventStreams", order=70, path="/event-streams", references={"action_id": "actions"}),
    Entities(
        key="flowVaultConnections",
        order=70,
        path="/flows/vault/connections",
        read_only=frozenset(("refreshed_at", "fingerprint", "ready")),
    ),
    Prompts(key="prompts", order=80, path="/prompts"),
    Triggers(key="triggers", order=80),
    Entities(
        key="flows",
        order=80,
        path="/flows",
        read_only=frozenset(("executed_at",)),
        references={"connection_id": "flowVaultConnections"},
    ),
    Entities(
        key="forms",
        order=90,
        path="/forms",
        read_only=frozenset(("flow_count", "submitted_at", "embedded_at")),
        references={"flow_id": "flows"},
    ),
    # Last, since it may name whatever was made before.
    Pages(key="pages", order=95),
    Settings(key="supplementalSignals", order=100, path="/supplemental-signals"),
    TenantSettings(
        key="tenant",
        order=100,
        path="/tenants/settings",
        hidden=frozenset(("sandbox_versions_available", *PAGES.values())),
    ),
)
BY_KEY = {section.key: section for section in SECTIONS}
# Keys that say something to the tool rather than of the tenant, and the one only ``doorward dev`` reads.
ASIDE = frozenset(("exclude", "include", "users"))
GONE = {
    "rules": "Auth0 ends rules: write an Action for post-login",
    "rulesConfigs": "Auth0 ends rules: use the secrets of an Action",
    "hooks": "Auth0 ends hooks: write an Action",
}
NOT_YET = frozenset((
    "clientAuthCredentials", "guardianEmailFactorSettings", "guardianPhoneFactorSettings", "migrations",
))  # fmt: skip


def in_order() -> list[Section]:
    """Every section, what is named before what names it."""
    return sorted(SECTIONS, key=lambda section: section.order)
