"""That a page of which the browser complains fails the test it is shown in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page
from tests import chromium

pytestmark = pytest.mark.xdist_group("login-pages")
AT = "https://faulty.test/"
HEADERS = {"content-type": "text/html", "content-security-policy": "default-src 'none'; script-src 'nonce-n'"}
FAULTS = {
    "a script without a nonce": ("<script>1</script>", "script-src"),
    "a handler": ("<img src=data:, onerror=1>", "img-src"),
    "a style": ("<p style='color: red'>", "style-src"),
    "a script that fails": ("<script nonce=n>throw new Error('on purpose')</script>", "on purpose"),
    "an error that is told": ("<script nonce=n>console.error('on purpose')</script>", "on purpose"),
}


def in_the_tab(page: Page) -> Page:
    page.goto(AT)
    return page


def in_another_tab(page: Page) -> Page:
    return in_the_tab(page.context.new_page())


def in_a_window_it_opened(page: Page) -> Page:
    page.goto("about:blank")
    with page.expect_popup() as opened:
        page.evaluate("url => { window.open(url, 'login', 'width=400') }", AT)
    opened.value.wait_for_url(AT)
    return opened.value


def in_a_frame(page: Page) -> Page:
    page.set_content(f"<iframe src={AT}></iframe>")
    return page


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("show", [in_the_tab, in_another_tab, in_a_window_it_opened, in_a_frame])
def test_it_is_heard_wherever_it_is(
    context: BrowserContext, complaints: chromium.Complaints, show: Callable[[Page], Page], fault: str
) -> None:
    markup, named = FAULTS[fault]

    def answer(route: Any) -> None:
        route.fulfill(body=f"<!doctype html><title>Faulty</title>{markup}", headers=HEADERS)

    context.route(f"{AT}**", answer)
    try:
        show(context.new_page()).evaluate("() => 1")  # what was said before it is heard by then
    finally:
        context.unroute(f"{AT}**")
    assert any(named in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()
