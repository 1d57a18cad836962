"""``/users``: people, and ``/users-by-email``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from doorward.identity.blocked_accounts import counters_of
from doorward.identity.email_verification import VERIFY, needs_verification, verifies_by_link, welcome
from doorward.identity.new_password import PasswordRefused
from doorward.identity.notices import email_changed, password_changed
from doorward.identity.password_policy import policy_of
from doorward.identity.signup import identifiers_of, is_username, with_defaults
from doorward.identity.tickets import is_sent
from doorward.management.kit.bodies import QUERY, refusal
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import (
    ApiError,
    conflict,
    insufficient_scope,
    invalid_body,
    not_found,
    not_supported,
)
from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.projection import project
from doorward.management.kit.schema import BOOLEAN, Unfit, choice, text
from doorward.management.kit.search import RULES as SEARCH
from doorward.management.kit.search import Field, FieldKind, found, read_search, read_sort
from doorward.management.kit.shapes import Command, Shape, View, without_nulls
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import api_event
from doorward.management.resources.user_body import CREATE, IDENTIFIERS, NAMES, UPDATE, check_app_metadata
from doorward.model.connection import Connection
from doorward.model.identifiers import new_object_id
from doorward.model.message import Message
from doorward.model.search import AllOf, Term
from doorward.model.session_end import changed_account
from doorward.model.ticket import Ticket
from doorward.model.user import Password, User
from doorward.ports import Conflict

REFUSED_BY_CONNECTION = "auth0_idp_error"
PATH = "/users/{id}"
# Attributes that compare without case; a term without a field is looked for in them.
NORMALIZED = ("email", "name", "given_name", "family_name", "nickname")
FIELDS = {
    **dict.fromkeys(
        (
            *NORMALIZED, "user_id", "username", "phone_number", "picture", "last_ip", "email.domain",
            "identities.connection", "identities.provider", "identities.user_id", "organization_id",
        ),
        FieldKind.TEXT,
    ),
    **dict.fromkeys(("blocked", "email_verified", "phone_verified"), FieldKind.FLAG),
    "logins_count": FieldKind.NUMBER,
    **dict.fromkeys(("created_at", "updated_at", "last_login"), FieldKind.MOMENT),
}  # fmt: skip
# What would have to be looked for in every user, one by one.
NOT_SORTED = (
    "picture", "phone_verified", "identities.connection", "identities.provider", "identities.user_id",
    "organization_id",
)  # fmt: skip


def field(name: str) -> Field | None:
    """What is known of a field users are searched by: any attribute, and whatever is in their metadata."""
    if name in FIELDS:
        return Field(FIELDS[name], plain=name == "organization_id")
    root, *below = name.split(".")
    if root in FIELDS or (root == "identities" and below[:1] != ["profileData"]):
        return None
    return Field(FieldKind.ANY, plain=root == "user_metadata")


# What a person signs in with, and whether it is theirs: a change ends the sessions (silent renewal with them).
CREDENTIALS = (*IDENTIFIERS, "email_verified")
# Of each of the two objects, in bytes: what people add bit by bit ends somewhere.
LARGEST_METADATA = 1024 * 1024
IDP_TOKENS = ("access_token", "access_token_secret", "refresh_token")


def no_such_user(_: str = "") -> ApiError:
    return not_found("The user does not exist.", "inexistent_user")


async def existing_user(call: Call) -> User:
    """The user of the path. Raises ``ApiError`` (404)."""
    found = await call.ports.users.find(call.tenant, call.id)
    if found is None:
        raise no_such_user()
    return found


def shown_identities(call: Call, user: User) -> list[dict[str, Any]]:
    """Identities as the API answers them. Tokens of identity providers need a scope of their own."""
    if call.actor.may("read:user_idp_tokens"):
        return list(user.identities)
    return [{name: value for name, value in identity.items() if name not in IDP_TOKENS} for identity in user.identities]


def show(call: Call, user: User) -> dict[str, Any]:
    """A user as the API answers it."""
    body: dict[str, Any] = {
        "created_at": timestamp(user.created_at),
        **user.profile,
        "identities": shown_identities(call, user),
        "updated_at": timestamp(user.updated_at),
        "user_id": user.user_id,
        "blocked": user.blocked,
    }
    for name, metadata in (("user_metadata", user.user_metadata), ("app_metadata", user.app_metadata)):
        if metadata:
            body[name] = metadata
    if user.last_login is not None:
        body |= {"last_login": timestamp(user.last_login), "last_ip": user.last_ip, "logins_count": user.logins_count}
    return body


def shown(call: Call, user: User) -> dict[str, Any]:
    return project(show(call, user), call.query)


# ── reading ──

PAGING = Paging(key="users", smallest=0, length=True, first=1000)


async def _list(call: Call) -> Answer:
    query = call.query
    if query.get("search_engine", "v3") != "v3":
        raise refusal(Unfit("Only v3 of the user search is offered", "search_engine"), QUERY)
    where = [read_search(query["q"], field, NORMALIZED)] if query.get("q", "").strip() else []
    if "connection" in query:
        where.append(Term("identities.connection", query["connection"]))
    offset, limit = PAGING.window(query)
    users, total = await found(
        call.ports.users.search(
            call.tenant,
            where[0] if len(where) == 1 else AllOf(tuple(where)),
            offset=offset,
            limit=limit,
            count=PAGING.to_count(query),
            sort=read_sort(query["sort"], lambda name: name in FIELDS and name not in NOT_SORTED)
            if "sort" in query
            else None,
        )
    )
    return Answer(body=PAGING.answer([shown(call, user) for user in users], query, total=total))


async def _read(call: Call) -> Any:
    return shown(call, await existing_user(call))


async def _by_email(call: Call) -> Any:
    if "email" not in call.query:
        raise refusal(Unfit("Missing required property: email", ""), QUERY)
    email = call.query["email"].strip().lower()
    users, _ = await found(call.ports.users.page(call.tenant, offset=0, limit=PAGING.first or 0, email=email))
    return [shown(call, user) for user in users]


# ── writing ──


async def _create(call: Call) -> Answer:
    given = call.body
    connection = _connection(call, given["connection"])
    if connection.requires_password and "password" not in given:
        raise refusal(Unfit("Missing required property: password", ""))
    profile = {name: given[name] for name in (*IDENTIFIERS, *NAMES) if name in given}
    if "email" in profile:
        profile |= {"email": profile["email"].lower(), "email_verified": given.get("email_verified", False)}
    if "phone_number" in profile:
        profile["phone_verified"] = given.get("phone_verified", False)
    _check_identifiers(profile, connection)
    check_app_metadata(given.get("app_metadata", {}))
    local = given.get("user_id") or new_object_id(call.ports.entropy)
    now = call.ports.clock.now()
    user = User(
        user_id=f"{connection.strategy}|{local}",
        connection=connection.name,
        profile=with_defaults(profile),
        user_metadata=without_nulls(given.get("user_metadata", {})),
        app_metadata=without_nulls(given.get("app_metadata", {})),
        identities=(
            {"connection": connection.name, "user_id": local, "provider": connection.strategy, "isSocial": False},
        ),
        blocked=given.get("blocked", False),
        created_at=now,
        updated_at=now,
    )
    password = await _password(call, connection, user) if "password" in given else None
    event = api_event(call, status=201)
    tickets: tuple[Ticket, ...] = ()
    messages: tuple[Message, ...] = ()
    # Asked for by name, it is a link also where people are asked for a code when they log in.
    wanted = given.get(
        "verify_email", verifies_by_link(call.directory, connection) and not profile.get("email_verified")
    )
    if not wanted and not needs_verification(user, connection):
        messages = welcome(call.directory, user)
    elif wanted and connection.is_database and user.email is not None and is_sent(call.directory, VERIFY):
        ticket, message = call.services.people.email_verification.letter(
            call.directory, user, 0, url=call.request.issuer.url
        )
        tickets, messages = (ticket,), (message,)
    try:
        await call.ports.users.create(
            call.tenant,
            user,
            identifiers_of(user.profile),
            password,
            events=(event,),
            messages=messages,
            tickets=tickets,
            within=connection.id,
        )
    except Conflict as lost:
        if lost.field == "connection":
            raise _no_connection() from None
        raise conflict("The user already exists.", REFUSED_BY_CONNECTION) from None
    return Answer(status=201, body=show(call, user))


async def _verify(call: Call, user: User, place: int) -> None:
    """Send the link that verifies an address, if there is one."""
    await call.services.people.email_verification.send(
        call.directory, user, place, url=call.request.issuer.url, client_id=call.body.get("client_id")
    )


async def _update(call: Call) -> Answer:
    given = call.body
    _check_scopes(call, given)
    user = await existing_user(call)
    place, connection = _account(call, user, given)
    changed = _revised(user, given, place)
    check_app_metadata(given.get("app_metadata", {}))
    before, after = user.profile_of(place), changed.profile_of(place)
    signs_in_otherwise = any(after.get(name) != before.get(name) for name in CREDENTIALS)
    if signs_in_otherwise:
        _check_identifiers(after, connection)
    now = call.ports.clock.now()
    password = None
    if "password" in given:
        password = await _password(call, connection, changed, place)
        after = {**after, "last_password_reset": timestamp(now)}
    changed = msgspec.structs.replace(changed.with_profile(place, after), updated_at=now)
    try:
        written = await call.ports.users.replace(
            call.tenant,
            changed,
            identifiers_of(after),
            expected_revision=user.revision,
            password=password,
            remembered=policy_of(connection).remembered,
            unblock=counters_of(user) if password is not None else (),
            place=place,
            cause=changed_account(
                before, after, password=password is not None, blocked=changed.blocked and not user.blocked
            ),
            revoke_refresh_tokens=call.services.password_change_revokes_refresh_tokens and password is not None,
            events=(api_event(call),),
            messages=(
                *email_changed(user, changed, place),
                *(password_changed(call.directory, changed, place) if password is not None else ()),
            ),
        )
    except Conflict as taken:
        raise ApiError(400, f"The specified new {taken.field} already exists", REFUSED_BY_CONNECTION) from None
    if not written:
        raise Conflict("revision")
    if given.get("verify_email") and "email" in given:
        await _verify(call, changed, place)
    return Answer(body=show(call, changed))


async def _delete(call: Call) -> Answer:
    event = api_event(call, status=204)
    await call.ports.users.delete(call.tenant, call.id, at=call.ports.clock.now(), events=(event,))
    return Answer(status=204, body=NOTHING)


def _check_scopes(call: Call, given: Mapping[str, Any]) -> None:
    """``update:users`` changes anything, the narrower scopes one metadata object. Raises ``ApiError`` (403)."""
    may = call.actor.may
    if may("update:users"):
        return
    allowed = {"app_metadata"} if may("update:users_app_metadata") else {"user_metadata"}
    if not given.keys() <= allowed:
        raise insufficient_scope(["update:users"])


def _revised(user: User, given: Mapping[str, Any], place: int) -> User:
    """The user after a PATCH: root attributes are replaced or removed, metadata merged at its first level.

    What somebody signs in with is that of the identity at ``place``.
    """
    classes = [name for name in ("username", "password", "email", "phone_number") if name in given]
    if len(classes) > 1:
        raise invalid_body(f"Cannot update {' and '.join(classes)} simultaneously")
    named = {name: given[name] for name in NAMES if name in given}
    changed = msgspec.structs.replace(
        user,
        profile=without_nulls({**user.profile, **named}),
        user_metadata=_merged(user.user_metadata, given.get("user_metadata")),
        app_metadata=_merged(user.app_metadata, given.get("app_metadata")),
        blocked=given.get("blocked", user.blocked),
    )
    before = changed.profile_of(place)
    profile = {**before, **{name: given[name] for name in IDENTIFIERS if name in given}}
    if profile.get("email"):
        profile["email"] = profile["email"].lower()
    for name, flag in (("email", "email_verified"), ("phone_number", "phone_verified")):
        if not profile.get(name):
            profile.pop(flag, None)
        elif flag in given:
            profile[flag] = given[flag]
        elif profile[name] != before.get(name):
            profile[flag] = False
    return changed.with_profile(place, without_nulls(profile))


def _merged(before: dict[str, Any], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Raises ``ApiError`` (400) for more than a user may have."""
    if given is None:
        return before
    merged = without_nulls({**before, **given}) if given else {}
    if len(msgspec.json.encode(merged)) > LARGEST_METADATA:
        raise invalid_body(f"Metadata of a user may have {LARGEST_METADATA} bytes at most")
    return merged


