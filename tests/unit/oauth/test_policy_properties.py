"""What holds for every token, whatever the configuration and the request."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oauth.tenants import CANONICAL, MANAGEMENT, USERINFO, A, B, H, api, client, directory, grant, user

from doorward.model.client import Client, SubjectType
from doorward.model.directory import TenantDirectory
from doorward.oauth.errors import OAuthError
from doorward.oauth.proof import Proof
from doorward.oauth.scopes import OFFLINE_ACCESS, OIDC_SCOPES
from doorward.oauth.token_policy import Format, TokenPlan, decide
from doorward.oauth.token_rules import FIELDS, RULES

API_SCOPES = ("r", "w", "x")
WORDS = (*API_SCOPES, "openid", "profile", "email", "nickname", OFFLINE_ACCESS, "unknown", "read:users")
scopes = st.lists(st.sampled_from(WORDS), unique=True, max_size=6).map(tuple)
policies = st.sampled_from(["allow_all", "require_client_grant", "deny_all"])
audiences = st.sampled_from([None, A, B, H, MANAGEMENT, USERINFO, "acme.test", "https://nope/"])


@st.composite
def apis(draw: st.DrawFn, identifier: str, alg: str) -> Any:
    return api(
        identifier,
        signing_alg=alg,
        signing_secret="k" * 32,
        token_dialect=draw(
            st.sampled_from(["access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"])
        ),
        enforce_policies=draw(st.booleans()),
        allow_offline_access=draw(st.booleans()),
        token_lifetime=draw(st.integers(0, 2592000)),
        token_lifetime_for_web=draw(st.integers(0, 2592000)),
        skip_consent_for_verifiable_first_party_clients=draw(st.booleans()),
        subject_type_authorization={"user": {"policy": draw(policies)}, "client": {"policy": draw(policies)}},
    )


@st.composite
def tenants(draw: st.DrawFn) -> TenantDirectory:
    known = [draw(apis(A, draw(st.sampled_from(["RS256", "PS256"])))), draw(apis(B, "RS256")), draw(apis(H, "HS256"))]
    grants = [
        grant(
            audience,
            draw(scopes),
            subject_type=subject,
            allow_all_scopes=draw(st.booleans()),
            **({"client_id": None, "default_for": "third_party_clients"} if default else {}),
        )
        for audience in (A, B, H, MANAGEMENT)
        for subject in ("client", "user")
        for default in (False, True)
        if draw(st.booleans())
    ]
    return directory(
        apis=known,
        grants=grants,
        default_audience=draw(st.sampled_from(["", A, H, "https://gone/"])),
        resource_parameter_profile=draw(st.sampled_from(["audience", "compatibility"])),
    )


@st.composite
def clients(draw: st.DrawFn) -> Client:
    first = draw(st.booleans())
    mode = {} if first else {"third_party_security_mode": draw(st.sampled_from(["strict", "permissive"]))}
    return client(
        is_first_party=first,
        app_type=draw(st.sampled_from(["spa", "regular_web", "native", "non_interactive"])),
        grant_types=draw(st.lists(st.sampled_from(["authorization_code", "refresh_token", "password"]), unique=True)),
        token_endpoint_auth_method=draw(st.sampled_from(["none", "client_secret_post"])),
        refresh_token={
            "rotation_type": draw(st.sampled_from(["rotating", "non-rotating"])),
            "policies": [{"audience": B, "scope": list(draw(scopes))}],
        },
        **mode,
    )


@st.composite
def proofs(draw: st.DrawFn) -> Proof:
    kind = draw(st.sampled_from(["client_credentials", "authorization_code", "password", "implicit", "refresh_token"]))
    person = None if kind == "client_credentials" else user(*draw(scopes), on=draw(st.sampled_from([A, B, H])))
    original = draw(scopes) if kind == "refresh_token" else None
    return Proof(
        grant_type=kind,
        client=draw(clients()),
        user=person,
        audience=draw(audiences),
        resource=draw(audiences),
        requested=draw(scopes) or None,
        original=original,
        stored_audience=draw(st.sampled_from([A, B, H, USERINFO])) if kind == "refresh_token" else None,
        consented=draw(st.none() | scopes) if person is not None else None,
        front_channel=kind == "implicit",
        browser=draw(st.booleans()),
    )


def decided(proof: Proof, tenant: TenantDirectory) -> TokenPlan | OAuthError:
    try:
        return decide(proof, tenant, CANONICAL)
    except OAuthError as error:
        return error


@settings(max_examples=120)
@given(proofs(), tenants())
def test_what_holds_for_every_decision(proof: Proof, tenant: TenantDirectory) -> None:
    """All of it of the same examples: to make those takes longer than to decide."""
    outcome = decided(proof, tenant)
    assert decided(proof, tenant).reasons == outcome.reasons, "the same question has the same answer"
    has_one_deciding_reason_for_every_field(outcome)
    if isinstance(outcome, TokenPlan):
        is_what_no_configuration_can_change(outcome, proof, tenant)


def has_one_deciding_reason_for_every_field(outcome: TokenPlan | OAuthError) -> None:
    fields = tuple(reason.field for reason in outcome.reasons)
    assert fields == (FIELDS if isinstance(outcome, TokenPlan) else FIELDS[: len(fields)])
    for reason in outcome.reasons:
        assert RULES[reason.rule].field == reason.field
    refused = [reason.refused for reason in outcome.reasons]
    assert refused == [False] * (len(refused) - 1) + [isinstance(outcome, OAuthError)]


def is_what_no_configuration_can_change(plan: TokenPlan, proof: Proof, tenant: TenantDirectory) -> None:
    machine = proof.user is None
    granted = set(plan.scope)
    codes = {reason.rule for reason in plan.reasons}
    # form and audience
    assert (plan.format is Format.OPAQUE) == (plan.api is None)
    assert (plan.aud == USERINFO) == (plan.api is None)
    if isinstance(plan.aud, tuple):
        assert plan.api is not None
        assert not plan.api.is_symmetric
        assert "openid" in granted
        assert not machine
        assert plan.aud == (plan.api.identifier, USERINFO)
    # scopes: never more than exists, than was asked, than the user and the grant allow
    if machine:
        held = tenant.client_grant("W", plan.audience, SubjectType.CLIENT) if plan.api else None
        everything = plan.api.scope_values if plan.api is not None else frozenset()
        # Where every machine is let in, nobody asks for a grant.
        unbound = held is None or held.allow_all_scopes or "access.client_allow_all" in codes
        ceiling = everything if unbound else set(held.scope)
        assert granted <= ceiling
    else:
        defined = plan.api.scope_values if plan.api is not None and not plan.api.is_system else set()
        assert granted <= OIDC_SCOPES | {OFFLINE_ACCESS} | defined | {"read:current_user"}
    if plan.api is not None and plan.api.enforce_policies and proof.user is not None:
        allowed = {p.permission_name for p in proof.user.permissions if p.resource_server_identifier == plan.audience}
        assert granted - OIDC_SCOPES - {OFFLINE_ACCESS} <= allowed
    if proof.consented is not None and proof.stored_audience in (None, plan.audience):
        assert granted <= set(proof.consented)
    if proof.client.is_strict_third_party and not machine:
        assert not granted & OIDC_SCOPES
        assert not plan.id_token
        assert plan.api is None or not plan.api.is_system
    # refresh tokens
    if machine or proof.front_channel:
        assert plan.refresh is None
    if proof.original is None and not machine:
        assert (plan.refresh is not None) == (OFFLINE_ACCESS in granted)
    # claims
    assert plan.id_token == ("openid" in granted and not machine)
    assert (plan.permissions is None) != (
        plan.api is not None and plan.api.enforce_policies and plan.api.token_dialect.carries_permissions
    )
