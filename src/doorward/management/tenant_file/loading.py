"""Loading a tenant file: plan, write, and then its users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from doorward.management.kit.context import Services
from doorward.management.tenant_file.plan import TenantFileError, plan
from doorward.management.tenant_file.users import LoadedUsers, UserLoader
from doorward.ports import Conflict


class Loaded(Struct, frozen=True):
    """How many documents were written, what became of the users, and what has no effect yet."""

    written: int
    users: LoadedUsers
    unsupported: list[str]


async def load(
    document: Mapping[str, Any], tenant: str, services: Services, *, verified_domains: bool = False
) -> Loaded:
    """Make ``tenant`` (an id that exists) what ``document`` says; the same document twice writes nothing.

    ``verified_domains``: custom domains count as verified at once. Raises ``TenantFileError``.
    """
    ports = services.ports
    planned = plan(document, ports.directory.tenant(tenant), services, verified_domains=verified_domains)
    if planned.changes:
        try:
            await ports.directory.change(tenant, planned.changes)
        except Conflict as conflict:
            raise TenantFileError(f"{conflict.field} {conflict.value} is taken already") from None
    users = await UserLoader(ports.clock, ports.entropy, ports.users, ports.passwords).load(
        document.get("users") or [], ports.directory.tenant(tenant)
    )
    return Loaded(len(planned.changes), users, planned.unsupported)
