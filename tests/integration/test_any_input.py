"""Whatever comes, no endpoint fails: a refusal in its own dialect, never a 5xx."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.door import Door
from tests.integration.flows.conftest import TENANT

PARAMETERS = [
    "grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "code", "redirect_uri",
    "code_verifier", "refresh_token", "username", "password", "realm", "audience", "scope", "response_type", "state",
    "response_mode", "nonce", "prompt", "max_age", "code_challenge", "code_challenge_method", "request_uri", "request",
    "token", "returnTo", "post_logout_redirect_uri", "id_token_hint", "logout_hint", "action", "connection", "email",
    "access_token", "login_hint", "ui_locales", "organization", "screen_hint", "user_metadata",
]  # fmt: skip
KNOWN_VALUES = [
    "authorization_code", "client_credentials", "refresh_token", "password",
    "http://auth0.com/oauth/grant-type/password-realm", "code", "token", "id_token", "code token", "none", "login",
    "web_message", "form_post", "query", "fragment", "S256", "plain", "https://app.test/callback", "https://api.test",
    "openid offline_access read:items", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "people", "0", "-1",
    "9" * 30, "a" * 43, "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30.", "javascript:alert(1)", "//evil", "\u2028", "accept",
    "urn:ietf:params:oauth:request_uri:x", "ada@example.test", "deny",
]  # fmt: skip
ENDPOINTS = [
    ("GET", "/authorize"), ("POST", "/authorize"), ("GET", "/authorize/resume"), ("POST", "/oauth/token"),
    ("POST", "/oauth/revoke"), ("POST", "/oauth/par"), ("GET", "/userinfo"), ("POST", "/userinfo"),
    ("GET", "/v2/logout"), ("GET", "/oidc/logout"), ("POST", "/oidc/logout"), ("POST", "/dbconnections/signup"),
    ("GET", "/u/login"), ("POST", "/u/login"), ("POST", "/u/login/identifier"), ("POST", "/u/login/password"),
    ("POST", "/u/signup"), ("POST", "/u/consent"), ("POST", "/u/login-confirmation"),
    ("POST", "/_doorward/api/v1/explain"), ("GET", "/api/v2/clients"), ("POST", "/api/v2/clients"),
    ("GET", "/_doorward/static/x/y"), ("GET", "/.well-known/jwks.json"),
]  # fmt: skip

text = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(KNOWN_VALUES)
pairs = st.lists(st.tuples(st.sampled_from(PARAMETERS) | st.text(max_size=8), text), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PARAMETERS), inner, max_size=4),
    max_leaves=8,
)
header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
authorizations = st.sampled_from(["", "Bearer x", "Basic eDp5", "Basic !", "bearer", "DPoP x", "Bearer " + "a." * 9])


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}").start()
    await door.tenant(TENANT)
    yield door
    await door.stop()


async def test_no_request_is_answered_with_5xx(door: Door) -> None:
    """Two hundred odd requests, the same each time."""
    sent: list[tuple[Any, ...]] = []

    @settings(max_examples=200, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        endpoint=st.sampled_from(ENDPOINTS),
        query=pairs,
        form=pairs,
        body=st.none() | json_values | st.binary(max_size=40),
        authorization=authorizations | header_text.map(str.strip),
        origin=st.sampled_from(["", "null", "https://app.test", "nonsense", "https://[bad"]),
    )
    def collect(**request: Any) -> None:
        sent.append(tuple(request.items()))

    await asyncio.to_thread(collect)
    real = door.client("Spa").client_id
    async with door.http() as http:
        for items in sent:
            r = dict(items)
            method, path = r["endpoint"]
            headers = {"cookie": b"auth0=x; __Host-doorward_transaction=y", "origin": r["origin"].encode()}
            headers["authorization"] = r["authorization"].encode("latin-1")
            headers = {name: value for name, value in headers.items() if value}
            more: dict[str, Any] = {}
            if method == "POST" and isinstance(r["body"], bytes):
                more = {"content": r["body"], "headers": {**headers, "content-type": b"application/json"}}
            elif method == "POST" and r["body"] is not None:
                more = {"content": json.dumps(r["body"]), "headers": {**headers, "content-type": b"application/json"}}
            elif method == "POST":
                more = {"data": {k: real if k == "client_id" else v for k, v in r["form"]}}
            params = [(k, real if k == "client_id" else v) for k, v in r["query"]]
            answer = await http.request(method, path, params=params, **{"headers": headers, **more})
            assert answer.status_code < 500, (method, path, params, more, answer.text)