# ── what a connection asks of its users ──


def _connection(call: Call, name: str) -> Connection:
    connection = call.directory.connections.get(name)
    if connection is None:
        raise _no_connection()
    if not connection.is_database and not connection.is_passwordless:
        raise not_supported(f"This server cannot create users of strategy {connection.strategy} yet")
    return connection


def _no_connection() -> ApiError:
    return ApiError(400, "The connection does not exist.", "inexistent_connection")


def _account(call: Call, user: User, given: Mapping[str, Any]) -> tuple[int, Connection]:
    """Which identity of the user a PATCH is about (0 is the first), and its connection. Raises ``ApiError`` (400)."""
    name = given.get("connection", user.connection)
    if name not in user.connections:
        raise invalid_body("The user does not have an identity in the specified connection")
    connection = call.directory.connections.get(name)
    if connection is None:
        raise ApiError(400, "The connection does not exist.", "inexistent_connection")
    return user.connections.index(name), connection


def _check_identifiers(profile: Mapping[str, Any], connection: Connection) -> None:
    """Raises ``ApiError`` (400) when one the connection needs is missing, or a user name is not one.

    A user name is kept also where the connection does not ask for one.
    """
    for name in connection.required_identifiers:
        if not profile.get(name):
            raise refusal(Unfit(f"Missing required property: {name}", ""))
    if not any(profile.get(name) for name in IDENTIFIERS):
        raise invalid_body("A user needs an email, a username or a phone_number")
    username = profile.get("username")
    if username and not is_username(username, connection):
        raise ApiError(400, "Username is too short, too long or has characters that are not allowed", "invalid_body")


