"""Whatever comes, no endpoint fails: a refusal in its own dialect, never a 5xx."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.door import DOMAIN, Door
from tests.integration.flows.conftest import TENANT

PARAMETERS = [
    "grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "code", "redirect_uri",
    "code_verifier", "refresh_token", "username", "password", "realm", "audience", "scope", "response_type", "state",
    "response_mode", "nonce", "prompt", "max_age", "code_challenge", "code_challenge_method", "request_uri", "request",
    "token", "returnTo", "post_logout_redirect_uri", "id_token_hint", "logout_hint", "action", "connection", "email",
    "access_token", "login_hint", "ui_locales", "organization", "screen_hint", "user_metadata",
    "otp", "phone_number", "send", "authParams", "verification_code",
]  # fmt: skip
KNOWN_VALUES = [
    "authorization_code", "client_credentials", "refresh_token", "password",
    "http://auth0.com/oauth/grant-type/password-realm", "http://auth0.com/oauth/grant-type/passwordless/otp",
    "code", "token", "id_token", "code token", "none", "login",
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
    ("POST", "/passwordless/start"), ("POST", "/passwordless/verify"), ("GET", "/passwordless/verify_redirect"),
    ("POST", "/passwordless/verify_redirect"), ("POST", "/u/login/passwordless-email-challenge"),
    ("POST", "/u/login-email-verification"),
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


MANAGED = [
    "clients", "clients/x", "resource-servers", "resource-servers/x", "client-grants", "client-grants/x", "roles",
    "roles/x", "roles/x/permissions", "roles/x/users", "connections", "connections/x", "connections/x/clients",
    "users", "users/auth0|1", "users/auth0|1/roles", "users/auth0|1/permissions", "users/auth0|1/logs",
    "users-by-email", "user-blocks", "user-blocks/auth0|1", "grants", "grants/x", "logs", "logs/9", "tenants/settings",
    "custom-domains", "custom-domains/x", "custom-domains/default", "keys/signing", "keys/signing/x", "actions/actions",
    "users/%00", "users/auth0%7C1/%2e%2e/x", "logs/%00",
]  # fmt: skip
FIELDS = [
    "name", "description", "identifier", "scopes", "client_id", "audience", "scope", "strategy", "options",
    "enabled_clients", "email", "username", "password", "connection", "user_metadata", "app_metadata", "blocked",
    "verify_email", "roles", "permissions", "domain", "type", "domain_metadata", "callbacks", "grant_types",
    "refresh_token", "jwt_configuration", "token_lifetime", "default_audience", "friendly_name", "session_lifetime",
    "idle_session_lifetime", "flags", "user_id", "users", "client_metadata", "app_type", "signing_alg",
]  # fmt: skip
QUERIES = [
    "q", "search_engine", "sort", "page", "per_page", "include_totals", "fields", "include_fields", "from", "take",
    "email", "identifier", "name_filter", "strategy", "name", "client_id", "user_id", "audience", "primary_order",
    "is_global", "app_type", "connection", "consider_brute_force_enablement",
]  # fmt: skip
ODD = [
    "\x00", "a\x00b", "\ud800", "\U0010ffff", "\u202e", "'", '"', "%", "_", "\\", "1" * 400, -1, 2**63, 2**64, 1e308,
    0.5, True, None, [], {}, [None], {"a": {"b": ["\x00"]}}, {"\x00": 1}, {"$ne": 1}, [{"permission_name": "\x00"}],
    [{"value": "read:x"}], ["auth0"], "auth0", "ada@example.test", "Up_and-running-9", "https://x.test/",
    {"enabled": 1},
]  # fmt: skip
DECENT: dict[str, dict[str, Any]] = {
    "clients": {"name": "Odd"},
    "resource-servers": {"identifier": "https://odd.test"},
    "roles": {"name": "Odd"},
    "connections": {"name": "odd", "strategy": "auth0"},
    "users": {"email": "odd@example.test", "password": "Up_and-running-9", "connection": "people"},
    "custom-domains": {"domain": "odd.test", "type": "self_managed_certs"},
    "tenants/settings": {},
}
SEARCHES = [
    'email:"ada@example.test"', "email:*", "*", "name:a*b*c*", "NOT", "NOT NOT a", "(((", "a AND", "AND OR",
    "_exists_:x", "logins_count:[0 TO 9]", "created_at:{* TO 2020}", "created_at:[a TO b]", "user_metadata.a.b:1",
    "name:/.*/", "a~2", "user_id:(a OR b)", "identities.connection:'x'", "date:[1 TO 99999999999999999999]",
    "type:f", "logins_count:1e999", "(" * 200 + "a" + ")" * 200, " OR ".join("abcdefghij" * 20), "name:\x00",
    "email:\"a\\",
    "x:[1 TO", "logins_count:NaN",
]  # fmt: skip

odd = st.sampled_from(ODD) | json_values
bodies = st.dictionaries(st.sampled_from(FIELDS), odd, max_size=5) | st.lists(odd, max_size=2) | odd
texts = st.sampled_from([v for v in ODD if isinstance(v, str) and v != "\ud800"] + SEARCHES) | text
queries = st.lists(
    st.tuples(st.sampled_from(QUERIES), texts | st.sampled_from(["1", "-1", "999999999999"])), max_size=3
)


@pytest.fixture
async def door(database: str) -> AsyncIterator[Door]:
    door = await Door(database).start()
    await door.tenant(TENANT)
    yield door
    await door.stop()


async def test_no_request_is_answered_with_5xx(door: Door) -> None:
    """Two hundred odd requests, the same each time."""
    sent: list[tuple[Any, ...]] = []

    @settings(max_examples=200, suppress_health_check=list(HealthCheck))
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


async def test_what_looks_like_an_escape_leaves_the_log_readable(door: Door) -> None:
    machine = door.client("Mgmt")
    credentials = {"client_id": machine.client_id, "client_secret": machine.client_secret or ""}
    audience = f"https://{DOMAIN}/api/v2/"
    token = (await door.token(grant_type="client_credentials", audience=audience, **credentials)).json()["access_token"]
    async with door.http() as http:
        for agent in (r"x\u0000y", r"x\\u0000y"):
            await http.get("/authorize", params={"client_id": "nobody"}, headers={"user-agent": agent})
        for query in ("max_age=" + "0" * 12 + "9" * 5000, "max_age=" + "9" * 11):
            real = door.client("Spa").client_id
            answer = await http.get(f"/authorize?client_id={real}&response_type=code&{query}")
            assert answer.status_code < 500
        bearer = {"authorization": f"Bearer {token}"}
        answer = await http.get("/api/v2/logs", headers=bearer)
        agents = {event.get("user_agent") for event in answer.json()}
        assert {r"x\u0000y", r"x\\u0000y"} <= agents
        for depth in (900, 1000):
            nested = await http.get("/api/v2/logs", params={"q": "NOT " * depth + "type:s"}, headers=bearer)
            assert nested.status_code == 400


async def test_no_management_request_is_answered_with_5xx(door: Door) -> None:
    """More than a thousand odd requests with every scope, the same each time."""
    sent: list[tuple[str, str, Any, Any]] = []

    @settings(max_examples=400, suppress_health_check=list(HealthCheck))
    @given(
        method=st.sampled_from(["GET", "GET", "POST", "PATCH", "PUT", "DELETE"]),
        path=st.sampled_from(MANAGED),
        query=queries,
        body=bodies,
    )
    def collect(method: str, path: str, query: Any, body: Any) -> None:
        sent.append((method, path, query, body))

    await asyncio.to_thread(collect)
    for family, body in DECENT.items():
        method = "PATCH" if family == "tenants/settings" else "POST"
        for place, field in enumerate(FIELDS):
            sent += [(method, family, [], {**body, field: ODD[(place * 5 + turn) % len(ODD)]}) for turn in range(4)]
    sent += [("GET", family, [("q", search)], None) for family in ("users", "logs") for search in SEARCHES]
    machine = door.client("Mgmt")
    credentials = {"client_id": machine.client_id, "client_secret": machine.client_secret or ""}
    audience = f"https://{DOMAIN}/api/v2/"
    token = (await door.token(grant_type="client_credentials", audience=audience, **credentials)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    async with door.http() as http:
        for method, path, query, body in sent:
            content = json.dumps(body) if method in ("POST", "PATCH", "PUT") else None
            answer = await http.request(method, f"/api/v2/{path}", params=query, content=content, headers=headers)
            assert answer.status_code < 500, (method, path, query, content, answer.text)


async def test_what_is_sent_by_the_megabyte_is_neither_told_back_nor_kept(door: Door) -> None:
    spa, web, much = door.client("Spa"), door.client("Web"), "x" * 900_000
    secret = {"client_id": web.client_id, "client_secret": web.client_secret or ""}
    realm = {"grant_type": "http://auth0.com/oauth/grant-type/password-realm", "realm": much}
    for parameters in ({"grant_type": much}, {**realm, "username": "a", "password": "b"}):
        answer = await door.token(**secret, **parameters)
        assert (400 <= answer.status_code < 500, len(answer.content) < 5000) == (True, True)
    request = {"client_id": spa.client_id, "response_type": "code", "redirect_uri": "https://app.test/callback"}
    request |= {"code_challenge": "a" * 43, "code_challenge_method": "S256"}
    async with door.http() as http:
        for name in ("login_hint", "audience", "connection", "unknown"):
            answer = await http.post("/authorize", data={**request, name: much})
            assert (answer.status_code, len(answer.headers["location"]) < 5000) == (302, True)
    for event in await door.log():
        assert len(str(event)) < 20_000
    kept = await door.server.storage.database.read("SELECT max(length(document)) FROM login_transaction", {})
    assert kept[0][0] < 5000
