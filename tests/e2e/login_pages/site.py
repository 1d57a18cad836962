"""A site of one page: answers a browser's requests from rendered values, without a server."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from doorward.web.login import assets
from doorward.web.login.look import Look
from doorward.web.login.pages import Page
from doorward.web.login.render import render
from doorward.web.wire.http import Response


def serve(browser_page: Any, screen: Page, look: Look, locale: str = "en") -> None:
    """Answer everything ``browser_page`` asks with this screen and its static files."""
    answer(browser_page, render(screen, look, locale), look)


def answer(browser_page: Any, response: Response, look: Look | None = None) -> None:
    """The same with a response that exists already."""

    def fulfil(route: Any) -> None:
        path = urlsplit(route.request.url).path
        file = assets.find(path, look)
        if file is not None:
            headers = {"content-type": file.content_type, "cache-control": assets.CACHE_CONTROL}
            route.fulfill(status=200, body=file.body, headers=headers)
        elif path.startswith("/u/"):
            route.fulfill(status=response.status, body=response.body, headers=dict(response.headers))
        else:
            route.fulfill(status=404, body="")

    browser_page.unroute_all()
    browser_page.route("**/*", fulfil)