async def _password(call: Call, connection: Connection, user: User, place: int | None = None) -> Password:
    """The password of the body, hashed; ``place`` is the identity that had others. Raises ``ApiError`` (400)."""
    if not connection.is_database:
        raise invalid_body(f"Users of the connection {connection.name} have no password")
    try:
        return await call.services.people.passwords.chosen(
            call.directory,
            connection,
            call.body["password"],
            user.person(place or 0),
            identity=user.identity_at(place) if place is not None else None,
        )
    except PasswordRefused as refused:
        raise ApiError(400, f"{refused.error.value}: {refused.error.message}", REFUSED_BY_CONNECTION) from None


RESOURCES: tuple[Shape, ...] = (
    Command(
        method="GET",
        path="/users",
        scopes=("read:users", "read:user_idp_tokens"),
        summary="List or search users",
        run=_list,
        query={
            **PAGING.rules,
            **PROJECTION,
            **SEARCH,
            "connection": text(max=128),
            "search_engine": choice("v1", "v2", "v3"),
            "primary_order": BOOLEAN,
        },
    ),
    Command(
        method="POST",
        path="/users",
        scopes=("create:users",),
        summary="Create a User",
        run=_create,
        body=CREATE,
    ),
    View(
        path=PATH,
        scopes=("read:users", "read:user_idp_tokens"),
        own=("read:current_user",),
        summary="Get a user",
        answer=_read,
        query=PROJECTION,
    ),
    Command(
        method="PATCH",
        path=PATH,
        scopes=("update:users", "update:users_app_metadata"),
        own=("update:current_user_metadata",),
        summary="Update a User",
        run=_update,
        body=UPDATE,
    ),
    Command(
        method="DELETE",
        path=PATH,
        scopes=("delete:users",),
        own=("delete:current_user",),
        summary="Delete a User",
        run=_delete,
    ),
    View(
        path="/users-by-email",
        scopes=("read:users",),
        summary="Search users by email",
        answer=_by_email,
        query={**PROJECTION, "email": text(max=320)},
    ),
)
