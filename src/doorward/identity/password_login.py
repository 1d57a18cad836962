"""Signing in with identifier and password: one door for the pages and for the password grants.

Wrong identifier and wrong password look and cost the same; failures are counted per identifier and
address (or as the tenant's brute-force settings say), and a locked pair stays locked for the right password too.
"""

from __future__ import annotations

from doorward.model.authentication import Denial, PasswordOutcome
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import is_phone, normalise_email, normalise_phone, normalise_username
from doorward.model.log_event import LogEvent
from doorward.model.request_context import RequestContext
from doorward.model.user import Password, User
from doorward.ports import Attempts, Clock, Log, Passwords, Users

WINDOW = 30 * 24 * 3600.0
MAX_IDENTIFIER = 320


class PasswordLogin:
    """``ports.Authenticator``."""

    def __init__(self, clock: Clock, users: Users, attempts: Attempts, log: Log, passwords: Passwords) -> None:
        self._clock = clock
        self._users = users
        self._attempts = attempts
        self._log = log
        self._passwords = passwords

    async def password(
        self, directory: TenantDirectory, connection: Connection, username: str, password: str, context: RequestContext
    ) -> PasswordOutcome:
        tenant = directory.tenant.id
        protection = directory.brute_force
        key = protection.key(connection.name, username[:MAX_IDENTIFIER], context.ip)
        guarded = connection.brute_force_protection and protection.guards(context.ip)
        if guarded and await self._attempts.count(tenant, key) >= protection.max_attempts:
            self._write(tenant, "limit_wc", context, connection, username)
            return PasswordOutcome(denial=Denial.TOO_MANY_ATTEMPTS)
        user, stored = await self._find(tenant, connection, username)
        right, rehash = await self._passwords.verify(password, stored.hash if stored is not None else None)
        if user is None or stored is None or not right:
            self._write(tenant, "fu" if user is None else "fp", context, connection, username, user)
            if guarded:
                failures = await self._attempts.fail(tenant, key, at=self._clock.now(), window=WINDOW)
                if failures == protection.max_attempts:
                    self._write(tenant, "limit_wc", context, connection, username, user)
            return PasswordOutcome(denial=Denial.WRONG_CREDENTIALS)
        failures = await self._attempts.count(tenant, key) if guarded else 0
        if failures >= protection.max_attempts:
            # Others guessed while this password was hashed: a burst gains nothing over a queue.
            self._write(tenant, "limit_wc", context, connection, username, user)
            return PasswordOutcome(denial=Denial.TOO_MANY_ATTEMPTS)
        if failures:
            await self._attempts.clear(tenant, key)
        if rehash:
            upgraded = Password(hash=await self._passwords.hash(password), set_at=stored.set_at)
            await self._users.rehash(tenant, user.user_id, old_hash=stored.hash, password=upgraded)
        if user.blocked:
            self._write(tenant, "f", context, connection, username, user)
            return PasswordOutcome(denial=Denial.USER_BLOCKED)
        return PasswordOutcome(user=user, connection=connection.name)

    async def identify(self, directory: TenantDirectory, connection: Connection, username: str) -> User | None:
        return (await self._find(directory.tenant.id, connection, username))[0]

    async def _find(self, tenant: str, connection: Connection, username: str) -> tuple[User | None, Password | None]:
        """By e-mail where it looks like one, else by user name, else by telephone number."""
        if not username or len(username) > MAX_IDENTIFIER or "\0" in username:
            return None, None
        candidates = [("username", normalise_username(username))]
        if "@" in username:
            candidates.insert(0, ("email", normalise_email(username)))
        elif is_phone(username):
            candidates.append(("phone_number", normalise_phone(username)))
        for field, value in candidates:
            found = await self._users.find_by_identifier(tenant, connection.name, field, value)
            if found is not None:
                return found
        return None, None

    def _write(
        self,
        tenant: str,
        type_: str,
        context: RequestContext,
        connection: Connection,
        username: str,
        user: User | None = None,
    ) -> None:
        self._log.write(
            tenant,
            LogEvent(
                type=type_,
                date=self._clock.now(),
                user_id=user.user_id if user is not None else None,
                user_name=username[:MAX_IDENTIFIER],
                connection=connection.name,
                connection_id=connection.id,
                strategy=connection.strategy,
                strategy_type=connection.strategy_type,
                ip=context.ip,
                user_agent=context.user_agent,
                hostname=context.hostname,
                auth0_client=context.auth0_client,
            ),
        )
