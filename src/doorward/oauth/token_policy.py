"""The token policy: the one place that decides what a token is, and says why.

``decide`` is a pure function of what was proved, the tenant's configuration and the issuer. It
returns a ``TokenPlan`` with exactly one reason per field of ``token_rules.FIELDS``, or raises an
``OAuthError`` that carries the reasons up to the refusal. Read top to bottom: audience, access,
format, scope, refresh token, claims, lifetime.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from doorward.model.client import Client, RotationType, SubjectType
from doorward.model.directory import TenantDirectory
from doorward.model.resource_server import ResourceServer, TokenDialect, mfa_api
from doorward.model.tenant import DomainKind, Issuer, ResourceParameterProfile, Tenant
from doorward.oauth.errors import AccessDenied, OAuthError, UnauthorizedClient
from doorward.oauth.proof import Proof, SpendRefreshToken
from doorward.oauth.scopes import CURRENT_USER_SCOPES, OFFLINE_ACCESS, OIDC_SCOPES, STANDARD_OIDC_SCOPES
from doorward.oauth.token_rules import Reason, Setting

CLIENT_CREDENTIALS = "client_credentials"
REFRESH_TOKEN = "refresh_token"
PASSWORD_GRANTS = frozenset({"password", "http://auth0.com/oauth/grant-type/password-realm"})

USERINFO_LIFETIME = 86400
USERINFO_LIFETIME_FRONT_CHANNEL = 7200
ID_TOKEN_LIFETIME = 36000
STRICT_THIRD_PARTY_LIFETIME = 3600

CLIENT_GRANT_DOCS = "https://auth0.com/docs/get-started/applications/application-access-to-apis-client-grants"


class Format(StrEnum):
    OPAQUE = "opaque"
    JWT = "jwt"
    JWE = "jwe"


class RefreshPlan(StrEnum):
    """What happens to the refresh token: a first one is issued, it is rotated, it stays, or one of
    another kind takes its place since the client changed between rotating and not."""

    ISSUE = "issue"
    ROTATE = "rotate"
    REUSE = "reuse"
    REPLACE = "replace"


class TokenPlan(Struct, frozen=True, kw_only=True):
    """Everything decided about one access token, and why.

    ``audience`` is what was addressed, ``aud`` the claim; ``api`` is absent when only /userinfo is
    addressed. ``scope`` is in the order of the request. ``lifetime`` is in seconds.
    """

    issuer: str
    audience: str
    api: ResourceServer | None
    format: Format
    dialect: TokenDialect | None
    alg: str
    scope: tuple[str, ...]
    aud: str | tuple[str, str]
    permissions: tuple[str, ...] | None
    lifetime: int
    id_token: bool
    refresh: RefreshPlan | None
    reasons: tuple[Reason, ...]

    def because(self, rule: str) -> bool:
        """Whether this rule decided a field."""
        return any(reason.rule == rule for reason in self.reasons)


def decide(proof: Proof, directory: TenantDirectory, issuer: Issuer) -> TokenPlan:
    """What token this proof is worth here.

    Raises ``AccessDenied`` or ``UnauthorizedClient`` (their ``reasons`` end with the rule that
    refused) when no token may be issued at all.
    """
    why: list[Reason] = [_issuer_reason(issuer)]
    try:
        audience, api = _audience(proof, directory, issuer, why)
        ceiling = _access(proof, directory, api, audience, why)
        format_ = _format(api, why)
        dialect = _dialect(api, why)
        alg = _signing(api, directory, why)
        scope = _requested(proof, api, ceiling, why)
        scope = _defined(proof, api, scope, why)
        scope = _within_grant(proof, api, scope, ceiling, why)
        scope = _rbac(proof, api, directory, scope, why)
        scope = _consented(proof, audience, scope, why)
        refresh, scope = _refresh(proof, api, scope, why)
        why.append(Reason("scope", "scope.granted", scope))
        aud = _aud(proof, api, directory, scope, why)
        permissions = _permissions(proof, api, directory, scope, why)
        lifetime = _lifetime(proof, api, why)
        id_token = _id_token(proof, scope, why)
    except OAuthError as error:
        error.reasons = tuple(why)
        raise
    return TokenPlan(
        issuer=issuer.url,
        audience=audience,
        api=api,
        format=format_,
        dialect=dialect,
        alg=alg,
        scope=scope,
        aud=aud,
        permissions=permissions,
        lifetime=lifetime,
        id_token=id_token,
        refresh=refresh,
        reasons=tuple(why),
    )


def _issuer_reason(issuer: Issuer) -> Reason:
    rule = "issuer.canonical" if issuer.kind is DomainKind.CANONICAL else "issuer.custom_domain"
    return Reason("issuer", rule, issuer.url)


def _is_machine(proof: Proof) -> bool:
    return proof.grant_type == CLIENT_CREDENTIALS


def _of_api(api: ResourceServer, field: str, value: object) -> Setting:
    return Setting("resource_server", api.identifier, field, value)


def _of_client(client: Client, field: str, value: object) -> Setting:
    return Setting("client", client.client_id, field, value)


# ── audience ───────────────────────────────────────────────────────────────────────────────────


def _audience(
    proof: Proof, directory: TenantDirectory, issuer: Issuer, why: list[Reason]
) -> tuple[str, ResourceServer | None]:
    tenant, settings = directory.tenant, directory.settings
    setting = None
    if proof.stored_audience is not None:
        asked, rule = _refreshed_audience(proof, directory, issuer)
    elif proof.audience:
        asked, rule = proof.audience, "audience.requested"
    elif proof.resource and settings.resource_parameter_profile is ResourceParameterProfile.COMPATIBILITY:
        asked, rule = proof.resource, "audience.resource_indicator"
        setting = Setting("tenant", tenant.id, "resource_parameter_profile", "compatibility")
    elif settings.default_audience:
        asked, rule = settings.default_audience, "audience.tenant_default"
        setting = Setting("tenant", tenant.id, "default_audience", asked)
    elif _is_machine(proof):
        setting = Setting("tenant", tenant.id, "default_audience", "")
        why.append(Reason("audience", "audience.no_api", None, setting=setting, refused=True))
        raise AccessDenied(
            "Non-global clients are not allowed access to APIv1",
            hint="Name an API with the audience parameter, or set the tenant's default_audience.",
        )
    else:
        setting = Setting("tenant", tenant.id, "default_audience", "")
        why.append(Reason("audience", "audience.none", tenant.userinfo_audience, setting=setting))
        return tenant.userinfo_audience, None

    asked = called(asked, directory.tenant, issuer)
    api = directory.resource_servers.get(asked) or (mfa_api(asked) if asked == tenant.mfa_audience else None)
    if api is not None:
        why.append(Reason("audience", rule, asked, setting=setting))
        return asked, api
    if asked in (tenant.userinfo_audience, tenant.domain, f"https://{tenant.domain}"):
        rule = "audience.stored" if rule == "audience.stored" else "audience.userinfo"
        why.append(Reason("audience", rule, tenant.userinfo_audience, setting=setting))
        return tenant.userinfo_audience, None
    why.append(Reason("audience", "audience.unknown_api", asked, setting=setting, refused=True))
    wording = "Service not found" if proof.at_authorize else "Service not enabled within domain"
    raise AccessDenied(
        f"{wording}: {asked}", hint=f"Create an API with the identifier {asked}, or correct the audience."
    )


def called(audience: str, tenant: Tenant, issuer: Issuer) -> str:
    """What an API is called: the My Account API is asked for by the domain that is used, and keeps the tenant's own."""
    return tenant.my_account_audience if audience == issuer.endpoint("me/") else audience


