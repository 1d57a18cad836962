"""Planning a tenant file: what would change and how tokens would, and that nothing is half done."""

from __future__ import annotations

import asyncio
import copy
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import pytest
from tests.integration.door import CALLBACK, Door

from doorward.management.kit.context import MACHINE, Actor
from doorward.management.kit.shapes import Collection, Singleton
from doorward.management.ledger import REASONS
from doorward.management.new_tenant import MANAGEMENT_CLIENT, management_client
from doorward.management.registry import RESOURCES
from doorward.management.system_scopes import EVERY_SCOPE
from doorward.management.tenant_file import wire
from doorward.management.tenant_file.differences import differences, is_secret
from doorward.management.tenant_file.export import export
from doorward.management.tenant_file.loading import carry_out
from doorward.management.tenant_file.plan import Plan, Planned, plan
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind
from doorward.model.request_context import RequestContext
from doorward.ports import Conflict

pytestmark = pytest.mark.anyio
TENANT_FILE = str(Path(wire.__file__).parent)
SECRET = "Secret-1"
ACME, OTHER = "acme.test", "other.test"
API, SECOND = "https://api.acme.test/", "https://second.acme.test/"
PERMISSION = {"permission_name": "read:a", "resource_server_identifier": API}
DOCUMENT: dict[str, Any] = {
    "tenant": {"friendly_name": "Acme", "session_lifetime": 100},
    "resourceServers": [
        {
            "name": "API",
            "identifier": API,
            "allow_offline_access": True,
            "scopes": [{"value": "read:a"}, {"value": "write:a", "description": "Change a"}],
        },
        {"name": "Second", "identifier": SECOND, "scopes": [{"value": "read:b"}]},
    ],
    "clients": [
        {"name": "Web", "app_type": "regular_web", "callbacks": [CALLBACK], "oidc_conformant": True,
         "grant_types": ["authorization_code", "refresh_token"]},
        {"name": "Machine", "client_id": "machine", "grant_types": ["client_credentials"],
         "client_secret": "the-secret-of-the-file"},
    ],
    "clientGrants": [{"client_id": "Machine", "audience": API, "scope": ["read:a", "write:a"]}],
    "roles": [{"name": "Reader", "description": "Reads", "permissions": [PERMISSION]}],
    "databases": [{"name": "people", "enabled_clients": ["Web"]}],
    "connections": [
        {"name": "google-oauth2", "strategy": "google-oauth2", "options": {"client_id": "g", "client_secret": SECRET}}
    ],
}  # fmt: skip


class Server:
    """A server with two tenants; the first is what ``DOCUMENT`` says."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.ports = door.ports

    def tenant(self, tenant: str = ACME) -> TenantDirectory:
        return self.ports.directory.tenant(tenant)

    async def planned(
        self, document: Mapping[str, Any], tenant: str = ACME, *, removes: bool = False, scopes: Any = EVERY_SCOPE
    ) -> Planned:
        actor = Actor(client_id="loader", subject="loader" + MACHINE, scopes=frozenset(scopes))
        return await plan(document, self.tenant(tenant), self.door.server.services, actor, removes=removes)

    async def plan(self, document: Mapping[str, Any], **options: Any) -> Plan:
        return (await self.planned(document, **options)).plan

    async def apply(self, document: Mapping[str, Any], tenant: str = ACME, **options: Any) -> Plan:
        planned = await self.planned(document, tenant, **options)
        assert planned.plan.problems == []
        await carry_out(planned, tenant, self.ports.directory)
        return planned.plan

    async def exported(self, tenant: str, **options: Any) -> dict[str, Any]:
        actor = Actor(client_id="loader", subject="loader" + MACHINE, scopes=frozenset(EVERY_SCOPE))
        services = self.door.server.services
        return (await export(self.tenant(tenant), services, actor, **options)).document


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    door = await Door("sqlite://").start()
    for domain in (ACME, OTHER):
        await door.server.create_tenant(domain, domain)
    server = Server(door)
    await server.apply(DOCUMENT)
    yield server
    await door.stop()


def told(plan: Plan) -> list[tuple[str, str, str]]:
    return [(change.section, change.name, change.action.value) for change in plan.changes]


def entry(section: str, position: int = 0, **changes: Any) -> dict[str, Any]:
    """The document's section alone, with one entry of it changed."""
    entries = copy.deepcopy(DOCUMENT[section])
    entries[position] |= changes
    return {section: entries}


