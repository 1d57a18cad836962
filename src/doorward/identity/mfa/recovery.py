"""Recovery codes: one stands in for another factor once, and another takes its place."""

from __future__ import annotations

from doorward.identity.mfa import recovery_code
from doorward.identity.mfa.factor import SecondFactor, derived
from doorward.model.authentication_method import MethodType
from doorward.model.mfa import RECOVERY_CODE, MfaSubject, Outcome, offers


class Recovery(SecondFactor):
    """``recovery-code`` of ``ports.SecondFactors``."""

    async def prove_recovery_code(self, subject: MfaSubject, code: str) -> Outcome:
        tenant = subject.directory.tenant.id
        if not await self._admit(subject, RECOVERY_CODE):
            self._write(subject, "gd_recovery_failed", RECOVERY_CODE)
            return Outcome.TOO_MANY
        code = recovery_code.normalise(code)
        stored = await self._recovery_secrets(subject)
        right = recovery_code.matches(stored, code)
        if not right or not await self._first_time(subject, f"recovery {stored[recovery_code.HASH]}"):
            self._write(subject, "gd_recovery_failed", RECOVERY_CODE)
            return Outcome.WRONG
        await self._give_back(subject, RECOVERY_CODE)
        await self._methods.add(
            tenant,
            subject.user.user_id,
            [self._new_recovery_code(subject)],
            replacing=(MethodType.RECOVERY_CODE,),
            events=(self._event(subject, "gd_recovery_succeed", RECOVERY_CODE),),
        )
        return Outcome.RIGHT

    def coming_recovery_code(self, subject: MfaSubject) -> str | None:
        return derived(subject) if offers(subject.directory, RECOVERY_CODE) else None

    async def new_recovery_code(self, subject: MfaSubject) -> str:
        await self._methods.add(
            subject.directory.tenant.id,
            subject.user.user_id,
            [self._new_recovery_code(subject)],
            replacing=(MethodType.RECOVERY_CODE,),
            events=(self._event(subject, "gd_enrollment_complete", RECOVERY_CODE),),
        )
        return derived(subject)

    async def recovery_code(self, subject: MfaSubject) -> str | None:
        code = derived(subject)
        return code if recovery_code.matches(await self._recovery_secrets(subject), code) else None

    async def _recovery_secrets(self, subject: MfaSubject) -> dict[str, str]:
        tenant = subject.directory.tenant.id
        for method in await self._methods.of_user(tenant, subject.user.user_id):
            if method.type is MethodType.RECOVERY_CODE:
                return await self._methods.secrets(tenant, method.id)
        return {}
