"""``GET /v2/logout`` and ``GET``/``POST /oidc/logout``."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from doorward.model.digest import digest
from doorward.oauth import logout
from doorward.oauth.errors import InvalidRequest, OAuthError
from doorward.oauth.logout import LogoutRequest
from doorward.ports import Ports
from doorward.web.login import screens
from doorward.web.login.pages import DecisionPage, ResultPage
from doorward.web.login.presenter import Presenter
from doorward.web.wire.cookies import CLEARED_SESSION, browser
from doorward.web.wire.http import NO_STORE, Request, Response, redirect, text_response
from doorward.web.wire.parameters import body_parameters, query_parameters
from doorward.web.wire.same_origin import is_same_origin


class LogoutHandlers:
    """Both ways out."""

    def __init__(self, ports: Ports, pages: Presenter) -> None:
        self._ports = ports
        self._pages = pages

    async def auth0(self, request: Request) -> Response:
        """``GET /v2/logout``: ends the session whether or not the redirect is allowed."""
        cookie = browser(request).session
        try:
            parameters = query_parameters(request)
            wanted = await logout.auth0_logout(parameters, cookie, request.issuer, self._ports)
        except InvalidRequest as error:
            await logout.refuse(error, cookie, request.context, request.issuer, self._ports, ends=True)
            return self._pages.error(request, error).with_headers(*CLEARED_SESSION)
        await logout.end_session(wanted, request.context, request.issuer, self._ports)
        if wanted.location is None:
            return text_response("OK", 200, NO_STORE + CLEARED_SESSION)
        return redirect(wanted.location, CLEARED_SESSION)

    async def oidc(self, request: Request) -> Response:
        """OpenID Connect RP-Initiated Logout 1.0."""
        cookie = browser(request).session
        try:
            parameters = query_parameters(request)
            form = body_parameters(request, allow_json=False) if request.method == "POST" else {}
            decided = form.get("action") in ("accept", "deny")
            if not decided:
                parameters = {**parameters, **form}
            wanted = await logout.rp_initiated_logout(parameters, cookie, request.issuer, self._ports)
        except OAuthError as error:
            if isinstance(error, InvalidRequest):
                await logout.refuse(error, cookie, request.context, request.issuer, self._ports, ends=False)
            return self._pages.error(request, error)
        if wanted.confirm and cookie is not None:
            if not decided or not is_same_origin(request) or not _knows(form.get("state"), cookie):
                return await self._ask(request, parameters, wanted, cookie)
            if form["action"] == "deny":
                return self._pages.render(request, ResultPage(screen=screens.LOGOUT_ABORTED, title="eventTitle"))
        await logout.end_session(wanted, request.context, request.issuer, self._ports)
        if wanted.location is None:
            return self._pages.render(
                request, ResultPage(screen=screens.LOGOUT_COMPLETE, title="eventTitle")
            ).with_headers(*CLEARED_SESSION)
        return redirect(wanted.location, CLEARED_SESSION)

    async def _ask(
        self, request: Request, parameters: Mapping[str, str], wanted: LogoutRequest, cookie: str
    ) -> Response:
        """The page posts to its own URL, so what was posted becomes a query first."""
        if request.method == "POST":
            kept = {name: value for name, value in parameters.items() if name != "action"}
            return redirect("/oidc/logout" + (f"?{urlencode(kept)}" if kept else ""))
        session = wanted.session
        user = await self._ports.users.find(request.issuer.tenant, session.user_id) if session is not None else None
        page = DecisionPage(
            screen=screens.LOGOUT,
            state=_proof_of(cookie),
            redirect_uri=wanted.location or "",
            client_name=wanted.client.name if wanted.client is not None else "",
            user_name=(user.email or str(user.profile.get("name") or "")) if user is not None else "",
        )
        return self._pages.render(request, page)


def _proof_of(cookie: str) -> str:
    """What only a page shown to this session can post."""
    return digest(f"logout {cookie}").hex()


def _knows(state: str | None, cookie: str) -> bool:
    return state is not None and hmac.compare_digest(state.encode(), _proof_of(cookie).encode())
