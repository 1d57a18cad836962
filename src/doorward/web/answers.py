"""What the declared APIs answer, as HTTP."""

from __future__ import annotations

from doorward.management.kit.context import Answer, Nothing
from doorward.web.wire.http import NO_STORE, Response, json_response


def response_of(answer: Answer) -> Response:
    """JSON that nobody keeps, or no body at all."""
    headers = (*NO_STORE, *answer.headers.items())
    if isinstance(answer.body, Nothing):
        return Response(answer.status, b"", headers)
    return json_response(answer.body, answer.status, headers)
