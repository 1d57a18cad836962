"""``/user-attribute-profiles``: which attributes people have, and what identity providers call them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, conflict, not_found
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, Rule, choice, items, mapping, record, text
from doorward.management.kit.shapes import Collection, Shape, View, merged
from doorward.management.resources.user_attribute_templates import TEMPLATES
from doorward.model.document import Change, Document, Put, Unchanged
from doorward.model.identifiers import new_base58_id

PROFILE, SELF_SERVICE_PROFILE = "user_attribute_profile", "self_service_profile"
REFERENCE = "user_attribute_profile_id"
STRATEGIES = ("pingfederate", "ad", "adfs", "waad", "google-apps", "okta", "oidc", "samlp")
MAX_ATTRIBUTES = 64
SHORT, LONG = text(min=1, max=50), text(min=1, max=128)
SAML = items(LONG, min=1)
OIDC = record({"mapping": SHORT, "display_name": SHORT}, required=("mapping",))


def _mapped(oidc: Rule, overriding: Rule) -> dict[str, Rule]:
    """What the protocols call something, and what a strategy calls it instead."""
    override = record({"oidc_mapping": overriding, "saml_mapping": SAML, "scim_mapping": LONG})
    overrides = record(dict.fromkeys(STRATEGIES, override))
    return {"oidc_mapping": oidc, "saml_mapping": SAML, "scim_mapping": LONG, "strategy_overrides": overrides}


USER_ID = record(_mapped(choice("sub"), choice("sub", "oid", "email")))
ATTRIBUTE = record(
    {"description": LONG, "label": LONG, "profile_required": BOOLEAN, "auth0_mapping": SHORT, **_mapped(OIDC, OIDC)},
    required=("description", "label", "profile_required", "auth0_mapping"),
)
CREATE = record(
    {
        "name": LONG,
        "user_id": USER_ID.or_null,
        "user_attributes": mapping(ATTRIBUTE, min=1, max=MAX_ATTRIBUTES),
    },
    required=("name", "user_attributes"),
)
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
USER_ID_DEFAULTS: dict[str, Any] = {
    "oidc_mapping": "sub",
    "saml_mapping": [f"{CLAIMS}/nameidentifier", f"{CLAIMS}/upn", f"{CLAIMS}/name"],
    "scim_mapping": "externalId",
}


def prepare(call: Call, given: dict[str, Any]) -> Document:
    id_ = new_base58_id(call.ports.entropy, "uap_")
    return Document(kind=PROFILE, id=id_, body={**given, "id": id_, "user_id": _user_id(given.get("user_id"))})


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    changes = {**given, "user_id": _user_id(given["user_id"])} if "user_id" in given else given
    return merged(call, before, changes)


def _user_id(given: dict[str, Any] | None) -> dict[str, Any]:
    return {**USER_ID_DEFAULTS, **(given or {})}


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    """Self-service profiles name it no more."""
    naming = (
        profile
        for profile in call.directory.documents[SELF_SERVICE_PROFILE].values()
        if profile.body.get(REFERENCE) == document.id
    )
    return [
        Unchanged(kind=SELF_SERVICE_PROFILE, since=call.directory.tenant.revision),
        *(
            Put(document=merged(call, profile, {REFERENCE: None}), expected_revision=profile.revision)
            for profile in naming
        ),
    ]


def no_such_profile(_: str = "") -> ApiError:
    return not_found("User attribute profile not found.")


PROFILES = Collection(
    path="/user-attribute-profiles",
    kind=PROFILE,
    one="user attribute profile",
    many="user attribute profiles",
    scopes="user_attribute_profiles",
    create=CREATE,
    update=CREATE.patch(),
    prepare=prepare,
    revise=revise,
    unique="name",
    removed_with=removed_with,
    missing=no_such_profile,
    paging=Paging(key="user_attribute_profiles", offset=False, checkpoint=True, always_object=True),
    taken=lambda _: conflict("A user attribute profile with this name already exists"),
    effect=Effect.STORED,
)


async def _templates(call: Call) -> dict[str, Any]:
    return {"user_attribute_profile_templates": list(TEMPLATES.values())}


async def _template(call: Call) -> Any:
    if call.id not in TEMPLATES:
        raise not_found("User attribute profile template not found.")
    return TEMPLATES[call.id]


RESOURCES: tuple[Shape, ...] = (
    PROFILES,
    View(
        path="/user-attribute-profiles/templates",
        scopes=("read:user_attribute_profiles",),
        summary="Get user attribute profile templates",
        answer=_templates,
    ),
    View(
        path="/user-attribute-profiles/templates/{id}",
        scopes=("read:user_attribute_profiles",),
        summary="Get a user attribute profile template by ID",
        answer=_template,
    ),
)
