"""Every screen as the browser lays it out: WCAG 2.2 AA by axe, narrow and dark, by keyboard, by finger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Playwright, expect
from tests import chromium
from tests.e2e.login_pages.site import answer, serve
from tests.e2e.screens import ORIGIN

from doorward.model.theme import Borders, Colours, Font, Fonts, PageBackground, Theme, Widget
from doorward.web.login.documents import FormPostDocument, WebMessageDocument
from doorward.web.login.look import Look
from doorward.web.login.render import render_form_post, render_web_message
from doorward.web.login.samples import BRANDED, SAMPLES, STOCK, THEMED

pytestmark = pytest.mark.xdist_group("login-screens")

# A theme without a single colour that could be read, and every shape that is not the stock one.
ILLEGIBLE = Look(
    company_name="Acme",
    theme=Theme(
        borders=Borders(buttons_style="pill", inputs_style="pill", input_border_weight=0, widget_border_weight=4),
        colors=Colours(**dict.fromkeys(Colours.__struct_fields__, "#7a7a7a")),
        fonts=Fonts(reference_text_size=24, links_style="underlined", subtitle=Font(size=0)),
        page_background=PageBackground(background_color="#7a7a7a", page_layout="right"),
        widget=Widget(header_text_alignment="left", logo_position="right", social_buttons_layout="top"),
    ),
)
WCAG_AA = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
DESKTOP, NARROW = {"width": 1280, "height": 860}, {"width": 320, "height": 640}
OVERFLOWING = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
# WCAG 2.2, 1.4.12: what a reader may set, and nothing may be lost by it.
TEXT_SPACING = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
                           word-spacing: .16em !important } p { margin-block-end: 2em !important }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
# The same, 1.4.4: text of twice the size, whoever sets it in their browser.
LARGE_TEXT = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("html { font-size: 200% }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll("button, a, summary, input:not([type=hidden])")]
    .filter((control) => control.checkVisibility() && control.getBoundingClientRect().height < 44)
    .map((control) => control.outerHTML)"""
# Addresses and codes that would be turned around: text with a sign in it, and no direction of its own.
LEFT_TO_RIGHT = """() => [...document.querySelectorAll("code, bdi, [value*='@'], input[type=email], button")]
    .filter((shown) => shown.localName !== "button" || [...shown.childNodes].some((part) => /[@*]/.test(part.data)))
    .filter((shown) => shown.type !== "hidden" && shown.checkVisibility())
    .filter((shown) => !shown.closest("[dir]:not(html)") && shown.localName !== "bdi")
    .map((shown) => shown.outerHTML)"""
# What is there and cannot be read: cut off, beyond the card, under something else, or a button of many lines.
LOST = """() => {
    const section = document.querySelector("section"), card = section.getBoundingClientRect();
    const shown = [...section.querySelectorAll("*")]
        .filter((part) => part.checkVisibility() && !part.closest(".visually-hidden, noscript"));
    const boxes = (part) => {
        const range = document.createRange();
        range.selectNodeContents(part);
        return part.localName === "input" ? [part.getBoundingClientRect()] : [...range.getClientRects()];
    };
    const speaks = (part) => [...part.childNodes].some((text) => text.data?.trim());
    const read = shown
        .filter((part) => speaks(part) || part.matches("input:not([type=hidden])"))
        .map((part) => [part, boxes(part)]);
    const meet = (a, b) =>
        a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
    const isCut = (part) => part.clientWidth && part.scrollWidth > part.clientWidth + 1;
    return [
        ...shown.filter((part) => !part.matches("input") && isCut(part)),
        ...read.filter(([, at]) => at.some((box) => box.left < card.left || box.right > card.right)),
        ...shown.filter((part) => part.localName === "button" && part.clientHeight > 64),
        ...read.filter(([part, at]) => read.some(([other, there]) =>
            !part.contains(other) && !other.contains(part) && at.some((a) => there.some((b) => meet(a, b))))),
    ].map((part) => (Array.isArray(part) ? part[0] : part).outerHTML);
}"""
FOCUS = """() => {
    const { activeElement: at } = document;
    const { outlineStyle, outlineWidth } = getComputedStyle(at);
    const name = at.id || at.value || at.dataset.linkName || at.textContent.trim();
    return at === document.body ? null : { name, ring: outlineStyle === "none" ? 0 : parseFloat(outlineWidth) };
}"""


