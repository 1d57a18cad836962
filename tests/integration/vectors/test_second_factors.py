"""Who has to prove more than a password."""

from __future__ import annotations

from tests.integration.vectors.world import C, World

from doorward.identity.mfa import otp
from doorward.model.authentication_method import AuthenticationMethod, MethodType

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ALWAYS = {
    "guardianFactors": [{"name": "otp", "enabled": True}],
    "guardianPolicies": {"policies": ["all-applications"]},
}


async def test_v57_silence_where_the_session_needs_a_second_factor(world: World) -> None:
    tab = await world.signed_in()
    await world.with_(**ALWAYS)
    await tab.authorize(world.client("W"), prompt="none")
    assert (tab.answer["error"], tab.answer["error_description"]) == (
        "login_required",
        "Multifactor authentication required",
    )
    assert tab.answer["state"] == "s1"


async def test_v78_a_password_asks_for_a_code_and_a_code_gives_tokens(world: World) -> None:
    otp_grant = "http://auth0.com/oauth/grant-type/mfa-otp"
    await world.with_(**ALWAYS, clients=[{"name": "W", "grant_types": ["password", otp_grant]}])
    user = (await world.door.ports.users.page(C, offset=0, limit=1))[0][0]
    method = AuthenticationMethod(
        id="dev_1", user_id=user.user_id, type=MethodType.TOTP, created_at=0.0, secrets={"totp_secret": KEY}
    )
    await world.door.ports.authentication_methods.add(C, user.user_id, [method], events=())
    refused = await world.password()
    assert (refused.status_code, refused.json()["error"]) == (403, "mfa_required")
    code = otp.code_of(KEY, otp.step_at(world.door.clock.now()))
    asked = {"grant_type": otp_grant, "mfa_token": refused.json()["mfa_token"], "otp": code, **world.credentials("W")}
    assert (await world.door.token(C, **asked)).status_code == 200
