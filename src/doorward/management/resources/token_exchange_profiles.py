"""``/token-exchange-profiles``: which action judges which kind of foreign token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, conflict, invalid_body, not_found
from doorward.management.kit.making import dated, made
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import choice, record, text
from doorward.management.kit.shapes import Collection, Shape, merged
from doorward.management.resources.actions import ACTION
from doorward.model.document import Change, Document, Need

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


def _checked(document: Document) -> Document:
    if document.body["subject_token_type"].lower().startswith(RESERVED):
        raise invalid_body("subject_token_type uses a reserved namespace")
    return document


def prepare(call: Call, given: dict[str, Any]) -> Document:
    if given["action_id"] not in call.directory.documents[ACTION]:
        raise invalid_body("action_id does not name an action of this tenant")
    return _checked(made(PROFILE, "tep_")(call, given))


def created_with(call: Call, document: Document) -> Sequence[Change]:
    return (Need(kind=ACTION, id=document.body["action_id"]),)


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    return _checked(merged(call, before, given))


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
    created_with=created_with,
    revise=revise,
    show=dated,
    unique="subject_token_type",
    missing=no_such_profile,
    paging=Paging(key="token_exchange_profiles", offset=False, checkpoint=True, always_object=True),
    taken=lambda _: conflict("Token exchange profile with the same subject_token_type already exists"),
    effect=Effect.STORED,
)
RESOURCES: tuple[Shape, ...] = (PROFILES,)
