"""Links of mails and administrators that have to do with second factors, in a browser with and without scripts: a
factor is taken on by one, and asked for by the one that replaces a password."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect
from tests.dev_server import DevServer, dev_server
from tests.e2e.login_pages.application import ARRIVAL_LIMIT
from tests.e2e.login_pages.tenants import CONNECTION, PASSWORD, WEB

from doorward.identity.mfa import otp

pytestmark = pytest.mark.xdist_group("login-pages")
PEOPLE = {(what, scripts): f"{what}-{scripts}@example.test".lower() for what in "pak" for scripts in (True, False)}
NEW = "Difference-Engine-1822"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(scope="module")
def asking(running: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """A server that asks for a second factor before it replaces a password."""
    factors = [{"name": name, "enabled": True} for name in ("otp", "sms", "webauthn-platform")]
    tenant = {
        "tenant": {
            "friendly_name": "Asking",
            "default_directory": CONNECTION,
            "flags": {"mfa_show_factor_list_on_enrollment": True},
        },
        "guardianFactors": factors,
        "guardianPhoneFactorMessageTypes": {"message_types": ["sms", "voice"]},
        "clients": [{"name": "Web", "client_id": WEB, "app_type": "regular_web", "callbacks": [running.app.callback]}],
        "databases": [{"name": CONNECTION, "strategy": "auth0", "enabled_clients": ["Web"]}],
        "users": [
            {"email": email, "password": PASSWORD, "connection": CONNECTION, "email_verified": True}
            for email in PEOPLE.values()
        ],
    }
    folder = tmp_path_factory.mktemp("asking")
    with dev_server(tenant, folder, {}, "--reset-asks-second-factor") as door:
        yield door


def manage(door: DevServer, method: str, path: str, body: Any = None, **query: str) -> Any:
    """A call of the Management API."""
    with httpx2.Client(base_url=door.issuer, verify=door.tls, trust_env=False) as http:
        granted = http.post(
            "oauth/token",
            json={
                "grant_type": "client_credentials", "client_id": door.management.client_id,
                "client_secret": door.management.client_secret, "audience": door.management_audience,
            },
        )  # fmt: skip
        bearer = {"authorization": f"Bearer {granted.json()['access_token']}"}
        answer = http.request(method, f"api/v2{path}", json=body, params=query, headers=bearer)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None


def received(door: DevServer, to: str) -> dict[str, Any]:
    """The newest message to somebody, once it is there."""
    with httpx2.Client(base_url=door.issuer, verify=door.tls, trust_env=False) as http:
        until = time.monotonic() + ARRIVAL_LIMIT
        while time.monotonic() < until:
            answer = http.post("_doorward/api/v1/inbox/take", params={"to": to})
            if answer.status_code == 200:
                message: dict[str, Any] = answer.json()
                return message
    raise AssertionError(f"nothing came for {to}")


def person(door: DevServer, email: str) -> str:
    (found,) = manage(door, "GET", "/users-by-email", email=email)
    user_id: str = found["user_id"]
    return user_id


def press(page: Page) -> None:
    page.locator("[data-action-button-primary]").click()


def test_a_number_is_taken_on_by_a_link(asking: DevServer, page: Page, scripts: bool) -> None:
    user = person(asking, PEOPLE["p", scripts])
    page.goto(
        manage(asking, "POST", "/guardian/enrollments/ticket", {"user_id": user, "factor": "phone"})["ticket_url"]
    )
    page.wait_for_url("**/u/mfa-phone-enrollment?*")
    page.get_by_role("button", name="Choose the country").click()
    search = page.get_by_role("searchbox")
    if scripts:
        search.fill("united k")
        expect(page.get_by_role("button", name="Afghanistan")).to_be_hidden()
        page.keyboard.press("Enter")
    else:
        expect(search).to_be_hidden()
        page.get_by_role("button", name="Europe").click()
        page.get_by_role("button", name="United Kingdom +44").click()
    expect(page.get_by_text("United Kingdom +44")).to_be_visible()
    number = f"0207946{3333 if scripts else 4444}"
    page.get_by_label("Phone number").fill(number)
    page.get_by_label("By a call").check()
    press(page)
    page.wait_for_url("**/u/mfa-voice-challenge?*")
    page.locator("#code").fill(received(asking, f"+44{number[1:]}")["code"])
    press(page)
    expect(page.get_by_role("heading")).to_have_text("All done")
    (method,) = manage(asking, "GET", f"/users/{user}/authentication-methods")
    assert method["preferred_authentication_method"] == "voice"


def test_an_app_is_asked_for_before_another_password(asking: DevServer, page: Page, scripts: bool) -> None:
    email = PEOPLE["a", scripts]
    user = person(asking, email)
    manage(asking, "POST", f"/users/{user}/authentication-methods", {"type": "totp", "totp_secret": KEY})
    with httpx2.Client(base_url=asking.issuer, verify=asking.tls, trust_env=False) as http:
        http.post("dbconnections/change_password", json={"connection": CONNECTION, "email": email, "client_id": WEB})
    page.goto(received(asking, email)["link"])
    if not scripts:
        press(page)
    page.wait_for_url("**/u/reset-password-mfa-otp-challenge?*")
    page.get_by_label("Code from the app").fill("000000")
    press(page)
    expect(page.locator("#error-element-code")).to_have_attribute("data-error-code", "invalid-code")
    page.get_by_label("Code from the app").fill(otp.code_of(KEY, otp.step_at(time.time())))
    press(page)
    page.wait_for_url("**/u/reset-password?state=*")
    page.locator("#password-reset").fill(NEW)
    page.locator("#re-enter-password").fill(NEW)
    press(page)
    expect(page.get_by_role("heading")).to_have_text("Password changed")


def test_keys_are_offered_to_browsers_that_can_have_them(asking: DevServer, page: Page, scripts: bool) -> None:
    ticket = {"user_id": person(asking, PEOPLE["k", scripts])}
    recognizes = page.get_by_role("button", name="This device's fingerprint or face recognition")
    page.goto(manage(asking, "POST", "/guardian/enrollments/ticket", ticket)["ticket_url"])
    if not scripts:
        expect(page.get_by_role("heading")).to_have_text("JavaScript is off")
        page.get_by_role("button", name="Try another way").click()
    page.wait_for_url("**/u/mfa-begin-enroll-options?*")
    expect(page.get_by_role("button", name="Authenticator app")).to_be_visible()
    expect(recognizes).to_have_count(0)
    if scripts:
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
        session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page.goto(manage(asking, "POST", "/guardian/enrollments/ticket", ticket)["ticket_url"])
        page.wait_for_url("**/u/mfa-begin-enroll-options?*")
        expect(recognizes).to_be_visible()
        session.detach()