@pytest.fixture(scope="module")
def screen_browser(driver: Playwright) -> Iterator[Browser]:
    with chromium.browser(driver) as started:
        yield started


@pytest.fixture(scope="module")
def tab_without_scripts(screen_browser: Browser) -> Page:
    return screen_browser.new_context(viewport=DESKTOP, java_script_enabled=False).new_page()


@pytest.fixture(scope="module")
def shared_tab(screen_browser: Browser) -> tuple[Page, chromium.Complaints]:
    page = screen_browser.new_page(viewport=DESKTOP, reduced_motion="reduce")
    return page, chromium.Complaints(page.context)


@pytest.fixture
def tab(shared_tab: tuple[Page, chromium.Complaints]) -> Iterator[Page]:
    """A tab that others had before, whose pages must give the browser nothing to complain of."""
    page, complaints = shared_tab
    complaints.heard.clear()
    seen_as(page, "light", DESKTOP)
    yield page
    assert complaints.heard == []


def seen_as(tab: Page, scheme: Any, viewport: Any) -> None:
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size(viewport)


def show(tab: Page, name: str, look: Look = STOCK, locale: str = "en") -> None:
    serve(tab, SAMPLES[name], look, locale)
    tab.goto(f"{ORIGIN}/u/page")


def violations(tab: Page) -> list[str]:
    if tab.evaluate("() => !window.axe"):
        tab.evaluate(AXE_SCRIPT)
    found = tab.evaluate("options => axe.run(options)", WCAG_AA)["violations"]
    return [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_for_axe_to_find(tab: Page, name: str) -> None:
    show(tab, name)
    for scheme, viewport in (("light", DESKTOP), ("dark", DESKTOP), ("dark", NARROW), ("light", NARROW)):
        seen_as(tab, scheme, viewport)
        assert violations(tab) == [], (scheme, viewport)
    assert not tab.evaluate(OVERFLOWING)
    assert tab.evaluate(SMALL_TARGETS) == []
    tab.evaluate(TEXT_SPACING)
    assert not tab.evaluate(OVERFLOWING)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("look", [BRANDED, THEMED, ILLEGIBLE], ids=["branded", "themed", "illegible"])
@pytest.mark.parametrize("name", ["login-wrong", "login-social", "signup-weak", "consent", "error-developer"])
def test_colours_of_a_tenant_are_no_less_legible(tab: Page, name: str, look: Look, scheme: str) -> None:
    seen_as(tab, scheme, DESKTOP)
    show(tab, name, look)
    assert violations(tab) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_fits_a_narrow_screen_in_the_language_with_the_longest_words(tab: Page, name: str) -> None:
    tab.set_viewport_size(NARROW)
    show(tab, name, locale="de")
    assert not tab.evaluate(OVERFLOWING)
    assert tab.evaluate(LOST) == []
    tab.evaluate(TEXT_SPACING)
    assert not tab.evaluate(OVERFLOWING)


@pytest.mark.parametrize("name", SAMPLES)
def test_fits_when_text_is_twice_as_large(tab: Page, name: str) -> None:
    tab.set_viewport_size({"width": 2 * NARROW["width"], "height": 860})
    show(tab, name, locale="de")
    tab.evaluate(LARGE_TEXT)
    assert not tab.evaluate(OVERFLOWING)
    assert [part for part in tab.evaluate(LOST) if not part.startswith("<button")] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_reads_from_right_to_left(tab: Page, name: str) -> None:
    tab.set_viewport_size(NARROW)
    show(tab, name, locale="ar")
    assert tab.evaluate("() => [document.dir, getComputedStyle(document.querySelector('main')).direction]") == [
        "rtl", "rtl",
    ]  # fmt: skip
    assert violations(tab) == []
    assert not tab.evaluate(OVERFLOWING)
    assert tab.evaluate(LOST) == []
    assert tab.evaluate(LEFT_TO_RIGHT) == []


def tabbed(tab: Page) -> list[str]:
    """The names of what the Tab key reaches, from where the page starts."""
    reached = []
    while (at := tab.evaluate(FOCUS)) is not None and at["name"] not in reached:
        assert at["ring"] >= 2, f"no ring around {at['name']}"
        reached.append(at["name"])
        tab.keyboard.press("Tab")
    return reached


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("login-social", ["username", "password", "Show password", "default", "Sign up",
                          "Continue with Google", "Continue with Acme Workforce"]),
        ("login-id", ["username", "default", "Sign up"]),
        ("login-password", ["password", "Show password", "Forgot password?", "default", "Sign up"]),
        ("login-wrong", ["password", "Show password", "default", "Sign up"]),
        ("signup-username", ["email", "username", "password", "Show password", "default", "Log in",
                             "Continue with Google", "Continue with Acme Workforce"]),
    ],
)  # fmt: skip
def test_starts_where_typing_starts_and_goes_on_in_reading_order(tab: Page, name: str, order: list[str]) -> None:
    show(tab, name)
    tab.locator(":focus").wait_for()  # a browser moves there when it paints, after the page has loaded
    assert tabbed(tab) == order


