"""Who calls the My Account API, and with what right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from doorward.identity.log_events import person_event
from doorward.management.kit.context import Services
from doorward.management.my_account import problems
from doorward.management.my_account.problems import Problem
from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import SEPARATOR
from doorward.model.log_event import LogEvent
from doorward.model.mfa import MfaSubject
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.model.user import User
from doorward.oauth.eligibility import eligible_user
from doorward.oauth.errors import InvalidTokenError, OAuthError
from doorward.oauth.mfa_policy import RECENT
from doorward.ports import Ports

SUCCEEDED, FAILED = "my_account_authentication_method_succeeded", "my_account_authentication_method_failed"


class Caller(Struct, frozen=True, kw_only=True):
    """A person, at an application. ``authenticated_at`` is when they proved who they are (epoch seconds), ``asked``
    what for, for the log: ``operation`` and ``request``."""

    services: Services
    directory: TenantDirectory
    issuer: Issuer
    user: User
    client: Client
    context: RequestContext
    scopes: frozenset[str]
    authenticated_at: float
    asked: Mapping[str, Any] = {}

    @property
    def ports(self) -> Ports:
        return self.services.ports

    @property
    def tenant(self) -> str:
        return self.directory.tenant.id

    @property
    def key(self) -> str:
        """What their requests are counted under."""
        return f"me{SEPARATOR}{self.user.user_id}"

    def asking(self, operation: str, method: str, path: str) -> Caller:
        """The same, who asks for an operation."""
        return msgspec.structs.replace(
            self, asked={"operation": operation, "request": {"method": method.lower(), "path": path}}
        )

    def need(self, scope: str) -> None:
        """Raises ``Problem`` (403)."""
        if scope not in self.scopes:
            raise problems.insufficient_scope(scope)

    def need_recent_login(self) -> None:
        """Raises ``Problem`` (401)."""
        if self.ports.clock.now() - self.authenticated_at > RECENT:
            raise problems.login_needed(int(RECENT))

    def subject(self, binding: bytes, method_id: str = "") -> MfaSubject:
        """The person, as somebody who takes a factor on in the application's own pages."""
        return MfaSubject(
            directory=self.directory,
            user=self.user,
            client=self.client,
            context=self.context,
            binding=binding,
            embedded=True,
            method_id=method_id,
        )

    def event(self, type_: str, details: Mapping[str, Any]) -> LogEvent:
        """What they did, as an event of the tenant log."""
        return person_event(
            type_,
            self.ports.clock.now(),
            self.directory.connections.get(self.user.connection),
            self.context,
            user=self.user,
            client=self.client,
            details=dict(details),
        )

    def succeeded(self, type_: str, id_: str) -> LogEvent:
        """What the tenant log says of a change."""
        method = {"authentication_method": type_, "authentication_method_id": id_}
        return self.event(SUCCEEDED, {**self.asked, **method})

    def failed(self, problem: Problem) -> LogEvent:
        """What it says where nothing came of it."""
        event = self.event(FAILED, {**self.asked, "error": problem.told})
        return msgspec.structs.replace(event, description=problem.detail)


async def caller(
    services: Services, token: str | None, issuer: Issuer, context: RequestContext, directory: TenantDirectory
) -> Caller:
    """Whom an access token speaks for. Raises ``Problem`` (401) for one that is not good here, (403) where the tenant
    has no My Account API."""
    if not token:
        raise problems.missing_token()
    audience = directory.tenant.my_account_audience
    try:
        bearer = services.verify(token, audience, issuer, directory)
        if audience not in directory.resource_servers:
            raise Problem(403, "The My Account API is not activated")
        client = directory.clients.get(bearer.client_id)
        user, revoked = await services.ports.users.access(directory.tenant.id, bearer.subject, bearer.token_hash)
        if client is None or revoked or user is None:
            raise InvalidTokenError("The token was revoked")
        user = eligible_user(user, client, directory)
    except OAuthError as error:
        raise problems.unauthorized(error.description) from None
    return Caller(
        services=services,
        directory=directory,
        issuer=issuer,
        user=user,
        client=client,
        context=context,
        scopes=bearer.scopes,
        authenticated_at=bearer.authenticated_at,
    )
