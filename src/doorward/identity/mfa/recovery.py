"""Recovery codes: one stands in for another factor once, and another takes its place."""

from __future__ import annotations

import msgspec

from doorward.identity.mfa import recovery_code
from doorward.identity.mfa.factor import SecondFactor, derived
from doorward.model.authentication_method import CONFIRMED, AuthenticationMethod, MethodType
from doorward.model.mfa import RECOVERY_CODE, MfaSubject, Outcome, offers


class Recovery(SecondFactor):
    """``recovery-code`` of ``ports.SecondFactors``."""

    async def prove_recovery_code(self, subject: MfaSubject, code: str) -> Outcome:
        tenant = subject.directory.tenant.id
        if not await self._admit(subject, RECOVERY_CODE):
            self._write(subject, "gd_recovery_failed", RECOVERY_CODE)
            return Outcome.TOO_MANY
        code = recovery_code.normalise(code)
        once = f"recovery {recovery_code.kept(code)[recovery_code.HASH]}"
        right, used = recovery_code.matches(await self._recovery_secrets(subject), code), Outcome.WRONG
        if right:
            used = await self._use_up(subject, once)
        elif await self._came_before(subject, once):
            used = Outcome.AGAIN
        if used is Outcome.WRONG:
            self._write(subject, "gd_recovery_failed", RECOVERY_CODE)
        if used is not Outcome.RIGHT:
            return used
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

    async def keeps_recovery_code(self, subject: MfaSubject) -> None:
        method = await self._unconfirmed(subject)
        if method is not None:
            told = {name: value for name, value in method.properties.items() if name != CONFIRMED}
            confirmed = msgspec.structs.replace(method, properties=told)
            await self._methods.update(subject.directory.tenant.id, confirmed, events=())

    async def renewed_recovery_code(self, subject: MfaSubject) -> str | None:
        if not offers(subject.directory, RECOVERY_CODE) or await self._unconfirmed(subject) is None:
            return None
        return await self.new_recovery_code(subject)

    async def _unconfirmed(self, subject: MfaSubject) -> AuthenticationMethod | None:
        methods = await self._methods.of_user(subject.directory.tenant.id, subject.user.user_id)
        return next((one for one in methods if one.properties.get(CONFIRMED) is False), None)

    async def recovery_code(self, subject: MfaSubject) -> str | None:
        code = derived(subject)
        return code if recovery_code.matches(await self._recovery_secrets(subject), code) else None

    async def _recovery_secrets(self, subject: MfaSubject) -> dict[str, str]:
        tenant = subject.directory.tenant.id
        for method in await self._methods.of_user(tenant, subject.user.user_id):
            if method.type is MethodType.RECOVERY_CODE:
                return await self._methods.secrets(tenant, method.id)
        return {}