# ── what would change ──


async def test_what_is_only_kept_is_told_with_the_reason_of_the_ledger(server: Server) -> None:
    triggers = [{"id": "post-login", "version": "v3"}]
    plan = await server.plan(
        {
            "actions": [{"name": name, "code": "", "supported_triggers": triggers} for name in ("One", "Two")],
            "attackProtection": {
                "bruteForceProtection": {"max_attempts": 5},
            },
            "clients": [{"name": "Web", "description": "Acts"}, {"name": "New"}],
            "flows": [{"name": "Flow"}],
            "prompts": {"identifier_first": False},
            "logStreams": [{"name": "S", "type": "http", "sink": {}}],
            "roles": [{"name": "Reader"}],
        }
    )
    assert [(one.section, one.name) for one in plan.problems] == [("logStreams", "S")]
    assert [(idle.section, list(idle.names), idle.reason) for idle in plan.idle] == [
        ("actions", ["One", "Two"], REASONS["/actions"]),
        ("flows", ["Flow"], REASONS["/flows"]),
    ]


async def test_a_plan_writes_nothing(server: Server) -> None:
    before = server.tenant()
    planned = await server.planned(entry("clients", name="Another"))
    assert planned.writes
    assert server.tenant() is before


async def test_others_have_their_turn_while_a_large_file_is_planned(server: Server) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(other())
    assert (await server.planned({"clients": [{"name": f"Client {n}"} for n in range(100)]})).plan.problems == []
    waiting.cancel()
    assert turns > 100


async def test_the_same_file_plans_nothing(server: Server) -> None:
    planned = await server.planned(DOCUMENT)
    assert (planned.plan.changes, planned.plan.effects, planned.plan.left_out) == ([], [], [])
    assert (planned.writes, planned.events) == ([], [])


@pytest.mark.parametrize(
    ("document", "removes", "expected"),
    [
        pytest.param({"clients": [{"name": "New"}]}, False, [("clients", "New", "create")], id="new"),
        pytest.param(entry("clients", callbacks=[]), False, [("clients", "Web", "change")], id="changed"),
        pytest.param({"clients": []}, False, [], id="an empty list, nothing may be deleted"),
        pytest.param({}, True, [], id="a section that is not there is not managed"),
        pytest.param(
            {"roles": []}, True, [("roles", "Reader", "delete")], id="an empty list, with deletion"
        ),
        pytest.param(
            {"clients": [{"name": "Web"}]},
            True,
            [("clients", "Machine", "delete"), ("clientGrants", f"Machine for {API}", "delete")],
            id="what goes with it",
        ),
        pytest.param({"tenant": {"friendly_name": "B"}}, False, [("tenant", "", "change")], id="one object"),
        pytest.param({"tenant": {"friendly_name": "Acme"}}, False, [], id="one object, as it is"),
        pytest.param({"tenant": {"session_lifetime_in_minutes": 6000}}, False, [], id="minutes are hours"),
        pytest.param({"roles": [{"name": "Reader"}]}, False, [], id="what is left out stays"),
        pytest.param(
            {"roles": [{"name": "Reader", "permissions": []}]}, False, [("roles", "Reader", "change")], id="a part"
        ),
        pytest.param({"clients": [{"client_id": "machine", "name": "Robot"}]}, False,
            [("clients", "Robot", "create"), ("clients", "Machine", "delete"),
             ("clientGrants", f"Robot for {API}", "create"), ("clientGrants", f"Machine for {API}", "delete")],
            id="another name, by id"),
        pytest.param(
            {"guardianFactors": [{"name": "otp", "enabled": True}]}, False, [("guardianFactors", "otp", "change")],
            id="a name that is given",
        ),
        pytest.param(
            {"attackProtection": {"bruteForceProtection": {"max_attempts": 3}}}, False,
            [("attackProtection", "bruteForceProtection", "change")], id="an object of objects",
        ),
        pytest.param(
            {"emailTemplates": [{"template": "welcome_email", "body": "<p>Hi</p>", "from": "a@a.test", "subject": "Hi",
                "syntax": "liquid", "enabled": True}]}, False, [("emailTemplates", "welcome_email", "create")],
            id="made when it is not there",
        ),
        pytest.param(
            {"prompts": {"customText": {"en": {"login": {"login": {"title": "Hi"}}}}}}, False,
            [("prompts", "", "change")], id="texts of prompts",
        ),
        pytest.param(
            {"pages": [{"name": "error_page", "html": "", "show_log_link": False, "url": "https://a.test/e"}]}, False,
            [("pages", "error_page", "create")], id="a page in the settings",
        ),
        pytest.param(
            {"branding": {"colors": {"primary": "#FF0000"}}}, False, [("branding", "", "create")], id="branding"
        ),
    ],
)  # fmt: skip
async def test_what_a_file_would_change(
    server: Server, document: dict[str, Any], removes: bool, expected: list[tuple[str, str, str]]
) -> None:
    made = await server.plan(document, removes=removes)
    assert made.problems == []
    assert told(made) == expected
    await server.apply(document, removes=removes)
    assert told(await server.plan(document, removes=removes)) == []


