"""Loading a tenant file: plan, write, and then its users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from doorward.management.kit.context import MACHINE, Actor, Services
from doorward.management.system_scopes import EVERY_SCOPE
from doorward.management.tenant_file.plan import Planned, plan
from doorward.management.tenant_file.sections import TenantFileError
from doorward.management.tenant_file.users import LoadedUsers, UserLoader
from doorward.model.document import Put
from doorward.ports import Conflict, Directory

LOADER = "tenant file"


class Loaded(Struct, frozen=True):
    """How many documents were written, what became of the users, and what has no effect yet."""

    written: int
    users: LoadedUsers
    unsupported: list[str]


async def carry_out(planned: Planned, tenant: str, directory: Directory) -> None:
    """Write what was planned with its log events, all of it or nothing, to the tenant as it was planned for.

    Raises ``ports.Conflict``, with the field ``revision`` for a tenant that has changed since.
    """
    if planned.writes:
        await directory.change(tenant, planned.writes, planned.events, at_revision=planned.plan.revision)


async def load(
    document: Mapping[str, Any], tenant: str, services: Services, *, verified_domains: bool = False
) -> Loaded:
    """Make ``tenant`` (an id that exists) what ``document`` says; the same document twice writes nothing.

    ``verified_domains``: custom domains count as verified at once. Raises ``TenantFileError``.
    """
    ports = services.ports
    if verified_domains:
        services = structs.replace(services, lookup_txt=None)
    actor = Actor(client_id=LOADER, subject=LOADER + MACHINE, scopes=frozenset(EVERY_SCOPE))
    planned = await plan(document, ports.directory.tenant(tenant), services, actor, verified_domains=verified_domains)
    if planned.plan.problems:
        first, *others = planned.plan.problems
        more = "".join(f"\n  {problem.sentence}" for problem in others)
        raise TenantFileError(first.sentence + more, first.fix)
    try:
        await carry_out(planned, tenant, ports.directory)
    except Conflict as conflict:
        raise TenantFileError(f"{conflict.field} {conflict.value} is taken already") from None
    users = await UserLoader(ports.clock, ports.entropy, ports.users, ports.passwords).load(
        document.get("users") or [], ports.directory.tenant(tenant)
    )
    written = sum(isinstance(write, Put) for write in planned.writes)
    return Loaded(written, users, list(planned.plan.left_out))
