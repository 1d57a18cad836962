"""Passkeys: a key in the place of a password, for the pages and for the token endpoint."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from doorward.identity.log_events import person_event, subject_event
from doorward.identity.signup import SignedUpBefore, Signup, SignupError, SignupForm, SignupRefused, checked
from doorward.identity.webauthn import (
    Ceremonies,
    can_have_keys,
    creation_options,
    passkey_party,
    read,
    request_options,
    user_handle,
)
from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import new_id
from doorward.model.log_event import LogEvent
from doorward.model.mfa import MfaSubject
from doorward.model.passkey import Enrollment, Newcomer, PasskeyLogin, PasskeyState
from doorward.model.request_context import RequestContext
from doorward.model.user import User
from doorward.model.webauthn import AnsweredBefore, InvalidAnswer, RegisteredKey
from doorward.ports import AuthenticationMethods, Clock, Conflict, Entropy, Log, OneTimeValues, SignupImpossible, Users

LOGIN, ENROLLMENT = "passkey login", "passkey enrolment"
LIMIT = 20
POSTPONED = 30 * 24 * 3600.0
NEVER = 1e11
MAX_USER_AGENT = 2000
TAKEN = frozenset({SignupError.EMAIL_TAKEN, SignupError.USERNAME_TAKEN, SignupError.PHONE_TAKEN})


class Passkeys:
    """``ports.Passkeys``."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        ceremonies: Ceremonies,
        methods: AuthenticationMethods,
        users: Users,
        one_time_values: OneTimeValues,
        log: Log,
        signup: Signup,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._ceremonies = ceremonies
        self._methods = methods
        self._users = users
        self._one_time_values = one_time_values
        self._log = log
        self._signup = signup

    # ── log in ──

    def request(
        self, directory: TenantDirectory, hostname: str, binding: bytes, *, seconds: float | None = None
    ) -> dict[str, Any]:
        party = passkey_party(directory, hostname)
        lasts = {"seconds": seconds} if seconds is not None else {}
        options = request_options(party, self._ceremonies.challenge(directory, LOGIN, binding, **lasts))
        return {**options, "timeout": int(seconds * 1000)} if seconds is not None else options

    async def prove(
        self,
        directory: TenantDirectory,
        connections: Sequence[Connection],
        given: str | dict[str, Any],
        binding: bytes,
        context: RequestContext,
        client: Client,
        *,
        embedded: bool = False,
    ) -> PasskeyLogin:
        try:
            answer = read(given)
            method = await self._methods.by_key(directory.tenant.id, answer.key_id)
            if method is None or method.type is not MethodType.PASSKEY:
                raise InvalidAnswer("no such passkey")
            party = passkey_party(directory, context.hostname, client if embedded else None)
            await self._ceremonies.asserted(directory, LOGIN, binding, party, answer, method)
            user = await self._users.find(directory.tenant.id, method.user_id)
            connection = _connection_of(user, method, connections) if user is not None else None
            if user is None or connection is None:
                raise InvalidAnswer("the passkey is of another connection")
        except InvalidAnswer as refused:
            self._log.write(
                directory.tenant.id,
                person_event(
                    "f", self._clock.now(), None, context, client=client, description=f"Passkey refused: {refused}"
                ),
            )
            return PasskeyLogin(again=isinstance(refused, AnsweredBefore))
        return PasskeyLogin(user=user, connection=connection, elsewhere=answer.attachment == "cross-platform")

    # ── take one on ──

    async def state(
        self, directory: TenantDirectory, connection: Connection, user: User, hostname: str
    ) -> PasskeyState:
        if not connection.offers_passkeys or not can_have_keys(hostname):
            return PasskeyState.UNAVAILABLE
        tenant = directory.tenant.id
        if await self._one_time_values.used(tenant, _postponed(user), at=self._clock.now()):
            return PasskeyState.POSTPONED
        here = passkey_party(directory, hostname).id
        theirs = await self._of(directory, user)
        enrolled = any(one.properties.get("relying_party_identifier", here) == here for one in theirs)
        return PasskeyState.ENROLLED if enrolled else PasskeyState.NONE

    async def creation(self, subject: MfaSubject, *, local: bool = False) -> dict[str, Any]:
        directory, user = subject.directory, subject.user
        name = user.email or user.profile.get("username") or user.profile.get("phone_number") or user.user_id
        return creation_options(
            passkey_party(directory, subject.context.hostname),
            self._ceremonies.challenge(directory, ENROLLMENT, subject.binding),
            name=directory.settings.friendly_name or directory.tenant.domain,
            user=(user_handle(directory, user.user_id), name, user.profile.get("name") or name),
            exclude=() if local else await self._of(directory, user),
            resident=True,
            attachment="platform" if local else None,
        )

    async def enroll(self, subject: MfaSubject, place: int, given: str | dict[str, Any]) -> Enrollment:
        directory, user = subject.directory, subject.user
        try:
            answer = read(given)
            party = passkey_party(directory, subject.context.hostname, subject.pages_of)
            key = await self._ceremonies.registered(directory, ENROLLMENT, subject.binding, party, answer)
        except InvalidAnswer as refused:
            self.failed(subject, str(refused))
            return Enrollment.AGAIN if isinstance(refused, AnsweredBefore) else Enrollment.INVALID
        if len(await self._of(directory, user)) >= LIMIT:
            return Enrollment.TOO_MANY
        method = self.method(directory, user, place, key, party.id, subject.context, id_=subject.method_id)
        done = self._event(subject, "gd_enrollment_complete", {"authenticator": {"id": method.id, "type": "passkey"}})
        try:
            kept = await self._methods.add(directory.tenant.id, user.user_id, [method], events=(done,))
        except Conflict:
            self.failed(subject, "the key is enrolled already")
            return Enrollment.INVALID
        return Enrollment.DONE if kept else Enrollment.INVALID

    # ── sign up ──

    async def new_account(self, newcomer: Newcomer, *, seconds: float) -> dict[str, Any]:
        try:
            form = checked(_form(newcomer), newcomer.connection)
        except SignupRefused as refused:
            raise _impossible(refused) from None
        party = passkey_party(newcomer.directory, newcomer.context.hostname)
        name = form.email or form.phone_number or form.username
        options = self._first(newcomer, party.id, name, form.attributes.get("name") or name, seconds=seconds)
        return {**options, "timeout": int(seconds * 1000)}

    def first(self, newcomer: Newcomer) -> dict[str, Any]:
        directory, profile = newcomer.directory, newcomer.profile
        name = profile.get("email") or profile.get("phone_number") or profile.get("username") or ""
        tenant = directory.settings.friendly_name or directory.tenant.domain
        return self._first(newcomer, tenant, name, profile.get("name") or name)

    def _first(self, newcomer: Newcomer, party: str, name: str, shown: str, **lasts: float) -> dict[str, Any]:
        directory = newcomer.directory
        return creation_options(
            passkey_party(directory, newcomer.context.hostname),
            self._ceremonies.challenge(directory, ENROLLMENT, newcomer.binding, **lasts),
            name=party,
            user=(user_handle(directory, f"auth0|{newcomer.identity}"), name, shown),
            resident=True,
        )

    async def sign_up(self, newcomer: Newcomer, given: str | dict[str, Any]) -> User | None:
        directory, client, context = newcomer.directory, newcomer.client, newcomer.context
        party = passkey_party(directory, context.hostname, client if newcomer.embedded else None)
        try:
            key = await self._ceremonies.registered(directory, ENROLLMENT, newcomer.binding, party, read(given))
        except AnsweredBefore:
            raise
        except InvalidAnswer:
            return None
        try:
            return await self._signup.register(
                directory.tenant.id,
                newcomer.connection,
                _form(newcomer),
                client,
                context,
                identity=newcomer.identity,
                verified=newcomer.verified,
                passkey=lambda user: self.method(directory, user, 0, key, party.id, context),
            )
        except SignedUpBefore:
            raise AnsweredBefore from None
        except SignupRefused as refused:
            raise _impossible(refused) from None

    def method(
        self,
        directory: TenantDirectory,
        user: User,
        place: int,
        key: RegisteredKey,
        party: str,
        context: RequestContext,
        *,
        id_: str = "",
    ) -> AuthenticationMethod:
        """The passkey of ``user`` for their identity at ``place``."""
        return AuthenticationMethod(
            id=id_ or new_id(self._entropy, "dev_"),
            user_id=user.user_id,
            type=MethodType.PASSKEY,
            created_at=self._clock.now(),
            properties={
                **key.properties,
                "relying_party_identifier": party,
                "identity_user_id": user.identity_at(place)[1],
                "user_handle": user_handle(directory, user.user_id),
                "user_agent": context.user_agent[:MAX_USER_AGENT],
            },
            sign_count=key.sign_count,
        )

    def failed(self, subject: MfaSubject, why: str) -> None:
        """Note that nothing came of it; ``why`` may be what a browser says."""
        told = {"authentication_methods": ["passkey"], "failure_details": {"errorCode": "", "message": why}}
        self._log.write(subject.directory.tenant.id, self._event(subject, "gd_webauthn_enrollment_failed", told, why))

    async def postpone(self, directory: TenantDirectory, user: User, *, for_good: bool) -> None:
        now = self._clock.now()
        until = NEVER if for_good else now + POSTPONED
        await self._one_time_values.use(directory.tenant.id, _postponed(user), at=now, expires_at=until)

    async def _of(self, directory: TenantDirectory, user: User) -> list[AuthenticationMethod]:
        """The passkeys somebody has."""
        methods = await self._methods.of_user(directory.tenant.id, user.user_id)
        return [method for method in methods if method.type is MethodType.PASSKEY]

    def _event(self, subject: MfaSubject, type_: str, details: dict[str, Any], description: str = "") -> LogEvent:
        return subject_event(type_, self._clock.now(), subject, details, description)


def _form(newcomer: Newcomer) -> SignupForm:
    profile = newcomer.profile
    return SignupForm(
        email=profile.get("email", ""),
        username=profile.get("username", ""),
        phone_number=profile.get("phone_number", ""),
        password=None,
        attributes=profile,
        user_metadata=newcomer.metadata,
    )


def _impossible(refused: SignupRefused) -> SignupImpossible:
    return SignupImpossible(refused.error.value, taken=refused.error in TAKEN)


def _postponed(user: User) -> bytes:
    return digest(f"passkey postponed {user.user_id}")


def _connection_of(user: User, method: AuthenticationMethod, connections: Collection[Connection]) -> str | None:
    """Which of ``connections`` a passkey lets its person into: the one of the identity it was made for."""
    offering = {connection.name for connection in connections if connection.offers_passkeys}
    made_for = method.properties.get("identity_user_id")
    for place, name in enumerate(user.connections):
        if name in offering and made_for in (None, user.identity_at(place)[1]):
            return name
    return None
