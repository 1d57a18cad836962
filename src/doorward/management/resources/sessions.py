"""``/sessions`` and ``/users/{id}/sessions``: where people are signed in, and ending that."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.answers import page_of
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, not_found
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, OBJECT, Rule, items, mapping, record, text
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import api_event
from doorward.management.resources.users import existing_user
from doorward.model.session import Session
from doorward.model.session_end import Cause
from doorward.ports import Described

PAGING = Paging(key="sessions", offset=False, checkpoint=True, always_object=True)
# What an administrator may note on a session or a refresh token.
METADATA: Rule = mapping(text(max=255), max=25, max_name=255).or_null
UPDATE = record({"session_metadata": METADATA}, required=("session_metadata",))
REVOKE_ACCESS = record({"session_id": text(max=50), "preserve_refresh_tokens": BOOLEAN})
ENDED = {202: None}
SESSION = record(
    {
        "id": text(),
        "user_id": text(),
        **{
            name: text()
            for name in (
                "created_at", "updated_at", "authenticated_at", "last_interacted_at", "idle_expires_at", "expires_at",
            )
        },
        "device": OBJECT,
        "clients": items(record({"client_id": text()})),
        "authentication": record({"methods": items(record({"name": text(), "timestamp": text()}))}),
        "cookie": record({"mode": text()}),
        "session_metadata": OBJECT,
    }
)  # fmt: skip


def no_such_session() -> ApiError:
    return not_found("The session does not exist.")


def device(held: Any) -> dict[str, str]:
    """The browser or application a session or a token began in, and the one that used it last."""
    return {
        "initial_ip": held.ip,
        "initial_user_agent": held.user_agent,
        "last_ip": held.ip if held.last_ip is None else held.last_ip,
        "last_user_agent": held.user_agent if held.last_user_agent is None else held.last_user_agent,
    }


def show(described: Described[Session]) -> dict[str, Any]:
    session, metadata = described
    return {
        "id": session.sid,
        "user_id": session.user_id,
        "created_at": timestamp(session.created_at),
        "updated_at": timestamp(session.last_interacted_at),
        "authenticated_at": timestamp(session.authenticated_at),
        "last_interacted_at": timestamp(session.last_interacted_at),
        "idle_expires_at": timestamp(session.idle_expires_at),
        "expires_at": timestamp(session.expires_at),
        "device": device(session),
        "clients": [{"client_id": client_id} for client_id in session.clients],
        "authentication": {"methods": [{"name": "pwd", "timestamp": timestamp(session.authenticated_at)}]},
        "cookie": {"mode": "persistent" if session.persistent else "non-persistent"},
        **({"session_metadata": metadata} if metadata else {}),
    }


async def _existing(call: Call, sid: str) -> Described[Session]:
    """Raises ``ApiError`` (404)."""
    found = await call.ports.sessions.get(call.tenant, sid, at=call.ports.clock.now())
    if found is None:
        raise no_such_session()
    return found


async def _read(call: Call) -> Any:
    return show(await _existing(call, call.id))


async def _of_user(call: Call) -> Any:
    user = await existing_user(call)
    after, take = PAGING.key_window(call.query)
    found, total = await call.ports.sessions.page(
        call.tenant, user.user_id, at=call.ports.clock.now(), after=after, limit=take + 1
    )
    page = PAGING.keyed([show(session) for session in found], [session.sid for session, _ in found], call.query)
    return page | ({"total": total} if call.query.get("include_totals") else {})


async def _describe(call: Call) -> Answer:
    metadata, now = call.body["session_metadata"], call.ports.clock.now()
    if not await call.ports.sessions.describe(call.tenant, call.id, metadata, at=now, events=(api_event(call),)):
        raise no_such_session()
    return Answer(body=show(await _existing(call, call.id)))


async def _end(call: Call) -> Answer:
    """One that is gone is no error."""
    now, event = call.ports.clock.now(), api_event(call, status=202)
    await call.ports.sessions.end(call.tenant, call.id, Cause.SESSION_DELETED, at=now, events=(event,))
    return Answer(status=202, body=NOTHING)


async def _revoke(call: Call) -> Answer:
    session, _ = await _existing(call, call.id)
    return await _end_access(call, session.user_id, Cause.SESSION_REVOKED, sid=session.sid)


async def _end_of_user(call: Call) -> Answer:
    user = await existing_user(call)
    return await _end_access(call, user.user_id, Cause.SESSIONS_DELETED)


async def _revoke_access(call: Call) -> Answer:
    user = await existing_user(call)
    preserved = call.body.get("preserve_refresh_tokens", False)
    sid = call.body.get("session_id")
    return await _end_access(call, user.user_id, Cause.ACCESS_REVOKED, sid=sid, refresh_tokens=not preserved)


async def _end_access(
    call: Call, user_id: str, cause: Cause, *, sid: str | None = None, refresh_tokens: bool = False
) -> Answer:
    now, event = call.ports.clock.now(), api_event(call, status=202)
    if not await call.ports.sessions.revoke(
        call.tenant, user_id, cause, sid=sid, refresh_tokens=refresh_tokens, at=now, events=(event,)
    ):
        raise no_such_session()
    return Answer(status=202, body=NOTHING)


RESOURCES: tuple[Shape, ...] = (
    View(path="/sessions/{id}", scopes=("read:sessions",), summary="Get session", answer=_read, shows=SESSION),
    Command(
        method="PATCH",
        path="/sessions/{id}",
        scopes=("update:sessions",),
        summary="Update session",
        run=_describe,
        body=UPDATE,
        answers={200: SESSION},
    ),
    Command(
        method="DELETE",
        path="/sessions/{id}",
        scopes=("delete:sessions",),
        summary="Delete session",
        run=_end,
        answers=ENDED,
    ),
    Command(
        method="POST",
        path="/sessions/{id}/revoke",
        scopes=("delete:sessions", "delete:refresh_tokens"),
        every_scope=True,
        summary="Revokes a session",
        run=_revoke,
        answers=ENDED,
    ),
    View(
        path="/users/{user_id}/sessions",
        scopes=("read:sessions",),
        summary="Get sessions for user",
        answer=_of_user,
        query={**PAGING.rules, "include_totals": BOOLEAN},
        shows=page_of(SESSION, PAGING),
    ),
    Command(
        method="DELETE",
        path="/users/{user_id}/sessions",
        scopes=("delete:sessions",),
        summary="Delete sessions for user",
        run=_end_of_user,
        answers=ENDED,
    ),
    Command(
        method="POST",
        path="/users/{id}/revoke-access",
        scopes=("delete:sessions", "delete:refresh_tokens"),
        every_scope=True,
        summary="Revokes selected resources from a user",
        run=_revoke_access,
        body=REVOKE_ACCESS,
        answers=ENDED,
    ),
)
