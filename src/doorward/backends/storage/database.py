"""What a database driver offers: reads, and verbs that run in one transaction.

A **verb** is a generator: it yields ``Query`` values, is sent their rows, and returns its result.
It runs inside one transaction on either driver, so what is decided by a statement is decided once.
Statements are SQL both databases understand, with ``:name`` parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, Protocol, TypeVar

from msgspec import Struct

Row = tuple[Any, ...]
T = TypeVar("T")


class Query(Struct, frozen=True):
    """One statement and its parameters."""

    sql: str
    parameters: Mapping[str, Any] = {}


Verb = Generator[Query, list[Row], T]


class Database(Protocol):
    """A driver. Both methods raise ``ports.StorageUnavailable`` when the database cannot answer."""

    async def read(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Rows of a SELECT, as of the last commit."""

    async def write(self, verb: Callable[[], Verb[T]]) -> T:
        """Run a verb in a transaction and return what it returned, after the commit. An exception
        it raises undoes it and is passed on. It may be run again after a serialisation failure."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    @property
    def statements(self) -> int:
        """How many statements were run so far."""


def refuse_nul(parameters: Mapping[str, Any]) -> None:
    """PostgreSQL cannot keep U+0000 in text; both databases refuse it alike."""
    for name, value in parameters.items():
        if type(value) is str and "\0" in value:
            raise ValueError(f"{name} contains U+0000")
