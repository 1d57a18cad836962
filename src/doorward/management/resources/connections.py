"""``/connections``: where people's identities live, and which clients may use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorward.management.kit.answers import EMPTY
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, conflict, invalid_body, not_found, not_supported
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.projection import project
from doorward.management.kit.schema import items, text
from doorward.management.kit.shapes import Collection, Command, Shape, View, without_nulls
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import api_event, commit
from doorward.management.new_tenant import CONNECTION_DEFAULTS
from doorward.management.resources import organization_parts
from doorward.management.resources.client_credentials import client as existing_client
from doorward.management.resources.client_credentials import no_such_client
from doorward.management.resources.connection_body import CREATE, ENABLED, UPDATE
from doorward.management.resources.connection_defaults import completed
from doorward.model.document import Change, Delete, Document, Forget, Kind, Put, Unchanged
from doorward.model.identifiers import new_id, normalise_email

# Options that are kept encrypted and shown only to who may read options; a PATCH that leaves them out keeps them.
SECRET_OPTIONS = frozenset(
    [
        "client_secret",
        "app_secret",
        "api_key",
        "apiKey",
        "consumer_secret",
        "twilio_token",
        "configuration",
        "gateway_authentication",
        "password",
        "signing_key",
        "signingKey",
        "decryptionKey",
        "decryption_key",
        "adminAccessToken",
        "adminRefreshToken",
        "bearerToken",
        "token",
        "secret",
        "private_key",
        "freeform_fields",
        "customHeaders",
    ]
)
OPTION_READING = ("read:connections_options", "update:connections_options", "update:connections", "create:connections")
SECRETS = "options_secrets"
SCIM_CONFIGURATION, SCIM_TOKEN, DIRECTORY_PROVISIONING = "scim_configuration", "scim_token", "directory_provisioning"
KEYS = "connection_keys"
ENTERPRISE = frozenset("ad adfs auth0-oidc google-apps oidc okta pingfederate samlp waad office365 ip".split())  # noqa: SIM905
FEDERATING = frozenset(("okta", "oidc", "samlp"))


def no_such_connection(_: str = "") -> ApiError:
    return not_found("The connection does not exist", "inexistent_connection")


def split(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options apart from the secret ones."""
    return (
        {name: value for name, value in options.items() if name not in SECRET_OPTIONS},
        {name: value for name, value in options.items() if name in SECRET_OPTIONS},
    )


def _check(call: Call, body: Mapping[str, Any]) -> None:
    """Rules across properties, in Auth0's words where they are known."""
    options = body["options"]
    attributes = options.get("attributes")
    if attributes:
        if options.get("validation"):
            raise invalid_body("Cannot set both options.attributes and options.validation")
        if options.get("requires_username"):
            raise invalid_body("Cannot set both options.attributes and options.requires_username")
        for name, attribute in attributes.items():
            signup = (attribute or {}).get("signup") or {}
            if (attribute or {}).get("profile_required") and signup.get("status", "required") != "required":
                raise invalid_body(f"attribute {name} must also be required on signup")
    methods = {name: (one or {}).get("enabled") for name, one in (options.get("authentication_methods") or {}).items()}
    if methods.get("password") is False and not (methods.get("email_otp") or methods.get("phone_otp")):
        raise invalid_body("Cannot disable password without enabling email_otp or phone_otp")
    requesting = body.get("cross_app_access_requesting_app") or {}
    if requesting.get("active") and body["strategy"] not in FEDERATING:
        raise not_supported("Cross App Access Requesting App is not supported for this connection.")
    username = (options.get("validation") or {}).get("username")
    if username and username["min"] > username["max"]:
        raise invalid_body("options.validation.username.min is larger than max")


