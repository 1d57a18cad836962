"""Families that are made, read, changed, listed and deleted in one way: a row each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.sdk_families.scenario import Scenario, Sdk, assert_shows

LOGO = "https://sdk.test/logo.png"
CODE = "exports.onExecutePostLogin = async () => {};"
HEX = "#00ff00"


@dataclass(frozen=True)
class Plain:
    """``path`` is how auth0-python calls it; the answers to ``made`` and ``changed`` show the same properties, but for
    those that ``made_shows`` and ``changed_shows`` say instead. ``id_`` is the property that names one. A list comes
    with the query ``listing``, as the property ``items`` where it has no pages.
    """

    family: str
    path: str
    made: dict[str, Any]
    changed: dict[str, Any]
    made_shows: dict[str, Any] | None = None
    changed_shows: dict[str, Any] | None = None
    id_: str = "id"
    listing: dict[str, Any] | None = None
    items: str = ""

    def run(self, sdk: Sdk) -> None:
        before = self.ids(sdk)
        made = sdk(f"{self.path}.create", self.made)
        if made is None:  # what was made is not always answered
            (id_,) = self.ids(sdk) - before
        else:
            id_ = made[self.id_]
            assert_shows(made, self.made_shows or self.made)
        first = sdk(f"{self.path}.get", id_)
        assert_shows(first, {self.id_: id_, **(self.made_shows or self.made)})
        expected = {self.id_: id_, **(self.changed_shows or self.changed)}
        answer = sdk(f"{self.path}.update", id_, self.changed)
        if answer is not None:
            assert_shows(answer, expected)
        changed = sdk(f"{self.path}.get", id_)
        assert_shows(changed, expected)
        kept = first.keys() - expected.keys() - {"updated_at"}
        assert {name: changed.get(name) for name in kept} == {name: first[name] for name in kept}
        assert self.ids(sdk) == before | {id_}
        sdk(f"{self.path}.delete", id_)
        assert sdk.refusal(f"{self.path}.get", id_) == 404
        assert self.ids(sdk) == before

    def ids(self, sdk: Sdk) -> set[str]:
        answer = sdk(f"{self.path}.list", *([self.listing] if self.listing else []))
        found = answer[self.items] if self.items else answer
        return {item[self.id_] for item in found if self.id_ in item}


_text = {"bold": True, "size": 99.5}
_colours = (
    "body_text error header icons input_background input_border input_filled_text input_labels_placeholders "
    "links_focused_components primary_button primary_button_label secondary_button_border secondary_button_label "
    "success widget_background widget_border"
)
THEME: dict[str, Any] = {
    "displayName": "Green",
    "borders": {
        "button_border_radius": 1.5,
        "button_border_weight": 2,
        "buttons_style": "pill",
        "input_border_radius": 2,
        "input_border_weight": 2,
        "inputs_style": "rounded",
        "show_widget_shadow": True,
        "widget_border_weight": 2,
        "widget_corner_radius": 2,
    },
    "colors": dict.fromkeys(_colours.split(), HEX),
    "fonts": {
        **dict.fromkeys(("body_text", "buttons_text", "input_labels", "links", "subtitle", "title"), _text),
        "font_url": "",
        "links_style": "normal",
        "reference_text_size": 12,
    },
    "page_background": {"background_color": "#000", "background_image_url": "", "page_layout": "center"},
    "widget": {
        "header_text_alignment": "left",
        "logo_height": 1,
        "logo_position": "none",
        "logo_url": LOGO,
        "social_buttons_layout": "top",
    },
}
_webhook = {"webhook_endpoint": "https://hooks.sdk.test", "webhook_authorization": {"method": "bearer"}}
_stream = {"name": "Hooks", "subscriptions": [{"event_type": "user.created"}], "status": "enabled"}
_rule = {"action": {"block": True}, "match": {"geo_country_codes": ["AQ"]}, "scope": "tenant"}
_attribute = {"description": "Address", "label": "Email", "profile_required": True, "auth0_mapping": "email"}
_twilio = {"sid": "AC1", "default_from": "+1234567890", "delivery_methods": ["text"]}
_phone_text = {"from": "+1234567890", "body": {"text": "Hi {{ code }}", "voice": "Hello {{ code }}"}}

PLAIN = [
    Plain(
        "clients",
        "clients",
        {"name": "Plain", "app_type": "spa", "callbacks": ["https://sdk.test/cb"], "client_metadata": {"a": "1"}},
        {"name": "Fancy", "callbacks": [], "client_metadata": {"a": "2"}},
        id_="client_id",
    ),
    Plain(
        "connections",
        "connections",
        {"name": "plain-people", "strategy": "auth0", "options": {"disable_signup": True}},
        {"display_name": "People", "metadata": {"a": "1"}},
    ),
    Plain(
        "custom-domains",
        "custom_domains",
        {"domain": "plain.sdk.test", "type": "self_managed_certs", "domain_metadata": {"a": "1"}},
        {"custom_client_ip_header": "true-client-ip"},
        id_="custom_domain_id",
    ),
    Plain(
        "resource-servers",
        "resource_servers",
        {"identifier": "https://plain.sdk.test", "name": "Plain", "scopes": [{"value": "a", "description": "A"}]},
        {"name": "Fancy", "token_lifetime": 600, "scopes": [{"value": "b"}, {"value": "c"}]},
    ),
    Plain("roles", "roles", {"name": "Plain", "description": "Reads"}, {"name": "Fancy", "description": "Writes"}),
    Plain(
        "log-streams",
        "log_streams",
        {
            "name": "Out",
            "type": "http",
            "sink": {"httpEndpoint": "https://logs.sdk.test/", "httpContentFormat": "JSONLINES"},
            "filters": [{"type": "category", "name": "auth.login.fail"}],
        },
        {"name": "Further out", "status": "paused", "filters": []},
    ),
    Plain(
        "event-streams",
        "event_streams",
        {
            **_stream,
            "destination": {
                "type": "webhook",
                "configuration": {**_webhook, "webhook_authorization": {"method": "bearer", "token": "t0ken"}},
            },
        },
        {"name": "No hooks", "status": "disabled", "subscriptions": []},
        made_shows={**_stream, "destination": {"type": "webhook", "configuration": _webhook}},
    ),
    Plain("flows", "flows", {"name": "Ask"}, {"name": "Ask again", "actions": []}),
    Plain(
        "flows",
        "flows.vault.connections",
        {"name": "Out", "app_id": "HTTP", "setup": {"type": "BEARER", "token": "t0ken"}},
        {"name": "Further out"},
        made_shows={"name": "Out", "app_id": "HTTP", "ready": True},
    ),
    Plain(
        "forms",
        "forms",
        {"name": "Consent", "languages": {"primary": "en"}, "nodes": []},
        {"name": "Assent", "style": {"css": "p{}"}},
    ),
    Plain(
        "network-acls",
        "network_acls",
        {"description": "Nobody", "active": True, "priority": 1, "rule": _rule},
        {"description": "Anybody", "active": False, "priority": 2},
    ),
    Plain(
        "rate-limit-policies",
        "rate_limit_policies",
        {
            "resource": "oauth_authentication_api",
            "consumer": "client",
            "consumer_selector": "default",
            "configuration": {"action": "block", "limit": 100},
        },
        {"configuration": {"action": "redirect", "limit": 5, "redirect_uri": "https://sdk.test/"}},
    ),
    Plain(
        "self-service-profiles",
        "self_service_profiles",
        {"name": "Customers", "allowed_strategies": ["oidc", "samlp"]},
        {"description": "Who bring their own", "branding": {"logo_url": LOGO, "colors": {"primary": HEX}}},
    ),
    Plain(
        "user-attribute-profiles",
        "user_attribute_profiles",
        {"name": "People", "user_attributes": {"email": _attribute}},
        {"name": "Persons", "user_attributes": {"email": {**_attribute, "label": "Mail"}}},
    ),
    Plain(
        "connection-profiles",
        "connection_profiles",
        {"name": "Customers", "enabled_features": ["scim"]},
        {"name": "Clients", "organization": {"show_as_button": "optional", "assign_membership_on_login": "required"}},
        listing={"take": 10},  # the SDKs ask for 50, which is refused
    ),
    Plain(
        "organizations",
        "organizations",
        {
            "name": "plain-acme",
            "display_name": "Acme",
            "branding": {"logo_url": LOGO, "colors": {"primary": HEX, "page_background": "#000000"}},
            "metadata": {"plan": "gold"},
        },
        {"display_name": "Acme & Sons", "metadata": {"plan": "silver", "since": "1999"}},
    ),
    Plain(
        "actions",
        "actions",
        {
            "name": "Judge",
            "supported_triggers": [{"id": "post-login", "version": "v3"}],
            "code": CODE,
            "dependencies": [{"name": "lodash", "version": "4.17.21"}],
            "secrets": [{"name": "KEY", "value": "k3y"}],
        },
        {"name": "Jury", "code": f"{CODE}//"},
        made_shows={"name": "Judge", "code": CODE, "status": "built", "secrets": [{"name": "KEY"}]},
    ),
    Plain(
        "actions",
        "actions.modules",
        {"name": "rules", "code": "module.exports = {};"},
        {"code": "module.exports = 1;"},
    ),
    Plain(
        "branding",
        "branding.phone.providers",
        {"name": "twilio", "configuration": _twilio, "credentials": {"auth_token": "t0ken"}},
        {"disabled": True, "configuration": {**_twilio, "delivery_methods": ["text", "voice"]}},
        made_shows={"name": "twilio", "disabled": False, "configuration": _twilio},
        items="providers",
    ),
    Plain(
        "branding",
        "branding.phone.templates",
        {"type": "otp_verify", "content": _phone_text},
        {"disabled": True, "content": {"body": {"text": "Hey {{ code }}"}}},
        changed_shows={"disabled": True, "content": {"from": "+1234567890", "body": {"text": "Hey {{ code }}"}}},
        items="templates",
    ),
]
SCENARIOS = [Scenario(row.path, (row.family,), row.run) for row in PLAIN]
