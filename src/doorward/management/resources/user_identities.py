"""``/users/{id}/identities``: several accounts of one person, linked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from doorward.management.kit.bodies import refusal
from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import ApiError, conflict, insufficient_scope, invalid_body, not_supported
from doorward.management.kit.schema import BOOLEAN, OBJECT, Unfit, either, integer, items, record, text
from doorward.management.kit.shapes import Command, Shape
from doorward.management.kit.writing import api_event
from doorward.management.resources.connection_body import CONNECTION_ID
from doorward.management.resources.users import existing_user, no_such_user, shown_identities
from doorward.model.user import User
from doorward.oauth.own_id_token import own_id_token
from doorward.ports import InvalidToken

PATH = "/users/{id}/identities"
SCOPES, OWN = ("update:users",), ("update:current_user_identities",)
LINK = record(
    {
        "provider": text(min=1, max=64),
        "connection_id": CONNECTION_ID,
        "user_id": either(text(min=1, max=255), integer()),
        "link_with": text(min=1, max=16_384),
    }
)
IDENTITIES = items(
    record(
        {"connection": text(), "user_id": text(), "provider": text(), "isSocial": BOOLEAN, "profileData": OBJECT},
        required=("connection", "user_id", "provider"),
        open=True,
    )
)


async def _link(call: Call) -> Answer:
    given = call.body
    if "link_with" not in given and not call.actor.may("update:users"):
        raise insufficient_scope(["update:users"])  # a person proves with a token whose the other account is
    user = await existing_user(call)
    linked = await (_proven(call, given) if "link_with" in given else _named(call, given))
    if linked.user_id == user.user_id:
        raise invalid_body("The identity to link is that of the user already")
    first, *others = linked.identities
    now = call.ports.clock.now()
    identities = (*user.identities, {**first, "profileData": linked.profile}, *others)
    changed = msgspec.structs.replace(user, identities=identities, updated_at=now)
    await call.ports.users.link(call.tenant, changed, linked, at=now, events=(api_event(call, status=201),))
    return Answer(status=201, body=_shown(call, changed))


async def _named(call: Call, given: Mapping[str, Any]) -> User:
    """The account of ``provider`` and ``user_id``. Raises ``ApiError`` (400, 404, 409)."""
    for name in ("provider", "user_id"):
        if name not in given:
            raise refusal(Unfit(f"Missing required property: {name}", ""))
    provider = given["provider"]
    identity_id = str(given["user_id"]).removeprefix(f"{provider}|")
    linked = await _owner(call, provider, identity_id)
    if "connection_id" in given:
        connection = call.directory.connection_of(given["connection_id"])
        if connection is None:
            raise ApiError(400, "The connection does not exist.", "inexistent_connection")
        if connection.name != linked.connection:
            raise no_such_user()
    return linked


async def _proven(call: Call, given: Mapping[str, Any]) -> User:
    """The account an ID token speaks of: one of ours, signed with a key of ours, not expired, and of a
    person's token the same client's. Raises ``ApiError`` (400, 409)."""
    if given.keys() != {"link_with"}:
        raise invalid_body("link_with cannot be combined with provider, user_id or connection_id")
    try:
        claims = own_id_token(given["link_with"], call.request.issuer, call.directory, call.ports.jose, symmetric=False)
    except InvalidToken:
        raise invalid_body("The token in link_with is not an ID token of this tenant") from None
    if claims["exp"] <= call.ports.clock.now():
        raise invalid_body("The token in link_with has expired")
    if not call.actor.is_machine and claims["aud"] != call.actor.client_id:
        raise invalid_body("The token in link_with was issued to another client than the access token")
    provider, _, identity_id = claims["sub"].partition("|")
    linked = await _owner(call, provider, identity_id)
    if linked.blocked:
        raise invalid_body("The user of the token in link_with is blocked")
    return linked


async def _owner(call: Call, provider: str, identity_id: str) -> User:
    """The user an identity is the first of. Raises ``ApiError`` (404, or 409 when it is linked already)."""
    owner = await call.ports.users.find_by_identity(call.tenant, provider, identity_id)
    if owner is None:
        raise no_such_user()
    if owner.primary_identity != (provider, identity_id):
        raise conflict("Specified identity already exists.")
    return owner


async def _unlink(call: Call) -> Answer:
    user = await existing_user(call)
    named = (call.arguments["provider"], call.arguments["user_id"])
    if named == user.primary_identity:
        raise not_supported("The first identity of a user cannot be unlinked")
    found = [identity for identity in user.identities[1:] if (identity["provider"], identity["user_id"]) == named]
    if not found:
        raise invalid_body("The user does not have this identity")
    now = call.ports.clock.now()
    kept = tuple(identity for identity in user.identities if identity is not found[0])
    changed = msgspec.structs.replace(user, identities=kept, updated_at=now)
    identity = dict(found[0])
    profile = identity.pop("profileData", {})
    restored = User(
        user_id="|".join(named),
        connection=identity["connection"],
        profile=profile,
        identities=(identity,),
        created_at=now,
        updated_at=now,
    )
    await call.ports.users.unlink(call.tenant, changed, restored, events=(api_event(call),))
    return Answer(body=_shown(call, changed))


def _shown(call: Call, user: User) -> list[dict[str, Any]]:
    """Here the first identity, too, comes with what it knows of the person."""
    first, *others = shown_identities(call, user)
    return [{"profileData": user.profile, **first}, *others]


RESOURCES: tuple[Shape, ...] = (
    Command(
        method="POST",
        path=PATH,
        summary="Link a User Account",
        scopes=SCOPES,
        own=OWN,
        run=_link,
        body=LINK,
        answers={201: IDENTITIES},
    ),
    Command(
        method="DELETE",
        path=f"{PATH}/{{provider}}/{{user_id}}",
        summary="Unlink a User Identity",
        scopes=SCOPES,
        own=OWN,
        run=_unlink,
        answers={200: IDENTITIES},
    ),
)
