"""What ``/tenants/settings`` may be given (Auth0 OpenAPI ``patch_settings``, and what the wire knows beyond it)."""

from __future__ import annotations

from doorward.management.kit.schema import BOOLEAN, OBJECT, choice, integer, items, mapping, record, text

MAX_HTML = 100_000
MAX_NAME = 255
LONGEST_HOURS = 8760
LONGEST_MINUTES = LONGEST_HOURS * 60
MAX_TOKENS = 2_147_483_647
LIFETIMES = (
    "session_lifetime", "idle_session_lifetime", "ephemeral_session_lifetime", "idle_ephemeral_session_lifetime",
)  # fmt: skip
LOCALES = (
    "am", "ar", "ar-EG", "ar-SA", "az", "bg", "bn", "bs", "ca-ES", "cnr", "cs", "cy", "da", "de", "el", "en", "en-CA",
    "es", "es-419", "es-AR", "es-MX", "et", "eu-ES", "fa", "fi", "fr", "fr-CA", "fr-FR", "gl-ES", "gu", "he", "hi",
    "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "kn", "ko", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "my",
    "nb", "nl", "nn", "no", "pa", "pl", "pt", "pt-BR", "pt-PT", "ro", "ru", "sk", "sl", "so", "sq", "sr", "sv", "sw",
    "ta", "te", "th", "tl", "tr", "uk", "ur", "vi", "zgh", "zh-CN", "zh-HK", "zh-MO", "zh-TW",
)  # fmt: skip
FLAGS = (
    "allow_changing_enable_sso", "allow_legacy_delegation_grant_types", "allow_legacy_ro_grant_types",
    "allow_legacy_tokeninfo_endpoint", "change_pwd_flow_v1", "custom_domains_provisioning",
    "dashboard_insights_view", "dashboard_log_streams_next", "disable_clickjack_protection_headers",
    "disable_fields_map_fix", "disable_impersonation", "disable_management_api_sms_obfuscation",
    "enable_adfs_waad_email_verification", "enable_apis_section", "enable_client_connections",
    "enable_dynamic_client_registration", "enable_idtoken_api2", "enable_legacy_profile", "enable_pipeline2",
    "enable_public_signup_user_exists_error", "enable_sso", "enforce_client_authentication_on_passwordless_start",
    "genai_trial", "improved_signup_bot_detection_in_classic", "mfa_show_factor_list_on_enrollment",
    "no_disclose_enterprise_connections", "remove_alg_from_jwks", "revoke_refresh_token_grant",
    "trust_azure_adfs_email_verified_connection_property",
)  # fmt: skip
# Seen on real tenants though no document lists them.
UNDOCUMENTED_FLAGS = (
    "allow_other_legacy_grant_types", "cannot_change_enforce_client_authentication_on_passwordless_start",
    "dashboard_new_onboarding", "enable_custom_domain_in_emails", "enable_legacy_logs_search_v2",
    "local_resource_discovery",
    "new_universal_login_experience_enabled", "require_signed_request_object", "universal_login",
    "use_scope_descriptions_for_consent",
)  # fmt: skip

_URL_OR_EMPTY = text(format="absolute-uri-or-empty")
_PAGE = record({"enabled": BOOLEAN, "html": text(max=MAX_HTML)})
_TOKENS = integer(min=1, max=MAX_TOKENS)
_QUOTA = record(
    {"client_credentials": record({"enforce": BOOLEAN, "per_day": _TOKENS, "per_hour": _TOKENS})},
    required=("client_credentials",),
    open=True,
)
_POLICY = record(
    {
        "mode": choice("enforcing", "reporting"),
        "directives": mapping(items(text(max=2048)), max=30),
        "flags": items(choice("upgrade-insecure-requests", "block-all-mixed-content")),
        "reporting": record({"report_uri": text(max=2048), "report_to_group": text(max=MAX_NAME)}).or_null,
    }
)
_REPORTING = record(
    {
        "report_to": record(
            {
                "group": text(max=MAX_NAME),
                "max_age": integer(min=0, max=LONGEST_MINUTES * 60),
                "endpoints": items(record({"url": text(max=2048)})),
            }
        ).or_null,
        "reporting_endpoints": mapping(text(max=2048)),
    }
)

