"""Which audience, which format: what a request for a token comes to."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from tests.integration.vectors.world import CD, SECRET_OF_H, USERINFO, A, B, C, H, World, claims, error, header


@pytest.mark.parametrize("audience", [None, "", C, USERINFO], ids=["v1", "v2", "v3", "v4"])
async def test_v1_to_v4_no_api_is_an_opaque_token_for_userinfo(world: World, audience: str | None) -> None:
    asked = {} if audience is None else {"audience": audience}
    answer = await world.code_flow(**asked)
    segments = answer["access_token"].split(".")
    assert len(segments) == 5
    assert segments[1] == ""
    assert {"alg": "dir", "enc": "A256GCM"}.items() <= header(answer["access_token"]).items()
    assert (answer["expires_in"], answer["scope"], "id_token" in answer) == (86400, "openid", True)
    assert (await world.userinfo(answer["access_token"])).json()["sub"] == "auth0|u"


async def test_v5_userinfo_of_a_custom_domain_is_no_audience(world: World) -> None:
    answer = await world.asked(host=CD, audience=f"https://{CD}/userinfo")
    assert answer["error"] == "access_denied"
    assert answer["error_description"] == f"Service not found: https://{CD}/userinfo"


async def test_v6_without_scope_the_token_reads_nothing(world: World) -> None:
    answer = await world.code_flow(scope="")
    assert len(answer["access_token"].split(".")) == 5
    assert "id_token" not in answer
    assert "scope" not in answer
    assert (await world.userinfo(answer["access_token"])).status_code == 403


async def test_v7_an_api_with_openid_has_two_audiences(world: World) -> None:
    answer = await world.code_flow(audience=A, scope="openid r")
    token = claims(answer["access_token"])
    assert token["aud"] == [A, USERINFO]
    assert (token["scope"], token["azp"]) == ("openid r", world.client("W").client_id)
    assert "gty" not in token
    assert "jti" not in token
    assert header(answer["access_token"])["typ"] == "JWT"
    assert (await world.userinfo(answer["access_token"])).status_code == 200


async def test_v8_an_api_without_openid_has_one_audience(world: World) -> None:
    answer = await world.code_flow(audience=A, scope="r")
    assert claims(answer["access_token"])["aud"] == A
    assert "id_token" not in answer
    refused = await world.userinfo(answer["access_token"])
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


async def test_v9_a_symmetric_api_has_one_audience(world: World) -> None:
    token = (await world.code_flow(audience=H))["access_token"]
    assert (header(token)["alg"], claims(token)["aud"]) == ("HS256", H)
    signed, _, signature = token.rpartition(".")
    import base64

    expected = hmac.new(SECRET_OF_H.encode(), signed.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(expected).rstrip(b"=").decode() == signature
    assert (await world.userinfo(token)).status_code == 401


async def test_v10_ps256_is_the_same_key_in_another_padding(world: World) -> None:
    before = header((await world.code_flow(audience=A))["access_token"])
    await world.api(signing_alg="PS256")
    token = (await world.code_flow(audience=A))["access_token"]
    assert header(token) == {**before, "alg": "PS256"}
    assert claims(token)["aud"] == [A, USERINFO]
    assert (await world.userinfo(token)).status_code == 200


async def test_v11_the_tenants_default_audience_stands_in(world: World) -> None:
    await world.default_audience(A)
    assert claims((await world.code_flow())["access_token"])["aud"] == [A, USERINFO]


async def test_v12_a_symmetric_default_audience_has_one_audience(world: World) -> None:
    await world.default_audience(H)
    token = (await world.code_flow())["access_token"]
    assert claims(token)["aud"] == H
    assert (await world.userinfo(token)).status_code == 401


async def test_v13_userinfo_can_be_named_in_spite_of_a_default(world: World) -> None:
    await world.default_audience(A)
    assert len((await world.code_flow(audience=USERINFO))["access_token"].split(".")) == 5


async def test_v14_a_named_api_takes_the_place_of_the_default(world: World) -> None:
    await world.default_audience(A)
    assert claims((await world.code_flow(audience=B))["access_token"])["aud"] == [B, USERINFO]


@pytest.mark.parametrize("audience", ["https://nope/", "https://api"], ids=["v15", "v16"])
async def test_v15_v16_an_unknown_api_is_not_found(world: World, audience: str) -> None:
    answer = await world.asked(audience=audience)
    assert answer["error"] == "access_denied"
    assert answer["error_description"] == f"Service not found: {audience}"
    assert answer["state"] == "s1"


async def test_v17_resource_names_the_api_in_compatibility(world: World) -> None:
    await world.with_(tenant={"resource_parameter_profile": "compatibility"})
    assert claims((await world.code_flow(resource=A))["access_token"])["aud"] == [A, USERINFO]


async def test_v18_audience_wins_over_resource(world: World) -> None:
    await world.with_(tenant={"resource_parameter_profile": "compatibility"})
    assert claims((await world.code_flow(resource=A, audience=B))["access_token"])["aud"] == [B, USERINFO]


async def test_v19_resource_is_no_audience_otherwise(world: World) -> None:
    assert len((await world.code_flow(resource=A))["access_token"].split(".")) == 5


async def test_v20_a_custom_domain_is_the_issuer_and_userinfo_stays_canonical(world: World) -> None:
    token = (await world.code_flow(host=CD, audience=A))["access_token"]
    assert claims(token)["iss"] == f"https://{CD}/"
    assert claims(token)["aud"] == [A, USERINFO]
    assert (await world.userinfo(token, CD)).status_code == 200


async def test_v21_the_canonical_domain_is_the_issuer_of_what_it_issues(world: World) -> None:
    assert claims((await world.code_flow(audience=A))["access_token"])["iss"] == f"https://{C}/"


async def test_v24_the_management_api_has_one_name(world: World) -> None:
    asked = f"https://{CD}/api/v2/"
    refused = await world.machine(CD, audience=asked)
    assert error(refused) == (403, "access_denied", f"Service not enabled within domain: {asked}")


async def test_v36_rfc9068_names_its_claims_otherwise(world: World) -> None:
    await world.api(token_dialect="rfc9068_profile")
    token = (await world.code_flow(audience=A, scope="openid r"))["access_token"]
    assert header(token)["typ"] == "at+jwt"
    assert {"jti", "client_id"} <= claims(token).keys()
    assert claims(token).keys().isdisjoint({"azp", "gty"})


async def test_v79_an_api_can_have_its_tokens_encrypted(world: World) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from joserfc import jwe
    from joserfc.jwk import RSAKey

    key = rsa.generate_private_key(65537, 2048)
    pem = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    encryption = {"format": "compact-nested-jwe", "encryption_key": {"alg": "RSA-OAEP-256", "kid": "e1", "pem": pem}}
    await world.api(token_encryption=encryption)
    token = (await world.code_flow(audience=A, scope="openid r"))["access_token"]
    assert len(token.split(".")) == 5
    assert header(token)["alg"] == "RSA-OAEP-256"
    inner = jwe.decrypt_compact(token, RSAKey.import_key(private), algorithms=["RSA-OAEP-256", "A256GCM"]).plaintext
    assert inner is not None
    async with world.door.http(C) as http:
        keys = (await http.get("/.well-known/jwks.json")).json()["keys"]
    from joserfc import jws

    named = next(k for k in keys if k["kid"] == header(inner.decode())["kid"])
    jws.deserialize_compact(inner, RSAKey.import_key(named), algorithms=["RS256"])
    assert claims(inner.decode())["aud"] == [A, USERINFO]
