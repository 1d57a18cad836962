"""Each vector has a server, a database and a tenant of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.integration.door import Door
from tests.integration.vectors.world import TENANT, C, World


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    door = await Door(database).start()
    await door.tenant(TENANT, C)
    yield World(door)
    await door.stop()
