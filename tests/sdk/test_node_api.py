"""node-auth0 gets access tokens, and an API behind express-oauth2-jwt-bearer takes the right ones only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import httpx2
import pytest
from tests.dev_server import DevServer
from tests.scripted_login import ScriptedLogin, authorize_url
from tests.sdk.conftest import Listener, SdkProgram, application
from tests.sdk_tenant import AUDIENCE, EMAIL, NEVER_CALLED, PASSWORD, SECOND_AUDIENCE, SERVICE, WEB


@pytest.fixture(scope="module")
def api(node: str, listeners: Mapping[str, Listener], environment: Mapping[str, str]) -> Iterator[str]:
    with application(node, "api.mjs", listeners["api"], environment, AUDIENCE=AUDIENCE) as origin:
        yield origin


def client_credentials(door: DevServer, authentication: SdkProgram, audience: str) -> str:
    client = door.clients[SERVICE]
    answer = authentication.call(
        "oauth.clientCredentialsGrant",
        {"audience": audience},
        clientId=client.client_id,
        clientSecret=client.client_secret,
    )
    token: str = answer["data"]["access_token"]
    return token


def token_of_a_person(door: DevServer, **asked: str) -> str:
    """An access token of a code flow, by hand."""
    client = door.clients[WEB]
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        code = person.answer(authorize_url(door, WEB, **asked))["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": NEVER_CALLED,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
    }
    answer = httpx2.post(door.url("oauth/token"), data=form, verify=door.tls)
    token: str = answer.json()["access_token"]
    return token


def call(url: str, token: str | None) -> httpx2.Response:
    return httpx2.get(url, headers={} if token is None else {"Authorization": f"Bearer {token}"})


def test_the_api_takes_a_token_for_itself(door: DevServer, authentication: SdkProgram, api: str) -> None:
    answer = call(f"{api}/items", client_credentials(door, authentication, AUDIENCE))
    assert answer.status_code == 200, answer.text
    claims = answer.json()
    assert claims["iss"] == door.issuer
    assert claims["aud"] == AUDIENCE
    assert claims["azp"] == door.clients[SERVICE].client_id


def test_the_api_refuses_a_token_for_another_api(door: DevServer, authentication: SdkProgram, api: str) -> None:
    answer = call(f"{api}/items", client_credentials(door, authentication, SECOND_AUDIENCE))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_the_api_refuses_a_token_without_the_scope(door: DevServer, authentication: SdkProgram, api: str) -> None:
    answer = call(f"{api}/admin", client_credentials(door, authentication, AUDIENCE))
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_the_api_refuses_no_token_and_a_changed_one(door: DevServer, authentication: SdkProgram, api: str) -> None:
    assert call(f"{api}/items", None).status_code == 401
    head, payload, signature = client_credentials(door, authentication, AUDIENCE).split(".")
    changed = f"{head}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    assert call(f"{api}/items", changed).status_code == 401


def test_the_api_takes_a_token_for_itself_and_the_profile(door: DevServer, api: str) -> None:
    token = token_of_a_person(door, audience=AUDIENCE, scope="openid email read:items")
    answer = call(f"{api}/items", token)
    assert answer.status_code == 200, answer.text
    assert answer.json()["aud"] == [AUDIENCE, door.url("userinfo")]
    trust = door.tls
    profile = httpx2.get(door.url("userinfo"), headers={"Authorization": f"Bearer {token}"}, verify=trust)
    assert profile.json()["email"] == EMAIL


def test_the_api_refuses_an_opaque_token(door: DevServer, api: str) -> None:
    assert call(f"{api}/items", token_of_a_person(door, scope="openid email")).status_code == 401
