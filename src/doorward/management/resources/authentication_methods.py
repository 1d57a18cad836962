"""``/users/{id}/authentication-methods``, and the older views of the same: enrollments and authenticators."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from doorward.management.kit.answers import EMPTY, page_of
from doorward.management.kit.bodies import refusal
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, conflict, not_found
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, Record, Rule, Unfit, choice, items, record, text
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import api_event
from doorward.management.resources.users import existing_user, no_such_user
from doorward.model.authentication_method import CONFIRMED, AuthenticationMethod, MethodType
from doorward.model.digest import digest
from doorward.model.identifiers import new_id, new_ticket_value
from doorward.model.message import Message
from doorward.model.mfa import masked as mask
from doorward.model.ticket import Ticket, TicketType
from doorward.model.user import User
from doorward.ports import Conflict

PATH = "/users/{id}/authentication-methods"
ITEM = f"{PATH}/{{authentication_method_id}}"
PAGING = Paging(key="authenticators", smallest=0)
TOTP_SECRET_BYTES = 20
RECOVERY_CODE_LENGTH = 24
SECRET = "totp_secret"
PREFERRED = "preferred_authentication_method"
_label = {"name": text(max=300)}
_preferred: dict[str, Rule] = {PREFERRED: choice("voice", "sms")}
_key: dict[str, Rule] = {"key_id": text(min=1, max=1400), "public_key": text(min=1, max=8192)}
_party: dict[str, Rule] = {"relying_party_identifier": text(format="hostname")}


def _of_type(type_: MethodType, properties: Mapping[str, Rule], *required: str) -> Record:
    return record({"type": choice(type_.value), **_label, **properties}, required=("type", *required))


# What there is to say of a method, by its type; a TOTP key that is not given is made.
METHODS: dict[str, Record] = {
    "phone": _of_type(MethodType.PHONE, {"phone_number": text(min=2, max=30), **_preferred}, "phone_number"),
    "email": _of_type(MethodType.EMAIL, {"email": text(format="email")}, "email"),
    "totp": _of_type(MethodType.TOTP, {SECRET: text(max=256, pattern="[A-Z2-7]{16,}=*", secret=True)}),
    "webauthn-roaming": _of_type(
        MethodType.WEBAUTHN_ROAMING, {**_key, **_party}, "key_id", "public_key", "relying_party_identifier"
    ),
    "passkey": _of_type(
        MethodType.PASSKEY,
        {
            **_key,
            **_party,
            "aaguid": text(pattern="[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
            "credential_device_type": choice("single_device", "multi_device"),
            "credential_backed_up": BOOLEAN,
            "identity_user_id": text(max=300),
            "user_agent": text(max=2000),
            "user_handle": text(max=300),
            "transports": items(text(max=64), max=20),
        },
        "key_id",
        "public_key",
    ),
}
REPLACED = (MethodType.PHONE, MethodType.EMAIL, MethodType.TOTP)
CREATE = record(
    {name: rule for one in METHODS.values() for name, rule in one.properties.items()} | {"type": choice(*METHODS)},
    required=("type",),
)
REPLACE = items(
    record({**CREATE.properties, "type": choice(*(type_.value for type_ in REPLACED))}, required=("type",)), max=50
)
UPDATE = record({**_label, **_preferred})
METHOD = record(
    {
        **{name: text() for name in ("id", "type", "name", "email", "phone_number", PREFERRED, "created_at", SECRET)},
        "confirmed": BOOLEAN,
        "authentication_methods": items(record({"id": text(), "type": text()})),
    },
    required=("id", "type", "created_at"),
    open=True,
)
# What the older endpoints call an enrollment, and how they name it.
ENROLLMENTS = {
    MethodType.TOTP: "authenticator",
    MethodType.PHONE: "sms",
    MethodType.WEBAUTHN_ROAMING: "webauthn-roaming",
}
ENROLLMENT = record(
    {
        name: text()
        for name in ("id", "status", "type", "auth_method", "name", "identifier", "phone_number", "enrolled_at")
    },
    required=("id",),
)
PROVIDERS = {"google-authenticator": (MethodType.TOTP,), "duo": ()}
TICKET = record(
    {
        "user_id": text(min=1, max=300),
        "email": text(format="email"),
        "send_mail": BOOLEAN,
        "email_locale": text(max=64),
        "factor": choice("push-notification", "phone", "email", "otp", "webauthn-roaming", "webauthn-platform"),
        "allow_multiple_enrollments": BOOLEAN,
    },
    required=("user_id",),
)


def no_such_enrollment() -> ApiError:
    return not_found("Enrollment not found.", "enrollment_not_found")


# ── showing ──


def show(method: AuthenticationMethod, *, masked: bool = True) -> dict[str, Any]:
    """A method as the API answers it; of an address and a number only enough to know them again."""
    shown = {"id": _wire_id(method), "type": method.type.value, **method.properties}
    shown["created_at"] = timestamp(method.created_at)
    if masked:
        if "email" in shown:
            shown["email"] = mask(shown["email"])
        if "phone_number" in shown:
            shown["phone_number"] = mask(shown["phone_number"])
    if PREFERRED in shown:
        by = shown[PREFERRED]
        shown["authentication_methods"] = [{"id": f"{by}|{method.id}", "type": by}]
    return shown


def _wire_id(method: AuthenticationMethod) -> str:
    return f"{method.type}|{method.id}"


# ── the methods of a user ──


async def _list(call: Call) -> Any:
    methods = await call.ports.authentication_methods.of_user(call.tenant, (await existing_user(call)).user_id)
    return PAGING.of(methods, call.query, lambda method: {CONFIRMED: True, **show(method)})


async def _existing(call: Call) -> AuthenticationMethod:
    """The method of the path. Raises ``ApiError`` (404)."""
    user = await existing_user(call)
    found = await _named(call, user)
    if found is None:
        raise not_found("The authentication method does not exist.")
    return found


async def _named(call: Call, user: User) -> AuthenticationMethod | None:
    wanted = call.arguments["authentication_method_id"]
    found = await call.ports.authentication_methods.find(call.tenant, wanted.rpartition("|")[2])
    if found is None or found.user_id != user.user_id or _wire_id(found) != wanted:
        return None
    return found


async def _read(call: Call) -> Any:
    return {CONFIRMED: True, **show(await _existing(call))}


async def _create(call: Call) -> Answer:
    user = await existing_user(call)
    method = _new(call, user, call.body, "")
    await _add(call, user, [method], status=201)
    made = {SECRET: method.secrets[SECRET]} if method.secrets and SECRET not in call.body else {}
    return Answer(status=201, body={**show(method), **made})


async def _replace(call: Call) -> Answer:
    """All that can be replaced this way, whatever of it the body names."""
    user = await existing_user(call)
    methods = [_new(call, user, given, f"[{index}]") for index, given in enumerate(call.body)]
    await _add(call, user, methods, replacing=REPLACED)
    return Answer(body=[show(method, masked=False) for method in methods])


def _new(call: Call, user: User, given: Mapping[str, Any], path: str) -> AuthenticationMethod:
    """Raises ``ApiError`` (400) for what a method of its type has not, or lacks."""
    try:
        METHODS[given["type"]].check(dict(given), path)
    except Unfit as error:
        raise refusal(error) from None
    type_ = MethodType(given["type"])
    properties = {name: value for name, value in given.items() if name not in ("type", SECRET)}
    if type_ is MethodType.PHONE:
        properties.setdefault(PREFERRED, "sms")
    secrets = {SECRET: given.get(SECRET) or _new_totp_secret(call)} if type_ is MethodType.TOTP else {}
    return AuthenticationMethod(
        id=new_id(call.ports.entropy, "dev_"),
        user_id=user.user_id,
        type=type_,
        created_at=call.ports.clock.now(),
        properties=properties,
        secrets=secrets,
    )


def _new_totp_secret(call: Call) -> str:
    return base64.b32encode(bytes.fromhex(call.ports.entropy.hexadecimal(2 * TOTP_SECRET_BYTES))).decode()


async def _add(
    call: Call,
    user: User,
    methods: list[AuthenticationMethod],
    *,
    replacing: Collection[MethodType] = (),
    status: int = 200,
) -> None:
    try:
        if not await call.ports.authentication_methods.add(
            call.tenant, user.user_id, methods, replacing=replacing, events=(api_event(call, status=status),)
        ):
            raise no_such_user()
    except Conflict:
        raise conflict("Authentication method already exists.") from None


async def _update(call: Call) -> Answer:
    method = await _existing(call)
    if PREFERRED in call.body and method.type is not MethodType.PHONE:
        raise refusal(Unfit(f"Additional properties not allowed: {PREFERRED}", ""))
    changed = msgspec.structs.replace(method, properties={**method.properties, **call.body})
    await call.ports.authentication_methods.update(call.tenant, changed, events=(api_event(call),))
    return Answer(body=show(changed))


async def _delete(call: Call) -> Answer:
    """One that is gone is no error."""
    found = await _named(call, await existing_user(call))
    return await _remove(call, [found] if found is not None else [])


async def _delete_all(call: Call) -> Answer:
    user = await existing_user(call)
    return await _remove(call, await call.ports.authentication_methods.of_user(call.tenant, user.user_id))


async def _delete_provider(call: Call) -> Answer:
    user, types = await existing_user(call), PROVIDERS[call.arguments["provider"]]
    methods = await call.ports.authentication_methods.of_user(call.tenant, user.user_id)
    return await _remove(call, [method for method in methods if method.type in types])


async def _remove(call: Call, methods: list[AuthenticationMethod]) -> Answer:
    ids = [method.id for method in methods]
    await call.ports.authentication_methods.remove(call.tenant, ids, events=(api_event(call, status=204),))
    return Answer(status=204, body=NOTHING)


async def _forget_browsers(call: Call) -> Answer:
    """Those in which the person asked to be believed."""
    user = await existing_user(call)
    await call.ports.remembered_browsers.forget(call.tenant, user.user_id, events=(api_event(call, status=204),))
    return Answer(status=204, body=NOTHING)


async def _renew_recovery_code(call: Call) -> Answer:
    """Only its digest is kept."""
    user = await existing_user(call)
    if not await call.ports.authentication_methods.of_user(call.tenant, user.user_id):
        raise no_such_enrollment()
    code = call.ports.entropy.alphanumeric(RECOVERY_CODE_LENGTH).upper()
    method = AuthenticationMethod(
        id=new_id(call.ports.entropy, "dev_"),
        user_id=user.user_id,
        type=MethodType.RECOVERY_CODE,
        created_at=call.ports.clock.now(),
        secrets={"recovery_code_hash": digest(code).hex()},
    )
    await _add(call, user, [method], replacing=(MethodType.RECOVERY_CODE,))
    return Answer(body={"recovery_code": code})


# ── enrollments ──


def _enrollment(method: AuthenticationMethod) -> dict[str, Any]:
    shown = show(method)
    named: dict[str, Any] = {name: shown[name] for name in ("name", "phone_number") if name in shown}
    known_as = ENROLLMENTS[method.type]
    return {
        "id": method.id,
        "status": "confirmed",
        "type": known_as,
        "auth_method": known_as,
        **named,
        "enrolled_at": shown["created_at"],
    }


async def _enrollments(call: Call) -> Any:
    """The first one, in a list."""
    user = await existing_user(call)
    methods = await call.ports.authentication_methods.of_user(call.tenant, user.user_id)
    return [_enrollment(method) for method in methods if method.type in ENROLLMENTS][:1]


async def _enrolled(call: Call) -> AuthenticationMethod:
    """The enrollment of the path. Raises ``ApiError`` (404)."""
    found = await call.ports.authentication_methods.find(call.tenant, call.id)
    if found is None or found.type not in ENROLLMENTS:
        raise no_such_enrollment()
    return found


async def _read_enrollment(call: Call) -> Any:
    shown = _enrollment(await _enrolled(call))
    del shown["type"], shown["auth_method"]
    return shown


async def _delete_enrollment(call: Call) -> Answer:
    return await _remove(call, [await _enrolled(call)])


async def _ticket(call: Call) -> Answer:
    given = call.body
    user = await call.ports.users.find(call.tenant, given["user_id"])
    if user is None:
        raise no_such_user()
    value = new_ticket_value(call.ports.entropy)
    ticket = Ticket(
        ticket_hash=digest(value),
        type=TicketType.MFA_ENROLLMENT,
        user_id=given["user_id"],
        expires_at=call.ports.clock.now() + 5 * 24 * 3600,
        email=given.get("email"),
        factor=given.get("factor"),
        allow_multiple_enrollments=given.get("allow_multiple_enrollments", False),
    )
    url = f"{call.request.issuer.url}u/mfa-enrollment?ticket={value}#"
    to = given.get("email") or user.email
    messages: tuple[Message, ...] = ()
    if given.get("send_mail") and to:
        messages = (
            Message(
                template="enrollment_email",
                to=to,
                values={"link": url, "url": url},
                user_id=user.user_id,
                connection=user.connection,
                locale=given.get("email_locale", ""),
            ),
        )
    if not await call.ports.tickets.create(call.tenant, ticket, messages=messages, events=(api_event(call),)):
        raise no_such_user()
    return Answer(body={"ticket_id": value, "ticket_url": url})


RESOURCES: tuple[Shape, ...] = (
    View(
        path=PATH,
        scopes=("read:authentication_methods",),
        summary="Get a list of authentication methods",
        answer=_list,
        query=PAGING.rules,
        shows=page_of(METHOD, PAGING),
    ),
    Command(
        method="POST",
        path=PATH,
        scopes=("create:authentication_methods",),
        summary="Creates an authentication method for a given user",
        run=_create,
        body=CREATE,
        secrets=(SECRET,),
        answers={201: METHOD},
    ),
    Command(
        method="PUT",
        path=PATH,
        scopes=("update:authentication_methods",),
        summary="Update all authentication methods by replacing them with the given ones",
        run=_replace,
        body=REPLACE,
        answers={200: items(METHOD)},
    ),
    Command(
        method="DELETE",
        path=PATH,
        scopes=("delete:authentication_methods",),
        summary="Delete all authentication methods for the given user",
        run=_delete_all,
    ),
    View(
        path=ITEM,
        scopes=("read:authentication_methods",),
        summary="Get an authentication method by ID",
        answer=_read,
        shows=METHOD,
    ),
    Command(
        method="PATCH",
        path=ITEM,
        scopes=("update:authentication_methods",),
        summary="Update an authentication method",
        run=_update,
        body=UPDATE,
        answers={200: METHOD},
    ),
    Command(
        method="DELETE",
        path=ITEM,
        scopes=("delete:authentication_methods",),
        summary="Delete an authentication method by ID",
        run=_delete,
    ),
    Command(
        method="DELETE",
        path="/users/{id}/authenticators",
        scopes=("delete:guardian_enrollments",),
        summary="Delete All Authenticators",
        run=_delete_all,
    ),
    Command(
        method="DELETE",
        path="/users/{id}/multifactor/{provider}",
        scopes=("update:users",),
        summary="Delete a User's Multi-factor Provider",
        run=_delete_provider,
        parameters={"provider": choice(*PROVIDERS)},
    ),
    Command(
        method="POST",
        path="/users/{id}/multifactor/actions/invalidate-remember-browser",
        scopes=("update:users",),
        summary="Invalidate All Remembered Browsers for Multi-factor Authentication",
        run=_forget_browsers,
        answers=EMPTY,
    ),
    Command(
        method="POST",
        path="/users/{id}/recovery-code-regeneration",
        scopes=("update:users",),
        summary="Generate New Multi-factor Authentication Recovery Code",
        run=_renew_recovery_code,
        answers={200: record({"recovery_code": text()}, required=("recovery_code",))},
    ),
    View(
        path="/users/{id}/enrollments",
        scopes=("read:users",),
        own=("read:current_user",),
        summary="Get the First Confirmed Multi-factor Authentication Enrollment",
        answer=_enrollments,
        shows=items(ENROLLMENT),
    ),
    View(
        path="/guardian/enrollments/{id}",
        scopes=("read:guardian_enrollments",),
        summary="Get a multi-factor authentication enrollment",
        answer=_read_enrollment,
        shows=ENROLLMENT,
    ),
    Command(
        method="DELETE",
        path="/guardian/enrollments/{id}",
        scopes=("delete:guardian_enrollments",),
        summary="Delete a multi-factor authentication enrollment",
        run=_delete_enrollment,
    ),
    Command(
        method="POST",
        path="/guardian/enrollments/ticket",
        scopes=("create:guardian_enrollment_tickets",),
        summary="Create a multi-factor authentication enrollment ticket",
        run=_ticket,
        body=TICKET,
        answers={200: record({"ticket_id": text(), "ticket_url": text()}, required=("ticket_id", "ticket_url"))},
    ),
)
