"""``/device-credentials``: public keys of devices, and the refresh tokens devices hold."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.answers import page_of
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, conflict
from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.projection import project
from doorward.management.kit.schema import choice, record, text
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.writing import api_event
from doorward.model.credential import DeviceCredential
from doorward.model.identifiers import new_id
from doorward.ports import Conflict

PAGING = Paging(key="device_credentials")
TYPES = ("public_key", "refresh_token", "rotating_refresh_token")
CREATE = record(
    {
        "device_name": text(min=1, max=300),
        "device_id": text(min=1, max=36),
        "type": choice("public_key"),
        "value": text(min=1, max=8192),
        "client_id": text(min=1, max=64),
    },
    required=("device_name", "type", "value", "device_id"),
    open=True,
)
CREDENTIAL = record(
    {name: text() for name in ("id", "device_name", "device_id", "type", "user_id", "client_id")}, open=True
)


def show(credential: DeviceCredential) -> dict[str, Any]:
    device_id = {"device_id": credential.device_id} if credential.device_id is not None else {}
    return {
        "id": credential.id,
        "device_name": credential.device_name,
        **device_id,
        "type": credential.type,
        "user_id": credential.user_id,
        "client_id": credential.client_id,
    }


async def _list(call: Call) -> Any:
    query = call.query
    offset, limit = PAGING.window(query)
    found, total = await call.ports.device_credentials.page(
        call.tenant,
        at=call.ports.clock.now(),
        offset=offset,
        limit=limit,
        type_=query.get("type"),
        user_id=query.get("user_id"),
        client_id=query.get("client_id"),
    )
    return PAGING.answer([project(show(credential), query) for credential in found], query, total=total)


async def _create(call: Call) -> Answer:
    """A key of whoever calls: nobody registers a device for somebody else."""
    given = call.body
    credential = DeviceCredential(
        id=new_id(call.ports.entropy, "dcr_"),
        type=given["type"],
        user_id=call.actor.subject,
        client_id=given.get("client_id", call.actor.client_id),
        device_name=given["device_name"],
        device_id=given["device_id"],
        value=given["value"],
    )
    event = api_event(call, status=201)
    try:
        await call.ports.device_credentials.create(call.tenant, credential, at=call.ports.clock.now(), events=(event,))
    except Conflict:
        raise conflict("A public key already exists for the device.") from None
    return Answer(status=201, body={"id": credential.id})


async def _delete(call: Call) -> Answer:
    """One that is gone is no error; a person deletes their own."""
    now = call.ports.clock.now()
    if not call.actor.is_machine:
        found, _ = await call.ports.device_credentials.page(call.tenant, at=now, offset=0, limit=1, id_=call.id)
        if found and found[0].user_id != call.actor.subject:
            raise ApiError(403, "User to be acted on does not match subject in bearer token.", "insufficient_scope")
    await call.ports.device_credentials.delete(call.tenant, call.id, at=now, events=(api_event(call, status=204),))
    return Answer(status=204, body=NOTHING)


RESOURCES: tuple[Shape, ...] = (
    View(
        path="/device-credentials",
        scopes=("read:device_credentials",),
        summary="Retrieve device credentials",
        answer=_list,
        query={
            **PAGING.rules,
            **PROJECTION,
            "user_id": text(max=300),
            "client_id": text(max=64),
            "type": choice(*TYPES),
        },
        shows=page_of(CREDENTIAL, PAGING),
    ),
    Command(
        method="POST",
        path="/device-credentials",
        scopes=("create:device_credentials",),
        own=("create:current_user_device_credentials",),
        names_person=False,
        summary="Create a device public key credential",
        run=_create,
        body=CREATE,
        answers={201: record({"id": text()}, required=("id",))},
    ),
    Command(
        method="DELETE",
        path="/device-credentials/{id}",
        scopes=("delete:device_credentials",),
        own=("delete:current_user_device_credentials",),
        names_person=False,
        summary="Delete a device credential",
        run=_delete,
    ),
)
