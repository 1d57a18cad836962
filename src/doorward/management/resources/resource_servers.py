"""``/resource-servers``: APIs, their scopes and the tokens they are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, conflict, invalid_body, not_found, not_supported
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import ANY, BOOLEAN, choice, integer, items, record, text
from doorward.management.kit.shapes import Collection, Shape, without_nulls
from doorward.management.new_tenant import RESOURCE_SERVER_DEFAULTS
from doorward.management.resources import organization_parts
from doorward.management.system_scopes import ready_made
from doorward.model.document import Change, Delete, Document, Forget, Kind, Put, Unchanged
from doorward.model.identifiers import new_object_id

MAX_SCOPES = 1000
MIN_RSA_BITS = 2048
SECRET_LENGTH = 32
# What may change of an API that the server itself made.
SYSTEM_UPDATABLE = frozenset(
    ["token_lifetime", "token_lifetime_for_web", "skip_consent_for_verifiable_first_party_clients"]
)

CREATE = record(
    {
        "name": text(max=200, pattern=r"[^<>]*"),
        "identifier": text(min=1, max=600),
        "scopes": items(
            record({"value": text(min=1, max=280), "description": text(max=500)}, required=("value",)),
            max=MAX_SCOPES,
        ),
        "signing_alg": choice("HS256", "RS256", "RS512", "PS256"),
        "signing_secret": text(min=16, max=1024),
        "allow_offline_access": BOOLEAN,
        "allow_online_access": BOOLEAN,
        "allow_online_access_with_ephemeral_sessions": BOOLEAN,
        "token_lifetime": integer(min=0, max=2592000),
        "token_lifetime_for_web": integer(min=0, max=2592000),
        "token_dialect": choice("access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"),
        "skip_consent_for_verifiable_first_party_clients": BOOLEAN,
        "enforce_policies": BOOLEAN,
        "token_encryption": record(
            {
                "format": choice("compact-nested-jwe"),
                "encryption_key": record(
                    {
                        "name": text(min=1, max=128),
                        "alg": choice("RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"),
                        "kid": text(min=1, max=128),
                        "pem": text(min=1, max=4096),
                    },
                    required=("alg", "pem"),
                ),
            },
            required=("format", "encryption_key"),
        ).or_null,
        "consent_policy": choice("transactional-authorization-with-mfa", "standard").or_null,
        "authorization_details": items(ANY).or_null,
        "proof_of_possession": record(
            {
                "mechanism": choice("mtls", "dpop"),
                "required": BOOLEAN,
                "required_for": choice("public_clients", "all_clients"),
            },
            required=("mechanism", "required"),
        ).or_null,
        "subject_type_authorization": record(
            {
                "user": record({"policy": choice("allow_all", "deny_all", "require_client_grant")}, open=True),
                "client": record({"policy": choice("deny_all", "require_client_grant")}, open=True),
            }
        ),
        "authorization_policy": record({"policy_id": text(min=1, max=1024)}, required=("policy_id",)).or_null,
        "verificationLocation": text().or_null,
        "verificationKey": text().or_null,
    },
    required=("identifier",),
)
UPDATE = CREATE.patch(without=("identifier",), nullable=("signing_secret", "token_dialect", "scopes"))


def no_such_api(_: str = "") -> ApiError:
    return not_found("The resource server does not exist", "inexistent_resource_server")


def find(call: Call, id_: str) -> Document | None:
    """By id or by identifier; some clients encode an identifier twice."""
    documents = call.directory.documents[Kind.RESOURCE_SERVER]
    found = documents.get(id_)
    names = (id_, unquote(id_))
    return found or next((d for d in documents.values() if d.body.get("identifier") in names), None)


def _completed(call: Call, body: dict[str, Any], secrets: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The API as it is stored: nulls gone, rules across properties kept, its secret apart."""
    body = without_nulls(body)
    values = [scope["value"] for scope in body.get("scopes", ())]
    if len(set(values)) != len(values):
        raise invalid_body("Scopes must be unique within a resource server")
    policies = RESOURCE_SERVER_DEFAULTS["subject_type_authorization"]
    body["subject_type_authorization"] = {**policies, **body.get("subject_type_authorization", {})}
    if body["identifier"] == call.directory.tenant.my_account_audience:
        body["scopes"] = _of_my_account(call, body)
    encryption = body.get("token_encryption")
    if encryption is not None:
        try:
            key = call.services.read_public_key(encryption["encryption_key"]["pem"])
        except ValueError:
            raise invalid_body("token_encryption.encryption_key.pem is not a valid public key") from None
        if key.kind != "RSA" or key.bits < MIN_RSA_BITS or key.sha256 is not None:
            raise invalid_body(
                f"token_encryption.encryption_key.pem has to be an RSA key of {MIN_RSA_BITS} bits or more"
            )
    secret = body.pop("signing_secret", None) or secrets.get("signing_secret")
    if str(body["signing_alg"]).startswith("HS") and secret is None:
        secret = call.ports.entropy.alphanumeric(SECRET_LENGTH)
    return body, {"signing_secret": secret} if secret is not None else {}