def _refreshed_audience(proof: Proof, directory: TenantDirectory, issuer: Issuer) -> tuple[str, str]:
    """Another API may be named in a refresh only as the client's policies say; else it is ignored."""
    stored = proof.stored_audience or ""
    asked = called(proof.audience or proof.resource or "", directory.tenant, issuer)
    if not asked or asked == stored or not proof.client.is_first_party:
        return stored, "audience.stored"
    api = directory.resource_servers.get(asked)
    if api is None or api.is_system or not api.skip_consent_for_verifiable_first_party_clients:
        return stored, "audience.stored"
    if any(policy.audience == asked for policy in proof.client.refresh_token.policies):
        return asked, "audience.refresh_policy"
    return stored, "audience.stored"


# ── access ─────────────────────────────────────────────────────────────────────────────────────


def _access(
    proof: Proof, directory: TenantDirectory, api: ResourceServer | None, audience: str, why: list[Reason]
) -> tuple[str, ...] | None:
    """Whether this client may have a token for the API; returns the scope ceiling of its grant
    (``None``: the whole API)."""
    client = proof.client
    machine = _is_machine(proof)
    subject = SubjectType.CLIENT if machine else SubjectType.USER
    if api is None:
        if machine:
            why.append(Reason("access", "access.userinfo_machine", False, refused=True))
            raise AccessDenied(
                _not_authorized(audience), hint="Name one of your APIs: a machine has no user to read about."
            )
        why.append(Reason("access", "access.userinfo", True))
        return None

    policy = api.subject_type_authorization.client.policy if machine else api.subject_type_authorization.user.policy
    policy_field = f"subject_type_authorization.{subject.value}.policy"
    refusal = AccessDenied if machine else UnauthorizedClient
    if policy == "deny_all":
        setting = _of_api(api, policy_field, policy)
        why.append(Reason("access", "access.deny_all", False, setting=setting, refused=True))
        raise refusal(_not_authorized(audience), hint=f"The API refuses every {subject.value} token ({policy_field}).")
    if client.is_strict_third_party and (api.is_system or audience == directory.tenant.my_account_audience):
        setting = _of_client(client, "third_party_security_mode", "strict")
        why.append(Reason("access", "access.system_api", False, setting=setting, refused=True))
        raise refusal(_not_authorized(audience), hint="Strict third-party applications cannot reach system APIs.")
    if policy == "allow_all" and not client.is_strict_third_party:
        rule = "access.client_allow_all" if machine else "access.user_allow_all"
        why.append(Reason("access", rule, True, setting=_of_api(api, policy_field, policy)))
        return None

    grant = directory.client_grant(client.client_id, api.identifier, subject)
    rule = "access.client_grant"
    if grant is None and not client.is_first_party:
        grant = directory.third_party_default_grant(api.identifier, subject)
        rule = "access.third_party_default_grant"
    if grant is None:
        setting = Setting("client_grant", f"{client.client_id} {api.identifier}", "subject_type", subject.value)
        why.append(Reason("access", "access.no_client_grant", False, setting=setting, refused=True))
        raise refusal(
            _not_authorized(audience),
            hint=f"Create a client grant (subject_type {subject.value}) from {client.called} to {audience}.",
        )
    why.append(Reason("access", rule, True, setting=Setting("client_grant", grant.id, "scope", grant.scope)))
    if grant.allow_all_scopes:
        return tuple(scope.value for scope in api.scopes)
    return grant.scope


