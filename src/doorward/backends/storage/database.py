"""What a database driver offers: reads, and two ways to write.

**Once**: a guard decides whether a thing happens at all (a code is still unspent), and what follows
happens with it or not at all. On PostgreSQL that is one statement and one round trip.

A **verb** is a generator: it yields ``Query`` values, is sent their rows, and returns its result. It
runs inside one transaction, for writes whose statements depend on what was read.

Statements are SQL both databases understand, with ``:name`` parameters. A statement that follows a guard
says so by a marker the driver fills in: ``{once}`` ends the SELECT of an INSERT, ``{and_once}`` ends the
WHERE of an UPDATE or DELETE. ``{user_number}`` is what puts a new user of ``:tenant`` after all others.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from msgspec import Struct

Row = Sequence[Any]
T = TypeVar("T")

# Which schema a database has, as Alembic keeps it; whether it has one, of PostgreSQL.
VERSION = "SELECT version_num FROM alembic_version"
HAS_VERSION = "SELECT to_regclass('alembic_version') IS NOT NULL"


class Query(Struct, frozen=True, gc=False):
    """One statement and its parameters. With ``rows`` it runs for each of them instead, and gives none back;
    that is for a dialect without ``batches``."""

    sql: str
    parameters: Mapping[str, Any] = {}
    rows: Sequence[Mapping[str, Any]] = ()


Verb = Generator[Query, list[Row], T]


class Dialect(Struct, frozen=True):
    """Where the two databases part.

    ``columns`` is the statement that lists every column of every table, as table, column, type, and the place in
    the primary key (from 1; 0 for none), in order.
    ``array_of`` and ``array`` are the JSON aggregate and the JSON array function, ``member_of`` (a format of
    ``document`` and ``name``) reads a member of a JSON object; ``among_of`` (of ``array`` and ``type``) is the list
    of the plain items of a JSON array. ``position`` finds a text in another one; ``bytewise`` (of ``column``) compares
    a column byte by byte, ``unindexed`` (of ``column``) without its index where the database would take any.
    ``united`` is the JSON object in the text ``:document``, with the list ``clients`` of the one in the column
    ``document`` and what its own has besides.
    ``by_row`` ends an EXISTS that is to be asked row by row, and not for all rows at once.
    ``batches`` says that a parameter can be an array, so that many rows go in with one statement; ``announcement`` is
    the statement that tells the other processes that a tenant (``:tenant``) changed, where there is one. ``share`` ends
    a SELECT whose rows nobody is to change before the end of the transaction, ``hold`` one whose rows nobody else is
    to hold meanwhile either, ``pick`` one that leaves out what somebody else holds.
    """

    columns: str
    array_of: str
    array: str
    member_of: str
    among_of: str
    position: str
    bytewise: str
    unindexed: str
    by_row: str
    united: str
    batches: bool
    announcement: str | None = None
    share: str = ""
    hold: str = ""
    pick: str = ""

    def member(self, document: str, name: str) -> str:
        """The member ``name`` of the JSON object in the column ``document``."""
        return self.member_of.format(document=document, name=name)

    def insert(self, table: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Query:
        """The statement that inserts rows (at least one) into ``table``; ``columns`` with their types on PostgreSQL."""
        names = ", ".join(columns)
        if self.batches:
            arrays = ", ".join(f":{name}::{kind}[]" for name, kind in columns.items())
            values = {name: [row[name] for row in rows] for name in columns}
            return Query(f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays})", values)  # noqa: S608
        places = ", ".join(f":{name}" for name in columns)
        return Query(f"INSERT INTO {table} ({names}) VALUES ({places})", rows=rows)  # noqa: S608

    def among(self, parameter: str, kind: type) -> str:
        """The numbers or texts of the JSON array in ``parameter`` (``:name``), as what ``IN`` takes."""
        return self.among_of.format(array=parameter, type="bigint" if kind is int else "text")


class Database(Protocol):
    """A driver. Its methods raise ``ports.StorageUnavailable`` when the database cannot answer."""

    @property
    def dialect(self) -> Dialect: ...

    async def read(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Rows of a SELECT, as of the last commit."""

    async def search(self, sql: str, parameters: Mapping[str, Any], seconds: float) -> list[Row]:
        """Rows of a SELECT that may take its time, while others go on. Raises ``ports.TooCostly`` after ``seconds``."""

    async def once(self, guard: Query, then: Sequence[Query] = ()) -> list[Row]:
        """Run ``guard``; if it returns a row, run ``then`` with it, all in one step. The guard's rows.

        ``then`` sees the database as it was before: no statement sees what another one of them wrote,
        and no two may write the same row.
        """

    async def write(self, verb: Callable[[], Verb[T]]) -> T:
        """Run a verb in a transaction and return what it returned, after the commit. An exception
        it raises undoes it and is passed on. It may be run again after a serialisation failure."""

    async def apart(self, verb: Callable[[], Verb[T]], *, writes: bool) -> T:
        """Run a verb that takes long, on a connection and a thread of its own: it may do slow things between its
        statements. Unless it ``writes`` it sees one moment of the database throughout. It is run once."""

    async def changed(self, seconds: float) -> None:
        """Return when another process may have changed the configuration, after ``seconds`` at the latest."""

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
