"""Two nodes on one database, SQLite and PostgreSQL alike: what holds for both ports holds for a user."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.integration.door import FrozenClock
from tests.integration.storage.values import T as T

from doorward.backends.chance import SystemEntropy
from doorward.backends.storage.store import Storage
from doorward.model.tenant import Tenant

OTHER = "other.test"


class Nodes:
    """``one`` and ``two`` are open on the same database; two tenants exist."""

    def __init__(self, database: str) -> None:
        self.clock = FrozenClock(1_000_000.0)
        self.one, self.two = (
            Storage(database, root_key=b"k" * 32, clock=self.clock, entropy=SystemEntropy(), shared=True)
            for _ in range(2)
        )

    @property
    def now(self) -> float:
        return self.clock.now()

    def turns(self, count: int) -> list[Storage]:
        """The nodes by turns: who runs the n-th of many at a time."""
        return [self.one if index % 2 else self.two for index in range(count)]


@pytest.fixture
async def nodes(database: str) -> AsyncIterator[Nodes]:
    nodes = Nodes(database)
    await nodes.one.start()
    for tenant in (T, OTHER):
        await nodes.one.directory.create_tenant(Tenant(id=tenant, domain=tenant), ())
    await nodes.two.start()
    yield nodes
    await nodes.two.stop()
    await nodes.one.stop()
