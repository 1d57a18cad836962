"""``/rate-limit-policies``: how many requests a client may make. They are kept; nothing counts by them yet."""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, conflict, not_found
from doorward.management.kit.making import dated, made
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import choice, integer, record, tagged, text
from doorward.management.kit.shapes import Collection, Shape
from doorward.model.document import Document
from doorward.model.identifiers import new_base58_id

POLICY = "rate_limit_policy"
LIMIT = integer(min=0, max=10_000)
CONFIGURATION = tagged(
    "action",
    {
        "allow": record({}),
        "block": record({"limit": LIMIT}, required=("limit",)),
        "log": record({"limit": LIMIT}, required=("limit",)),
        "redirect": record(
            {"limit": LIMIT, "redirect_uri": text(format="url", pattern=r"https://.+")},
            required=("limit", "redirect_uri"),
        ),
    },
)
WHOM = {
    "resource": choice("oauth_authentication_api"),
    "consumer": choice("client"),
    "consumer_selector": text(min=1, max=255),
}
CREATE = record({**WHOM, "configuration": CONFIGURATION}, required=(*WHOM, "configuration"))
make = made(POLICY, "rlp_", id_=new_base58_id)


def no_such_policy(_: str = "") -> ApiError:
    return not_found("The rate limit policy does not exist.")


def prepare(call: Call, given: dict[str, Any]) -> Document:
    return msgspec.structs.replace(make(call, given), unique_key=" ".join(given[name] for name in WHOM))


POLICIES = Collection(
    path="/rate-limit-policies",
    kind=POLICY,
    one="rate limit policy",
    many="rate limit policies",
    scopes="rate_limit_policies",
    create=CREATE,
    update=record({"configuration": CONFIGURATION}, required=("configuration",)),
    prepare=prepare,
    show=dated,
    parameters={"id": text(max=26)},
    missing=no_such_policy,
    paging=Paging(key="rate_limit_policies", offset=False, checkpoint=True, always_object=True),
    filters=WHOM,
    keep=lambda call, policy: all(policy.body[name] == call.query[name] for name in WHOM if name in call.query),
    gone=None,
    taken=lambda _: conflict("There is a rate limit policy for this resource, consumer and selector already."),
    effect=Effect.STORED,
)
RESOURCES: tuple[Shape, ...] = (POLICIES,)
