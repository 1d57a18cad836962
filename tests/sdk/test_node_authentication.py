"""node-auth0's AuthenticationClient, which verifies ID tokens itself: every grant, revocation, sign-up, codes
and links without a password, a forgotten one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from tests.dev_server import DevServer
from tests.scripted_login import CHALLENGE, VERIFIER, ScriptedLogin, authorize_url
from tests.sdk.conftest import Management, SdkError, SdkProgram
from tests.sdk.keys import key_pair
from tests.sdk_tenant import (
    AUDIENCE,
    CONNECTION,
    EMAIL,
    NEVER_CALLED,
    PASSWORD,
    PASSWORDLESS,
    SERVICE,
    WEB,
)

PERSON = {"username": EMAIL, "password": PASSWORD}


class Application:
    """Calls of one application's AuthenticationClient."""

    def __init__(self, program: SdkProgram, door: DevServer, name: str) -> None:
        self._program = program
        client = door.clients[name]
        self._options = {"clientId": client.client_id, "clientSecret": client.client_secret}

    def __call__(self, path: str, *arguments: Any) -> Any:
        answer = self._program.call(path, *arguments, **self._options)
        assert answer["status"] in (200, 201), answer
        return answer.get("data")


@pytest.fixture
def web(authentication: SdkProgram, door: DevServer) -> Application:
    return Application(authentication, door, WEB)


def code_for(door: DevServer, name: str, **asked: str) -> str:
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        return person.answer(authorize_url(door, name, **asked))["code"]


def test_client_credentials_with_a_secret(authentication: SdkProgram, door: DevServer) -> None:
    answer = Application(authentication, door, SERVICE)("oauth.clientCredentialsGrant", {"audience": AUDIENCE})
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 86400


def test_the_error_of_a_wrong_secret(authentication: SdkProgram, door: DevServer) -> None:
    options = {"clientId": door.clients[SERVICE].client_id, "clientSecret": "wrong"}
    with pytest.raises(SdkError) as refused:
        authentication.call("oauth.clientCredentialsGrant", {"audience": AUDIENCE}, **options)
    assert refused.value.told == {"status": 401, "error": "access_denied", "description": "Unauthorized"}


def test_client_credentials_with_a_signature(
    authentication: SdkProgram, management: Management, door: DevServer
) -> None:
    private, public = key_pair()
    credential = {"credential_type": "public_key", "name": "signs", "pem": public, "alg": "RS256"}
    made = management(
        "clients.create",
        {
            "name": "Signs",
            "app_type": "non_interactive",
            "grant_types": ["client_credentials"],
            "client_authentication_methods": {"private_key_jwt": {"credentials": [credential]}},
        },
    )
    management("clientGrants.create", {"client_id": made["client_id"], "audience": AUDIENCE, "scope": ["read:items"]})
    options = {"clientId": made["client_id"], "clientAssertionSigningKey": private}
    answer = authentication.call("oauth.clientCredentialsGrant", {"audience": AUDIENCE}, **options)
    assert answer["data"]["scope"] == "read:items"
    another, _ = key_pair()
    with pytest.raises(SdkError) as refused:
        authentication.call(
            "oauth.clientCredentialsGrant", {"audience": AUDIENCE}, **{**options, "clientAssertionSigningKey": another}
        )
    assert refused.value.status == 401


def test_password_in_the_default_directory_and_in_a_realm(web: Application) -> None:
    assert "id_token" in web("oauth.passwordGrant", {**PERSON, "scope": "openid"})
    assert "id_token" in web("oauth.passwordGrant", {**PERSON, "scope": "openid", "realm": CONNECTION})


def test_a_wrong_password(web: Application) -> None:
    with pytest.raises(SdkError) as refused:
        web("oauth.passwordGrant", {**PERSON, "password": "wrong"})
    assert refused.value.told == {
        "status": 403,
        "error": "invalid_grant",
        "description": "Wrong email or password.",
    }


def test_a_code_of_a_confidential_client(web: Application, door: DevServer) -> None:
    code = code_for(door, WEB, nonce="a-nonce", max_age="600")
    asked = {"code": code, "redirect_uri": NEVER_CALLED}
    checks = {"idTokenValidateOptions": {"nonce": "a-nonce", "maxAge": 600}}
    assert "id_token" in web("oauth.authorizationCodeGrant", asked, checks)


