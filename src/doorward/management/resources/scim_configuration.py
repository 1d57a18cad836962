"""``/connections/{id}/scim-configuration``: how an identity provider's directory writes its people here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import conflict, not_found, not_supported
from doorward.management.kit.operation import Effect
from doorward.management.kit.schema import ANY, choice, integer, items, record, text
from doorward.management.kit.shapes import Command, Shape, Singleton, View
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import commit
from doorward.management.resources.connections import CONNECTIONS, SCIM_CONFIGURATION, SCIM_TOKEN
from doorward.model.digest import digest
from doorward.model.document import Change, Delete, Document, Need, Put, Unchanged
from doorward.model.identifiers import new_id

# Strategies whose directories speak SCIM, and the attribute people are recognised by.
USER_IDS = {"okta": "externalId", "oidc": "externalId", "waad": "externalId", "samlp": "userName"}
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# The attributes of RFC 7643 that users have here.
DEFAULT_MAPPING = [
    {"auth0": name, "scim": scim}
    for name, scim in (
        ("preferred_username", "userName"),
        ("email", "emails[primary eq true].value"),
        ("external_id", "externalId"),
        ("blocked", "active"),
        ("name", "displayName"),
        ("given_name", "name.givenName"),
        ("family_name", "name.familyName"),
        ("middle_name", "name.middleName"),
        ("nickname", "nickName"),
        ("picture", "photos[primary eq true].value"),
        ("phone_number", "phoneNumbers[primary eq true].value"),
        ("title", "title"),
        ("locale", "locale"),
        ("zoneinfo", "timezone"),
        ("department", f"{ENTERPRISE}:department"),
        ("organization", f"{ENTERPRISE}:organization"),
    )
]
MAPPING = items(record({"auth0": text(max=255), "scim": text(max=255)}, open=True), max=200)
PATCH = record(
    {"user_id_attribute": text(min=1, max=255), "mapping": MAPPING}, required=("user_id_attribute", "mapping")
)
VERBS = ("get", "post", "put", "patch", "delete")
MOST_TOKENS = 2
TOKEN_BYTES = 32


def connection(call: Call) -> Document:
    return CONNECTIONS.get(call, call.id)


def made(call: Call, new: Document, given: dict[str, Any]) -> Document:
    strategy = connection(call).body["strategy"]
    if strategy not in USER_IDS:
        raise not_supported("SCIM is not supported for this connection.")
    defaults = {"user_id_attribute": USER_IDS[strategy], "mapping": DEFAULT_MAPPING}
    return msgspec.structs.replace(new, body={**defaults, **given})


def show(call: Call, document: Document) -> dict[str, Any]:
    of = connection(call)
    return {
        "connection_id": of.id,
        "connection_name": of.body["name"],
        "strategy": of.body["strategy"],
        "tenant_name": call.tenant,
        **document.body,
        "created_at": timestamp(document.created_at),
        "updated_on": timestamp(document.updated_at),
    }


def tokens(call: Call, connection_id: str) -> list[Document]:
    every = call.directory.documents[SCIM_TOKEN].values()
    return [token for token in every if token.body["connection_id"] == connection_id]


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    return [
        Unchanged(kind=SCIM_TOKEN, since=call.directory.tenant.revision),
        *(Delete(kind=SCIM_TOKEN, id=token.id) for token in tokens(call, document.id)),
    ]


CONFIGURATION = Singleton(
    path="/connections/{id}/scim-configuration",
    kind=SCIM_CONFIGURATION,
    id="{id}",
    scopes="scim_config",
    summary="SCIM configuration of a connection",
    create=PATCH.patch(),
    made=made,
    update=PATCH,
    show=show,
    within=connection,
    missing=lambda: not_found("Not Found"),
    taken=lambda _: conflict("SCIM is already configured for this connection"),
    removable=True,
    gone=204,
    removed_with=removed_with,
    effect=Effect.STORED,
)


async def _default_mapping(call: Call) -> dict[str, Any]:
    if connection(call).body["strategy"] not in USER_IDS:
        raise not_found("Not Found")
    return {"mapping": DEFAULT_MAPPING}


# ── tokens ──


def _shown(token: Document) -> dict[str, Any]:
    return {
        name: token.body[name] for name in ("token_id", "scopes", "created_at", "valid_until") if name in token.body
    }


async def _tokens(call: Call) -> list[dict[str, Any]]:
    return [_shown(token) for token in tokens(call, CONFIGURATION.get(call).id)]


async def _issue(call: Call) -> Answer:
    """The one answer with the token itself: of it, a hash is kept."""
    configuration = CONFIGURATION.get(call)
    if len(tokens(call, configuration.id)) >= MOST_TOKENS:
        raise conflict(f"Maximum of {MOST_TOKENS} tokens already issued for this connection")
    id_, now = new_id(call.ports.entropy, "tok_"), call.ports.clock.now()
    token = f"{id_}.{call.ports.entropy.token(TOKEN_BYTES)}"
    lifetime = call.body.get("token_lifetime")
    body = {
        "token_id": id_,
        "connection_id": configuration.id,
        "scopes": call.body.get("scopes") or [f"{verb}:users" for verb in VERBS],
        "created_at": timestamp(now),
        **({"valid_until": timestamp(now + lifetime)} if lifetime is not None else {}),
    }
    new = Document(kind=SCIM_TOKEN, id=id_, body=body, secrets={"hash": digest(token).hex()})
    needs: list[Change] = [
        Need(kind=SCIM_CONFIGURATION, id=configuration.id),
        Unchanged(kind=SCIM_TOKEN, since=call.directory.tenant.revision),
    ]
    await commit(call, [*needs, Put(document=new)], status=201)
    return Answer(status=201, body={**_shown(new), "token": token})


async def _revoke(call: Call) -> Answer:
    known = {token.id for token in tokens(call, CONFIGURATION.get(call).id)}
    if call.arguments["tokenId"] in known:
        await commit(call, [Delete(kind=SCIM_TOKEN, id=call.arguments["tokenId"])], status=204)
    return Answer(status=204, body=NOTHING)


TOKENS = f"{CONFIGURATION.path}/tokens"
RESOURCES: tuple[Shape, ...] = (
    CONFIGURATION,
    View(
        path=f"{CONFIGURATION.path}/default-mapping",
        scopes=("read:scim_config",),
        summary="Get the default SCIM mapping of a connection",
        answer=_default_mapping,
    ),
    View(
        path=TOKENS,
        scopes=("read:scim_token",),
        summary="Get SCIM tokens of a connection",
        answer=_tokens,
        shows=items(ANY),
        effect=Effect.STORED,
    ),
    Command(
        method="POST",
        path=TOKENS,
        scopes=("create:scim_token",),
        summary="Create a SCIM token",
        run=_issue,
        body=record(
            {
                "scopes": items(choice(*(f"{verb}:users" for verb in VERBS)), min=1, unique=True),
                "token_lifetime": integer(min=901).or_null,
            }
        ),
        effect=Effect.STORED,
    ),
    Command(
        method="DELETE",
        path=f"{TOKENS}/{{tokenId}}",
        scopes=("delete:scim_token",),
        summary="Delete a SCIM token",
        run=_revoke,
        effect=Effect.STORED,
    ),
)