def _stored(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    public, secret = split(body["options"])
    return {**without_nulls(body), "options": public}, {SECRETS: secret} if secret else {}


def prepare(call: Call, given: dict[str, Any]) -> Document:
    strategy, name = given["strategy"], given["name"]
    id_ = new_id(call.ports.entropy, "con_")
    enterprise = {"display_name": name, "show_as_button": False} if strategy in ENTERPRISE else {}
    body = {
        **enterprise,
        **CONNECTION_DEFAULTS,
        "realms": [name],
        **without_nulls(given),
        "id": id_,
        "options": completed(strategy, given.get("options", {}), new=True),
        "enabled_clients": list(dict.fromkeys(given.get("enabled_clients", ()))),
    }
    _check(call, body)
    public, secrets = _stored(body)
    return Document(kind=Kind.CONNECTION, id=id_, body=public, secrets=secrets, unique_key=name)


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    """``options`` is replaced as a whole, but for the secrets it leaves out."""
    body = {**before.body, **given}
    if given.get("enabled_clients") is not None:
        body["enabled_clients"] = list(dict.fromkeys(given["enabled_clients"]))
    else:
        body["enabled_clients"] = before.body.get("enabled_clients", [])
    kept = before.secrets.get(SECRETS, {})
    if given.get("options") is None:
        body["options"] = {**before.body.get("options", {}), **kept}
    else:
        body["options"] = completed(before.body["strategy"], {**kept, **given["options"]}, new=False)
        _check_new_attributes(before, given["options"])
        _check(call, body)
    public, secrets = _stored(body)
    return msgspec.structs.replace(before, body=public, secrets=secrets)


def _check_new_attributes(before: Document, options: Mapping[str, Any]) -> None:
    known = (before.body.get("options", {}).get("attributes") or {}).get("email")
    email = (options.get("attributes") or {}).get("email")
    if email and not known and email.get("unique") is False:
        raise invalid_body("cannot add non-unique email attribute")


def show(call: Call, document: Document) -> dict[str, Any]:
    body = dict(document.body)
    if call.actor.may(*OPTION_READING):
        secrets = document.secrets.get(SECRETS, {})
        body["options"] = {**body.get("options", {}), **secrets}
        call.disclosed.update(secrets)
    return body


def keep(call: Call, document: Document) -> bool:
    query = call.query
    if "name" in query and document.body["name"] != query["name"]:
        return False
    return "strategy" not in query or document.body["strategy"] in query["strategy"]


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    """Its users go with it, with everything they have, how they are provisioned, and what organizations know of it."""
    tokens = call.directory.documents[SCIM_TOKEN].values()
    return (
        Unchanged(kind=SCIM_TOKEN, since=call.directory.tenant.revision),
        Forget(connection=document.body["name"], connection_id=document.id, at=call.ports.clock.now()),
        *(Delete(kind=kind, id=document.id) for kind in (SCIM_CONFIGURATION, DIRECTORY_PROVISIONING, KEYS)),
        *(Delete(kind=SCIM_TOKEN, id=token.id) for token in tokens if token.body["connection_id"] == document.id),
        *organization_parts.without(call, {organization_parts.CONNECTIONS: {document.id}}),
    )


CONNECTIONS = Collection(
    path="/connections",
    kind=Kind.CONNECTION,
    one="connection",
    many="connections",
    scopes="connections",
    create=CREATE,
    update=UPDATE,
    prepare=prepare,
    revise=revise,
    show=show,
    missing=no_such_connection,
    paging=Paging(key="connections", checkpoint=True),
    filters={"strategy": items(text(max=64), max=60), "name": text(max=128)},
    keep=keep,
    projects=True,
    always=("id", "is_domain_connection"),
    removed_with=removed_with,
    deleted=202,
    deleted_body=lambda call: {"deleted_at": timestamp(call.ports.clock.now())},
    taken=lambda _: conflict("A connection with the same name already exists"),
)

# ── enabled clients ──

CLIENTS_PAGING = Paging(key="clients", offset=False, checkpoint=True, largest=1000, always_object=True)
OF_CLIENT_PAGING = Paging(key="connections", offset=False, checkpoint=True, always_object=True)


async def _clients(call: Call) -> Any:
    enabled = CONNECTIONS.get(call, call.id).body.get("enabled_clients", ())
    return CLIENTS_PAGING.of(list(enabled), call.query, lambda client_id: {"client_id": client_id})


async def _enable(call: Call) -> Answer:
    document = CONNECTIONS.get(call, call.id)
    wanted = {entry["client_id"]: entry["status"] for entry in call.body}
    for client_id, status in wanted.items():
        if status and client_id not in call.directory.documents[Kind.CLIENT]:
            raise no_such_client()
    enabled = [client_id for client_id in document.body.get("enabled_clients", ()) if wanted.get(client_id, True)]
    enabled += [client_id for client_id, status in wanted.items() if status and client_id not in enabled]
    changed = msgspec.structs.replace(document, body={**document.body, "enabled_clients": enabled})
    await commit(call, [Put(document=changed, expected_revision=document.revision)], status=204)
    return Answer(status=204, body=NOTHING)


async def _of_client(call: Call) -> Any:
    document = existing_client(call, call.id)
    every = call.directory.documents[Kind.CONNECTION].values()
    strategies = call.query.get("strategy")
    enabled = [
        connection
        for connection in every
        if document.id in connection.body.get("enabled_clients", ())
        and (strategies is None or connection.body["strategy"] in strategies)
    ]

    def shown(connection: Document) -> dict[str, Any]:
        body = show(call, connection)
        body.pop("enabled_clients", None)
        return project(body, call.query)

    return OF_CLIENT_PAGING.of(enabled, call.query, shown, lambda connection: connection.sequence)


async def _status(call: Call) -> Any:
    """Of the connector of a directory behind a firewall: there is none that could be online."""
    CONNECTIONS.get(call, call.id)
    raise not_found("The connection is offline")


async def _delete_user(call: Call) -> Answer:
    document = CONNECTIONS.get(call, call.id)
    found = await call.ports.users.find_by_identifier(
        call.tenant, document.body["name"], "email", normalise_email(call.query.get("email", ""))
    )
    if found is not None:
        if found[0].place_of(document.body["name"], "email", call.query["email"]) != 0:
            raise not_supported("The user is linked to another account: unlink it first")
        event = api_event(call, status=204)
        await call.ports.users.delete(call.tenant, found[0].user_id, at=call.ports.clock.now(), events=(event,))
    return Answer(status=204, body=NOTHING)


RESOURCES: tuple[Shape, ...] = (
    CONNECTIONS,
    View(
        path="/connections/{id}/clients",
        scopes=("read:connections",),
        summary="Get enabled clients for a connection",
        answer=_clients,
        query=CLIENTS_PAGING.rules,
    ),
    Command(
        method="PATCH",
        path="/connections/{id}/clients",
        scopes=("update:connections",),
        summary="Update enabled clients for a connection",
        run=_enable,
        body=ENABLED,
        answers=EMPTY,
    ),
    View(
        path="/connections/{id}/status",
        scopes=("read:connections",),
        summary="Check the status of a connection",
        answer=_status,
        effect=Effect.EMPTY,
    ),
    Command(
        method="DELETE",
        path="/connections/{id}/users",
        scopes=("delete:users",),
        summary="Delete a connection user",
        run=_delete_user,
        query={"email": text(format="email")},
    ),
    View(
        path="/clients/{id}/connections",
        scopes=("read:connections", "read:clients", "read:client_summary"),
        summary="Get enabled connections for a client",
        answer=_of_client,
        query={**OF_CLIENT_PAGING.rules, **PROJECTION, "strategy": items(text(max=64), max=60)},
    ),
)
