"""The rules of the token policy: what may decide a field, in a sentence, and where it is written.

``token_policy`` cites these by id, once per field it decides; the reference in ``docs`` is made
from this table.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Rule(Struct, frozen=True):
    """One rule: the policy field it may decide, a sentence, and its source."""

    field: str
    sentence: str
    source: str


class Setting(Struct, frozen=True, gc=False):
    """Where the deciding setting lives: ``object`` (``resource_server``, ``client``...), ``id``,
    ``field`` and the ``value`` it had."""

    object: str
    id: str
    field: str
    value: Any = None


class Reason(Struct, frozen=True, omit_defaults=True, gc=False):
    """One decision: the field, the rule that decided, the value it got.

    ``before`` is what the field would have been without the rule, where the rule took something
    away; ``setting`` is what to change for another outcome; ``refused`` marks the rule that ended
    the request.
    """

    field: str
    rule: str
    value: Any = None
    before: Any = None
    setting: Setting | None = None
    refused: bool = False


# The fields every issued token has a reason for, in the order they are decided.
FIELDS = (
    "issuer",
    "audience",
    "access",
    "format",
    "dialect",
    "signing",
    "scope.requested",
    "scope.defined",
    "scope.grant",
    "scope.rbac",
    "scope.consent",
    "refresh_token",
    "scope",
    "aud",
    "permissions",
    "lifetime",
    "id_token",
)

RULES: dict[str, Rule] = {
    # issuer
    "issuer.canonical": Rule("issuer", "The request came to the tenant's canonical domain.", "Auth0 custom domains"),
    "issuer.custom_domain": Rule("issuer", "The request came to a custom domain, so it is the issuer.", "Auth0 custom domains"),
    # audience
    "audience.requested": Rule("audience", "The request named this audience.", "Auth0 audience parameter"),
    "audience.resource_indicator": Rule("audience", "The request named it with the resource parameter.", "RFC 8707 §2"),
    "audience.tenant_default": Rule("audience", "Nothing was named; the tenant has a default audience.", "Auth0 default_audience"),
    "audience.none": Rule("audience", "Nothing was named and there is no default, so only /userinfo is addressed.", "Auth0 access tokens"),
    "audience.userinfo": Rule("audience", "The tenant domain or its /userinfo was named, so only /userinfo is addressed.", "Auth0 access tokens"),
    "audience.stored": Rule("audience", "The refresh token was issued for this audience.", "RFC 6749 §6"),
    "audience.refresh_policy": Rule("audience", "The client's refresh token policies allow this API.", "Auth0 multi-resource refresh tokens"),
    "audience.unknown_api": Rule("audience", "No API has this identifier.", "Auth0 service not found"),
    "audience.no_api": Rule("audience", "A machine must name an API, and the tenant has no default.", "Auth0 client credentials"),
    # access: may this client have a token for this API at all
    "access.userinfo": Rule("access", "Every client may read /userinfo for its user.", "OpenID Connect Core §5.3"),
    "access.user_allow_all": Rule("access", "The API lets every application act for its users.", "subject_type_authorization.user"),
    "access.client_allow_all": Rule("access", "The API lets every machine in.", "subject_type_authorization.client"),
    "access.client_grant": Rule("access", "The application has a client grant for the API.", "Auth0 client grants"),
    "access.third_party_default_grant": Rule("access", "A grant for all third-party applications covers it.", "Auth0 client grants, default_for"),
    "access.no_client_grant": Rule("access", "The application has no client grant for the API.", "Auth0 client grants"),
    "access.deny_all": Rule("access", "The API refuses this kind of subject.", "subject_type_authorization"),
    "access.system_api": Rule("access", "Strict third-party applications never reach system APIs.", "Auth0 third-party security"),
    "access.userinfo_machine": Rule("access", "There is no user to read about in client credentials.", "RFC 6749 §4.4"),
    # format
    "format.opaque.userinfo_only": Rule("format", "Only /userinfo is addressed, so the token is opaque.", "Auth0 access tokens"),
    "format.jwt.management": Rule("format", "The Management API takes JWTs.", "Auth0 Management API"),
    "format.jwt.api": Rule("format", "Custom APIs get JWTs.", "Auth0 access tokens"),
    "format.jwe.api": Rule("format", "The API has a token encryption key.", "Auth0 JWE access tokens"),
    # dialect
    "dialect.api": Rule("dialect", "The API's token dialect.", "Auth0 access token profiles"),
    "dialect.opaque": Rule("dialect", "An opaque token has no dialect.", "Auth0 access tokens"),
    # signing
    "signing.api_secret": Rule("signing", "The API signs with its own shared secret.", "RFC 7518 §3.2"),
    "signing.tenant_key": Rule("signing", "The tenant's current signing key, with the API's algorithm.", "RFC 7518 §3.3, §3.5"),
    "signing.sealed": Rule("signing", "Opaque tokens are sealed with the tenant's own key.", "RFC 7516"),
    # scopes
    "scope.asked": Rule("scope.requested", "The scopes of the request.", "RFC 6749 §3.3"),
    "scope.empty": Rule("scope.requested", "No scope was asked for.", "RFC 6749 §3.3"),
    "scope.all_of_api": Rule("scope.requested", "This grant without a scope asks for every scope of the API.", "Auth0 password grant"),
    "scope.all_of_grant": Rule("scope.requested", "Client credentials without a scope ask for the whole client grant.", "Auth0 client credentials"),
    "scope.openid_expands": Rule("scope.requested", "The password grant adds the standard OpenID scopes to openid.", "Auth0 password grant"),
    "scope.original": Rule("scope.requested", "The scopes the refresh token was granted.", "RFC 6749 §6"),
    "scope.narrowed": Rule("scope.requested", "A refresh can narrow the granted scopes, never widen them.", "RFC 6749 §6"),
    "scope.all_defined": Rule("scope.defined", "Everything asked for exists.", "Auth0 API permissions"),
    "scope.undefined_dropped": Rule("scope.defined", "Scopes that the API does not define are dropped.", "Auth0 API permissions"),
    "scope.current_user_only": Rule("scope.defined", "User tokens for the Management API carry current_user scopes only.", "Auth0 Management API"),
    "scope.third_party_no_oidc": Rule("scope.defined", "Strict third-party applications get no OpenID scopes.", "Auth0 third-party security"),
    "scope.no_ceiling": Rule("scope.grant", "No client grant limits the scopes.", "subject_type_authorization.user"),
    "scope.within_grant": Rule("scope.grant", "The client grant covers the scopes.", "Auth0 client grants"),
    "scope.client_grant_dropped": Rule("scope.grant", "Scopes outside the client grant are dropped.", "Auth0 client grants"),
    "scope.client_grant_refused": Rule("scope.grant", "A machine may ask only for what it was granted.", "Auth0 client grants"),
    "scope.rbac_off": Rule("scope.rbac", "The API does not enforce roles.", "enforce_policies"),
    "scope.rbac_granted": Rule("scope.rbac", "The user's permissions cover the scopes.", "Auth0 RBAC"),
    "scope.rbac_not_granted": Rule("scope.rbac", "Scopes the user has no permission for are dropped.", "Auth0 RBAC"),
    "scope.rbac_machine": Rule("scope.rbac", "Roles are for users; a machine has its client grant.", "Auth0 RBAC"),
    "scope.consent_not_needed": Rule("scope.consent", "No consent is needed.", "Auth0 consent"),
    "scope.consent_pending": Rule("scope.consent", "The user will be asked for consent first.", "Auth0 consent"),
    "scope.consented": Rule("scope.consent", "The user consented to these scopes.", "Auth0 consent"),
    "scope.granted": Rule("scope", "What is left is granted.", "RFC 6749 §3.3"),
    # refresh token
    "refresh.issued": Rule("refresh_token", "offline_access was granted, so a refresh token is issued.", "OpenID Connect Core §11"),
    "refresh.not_requested": Rule("refresh_token", "offline_access was not asked for.", "OpenID Connect Core §11"),
    "refresh.api_forbids": Rule("refresh_token", "The API does not allow offline access.", "allow_offline_access"),
    "refresh.client_lacks_grant": Rule("refresh_token", "The application may not use the refresh_token grant.", "Auth0 grant types"),
    "refresh.rotation_required": Rule("refresh_token", "A browser application gets refresh tokens only with rotation.", "RFC 9700 §2.2.2"),
    "refresh.machine": Rule("refresh_token", "Client credentials never give a refresh token: ask again instead.", "RFC 6749 §4.4.3"),
    "refresh.front_channel": Rule("refresh_token", "The front channel never carries a refresh token.", "RFC 6749 §4.2.2"),
    "refresh.rotated": Rule("refresh_token", "The client rotates refresh tokens, so a successor is issued.", "RFC 9700 §4.14.2"),
    "refresh.rotation_began": Rule("refresh_token", "The client rotates by now: a rotating token takes the place of all that did not.", "Auth0 refresh token rotation"),
    "refresh.rotation_ended": Rule("refresh_token", "The client does not rotate any more: a lasting token takes the place of the family.", "Auth0 refresh token rotation"),
    "refresh.reused": Rule("refresh_token", "The client does not rotate: the same refresh token stays.", "RFC 6749 §6"),
    # aud
    "aud.with_userinfo": Rule("aud", "openid was granted and the API signs asymmetrically, so /userinfo is added.", "Auth0 get access tokens"),
    "aud.symmetric": Rule("aud", "A token signed with the API's secret has that API as its only audience.", "Auth0 signing algorithms"),
    "aud.no_openid": Rule("aud", "Without openid the API is the only audience.", "Auth0 get access tokens"),
    "aud.machine": Rule("aud", "A machine has no /userinfo, so the API is the only audience.", "RFC 6749 §4.4"),
    "aud.userinfo": Rule("aud", "Only /userinfo.", "Auth0 access tokens"),
    # permissions
    "permissions.included": Rule("permissions", "RBAC is on and the dialect carries all permissions of the subject.", "Auth0 RBAC"),
    "permissions.dialect": Rule("permissions", "The dialect has no permissions claim.", "token_dialect"),
    "permissions.rbac_off": Rule("permissions", "RBAC is off for the API.", "enforce_policies"),
    "permissions.opaque": Rule("permissions", "An opaque token carries no permissions.", "Auth0 access tokens"),
    # lifetime
    "lifetime.api": Rule("lifetime", "The API's token lifetime.", "token_lifetime"),
    "lifetime.api_web": Rule("lifetime", "The API's lifetime for tokens from the front channel.", "token_lifetime_for_web"),
    "lifetime.userinfo": Rule("lifetime", "The fixed lifetime of tokens for /userinfo.", "Auth0 access tokens"),
    "lifetime.userinfo_web": Rule("lifetime", "The fixed front-channel lifetime of tokens for /userinfo.", "Auth0 access tokens"),
    "lifetime.third_party": Rule("lifetime", "A strict third-party application's own lifetime is the ceiling.", "Auth0 third-party security"),
    "lifetime.presented": Rule("lifetime", "A token that is given for another one ends with it.", "Auth0 MFA API"),
    # id token
    "id_token.openid": Rule("id_token", "openid was granted.", "OpenID Connect Core §3.1.3.3"),
    "id_token.no_openid": Rule("id_token", "openid was not granted.", "OpenID Connect Core §3.1.2.1"),
    "id_token.machine": Rule("id_token", "There is no user.", "RFC 6749 §4.4.3"),
}
