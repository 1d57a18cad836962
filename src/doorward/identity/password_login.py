"""Signing in with identifier and password: one door for the pages and for the password grants.

Wrong identifier and wrong password look and cost the same; failures are counted per identifier and
address (or as the tenant's brute-force settings say) and per address, and what is locked stays locked for the right
password too.
"""

from __future__ import annotations

from msgspec import Struct

from doorward.identity.administrators import Administrators
from doorward.identity.blocked_accounts import BlockedAccounts
from doorward.identity.bot_detection import BotDetector
from doorward.identity.breach_detection import BreachDetection
from doorward.identity.ip_throttling import takes_attempt
from doorward.identity.log_events import LONGEST_NAME, person_event
from doorward.identity.tickets import is_sent, ticket_mail
from doorward.model.authentication import Denial, PasswordOutcome
from doorward.model.bot_detection import Flow
from doorward.model.breached_passwords import Stage
from doorward.model.brute_force import WINDOW
from doorward.model.connection import Connection
from doorward.model.counter import Counter
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import is_phone, login_key, normalise_email, normalise_phone, normalise_username
from doorward.model.log_event import LogEvent
from doorward.model.pace import Pace
from doorward.model.request_context import RequestContext
from doorward.model.suspicious_ip import IpStage
from doorward.model.ticket import TicketType
from doorward.model.user import Password, User
from doorward.ports import Attempts, Clock, Entropy, Log, Passwords, Tickets, Users

MAX_IDENTIFIER = LONGEST_NAME
AT_ONCE = 2  # times what is allowed in a minute
LEAKED = "stolen_credentials"


class Account(Struct, frozen=True):
    """Whom an identifier names, in which of their identities, and the password of that one."""

    user: User | None = None
    place: int = 0
    password: Password | None = None


NOBODY = Account()


