"""``/logs`` and ``/users/{id}/logs``: what happened in the tenant, newest first or from a checkpoint on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from doorward.management.kit.bodies import QUERY, refusal
from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import not_found
from doorward.management.kit.paging import DEFAULT_SIZE, MAX_SIZE, Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.projection import project
from doorward.management.kit.schema import Rule, Unfit, integer, text
from doorward.management.kit.search import RULES as SEARCH
from doorward.management.kit.search import Field, FieldKind, found, read_search, read_sort
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.wire import timestamp
from doorward.model.log_event import LogEvent
from doorward.model.search import AllOf, Search, Sort, Term

SCOPES = ("read:logs", "read:logs_users")
PAGING = Paging(key="logs", smallest=0, length=True, first=1000)
CHECKPOINT: dict[str, Rule] = {"from": text(max=100), "take": integer(min=1, max=MAX_SIZE)}
MOBILE = ("Mobile", "Android", "iPhone", "iPad")
FIELDS = {
    "date": Field(FieldKind.MOMENT),
    **dict.fromkeys(
        (
            "client_id", "client_name", "connection", "connection_id", "description", "hostname", "ip", "log_id",
            "organization_id", "strategy", "strategy_type", "type", "user_agent", "user_id", "user_name",
        ),
        Field(FieldKind.TEXT),
    ),
}  # fmt: skip
BARE = ("client_name", "connection", "description", "ip", "log_id", "type", "user_name")
SHOWN = (
    "type", "description", "connection", "connection_id", "client_id", "client_name", "ip", "user_agent", "hostname",
    "user_id", "user_name", "audience", "scope", "strategy", "strategy_type", "auth0_client", "log_id",
)  # fmt: skip


def show(event: LogEvent) -> dict[str, Any]:
    """An event as Auth0 writes it; what it says nothing about is left out."""
    body: dict[str, Any] = {"_id": event.log_id, "date": timestamp(event.date)}
    body |= {name: value for name in SHOWN if (value := getattr(event, name)) is not None}
    if event.user_agent:
        body["isMobile"] = any(word in event.user_agent for word in MOBILE)
    if event.details:
        body["details"] = event.details
    return body


async def _list(call: Call) -> Answer:
    query = call.query
    if "page" not in query and ("from" in query or "take" in query):
        return await _from_checkpoint(call)
    # The SDKs send ``search``, whose bare terms are not those of ``q``.
    asked = [read_search(query["q"], FIELDS.get, BARE)] if query.get("q", "").strip() else []
    asked += [read_search(query["search"], FIELDS.get)] if query.get("search", "").strip() else []
    return Answer(body=await _page(call, asked[0] if len(asked) == 1 else AllOf(tuple(asked))))


async def _page(call: Call, where: Search) -> Any:
    query = call.query
    sort = read_sort(query["sort"], FIELDS.__contains__) if "sort" in query else Sort("date", descending=True)
    offset, limit = PAGING.window(query)
    events, total = await found(
        call.ports.log.page(
            call.tenant,
            offset=offset,
            limit=limit,
            count=PAGING.to_count(query),
            where=where,
            # Ids are in the order of time.
            sort=None if sort.field in ("date", "log_id") else sort,
            newest_first=sort.descending,
        )
    )
    return PAGING.answer([project(show(event), query) for event in events], query, total=total)


async def _from_checkpoint(call: Call) -> Answer:
    """The events after an event, oldest first; ``Link`` names the next page, or this place while it is the end.

    Other parameters count for nothing here.
    """
    start, take = call.query.get("from", ""), call.query.get("take", DEFAULT_SIZE)
    if not start.isdigit() and start:
        raise refusal(Unfit("Not the id of a log event", "from"), QUERY)
    events, _ = await call.ports.log.page(call.tenant, offset=0, limit=take, count=0, after=start)
    last = events[-1].log_id if events else start
    following = f"{call.request.issuer.url}api/v2/logs?{urlencode({'from': last or '', 'take': take})}"
    return Answer(body=[show(event) for event in events], headers={"link": f'<{following}>; rel="next"'})


async def _read(call: Call) -> Any:
    event = await call.ports.log.find(call.tenant, call.id)
    if event is None:
        raise not_found("Log not found.")
    return show(event)


async def _of_user(call: Call) -> Any:
    return await _page(call, Term("user_id", call.id))


RESOURCES: tuple[Shape, ...] = (
    Command(
        method="GET",
        path="/logs",
        scopes=SCOPES,
        summary="Search log events",
        run=_list,
        query={**PAGING.rules, **PROJECTION, **SEARCH, "search": SEARCH["q"], **CHECKPOINT},
    ),
    View(path="/logs/{id}", scopes=SCOPES, summary="Get a log event by id", answer=_read),
    View(
        path="/users/{id}/logs",
        scopes=SCOPES,
        summary="Get user's log events",
        answer=_of_user,
        query={**PAGING.rules, **PROJECTION, "sort": SEARCH["sort"]},
    ),
)
