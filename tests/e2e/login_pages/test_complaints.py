"""That a page of which the browser complains fails the test it is shown in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page
from tests import chromium

pytestmark = pytest.mark.xdist_group("login-pages")
AT = "https://faulty.test/"
HEADERS = {"content-type": "text/html", "content-security-policy": "default-src 'none'; script-src 'nonce-n'"}
# A script and a style without a nonce, a picture from elsewhere, an error that is told, and a script that fails.
FAULTY = """<!doctype html><title>Faulty</title><script>1</script><p style="color: red"></p><img src="data:,">
<script nonce=n>console.error("told")</script><script nonce=n>throw new Error("thrown")</script>"""
HEARD = ("script-src", "style-src", "img-src", "told", "thrown")


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


@pytest.mark.parametrize("show", [in_the_tab, in_another_tab, in_a_window_it_opened, in_a_frame])
def test_every_fault_is_heard_wherever_it_is(
    context: BrowserContext, complaints: chromium.Complaints, show: Callable[[Page], Page]
) -> None:
    context.route(f"{AT}**", lambda route: route.fulfill(body=FAULTY, headers=HEADERS))
    try:
        show(context.new_page()).evaluate("() => 1")  # what was said before it is heard by then
    finally:
        context.unroute(f"{AT}**")
    for named in HEARD:
        assert any(named in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()
