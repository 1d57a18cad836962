"""The tenant the vectors speak of, and how they ask it for tokens.

C is ``acme.test``, CD its custom domain ``login.acme.test``; APIs A (RS256), H (HS256) and B; W a web
application with a secret, P a single-page application, M a machine with a grant for A; the user u.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx2
from tests.integration.applications import Applications
from tests.integration.door import CALLBACK, BrowserTab, Door

from doorward.model.client import Client

C = "acme.test"
CD = "login.acme.test"
A = "https://api/"
H = "https://hs/"
B = "https://b/"
USERINFO = f"https://{C}/userinfo"
SECRET_OF_H = "a-signing-secret-of-thirty-two-characters"

TENANT: dict[str, Any] = {
    "tenant": {"default_directory": "people", "resource_parameter_profile": "audience"},
    "prompts": {"identifier_first": False},
    "customDomains": [{"domain": CD}],
    "resourceServers": [
        {
            "name": "A", "identifier": A, "signing_alg": "RS256", "allow_offline_access": True,
            "skip_consent_for_verifiable_first_party_clients": True,
            "scopes": [{"value": "r"}, {"value": "w"}, {"value": "x"}],
        },
        {
            "name": "H", "identifier": H, "signing_alg": "HS256", "signing_secret": SECRET_OF_H,
            "skip_consent_for_verifiable_first_party_clients": True, "scopes": [{"value": "r"}],
        },
        {
            "name": "B", "identifier": B, "signing_alg": "RS256", "allow_offline_access": True,
            "skip_consent_for_verifiable_first_party_clients": True, "scopes": [{"value": "b1"}, {"value": "b2"}],
        },
    ],
    "clients": [
        {
            "name": "W", "app_type": "regular_web", "callbacks": [CALLBACK], "web_origins": ["https://app.test"],
            "allowed_logout_urls": ["https://app.test/bye"],
            "grant_types": ["authorization_code", "refresh_token", "implicit", "password"],
        },
        {
            "name": "P", "app_type": "spa", "token_endpoint_auth_method": "none", "callbacks": [CALLBACK],
            "web_origins": ["https://app.test"], "grant_types": ["authorization_code", "refresh_token", "implicit"],
        },
        {"name": "M", "app_type": "non_interactive", "grant_types": ["client_credentials"]},
        {
            "name": "Strict", "is_first_party": False, "app_type": "regular_web", "callbacks": [CALLBACK],
            "grant_types": ["authorization_code"],
        },
        {
            "name": "Permissive", "is_first_party": False, "third_party_security_mode": "permissive",
            "app_type": "regular_web", "callbacks": [CALLBACK], "grant_types": ["authorization_code"],
        },
    ],
    "clientGrants": [{"client_id": "M", "audience": A, "scope": ["r", "w"]}],
    "databases": [
        {"name": "people", "strategy": "auth0", "enabled_clients": ["W", "P"], "is_domain_connection": True}
    ],
    "users": [
        {
            "email": "u@example.test", "password": "Right-9x", "user_id": "u", "email_verified": True, "name": "U",
            "connection": "people",
        }
    ],
}  # fmt: skip


class World:
    """The fixture's server, with the questions vectors ask. ``applications`` hear of logouts."""

    def __init__(self, door: Door, applications: Applications | None = None) -> None:
        self.door = door
        self.applications = applications or Applications()

    async def with_(self, **changes: Any) -> World:
        """The same tenant with these lists or settings of a tenant file changed."""
        await self.door.tenant(changes, C)
        return self

    async def api(self, identifier: str = A, **properties: Any) -> World:
        return await self.with_(resourceServers=[{"identifier": identifier, **properties}])

    async def default_audience(self, audience: str) -> World:
        return await self.with_(tenant={"default_audience": audience})

    async def user(self, **properties: Any) -> World:
        return await self.with_(users=[{"email": "u@example.test", "connection": "people", **properties}])

    def client(self, name: str) -> Client:
        return self.door.client(name, C)

    def tab(self, host: str = C) -> BrowserTab:
        return self.door.browser(host)

    async def signed_in(self, host: str = C) -> BrowserTab:
        """A browser in which u has a session."""
        tab = await self.tab(host).authorize(self.client("W"))
        return await tab.login("u@example.test", "Right-9x")

    async def asked(self, client: str = "W", host: str = C, **parameters: str) -> dict[str, str]:
        """What ``/authorize`` tells the application, once u has signed in where it asks."""
        tab = await (await self.signed_in(host)).authorize(self.client(client), **parameters)
        return tab.answer

    async def code_flow(self, client: str = "W", host: str = C, **parameters: str) -> dict[str, Any]:
        """The token answer of a whole code flow."""
        answer = await self.asked(client, host, **parameters)
        assert "code" in answer, answer
        response = await self.redeem(client, answer["code"], host=host)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    async def redeem(self, client: str, code: str, host: str = C, **more: str) -> httpx2.Response:
        named = self.client(client)
        parameters = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK,
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", **self.credentials(client), **more,
        }  # fmt: skip
        assert named.client_id == parameters["client_id"]
        return await self.door.token(host, **parameters)

    def credentials(self, client: str) -> dict[str, str]:
        named = self.client(client)
        if named.is_public:
            return {"client_id": named.client_id}
        return {"client_id": named.client_id, "client_secret": named.client_secret}

    async def machine(self, host: str = C, **parameters: str) -> httpx2.Response:
        """M asks with client credentials."""
        asked = {"grant_type": "client_credentials", **self.credentials("M"), **parameters}
        return await self.door.token(host, **asked)

    async def password(self, **parameters: str) -> httpx2.Response:
        asked = {
            "grant_type": "password", "username": "u@example.test", "password": "Right-9x", **self.credentials("W"),
            **parameters,
        }  # fmt: skip
        return await self.door.token(C, **asked)

    async def refresh(self, client: str, token: str, **parameters: str) -> httpx2.Response:
        asked = {"grant_type": "refresh_token", "refresh_token": token, **self.credentials(client), **parameters}
        return await self.door.token(C, **asked)

    async def userinfo(self, token: str, host: str = C) -> httpx2.Response:
        async with self.door.http(host) as http:
            return await http.get("/userinfo", headers={"authorization": f"Bearer {token}"})


def header(token: str) -> dict[str, Any]:
    return _part(token, 0)


def claims(token: str) -> dict[str, Any]:
    return _part(token, 1)


def _part(token: str, index: int) -> dict[str, Any]:
    part = token.split(".")[index]
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return value


def error(response: httpx2.Response) -> tuple[int, str, str]:
    body = response.json()
    return response.status_code, body["error"], body["error_description"]
