"""What token comes out of which request: the decision table of the policy, row by row."""

# ruff: noqa: E501 (a table reads best with a row to a line)

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.oauth.tenants import (
    CANONICAL,
    CD,
    CUSTOM,
    MANAGEMENT,
    USERINFO,
    A,
    B,
    C,
    H,
    api,
    client,
    directory,
    grant,
    login,
    machine,
    user,
)

from doorward.model.credential import RefreshToken
from doorward.model.directory import TenantDirectory
from doorward.model.role import Permission, Role
from doorward.model.tenant import Issuer
from doorward.oauth.errors import OAuthError
from doorward.oauth.proof import Proof, SpendRefreshToken
from doorward.oauth.token_policy import TokenPlan, decide
from doorward.oauth.token_rules import FIELDS

PASSWORD = {"grant_type": "password"}
STRICT = client(is_first_party=False)
PERMISSIVE = client(is_first_party=False, third_party_security_mode="permissive")
SPA = client("P", app_type="spa", token_endpoint_auth_method="none")
ROTATING = {"rotation_type": "rotating", "expiration_type": "expiring"}
OFFLINE = api(allow_offline_access=True)
RBAC = api(enforce_policies=True)
AUTHZ = api(enforce_policies=True, token_dialect="access_token_authz")
FOR_USERS = {"user": {"policy": "require_client_grant"}}
NEEDS_GRANT = api(subject_type_authorization=FOR_USERS)
ENCRYPTED = api(
    token_encryption={"format": "compact-nested-jwe", "encryption_key": {"pem": "p", "alg": "RSA-OAEP-256"}}
)


def plan_of(proof: Proof, tenant: TenantDirectory, issuer: Issuer = CANONICAL) -> TokenPlan:
    return decide(proof, tenant, issuer)


def seen(plan: TokenPlan) -> dict[str, Any]:
    """The plan in the words of the table."""
    return {
        "form": plan.format.value,
        "aud": list(plan.aud) if isinstance(plan.aud, tuple) else plan.aud,
        "scope": " ".join(plan.scope),
        "alg": plan.alg,
        "iss": plan.issuer,
        "lives": plan.lifetime,
        "id_token": plan.id_token,
        "refresh": plan.refresh.value if plan.refresh is not None else None,
        "permissions": list(plan.permissions) if plan.permissions is not None else None,
        "because": [reason.rule for reason in plan.reasons],
    }


def refreshed(scope: str = "", original: str = "openid r offline_access", rotating: bool = False, **more: Any) -> Proof:
    token = RefreshToken(
        token_hash=b"t", family="f", generation=0, client_id="W", user_id="auth0|u", host=C, audience=A,
        scope=tuple(original.split()), granted={}, issued_at=0.0, rotating=rotating,
    )  # fmt: skip
    given = {"grant_type": "refresh_token", "stored_audience": A, "spend": SpendRefreshToken(token), **more}
    return login(scope, original=token.scope, **given)


TENANT = directory()
DEFAULT_A = directory(default_audience=A)
COMPATIBLE = directory(resource_parameter_profile="compatibility")
POLICIES = {"policies": [{"audience": B, "scope": ["r"]}]}
MULTI = client(refresh_token=POLICIES)
REACHABLE = directory(apis=[api(), api(B, skip_consent_for_verifiable_first_party_clients=True)])

