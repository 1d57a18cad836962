"""Keys of an authenticator (WebAuthn): one that is carried about, or part of the device."""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.identity.mfa.factor import SecondFactor
from doorward.identity.webauthn import (
    creation_options,
    factor_party,
    factor_settings,
    read,
    request_options,
    user_handle,
)
from doorward.model.authentication_method import AuthenticationMethod
from doorward.model.directory import TenantDirectory
from doorward.model.mfa import FACTORS, WEBAUTHN_PLATFORM, Factor, MfaSubject, Outcome
from doorward.model.webauthn import AnsweredBefore, InvalidAnswer


class SecurityKeys(SecondFactor):
    """``webauthn-roaming`` and ``webauthn-platform`` of ``ports.SecondFactors``."""

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
            return _refused(refused), ""
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
            return _refused(refused)
        await self._give_back(subject, kind)
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


def _refused(refused: InvalidAnswer) -> Outcome:
    return Outcome.AGAIN if isinstance(refused, AnsweredBefore) else Outcome.WRONG


def _enrolling(factor: Factor) -> str:
    """What a challenge for a new key is good for."""
    return f"{factor.name} enrolment"


def _verification(directory: TenantDirectory, factor: Factor) -> str:
    """Whether the authenticator has to know the person: one that is part of the device always, or anybody at that
    device would do."""
    if factor is WEBAUTHN_PLATFORM:
        return "required"
    return str(factor_settings(directory, factor.switch).get("userVerification", "preferred"))