def test_differences_are_told_property_by_property() -> None:
    before = {"a": 1, "b": {"c": True, "d": "x"}, "list": ["1", "2"], "gone": None, "client_secret": SECRET}
    after = {"a": 1.5, "b": {"c": False, "d": "x", "new": "n"}, "list": ["2", "3"], "client_secret": "Secret-2"}
    assert msgspec.to_builtins(differences(before, after)) == [
        {"path": "a", "before": 1, "after": 1.5},
        {"path": "b.c", "before": True, "after": False},
        {"path": "b.new", "after": "n"},
        {"path": "list", "added": ["3"], "removed": ["1"]},
        {"path": "gone", "before": None},
        {"path": "client_secret", "before": "*****", "after": "*****"},
    ]


async def test_the_order_of_shields_is_no_difference(server: Server) -> None:
    def said(*shields: str) -> dict[str, Any]:
        return {"attackProtection": {"suspiciousIpThrottling": {"enabled": True, "shields": list(shields)}}}

    await server.apply(said("block", "admin_notification"))
    assert (await server.plan(said("admin_notification", "block"))).changes == []
    assert (await server.plan(said("block"))).changes != []


async def test_secrets_are_never_told(server: Server) -> None:
    document = {
        **entry("connections", options={"client_id": "g", "client_secret": "s2-of-the-file"}),
        **entry("clients", 1, client_secret="another-secret-of-the-file"),
        "emailProvider": {
            "name": "sendgrid",
            "default_from_address": "a@a.test",
            "credentials": {"api_key": "Key-4711-1"},
        },
    }
    made = await server.apply(document)
    assert told(made) == [
        ("clients", "Machine", "change"), ("connections", "google-oauth2", "change"), ("emailProvider", "", "create"),
    ]  # fmt: skip
    shown = msgspec.json.encode(made).decode()
    assert "of-the-file" not in shown
    assert "Key-4711-1" not in shown
    assert server.tenant().clients["machine"].client_secret == "another-secret-of-the-file"
    # What cannot be read back is known to have changed all the same.
    changed = await server.plan({"emailProvider": {"name": "sendgrid", "credentials": {"api_key": "Key-4711-2"}}})
    assert [(one.path, one.after) for change in changed.changes for one in change.properties] == [
        ("(a secret)", "*****")
    ]
    assert told(await server.plan(document)) == []