# what it is about, the proof, the tenant, what comes out
ISSUED: list[tuple[str, Proof, TenantDirectory, dict[str, Any]]] = [
    # audience and format
    ("no audience", login("openid"), TENANT, {"form": "opaque", "aud": USERINFO, "because": "audience.none"}),
    ("the bare domain", login("openid", audience=C), TENANT, {"form": "opaque", "because": "audience.userinfo"}),
    ("its origin", login("openid", audience=f"https://{C}"), TENANT, {"form": "opaque"}),
    ("/userinfo", login("openid", audience=USERINFO), TENANT, {"form": "opaque", "lives": 86400}),
    ("no audience, no openid", login(), TENANT, {"form": "opaque", "id_token": False, "scope": ""}),
    ("a default audience", login("openid"), DEFAULT_A, {"aud": [A, USERINFO], "because": "audience.tenant_default"}),
    ("a symmetric default", login("openid"), directory(default_audience=H), {"aud": H, "because": "aud.symmetric"}),
    ("the default without openid", login(), DEFAULT_A, {"aud": A, "form": "jwt", "id_token": False}),
    ("/userinfo beats the default", login("openid", audience=USERINFO), DEFAULT_A, {"form": "opaque"}),
    ("a named API beats the default", login("openid", audience=B), DEFAULT_A, {"aud": [B, USERINFO]}),
    ("an API", login("openid r", audience=A), TENANT, {"aud": [A, USERINFO], "scope": "openid r", "form": "jwt"}),
    ("an API without openid", login("r", audience=A), TENANT, {"aud": A, "id_token": False}),
    ("a symmetric API", login("openid", audience=H), TENANT, {"aud": H, "alg": "HS256", "id_token": True}),
    ("PS256", login("openid", audience=A), directory(apis=[api(signing_alg="PS256")]), {"aud": [A, USERINFO]}),
    ("the Management API", login("openid read:users read:current_user", audience=MANAGEMENT), TENANT,
        {"aud": [MANAGEMENT, USERINFO], "scope": "openid read:current_user", "because": "scope.current_user_only"}),
    ("resource", login("openid", resource=A), COMPATIBLE, {"aud": [A, USERINFO], "because": "audience.resource_indicator"}),
    ("audience beats resource", login("openid", audience=B, resource=A), COMPATIBLE, {"aud": [B, USERINFO]}),
    ("resource where it does not count", login("openid", resource=A), TENANT, {"form": "opaque"}),
    ("an encrypted token", login("openid r", audience=A), directory(apis=[ENCRYPTED]), {"form": "jwe"}),
    # machines
    ("a machine", machine("r", audience=A), directory(grants=[grant()]), {"aud": A, "scope": "r", "id_token": False}),
    ("a machine without scope", machine(audience=A), directory(grants=[grant()]), {"scope": "r w"}),
    ("a machine with all scopes", machine(audience=A), directory(grants=[grant(allow_all_scopes=True)]), {"scope": "r w x"}),
    ("a machine and the default", machine(), directory(grants=[grant()], default_audience=A), {"aud": A}),
    ("an API open to machines", machine("x", audience=A),
        directory(apis=[api(subject_type_authorization={"client": {"policy": "allow_all"}})]), {"scope": "x"}),
    # scopes
    ("what is not defined", login("r zzz", audience=A), TENANT, {"scope": "r", "because": "scope.undefined_dropped"}),
    ("RBAC", login("openid r w", audience=A, user=user("r")), directory(apis=[RBAC]), {"scope": "openid r", "permissions": None}),
    ("RBAC off", login("r w", audience=A), TENANT, {"scope": "r w", "because": "scope.rbac_off"}),
    ("permissions", login("r", audience=A, user=user("x", "r")), directory(apis=[AUTHZ]), {"scope": "r", "permissions": ["r", "x"]}),
    ("no permission", login("r", audience=A), directory(apis=[AUTHZ]), {"scope": "", "permissions": []}),
    ("permissions by role", login("r", audience=A, user=user(roles=("rol_1",))),
        directory(apis=[AUTHZ], roles=[Role(id="rol_1", name="R", permissions=(Permission(A, "r"),))]), {"permissions": ["r"]}),
    ("the dialect without RBAC", login("r", audience=A),
        directory(apis=[api(token_dialect="access_token_authz")]), {"permissions": None, "because": "permissions.rbac_off"}),
    ("a user grant", login("r w", audience=A), directory(apis=[NEEDS_GRANT], grants=[grant(scope=["r"], subject_type="user")]),
        {"scope": "r", "because": "scope.client_grant_dropped"}),
    ("a user grant, no scope", login(audience=A),
        directory(apis=[NEEDS_GRANT], grants=[grant(scope=["r"], subject_type="user")]), {"scope": ""}),
    ("password without scope", login(audience=A, **PASSWORD), TENANT, {"scope": "r w x", "because": "scope.all_of_api"}),
    ("password with openid", login("openid", **PASSWORD), TENANT, {"scope": "openid profile email address phone"}),
    ("password, all of it under RBAC", login(audience=A, user=user("w"), **PASSWORD), directory(apis=[RBAC]), {"scope": "w"}),
    ("consent for less", login("openid r w", audience=A, client=PERMISSIVE, consented=("openid", "r")), TENANT, {"scope": "openid r"}),
    # third parties
    ("a strict third party", login("openid r", audience=A, client=STRICT),
        directory(grants=[grant(scope=["r"], subject_type="user", client_id=None, default_for="third_party_clients")]),
        {"scope": "r", "id_token": False, "aud": A, "lives": 3600, "because": "access.third_party_default_grant"}),
    ("its own grant wins", login("r w", audience=A, client=STRICT),
        directory(grants=[
            grant(scope=["r", "w"], subject_type="user", client_id=None, default_for="third_party_clients"),
            grant(scope=["w"], subject_type="user"),
        ]), {"scope": "w", "because": "access.client_grant"}),
    ("a permissive third party", login("openid r", audience=A, client=PERMISSIVE), TENANT, {"scope": "openid r", "id_token": True}),
    # lifetimes
    ("an API's lifetime", login("r", audience=A), directory(apis=[api(token_lifetime=60)]), {"lives": 60}),
    ("the front channel", login("openid r", audience=A, front_channel=True), TENANT, {"lives": 7200, "because": "lifetime.api_web"}),
    ("the smaller of both", login("r", audience=A, front_channel=True), directory(apis=[api(token_lifetime=60)]), {"lives": 60}),
    ("opaque in the front channel", login("openid", front_channel=True), TENANT, {"lives": 7200}),
    # refresh tokens
    ("offline access", login("r offline_access", audience=A), directory(apis=[OFFLINE]), {"refresh": "issue", "scope": "r offline_access"}),
    ("an API that forbids it", login("r offline_access", audience=A), TENANT, {"refresh": None, "scope": "r", "because": "refresh.api_forbids"}),
    ("a client without the grant", login("offline_access", client=client(grant_types=["authorization_code"])), TENANT,
        {"refresh": None, "because": "refresh.client_lacks_grant"}),
    ("a browser that does not rotate", login("offline_access", client=SPA), TENANT, {"refresh": None, "because": "refresh.rotation_required"}),
    ("a browser that rotates", login("offline_access", client=client("P", app_type="spa", refresh_token=ROTATING)), TENANT, {"refresh": "issue"}),
    ("never in front", login("offline_access", front_channel=True), TENANT, {"refresh": None, "because": "refresh.front_channel"}),
    ("a refresh", refreshed(), TENANT, {"scope": "openid r offline_access", "refresh": "reuse"}),
    ("a narrower refresh", refreshed("openid"), TENANT, {"scope": "openid", "because": "scope.narrowed"}),
    ("a refresh cannot widen", refreshed("openid w"), TENANT, {"scope": "openid"}),
    ("rotation", refreshed(rotating=True, client=client(refresh_token=ROTATING)), TENANT, {"refresh": "rotate"}),
    ("rotation began", refreshed(client=client(refresh_token=ROTATING)), TENANT, {"refresh": "replace", "because": "refresh.rotation_began"}),
    ("rotation ended", refreshed(rotating=True), TENANT, {"refresh": "replace", "because": "refresh.rotation_ended"}),
    ("a refresh policy", refreshed("r w", client=MULTI, audience=B), REACHABLE, {"aud": B, "scope": "r", "because": "audience.refresh_policy"}),
    ("no refresh policy", refreshed(client=MULTI, audience=H), REACHABLE, {"aud": [A, USERINFO], "because": "audience.stored"}),
    ("RBAC counts again", refreshed(user=user("w")), directory(apis=[RBAC]), {"scope": "openid offline_access"}),
]  # fmt: skip

