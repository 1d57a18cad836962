"""The operations of the My Account API, as one table, and how a request becomes an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from doorward.management.kit.bodies import checked_query, read_body
from doorward.management.kit.context import Answer, Services
from doorward.management.kit.errors import ApiError
from doorward.management.kit.paging import Paging
from doorward.management.kit.rate_limit import RateLimit, RateLimited
from doorward.management.kit.schema import ANY, Rule, Unfit, choice, integer, record, text
from doorward.management.my_account import enrollment, methods, problems
from doorward.management.my_account.caller import Caller, caller
from doorward.management.my_account.methods import PREFERRED, TYPES
from doorward.management.my_account.problems import Problem
from doorward.model.document import Kind
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth.bearer import BearerTokens
from doorward.ports import Overloaded

PREFIX = "/me/v1"
JSON = "application/json"
METHODS = "/authentication-methods"
UPDATE = record({"name": text(max=300), PREFERRED: choice("sms", "voice")})
ORGANIZATIONS = Paging(key="organizations", offset=False, checkpoint=True, always_object=True, size=10)
Run = Callable[[Caller, Mapping[str, str], Mapping[str, Any], Any], Awaitable[Answer]]


class Operation(Struct, frozen=True, kw_only=True):
    """One operation. ``logged`` is what the tenant log calls it, where it changes something; ``recent`` takes a login
    of late: a token that somebody found is not to become a way into the account, or lock its owner out."""

    method: str
    path: str
    scope: str
    run: Run
    body: Rule | None = None
    query: Mapping[str, Rule] = {}
    logged: str = ""
    recent: bool = False


class AccountRequest(Struct, frozen=True, kw_only=True):
    """A request as it came; ``arguments`` are the decoded path parameters, ``path`` is all of it."""

    path: str
    arguments: Mapping[str, str]
    query: str
    body: bytes
    content_type: str
    token: str | None
    issuer: Issuer
    context: RequestContext


# ── what is not about authentication methods ──


async def _consents(caller: Caller, arguments: Mapping[str, str], query: Mapping[str, Any], body: Any) -> Answer:
    """Consents to what was asked for over a back channel, of which there are none; what applications were granted on a
    page is a grant of the Management API."""
    return Answer(body={"consents": []})


async def _consent(caller: Caller, arguments: Mapping[str, str], query: Mapping[str, Any], body: Any) -> Answer:
    raise Problem(404, "The consent does not exist")


async def _organizations(caller: Caller, arguments: Mapping[str, str], query: Mapping[str, Any], body: Any) -> Answer:
    """Those the person belongs to, by id."""
    documents = caller.directory.documents[Kind.ORGANIZATION]
    after, take = ORGANIZATIONS.key_window(query)
    theirs = sorted(await caller.ports.organizations.of_user(caller.tenant, caller.user.user_id))
    ids = [id_ for id_ in theirs if id_ in documents and id_ > after][: take + 1]
    shown = [{"id": id_, **_names(documents[id_].body)} for id_ in ids]
    return Answer(body=ORGANIZATIONS.keyed(shown, ids, query))


def _names(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("name", "display_name") if body.get(name)}


async def _no_connected_accounts(
    caller: Caller, arguments: Mapping[str, str], query: Mapping[str, Any], body: Any
) -> Answer:
    raise problems.not_built("Connected accounts")


def _of_connected_accounts(method: str, path: str, verb: str, body: Rule | None = None) -> Operation:
    return Operation(
        method=method,
        path=f"/connected-accounts/{path}",
        scope=f"{verb}:me:connected_accounts",
        run=_no_connected_accounts,
        body=body,
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(method="GET", path="/factors", scope="read:me:factors", run=methods.factors),
    Operation(
        method="GET",
        path=METHODS,
        scope="read:me:authentication_methods",
        run=methods.listed,
        query={"type": choice(*TYPES)},
    ),
    Operation(
        method="POST",
        path=METHODS,
        scope="create:me:authentication_methods",
        run=enrollment.begin,
        body=enrollment.CREATE,
        logged="create",
        recent=True,
    ),
    Operation(method="GET", path=f"{METHODS}/{{id}}", scope="read:me:authentication_methods", run=methods.one),
    Operation(
        method="PATCH",
        path=f"{METHODS}/{{id}}",
        scope="update:me:authentication_methods",
        run=methods.update,
        body=UPDATE,
        logged="update",
    ),
    Operation(
        method="DELETE",
        path=f"{METHODS}/{{id}}",
        scope="delete:me:authentication_methods",
        run=methods.remove,
        logged="delete",
        recent=True,
    ),
    Operation(
        method="POST",
        path=f"{METHODS}/{{id}}/verify",
        scope="create:me:authentication_methods",
        run=enrollment.confirm,
        body=enrollment.SESSION,
        logged="verify",
    ),
    Operation(method="GET", path="/consents", scope="read:me:consents", run=_consents),
    Operation(method="GET", path="/consents/{id}", scope="read:me:consents", run=_consent),
    Operation(
        method="GET",
        path="/organizations",
        scope="read:me:organizations",
        run=_organizations,
        query={"from": text(max=255), "take": integer(min=1, max=100)},
    ),
    _of_connected_accounts("POST", "connect", "create", ANY),
    _of_connected_accounts("POST", "complete", "create", ANY),
    _of_connected_accounts("GET", "accounts", "read"),
    _of_connected_accounts("GET", "connections", "read"),
    _of_connected_accounts("DELETE", "accounts/{id}", "delete"),
)


class MyAccount:
    """Answers requests; it counts them per person as the Management API does per client."""

    def __init__(self, services: Services, bearer_tokens: BearerTokens) -> None:
        self._services = msgspec.structs.replace(services, verify=bearer_tokens.verify)
        self._limit = RateLimit(
            services.ports.clock, per_second=services.requests_per_second, burst=services.request_burst
        )

    async def answer(self, operation: Operation, request: AccountRequest) -> Answer:
        """The answer, refusals included."""
        standing: Mapping[str, str] = self._limit.full()
        called: Caller | None = None
        try:
            directory = self._services.ports.directory.tenant(request.issuer.tenant)
            called = await caller(self._services, request.token, request.issuer, request.context, directory)
            called = called.asking(operation.logged, operation.method, request.path)
            called.need(operation.scope)
            if operation.recent:
                called.need_recent_login()
            if self._limit.counts:
                standing = self._limit.take(called.tenant, called.key)
            answer = await operation.run(called, *_read(operation, request))
        except RateLimited as error:
            if error.first and called is not None:
                called.ports.log.write(called.tenant, called.event("api_limit", called.asked))
            answer = _refusal(operation, None, problems.unreadable(error))
        except ApiError as error:
            answer = _refusal(operation, called, problems.unreadable(error))
        except Overloaded as error:
            answer = _refusal(operation, called, problems.overloaded(error.retry_after))
        except Problem as problem:
            answer = _refusal(operation, called, problem)
        return msgspec.structs.replace(answer, headers={**standing, **answer.headers})


def _refusal(operation: Operation, called: Caller | None, problem: Problem) -> Answer:
    """Somebody who failed to change something is in the tenant log."""
    if operation.logged and called is not None:
        called.ports.log.write(called.tenant, called.failed(problem))
    return Answer(status=problem.status, body=problem.body, headers=problem.headers)


def _read(operation: Operation, request: AccountRequest) -> tuple[Mapping[str, str], dict[str, Any], Any]:
    """Arguments, query and body, checked. Raises ``Problem``, ``ApiError``."""
    if any("\0" in value or "\ufffd" in value for value in request.arguments.values()):
        raise problems.not_found()
    body = None
    try:
        query = checked_query(request.query, operation.query)
    except Unfit as error:
        raise problems.unfit(error, "query") from None
    if operation.body is not None:
        if request.content_type.partition(";")[0].strip().lower() != JSON:
            raise Problem(415, f"The body has to be {JSON}")
        body = read_body(JSON, request.body, ANY)
        try:
            operation.body.check(body, "")
        except Unfit as error:
            raise problems.unfit(error, "body") from None
    return request.arguments, query, body
