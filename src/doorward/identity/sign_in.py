"""A person proves who they are on a page: the transaction moves on, and a session begins."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from doorward.model.authentication import PasswordOutcome
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import SEPARATOR
from doorward.model.request_context import RequestContext
from doorward.model.session import LoginTransaction, Renewal, Session, SignIn, Step
from doorward.model.user import User
from doorward.ports import Authenticator, Clock, Entropy, LoginTransactions, Sessions

ATTEMPTS_TO_MOVE = 3
FORMS_AT_A_TIME = 8


class SignedIn(Struct, frozen=True, kw_only=True):
    """The new session, and the value of its cookie."""

    session: Session
    cookie: str


def cookie_after(step: str, directory: TenantDirectory, *known: str) -> str:
    """The cookie of a session after a ``step`` of a login: another one, which only a form of this login that is sent
    twice finds again, whichever of the two is done first. Whoever knows what is ``known`` cannot tell it: the
    tenant's key is in it."""
    made = hmac.digest(directory.token_key, SEPARATOR.join((f"cookie after {step}", *known)).encode(), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


class HostedSignIn:
    """What the login pages do once a form came."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        passwords: Authenticator,
        sessions: Sessions,
        transactions: LoginTransactions,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._passwords = passwords
        self._sessions = sessions
        self._transactions = transactions

    async def with_password(
        self,
        directory: TenantDirectory,
        connections: Sequence[Connection],
        username: str,
        password: str,
        context: RequestContext,
    ) -> PasswordOutcome:
        """What becomes of identifier and password, tried against the first connection that holds the
        identifier; whether a person typed them was found out before. Raises ``Overloaded`` when hashing is full."""
        chosen = connections[0]
        if len(connections) > 1:  # all of them, always: how long it takes tells nothing of who is where
            known = [await self._passwords.identify(directory, one, username) is not None for one in connections]
            chosen = connections[known.index(True)] if any(known) else chosen
        return await self._passwords.password(directory, chosen, username, password, context, verified=True)

    async def begin_session(
        self,
        directory: TenantDirectory,
        transaction: LoginTransaction,
        user: User,
        connection: str,
        context: RequestContext,
        *,
        before: str | None,
        cookie: Callable[[int], str],
    ) -> SignedIn | None:
        """A session for ``user``, who signed in with an identity of ``connection``: the one the browser had (cookie
        value ``before``) if it is theirs, else another in its place. ``cookie`` is what its cookie becomes where the
        transaction was at that version.

        When the form came twice, both get the session of the first that is done. Whoever comes later otherwise takes
        the transaction over; ``None`` once that is finished, or where too many are at it at a time.
        """
        tenant = directory.tenant.id
        offer, trail = transaction.passkey, transaction.trail
        came_at = transaction.version
        for _ in range(ATTEMPTS_TO_MOVE):
            value = cookie(transaction.version)
            previous = transaction.session_sid if transaction.authenticated_at is not None else None
            replaced = await self._replaced(tenant, transaction.host, before, previous)
            renewed = replaced if replaced is not None and replaced.user_id == user.user_id else None
            session = self._new_session(directory, transaction.host, user, connection, context, renewed, value)
            moved = msgspec.structs.replace(
                transaction,
                session_sid=session.sid,
                authenticated_at=session.authenticated_at,
                interacted=True,
                mfa=None,
                mfa_at=None,
                consented=None,
                at="",
                pending=None,
                identification=None,
                passkey=offer,
                trail=trail,
            )
            sign_in = SignIn(
                session=session,
                replaces=replaced.sid if replaced is not None and renewed is None else None,
                renews=renewed is not None,
            )
            if await self._transactions.advance(tenant, moved, sign_in=sign_in):
                return SignedIn(session=session, cookie=value)
            current = await self._transactions.find(tenant, transaction.id_hash)
            begun = await self.begun(tenant, current, cookie, since=came_at) if current is not None else None
            if begun is not None or current is None or current.finished:
                return begun
            transaction = current
        return None

    async def begun(
        self, tenant: str, transaction: LoginTransaction, cookie: Callable[[int], str], *, since: int
    ) -> SignedIn | None:
        """The session this transaction let somebody in with since it was at a version, with its ``cookie`` (as above),
        if it was who that is made for. ``None`` also where the session has another cookie by now."""
        if transaction.authenticated_at is None:
            return None
        for version in range(since, min(transaction.version, since + FORMS_AT_A_TIME)):
            value = cookie(version)
            session = await self._sessions.find(tenant, digest(value))
            if session is not None and session.sid == transaction.session_sid:
                return SignedIn(session=session, cookie=value) if self._is_live(session, transaction.host) else None
        return None

    async def prove_factor(
        self, tenant: str, transaction: LoginTransaction, session: Session | None, cookie: str, *, at: str
    ) -> bool:
        """Somebody proved a second factor, or took one on. Whoever is signed in: the session knows, and ``cookie`` is
        its cookie from now on, unless another login of the browser gave it one at the same time.

        ``at`` names the screen the transaction is at then. ``False`` when it moved on meanwhile.
        """
        now, renewed = self._clock.now(), None
        if session is not None:
            renewed = Renewal(
                msgspec.structs.replace(session, cookie_hash=digest(cookie), mfa_at=now), session.cookie_hash
            )
        for _ in range(ATTEMPTS_TO_MOVE):
            moved = msgspec.structs.replace(transaction, mfa_at=now, interacted=True, at=at)
            if await self._transactions.advance(tenant, moved, renewal=renewed):
                return True
            current = await self._transactions.find(tenant, transaction.id_hash)
            if current is None or current.finished or current.step is not Step.MFA or current.mfa_at is not None:
                return False
            if session is not None and current.session_sid != session.sid:
                return False  # somebody else signed in
            transaction = current
        return False

    async def _replaced(self, tenant: str, host: str, before: str | None, previous: str | None) -> Session | None:
        """The session that does not go on as it is: the one this transaction made already (``previous``, its ``sid``),
        or the one of the browser (cookie value ``before``). One that is over is nobody's any more."""
        found = await self._sessions.get(tenant, previous, at=self._clock.now()) if previous is not None else None
        session = found[0] if found is not None else None
        if session is None and before is not None:
            session = await self._sessions.find(tenant, digest(before))
        return session if session is not None and self._is_live(session, host) else None

    def _is_live(self, session: Session, host: str) -> bool:
        return session.is_live(host, self._clock.now())

    def _new_session(
        self,
        directory: TenantDirectory,
        host: str,
        user: User,
        connection: str,
        context: RequestContext,
        renewed: Session | None,
        cookie: str,
    ) -> Session:
        settings = directory.settings
        now = self._clock.now()
        persistent = settings.cookies_persist
        idle, end = settings.session_limits(persistent=persistent)
        return Session(
            sid=renewed.sid if renewed is not None else self._entropy.token(24),
            cookie_hash=digest(cookie),
            host=host,
            user_id=user.user_id,
            connection=connection,
            authenticated_at=now,
            created_at=now,
            last_interacted_at=now,
            idle_lifetime=idle,
            idle_expires_at=now + min(idle, end),
            expires_at=now + end,
            persistent=persistent,
            clients=renewed.clients if renewed is not None else (),
            ip=context.ip,
            user_agent=context.user_agent,
        )
