"""What leaves this server: mail, text messages, and questions to others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from doorward.model.log_event import LogEvent
from doorward.model.message import Message, Received


class Outbox(Protocol):
    """Messages on their way. A verb that makes what a message tells of takes ``messages`` itself and stores them with
    it: either both happen or nothing. A moment later they are sent; what cannot be sent is an event ``fn``."""

    async def put(self, tenant: str, messages: Sequence[Message], *, events: Sequence[LogEvent] = ()) -> None:
        """Store messages that tell of nothing that has to be written with them."""


class Inbox(Protocol):
    """Where a development server's messages end up, instead of with people; gone when the server is."""

    def messages(self, tenant: str, to: str | None = None) -> list[Received]:
        """Those of a tenant (to this address or number), the newest first."""

    def find(self, tenant: str, id_: str) -> Received | None: ...

    def take(self, tenant: str, to: str | None = None) -> Received | None:
        """The newest that nobody has taken, if there is one; those before it count as taken too."""

    def clear(self, tenant: str) -> None: ...


class HttpAnswer(Struct, frozen=True):
    """What somebody else's server answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpOut(Protocol):
    """Requests to where somebody else said. The one way out: it reaches public addresses only, by https, follows no
    redirect, and knows no proxy and no cookie."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        seconds: float = 5.0,
        largest: int = 65_536,
    ) -> HttpAnswer:
        """One request and its whole answer, of ``largest`` bytes at most, within ``seconds``.

        Raises ``Unreachable``, also where that address is not to be reached.
        """
