"""What the bodies of ``/connections`` may hold (Auth0 OpenAPI operations ``post_connections``,
``patch_connections_by_id``)."""

from __future__ import annotations

from doorward.management.kit.schema import (
    BOOLEAN,
    OBJECT,
    Record,
    Rule,
    choice,
    either,
    integer,
    items,
    mapping,
    number,
    record,
    text,
)

CONNECTION_ID = text(pattern=r"con_[A-Za-z0-9]{16}")
STRATEGIES = [
    "ad",
    "adfs",
    "amazon",
    "apple",
    "dropbox",
    "bitbucket",
    "auth0-oidc",
    "auth0",
    "baidu",
    "bitly",
    "box",
    "custom",
    "daccount",
    "dwolla",
    "email",
    "evernote-sandbox",
    "evernote",
    "exact",
    "facebook",
    "fitbit",
    "github",
    "google-apps",
    "google-oauth2",
    "instagram",
    "ip",
    "line",
    "linkedin",
    "oauth1",
    "oauth2",
    "office365",
    "oidc",
    "okta",
    "paypal",
    "paypal-sandbox",
    "pingfederate",
    "planningcenter",
    "salesforce-community",
    "salesforce-sandbox",
    "salesforce",
    "samlp",
    "sharepoint",
    "shopify",
    "shop",
    "sms",
    "soundcloud",
    "thirtysevensignals",
    "twitter",
    "untappd",
    "vkontakte",
    "waad",
    "weibo",
    "windowslive",
    "wordpress",
    "yahoo",
    "yandex",
    "miicard",
    "renren",
    "yammer",
]
SIGNUP_STATES = ("required", "optional", "inactive")
ASYMMETRIC = ("ES256", "ES384", "PS256", "PS384", "RS256", "RS384", "RS512")
SCRIPTS = [
    "login",
    "get_user",
    "delete",
    "change_password",
    "verify",
    "create",
    "change_username",
    "change_email",
    "change_phone_number",
]
ALIASES = [
    "acr_values",
    "audience",
    "client_id",
    "display",
    "id_token_hint",
    "login_hint",
    "max_age",
    "prompt",
    "resource",
    "response_mode",
    "response_type",
    "ui_locales",
]


def _attribute(default_methods: tuple[str, ...], **more: Rule) -> Rule:
    return record(
        {
            "identifier": record({"active": BOOLEAN, "default_method": choice(*default_methods)}),
            "profile_required": BOOLEAN,
            "signup": record({"status": choice(*SIGNUP_STATES), "verification": record({"active": BOOLEAN}).or_null}),
            **more,
        }
    ).or_null


def _switch(**more: Rule) -> Rule:
    return record({"enabled": BOOLEAN, **more}).or_null


