"""What a tenant has one of, and families with habits of their own. Each scenario leaves the tenant as it was."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.sdk_families.plain import CODE, HEX, LOGO, THEME
from tests.sdk_families.scenario import Sdk, assert_shows, scenario
from tests.sdk_tenant import AUDIENCE, SERVICE, WEB

# How auth0-python calls it, how it is written, a change, and the way back.
SETTINGS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "attack_protection.bot_detection",
        "update",
        {"challenge_password_policy": "when_risky", "allowlist": ["127.0.0.1"]},
        {"challenge_password_policy": "never", "allowlist": []},
    ),
    (
        "attack_protection.breached_password_detection",
        "update",
        {"enabled": True, "method": "enhanced", "stage": {"pre-user-registration": {"shields": ["block"]}}},
        {"enabled": False, "method": "standard", "stage": {"pre-user-registration": {"shields": []}}},
    ),
    (
        "attack_protection.brute_force_protection",
        "update",
        {"max_attempts": 5, "mode": "count_per_identifier", "shields": ["block"]},
        {"max_attempts": 10, "mode": "count_per_identifier_and_ip", "shields": ["block", "user_notification"]},
    ),
    (
        "attack_protection.captcha",
        "update",
        {"active_provider_id": "recaptcha_v2", "recaptcha_v2": {"site_key": "public", "secret": "s3cret"}},
        {"active_provider_id": "auth_challenge"},
    ),
    (
        "attack_protection.suspicious_ip_throttling",
        "update",
        {"allowlist": ["192.0.2.0/24"], "stage": {"pre-login": {"max_attempts": 7, "rate": 60000}}},
        {"allowlist": [], "stage": {"pre-login": {"max_attempts": 100, "rate": 864000}}},
    ),
    ("risk_assessments.settings", "update", {"enabled": True}, {"enabled": False}),
    ("risk_assessments.settings.new_device", "update", {"remember_for": 60}, {"remember_for": 30}),
    ("supplemental_signals", "patch", {"akamai_enabled": True}, {"akamai_enabled": False}),
    (
        "branding",
        "update",
        {"logo_url": LOGO, "colors": {"primary": HEX}, "font": {"url": "https://sdk.test/f.woff"}},
        {"logo_url": None, "colors": None, "font": None},
    ),
]


def open_part(settings: dict[str, Any]) -> dict[str, Any]:
    """``settings`` as they are read: without the secret, and without what is ``None``."""
    return {
        name: {key: item for key, item in value.items() if key != "secret"} if isinstance(value, dict) else value
        for name, value in settings.items()
        if value is not None
    }


@scenario("attack-protection", "branding", "risk-assessments", "supplemental-signals")
def settings(sdk: Sdk) -> None:
    for path, write, change, back in SETTINGS:
        before = sdk(f"{path}.get")
        sdk(f"{path}.{write}", change)
        changed = sdk(f"{path}.get")
        assert_shows(changed, open_part(change))
        untouched = before.keys() - change.keys()
        assert {name: changed[name] for name in untouched} == {name: before[name] for name in untouched}
        sdk(f"{path}.{write}", back)
        assert_shows(sdk(f"{path}.get"), open_part(back))


@scenario("prompts")
def prompts(sdk: Sdk) -> None:
    assert sdk("prompts.get_settings") == {"universal_login_experience": "new", "identifier_first": True}
    assert sdk("prompts.update_settings", {"identifier_first": False})["identifier_first"] is False
    assert sdk("prompts.update_settings", {"identifier_first": True})["identifier_first"] is True
    texts = {"login": {"title": "Welcome"}}
    sdk("prompts.custom_text.set", "login", "en", texts)
    assert sdk("prompts.custom_text.get", "login", "en") == texts
    sdk("prompts.custom_text.set", "login", "en", {})
    assert sdk("prompts.custom_text.get", "login", "en") == {}
    partials = {"login": {"form-content-start": "<p>Hello</p>"}}
    sdk("prompts.partials.set", "login", partials)
    assert sdk("prompts.partials.get", "login") == partials
    sdk("prompts.partials.set", "login", {"login": {}})
    assert sdk("prompts.partials.get", "login") == {}


@scenario("prompts")
def rendering(sdk: Sdk) -> None:
    tags = [{"tag": "script", "attributes": {"src": "https://cdn.sdk.test/a.js"}}]
    asked = {"rendering_mode": "advanced", "context_configuration": ["branding.settings"], "head_tags": tags}
    assert_shows(sdk("prompts.rendering.update", "signup", "signup", asked), asked)
    assert_shows(sdk("prompts.rendering.get", "signup", "signup"), asked)
    assert [(one["prompt"], one["screen"]) for one in sdk("prompts.rendering.list")] == [("signup", "signup")]
    plain = {"prompt": "signup", "screen": "signup", "rendering_mode": "standard"}
    assert_shows(sdk("prompts.rendering.bulk_update", {"configs": [plain]})["configs"], [plain])
    assert sdk("prompts.rendering.list", {"rendering_mode": "advanced"}) == []
    back = {"rendering_mode": "standard", "context_configuration": [], "head_tags": []}
    sdk("prompts.rendering.update", "signup", "signup", back)


@scenario("branding")
def page_template(sdk: Sdk) -> None:
    html = "<html>{%- auth0:head -%}<body>{%- auth0:widget -%}</body></html>"
    assert sdk.refusal("branding.templates.get_universal_login") == 404
    sdk("branding.templates.update_universal_login", {"template": html})
    assert sdk("branding.templates.get_universal_login") == {"body": html}
    sdk("branding.templates.delete_universal_login")
    assert sdk.refusal("branding.templates.get_universal_login") == 404


@scenario("branding")
def theme(sdk: Sdk) -> None:
    assert sdk.refusal("branding.themes.get_default") == 404
    made = sdk("branding.themes.create", THEME)
    assert made == {**THEME, "themeId": made["themeId"]} == sdk("branding.themes.get_default")
    change = {**THEME, "displayName": "Black", "colors": {**THEME["colors"], "error": "#000000"}}
    assert sdk("branding.themes.update", made["themeId"], change) == {**made, **change}
    assert sdk("branding.themes.get", made["themeId"]) == {**made, **change}
    sdk("branding.themes.delete", made["themeId"])
    assert sdk.refusal("branding.themes.get", made["themeId"]) == 404


@scenario("emails")
def email_provider(sdk: Sdk) -> None:
    shown = {"smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_user": "bob"}
    assert sdk.refusal("emails.provider.get") == 404
    asked = {"name": "smtp", "default_from_address": "no-reply@sdk.test", "credentials": {**shown, "smtp_pass": "s3c"}}
    made = sdk("emails.provider.create", asked)
    assert made == {**asked, "enabled": True, "credentials": shown} == sdk("emails.provider.get")
    assert sdk("emails.provider.get", {"fields": "name", "include_fields": True}) == {"name": "smtp"}
    change = {"default_from_address": "hello@sdk.test", "enabled": False}
    assert sdk("emails.provider.update", change) == {**made, **change} == sdk("emails.provider.get")
    sdk("emails.provider.delete")
    assert sdk.refusal("emails.provider.get") == 404


@scenario("email-templates")
def email_templates(sdk: Sdk) -> None:
    """Nothing deletes one: it stays."""
    asked = {
        "template": "verify_email",
        "body": "<p>{{ url }}</p>",
        "from": "me@sdk.test",
        "subject": "Verify",
        "syntax": "liquid",
        "enabled": True,
        "urlLifetimeInSeconds": 3600,
        "resultUrl": "https://sdk.test/done",
    }
    assert sdk.refusal("email_templates.get", "verify_email") == 404
    assert sdk("email_templates.create", asked) == asked == sdk("email_templates.get", "verify_email")
    changed = sdk("email_templates.update", "verify_email", {"subject": "Prove", "urlLifetimeInSeconds": 60})
    assert changed == {**asked, "subject": "Prove", "urlLifetimeInSeconds": 60}
    whole = {**asked, "subject": "Again", "enabled": False}
    assert sdk("email_templates.set", "verify_email", whole) == whole == sdk("email_templates.get", "verify_email")
    assert sdk.refusal("email_templates.create", asked) == 409


@scenario("guardian")
def guardian(sdk: Sdk) -> None:
    assert sdk("guardian.factors.set", "otp", {"enabled": True}) == {"enabled": True}
    assert [factor["name"] for factor in sdk("guardian.factors.list") if factor["enabled"]] == ["otp"]
    sdk("guardian.factors.set", "otp", {"enabled": False})
    assert not any(factor["enabled"] for factor in sdk("guardian.factors.list"))
    assert sdk("guardian.policies.list") == []
    assert sdk("guardian.policies.set", ["confidence-score"]) == ["confidence-score"] == sdk("guardian.policies.list")
    assert sdk("guardian.policies.set", []) == []


@scenario("guardian")
def guardian_by_phone(sdk: Sdk) -> None:
    phone, sms = "guardian.factors.phone", "guardian.factors.sms"
    types = {"message_types": ["sms", "voice"]}
    assert sdk(f"{phone}.set_message_types", types) == types == sdk(f"{phone}.get_message_types")
    for former, now, provider in ((sms, phone, "twilio"), (phone, sms, "auth0")):  # one setting under two names
        assert sdk(f"{former}.set_provider", {"provider": provider}) == {"provider": provider}
        assert sdk(f"{now}.get_selected_provider") == {"provider": provider}
    words = {"enrollment_message": "{{code}} enrols you", "verification_message": "{{code}} is yours"}
    assert sdk(f"{sms}.set_templates", words) == words == sdk(f"{sms}.get_templates") == sdk(f"{phone}.get_templates")
    account = {"sid": "AC1", "auth_token": "t0ken", "from": "+1234567890"}
    for path in (sms, phone):
        assert_shows(sdk(f"{path}.set_twilio_provider", account), {"sid": "AC1", "from": "+1234567890"})
        assert_shows(sdk(f"{path}.get_twilio_provider"), {"sid": "AC1", "from": "+1234567890"})


@scenario("guardian")
def guardian_by_push_and_duo(sdk: Sdk) -> None:
    push, duo = "guardian.factors.push_notification", "guardian.factors.duo.settings"
    assert sdk(f"{push}.set_provider", {"provider": "sns"}) == {"provider": "sns"}
    assert sdk(f"{push}.get_selected_provider") == {"provider": "sns"}
    sdk(f"{push}.set_provider", {"provider": "guardian"})
    sns = {
        "aws_access_key_id": "AKIA",
        "aws_secret_access_key": "s3cret",
        "aws_region": "eu-west-1",
        "sns_apns_platform_application_arn": "arn:apns",
        "sns_gcm_platform_application_arn": "arn:gcm",
    }
    sdk(f"{push}.set_sns_provider", sns)
    sdk(f"{push}.update_sns_provider", {"aws_region": "eu-west-2"})
    shown = sdk(f"{push}.get_sns_provider")
    assert (shown["aws_region"], shown["sns_gcm_platform_application_arn"]) == ("eu-west-2", "arn:gcm")
    sdk(f"{push}.set_apns_provider", {"sandbox": True, "bundle_id": "test.sdk", "p12": "cDEy"})
    sdk(f"{push}.update_apns_provider", {"sandbox": False})
    shown = sdk(f"{push}.get_apns_provider")
    assert (shown["sandbox"], shown["bundle_id"]) == (False, "test.sdk")
    sdk(f"{push}.set_fcm_provider", {"server_key": "k3y"})
    sdk(f"{push}.update_fcm_provider", {"server_key": "k3y2"})
    sdk(f"{push}.set_fcmv_1_provider", {"server_credentials": "{}"})
    assert sdk(f"{duo}.set", {"ikey": "I", "skey": "s3cret", "host": "duo.sdk.test"})["host"] == "duo.sdk.test"
    sdk(f"{duo}.update", {"host": "two.sdk.test"})
    assert_shows(sdk(f"{duo}.get"), {"ikey": "I", "host": "two.sdk.test"})


@scenario("actions", "token-exchange-profiles")
def deployed_actions(sdk: Sdk) -> None:
    asked = {"name": "Deployed", "supported_triggers": [{"id": "post-login", "version": "v3"}], "code": CODE}
    id_ = sdk("actions.create", asked)["id"]
    version = sdk("actions.deploy", id_)
    assert (version["number"], version["deployed"], version["code"]) == (1, True, CODE)
    assert sdk("actions.get", id_)["deployed_version"]["id"] == version["id"]
    sdk("actions.update", id_, {"code": "//"})
    assert sdk("actions.deploy", id_)["number"] == 2
    assert [found["number"] for found in sdk("actions.versions.list", id_)] == [2, 1]
    assert sdk("actions.versions.get", id_, version["id"])["code"] == CODE
    assert sdk("actions.versions.deploy", id_, version["id"])["code"] == CODE
    reference = {"ref": {"type": "action_id", "value": id_}, "display_name": "Mine"}
    bound = sdk("actions.triggers.bindings.update_many", "post-login", {"bindings": [reference]})["bindings"]
    assert [(one["display_name"], one["action"]["id"]) for one in bound] == [("Mine", id_)]
    assert [one["id"] for one in sdk("actions.triggers.bindings.list", "post-login")] == [bound[0]["id"]]
    sdk("actions.triggers.bindings.update_many", "post-login", {"bindings": []})
    assert sdk("actions.triggers.bindings.list", "post-login") == []
    current = {one["id"] for one in sdk("actions.triggers.list")["triggers"] if one["status"] == "CURRENT"}
    assert current >= {"post-login", "credentials-exchange", "pre-user-registration"}
    assert sdk("actions.modules.list") == []
    sdk("actions.delete", id_)


@scenario("token-exchange-profiles")
def token_exchange_profiles(sdk: Sdk) -> None:
    trigger = [{"id": "custom-token-exchange", "version": "v1"}]
    action = sdk("actions.create", {"name": "Exchange", "supported_triggers": trigger, "code": CODE})["id"]
    asked = {"subject_token_type": "urn:sdk:badge", "action_id": action, "type": "custom_authentication"}
    made = sdk("token_exchange_profiles.create", {"name": "Badge", **asked})
    assert_shows(made, {"name": "Badge", **asked})
    sdk("token_exchange_profiles.update", made["id"], {"name": "Card", "subject_token_type": "urn:sdk:card"})
    changed = {**asked, "name": "Card", "subject_token_type": "urn:sdk:card"}
    assert_shows(sdk("token_exchange_profiles.get", made["id"]), changed)
    assert_shows(sdk("token_exchange_profiles.list"), [changed])
    sdk("token_exchange_profiles.delete", made["id"])
    assert sdk("token_exchange_profiles.list") == []
    sdk("actions.delete", action)


@scenario("self-service-profiles")
def self_service_texts(sdk: Sdk) -> None:
    id_ = sdk("self_service_profiles.create", {"name": "Texts"})["id"]
    words = {"introduction": "Welcome!"}
    sdk("self_service_profiles.custom_text.set", id_, "en", "get-started", words)
    assert sdk("self_service_profiles.custom_text.list", id_, "en", "get-started") == words
    sdk("self_service_profiles.delete", id_)


@scenario("hooks", "rules", "rules-configs")
def what_is_gone(sdk: Sdk) -> None:
    assert sdk("hooks.list") == sdk("rules.list") == sdk("rules_configs.list") == []


@scenario("connections-directory-provisionings", "connections")
def directory_provisioning(sdk: Sdk) -> None:
    asked = {"name": "workspace", "strategy": "google-apps", "options": {"client_id": "x", "domain": "sdk.test"}}
    id_ = sdk("connections.create", asked)["id"]
    made = sdk("connections.directory_provisioning.create", id_, {})
    assert (made["connection_id"], made["strategy"]) == (id_, "google-apps")
    assert [one["connection_id"] for one in sdk("connections.directory_provisioning.list")] == [id_]
    mapping = [{"auth0": "email", "idp": "primaryEmail"}]
    changed = sdk("connections.directory_provisioning.update", id_, {"mapping": mapping})
    assert changed["mapping"] == mapping == sdk("connections.directory_provisioning.get", id_)["mapping"]
    sdk("connections.directory_provisioning.delete", id_)
    assert sdk("connections.directory_provisioning.list") == []
    sdk("connections.delete", id_)


@scenario("organizations", "client-grants")
def parts_of_an_organization(sdk: Sdk) -> None:
    id_ = sdk("organizations.create", {"name": "parts", "display_name": "Parts"})["id"]
    assert sdk("organizations.get_by_name", "parts")["id"] == id_
    connection = sdk("connections.create", {"name": "parts-people", "strategy": "auth0"})["id"]
    for part, add, asked in (
        ("connections", "create", {"assign_membership_on_login": True, "organization_connection_name": "People"}),
        ("enabled_connections", "add", {"assign_membership_on_login": False, "show_as_button": False}),
    ):
        path = f"organizations.{part}"
        made = sdk(f"{path}.{add}", id_, {"connection_id": connection, **asked})
        assert_shows(made, {"connection_id": connection, **asked, "connection": {"name": "parts-people"}})
        assert_shows(sdk(f"{path}.list", id_), [{"connection_id": connection, **asked}])
        change = {"assign_membership_on_login": not asked["assign_membership_on_login"]}
        sdk(f"{path}.update", id_, connection, change)
        assert_shows(sdk(f"{path}.get", id_, connection), {**asked, **change})
        sdk(f"{path}.delete", id_, connection)
        assert sdk(f"{path}.list", id_) == []
    domain = sdk("organizations.discovery_domains.create", id_, {"domain": "parts.sdk.test"})
    assert (domain["domain"], domain["status"]) == ("parts.sdk.test", "pending")
    verified = sdk("organizations.discovery_domains.update", id_, domain["id"], {"status": "verified"})
    assert verified == {**domain, "status": "verified"} == sdk("organizations.discovery_domains.get", id_, domain["id"])
    assert sdk("organizations.discovery_domains.get_by_name", id_, "parts.sdk.test") == verified
    assert sdk("organizations.discovery_domains.list", id_) == [verified]
    sdk("organizations.discovery_domains.delete", id_, domain["id"])
    assert sdk("organizations.discovery_domains.list", id_) == []
    client = sdk("clients.create", {"name": "Parts", "app_type": "non_interactive"})["client_id"]
    usage = {"client_id": client, "audience": AUDIENCE, "scope": ["read:items"], "organization_usage": "allow"}
    grant = sdk("client_grants.create", usage)["id"]
    sdk("organizations.client_grants.create", id_, {"grant_id": grant})
    assert [one["id"] for one in sdk("organizations.client_grants.list", id_)] == [grant]
    assert [one["id"] for one in sdk("client_grants.organizations.list", grant)] == [id_]
    assert sdk("client_grants.update", grant, {"scope": ["write:items"]})["scope"] == ["write:items"]
    assert_shows(sdk("client_grants.get", grant), {**usage, "scope": ["write:items"]})
    assert [one["id"] for one in sdk("client_grants.list", {"client_id": client})] == [grant]
    sdk("organizations.client_grants.delete", id_, grant)
    assert sdk("organizations.client_grants.list", id_) == []
    sdk("client_grants.delete", grant)
    assert sdk("client_grants.list", {"client_id": client}) == []
    sdk("organizations.delete", id_)
    sdk("connections.delete", connection)
    sdk("clients.delete", client)


@scenario("device-credentials")
def device_keys(sdk: Sdk) -> None:
    client = sdk.door.clients[WEB].client_id
    asked = {"device_name": "Phone", "device_id": "abc-1", "type": "public_key", "client_id": client}
    made = sdk("device_credentials.create_public_key", {**asked, "value": "AQAB"})
    query = {"type": "public_key", "client_id": client}
    assert_shows(sdk("device_credentials.list", query), [{"id": made["id"], **asked}])
    sdk("device_credentials.delete", made["id"])
    assert sdk("device_credentials.list", query) == []


@scenario("clients")
def credentials_of_a_client(sdk: Sdk) -> None:
    key = rsa.generate_private_key(65537, 2048).public_key()
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    client = sdk("clients.create", {"name": "Asserting", "app_type": "non_interactive"})
    id_ = client["client_id"]
    assert sdk("clients.rotate_secret", id_)["client_secret"] != client["client_secret"]
    made = sdk("clients.credentials.create", id_, {"credential_type": "public_key", "name": "First", "pem": pem})
    shown = sdk("clients.credentials.get", id_, made["id"])
    assert_shows(shown, {"id": made["id"], "name": "First", "kid": made["kid"]})
    changed = sdk("clients.credentials.update", id_, made["id"], {"expires_at": "2199-01-01T00:00:00.000Z"})
    assert changed["expires_at"].startswith("2199-01-01T00:00:00")
    assert [one["id"] for one in sdk("clients.credentials.list", id_)] == [made["id"]]
    sdk("clients.credentials.delete", id_, made["id"])
    assert sdk("clients.credentials.list", id_) == []
    sdk("clients.delete", id_)


@scenario("clients", "connections")
def connections_of_a_client(sdk: Sdk) -> None:
    client = sdk.door.clients[SERVICE].client_id
    connection = sdk("connections.create", {"name": "of-a-client", "strategy": "auth0"})["id"]
    sdk("connections.clients.update", connection, [{"client_id": client, "status": True}])
    assert [one["client_id"] for one in sdk("connections.clients.get", connection)] == [client]
    assert [one["id"] for one in sdk("clients.connections.get", client)] == [connection]
    assert sdk.refusal("connections.check_status", connection) == 404  # no directory is online
    sdk("connections.delete", connection)
    assert sdk("clients.connections.get", client) == []


SCENARIOS = [
    settings,
    prompts,
    rendering,
    page_template,
    theme,
    email_provider,
    email_templates,
    guardian,
    guardian_by_phone,
    guardian_by_push_and_duo,
    deployed_actions,
    token_exchange_profiles,
    self_service_texts,
    what_is_gone,
    directory_provisioning,
    parts_of_an_organization,
    device_keys,
    credentials_of_a_client,
    connections_of_a_client,
]