def _not_authorized(audience: str) -> str:
    return (
        f'Client is not authorized to access "{audience}". You need to create a "client-grant" '
        f"associated to this API. See: {CLIENT_GRANT_DOCS}"
    )


# ── format, dialect, signing ───────────────────────────────────────────────────────────────────


def _format(api: ResourceServer | None, why: list[Reason]) -> Format:
    if api is None:
        why.append(Reason("format", "format.opaque.userinfo_only", "opaque"))
        return Format.OPAQUE
    if api.token_encryption is not None:
        setting = _of_api(api, "token_encryption", api.token_encryption.encryption_key.alg)
        why.append(Reason("format", "format.jwe.api", "jwe", setting=setting))
        return Format.JWE
    why.append(Reason("format", "format.jwt.management" if api.is_management else "format.jwt.api", "jwt"))
    return Format.JWT


def _dialect(api: ResourceServer | None, why: list[Reason]) -> TokenDialect | None:
    if api is None:
        why.append(Reason("dialect", "dialect.opaque", None))
        return None
    dialect = api.token_dialect
    why.append(Reason("dialect", "dialect.api", dialect.value, setting=_of_api(api, "token_dialect", dialect.value)))
    return dialect


def _signing(api: ResourceServer | None, directory: TenantDirectory, why: list[Reason]) -> str:
    if api is None:
        why.append(Reason("signing", "signing.sealed", "A256GCM"))
        return "A256GCM"
    rule = "signing.api_secret" if api.is_symmetric else "signing.tenant_key"
    why.append(Reason("signing", rule, api.signing_alg, setting=_of_api(api, "signing_alg", api.signing_alg)))
    return api.signing_alg


# ── scope ──────────────────────────────────────────────────────────────────────────────────────