async def test_secrets_in_lists_and_add_ons_are_told_as_little(server: Server) -> None:
    hidden = {"value": "hush-1", "header": "authorization"}
    sink = {"httpEndpoint": "https://logs.test/", "httpCustomHeaders": [hidden]}
    document = {
        **entry("clients", 1, addons={"azure_blob": {"storageAccessKey": "hush-2"}, "azure_sb": {"sasKey": "hush-3"},
                                      "wams": {"masterkey": "hush-4"}}),
        "logStreams": [{"name": "S", "type": "http", "sink": sink}],
    }  # fmt: skip
    assert "hush" not in msgspec.json.encode(await server.apply(document)).decode()
    assert "hush" not in msgspec.json.encode(await server.exported(ACME)).decode()
    hidden["value"] = "hush-5"
    changed = await server.plan(document)
    assert told(changed) == [("logStreams", "S", "change")]
    assert "hush" not in msgspec.json.encode(changed).decode()
    assert "hush-1" in msgspec.json.encode(await server.exported(ACME, secrets=True)).decode()
    assert (await server.planned(await server.exported(ACME))).writes == []


def test_what_is_sealed_and_shown_is_a_secret_of_plans_too() -> None:
    sealed = [path for shape in RESOURCES if isinstance(shape, Collection | Singleton) for path in shape.secret]
    assert [path for path in sealed if not is_secret(path, "x")] == []


ACTION = {"name": "a", "code": "x", "supported_triggers": [{"id": "post-login"}], "secrets": []}


@pytest.mark.parametrize(
    "document",
    [
        {"clients": [{"name": "x", "client_id": {}}]},
        {"clientGrants": [{"client_id": {}, "audience": "x"}]},
        {"clientGrants": [{"client_id": ["Machine"], "audience": API}]},
        {"clientGrants": [{"client_id": "Machine", "audience": API, "subject_type": {}}]},
        {"organizations": [{"name": "o", "client_grants": [{"client_id": {}}]}]},
        {"databases": [{"name": "d", "enabled_clients": [{}]}]},
        {"tenant": {"session_lifetime": 1e308}},
        {"pages": [{"name": {}}]},
        {"prompts": {"screenRenderers": [{"prompt": {}, "screen": []}]}},
        {"actions": [ACTION, {**ACTION, "secrets": [5]}]},
        {"actions": [ACTION, {**ACTION, "secrets": [{"name": []}]}]},
    ],
)
async def test_what_is_of_the_wrong_type_is_a_problem(server: Server, document: dict[str, Any]) -> None:
    if len(document.get("actions", ())) > 1:
        await server.apply({"actions": [ACTION]})
        document = {"actions": document["actions"][1:]}
    assert (await server.plan(document, removes=True)).problems != []


# ── all or nothing ──


async def test_one_bad_entry_and_nothing_changes_but_every_one_is_named(server: Server) -> None:
    before = server.tenant().documents
    planned = await server.planned(
        {
            "clients": [{"name": "Good"}, {"name": "Bad", "callbacks": "x"}, {"app_type": "spa"}],
            "clientGrants": [{"client_id": "Bad", "audience": API}, {"client_id": "Good", "audience": "nowhere"}],
            "databases": [{"name": "people", "strategy": "ad"}],
            "roles": {},
            "tenant": {"default_audience": "nowhere"},
        }
    )
    problems = [(one.section, one.position, one.name) for one in planned.plan.problems]
    assert problems == [
        ("clients", 1, "Bad"),
        ("clients", 2, ""),
        ("databases", 0, "people"),
        ("clientGrants", 1, "Good for nowhere"),  # that of Bad is no news
        ("roles", None, ""),
        ("tenant", None, ""),
    ]
    assert server.tenant().documents == before


async def test_a_change_between_plan_and_apply_is_noticed(server: Server) -> None:
    planned = await server.planned(entry("clients", callbacks=[]))
    await server.apply({"roles": [{"name": "Another"}]})
    before = server.tenant().documents
    with pytest.raises(Conflict, match="revision"):
        await carry_out(planned, ACME, server.ports.directory)
    assert server.tenant().documents == before


