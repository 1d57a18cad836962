"""A server that asks for a second factor before it replaces a password, and what a test does there beside a browser."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from tests.dev_server import DevServer, dev_server
from tests.e2e.login_pages.application import ARRIVAL_LIMIT
from tests.e2e.login_pages.tenants import ASKING_PEOPLE, CONNECTION, PASSWORD, UNVERIFIED, WEB

BY_CODE = "codes.localhost"  # the domain of its second tenant, which verifies and resets by codes


def _web(callback: str) -> dict[str, Any]:
    return {"name": "Web", "client_id": WEB, "app_type": "regular_web", "callbacks": [callback]}


def _asking(callback: str) -> dict[str, Any]:
    factors = ("otp", "sms", "email", "recovery-code", "webauthn-platform", "webauthn-roaming")
    return {
        "tenant": {
            "friendly_name": "Asking",
            "default_directory": CONNECTION,
            "flags": {"mfa_show_factor_list_on_enrollment": True},
        },
        "guardianFactors": [{"name": name, "enabled": True} for name in factors],
        "guardianPhoneFactorMessageTypes": {"message_types": ["sms", "voice"]},
        "clients": [_web(callback)],
        "databases": [{"name": CONNECTION, "strategy": "auth0", "enabled_clients": ["Web"]}],
        "users": [
            {"email": email, "password": PASSWORD, "connection": CONNECTION, "email_verified": True}
            for email in ASKING_PEOPLE.values()
        ],
    }


def _by_code(callback: str) -> dict[str, Any]:
    phone = {"identifier": {"active": True, "default_method": "phone_otp"}, "signup": {"status": "optional"}}
    email = {"identifier": {"active": True}, "verification_method": "otp"}
    methods = {name: {"enabled": True} for name in ("password", "email_otp", "phone_otp")}
    return {
        "tenant": {"friendly_name": "Codes", "default_directory": CONNECTION},
        "prompts": {"identifier_first": True},
        "guardianPhoneFactorMessageTypes": {"message_types": ["sms", "voice"]},
        "clients": [_web(callback)],
        "databases": [
            {
                "name": CONNECTION,
                "strategy": "auth0",
                "enabled_clients": ["Web"],
                "options": {
                    "attributes": {
                        "email": {**email, "signup": {"status": "required", "verification": {"active": True}}},
                        "phone_number": phone,
                    },
                    "authentication_methods": methods,
                },
            }
        ],
        "users": [
            {"email": email, "password": PASSWORD, "connection": CONNECTION, "email_verified": False}
            for email in UNVERIFIED.values()
        ],
    }


@contextlib.contextmanager
def asking_server(callback: str, folder: Path) -> Iterator[DevServer]:
    """Runs until the block ends."""
    with dev_server(_asking(callback), folder, {BY_CODE: _by_code(callback)}, "--reset-asks-second-factor") as door:
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


def received(door: DevServer, to: str, host: str = "") -> dict[str, Any]:
    """The newest message to somebody, once it is there; ``host`` is another tenant than the first."""
    named = {"Host": host} if host else {}
    with httpx2.Client(base_url=door.issuer, verify=door.tls, trust_env=False, headers=named) as http:
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


def somebody(door: DevServer, email: str, *methods: dict[str, str]) -> str:
    """A new person with these authentication methods."""
    new = {"email": email, "password": PASSWORD, "connection": CONNECTION, "email_verified": True}
    user_id: str = manage(door, "POST", "/users", new)["user_id"]
    for method in methods:
        manage(door, "POST", f"/users/{user_id}/authentication-methods", method)
    return user_id


def forgot(door: DevServer, email: str) -> str:
    """The link that somebody is sent who forgot their password."""
    asked = {"connection": CONNECTION, "email": email, "client_id": WEB}
    with httpx2.Client(base_url=door.issuer, verify=door.tls, trust_env=False) as http:
        http.post("dbconnections/change_password", json=asked)
    link: str = received(door, email)["link"]
    return link
