"""auth0-spa-js where people prove more than a password, or something else: second factors and passkeys."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page
from tests.dev_server import DevServer, dev_server
from tests.sdk.conftest import Listener, application
from tests.sdk_tenant import CONNECTION, PASSWORD, SINGLE_PAGE, sdk_tenant

from doorward.identity.mfa import otp
from doorward.model.mfa import MULTI_FACTOR

REDIRECTED, IN_A_POPUP, EMBEDDED, NEW_TO_IT = (
    f"{name}@example.test" for name in ("redirected", "popup", "embedded", "new-to-it")
)
MFA_OTP_GRANT, MFA_OOB_GRANT = (f"http://auth0.com/oauth/grant-type/mfa-{kind}" for kind in ("otp", "oob"))
NUMBER = "+442079460007"
ARRIVAL_LIMIT = 10.0  # seconds
PASSKEY_GRANT = "urn:okta:params:oauth:grant-type:webauthn"
START = "options => { window.client = new auth0.Auth0Client(options); }"
CALL = """async ([path, ...parameters]) => {
    const names = path.split("."), method = names.pop();
    const owner = names.reduce((found, name) => found[name], client);
    return (await owner[method](...parameters)) ?? null;
}"""
BEGIN = "parameters => { window.token = client.getTokenSilently(parameters).then(token => ({ token }), String); }"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="session")
def door(node: str, listeners: Mapping[str, Listener], tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """A server whose people have second factors and passkeys."""
    tenant = sdk_tenant(single_page=[listeners["spa"].origin])
    tenant["guardianFactors"] = [{"name": name, "enabled": True} for name in ("otp", "sms", "recovery-code")]
    single_page = next(client for client in tenant["clients"] if client["name"] == SINGLE_PAGE)
    single_page["grant_types"] += [PASSKEY_GRANT, MFA_OTP_GRANT, MFA_OOB_GRANT, "password"]
    (database,) = tenant["databases"]
    database["options"] = {**database.get("options", {}), "authentication_methods": {"passkey": {"enabled": True}}}
    tenant["users"] += [
        {"email": email, "password": PASSWORD, "connection": CONNECTION, "email_verified": True}
        for email in (REDIRECTED, IN_A_POPUP, EMBEDDED, NEW_TO_IT)
    ]
    with dev_server(tenant, tmp_path_factory.mktemp("sdk-people")) as running:
        yield running


@pytest.fixture(scope="module")
def origin(node: str, listeners: Mapping[str, Listener], environment: Mapping[str, str]) -> Iterator[str]:
    with application(node, "single_page.mjs", listeners["spa"], environment) as running:
        yield running


class SinglePage:
    def __init__(self, page: Page, origin: str, door: DevServer) -> None:
        self.page = page
        self.origin = origin
        self._options = {
            "domain": door.domain,
            "clientId": door.clients[SINGLE_PAGE].client_id,
            "authorizationParams": {"redirect_uri": origin, "scope": "openid profile email"},
            "interactiveErrorHandler": "popup",
        }
        self.open()

    def open(self) -> None:
        self.page.goto(f"{self.origin}/")
        self.page.evaluate(START, self._options)

    def call(self, path: str, *parameters: Any) -> Any:
        return self.page.evaluate(CALL, [path, *parameters])

    def log_in(self, email: str, **asked: str) -> None:
        """As far as what follows the password."""
        self.page.evaluate("asked => { client.loginWithRedirect({ authorizationParams: asked }); }", asked)
        self.page.locator("#username").fill(email)
        press(self.page)
        self.page.locator("#password").fill(PASSWORD)
        press(self.page)

    def come_back(self) -> None:
        """To the application, past a passkey that is offered on the way."""
        self.page.wait_for_url(re.compile(rf"{re.escape(self.origin)}/\?code=|/u/passkey-enrollment\?"))
        if "/u/passkey-enrollment?" in self.page.url:
            self.page.locator("button[value=abort-passkey-enrollment]").click()
            self.page.wait_for_url(f"{self.origin}/?code=*")
        self.page.evaluate(START, self._options)
        self.call("handleRedirectCallback")


@pytest.fixture
def spa(page: Page, origin: str, door: DevServer) -> SinglePage:
    return SinglePage(page, origin, door)


def press(page: Page) -> None:
    page.locator("[data-action-button-primary]").click()


def set_up_an_app(page: Page) -> tuple[str, int]:
    """On the pages that enrol an authenticator application, and give a recovery code. The key, and the time step whose
    code is spent."""
    page.locator("button[value=toggle-view]").click()
    key = re.sub(r"\s", "", page.locator("#secret").inner_text())
    step = otp.step_at(time.time())
    page.locator("#code").fill(otp.code_of(key, step))
    press(page)
    page.get_by_label("I have saved this code").check()
    press(page)
    return key, step


def test_a_second_factor_is_asked_for_by_redirect(spa: SinglePage) -> None:
    spa.log_in(REDIRECTED)
    spa.come_back()
    assert "amr" not in spa.call("getIdTokenClaims")
    spa.page.evaluate(
        "asked => { client.loginWithRedirect(asked); }", {"authorizationParams": {"acr_values": MULTI_FACTOR}}
    )
    set_up_an_app(spa.page)
    spa.come_back()
    claims = spa.call("getIdTokenClaims")
    assert claims["amr"] == ["mfa"]
    assert claims["acr"] == MULTI_FACTOR


def test_a_second_factor_that_silence_meets_is_proved_in_a_popup(spa: SinglePage) -> None:
    spa.log_in(IN_A_POPUP)
    spa.come_back()
    asked = {"cacheMode": "off", "authorizationParams": {"acr_values": MULTI_FACTOR}}
    with spa.page.expect_popup() as opened:
        spa.page.evaluate(BEGIN, asked)
    popup = opened.value
    with popup.expect_event("close"):
        set_up_an_app(popup)
    assert spa.page.evaluate("token")["token"]
    assert spa.call("getIdTokenClaims")["amr"] == ["mfa"]


def refused_for(spa: SinglePage, door: DevServer, email: str) -> str:
    """The token that stands for a password where a second factor is wanted, which the SDK is told of."""
    audience, scope = door.url("mfa/"), "openid email read:authenticators enroll"
    asked = {
        "grant_type": "password",
        "client_id": door.clients[SINGLE_PAGE].client_id,
        "username": email,
        "password": PASSWORD,
        "audience": audience,
        "scope": scope,
    }
    refused = httpx2.post(door.url("oauth/token"), data=asked, verify=door.tls).json()
    token: str = refused["mfa_token"]
    spa.call("mfa.setMFAAuthDetails", token, scope, audience, refused["mfa_requirements"])
    return token


def message_to(door: DevServer, number: str) -> str:
    """The code that was sent there."""
    until = time.monotonic() + ARRIVAL_LIMIT
    with httpx2.Client(base_url=door.issuer, verify=door.tls) as http:
        while time.monotonic() < until:
            answer = http.post("_doorward/api/v1/inbox/take", params={"to": number})
            if answer.status_code == 200:
                code: str = answer.json()["code"]
                return code
    raise AssertionError(f"nothing came for {number}")


def asked_of_everybody(door: DevServer, *policies: str) -> None:
    """When a second factor is wanted, whatever an application asks for."""
    known = door.management
    with httpx2.Client(base_url=door.issuer, verify=door.tls) as http:
        asked = {"client_id": known.client_id, "client_secret": known.client_secret}
        asked |= {"grant_type": "client_credentials", "audience": door.management_audience}
        bearer = {"authorization": f"Bearer {http.post('oauth/token', json=asked).json()['access_token']}"}
        assert http.put("api/v2/guardian/policies", json=policies, headers=bearer).status_code == 200


@pytest.fixture
def always(door: DevServer) -> Iterator[None]:
    asked_of_everybody(door, "all-applications")
    yield
    asked_of_everybody(door)


@pytest.mark.usefixtures("always")
def test_a_second_factor_is_taken_on_on_the_pages_of_the_application(spa: SinglePage, door: DevServer) -> None:
    token = refused_for(spa, door, NEW_TO_IT)
    assert {one["type"] for one in spa.call("mfa.getEnrollmentFactors", token)} == {"otp", "phone"}
    begun = spa.call("mfa.enroll", {"mfaToken": token, "factorType": "sms", "phoneNumber": NUMBER})
    assert begun["oobChannel"] == "sms"
    taken = {"mfaToken": token, "oobCode": begun["oobCode"], "bindingCode": message_to(door, NUMBER)}
    assert spa.call("mfa.verify", taken)["access_token"]
    assert spa.call("getUser")["email"] == NEW_TO_IT

    spa.open()
    token = refused_for(spa, door, NEW_TO_IT)
    (phone,) = (one for one in spa.call("mfa.getAuthenticators", token) if one["authenticatorType"] == "oob")
    asked = {"mfaToken": token, "challengeType": "oob", "authenticatorId": phone["id"]}
    challenge = spa.call("mfa.challenge", asked)
    proof = {"mfaToken": token, "oobCode": challenge["oobCode"], "bindingCode": message_to(door, NUMBER)}
    assert spa.call("mfa.verify", proof)["access_token"]
    assert spa.call("getUser")["email"] == NEW_TO_IT


def test_a_second_factor_is_proved_on_the_pages_of_the_application(spa: SinglePage, door: DevServer) -> None:
    spa.log_in(EMBEDDED, acr_values=MULTI_FACTOR)
    key, step = set_up_an_app(spa.page)
    spa.come_back()
    token = refused_for(spa, door, EMBEDDED)
    kinds = [one["authenticatorType"] for one in spa.call("mfa.getAuthenticators", token)]
    assert sorted(kinds) == ["otp", "recovery-code"]
    proved = spa.call("mfa.verify", {"mfaToken": token, "otp": otp.code_of(key, step + 1)})
    assert proved["access_token"]
    assert spa.call("getUser")["email"] == EMBEDDED


def test_a_passkey_signs_up_and_logs_in_on_the_pages_of_the_application(spa: SinglePage) -> None:
    session = spa.page.context.new_cdp_session(spa.page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    person = {"email": "passkey@example.test", "name": "Pat Key", "realm": CONNECTION}
    assert spa.call("passkey.signup", person)["access_token"]
    assert spa.call("getUser")["email"] == person["email"]
    spa.open()
    assert spa.call("getUser") is None
    assert spa.call("passkey.login", {"realm": CONNECTION})["access_token"]
    assert spa.call("getUser")["email"] == person["email"]
    session.detach()
