"""Codes, tokens and what else is spent or revoked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from doorward.model.challenge import Challenge, Verdict
from doorward.model.credential import (
    AuthorizationCode,
    DeviceCredential,
    OneTimeValue,
    PushedRequest,
    RefreshToken,
)
from doorward.model.log_event import LogEvent
from doorward.model.message import Message
from doorward.model.session import ConsentGrant, Session
from doorward.model.ticket import Ticket, TicketState, TicketType
from doorward.model.user import AccountChange
from doorward.ports.sessions import Described


class AuthorizationCodes(Protocol):
    async def issue(
        self,
        tenant: str,
        code: AuthorizationCode | None,
        *,
        session: Session | None,
        consent: ConsentGrant | None,
        transaction: bytes | None,
        events: Sequence[LogEvent],
    ) -> bool:
        """Store a code (if the response has one) with the session as it is after the interaction and the
        consent (scopes are added to those remembered); the transaction ``id_hash`` is finished with it.
        ``False``, and nothing written, when that transaction had been finished or the session ended before."""

    async def find(self, tenant: str, code_hash: bytes) -> AuthorizationCode | None:
        """The code, spent or not, expired or not."""

    async def spend(
        self,
        tenant: str,
        code_hash: bytes,
        *,
        at: float,
        access_token_hash: bytes | None,
        access_token_expires_at: float,
        refresh_token: RefreshToken | None,
        keep: int,
        events: Sequence[LogEvent],
    ) -> bool:
        """Use the code up: mark it, store the refresh token and the events, in one step; of the live
        refresh tokens of its user and client only the ``keep`` newest stay valid. ``False``, and nothing
        written, if it was used before or is gone. ``access_token_hash`` is ``None`` when a failed check
        burns the code."""

    async def revoke_issued(self, tenant: str, code_hash: bytes, *, at: float, events: Sequence[LogEvent]) -> None:
        """A code came twice: revoke the access token and the refresh family it gave."""


class RefreshTokens(Protocol):
    async def issue(self, tenant: str, token: RefreshToken, *, keep: int, events: Sequence[LogEvent]) -> None:
        """Store a first token of a family (grants without a code); of the live tokens of the same
        user and client only the ``keep`` newest stay valid."""

    async def find(self, tenant: str, token_hash: bytes) -> RefreshToken | None:
        """The token in whatever state."""

    async def rotate(
        self,
        tenant: str,
        token_hash: bytes,
        successor: RefreshToken,
        *,
        at: float,
        leeway: int,
        access_token_hash: bytes,
        access_token_expires_at: float,
        events: Sequence[LogEvent],
        mfa_token: OneTimeValue | None = None,
    ) -> bool:
        """Spend ``token_hash`` and store its successor in one step. A token spent less than
        ``leeway`` seconds ago may be exchanged again while it is the immediate predecessor of the
        newest generation. ``False``, and nothing written, otherwise, or if it was revoked.

        ``mfa_token`` is used up in the same step, here and below; ``False`` if it was before. It is used up where the
        refresh token is not good any more, too."""

    async def replace(
        self,
        tenant: str,
        token_hash: bytes,
        successor: RefreshToken,
        *,
        at: float,
        access_token_hash: bytes,
        access_token_expires_at: float,
        events: Sequence[LogEvent],
        mfa_token: OneTimeValue | None = None,
    ) -> bool:
        """Revoke ``token_hash`` and store the first token of another family in one step, for a client that
        changed between rotating and not. With it are revoked, when the successor rotates, all tokens of its
        user, client and audience that do not; else the rest of the old family. ``False``, and nothing
        written, if it was used or revoked."""

    async def exchange(
        self,
        tenant: str,
        token_hash: bytes,
        *,
        at: float,
        ip: str | None,
        user_agent: str | None,
        idle_expires_at: float | None,
        expires_at: float | None,
        access_token_hash: bytes,
        access_token_expires_at: float,
        events: Sequence[LogEvent],
        mfa_token: OneTimeValue | None = None,
        renewed: RefreshToken | None = None,
    ) -> bool:
        """Use a token that does not rotate; ``False`` if it was revoked meanwhile. ``renewed`` is what is kept of it
        from now on, where that is not what was."""

    async def revoke_family(self, tenant: str, family: str, *, at: float, events: Sequence[LogEvent]) -> None:
        """Revoke every token of a family, and the access tokens they gave."""

    async def get(self, tenant: str, family: str, *, at: float) -> Described[RefreshToken] | None:
        """The token of a family that can be used at ``at``."""

    async def page(
        self,
        tenant: str,
        user_id: str,
        *,
        client_id: str | None = None,
        at: float,
        after: str = "",
        limit: int,
    ) -> tuple[list[Described[RefreshToken]], int]:
        """Tokens that can be used at ``at``, one of each family, by family from ``after`` on; and how many
        there are in all."""

    async def describe(
        self, tenant: str, family: str, metadata: Mapping[str, Any] | None, *, at: float, events: Sequence[LogEvent]
    ) -> bool:
        """Set the metadata of a family; ``False`` when none of its tokens can be used any more."""

    async def revoke(
        self,
        tenant: str,
        *,
        families: Sequence[str] = (),
        user_id: str | None = None,
        client_id: str | None = None,
        audience: str | None = None,
        at: float,
        events: Sequence[LogEvent],
    ) -> None:
        """Revoke families, or those of a user (of one client, for one audience), and the access tokens they
        gave. One that is gone is no error."""

    async def revoke_grant(
        self, tenant: str, user_id: str, client_id: str, audience: str, *, at: float, events: Sequence[LogEvent]
    ) -> None:
        """Delete the consent of (user, client, audience) and revoke every refresh token of it."""


class DeviceCredentials(Protocol):
    async def create(self, tenant: str, credential: DeviceCredential, *, at: float, events: Sequence[LogEvent]) -> None:
        """Raises ``Conflict`` when the user has a key for this client and device already."""

    async def page(
        self,
        tenant: str,
        *,
        at: float,
        offset: int,
        limit: int,
        id_: str | None = None,
        type_: str | None = None,
        user_id: str | None = None,
        client_id: str | None = None,
    ) -> tuple[list[DeviceCredential], int]:
        """Public keys, and refresh tokens that can be used at ``at``, by id; and how many there are in all.
        The ``value`` is left out."""

    async def delete(self, tenant: str, id_: str, *, at: float, events: Sequence[LogEvent]) -> None:
        """Delete a key, or revoke the refresh token. One that is gone is no error."""


class PushedRequests(Protocol):
    async def push(self, tenant: str, request: PushedRequest) -> None: ...

    async def find(self, tenant: str, uri_hash: bytes) -> PushedRequest | None:
        """The request, or ``None`` when it was used or never existed."""

    async def spend(self, tenant: str, uri_hash: bytes, *, at: float) -> bool:
        """Use it up; ``False`` if it was used before."""


class OneTimeValues(Protocol):
    async def use(self, tenant: str, value_hash: bytes, *, at: float, expires_at: float) -> bool:
        """Remember a value that may come once (``jti`` of an assertion); ``False`` on a replay."""

    async def used(self, tenant: str, value_hash: bytes, *, at: float) -> bool:
        """Whether it is remembered at ``at``."""


class Tickets(Protocol):
    async def create(
        self,
        tenant: str,
        ticket: Ticket,
        *,
        events: Sequence[LogEvent],
        messages: Sequence[Message] = (),
        otherwise: Sequence[LogEvent] = (),
    ) -> bool:
        """Those for the same purpose and address are void then. ``False``, and nothing written but ``otherwise``, for
        a user who is gone or never was: after the same work."""

    async def find(self, tenant: str, ticket_hash: bytes, type_: TicketType, *, at: float) -> Ticket | None:
        """A ticket that could be redeemed at ``at``."""

    async def look(
        self, tenant: str, ticket_hash: bytes, type_: TicketType, *, at: float
    ) -> tuple[Ticket, TicketState] | None:
        """A ticket that was made, and how it stands at ``at``; those that are over are known for a month."""

    async def redeem(
        self,
        tenant: str,
        ticket_hash: bytes,
        type_: TicketType,
        *,
        at: float,
        events: Sequence[LogEvent] = (),
        messages: Sequence[Message] = (),
        change: AccountChange | None = None,
        unblock: Sequence[str] = (),
    ) -> Ticket | None:
        """Use it up, write the change it is good for, and forget the counters whose keys begin with ``unblock``,
        all in one step. ``None``, and nothing written, if it was used, is over, or never was. Raises ``Conflict``
        (``revision``), and writes nothing, when somebody else changed the user first."""


class Challenges(Protocol):
    async def begin(
        self, tenant: str, challenge: Challenge, *, messages: Sequence[Message], events: Sequence[LogEvent]
    ) -> None:
        """Store a code together with the messages that bring it; the one before it of the same subject is void."""

    async def find(self, tenant: str, id_hash: bytes, *, at: float, spent: bool = False) -> Challenge | None:
        """One that can still be solved at ``at``, or one that was and is ``spent``; reading costs no try."""

    async def check(
        self, tenant: str, id_hash: bytes, code_hash: bytes, *, at: float
    ) -> tuple[Verdict, Challenge | None]:
        """Try a code, and what it was tried against: the right one is spent with that, a wrong one costs a try."""
