"""``/network-acls``: from which networks the tenant may be reached. They are kept; nothing is refused yet."""

from __future__ import annotations

import re
from typing import Any

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, conflict, invalid_body, not_found
from doorward.management.kit.making import dated, made
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import ANY, BOOLEAN, Rule, choice, integer, items, record, text
from doorward.management.kit.shapes import Collection, Shape, merged, replaced
from doorward.model.document import Document
from doorward.model.identifiers import new_base58_id

NETWORK_ACL = "network_acl"
ID = re.compile(r"acl_[1-9A-HJ-NP-Za-km-z]{22}")
CURATED = ("auth0.low_reputation", "auth0.icloud_relay_proxy")


def some(item: Rule) -> Rule:
    return items(item, min=1, max=1000, unique=True)


NETWORKS, NAMES = some(text(format="ip-or-network")), some(text(min=1, max=500))
MATCH = record(
    {
        "asns": some(integer(min=0)),
        "auth0_managed": NAMES,
        "geo_country_codes": NAMES,
        "geo_subdivision_codes": NAMES,
        "ipv4_cidrs": NETWORKS,
        "ipv6_cidrs": NETWORKS,
        "connecting_ipv4_cidrs": NETWORKS,
        "connecting_ipv6_cidrs": NETWORKS,
        "ja3_fingerprints": NAMES,
        "ja4_fingerprints": NAMES,
        "user_agents": NAMES,
        "hostnames": NAMES,
    }
)
ACTION = record(
    {**dict.fromkeys(("block", "allow", "log", "redirect"), BOOLEAN), "redirect_uri": text(min=1, max=2000)}
)
CREATE = record(
    {
        "description": text(max=255),
        "active": BOOLEAN,
        "priority": integer(min=1, max=100),
        "rule": record(
            {
                "action": ACTION,
                "match": MATCH,
                "not_match": MATCH,
                "scope": choice("management", "authentication", "tenant", "dynamic_client_registration"),
            },
            required=("action", "scope"),
        ),
    },
    required=("description", "active", "rule"),
)
make = made(NETWORK_ACL, "acl_", id_=new_base58_id)


def no_such_acl(_: str = "") -> ApiError:
    return not_found("NetworkACL with this ID was not found")


def find(call: Call, id_: str) -> Document | None:
    """Raises ``ApiError`` for what cannot be an id."""
    if not ID.fullmatch(id_):
        message = "Network ACL id is not a valid ACL ID in the form 'acl_XXXXXXXXXXXXXXXXXXXXXX'"
        raise ApiError(400, message, "invalid_uri")
    return call.directory.documents[NETWORK_ACL].get(id_)


def checked(document: Document) -> Document:
    """Raises ``ApiError`` for what the parts of a rule do not allow together."""
    rule = document.body["rule"]
    if rule["action"].get("redirect") and not rule["action"].get("redirect_uri"):
        raise invalid_body("Payload validation error: Action type of `redirect` requires a `redirect_uri`")
    named = [name for side in ("match", "not_match") for name in rule.get(side, {}).get("auth0_managed", ())]
    unknown = [name for name in named if name not in CURATED]
    if unknown:
        raise invalid_body(
            f"Invalid curated list name(s): {', '.join(unknown)}. Allowed curated list names are: {', '.join(CURATED)}"
        )
    return document


def show(call: Call, document: Document) -> dict[str, Any]:
    whole = {"tenant_id": call.tenant, "deleted_at": None} if call.request.method == "GET" and call.arguments else {}
    return {**dated(call, document), **whole}


NETWORK_ACLS = Collection(
    path="/network-acls",
    kind=NETWORK_ACL,
    one="network ACL",
    many="network ACLs",
    scopes="network_acls",
    create=CREATE,
    update=CREATE.patch(),
    replace=CREATE,
    prepare=lambda call, given: checked(make(call, given)),
    revise=lambda call, before, given: checked(merged(call, before, given)),
    replaced=lambda call, before, given: checked(replaced(call, before, given)),
    show=show,
    shows={"rule": ANY},
    unique="priority",
    missing=no_such_acl,
    find=find,
    paging=Paging(key="network_acls"),
    deleted=200,
    deleted_body=lambda call: {"code": 200, "object": "network_acl"},
    gone=None,
    taken=lambda _: conflict("A Network ACL with this priority number has already been created."),
    effect=Effect.STORED,
)
RESOURCES: tuple[Shape, ...] = (NETWORK_ACLS,)
