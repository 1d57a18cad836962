"""What belongs to an organization, by names."""

from __future__ import annotations

from typing import Any

from doorward.management.tenant_file.rehearsal import NotBuilt, Rehearsal
from doorward.management.tenant_file.sections import (
    Entities,
    Entry,
    Item,
    Part,
    Work,
    covers,
    id_of,
    objects,
)


class OrganizationGrants(Part, frozen=True, kw_only=True):
    """The client grants an organization may be used with, by the name of their client."""

    async def read(self, api: Rehearsal, base: str) -> list[Entry]:
        names = {id_: client.name for id_, client in api.directory.clients.items()}
        held = [grant for grant in await self._held(api, base) if grant["id"] not in api.keep]
        return [{"client_id": name} for name in sorted({names.get(g["client_id"], g["client_id"]) for g in held})]

    async def write(self, work: Work, base: str, given: Any) -> None:
        api = work.api
        wanted = {await id_of(api, "clients", entry.get("client_id")) for entry in objects(self.name, given)}
        held = {grant["id"]: grant["client_id"] for grant in await self._held(api, base)}
        every = await api.every("/client-grants")
        for grant in every:
            # Only what an organization can be used with counts; the rest of a client's grants are none of its business.
            usable = grant.get("organization_usage") in ("allow", "require")
            if grant.get("client_id") in wanted and usable and grant["id"] not in held:
                await api.call("POST", f"{base}/client-grants", {"grant_id": grant["id"]})
        for id_, client_id in held.items():
            if client_id not in wanted and id_ not in api.keep:
                await api.call("DELETE", f"{base}/client-grants/{id_}")

    async def _held(self, api: Rehearsal, base: str) -> list[dict[str, Any]]:
        try:
            return await api.every(f"{base}/client-grants")
        except NotBuilt:
            return []


class OrganizationClients(Part, frozen=True, kw_only=True):
    """The clients of an organization, by their names."""

    async def read(self, api: Rehearsal, base: str) -> list[Entry]:
        names = {id_: client.name for id_, client in api.directory.clients.items()}
        held = [shown for shown in await api.every(f"{base}/clients") if shown["client_id"] not in api.keep]
        entries = [
            {"client_id": names[shown["client_id"]], "use_for_member_access": bool(shown.get("use_for_member_access"))}
            for shown in held
        ]
        return sorted(entries, key=lambda entry: str(entry["client_id"]))

    async def write(self, work: Work, base: str, given: Any) -> None:
        held = {entry["client_id"]: entry for entry in await self.read(work.api, base)}
        wanted = {str(entry.get("client_id")): entry for entry in objects(self.name, given)}
        new = [entry for name, entry in wanted.items() if not covers(held.get(name), entry)]
        if new:
            body = [{**entry, "client_id": await id_of(work.api, "clients", entry.get("client_id"))} for entry in new]
            await work.api.call("POST", f"{base}/clients", {"clients": body})
        gone = [await id_of(work.api, "clients", name) for name in held.keys() - wanted.keys()]
        if gone:
            await work.api.call("DELETE", f"{base}/clients", {"clients": sorted(gone)})


def _connection_name(api: Rehearsal, entry: Entry) -> Entry:
    """A connection of an organization by its name."""
    connection = entry.get("connection") or {}
    kept = {name: value for name, value in entry.items() if name not in ("connection", "connection_id")}
    return {"name": connection.get("name"), **kept}


async def _connection_id(work: Work, given: Entry, item: Item | None) -> Entry:
    name = given.get("name") or given.get("organization_connection_name")
    kept = {n: value for n, value in given.items() if n != "name"}
    return kept if item is not None else {**kept, "connection_id": await id_of(work.api, "connections", name)}


ORGANIZATION_CONNECTIONS = Entities(
    key="organizations.connections",
    path="/connections",
    id="connection_id",
    tidy=_connection_name,
    adapt=_connection_id,
)
DISCOVERY_DOMAINS = Entities(
    key="organizations.discovery_domains",
    path="/discovery-domains",
    by=("domain",),
    read_only=frozenset(("verification_txt", "verification_host")),
)