@pytest.mark.parametrize(("name", "order"), [("consent", ["accept", "deny"]), ("logout", ["accept", "deny"])])
def test_a_choice_is_reached_by_keyboard(tab: Page, name: str, order: list[str]) -> None:
    show(tab, name)
    tab.keyboard.press("Tab")
    assert tabbed(tab) == order


def test_a_password_is_shown_and_hidden_again(tab: Page) -> None:
    show(tab, "login")
    password = tab.locator("#password")
    password.fill("secret")
    tab.get_by_role("button", name="Show password").click()
    assert password.get_attribute("type") == "text"
    tab.get_by_role("button", name="Hide password").click()
    assert password.get_attribute("type") == "password"
    assert password.input_value() == "secret"


@pytest.mark.parametrize(
    ("name", "typed", "right"),
    [
        ("mfa-otp-challenge", "١٢٣ ٤٥٦", True),
        ("email-identifier-challenge", "\u200f۱۲۳\u2011۴۵۶", True),
        ("mfa-otp-challenge", "12345", False),
        ("signup-id-phone", "\u202a+44\u00a020 7946-0000\u202c", True),
        ("signup-id-phone", "+٤٤ ٢٠ ٧٩٤٦ ٠٠٠٠", True),
        ("signup-id-phone", "020 7946 0000", False),
        ("mfa-phone-enrollment-country", "٠٢٠ ٧٩٤٦ ٠٠٠٠", True),
        ("mfa-phone-enrollment-country", "call me", False),
    ],
)
def test_numbers_may_be_in_the_digits_of_any_keyboard(tab: Page, name: str, typed: str, right: bool) -> None:
    show(tab, name, locale="ar")
    field = tab.locator("._input-wrapper input:not([type=password])").first
    field.fill(typed)
    assert field.evaluate("(input) => input.checkValidity()") is right


DOCUMENTS = {
    "form_post": render_form_post(FormPostDocument("https://app.test/callback", {"code": "c"}), STOCK, "en"),
    "web_message": render_web_message(WebMessageDocument("https://app.test", {"code": "c"}), STOCK, "en"),
}


def is_centred(tab: Page) -> bool:
    box = tab.locator("main").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    return middle == pytest.approx((DESKTOP["width"] / 2, DESKTOP["height"] / 2), abs=2)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_is_read_because_no_script_ran(tab_without_scripts: Page, name: str) -> None:
    answer(tab_without_scripts, DOCUMENTS[name])
    tab_without_scripts.goto(f"{ORIGIN}/u/page")
    assert is_centred(tab_without_scripts)


def test_a_message_nobody_waits_for_is_read(tab: Page) -> None:
    answer(tab, DOCUMENTS["web_message"])
    tab.goto(f"{ORIGIN}/u/page")
    expect(tab.locator("h1")).to_have_text("Done")
    expect(tab.locator("section")).not_to_have_css("border-top-left-radius", "0px")  # the style sheet is on
    assert is_centred(tab)
    assert violations(tab) == []
