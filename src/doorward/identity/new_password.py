"""The one door for a password somebody chooses: at signup, at a change, and by an administrator's hand.

A hash that is imported does not pass it: what was chosen elsewhere was judged there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.identity.breach_detection import BreachDetection
from doorward.identity.password_policy import PasswordError, PasswordVerdict, judge, policy_of
from doorward.model.breached_passwords import Stage
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.log_event import LogEvent
from doorward.model.user import Password
from doorward.ports import Clock, Passwords, Users


class PasswordRefused(Exception):
    """Another one has to be chosen. ``verdict`` is the checklist of the policy."""

    def __init__(self, error: PasswordError, verdict: PasswordVerdict) -> None:
        super().__init__(error.value)
        self.error = error
        self.verdict = verdict


class NewPasswords:
    """Judges passwords and hashes them."""

    def __init__(self, clock: Clock, users: Users, passwords: Passwords, breaches: BreachDetection) -> None:
        self._clock = clock
        self._users = users
        self._passwords = passwords
        self._breaches = breaches

    async def chosen(
        self,
        directory: TenantDirectory,
        connection: Connection,
        password: str,
        person: Mapping[str, Any],
        *,
        identity: tuple[str, str] | None = None,
        asked: tuple[Stage, LogEvent] | None = None,
    ) -> Password:
        """The password, hashed.

        ``person`` is the profile, with ``user_metadata`` in it; ``identity`` (provider and id) is whose it will be,
        for somebody who has had others. ``asked`` is when it is chosen and the event of it, where leaked ones are
        looked for; an administrator may set what they like. Raises ``PasswordRefused``, and ``Overloaded`` when
        hashing is full.
        """
        verdict = judge(password, connection, person)
        if verdict.error is not None:
            raise PasswordRefused(verdict.error, verdict)
        recent = policy_of(connection).history
        if identity is not None and recent:
            for stored in (await self._users.passwords(directory.tenant.id, *identity))[:recent]:
                if (await self._passwords.verify(password, stored.hash))[0]:
                    raise PasswordRefused(PasswordError.HISTORY, verdict)
        if asked is not None:
            leak = await self._breaches.leak(directory, asked[0], password, asked[1])
            if leak is not None and leak.refused:
                raise PasswordRefused(PasswordError.LEAKED, verdict)
        return Password(hash=await self._passwords.hash(password), set_at=self._clock.now())
