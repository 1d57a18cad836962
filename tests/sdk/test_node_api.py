"""node-auth0 gets access tokens, and an API behind express-oauth2-jwt-bearer takes the right ones only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import httpx2
import pytest
from tests.dev_server import DevServer
from tests.sdk.conftest import Listener, Program, application
from tests.sdk_tenant import AUDIENCE, SECOND_AUDIENCE, SERVICE


@pytest.fixture(scope="module")
def api(node: str, listeners: Mapping[str, Listener], environment: Mapping[str, str]) -> Iterator[str]:
    with application(node, "api.mjs", listeners["api"], environment, AUDIENCE=AUDIENCE) as origin:
        yield origin


def client_credentials(door: DevServer, program: Program, audience: str) -> str:
    client = door.clients[SERVICE]
    answer = program(
        "authentication.mjs",
        clientId=client.client_id,
        clientSecret=client.client_secret,
        grant="clientCredentialsGrant",
        parameters={"audience": audience},
    )
    assert answer["status"] == 200, answer
    token: str = answer["access_token"]
    return token


def call(url: str, token: str | None) -> httpx2.Response:
    return httpx2.get(url, headers={} if token is None else {"Authorization": f"Bearer {token}"})


def test_the_api_takes_a_token_for_itself(door: DevServer, program: Program, api: str) -> None:
    answer = call(f"{api}/items", client_credentials(door, program, AUDIENCE))
    assert answer.status_code == 200, answer.text
    claims = answer.json()
    assert claims["iss"] == door.issuer
    assert claims["aud"] == AUDIENCE
    assert claims["azp"] == door.clients[SERVICE].client_id


def test_the_api_refuses_a_token_for_another_api(door: DevServer, program: Program, api: str) -> None:
    answer = call(f"{api}/items", client_credentials(door, program, SECOND_AUDIENCE))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_the_api_refuses_a_token_without_the_scope(door: DevServer, program: Program, api: str) -> None:
    answer = call(f"{api}/admin", client_credentials(door, program, AUDIENCE))
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_the_api_refuses_no_token_and_a_changed_one(door: DevServer, program: Program, api: str) -> None:
    assert call(f"{api}/items", None).status_code == 401
    head, payload, signature = client_credentials(door, program, AUDIENCE).split(".")
    changed = f"{head}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    assert call(f"{api}/items", changed).status_code == 401


def test_node_auth0_reads_the_error_of_a_wrong_secret(door: DevServer, program: Program) -> None:
    answer = program(
        "authentication.mjs",
        clientId=door.clients[SERVICE].client_id,
        clientSecret="wrong",
        grant="clientCredentialsGrant",
        parameters={"audience": AUDIENCE},
    )
    assert answer == {"status": 401, "error": "access_denied", "description": "Unauthorized"}
