"""Each question people ask, provoked once: the rule that is named, what is said, and the call that mends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.integration import explaining as e
from tests.integration.explaining import Served, serve

from doorward.model.document import Kind, Put

MACHINE = {"grant_type": "client_credentials", "client_id": "machine"}
WEB = {"response_type": "code", "client_id": "web", "redirect_uri": e.CALLBACK}
LOGIN = {"grant_type": "authorization_code", "client_id": "web", "user_id": e.ADA}


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with serve(tmp_path_factory.mktemp("fixes")) as served:
        yield served


def step_of(explained: dict[str, Any], code: str) -> dict[str, Any]:
    found = [step for step in explained["steps"] if step["because"]["code"] == code]
    assert len(found) == 1, [step["because"]["code"] for step in explained["steps"]]
    return found[0]


# question, request, rule, level, words of the explanation, the call
LOSSES: list[tuple[str, dict[str, str], str, str, str, str | None]] = [
    ("1 opaque", {**LOGIN, "scope": "openid"}, "format.opaque.userinfo_only", "warning", f"audience={e.API}|{e.API}",
     "PATCH /api/v2/tenants/settings"),
    ("2 jwt malformed", {**LOGIN, "scope": "openid"}, "format.opaque.userinfo_only", "warning", "jwt malformed", None),
    ("7 offline not asked", {**LOGIN, "audience": e.ROLES_API}, "refresh.not_requested", "note",
     "✗ offline_access is in the scope", None),
    ("7 api forbids", {**LOGIN, "audience": e.API, "scope": "offline_access"}, "refresh.api_forbids", "warning",
     "✗ the API allows offline access", "PATCH /api/v2/resource-servers/https%3A%2F%2Fapi.acme.test"),
    ("7 client lacks grant", {**LOGIN, "client_id": "codeonly", "audience": e.ROLES_API, "scope": "offline_access"},
     "refresh.client_lacks_grant", "warning", "✗ the application has the refresh_token grant",
     "PATCH /api/v2/clients/codeonly"),
    ("7 no rotation", {**LOGIN, "client_id": "spa", "audience": e.ROLES_API, "scope": "offline_access"},
     "refresh.rotation_required", "warning", "✗ the browser application rotates", "PATCH /api/v2/clients/spa"),
    ("7 implicit", {**WEB, "response_type": "token", "audience": e.ROLES_API, "scope": "offline_access"},
     "refresh.front_channel", "warning", "✗ the tokens come from /oauth/token", None),
    ("7 machine", {**MACHINE, "audience": e.API}, "refresh.machine", "note", "never give a refresh token", None),
    ("9 consent on first login", {**LOGIN, "client_id": "third", "scope": "openid"}, "consent.third_party", "note",
     "covers every scope", None),
    ("13 rbac", {**LOGIN, "audience": e.ROLES_API, "scope": "read:items write:items"}, "scope.rbac_not_granted",
     "warning", "write:items: the API enforces roles, and no role of the user has it (Reader)",
     "POST /api/v2/users/auth0%7Cada/roles"),
    ("13 rbac, no role fits", {**LOGIN, "audience": e.BIG_API, "user_id": e.BOB,
     "scope": "manage:a-rather-long-permission-name-1"}, "scope.rbac_not_granted", "warning", "(no roles)",
     "POST /api/v2/users/auth0%7Cbob/permissions"),
    ("13 nobody named", {"grant_type": "authorization_code", "client_id": "web", "audience": e.ROLES_API,
     "scope": "read:items"}, "scope.rbac_not_granted", "warning", "no user was named", None),
    ("13 not defined", {**LOGIN, "audience": e.API, "scope": "read:items write:nothing"}, "scope.undefined_dropped",
     "warning", f"write:nothing: not defined on {e.API}", "PATCH /api/v2/resource-servers/https%3A%2F%2Fapi.acme.test"),
    ("13 no API named", {**LOGIN, "scope": "openid read:items"}, "scope.undefined_dropped", "warning",
     "OpenID scopes only", None),
    ("13 user grant", {**LOGIN, "audience": e.GRANTED_API, "scope": "read:items write:items"},
     "scope.client_grant_dropped", "warning", "outside the client grant of web", "PATCH /api/v2/client-grants/cgr_"),
    ("14 dialect", {**LOGIN, "audience": e.API}, "permissions.dialect", "note", "dialect is access_token",
     "PATCH /api/v2/resource-servers/https%3A%2F%2Fapi.acme.test"),
    ("14 empty", {**LOGIN, "audience": e.ROLES_API, "user_id": e.BOB}, "permissions.included", "warning",
     "permissions is empty", "POST /api/v2/users/auth0%7Cbob/roles"),
    ("14 opaque", {**LOGIN, "scope": "openid"}, "permissions.opaque", "note", "no permissions", None),
    ("15 too large", {**LOGIN, "audience": e.BIG_API}, "size.large", "warning", "(permissions 6.3 kB)",
     "PATCH /api/v2/resource-servers/https%3A%2F%2Fbig.acme.test%2F"),
    ("17 spa and Management API", {**LOGIN, "audience": e.MANAGEMENT, "scope": "read:users read:current_user"},
     "scope.current_user_only", "warning", "read:users: user tokens for the Management API", None),
    ("20 HS256", {**LOGIN, "audience": e.SECRET_API}, "signing.api_secret", "note", "JWKS cannot verify",
     "PATCH /api/v2/resource-servers/https%3A%2F%2Fhs.acme.test%2F"),
    ("no id token", {**LOGIN, "audience": e.API, "scope": "read:items"}, "id_token.no_openid", "note",
     "no ID token", None),
]  # fmt: skip


@pytest.mark.parametrize(("question", "request_", "rule", "level", "words", "call"), LOSSES, ids=lambda v: str(v)[:28])
async def test_what_is_lost_is_named_with_its_fix(
    served: Served, question: str, request_: dict[str, str], rule: str, level: str, words: str, call: str | None
) -> None:
    explained = await served.explain(**request_)
    assert explained["error"] is None, explained["error"]
    step = step_of(explained, rule)
    said = " ".join([step["fix"]["why"], *step["fix"].get("do", [])])
    assert any(word in said for word in words.split("|")), said
    assert step["fix"]["level"] == level
    assert step["because"]["sentence"]
    if call is not None:
        assert step["change"]["api"].startswith(call)


async def refused(served: Served, request: dict[str, str], host: str = e.CANONICAL) -> tuple[str, str, str]:
    """Error code, rule, and everything that is said about it."""
    explained = await served.explain(host=host, **request)
    assert explained["decision"] is None
    step = explained["steps"][-1]
    assert step["outcome"] == "refused"
    assert step["fix"]["level"] == "refused"
    said = " ".join([step["fix"]["why"], *step["fix"].get("do", []), step.get("change", {}).get("api", "")])
    return explained["error"]["error"], step["because"]["code"], said


NONE = {**WEB, "scope": "openid", "prompt": "none"}
REFUSALS: list[tuple[str, dict[str, str], str, str, str]] = [
    ("4 final slash", {**MACHINE, "audience": e.API + "/"}, "access_denied", "audience.unknown_api",
     f'"{e.API}" exists (differs by the final /)'),
    ("4 scheme", {**MACHINE, "audience": "http://api.acme.test"}, "access_denied", "audience.unknown_api",
     "differs by the scheme"),
    ("4 case", {**MACHINE, "audience": "https://API.acme.test"}, "access_denied", "audience.unknown_api",
     "upper and lower case"),
    ("4 spelling", {**MACHINE, "audience": "https://appi.acme.test"}, "access_denied", "audience.unknown_api",
     "the spelling is close"),
    ("5 unset", {**WEB, "audience": "undefined"}, "access_denied", "audience.unknown_api", "never set"),
    ("5 placeholder", {**WEB, "audience": "YOUR_API_IDENTIFIER"}, "access_denied", "audience.unknown_api", "never set"),
    ("5 management without slash", {**WEB, "audience": e.MANAGEMENT[:-1]}, "access_denied", "audience.unknown_api",
     f'"{e.MANAGEMENT}" exists (differs by the final /)'),
    ("6 unknown", {**MACHINE, "audience": "urn:another:thing"}, "access_denied", "audience.unknown_api",
     "this one is acme.test. POST /api/v2/resource-servers"),
    ("6 none named", MACHINE, "access_denied", "audience.no_api", f"Send an audience: {e.API}"),
    ("6 userinfo for a machine", {**MACHINE, "audience": e.USERINFO}, "access_denied", "access.userinfo_machine",
     "no user to read about"),
    ("8 no session", NONE, "login_required", "login.no_session", "third-party cookies"),
    ("8 idle limit named", NONE, "login_required", "login.no_session", "idle for 72 h"),
    ("8 sso disabled", {**NONE, "client_id": "codeonly", "user_id": e.ADA}, "login_required", "login.sso_disabled",
     "PATCH /api/v2/clients/codeonly"),
    ("8 max_age", {**NONE, "max_age": "0", "user_id": e.ADA}, "login_required", "login.max_age", "raise max_age"),
    ("9 third party", {**NONE, "client_id": "third", "user_id": e.ADA}, "consent_required", "consent.third_party",
     "consent is remembered"),
    ("9 first party API", {**NONE, "audience": e.MANAGEMENT, "user_id": e.ADA}, "consent_required",
     "consent.first_party_api", "PATCH /api/v2/resource-servers/https%3A%2F%2Facme.test%2Fapi%2Fv2%2F"),
    ("9 localhost", {**NONE, "redirect_uri": e.LOOPBACK, "user_id": e.ADA}, "interaction_required",
     "confirmation.non_verifiable_callback", "https callback"),
    ("10 grant type", {**MACHINE, "client_id": "codeonly"}, "unauthorized_client", "request.grant_type",
     "Grant client_credentials is off for codeonly"),
    ("10 implicit", {**WEB, "client_id": "codeonly", "response_type": "token"}, "unauthorized_client",
     "request.grant_type", "prefer authorization_code"),
    ("10 public machine", {**MACHINE, "client_id": "spa"}, "unauthorized_client", "request.grant_type", "is public"),
    ("11 no client grant", {**MACHINE, "audience": e.SECRET_API, "scope": "read:items"}, "access_denied",
     "access.no_client_grant", "scopes read:items. POST /api/v2/client-grants"),
    ("11 no user grant", {**LOGIN, "client_id": "codeonly", "audience": e.GRANTED_API}, "unauthorized_client",
     "access.no_client_grant", "no grant (user)"),
    ("11 deny all", {**MACHINE, "audience": e.CLOSED_API}, "access_denied", "access.deny_all",
     "refuses every client token"),
    ("11 machine scope", {**MACHINE, "audience": e.API, "scope": "write:items"}, "access_denied",
     "scope.client_grant_refused", "write:items: not in the client grant of machine"),
    ("11 openid for a machine", {**MACHINE, "audience": e.API, "scope": "openid"}, "access_denied",
     "scope.client_grant_refused", "Leave the OpenID scopes out"),
    ("12 blocked", {**LOGIN, "user_id": e.BLOCKED}, "access_denied", "user.blocked",
     "Unblock the user. PATCH /api/v2/users/auth0%7Cblocked"),
    ("12 connection disabled", {**LOGIN, "user_id": e.OUTSIDER}, "unauthorized_client", "user.connection_disabled",
     "Elsewhere is not enabled for web. Enable it. PATCH /api/v2/connections/con_"),
    ("12 third party, not domain level", {**LOGIN, "client_id": "third", "user_id": e.OUTSIDER},
     "unauthorized_client", "user.connection_disabled", "domain-level connections only"),
    ("16 custom domain audience", {**MACHINE, "audience": f"https://{e.CUSTOM}/api/v2/"}, "access_denied",
     "audience.unknown_api", f'"{e.MANAGEMENT}" exists (system APIs keep the tenant\'s own domain'),
    ("18 slash", {**WEB, "redirect_uri": e.CALLBACK + "/"}, "unauthorized_client", "request.callback_mismatch",
     "the final slash differs"),
    ("18 scheme", {**WEB, "redirect_uri": "http://app.acme.test/callback"}, "unauthorized_client",
     "request.callback_mismatch", "the scheme differs"),
    ("18 add it", {**WEB, "redirect_uri": "https://other.test/"}, "unauthorized_client", "request.callback_mismatch",
     "PATCH /api/v2/clients/web"),
    ("18 never usable", {**WEB, "redirect_uri": "javascript:alert(1)"}, "unauthorized_client",
     "request.callback_mismatch", "can never be used"),
    ("18 no callbacks", {**WEB, "client_id": "machine", "redirect_uri": ""}, "invalid_request",
     "request.missing_parameter", "has no callbacks"),
    ("unknown client", {**MACHINE, "client_id": "nobody"}, "access_denied", "request.client_authentication",
     "No application of acme.test has this client_id"),
    ("unknown client at authorize", {**WEB, "client_id": "nobody"}, "invalid_request", "request.unknown_client",
     "No application of acme.test has this client_id"),
    ("wrong secret", {**MACHINE, "client_secret": "no"}, "access_denied", "request.client_authentication",
     "not the client's"),
    ("no challenge", {**WEB, "client_id": "spa"}, "invalid_request", "request.pkce", "code_challenge"),
    ("web_message origin", {**WEB, "redirect_uri": e.LOOPBACK, "response_mode": "web_message"}, "unauthorized_client",
     "request.web_origin", "web_origins of web (web)"),
    ("strict third party, system API", {**LOGIN, "client_id": "strict", "audience": e.MANAGEMENT},
     "unauthorized_client", "access.system_api", "Strict third-party"),
    ("organization", {**WEB, "organization": "org_1"}, "invalid_request", "request.unsupported_parameter",
     "Organizations do not exist here"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "request_", "error", "rule", "words"), REFUSALS, ids=lambda v: str(v)[:28])
async def test_a_refusal_says_why_and_what_to_do(
    served: Served, question: str, request_: dict[str, str], error: str, rule: str, words: str
) -> None:
    answered, code, said = await refused(served, request_)
    assert (answered, code) == (error, rule)
    assert words in said


async def test_16_a_custom_domain_is_the_issuer_and_that_is_said(served: Served) -> None:
    explained = await served.explain(host=e.CUSTOM, **MACHINE, audience=e.API)
    assert explained["decision"]["issuer"] == f"https://{e.CUSTOM}/"
    said = step_of(explained, "issuer.custom_domain")["fix"]["why"]
    assert f"iss is https://{e.CUSTOM}/ and not https://{e.CANONICAL}/" in said


async def test_a_tenant_without_a_default_directory_is_told_to_set_one(served: Served) -> None:
    async with changed_settings(served, default_directory=""):
        _, rule, said = await refused(served, {"grant_type": "password", "client_id": "web"})
    assert rule == "request.no_default_directory"
    assert "Set default_directory to one of: " in said


async def test_a_default_audience_is_named_as_what_decided(served: Served) -> None:
    async with changed_settings(served, default_audience=e.ROLES_API):
        explained = await served.explain(**LOGIN)
    step = step_of(explained, "audience.tenant_default")
    assert step["setting"] == {"object": "tenant", "id": "acme", "field": "default_audience", "value": e.ROLES_API}


async def test_an_encrypted_token_says_that_it_has_five_parts(served: Served) -> None:
    directory = served.door.ports.directory
    api = directory.tenant("acme").resource_servers[e.SECRET_API]
    document = directory.tenant("acme").documents[Kind.RESOURCE_SERVER][api.id]
    encryption = {"format": "compact-nested-jwe", "encryption_key": {"pem": "-", "alg": "RSA-OAEP-256", "name": "k"}}
    body = {**document.body, "token_encryption": encryption}
    await put(served, document, body)
    try:
        explained = await served.explain(**LOGIN, audience=e.SECRET_API)
    finally:
        await put(served, directory.tenant("acme").documents[Kind.RESOURCE_SERVER][api.id], dict(document.body))
    assert explained["decision"]["format"] == "jwe"
    assert "five parts" in step_of(explained, "format.jwe.api")["fix"]["why"]


async def put(served: Served, document: Any, body: dict[str, Any]) -> None:
    changed = msgspec.structs.replace(document, body=body)
    await served.door.ports.directory.change("acme", [Put(document=changed, expected_revision=document.revision)])


class changed_settings:
    """The tenant with other settings, for the length of a block."""

    def __init__(self, served: Served, **settings: Any) -> None:
        self._served, self._settings = served, settings

    async def __aenter__(self) -> None:
        self._before = dict(self._document.body)
        await put(self._served, self._document, {**self._before, **self._settings})

    async def __aexit__(self, *_: object) -> None:
        await put(self._served, self._document, self._before)

    @property
    def _document(self) -> Any:
        return self._served.door.ports.directory.tenant("acme").documents[Kind.SETTINGS]["tenant"]
