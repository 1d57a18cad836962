"""``/keys/signing``: rotation and revocation, and what they do to tokens."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from doorward.model.document import Kind
from doorward.oauth.discovery import KEY_SET_MAX_AGE

from .conftest import A, Api, House

pytestmark = pytest.mark.anyio
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def published(house: House) -> list[str]:
    async with house.http(A) as http:
        return [key["kid"] for key in (await http.get("/.well-known/jwks.json")).json()["keys"]]


def signed_by(token: str) -> str:
    header = token.partition(".")[0]
    kid: str = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
    return kid


async def rotate(house: House, api: Api) -> Any:
    house.clock.time += KEY_SET_MAX_AGE
    return await api.post("/keys/signing/rotate", None)


def states(keys: list[dict[str, Any]]) -> dict[str, str]:
    """State by key id."""
    names = ("current", "next", "previous", "revoked")
    return {key["kid"]: " ".join(name for name in names if key[name]) for key in keys}


async def test_a_new_tenant_has_a_current_and_a_next_key_and_publishes_both(house: House, api: Api) -> None:
    keys = await api.get("/keys/signing")
    assert list(states(keys).values()) == ["current", "next"]
    assert await published(house) == [key["kid"] for key in keys]
    assert MOMENT.fullmatch(keys[0]["current_since"])
    assert "current_since" not in keys[1]
    for key in keys:
        assert key["cert"].startswith("-----BEGIN CERTIFICATE-----")
        assert key["pkcs7"].startswith("-----BEGIN PKCS7-----")
        assert key["thumbprint"] == key["fingerprint"].replace(":", "")
        assert "PRIVATE" not in json.dumps(key)
        assert await api.get(f"/keys/signing/{key['kid']}") == key
    assert await api.refused("GET", "/keys/signing/unknown") == (404, None)


async def test_v85_rotation_promotes_the_published_key_and_revocation_ends_every_token_of_the_old_one(
    house: House, api: Api
) -> None:
    current, following = [key["kid"] for key in await api.get("/keys/signing")]
    assert signed_by(api.token) == current
    rotated = await rotate(house, api)
    assert (rotated["kid"], rotated["current"]) == (following, True)
    new = Api(api.http, await house.token(A))
    assert signed_by(new.token) == following
    known = states(await new.get("/keys/signing"))
    assert {known[current], known[following]} == {"previous", "current"}
    assert len(known) == 3
    assert set(await published(house)) == set(known)
    assert len(await api.get("/keys/signing")) == 3  # the old token is still good

    revoked = (await new.call("PUT", f"/keys/signing/{current}/revoke")).json()
    assert (revoked["kid"], revoked["revoked"], revoked["previous"]) == (current, True, False)
    assert MOMENT.fullmatch(revoked["revoked_at"])
    assert current not in await published(house)
    assert await api.refused("GET", "/keys/signing") == (401, None)
    assert states(await new.get("/keys/signing"))[current] == "revoked"
    assert not house.ports.directory.tenant(A).documents[Kind.SIGNING_KEY][current].secrets


async def test_only_the_previous_key_can_be_revoked(house: House, api: Api) -> None:
    await rotate(house, api)
    new = Api(api.http, await house.token(A))
    by_state = {state: kid for kid, state in states(await new.get("/keys/signing")).items()}
    for state in ("current", "next"):
        answer = await new.refused("PUT", f"/keys/signing/{by_state[state]}/revoke")
        assert answer == (400, "operation_not_supported")
    assert (await new.call("PUT", f"/keys/signing/{by_state['previous']}/revoke")).status_code == 200
    assert (await new.refused("PUT", f"/keys/signing/{by_state['previous']}/revoke"))[0] == 400
    assert await new.refused("PUT", "/keys/signing/unknown/revoke") == (404, None)


async def test_a_second_rotation_revokes_the_key_before_and_forgets_old_ones(house: House, api: Api) -> None:
    first = signed_by(api.token)
    for _ in range(2):
        await rotate(house, api)
        api = Api(api.http, await house.token(A))
    assert states(await api.get("/keys/signing"))[first] == "revoked"
    for _ in range(3):
        await rotate(house, api)
        api = Api(api.http, await house.token(A))
    known = states(await api.get("/keys/signing"))
    assert first not in known
    assert sorted(known.values()) == ["current", "next", "previous", "revoked", "revoked", "revoked"]


async def test_d5_a_key_is_published_before_it_signs_as_long_as_readers_keep_the_set(house: House, api: Api) -> None:
    await api.post("/keys/signing/rotate", None)  # everybody knew the next key from the first day on
    before = await published(house)
    response = await api.call("POST", "/keys/signing/rotate")
    assert (response.status_code, response.headers["retry-after"]) == (429, str(KEY_SET_MAX_AGE))
    assert await published(house) == before
    await rotate(house, api)


async def test_rotation_needs_both_scopes(house: House) -> None:
    for scope in ("create:signing_keys", "update:signing_keys"):
        api = await house.api(scopes=[scope])
        response = await api.call("POST", "/keys/signing/rotate")
        assert response.status_code == 403
        assert response.json()["message"] == (
            "Insufficient scope, expected all of: create:signing_keys,update:signing_keys"
        )


async def test_an_id_token_of_a_revoked_key_is_no_hint_for_logout(house: House, api: Api) -> None:
    directory = house.ports.directory.tenant(A)
    key = directory.signing_keys[0]
    client = await api.post("/clients", {"name": "C", "allowed_logout_urls": ["https://bye.test"]})
    claims = {"iss": f"https://{A}/", "aud": client["client_id"], "sub": "auth0|1", "sid": "s"}
    hint = await house.ports.jose.sign(key, "RS256", "JWT", claims)

    async def leave() -> int:
        parameters = {"id_token_hint": hint, "post_logout_redirect_uri": "https://bye.test"}
        async with house.http(A) as http:
            return (await http.get("/oidc/logout", params=parameters)).status_code

    assert await leave() == 302
    await rotate(house, api)
    assert await leave() == 302
    new = Api(api.http, await house.token(A))
    await new.call("PUT", f"/keys/signing/{key.kid}/revoke")
    assert await leave() == 400
