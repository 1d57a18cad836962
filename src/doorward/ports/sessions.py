"""Logins under way, and the sessions they lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from doorward.model.log_event import LogEvent
from doorward.model.session import LoginTransaction, Renewal, Session, SignIn
from doorward.model.session_end import Cause

T = TypeVar("T")
# Something with the metadata an administrator gave it, which nothing else touches.
Described = tuple[T, dict[str, Any]]


class LoginTransactions(Protocol):
    async def start(self, tenant: str, transaction: LoginTransaction) -> None: ...

    async def find(self, tenant: str, id_hash: bytes) -> LoginTransaction | None: ...

    async def advance(
        self,
        tenant: str,
        transaction: LoginTransaction,
        *,
        sign_in: SignIn | None = None,
        renewal: Renewal | None = None,
        events: Sequence[LogEvent] = (),
    ) -> bool:
        """Write the next state if ``version`` is still the stored one (it is then raised by one),
        together with the sign-in of this step (session, last login) or the ``renewal`` of the session, unless that
        one was ended or got another cookie meanwhile; ``False``, and nothing written, when
        another request was first or the transaction is finished."""


class Sessions(Protocol):
    """Sessions. Whoever ends one, here or anywhere else, puts what its applications are to be told into the outbox, in
    the same transaction."""

    async def find(self, tenant: str, cookie_hash: bytes) -> Session | None: ...

    async def get(self, tenant: str, sid: str, *, at: float) -> Described[Session] | None:
        """A session that is live at ``at``."""

    async def page(
        self, tenant: str, user_id: str, *, at: float, after: str = "", limit: int
    ) -> tuple[list[Described[Session]], int]:
        """Sessions of a user that are live at ``at``, by ``sid`` from ``after`` on; and how many there are."""

    async def describe(
        self, tenant: str, sid: str, metadata: Mapping[str, Any] | None, *, at: float, events: Sequence[LogEvent]
    ) -> bool:
        """Set the metadata of a session; ``False`` when it is not live."""

    async def revoke(
        self,
        tenant: str,
        user_id: str,
        cause: Cause,
        *,
        sid: str | None = None,
        refresh_tokens: bool = False,
        at: float,
        events: Sequence[LogEvent],
    ) -> bool:
        """End the session ``sid`` of a user, or all of them, with what ends with ``cause``; ``refresh_tokens`` is
        said where that leaves it open. ``False``, and nothing written, when there is no such session."""

    async def end(self, tenant: str, sid: str, cause: Cause, *, at: float, events: Sequence[LogEvent]) -> bool:
        """End a session with what ends with ``cause``. ``False`` when there is none; the events are written."""


class RememberedBrowsers(Protocol):
    """Browsers in which somebody proved a second factor and wants to be believed for a while."""

    async def remember(self, tenant: str, user_id: str, browser_hash: bytes, *, until: float) -> None: ...

    async def knows(self, tenant: str, user_id: str, browser_hash: bytes, *, at: float) -> bool: ...

    async def forget(self, tenant: str, user_id: str, *, events: Sequence[LogEvent]) -> None:
        """Forget all browsers of a user; so does removing an authentication method of theirs."""