def _requested(
    proof: Proof, api: ResourceServer | None, ceiling: tuple[str, ...] | None, why: list[Reason]
) -> tuple[str, ...]:
    field = "scope.requested"
    asked = proof.requested
    if proof.original is not None:
        return _refreshed_scope(proof, api, why)
    if _is_machine(proof):
        if asked:
            why.append(Reason(field, "scope.asked", asked))
            return asked
        whole = ceiling if ceiling is not None else tuple(scope.value for scope in api.scopes) if api else ()
        why.append(Reason(field, "scope.all_of_grant", whole))
        return whole
    if proof.grant_type in PASSWORD_GRANTS:
        if not asked and api is not None:
            whole = tuple(scope.value for scope in api.scopes)
            why.append(Reason(field, "scope.all_of_api", whole))
            return whole
        if asked == ("openid",):
            why.append(Reason(field, "scope.openid_expands", STANDARD_OIDC_SCOPES, before=asked))
            return STANDARD_OIDC_SCOPES
    why.append(Reason(field, "scope.asked" if asked else "scope.empty", asked or ()))
    return asked or ()


def _refreshed_scope(proof: Proof, api: ResourceServer | None, why: list[Reason]) -> tuple[str, ...]:
    """What was granted, plus what a refresh policy of the client adds for this API; narrowed to
    what is asked for, which can add nothing."""
    original = proof.original or ()
    audience = api.identifier if api is not None else None
    if api is not None and audience != proof.stored_audience:
        original = tuple(scope for scope in original if scope in OIDC_SCOPES or scope == OFFLINE_ACCESS)
    if api is not None and proof.client.is_first_party:
        for policy in proof.client.refresh_token.policies:
            if policy.audience == audience:
                original = tuple(dict.fromkeys(original + policy.scope))
    if not proof.requested:
        why.append(Reason("scope.requested", "scope.original", original))
        return original
    narrowed = tuple(scope for scope in proof.requested if scope in original)
    why.append(Reason("scope.requested", "scope.narrowed", narrowed, before=original))
    return narrowed


def _defined(proof: Proof, api: ResourceServer | None, scope: tuple[str, ...], why: list[Reason]) -> tuple[str, ...]:
    """Drop what nobody defines. A machine's scopes are judged by its grant alone."""
    field = "scope.defined"
    if _is_machine(proof):
        why.append(Reason(field, "scope.all_defined", scope))
        return scope
    if api is None:
        known: frozenset[str] = frozenset()
    elif api.is_management:
        known = CURRENT_USER_SCOPES
    else:
        known = api.scope_values
    rule = "scope.undefined_dropped"
    if proof.client.is_strict_third_party:
        kept = tuple(s for s in scope if (s in known and s not in OIDC_SCOPES) or s == OFFLINE_ACCESS)
        if any(s in OIDC_SCOPES for s in scope):
            rule = "scope.third_party_no_oidc"
    else:
        kept = tuple(s for s in scope if s in OIDC_SCOPES or s in known or s == OFFLINE_ACCESS)
    if kept == scope:
        why.append(Reason(field, "scope.all_defined", kept))
        return kept
    if rule == "scope.undefined_dropped" and api is not None and api.is_management:
        rule = "scope.current_user_only"
    setting = _of_api(api, "scopes", tuple(sorted(known))) if api is not None and not api.is_system else None
    why.append(Reason(field, rule, kept, before=scope, setting=setting))
    return kept


def _within_grant(
    proof: Proof,
    api: ResourceServer | None,
    scope: tuple[str, ...],
    ceiling: tuple[str, ...] | None,
    why: list[Reason],
) -> tuple[str, ...]:
    field = "scope.grant"
    if _is_machine(proof) and ceiling is None and api is not None:
        ceiling = tuple(s.value for s in api.scopes)
    if ceiling is None:
        why.append(Reason(field, "scope.no_ceiling", scope))
        return scope
    setting = Setting("client_grant", f"{proof.client.client_id} {api.identifier if api else ''}", "scope", ceiling)
    if _is_machine(proof):
        beyond = tuple(s for s in scope if s not in ceiling)
        if beyond:
            kept = tuple(s for s in scope if s in ceiling)
            why.append(Reason(field, "scope.client_grant_refused", kept, before=scope, setting=setting, refused=True))
            raise AccessDenied(
                f"Client has not been granted scopes: {', '.join(beyond)}",
                hint=f"Add {', '.join(beyond)} to the client grant, or do not ask for it.",
            )
        why.append(Reason(field, "scope.within_grant", scope, setting=setting))
        return scope
    kept = tuple(s for s in scope if s in ceiling or s in OIDC_SCOPES or s == OFFLINE_ACCESS)
    rule = "scope.within_grant" if kept == scope else "scope.client_grant_dropped"
    why.append(Reason(field, rule, kept, before=None if kept == scope else scope, setting=setting))
    return kept