# what it is about, the proof, the tenant, error, how its description begins, the rule
REFUSED: list[tuple[str, Proof, TenantDirectory, str, str, str]] = [
    ("unknown at /authorize", login("openid", audience="https://nope/", at_authorize=True), TENANT,
        "access_denied", "Service not found: https://nope/", "audience.unknown_api"),
    ("a missing slash", login(audience="https://api", at_authorize=True), TENANT,
        "access_denied", "Service not found: https://api", "audience.unknown_api"),
    ("another domain's /userinfo", login(audience=f"https://{CD}/userinfo", at_authorize=True), TENANT,
        "access_denied", f"Service not found: https://{CD}/userinfo", "audience.unknown_api"),
    ("two in one", login(audience=f"{A} {B}", at_authorize=True), TENANT,
        "access_denied", f"Service not found: {A} {B}", "audience.unknown_api"),
    ("unknown for a machine", machine(audience="https://nope/"), TENANT,
        "access_denied", "Service not enabled within domain: https://nope/", "audience.unknown_api"),
    ("a machine without an API", machine(), TENANT,
        "access_denied", "Non-global clients are not allowed access to APIv1", "audience.no_api"),
    ("a machine at /userinfo", machine(audience=USERINFO), TENANT,
        "access_denied", f'Client is not authorized to access "{USERINFO}"', "access.userinfo_machine"),
    ("a machine without a grant", machine(audience=H), directory(grants=[grant()]),
        "access_denied", f'Client is not authorized to access "{H}"', "access.no_client_grant"),
    ("more than granted", machine("r x", audience=A), directory(grants=[grant()]),
        "access_denied", "Client has not been granted scopes: x", "scope.client_grant_refused"),
    ("OpenID scopes of a machine", machine("openid r", audience=A), directory(grants=[grant()]),
        "access_denied", "Client has not been granted scopes: openid", "scope.client_grant_refused"),
    ("no grant for its users", login("r", audience=A), directory(apis=[NEEDS_GRANT], grants=[grant()]),
        "unauthorized_client", f'Client is not authorized to access "{A}"', "access.no_client_grant"),
    ("no users at all", login("r", audience=A), directory(apis=[api(subject_type_authorization={"user": {"policy": "deny_all"}})]),
        "unauthorized_client", "Client is not authorized", "access.deny_all"),
    ("a strict third party without a grant", login("r", audience=A, client=STRICT), TENANT,
        "unauthorized_client", "Client is not authorized", "access.no_client_grant"),
    ("a strict third party at a system API", login(audience=MANAGEMENT, client=STRICT), TENANT,
        "unauthorized_client", "Client is not authorized", "access.system_api"),
    ("a default that is gone", login("openid"), directory(default_audience="https://gone/"),
        "access_denied", "Service not enabled within domain: https://gone/", "audience.unknown_api"),
]  # fmt: skip


