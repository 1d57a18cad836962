"""Another password: by a link in a mail, or by who knows the present one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum

import msgspec

from doorward.identity.blocked_accounts import counters_of
from doorward.identity.log_events import LONGEST_NAME, person_event
from doorward.identity.new_password import NewPasswords, PasswordRefused
from doorward.identity.notices import password_changed
from doorward.identity.password_login import PasswordLogin
from doorward.identity.password_policy import policy_of
from doorward.identity.tickets import Redeemable, TicketUnusable, for_nobody, is_sent, redeemable, ticket_mail
from doorward.model.authentication import Denial
from doorward.model.breached_passwords import Stage
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import reset_key
from doorward.model.log_event import LogEvent
from doorward.model.pace import Pace
from doorward.model.request_context import RequestContext
from doorward.model.session import LoginTransaction
from doorward.model.session_end import Cause
from doorward.model.ticket import Ticket, TicketState, TicketType
from doorward.model.timestamp import timestamp
from doorward.model.user import AccountChange, Password, User
from doorward.ports import Conflict, Ports

RESET = "reset_email"
# From one address for one account: so many at once, then one each so many seconds.
RESETS = Pace(10, 60.0)
TRIES = 3
# Seconds after a link was sent or used within which the same form is known to have come twice.
MOMENT = 60.0


class TooManyResets(Exception):
    """The same was asked for too often, for the ``pace`` there is."""

    def __init__(self, pace: Pace) -> None:
        super().__init__("too many requests")
        self.pace = pace


class ChangeError(StrEnum):
    """Why the present password did not do."""

    WRONG_PASSWORD = "wrong-password"
    TOO_MANY_ATTEMPTS = "too-many-attempts"


class ChangeRefused(Exception):
    """Nothing was written."""

    def __init__(self, error: ChangeError) -> None:
        super().__init__(error.value)
        self.error = error


class FactorAskedFirst(Exception):
    """A good link whose owner has to prove one of ``factors`` before it is redeemed; ``ticket`` is what it carries."""

    def __init__(self, ticket: Ticket, factors: tuple[str, ...]) -> None:
        super().__init__("without a second factor")
        self.ticket = ticket
        self.factors = factors


class PasswordChange:
    """What pages and endpoints do about passwords. ``revokes_refresh_tokens`` goes further than Auth0, which ends
    sessions only. ``asks_second_factor``: no link is good before its owner proved one, if they have any."""

    def __init__(
        self,
        ports: Ports,
        login: PasswordLogin,
        passwords: NewPasswords,
        *,
        revokes_refresh_tokens: bool = False,
        asks_second_factor: bool = False,
    ) -> None:
        self._ports = ports
        self._login = login
        self._passwords = passwords
        self._revokes_refresh_tokens = revokes_refresh_tokens
        self._asks_second_factor = asks_second_factor

    # ── by a link ──

    async def ask(
        self,
        directory: TenantDirectory,
        connection: Connection,
        identifier: str,
        context: RequestContext,
        *,
        client: Client | None = None,
        organization_id: str | None = None,
        locale: str = "",
    ) -> None:
        """Somebody says that they forgot their password: send whom the identifier names a link, if there is such a
        person and they have an address. Whoever asks is not told which: the answer and the work are the same.
        Raises ``TooManyResets``."""
        tenant, now = directory.tenant.id, self._ports.clock.now()
        key = reset_key(connection.name, identifier[:LONGEST_NAME], context.ip)
        admitted = await self._ports.attempts.admit(tenant, key, at=now, interval=RESETS.interval, burst=RESETS.burst)
        if not admitted:
            raise TooManyResets(RESETS)
        user, place = await self._login.find(directory, connection, identifier)
        asked = person_event("scpr", now, connection, context, user=user, name=identifier, client=client)
        why = "user does not exist"
        if connection.options.get("disable_self_service_change_password"):
            why = "self-service password change is disabled"
        elif not is_sent(directory, RESET):
            why = "the tenant does not send this mail"
        elif user is not None:
            if await self._send(directory, user, place, asked, context, organization_id, locale):
                return
            why = "user has no email address"
        failed = msgspec.structs.replace(asked, type="fcpr", description=why)
        nobody, message = for_nobody(self._ports.entropy, TicketType.PASSWORD_CHANGE, RESET, now)
        await self._ports.tickets.create(tenant, nobody, events=(), messages=(message,), otherwise=(failed,))

    async def demand(
        self, directory: TenantDirectory, user: User, place: int, context: RequestContext, *, locale: str = ""
    ) -> bool:
        """Somebody must choose another password now: send them the link. ``False`` where there is no address."""
        connection = directory.connections.get(user.connections[place])
        event = person_event("scpr", self._ports.clock.now(), connection, context, user=user)
        return await self._send(directory, user, place, event, context, None, locale)

    async def _send(
        self,
        directory: TenantDirectory,
        user: User,
        place: int,
        event: LogEvent,
        context: RequestContext,
        organization_id: str | None,
        locale: str,
    ) -> bool:
        if not user.profile_of(place).get("email"):
            return False
        ticket, message = ticket_mail(
            self._ports.entropy,
            directory,
            RESET,
            TicketType.PASSWORD_CHANGE,
            user,
            place,
            url=f"https://{context.hostname}/",
            at=self._ports.clock.now(),
            locale=locale,
            client_id=event.client_id,
            organization_id=organization_id,
            mark_email_as_verified=True,  # whoever has the link has the mailbox
        )
        return await self._ports.tickets.create(directory.tenant.id, ticket, events=(event,), messages=(message,))

    async def look(
        self, directory: TenantDirectory, ticket_hash: bytes, opened: LoginTransaction | None = None
    ) -> Redeemable:
        """What a link is good for; looking does not spend it. ``opened`` is the transaction somebody opened it in, who
        may have proved a second factor there. Raises ``TicketUnusable`` and ``FactorAskedFirst``."""
        ports = self._ports
        found = await redeemable(
            ports.tickets,
            ports.users,
            directory.tenant.id,
            ticket_hash,
            TicketType.PASSWORD_CHANGE,
            at=ports.clock.now(),
        )
        if self._asks_second_factor and not (opened is not None and opened.has_proved_for(ticket_hash)):
            standing = await ports.second_factors.standing(directory, found.user)
            # A code that goes where the link went would prove nothing more.
            factors = standing.without_mailbox(found.ticket.email or "").challenges
            if factors:
                raise FactorAskedFirst(found.ticket, factors)
        return found

    async def redeem(
        self,
        directory: TenantDirectory,
        ticket_hash: bytes,
        password: str,
        context: RequestContext,
        *,
        opened: LoginTransaction | None = None,
    ) -> Redeemable:
        """Use a link up for another password: sessions end, and whoever was locked out for guessing is not any more.

        ``opened`` as for ``look``. A refused password leaves the link good. Raises ``TicketUnusable``,
        ``FactorAskedFirst``, ``PasswordRefused``, and ``Overloaded`` when hashing is full.
        """
        chosen: Password | None = None
        for _ in range(TRIES):
            found, connection = await self._found(directory, ticket_hash, context, opened)
            if chosen is None:
                chosen = await self._chosen(directory, connection, found.user, found.place, password, context)
            change = self._change(found.user, found.place, connection, chosen)
            if found.ticket.mark_email_as_verified:
                verified = {**change.user.profile_of(found.place), "email_verified": True}
                change = msgspec.structs.replace(change, user=change.user.with_profile(found.place, verified))
            event = person_event("scp", chosen.set_at, connection, context, user=found.user)
            try:
                redeemed = await self._ports.tickets.redeem(
                    directory.tenant.id,
                    found.ticket.ticket_hash,
                    TicketType.PASSWORD_CHANGE,
                    at=self._ports.clock.now(),
                    change=change,
                    events=(event,),
                    messages=password_changed(directory, change.user, found.place),
                )
            except Conflict:
                continue
            if redeemed is None:
                raise TicketUnusable(TicketState.USED, found.ticket)
            return Redeemable(redeemed, change.user, found.place)
        raise Conflict("revision")

    async def redeemed_with(
        self, directory: TenantDirectory, ticket: Ticket, password: str, context: RequestContext
    ) -> Redeemable | None:
        """What came of a used link whose owner's password is this very one, and was chosen a moment ago: the form came
        twice. ``None`` where that is not so. The password is tried as one is at a login, under what its owner logs in
        with."""
        tenant, users = directory.tenant.id, self._ports.users
        user = await users.find(tenant, ticket.user_id)
        place = user.place_of_identity(ticket.identity) if user is not None else None
        if user is None or place is None:
            return None
        connection = directory.connections.get(user.connections[place])
        stored = await users.passwords(tenant, *user.identity_at(place))
        recent = bool(stored) and self._ports.clock.now() - stored[0].set_at <= MOMENT
        identifier = _identifier(user, place)
        if connection is None or not identifier or not recent:
            return None
        denial = await self._login.check(directory, connection, identifier, password, context)
        return Redeemable(ticket, user, place) if denial is None else None

    async def _found(
        self,
        directory: TenantDirectory,
        ticket_hash: bytes,
        context: RequestContext,
        opened: LoginTransaction | None,
    ) -> tuple[Redeemable, Connection]:
        try:
            found = await self.look(directory, ticket_hash, opened)
            connection = directory.connections.get(found.user.connections[found.place])
            if connection is None or not connection.is_database:
                raise TicketUnusable(None)
        except (TicketUnusable, FactorAskedFirst) as refused:
            event = person_event("fcp", self._ports.clock.now(), None, context, description=f"ticket {refused}")
            self._ports.log.write(directory.tenant.id, event)
            raise
        return found, connection

    # ── by the present password ──

    async def change(
        self,
        directory: TenantDirectory,
        connection: Connection,
        user: User,
        current: str,
        password: str,
        context: RequestContext,
        *,
        session: str | None = None,
    ) -> User:
        """Somebody who is signed in, in ``session``, chooses another password: their other sessions end.

        Raises ``ChangeRefused``, ``PasswordRefused``, ``Conflict`` (``revision``), and ``Overloaded`` when hashing
        is full.
        """
        place = user.connections.index(connection.name)
        denial = await self._login.check(directory, connection, _identifier(user, place), current, context)
        if denial is not None:
            too_many = denial in (Denial.TOO_MANY_ATTEMPTS, Denial.TOO_MANY_LOGINS, Denial.IP_BLOCKED)
            raise ChangeRefused(ChangeError.TOO_MANY_ATTEMPTS if too_many else ChangeError.WRONG_PASSWORD)
        chosen = await self._chosen(directory, connection, user, place, password, context)
        change = msgspec.structs.replace(self._change(user, place, connection, chosen), but_session=session)
        return await self._write(directory, change, person_event("scp", chosen.set_at, connection, context, user=user))

    async def set(
        self,
        directory: TenantDirectory,
        connection: Connection,
        user: User,
        place: int,
        password: str,
        context: RequestContext,
        *,
        client: Client,
        once: Callable[[], Awaitable[bool]],
    ) -> User | None:
        """Somebody whose token lets them choose another password: all their sessions end. ``once`` uses up what they
        were let in by; ``None``, and nothing is written, when it was used before.

        Raises ``PasswordRefused``, ``Conflict`` (``revision``), and ``Overloaded`` when hashing is full.
        """
        chosen = await self._chosen(directory, connection, user, place, password, context)
        if not await once():
            return None
        event = person_event("scp", chosen.set_at, connection, context, user=user, client=client)
        return await self._write(directory, self._change(user, place, connection, chosen), event)

    # ── what all do ──

    async def _chosen(
        self,
        directory: TenantDirectory,
        connection: Connection,
        user: User,
        place: int,
        password: str,
        context: RequestContext,
    ) -> Password:
        event = person_event("fcp", self._ports.clock.now(), connection, context, user=user)
        try:
            return await self._passwords.chosen(
                directory,
                connection,
                password,
                user.person(place),
                identity=user.identity_at(place),
                asked=(Stage.CHANGE, event),
            )
        except PasswordRefused as refused:
            why = msgspec.structs.replace(event, description=f"{refused.error.value}: {refused.error.message}")
            self._ports.log.write(directory.tenant.id, why)
            raise

    async def _write(self, directory: TenantDirectory, change: AccountChange, event: LogEvent) -> User:
        told = password_changed(directory, change.user, change.place)
        if not await self._ports.users.change(directory.tenant.id, change, events=(event,), messages=told):
            raise Conflict("revision")
        return change.user

    def _change(self, user: User, place: int, connection: Connection, chosen: Password) -> AccountChange:
        profile = {**user.profile_of(place), "last_password_reset": timestamp(chosen.set_at)}
        return AccountChange(
            user=msgspec.structs.replace(user.with_profile(place, profile), updated_at=chosen.set_at),
            place=place,
            password=chosen,
            remembered=policy_of(connection).remembered,
            cause=Cause.PASSWORD_CHANGED,
            revoke_refresh_tokens=self._revokes_refresh_tokens,
            unblock=counters_of(user),
        )


def _identifier(user: User, place: int) -> str:
    """What somebody logs in with in the connection of their identity at ``place``; empty for nothing."""
    profile = user.profile_of(place)
    return profile.get("email") or profile.get("username") or profile.get("phone_number") or ""
