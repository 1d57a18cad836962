"""The inbox of a development server: ``/_doorward/inbox`` for the eye, ``/_doorward/api/v1/inbox`` for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from doorward.model.message import Received
from doorward.ports import Inbox
from doorward.web.login import headers
from doorward.web.login.documents import InboxDocument
from doorward.web.login.presenter import Presenter
from doorward.web.router import Handler, Route
from doorward.web.wire.http import NO_STORE, Request, Response, html_response, json_response, text_response
from doorward.web.wire.same_origin import is_same_origin

PATH = "/_doorward/inbox"
API = "/_doorward/api/v1/inbox"
ELSEWHERE = '<base target="_blank">'


def routes(inbox: Inbox, presenter: Presenter) -> list[Route]:
    return [
        Route("GET", PATH, _every_message(inbox, presenter)),
        Route("GET", f"{PATH}/{{id}}", _one_message(inbox, presenter)),
        Route("GET", f"{PATH}/{{id}}/html", _html(inbox)),
        Route("GET", API, _list(inbox)),
        Route("POST", f"{API}/take", _of_no_other_site(_take(inbox))),
        Route("DELETE", API, _of_no_other_site(_clear(inbox))),
    ]


# ── pages ──


def _every_message(inbox: Inbox, presenter: Presenter) -> Handler:
    async def handler(request: Request) -> Response:
        return presenter.inbox(request, InboxDocument(inbox.messages(request.issuer.tenant), _clock))

    return handler


def _one_message(inbox: Inbox, presenter: Presenter) -> Handler:
    async def handler(request: Request) -> Response:
        found = inbox.find(request.issuer.tenant, request.path_parameters["id"])
        if found is None:
            return text_response("There is no such message, or none any more\n", 404)
        return presenter.inbox(request, InboxDocument((), _clock, found))

    return handler


def _html(inbox: Inbox) -> Handler:
    """A mail as a mail program shows it: for the frame in its page."""

    async def handler(request: Request) -> Response:
        found = inbox.find(request.issuer.tenant, request.path_parameters["id"])
        if found is None or not found.html:
            return text_response("There is no such mail, or none any more\n", 404)
        head = "<head>" if "<head>" in found.html else ""  # nothing may come before a doctype
        return html_response(found.html.replace(head, head + ELSEWHERE, 1), 200, headers.for_mail())

    return handler


def _clock(message: Received) -> str:
    return datetime.fromtimestamp(message.at, UTC).strftime("%H:%M:%S UTC")


# ── JSON ──


def _list(inbox: Inbox) -> Handler:
    """``GET``: ``{"messages": […]}``, the newest first, of one recipient with ``?to=``."""

    async def handler(request: Request) -> Response:
        messages = inbox.messages(request.issuer.tenant, _to(request))
        return json_response({"messages": [_shown(message) for message in messages]}, 200, NO_STORE)

    return handler


def _take(inbox: Inbox) -> Handler:
    """``POST``: the newest message (``?to=``) nobody has taken, which is then taken; 204 where there is none."""

    async def handler(request: Request) -> Response:
        taken = inbox.take(request.issuer.tenant, _to(request))
        return json_response(_shown(taken), 200, NO_STORE) if taken is not None else Response(204, headers=NO_STORE)

    return handler


def _clear(inbox: Inbox) -> Handler:
    """``DELETE``: an empty inbox."""

    async def handler(request: Request) -> Response:
        inbox.clear(request.issuer.tenant)
        return Response(204, headers=NO_STORE)

    return handler


def _of_no_other_site(handler: Handler) -> Handler:
    """``handler``, unless a page of another site asks: it would take what a test waits for."""

    async def guarded(request: Request) -> Response:
        return await handler(request) if is_same_origin(request) else text_response("Forbidden\n", 403)

    return guarded


def _to(request: Request) -> str | None:
    """Whose messages are asked for."""
    given = parse_qs(request.query.decode("ascii", "replace")).get("to")
    return given[-1] if given else None


def _shown(message: Received) -> dict[str, Any]:
    at = datetime.fromtimestamp(message.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "id": message.id,
        "at": at,
        "channel": message.channel.value,
        "template": message.template,
        "from": message.sender,
        "to": message.to,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "link": message.link,
        "code": message.code,
        "user_id": message.user_id,
        "client_id": message.client_id,
    }
