"""``/self-service-profiles``: what the customers of a tenant may set up of their own connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, conflict, invalid_body, not_found
from doorward.management.kit.making import dated, made
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, choice, items, mapping, record, text
from doorward.management.kit.shapes import Collection, Shape, Singleton, merged
from doorward.management.resources.user_attribute_profiles import PROFILE as USER_ATTRIBUTE_PROFILE
from doorward.management.resources.user_attribute_profiles import SELF_SERVICE_PROFILE as PROFILE
from doorward.model.document import Change, Delete, Document, Need
from doorward.model.identifiers import new_base58_id

CUSTOM_TEXT = "self_service_custom_text"
LARGEST = 20
STRATEGIES = (
    "oidc", "samlp", "waad", "google-apps", "adfs", "okta", "auth0-samlp", "okta-samlp", "keycloak-samlp",
    "pingfederate",
)  # fmt: skip
DEFAULTS = {"allowed_strategies": list(STRATEGIES)}
COLOURS = record({"primary": text(pattern="#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})")}, required=("primary",), open=True)
ATTRIBUTE = record(
    {"name": text(max=250), "description": text(max=2048), "is_optional": BOOLEAN},
    required=("name", "description", "is_optional"),
)
CREATE = record(
    {
        "name": text(min=1, max=100),
        "description": text(min=1, max=140),
        "branding": record({"logo_url": text(max=1024, format="strict-https-uri"), "colors": COLOURS}, open=True),
        "allowed_strategies": items(choice(*STRATEGIES), min=1, unique=True),
        "user_attributes": items(ATTRIBUTE, max=64),
        "user_attribute_profile_id": text(format="user-attribute-profile-id"),
    },
    required=("name",),
)
UPDATE = CREATE.patch(nullable=("description", "branding", "user_attributes", "user_attribute_profile_id"))


def _checked(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    id_, attributes = body.get("user_attribute_profile_id"), body.get("user_attributes") or []
    if id_ is not None:
        if attributes:
            raise invalid_body("user_attributes and user_attribute_profile_id are mutually exclusive")
        if id_ not in call.directory.documents[USER_ATTRIBUTE_PROFILE]:
            raise invalid_body("user_attribute_profile_id does not name a user attribute profile of this tenant")
    return {**body, "user_attributes": attributes}


def prepare(call: Call, given: dict[str, Any]) -> Document:
    if len(call.directory.documents[PROFILE]) >= LARGEST:
        raise conflict("No more profiles can be created for this tenant.")
    return made(PROFILE, "ssp_", defaults=DEFAULTS, id_=new_base58_id)(call, _checked(call, given))


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    return merged(call, before, _checked(call, {**before.body, **given}))


def written_with(call: Call, document: Document) -> Sequence[Change]:
    id_ = document.body.get("user_attribute_profile_id")
    return (Need(kind=USER_ATTRIBUTE_PROFILE, id=id_),) if id_ is not None else ()


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    texts = call.directory.documents[CUSTOM_TEXT]
    return [Delete(kind=CUSTOM_TEXT, id=id_) for id_ in texts if id_.startswith(f"{document.id}/")]


def no_such_profile(id_: str) -> ApiError:
    return not_found(f"Profile with ID: {id_} not found")


PROFILES = Collection(
    path="/self-service-profiles",
    kind=PROFILE,
    one="self-service profile",
    many="self-service profiles",
    scopes="self_service_profiles",
    create=CREATE,
    update=UPDATE,
    prepare=prepare,
    revise=revise,
    show=dated,
    missing=no_such_profile,
    paging=Paging(key="self_service_profiles"),
    created_with=written_with,
    revised_with=lambda call, before, after: written_with(call, after),
    removed_with=removed_with,
    effect=Effect.STORED,
)
TEXTS = Singleton(
    path="/self-service-profiles/{id}/custom-text/{language}/{page}",
    kind=CUSTOM_TEXT,
    id="{id}/{language}/{page}",
    scopes="self_service_profile_custom_texts",
    summary="custom text for a self-service profile",
    replace=mapping(text(max=2000), max=100),
    within=lambda call: PROFILES.get(call, call.id),
    parameters={"language": choice("en"), "page": choice("get-started")},
    effect=Effect.STORED,
)
RESOURCES: tuple[Shape, ...] = (PROFILES, TEXTS)
