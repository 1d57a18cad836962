"""``/custom-domains``: further hosts a tenant is served under.

A domain waits in ``pending_verification`` until a TXT record proves whose it is; a server without DNS look-ups
takes the operator's word. Only one tenant serves a domain, and only a ``ready`` one is served.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorward.management.kit.bodies import refusal, require
from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import ApiError, conflict, invalid_body, invalid_query, not_found
from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.projection import project
from doorward.management.kit.schema import OBJECT, Unfit, choice, mapping, record, text
from doorward.management.kit.shapes import Collection, Command, Shape, View, without_nulls
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import api_event, commit
from doorward.model.digest import digest
from doorward.model.document import Change, Document, Kind, Put
from doorward.model.identifiers import new_id
from doorward.ports import Conflict

READY, PENDING = "ready", "pending_verification"
MANAGED = "auth0_managed_certs"
CHALLENGE_LABEL = "_doorward-challenge"
PROOF_PREFIX = "auth0-domain-verification="
PROOF_LENGTH = 40
API_KEY_BYTES = 32
DEFAULT_DOMAIN = "default_domain"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
METADATA = mapping(text(max=255).or_null, max=10, max_name=255)
CLIENT_IP_HEADER = choice("true-client-ip", "cf-connecting-ip", "x-forwarded-for", "x-azure-clientip", "").or_null

CREATE = record(
    {
        "domain": text(min=3, max=255, pattern=rf"(?:{_LABEL}\.)*{_LABEL}", about="Domain name."),
        "type": choice(MANAGED, "self_managed_certs"),
        "verification_method": choice("txt"),
        "tls_policy": choice("recommended"),
        "custom_client_ip_header": CLIENT_IP_HEADER,
        "domain_metadata": METADATA,
        "relying_party_identifier": text(max=255, format="hostname"),
    },
    required=("domain", "type"),
)
UPDATE = record(
    {
        "tls_policy": choice("recommended"),
        "custom_client_ip_header": CLIENT_IP_HEADER,
        "domain_metadata": METADATA,
        "relying_party_identifier": text(max=255, format="hostname").or_null,
    }
)


def proof(call: Call, domain: str, type_: str) -> dict[str, Any]:
    """What shows that a domain is the tenant's: a TXT record; one whose certificate is looked after here
    also has to lead here."""
    record_ = PROOF_PREFIX + call.ports.entropy.alphanumeric(PROOF_LENGTH)
    txt = {"name": "TXT", "record": record_, "domain": f"{CHALLENGE_LABEL}.{domain}"}
    leads_here = {"name": "CNAME", "record": call.directory.tenant.domain, "domain": domain}
    return {"methods": [leads_here, txt] if type_ == MANAGED else [txt]}


def prepare(call: Call, given: dict[str, Any]) -> Document:
    domain, type_ = given["domain"].lower(), given["type"]
    if domain.rpartition(".")[2].isdigit():
        raise refusal(Unfit(f"Object didn't pass validation for format hostname: {domain}", "domain"))
    if domain in call.directory.custom_domains or call.ports.directory.issuer(domain) is not None:
        raise taken(domain)
    id_ = new_id(call.ports.entropy, "cd_")
    others = call.directory.documents[Kind.CUSTOM_DOMAIN].values()
    body: dict[str, Any] = {
        "custom_domain_id": id_,
        **({"tls_policy": "recommended"} if type_ == MANAGED else {}),
        **without_nulls({name: value for name, value in given.items() if name != "verification_method"}),
        "domain": domain,
        "primary": not any(other.body.get("primary") for other in others),
        "status": PENDING,
        "verification": proof(call, domain, type_),
    }
    if "domain_metadata" in body:
        body["domain_metadata"] = without_nulls(body["domain_metadata"])
    return Document(kind=Kind.CUSTOM_DOMAIN, id=id_, body=body, unique_key=domain)


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    """Metadata changes key by key."""
    body = {**before.body, **given}
    if "domain_metadata" in given:
        metadata = {**before.body.get("domain_metadata", {}), **given["domain_metadata"]}
        body["domain_metadata"] = without_nulls(metadata)
        require(METADATA, body["domain_metadata"], "domain_metadata")
    return msgspec.structs.replace(before, body=without_nulls(body))


def show(call: Call, document: Document) -> dict[str, Any]:
    body = document.body
    shown = {
        **body,
        "is_default": default_domain(call) == body["domain"],
        "created_at": timestamp(document.created_at),
    }
    if body["type"] != MANAGED:
        shown.setdefault("custom_client_ip_header", None)
    return shown


def taken(_: Any = None) -> ApiError:
    return conflict("The custom domain already exists", "custom_domain_conflict")


def no_such_domain(id_: str) -> ApiError:
    return not_found(f"The custom domain {id_} does not exist", "inexistent_custom_domain")


def removed_with(call: Call, document: Document) -> Sequence[Change]:
    chosen = _choice(call)
    if chosen is not None and chosen.body["custom_domain_id"] == document.id:
        raise conflict(
            "Cannot delete the default custom domain. Please set another domain as default before deleting this one."
        )
    return ()


CUSTOM_DOMAINS = Collection(
    path="/custom-domains",
    kind=Kind.CUSTOM_DOMAIN,
    one="custom domain",
    many="custom domains",
    scopes="custom_domains",
    create=CREATE,
    update=UPDATE,
    prepare=prepare,
    revise=revise,
    show=show,
    missing=no_such_domain,
    paging=Paging(key="custom_domains", offset=False, checkpoint=True),
    removed_with=removed_with,
    taken=taken,
    without=("list",),
)


async def _list(call: Call) -> Any:
    """All of them, unless a page is asked for."""
    if "q" in call.query:
        raise invalid_query("Searching custom domains is not supported")
    documents = list(call.directory.documents[Kind.CUSTOM_DOMAIN].values())
    by_name = "sort" in call.query
    if by_name:
        documents.sort(key=lambda document: str(document.body["domain"]))

    def shown(document: Document) -> dict[str, Any]:
        return project(show(call, document), call.query)

    if not call.query.keys() & {"take", "from"}:
        return [shown(document) for document in documents]
    position = None if by_name else lambda document: document.sequence
    return CUSTOM_DOMAINS.paging.of(documents, call.query, shown, position)


# ── verification ──


async def _verify(call: Call) -> Answer:
    """Answers the domain; when it becomes ready, with the key its proxy may be told apart by, once."""
    document = CUSTOM_DOMAINS.get(call, call.id)
    if document.body["status"] == READY:
        call.ports.log.write(call.tenant, api_event(call))
        return Answer(body=show(call, document))
    missing = await _missing_proof(call, document)
    verification = {name: value for name, value in document.body.get("verification", {}).items() if name != "error_msg"}
    if missing is not None:
        changed = _with(document, {}, verification={**verification, "status": "pending", "error_msg": missing})
        return Answer(body=show(call, await _stored(call, document, changed)))
    key = call.ports.entropy.token(API_KEY_BYTES)
    now = timestamp(call.ports.clock.now())
    changed = _with(
        document,
        {"cname_api_key_hash": digest(key).hex()},
        status=READY,
        verification={**verification, "status": "verified", "last_verified_at": now},
    )
    shown = show(call, await _stored(call, document, changed))
    return Answer(body={**shown, "cname_api_key": key} if document.body["type"] != MANAGED else shown)


async def _missing_proof(call: Call, document: Document) -> str | None:
    """What DNS does not say yet."""
    if call.services.lookup_txt is None:
        return None
    method = next(method for method in document.body["verification"]["methods"] if method["name"] == "TXT")
    if method["record"] in await call.services.lookup_txt(method["domain"]):
        return None
    return f"No TXT record of {method['domain']} holds {method['record']}"


def _with(document: Document, secrets: Mapping[str, Any], **changes: Any) -> Document:
    return msgspec.structs.replace(document, body={**document.body, **changes}, secrets={**document.secrets, **secrets})


async def _stored(call: Call, before: Document, after: Document) -> Document:
    try:
        directory = await commit(call, [Put(document=after, expected_revision=before.revision)])
    except Conflict as error:
        raise taken() if error.field == "host" else error from None
    return directory.documents[Kind.CUSTOM_DOMAIN][before.id]


async def _test(call: Call) -> Answer:
    """Whether a request for the domain would be served as this tenant."""
    document = CUSTOM_DOMAINS.get(call, call.id)
    if document.body["status"] != READY:
        raise conflict("The custom domain is not ready")
    issuer = call.ports.directory.issuer(document.body["domain"])
    served = issuer is not None and issuer.tenant == call.tenant
    call.ports.log.write(call.tenant, api_event(call))
    message = "The domain is served" if served else "The domain is not served by this server"
    return Answer(body={"success": served, "message": message})


# ── the default domain ──


def _choice(call: Call) -> Document | None:
    return call.directory.documents[Kind.CONFIGURATION].get(DEFAULT_DOMAIN)


def default_domain(call: Call) -> str:
    """The one that was chosen, or the first that is ready, or the canonical one."""
    chosen = _choice(call)
    ready = (
        domain.domain
        for domain in call.directory.custom_domains.values()
        if domain.status == READY and (chosen is None or domain.custom_domain_id == chosen.body["custom_domain_id"])
    )
    return next(ready, call.directory.tenant.domain)


def _shown_default(call: Call) -> dict[str, Any]:
    domain = default_domain(call)
    for document in call.directory.documents[Kind.CUSTOM_DOMAIN].values():
        if document.body["domain"] == domain:
            return show(call, document)
    return {"domain": domain}


async def _default(call: Call) -> dict[str, Any]:
    return _shown_default(call)


async def _set_default(call: Call) -> Answer:
    domain = call.body["domain"].lower()
    known = call.directory.custom_domains.get(domain)
    if domain != call.directory.tenant.domain.lower() and (known is None or known.status != READY):
        raise invalid_body("The domain must be verified before it can be set as default.")
    before = _choice(call)
    document = before or Document(kind=Kind.CONFIGURATION, id=DEFAULT_DOMAIN, body={})
    body = {"custom_domain_id": known.custom_domain_id if known is not None else None}
    changed = msgspec.structs.replace(document, body=body)
    await commit(call, [Put(document=changed, expected_revision=before.revision if before is not None else None)])
    return Answer(body=_shown_default(call))


RESOURCES: tuple[Shape, ...] = (
    View(
        path="/custom-domains",
        scopes=("read:custom_domains",),
        summary="Get custom domains",
        answer=_list,
        query={
            **CUSTOM_DOMAINS.paging.rules,
            **PROJECTION,
            "q": text(max=1000),
            "sort": choice("domain:1"),
        },
    ),
    CUSTOM_DOMAINS,
    View(
        path="/custom-domains/default",
        scopes=("read:custom_domains",),
        summary="Get the default domain",
        answer=_default,
    ),
    Command(
        method="PATCH",
        path="/custom-domains/default",
        scopes=("update:custom_domains",),
        summary="Update the default custom domain",
        run=_set_default,
        body=record({"domain": text(min=3, max=255)}, required=("domain",)),
    ),
    Command(
        method="POST",
        path="/custom-domains/{id}/verify",
        scopes=("create:custom_domains",),
        summary="Verify a custom domain",
        run=_verify,
        answers={200: OBJECT},
    ),
    Command(
        method="POST",
        path="/custom-domains/{id}/test",
        scopes=("read:custom_domains",),
        summary="Test a custom domain",
        run=_test,
        answers={200: OBJECT},
    ),
)
