"""How people's test suites log in with Auth0, each with its selectors word for word."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from playwright.sync_api import Page, expect
from tests.e2e import screens
from tests.e2e.login_pages.conftest import Site, log_in
from tests.e2e.login_pages.site import serve
from tests.e2e.login_pages.tenants import AUDIENCE, EMAIL, LOCKED, PARTNER, PASSWORD, SECRET, WEB
from tests.e2e.login_pages.test_keys import built_in

from doorward.web.login import samples
from doorward.web.login.pages import ConnectionButton

pytestmark = pytest.mark.xdist_group("login-pages")

Steps = Callable[[Page], None]


def posted(client: httpx2.Client, page: str, **body: str) -> httpx2.Response:
    """What a script posts to a page; the state is in the URL and in the body."""
    return client.post(page, data={"state": parse_qs(urlsplit(page).query)["state"][0], **body})


def cypress_guide(page: Page) -> None:
    page.locator("input#username").fill(EMAIL)
    page.locator("input#password").fill(PASSWORD)
    page.locator("button[value=default]", has_text="Continue").click()


def cypress_by_names(page: Page) -> None:
    assert "/u/login" in page.url
    page.locator("input[name=username]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[name=action]").last.click()


def playwright_by_label(page: Page) -> None:
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def playwright_by_label_with_star(page: Page) -> None:
    page.get_by_label("Email address*").fill(EMAIL)
    page.get_by_label("Password*").fill(PASSWORD)
    page.get_by_text("Continue", exact=True).click()


def playwright_by_role(page: Page) -> None:
    page.get_by_role("textbox", name="Email address").fill(EMAIL)
    page.get_by_role("textbox", name="Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue", exact=True).click()


def selenium(page: Page) -> None:
    page.locator("id=username").fill(EMAIL)
    page.locator("id=password").fill(PASSWORD)
    page.locator("[name=action]").click()


def selenium_by_xpath(page: Page) -> None:
    page.locator("id=username").fill(EMAIL)
    page.locator("id=password").fill(PASSWORD)
    page.locator("xpath=//button[text()='Continue']").click()


def without_decoys(page: Page) -> None:
    page.locator("input[name='username']").fill(EMAIL)
    page.locator("input[name='password']:not(.hide)").fill(PASSWORD)
    page.locator("button[type='submit']:not(.ulp-hidden-form-submit-button)").click()


@pytest.mark.parametrize(
    "recipe",
    [
        cypress_guide,
        cypress_by_names,
        playwright_by_label,
        playwright_by_label_with_star,
        playwright_by_role,
        selenium,
        selenium_by_xpath,
        without_decoys,
    ],
)
def test_on_one_page(site: Site, page: Page, scripts: bool, recipe: Steps) -> None:
    page.goto(site.authorize(site.combined))
    recipe(page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert site.app.answer()["state"] == "the-state"


def cypress_primary_attribute(page: Page) -> None:
    page.locator("#username").fill(EMAIL)
    page.locator('button[type="submit"][name="action"][data-action-button-primary="true"]').click()
    page.locator("#password").fill(PASSWORD)
    page.locator("[data-action-button-primary]").click()


def playwright_by_id(page: Page) -> None:
    page.locator("#username").fill(EMAIL)
    page.locator("[data-action-button-primary='true']").click()
    page.locator("#password").fill(PASSWORD)
    page.locator("[data-action-button-primary='true']").click()


def playwright_without_passkey(page: Page) -> None:
    page.wait_for_load_state()
    abort = page.locator('button[value="abort-passkey-enrollment"]')
    if abort.is_visible():
        abort.click()


def playwright_by_label_in_two_steps(page: Page) -> None:
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def selenium_by_screen(page: Page) -> None:
    page.locator("id=username").fill(EMAIL)
    page.locator("css=button._button-login-id").click()
    page.locator("id=password").fill(PASSWORD)
    page.locator("css=button._button-login-password").click()


def selenium_by_xpath_in_two_steps(page: Page) -> None:
    page.locator("id=username").fill(EMAIL)
    page.locator("xpath=//button[text()='Continue']").click()
    page.locator("id=password").fill(PASSWORD)
    page.locator("css=button[data-action-button-primary='true']").click()


@pytest.mark.parametrize(
    "recipe",
    [
        cypress_primary_attribute,
        playwright_by_id,
        playwright_by_label_in_two_steps,
        selenium_by_screen,
        selenium_by_xpath_in_two_steps,
    ],
)
def test_in_two_steps(site: Site, page: Page, scripts: bool, recipe: Steps) -> None:
    page.goto(site.authorize(site.identifier_first))
    recipe(page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert site.app.answer()["state"] == "the-state"


def test_past_the_offer_of_a_passkey(site: Site, page: Page) -> None:
    session = page.context.new_cdp_session(page)
    built_in(session).present(False)
    page.goto(site.authorize(site.with_keys))
    playwright_by_id(page)
    page.wait_for_url("**/u/passkey-enrollment?*")
    playwright_without_passkey(page)
    page.wait_for_url(f"{site.app.callback}?*")
    assert site.app.answer()["state"] == "the-state"
    session.detach()


def test_cypress_with_consent(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.combined, PARTNER, audience=AUDIENCE, scope="openid read:items", prompt="consent"))
    cypress_guide(page)
    page.wait_for_url("**/u/consent?*")
    expect(page.locator(".receiver")).to_contain_text(urlsplit(site.app.origin).netloc)
    accept = page.locator("button[value=accept]")
    if accept.is_visible():
        accept.click()
    page.wait_for_url(f"{site.app.callback}?*")
    assert "code" in site.app.answer()


def test_cypress_programmatic(site: Site) -> None:
    asked = {
        "grant_type": "password",
        "username": EMAIL,
        "password": PASSWORD,
        "audience": AUDIENCE,
        "scope": "openid profile email",
        "client_id": WEB,
        "client_secret": SECRET,
    }
    with site.client(site.combined) as client:
        answer = client.post("/oauth/token", json=asked)
    assert answer.status_code == 200, answer.text
    assert {"access_token", "id_token", "expires_in"} <= set(answer.json())


def test_cypress_social(page: Page, scripts: bool) -> None:
    """No provider can be reached from here: what counts is what the form would post, and where."""
    linkedin = (ConnectionButton("work", "linkedin", "LinkedIn"), ConnectionButton("g", "google-oauth2", "Google"))
    serve(page, samples.login(connections=linkedin), samples.STOCK)
    page.goto(f"{screens.ORIGIN}/u/login?state={samples.STATE}")
    form = page.locator('form[data-provider="linkedin"]')
    with page.expect_response(lambda response: response.request.method == "POST") as answered:
        if scripts:
            form.evaluate("form => form.submit()")
        else:
            form.locator("button").click()
    request = answered.value.request
    assert request.url == f"{screens.ORIGIN}/u/login?state={samples.STATE}"
    assert parse_qs(request.post_data or "") == {"state": [samples.STATE], "connection": ["work"]}


def test_playwright_page_object(site: Site, page: Page) -> None:
    page.goto(site.authorize(site.identifier_first))
    expect(page.locator("header#screen-header > img")).to_be_visible()
    expect(page.locator("header#screen-header > h1")).to_have_text("Welcome")
    submit = page.get_by_text("Continue", exact=True)
    for hint in ("username-required", "email-invalid"):
        expect(page.locator(f"div#error-cs-{hint}")).to_be_hidden()
    submit.click()
    expect(page.locator("div#error-cs-username-required")).to_be_visible()
    page.locator("#username").fill("ada")
    expect(page.locator("div#error-cs-email-invalid")).to_be_visible()
    page.locator("#username").fill(EMAIL)
    expect(page.locator("div#error-cs-email-invalid")).to_be_hidden()
    submit.click()
    page.locator('a[aria-label="Edit email address"]').click()
    expect(page.locator("#username")).to_have_value(EMAIL)
    submit.click()
    submit.click()
    expect(page.locator("div#error-cs-password-required")).to_be_visible()
    page.locator("#password").fill("not the password")
    submit.click()
    expect(page.locator("span#error-element-password")).to_have_text("Wrong email or password")


def test_error_assertions_at_login(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.combined))
    page.locator("#username").fill(EMAIL)
    page.locator("#password").fill("not the password")
    with page.expect_response(lambda response: response.request.method == "POST") as refused:
        page.locator("button[name=action]").click()
    assert refused.value.status == 400
    expect(page.locator("#error-element-password")).to_be_visible()
    message = page.locator(".ulp-input-error-message#error-element-password")
    expect(message).to_have_attribute("data-error-code", "wrong-email-credentials")
    expect(page.locator("#username")).to_have_value(EMAIL)
    expect(page.locator("#password")).to_have_value("")
    expect(page.locator("#password")).to_be_focused()


def test_error_assertions_at_signup(site: Site, page: Page, scripts: bool) -> None:
    page.goto(site.authorize(site.combined, screen_hint="signup"))
    page.locator("#email").fill('"ada"@example.test')
    page.locator("#password").fill(PASSWORD)
    page.locator("button[name=action]").click()
    expect(page.locator("#error-element-email")).to_be_visible()
    expect(page.locator(".ulp-input-error-message[data-error-code='invalid-email-format']")).to_be_visible()


def test_error_assertions_of_a_whole_form(site: Site, page: Page, scripts: bool) -> None:
    person = {"username": LOCKED, "password": "not the password"}
    for address in ("127.0.0.1", "[::1]"):  # guesses count by address, and the browser takes either
        with site.client(site.combined, address) as client:
            login = client.get(site.authorize("")).headers["location"]
            while posted(client, login, **person, action="default").status_code == 400:
                pass
    page.goto(site.authorize(site.combined))
    log_in(page, **person)
    expect(page.locator("#prompt-alert [data-error-code='user-blocked']")).to_be_visible()
    expect(page.locator("#ulp-error-announcer")).to_contain_text("Your account is locked")


def test_http_script_on_one_page(site: Site) -> None:
    with site.client(site.combined) as client:
        begun = client.get(site.authorize(""))
        assert begun.status_code == 302
        login = begun.headers["location"]
        assert login.startswith("/u/login?state=")
        refused = posted(client, login, username=EMAIL, password="not the password", action="default")
        assert refused.status_code == 400
        taken = posted(client, login, username=EMAIL, password=PASSWORD, action="default")
        assert taken.status_code == 302
        assert taken.headers["location"].startswith("/authorize/resume?state=")
        ended = client.get(taken.headers["location"])
    assert ended.status_code == 302
    assert ended.headers["location"].startswith(f"{site.app.callback}?code=")


def test_http_script_in_two_steps(site: Site) -> None:
    capabilities = ("js-available", "webauthn-available", "is-brave", "webauthn-platform-available")
    with site.client(site.identifier_first) as client:
        page = client.get(site.authorize("")).headers["location"]
        assert page.startswith("/u/login/identifier?state=")
        flags = dict.fromkeys(capabilities, "false")
        named = posted(client, page, username=EMAIL, **flags, action="default")
        assert named.status_code == 302
        page = named.headers["location"]
        assert page.startswith("/u/login/password?state=")
        taken = posted(client, page, username=EMAIL, password=PASSWORD, action="default")
        assert taken.status_code == 302
        ended = client.get(taken.headers["location"])
    assert ended.headers["location"].startswith(f"{site.app.callback}?code=")
