"""A button that is clicked twice, in a real browser, with and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from tests.e2e.login_pages.conftest import Site
from tests.e2e.login_pages.tenants import PASSWORD

pytestmark = pytest.mark.xdist_group("login-pages")


def click_twice(page: Page, apart: int) -> None:
    """Click where the primary button is, and once more ``apart`` milliseconds later, whatever is there then."""
    box = page.locator("[data-action-button-primary]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    page.wait_for_timeout(apart)
    page.mouse.click(x, y)


@pytest.mark.parametrize("apart", [0, 40, 150])
def test_a_sign_up(site: Site, page: Page, scripts: bool, apart: int) -> None:
    page.goto(site.authorize(site.combined, screen_hint="signup"))
    page.locator("#email").fill(f"twice-{scripts}-{apart}@example.test")
    page.locator("#password").fill(PASSWORD)
    click_twice(page, apart)
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()
