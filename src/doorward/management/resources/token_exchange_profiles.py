"""``/token-exchange-profiles``: which action judges which kind of foreign token."""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, conflict, invalid_body, not_found
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import choice, record, text
from doorward.management.kit.shapes import Collection, Shape, merged
from doorward.management.kit.wire import timestamp
from doorward.model.document import Document
from doorward.model.identifiers import new_id

PROFILE = "token_exchange_profile"
# Not the tenant's to give a meaning.
RESERVED = (
    "http://auth0.com", "https://auth0.com", "http://okta.com", "https://okta.com", "urn:ietf", "urn:auth0", "urn:okta",
)  # fmt: skip
CREATE = record(
    {
        "name": text(min=3, max=50),
        "subject_token_type": text(min=8, max=100, pattern=r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+"),
        "action_id": text(min=1, max=36),
        "type": choice("custom_authentication"),
    },
    required=("name", "subject_token_type", "action_id", "type"),
)


def _checked(body: dict[str, Any]) -> str:
    type_: str = body["subject_token_type"]
    if type_.lower().startswith(RESERVED):
        raise invalid_body("subject_token_type uses a reserved namespace")
    return type_


def prepare(call: Call, given: dict[str, Any]) -> Document:
    id_ = new_id(call.ports.entropy, "tep_")
    return Document(kind=PROFILE, id=id_, body=given, unique_key=_checked(given))


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    after = merged(call, before, given)
    return msgspec.structs.replace(after, unique_key=_checked(dict(after.body)))


def show(call: Call, document: Document) -> dict[str, Any]:
    times = {"created_at": timestamp(document.created_at), "updated_at": timestamp(document.updated_at)}
    return {"id": document.id, **document.body, **times}


def no_such_profile(_: str = "") -> ApiError:
    return not_found("Token exchange profile not found.")


PROFILES = Collection(
    path="/token-exchange-profiles",
    kind=PROFILE,
    one="token exchange profile",
    many="token exchange profiles",
    scopes="token_exchange_profiles",
    create=CREATE,
    update=CREATE.patch(without=("action_id", "type"), min=1),
    prepare=prepare,
    revise=revise,
    show=show,
    missing=no_such_profile,
    paging=Paging(key="token_exchange_profiles", offset=False, checkpoint=True, always_object=True),
    taken=lambda _: conflict("Token exchange profile with the same subject_token_type already exists"),
    effect=Effect.STORED,
)
RESOURCES: tuple[Shape, ...] = (PROFILES,)
