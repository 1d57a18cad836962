"""``/emails/provider``: who delivers the tenant's e-mail."""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.management.kit.bodies import require
from doorward.management.kit.context import Call
from doorward.management.kit.errors import conflict, invalid_body, not_found
from doorward.management.kit.schema import BOOLEAN, OBJECT, Rule, choice, either, integer, record, text
from doorward.management.kit.shapes import Shape, Singleton, without_nulls
from doorward.model.document import Document

WORD = text(min=1, max=2048)
EU = choice("eu").or_null
API_KEY = {"api_key": WORD}
# What each provider is given to recognise the tenant by.
CREDENTIALS: dict[str, Rule] = {
    **dict.fromkeys(("mandrill", "sendgrid", "resend"), record(API_KEY, required=("api_key",))),
    "mailgun": record({**API_KEY, "domain": text(min=4, max=255), "region": EU}, min=1),
    "sparkpost": record({**API_KEY, "region": EU}, min=1),
    "ses": record({"accessKeyId": WORD, "secretAccessKey": WORD, "region": WORD}, min=1),
    "smtp": record(
        {
            "smtp_host": either(text(format="hostname"), text(format="ipv4")),
            "smtp_port": integer(min=1, max=65535),
            "smtp_user": WORD,
            "smtp_pass": WORD,
        },
        min=1,
    ),
    "azure_cs": record({"connectionString": WORD}, min=1),
    "ms365": record({"tenantId": WORD, "clientId": WORD, "clientSecret": WORD}, min=1),
    "custom": record({}),
}
SECRETS = (
    "api_key", "accessKeyId", "secretAccessKey", "smtp_pass", "connectionString", "tenantId", "clientId",
    "clientSecret",
)  # fmt: skip
CREATE = record(
    {
        "name": choice(*CREDENTIALS),
        "enabled": BOOLEAN,
        "default_from_address": text(format="email-or-empty"),
        "credentials": OBJECT,
        "settings": OBJECT.or_null,
    },
    required=("name", "credentials"),
)


def made(call: Call, new: Document, given: dict[str, Any]) -> Document:
    require(CREDENTIALS[given["name"]], given["credentials"], "credentials")
    return _with(new, {"enabled": True, **given})


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    """Credentials that are left out stay; another provider has its own, and its own settings."""
    name = given.get("name", before.body["name"])
    if name != before.body["name"]:
        if "credentials" not in given:
            raise invalid_body("credentials are required with another provider")
        kept = {**before.body, "credentials": {}, "settings": None}
        before = msgspec.structs.replace(before, body=kept, secrets={})
    if "credentials" in given:
        require(CREDENTIALS[name], given["credentials"], "credentials")
    credentials = {**before.body["credentials"], **given.get("credentials", {})}
    return _with(before, {**before.body, **given, "credentials": credentials})


def _with(document: Document, body: dict[str, Any]) -> Document:
    whole = {**body, "credentials": without_nulls(body["credentials"])}
    return msgspec.structs.replace(document, body=without_nulls(whole))


PROVIDER = Singleton(
    path="/emails/provider",
    id="email_provider",
    scopes="email_provider",
    summary="email provider",
    create=CREATE,
    made=made,
    update=CREATE.patch(min=1),
    revise=revise,
    write_only=tuple(f"credentials.{name}" for name in SECRETS),
    missing=lambda: not_found("There is not a configured email provider", "inexistent_email_provider"),
    taken=lambda _: conflict("Email provider is already configured."),
    removable=True,
    gone=204,
    projects=True,
)
RESOURCES: tuple[Shape, ...] = (PROVIDER,)
