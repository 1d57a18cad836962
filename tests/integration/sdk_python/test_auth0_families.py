"""auth0-python's Management API client, family by family. Its models check every answer."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from auth0.management import ManagementClient
from auth0.management.core.api_error import ApiError
from auth0.management.core.jsonable_encoder import jsonable_encoder
from auth0.management.core.pagination import SyncPager
from tests.dev_server import DevServer
from tests.sdk_families import SCENARIOS
from tests.sdk_families.scenario import Scenario, Sdk

pytestmark = pytest.mark.xdist_group("sdk-python")


class PythonSdk(Sdk):
    """Bodies and queries become keyword arguments, whose names are those of the wire in snake case."""

    def __init__(self, api: ManagementClient, door: DevServer, folder: Path) -> None:
        super().__init__(door, folder)
        self._api = api

    def __call__(self, path: str, *arguments: Any) -> Any:
        method: Any = self._api
        for name in path.split("."):
            method = getattr(method, name)
        in_path = [argument for argument in arguments if isinstance(argument, str)]
        answer = method(*in_path, **_keywords(method, *arguments[len(in_path) :]))
        return jsonable_encoder(list(answer) if isinstance(answer, SyncPager) else answer)

    def refusal(self, path: str, *arguments: Any) -> int:
        with pytest.raises(ApiError) as refused:
            self(path, *arguments)
        assert refused.value.status_code is not None
        return refused.value.status_code


def _keywords(method: Any, body: Any = None) -> dict[str, Any]:
    parameters = inspect.signature(method).parameters
    if body is None:
        return {}
    if "request" in parameters:
        return {"request": body}
    names = {_letters(name): name for name in parameters}
    return {
        names[_letters(name)]: (value.name, value.read_bytes()) if isinstance(value, Path) else value
        for name, value in body.items()
    }


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


@pytest.fixture
def sdk(api: ManagementClient, door: DevServer, tmp_path: Path) -> PythonSdk:
    return PythonSdk(api, door, tmp_path)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_family(scenario: Scenario, sdk: PythonSdk) -> None:
    scenario.run(sdk)
