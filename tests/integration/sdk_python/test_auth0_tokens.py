"""auth0-python's GetToken gets tokens, and its verifiers accept them."""

from __future__ import annotations

import pytest
from auth0.authentication import GetToken
from auth0.authentication.exceptions import Auth0Error, TokenValidationError
from auth0.authentication.token_verifier import (
    AsymmetricSignatureVerifier,
    SymmetricSignatureVerifier,
    TokenVerifier,
)
from tests.dev_server import DevServer
from tests.sdk_tenant import AUDIENCE, HS256_AUDIENCE, HS256_SECRET, SERVICE

pytestmark = pytest.mark.xdist_group("sdk-python")


def get_token(door: DevServer, name: str) -> GetToken:
    client = door.clients[name]
    return GetToken(door.domain, client.client_id, client_secret=client.client_secret)


def verifier(door: DevServer, audience: str) -> TokenVerifier:
    keys = AsymmetricSignatureVerifier(door.url(".well-known/jwks.json"))
    return TokenVerifier(signature_verifier=keys, issuer=door.issuer, audience=audience)


def test_client_credentials_give_an_api_token_that_the_verifier_accepts(door: DevServer) -> None:
    answer = get_token(door, SERVICE).client_credentials(AUDIENCE)
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 86400
    claims = verifier(door, AUDIENCE).verify(answer["access_token"])
    assert claims["sub"] == f"{door.clients[SERVICE].client_id}@clients"
    assert claims["scope"] == answer["scope"] == "read:items write:items"
    assert claims["gty"] == "client-credentials"


def test_the_verifier_refuses_a_token_for_another_api(door: DevServer) -> None:
    token = get_token(door, SERVICE).client_credentials(AUDIENCE)["access_token"]
    with pytest.raises(TokenValidationError, match="Audience"):
        verifier(door, "https://another.sdk.test").verify(token)


def test_an_hs256_api_gets_a_token_signed_with_its_secret(door: DevServer) -> None:
    token = get_token(door, SERVICE).client_credentials(HS256_AUDIENCE)["access_token"]
    symmetric = TokenVerifier(SymmetricSignatureVerifier(HS256_SECRET), issuer=door.issuer, audience=HS256_AUDIENCE)
    assert symmetric.verify(token)["aud"] == HS256_AUDIENCE
    another = TokenVerifier(SymmetricSignatureVerifier("x" * 32), issuer=door.issuer, audience=HS256_AUDIENCE)
    with pytest.raises(TokenValidationError, match="signature"):
        another.verify(token)


def test_a_wrong_secret_raises_the_error_the_sdk_names(door: DevServer) -> None:
    client = door.clients[SERVICE]
    with pytest.raises(Auth0Error) as refusal:
        GetToken(door.domain, client.client_id, client_secret="wrong").client_credentials(AUDIENCE)
    assert refusal.value.status_code == 401
    assert refusal.value.error_code == "access_denied"
    assert refusal.value.message == "Unauthorized"


def test_an_unknown_api_raises_the_error_the_sdk_names(door: DevServer) -> None:
    with pytest.raises(Auth0Error) as refusal:
        get_token(door, SERVICE).client_credentials("https://unknown.sdk.test")
    assert refusal.value.status_code == 403
    assert refusal.value.error_code == "access_denied"
    assert "https://unknown.sdk.test" in refusal.value.message
