"""What the bodies of ``/clients`` may hold (Auth0 OpenAPI operations ``post_clients``, ``patch_clients_by_id``)."""

from __future__ import annotations

from doorward.management.kit.schema import (
    BOOLEAN,
    OBJECT,
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

CALLBACK = text(format="callback-url")
URL_WITH_PLACEHOLDERS = text(format="url-with-placeholders")
HTTPS_URL_OR_EMPTY = text(format="absolute-https-uri-with-placeholders-or-empty")
WORD = text(min=1)
CREDENTIAL_NAME = text(max=128)
APP_TYPES = [
    "native",
    "spa",
    "regular_web",
    "non_interactive",
    "resource_server",
    "express_configuration",
    "rms",
    "box",
    "cloudbees",
    "concur",
    "dropbox",
    "mscrm",
    "echosign",
    "egnyte",
    "newrelic",
    "office365",
    "salesforce",
    "sentry",
    "sharepoint",
    "slack",
    "springcm",
    "zendesk",
    "zoom",
    "sso_integration",
    "oag",
]
LOGOUT_INITIATORS = [
    "rp-logout",
    "idp-logout",
    "password-changed",
    "session-expired",
    "session-revoked",
    "account-deleted",
    "email-identifier-changed",
    "mfa-phone-unenrolled",
    "account-deactivated",
]
COMPLIANCE_LEVELS = ("none", "fapi1_adv_pkj_par", "fapi1_adv_mtls_par", "fapi2_sp_pkj_mtls", "fapi2_sp_mtls_mtls")

PUBLIC_KEY = {
    "credential_type": choice("public_key"),
    "name": CREDENTIAL_NAME,
    "pem": text(min=1, max=16384),
    "alg": choice("RS256", "RS384", "PS256"),
    "parse_expiry_from_cert": BOOLEAN,
    "expires_at": text(format="date-time"),
    "kid": text(pattern=r"[0-9a-zA-Z_-]{10,64}"),
}
SUBJECT_DN = {
    "credential_type": choice("cert_subject_dn"),
    "name": CREDENTIAL_NAME,
    "subject_dn": text(min=1, max=256),
    "pem": text(min=1, max=4096),
}
CERTIFICATE = {"credential_type": choice("x509_cert"), "name": CREDENTIAL_NAME, "pem": text(min=1, max=4096)}
NEW_CREDENTIAL = record(
    {
        **PUBLIC_KEY,
        "credential_type": choice("public_key", "cert_subject_dn", "x509_cert"),
        "subject_dn": text(min=1, max=256),
    },
    required=("credential_type",),
)


def _credentials(properties: dict[str, Rule], *required: str) -> Rule:
    return items(record(properties, required=("credential_type", *required)))


REFERENCES = items(record({"id": text(pattern=r"cred_[A-Za-z0-9]{1,64}")}, required=("id",)))
AUTHENTICATION_METHODS = ("private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth")
NEW_AUTHENTICATION_METHODS = record(
    {
        "private_key_jwt": record({"credentials": _credentials(PUBLIC_KEY, "pem")}, required=("credentials",)),
        "tls_client_auth": record({"credentials": _credentials(SUBJECT_DN)}, required=("credentials",)),
        "self_signed_tls_client_auth": record(
            {"credentials": _credentials(CERTIFICATE, "pem")}, required=("credentials",)
        ),
    }
)
NAMED_AUTHENTICATION_METHODS = record(
    {name: record({"credentials": REFERENCES}, required=("credentials",)) for name in AUTHENTICATION_METHODS}
)

LOGOUT = record(
    {
        "backchannel_logout_urls": items(text(format="backchannel-logout-url-or-empty")),
        "backchannel_logout_initiators": record(
            {"mode": choice("custom", "all"), "selected_initiators": items(choice(*LOGOUT_INITIATORS))}, open=True
        ),
        "backchannel_logout_session_metadata": record({"include": BOOLEAN}, open=True).or_null,
    },
    open=True,
)
REFRESH_TOKEN = record(
    {
        "rotation_type": choice("rotating", "non-rotating"),
        "expiration_type": choice("expiring", "non-expiring"),
        "leeway": integer(min=0, max=2147483647),
        "token_lifetime": integer(min=1, max=157788000),
        "infinite_token_lifetime": BOOLEAN,
        "idle_token_lifetime": integer(min=1, max=157788000),
        "infinite_idle_token_lifetime": BOOLEAN,
        "policies": items(
            record(
                {"audience": text(min=1, max=600), "scope": items(text(min=1, max=280))},
                required=("audience", "scope"),
            )
        ).or_null,
    },
    required=("rotation_type", "expiration_type"),
).or_null
QUOTA = record(
    {"enforce": BOOLEAN, "per_day": integer(min=1, max=2147483647), "per_hour": integer(min=1, max=2147483647)}
)
TOKEN_QUOTA = record({"client_credentials": QUOTA}, required=("client_credentials",))
SESSION_TRANSFER = record(
    {
        "can_create_session_transfer_token": BOOLEAN,
        "enforce_cascade_revocation": BOOLEAN,
        "allowed_authentication_methods": items(choice("cookie", "query")).or_null,
        "enforce_device_binding": choice("ip", "asn", "none"),
        "allow_refresh_token": BOOLEAN,
        "enforce_online_refresh_tokens": BOOLEAN,
        "delegation": record(
            {"allow_delegated_access": BOOLEAN, "enforce_device_binding": choice("ip", "asn")}
        ).or_null,
    }
).or_null


def _words(*names: str, **others: Rule) -> Rule:
    return record({**dict.fromkeys(names, text()), **others}, open=True).or_null


SALESFORCE_API = _words("clientid", "principal", "communityName", "community_url_section")
ADDONS = record(
    {
        "aws": _words("principal", "role", lifetime_in_seconds=integer(min=900, max=43200)),
        "azure_blob": _words("accountName", "storageAccessKey", "containerName", "blobName", "signedIdentifier"),
        "azure_sb": _words("namespace", "sasKeyName", "sasKey", "entityPath", expiration=integer()),
        "rms": _words("url"),
        "mscrm": _words("url"),
        "slack": _words("team"),
        "sentry": _words("org_slug", "base_url"),
        "box": OBJECT.or_null,
        "cloudbees": OBJECT.or_null,
        "concur": OBJECT.or_null,
        "dropbox": OBJECT.or_null,
        "echosign": _words("domain"),
        "egnyte": _words("domain"),
        "firebase": _words("secret", "private_key_id", "private_key", "client_email", lifetime_in_seconds=integer()),
        "newrelic": _words("account"),
        "office365": _words("domain", "connection"),
        "salesforce": _words("entity_id"),
        "salesforce_api": SALESFORCE_API,
        "salesforce_sandbox_api": SALESFORCE_API,
        "samlp": record(
            {
                **dict.fromkeys(
                    (
                        "audience", "recipient", "signatureAlgorithm", "digestAlgorithm", "issuer", "destination",
                        "nameIdentifierFormat", "authnContextClassRef", "signingCert", "binding",
                    ),
                    text(),
                ),
                **dict.fromkeys(
                    (
                        "createUpnClaim", "mapUnknownClaimsAsIs", "passthroughClaimsWithNoMapping", "mapIdentities",
                        "signResponse", "typedAttributes", "includeAttributeNameFormat",
                    ),
                    BOOLEAN,
                ),
                "mappings": OBJECT,
                "lifetimeInSeconds": number(min=1),
                "nameIdentifierProbes": items(WORD),
            },
            open=True,
        ).or_null,
        "layer": _words("providerId", "keyId", "privateKey", "principal", expiration=integer(min=0)),
        "sap_api": _words(
            "clientid", "usernameAttribute", "tokenEndpointUrl", "scope", "servicePassword", "nameIdentifierFormat"
        ),
        "sharepoint": _words("url", external_url=either(items(text()), text())),
        "springcm": _words("acsurl"),
        "wams": _words("masterkey"),
        "wsfed": OBJECT.or_null,
        "zendesk": _words("accountName"),
        "zoom": _words("account"),
        "sso_integration": _words("name", "version"),
        "oag": OBJECT.or_null,
    },
    open=True,
)  # fmt: skip
SWITCH = record({"enabled": BOOLEAN}).or_null
EXPRESS_CONFIGURATION = record(
    {
        "initiate_login_uri_template": text(min=1, max=2048),
        "user_attribute_profile_id": text(format="user-attribute-profile-id"),
        "connection_profile_id": text(format="connection-profile-id"),
        "enable_client": BOOLEAN,
        "enable_organization": BOOLEAN,
        "linked_clients": items(record({"client_id": text(format="client-id")}, required=("client_id",))),
        "okta_oin_client_id": text(format="client-id"),
        "admin_login_domain": WORD,
        "oin_submission_id": text(min=1, max=200),
    },
    required=(
        "initiate_login_uri_template",
        "user_attribute_profile_id",
        "connection_profile_id",
        "enable_client",
        "enable_organization",
        "okta_oin_client_id",
        "admin_login_domain",
    ),
)
MY_ORGANIZATION = record(
    {
        "connection_profile_id": text(format="connection-profile-id"),
        "user_attribute_profile_id": text(format="user-attribute-profile-id"),
        "allowed_strategies": items(choice("pingfederate", "adfs", "waad", "google-apps", "okta", "oidc", "samlp")),
        "connection_deletion_behavior": choice("allow", "allow_if_empty"),
        "invitation_landing_client_id": text(format="client-id"),
    },
    required=("allowed_strategies", "connection_deletion_behavior"),
)

SIGNED_REQUEST_OBJECT = {"required": BOOLEAN, "credentials": _credentials(PUBLIC_KEY, "pem")}
TOKEN_VAULT = {
    "credentials": _credentials(PUBLIC_KEY, "pem"),
    "ip_allowlist": items(text(format="ip-or-network")).or_null,
    "grants": items(record({"connection": text(min=1), "scopes": items(text())}, open=True)).or_null,
}

CREATE = record(
    {
        "name": text(min=1, max=1024, pattern=r"[^<>]+"),
        "description": text(max=140),
        "logo_uri": text(format="absolute-uri-or-empty"),
        "callbacks": items(CALLBACK),
        "oidc_logout": LOGOUT,
        "oidc_backchannel_logout": LOGOUT,
        "session_transfer": SESSION_TRANSFER,
        "allowed_origins": items(URL_WITH_PLACEHOLDERS),
        "web_origins": items(URL_WITH_PLACEHOLDERS),
        "client_aliases": items(WORD),
        "allowed_clients": items(WORD),
        "allowed_logout_urls": items(URL_WITH_PLACEHOLDERS),
        "grant_types": items(WORD),
        "token_endpoint_auth_method": choice("none", "client_secret_post", "client_secret_basic"),
        "is_token_endpoint_ip_header_trusted": BOOLEAN,
        "app_type": choice(*APP_TYPES),
        "is_first_party": BOOLEAN,
        "oidc_conformant": BOOLEAN,
        "jwt_configuration": record(
            {
                "lifetime_in_seconds": integer(min=0, max=2147483647),
                "secret_encoded": BOOLEAN,
                "scopes": OBJECT,
                "alg": choice("HS256", "RS256", "RS512", "PS256"),
            },
            open=True,
        ),
        "encryption_key": record({"pub": text(), "cert": text(), "subject": text()}, open=True).or_null,
        "sso": BOOLEAN,
        "cross_origin_auth": BOOLEAN,
        "cross_origin_authentication": BOOLEAN,
        "cross_origin_loc": either(text(max=0), text(format="url")).or_null,
        "sso_disabled": BOOLEAN,
        "custom_login_page_on": BOOLEAN,
        "custom_login_page": text(),
        "custom_login_page_preview": text(),
        "form_template": text(),
        "addons": ADDONS,
        "client_metadata": mapping(either(text(max=255), BOOLEAN, number()).or_null, max=10, max_name=255),
        "mobile": record(
            {
                "android": record(
                    {"app_package_name": text(), "sha256_cert_fingerprints": items(WORD)}, open=True
                ).or_null,
                "ios": record({"team_id": text(), "app_bundle_identifier": text()}, open=True).or_null,
            },
            open=True,
        ).or_null,
        "initiate_login_uri": HTTPS_URL_OR_EMPTY,
        "native_social_login": record({"apple": SWITCH, "facebook": SWITCH, "google": SWITCH}).or_null,
        "fedcm_login": record({"google": record({"is_enabled": BOOLEAN}).or_null}).or_null,
        "refresh_token": REFRESH_TOKEN,
        "default_organization": record(
            {"organization_id": text(format="organization-id"), "flows": items(choice("client_credentials"))},
            required=("organization_id", "flows"),
        ).or_null,
        "organization_usage": choice("deny", "allow", "require"),
        "organization_require_behavior": choice("no_prompt", "pre_login_prompt", "post_login_prompt"),
        "organization_discovery_methods": items(choice("email", "organization_name"), min=1),
        "client_authentication_methods": NEW_AUTHENTICATION_METHODS,
        "require_pushed_authorization_requests": BOOLEAN,
        "require_proof_of_possession": BOOLEAN,
        "signed_request_object": record(SIGNED_REQUEST_OBJECT),
        "token_vault_privileged_access": record(TOKEN_VAULT, required=("credentials",)),
        "compliance_level": choice(*COMPLIANCE_LEVELS).or_null,
        "skip_non_verifiable_callback_uri_confirmation_prompt": BOOLEAN,
        "token_exchange": record(
            {"allow_any_profile_of_type": items(choice("custom_authentication", "on_behalf_of_token_exchange"))}
        ),
        "par_request_expiry": integer(min=10, max=600).or_null,
        "token_quota": TOKEN_QUOTA,
        "resource_server_identifier": text(min=1, max=600),
        "third_party_security_mode": choice("strict", "permissive"),
        "redirection_policy": choice("allow_always", "open_redirect_protection"),
        "express_configuration": EXPRESS_CONFIGURATION,
        "my_organization_configuration": MY_ORGANIZATION,
        "async_approval_notification_channels": items(choice("guardian-push", "email"), min=1),
        "client_secret": text(min=1, max=1024),
    },
    required=("name",),
)
# A PATCH names credentials that exist; everything but the name can be taken away with null.
_OWN_RULE = ("name", "resource_server_identifier", "client_authentication_methods")
UPDATE = CREATE.patch(
    without=_OWN_RULE[1:],
    nullable=[name for name in CREATE.properties if name not in (*_OWN_RULE, "client_secret")],
    plus={
        "client_authentication_methods": NAMED_AUTHENTICATION_METHODS.or_null,
        "signed_request_object": record({"required": BOOLEAN, "credentials": REFERENCES}).or_null,
        "token_vault_privileged_access": record({**TOKEN_VAULT, "credentials": REFERENCES}).or_null,
    },
)
CREDENTIAL_UPDATE = record({"expires_at": text(format="date-time").or_null})