OPTIONS: Record = record(
    {
        "validation": record(
            {"username": record({"min": integer(min=1), "max": integer(max=128)}, required=("min", "max")).or_null},
            open=True,
        ).or_null,
        "non_persistent_attrs": items(text()).or_null,
        "precedence": items(choice("email", "phone_number", "username"), unique=True).or_null,
        "attributes": record(
            {
                "email": _attribute(
                    ("password", "email_otp"), unique=BOOLEAN, verification_method=choice("link", "otp", "code")
                ),
                "phone_number": _attribute(("password", "phone_otp")),
                "username": _attribute(
                    ("password",),
                    validation=record(
                        {
                            "min_length": number(min=1, max=128),
                            "max_length": number(min=1, max=128),
                            "allowed_types": record({"email": BOOLEAN, "phone_number": BOOLEAN}).or_null,
                        }
                    ).or_null,
                ),
            }
        ).or_null,
        "enabledDatabaseCustomization": BOOLEAN,
        "import_mode": BOOLEAN,
        "disable_signup": BOOLEAN,
        "requires_username": BOOLEAN,
        "brute_force_protection": BOOLEAN,
        "configuration": mapping(text().or_null).or_null,
        "customScripts": record(dict.fromkeys(SCRIPTS, text().or_null), open=True).or_null,
        "authentication_methods": record(
            {
                "password": _switch(
                    api_behavior=choice("required", "optional"), signup_behavior=choice("allow", "block")
                ),
                "passkey": _switch(),
                "email_otp": _switch(),
                "phone_otp": _switch(),
            }
        ).or_null,
        "passkey_options": record(
            {
                "challenge_ui": choice("both", "autofill", "button"),
                "progressive_enrollment_enabled": BOOLEAN,
                "local_enrollment_enabled": BOOLEAN,
            }
        ).or_null,
        "passwordPolicy": choice("none", "low", "fair", "good", "excellent").or_null,
        "password_complexity_options": record({"min_length": integer(min=1, max=128)}).or_null,
        "password_history": record({"enable": BOOLEAN, "size": integer(min=0, max=24)}, required=("enable",)).or_null,
        "password_no_personal_info": record({"enable": BOOLEAN}, required=("enable",)).or_null,
        "password_dictionary": record(
            {"enable": BOOLEAN, "dictionary": items(text(max=50), max=2000)}, required=("enable",)
        ).or_null,
        "password_options": record(
            {
                "complexity": record(
                    {
                        "min_length": integer(min=1, max=72),
                        "character_types": items(choice("uppercase", "lowercase", "number", "special")),
                        "character_type_rule": choice("all", "three_of_four"),
                        "identical_characters": choice("allow", "block"),
                        "sequential_characters": choice("allow", "block"),
                        "max_length_exceeded": choice("truncate", "error"),
                    }
                ).or_null,
                "dictionary": record(
                    {"active": BOOLEAN, "custom": items(text(max=50)), "default": choice("en_10k", "en_100k")}
                ).or_null,
                "history": record({"active": BOOLEAN, "size": integer(min=1, max=24)}).or_null,
                "profile_data": record({"active": BOOLEAN, "blocked_fields": items(text(max=100))}).or_null,
            }
        ).or_null,
        "upstream_params": mapping(
            either(record({"alias": choice(*ALIASES)}), record({"value": text()})).or_null
        ).or_null,
        "set_user_root_attributes": choice("on_each_login", "on_first_login", "never_on_login").or_null,
        "gateway_authentication": record(
            {
                "method": text(),
                "subject": text(),
                "audience": text(),
                "secret": text(),
                "secret_base64_encoded": BOOLEAN,
            },
            open=True,
        ).or_null,
        "token_endpoint_auth_method": choice("client_secret_post", "private_key_jwt").or_null,
        "token_endpoint_auth_signing_alg": choice(*ASYMMETRIC).or_null,
        "id_token_signed_response_algs": items(choice(*ASYMMETRIC)).or_null,
        "token_endpoint_jwtca_aud_format": choice("issuer", "token_endpoint").or_null,
        "dpop_signing_alg": choice("ES256", "ES384", "ES512", "Ed25519").or_null,
        "id_token_session_expiry_supported": BOOLEAN.or_null,
    },
    open=True,
)
ACTIVE = record({"active": BOOLEAN}, required=("active",), open=True).or_null
CREATE = record(
    {
        "name": text(min=1, max=128, pattern=r"[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*"),
        "display_name": text(max=128),
        "strategy": choice(*STRATEGIES),
        "options": OPTIONS,
        "enabled_clients": items(text(format="client-id")),
        "is_domain_connection": BOOLEAN,
        "show_as_button": BOOLEAN,
        "realms": items(text(min=1, max=128)),
        "metadata": mapping(text(max=255).or_null, max=10, max_name=255),
        "authentication": ACTIVE,
        "connected_accounts": ACTIVE,
        "cross_app_access_requesting_app": ACTIVE,
        "cross_app_access_resource_app": record({"status": choice("enabled", "disabled")}, open=True).or_null,
        "cross_app_access_resource_application": OBJECT.or_null,
    },
    required=("name", "strategy"),
)
UPDATE = CREATE.patch(
    without=("name", "strategy"),
    nullable=(
        "options",
        "enabled_clients",
        "display_name",
        "show_as_button",
        "realms",
        "metadata",
        "is_domain_connection",
    ),
)
ENABLED = items(
    record({"client_id": text(format="client-id"), "status": BOOLEAN}, required=("client_id", "status")),
    min=1,
    max=1000,
)
