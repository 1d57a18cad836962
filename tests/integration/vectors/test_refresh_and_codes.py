"""Refresh tokens and codes: how long they live, and what using them twice does."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.vectors.world import CD, A, B, C, H, World, claims, error

OFFLINE = {"audience": A, "scope": "openid r offline_access"}
ROTATING = {"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0}
UNKNOWN = (403, "invalid_grant", "Unknown or invalid refresh token.")

OPENS_B = {
    "rotation_type": "non-rotating",
    "expiration_type": "non-expiring",
    "policies": [{"audience": B, "scope": ["b1"]}],
}


async def rotating(world: World, name: str = "P", **settings: Any) -> World:
    return await world.with_(clients=[{"name": name, "refresh_token": {**ROTATING, **settings}}])


async def test_v63_an_api_that_forbids_offline_access(world: World) -> None:
    await world.api(allow_offline_access=False)
    answer = await world.code_flow(**OFFLINE)
    assert "refresh_token" not in answer
    assert answer["scope"] == "openid r"


async def test_v64_a_token_that_does_not_rotate_is_used_again(world: World) -> None:
    token = (await world.code_flow(**OFFLINE))["refresh_token"]
    for _ in range(3):
        answer = await world.refresh("W", token)
        assert answer.status_code == 200
        assert "refresh_token" not in answer.json()


async def test_v65_a_single_page_application_has_to_rotate(world: World) -> None:
    assert "refresh_token" not in await world.code_flow("P", **OFFLINE)


async def test_v66_using_a_rotated_token_again_ends_the_family(world: World) -> None:
    await rotating(world)
    first = (await world.code_flow("P", **OFFLINE))["refresh_token"]
    second = (await world.refresh("P", first)).json()["refresh_token"]
    assert second != first
    assert error(await world.refresh("P", first)) == UNKNOWN
    assert error(await world.refresh("P", second)) == UNKNOWN
    assert await world.door.log("ferrt", C)


async def test_v67_leeway_shields_the_immediate_predecessor(world: World) -> None:
    await rotating(world, leeway=30)
    first = (await world.code_flow("P", **OFFLINE))["refresh_token"]
    assert (await world.refresh("P", first)).status_code == 200
    world.door.clock.pass_(29)
    again = await world.refresh("P", first)
    assert again.status_code == 200
    fourth = await world.refresh("P", again.json()["refresh_token"])
    assert fourth.status_code == 200
    assert error(await world.refresh("P", first)) == UNKNOWN
    assert error(await world.refresh("P", fourth.json()["refresh_token"])) == UNKNOWN


async def test_a_client_that_begins_to_rotate_gets_a_rotating_token_for_all_its_lasting_ones(world: World) -> None:
    lasting = [(await world.code_flow(**OFFLINE))["refresh_token"] for _ in range(2)]
    await rotating(world, "W")
    first = (await world.refresh("W", lasting[0])).json()["refresh_token"]
    for token in lasting:
        assert error(await world.refresh("W", token)) == UNKNOWN
    second = await world.refresh("W", first)
    assert second.json()["refresh_token"] != first
    assert error(await world.refresh("W", first)) == UNKNOWN


async def test_a_client_that_ends_rotation_gets_a_lasting_token_for_the_family(world: World) -> None:
    await rotating(world, "W", leeway=60)
    other = (await world.code_flow(**OFFLINE))["refresh_token"]
    first = (await world.code_flow(**OFFLINE))["refresh_token"]
    siblings = [(await world.refresh("W", first)).json()["refresh_token"] for _ in range(2)]
    await rotating(world, "W", rotation_type="non-rotating")
    lasting = (await world.refresh("W", siblings[0])).json()["refresh_token"]
    for token in (first, *siblings):
        assert error(await world.refresh("W", token)) == UNKNOWN
    for _ in range(2):
        again = await world.refresh("W", lasting)
        assert (again.status_code, "refresh_token" in again.json()) == (200, False)
    assert (await world.refresh("W", other)).status_code == 200


async def test_a_token_of_the_other_kind_lives_no_longer(world: World) -> None:
    await rotating(world, "W", token_lifetime=60, infinite_token_lifetime=False)
    first = (await world.code_flow(**OFFLINE))["refresh_token"]
    world.door.clock.pass_(30)
    await rotating(world, "W", rotation_type="non-rotating")
    lasting = (await world.refresh("W", first)).json()["refresh_token"]
    world.door.clock.pass_(31)
    assert error(await world.refresh("W", lasting)) == UNKNOWN


async def test_v68_a_narrower_refresh_narrows_once(world: World) -> None:
    token = (await world.code_flow(**OFFLINE))["refresh_token"]
    assert (await world.refresh("W", token, scope="openid")).json()["scope"] == "openid"
    assert (await world.refresh("W", token)).json()["scope"] == "openid r offline_access"


async def test_v69_a_token_belongs_to_its_client(world: World) -> None:
    token = (await world.code_flow(**OFFLINE))["refresh_token"]
    status, code, _ = error(await world.refresh("P", token))
    assert (status, code) == (403, "invalid_grant")


async def test_v70_rotation_does_not_lengthen_a_familys_life(world: World) -> None:
    await rotating(world, token_lifetime=60, infinite_token_lifetime=False)
    first = (await world.code_flow("P", **OFFLINE))["refresh_token"]
    world.door.clock.pass_(30)
    second = (await world.refresh("P", first)).json()["refresh_token"]
    world.door.clock.pass_(31)
    assert (await world.refresh("P", second)).status_code == 403


async def test_v71_a_policy_opens_another_api(world: World) -> None:
    await world.with_(clients=[{"name": "W", "refresh_token": OPENS_B}])
    token = (await world.code_flow(**OFFLINE))["refresh_token"]
    answer = (await world.refresh("W", token, audience=B, scope="b1 b2")).json()
    access = claims(answer["access_token"])
    assert (access["aud"], access["scope"]) == (B, "b1")


async def test_v72_an_api_outside_the_policy_is_ignored(world: World) -> None:
    await world.with_(clients=[{"name": "W", "refresh_token": OPENS_B}])
    token = (await world.code_flow(audience=A, scope="r offline_access"))["refresh_token"]
    assert claims((await world.refresh("W", token, audience=H)).json()["access_token"])["aud"] == A


async def test_v73_a_revoked_token_is_gone(world: World) -> None:
    token = (await world.code_flow(**OFFLINE))["refresh_token"]
    async with world.door.http(C) as http:
        revoked = await http.post("/oauth/revoke", data={"token": token, **world.credentials("W")})
    assert (revoked.status_code, revoked.content) == (200, b"")
    assert error(await world.refresh("W", token)) == UNKNOWN


async def test_v74_a_password_without_scope_gets_all_of_the_api(world: World) -> None:
    answer = (await world.password(audience=A)).json()
    assert answer["scope"] == "r w x"
    assert claims(answer["access_token"])["gty"] == "password"
    assert "id_token" not in answer


async def test_v75_a_password_with_openid_gets_all_of_the_person(world: World) -> None:
    answer = (await world.password(scope="openid")).json()
    assert answer["scope"] == "openid profile email address phone"
    assert claims(answer["id_token"])["name"] == "U"


async def test_v76_a_wrong_password(world: World) -> None:
    assert error(await world.password(password="wrong-horse-9")) == (403, "invalid_grant", "Wrong email or password.")


async def test_v77_a_refresh_remembers_how_it_began(world: World) -> None:
    token = (await world.password(audience=A, scope="r offline_access")).json()["refresh_token"]
    access = claims((await world.refresh("W", token)).json()["access_token"])
    assert access["gty"] == ["refresh_token", "password"]


async def test_v86_a_code_is_used_once_and_a_second_use_takes_back_the_first(world: World) -> None:
    code = (await world.asked(**OFFLINE))["code"]
    first = (await world.redeem("W", code)).json()
    assert error(await world.redeem("W", code)) == (403, "invalid_grant", "Invalid authorization code")
    assert (await world.userinfo(first["access_token"])).status_code == 401
    assert error(await world.refresh("W", first["refresh_token"])) == UNKNOWN


async def test_v87_a_wrong_verifier_burns_the_code(world: World) -> None:
    code = (await world.asked())["code"]
    wrong = await world.redeem("W", code, code_verifier="w" * 43)
    assert error(wrong) == (403, "invalid_grant", "Failed to verify code verifier")
    assert (await world.redeem("W", code)).status_code == 403


@pytest.mark.parametrize(
    "more",
    [{"redirect_uri": "https://app.test/other"}, {"host": CD}, {"client": "P"}],
    ids=["redirect_uri", "host", "client"],
)
async def test_a_code_is_bound_to_what_it_was_issued_for(world: World, more: dict[str, str]) -> None:
    code = (await world.asked())["code"]
    parameters = {"client": "W", "code": code, **more}
    assert (await world.redeem(**parameters)).status_code in (403, 401)
    assert (await world.redeem("W", code)).status_code == 200
