"""Each vector has a server, a database and a tenant of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.integration.applications import Applications
from tests.integration.door import Door
from tests.integration.vectors.world import TENANT, C, World


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    applications = Applications()
    door = await Door(database, http=applications).start()
    await door.tenant(TENANT, C)
    yield World(door, applications)
    await door.stop()