async def test_every_write_of_a_file_is_logged_with_it(server: Server) -> None:
    planned = await server.planned({"clients": [{"name": "A"}, {"name": "B"}, {"name": "C", "callbacks": 5}]})
    assert [event.description for event in planned.events] == ["Create a client", "Create a client"]


async def test_a_file_can_do_what_the_token_may(server: Server) -> None:
    scopes = frozenset({"read:roles", "create:roles"})
    made = await server.plan({"roles": [{"name": "New"}], "clients": [{"name": "New"}]}, scopes=scopes)
    assert [one.section for one in made.problems] == ["clients"]
    assert "Insufficient scope" in made.problems[0].what
    assert told(await server.plan({"roles": [{"name": "New"}]}, scopes=scopes)) == [("roles", "New", "create")]


async def test_the_client_that_asks_and_the_first_one_are_left_alone(server: Server) -> None:
    puts = management_client(server.tenant().tenant, MANAGEMENT_CLIENT, server.ports.entropy)
    await server.ports.directory.change(ACME, puts)
    made = await server.plan({"clients": [{"name": MANAGEMENT_CLIENT, "callbacks": [CALLBACK]}]}, removes=True)
    assert all(change.name != MANAGEMENT_CLIENT for change in made.changes)
    assert all("api/v2" not in change.name for change in made.changes)


async def test_a_grant_for_another_tenants_management_api_is_one_for_this_tenants(server: Server) -> None:
    document = {"clientGrants": [{"client_id": "Machine", "audience": "https://acme.eu.auth0.com/api/v2/",
        "scope": ["read:users"]}]}  # fmt: skip
    await server.apply(document)
    audience = server.tenant().tenant.management_audience
    assert audience in [grant.audience for grant in server.tenant().client_grants.values()]
    assert told(await server.plan(document)) == []


# ── what it does to tokens ──


@pytest.mark.parametrize(
    ("document", "sentences"),
    [
        pytest.param(
            entry("resourceServers", token_lifetime=3600),
            ["Tokens for API will expire after 3600 s instead of 86400 s"], id="lifetime",
        ),
        pytest.param(
            entry("resourceServers", signing_alg="HS256"),
            ["Tokens for API will be signed with HS256 instead of RS256"], id="algorithm",
        ),
        pytest.param(
            entry("resourceServers", scopes=[{"value": "read:a"}]),
            ["Web will no longer be granted write:a for API"], id="scope of the API",
        ),
        pytest.param(
            entry("clientGrants", scope=["read:a"]),
            ["Machine will no longer be granted write:a for API"], id="scope of a grant",
        ),
        pytest.param(
            {"clientGrants": [{"client_id": "Machine", "audience": SECOND, "scope": ["read:b"]}]},
            ["Machine will get tokens for Second"], id="a new grant",
        ),
        pytest.param(
            entry("clients", grant_types=["authorization_code"]),
            ["Web will no longer be issued refresh tokens for API"], id="no refresh tokens, of the client",
        ),
        pytest.param(
            entry("resourceServers", allow_offline_access=False),
            ["Web will no longer be issued refresh tokens for API"], id="no refresh tokens, of the API",
        ),
        pytest.param(
            entry("resourceServers", enforce_policies=True, token_dialect="access_token_authz"),
            ["Tokens for API will have the claims of access_token_authz instead of access_token",
             "Tokens for API will have a permissions claim",
             "Web will no longer be granted read:a write:a for API"], id="permissions in tokens",
        ),
        pytest.param(
            {"tenant": {"default_audience": API}},
            [f"Web will get tokens for {API} instead of /userinfo where no API is named"], id="default audience",
        ),
        pytest.param(
            entry("clients", callbacks=[]),
            ["Nobody will log in to Web: "],
            id="nobody can log in",
        ),
        pytest.param(
            entry("resourceServers", subject_type_authorization={"client": {"policy": "deny_all"}}),
            ["Machine will no longer get tokens for API: "], id="refused",
        ),
        pytest.param(
            entry("databases", enabled_clients=[]), ["Nobody will log in to Web: "], id="no way to log in"
        ),
        pytest.param(entry("clients", description="Another"), [], id="none"),
        pytest.param({"clients": [{"name": "New"}]}, [], id="of what is new, none"),
    ],
)  # fmt: skip
async def test_what_a_file_does_to_tokens(server: Server, document: dict[str, Any], sentences: list[str]) -> None:
    made = await server.plan(document)
    assert made.problems == []
    found = [effect.sentence for effect in made.effects]
    for sentence in sentences:
        assert any(one.startswith(sentence) for one in found), found
    assert len(found) == len(sentences), found


