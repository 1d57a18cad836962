"""Every operation of the Management API v2: the scopes that allow it, and what this server makes of it.

A line is a path and its methods, each with its scopes: any one of them is enough, and one without a
verb has that of the scope before it. A method alone is performed; ``GET*`` reads, ``POST*`` writes what is kept and
returned while nothing acts on it yet; ``GET=`` answers what a tenant without such a thing would; ``GET-`` is refused
like a missing scope. A test holds these marks to the declarations, both ways. ``UNDOCUMENTED`` are the operations
that Auth0's OpenAPI document leaves out and its official tools use all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec import Struct

from doorward.management.kit.operation import Effect

MARKS = defaultdict(lambda: Effect.ACTS, {"*": Effect.STORED, "=": Effect.EMPTY, "-": Effect.REFUSED})

DOCUMENTED = """
/actions/actions  GET* read:actions | POST* create:actions
/actions/actions/{actionId}/versions  GET* read:actions
/actions/actions/{actionId}/versions/{id}  GET* read:actions
/actions/actions/{actionId}/versions/{id}/deploy  POST* create:actions
/actions/actions/{id}  GET* read:actions | PATCH* update:actions | DELETE* delete:actions
/actions/actions/{id}/deploy  POST* create:actions
/actions/actions/{id}/test  POST= create:actions
/actions/executions/{id}  GET= read:actions
/actions/modules  GET* read:actions | POST* create:actions
/actions/modules/{id}  GET* read:actions | PATCH* update:actions | DELETE* delete:actions
/actions/modules/{id}/actions  GET* read:actions
/actions/modules/{id}/rollback  POST* update:actions
/actions/modules/{id}/versions  GET* read:actions | POST* update:actions
/actions/modules/{id}/versions/{versionId}  GET* read:actions
/actions/triggers  GET* read:actions
/actions/triggers/{triggerId}/bindings  GET* read:actions | PATCH* update:actions
/anomaly/blocks/ips/{id}  GET read:anomaly_blocks | DELETE delete:anomaly_blocks
/attack-protection/bot-detection  GET read:attack_protection | PATCH update:attack_protection
/attack-protection/breached-password-detection  GET read:attack_protection | PATCH update:attack_protection
/attack-protection/brute-force-protection  GET read:attack_protection | PATCH update:attack_protection
/attack-protection/captcha  GET read:attack_protection | PATCH update:attack_protection
/attack-protection/phone-provider-protection  GET* read:attack_protection | PATCH* update:attack_protection
/attack-protection/suspicious-ip-throttling  GET read:attack_protection | PATCH update:attack_protection
/branding  GET read:branding | PATCH update:branding
/branding/phone/providers  GET read:phone_providers | POST create:phone_providers
/branding/phone/providers/{id}  GET read:phone_providers
/branding/phone/providers/{id}  PATCH update:phone_providers
/branding/phone/providers/{id}  DELETE delete:phone_providers
/branding/phone/providers/{id}/try  POST- create:phone_providers
/branding/phone/templates  GET read:phone_templates | POST create:phone_templates
/branding/phone/templates/{id}  GET read:phone_templates
/branding/phone/templates/{id}  PATCH update:phone_templates
/branding/phone/templates/{id}  DELETE delete:phone_templates
/branding/phone/templates/{id}/reset  PATCH update:phone_templates
/branding/phone/templates/{id}/try  POST- create:phone_templates
/branding/templates/universal-login  GET read:branding | PUT update:branding | DELETE delete:branding
/branding/themes  POST update:branding
/branding/themes/default  GET read:branding
/branding/themes/{themeId}  GET read:branding | PATCH update:branding | DELETE delete:branding
/client-grants  GET read:client_grants | POST create:client_grants
/client-grants/{id}  GET read:client_grants | PATCH update:client_grants | DELETE delete:client_grants
/client-grants/{id}/organizations  GET* read:organization_client_grants
/clients  GET read:clients,read:client_keys,read:client_credentials,read:client_summary | POST create:clients
/clients/cimd/preview  POST- read:clients
/clients/cimd/register  POST- create:clients,update:clients
/clients/{client_id}/credentials  GET read:client_credentials | POST create:client_credentials
/clients/{client_id}/credentials/{credential_id}  GET read:client_credentials
/clients/{client_id}/credentials/{credential_id}  PATCH update:client_credentials
/clients/{client_id}/credentials/{credential_id}  DELETE delete:client_credentials
/clients/{id}  GET read:clients,read:client_keys,read:client_credentials,read:client_summary
/clients/{id}  PATCH update:clients,client_keys,client_credentials,client_token_vault_privileged_access
/clients/{id}  DELETE delete:clients
/clients/{id}/connections  GET read:connections,read:clients,read:client_summary
/clients/{id}/rotate-secret  POST update:client_keys
/connection-profiles  GET* read:connection_profiles | POST* create:connection_profiles
/connection-profiles/templates  GET read:connection_profiles
/connection-profiles/templates/{id}  GET read:connection_profiles
/connection-profiles/{id}  GET* read:connection_profiles
/connection-profiles/{id}  PATCH* update:connection_profiles
/connection-profiles/{id}  DELETE* delete:connection_profiles
/connections  GET read:connections | POST create:connections
/connections-directory-provisionings  GET* read:directory_provisionings
/connections-scim-configurations  GET- read:scim_config
/connections/{id}  GET read:connections | PATCH update:connections | DELETE delete:connections
/connections/{id}/clients  GET read:connections | PATCH update:connections
/connections/{id}/directory-provisioning  GET* read:directory_provisionings
/connections/{id}/directory-provisioning  POST* create:directory_provisionings
/connections/{id}/directory-provisioning  PATCH* update:directory_provisionings
/connections/{id}/directory-provisioning  DELETE* delete:directory_provisionings
/connections/{id}/directory-provisioning/default-mapping  GET read:directory_provisionings
/connections/{id}/directory-provisioning/synchronizations  POST- create:directory_provisionings
/connections/{id}/directory-provisioning/synchronized-groups  GET* read:directory_provisionings
/connections/{id}/directory-provisioning/synchronized-groups  PUT* update:directory_provisionings
/connections/{id}/keys  GET* read:connections_keys | POST* create:connections_keys
/connections/{id}/keys/rotate  POST* create:connections_keys,update:connections_keys
/connections/{id}/scim-configuration  GET* read:scim_config
/connections/{id}/scim-configuration  POST* create:scim_config
/connections/{id}/scim-configuration  PATCH* update:scim_config
/connections/{id}/scim-configuration  DELETE* delete:scim_config
/connections/{id}/scim-configuration/default-mapping  GET read:scim_config
/connections/{id}/scim-configuration/tokens  GET* read:scim_token | POST* create:scim_token
/connections/{id}/scim-configuration/tokens/{tokenId}  DELETE* delete:scim_token
/connections/{id}/status  GET= read:connections
/connections/{id}/users  DELETE delete:users
/custom-domains  GET read:custom_domains | POST create:custom_domains
/custom-domains/default  GET read:custom_domains | PATCH update:custom_domains
/custom-domains/{id}  GET read:custom_domains | PATCH update:custom_domains | DELETE delete:custom_domains
/custom-domains/{id}/test  POST read:custom_domains
/custom-domains/{id}/verify  POST create:custom_domains
/device-credentials  GET read:device_credentials
/device-credentials  POST create:device_credentials,create:current_user_device_credentials
/device-credentials/{id}  DELETE delete:device_credentials,delete:current_user_device_credentials
/email-templates  POST create:email_templates
/email-templates/{templateName}  GET read:email_templates | PUT update:email_templates | PATCH update:email_templates
/emails/provider  GET read:email_provider
/emails/provider  POST create:email_provider
/emails/provider  PATCH update:email_provider
/emails/provider  DELETE delete:email_provider
/event-streams  GET* read:event_streams | POST* create:event_streams
/event-streams/{id}  GET* read:event_streams | PATCH* update:event_streams | DELETE* delete:event_streams
/event-streams/{id}/deliveries  GET= read:event_streams,read:event_deliveries
/event-streams/{id}/deliveries/{event_id}  GET= read:event_deliveries
/event-streams/{id}/redeliver  POST- update:event_deliveries
/event-streams/{id}/redeliver/{event_id}  POST- update:event_deliveries
/event-streams/{id}/test  POST- update:event_streams
/events  GET- read:events
/experimentation/experiments  GET- read:experimentation | POST- create:experimentation
/experimentation/experiments/{id}  GET- read:experimentation
/experimentation/experiments/{id}  PATCH- update:experimentation
/experimentation/experiments/{id}  DELETE- delete:experimentation
/experimentation/experiments/{id}/status  POST- update:experimentation
/experimentation/experiments/{id}/validate  POST- read:experimentation
/experimentation/feature-flags  GET- read:experimentation | POST- create:experimentation
/experimentation/feature-flags/{id}  GET- read:experimentation
/experimentation/feature-flags/{id}  PATCH- update:experimentation
/experimentation/feature-flags/{id}  DELETE- delete:experimentation
/experimentation/feature-flags/{id}/status  POST- update:experimentation
/experimentation/feature-flags/{id}/variations  GET- read:experimentation | POST- create:experimentation
/experimentation/feature-flags/{id}/variations/{vid}  GET- read:experimentation
/experimentation/feature-flags/{id}/variations/{vid}  PATCH- update:experimentation
/experimentation/feature-flags/{id}/variations/{vid}  DELETE- delete:experimentation
/experimentation/segments  GET- read:experimentation | POST- create:experimentation
/experimentation/segments/{id}  GET- read:experimentation
/experimentation/segments/{id}  PATCH- update:experimentation
/experimentation/segments/{id}  DELETE- delete:experimentation
/flows  GET* read:flows | POST* create:flows
/flows/vault/connections  GET* read:flows_vault_connections | POST* create:flows_vault_connections
/flows/vault/connections/{id}  GET* read:flows_vault_connections
/flows/vault/connections/{id}  PATCH* update:flows_vault_connections
/flows/vault/connections/{id}  DELETE* delete:flows_vault_connections
/flows/{flow_id}/executions  GET= read:flows_executions
/flows/{flow_id}/executions/{execution_id}  GET= read:flows_executions | DELETE- delete:flows_executions
/flows/{id}  GET* read:flows | PATCH* update:flows | DELETE* delete:flows
/forms  GET* read:forms | POST* create:forms
/forms/{id}  GET* read:forms | PATCH* update:forms | DELETE* delete:forms
/grants  GET read:grants | DELETE delete:grants
/grants/{id}  DELETE delete:grants
/groups  GET- read:groups
/groups/{id}  GET- read:groups | DELETE- delete:groups
/groups/{id}/members  GET- read:group_members
/groups/{id}/roles  GET- read:group_roles | POST- create:group_roles | DELETE- delete:group_roles
/guardian/enrollments/ticket  POST create:guardian_enrollment_tickets
/guardian/enrollments/{id}  GET read:guardian_enrollments | DELETE delete:guardian_enrollments
/guardian/factors  GET read:guardian_factors
/guardian/factors/duo/settings  GET* read:guardian_factors
/guardian/factors/duo/settings  PUT* update:guardian_factors
/guardian/factors/duo/settings  PATCH* update:guardian_factors
/guardian/factors/phone/message-types  GET read:guardian_factors | PUT update:guardian_factors
/guardian/factors/phone/providers/twilio  GET* read:guardian_factors | PUT* update:guardian_factors
/guardian/factors/phone/selected-provider  GET* read:guardian_factors | PUT* update:guardian_factors
/guardian/factors/phone/templates  GET* read:guardian_factors | PUT* update:guardian_factors
/guardian/factors/push-notification/providers/apns  GET* read:guardian_factors
/guardian/factors/push-notification/providers/apns  PUT* update:guardian_factors
/guardian/factors/push-notification/providers/apns  PATCH* update:guardian_factors
/guardian/factors/push-notification/providers/fcm  PUT* update:guardian_factors | PATCH* update:guardian_factors
/guardian/factors/push-notification/providers/fcmv1  PUT* update:guardian_factors | PATCH* update:guardian_factors
/guardian/factors/push-notification/providers/sns  GET* read:guardian_factors
/guardian/factors/push-notification/providers/sns  PUT* update:guardian_factors
/guardian/factors/push-notification/providers/sns  PATCH* update:guardian_factors
/guardian/factors/push-notification/selected-provider  GET* read:guardian_factors | PUT* update:guardian_factors
/guardian/factors/sms/providers/twilio  GET* read:guardian_factors | PUT* update:guardian_factors
/guardian/factors/sms/selected-provider  GET* read:guardian_factors | PUT* update:guardian_factors
/guardian/factors/sms/templates  GET* read:guardian_factors | PUT* update:guardian_factors
/guardian/factors/{name}  PUT update:guardian_factors
/guardian/policies  GET read:mfa_policies | PUT update:mfa_policies
/hooks  GET= read:hooks | POST- create:hooks
/hooks/{id}  GET= read:hooks | PATCH- update:hooks | DELETE- delete:hooks
/hooks/{id}/secrets  GET- read:hooks | POST- update:hooks | PATCH- update:hooks | DELETE- delete:hooks
/jobs/users-exports  POST read:users
/jobs/users-imports  POST create:users
/jobs/verification-email  POST update:users
/jobs/{id}  GET create:users,read:users
/jobs/{id}/errors  GET create:users,read:users
/keys/custom-signing  GET- read:custom_signing_keys
/keys/custom-signing  PUT- create:custom_signing_keys,update:custom_signing_keys
/keys/custom-signing  DELETE- delete:custom_signing_keys
/keys/encryption  GET- read:encryption_keys | POST- create:encryption_keys
/keys/encryption/rekey  POST- create:encryption_keys,update:encryption_keys
/keys/encryption/{kid}  GET- read:encryption_keys | POST- update:encryption_keys | DELETE- delete:encryption_keys
/keys/encryption/{kid}/wrapping-key  POST- create:encryption_keys
/keys/signing  GET read:signing_keys
/keys/signing/rotate  POST create:signing_keys,update:signing_keys
/keys/signing/{kid}  GET read:signing_keys
/keys/signing/{kid}/revoke  PUT update:signing_keys
/log-streams  GET* read:log_streams | POST* create:log_streams
/log-streams/{id}  GET* read:log_streams | PATCH* update:log_streams | DELETE* delete:log_streams
/logs  GET read:logs,read:logs_users
/logs/{id}  GET read:logs,read:logs_users
/network-acls  GET* read:network_acls | POST* create:network_acls
/network-acls/{id}  GET* read:network_acls
/network-acls/{id}  PUT* update:network_acls
/network-acls/{id}  PATCH* update:network_acls
/network-acls/{id}  DELETE* delete:network_acls
/organizations  GET* read:organizations,read:organizations_summary
/organizations  POST* create:organizations,create:organization_connections
/organizations/name/{name}  GET* read:organizations
/organizations/{id}  GET* read:organizations,read:organizations_summary
/organizations/{id}  PATCH* update:organizations
/organizations/{id}  DELETE* delete:organizations
/organizations/{id}/client-grants  GET* read:organization_client_grants | POST* create:organization_client_grants
/organizations/{id}/client-grants/{grant_id}  DELETE* delete:organization_client_grants
/organizations/{id}/connections  GET* read:organization_connections | POST* create:organization_connections
/organizations/{id}/connections/{connection_id}  GET* read:organization_connections
/organizations/{id}/connections/{connection_id}  PATCH* update:organization_connections
/organizations/{id}/connections/{connection_id}  DELETE* delete:organization_connections
/organizations/{id}/discovery-domains  GET* read:organization_discovery_domains
/organizations/{id}/discovery-domains  POST* create:organization_discovery_domains
/organizations/{id}/discovery-domains/name/{discovery_domain}  GET* read:organization_discovery_domains
/organizations/{id}/discovery-domains/{discovery_domain_id}  GET* read:organization_discovery_domains
/organizations/{id}/discovery-domains/{discovery_domain_id}  PATCH* update:organization_discovery_domains
/organizations/{id}/discovery-domains/{discovery_domain_id}  DELETE* delete:organization_discovery_domains
/organizations/{id}/enabled_connections  GET* read:organization_connections | POST* create:organization_connections
/organizations/{id}/enabled_connections/{connectionId}  GET* read:organization_connections
/organizations/{id}/enabled_connections/{connectionId}  PATCH* update:organization_connections
/organizations/{id}/enabled_connections/{connectionId}  DELETE* delete:organization_connections
/organizations/{id}/invitations  GET* read:organization_invitations | POST* create:organization_invitations
/organizations/{id}/invitations/{invitation_id}  GET* read:organization_invitations
/organizations/{id}/invitations/{invitation_id}  DELETE* delete:organization_invitations
/organizations/{id}/members  GET* read:organization_members
/organizations/{id}/members  POST* create:organization_members
/organizations/{id}/members  DELETE* delete:organization_members
/organizations/{id}/members/{user_id}/effective-roles  GET* read:organization_member_effective_roles
/organizations/{id}/members/{user_id}/effective-roles/sources/groups  GET= read:organization_member_role_source_groups
/organizations/{id}/members/{user_id}/roles  GET* read:organization_member_roles
/organizations/{id}/members/{user_id}/roles  POST* create:organization_member_roles
/organizations/{id}/members/{user_id}/roles  DELETE* delete:organization_member_roles
/organizations/{organization_id}/groups  GET= read:organization_groups
/organizations/{organization_id}/groups/{group_id}/roles  GET- read:organization_group_roles
/organizations/{organization_id}/groups/{group_id}/roles  POST- create:organization_group_roles
/organizations/{organization_id}/groups/{group_id}/roles  DELETE- delete:organization_group_roles
/prompts  GET read:prompts | PATCH update:prompts
/prompts/rendering  GET read:prompts | PATCH update:prompts
/prompts/{prompt}/custom-text/{language}  GET read:prompts | PUT update:prompts
/prompts/{prompt}/partials  GET read:prompts | PUT update:prompts
/prompts/{prompt}/screen/{screen}/rendering  GET read:prompts | PATCH update:prompts
/rate-limit-policies  GET* read:rate_limit_policies | POST* create:rate_limit_policies
/rate-limit-policies/{id}  GET* read:rate_limit_policies
/rate-limit-policies/{id}  PATCH* update:rate_limit_policies
/rate-limit-policies/{id}  DELETE* delete:rate_limit_policies
/refresh-tokens  GET read:refresh_tokens
/refresh-tokens/revoke  POST delete:refresh_tokens
/refresh-tokens/{id}  GET read:refresh_tokens | PATCH update:refresh_tokens | DELETE delete:refresh_tokens
/resource-servers  GET read:resource_servers | POST create:resource_servers
/resource-servers/{id}  GET read:resource_servers | PATCH update:resource_servers | DELETE delete:resource_servers
/risk-assessments/settings  GET* read:attack_protection | PATCH* update:attack_protection
/risk-assessments/settings/new-device  GET* read:attack_protection | PATCH* update:attack_protection
/roles  GET read:roles | POST create:roles
/roles/{id}  GET read:roles | PATCH update:roles | DELETE delete:roles
/roles/{id}/groups  GET= read:group_roles | POST- create:group_roles | DELETE- delete:group_roles
/roles/{id}/permissions  GET read:roles | POST update:roles | DELETE update:roles
/roles/{id}/users  GET read:users,read:roles,read:role_members | POST update:roles,create:role_members
/rules  GET= read:rules | POST- create:rules
/rules-configs  GET= read:rules_configs
/rules-configs/{key}  PUT- update:rules_configs | DELETE- delete:rules_configs
/rules/{id}  GET= read:rules | PATCH- update:rules | DELETE- delete:rules
/self-service-profiles  GET* read:self_service_profiles | POST* create:self_service_profiles
/self-service-profiles/{id}  GET* read:self_service_profiles
/self-service-profiles/{id}  PATCH* update:self_service_profiles
/self-service-profiles/{id}  DELETE* delete:self_service_profiles
/self-service-profiles/{id}/custom-text/{language}/{page}  GET* read:self_service_profile_custom_texts
/self-service-profiles/{id}/custom-text/{language}/{page}  PUT* update:self_service_profile_custom_texts
/self-service-profiles/{id}/sso-ticket  POST- create:sso_access_tickets
/self-service-profiles/{profileId}/sso-ticket/{id}/revoke  POST- delete:sso_access_tickets
/sessions/{id}  GET read:sessions | PATCH update:sessions | DELETE delete:sessions
/sessions/{id}/revoke  POST delete:sessions,delete:refresh_tokens
/stats/active-users  GET read:stats
/stats/daily  GET read:stats
/supplemental-signals  GET* read:attack_protection | PATCH* update:attack_protection
/tenants/settings  GET read:tenant_settings | PATCH update:tenant_settings
/tickets/email-verification  POST create:user_tickets
/tickets/password-change  POST create:user_tickets
/token-exchange-profiles  GET* read:token_exchange_profiles | POST* create:token_exchange_profiles
/token-exchange-profiles/{id}  GET* read:token_exchange_profiles
/token-exchange-profiles/{id}  PATCH* update:token_exchange_profiles
/token-exchange-profiles/{id}  DELETE* delete:token_exchange_profiles
/user-attribute-profiles  GET* read:user_attribute_profiles | POST* create:user_attribute_profiles
/user-attribute-profiles/templates  GET read:user_attribute_profiles
/user-attribute-profiles/templates/{id}  GET read:user_attribute_profiles
/user-attribute-profiles/{id}  GET* read:user_attribute_profiles
/user-attribute-profiles/{id}  PATCH* update:user_attribute_profiles
/user-attribute-profiles/{id}  DELETE* delete:user_attribute_profiles
/user-blocks  GET read:users | DELETE update:users
/user-blocks/{id}  GET read:users | DELETE update:users
/users  GET read:users,read:user_idp_tokens | POST create:users
/users-by-email  GET read:users
/users/{id}  GET read:users,read:current_user,read:user_idp_tokens
/users/{id}  PATCH update:users,update:users_app_metadata,update:current_user_metadata
/users/{id}  DELETE delete:users,delete:current_user
/users/{id}/authentication-methods  GET read:authentication_methods
/users/{id}/authentication-methods  POST create:authentication_methods
/users/{id}/authentication-methods  PUT update:authentication_methods
/users/{id}/authentication-methods  DELETE delete:authentication_methods
/users/{id}/authentication-methods/{authentication_method_id}  GET read:authentication_methods
/users/{id}/authentication-methods/{authentication_method_id}  PATCH update:authentication_methods
/users/{id}/authentication-methods/{authentication_method_id}  DELETE delete:authentication_methods
/users/{id}/authenticators  DELETE delete:guardian_enrollments
/users/{id}/connected-accounts  GET= read:users
/users/{id}/effective-permissions  GET read:user_effective_permissions
/users/{id}/effective-permissions/sources/effective-roles  GET read:user_permission_source_roles
/users/{id}/effective-roles  GET read:user_effective_roles
/users/{id}/effective-roles/sources/groups  GET- read:user_role_source_groups
/users/{id}/enrollments  GET read:users,read:current_user
/users/{id}/federated-connections-tokensets  GET= read:federated_connections_tokens
/users/{id}/federated-connections-tokensets/{tokenset_id}  DELETE= delete:federated_connections_tokens
/users/{id}/groups  GET- read:groups
/users/{id}/identities  POST update:users,update:current_user_identities
/users/{id}/identities/{provider}/{user_id}  DELETE update:users,update:current_user_identities
/users/{id}/logs  GET read:logs,read:logs_users
/users/{id}/multifactor/actions/invalidate-remember-browser  POST update:users
/users/{id}/multifactor/{provider}  DELETE update:users
/users/{id}/organizations  GET read:organizations
/users/{id}/permissions  GET read:users | POST update:users | DELETE update:users
/users/{id}/recovery-code-regeneration  POST update:users
/users/{id}/revoke-access  POST delete:sessions,delete:refresh_tokens
/users/{id}/risk-assessments/clear  POST= update:users
/users/{id}/roles  GET read:users,read:roles,read:role_members
/users/{id}/roles  POST update:users,create:role_members
/users/{id}/roles  DELETE update:users,delete:role_members
/users/{user_id}/refresh-tokens  GET read:refresh_tokens | DELETE delete:refresh_tokens
/users/{user_id}/sessions  GET read:sessions | DELETE delete:sessions
/verifiable-credentials/verification/templates  GET- read:vdcs_templates | POST- create:vdcs_templates
/verifiable-credentials/verification/templates/{id}  GET- read:vdcs_templates
/verifiable-credentials/verification/templates/{id}  PATCH- update:vdcs_templates
/verifiable-credentials/verification/templates/{id}  DELETE- delete:vdcs_templates
"""

UNDOCUMENTED = """
/connections/{id}/directory-provisioning/synchronized-groups  POST* update:directory_provisionings
/connections/{id}/directory-provisioning/synchronized-groups  DELETE* update:directory_provisionings
/organizations/{id}/clients  GET* read:organization_clients
/organizations/{id}/clients  POST* create:organization_clients
/organizations/{id}/clients  DELETE* delete:organization_clients
/organizations/{id}/clients/{client_id}  GET* read:organization_clients | PATCH* update:organization_clients
/prompts/mfa-push  GET* read:prompts | PATCH* update:prompts
/guardian/factors/webauthn-roaming/settings  GET read:guardian_factors | PUT update:guardian_factors
/guardian/factors/webauthn-platform/settings  GET read:guardian_factors | PUT update:guardian_factors
/organizations/{id}/roles/{role_id}/groups  GET= read:organization_group_roles
/organizations/{id}/roles/{role_id}/members  GET* read:organization_member_roles
/event-streams/{id}/stats  GET= read:event_streams
/blacklists/tokens  GET- blacklist:tokens | POST- blacklist:tokens
"""


# Why, by the beginning of the path; the longest one counts.
REASONS: Mapping[str, str] = {
    "/actions": "No code is run yet.",
    "/actions/actions/{id}/test": "No code is run yet: the result is empty.",
    "/actions/executions": "No code is run yet: nothing was executed.",
    "/attack-protection": "Limits of phone messages do nothing so far.",
    "/blacklists": "Auth0's own older way to revoke; its tokens are of a kind that is not issued.",
    "/branding/phone": "Nothing is sent to try a provider or a template.",
    "/client-grants/{id}/organizations": "Nobody logs in to an organization yet.",
    "/clients/cimd": "Client ID metadata documents are not read.",
    "/connection-profiles": "Self-service set-up of connections is not there.",
    "/connections": "Other identity providers are not asked yet.",
    "/connections-directory-provisionings": "No directory is read.",
    "/connections-scim-configurations": "SCIM is not served.",
    "/event-streams": "No events are streamed yet.",
    "/events": "No events are streamed yet.",
    "/experimentation": "A product of its own, not planned.",
    "/flows": "Forms and flows are not shown to anybody.",
    "/forms": "Forms and flows are not shown to anybody.",
    "/groups": "Groups come from directories, which are not read.",
    "/guardian": "Nothing is pushed or plugged in; codes go out through the e-mail and phone providers of the tenant.",
    "/hooks": "Superseded by Actions; a tenant here has none.",
    "/keys/custom-signing": "Keys are made by the server.",
    "/keys/encryption": "The operator's master key encrypts; it is no matter of a tenant.",
    "/log-streams": "Logs are read, not streamed, so far.",
    "/network-acls": "Access lists are a matter of the proxy in front so far.",
    "/organizations": "Nobody logs in to an organization yet.",
    "/prompts/mfa-push": "Nobody is asked by a push notification yet.",
    "/rate-limit-policies": "Limits are a setting of the server.",
    "/risk-assessments": "No risk is assessed yet.",
    "/roles/{id}/groups": "Groups come from directories, which are not read.",
    "/rules": "Superseded by Actions; a tenant here has none.",
    "/self-service-profiles": "Self-service set-up of connections is not there.",
    "/supplemental-signals": "No risk is assessed yet.",
    "/token-exchange-profiles": "Token exchange is not offered yet.",
    "/user-attribute-profiles": "Self-service set-up of connections is not there.",
    "/users": "Groups come from directories, which are not read.",
    "/users/{id}/connected-accounts": "Other identity providers are not asked yet.",
    "/users/{id}/federated-connections-tokensets": "Other identity providers are not asked yet.",
    "/users/{id}/risk-assessments": "No risk is assessed yet.",
    "/verifiable-credentials": "A product of its own, not planned.",
}


class Entry(Struct, frozen=True):
    """One operation, as the table has it."""

    method: str
    path: str
    scopes: tuple[str, ...]
    effect: Effect

    @property
    def reason_at(self) -> str:
        """The key of its reason among ``REASONS``; empty where there is none."""
        found = [start for start in REASONS if self.path.startswith(start)]
        return max(found, key=len, default="")

    @property
    def reason(self) -> str:
        """Why it does not act; empty if it does."""
        return "" if self.effect is Effect.ACTS else REASONS.get(self.reason_at, "")


def entries(table: str = DOCUMENTED + UNDOCUMENTED) -> Iterator[Entry]:
    """The operations of a table."""
    for line in table.splitlines():
        if line:
            path, _, methods = line.partition("  ")
            for entry in methods.split(" | "):
                method, _, scopes = entry.partition(" ")
                yield Entry(method.rstrip("*=-"), path, _scopes(scopes), MARKS[method[-1]])


def _scopes(listed: str) -> tuple[str, ...]:
    scopes: list[str] = []
    verb = ""
    for entry in listed.split(","):
        before, colon, noun = entry.rpartition(":")
        verb = before if colon else verb
        scopes.append(f"{verb}:{noun}")
    return tuple(scopes)
