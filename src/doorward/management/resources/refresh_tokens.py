"""``/refresh-tokens`` and ``/users/{id}/refresh-tokens``: what keeps applications signed in, and ending that.

A token here is a family: rotation changes the secret, not the id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.management.kit.answers import page_of
from doorward.management.kit.bodies import QUERY, refusal
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, invalid_body, not_found
from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.projection import project
from doorward.management.kit.schema import BOOLEAN, OBJECT, Unfit, items, record, text
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import api_event
from doorward.management.resources.sessions import ENDED, METADATA, device
from doorward.management.resources.users import existing_user, no_such_user
from doorward.model.credential import RefreshToken
from doorward.ports import Described

PATH = "/refresh-tokens/{id}"
PAGING = Paging(key="refresh_tokens", offset=False, checkpoint=True, always_object=True)
OF_USER = Paging(key="tokens", offset=False, checkpoint=True, always_object=True)
UPDATE = record({"refresh_token_metadata": METADATA}, required=("refresh_token_metadata",))
REVOKE = record(
    {
        "ids": items(text(min=1, max=30), min=1, max=100),
        "user_id": text(min=1, max=300),
        "client_id": text(min=1, max=64),
        "audience": text(min=1, max=600),
    }
)
TOKEN = record(
    {
        **{name: text() for name in ("id", "user_id", "client_id", "created_at")},
        **{name: text().or_null for name in ("session_id", "idle_expires_at", "expires_at", "last_exchanged_at")},
        "rotating": BOOLEAN,
        "resource_servers": items(record({"audience": text(), "scopes": text()})),
        "device": OBJECT,
        "refresh_token_metadata": OBJECT,
    }
)


def no_such_token() -> ApiError:
    return not_found("The refresh token does not exist.")


def show(described: Described[RefreshToken]) -> dict[str, Any]:
    token, metadata = described
    rotated = token.issued_at if token.generation else None
    return {
        "id": token.family,
        "user_id": token.user_id,
        "created_at": timestamp(token.issued_at if token.began_at is None else token.began_at),
        "idle_expires_at": _moment(token.idle_expires_at),
        "expires_at": _moment(token.expires_at),
        "last_exchanged_at": _moment(token.last_exchanged_at or rotated),
        "device": device(token),
        "client_id": token.client_id,
        "session_id": token.session_sid,
        "rotating": token.rotating,
        "resource_servers": [{"audience": token.audience, "scopes": " ".join(token.scope)}],
        **({"refresh_token_metadata": metadata} if metadata else {}),
    }


def _moment(at: float | None) -> str | None:
    return timestamp(at) if at is not None else None


async def _existing(call: Call) -> Described[RefreshToken]:
    """Raises ``ApiError`` (404)."""
    found = await call.ports.refresh_tokens.get(call.tenant, call.id, at=call.ports.clock.now())
    if found is None:
        raise no_such_token()
    return found


async def _read(call: Call) -> Any:
    return show(await _existing(call))


async def _page(call: Call, paging: Paging, user_id: str, client_id: str | None = None) -> tuple[dict[str, Any], int]:
    after, take = paging.key_window(call.query)
    found, total = await call.ports.refresh_tokens.page(
        call.tenant, user_id, client_id=client_id, at=call.ports.clock.now(), after=after, limit=take + 1
    )
    shown = [project(show(token), call.query) for token in found]
    return paging.keyed(shown, [token.family for token, _ in found], call.query), total


async def _of_user(call: Call) -> Any:
    user = await existing_user(call)
    page, total = await _page(call, OF_USER, user.user_id)
    return page | ({"total": total} if call.query.get("include_totals") else {})


async def _list(call: Call) -> Any:
    user_id = call.query.get("user_id")
    if user_id is None:
        raise refusal(Unfit("Missing required property: user_id", ""), QUERY)
    if await call.ports.users.find(call.tenant, user_id) is None:
        raise no_such_user()
    return (await _page(call, PAGING, user_id, call.query.get("client_id")))[0]


async def _describe(call: Call) -> Answer:
    metadata, now = call.body["refresh_token_metadata"], call.ports.clock.now()
    if not await call.ports.refresh_tokens.describe(call.tenant, call.id, metadata, at=now, events=(api_event(call),)):
        raise no_such_token()
    return Answer(body=show(await _existing(call)))


async def _delete(call: Call) -> Answer:
    """One that is gone is no error."""
    return await _revoke(call, 204, families=(call.id,))


async def _delete_of_user(call: Call) -> Answer:
    user = await existing_user(call)
    return await _revoke(call, 202, user_id=user.user_id)


async def _revoke_many(call: Call) -> Answer:
    given: Mapping[str, Any] = call.body
    if ("ids" in given) == ("user_id" in given):
        raise invalid_body("Either ids or user_id has to be given")
    if "ids" in given:
        if len(given) > 1:
            raise invalid_body("ids cannot be combined with client_id or audience")
        return await _revoke(call, 202, families=tuple(given["ids"]))
    if "audience" in given and "client_id" not in given:
        raise invalid_body("audience needs client_id")
    return await _revoke(call, 202, **given)


async def _revoke(call: Call, status: int, **which: Any) -> Answer:
    event = api_event(call, status=status)
    await call.ports.refresh_tokens.revoke(call.tenant, at=call.ports.clock.now(), events=(event,), **which)
    return Answer(status=status, body=NOTHING)


RESOURCES: tuple[Shape, ...] = (
    View(
        path="/refresh-tokens",
        scopes=("read:refresh_tokens",),
        summary="Get refresh tokens",
        answer=_list,
        query={**PAGING.rules, **PROJECTION, "user_id": text(max=300), "client_id": text(max=64)},
        shows=page_of(TOKEN, PAGING),
    ),
    Command(
        method="POST",
        path="/refresh-tokens/revoke",
        scopes=("delete:refresh_tokens",),
        summary="Revoke refresh tokens",
        run=_revoke_many,
        body=REVOKE,
        answers=ENDED,
    ),
    View(path=PATH, scopes=("read:refresh_tokens",), summary="Get a refresh token", answer=_read, shows=TOKEN),
    Command(
        method="PATCH",
        path=PATH,
        scopes=("update:refresh_tokens",),
        summary="Update a refresh token",
        run=_describe,
        body=UPDATE,
        answers={200: TOKEN},
    ),
    Command(
        method="DELETE",
        path=PATH,
        scopes=("delete:refresh_tokens",),
        summary="Delete a refresh token",
        run=_delete,
    ),
    View(
        path="/users/{user_id}/refresh-tokens",
        scopes=("read:refresh_tokens",),
        summary="Get refresh tokens for a user",
        answer=_of_user,
        query={**OF_USER.rules, "include_totals": BOOLEAN},
        shows=page_of(TOKEN, OF_USER),
    ),
    Command(
        method="DELETE",
        path="/users/{user_id}/refresh-tokens",
        scopes=("delete:refresh_tokens",),
        summary="Delete refresh tokens for a user",
        run=_delete_of_user,
        answers=ENDED,
    ),
)
