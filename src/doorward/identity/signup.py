"""Signing up with a database connection: one door for the pages and for ``/dbconnections/signup``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from doorward.identity.administrators import Administrators
from doorward.identity.bot_detection import BotDetector
from doorward.identity.email_verification import EmailVerification, needs_verification, verifies_by_link, welcome
from doorward.identity.ip_throttling import takes_attempt
from doorward.identity.log_events import person_event
from doorward.identity.new_password import NewPasswords, PasswordRefused
from doorward.identity.password_policy import PasswordError, PasswordVerdict
from doorward.model.authentication_method import AuthenticationMethod
from doorward.model.breached_passwords import Stage
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import (
    EMAIL_ADDRESS,
    SEPARATOR,
    is_look_alike,
    is_phone,
    new_object_id,
    normalise_email,
    normalise_phone,
    normalise_username,
)
from doorward.model.log_event import LogEvent
from doorward.model.request_context import RequestContext
from doorward.model.suspicious_ip import IpStage
from doorward.model.ticket import Ticket
from doorward.model.user import Identifiers, Password, User
from doorward.ports import Attempts, Clock, Conflict, Directory, Entropy, Log, Users

MAX_EMAIL = 320
MAX_METADATA = 10
MAX_METADATA_LENGTH = 500
MAX_ATTRIBUTE = 300
ATTRIBUTES = ("given_name", "family_name", "name", "nickname", "picture")
EMAIL = EMAIL_ADDRESS
PHONE = re.compile(r"\+[0-9]{6,15}")


class SignupError(StrEnum):
    """Why nobody was signed up; the values are Auth0's keys of the page texts."""

    DISABLED = "signup-disabled"
    NO_EMAIL = "no-email"
    INVALID_EMAIL = "invalid-email-format"
    NO_USERNAME = "no-username"
    INVALID_USERNAME = "invalid-username"
    NO_PHONE = "no-phone"
    NO_IDENTIFIER = "no-identifier"
    NO_PASSWORD = "no-password"
    WEAK_PASSWORD = "password-too-weak"
    COMMON_PASSWORD = "password-too-common"
    PASSWORD_IS_PERSONAL = "password-contains-user-information"
    LEAKED_PASSWORD = "password-breached"
    INVALID_PHONE = "invalid-phone-format"
    EMAIL_TAKEN = "email-in-use"
    USERNAME_TAKEN = "username-taken"
    PHONE_TAKEN = "phone-taken"
    INVALID_METADATA = "invalid-metadata"
    IP_BLOCKED = "ip-signup-blocked"
    INVALID_PASSKEY = "invalid-passkey"


class SignupRefused(Exception):
    """Nothing was written. ``field`` is the form field at fault; ``password`` says why a password was refused, and
    ``verdict`` is the checklist it was held to."""

    def __init__(
        self,
        error: SignupError,
        field: str = "",
        verdict: PasswordVerdict | None = None,
        password: PasswordError | None = None,
    ) -> None:
        super().__init__(error.value)
        self.error = error
        self.field = field
        self.verdict = verdict
        self.password = password


class SignedUpBefore(Exception):
    """The form came twice: whoever was to get this id has it already. Nothing was written, and nothing logged."""


class SignupForm(Struct, frozen=True, kw_only=True):
    """What a person gives: identifiers, password, and attributes of the profile. ``None`` is no password, of somebody
    who has a passkey instead."""

    email: str = ""
    username: str = ""
    phone_number: str = ""
    password: str | None = ""
    attributes: Mapping[str, str] = {}
    user_metadata: Mapping[str, Any] = {}