def _of_my_account(call: Call, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The scopes the My Account API has always. Raises ``ApiError`` for what would keep it from reading its own tokens,
    and for what lets anybody but people in."""
    scopes: list[dict[str, Any]] = _ready(call, body["identifier"])["scopes"]
    other = {scope["value"] for scope in body.get("scopes", ())} - {scope["value"] for scope in scopes}
    if other:
        raise invalid_body(f"The My Account API has no other scopes than its own: {', '.join(sorted(other))[:100]}")
    if body["signing_alg"].startswith("HS") or body.get("token_encryption") is not None:
        raise invalid_body(
            "The My Account API takes tokens that are signed with a key of the tenant, and not encrypted"
        )
    if body["subject_type_authorization"]["client"] != {"policy": "deny_all"}:
        raise invalid_body("The My Account API is for people: subject_type_authorization.client has to be deny_all")
    return scopes


def _ready(call: Call, identifier: str) -> dict[str, Any]:
    return ready_made(call.directory.tenant.domain).get(identifier, {})


def prepare(call: Call, given: dict[str, Any]) -> Document:
    identifier = given["identifier"]
    hosts = (call.directory.tenant.domain, *call.directory.custom_domains)
    if identifier in {f"https://{host}/userinfo" for host in hosts}:
        raise taken(identifier)
    id_ = new_object_id(call.ports.entropy)
    made = {**RESOURCE_SERVER_DEFAULTS, "name": identifier, **_ready(call, identifier)}
    policies = {**made["subject_type_authorization"], **(given.get("subject_type_authorization") or {})}
    body, secrets = _completed(call, {**made, **given, "id": id_, "subject_type_authorization": policies}, {})
    return Document(kind=Kind.RESOURCE_SERVER, id=id_, body=body, secrets=secrets, unique_key=identifier)


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    if before.body.get("is_system"):
        changed = {name for name, value in given.items() if value != before.body.get(name)} - SYSTEM_UPDATABLE
        if changed:
            raise not_supported(f"A system API cannot be changed: {', '.join(sorted(changed))}")
    merged = {**before.body, **given}
    for name in ("subject_type_authorization",):
        merged[name] = {**before.body.get(name, {}), **(given.get(name) or {})}
    body, secrets = _completed(call, {**RESOURCE_SERVER_DEFAULTS, **without_nulls(merged)}, before.secrets)
    return msgspec.structs.replace(before, body=body, secrets=secrets)


def show(call: Call, document: Document) -> dict[str, Any]:
    body = {"is_system": False, **document.body}
    if str(body["signing_alg"]).startswith("HS"):
        body["signing_secret"] = document.secrets.get("signing_secret")
    return body


def keep(call: Call, document: Document) -> bool:
    identifiers = call.query.get("identifiers")
    return identifiers is None or document.body["identifier"] in identifiers


def roles_without(call: Call, audience: str, gone: set[str] | None) -> list[Put]:
    """Roles that lose permissions of an API: those named, or all."""
    changes = []
    for role in call.directory.documents[Kind.ROLE].values():
        held = role.body.get("permissions", [])
        kept = [
            permission
            for permission in held
            if permission["resource_server_identifier"] != audience
            or (gone is not None and permission["permission_name"] not in gone)
        ]
        if len(kept) != len(held):
            changed = msgspec.structs.replace(role, body={**role.body, "permissions": kept})
            changes.append(Put(document=changed, expected_revision=role.revision))
    return changes


def revised_with(call: Call, before: Document, after: Document) -> Sequence[Change]:
    """A scope that goes is taken from roles and people."""
    gone = {scope["value"] for scope in before.body.get("scopes", ())}
    gone -= {scope["value"] for scope in after.body.get("scopes", ())}
    if not gone:
        return ()
    audience = before.body["identifier"]
    forget = Forget(audience=audience, permissions=tuple(sorted(gone)), at=call.ports.clock.now())
    unchanged = Unchanged(kind=Kind.ROLE, since=call.directory.tenant.revision)
    return [unchanged, *roles_without(call, audience, gone), forget]


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    """Its grants, permissions, consents and refresh tokens go with it."""
    if document.body.get("is_system"):
        raise not_supported("A system API cannot be deleted")
    audience = document.body["identifier"]
    every = call.directory.documents[Kind.CLIENT_GRANT].values()
    grants = [grant.id for grant in every if grant.body.get("audience") == audience]
    return [
        *(Unchanged(kind=kind, since=call.directory.tenant.revision) for kind in (Kind.CLIENT_GRANT, Kind.ROLE)),
        *(Delete(kind=Kind.CLIENT_GRANT, id=id_) for id_ in grants),
        *organization_parts.without(call, {organization_parts.CLIENT_GRANTS: {*grants}}),
        *roles_without(call, audience, None),
        Forget(audience=audience, at=call.ports.clock.now()),
    ]


def taken(_: Any) -> ApiError:
    return conflict("A resource server with the same identifier already exists", "conflict")


RESOURCE_SERVERS = Collection(
    path="/resource-servers",
    kind=Kind.RESOURCE_SERVER,
    one="resource server",
    many="resource servers",
    scopes="resource_servers",
    create=CREATE,
    update=UPDATE,
    prepare=prepare,
    revise=revise,
    show=show,
    missing=no_such_api,
    find=find,
    paging=Paging(key="resource_servers", checkpoint=True),
    filters={"identifiers": items(text(max=600), max=100)},
    keep=keep,
    projects=True,
    revised_with=revised_with,
    removed_with=removed_with,
    taken=taken,
)
RESOURCES: tuple[Shape, ...] = (RESOURCE_SERVERS,)
