"""Silence, freshness, response types, and leaving."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from urllib.parse import urlencode

from tests.integration.vectors.world import A, World, claims


async def test_v55_silence_without_a_session(world: World) -> None:
    tab = await world.tab().authorize(world.client("W"), prompt="none")
    assert (tab.answer["error"], tab.answer["error_description"]) == ("login_required", "Login required")
    assert tab.answer["state"] == "s1"


async def test_v56_a_web_message_goes_to_the_one_origin(world: World) -> None:
    tab = await (await world.signed_in()).authorize(world.client("P"), prompt="none", response_mode="web_message")
    assert tab.page is not None
    assert tab.page.status_code == 200
    response, origin = message(tab.page.text)
    assert origin == "https://app.test"
    assert response["state"] == "s1"
    assert (await world.redeem("P", response["code"])).status_code == 200
    assert "frame-ancestors" not in tab.page.headers["content-security-policy"]
    assert "x-frame-options" not in tab.page.headers


def message(html: str) -> tuple[dict[str, str], str]:
    """What the page posts, and to which origin."""
    found = re.search(r"window\.parent, (\{.*\}), (\".*\")\);", html)
    assert found is not None
    return json.loads(found[1]), json.loads(found[2])


async def test_v58_max_age_zero_asks_and_tells_when(world: World) -> None:
    tab = await world.signed_in()
    world.door.clock.pass_(10)
    asked_at = world.door.clock.now()
    await tab.authorize(world.client("W"), max_age="0")
    assert tab.path == "/u/login"
    await tab.login("u@example.test", "Right-9x")
    answer = (await world.redeem("W", tab.answer["code"])).json()
    assert claims(answer["id_token"])["auth_time"] >= asked_at


async def test_v59_a_single_sign_on_tells_the_session_and_not_when(world: World) -> None:
    token = claims((await world.code_flow())["id_token"])
    assert len(token["sid"]) == 32
    assert "auth_time" not in token


def left_half(value: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()


async def test_v60_tokens_in_the_front_channel(world: World) -> None:
    answer = await world.asked(response_type="id_token token", nonce="n", audience=A, scope="openid offline_access r")
    assert answer["expires_in"] == "7200"
    access, identity = claims(answer["access_token"]), claims(answer["id_token"])
    assert access["exp"] - access["iat"] == 7200
    assert (identity["nonce"], identity["at_hash"]) == ("n", left_half(answer["access_token"]))
    assert "refresh_token" not in answer
    assert "code" not in answer


async def test_v61_code_and_id_token_by_form_post(world: World) -> None:
    tab = await (await world.signed_in()).authorize(
        world.client("W"), response_type="code id_token", response_mode="form_post", nonce="n"
    )
    assert tab.page is not None
    assert tab.page.status_code == 200
    fields = tab.form.fields
    identity = claims(fields["id_token"])
    assert identity["c_hash"] == left_half(fields["code"])
    assert "at_hash" not in identity
    assert fields["state"] == "s1"
    assert (await world.redeem("W", fields["code"])).status_code == 200


async def test_v62_an_id_token_in_the_front_channel_needs_a_nonce(world: World) -> None:
    assert (await world.asked(response_type="id_token"))["error"] == "invalid_request"


async def test_v80_the_apis_lifetime_is_the_tokens(world: World) -> None:
    await world.api(token_lifetime=60)
    answer = await world.code_flow(audience=A)
    token = claims(answer["access_token"])
    assert (answer["expires_in"], token["exp"] - token["iat"]) == (60, 60)


async def test_v81_the_clients_lifetime_is_the_id_tokens(world: World) -> None:
    await world.with_(clients=[{"name": "W", "jwt_configuration": {"lifetime_in_seconds": 120}}])
    answer = await world.code_flow(audience=A)
    token = claims(answer["id_token"])
    assert (token["exp"] - token["iat"], answer["expires_in"]) == (120, 86400)


async def test_v88_logout_to_nowhere_known_is_a_page(world: World) -> None:
    parameters = {"client_id": world.client("W").client_id, "returnTo": "https://evil.test/"}
    tab = await (await world.signed_in()).get("/v2/logout?" + urlencode(parameters))
    assert tab.page is not None
    assert tab.page.status_code == 400


async def test_v89_an_expired_hint_is_still_a_hint(world: World) -> None:
    tab = await world.signed_in()
    await tab.authorize(world.client("W"))
    hint = (await world.redeem("W", tab.answer["code"])).json()["id_token"]
    world.door.clock.pass_(40_000)
    parameters = {"id_token_hint": hint, "post_logout_redirect_uri": "https://app.test/bye", "state": "back"}
    await tab.get("/oidc/logout?" + urlencode(parameters))
    assert tab.at == "https://app.test/bye?state=back"


async def test_v90_logout_without_a_hint_asks(world: World) -> None:
    await world.with_(tenant={"allowed_logout_urls": ["https://www.test/"]})
    tab = await world.signed_in()
    await tab.get("/oidc/logout?" + urlencode({"post_logout_redirect_uri": "https://www.test/"}))
    assert tab.form.actions == ["accept", "deny"]
    await tab.submit("accept")
    assert tab.at == "https://www.test/"


async def test_v91_logout_tells_every_client_over_the_back_channel(world: World) -> None:
    await world.with_(
        clients=[
            {"name": name, "oidc_logout": {"backchannel_logout_urls": [f"https://{name.lower()}.test/logout"]}}
            for name in ("W", "P")
        ]
    )
    tab = await world.signed_in()
    for name in ("W", "P"):
        await tab.authorize(world.client(name))
    sid = claims((await world.redeem("P", tab.answer["code"])).json()["id_token"])["sid"]
    await tab.get("/v2/logout")
    await world.door.server.relay.send_due()
    told = world.applications.told
    assert len(world.applications.asked) == 2
    for name in ("W", "P"):
        token = told[f"https://{name.lower()}.test/logout"]
        assert (token["aud"], token["sid"]) == (world.client(name).client_id, sid)
        assert token["exp"] - token["iat"] == 120


async def test_a_state_cannot_break_out_of_the_message(world: World) -> None:
    state = '</script><script>alert(1)</script>\u2028"'
    tab = await world.tab().authorize(world.client("P"), prompt="none", response_mode="web_message", state=state)
    assert tab.page is not None
    assert tab.page.text.count("</script>") == 1
    response, _ = message(tab.page.text)
    assert (response["error"], response["state"]) == ("login_required", state)


async def test_a_web_message_needs_a_web_origin(world: World) -> None:
    await world.with_(clients=[{"name": "P", "web_origins": []}])
    tab = await world.tab().authorize(world.client("P"), prompt="none", response_mode="web_message")
    assert tab.page is not None
    assert tab.page.status_code == 403
    assert "postMessage" not in tab.page.text
