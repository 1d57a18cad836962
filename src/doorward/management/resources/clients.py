"""``/clients``: applications, their secrets and what they may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorward.management.kit.answers import entity
from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import (
    ApiError,
    conflict,
    insufficient_scope,
    invalid_body,
    invalid_query,
    not_supported,
)
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, text
from doorward.management.kit.shapes import Collection, Command, Shape, without_nulls
from doorward.management.kit.writing import commit
from doorward.management.new_tenant import CLIENT_DEFAULTS
from doorward.management.resources import client_credentials as credentials
from doorward.management.resources import organization_parts
from doorward.management.resources.client_body import CREATE, UPDATE
from doorward.model.credential import KeyState
from doorward.model.document import Change, Delete, Document, Forget, Kind, Put, Unchanged
from doorward.model.identifiers import new_client_id, new_client_secret

# Kept encrypted; the rest of a client is public within its tenant.
SECRETS = ("client_secret", "addons", "encryption_key")
NEED_KEYS = ("client_secret", "client_authentication_methods", "encryption_key", "signing_keys")
SUMMARY = ("client_id", "name", "app_type", "description")
INTERNAL = ("is_global", credentials.KEYS, credentials.CERTIFICATES)
# What may name credentials.
HOLDERS = frozenset(("client_authentication_methods", "signed_request_object", "token_vault_privileged_access"))
# A PATCH changes these property by property; every other object is replaced.
MERGED = ("jwt_configuration", "refresh_token", "session_transfer", "signed_request_object")
SESSION_TRANSFER_DEFAULTS: dict[str, Any] = {
    "can_create_session_transfer_token": False,
    "enforce_cascade_revocation": True,
    "allowed_authentication_methods": [],
    "enforce_device_binding": "ip",
    "allow_refresh_token": False,
    "enforce_online_refresh_tokens": True,
}
_SIGNING: dict[str, Any] = {"jwt_configuration": {**CLIENT_DEFAULTS["jwt_configuration"], "alg": "RS256"}}
# What clients of a type have besides; one that stands for an API signs nobody in.
FOR_TYPE: dict[str, dict[str, Any]] = {
    "resource_server": {"grant_types": [], **_SIGNING},
    "express_configuration": {
        "organization_usage": "deny",
        "organization_require_behavior": "no_prompt",
        **_SIGNING,
    },
}
READING = ("read:clients", "read:client_keys", "read:client_credentials", "read:client_summary")
KEY_READING = ("read:client_keys", "read:client_credentials")
UPDATING = (
    "update:clients", "update:client_keys", "update:client_credentials", "update:client_token_vault_privileged_access",
)  # fmt: skip
UPDATE_NEEDS = {
    "client_secret": "update:client_keys",
    "encryption_key": "update:client_keys",
    "client_authentication_methods": "update:client_credentials",
    "token_vault_privileged_access": "update:client_token_vault_privileged_access",
}


def split(body: Mapping[str, Any], secrets: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Properties apart from secrets, both without what is ``null``."""
    every = without_nulls({**secrets, **body})
    if "addons" in every:
        every["addons"] = without_nulls(every["addons"])
    return (
        {name: value for name, value in every.items() if name not in SECRETS},
        {name: value for name, value in every.items() if name in SECRETS},
    )


