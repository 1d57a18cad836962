"""The My Account client of auth0-spa-js, in a single page on another site than the server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page
from tests.authenticator import Authenticator
from tests.dev_server import DevServer, dev_server
from tests.sdk.conftest import Listener, application, log_in
from tests.sdk_tenant import SINGLE_PAGE, sdk_tenant

from doorward.identity.mfa import otp

START = """options => {
    window.client = new auth0.Auth0Client(options);
}"""
CALL = """async ([method, ...parameters]) => {
    try {
        return { answer: (await client.myAccount[method](...parameters)) ?? null };
    } catch (error) {
        const { type, status, title, detail, validation_errors, message } = error;
        return { error: { type, status, title, detail, validation_errors, message } };
    }
}"""
SCOPE = "openid read:me:factors create:me:connected_accounts " + " ".join(
    f"{verb}:me:authentication_methods" for verb in ("create", "read", "update", "delete")
)


class Account:
    """The account of whoever is logged in, through the SDK."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def _said(self, method: str, *parameters: Any) -> Any:
        return self._page.evaluate(CALL, [method, *parameters])

    def call(self, method: str, *parameters: Any) -> Any:
        said = self._said(method, *parameters)
        assert "error" not in said, said
        return said["answer"]

    def error(self, method: str, *parameters: Any) -> dict[str, Any]:
        said = self._said(method, *parameters)
        assert "error" in said, said
        error: dict[str, Any] = said["error"]
        return error


@pytest.fixture(scope="module")
def house(
    node: str, listeners: Mapping[str, Listener], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DevServer]:
    """A server of its own: with second factors and passkeys people are shown pages that other tests do not expect."""
    tenant = sdk_tenant(single_page=[listeners["spa"].origin])
    tenant["guardianFactors"] = [{"name": name, "enabled": True} for name in ("otp", "email")]
    tenant["databases"][0]["options"] = {
        "authentication_methods": {"passkey": {"enabled": True}},
        "passkey_options": {"progressive_enrollment_enabled": False},
    }
    with dev_server(tenant, tmp_path_factory.mktemp("my-account")) as running:
        _activate(running)
        yield running


def _activate(server: DevServer) -> None:
    """The API, and a grant for the application: the domain has a port that nobody knew before."""
    audience = f"https://{server.domain}/me/"
    with httpx2.Client(base_url=server.issuer, verify=server.tls) as http:
        known = {"client_id": server.management.client_id, "client_secret": server.management.client_secret}
        asked = {"grant_type": "client_credentials", "audience": server.management_audience, **known}
        token = http.post("oauth/token", json=asked).json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        made = http.post("api/v2/resource-servers", json={"identifier": audience})
        assert made.status_code == 201, made.text
        grant = {
            "client_id": server.clients[SINGLE_PAGE].client_id, "audience": audience, "subject_type": "user",
            "scope": [one["value"] for one in made.json()["scopes"]],
        }  # fmt: skip
        assert http.post("api/v2/client-grants", json=grant).status_code == 201


@pytest.fixture(scope="module")
def origin(node: str, listeners: Mapping[str, Listener], house: DevServer) -> Iterator[str]:
    with application(node, "single_page.mjs", listeners["spa"], {**os.environ, **house.trust}) as running:
        yield running


@pytest.fixture
def account(page: Page, origin: str, house: DevServer) -> Iterator[Account]:
    options = {
        "domain": house.domain,
        "clientId": house.clients[SINGLE_PAGE].client_id,
        "authorizationParams": {
            "redirect_uri": origin, "audience": f"https://{house.domain}/me/", "scope": SCOPE,
        },
    }  # fmt: skip
    page.goto(f"{origin}/")
    page.evaluate(START, options)
    page.evaluate("() => { client.loginWithRedirect(); }")
    page.wait_for_url(f"{house.issuer}u/login/identifier?*")
    log_in(page)
    page.wait_for_url(f"{origin}/?code=*")
    page.evaluate(START, options)
    page.evaluate("() => client.handleRedirectCallback().then(() => null)")
    yield Account(page)
    page.goto(f"{origin}/")
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")


def test_an_app_is_taken_on_named_and_removed(account: Account) -> None:
    assert {"type": "totp", "usage": ["secondary"]} in account.call("getFactors")
    begun = account.call("enrollmentChallenge", {"type": "totp"})
    assert begun["id"].startswith("totp|dev_")
    assert begun["location"].endswith(begun["id"].replace("|", "%7C"))
    proof = {"type": "totp", "location": begun["location"], "auth_session": begun["auth_session"]}
    wrong = account.error("enrollmentVerify", {**proof, "otp_code": "000000"})
    assert (wrong["status"], wrong["message"]) == (400, "The otp_code is wrong")
    code = otp.code_of(begun["manual_input_code"], otp.step_at(time.time()))
    shown = account.call("enrollmentVerify", {**proof, "otp_code": code})
    assert (shown["id"], shown["confirmed"]) == (begun["id"], True)
    assert account.call("getAuthenticationMethods", "totp") == [shown]
    assert account.call("updateAuthenticationMethod", shown["id"], {"name": "Phone"})["name"] == "Phone"
    assert account.call("getAuthenticationMethod", shown["id"])["name"] == "Phone"
    account.call("deleteAuthenticationMethod", shown["id"])
    gone = account.error("getAuthenticationMethod", shown["id"])
    assert (gone["status"], gone["title"]) == (404, "Not Found")


def test_a_passkey_is_taken_on_with_what_the_browser_answers(account: Account, origin: str) -> None:
    begun = account.call("enrollmentChallenge", {"type": "passkey"})
    answer = Authenticator(origin).create(begun["authn_params_public_key"])
    proof = {"type": "passkey", "location": begun["location"], "auth_session": begun["auth_session"]}
    shown = account.call("enrollmentVerify", {**proof, "authn_response": answer})
    assert (shown["type"], shown["usage"]) == ("passkey", ["primary"])
    assert [one["type"] for one in account.call("getAuthenticationMethods")] == ["passkey", "password"]
    account.call("deleteAuthenticationMethod", shown["id"])


def test_what_is_refused_reaches_the_application(account: Account) -> None:
    refused = account.error("enrollmentChallenge", {"type": "email", "email": "nobody"})
    assert (refused["status"], refused["title"]) == (400, "Invalid Request")
    assert refused["validation_errors"][0]["field"] == "email"
    missing = account.error("connectAccount", {"connection": "google-oauth2", "redirect_uri": "https://app.test"})
    assert (missing["status"], missing["detail"]) == (501, "Connected accounts are not available on this server")
    (password,) = account.call("getAuthenticationMethods", "password")
    assert password["identity_user_id"].startswith("auth0|")
