"""The scopes of the Management API (Auth0 system API): verb and noun, as one compact table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TABLE = {
    "create read update delete": """actions authentication_methods client_credentials client_grants client_keys clients
        connection_profiles connections custom_domains custom_signing_keys device_credentials directory_provisionings
        email_provider encryption_keys event_streams flows flows_vault_connections forms groups hooks log_streams
        network_acl_keys network_acls organization_clients organization_connections organization_discovery_domains
        organizations phone_providers phone_templates portals rate_limit_policies resource_servers roles rules
        scim_config self_service_profiles shields token_exchange_profiles user_attribute_profiles users
        users_app_metadata vdcs_templates""",
    "read": """entitlements events flows_vault group_members insights logs logs_users
        organization_member_effective_roles organization_member_role_source_groups organizations_summary
        security_metrics stats user_effective_permissions user_effective_roles user_idp_tokens
        user_permission_source_roles user_role_source_groups""",
    "create read delete": """group_roles organization_client_grants organization_group_roles organization_groups
        organization_invitations organization_member_roles organization_members role_members scim_token
        user_custom_blocks""",
    "read update": """attack_protection connections_options event_deliveries guardian_factors limits mfa_policies
        prompts self_service_profile_custom_texts tenant_settings triggers""",
    "read delete": """anomaly_blocks federated_connections_tokens flows_executions grants guardian_enrollments""",
    "read update delete": "branding refresh_tokens rules_configs sessions",
    "create read update": "connections_keys email_templates signing_keys",
    "create": "guardian_enrollment_tickets user_tickets",
    "create delete": "passwords_checking_job sso_access_tickets",
    "blacklist": "tokens",
}

# Named by Auth0's OpenAPI document only; a machine that may do everything is granted them too.
OPENAPI_ONLY = (
    "create:experimentation", "read:experimentation", "update:experimentation", "delete:experimentation",
    "read:client_summary", "update:client_token_vault_privileged_access",
)  # fmt: skip

SYSTEM_SCOPES: tuple[str, ...] = tuple(
    f"{verb}:{noun}" for verbs, nouns in _TABLE.items() for noun in nouns.split() for verb in verbs.split()
)
EVERY_SCOPE = SYSTEM_SCOPES + OPENAPI_ONLY


# Scopes of the APIs a person, or a member for an organization, looks after their own things with.
_MY_ACCOUNT = {
    "create read delete": "connected_accounts",
    "create read update delete": "authentication_methods",
    "read": "consents factors organizations",
}
_MY_ORGANIZATION = {
    "read": "configuration members",
    "read update": "details",
    "create read delete": "identity_providers_scim_tokens member_invitations member_roles",
    "create read update delete": "domains identity_providers identity_providers_provisioning",
    "create delete": "identity_providers_domains",
    "update": "identity_providers_detach",
    "delete": "memberships organizations",
}


def _scopes(table: Mapping[str, str], of: str) -> list[dict[str, str]]:
    values = (f"{verb}:{of}:{n}" for verbs, nouns in table.items() for n in nouns.split() for verb in verbs.split())
    return [{"value": value, "description": describe(value)} for value in values]


def ready_made(domain: str) -> dict[str, dict[str, Any]]:
    """What an API gets that is made with the identifier of a system API, by that identifier."""
    return {
        f"https://{domain}/me/": {
            "name": "Auth0 My Account API",
            "scopes": _scopes(_MY_ACCOUNT, "me"),
            "allow_offline_access": True,
            "skip_consent_for_verifiable_first_party_clients": True,
            "subject_type_authorization": {
                "user": {"policy": "require_client_grant"},
                "client": {"policy": "deny_all"},
            },
        },
        f"https://{domain}/my-org/": {
            "name": "Auth0 My Organization API",
            "scopes": _scopes(_MY_ORGANIZATION, "my_org"),
        },
        "urn:auth0:express-configure": {"token_lifetime": 300},
    }


def describe(scope: str) -> str:
    """The scope in words: ``read:client_grants`` is "Read Client Grants"."""
    verb, _, noun = scope.partition(":")
    return f"{verb.capitalize()} {re.sub('[:_]', ' ', noun).title()}"
