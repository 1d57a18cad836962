"""Codes that are sent, to a phone or to a mailbox."""

from __future__ import annotations

import hmac

from doorward.identity.mfa import otp
from doorward.identity.mfa.factor import TRIES, SecondFactor
from doorward.identity.one_time_codes import TooManyCodes, admit, message_of
from doorward.model.authentication_method import MethodType
from doorward.model.challenge import Challenge, Purpose, Verdict
from doorward.model.digest import digest
from doorward.model.identifiers import SEPARATOR
from doorward.model.message import Channel
from doorward.model.mfa import EMAIL, SENDING, Factor, MfaSubject, Outcome

CODE_LIFETIME = 300.0
SENT = {Channel.EMAIL: "gd_send_email", Channel.SMS: "gd_send_sms", Channel.VOICE: "gd_send_voice"}


class SentCodes(SecondFactor):
    """``sms``, ``voice`` and ``email`` of ``ports.SecondFactors``."""

    async def send_code(
        self, subject: MfaSubject, factor: Factor, address: str, handle: str, *, enrolls: bool
    ) -> Outcome:
        tenant, now = subject.directory.tenant.id, self._clock.now()
        paced = SEPARATOR.join(("mfa sent", subject.user.user_id, factor.name, ""))
        if not await self._attempts.admit(tenant, paced, at=now, interval=SENDING.interval, burst=SENDING.burst):
            return Outcome.TOO_MANY
        if factor.method is MethodType.PHONE and not subject.directory.settings.reaches(address):
            return Outcome.UNREACHED
        if (enrolls or factor.method is MethodType.PHONE) and not await self._is_left(subject, address):
            return Outcome.TOO_MANY
        code, channel = self._entropy.digits(otp.DIGITS), factor.channel or Channel.EMAIL
        id_hash = _handle(subject, handle, enrolls=enrolls)
        template = "mfa_oob_code" if channel is Channel.EMAIL else "otp_enroll" if enrolls else "otp_verify"
        challenge = Challenge(
            id_hash=id_hash,
            subject=id_hash,
            purpose=Purpose.MFA,
            channel=channel,
            address=address,
            code_hash=_sealed(subject, id_hash, code),
            tries=TRIES,
            expires_at=now + CODE_LIFETIME,
            connection=subject.user.connection,
            client_id=subject.client.client_id if subject.client is not None else None,
            user_id=subject.user.user_id,
        )
        message = message_of(challenge, template, {"code": code}, subject.locale)
        event = self._event(subject, SENT[channel], factor)
        await self._challenges.begin(tenant, challenge, messages=(message,), events=(event,))
        return Outcome.RIGHT

    async def _is_left(self, subject: MfaSubject, address: str) -> bool:
        """Whether a message to an address somebody names, or to a phone, is sent at all: not without end."""
        tenant, ip = subject.directory.tenant.id, subject.context.ip
        try:
            await admit(self._attempts, tenant, subject.user.connection, address, ip, at=self._clock.now())
        except TooManyCodes:
            return False
        return True

    async def prove_code(self, subject: MfaSubject, factor: Factor, handle: str, code: str) -> Outcome:
        outcome, address = await self._try_code(subject, factor, handle, code, enrolls=False)
        if outcome is not Outcome.RIGHT:
            return outcome
        theirs = await self.standing(subject.directory, subject.user)
        if address not in [one.address for one in theirs.of(factor.name)]:
            return Outcome.VOID  # taken away since it was sent
        self._write(subject, "gd_auth_succeed", factor)
        return outcome

    async def enroll_address(
        self, subject: MfaSubject, factor: Factor, handle: str, code: str, *, first: bool = True
    ) -> Outcome:
        outcome, address = await self._try_code(subject, factor, handle, code, enrolls=True)
        if outcome is not Outcome.RIGHT:
            return outcome
        if factor is EMAIL:
            method = self._method(subject, MethodType.EMAIL, {}, {"email": address})
        else:
            preferred = factor.channel.value if factor.channel is not None else Channel.SMS.value
            properties = {"phone_number": address, "preferred_authentication_method": preferred}
            method = self._method(subject, MethodType.PHONE, {}, properties)
        return await self._enroll(subject, factor, method, first=first)

    async def _try_code(
        self, subject: MfaSubject, factor: Factor, handle: str, code: str, *, enrolls: bool
    ) -> tuple[Outcome, str]:
        """What became of the code, and where it had been sent to."""
        tenant = subject.directory.tenant.id
        if not await self._admit(subject, factor, enrolls=enrolls):
            self._write(subject, "gd_otp_rate_limit_exceed", factor)
            return Outcome.TOO_MANY, ""
        id_hash = _handle(subject, handle, enrolls=enrolls)
        verdict, challenge = await self._challenges.check(
            tenant, id_hash, _sealed(subject, id_hash, code), at=self._clock.now()
        )
        if verdict is Verdict.SPENT:
            return Outcome.AGAIN, ""
        if verdict is not Verdict.RIGHT or challenge is None:
            self._write(subject, "gd_auth_failed", factor)
            return Outcome.VOID if verdict is Verdict.VOID else Outcome.WRONG, ""
        await self._give_back(subject, factor, enrolls=enrolls)
        return Outcome.RIGHT, challenge.address


def _handle(subject: MfaSubject, handle: str, *, enrolls: bool) -> bytes:
    """What a code is checked by: whom it was sent for, in which login or with which token. One that was sent to enrol
    an address proves nothing else."""
    what = "mfa enroll" if enrolls else "mfa"
    return digest(SEPARATOR.join((what, subject.user.user_id, subject.binding.hex(), handle)))


def _sealed(subject: MfaSubject, id_hash: bytes, code: str) -> bytes:
    """A code as it is kept: under a key that is not in the database."""
    return hmac.digest(subject.directory.token_key, b"mfa code" + id_hash + code.encode(), "sha256")
