"""Each vector has a server, a database and a tenant of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.door import Door
from tests.integration.vectors.world import TENANT, C, World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}").start()
    await door.tenant(TENANT, C)
    yield World(door)
    await door.stop()