def user_permissions(proof: Proof, api: ResourceServer, directory: TenantDirectory) -> tuple[str, ...]:
    """All permissions the user holds on the API, directly or by role, in the order the API defines them."""
    user = proof.user
    if user is None:
        return ()
    granted = list(user.permissions)
    for role in user.roles:
        if role in directory.roles:
            granted += directory.roles[role].permissions
    held = {p.permission_name for p in granted if p.resource_server_identifier == api.identifier}
    return tuple(scope.value for scope in api.scopes if scope.value in held)


def _rbac(
    proof: Proof, api: ResourceServer | None, directory: TenantDirectory, scope: tuple[str, ...], why: list[Reason]
) -> tuple[str, ...]:
    field = "scope.rbac"
    if _is_machine(proof):
        why.append(Reason(field, "scope.rbac_machine", scope))
        return scope
    if api is None or not api.enforce_policies:
        setting = _of_api(api, "enforce_policies", False) if api is not None else None
        why.append(Reason(field, "scope.rbac_off", scope, setting=setting))
        return scope
    held = user_permissions(proof, api, directory)
    kept = tuple(s for s in scope if s in held or s in OIDC_SCOPES or s == OFFLINE_ACCESS)
    setting = _of_api(api, "enforce_policies", True)
    if kept == scope:
        why.append(Reason(field, "scope.rbac_granted", kept, setting=setting))
    else:
        why.append(Reason(field, "scope.rbac_not_granted", kept, before=scope, setting=setting))
    return kept


def _consented(proof: Proof, audience: str, scope: tuple[str, ...], why: list[Reason]) -> tuple[str, ...]:
    """What consent covers. It was given for one audience; a refresh policy reaches only APIs that skip it."""
    field = "scope.consent"
    elsewhere = proof.stored_audience is not None and proof.stored_audience != audience
    if proof.consented is None or elsewhere:
        rule = "scope.consent_pending" if proof.consent_pending else "scope.consent_not_needed"
        why.append(Reason(field, rule, scope))
        return scope
    kept = tuple(s for s in scope if s in proof.consented)
    why.append(Reason(field, "scope.consented", kept, before=None if kept == scope else scope))
    return kept


# ── refresh token ──────────────────────────────────────────────────────────────────────────────


def _refresh(
    proof: Proof, api: ResourceServer | None, scope: tuple[str, ...], why: list[Reason]
) -> tuple[RefreshPlan | None, tuple[str, ...]]:
    """Whether a refresh token comes with it; where none may, ``offline_access`` leaves the scope."""
    field = "refresh_token"
    client = proof.client
    if proof.original is not None:
        rotating = client.refresh_token.rotation_type is RotationType.ROTATING
        rotated = proof.spend.token.rotating if isinstance(proof.spend, SpendRefreshToken) else rotating
        if rotating is not rotated:
            plan, rule = RefreshPlan.REPLACE, "refresh.rotation_began" if rotating else "refresh.rotation_ended"
        elif rotating:
            plan, rule = RefreshPlan.ROTATE, "refresh.rotated"
        else:
            plan, rule = RefreshPlan.REUSE, "refresh.reused"
        setting = _of_client(client, "refresh_token.rotation_type", client.refresh_token.rotation_type.value)
        why.append(Reason(field, rule, plan.value, setting=setting))
        return plan, scope

    def refuse(rule: str, setting: Setting | None = None) -> tuple[None, tuple[str, ...]]:
        why.append(Reason(field, rule, None, setting=setting))
        return None, tuple(s for s in scope if s != OFFLINE_ACCESS)

    if _is_machine(proof):
        why.append(Reason(field, "refresh.machine", None))
        return None, scope
    if OFFLINE_ACCESS not in scope:
        return refuse("refresh.not_requested")
    if proof.front_channel:
        return refuse("refresh.front_channel")
    if api is not None and not api.allow_offline_access:
        return refuse("refresh.api_forbids", _of_api(api, "allow_offline_access", False))
    if REFRESH_TOKEN not in client.grant_types:
        return refuse("refresh.client_lacks_grant", _of_client(client, "grant_types", client.grant_types))
    in_browser = client.app_type == "spa" or (client.is_public and proof.browser)
    if in_browser and client.refresh_token.rotation_type is not RotationType.ROTATING:
        return refuse("refresh.rotation_required", _of_client(client, "refresh_token.rotation_type", "non-rotating"))
    why.append(Reason(field, "refresh.issued", RefreshPlan.ISSUE.value))
    return RefreshPlan.ISSUE, scope


