"""Taking an authentication method on: begun with one request, and confirmed with a second one.

Between them nothing is kept but a sealed ``auth_session``, good for ten minutes, for the person, the application and
the domain it was made for, and once.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from doorward.identity.new_password import PasswordRefused
from doorward.identity.password_policy import TYPES as CHARACTER_TYPES
from doorward.identity.password_policy import policy_of
from doorward.identity.webauthn import can_have_keys
from doorward.management.kit.context import Answer
from doorward.management.kit.schema import ANY, BOOLEAN, Record, Rule, Unfit, choice, mapping, record, tagged, text
from doorward.management.my_account import methods, problems
from doorward.management.my_account.caller import Caller
from doorward.management.my_account.methods import PASSKEY, PASSWORD, PREFERRED, PUSH, SECOND_FACTORS, wire_id
from doorward.management.my_account.problems import Problem
from doorward.model.authentication_method import AuthenticationMethod
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.identifiers import is_phone, new_id, normalise_email, normalise_phone
from doorward.model.mfa import FACTORS, RECOVERY_CODE, MfaSubject, Outcome, offers
from doorward.model.passkey import Enrollment
from doorward.ports import Conflict, InvalidToken

LIFETIME = 600
MAX_SESSION = 16_384
LONGEST_NUMBER = 32  # with what people put between
NEW = "new"
EXPIRED = "The auth_session is invalid or expired"
EXISTS = "The authentication method exists already"

_whose: dict[str, Rule] = {
    "connection": text(min=1, max=128, pattern="[a-zA-Z0-9-]+"),
    "identity_user_id": text(min=1, max=255, pattern=r"\S+"),
}
CREATE = tagged(
    "type",
    {
        PASSKEY: record({**_whose, "use_exclude_credentials": BOOLEAN}),
        "totp": record({}),
        PUSH: record({}),
        "recovery-code": record({}),
        "email": record({"email": text(format="email")}, required=("email",)),
        "phone": record(
            {"phone_number": text(min=2, max=LONGEST_NUMBER), PREFERRED: choice("sms", "voice")},
            required=("phone_number",),
        ),
        PASSWORD: record(_whose),
        "webauthn-platform": record({}),
        "webauthn-roaming": record({}),
    },
)
_session: dict[str, Rule] = {"auth_session": text(min=1, max=MAX_SESSION, secret=True)}
SESSION = record(_session, required=("auth_session",), open=True)


def _verifying(**proof: Rule) -> Record:
    return record({**_session, **proof}, required=("auth_session", *proof))


_code = _verifying(otp_code=text(min=1, max=128, secret=True))
_key = _verifying(authn_response=mapping(ANY))
VERIFY: Mapping[str, Record] = {
    PASSKEY: _key,
    "webauthn-platform": _key,
    "webauthn-roaming": _key,
    "totp": _code,
    "email": _code,
    "phone": _code,
    "recovery-code": _verifying(),
    PASSWORD: _verifying(new_password=text(min=1, max=256, pattern=r"[^\x00-\x1f\x7f-\x9f]*", secret=True)),
}


class Session(Struct, frozen=True, kw_only=True):
    """What an ``auth_session`` holds. ``method`` is the id of what is taken on, ``factor`` how its code came;
    ``identity`` (``auth0|...``) is the one a password or a passkey is for. ``exp`` is in epoch seconds."""

    sub: str
    azp: str
    iss: str
    exp: int
    jti: str
    type: str
    method: str
    factor: str = ""
    identity: str = ""

    @property
    def binding(self) -> bytes:
        """What ties codes, keys and challenges to it."""
        return digest(f"my account {self.jti}")

    @property
    def id(self) -> str:
        """What the path of its confirmation calls it."""
        return wire_id(self.type, NEW if self.type in (PASSKEY, PASSWORD) else self.method)


def _seal(caller: Caller, session: Session) -> str:
    return caller.ports.jose.seal(_secret(caller), caller.issuer.url, msgspec.to_builtins(session))


def _secret(caller: Caller) -> bytes:
    """A key of its own: no other sealed value is an ``auth_session`` of this API, and it is no access token."""
    return hmac.digest(caller.directory.token_key, b"my account auth_session", "sha256")


async def _opened(caller: Caller, id_: str, value: str) -> Session:
    """Raises ``Problem`` for a session that is none, is over or spent, or belongs to another person, application,
    domain or method."""
    try:
        session = msgspec.convert(caller.ports.jose.open(_secret(caller), value), Session)
    except (InvalidToken, msgspec.ValidationError):
        raise problems.refused(EXPIRED) from None
    now = caller.ports.clock.now()
    mine = (session.sub, session.azp, session.iss) == (caller.user.user_id, caller.client.client_id, caller.issuer.url)
    if not mine or session.exp <= now or session.id != id_:
        raise problems.refused(EXPIRED)
    if await caller.ports.one_time_values.used(caller.tenant, session.binding, at=now):
        raise problems.refused(EXPIRED)
    return session


async def _spent(caller: Caller, session: Session) -> bool:
    """Use the session up; ``False`` if it was before."""
    return await caller.ports.one_time_values.use(
        caller.tenant, session.binding, at=caller.ports.clock.now(), expires_at=session.exp
    )


# ── beginning ──


async def begin(caller: Caller, arguments: Mapping[str, str], query: Mapping[str, Any], body: Any) -> Answer:
    """202: what the application needs for the person to go on."""
    type_ = body["type"]
    if type_ == PUSH:
        raise problems.not_enabled(type_)
    now, entropy = caller.ports.clock.now(), caller.ports.entropy
    session = Session(
        sub=caller.user.user_id,
        azp=caller.client.client_id,
        iss=caller.issuer.url,
        exp=int(now) + LIFETIME,
        jti=entropy.token(32),
        type=type_,
        method=new_id(entropy, "dev_"),
    )
    session, more = await _BEGIN[type_](caller, session, body)
    if type_ not in (PASSKEY, PASSWORD):
        event = caller.event("gd_start_enroll", {"authenticator": {"type": type_, "id": session.method}})
        caller.ports.log.write(caller.tenant, event)
    named = {} if type_ == PASSKEY else {"id": session.id}
    answer = {**named, "auth_session": _seal(caller, session), **more}
    return Answer(status=202, body=answer, headers={"location": location(caller, session.id)})


def location(caller: Caller, id_: str) -> str:
    """The address of a method."""
    return caller.issuer.endpoint(f"me/v1/authentication-methods/{quote(id_, safe='')}")


Begun = tuple[Session, Mapping[str, Any]]


async def _begin_totp(caller: Caller, session: Session, body: Mapping[str, Any]) -> Begun:
    _offered(caller, session.type)
    await _is_new(caller, session.type, None, None)
    enrollment = caller.ports.second_factors.otp_enrollment(caller.subject(session.binding))
    return session, {"barcode_uri": enrollment.uri, "manual_input_code": enrollment.secret}


async def _begin_recovery_code(caller: Caller, session: Session, body: Mapping[str, Any]) -> Begun:
    """It takes the place of the one there was when it is confirmed."""
    code = caller.ports.second_factors.coming_recovery_code(caller.subject(session.binding))
    if code is None:
        raise problems.not_enabled(RECOVERY_CODE.name)
    return session, {"recovery_code": code}


async def _begin_sent(caller: Caller, session: Session, body: Mapping[str, Any]) -> Begun:
    """A code is under way to the address or the number."""
    if session.type == "phone":
        number = body["phone_number"]
        if not is_phone(number):
            raise problems.unfit(Unfit("Object didn't pass validation for format phone-number", "phone_number"), "body")
        field, address = "phone_number", normalise_phone(number)
        wanted = body.get(PREFERRED)
        kinds = [one for one in SECOND_FACTORS["phone"] if wanted in (None, one.name)]
    else:
        field, address, kinds = "email", normalise_email(body["email"]), list(SECOND_FACTORS["email"])
    factor = next((one for one in kinds if offers(caller.directory, one)), None)
    if factor is None:
        raise problems.not_enabled(session.type)
    await _is_new(caller, session.type, field, address)
    subject = caller.subject(session.binding)
    outcome = await caller.ports.second_factors.send_code(subject, factor, address, session.jti, enrolls=True)
    if outcome is not Outcome.RIGHT:
        raise problems.too_many("Too many codes were sent: one more is sent every two minutes")
    return msgspec.structs.replace(session, factor=factor.name), {}


async def _begin_key(caller: Caller, session: Session, body: Mapping[str, Any]) -> Begun:
    _offered(caller, session.type)
    _named_host(caller)
    options = await caller.ports.second_factors.key_enrollment(caller.subject(session.binding), session.type)
    return session, {"authn_params_public_key": options}


async def _begin_passkey(caller: Caller, session: Session, body: Mapping[str, Any]) -> Begun:
    _named_host(caller)
    identity, _ = _identity(caller, body, lambda connection: connection.offers_passkeys)
    options = await caller.ports.passkeys.creation(caller.subject(session.binding))
    if body.get("use_exclude_credentials") is False:
        options = {name: value for name, value in options.items() if name != "excludeCredentials"}
    return msgspec.structs.replace(session, identity=identity), {"authn_params_public_key": options}


async def _begin_password(caller: Caller, session: Session, body: Mapping[str, Any]) -> Begun:
    identity, connection = _identity(caller, body, lambda connection: connection.takes_passwords)
    return msgspec.structs.replace(session, identity=identity), {"policy": _policy(connection)}


_BEGIN: Mapping[str, Callable[[Caller, Session, Mapping[str, Any]], Awaitable[Begun]]] = {
    "totp": _begin_totp,
    "recovery-code": _begin_recovery_code,
    "email": _begin_sent,
    "phone": _begin_sent,
    "webauthn-platform": _begin_key,
    "webauthn-roaming": _begin_key,
    PASSKEY: _begin_passkey,
    PASSWORD: _begin_password,
}


def _offered(caller: Caller, type_: str) -> None:
    if not any(offers(caller.directory, factor) for factor in SECOND_FACTORS[type_]):
        raise problems.not_enabled(type_)


def _named_host(caller: Caller) -> None:
    if not can_have_keys(caller.issuer.host):
        raise problems.refused("Authenticators make keys for hosts with a name")


async def _is_new(caller: Caller, type_: str, field: str | None, value: Any) -> None:
    """Refuse early what would be refused at the end."""
    theirs = await caller.ports.authentication_methods.of_user(caller.tenant, caller.user.user_id)
    if any(one.type.value == type_ and (field is None or one.key[1] == value) for one in theirs):
        raise problems.refused(EXISTS)


def _identity(caller: Caller, body: Mapping[str, Any], fits: Callable[[Connection], bool]) -> tuple[str, Connection]:
    """Which identity a password or a passkey is for: the one that is named, or the first that may have one."""
    name, wanted = body.get("connection"), body.get("identity_user_id")
    for place, connection in methods.databases(caller):
        provider, id_ = caller.user.identity_at(place)
        named = name in (None, connection.name) and wanted in (None, id_, f"{provider}|{id_}")
        if named and fits(connection):
            return f"{provider}|{id_}", connection
    raise problems.refused(f"No identity of the user can have a {body['type']} in such a connection")


def _still_there(caller: Caller, session: Session) -> tuple[int, Connection]:
    """The place of that identity now. Raises ``Problem`` for one that was unlinked, or whose connection is gone."""
    for place, connection in methods.databases(caller):
        if "|".join(caller.user.identity_at(place)) == session.identity:
            return place, connection
    raise problems.refused("The account was changed meanwhile: begin again")


def _policy(connection: Connection) -> dict[str, Any]:
    """What a new password has to be, in the words of the API."""
    policy = policy_of(connection)
    names = {kind: name for name, kind in CHARACTER_TYPES.items()}
    return {
        "complexity": {
            "min_length": policy.shortest,
            "character_types": [names[kind] for kind in policy.kinds],
            "character_type_rule": "all" if policy.needed == len(policy.kinds) else "three_of_four",
            "identical_characters": "allow" if policy.identical is None else "block",
            "sequential_characters": "allow" if policy.sequential is None else "block",
            "max_length_exceeded": "error",
        },
        "profile_data": {"active": bool(policy.personal), "blocked_fields": list(policy.personal)},
        "history": {"active": policy.history > 0, "size": policy.history},
        "dictionary": {"active": policy.dictionary is not None, "default": policy.dictionary or "en_10k"},
    }


# ── confirming ──


async def confirm(caller: Caller, arguments: Mapping[str, str], query: Mapping[str, Any], body: Any) -> Answer:
    """201: the method, which counts from now on."""
    session = await _opened(caller, arguments["id"], body["auth_session"])
    try:
        VERIFY[session.type].check(body, "")
    except Unfit as error:
        raise problems.unfit(error, "body") from None
    shown = await _CONFIRM[session.type](caller, session, body)
    caller.ports.log.write(caller.tenant, caller.succeeded(session.type, shown["id"]))
    return Answer(status=201, body=shown, headers={"location": location(caller, shown["id"])})


async def _confirm_code(caller: Caller, session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    subject, factors, code = _subject(caller, session), caller.ports.second_factors, body["otp_code"]
    if session.type == "totp":
        _offered(caller, session.type)
        outcome = await factors.enroll_otp(subject, code, first=False)
    else:
        factor = FACTORS[session.factor]
        if not offers(caller.directory, factor):
            raise problems.not_enabled(session.type)
        outcome = await factors.enroll_address(subject, factor, session.jti, code, first=False)
    return await _enrolled(caller, session, outcome, "The otp_code is wrong")


async def _confirm_key(caller: Caller, session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    _offered(caller, session.type)
    given = msgspec.json.encode(body["authn_response"]).decode()
    subject = _subject(caller, session)
    outcome, _ = await caller.ports.second_factors.enroll_key(subject, session.type, given, first=False)
    return await _enrolled(caller, session, outcome, "The authn_response is not valid for this auth_session")


async def _confirm_passkey(caller: Caller, session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    place, connection = _still_there(caller, session)
    if not connection.offers_passkeys:
        raise problems.not_enabled(PASSKEY)
    done = await caller.ports.passkeys.enroll(_subject(caller, session), place, body["authn_response"])
    if done is Enrollment.TOO_MANY:
        raise problems.refused("The user has as many passkeys as one can have")
    outcome = Outcome.RIGHT if done is Enrollment.DONE else Outcome.WRONG
    return await _enrolled(caller, session, outcome, "The authn_response is not valid for this auth_session")


async def _confirm_recovery_code(caller: Caller, session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    if not offers(caller.directory, RECOVERY_CODE):
        raise problems.not_enabled(RECOVERY_CODE.name)
    if not await _spent(caller, session):
        raise problems.refused(EXPIRED)
    await caller.ports.second_factors.new_recovery_code(_subject(caller, session))
    return methods.show(caller, await _method(caller, session))


async def _confirm_password(caller: Caller, session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """Their sessions end, as with any new password."""
    place, connection = _still_there(caller, session)
    if not connection.takes_passwords:
        raise problems.not_enabled(PASSWORD)
    try:
        user = await caller.services.people.password_change.set(
            caller.directory,
            connection,
            caller.user,
            place,
            body["new_password"],
            caller.context,
            client=caller.client,
            once=lambda: _spent(caller, session),
        )
    except PasswordRefused as refused:
        told = {"detail": refused.error.message, "field": "new_password", "pointer": "/new_password", "source": "body"}
        raise Problem(400, refused.error.message, title=refused.error.value, errors=(told,)) from None
    except Conflict:
        raise problems.refused("The account was changed meanwhile: begin again") from None
    if user is None:
        raise problems.refused(EXPIRED)
    return methods.show_password(msgspec.structs.replace(caller, user=user), place)


_CONFIRM: Mapping[str, Callable[[Caller, Session, Mapping[str, Any]], Awaitable[dict[str, Any]]]] = {
    "totp": _confirm_code,
    "email": _confirm_code,
    "phone": _confirm_code,
    "webauthn-platform": _confirm_key,
    "webauthn-roaming": _confirm_key,
    "recovery-code": _confirm_recovery_code,
    PASSKEY: _confirm_passkey,
    PASSWORD: _confirm_password,
}


def _subject(caller: Caller, session: Session) -> MfaSubject:
    return caller.subject(session.binding, session.method)


async def _enrolled(caller: Caller, session: Session, outcome: Outcome, wrong: str) -> dict[str, Any]:
    """What came of a proof: the method, shown. Raises ``Problem`` where nothing did."""
    if outcome is Outcome.TOO_MANY:
        raise problems.too_many("Too many wrong codes: one more try is given every few minutes")
    if outcome is Outcome.TAKEN:
        raise problems.refused(EXISTS)
    if outcome is not Outcome.RIGHT:
        raise problems.refused(EXPIRED if outcome is Outcome.VOID else wrong)
    await _spent(caller, session)
    return methods.show(caller, await _method(caller, session))


async def _method(caller: Caller, session: Session) -> AuthenticationMethod:
    """What was just taken on. Raises ``Problem`` where somebody removed it at once."""
    found = await caller.ports.authentication_methods.find(caller.tenant, session.method)
    if found is None:
        raise problems.not_found()
    return found
