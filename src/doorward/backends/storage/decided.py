"""Rows that were decided by documents: written only while these are as they were read."""

from __future__ import annotations

from collections.abc import Iterable

from doorward.backends.storage.database import Dialect, Query, Verb
from doorward.model.document import Document
from doorward.ports import Conflict

AS_READ = "SELECT 1 FROM document WHERE tenant = :tenant AND kind = :kind AND id = :id AND revision = :revision"


def still_stand(tenant: str, documents: Iterable[Document], dialect: Dialect) -> Verb[None]:
    """Statements that keep documents as they are until the end of the transaction; for the inside of another verb.
    Raises ``Conflict`` (field ``revision``) when one changed or is gone."""
    for document in documents:
        key = {"tenant": tenant, "kind": document.kind, "id": document.id, "revision": document.revision}
        if not (yield Query(AS_READ + dialect.share, key)):
            raise Conflict("revision", document.id)
