"""Rotating and revoking a tenant's signing keys: which documents change.

The next key becomes current, current becomes previous, previous is revoked, and a new key waits as next:
it is published before it signs anything, so that whoever keeps the key set for a while knows it in time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from doorward.management.new_tenant import key_document
from doorward.model.credential import KeyState, SigningKey
from doorward.model.document import Change, Delete, Document, Put
from doorward.oauth.discovery import KEY_SET_MAX_AGE

REVOKED_KEPT = 3


class TooSoon(Exception):
    """The next key is not known to every reader of the key set yet; ``retry_after`` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"the next key was published too recently, try again in {retry_after} s")
        self.retry_after = retry_after


def state_of(document: Document) -> KeyState:
    return KeyState(document.body["state"])


def rotation(documents: Iterable[Document], new: SigningKey, now: float) -> list[Change]:
    """The changes of a rotation that brings in ``new`` (in state ``next``).

    Raises ``TooSoon`` within ``KEY_SET_MAX_AGE`` seconds after the waiting key was published; the first key set
    of a tenant already held its waiting key.
    """
    documents = list(documents)
    changes: list[Change] = [key_document(new)]
    gone: list[Document] = []
    rotated = any(state_of(document) in (KeyState.PREVIOUS, KeyState.REVOKED) for document in documents)
    for document in documents:
        state = state_of(document)
        if state is KeyState.NEXT:
            wait = document.body["created_at"] + KEY_SET_MAX_AGE - now
            if rotated and wait > 0:
                raise TooSoon(math.ceil(wait))
            changes.append(_moved(document, state=KeyState.CURRENT, current_since=now))
        elif state is KeyState.CURRENT:
            changes.append(_moved(document, state=KeyState.PREVIOUS, current_until=now))
        elif state is KeyState.PREVIOUS:
            changes.append(revocation(document, now))
            gone.append(document)
        else:
            gone.append(document)
    # Those revoked longest ago are forgotten.
    gone.sort(key=lambda document: document.body.get("revoked_at") or now)
    changes += [Delete(kind=document.kind, id=document.id) for document in gone[:-REVOKED_KEPT]]
    return changes


def revocation(document: Document, now: float) -> Put:
    """The change that revokes a previous key: its private half is destroyed."""
    revoked = _moved(document, state=KeyState.REVOKED, revoked_at=now)
    return Put(
        document=msgspec.structs.replace(revoked.document, secrets={}), expected_revision=revoked.expected_revision
    )


def _moved(document: Document, *, state: KeyState, **times: float) -> Put:
    body = {**document.body, "state": state.value, **times}
    return Put(document=msgspec.structs.replace(document, body=body), expected_revision=document.revision)
