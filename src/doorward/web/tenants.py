"""``/_doorward/api/v1/tenants``: every tenant of the server, for whoever holds the root credential.

It is asked on the host of any tenant. Refusals are the Management API's; the credential opens nothing else, and no
token opens this.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from doorward.management.kit.bodies import read_body, read_query
from doorward.management.kit.errors import ApiError, conflict, not_found
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import Record, record, text
from doorward.management.tenants import (
    DOMAIN,
    ID,
    Tenants,
    made_on_the_wire,
    snapshot_on_the_wire,
    tenant_on_the_wire,
)
from doorward.model.identifiers import root_attempt_key
from doorward.model.tenant import SERVER
from doorward.model.tenant_snapshot import TenantSnapshot
from doorward.ports import Conflict, Ports, UnknownTenant, UnusableSnapshot
from doorward.web.router import Handler, Route
from doorward.web.wire.http import NO_STORE, Request, Response, json_response
from doorward.web.wire.parameters import bearer_token

logger = logging.getLogger("doorward.web")

PATH = "/_doorward/api/v1/tenants"
MAX_FAILURES = 10
WINDOW = 900

MAX_NAME = 259  # a host name with its port

_ID = text(min=1, max=MAX_NAME, pattern=ID)
FROM_SNAPSHOT = record({"tenant": _ID, "id": text(min=1, max=64)}, required=("tenant", "id"))
NEW = record(
    {"domain": text(min=1, max=MAX_NAME, pattern=DOMAIN), "id": _ID, "snapshot": FROM_SNAPSHOT}, required=("domain",)
)
RESTORE = record({"snapshot": text(min=1, max=64)}, required=("snapshot",))
PAGING = Paging(key="tenants")

Answer = Callable[[Request], Awaitable[Response]]


class TenantHandlers:
    """Handlers of these endpoints; ``routes`` names them all."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._tenants = Tenants(ports)

    def routes(self) -> list[Route]:
        one, snapshots = f"{PATH}/{{id}}", f"{PATH}/{{id}}/snapshots"
        return [
            Route(method, path, self._for_root(answer))
            for method, path, answer in (
                ("GET", PATH, self._list),
                ("POST", PATH, self._create),
                ("GET", one, self._show),
                ("DELETE", one, self._delete),
                ("GET", snapshots, self._list_snapshots),
                ("POST", snapshots, self._take),
                ("GET", f"{snapshots}/{{snapshot}}", self._show_snapshot),
                ("DELETE", f"{snapshots}/{{snapshot}}", self._drop_snapshot),
                ("POST", f"{one}/restore", self._restore),
            )
        ]

    def _for_root(self, answer: Answer) -> Handler:
        async def handler(request: Request) -> Response:
            try:
                await self._admit(request)
                return await answer(request)
            except ApiError as error:
                return _refusal(error)
            except UnknownTenant:
                return _refusal(not_found("The tenant does not exist", "inexistent_tenant"))

        return handler

    async def _admit(self, request: Request) -> None:
        """Raises ``ApiError``. Somebody who guesses is told ``MAX_FAILURES`` times in each ``WINDOW`` that it was
        wrong; whoever has the credential gets in, whatever others tried from the same address."""
        given = bearer_token(request)
        if not given:
            raise _unauthorized("Missing authentication")
        if await self._ports.root_credential.matches(given):
            return
        now = self._ports.clock.now()
        key = root_attempt_key(request.ip, int(now // WINDOW))
        if await self._ports.attempts.count(SERVER, key) >= MAX_FAILURES:
            wait = str(WINDOW - int(now % WINDOW))
            raise ApiError(429, "Too many failed attempts", "too_many_attempts", headers={"retry-after": wait})
        await self._ports.attempts.fail(SERVER, key, at=now, window=WINDOW)
        logger.warning("a wrong root credential was tried", extra={"ip": request.ip})
        raise _unauthorized("Invalid root credential")

    # ── tenants ──

    async def _list(self, request: Request) -> Response:
        query = read_query(request.query.decode("ascii", "replace"), PAGING.rules)
        start, limit = PAGING.window(query)
        tenants = self._ports.directory.tenants()
        shown = [tenant_on_the_wire(self._ports.directory.tenant(it.id)) for it in tenants[start : start + limit]]
        return _answer(PAGING.answer(shown, query, total=len(tenants)))

    async def _create(self, request: Request) -> Response:
        body = _body(request, NEW)
        domain = body["domain"]
        id_ = body.get("id", domain)
        try:
            if "snapshot" not in body:
                return _answer(made_on_the_wire(*await self._tenants.create_managed(id_, domain, request.context)), 201)
            file = await self._ports.snapshots.open(body["snapshot"]["tenant"], body["snapshot"]["id"])
            if file is None:
                raise _no_snapshot()
            with file:
                clone = await self._tenants.clone(file, id_, domain, request.context)
        except Conflict as taken:
            raise _taken(taken) from None
        except UnusableSnapshot as unusable:
            raise _unusable(unusable) from None
        return _answer(tenant_on_the_wire(clone), 201)

    async def _show(self, request: Request) -> Response:
        directory = self._ports.directory.tenant(request.path_parameters["id"])
        _, users = await self._ports.users.page(directory.tenant.id, offset=0, limit=1)
        return _answer({**tenant_on_the_wire(directory), "users": users})

    async def _delete(self, request: Request) -> Response:
        tenant = self._tenant(request)
        await self._tenants.delete(tenant)
        # Its own log went with it.
        logger.warning("a tenant was deleted", extra={"tenant": tenant, "ip": request.ip})
        return Response(204, b"", NO_STORE)

    # ── snapshots ──

    async def _list_snapshots(self, request: Request) -> Response:
        kept = await self._ports.snapshots.kept(self._tenant(request))
        return _answer([snapshot_on_the_wire(snapshot) for snapshot in kept])

    async def _take(self, request: Request) -> Response:
        return _answer(snapshot_on_the_wire(await self._tenants.keep(self._tenant(request), request.context)), 201)

    async def _show_snapshot(self, request: Request) -> Response:
        return _answer(snapshot_on_the_wire(await self._snapshot(request)))

    async def _drop_snapshot(self, request: Request) -> Response:
        snapshot = await self._snapshot(request)
        if not await self._ports.snapshots.drop(snapshot.tenant, snapshot.id):
            raise _no_snapshot()
        return Response(204, b"", NO_STORE)

    async def _restore(self, request: Request) -> Response:
        tenant = self._tenant(request)
        kept = _body(request, RESTORE)["snapshot"]
        file = await self._ports.snapshots.open(tenant, kept)
        if file is None:
            raise _no_snapshot()
        try:
            with file:
                restored = await self._tenants.restore(file, request.context, kept=kept)
        except Conflict as taken:
            raise _taken(taken) from None
        except UnusableSnapshot as unusable:
            raise _unusable(unusable) from None
        return _answer(tenant_on_the_wire(restored))

    async def _snapshot(self, request: Request) -> TenantSnapshot:
        for snapshot in await self._ports.snapshots.kept(self._tenant(request)):
            if snapshot.id == request.path_parameters["snapshot"]:
                return snapshot
        raise _no_snapshot()

    def _tenant(self, request: Request) -> str:
        """The tenant the path names. Raises ``UnknownTenant``."""
        return self._ports.directory.tenant(request.path_parameters["id"]).tenant.id


def _body(request: Request, rule: Record) -> Any:
    return read_body(request.headers.get("content-type", ""), request.body, rule)


def _refusal(error: ApiError) -> Response:
    return json_response(error.body, error.status, (*NO_STORE, *error.headers.items()))


def _answer(value: Any, status: int = 200) -> Response:
    return json_response(value, status, NO_STORE)


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, message, headers={"www-authenticate": 'Bearer realm="Doorward root"'})


def _no_snapshot() -> ApiError:
    return not_found("The snapshot does not exist", "inexistent_snapshot")


def _taken(taken: Conflict) -> ApiError:
    if taken.field == "tenant":
        return conflict("A tenant with this id exists already", "tenant_conflict")
    return conflict(f"Another tenant is served at {taken.value}", "domain_conflict")


def _unusable(unusable: UnusableSnapshot) -> ApiError:
    return conflict(f"The snapshot cannot be restored: {unusable}", "unusable_snapshot")
