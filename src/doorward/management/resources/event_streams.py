"""``/event-streams``: who is to be told of what happens to users and organizations. Nobody is told yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, not_found, not_supported
from doorward.management.kit.making import dated, made
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import ANY, choice, items, record, tagged, text
from doorward.management.kit.shapes import Collection, Shape, View, merged
from doorward.management.kit.wire import timestamp
from doorward.management.resources.actions import ACTION, VERSIONS, no_such_action
from doorward.management.resources.log_streams import AWS_REGION
from doorward.model.document import Change, Delete, Document
from doorward.model.identifiers import new_base58_id, new_uuid

EVENT_STREAM = "event_stream"
ID = text(format="event-stream-id", about="Unique identifier for the event stream")
SECRET = text(min=1, max=4096)
AUTHORIZATION = tagged(
    "method",
    {
        "basic": record({"username": text(max=128, pattern=r"[^:]+"), "password": SECRET}, required=("username",)),
        "bearer": record({"token": SECRET}),
        "custom_header": record(
            {"header_key": text(max=255, pattern=r"[a-zA-Z0-9!#$%&'*+.^_`|~-]+"), "header_value": SECRET},
            required=("header_key",),
        ),
    },
)
CONFIGURATIONS = {
    "webhook": record(
        {"webhook_endpoint": text(max=2048, pattern=r"https://.*"), "webhook_authorization": AUTHORIZATION},
        required=("webhook_endpoint", "webhook_authorization"),
    ),
    "eventbridge": record(
        {
            "aws_account_id": text(pattern=r"[0-9]{12}"),
            "aws_region": AWS_REGION,
            "aws_partner_event_source": text(max=1024),
        },
        required=("aws_account_id", "aws_region"),
    ),
    "action": record({"action_id": text(min=1, max=36)}, required=("action_id",)),
}
DESTINATION = tagged(
    "type",
    {
        type_: record({"configuration": configuration}, required=("configuration",))
        for type_, configuration in CONFIGURATIONS.items()
    },
)
SUBSCRIPTION = record({"event_type": text(max=128)}, required=("event_type",))
CREATE = record(
    {
        "name": text(min=1, max=128),
        "subscriptions": items(SUBSCRIPTION, min=1),
        "destination": DESTINATION,
        "status": choice("enabled", "disabled"),
    },
    required=("destination",),
)
make = made(EVENT_STREAM, "est_", defaults={"status": "enabled", "subscriptions": []}, id_=new_base58_id)


def no_such_stream(_: str = "") -> ApiError:
    return not_found("The event stream does not exist.")


def _check_action(call: Call, destination: dict[str, Any]) -> None:
    action = destination["configuration"].get("action_id")
    if action is not None and action not in call.directory.documents[ACTION]:
        raise no_such_action()


def prepare(call: Call, given: dict[str, Any]) -> Document:
    destination = given["destination"]
    _check_action(call, destination)
    if destination["type"] == "eventbridge":
        source = f"aws.partner/auth0.com/{call.tenant}-{new_uuid(call.ports.entropy)}/auth0.events"
        configuration = {"aws_partner_event_source": source, **destination["configuration"]}
        given = {**given, "destination": {**destination, "configuration": configuration}}
    return make(call, given)


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    """The type of a destination is fixed, and so is all of one in another cloud. Raises ``ApiError``."""
    destination, known = given.get("destination"), before.body["destination"]
    if destination is not None:
        if destination["type"] != known["type"]:
            raise not_supported("The type of a destination cannot be changed")
        if known["type"] == "eventbridge":
            if known["configuration"] | destination["configuration"] != known["configuration"]:
                raise not_supported("A destination of type eventbridge cannot be changed")
            given = {**given, "destination": known}
        _check_action(call, destination)
    return merged(call, before, given)


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    """An action that serves this stream only belongs to it, and goes with it."""
    action = _action(document)
    streams = call.directory.documents[EVENT_STREAM].values()
    if action is None or any(_action(stream) == action for stream in streams if stream.id != document.id):
        return []
    return [Delete(kind=ACTION, id=action), *VERSIONS.removed(call, action)]


def _action(stream: Document) -> str | None:
    action: str | None = stream.body["destination"]["configuration"].get("action_id")
    return action


EVENT_STREAMS = Collection(
    path="/event-streams",
    kind=EVENT_STREAM,
    one="event stream",
    many="event streams",
    scopes="event_streams",
    create=CREATE,
    update=CREATE.patch(plus={"subscriptions": items(SUBSCRIPTION)}),
    prepare=prepare,
    revise=revise,
    show=dated,
    shows={"destination": ANY},
    write_only=tuple(
        f"destination.configuration.webhook_authorization.{name}" for name in ("password", "token", "header_value")
    ),
    parameters={"id": ID},
    missing=no_such_stream,
    paging=Paging(key="eventStreams", offset=False, checkpoint=True, always_object=True),
    removed_with=removed_with,
    effect=Effect.STORED,
)


async def _stats(call: Call) -> Any:
    """Nothing was delivered."""
    stream = EVENT_STREAMS.get(call, call.id)
    now = timestamp(call.ports.clock.now())
    window = {"date_from": now, "date_to": now, "interval": {"scale_factor": 1, "type": "hour"}}
    return {"id": stream.id, "name": stream.body.get("name"), "window": window, "buckets": [], "metrics": []}


async def _deliveries(call: Call) -> Any:
    EVENT_STREAMS.get(call, call.id)
    return []


async def _delivery(call: Call) -> Any:
    EVENT_STREAMS.get(call, call.id)
    raise not_found("The event does not exist.")


RESOURCES: tuple[Shape, ...] = (
    EVENT_STREAMS,
    View(
        path="/event-streams/{id}/stats",
        scopes=("read:event_streams",),
        summary="Get the statistics of an event stream",
        answer=_stats,
        parameters={"id": ID},
        effect=Effect.EMPTY,
    ),
    View(
        path="/event-streams/{id}/deliveries",
        scopes=("read:event_streams", "read:event_deliveries"),
        summary="Get an event stream's deliveries",
        answer=_deliveries,
        parameters={"id": ID},
        effect=Effect.EMPTY,
    ),
    View(
        path="/event-streams/{id}/deliveries/{event_id}",
        scopes=("read:event_deliveries",),
        summary="Get the deliveries of one event",
        answer=_delivery,
        parameters={"id": ID},
        effect=Effect.EMPTY,
    ),
)
