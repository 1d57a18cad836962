"""The server of the flows. What is proven here does not depend on the database; the flows run on both."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.flows.conftest import door as door


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'door.sqlite'}"
