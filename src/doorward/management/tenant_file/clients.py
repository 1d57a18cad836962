"""Clients and their grants: credentials spelled out, and the Management API of another tenant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.management.kit.schema import text
from doorward.management.resources import client_credentials as credentials
from doorward.management.resources import clients
from doorward.management.tenant_file.rehearsal import Rehearsal
from doorward.management.tenant_file.sections import (
    Entities,
    Entry,
    Item,
    TenantFileError,
    Untouched,
    Work,
    differing,
    id_of,
    objects,
)
from doorward.model.document import Kind, Put

CLIENT_ID = text(min=1, max=64, format="client-id")


def with_credentials(api: Rehearsal, entry: Entry) -> Entry:
    """A client whose credentials are spelled out instead of referred to."""
    document = api.directory.documents[Kind.CLIENT][entry["client_id"]]
    known = {credential["id"]: credential for credential in credentials.of(document)}

    def spelled_out(holder: Mapping[str, Any]) -> dict[str, Any]:
        held = (known[reference["id"]] for reference in holder.get("credentials") or () if reference["id"] in known)
        return {**holder, "credentials": [{n: c[n] for n in CREDENTIAL if n in c} for c in held]}

    written = dict(entry)
    methods = written.get("client_authentication_methods")
    if methods:
        written["client_authentication_methods"] = {name: spelled_out(holder) for name, holder in methods.items()}
    for name in clients.HOLDERS - {"client_authentication_methods"}:
        if written.get(name):
            written[name] = spelled_out(written[name])
    return written


CREDENTIAL = ("name", "credential_type", "pem", "alg", "kid", "subject_dn", "expires_at")


async def adopting(work: Work, given: Entry, item: Item | None) -> Entry:
    """Credentials spelled out again are those the client holds; others become its own."""
    if given.get("client_id") is not None:
        CLIENT_ID.check(given["client_id"], "client_id")
    if item is None or not clients.HOLDERS & differing(given, item.entry).keys():
        return given
    api = work.api
    before = api.directory.documents[Kind.CLIENT][item.id]
    after, changed = api.within(lambda call: clients.adopt(call, before, given))
    if after is not before:
        await api.stage.change(api.tenant, [Put(document=after, expected_revision=before.revision)])
    return changed


async def of_known_api(work: Work, given: Entry, item: Item | None) -> Entry:
    """A grant for another tenant's Management API becomes one for this tenant's; nobody's own grant changes."""
    holder = given.get("client_id")
    if holder is not None and await id_of(work.api, "clients", holder) in work.api.keep:
        raise Untouched
    return given


def _own_audience(api: Rehearsal, audience: Any) -> Any:
    foreign = isinstance(audience, str) and audience.startswith("https://") and audience.endswith("/api/v2/")
    if foreign and audience not in api.directory.resource_servers:
        return api.directory.tenant.management_audience
    return audience


class Grants(Entities, frozen=True, kw_only=True):
    """Client grants. One for the Management API of the tenant a file was made of is one for this tenant's."""

    async def write_at(self, work: Work, base: str, value: Any) -> None:
        entries = [
            {**entry, "audience": _own_audience(work.api, entry.get("audience"))} for entry in objects(self.key, value)
        ]
        await super().write_at(work, base, entries)

    async def remove_at(self, work: Work, base: str, value: Any) -> None:
        entries = [
            {**entry, "audience": _own_audience(work.api, entry.get("audience"))} for entry in objects(self.key, value)
        ]
        await super().remove_at(work, base, entries)

    def key_of(self, entry: Mapping[str, Any]) -> tuple[Any, ...]:
        if not isinstance(entry.get("audience"), str):
            raise TenantFileError("an entry of clientGrants has no audience")
        whose, subject = entry.get("client_id") or entry.get("default_for"), entry.get("subject_type", "client")
        if not isinstance(whose, str | None) or not isinstance(subject, str | None):
            raise TenantFileError("client_id, default_for and subject_type of clientGrants are texts")
        return whose, entry["audience"], subject
