"""``/grants``: consent that people gave to clients."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.bodies import QUERY, refusal
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.projection import project
from doorward.management.kit.schema import Unfit, text
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.writing import api_event
from doorward.model.session import ConsentGrant

PAGING = Paging(key="grants")


def show(grant: ConsentGrant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "clientID": grant.client_id,
        "user_id": grant.user_id,
        "audience": grant.audience,
        "scope": list(grant.scope),
    }


async def _list(call: Call) -> Any:
    query = call.query
    offset, limit = PAGING.window(query)
    grants, total = await call.ports.consents.page(
        call.tenant,
        offset=offset,
        limit=limit,
        user_id=query.get("user_id"),
        client_id=query.get("client_id"),
        audience=query.get("audience"),
    )
    return PAGING.answer([project(show(grant), query) for grant in grants], query, total=total)


async def _delete(call: Call) -> Answer:
    """The refresh tokens issued under it are revoked with it. One that is gone is no error."""
    event = api_event(call, status=204)
    await call.ports.consents.delete(call.tenant, grant_id=call.id, at=call.ports.clock.now(), events=(event,))
    return Answer(status=204, body=NOTHING)


async def _delete_of_user(call: Call) -> Answer:
    if not call.query.get("user_id"):
        raise refusal(Unfit("Missing required property: user_id", ""), QUERY)
    event = api_event(call, status=204)
    await call.ports.consents.delete(
        call.tenant, user_id=call.query["user_id"], at=call.ports.clock.now(), events=(event,)
    )
    return Answer(status=204, body=NOTHING)


RESOURCES: tuple[Shape, ...] = (
    View(
        path="/grants",
        scopes=("read:grants",),
        summary="Get grants",
        answer=_list,
        query={
            **PAGING.rules,
            **PROJECTION,
            "user_id": text(max=255),
            "client_id": text(max=255),
            "audience": text(max=600),
        },
    ),
    Command(
        method="DELETE",
        path="/grants",
        scopes=("delete:grants",),
        summary="Delete a grant by user_id",
        run=_delete_of_user,
        query={"user_id": text(max=255)},
    ),
    Command(
        method="DELETE",
        path="/grants/{id}",
        scopes=("delete:grants",),
        summary="Delete a grant by id",
        run=_delete,
    ),
)
