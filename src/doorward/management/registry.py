"""Everything the Management API offers, and everything it does not."""

from __future__ import annotations

import re

from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import insufficient_scope
from doorward.management.kit.operation import Operation
from doorward.management.kit.shapes import Shape
from doorward.management.ledger import operations as every_operation
from doorward.management.resources import (
    client_grants,
    clients,
    connections,
    custom_domains,
    grants,
    logs,
    resource_servers,
    roles,
    signing_keys,
    tenant_settings,
    user_access,
    user_blocks,
    users,
)

RESOURCES: tuple[Shape, ...] = (
    *clients.RESOURCES,
    *resource_servers.RESOURCES,
    *client_grants.RESOURCES,
    *roles.RESOURCES,
    *connections.RESOURCES,
    *users.RESOURCES,
    *user_access.RESOURCES,
    *user_blocks.RESOURCES,
    *grants.RESOURCES,
    *logs.RESOURCES,
    *tenant_settings.RESOURCES,
    *signing_keys.RESOURCES,
    *custom_domains.RESOURCES,
)


def built() -> list[Operation]:
    """The operations this server performs."""
    return [operation for shape in RESOURCES for operation in shape.operations()]


def operations() -> list[Operation]:
    """Every operation of the API; those not built are marked as such."""
    performed = built()
    known = {(operation.method, shape_of(operation.path)) for operation in performed}
    return performed + [
        Operation(method=method, path=path, scopes=scopes, summary="", run=_refuse, unbuilt=True)
        for method, path, scopes in every_operation()
        if (method, shape_of(path)) not in known
    ]


def shape_of(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"{[^}]*}", "{}", path)


async def _refuse(call: Call) -> Answer:
    raise insufficient_scope(())
