"""``GET`` and ``POST /userinfo``: the token comes in the header, a form, or the query."""

from __future__ import annotations

from doorward.oauth.bearer import BearerTokens
from doorward.oauth.errors import InsufficientScope, InvalidRequest, InvalidTokenError
from doorward.oauth.userinfo import userinfo as read_userinfo
from doorward.ports import Ports
from doorward.web.router import Handler
from doorward.web.wire.errors import bearer_error
from doorward.web.wire.http import NO_STORE, Request, Response, json_response
from doorward.web.wire.parameters import bearer_token, body_parameters, query_parameters


def userinfo(ports: Ports, bearer_tokens: BearerTokens) -> Handler:
    """OpenID Connect Core §5.3. One token, in one place (RFC 6750 §2)."""

    async def handler(request: Request) -> Response:
        try:
            claims = await read_userinfo(_token(request), request.issuer, ports, bearer_tokens)
        except (InvalidTokenError, InsufficientScope) as error:
            return bearer_error(error, "Users")
        return json_response(claims, 200, NO_STORE)

    return handler


def _token(request: Request) -> str:
    places = [bearer_token(request), query_parameters(request).get("access_token")]
    if request.method == "POST":
        places.append(body_parameters(request).get("access_token"))
    given = [token for token in places if token]
    if len(given) > 1:
        raise InvalidRequest("The access token came in more than one place")
    if not given:
        raise InvalidTokenError("No access token came with the request")
    return given[0]