def _adopt(call: Call, body: dict[str, Any], held: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """Credentials spelled out become the client's, unless it holds them; what named them keeps the ids."""
    made: list[dict[str, Any]] = []

    def reference(given: Mapping[str, Any]) -> dict[str, str]:
        credential = next((known for known in held if credentials.is_same(known, given)), None)
        if credential is None:
            made.append(credential := credentials.make(call, given))
        return {"id": credential["id"]}

    def referring(holder: dict[str, Any]) -> dict[str, Any]:
        return {**holder, "credentials": [reference(given) for given in holder.get("credentials") or ()]}

    methods = body.get("client_authentication_methods")
    if methods:
        body["client_authentication_methods"] = {name: referring(holder) for name, holder in methods.items()}
    for name in ("signed_request_object", "token_vault_privileged_access"):
        if body.get(name):
            body[name] = referring(body[name])
    return made


def adopt(call: Call, before: Document, given: dict[str, Any]) -> tuple[Document, dict[str, Any]]:
    """A known client whose credentials are spelled out again: the client with those it does not hold yet, and
    the properties with references only. Raises ``Unfit`` and ``ApiError``."""
    held, changes = credentials.of(before), dict(given)
    for name in HOLDERS & {name for name, value in given.items() if value is not None}:
        CREATE.properties[name].check(given[name], name)
    made = _adopt(call, changes, held)
    if not made:
        return before, changes
    body = credentials.with_credentials(before.body, [*held, *made])
    return msgspec.structs.replace(before, body=body), changes


def _check(call: Call, body: Mapping[str, Any], held: set[str]) -> None:
    """Rules across properties, for the client as it would become."""
    if body.get("client_authentication_methods") and body.get("token_endpoint_auth_method"):
        raise invalid_body("client_authentication_methods and token_endpoint_auth_method are mutually exclusive")
    if len(body.get("client_authentication_methods") or ()) > 1:
        raise invalid_body("Only one of client_authentication_methods may be set")
    unknown = credentials.named_in(body) - held
    if unknown:
        raise invalid_body(f"The credential {min(unknown)} does not belong to the client")
    if not body.get("is_first_party", True) and body.get("organization_usage") not in (None, "deny"):
        raise invalid_body("organization_usage cannot be set for a third-party client")
    identifier = body.get("resource_server_identifier")
    if identifier and identifier not in call.directory.resource_servers:
        raise invalid_body("resource_server_identifier does not name an API of this tenant")
    refresh = body.get("refresh_token") or {}
    audiences = [policy["audience"] for policy in refresh.get("policies") or ()]
    if len(set(audiences)) != len(audiences):
        raise invalid_body("refresh_token.policies names an audience twice")


def prepare(call: Call, given: dict[str, Any]) -> Document:
    if given.get("client_authentication_methods") and not call.actor.may("create:client_credentials"):
        raise insufficient_scope(("create:client_credentials",))
    body = without_nulls(given)
    for name in MERGED:
        if name in body:
            body[name] = _completed(name, {**CLIENT_DEFAULTS.get(name, {}), **body[name]})
    body = {**CLIENT_DEFAULTS, **FOR_TYPE.get(body.get("app_type", ""), {}), **body}
    if not body["is_first_party"]:
        body.setdefault("third_party_security_mode", "strict")
    elif "third_party_security_mode" in body:
        raise invalid_body("third_party_security_mode is for third-party clients only")
    strict = body.get("third_party_security_mode") == "strict"
    client_id = given.get("client_id") or new_client_id(call.ports.entropy, strict_third_party=strict)
    body["client_id"] = client_id
    made = _adopt(call, body)
    _check(call, body, {credential["id"] for credential in made})
    public, secrets = split(credentials.with_credentials(body, made), {})
    secrets.setdefault("client_secret", new_client_secret(call.ports.entropy))
    return Document(kind=Kind.CLIENT, id=client_id, body=public, secrets=secrets)


def _completed(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return without_nulls({**SESSION_TRANSFER_DEFAULTS, **value} if name == "session_transfer" else value)


def _may_update(call: Call, body: Mapping[str, Any]) -> None:
    needed = {UPDATE_NEEDS.get(name, "update:clients") for name in body}
    for scope in sorted(needed):
        # Who may change the client's keys may put the whole client right.
        if not call.actor.may(scope, "update:client_keys" if scope == "update:clients" else scope):
            raise insufficient_scope((scope,))


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    _may_update(call, given)
    mode = given.get("third_party_security_mode", before.body.get("third_party_security_mode"))
    if mode != before.body.get("third_party_security_mode"):
        raise not_supported("third_party_security_mode cannot be changed after a client was created")
    body = {**before.body, **given}
    for name in MERGED:
        if given.get(name) is not None:
            body[name] = _completed(name, {**(before.body.get(name) or {}), **given[name]})
        elif name in given:
            body[name] = CLIENT_DEFAULTS.get(name)
    if given.get("client_metadata") is not None:
        known = before.body.get("client_metadata") or {}
        body["client_metadata"] = without_nulls({**known, **given["client_metadata"]})
    if given.get("client_authentication_methods") and "token_endpoint_auth_method" not in given:
        body["token_endpoint_auth_method"] = None
    for name in ("is_first_party", "grant_types", "callbacks"):
        if body.get(name) is None:
            body[name] = CLIENT_DEFAULTS[name]
    if not body["is_first_party"] and before.body.get("is_first_party"):
        body.setdefault("third_party_security_mode", "strict")
    if before.body.get("is_global") and given.get("is_first_party") is False:
        raise not_supported("The global client is a first-party client")
    _check(call, body, {credential["id"] for credential in credentials.of(before)})
    public, secrets = split(body, before.secrets)
    return msgspec.structs.replace(before, body=public, secrets=secrets)


def show(call: Call, document: Document) -> dict[str, Any]:
    return _shown(call, document, keys=call.actor.may(*KEY_READING, "update:client_keys"))


def show_created(call: Call, document: Document) -> dict[str, Any]:
    """The answer to a POST: with the secret, and the new credentials in full."""
    shown = _shown(call, document, keys=True)
    known = {credential["id"]: credentials.show(credential) for credential in credentials.of(document)}

    def spelled_out(holder: Mapping[str, Any]) -> dict[str, Any]:
        return {**holder, "credentials": [known[reference["id"]] for reference in holder.get("credentials") or ()]}

    methods = shown.get("client_authentication_methods")
    if methods:
        shown["client_authentication_methods"] = {name: spelled_out(holder) for name, holder in methods.items()}
    for name in ("signed_request_object", "token_vault_privileged_access"):
        if shown.get(name):
            shown[name] = spelled_out(shown[name])
    return shown


def _shown(call: Call, document: Document, *, keys: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "tenant": call.tenant,
        **document.body,
        **{name: value for name, value in document.secrets.items() if name in SECRETS},
    }
    for name in INTERNAL:
        body.pop(name, None)
    body.setdefault("callback_url_template", False)
    if keys:
        body["signing_keys"] = signing_keys(call)
    else:
        for name in NEED_KEYS:
            body.pop(name, None)
    reads = call.request.method in ("GET", "HEAD")
    if reads and not call.actor.may("read:clients", "read:client_keys"):
        seen = (*SUMMARY, *NEED_KEYS, "tenant")
        return {name: value for name, value in body.items() if name in seen}
    return body


def signing_keys(call: Call) -> list[dict[str, Any]]:
    return [
        {"cert": key.cert, "pkcs7": key.pkcs7, "subject": f"/CN={call.directory.tenant.domain}"}
        for key in call.directory.signing_keys
        if key.state is KeyState.CURRENT
    ]


def keep(call: Call, document: Document) -> bool:
    query, body = call.query, document.body
    if "q" in query or "external_client_id" in query:
        raise invalid_query("Searching clients is not supported: filter by is_global, is_first_party or app_type")
    if "is_global" in query and bool(body.get("is_global")) is not query["is_global"]:
        return False
    if "is_first_party" in query and bool(body.get("is_first_party", True)) is not query["is_first_party"]:
        return False
    return "app_type" not in query or body.get("app_type") in query["app_type"].split(",")


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    """Its grants, consents and refresh tokens go with it, and connections and organizations forget it."""
    if document.body.get("is_global"):
        raise not_supported("The global client cannot be deleted")
    documents = call.directory.documents
    grants = [d for d in documents[Kind.CLIENT_GRANT].values() if d.body.get("client_id") == document.id]
    connections = [d for d in documents[Kind.CONNECTION].values() if document.id in d.body.get("enabled_clients", ())]
    return [
        Unchanged(kind=Kind.CLIENT_GRANT, since=call.directory.tenant.revision),
        *(Delete(kind=Kind.CLIENT_GRANT, id=grant.id) for grant in grants),
        *(Put(document=_without_client(d, document.id), expected_revision=d.revision) for d in connections),
        *organization_parts.without(
            call,
            {
                organization_parts.CLIENTS: {document.id},
                organization_parts.CLIENT_GRANTS: {grant.id for grant in grants},
            },
        ),
        Forget(client_id=document.id, at=call.ports.clock.now()),
    ]


def _without_client(connection: Document, client_id: str) -> Document:
    enabled = [other for other in connection.body["enabled_clients"] if other != client_id]
    return msgspec.structs.replace(connection, body={**connection.body, "enabled_clients": enabled})


async def _rotate_secret(call: Call) -> Answer:
    document = CLIENTS.get(call, call.id)
    if (document.body.get("client_authentication_methods") or {}).get("private_key_jwt"):
        raise not_supported("The client authenticates with private_key_jwt and uses no secret")
    secret = new_client_secret(call.ports.entropy)
    changed = msgspec.structs.replace(document, secrets={**document.secrets, "client_secret": secret})
    await commit(call, [Put(document=changed, expected_revision=document.revision)])
    return Answer(body=_shown(call, CLIENTS.get(call, call.id), keys=True))


def _taken(document: Document) -> ApiError:
    return conflict("A client with the same client_id already exists")


CLIENTS = Collection(
    path="/clients",
    kind=Kind.CLIENT,
    one="client",
    many="clients",
    scopes={
        "list": READING,
        "read": READING,
        "create": ("create:clients",),
        "update": UPDATING,
        "delete": ("delete:clients",),
    },
    create=CREATE,
    update=UPDATE,
    prepare=prepare,
    revise=revise,
    show=show,
    show_created=show_created,
    missing=lambda _: credentials.no_such_client(),
    paging=Paging(key="clients", checkpoint=True, smallest=0),
    keep=keep,
    filters={
        "is_global": BOOLEAN,
        "is_first_party": BOOLEAN,
        "app_type": text(max=1000),
        "external_client_id": text(max=2048),
        "q": text(max=1000),
    },
    projects=True,
    always=("tenant", "signing_keys"),
    removed_with=removed_with,
    taken=_taken,
)
ROTATE = Command(
    method="POST",
    path="/clients/{id}/rotate-secret",
    scopes=("update:client_keys",),
    summary="Rotate a client secret",
    run=_rotate_secret,
    answers={200: entity(CREATE, shows={})},
)
RESOURCES: tuple[Shape, ...] = (CLIENTS, ROTATE)
