"""A person proves a second factor, or takes one on: one door for the pages and for the MFA API.

Every code is admitted before it is looked at, so many tries at a time gain nothing over a queue; a right one gives the
tries back. A code of an app is good once in its time step, a recovery code once at all.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from typing import Any

import msgspec

from doorward.identity.log_events import person_event
from doorward.identity.mfa import otp, recovery_code
from doorward.identity.one_time_codes import TooManyCodes, admit, message_of
from doorward.identity.webauthn import (
    Ceremonies,
    creation_options,
    factor_party,
    factor_settings,
    read,
    request_options,
    user_handle,
)
from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.challenge import Challenge, Purpose, Verdict
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import SEPARATOR, new_id
from doorward.model.log_event import LogEvent
from doorward.model.message import Channel
from doorward.model.mfa import (
    EMAIL,
    FACTORS,
    OTP,
    RECOVERY_CODE,
    WEBAUTHN_PLATFORM,
    Factor,
    MfaSubject,
    OtpEnrollment,
    Outcome,
    Standing,
    offers,
    standing,
)
from doorward.model.user import User
from doorward.model.webauthn import InvalidAnswer
from doorward.ports import (
    Attempts,
    AuthenticationMethods,
    Challenges,
    Clock,
    Conflict,
    Entropy,
    Log,
    OneTimeValues,
)

TRIES = 5
SECONDS_A_TRY = 360.0
# How many codes at once, and after how many seconds one more.
CODES = 5
SECONDS_A_CODE = 120.0
CODE_LIFETIME = 300.0
SENT = {Channel.EMAIL: "gd_send_email", Channel.SMS: "gd_send_sms", Channel.VOICE: "gd_send_voice"}
TOTP_SECRET = "totp_secret"
# A step is over long before; a recovery code is replaced a moment later.
REMEMBERED = 24 * 3600.0


class SecondFactors:
    """``ports.SecondFactors``."""

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

    # ── an authenticator app ──

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
        step = otp.matching_step(secret, code, self._clock.now())
        if step is None or not await self._first_time(subject, f"otp {digest(secret).hex()} {step}"):
            self._write(subject, "gd_auth_failed", OTP)
            return Outcome.WRONG
        await self._attempts.clear(subject.directory.tenant.id, _key(subject, OTP, enrolls=enrolls))
        return Outcome.RIGHT

    # ── a code that is sent ──

    async def send_code(
        self, subject: MfaSubject, factor: Factor, address: str, handle: str, *, enrolls: bool
    ) -> Outcome:
        tenant, now = subject.directory.tenant.id, self._clock.now()
        paced = SEPARATOR.join(("mfa sent", subject.user.user_id, factor.name, ""))
        if not await self._attempts.admit(tenant, paced, at=now, interval=SECONDS_A_CODE, burst=CODES):
            return Outcome.TOO_MANY
        if (enrolls or factor.method is MethodType.PHONE) and not await self._reaches(subject, factor, address):
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

    async def _reaches(self, subject: MfaSubject, factor: Factor, address: str) -> bool:
        """Whether a message to an address somebody names, or to a phone, is sent at all: not to everywhere, and not
        without end (K7)."""
        if factor.method is MethodType.PHONE and not subject.directory.settings.reaches(address):
            return False
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
        if verdict is not Verdict.RIGHT or challenge is None:
            self._write(subject, "gd_auth_failed", factor)
            return Outcome.VOID if verdict is Verdict.VOID else Outcome.WRONG, ""
        await self._attempts.clear(tenant, _key(subject, factor, enrolls=enrolls))
        return Outcome.RIGHT, challenge.address

    # ── a recovery code ──

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
        await self._attempts.clear(tenant, _key(subject, RECOVERY_CODE))
        await self._methods.add(
            tenant,
            subject.user.user_id,
            [self._new_recovery_code(subject)],
            replacing=(MethodType.RECOVERY_CODE,),
            events=(self._event(subject, "gd_recovery_succeed", RECOVERY_CODE),),
        )
        return Outcome.RIGHT

    def coming_recovery_code(self, subject: MfaSubject) -> str | None:
        return _recovery_code(subject) if offers(subject.directory, RECOVERY_CODE) else None

    async def new_recovery_code(self, subject: MfaSubject) -> str:
        await self._methods.add(
            subject.directory.tenant.id,
            subject.user.user_id,
            [self._new_recovery_code(subject)],
            replacing=(MethodType.RECOVERY_CODE,),
            events=(self._event(subject, "gd_enrollment_complete", RECOVERY_CODE),),
        )
        return _recovery_code(subject)

    async def recovery_code(self, subject: MfaSubject) -> str | None:
        code = _recovery_code(subject)
        return code if recovery_code.matches(await self._recovery_secrets(subject), code) else None

    async def _recovery_secrets(self, subject: MfaSubject) -> dict[str, str]:
        tenant = subject.directory.tenant.id
        for method in await self._methods.of_user(tenant, subject.user.user_id):
            if method.type is MethodType.RECOVERY_CODE:
                return await self._methods.secrets(tenant, method.id)
        return {}

    def _new_recovery_code(self, subject: MfaSubject) -> AuthenticationMethod:
        return self._method(subject, MethodType.RECOVERY_CODE, recovery_code.kept(_recovery_code(subject)))

    # ── a key of an authenticator ──

    async def key_enrollment(self, subject: MfaSubject, factor: str) -> dict[str, Any]:
        directory, user, kind = subject.directory, subject.user, FACTORS[factor]
        name = user.email or user.user_id
        return creation_options(
            factor_party(directory, subject.context.hostname, kind.switch),
            self._ceremonies.challenge(directory, _enrolling(kind), subject.binding),
            name=directory.settings.friendly_name or directory.tenant.domain,
            user=(user_handle(directory, user.user_id), name, user.profile.get("name") or name),
            exclude=await self._keys(subject, kind),
            resident=False,
            verification=_verification(directory, kind),
            attachment="platform" if kind is WEBAUTHN_PLATFORM else "cross-platform",
        )

    async def enroll_key(
        self, subject: MfaSubject, factor: str, answer: str, *, first: bool = True
    ) -> tuple[Outcome, str]:
        directory, kind = subject.directory, FACTORS[factor]
        party = factor_party(directory, subject.context.hostname, kind.switch, subject.pages_of)
        try:
            key = await self._ceremonies.registered(
                directory,
                _enrolling(kind),
                subject.binding,
                party,
                read(answer),
                verified=_verification(directory, kind) == "required",
            )
        except InvalidAnswer as refused:
            self.key_failed(subject, factor, str(refused), enrolls=True)
            return Outcome.WRONG, ""
        method = msgspec.structs.replace(
            self._method(subject, kind.method, {}),
            properties={
                **key.properties,
                "relying_party_identifier": party.id,
                "user_handle": user_handle(directory, subject.user.user_id),
            },
            sign_count=key.sign_count,
        )
        return await self._enroll(subject, kind, method, first=first), method.id

    async def key_challenge(self, subject: MfaSubject, factor: str) -> dict[str, Any]:
        directory, kind = subject.directory, FACTORS[factor]
        return request_options(
            factor_party(directory, subject.context.hostname, kind.switch),
            self._ceremonies.challenge(directory, kind.name, subject.binding),
            allow=await self._keys(subject, kind),
            verification=_verification(directory, kind),
        )

    async def prove_key(self, subject: MfaSubject, factor: str, answer: str) -> Outcome:
        directory, kind = subject.directory, FACTORS[factor]
        if not await self._admit(subject, kind):
            self.key_failed(subject, factor, "too many tries", enrolls=False)
            return Outcome.TOO_MANY
        try:
            given = read(answer)
            method = next((one for one in await self._keys(subject, kind) if one.key_id == given.key_id), None)
            if method is None:
                raise InvalidAnswer("no such key")
            await self._ceremonies.asserted(
                directory,
                kind.name,
                subject.binding,
                factor_party(directory, subject.context.hostname, kind.switch),
                given,
                method,
                verified=_verification(directory, kind) == "required",
            )
        except InvalidAnswer as refused:
            self.key_failed(subject, factor, str(refused), enrolls=False)
            return Outcome.WRONG
        await self._attempts.clear(directory.tenant.id, _key(subject, kind))
        self._write(subject, "gd_auth_succeed", kind)
        return Outcome.RIGHT

    async def name_key(self, subject: MfaSubject, method: str, name: str) -> bool:
        tenant = subject.directory.tenant.id
        found = await self._methods.find(tenant, method)
        if found is None or found.user_id != subject.user.user_id:
            return False
        named = msgspec.structs.replace(found, properties={**found.properties, "name": name})
        return await self._methods.update(tenant, named, events=())

    def key_failed(self, subject: MfaSubject, factor: str, why: str, *, enrolls: bool) -> None:
        type_ = "gd_webauthn_enrollment_failed" if enrolls else "gd_webauthn_challenge_failed"
        event = self._event(subject, type_, FACTORS[factor])
        details = {**event.details, "failure_details": {"errorCode": "", "message": why}}
        self._log.write(subject.directory.tenant.id, msgspec.structs.replace(event, description=why, details=details))

    async def _keys(self, subject: MfaSubject, kind: Factor) -> list[AuthenticationMethod]:
        methods = await self._methods.of_user(subject.directory.tenant.id, subject.user.user_id)
        return [method for method in methods if method.type is kind.method]

    # ── all of them ──

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
        properties: dict[str, str] | None = None,
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

    async def _first_time(self, subject: MfaSubject, what: str) -> bool:
        now = self._clock.now()
        once = digest(f"mfa {subject.user.user_id} {what}")
        return await self._one_time_values.use(subject.directory.tenant.id, once, at=now, expires_at=now + REMEMBERED)

    def _write(self, subject: MfaSubject, type_: str, factor: Factor) -> None:
        self._log.write(subject.directory.tenant.id, self._event(subject, type_, factor))

    def _event(self, subject: MfaSubject, type_: str, factor: Factor) -> LogEvent:
        user = subject.user
        return person_event(
            type_,
            self._clock.now(),
            subject.directory.connections.get(user.connection),
            subject.context,
            user=user,
            client=subject.client,
            details={"authenticator": {"type": factor.name}},
        )


def _enrolling(factor: Factor) -> str:
    """What a challenge for a new key is good for."""
    return f"{factor.name} enrolment"


def _verification(directory: TenantDirectory, factor: Factor) -> str:
    """Whether the authenticator has to know the person: one that is part of the device always, or anybody at that
    device would do."""
    if factor is WEBAUTHN_PLATFORM:
        return "required"
    return str(factor_settings(directory, factor.switch).get("userVerification", "preferred"))


def _key(subject: MfaSubject, factor: Factor, *, enrolls: bool = False) -> str:
    """What tries are counted by. Whoever sets up an app of their own gives no tries back to who guesses at another."""
    return SEPARATOR.join(("mfa enroll" if enrolls else "mfa", subject.user.user_id, factor.name, ""))


def _handle(subject: MfaSubject, handle: str, *, enrolls: bool) -> bytes:
    """What a code is checked by: whom it was sent for, in which login or with which token. One that was sent to enrol
    an address proves nothing else."""
    what = "mfa enroll" if enrolls else "mfa"
    return digest(SEPARATOR.join((what, subject.user.user_id, subject.binding.hex(), handle)))


def _sealed(subject: MfaSubject, id_hash: bytes, code: str) -> bytes:
    """A code as it is kept: under a key that is not in the database."""
    return hmac.digest(subject.directory.token_key, b"mfa code" + id_hash + code.encode(), "sha256")


def _recovery_code(subject: MfaSubject) -> str:
    return recovery_code.derived_code(subject.directory.token_key, subject.binding, subject.user.user_id)
