"""An authenticator app: a code of it is good once in its time step."""

from __future__ import annotations

from doorward.identity.mfa import otp
from doorward.identity.mfa.factor import SecondFactor
from doorward.model.authentication_method import MethodType
from doorward.model.digest import digest
from doorward.model.mfa import OTP, MfaSubject, OtpEnrollment, Outcome

TOTP_SECRET = "totp_secret"


class AuthenticatorApp(SecondFactor):
    """``otp`` of ``ports.SecondFactors``."""

    def otp_enrollment(self, subject: MfaSubject) -> OtpEnrollment:
        directory, user = subject.directory, subject.user
        secret = otp.derived_secret(directory.token_key, subject.binding, user.user_id)
        issuer = directory.settings.friendly_name or directory.tenant.domain
        return OtpEnrollment(secret, otp.provisioning_uri(secret, user.email or user.user_id, issuer))

    async def enroll_otp(self, subject: MfaSubject, code: str, *, first: bool = True) -> Outcome:
        secret = self.otp_enrollment(subject).secret
        outcome = await self._try_otp(subject, secret, code, enrolls=True)
        if outcome is not Outcome.RIGHT:
            return outcome
        method = self._method(subject, MethodType.TOTP, {TOTP_SECRET: secret})
        return await self._enroll(subject, OTP, method, first=first)

    async def prove_otp(self, subject: MfaSubject, code: str) -> Outcome:
        for method in await self._methods.of_user(subject.directory.tenant.id, subject.user.user_id):
            if method.type is MethodType.TOTP:
                secrets = await self._methods.secrets(subject.directory.tenant.id, method.id)
                outcome = await self._try_otp(subject, secrets.get(TOTP_SECRET, ""), code)
                if outcome is Outcome.RIGHT:
                    self._write(subject, "gd_auth_succeed", OTP)
                return outcome
        return Outcome.WRONG

    async def _try_otp(self, subject: MfaSubject, secret: str, code: str, *, enrolls: bool = False) -> Outcome:
        if not await self._admit(subject, OTP, enrolls=enrolls):
            self._write(subject, "gd_otp_rate_limit_exceed", OTP)
            return Outcome.TOO_MANY
        step, used = otp.matching_step(secret, code, self._clock.now()), Outcome.WRONG
        if step is not None:
            used = await self._use_up(subject, f"otp {digest(secret).hex()} {step}")
        if used is Outcome.WRONG:
            self._write(subject, "gd_auth_failed", OTP)
        elif used is Outcome.RIGHT:
            await self._give_back(subject, OTP, enrolls=enrolls)
        return used