def test_a_code_with_pkce(web: Application, door: DevServer) -> None:
    """The SDK knows no public clients: it wants a secret with a verifier too."""
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    asked = {"code": code_for(door, WEB, **pkce), "redirect_uri": NEVER_CALLED, "code_verifier": VERIFIER}
    assert "id_token" in web("oauth.authorizationCodeGrantWithPKCE", asked)
    wrong = {**asked, "code": code_for(door, WEB, **pkce), "code_verifier": "x" * 43}
    with pytest.raises(SdkError) as refused:
        web("oauth.authorizationCodeGrantWithPKCE", wrong)
    assert refused.value.told["error"] == "invalid_grant"


def test_a_refresh_token_until_it_is_revoked(web: Application, door: DevServer) -> None:
    code = code_for(door, WEB, scope="openid offline_access")
    token = web("oauth.authorizationCodeGrant", {"code": code, "redirect_uri": NEVER_CALLED})["refresh_token"]
    assert "access_token" in web("oauth.refreshTokenGrant", {"refresh_token": token})
    web("oauth.revokeRefreshToken", {"token": token})
    with pytest.raises(SdkError) as refused:
        web("oauth.refreshTokenGrant", {"refresh_token": token})
    assert refused.value.told["error"] == "invalid_grant"


def test_a_pushed_request(web: Application, door: DevServer) -> None:
    client_id = door.clients[WEB].client_id
    asked = {"response_type": "code", "redirect_uri": NEVER_CALLED, "scope": "openid", "state": "pushed"}
    pushed = web("oauth.pushedAuthorization", {**asked, "client_id": client_id})
    assert pushed["expires_in"] > 0
    query = {"client_id": client_id, "request_uri": pushed["request_uri"]}
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        answer = person.answer(door.url("authorize?" + urlencode(query)))
    assert answer["state"] == "pushed"
    assert "id_token" in web("oauth.authorizationCodeGrant", {"code": answer["code"], "redirect_uri": NEVER_CALLED})


def test_sign_up(web: Application) -> None:
    person = {"email": "katherine@example.test", "password": "Orbital-Mechanics-1962"}
    made = web("database.signUp", {**person, "connection": CONNECTION, "name": "Katherine Johnson"})
    assert made["email"] == person["email"]
    assert made["id"]
    login = {"username": person["email"], "password": person["password"], "scope": "openid"}
    assert "id_token" in web("oauth.passwordGrant", login)


def received(door: DevServer, to: str) -> dict[str, Any]:
    """The newest message to somebody, once it is there."""
    with httpx2.Client(base_url=door.issuer, verify=door.tls) as http:
        for _ in range(200):
            answer = http.post("_doorward/api/v1/inbox/take", params={"to": to})
            if answer.status_code == 200:
                message: dict[str, Any] = answer.json()
                return message
    raise AssertionError(f"nothing came for {to}")


def test_a_code_by_mail_logs_in_once(authentication: SdkProgram, door: DevServer) -> None:
    passwordless = Application(authentication, door, PASSWORDLESS)
    person = "dorothy@example.test"
    passwordless("passwordless.sendEmail", {"email": person, "send": "code"})
    asked = {"email": person, "code": received(door, person)["code"], "scope": "openid email"}
    assert "id_token" in passwordless("passwordless.loginWithEmail", asked)
    with pytest.raises(SdkError) as refused:
        passwordless("passwordless.loginWithEmail", asked)
    assert (refused.value.status, refused.value.told["error"]) == (403, "invalid_grant")


def test_a_code_by_text_message_logs_in(authentication: SdkProgram, door: DevServer) -> None:
    passwordless = Application(authentication, door, PASSWORDLESS)
    number = "+442079460002"
    passwordless("passwordless.sendSMS", {"phone_number": number})
    asked = {"phone_number": number, "code": received(door, number)["code"], "scope": "openid"}
    assert "id_token" in passwordless("passwordless.loginWithSMS", asked)


def test_a_forgotten_password_gets_a_mail(web: Application, door: DevServer) -> None:
    said = web("database.changePassword", {"email": EMAIL, "connection": CONNECTION})
    assert said == "We've just sent you an email to reset your password."
    assert f"{door.issuer}u/reset-password?ticket=" in received(door, EMAIL)["link"]
