"""From a request to an answer, in the one order of checks.

Path (404), token (401), rate limit (429), scope (403), query, body (400), then the handler: existence (404) and
business rules (400, 409). A handler that lost a race against another write is run again on the new
snapshot, when its turn comes; it must not write anything before the write that can lose.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from doorward.management.kit.bodies import check_arguments, read_body, read_fields, read_query
from doorward.management.kit.checkpoint import open_checkpoint, seal_checkpoint
from doorward.management.kit.context import Actor, Answer, Call, ManagementRequest, Services
from doorward.management.kit.errors import (
    ApiError,
    conflict,
    insufficient_scope,
    invalid_body,
    no_such_path,
    unauthorized,
)
from doorward.management.kit.operation import Effect, Operation
from doorward.management.kit.paths import Paths
from doorward.management.kit.rate_limit import RateLimit, RateLimited, Standing
from doorward.management.kit.schema import ANY
from doorward.management.kit.writing import api_event
from doorward.model.directory import TenantDirectory
from doorward.oauth.errors import InvalidTokenError
from doorward.oauth.scopes import CURRENT_USER_SCOPES
from doorward.ports import Conflict

RETRIES = 8
LOST = ("revision", "id")  # somebody else changed, or made, the document meanwhile
SENTENCES = {
    "The token has expired": "Expired token received for JSON Web Token validation",
    "The token is malformed or its signature is invalid": "Invalid token",
    "The token is not an access token": "Invalid token",
}


class Management:
    """The Management API of every tenant of one server."""

    def __init__(self, operations: Iterable[Operation], services: Services) -> None:
        self._paths: Paths[Operation] = Paths()
        for operation in operations:
            self._paths.put(operation.method, operation.path, operation)
        self._services = services
        self._limit = RateLimit(
            services.ports.clock, per_second=services.requests_per_second, burst=services.request_burst
        )

    async def answer(self, request: ManagementRequest) -> Answer:
        """The answer to a request, refusals included, and how its sender stands with the rate limit.

        Raises only what storage raises.
        """
        standing = self._limit.full()
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
        actor = await self._authenticate(request, directory)
        call = Call(
            request=request,
            directory=directory,
            actor=actor,
            services=self._services,
            summary=operation.summary,
            arguments=arguments,
            secrets=operation.secrets,
        )
        if self._limit.counts:
            standing.update(self._admit(call))
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

    def _admit(self, call: Call) -> Standing:
        """Raises ``ApiError`` (429) for who asks too often; the tenant log says so once, not every time."""
        try:
            return self._limit.take(call.tenant, call.actor.subject)
        except RateLimited as error:
            if error.first:
                event = api_event(call, type_="api_limit")
                limit = {"size": self._services.request_burst, "bucket": "global", "global": True}
                details = {"request": event.details["request"], "limit": limit}
                call.ports.log.write(call.tenant, msgspec.structs.replace(event, details=details))
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

    async def _authenticate(self, request: ManagementRequest, directory: TenantDirectory) -> Actor:
        if request.token is None:
            raise unauthorized("Missing authentication")
        audience = directory.tenant.management_audience
        try:
            token = self._services.verify(request.token, audience, request.issuer, directory)
        except InvalidTokenError as error:
            sentence = SENTENCES.get(error.description, error.description)
            raise unauthorized(f"{sentence}: {audience}" if sentence == "Bad audience" else sentence) from None
        if token.sealed:
            raise unauthorized("Invalid token")
        actor = Actor(client_id=token.client_id, subject=token.subject, scopes=token.scopes)
        if actor.is_machine:
            return actor
        user, revoked = await self._services.ports.users.access(directory.tenant.id, token.subject, token.token_hash)
        if revoked or user is None or user.blocked:
            raise unauthorized("Invalid token")
        return Actor(client_id=token.client_id, subject=token.subject, scopes=token.scopes & CURRENT_USER_SCOPES)

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
