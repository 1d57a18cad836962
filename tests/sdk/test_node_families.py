"""node-auth0's ManagementClient, family by family."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.dev_server import DevServer
from tests.sdk.conftest import Management, SdkError
from tests.sdk_families import SCENARIOS
from tests.sdk_families.scenario import Scenario, Sdk


class NodeSdk(Sdk):
    """The names of auth0-python in camel case, and bodies as they are."""

    def __init__(self, management: Management, door: DevServer, folder: Path) -> None:
        super().__init__(door, folder)
        self._management = management

    def __call__(self, path: str, *arguments: Any) -> Any:
        return self._management(_camel(path), *map(_sent, arguments))

    def refusal(self, path: str, *arguments: Any) -> int:
        with pytest.raises(SdkError) as refused:
            self(path, *arguments)
        assert refused.value.status is not None
        return int(refused.value.status)


def _camel(path: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), path)


def _sent(argument: Any) -> Any:
    """Files are named to the SDK by their path."""
    if not isinstance(argument, dict):
        return argument
    return {name: {"path": str(value)} if isinstance(value, Path) else value for name, value in argument.items()}


@pytest.fixture
def sdk(management: Management, door: DevServer, tmp_path: Path) -> NodeSdk:
    return NodeSdk(management, door, tmp_path)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_family(scenario: Scenario, sdk: NodeSdk) -> None:
    scenario.run(sdk)
