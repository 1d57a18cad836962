"""``/log-streams``: where the tenant log is to be sent. Streams are kept; nothing is sent yet."""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.management.kit.bodies import refusal
from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, not_found, not_supported
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import ANY, BOOLEAN, OBJECT, Record, Unfit, choice, items, record, tagged, text
from doorward.management.kit.shapes import Collection, Shape, merged
from doorward.model.document import Document
from doorward.model.identifiers import new_uuid

LOG_STREAM = "log_stream"
AWS_REGION = text(pattern=r"[a-z]{2}(?:-[a-z]+)+-[0-9]")
TOKEN = text(min=1, max=4096)
NAMED = text(min=1, max=1024)
SINKS: dict[str, Record] = {
    "http": record(
        {
            "httpEndpoint": text(max=2048, pattern=r"https://.*"),
            "httpAuthorization": text(max=4096),
            "httpContentFormat": choice("JSONARRAY", "JSONLINES", "JSONOBJECT"),
            "httpContentType": text(max=255),
            "httpCustomHeaders": items(record({"header": text(max=255), "value": text(max=4096)}, open=True), max=50),
        },
        required=("httpEndpoint",),
    ),
    "eventbridge": record(
        {"awsAccountId": text(pattern=r"[0-9]{12}"), "awsRegion": AWS_REGION, "awsPartnerEventSource": NAMED},
        required=("awsAccountId", "awsRegion"),
    ),
    "eventgrid": record(
        {
            "azureSubscriptionId": text(pattern=r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
            "azureRegion": text(pattern=r"[a-z]+[0-9]?"),
            "azureResourceGroup": NAMED,
            "azurePartnerTopic": NAMED,
        },
        required=("azureSubscriptionId", "azureRegion", "azureResourceGroup"),
    ),
    "datadog": record(
        {"datadogApiKey": TOKEN, "datadogRegion": choice("us", "eu", "us3", "us5")},
        required=("datadogApiKey", "datadogRegion"),
    ),
    "splunk": record(
        {
            "splunkDomain": NAMED,
            "splunkPort": text(pattern=r"[0-9]{1,5}"),
            "splunkToken": TOKEN,
            "splunkSecure": BOOLEAN,
        },
        required=("splunkDomain", "splunkPort", "splunkToken", "splunkSecure"),
    ),
    "sumo": record({"sumoSourceAddress": NAMED}, required=("sumoSourceAddress",)),
    "segment": record({"segmentWriteKey": TOKEN}, required=("segmentWriteKey",)),
    "mixpanel": record(
        {
            "mixpanelRegion": choice("us", "eu"),
            "mixpanelProjectId": text(pattern=r"[0-9]+"),
            "mixpanelServiceAccountUsername": text(pattern=r"[^:]+"),
            "mixpanelServiceAccountPassword": text(pattern=r"[^:]+", secret=True),
        },
        required=(
            "mixpanelRegion",
            "mixpanelProjectId",
            "mixpanelServiceAccountUsername",
            "mixpanelServiceAccountPassword",
        ),
    ),
}
SECRETS = (
    "httpAuthorization",
    "httpCustomHeaders",
    "datadogApiKey",
    "splunkToken",
    "segmentWriteKey",
    "mixpanelServiceAccountPassword",
)
# What Auth0 agreed upon with the other cloud cannot be changed.
AGREED = ("eventbridge", "eventgrid")
CATEGORY = choice(
    *(f"auth.{event}.{result}" for event in ("login", "logout", "signup", "silent_auth", "token_exchange")
      for result in ("fail", "success")),
    "auth.login.notification", "management.fail", "management.success", "scim.event", "system.notification",
    "user.fail", "user.notification", "user.success", "actions", "other",
)  # fmt: skip
PROPERTIES = {
    "name": text(min=1, max=255),
    "isPriority": BOOLEAN,
    "filters": items(record({"type": choice("category"), "name": CATEGORY}, open=True)),
    "pii_config": record(
        {
            "log_fields": items(choice("first_name", "last_name", "username", "email", "phone", "address"), min=1),
            "method": choice("mask", "hash"),
            "algorithm": choice("xxhash"),
        },
        required=("log_fields",),
    ),
}
CREATE = tagged(
    "type",
    {
        type_: record({**PROPERTIES, "sink": sink, "startFrom": text(max=64)}, required=("sink",))
        for type_, sink in SINKS.items()
    },
)
UPDATE = record({**PROPERTIES, "status": choice("active", "paused", "suspended"), "sink": OBJECT})
DEFAULTS: dict[str, Any] = {"isPriority": False, "filters": []}


def no_such_stream(_: str = "") -> ApiError:
    return not_found("The log stream does not exist.")


def prepare(call: Call, given: dict[str, Any]) -> Document:
    id_ = f"lst_{call.ports.entropy.hexadecimal(16)}"
    body = {**DEFAULTS, **given, "id": id_, "status": "active"}
    if body["type"] == "eventbridge":
        source = f"aws.partner/auth0.com/{call.tenant}-{new_uuid(call.ports.entropy)}/auth0.logs"
        body["sink"] = {"awsPartnerEventSource": source, **body["sink"]}
    return Document(kind=LOG_STREAM, id=id_, body=body)


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    """``sink`` is replaced as a whole, but for the secrets it leaves out. Raises ``ApiError``."""
    type_, sink = before.body["type"], given.get("sink")
    if sink is not None:
        rule = SINKS[type_]
        kept = {path.removeprefix("sink.") for path in before.secrets}
        try:
            msgspec.structs.replace(rule, required=tuple(n for n in rule.required if n not in kept)).check(sink, "sink")
        except Unfit as error:
            raise refusal(error) from None
        known = before.body["sink"]
        if type_ in AGREED:
            if known | sink != known:
                raise not_supported(f"The sink of a log stream of type {type_} cannot be changed")
            given = {**given, "sink": known}
    return merged(call, before, given)


LOG_STREAMS = Collection(
    path="/log-streams",
    kind=LOG_STREAM,
    one="log stream",
    many="log streams",
    scopes="log_streams",
    create=CREATE,
    update=UPDATE,
    prepare=prepare,
    revise=revise,
    shows={"sink": ANY},
    secret=tuple(f"sink.{name}" for name in SECRETS),
    missing=no_such_stream,
    paging=Paging(key="log_streams", offset=False),
    created=200,
    effect=Effect.STORED,
)
RESOURCES: tuple[Shape, ...] = (LOG_STREAMS,)
