"""Which scopes are granted, by API, grant, role and consent."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.vectors.world import A, World, claims

RBAC = {"enforce_policies": True}
AUTHZ = {"token_dialect": "access_token_authz"}
PERMISSION = {"resource_server_identifier": A}
REQUIRE_GRANT = {"subject_type_authorization": {"user": {"policy": "require_client_grant"}}}


def holding(*names: str) -> dict[str, Any]:
    return {"permissions": [{**PERMISSION, "permission_name": name} for name in names]}


async def test_v37_rbac_grants_what_the_user_may(world: World) -> None:
    await (await world.api(**RBAC)).user(**holding("r"))
    answer = await world.code_flow(audience=A, scope="openid r w")
    assert answer["scope"] == "openid r"
    assert "permissions" not in claims(answer["access_token"])


async def test_v38_permissions_are_all_the_user_has(world: World) -> None:
    await (await world.api(**RBAC, **AUTHZ)).user(**holding("r", "x"))
    token = claims((await world.code_flow(audience=A, scope="r"))["access_token"])
    assert (token["scope"], token["permissions"]) == ("r", ["r", "x"])


async def test_v39_a_user_without_permissions_gets_an_empty_list(world: World) -> None:
    await world.api(**RBAC, **AUTHZ)
    answer = await world.code_flow(audience=A, scope="r")
    assert "scope" not in answer
    assert claims(answer["access_token"])["permissions"] == []


async def test_v40_without_rbac_there_is_no_permissions_claim(world: World) -> None:
    await world.api(**AUTHZ)
    assert "permissions" not in claims((await world.code_flow(audience=A, scope="r"))["access_token"])


async def test_v41_a_scope_the_api_does_not_define_is_dropped(world: World) -> None:
    assert (await world.code_flow(audience=A, scope="r zzz"))["scope"] == "r"


async def test_v42_a_user_grant_is_the_ceiling(world: World) -> None:
    await world.api(**REQUIRE_GRANT)
    await world.with_(clientGrants=[{"client_id": "W", "audience": A, "scope": ["r"], "subject_type": "user"}])
    assert (await world.code_flow(audience=A, scope="r w"))["scope"] == "r"


@pytest.mark.parametrize("policy", ["require_client_grant", "deny_all"], ids=["v43", "v45"])
async def test_v43_v45_a_client_that_may_not_is_unauthorized(world: World, policy: str) -> None:
    await world.api(subject_type_authorization={"user": {"policy": policy}})
    assert (await world.asked(audience=A, scope="r"))["error"] == "unauthorized_client"


async def test_v44_under_a_grant_scopes_have_to_be_asked_for(world: World) -> None:
    await world.api(**REQUIRE_GRANT)
    await world.with_(clientGrants=[{"client_id": "W", "audience": A, "scope": ["r"], "subject_type": "user"}])
    answer = await world.code_flow(audience=A, scope="")
    assert "scope" not in answer
    assert claims(answer["access_token"])["aud"] == A


async def test_v46_a_strict_third_party_needs_a_grant_even_where_all_may(world: World) -> None:
    tab = await (await world.signed_in()).authorize(world.client("Strict"), audience=A, scope="r")
    assert tab.page is not None
    assert tab.page.status_code == 403
    assert "unauthorized_client" in tab.page.text


async def test_v47_the_default_grant_of_third_parties_stands_in(world: World) -> None:
    grant = {"default_for": "third_party_clients", "audience": A, "scope": ["r"], "subject_type": "user"}
    await world.with_(clientGrants=[grant])
    tab = await (await world.signed_in()).authorize(world.client("Strict"), audience=A, scope="openid r")
    assert tab.path == "/u/consent"
    await tab.submit("accept")
    answer = (await world.redeem("Strict", tab.answer["code"])).json()
    assert answer["scope"] == "r"
    assert "id_token" not in answer


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
        ({"screen_hint": "signup"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
    ids=["v48", "v49", "v50"],
)
async def test_v48_to_v50_what_a_strict_third_party_may_not_send(
    world: World, parameters: dict[str, str], error: str
) -> None:
    tab = await world.tab().authorize(world.client("Strict"), **parameters)
    assert tab.page is not None
    assert error in tab.page.text
    assert tab.page.status_code >= 400


async def test_v51_consent_is_remembered_until_it_is_asked_for(world: World) -> None:
    client = world.client("Permissive")
    tab = await (await world.signed_in()).authorize(client, scope="openid profile")
    assert tab.path == "/u/consent"
    await tab.submit("accept")
    assert "code" in tab.answer
    await tab.authorize(client, scope="openid profile")
    assert "code" in tab.answer
    await tab.authorize(client, scope="openid profile", prompt="consent")
    assert tab.path == "/u/consent"


async def test_v52_a_declined_consent_is_access_denied(world: World) -> None:
    tab = await (await world.signed_in()).authorize(world.client("Permissive"))
    await tab.submit("deny")
    assert tab.answer["error"] == "access_denied"


async def test_v53_silence_and_missing_consent(world: World) -> None:
    answer = await world.asked("Permissive", prompt="none")
    assert (answer["error"], answer["error_description"]) == ("consent_required", "Consent required")


async def test_v54_a_first_party_consents_where_the_api_does_not_skip_it(world: World) -> None:
    await world.api(skip_consent_for_verifiable_first_party_clients=False)
    client = world.client("W")
    tab = await (await world.signed_in()).authorize(client, audience=A, scope="r")
    assert tab.path == "/u/consent"
    await tab.submit("accept")
    await tab.authorize(client, audience=A, scope="r")
    assert "code" in tab.answer


async def test_v95_two_kinds_of_refresh_token_at_once(world: World) -> None:
    answer = await world.asked(scope="openid online_access offline_access")
    assert answer["error"] == "invalid_request"
    assert answer["error_description"] == "Cannot request both online_access and offline_access scopes"
