"""The tenant file over HTTP: GET answers the tenant as a document, POST plans a document or applies it.

The body of a POST is ``{document, removes?, apply?, revision?}``; ``revision`` is that of the plan somebody looked
at, and nothing is applied to a tenant that changed since. Refusals are the Management API's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from doorward.management.kit.context import Actor, Answer, Services
from doorward.management.kit.errors import ApiError, conflict, invalid_body
from doorward.management.tenant_file.export import export
from doorward.management.tenant_file.loading import carry_out
from doorward.management.tenant_file.plan import plan
from doorward.model.directory import TenantDirectory
from doorward.model.log_event import LogEvent
from doorward.model.request_context import RequestContext
from doorward.ports import Conflict

PATH = "/_doorward/api/v1/tenant-file"
CHANGED = "The tenant has been changed since this was planned: plan again"


async def read(
    query: Mapping[str, str], tenant: str, services: Services, actor: Actor, context: RequestContext | None = None
) -> Answer:
    """``{document, left_out}``; the query may ask for ``secrets``, ``identifiers`` and what is our ``own``. Who was
    given secrets is in the log."""
    directory, secrets = services.ports.directory.tenant(tenant), query.get("secrets") == "true"
    exported = await export(
        directory,
        services,
        actor,
        secrets=secrets,
        identifiers=query.get("identifiers") == "true",
        own=query.get("own") == "true",
        context=context,
    )
    if secrets:
        services.ports.log.write(tenant, _told(directory, services, actor, context or RequestContext()))
    return Answer(body=msgspec.to_builtins(exported))


def _told(directory: TenantDirectory, services: Services, actor: Actor, context: RequestContext) -> LogEvent:
    """The event of an export with secrets."""
    client = directory.clients.get(actor.client_id)
    return LogEvent(
        type="mgmt_api_read",
        date=services.ports.clock.now(),
        description="Export the tenant with its secrets",
        client_id=actor.client_id,
        client_name=client.name if client is not None else None,
        ip=context.ip,
        user_agent=context.user_agent,
        hostname=context.hostname,
        auth0_client=context.auth0_client,
    )


async def write(
    body: Mapping[str, Any], tenant: str, services: Services, actor: Actor, context: RequestContext | None = None
) -> Answer:
    """The plan, and whether it was ``applied``."""
    try:
        return Answer(body=await _write(body, tenant, services, actor, context))
    except ApiError as error:
        return Answer(status=error.status, body=error.body)


async def _write(
    body: Mapping[str, Any], tenant: str, services: Services, actor: Actor, context: RequestContext | None
) -> dict[str, Any]:
    document, revision = body.get("document"), body.get("revision")
    if not isinstance(document, dict):
        raise invalid_body("Payload validation error: 'Missing required property: document'.")
    directory = services.ports.directory
    planned = await plan(
        document, directory.tenant(tenant), services, actor, removes=body.get("removes") is True, context=context
    )
    applies = body.get("apply") is True and not planned.plan.problems
    if applies:
        if revision is not None and revision != planned.plan.revision:
            raise conflict(CHANGED)
        try:
            await carry_out(planned, tenant, directory)
        except Conflict as lost:
            await directory.refresh(tenant)
            taken = f"{lost.field} {lost.value} is taken already"
            raise conflict(CHANGED if lost.field == "revision" else taken) from None
    return {**msgspec.to_builtins(planned.plan), "applied": applies}
