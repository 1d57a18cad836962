"""``/organizations/{id}/discovery-domains``: the e-mail domains an organization is found by.

A domain says where a TXT record proves whose it is; whether it does is the caller's word.
"""

from __future__ import annotations

from typing import Any

from doorward.management.kit.answers import entity
from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, conflict, not_found
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import BOOLEAN, choice, record, text
from doorward.management.kit.shapes import Shape, View
from doorward.management.resources import organization_parts
from doorward.management.resources.custom_domains import CHALLENGE_LABEL, PROOF_LENGTH, PROOF_PREFIX
from doorward.management.resources.organization_parts import Entry, Part, organization
from doorward.model.document import Document
from doorward.model.identifiers import new_base58_id

_label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADD = record(
    {
        "domain": text(min=3, max=255, pattern=rf"(?:{_label}\.)*{_label}"),
        "status": choice("pending", "verified"),
        "use_for_organization_discovery": BOOLEAN,
    },
    required=("domain",),
)
SHOWS = dict.fromkeys(("id", "verification_txt", "verification_host"), text())


def _no_such_domain() -> ApiError:
    return not_found("No organization domain found by that id")


def _taken() -> ApiError:
    return conflict("An organization discovery domain with this domain is already registered to this organization.")


def _make(call: Call, document: Document, given: Entry) -> tuple[str, Entry]:
    domain = given["domain"].lower()
    if _named(document, domain) is not None:
        raise _taken()
    entry = {
        "status": "pending",
        "use_for_organization_discovery": True,
        **given,
        "domain": domain,
        "verification_txt": PROOF_PREFIX + call.ports.entropy.alphanumeric(PROOF_LENGTH),
        "verification_host": f"{CHALLENGE_LABEL}.{domain}",
    }
    return new_base58_id(call.ports.entropy, "ord_"), entry


def _show(call: Call, id_: str, entry: Entry) -> Entry:
    return {"id": id_, **entry}


def _named(document: Document, domain: str) -> tuple[str, Entry] | None:
    entries = document.body.get(organization_parts.DOMAINS, {})
    return next((item for item in entries.items() if item[1]["domain"] == domain), None)


async def _by_name(call: Call) -> Any:
    found = _named(organization(call), call.arguments["discovery_domain"].lower())
    if found is None:
        raise _no_such_domain()
    return _show(call, *found)


DOMAINS = Part(
    part=organization_parts.DOMAINS,
    segment="discovery-domains",
    one="discovery domain",
    many="discovery domains",
    scopes="organization_discovery_domains",
    paging=Paging(key="domains", offset=False, checkpoint=True, always_object=True),
    add=ADD,
    update=ADD.patch(without=("domain",)),
    make=_make,
    show=_show,
    shows=SHOWS,
    missing=_no_such_domain,
    taken=_taken,
)
BY_NAME = View(
    path="/organizations/{id}/discovery-domains/name/{discovery_domain}",
    scopes=("read:organization_discovery_domains",),
    summary="Get a discovery domain of an organization by its name",
    answer=_by_name,
    shows=entity(ADD, shows=SHOWS),
    effect=Effect.STORED,
)
RESOURCES: tuple[Shape, ...] = (*DOMAINS.shapes(), BY_NAME)