class Signup:
    """Makes database users of people who ask to become one."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        directory: Directory,
        users: Users,
        attempts: Attempts,
        log: Log,
        passwords: NewPasswords,
        verification: EmailVerification,
        bots: BotDetector,
        administrators: Administrators,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._directory = directory
        self._users = users
        self._attempts = attempts
        self._log = log
        self._passwords = passwords
        self._administrators = administrators
        self._verification = verification
        self._bots = bots

    async def register(
        self,
        tenant: str,
        connection: Connection,
        form: SignupForm,
        client: Client,
        context: RequestContext,
        *,
        identity: str = "",
        passkey: Callable[[User], AuthenticationMethod] | None = None,
        verified: Collection[str] = (),
    ) -> User:
        """The new user, already stored. ``passkey`` makes theirs, ``identity`` is an id that was given out for it;
        codes were brought back for what is ``verified`` (``email``, ``phone_number``).
        Raises ``SignupRefused``, ``SignedUpBefore`` (where there is an ``identity``), and ``Overloaded`` when hashing
        is full."""
        directory = self._directory.tenant(tenant)
        try:
            kept = checked(form, connection)
            unproved = kept.phone_number and "phone_number" not in verified
            if unproved and connection.verifies_at_signup("phone_number"):
                raise SignupRefused(SignupError.DISABLED)  # no later login asks for it, as for an e-mail address
            await self._admitted(directory, connection, kept, client, context)
            user, identifiers = self._user(kept, connection, identity or new_object_id(self._entropy), verified)
            password = await self._chosen(directory, connection, kept, user, client, context)
            event = self._event("ss", connection, client, context, user)
            if passkey is not None:
                event = msgspec.structs.replace(event, details={"authentication_methods": ["passkey"]})
            verifies = verifies_by_link(directory, connection) and user.email is not None and "email" not in verified
            tickets: tuple[Ticket, ...] = ()
            messages = () if verifies or needs_verification(user, connection) else welcome(directory, user)
            if verifies:
                url = f"https://{context.hostname}/"
                ticket, message = self._verification.letter(directory, user, 0, url=url, client_id=client.client_id)
                tickets, messages = (ticket,), (message,)
            try:
                await self._users.create(
                    tenant,
                    user,
                    identifiers,
                    password,
                    methods=(passkey(user),) if passkey is not None else (),
                    events=(event,),
                    messages=messages,
                    tickets=tickets,
                    within=connection.id,
                )
            except Conflict as conflict:
                if identity and conflict.field == "user_id":
                    raise SignedUpBefore from None
                raise taken(conflict.field) from None
        except SignupRefused as refused:
            if refused.error is SignupError.IP_BLOCKED:
                raise
            self._log.write(tenant, self._event("fs", connection, client, context, None, refused.error.value, form))
            raise
        return user

    async def _admitted(
        self,
        directory: TenantDirectory,
        connection: Connection,
        form: SignupForm,
        client: Client,
        context: RequestContext,
    ) -> None:
        """Every signup counts, one that fails later too. Raises ``SignupRefused``."""
        await self._bots.attempted(directory, form.email, context.ip)
        if await takes_attempt(self._attempts, directory, IpStage.SIGNUP, context.ip, at=self._clock.now()):
            return
        blocked = self._event("limit_mu", connection, client, context, None, form=form)
        await self._administrators.throttled(directory, IpStage.SIGNUP, blocked)
        if directory.suspicious_ip.blocks:
            raise SignupRefused(SignupError.IP_BLOCKED)

    async def _chosen(
        self,
        directory: TenantDirectory,
        connection: Connection,
        form: SignupForm,
        user: User,
        client: Client,
        context: RequestContext,
    ) -> Password | None:
        if form.password is None:
            return None
        asked = self._event("fs", connection, client, context, None, "", form)
        try:
            return await self._passwords.chosen(
                directory, connection, form.password, user.person(), asked=(Stage.SIGNUP, asked)
            )
        except PasswordRefused as refused:
            error = SignupError(refused.error.text_key)
            raise SignupRefused(error, "password", refused.verdict, refused.error) from None

    def _user(
        self, form: SignupForm, connection: Connection, local: str, verified: Collection[str]
    ) -> tuple[User, Identifiers]:
        now = self._clock.now()
        profile: dict[str, Any] = {}
        if form.email:
            profile |= {"email": form.email, "email_verified": "email" in verified}
        if form.username:
            profile["username"] = form.username
        if form.phone_number:
            profile |= {"phone_number": form.phone_number, "phone_verified": "phone_number" in verified}
        profile |= with_defaults({**profile, **form.attributes})
        user = User(
            user_id=user_id_of(local),
            connection=connection.name,
            profile=profile,
            user_metadata=dict(form.user_metadata),
            identities=({"connection": connection.name, "user_id": local, "provider": "auth0", "isSocial": False},),
            created_at=now,
            updated_at=now,
        )
        return user, identifiers_of(profile)

    def _event(
        self,
        type_: str,
        connection: Connection,
        client: Client,
        context: RequestContext,
        user: User | None,
        description: str = "",
        form: SignupForm | None = None,
    ) -> LogEvent:
        name = (form.email or form.phone_number or form.username) if form is not None else ""
        return person_event(
            type_, self._clock.now(), connection, context, user=user, name=name, client=client, description=description
        )


def identity_in(login: bytes, connection: Connection, form: SignupForm) -> str:
    """The id in the connection of whoever signs up in a login (its digest): one form makes one account, however often
    it is sent."""
    email, username = normalise_email(form.email), normalise_username(form.username)
    known_by = SEPARATOR.join((email, username, normalise_phone(form.phone_number)))
    return digest(SEPARATOR.join(("sign-up", login.hex(), connection.id, known_by))).hex()[:24]


def user_id_of(identity: str) -> str:
    """The user whose first identity is of a database, by its id there."""
    return f"auth0|{identity}"


def identifiers_of(profile: Mapping[str, Any]) -> Identifiers:
    """What somebody with this profile signs in with."""
    email, username, phone = profile.get("email"), profile.get("username"), profile.get("phone_number")
    return Identifiers(
        email=normalise_email(email) if email else None,
        username=normalise_username(username) if username else None,
        phone_number=normalise_phone(phone) if phone else None,
    )


def with_defaults(profile: Mapping[str, Any]) -> dict[str, Any]:
    """The profile with a ``name``, ``nickname`` and ``picture`` where none were given, as Auth0 fills them."""
    filled = dict(profile)
    email = str(profile.get("email") or "")
    shown = email or str(profile.get("username") or profile.get("phone_number") or "")
    filled.setdefault("name", shown)
    filled.setdefault("nickname", shown.partition("@")[0])
    if email:
        letters = (email[:2] or "??").lower()
        hashed = hashlib.md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()
        fallback = f"https%3A%2F%2Fcdn.auth0.com%2Favatars%2F{letters}.png"
        filled.setdefault("picture", f"https://s.gravatar.com/avatar/{hashed}?s=480&r=pg&d={fallback}")
    return filled


def checked(form: SignupForm, connection: Connection) -> SignupForm:
    """The form, trimmed. Raises ``SignupRefused`` for the first thing that is wrong."""
    if not connection.allows_signup:
        raise SignupRefused(SignupError.DISABLED)
    if form.password is not None and not connection.signs_up_with_password:
        raise SignupRefused(SignupError.DISABLED)
    email, username, phone = identified(form, connection)
    if form.password is not None and not form.password:
        raise SignupRefused(SignupError.NO_PASSWORD, "password")
    if not _metadata_fits(form.user_metadata):
        raise SignupRefused(SignupError.INVALID_METADATA, "user_metadata")
    attributes = {
        name: value[:MAX_ATTRIBUTE] for name, value in form.attributes.items() if name in ATTRIBUTES and value
    }
    return SignupForm(
        email=email,
        username=username,
        phone_number=phone,
        password=form.password,
        attributes=attributes,
        user_metadata=form.user_metadata,
    )


def identified(form: SignupForm, connection: Connection) -> tuple[str, str, str]:
    """The e-mail address, user name and telephone number of the form, trimmed, as far as the connection takes them.
    Raises ``SignupRefused`` for the first that is missing or wrong."""
    takes = connection.signup_identifiers
    email, username, phone = form.email.strip().lower(), form.username.strip(), form.phone_number.strip()
    if not email and takes.get("email"):
        raise SignupRefused(SignupError.NO_EMAIL, "email")
    if email and (len(email) > MAX_EMAIL or not EMAIL.fullmatch(email) or is_look_alike(email)):
        raise SignupRefused(SignupError.INVALID_EMAIL, "email")
    if not username and takes.get("username"):
        raise SignupRefused(SignupError.NO_USERNAME, "username")
    if username and not is_username(username, connection):
        raise SignupRefused(SignupError.INVALID_USERNAME, "username")
    if not phone and takes.get("phone_number"):
        raise SignupRefused(SignupError.NO_PHONE, "phone_number")
    if phone and not (is_phone(phone) and PHONE.fullmatch(phone := normalise_phone(phone))):
        raise SignupRefused(SignupError.INVALID_PHONE, "phone_number")
    given = {"email": email, "username": username, "phone_number": phone}
    # Beside the e-mail address, a telephone number is kept that nobody asked for.
    kept = {name: value for name, value in given.items() if name in takes}
    if "email" in takes and not connection.options.get("attributes"):
        kept["phone_number"] = phone
    if not any(kept.values()):
        raise SignupRefused(SignupError.NO_IDENTIFIER, next(iter(takes), ""))
    return kept.get("email", ""), kept.get("username", ""), kept.get("phone_number", "")


def is_username(username: str, connection: Connection) -> bool:
    """Auth0's user names: letters, digits and a few signs, never something that reads as an address."""
    shortest, longest = connection.username_length
    return shortest <= len(username) <= longest and re.fullmatch(r"[A-Za-z0-9_+\-.!#$^`~]+", username) is not None


def _metadata_fits(metadata: Mapping[str, Any]) -> bool:
    return len(metadata) <= MAX_METADATA and all(
        isinstance(value, str) and len(value) <= MAX_METADATA_LENGTH and len(name) <= MAX_METADATA_LENGTH
        for name, value in metadata.items()
    )


def taken(field: str) -> SignupRefused:
    """The refusal where somebody else has what was given as ``field``."""
    if field == "connection":  # deleted a moment ago
        return SignupRefused(SignupError.DISABLED)
    if field == "username":
        return SignupRefused(SignupError.USERNAME_TAKEN, "username")
    if field == "phone_number":
        return SignupRefused(SignupError.PHONE_TAKEN, "phone_number")
    if field == "key_id":
        return SignupRefused(SignupError.INVALID_PASSKEY)
    return SignupRefused(SignupError.EMAIL_TAKEN, "email")
