"""Every section of the format, in the order they are written: a line each, where nothing is special about it.

Which section holds what, and by what an entry is matched, are facts of auth0-deploy-cli's ``tenant.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from doorward.management.resources import tenant_settings
from doorward.management.resources.email_templates import NAMES as EMAIL_TEMPLATES
from doorward.management.resources.tenant_settings_body import LIFETIMES
from doorward.management.tenant_file.actions import (
    Triggers,
    action,
    by_action_id,
    deploy,
    publish,
    with_secret_names,
    without_known_secrets,
)
from doorward.management.tenant_file.clients import Grants, adopting, of_known_api, with_credentials
from doorward.management.tenant_file.organizations import (
    DISCOVERY_DOMAINS,
    ORGANIZATION_CONNECTIONS,
    OrganizationClients,
    OrganizationGrants,
)
from doorward.management.tenant_file.pages import PAGES, Branding, Pages, PhoneTemplates, Prompts, Themes
from doorward.management.tenant_file.rehearsal import Rehearsal
from doorward.management.tenant_file.sections import (
    Entities,
    Entry,
    Grouped,
    Held,
    Item,
    Named,
    Nested,
    Section,
    Settings,
    TenantFileError,
    Tidy,
    Work,
    covers,
    differing,
    objects,
    optional,
    without,
)

# ── roles and connections ──


def without_empty(name: str) -> Tidy:
    """Without the property where it is empty, which no POST takes."""
    return lambda api, entry: entry if entry.get(name) else without(entry, name)


async def complete_options(work: Work, given: Entry, item: Item | None) -> Entry:
    """The server completed the options when it made the connection: what a file leaves out of them stays."""
    if item is None or not isinstance(given.get("options"), dict):
        return given
    have = item.entry.get("options", {})
    return given if covers(have, given["options"]) else {**given, "options": {**have, **given["options"]}}


CONNECTION_READ_ONLY = frozenset(("realms", "provisioning_ticket_url"))


# ── custom domains ──


async def verify(work: Work, path: str, entry: Entry) -> None:
    if work.verified and (await work.api.call("GET", path))["status"] != "ready":
        await work.api.call("POST", f"{path}/verify")


async def of_type(work: Work, given: Entry, item: Item | None) -> Entry:
    """The type is the one it has; a name is written in lower case."""
    known = item.entry["type"] if item is not None else "self_managed_certs"
    return {"type": known, **given, "domain": given["domain"].lower()}


class Domains(Entities, frozen=True, kw_only=True):
    def key_of(self, entry: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(str(one).lower() for one in super().key_of(entry))


# ── the tenant itself ──


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
            shown = await optional(api, self._path(name, provider))
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
        tidy=with_credentials,
        adapt=adopting,
    ),
    Domains(
        key="customDomains",
        path="/custom-domains",
        by=("domain",),
        id="custom_domain_id",
        read_only=DOMAIN_READ_ONLY,
        adapt=of_type,
        after=verify,
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
        tidy=with_secret_names,
        adapt=without_known_secrets,
        after=publish,
    ),
    Entities(
        key="actions",
        order=52,
        path="/actions/actions",
        tidy=action,
        adapt=without_known_secrets,
        after=deploy,
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
        adapt=complete_options,
    ),
    Entities(
        key="connections",
        order=60,
        path="/connections",
        keeps=lambda api, shown: shown["strategy"] != "auth0",
        read_only=CONNECTION_READ_ONLY,
        references={"enabled_clients": "clients"},
        adapt=complete_options,
    ),
    Grants(
        key="clientGrants",
        order=60,
        path="/client-grants",
        defaults={"subject_type": "client"},
        references={"client_id": "clients"},
        adapt=of_known_api,
        title=lambda entry: f"{entry.get('client_id') or entry.get('default_for')} for {entry.get('audience')}",
    ),
    Entities(
        key="roles",
        order=60,
        path="/roles",
        read_only=frozenset(("type",)),
        tidy=without_empty("description"),
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
        adapt=by_action_id,
    ),
    Entities(
        key="selfServiceProfiles",
        order=60,
        path="/self-service-profiles",
        references={"user_attribute_profile_id": "userAttributeProfiles"},
    ),
    Branding(key="branding", order=70, path="/branding"),
    Settings(
        key="brandingDark", order=70, path="/branding/dark", method="PUT", hidden=frozenset(("contrast",)), own=True
    ),
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
    Entities(
        key="eventStreams",
        order=70,
        path="/event-streams",
        references={"action_id": "actions"},
        tidy=without_empty("subscriptions"),
    ),
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
