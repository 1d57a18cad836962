"""The My Account API under ``/me/v1``; the token comes in the header only."""

from __future__ import annotations

from doorward.management.kit.context import Services
from doorward.management.my_account.api import OPERATIONS, PREFIX, AccountRequest, MyAccount, Operation
from doorward.oauth.bearer import BearerTokens
from doorward.web.answers import response_of
from doorward.web.router import Handler, Readers, Route
from doorward.web.wire.http import Request, Response
from doorward.web.wire.parameters import bearer_token


def my_account(services: Services, bearer_tokens: BearerTokens) -> list[Route]:
    """Its operations."""
    api = MyAccount(services, bearer_tokens)
    return [Route(one.method, PREFIX + one.path, _handler(one, api), readers=Readers.REGISTERED) for one in OPERATIONS]


def _handler(operation: Operation, api: MyAccount) -> Handler:
    async def handler(request: Request) -> Response:
        return response_of(
            await api.answer(
                operation,
                AccountRequest(
                    path=request.path,
                    arguments=request.path_parameters,
                    query=request.query.decode("ascii", "replace"),
                    body=request.body,
                    content_type=request.headers.get("content-type", ""),
                    token=bearer_token(request),
                    issuer=request.issuer,
                    context=request.context,
                ),
            )
        )

    return handler
