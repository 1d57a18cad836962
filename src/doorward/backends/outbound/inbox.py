"""The inbox of a development server: what would have been sent, in memory."""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from doorward.model.message import Received

KEPT = 500


class _Entry(Struct):
    tenant: str
    message: Received
    taken: bool = False


class MemoryInbox:
    """``ports.Inbox``: the last messages of all tenants."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque(maxlen=KEPT)

    def put(self, tenant: str, message: Received) -> None:
        self._entries.appendleft(_Entry(tenant, message))

    def messages(self, tenant: str, to: str | None = None) -> list[Received]:
        return [entry.message for entry in self._of(tenant, to)]

    def find(self, tenant: str, id_: str) -> Received | None:
        return next((message for message in self.messages(tenant) if message.id == id_), None)

    def take(self, tenant: str, to: str | None = None) -> Received | None:
        new = [entry for entry in self._of(tenant, to) if not entry.taken]
        for entry in new:
            entry.taken = True
        return new[0].message if new else None

    def clear(self, tenant: str) -> None:
        for entry in self._of(tenant, None):
            self._entries.remove(entry)

    def _of(self, tenant: str, to: str | None) -> list[_Entry]:
        wanted = to and to.casefold()
        return [
            entry
            for entry in self._entries
            if entry.tenant == tenant and (wanted is None or entry.message.to.casefold() == wanted)
        ]