# ── claims and lifetime ────────────────────────────────────────────────────────────────────────


def _aud(
    proof: Proof, api: ResourceServer | None, directory: TenantDirectory, scope: tuple[str, ...], why: list[Reason]
) -> str | tuple[str, str]:
    userinfo = directory.tenant.userinfo_audience
    if api is None:
        why.append(Reason("aud", "aud.userinfo", userinfo))
        return userinfo
    if _is_machine(proof):
        why.append(Reason("aud", "aud.machine", api.identifier))
        return api.identifier
    if "openid" not in scope:
        why.append(Reason("aud", "aud.no_openid", api.identifier))
        return api.identifier
    if api.is_symmetric:
        setting = _of_api(api, "signing_alg", api.signing_alg)
        why.append(Reason("aud", "aud.symmetric", api.identifier, setting=setting))
        return api.identifier
    both = (api.identifier, userinfo)
    why.append(Reason("aud", "aud.with_userinfo", both))
    return both


def _permissions(
    proof: Proof, api: ResourceServer | None, directory: TenantDirectory, scope: tuple[str, ...], why: list[Reason]
) -> tuple[str, ...] | None:
    field = "permissions"
    if api is None:
        why.append(Reason(field, "permissions.opaque", None))
        return None
    if not api.token_dialect.carries_permissions:
        setting = _of_api(api, "token_dialect", api.token_dialect.value)
        why.append(Reason(field, "permissions.dialect", None, setting=setting))
        return None
    if not api.enforce_policies:
        why.append(Reason(field, "permissions.rbac_off", None, setting=_of_api(api, "enforce_policies", False)))
        return None
    held = scope if _is_machine(proof) else user_permissions(proof, api, directory)
    why.append(Reason(field, "permissions.included", held))
    return held


def _lifetime(proof: Proof, api: ResourceServer | None, why: list[Reason]) -> int:
    if api is None:
        lifetime = USERINFO_LIFETIME_FRONT_CHANNEL if proof.front_channel else USERINFO_LIFETIME
        rule = "lifetime.userinfo_web" if proof.front_channel else "lifetime.userinfo"
        setting = None
    elif proof.front_channel:
        lifetime = min(api.token_lifetime, api.token_lifetime_for_web)
        rule, setting = "lifetime.api_web", _of_api(api, "token_lifetime_for_web", api.token_lifetime_for_web)
    else:
        lifetime = api.token_lifetime
        rule, setting = "lifetime.api", _of_api(api, "token_lifetime", lifetime)
    if proof.seconds_left is not None and proof.seconds_left < lifetime:
        lifetime, rule, setting = proof.seconds_left, "lifetime.presented", None
    if proof.client.is_strict_third_party:
        own = proof.client.jwt_configuration.lifetime_in_seconds or STRICT_THIRD_PARTY_LIFETIME
        if own < lifetime:
            setting = _of_client(proof.client, "jwt_configuration.lifetime_in_seconds", own)
            why.append(Reason("lifetime", "lifetime.third_party", own, before=lifetime, setting=setting))
            return own
    why.append(Reason("lifetime", rule, lifetime, setting=setting))
    return lifetime


def _id_token(proof: Proof, scope: tuple[str, ...], why: list[Reason]) -> bool:
    if _is_machine(proof):
        why.append(Reason("id_token", "id_token.machine", False))
        return False
    granted = "openid" in scope
    why.append(Reason("id_token", "id_token.openid" if granted else "id_token.no_openid", granted))
    return granted


def id_token_lifetime(client: Client) -> int:
    """Seconds an ID token lives: the client's setting, else the default (shorter for strict third parties)."""
    if client.jwt_configuration.lifetime_in_seconds is not None:
        return client.jwt_configuration.lifetime_in_seconds
    return STRICT_THIRD_PARTY_LIFETIME if client.is_strict_third_party else ID_TOKEN_LIFETIME
