"""auth0-python sends codes and links, and exchanges the codes."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from auth0.authentication import GetToken, Passwordless
from auth0.authentication.exceptions import Auth0Error
from tests.dev_server import DevServer
from tests.sdk_tenant import NEVER_CALLED, PASSWORDLESS

pytestmark = pytest.mark.xdist_group("sdk-python")


def received(door: DevServer, http: httpx.Client, to: str) -> dict[str, Any]:
    """The newest message to somebody, once it is there."""
    for _ in range(200):
        answer = http.post(door.url("_doorward/api/v1/inbox/take"), params={"to": to})
        if answer.status_code == 200:
            message: dict[str, Any] = answer.json()
            return message
    raise AssertionError(f"nothing came for {to}")


@pytest.fixture
def passwordless(door: DevServer) -> Passwordless:
    client = door.clients[PASSWORDLESS]
    return Passwordless(door.domain, client.client_id, client_secret=client.client_secret)


@pytest.fixture
def tokens(door: DevServer) -> GetToken:
    client = door.clients[PASSWORDLESS]
    return GetToken(door.domain, client.client_id, client_secret=client.client_secret)


def test_a_code_by_mail_is_exchanged_for_tokens(
    door: DevServer, http: httpx.Client, passwordless: Passwordless, tokens: GetToken
) -> None:
    sent = passwordless.email("grace@example.test", send="code")
    assert (sent["email"], sent["email_verified"]) == ("grace@example.test", False)
    code = received(door, http, "grace@example.test")["code"]
    answer = tokens.passwordless_login("grace@example.test", code, "email", "openid email", "")
    assert {"access_token", "id_token"} <= answer.keys()
    with pytest.raises(Auth0Error) as refusal:
        tokens.passwordless_login("grace@example.test", code, "email", "openid", "")
    assert (refusal.value.status_code, refusal.value.error_code) == (403, "invalid_grant")
    assert refusal.value.message == "Wrong email or verification code."


def test_a_code_by_text_message_is_exchanged_for_tokens(
    door: DevServer, http: httpx.Client, passwordless: Passwordless, tokens: GetToken
) -> None:
    sent = passwordless.sms("+442079460001")
    assert sent["phone_number"] == "+442079460001"
    code = received(door, http, "+442079460001")["code"]
    assert "access_token" in tokens.passwordless_login("+442079460001", code, "sms", "openid", "")


def test_a_link_answers_what_was_asked_with_it(door: DevServer, http: httpx.Client, passwordless: Passwordless) -> None:
    asked = {"response_type": "code", "redirect_uri": NEVER_CALLED, "scope": "openid", "state": "mine"}
    passwordless.email("link@example.test", auth_params=asked)
    link = received(door, http, "link@example.test")["link"]
    assert http.get(link).status_code == 200
    pressed = http.post(link, data={"action": "default"})
    assert urlsplit(pressed.headers["location"]).path == "/authorize/resume"
    answer = http.get(door.url(pressed.headers["location"].removeprefix("/")))
    location = urlsplit(answer.headers["location"])
    assert parse_qs(location.query)["state"] == ["mine"]
    assert "code" in parse_qs(location.query)


def test_an_error_is_named_as_the_sdk_expects(passwordless: Passwordless) -> None:
    with pytest.raises(Auth0Error) as refusal:
        passwordless.email("nobody", send="code")
    assert (refusal.value.status_code, refusal.value.error_code) == (400, "bad.email")
