"""``GET`` and ``POST /authorize``, ``/authorize/resume``, ``POST /oauth/par``."""

from __future__ import annotations

from urllib.parse import quote

from doorward.oauth import pushed_request
from doorward.oauth.authorization import Answer, Authorization, Interaction, TransactionGone
from doorward.oauth.authorize_request import PageError
from doorward.oauth.errors import InvalidRequest, OAuthError
from doorward.ports import Ports
from doorward.web.login.documents import FormPostDocument, WebMessageDocument
from doorward.web.login.ladder import screen_of
from doorward.web.login.presenter import Presenter
from doorward.web.router import Handler
from doorward.web.wire.cookies import browser, session_cookies, transaction_cookie
from doorward.web.wire.http import NO_STORE, Headers, Request, Response, json_response, redirect
from doorward.web.wire.parameters import basic_credentials, body_parameters, query_parameters


class AuthorizeHandlers:
    """The browser's way in, and back from every page."""

    def __init__(self, ports: Ports, authorization: Authorization, pages: Presenter) -> None:
        self._ports = ports
        self._authorization = authorization
        self._pages = pages

    async def authorize(self, request: Request) -> Response:
        """RFC 6749 §3.1; a form may be posted instead of a query (OpenID Connect Core §3.1.2.1)."""
        try:
            parameters = query_parameters(request)
            if request.method == "POST":
                if parameters:
                    raise InvalidRequest("Send the parameters in the body alone")
                parameters = body_parameters(request, allow_json=False)
            outcome = await self._authorization.begin(parameters, browser(request), request.context, request.issuer)
        except PageError as error:
            return self._pages.error(request, error.error, error.client)
        except OAuthError as error:
            return self._pages.error(request, error)
        return self.answer(request, outcome)

    async def resume(self, request: Request) -> Response:
        """Where every page leads when it is done."""
        try:
            state = query_parameters(request).get("state", "")
            outcome = await self._authorization.resume(state, browser(request), request.context, request.issuer)
        except TransactionGone as gone:
            return self._pages.gone(request, gone, came_twice=True)
        except PageError as error:
            return self._pages.error(request, error.error, error.client)
        except OAuthError as error:
            return self._pages.error(request, error)
        return self.answer(request, outcome)

    def answer(self, request: Request, outcome: Interaction | Answer) -> Response:
        """A redirect to the page to show, or the answer in its response mode."""
        if isinstance(outcome, Interaction):
            directory = self._ports.directory.tenant(request.issuer.tenant)
            screen = screen_of(outcome.transaction, directory)
            location = f"{screen.path}?state={quote(outcome.state, safe='')}"
            return redirect(location, transaction_cookie(outcome.browser_secret))
        cookies: Headers = ()
        secret = browser(request).session
        if outcome.session is not None and secret is not None:
            cookies = session_cookies(outcome.session, secret)
        response = outcome.response
        if response.location is not None:
            return redirect(response.location, cookies)
        if response.mode == "form_post":
            document: FormPostDocument | WebMessageDocument = FormPostDocument(
                response.redirect_uri, response.parameters
            )
        else:
            document = WebMessageDocument(response.origin or "", response.parameters)
        return self._pages.document(request, document).with_headers(*cookies)


def push(ports: Ports) -> Handler:
    """RFC 9126 §2; a form, never JSON."""

    async def handler(request: Request) -> Response:
        parameters = body_parameters(request, allow_json=False)
        answer = await pushed_request.push(
            parameters, basic_credentials(request), request.context, request.issuer, ports
        )
        return json_response(answer, 201, NO_STORE)

    return handler
