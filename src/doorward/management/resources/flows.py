"""``/flows``: steps that a form or a login may take, and the connections they use. Nothing takes them yet."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, not_found
from doorward.management.kit.making import dated, made
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, OBJECT, choice, items, record, text
from doorward.management.kit.shapes import Collection, Shape, View, merged
from doorward.model.document import Document
from doorward.model.identifiers import new_base58_id

FLOW, VAULT_CONNECTION = "flow", "flow_vault_connection"
NAME = text(min=1, max=150)
ID = text(max=30)
STEP = record(
    {
        "id": text(min=1, max=255),
        "alias": text(max=100),
        "type": text(min=1, max=64),
        "action": text(min=1, max=64),
        "allow_failure": BOOLEAN,
        "mask_output": BOOLEAN,
        "params": OBJECT,
    },
    required=("id", "type", "action"),
    open=True,
)
CREATE_FLOW = record(
    {
        "name": NAME,
        "description": text(max=1000).or_null,
        "actions": items(STEP, max=100),
        "synchronous": BOOLEAN,
        "security": OBJECT,
        "triggers": OBJECT,
    },
    required=("name",),
)
FLOW_DEFAULTS: dict[str, Any] = {
    "actions": [],
    "synchronous": False,
    "security": {"rateLimits": []},
    "triggers": {"webhook": {"enabled": False, "secret": None}},
}


def no_such_flow(_: str = "") -> ApiError:
    return not_found("Flow not found")


def show_flow(call: Call, document: Document) -> dict[str, Any]:
    return {**dated(call, document), "executed_at": None}


FLOWS = Collection(
    path="/flows",
    kind=FLOW,
    one="flow",
    many="flows",
    scopes="flows",
    create=CREATE_FLOW,
    update=CREATE_FLOW.patch(),
    prepare=made(FLOW, "af_", defaults=FLOW_DEFAULTS, id_=new_base58_id),
    show=show_flow,
    parameters={"id": ID},
    missing=no_such_flow,
    paging=Paging(key="flows"),
    filters={"synchronous": BOOLEAN},
    keep=lambda call, flow: call.query.get("synchronous", flow.body["synchronous"]) is flow.body["synchronous"],
    gone=None,
    effect=Effect.STORED,
)

# ── executions ──

EXECUTIONS_PAGING = Paging(key="executions", checkpoint=True)


async def _executions(call: Call) -> Any:
    FLOWS.get(call, call.id)
    return EXECUTIONS_PAGING.of([], call.query, dict)


async def _execution(call: Call) -> Any:
    FLOWS.get(call, call.id)
    raise not_found("Flow execution not found")


# ── connections ──

APPS = choice(
    "ACTIVECAMPAIGN", "AIRTABLE", "AUTH0", "BIGQUERY", "CLEARBIT", "DOCUSIGN", "GOOGLE_SHEETS", "HTTP", "HUBSPOT",
    "JWT", "MAILCHIMP", "MAILJET", "PIPEDRIVE", "SALESFORCE", "SENDGRID", "SLACK", "STRIPE", "TELEGRAM", "TWILIO",
    "WHATSAPP", "ZAPIER",
)  # fmt: skip
SETUP = record(
    {
        "type": choice(
            "API_KEY", "BASIC_AUTH", "BEARER", "JWT", "KEY_PAIR", "OAUTH_APP", "OAUTH_CLIENT_CREDENTIALS", "OAUTH_CODE",
            "OAUTH_JWT", "TOKEN", "WEBHOOK",
        )
    },
    open=True,
)  # fmt: skip
CREATE_CONNECTION = record({"name": NAME, "app_id": APPS, "setup": SETUP}, required=("name", "app_id"))
make_connection = made(VAULT_CONNECTION, "ac_", id_=new_base58_id)


def _with_fingerprint(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    """A new setup gets a new fingerprint, which says nothing about it."""
    return {**given, "fingerprint": call.ports.entropy.hexadecimal(40)}


def prepare_connection(call: Call, given: dict[str, Any]) -> Document:
    return make_connection(call, _with_fingerprint(call, given))


def revise_connection(call: Call, before: Document, given: dict[str, Any]) -> Document:
    return merged(call, before, _with_fingerprint(call, given) if "setup" in given else given)


def show_connection(call: Call, document: Document) -> dict[str, Any]:
    ready = "setup" in document.secrets
    return {**dated(call, document), "ready": ready, "refreshed_at": None}


CONNECTIONS = Collection(
    path="/flows/vault/connections",
    kind=VAULT_CONNECTION,
    one="Flows Vault connection",
    many="Flows Vault connections",
    scopes="flows_vault_connections",
    create=CREATE_CONNECTION,
    update=CREATE_CONNECTION.patch(without=("app_id",)),
    prepare=prepare_connection,
    revise=revise_connection,
    show=show_connection,
    write_only=("setup",),
    parameters={"id": ID},
    missing=lambda _: not_found("Connection not found"),
    paging=Paging(key="connections"),
    gone=None,
    effect=Effect.STORED,
)
RESOURCES: tuple[Shape, ...] = (
    FLOWS,
    CONNECTIONS,
    View(
        path="/flows/{flow_id}/executions",
        scopes=("read:flows_executions",),
        summary="Get flow executions",
        answer=_executions,
        query=EXECUTIONS_PAGING.rules,
        effect=Effect.EMPTY,
    ),
    View(
        path="/flows/{flow_id}/executions/{execution_id}",
        scopes=("read:flows_executions",),
        summary="Get a flow execution",
        answer=_execution,
        effect=Effect.EMPTY,
    ),
)
