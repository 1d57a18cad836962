"""Authlib, a client that knows OAuth and OpenID Connect but nothing of Auth0: discovery decides everything."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.dev_server import DevServer
from tests.scripted_login import ScriptedLogin
from tests.sdk_tenant import AUDIENCE, EMAIL, NEVER_CALLED, PASSWORD, SERVICE, SINGLE_PAGE, WEB

pytestmark = pytest.mark.xdist_group("sdk-python")


@pytest.fixture
def metadata(door: DevServer) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(door.url(".well-known/openid-configuration"), timeout=10).json()
    assert found["issuer"] == door.issuer
    return found


def id_token_claims(metadata: dict[str, Any], token: str, client_id: str, nonce: str) -> CodeIDToken:
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
    decoded = jwt.decode(token, keys, algorithms=metadata["id_token_signing_alg_values_supported"])
    options = {"iss": {"values": [metadata["issuer"]]}, "aud": {"values": [client_id]}}
    claims = CodeIDToken(decoded.claims, decoded.header, options, {"nonce": nonce, "client_id": client_id})
    claims.validate()
    return claims


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_credentials_by_either_way_to_send_the_secret(
    door: DevServer, metadata: dict[str, Any], method: str
) -> None:
    client = door.clients[SERVICE]
    with OAuth2Session(client.client_id, client.client_secret, token_endpoint_auth_method=method) as session:
        token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", audience=AUDIENCE)
    assert token["token_type"] == "Bearer"
    assert token["scope"] == "read:items write:items"


def test_a_wrong_secret_is_the_oauth_error_of_the_endpoint(door: DevServer, metadata: dict[str, Any]) -> None:
    with OAuth2Session(door.clients[SERVICE].client_id, "wrong") as session, pytest.raises(OAuthError) as refusal:
        session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", audience=AUDIENCE)
    assert refusal.value.error == "access_denied"


def test_code_with_pkce_profile_and_rotating_refresh(door: DevServer, metadata: dict[str, Any]) -> None:
    client_id = door.clients[SINGLE_PAGE].client_id
    verifier, nonce = generate_token(48), generate_token(20)
    with OAuth2Session(
        client_id,
        scope="openid profile email offline_access",
        redirect_uri=NEVER_CALLED,
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
    ) as session:
        url, state = session.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )
        with ScriptedLogin(door, EMAIL, PASSWORD) as person:
            callback = person.callback(url)
        token = session.fetch_token(
            metadata["token_endpoint"], authorization_response=callback, state=state, code_verifier=verifier
        )
        claims = id_token_claims(metadata, token["id_token"], client_id, nonce)
        profile = session.get(metadata["userinfo_endpoint"]).json()
        assert profile["sub"] == claims["sub"]
        assert profile["email"] == EMAIL

        spent = token["refresh_token"]
        renewed = session.refresh_token(metadata["token_endpoint"], refresh_token=spent)
        assert renewed["refresh_token"] != spent
        with pytest.raises(OAuthError) as refusal:
            session.refresh_token(metadata["token_endpoint"], refresh_token=spent)
        assert refusal.value.error == "invalid_grant"
        with pytest.raises(OAuthError):  # its whole family went with it
            session.refresh_token(metadata["token_endpoint"], refresh_token=renewed["refresh_token"])


def test_the_second_login_of_a_browser_asks_nothing(door: DevServer, metadata: dict[str, Any]) -> None:
    client = door.clients[WEB]
    with (
        OAuth2Session(client.client_id, client.client_secret, scope="openid", redirect_uri=NEVER_CALLED) as session,
        ScriptedLogin(door, EMAIL, PASSWORD) as person,
    ):
        first, _ = session.create_authorization_url(metadata["authorization_endpoint"])
        person.callback(first)
        assert person.pages
        silent, state = session.create_authorization_url(metadata["authorization_endpoint"], prompt="none")
        callback = person.callback(silent)
        assert person.pages == []
        token = session.fetch_token(metadata["token_endpoint"], authorization_response=callback, state=state)
    assert token["id_token"]


def test_silent_authentication_without_a_session_says_login_required(door: DevServer, metadata: dict[str, Any]) -> None:
    client = door.clients[WEB]
    with (
        OAuth2Session(client.client_id, client.client_secret, scope="openid", redirect_uri=NEVER_CALLED) as session,
        ScriptedLogin(door, EMAIL, PASSWORD) as person,
    ):
        url, state = session.create_authorization_url(metadata["authorization_endpoint"], prompt="none")
        answer = person.answer(url)
    assert answer["error"] == "login_required"
    assert answer["state"] == state
