"""``/clients/{client_id}/credentials``: the public keys and certificates a client proves itself with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, invalid_body, not_found, not_supported
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.wire import same_moment, timestamp
from doorward.management.kit.writing import commit
from doorward.management.resources.client_body import AUTHENTICATION_METHODS, CREDENTIAL_UPDATE, NEW_CREDENTIAL
from doorward.model.document import Document, Kind, Put

ID_LENGTH = 22
MIN_RSA_BITS = 2048
# The protocol reads ``credentials``; what it has no use for yet is kept beside them.
KEYS, CERTIFICATES = "credentials", "certificates"
HOLDERS = (*AUTHENTICATION_METHODS, "signed_request_object", "token_vault_privileged_access")
SHOWN = ("id", "name", "credential_type", "kid", "alg", "subject_dn", "thumbprint_sha256", "created_at", "updated_at")


def no_such_client() -> ApiError:
    return not_found("The client does not exist", "inexistent_client")


def no_such_credential() -> ApiError:
    return not_found("The credential does not exist", "inexistent_credential")


def client(call: Call, id_: str) -> Document:
    found = call.directory.documents[Kind.CLIENT].get(id_)
    if found is None:
        raise no_such_client()
    return found


def of(document: Document) -> list[dict[str, Any]]:
    """Every credential of a client, oldest first."""
    found = [*document.body.get(KEYS, ()), *document.body.get(CERTIFICATES, ())]
    return sorted(found, key=lambda credential: credential["created_at"])


def is_same(credential: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Whether a credential spelled out is this one, by its key or its subject."""
    if given["credential_type"] != credential["credential_type"]:
        return False
    if given.get("pem") is not None:
        return bool(credential.get("pem") == given["pem"].strip())
    return given.get("subject_dn") is not None and credential.get("subject_dn") == given["subject_dn"]


def make(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """A credential as it is stored. Raises ``ApiError`` for a PEM that cannot be used."""
    kind, pem = given["credential_type"], given.get("pem")
    now = timestamp(call.ports.clock.now())
    credential: dict[str, Any] = {
        "id": f"cred_{call.ports.entropy.alphanumeric(ID_LENGTH)}",
        "credential_type": kind,
        "created_at": now,
        "updated_at": now,
    }
    if given.get("name") is not None:
        credential["name"] = given["name"]
    if kind == "cert_subject_dn" and pem is None:
        if not given.get("subject_dn"):
            raise invalid_body("Either subject_dn or pem is required for a cert_subject_dn credential")
        return {**credential, "subject_dn": given["subject_dn"]}
    if pem is None:
        raise invalid_body("Payload validation error: 'Missing required property: pem'.")
    try:
        key = call.services.read_public_key(pem)
    except ValueError:
        raise invalid_body("The pem is not a valid public key or certificate") from None
    credential["pem"] = pem.strip()
    if kind == "public_key":
        if key.kind != "RSA" or key.bits < MIN_RSA_BITS:
            raise invalid_body(f"The pem has to be an RSA key of at least {MIN_RSA_BITS} bits")
        credential |= {"kid": given.get("kid") or key.thumbprint, "alg": given.get("alg", "RS256")}
        if given.get("expires_at"):
            credential["expires_at"] = same_moment(given["expires_at"])
        elif given.get("parse_expiry_from_cert") and key.expires_at is not None:
            credential["expires_at"] = timestamp(key.expires_at)
        return credential
    if key.expires_at is None or key.sha256 is None:
        raise invalid_body("The pem has to be a certificate")
    credential["expires_at"] = timestamp(key.expires_at)
    if kind == "cert_subject_dn":
        return {**credential, "subject_dn": key.subject}
    return {**credential, "thumbprint_sha256": key.sha256}


def show(credential: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: credential[name] for name in SHOWN if name in credential}
    if credential.get("expires_at"):
        shown["expires_at"] = credential["expires_at"]
    return shown


def with_credentials(body: Mapping[str, Any], credentials: list[dict[str, Any]]) -> dict[str, Any]:
    """The client's properties with these credentials in their two drawers."""
    drawers = {
        KEYS: [c for c in credentials if c["credential_type"] == "public_key"],
        CERTIFICATES: [c for c in credentials if c["credential_type"] != "public_key"],
    }
    kept = {name: value for name, value in body.items() if name not in drawers}
    return {**kept, **{name: held for name, held in drawers.items() if held}}


def named_in(body: Mapping[str, Any]) -> set[str]:
    """The ids of the credentials a client has put to use."""
    methods = body.get("client_authentication_methods") or {}
    holders = [*methods.values(), body.get("signed_request_object"), body.get("token_vault_privileged_access")]
    return {reference["id"] for holder in holders if holder for reference in holder.get("credentials") or ()}


async def _all(call: Call) -> Any:
    return [show(credential) for credential in of(client(call, call.id))]


def _find(call: Call) -> tuple[Document, dict[str, Any]]:
    document = client(call, call.id)
    for credential in of(document):
        if credential["id"] == call.arguments["credential_id"]:
            return document, credential
    raise no_such_credential()


async def _one(call: Call) -> Any:
    return show(_find(call)[1])


async def _replace(call: Call, document: Document, credentials: list[dict[str, Any]], status: int) -> None:
    changed = msgspec.structs.replace(document, body=with_credentials(document.body, credentials))
    await commit(call, [Put(document=changed, expected_revision=document.revision)], status=status)


async def _create(call: Call) -> Answer:
    document = client(call, call.id)
    if document.body.get("is_global"):
        raise not_supported("The global client cannot have credentials")
    credential = make(call, call.body)
    await _replace(call, document, [*of(document), credential], 201)
    return Answer(status=201, body=show(credential))


async def _update(call: Call) -> Answer:
    document, credential = _find(call)
    if credential["credential_type"] != "public_key":
        raise not_supported("The expiry of a certificate cannot be changed")
    expires_at = call.body.get("expires_at", credential.get("expires_at"))
    changed = {**credential, "updated_at": timestamp(call.ports.clock.now())}
    changed.pop("expires_at", None)
    if expires_at is not None:
        changed["expires_at"] = same_moment(expires_at)
    others = [changed if other["id"] == credential["id"] else other for other in of(document)]
    await _replace(call, document, others, 200)
    return Answer(body=show(changed))


async def _delete(call: Call) -> Answer:
    document = client(call, call.id)
    id_ = call.arguments["credential_id"]
    if id_ in named_in(document.body):
        raise not_supported("The credential is in use: take it out of the client's authentication methods first")
    kept = [credential for credential in of(document) if credential["id"] != id_]
    if len(kept) != len(of(document)):
        await _replace(call, document, kept, 204)
    return Answer(status=204, body=NOTHING)


PATH = "/clients/{client_id}/credentials"
ONE = PATH + "/{credential_id}"
RESOURCES: tuple[Shape, ...] = (
    View(path=PATH, scopes=("read:client_credentials",), summary="Get client credentials", answer=_all),
    View(path=ONE, scopes=("read:client_credentials",), summary="Get a client credential", answer=_one),
    Command(
        method="POST",
        path=PATH,
        scopes=("create:client_credentials",),
        summary="Create a client credential",
        run=_create,
        body=NEW_CREDENTIAL,
    ),
    Command(
        method="PATCH",
        path=ONE,
        scopes=("update:client_credentials",),
        summary="Update a client credential",
        run=_update,
        body=CREDENTIAL_UPDATE,
    ),
    Command(
        method="DELETE",
        path=ONE,
        scopes=("delete:client_credentials",),
        summary="Delete a client credential",
        run=_delete,
    ),
)
