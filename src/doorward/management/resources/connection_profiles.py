"""``/connection-profiles``: what connections that are made by others than the tenant look like."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, conflict, not_found
from doorward.management.kit.making import made
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import choice, items, record, text
from doorward.management.kit.shapes import Collection, Shape, View
from doorward.management.resources.user_attribute_profiles import STRATEGIES
from doorward.model.identifiers import new_base58_id

PROFILE = "connection_profile"
WANTED = choice("none", "optional", "required")
SETTINGS = {"enabled_features": items(choice("scim", "universal_logout"), unique=True), "connection_config": record({})}
CREATE = record(
    {
        "name": text(min=1, max=50),
        "organization": record({"show_as_button": WANTED, "assign_membership_on_login": WANTED}),
        "connection_name_prefix_template": text(
            max=15, pattern=r"(?!-)(?!.*--)(?:[a-zA-Z0-9-]|\{org_id\}|\{org_name\})*"
        ),
        **SETTINGS,
        "strategy_overrides": record(dict.fromkeys(STRATEGIES, record(SETTINGS))),
    },
    required=("name",),
)
DEFAULTS: dict[str, Any] = {"connection_config": {}, "strategy_overrides": {}}
TEMPLATES: dict[str, dict[str, Any]] = {
    "enterprise": {
        "id": "enterprise",
        "display_name": "Enterprise",
        "template": {
            "name": "Enterprise",
            "organization": {"show_as_button": "optional", "assign_membership_on_login": "optional"},
            "connection_name_prefix_template": "{org_name}",
            "enabled_features": ["scim"],
            **DEFAULTS,
        },
    }
}


def no_such_profile(_: str = "") -> ApiError:
    return not_found("Connection profile not found.")


PROFILES = Collection(
    path="/connection-profiles",
    kind=PROFILE,
    one="connection profile",
    many="connection profiles",
    scopes="connection_profiles",
    create=CREATE,
    update=CREATE.patch(),
    prepare=made(PROFILE, "cop_", defaults=DEFAULTS, id_=new_base58_id),
    unique="name",
    missing=no_such_profile,
    paging=Paging(key="connection_profiles", offset=False, checkpoint=True, always_object=True, largest=10, size=5),
    taken=lambda _: conflict("A connection profile with this name already exists"),
    effect=Effect.STORED,
)


async def _templates(call: Call) -> dict[str, Any]:
    return {"connection_profile_templates": list(TEMPLATES.values())}


async def _template(call: Call) -> Any:
    if call.id not in TEMPLATES:
        raise not_found("Connection profile template not found.")
    return TEMPLATES[call.id]


RESOURCES: tuple[Shape, ...] = (
    PROFILES,
    View(
        path="/connection-profiles/templates",
        scopes=("read:connection_profiles",),
        summary="Get connection profile templates",
        answer=_templates,
    ),
    View(
        path="/connection-profiles/templates/{id}",
        scopes=("read:connection_profiles",),
        summary="Get a connection profile template by ID",
        answer=_template,
    ),
)