@pytest.mark.parametrize(("proof", "tenant", "expected"), [row[1:] for row in ISSUED], ids=[row[0] for row in ISSUED])
def test_issued(proof: Proof, tenant: TenantDirectory, expected: dict[str, Any]) -> None:
    plan = plan_of(proof, tenant)
    got = seen(plan)
    because = expected.get("because")
    assert because is None or because in got["because"]
    assert {name: got[name] for name in expected if name != "because"} == {
        name: value for name, value in expected.items() if name != "because"
    }
    assert tuple(reason.field for reason in plan.reasons) == FIELDS


@pytest.mark.parametrize(
    ("proof", "tenant", "error", "begins", "rule"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused(proof: Proof, tenant: TenantDirectory, error: str, begins: str, rule: str) -> None:
    with pytest.raises(OAuthError) as refused:
        plan_of(proof, tenant)
    assert refused.value.error == error
    assert refused.value.description.startswith(begins)
    assert refused.value.reasons[-1].rule == rule
    assert refused.value.reasons[-1].refused
    assert tuple(reason.field for reason in refused.value.reasons) == FIELDS[: len(refused.value.reasons)]


def test_the_issuer_follows_the_domain_and_system_audiences_do_not() -> None:
    plan = plan_of(login("openid r", audience=A), TENANT, CUSTOM)
    assert (plan.issuer, plan.aud) == (f"https://{CD}/", (A, USERINFO))
    assert plan.because("issuer.custom_domain")
    assert plan_of(login("openid"), TENANT, CUSTOM).aud == USERINFO