async def test_what_a_role_gives_is_told_where_the_api_asks_for_permissions(server: Server) -> None:
    both = [PERMISSION, {**PERMISSION, "permission_name": "write:a"}]
    changed = {"roles": [{"name": "Reader", "permissions": both}]}
    assert (await server.plan(changed)).effects == []
    await server.apply(entry("resourceServers", enforce_policies=True))
    (effect,) = (await server.plan(changed)).effects
    assert effect.sentence == "People with the role Reader will be granted write:a for API"


# ── out and in again ──


async def test_out_and_in_again_is_the_same_tenant(server: Server) -> None:
    exported = await server.exported(ACME, secrets=True)
    assert next(iter(exported)) == "tenant"
    assert (await server.apply(exported, OTHER)).left_out == []
    for options in ({"secrets": True}, {}):
        one, other = await server.exported(ACME, **options), await server.exported(OTHER, **options)
        assert msgspec.json.encode(one) == msgspec.json.encode(other)
        assert (await server.planned(one, OTHER)).writes == (await server.planned(one)).writes == []


async def test_secrets_stay_at_home_unless_asked_for(server: Server) -> None:
    plain = await server.exported(ACME)
    (google,) = plain["connections"]
    assert google["options"]["client_secret"] == "##CONNECTIONS_GOOGLE_OAUTH2_CLIENT_SECRET##"
    assert all("client_secret" not in client and "client_id" not in client for client in plain["clients"])
    whole = await server.exported(ACME, secrets=True, identifiers=True)
    assert whole["connections"][0]["options"]["client_secret"] == SECRET
    (machine,) = [client for client in whole["clients"] if client["name"] == "Machine"]
    assert (machine["client_id"], machine["client_secret"]) == ("machine", "the-secret-of-the-file")
    await server.apply(whole, OTHER)
    assert server.tenant(OTHER).clients["machine"].client_secret == "the-secret-of-the-file"
    assert await server.exported(OTHER, secrets=True, identifiers=True) == whole


