"""Rows that were decided by documents: written only while these are as they were read."""

from __future__ import annotations

from collections.abc import Iterable

from doorward.backends.storage.database import Dialect, Query, Verb
from doorward.model.document import Document, Kind
from doorward.ports import Conflict

AS_READ = "SELECT 1 FROM document WHERE tenant = :tenant AND kind = :kind AND id = :id AND revision = :revision"
STILL_THERE = f"SELECT 1 FROM document WHERE tenant = :tenant AND kind = '{Kind.CONNECTION}' AND id = :id"  # noqa: S608


def still_there(tenant: str, connection: str, dialect: Dialect) -> Verb[None]:
    """Statements that keep the connection with this id until the end of the transaction; for the inside of another
    verb. Its users go when it goes: whoever deletes it waits for what is written here, to delete that too. Raises
    ``Conflict`` (field ``connection``) when it is gone."""
    if not (yield Query(STILL_THERE + dialect.share, {"tenant": tenant, "id": connection})):
        raise Conflict("connection", connection)


def still_stand(tenant: str, documents: Iterable[Document], dialect: Dialect) -> Verb[None]:
    """Statements that keep documents as they are until the end of the transaction; for the inside of another verb.
    Raises ``Conflict`` (field ``revision``) when one changed or is gone."""
    for document in documents:
        key = {"tenant": tenant, "kind": document.kind, "id": document.id, "revision": document.revision}
        if not (yield Query(AS_READ + dialect.share, key)):
            raise Conflict("revision", document.id)
