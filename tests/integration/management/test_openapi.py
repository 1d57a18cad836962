"""The OpenAPI document of a running server, and that server held to it by Schemathesis: whatever comes, no answer is
a failure, and every success is of the kind that is described."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.dev_server import DevServer, dev_server
from tests.integration.management.everything import ONE_OF_EACH, filled, parameters, placed

from doorward.management.openapi import openapi
from doorward.management.registry import operations

EXAMPLES = 12
ISSUER = "https://a.test/"
DOCUMENT = openapi(operations(), ISSUER)
CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance, content_type_conformance]
TENANT = {"resourceServers": [{"name": "API", "identifier": "https://api.test"}]}


class Described:
    """A server, a caller with every scope, and what exists."""

    def __init__(self, server: DevServer) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False  # no other certificate authority than the server's own
        self.session.verify = str(server.ca)
        self.authorize()
        self.made: dict[str, str] = {}
        for path, name, body in ONE_OF_EACH:
            self.made[path] = self._make(placed(path, self.made), name, filled(body, self.made))

    def authorize(self) -> None:
        management = self.server.management
        answer = self.session.post(
            self.server.url("oauth/token"),
            json={
                "grant_type": "client_credentials",
                "client_id": management.client_id,
                "client_secret": management.client_secret,
                "audience": self.server.management_audience,
            },
        )
        self.headers = {"authorization": f"Bearer {answer.json()['access_token']}"}

    def ask(self, case: schemathesis.Case) -> schemathesis.Response:
        base = self.server.url("api/v2")
        return case.call(base_url=base, session=self.session, verify=str(self.server.ca), headers=self.headers)

    def _make(self, path: str, name: str, body: dict[str, Any]) -> str:
        answer = self.session.post(self.server.url(f"api/v2{path}"), json=body, headers=self.headers)
        assert answer.ok, f"{path}: {answer.text}"
        return str(answer.json()[name])


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    folder: Path = tmp_path_factory.mktemp("described")
    # What comes at random has no names that could be believed: no canary.
    with dev_server(TENANT, folder, listened=False) as server:
        yield Described(server)


def operations_of(family: str) -> list[APIOperation[Any, Any, Any, Any]]:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    found = [result.ok() for result in schema.get_all_operations()]
    return [operation for operation in found if operation.path.split("/")[1] == family]


FAMILIES = sorted({path.split("/")[1] for path in DOCUMENT["paths"]})


def test_the_server_describes_itself(described: Described) -> None:
    answer = described.session.get(described.server.url("_doorward/api/v1/openapi.json"))
    assert answer.status_code == 200
    assert answer.json() == openapi(operations(), described.server.issuer)
    schemathesis.openapi.from_dict(answer.json()).validate()


@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_comes_the_answer_is_one_that_is_described(described: Described, family: str) -> None:
    for operation in operations_of(family):
        # Deleting what others need last: by the name alone would be a matter of luck.
        known = {} if operation.method == "delete" else parameters(operation.path, described.made)
        hold(described, operation, known)


def hold(described: Described, operation: APIOperation[Any, Any, Any, Any], known: dict[str, str]) -> None:
    modes = [GenerationMode.POSITIVE]
    if operation.body or operation.query:
        modes.append(GenerationMode.NEGATIVE)
    cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(case=cases, existing=st.booleans())
    def each(case: schemathesis.Case, existing: bool) -> None:
        if existing:
            case.path_parameters = {**(case.path_parameters or {}), **known}
        answer = described.ask(case)
        if answer.status_code == 401:  # a key of the tenant was rotated and revoked
            described.authorize()
            answer = described.ask(case)
        case.validate_response(answer, checks=CHECKS)

    each()
