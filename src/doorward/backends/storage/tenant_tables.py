"""Which tables hold what a tenant has, and what a snapshot, a restore and a deletion do with each.

Serving knows no schema: columns and keys are read from the database. A test holds that every table with a
column ``tenant`` is named here, and every sealed column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from doorward.backends.storage.database import Dialect, Query, Row, Verb


class Fate(StrEnum):
    """What becomes of a tenant's rows. A deletion takes them all.

    ``KEPT`` is what the tenant is: in snapshots, and replaced by a restore. ``ENDED`` is under way, and must not
    come back once it was spent, revoked or logged out: in no snapshot, and emptied by a restore. ``REMEMBERED`` is
    what happened, whatever is restored: in no snapshot, and left alone by a restore.
    """

    KEPT = "kept"
    ENDED = "ended"
    REMEMBERED = "remembered"


# A table after those its rows refer to.
TABLES: dict[str, Fate] = {
    "host": Fate.ENDED,  # claimed anew
    "document": Fate.KEPT,
    "asset": Fate.KEPT,
    "user_account": Fate.KEPT,
    "user_term": Fate.KEPT,
    "user_identity": Fate.KEPT,
    "user_identifier": Fate.KEPT,
    "user_password": Fate.KEPT,
    "user_password_history": Fate.KEPT,
    "authentication_method": Fate.KEPT,
    "remembered_browser": Fate.ENDED,
    "device_credential": Fate.KEPT,
    "user_role": Fate.KEPT,
    "user_permission": Fate.KEPT,
    "consent_grant": Fate.KEPT,
    "organization_member": Fate.KEPT,
    "organization_member_role": Fate.KEPT,
    "organization_invitation": Fate.ENDED,
    "session": Fate.ENDED,
    "login_transaction": Fate.ENDED,
    "authorization_code": Fate.ENDED,
    "refresh_token": Fate.ENDED,
    "pushed_request": Fate.ENDED,
    "attempt": Fate.ENDED,
    "job": Fate.ENDED,
    "job_error": Fate.ENDED,
    "ticket": Fate.ENDED,
    "outbox": Fate.ENDED,
    "challenge": Fate.ENDED,
    "revoked_access_token": Fate.REMEMBERED,
    "one_time_value": Fate.REMEMBERED,
    "log_event": Fate.REMEMBERED,
    "daily_count": Fate.REMEMBERED,
    "tenant_snapshot": Fate.REMEMBERED,
    "tenant_snapshot_part": Fate.REMEMBERED,
}

Place = Callable[[str, Mapping[str, Any]], str]


def document_place(tenant: str, row: Mapping[str, Any]) -> str:
    """What the secrets of a document are bound to."""
    return f"{tenant}|document|{row['kind']}|{row['id']}"


def authentication_method_place(tenant: str, row: Mapping[str, Any]) -> str:
    """What the secrets of an authentication method are bound to."""
    return f"{tenant}|authentication_method|{row['id']}"


def message_place(tenant: str, row: Mapping[str, Any]) -> str:
    """What a message on its way is bound to."""
    return f"{tenant}|outbox|{row['id']}"


# Columns sealed under the tenant's data key, and the place each value is bound to.
SEALED: Mapping[tuple[str, str], Place] = {
    ("document", "secrets"): document_place,
    ("authentication_method", "secrets"): authentication_method_place,
}
# Columns that hold the identifier of an API, which for the system's own follows the tenant's domain.
AUDIENCES = frozenset({"audience", "resource_server_identifier"})
# Rows read at a time: a user may have a MiB of metadata.
PAGE = 200


class TenantTable(Struct, frozen=True):
    """One of them, as it is in the database. ``key`` is its primary key without the tenant; the columns that
    PostgreSQL has a type for and SQLite has not are ``booleans``."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    booleans: tuple[int, ...]

    def page(self, tenant: str, after: Row | None) -> Query:
        """The rows that follow the row ``after``, in order of the key."""
        parameters: dict[str, Any] = {"tenant": tenant, "page": PAGE}
        beyond = ""
        if after is not None:
            beyond = f" AND ({', '.join(self.key)}) > ({', '.join(f':{name}' for name in self.key)})"
            parameters |= {name: after[self.columns.index(name)] for name in self.key}
        sql = (
            f"SELECT {', '.join(self.columns)} FROM {self.name} WHERE tenant = :tenant{beyond} "  # noqa: S608
            f"ORDER BY {', '.join(self.key)} LIMIT :page"
        )
        return Query(sql, parameters)

    def values(self, row: Row) -> list[Any]:
        """A row as both databases understand it."""
        values = list(row)
        for index in self.booleans:
            values[index] = None if values[index] is None else bool(values[index])
        return values

    @property
    def insert(self) -> str:
        columns, values = ", ".join(self.columns), ", ".join(f":{name}" for name in self.columns)
        return f"INSERT INTO {self.name} ({columns}) VALUES ({values})"  # noqa: S608 - names from the schema


def tenant_tables(dialect: Dialect) -> Verb[dict[str, TenantTable]]:
    """The tables as the database has them, in the order of ``TABLES``; for the inside of another verb."""
    found: dict[str, list[Row]] = {}
    for row in (yield Query(dialect.columns)):
        found.setdefault(row[0], []).append(row)
    tables = {}
    for name in TABLES:
        columns = [column for _, column, _, _ in found[name]]
        key = sorted((place, column) for _, column, _, place in found[name] if place and column != "tenant")
        booleans = [index for index, (_, _, type_, _) in enumerate(found[name]) if type_.lower() == "boolean"]
        tables[name] = TenantTable(name, tuple(columns), tuple(column for _, column in key), tuple(booleans))
    return tables


def remove_rows(tenant: str, fates: Iterable[Fate] = tuple(Fate)) -> Verb[None]:
    """Delete what a tenant has in the tables of these fates; for the inside of another verb."""
    for name in reversed(TABLES):
        if TABLES[name] in fates:
            yield Query(f"DELETE FROM {name} WHERE tenant = :tenant", {"tenant": tenant})  # noqa: S608
