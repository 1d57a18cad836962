"""The authentication methods somebody has, and what may be done about one that is there."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from doorward.identity.webauthn import can_have_keys
from doorward.management.kit.context import NOTHING, Answer
from doorward.management.kit.wire import timestamp
from doorward.management.my_account import problems
from doorward.management.my_account.caller import Caller
from doorward.management.my_account.problems import Problem
from doorward.model.authentication_method import CONFIRMED, AuthenticationMethod, MethodType
from doorward.model.connection import CODE_METHODS, Connection
from doorward.model.mfa import EMAIL, FACTORS, OTP, RECOVERY_CODE, SMS, VOICE, Factor, offers
from doorward.ports import Conflict

PASSWORD, PASSKEY, PUSH = "password", "passkey", "push-notification"
PREFERRED = "preferred_authentication_method"
PRIMARY, SECONDARY = ["primary"], ["secondary"]
# What people take on of second factors, under the names of this API; the first that is switched on sends the codes.
SECOND_FACTORS: Mapping[str, tuple[Factor, ...]] = {
    "webauthn-platform": (FACTORS["webauthn-platform"],),
    "webauthn-roaming": (FACTORS["webauthn-roaming"],),
    "totp": (OTP,),
    "phone": (SMS, VOICE),
    "email": (EMAIL,),
    "recovery-code": (RECOVERY_CODE,),
}
TYPES = (PASSWORD, PASSKEY, *list(SECOND_FACTORS)[:-1], PUSH, "recovery-code")
# What is shown of a method, by its type; ``name`` of each.
SHOWN: Mapping[MethodType, tuple[str, ...]] = {
    MethodType.PASSKEY: (
        "credential_backed_up", "credential_device_type", "key_id", "public_key", "transports", "user_agent",
        "user_handle", "aaguid",
    ),
    MethodType.WEBAUTHN_PLATFORM: ("key_id", "public_key"),
    MethodType.WEBAUTHN_ROAMING: ("key_id", "public_key"),
    MethodType.PHONE: ("phone_number", PREFERRED),
    MethodType.EMAIL: ("email",),
    MethodType.TOTP: (),
    MethodType.RECOVERY_CODE: (),
}  # fmt: skip
# What the document requires, and a key that an administrator entered may lack.
UNKNOWN_KEY = {"credential_backed_up": False, "credential_device_type": "single_device", "user_handle": ""}


def wire_id(type_: str, id_: str) -> str:
    """``totp|dev_...``"""
    return f"{type_}|{id_}"


def show(caller: Caller, method: AuthenticationMethod) -> dict[str, Any]:
    """A method as its person sees it (JSON)."""
    given = method.properties
    shown: dict[str, Any] = {
        "id": wire_id(method.type, method.id),
        "type": method.type.value,
        "created_at": timestamp(method.created_at),
        "usage": PRIMARY if method.type is MethodType.PASSKEY else SECONDARY,
    }
    if method.type is MethodType.PASSKEY:
        shown |= UNKNOWN_KEY
        shown["identity_user_id"] = _identity(caller, given.get("identity_user_id"))
        if "relying_party_identifier" in given:
            shown["relying_party_id"] = given["relying_party_identifier"]
    else:
        shown[CONFIRMED] = given.get(CONFIRMED, True)
    return {**shown, **{name: given[name] for name in (*SHOWN[method.type], "name") if name in given}}


def _identity(caller: Caller, id_: str | None) -> str:
    """An identity of the person with its provider; without an ``id_``, the one the account began with."""
    identities = [caller.user.identity_at(place) for place in range(len(caller.user.connections))]
    return "|".join(next((one for one in identities if one[1] == id_), identities[0]))


# ── passwords ──


def databases(caller: Caller) -> list[tuple[int, Connection]]:
    """The identities of the person in databases: their places, and their connections."""
    return [(place, connection) for place, connection in _identities(caller) if connection.is_database]


def _identities(caller: Caller) -> list[tuple[int, Connection]]:
    known = caller.directory.connections
    return [(place, known[name]) for place, name in enumerate(caller.user.connections) if name in known]


def password_id(identity: tuple[str, str]) -> str:
    """The id of a password, which is no method of its own: that of the identity (provider and id) it is of."""
    return wire_id(PASSWORD, base64.urlsafe_b64encode(identity[1].encode()).rstrip(b"=").decode())


def show_password(caller: Caller, place: int) -> dict[str, Any]:
    """The password of the identity at ``place``, as one of the methods (JSON)."""
    user = caller.user
    changed = user.profile_of(place).get("last_password_reset")
    return {
        "id": password_id(user.identity_at(place)),
        "type": PASSWORD,
        "created_at": timestamp(user.created_at),
        "usage": PRIMARY,
        "identity_user_id": "|".join(user.identity_at(place)),
        **({"last_password_reset": changed} if changed else {}),
    }


async def places_with_password(caller: Caller) -> list[int]:
    """Where a password signs the person in."""
    users, identity_at = caller.ports.users, caller.user.identity_at
    taking = [place for place, connection in databases(caller) if connection.takes_passwords]
    return [place for place in taking if await users.passwords(caller.tenant, *identity_at(place))]


# ── operations ──


async def factors(caller: Caller, arguments: Mapping[str, str], query: Mapping[str, Any], body: Any) -> Answer:
    """What the person could take on."""
    own = databases(caller)
    found = [PASSWORD] if any(connection.takes_passwords for _, connection in own) else []
    if can_have_keys(caller.issuer.host) and any(connection.offers_passkeys for _, connection in own):
        found.append(PASSKEY)
    found += [type_ for type_, kinds in SECOND_FACTORS.items() if any(offers(caller.directory, one) for one in kinds)]
    usage = {PASSWORD: PRIMARY, PASSKEY: PRIMARY}
    return Answer(body={"factors": [{"type": type_, "usage": usage.get(type_, SECONDARY)} for type_ in found]})


async def listed(caller: Caller, arguments: Mapping[str, str], query: Mapping[str, Any], body: Any) -> Answer:
    """What the person has, or what of one ``type``."""
    wanted = query.get("type")
    methods = await caller.ports.authentication_methods.of_user(caller.tenant, caller.user.user_id)
    shown = [show(caller, method) for method in methods if wanted in (None, method.type.value)]
    if wanted in (None, PASSWORD):
        shown += [show_password(caller, place) for place in await places_with_password(caller)]
    return Answer(body={"authentication_methods": shown})


async def one(caller: Caller, arguments: Mapping[str, str], query: Mapping[str, Any], body: Any) -> Answer:
    """One of them. Raises ``Problem`` (404)."""
    wanted = arguments["id"]
    for place in await places_with_password(caller) if wanted.startswith(wire_id(PASSWORD, "")) else ():
        if password_id(caller.user.identity_at(place)) == wanted:
            return Answer(body=show_password(caller, place))
    return Answer(body=show(caller, await existing(caller, wanted)))


async def existing(caller: Caller, wanted: str) -> AuthenticationMethod:
    """The method of the person with this id. Raises ``Problem`` (404)."""
    found = await caller.ports.authentication_methods.find(caller.tenant, wanted.rpartition("|")[2])
    if found is None or found.user_id != caller.user.user_id or wire_id(found.type, found.id) != wanted:
        raise problems.not_found()
    return found


async def update(caller: Caller, arguments: Mapping[str, str], query: Mapping[str, Any], body: Any) -> Answer:
    """Another name, or another way to reach a phone. Raises ``Problem`` (400, 403, 404)."""
    method = await existing(caller, arguments["id"])
    if PREFERRED in body and method.type is not MethodType.PHONE:
        raise problems.refused(f"Only a phone has a {PREFERRED}")
    if PREFERRED in body and not offers(caller.directory, FACTORS[body[PREFERRED]]):
        raise problems.not_enabled(body[PREFERRED])
    changed = msgspec.structs.replace(method, properties={**method.properties, **body})
    events = (caller.succeeded(method.type.value, arguments["id"]),)
    if not await caller.ports.authentication_methods.update(caller.tenant, changed, events=events):
        raise problems.not_found()
    return Answer(body=show(caller, changed))


async def remove(caller: Caller, arguments: Mapping[str, str], query: Mapping[str, Any], body: Any) -> Answer:
    """One that is gone is no error. Raises ``Problem`` (409) for the last way into the account."""
    wanted = arguments["id"]
    if wanted.startswith(wire_id(PASSWORD, "")):
        raise Problem(409, "A password can be changed, and not be removed")
    try:
        method = await existing(caller, wanted)
    except Problem:
        return Answer(status=204, body=NOTHING)
    needed = method.type is MethodType.PASSKEY and not await _has_another_way_in(caller)
    unenrolled = caller.event("gd_unenroll", {"authenticator": {"type": method.type.value, "id": method.id}})
    events = (unenrolled, caller.succeeded(method.type.value, wanted))
    leaving = MethodType.PASSKEY if needed else None
    try:
        await caller.ports.authentication_methods.remove(caller.tenant, [method.id], leaving=leaving, events=events)
    except Conflict:
        raise Problem(409, "The account has no other way to log in than this passkey") from None
    return Answer(status=204, body=NOTHING)


async def _has_another_way_in(caller: Caller) -> bool:
    """Whether the person signs in without a passkey: elsewhere, with a code, or with a password."""
    for place, connection in _identities(caller):
        profile = caller.user.profile_of(place)
        by_code = any(connection.takes_code(kind) and profile.get(kind) for kind in CODE_METHODS)
        if by_code or not connection.is_database:
            return True
    return bool(await places_with_password(caller))
