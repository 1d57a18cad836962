"""auth0-python for a person: password, code, refresh, revocation, profile and sign-up; ID tokens verified."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from auth0.authentication import Database, GetToken, RevokeToken, Users
from auth0.authentication.exceptions import Auth0Error, TokenValidationError
from auth0.authentication.pushed_authorization_requests import PushedAuthorizationRequests
from auth0.authentication.token_verifier import AsymmetricSignatureVerifier, TokenVerifier
from auth0.management import ManagementClient
from tests.dev_server import DevServer
from tests.scripted_login import CHALLENGE, VERIFIER, ScriptedLogin, authorize_url
from tests.sdk_tenant import AUDIENCE, CONNECTION, EMAIL, NEVER_CALLED, PASSWORD, SINGLE_PAGE, WEB

from doorward.identity.mfa import otp

pytestmark = pytest.mark.xdist_group("sdk-python")
ARRIVAL_LIMIT = 10.0  # seconds


def get_token(door: DevServer, name: str = WEB) -> GetToken:
    client = door.clients[name]
    secret = None if name == SINGLE_PAGE else client.client_secret
    return GetToken(door.domain, client.client_id, client_secret=secret)


def verify(door: DevServer, token: str, audience: str, **expected: Any) -> dict[str, Any]:
    keys = AsymmetricSignatureVerifier(door.url(".well-known/jwks.json"))
    return TokenVerifier(signature_verifier=keys, issuer=door.issuer, audience=audience).verify(token, **expected)


def read(door: DevServer, access_token: str) -> dict[str, Any]:
    """The claims of a signed access token. TokenVerifier as a whole is for ID tokens: of two audiences it
    wants ``azp`` to be its own."""
    return AsymmetricSignatureVerifier(door.url(".well-known/jwks.json")).verify_signature(access_token)


def code_for(door: DevServer, name: str = WEB, **parameters: str) -> str:
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        answer = person.answer(authorize_url(door, name, **parameters))
    assert answer["state"] == "a-state"
    return answer["code"]


def test_the_password_grant_with_a_realm_gives_an_id_token_the_verifier_accepts(door: DevServer) -> None:
    answer = get_token(door).login(EMAIL, PASSWORD, scope="openid email", realm=CONNECTION)
    claims = verify(door, answer["id_token"], door.clients[WEB].client_id)
    assert claims["email"] == EMAIL
    assert claims["sub"].startswith("auth0|")


def test_the_password_grant_without_a_realm_uses_the_default_directory(door: DevServer) -> None:
    answer = get_token(door).login(EMAIL, PASSWORD, scope="read:items", audience=AUDIENCE, grant_type="password")
    claims = verify(door, answer["access_token"], AUDIENCE)
    assert claims["gty"] == "password"


def test_a_wrong_password_raises_the_error_the_sdk_names(door: DevServer) -> None:
    with pytest.raises(Auth0Error) as refusal:
        get_token(door).login(EMAIL, "not-the-password", realm=CONNECTION)
    assert (refusal.value.status_code, refusal.value.error_code) == (403, "invalid_grant")
    assert refusal.value.message == "Wrong email or password."


def test_a_code_is_exchanged_and_its_id_token_carries_the_nonce_and_the_time_of_login(door: DevServer) -> None:
    code = code_for(door, nonce="a-nonce", max_age="3600")
    answer = get_token(door).authorization_code(code, NEVER_CALLED)
    claims = verify(door, answer["id_token"], door.clients[WEB].client_id, nonce="a-nonce", max_age=3600)
    assert claims["name"] == "Ada Lovelace"
    with pytest.raises(TokenValidationError, match="Nonce"):
        verify(door, answer["id_token"], door.clients[WEB].client_id, nonce="another-nonce")


def test_a_code_is_spent_by_its_first_use(door: DevServer) -> None:
    code = code_for(door)
    get_token(door).authorization_code(code, NEVER_CALLED)
    with pytest.raises(Auth0Error) as refusal:
        get_token(door).authorization_code(code, NEVER_CALLED)
    assert (refusal.value.status_code, refusal.value.error_code) == (403, "invalid_grant")


def test_a_public_client_proves_its_code_with_pkce(door: DevServer) -> None:
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    public = get_token(door, SINGLE_PAGE)
    with pytest.raises(Auth0Error) as refusal:
        public.authorization_code_pkce("x" * 43, code_for(door, SINGLE_PAGE, **pkce), NEVER_CALLED)
    assert refusal.value.error_code == "invalid_grant"
    answer = public.authorization_code_pkce(VERIFIER, code_for(door, SINGLE_PAGE, **pkce), NEVER_CALLED)
    assert verify(door, answer["id_token"], door.clients[SINGLE_PAGE].client_id)["email"] == EMAIL


def test_a_refresh_token_renews_until_it_is_revoked(door: DevServer) -> None:
    code = code_for(door, scope="openid offline_access read:items", audience=AUDIENCE)
    first = get_token(door).authorization_code(code, NEVER_CALLED)
    renewed = get_token(door).refresh_token(first["refresh_token"])
    assert read(door, renewed["access_token"])["scope"] == "openid offline_access read:items"
    assert "id_token" in renewed
    client = door.clients[WEB]
    revoke = RevokeToken(door.domain, client.client_id, client_secret=client.client_secret)
    revoke.revoke_refresh_token(first["refresh_token"])
    with pytest.raises(Auth0Error) as refusal:
        get_token(door).refresh_token(first["refresh_token"])
    assert (refusal.value.status_code, refusal.value.error_code) == (403, "invalid_grant")


def test_the_profile_answers_to_the_opaque_token_and_to_the_api_token_with_openid(door: DevServer) -> None:
    users = Users(door.domain)
    opaque = get_token(door).login(EMAIL, PASSWORD, scope="openid profile email", realm=CONNECTION)
    assert users.userinfo(opaque["access_token"])["email"] == EMAIL
    code = code_for(door, audience=AUDIENCE, scope="openid email read:items")
    for_both = get_token(door).authorization_code(code, NEVER_CALLED)
    claims = read(door, for_both["access_token"])
    assert claims["aud"] == [AUDIENCE, door.url("userinfo")]
    assert users.userinfo(for_both["access_token"]) == {
        "sub": claims["sub"],
        "email": EMAIL,
        "email_verified": True,
    }


def test_a_person_signs_up_and_signs_in(door: DevServer) -> None:
    client = door.clients[WEB]
    database = Database(door.domain, client.client_id)
    person = {"email": "grace@example.test", "password": "Nanoseconds-Of-Wire-11", "connection": CONNECTION}
    made = database.signup(**person, given_name="Grace", user_metadata={"rank": "rear admiral"})
    assert made["email"] == person["email"]
    assert made["email_verified"] is False
    answer = get_token(door).login(person["email"], person["password"], scope="openid profile", realm=CONNECTION)
    assert verify(door, answer["id_token"], client.client_id)["given_name"] == "Grace"
    with pytest.raises(Auth0Error) as refusal:
        database.signup(**person)
    assert refusal.value.status_code == 400


def test_a_forgotten_password_is_replaced_by_the_link_that_is_sent(door: DevServer, http: httpx.Client) -> None:
    client = door.clients[WEB]
    database = Database(door.domain, client.client_id)
    email, new = "forgetful@example.test", "Compiler-Of-1952"
    database.signup(email=email, password="Nanoseconds-Of-Wire-11", connection=CONNECTION)
    assert database.change_password(email, CONNECTION) == "We've just sent you an email to reset your password."
    link = sent(door, http, email, "reset_email")
    page = http.get(link)
    assert page.status_code == 200
    chosen = {"password-reset": new, "re-enter-password": new, "action": "default"}
    assert http.post(link, data=chosen, headers={"origin": door.issuer.rstrip("/")}).status_code == 200
    assert "id_token" in get_token(door).login(email, new, scope="openid", realm=CONNECTION)


def sent(door: DevServer, http: httpx.Client, email: str, template: str) -> str:
    """The link of such a mail, once it is there."""
    until = time.monotonic() + ARRIVAL_LIMIT
    while time.monotonic() < until:
        messages = http.get(door.url("_doorward/api/v1/inbox"), params={"to": email}).json()["messages"]
        for message in messages:
            if message["template"] == template:
                link: str = message["link"].partition("#")[0]
                return link
    raise AssertionError(f"no {template} came for {email}")


def test_a_second_factor_is_taken_on_and_asked_for(door: DevServer, http: httpx.Client, api: ManagementClient) -> None:
    """The SDK raises with the token that /mfa/* takes, and has nothing that calls those: they are called with it."""
    email, password = "careful@example.test", "Nanoseconds-Of-Wire-11"
    Database(door.domain, door.clients[WEB].client_id).signup(email=email, password=password, connection=CONNECTION)
    factors = ("otp", "recovery-code")
    for name in factors:
        api.guardian.factors.set(name, enabled=True)
    api.guardian.policies.set(request=["all-applications"])
    try:
        refused = mfa_required(door, email, password)
        assert {"type": "otp"} in refused["mfa_requirements"]["enroll"]
        bearer = {"authorization": f"Bearer {refused['mfa_token']}"}
        kinds = {"authenticator_types": ["otp"]}
        begun = http.post(door.url("mfa/associate"), json=kinds, headers=bearer).json()
        (recovery_code,) = begun["recovery_codes"]
        step = otp.step_at(time.time())
        proof = {"mfa_token": refused["mfa_token"], "otp": otp.code_of(begun["secret"], step)}
        assert proved(door, "mfa-otp", **proof)["access_token"]

        refused = mfa_required(door, email, password)
        bearer = {"authorization": f"Bearer {refused['mfa_token']}"}
        listed = http.get(door.url("mfa/authenticators"), headers=bearer).json()
        assert {one["authenticator_type"] for one in listed} == {"otp", "recovery-code"}
        proof = {"mfa_token": refused["mfa_token"], "recovery_code": recovery_code}
        assert proved(door, "mfa-recovery-code", **proof)["recovery_code"] != recovery_code
    finally:
        api.guardian.policies.set(request=[])
        for name in factors:
            api.guardian.factors.set(name, enabled=False)


def mfa_required(door: DevServer, email: str, password: str) -> Any:
    """What the error of a login holds that a second factor is wanted for."""
    with pytest.raises(Auth0Error) as refusal:
        get_token(door).login(email, password, scope="openid", realm=CONNECTION)
    assert (refusal.value.status_code, refusal.value.error_code) == (403, "mfa_required")
    return refusal.value.content


def proved(door: DevServer, kind: str, **proof: str) -> dict[str, Any]:
    """Tokens, by a grant the SDK has no method for, sent as its methods send theirs."""
    data = {
        "client_id": door.clients[WEB].client_id,
        "grant_type": f"http://auth0.com/oauth/grant-type/{kind}",
        **proof,
    }
    answer: dict[str, Any] = get_token(door).authenticated_post(door.url("oauth/token"), data=data)
    return answer


def test_a_pushed_request_is_authorized_by_its_reference(door: DevServer) -> None:
    client = door.clients[WEB]
    pushed = PushedAuthorizationRequests(
        door.domain, client.client_id, client_secret=client.client_secret
    ).pushed_authorization_request("code", NEVER_CALLED, scope="openid", state="pushed-state")
    asked = {"client_id": client.client_id, "request_uri": pushed["request_uri"]}
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        answer = person.answer(door.url("authorize?" + urlencode(asked)))
    assert answer["state"] == "pushed-state"
    assert "id_token" in get_token(door).authorization_code(answer["code"], NEVER_CALLED)