WITH_SECRETS: dict[str, Any] = {
    "attackProtection": {
        "captcha": {
            "active_provider_id": "hcaptcha",
            "hcaptcha": {"site_key": "h", "secret": "hush-1"},
            "friendly_captcha": {"site_key": "f", "secret": "hush-2"},
            "recaptcha_enterprise": {"site_key": "e", "project_id": "p", "api_key": "hush-3"},
            "recaptcha_v2": {"site_key": "r", "secret": "hush-4"},
            "arkose": {"site_key": "a", "secret": "hush-5", "fail_open": True},
        },
    },
    "emailProvider": {
        "name": "smtp", "default_from_address": "a@a.test",
        "credentials": {"smtp_host": "mail.test", "smtp_port": 25, "smtp_user": "u", "smtp_pass": "hush-6"},
    },
    "phoneProviders": [
        {"name": "twilio", "configuration": {"sid": "AC1", "default_from": "+15550100", "delivery_methods": ["text"]},
         "credentials": {"auth_token": "hush-7"}},
        {"name": "custom", "configuration": {"delivery_methods": ["voice"]}, "credentials": {}},
    ],
    "eventStreams": [
        {"name": name, "destination": {"type": "webhook", "configuration": {
            "webhook_endpoint": "https://a.test/", "webhook_authorization": authorization}}}
        for name, authorization in {
            "Basic": {"method": "basic", "username": "u", "password": "hush-8"},
            "Bearer": {"method": "bearer", "token": "hush-9"},
        }.items()
    ],
    "guardianFactorProviders": [
        {"name": "push-notification", "provider": "sns", "aws_access_key_id": "i", "aws_secret_access_key": "hush-10",
         "aws_region": "eu-west-1", "sns_apns_platform_application_arn": "arn:a",
         "sns_gcm_platform_application_arn": "arn:g"},
        {"name": "sms", "provider": "twilio", "auth_token": "hush-11", "sid": "AC1", "from": "+15550100"},
    ],
    "flowVaultConnections": [
        {"name": "Ready", "app_id": "HTTP", "setup": {"type": "BEARER", "token": "hush-12"}},
        {"name": "Empty", "app_id": "HTTP"},
    ],
    "logStreams": [
        {"name": "H", "type": "http", "status": "paused", "sink": {
            "httpEndpoint": "https://logs.test/", "httpAuthorization": "hush-13",
            "httpCustomHeaders": [{"header": "x-key", "value": "hush-14"}]}},
    ],
    "connections": [
        {"name": "google-oauth2", "strategy": "google-oauth2",
         "options": {"client_id": "g", "client_secret": "hush-15"}},
        {"name": "sms", "strategy": "sms", "options": {"twilio_sid": "AC1", "twilio_token": "hush-16"}},
    ],
    "databases": [
        {"name": "own", "options": {"enabledDatabaseCustomization": True, "configuration": {"PASSWORD": "hush-17"}}},
    ],
    "actions": [
        {"name": "Act", "code": "x", "supported_triggers": [{"id": "post-login", "version": "v3"}],
         "secrets": [{"name": "KEY", "value": "hush-18"}]},
    ],
    "actionModules": [{"name": "module", "code": "x", "secrets": [{"name": "KEY", "value": "hush-19"}]}],
}  # fmt: skip


def keywords_of(stands: Any, value: Any) -> dict[str, str]:
    """What the keywords of an export stand for, by what was there."""
    if isinstance(stands, str) and stands.startswith(("##", "@@")):
        return {stands: value}
    found: dict[str, Any] = {}
    if isinstance(stands, Mapping) and isinstance(value, Mapping):
        for name in stands.keys() & value.keys():
            found |= keywords_of(stands[name], value[name])
    if isinstance(stands, list) and isinstance(value, list):
        by_name = {one["name"]: one for one in value if isinstance(one, Mapping) and "name" in one}
        for one in stands:
            if isinstance(one, Mapping) and one.get("name") in by_name:
                found |= keywords_of(one, by_name[one["name"]])
    return found


def with_values(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: with_values(item, values) for name, item in value.items()}
    if isinstance(value, list):
        return [with_values(item, values) for item in value]
    return values.get(value, value) if isinstance(value, str) else value


async def test_every_secret_has_a_keyword_of_its_own_and_comes_back_by_it(server: Server) -> None:
    await server.apply(WITH_SECRETS)
    exported = await server.exported(ACME)
    assert "hush" not in msgspec.json.encode(exported).decode()
    values = keywords_of(exported, WITH_SECRETS)
    told = msgspec.json.encode(values).decode()
    assert [number for number in range(1, 20) if f'hush-{number}"' not in told] == []
    loaded = with_values(exported, values)
    assert "##" not in msgspec.json.encode(loaded).decode()
    assert "@@" not in msgspec.json.encode(loaded).decode()
    assert (await server.apply(loaded, OTHER)).left_out == []
    assert await server.exported(OTHER) == exported
    assert (await server.planned(loaded, OTHER)).writes == []
    for kind, of_kind in server.tenant().documents.items():
        kept = [document.secrets for document in of_kind.values() if "hush" in str(document.secrets)]
        there = [document.secrets for document in server.tenant(OTHER).documents[kind].values()]
        assert all(secrets in there for secrets in kept), kind


