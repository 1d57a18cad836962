"""What every second factor needs: tries are counted, what is taken on is kept, and what happened is logged.

Every code is admitted before it is looked at, so many tries at a time gain nothing over a queue; a right one gives the
tries back.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from doorward.identity.log_events import subject_event
from doorward.identity.mfa import recovery_code
from doorward.identity.webauthn import Ceremonies
from doorward.model.authentication_method import CONFIRMED, AuthenticationMethod, MethodType
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import SEPARATOR, new_id
from doorward.model.log_event import LogEvent
from doorward.model.mfa import FACTORS, RECOVERY_CODE, Factor, MfaSubject, Outcome, Standing, offers, standing
from doorward.model.user import User
from doorward.ports import Attempts, AuthenticationMethods, Challenges, Clock, Conflict, Entropy, Log, OneTimeValues

TRIES = 5
SECONDS_A_TRY = 360.0
# A step is over long before; a recovery code is replaced a moment later.
REMEMBERED = 24 * 3600.0


class SecondFactor:
    """One kind of second factor, or several; those there are add how each is proved and taken on."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        methods: AuthenticationMethods,
        one_time_values: OneTimeValues,
        challenges: Challenges,
        attempts: Attempts,
        log: Log,
        ceremonies: Ceremonies,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._methods = methods
        self._one_time_values = one_time_values
        self._challenges = challenges
        self._attempts = attempts
        self._log = log
        self._ceremonies = ceremonies

    async def standing(self, directory: TenantDirectory, user: User) -> Standing:
        return standing(directory, user, await self._methods.of_user(directory.tenant.id, user.user_id))

    async def _enroll(
        self, subject: MfaSubject, factor: Factor, method: AuthenticationMethod, *, first: bool
    ) -> Outcome:
        """With a first factor comes a recovery code; what there was of an earlier life is void."""
        directory, methods = subject.directory, [method]
        replacing: Collection[MethodType] = ()
        if first and offers(directory, RECOVERY_CODE):
            methods.append(self._new_recovery_code(subject))
            replacing = (MethodType.RECOVERY_CODE,)
        usable = {one.method for one in FACTORS.values() if one is not RECOVERY_CODE and offers(directory, one)}
        try:
            kept = await self._methods.add(
                directory.tenant.id,
                subject.user.user_id,
                methods,
                replacing=replacing,
                unless=usable if first else (),
                redeems=(subject.ticket, self._clock.now()) if subject.ticket is not None else None,
                events=(self._event(subject, "gd_enrollment_complete", factor),),
            )
        except Conflict:
            return Outcome.TAKEN
        return Outcome.RIGHT if kept else Outcome.WRONG

    def _method(
        self,
        subject: MfaSubject,
        type_: MethodType,
        secrets: dict[str, str],
        properties: dict[str, Any] | None = None,
    ) -> AuthenticationMethod:
        return AuthenticationMethod(
            id=subject.method_id or new_id(self._entropy, "dev_"),
            user_id=subject.user.user_id,
            type=type_,
            created_at=self._clock.now(),
            properties=dict(properties or {}),
            secrets=secrets,
        )

    async def _admit(self, subject: MfaSubject, factor: Factor, *, enrolls: bool = False) -> bool:
        return await self._attempts.admit(
            subject.directory.tenant.id,
            _key(subject, factor, enrolls=enrolls),
            at=self._clock.now(),
            interval=SECONDS_A_TRY,
            burst=TRIES,
        )

    async def _give_back(self, subject: MfaSubject, factor: Factor, *, enrolls: bool = False) -> None:
        await self._attempts.clear(subject.directory.tenant.id, _key(subject, factor, enrolls=enrolls))

    async def _use_up(self, subject: MfaSubject, what: str) -> Outcome:
        """What is good once, for whoever comes first; ``AGAIN`` for the login that was, once more. That a login came is
        noted first: two forms of it that come at a time must know each other. One that came too late stays wrong."""
        if not await self._first_time(subject, _by(subject, what)):
            return Outcome.WRONG if await self._is_used(subject, _late(subject, what)) else Outcome.AGAIN
        if await self._first_time(subject, what):
            return Outcome.RIGHT
        await self._first_time(subject, _late(subject, what))
        return Outcome.WRONG

    async def _first_time(self, subject: MfaSubject, what: str) -> bool:
        now = self._clock.now()
        once = _once(subject, what)
        return await self._one_time_values.use(subject.directory.tenant.id, once, at=now, expires_at=now + REMEMBERED)

    async def _came_before(self, subject: MfaSubject, what: str) -> bool:
        """Whether the same login used it up."""
        came = await self._is_used(subject, _by(subject, what))
        return came and not await self._is_used(subject, _late(subject, what))

    async def _is_used(self, subject: MfaSubject, what: str) -> bool:
        once = _once(subject, what)
        return await self._one_time_values.used(subject.directory.tenant.id, once, at=self._clock.now())

    def _write(self, subject: MfaSubject, type_: str, factor: Factor) -> None:
        self._log.write(subject.directory.tenant.id, self._event(subject, type_, factor))

    def _event(self, subject: MfaSubject, type_: str, factor: Factor) -> LogEvent:
        return subject_event(type_, self._clock.now(), subject, {"authenticator": {"type": factor.name}})

    def _new_recovery_code(self, subject: MfaSubject) -> AuthenticationMethod:
        properties = {CONFIRMED: False} if subject.shown_later else {}
        return self._method(subject, MethodType.RECOVERY_CODE, recovery_code.kept(derived(subject)), properties)


def _once(subject: MfaSubject, what: str) -> bytes:
    return digest(f"mfa {subject.user.user_id} {what}")


def _by(subject: MfaSubject, what: str) -> str:
    return f"{what} in {subject.binding.hex()}"


def _late(subject: MfaSubject, what: str) -> str:
    return f"{what} late in {subject.binding.hex()}"


def _key(subject: MfaSubject, factor: Factor, *, enrolls: bool = False) -> str:
    """What tries are counted by. Whoever sets up an app of their own gives no tries back to who guesses at another."""
    return SEPARATOR.join(("mfa enroll" if enrolls else "mfa", subject.user.user_id, factor.name, ""))


def derived(subject: MfaSubject) -> str:
    """The recovery code that comes with a first factor: the same one as long as the binding is."""
    return recovery_code.derived_code(subject.directory.token_key, subject.binding, subject.user.user_id)
