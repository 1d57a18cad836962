"""``POST /_doorward/api/v1/explain`` over the real application: who may ask, and that it is true."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.integration import explaining as e
from tests.integration.explaining import Served, serve

from doorward.model.credential import AuthorizationCode
from doorward.model.digest import digest
from doorward.model.session import ConsentGrant
from doorward.model.user import Identifiers, User
from doorward.oauth.token_rules import FIELDS

MACHINE = {"grant_type": "client_credentials", "client_id": "machine"}
PASSWORD = {"grant_type": "password", "client_id": "web", "username": "ada@acme.test"}
WEB = {"response_type": "code", "client_id": "web", "redirect_uri": e.CALLBACK}


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with serve(tmp_path_factory.mktemp("explain")) as served:
        yield served


async def issue_code(served: Served, name: str, client_id: str = "web", **granted: Any) -> str:
    """A code as the authorization endpoint would leave it."""
    now = served.clock.now()
    code = AuthorizationCode(
        code_hash=digest(name),
        client_id=client_id,
        user_id=e.ADA,
        host=granted.pop("host", e.CANONICAL),
        redirect_uri=e.CALLBACK,
        expires_at=now + 600,
        created_at=now,
        granted=granted,
        code_challenge=e.CHALLENGE,
        code_challenge_method="S256",
    )
    issue = served.door.ports.codes.issue
    assert await issue("acme", code, session=None, consent=None, transaction=None, events=())
    return name


def by_stage(explained: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["stage"]: step for step in explained["steps"]}


# ── who may ask ────────────────────────────────────────────────────────────────────────────────


async def refused(served: Served, status: int, **call: Any) -> dict[str, Any]:
    answer = await served.call("POST", "/_doorward/api/v1/explain", **call)
    assert answer.status == status, answer.body
    body: dict[str, Any] = answer.json
    assert body["statusCode"] == status
    assert set(body) <= {"statusCode", "error", "message", "errorCode"}
    return body


async def test_a_caller_without_a_token_is_told_so(served: Served) -> None:
    body = await refused(served, 401, body=b"{}", headers={"content-type": "application/json"})
    assert body == {"statusCode": 401, "error": "Unauthorized", "message": "Missing authentication"}


async def test_a_token_is_taken_from_the_header_alone(served: Served) -> None:
    token = await served.management_token()
    path = f"/_doorward/api/v1/explain?access_token={token}"
    answer = await served.call("POST", path, b"{}", headers={"content-type": "application/json"})
    assert answer.status == 401


async def test_a_token_of_another_domain_is_refused(served: Served) -> None:
    token = await served.management_token(e.CUSTOM)
    assert (await served.ask(MACHINE, token=token)).status == 401
    assert (await served.ask(MACHINE, token=token, host=e.CUSTOM)).status == 200


async def test_a_token_for_another_api_is_refused(served: Served) -> None:
    parameters = {**MACHINE, "client_secret": "secret-of-machine", "audience": e.API}
    token = (await served.token(parameters)).json["access_token"]
    assert (await served.ask(MACHINE, token=token)).status == 401


async def test_read_logs_is_needed(served: Served) -> None:
    answer = await served.ask(MACHINE, token=await served.management_token(scope="read:users"))
    assert answer.json == {
        "statusCode": 403,
        "error": "Forbidden",
        "message": "Insufficient scope, expected any of: read:logs",
        "errorCode": "insufficient_scope",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"grant_type":1}',
        b'{"grant_type":["a"]}',
        b'{"grant_type":"a","grant_type":"b"}',
        b'{"grant_type":"\\u0000"}',
        b'{"client_id":"web"}',
        b'{"grant_type":null}',
        b"\xff",
        b'{"a":' * 100 + b"1" + b"}" * 100,
        json.dumps({f"p{i}": "x" for i in range(200)}).encode(),
        b'{"grant_type":"client_credentials","user_id":"auth0|nobody"}',
        b'{"grant_type":"urn:okta:params:oauth:grant-type:webauthn","client_id":"web"}',
    ],
)
async def test_what_is_no_request_is_refused_in_the_dialect_of_the_management_api(served: Served, body: bytes) -> None:
    answer = await served.ask(body)
    assert answer.status == 400, answer.body
    assert answer.json["statusCode"] == 400
    assert answer.json["error"] == "Bad Request"


async def test_a_form_is_no_explain_request(served: Served) -> None:
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "authorization": f"Bearer {await served.management_token()}",
    }
    await refused(served, 400, body=b"grant_type=client_credentials", headers=headers)


# ── that it is true ────────────────────────────────────────────────────────────────────────────

TOKEN_REQUESTS: list[dict[str, str]] = [
    {**MACHINE, "audience": e.API},
    {**MACHINE, "audience": e.API, "scope": "read:items"},
    {**MACHINE, "audience": e.API, "scope": "read:items write:items"},
    {**MACHINE, "audience": e.API, "scope": "openid"},
    {**MACHINE, "audience": e.API + "/"},
    {**MACHINE, "audience": e.SECRET_API},
    {**MACHINE, "audience": e.CLOSED_API},
    {**MACHINE, "audience": e.USERINFO},
    {**MACHINE, "audience": ""},
    MACHINE,
    {**MACHINE, "audience": e.API, "organization": "org_1"},
    {**MACHINE, "audience": e.API, "scope": "\u00e9"},
    {**MACHINE, "audience": e.API, "client_secret": "wrong"},
    {"grant_type": "client_credentials", "client_id": "nobody", "audience": e.API},
    {"grant_type": "client_credentials", "client_id": "codeonly", "audience": e.API},
    {"grant_type": "client_credentials", "client_id": "spa", "audience": e.API},
    {"grant_type": "client_credentials", "client_id": "big", "audience": e.BIG_API},
    {"grant_type": "client_credentials", "audience": e.API},
    {"grant_type": "urn:example:unknown", "client_id": "machine"},
    PASSWORD,
    {**PASSWORD, "scope": "openid"},
    {**PASSWORD, "audience": e.API},
    {**PASSWORD, "audience": e.API, "scope": "openid read:items nothing:like-it offline_access"},
    {**PASSWORD, "audience": e.ROLES_API, "scope": "openid read:items write:items offline_access"},
    {**PASSWORD, "audience": e.SECRET_API, "scope": "openid read:items"},
    {**PASSWORD, "audience": e.GRANTED_API, "scope": "openid read:items write:items"},
    {**PASSWORD, "audience": e.CLOSED_API, "scope": "openid"},
    {**PASSWORD, "audience": e.MANAGEMENT, "scope": "openid read:users read:current_user"},
    {**PASSWORD, "audience": e.BIG_API},
    {**PASSWORD, "username": "blocked@acme.test"},
    {**PASSWORD, "username": "nobody@acme.test"},
    {**PASSWORD, "client_id": "codeonly"},
    {**PASSWORD, "grant_type": "http://auth0.com/oauth/grant-type/password-realm", "realm": e.DATABASE},
    {**PASSWORD, "grant_type": "http://auth0.com/oauth/grant-type/password-realm", "realm": "Elsewhere"},
    {**PASSWORD, "grant_type": "http://auth0.com/oauth/grant-type/password-realm", "realm": "Nowhere"},
    {**PASSWORD, "grant_type": "http://auth0.com/oauth/grant-type/password-realm"},
]  # fmt: skip


def named(parameters: dict[str, str]) -> str:
    return " ".join(f"{k}={v}"[:40] for k, v in parameters.items()).encode("ascii", "replace").decode()


@pytest.mark.parametrize("host", [e.CANONICAL, e.CUSTOM])
@pytest.mark.parametrize("parameters", TOKEN_REQUESTS, ids=named)
async def test_explain_says_what_the_token_endpoint_does(served: Served, parameters: dict[str, str], host: str) -> None:
    """The same decision, or the same refusal in the same words, as the request that is really made."""
    explained = await served.explain(host=host, **parameters)
    real = {"client_secret": f"secret-of-{parameters.get('client_id')}", "password": "correct", **parameters}
    if parameters.get("client_id") == "spa":
        del real["client_secret"]
    if not parameters["grant_type"].startswith(("password", "http")):
        del real["password"]
    answer = await served.token(real, host=host)
    if answer.status != 200:
        assert explained["decision"] is None
        assert explained["error"]["error"] == answer.json["error"]
        assert explained["error"]["error_description"] == answer.json["error_description"]
        assert explained["steps"][-1]["outcome"] == "refused"
        assert explained["steps"][-1]["because"]["code"] == explained["error"]["code"]
        return
    compare(explained, answer.json)


def compare(explained: dict[str, Any], issued: dict[str, Any]) -> None:
    decision = explained["decision"]
    assert explained["error"] is None
    assert decision["lifetime"] == issued["expires_in"]
    assert decision["scope"] == issued.get("scope", "")
    assert decision["id_token"] is ("id_token" in issued)
    assert (decision["refresh_token"] in ("issue", "rotate")) is ("refresh_token" in issued)
    token = issued["access_token"]
    # The size is foretold within a twentieth.
    assert abs(decision["bytes"] - len(token)) <= len(token) / 20
    segments = token.split(".")
    assert decision["format"] == ("jwt" if len(segments) == 3 else "opaque")
    if decision["format"] == "opaque":
        return
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in segments[:2])
    assert decision["alg"] == header["alg"]
    assert decision["kid"] == header.get("kid")
    assert decision["issuer"] == claims["iss"]
    assert decision["aud"] == claims["aud"]
    assert decision["permissions"] == claims.get("permissions")
    assert decision["scope"] == claims.get("scope", "")
    assert decision["lifetime"] == claims["exp"] - claims["iat"]


async def test_every_field_has_exactly_one_step(served: Served) -> None:
    explained = await served.explain(**PASSWORD, audience=e.ROLES_API, scope="openid read:items")
    stages = [step["stage"] for step in explained["steps"]]
    assert [stage for stage in stages if stage in FIELDS] == list(FIELDS)


@pytest.mark.parametrize(
    "asked",
    [
        {"audience": e.ROLES_API, "scope": "openid read:items write:items offline_access"},
        {"audience": e.API, "scope": "openid read:items offline_access"},
        {"scope": "openid profile"},
    ],
    ids=named,
)
async def test_a_real_code_is_looked_at_and_stays_good(served: Served, asked: dict[str, str]) -> None:
    granted = {**asked, "requested": asked["scope"].split()}
    code = await issue_code(served, f"code for {named(asked)}", **granted)
    parameters = {
        "grant_type": "authorization_code",
        "client_id": "web",
        "code": code,
        "redirect_uri": e.CALLBACK,
        "code_verifier": e.VERIFIER,
    }
    explained = await served.explain(**parameters)
    assert code not in json.dumps(explained)
    assert by_stage(explained)["request"]["after"]["hash"] == digest(code).hex()[:16]
    answer = await served.token({**parameters, "client_secret": "secret-of-web"})
    assert answer.status == 200, answer.body
    compare(explained, answer.json)
    again = await served.explain(**parameters)
    assert again["error"]["error"] == "invalid_grant"
    assert again["error"]["code"] == "grant.code"


async def test_a_wrong_verifier_is_named_and_burns_nothing(served: Served) -> None:
    code = await issue_code(served, "code with a verifier", requested=["openid"])
    parameters = {"grant_type": "authorization_code", "client_id": "web", "code": code, "redirect_uri": e.CALLBACK}
    explained = await served.explain(**parameters, code_verifier="x" * 43)
    assert explained["error"]["code"] == "grant.verifier"
    answer = await served.token({**parameters, "code_verifier": e.VERIFIER, "client_secret": "secret-of-web"})
    assert answer.status == 200


async def test_a_real_refresh_token_is_looked_at_and_stays_good(served: Served) -> None:
    login = {**PASSWORD, "audience": e.ROLES_API, "scope": "openid read:items offline_access"}
    secrets = {"client_secret": "secret-of-web"}
    first = (await served.token({**login, **secrets, "password": "correct"})).json
    refresh = {"grant_type": "refresh_token", "client_id": "web", "refresh_token": first["refresh_token"]}
    explained = await served.explain(**refresh)
    assert first["refresh_token"] not in json.dumps(explained)
    assert by_stage(explained)["request"]["because"]["code"] == "given.refresh_token"
    answer = await served.token({**refresh, **secrets})
    assert answer.status == 200, answer.body
    compare(explained, answer.json)
    narrowed = await served.explain(**refresh, scope="openid write:items")
    assert narrowed["decision"]["scope"] == "openid"
    assert narrowed["decision"]["dropped"][0]["scope"] == "write:items"
    assert "a refresh cannot add" in by_stage(narrowed)["scope.requested"]["fix"]["why"]


async def test_an_imagined_refresh_token_is_that_of_the_login_it_would_come_from(served: Served) -> None:
    refresh = {"grant_type": "refresh_token", "client_id": "web", "audience": e.ROLES_API, "scope": "openid read:items"}
    explained = await served.explain(**refresh, user_id=e.ADA)
    assert explained["decision"]["refresh_token"] == "reuse"
    assert explained["decision"]["scope"] == "openid read:items"
    refused = await served.explain(**{**refresh, "audience": e.API}, user_id=e.ADA)
    assert refused["error"]["code"] == "refresh.api_forbids"
    assert "✗ the API allows offline access" in refused["steps"][-1]["fix"]["why"]


async def test_a_login_is_explained_up_to_the_pages_it_shows(served: Served) -> None:
    stranger = await served.explain(**WEB, scope="openid", audience=e.ROLES_API)
    assert stranger["decision"]["next"] == "login"
    ada = await served.explain(**WEB, scope="openid read:items", audience=e.ROLES_API, user_id=e.ADA)
    assert ada["decision"]["next"] == "issue"
    assert ada["decision"]["aud"] == [e.ROLES_API, e.USERINFO]
    third = {**WEB, "client_id": "third", "scope": "openid"}
    asked = await served.explain(**third, user_id=e.ADA)
    assert asked["decision"]["pages"] == ["consent"]
    consent = ConsentGrant(id="c" * 24, user_id=e.ADA, client_id="third", audience=e.USERINFO, scope=("openid",))
    issue = served.door.ports.codes.issue
    await issue("acme", None, session=None, consent=consent, transaction=None, events=())
    remembered = await served.explain(**third, user_id=e.ADA)
    assert remembered["decision"]["next"] == "issue"
    assert by_stage(remembered)["consent"]["because"]["code"] == "consent.remembered"


async def test_a_person_signs_in_with_whichever_account_the_application_can_use(served: Served) -> None:
    login = {**WEB, "scope": "openid", "user_id": "auth0|there"}
    users = served.door.ports.users
    there, here = User(user_id="auth0|there", connection="Elsewhere"), User(user_id="auth0|here", connection=e.DATABASE)
    for user in (there, here):
        await users.create("acme", user, Identifiers(username=user.user_id), None, events=())
    assert (await served.explain(**login))["decision"] is None
    identity = {"connection": e.DATABASE, "provider": "auth0", "user_id": "here"}
    linked = msgspec.structs.replace(there, identities=({}, identity))
    await users.link("acme", linked, here, at=served.clock.now(), events=())
    assert (await served.explain(**login))["decision"]["next"] == "issue"


async def test_what_is_taken_for_granted_is_said(served: Served) -> None:
    explained = await served.explain(grant_type="authorization_code", client_id="spa", audience=e.ROLES_API)
    codes = [step["because"]["code"] for step in explained["steps"]]
    assert codes[:1] == ["assumed.authorization"]
    assert "assumed.any_user" in codes
    machine = await served.explain(**MACHINE, audience=e.API)
    assert machine["steps"][0]["because"]["code"] == "assumed.client_authentication"
    password = await served.explain(grant_type="password", client_id="web")
    assert {"assumed.password", "assumed.any_user"} <= {step["because"]["code"] for step in password["steps"]}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"acr_values": "long" * 5000}, "request.refused"),
        ({"max_age": "soon"}, "request.refused"),
        ({"prompt": "none"}, "login.no_session"),
        ({"response_mode": "pigeon"}, "request.response_mode"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "request.pkce"),
    ],
)
async def test_an_imagined_authorization_is_asked_what_a_given_one_is(
    served: Served, asked: dict[str, str], code: str
) -> None:
    for request in (WEB, {"grant_type": "authorization_code", "client_id": "web"}):
        explained = await served.explain(**request, scope="openid", **asked)
        assert code in [step["because"]["code"] for step in explained["steps"]]


async def test_a_client_that_signs_assertions_is_taken_to_be_genuine(served: Served) -> None:
    explained = await served.explain(grant_type="client_credentials", client_id="assertive", audience=e.API)
    assert explained["error"]["code"] == "access.no_client_grant"


# ── nothing written ────────────────────────────────────────────────────────────────────────────


async def test_explaining_writes_nothing_at_all(served: Served) -> None:
    """Every request of this module, asked of a database that is compared before and after, row by row."""
    code = await issue_code(served, "untouched", requested=["openid"])
    spent = await issue_code(served, "spent", requested=["openid"])
    exchange = {
        "grant_type": "authorization_code",
        "client_id": "web",
        "redirect_uri": e.CALLBACK,
        "code_verifier": e.VERIFIER,
    }
    secret = {"client_secret": "secret-of-web"}
    kept = await served.token({**exchange, "code": spent, **secret})
    login = {**PASSWORD, "audience": e.ROLES_API, "scope": "openid offline_access"}
    first = (await served.token({**login, **secret, "password": "correct"})).json
    refresh = {"grant_type": "refresh_token", "client_id": "web", "refresh_token": first["refresh_token"]}
    requests = [
        *TOKEN_REQUESTS,
        {**exchange, "code": code},
        {**exchange, "code": code, "code_verifier": "y" * 43},
        {**exchange, "code": spent},
        refresh,
        {**refresh, "client_id": "spa"},
        {**PASSWORD, "password": "wrong"},
        {**WEB, "scope": "openid", "user_id": e.ADA},
        {**WEB, "scope": "openid", "prompt": "none"},
        {**WEB, "client_id": "third", "scope": "openid", "user_id": e.ADA},
    ]
    await served.management_token()
    before = await rows(served)
    for parameters in requests:
        await served.explain(**parameters)
    assert await rows(served) == before
    answer = await served.token({**exchange, "code": code, **secret})
    assert answer.status == 200
    assert kept.status == 200


async def rows(served: Served) -> list[str]:
    """The whole database as statements, after what was still to be written has been."""
    await served.door.ports.log.flush()
    connection = sqlite3.connect(served.database)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


# ── the log says the same ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "parameters",
    [
        {**MACHINE, "audience": e.API},
        {**MACHINE, "audience": e.API + "/"},
        {**MACHINE, "audience": e.API, "scope": "write:items"},
        {**PASSWORD, "audience": e.ROLES_API, "scope": "openid read:items write:items"},
    ],
    ids=named,
)
async def test_the_log_event_carries_the_same_trace(served: Served, parameters: dict[str, str]) -> None:
    explained = await served.explain(**parameters)
    secret = {"client_secret": f"secret-of-{parameters['client_id']}"}
    password = {"password": "correct"} if "username" in parameters else {}
    await served.token({**parameters, **secret, **password})
    await served.door.ports.log.flush()
    events, _ = await served.door.ports.log.page("acme", offset=0, limit=1)
    trace = events[0].details["trace"]
    assert set(trace) == {"decision", "error", "steps"}
    policy = [step for step in explained["steps"] if step["stage"] in (*FIELDS, "mfa")]
    for step in policy:
        step.pop("fix", None)
        step.pop("change", None)
        del step["because"]["sentence"]
    assert trace["steps"] == policy
    if explained["error"] is None:
        assert trace["error"] is None
        assert trace["decision"].items() <= explained["decision"].items()
    else:
        assert trace["decision"] is None
        assert trace["error"]["error"] == explained["error"]["error"]
