"""From a request to an answer, in the one order of checks.

Path (404), token (401), rate limit (429), scope (403), query, body (400), then the handler: existence (404) and
business rules (400, 409). A handler that lost a race against another write is run again on the new
snapshot, when its turn comes; it must not write anything before the write that can lose.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from doorward.management.kit.admission import Admission
from doorward.management.kit.bodies import check_arguments, read_body, read_fields, read_query
from doorward.management.kit.checkpoint import open_checkpoint, seal_checkpoint
from doorward.management.kit.context import Actor, Answer, Call, ManagementRequest, Services
from doorward.management.kit.errors import (
    ApiError,
    conflict,
    insufficient_scope,
    invalid_body,
    no_such_path,
)
from doorward.management.kit.operation import Effect, Operation
from doorward.management.kit.paths import Paths
from doorward.management.kit.schema import ANY
from doorward.management.kit.writing import api_event
from doorward.ports import Conflict

RETRIES = 8
LOST = ("revision", "id")  # somebody else changed, or made, the document meanwhile


class Management:
    """The Management API of every tenant of one server."""

    def __init__(self, operations: Iterable[Operation], services: Services, admission: Admission | None = None) -> None:
        self._paths: Paths[Operation] = Paths()
        for operation in operations:
            self._paths.put(operation.method, operation.path, operation)
        self._services = services
        self._admission = admission or Admission(services)

    async def answer(self, request: ManagementRequest) -> Answer:
        """The answer to a request, refusals included, and how its sender stands with the rate limit.

        Raises only what storage raises.
        """
        standing = self._admission.standing()
        try:
            answer = await self._answer(request, standing)
            headers = {**standing, **answer.headers} if answer.headers else standing
            return msgspec.structs.replace(answer, headers=headers)
        except ApiError as error:
            return Answer(status=error.status, body=error.body, headers={**standing, **error.headers})

    async def _answer(self, request: ManagementRequest, standing: dict[str, str]) -> Answer:
        found = self._paths.find("GET" if request.method == "HEAD" else request.method, request.path)
        if found is None:
            raise no_such_path()
        operation, arguments = found
        directory = self._services.ports.directory.tenant(request.issuer.tenant)
        actor = await self._admission.caller(request.token, request.issuer, directory)
        call = Call(
            request=request,
            directory=directory,
            actor=actor,
            services=self._services,
            summary=operation.summary,
            arguments=arguments,
            secrets=operation.secrets,
        )
        standing |= self._admission.count(call)
        self._authorise(operation, actor, arguments)
        try:
            answer = await self._perform(operation, call)
            if call.disclosed and request.method in ("GET", "HEAD"):
                call.ports.log.write(call.tenant, api_event(call, type_="mgmt_api_read", status=answer.status))
            return answer
        except ApiError as error:
            if request.method not in ("GET", "HEAD"):
                event = api_event(call, type_="fapi", status=error.status, message=error.message)
                call.ports.log.write(call.tenant, event)
            raise

    async def _perform(self, operation: Operation, call: Call) -> Answer:
        check_arguments(call.arguments, operation.parameters)
        call.query = read_query(call.request.query, operation.query)
        open_checkpoint(call, operation)
        try:
            if operation.uploads:
                await _read_form(call, operation)
            elif operation.body is not None:
                call.body = read_body(call.request.content_type, call.request.body, operation.body)
            return seal_checkpoint(call, operation, await self._run(operation, call))
        finally:
            for file in call.files.values():
                file.close()

    async def _run(self, operation: Operation, call: Call) -> Answer:
        try:
            return await operation.run(call)
        except Conflict as error:
            _raise_unless_lost(error)
        async with call.ports.directory.turn(call.tenant):
            for _ in range(RETRIES):
                await call.ports.directory.refresh(call.tenant)
                call.directory = call.ports.directory.tenant(call.tenant)
                try:
                    return await operation.run(call)
                except Conflict as error:
                    _raise_unless_lost(error)
        raise conflict("The resource was changed by several requests at once, try again")

    def _authorise(self, operation: Operation, actor: Actor, arguments: dict[str, str]) -> None:
        """Raises ``ApiError`` (403). A person's token reaches only the person."""
        if operation.effect is Effect.REFUSED or not operation.allows(actor.scopes):
            raise insufficient_scope([*operation.scopes, *operation.own], every=operation.every_scope)
        if not actor.is_machine and operation.names_person and next(iter(arguments.values()), None) != actor.subject:
            raise ApiError(403, "User to be acted on does not match subject in bearer token.", "insufficient_scope")


async def _read_form(call: Call, operation: Operation) -> None:
    """Raises ``ApiError`` (400, 413)."""
    if call.request.form is None:
        raise invalid_body("Payload validation error: 'Invalid multipart payload format'.")
    form = await call.request.form(operation.uploads)
    call.files = dict(form.files)
    call.body = read_fields(form.fields, operation.body or ANY)


def _raise_unless_lost(error: Conflict) -> None:
    if error.field not in LOST:
        raise error
