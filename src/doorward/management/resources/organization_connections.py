"""``/organizations/{id}/connections`` and, older, ``/enabled_connections``: how members log in to an organization.

Both show the same connections; the older names only those that are enabled, and not what came later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import conflict, invalid_body, not_found, not_supported
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, OBJECT, Rule, choice, record, text
from doorward.management.kit.shapes import Shape, without_nulls
from doorward.management.resources import organization_parts
from doorward.management.resources.connections import no_such_connection
from doorward.management.resources.organization_parts import Entry, Part
from doorward.model.connection import DATABASE_STRATEGY
from doorward.model.document import Document, Kind

MOST = 10
DEFAULTS: Entry = {
    "assign_membership_on_login": False,
    "show_as_button": True,
    "is_signup_enabled": False,
    "is_enabled": True,
    "organization_access_level": "none",
}
FIRST_SETTINGS = ("assign_membership_on_login", "show_as_button", "is_signup_enabled")
_first: dict[str, Rule] = dict.fromkeys(FIRST_SETTINGS, BOOLEAN)
_all: dict[str, Rule] = {
    **_first,
    "organization_connection_name": text(min=1, max=50),
    "organization_access_level": choice("none", "readonly", "limited", "full"),
    "is_enabled": BOOLEAN,
}
_id = text(min=1, max=50)
FIRST_ADD = record({"connection_id": _id, **_first}, required=("connection_id",))
ADD = record({"connection_id": _id, **_all}, required=("connection_id",))
NULLABLE = ("organization_connection_name", "organization_access_level", "is_enabled")


def _check(connection: Document, entry: Entry) -> None:
    """Raises ``ApiError`` where people could sign up who would not become members."""
    database = connection.body["strategy"] == DATABASE_STRATEGY
    if entry["is_signup_enabled"] and not (database and entry["assign_membership_on_login"]):
        raise invalid_body(
            "Only database connections with assign_membership_on_login = true support is_signup_enabled = true."
        )


def entry_of(call: Call, given: Mapping[str, Any]) -> tuple[str, Entry]:
    """A connection as an organization holds it. Raises ``ApiError`` for one that cannot be added."""
    settings = dict(given)
    id_ = settings.pop("connection_id")
    connection = call.directory.documents[Kind.CONNECTION].get(id_)
    if connection is None:
        raise no_such_connection()
    entry = {**DEFAULTS, **settings}
    _check(connection, entry)
    return id_, entry


def check_number(entries: Mapping[str, Entry]) -> None:
    """Raises ``ApiError`` when there are too many."""
    if len(entries) > MOST:
        raise not_supported(f"An organization can have {MOST} connections at most")


def _make(call: Call, document: Document, given: Entry) -> tuple[str, Entry]:
    id_, entry = entry_of(call, given)
    check_number({**document.body.get(organization_parts.CONNECTIONS, {}), id_: entry})
    return id_, entry


def _revise(call: Call, id_: str, entry: Entry, given: Entry) -> Entry:
    after = {**DEFAULTS, **without_nulls({**entry, **given})}
    _check(call.directory.documents[Kind.CONNECTION][id_], after)
    return after


def show(call: Call, id_: str, entry: Entry) -> Entry:
    connection = call.directory.documents[Kind.CONNECTION][id_].body
    shown = {"connection_id": id_, **entry, "connection": {name: connection[name] for name in ("name", "strategy")}}
    if connection["strategy"] != DATABASE_STRATEGY:
        del shown["is_signup_enabled"]
    return shown


def show_first(call: Call, id_: str, entry: Entry) -> Entry:
    """As the older path has it."""
    shown = show(call, id_, entry)
    names = ("connection_id", *FIRST_SETTINGS, "connection")
    return {name: shown[name] for name in names if name in shown}


def _keep(call: Call, id_: str, entry: Entry) -> bool:
    return entry["is_enabled"] is call.query.get("is_enabled", entry["is_enabled"])


def _keep_first(call: Call, id_: str, entry: Entry) -> bool:
    return bool(entry["is_enabled"])


def _part(
    segment: str, add: Any, show: Any, keep: Any, *, filters: Mapping[str, Rule], nullable: tuple[str, ...]
) -> Part:
    return Part(
        part=organization_parts.CONNECTIONS,
        segment=segment,
        one="connection",
        many="connections",
        scopes="organization_connections",
        paging=Paging(key=segment),
        add=add,
        update=add.patch(without=("connection_id",), nullable=nullable),
        make=_make,
        revise=_revise,
        show=show,
        shows={"connection": OBJECT},
        keep=keep,
        filters=filters,
        missing=lambda: not_found("No connection found by that id"),
        taken=lambda: conflict("The organization connection already exists."),
    )


RESOURCES: tuple[Shape, ...] = (
    *_part("connections", ADD, show, _keep, filters={"is_enabled": BOOLEAN}, nullable=NULLABLE).shapes(),
    *_part("enabled_connections", FIRST_ADD, show_first, _keep_first, filters={}, nullable=()).shapes(),
)