async def test_an_entry_without_its_secret_is_refused_with_the_keyword_to_give(server: Server) -> None:
    await server.apply({"attackProtection": WITH_SECRETS["attackProtection"]})
    exported = await server.exported(ACME)
    assert (await server.planned(exported)).writes == []
    (problem,) = (await server.plan(exported, tenant=OTHER)).problems
    assert "##ATTACKPROTECTION_HCAPTCHA_SECRET##" in problem.fix


async def test_who_was_given_secrets_is_in_the_log(server: Server) -> None:
    actor = Actor(client_id="machine", subject="machine" + MACHINE, scopes=frozenset(EVERY_SCOPE))
    for query in ({}, {"secrets": "false"}, {"secrets": "true"}):
        await wire.read(query, ACME, server.door.server.services, actor, RequestContext(ip="192.0.2.7"))
    (event,) = await server.door.log("mgmt_api_read", ACME)
    assert (event.client_id, event.client_name, event.ip) == ("machine", "Machine", "192.0.2.7")


async def test_an_export_holds_nothing_that_belongs_to_one_tenant(server: Server) -> None:
    text = msgspec.json.encode(await server.exported(ACME)).decode()
    for kind in (Kind.CLIENT, Kind.CONNECTION, Kind.CLIENT_GRANT, Kind.ROLE, Kind.RESOURCE_SERVER):
        for id_ in server.tenant().documents[kind]:
            assert id_ == "machine" or id_ not in text


async def test_a_name_is_free_again_when_its_entry_failed_and_taken_when_it_did_not(server: Server) -> None:
    nowhere = [{"permission_name": "x", "resource_server_identifier": "https://nowhere.test/"}]
    names = {"Fails": nowhere, "Stays": []}
    roles = [{"name": name, "permissions": held} for name, held in names.items()]
    plan = await server.plan({"roles": [*roles, {"name": "Fails"}, {"name": "Stays"}, {"name": "Fails"}]})
    assert [(problem.position, problem.name) for problem in plan.problems] == [(0, "Fails"), (3, "Stays"), (4, "Fails")]
    assert [name for section, name, _ in told(plan) if section == "roles"] == ["Fails", "Stays"]


# ── how much it takes ──


async def lines_run(work: Callable[[], Awaitable[Any]]) -> int:
    """How many lines of the package a piece of work runs: what it takes, whatever the machine."""
    lines, before = 0, sys.gettrace()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        if TENANT_FILE not in frame.f_code.co_filename:
            return None
        lines += event == "line"
        return trace

    sys.settrace(trace)
    try:
        await work()
    finally:
        sys.settrace(before)
    return lines


async def test_four_times_the_entries_take_four_times_the_work_at_most(server: Server) -> None:
    async def taken(document: Mapping[str, Any]) -> int:
        return await lines_run(lambda: server.planned(document, OTHER))

    costs = []
    for number in (25, 100):
        names = [f"Client {n}" for n in range(number)]
        apis = [f"https://{n}.other.test/" for n in range(number)]
        document: dict[str, Any] = {
            "resourceServers": [{"name": api, "identifier": api, "scopes": [{"value": "read:a"}]} for api in apis],
            "clients": [{"name": name, "grant_types": ["client_credentials"]} for name in names],
            "clientGrants": [{"client_id": name, "audience": apis[0], "scope": []} for name in names],
        }
        first = await taken(document)
        await server.apply(document, OTHER)
        for client in document["clients"]:
            client["client_id"] = next(
                one.client_id for one in server.tenant(OTHER).clients.values() if one.name == client["name"]
            )
        again = await taken(document)
        for grant in document["clientGrants"]:
            grant["scope"] = ["read:a"]
        costs.append((first, again, await taken(document)))
    fewer, more = costs
    assert max(many / few for few, many in zip(fewer, more, strict=True)) < 4