class PasswordLogin:
    """``ports.Authenticator``."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        users: Users,
        attempts: Attempts,
        tickets: Tickets,
        log: Log,
        passwords: Passwords,
        *,
        breaches: BreachDetection,
        blocked: BlockedAccounts,
        bots: BotDetector,
        administrators: Administrators,
        logins_per_minute: int = 0,
    ) -> None:
        """Of one account from one address, ``logins_per_minute`` are let through after twice as many at once; 0 sets no
        limit."""
        self._clock = clock
        self._entropy = entropy
        self._users = users
        self._attempts = attempts
        self._tickets = tickets
        self._log = log
        self._passwords = passwords
        self._breaches = breaches
        self._blocked = blocked
        self._bots = bots
        self._administrators = administrators
        per_minute = logins_per_minute
        self._pace = Pace(AT_ONCE * per_minute, 60.0 / per_minute) if per_minute else None

    async def password(
        self,
        directory: TenantDirectory,
        connection: Connection,
        username: str,
        password: str,
        context: RequestContext,
        *,
        verified: bool = False,
    ) -> PasswordOutcome:
        assessed = self._event("pla", context, connection, username)
        if not verified and await self._bots.judge(directory, Flow.PASSWORD, assessed):
            return PasswordOutcome(denial=Denial.REQUIRES_VERIFICATION)
        if not connection.takes_passwords:
            self._log.write(directory.tenant.id, self._event("f", context, connection, username))
            return PasswordOutcome(denial=Denial.WRONG_CREDENTIALS)
        account, denial = await self._check(directory, connection, username, password, context)
        user = account.user
        if denial is not None or user is None:
            return PasswordOutcome(denial=denial, pace=self._pace if denial is Denial.TOO_MANY_LOGINS else None)
        if user.blocked:
            self._log.write(directory.tenant.id, self._event("f", context, connection, username, user))
            return PasswordOutcome(denial=Denial.USER_BLOCKED)
        event = self._event("pwd_leak", context, connection, username, user)
        leak = await self._breaches.leak(directory, Stage.LOGIN, password, event)
        if leak is not None and leak.first and directory.breached_passwords.tells_users:
            await self._tell_of_leak(directory, user, account.place, context)
        if leak is not None and leak.refused:
            return PasswordOutcome(denial=Denial.PASSWORD_LEAKED)
        return PasswordOutcome(user=user, connection=connection.name)

    async def check(
        self, directory: TenantDirectory, connection: Connection, username: str, password: str, context: RequestContext
    ) -> Denial | None:
        """Whether this is the password, for somebody who is not signing in. Counts, and refuses, as a login does."""
        return (await self._check(directory, connection, username, password, context))[1]

    async def identify(self, directory: TenantDirectory, connection: Connection, username: str) -> User | None:
        return (await self._find(directory.tenant.id, connection, username)).user

    async def find(self, directory: TenantDirectory, connection: Connection, username: str) -> tuple[User | None, int]:
        """Whom an identifier names, and in which of their identities."""
        account = await self._find(directory.tenant.id, connection, username)
        return account.user, account.place

    async def _check(
        self, directory: TenantDirectory, connection: Connection, username: str, password: str, context: RequestContext
    ) -> tuple[Account, Denial | None]:
        tenant = directory.tenant.id
        denial, _ = await self.stopped(directory, connection, username, context)
        if denial is not None:
            return NOBODY, denial
        if not await self._admits(tenant, connection, username, context):
            self._log.write(tenant, self._event("limit_sul", context, connection, username))
            return NOBODY, Denial.TOO_MANY_LOGINS
        account = await self._find(tenant, connection, username)
        user, stored = account.user, account.password
        right, rehash = await self._passwords.verify(password, stored.hash if stored is not None else None)
        if user is None or stored is None or not right:
            return NOBODY, await self.failed(directory, connection, username, account, context)
        # Others guessed while this password was hashed: a burst gains nothing over a queue.
        denial, failures = await self.stopped(directory, connection, username, context, user)
        if denial is not None:
            return NOBODY, denial
        await self.passed(directory, connection, username, context, failures=failures)
        if rehash:
            upgraded = Password(hash=await self._passwords.hash(password), set_at=stored.set_at)
            await self._users.rehash(tenant, user.user_id, old_hash=stored.hash, password=upgraded)
        return account, None

    async def _admits(self, tenant: str, connection: Connection, username: str, context: RequestContext) -> bool:
        """Count a login, right or wrong, of somebody or nobody; ``False`` for one too many."""
        if self._pace is None:
            return True
        return await self._attempts.admit(
            tenant,
            login_key(connection.name, username[:MAX_IDENTIFIER], context.ip),
            at=self._clock.now(),
            interval=self._pace.interval,
            burst=self._pace.burst,
        )

    async def stopped(
        self,
        directory: TenantDirectory,
        connection: Connection,
        username: str,
        context: RequestContext,
        user: User | None = None,
    ) -> tuple[Denial | None, int]:
        """What stands against an attempt, whether the password is right or wrong; and how often it was wrong."""
        tenant, at = directory.tenant.id, self._clock.now()
        addresses, guard = directory.suspicious_ip, directory.brute_force
        guarded = connection.brute_force_protection and guard.watches(context.ip)
        key = self._key(directory, connection, username, context)
        keys = (*addresses.keys(IpStage.LOGIN, context.ip), *((key,) if guarded else ()))
        counters = await self._attempts.look(tenant, keys) if keys else {}
        counter = counters.get(key, Counter())
        if addresses.is_blocked(IpStage.LOGIN, counters, context.ip, at):
            blocked = self._event("limit_mu", context, connection, username, user)
            await self._administrators.throttled(directory, IpStage.LOGIN, blocked)
            return Denial.IP_BLOCKED, counter.failures
        if guard.blocks and guard.is_reached(counter, at):
            self._log.write(tenant, self._event("limit_wc", context, connection, username, user))
            return Denial.TOO_MANY_ATTEMPTS, counter.failures
        return None, counter.failures

    async def failed(
        self,
        directory: TenantDirectory,
        connection: Connection,
        username: str,
        account: Account,
        context: RequestContext,
        *,
        wrong: LogEvent | None = None,
    ) -> Denial:
        """Count a wrong password (or what ``wrong`` tells of), and say what is told of it: of one too many in a burst,
        no more than of a right one."""
        tenant, at = directory.tenant.id, self._clock.now()
        user, guard = account.user, directory.brute_force
        told = wrong or self._event("fu" if user is None else "fp", context, connection, username, user)
        self._log.write(tenant, told)
        await self._bots.attempted(directory, username[:MAX_IDENTIFIER], context.ip, succeeded=False)
        denial = Denial.WRONG_CREDENTIALS
        if connection.brute_force_protection and guard.watches(context.ip):
            key = self._key(directory, connection, username, context)
            failures = await self._attempts.fail(tenant, key, at=at, window=WINDOW)
            if failures == guard.max_attempts:
                locked = self._event("limit_wc", context, connection, username, user)
                await self._blocked.locked(directory, user, account.place, locked, context)
            if failures > guard.max_attempts and guard.blocks:
                denial = Denial.TOO_MANY_ATTEMPTS
        if not await takes_attempt(self._attempts, directory, IpStage.LOGIN, context.ip, at=at):
            blocked = self._event("limit_mu", context, connection, username, user)
            await self._administrators.throttled(directory, IpStage.LOGIN, blocked)
            if directory.suspicious_ip.blocks:
                denial = Denial.IP_BLOCKED
        return denial

    async def passed(
        self,
        directory: TenantDirectory,
        connection: Connection,
        username: str,
        context: RequestContext,
        *,
        failures: int,
    ) -> None:
        """A right password (or code) after so many ``failures``, which are forgotten."""
        if failures:
            await self._attempts.clear(directory.tenant.id, self._key(directory, connection, username, context))
        await self._bots.attempted(directory, username[:MAX_IDENTIFIER], context.ip, succeeded=True)

    @staticmethod
    def _key(directory: TenantDirectory, connection: Connection, username: str, context: RequestContext) -> str:
        return directory.brute_force.key(connection.name, username[:MAX_IDENTIFIER], context.ip)

    async def _find(self, tenant: str, connection: Connection, username: str) -> Account:
        """By e-mail where it looks like one, else by user name, else by telephone number: always in each of the ways,
        so that it takes as long for somebody as for nobody."""
        if not username or len(username) > MAX_IDENTIFIER or "\0" in username:
            return NOBODY
        candidates = [("username", normalise_username(username))]
        if "@" in username:
            candidates.insert(0, ("email", normalise_email(username)))
        elif is_phone(username):
            candidates.append(("phone_number", normalise_phone(username)))
        candidates = [one for one in candidates if one[0] in connection.identifiers]
        account = NOBODY
        for field, value in candidates:
            found = await self._users.find_by_identifier(tenant, connection.name, field, value)
            if found is not None and account is NOBODY:
                user, password = found
                account = Account(user, user.place_of(connection.name, field, value) or 0, password)
        return account

    async def _tell_of_leak(self, directory: TenantDirectory, user: User, place: int, context: RequestContext) -> None:
        """Write to the owner of a password that leaked, with a link to choose another one."""
        if not user.profile_of(place).get("email") or not is_sent(directory, LEAKED):
            return
        ticket, message = ticket_mail(
            self._entropy,
            directory,
            LEAKED,
            TicketType.PASSWORD_CHANGE,
            user,
            place,
            url=f"https://{context.hostname}/",
            at=self._clock.now(),
            mark_email_as_verified=True,
        )
        await self._tickets.create(directory.tenant.id, ticket, events=(), messages=(message,))

    def _event(
        self, type_: str, context: RequestContext, connection: Connection, username: str, user: User | None = None
    ) -> LogEvent:
        return person_event(type_, self._clock.now(), connection, context, user=user, name=username)