UPDATE = record(
    {
        "acr_values_supported": items(text(min=1, max=2048)).or_null,
        "allow_organization_name_in_authentication_api": BOOLEAN.or_null,
        "allowed_logout_urls": items(text(format="url-with-placeholders")),
        "authorization_response_iss_parameter_supported": BOOLEAN.or_null,
        "change_password": _PAGE.or_null,
        "client_id_metadata_document_dynamic_registration_supported": BOOLEAN,
        "client_id_metadata_document_supported": BOOLEAN,
        "country_codes": record({"list": items(text(pattern="[A-Z]{2}")), "mode": choice("allow", "deny")}).or_null,
        "customize_mfa_in_postlogin_action": BOOLEAN.or_null,
        "default_audience": text(max=600),
        "default_directory": text(max=MAX_NAME),
        "default_redirection_uri": text(format="absolute-https-uri-or-empty"),
        "default_token_quota": record({"clients": _QUOTA, "organizations": _QUOTA}).or_null,
        "device_flow": record({"charset": choice("base20", "digits"), "mask": text(max=20)}).or_null,
        "dpop_strict_refresh_token_binding": BOOLEAN.or_null,
        "dynamic_client_registration_security_mode": choice("strict", "permissive"),
        "enable_ai_guide": BOOLEAN,
        "enabled_locales": items(choice(*LOCALES), min=1, unique=True),
        "error_page": record(
            {"html": text(max=MAX_HTML), "show_log_link": BOOLEAN, "url": _URL_OR_EMPTY}
        ).or_null,
        "flags": record(dict.fromkeys((*FLAGS, *UNDOCUMENTED_FLAGS), BOOLEAN)),
        "friendly_name": text(max=MAX_NAME),
        "guardian_mfa_page": _PAGE.or_null,
        "include_session_metadata_in_tenant_logs": BOOLEAN,
        "legacy_sandbox_version": text(max=8),
        "mtls": record({"enable_endpoint_aliases": BOOLEAN}).or_null,
        "oidc_logout": record({"rp_logout_end_session_endpoint_discovery": BOOLEAN}),
        "phone_consolidated_experience": BOOLEAN,
        "picture_url": _URL_OR_EMPTY,
        "pushed_authorization_requests_supported": BOOLEAN.or_null,
        "resource_parameter_profile": choice("audience", "compatibility"),
        "sandbox_version": text(max=8),
        "security_headers": record(
            {
                "content_security_policy": record(
                    {
                        "enabled": BOOLEAN,
                        "policies": items(_POLICY),
                        "reporting_infrastructure": _REPORTING.or_null,
                    }
                ).or_null,
                "x_xss_protection": record(
                    {"enabled": BOOLEAN, "mode": choice("block"), "report_uri": text(max=2048)}
                ).or_null,
            }
        ).or_null,
        "session_cookie": record({"mode": choice("persistent", "non-persistent")}, required=("mode",)).or_null,
        "sessions": record({"oidc_logout_prompt_enabled": BOOLEAN}).or_null,
        "skip_non_verifiable_callback_uri_confirmation_prompt": BOOLEAN.or_null,
        "support_email": text(format="email-or-empty"),
        "support_url": _URL_OR_EMPTY,
        "universal_login": OBJECT.or_null,
        **{name: integer(min=1, max=LONGEST_HOURS) for name in LIFETIMES},
        **{f"{name}_in_minutes": integer(min=1, max=LONGEST_MINUTES) for name in LIFETIMES},
    }
)  # fmt: skip
