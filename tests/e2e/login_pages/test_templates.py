"""A tenant's own page in a browser: its policy lets through what the template has, and nothing is complained of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright
from tests import chromium
from tests.e2e.login_pages.site import serve
from tests.e2e.login_pages.test_screens import DESKTOP, NARROW, OVERFLOWING, violations
from tests.e2e.screens import ORIGIN

from doorward.web.login.catalogue import Texts
from doorward.web.login.look import Look
from doorward.web.login.page_template import PageTemplate
from doorward.web.login.samples import SAMPLES

pytestmark = pytest.mark.xdist_group("login-screens")

TEMPLATE = """<!DOCTYPE html>
<html lang="{{ locale }}" dir="{{ dir }}">
  <head>
    {%- auth0:head -%}
    <style>
      :root { --prompt-width: 480px; }
      body { background: rgb(20, 60, 20); }
      a { color: red; }
      #custom-prompt-logo { background-image: url('https://logos.test/logo.png'); }
      .footer { padding: 16px; text-align: center; }
      .footer a { color: rgb(255, 255, 255); font-size: 1.5rem; }
    </style>
    <script>
      window.ran = ["inline"];
      function updateSelectedLanguage() { document.getElementById("changeLanguage").click(); }
      function isGiven(element, formSubmitted) { return !formSubmitted || element.value !== ""; }
      function isShort(element) { return element.value.length < 4; }
      function mustAgree(element, formSubmitted) { return !formSubmitted || element.checked; }
    </script>
    <title>{{ prompt.screen.texts.pageTitle }}</title>
  </head>
  <body class="_widget-auto-layout _use-custom-prompt-logo">
    {%- auth0:widget -%}
    <footer class="footer" style="border-top: 3px solid white"><a href="https://company.test/">Privacy</a></footer>
  </body>
</html>"""
LANGUAGES = """<div class="ulp-field"><label for="language">Language</label>
<select name="language" id="language" onchange=updateSelectedLanguage()><option></option>
<option value="en" {% if locale == "en" %}selected{% endif %}>English</option>
<option value="fr">French</option></select></div><input type="hidden" name="persist" value="session"/>
<input name="action" id="changeLanguage" type="submit" value="change-language" style="display:none" formnovalidate/>"""
TERMS = """<div class='ulp-field'>
  <input type='checkbox' name='ulp-terms-of-service' id='terms-of-service' aria-describedby='terms-wrong'>
  <label for='terms-of-service'>{{ prompt.screen.text.varTos }}</label>
  <div class="ulp-error-info" id="terms-wrong" data-ulp-validation-function="mustAgree"
    data-ulp-validation-event-listeners="change">Please agree first</div>
</div>"""
NICKNAME = """<div class="ulp-field"><label for="nickname">Nickname</label>
<input type="text" name="ulp-nickname" id="nickname" value="Ada">
<div class="ulp-error-info" id="nickname-missing" data-ulp-validation-function="isGiven">Please give a nickname</div>
<div class="ulp-error-info" id="nickname-long" data-ulp-validation-function="isShort"
  data-ulp-validation-event-listeners="input, blur">A shorter one</div></div>"""
CONTENT = {"form-content-start": LANGUAGES, "form-content-end": TERMS + NICKNAME}
LOOK = Look(
    company_name="Acme",
    template=PageTemplate(TEMPLATE, {"login": {"login": CONTENT}}),
    texts=Texts({"login/en": {"login": {"var-tos": "I agree with the [Terms of Service](https://company.test/tos)"}}}),
)


@pytest.fixture(scope="module")
def window(driver: Playwright) -> Iterator[Page]:
    with chromium.browser(driver) as started:
        yield started.new_page(viewport=DESKTOP)


@pytest.fixture
def tab(window: Page) -> Iterator[Page]:
    complaints = chromium.Complaints(window.context)
    window.set_viewport_size(DESKTOP)
    serve(window, SAMPLES["login"], LOOK)
    window.goto(f"{ORIGIN}/u/page")
    yield window
    assert complaints.heard == []


def style(tab: Page, selector: str, name: str) -> Any:
    return tab.locator(selector).evaluate("(element, name) => getComputedStyle(element)[name]", name)


def test_scripts_styles_and_handlers_of_the_template_run(tab: Page) -> None:
    assert tab.evaluate("window.ran") == ["inline"]
    assert style(tab, ".footer", "borderTopWidth") == "3px", "a style attribute"
    with tab.expect_request(lambda request: request.method == "POST") as posted:
        tab.locator("#language").select_option("fr")
    assert "language=fr" in (posted.value.post_data or "")
    assert "action=change-language" in (posted.value.post_data or "")


def test_enter_logs_in_although_a_partial_has_a_button_of_its_own(tab: Page) -> None:
    tab.locator("#terms-of-service").check()
    tab.locator("#password").fill("secret")
    tab.locator("#username").fill("ada@example.com")
    with tab.expect_request(lambda request: request.method == "POST") as posted:
        tab.locator("#username").press("Enter")
    assert "action=default" in (posted.value.post_data or "")
    assert "change-language" not in (posted.value.post_data or "")


def test_template_and_widget_leave_each_other_alone(tab: Page) -> None:
    assert style(tab, "body", "backgroundColor") == "rgb(20, 60, 20)"
    assert style(tab, ".footer a", "color") == "rgb(255, 255, 255)"
    assert style(tab, ".footer a", "fontSize") == "24px"
    assert style(tab, ".ulp-alternate-action a", "color") != "rgb(255, 0, 0)"
    assert style(tab, "main", "width") == "512px"
    assert style(tab, "#prompt-logo-center", "display") == "none"
    assert "logos.test" in style(tab, "#custom-prompt-logo", "backgroundImage")


def test_a_field_of_the_tenants_is_judged_by_its_function(tab: Page) -> None:
    info = tab.locator("#terms-wrong")
    assert not info.is_visible()
    tab.locator("#username").fill("ada@example.com")
    tab.locator("#password").fill("secret")
    tab.locator("[data-action-button-primary]").click()
    assert info.is_visible()
    assert "Please agree first" in (tab.locator("#ulp-error-announcer").text_content() or "")
    with tab.expect_request(lambda request: request.method == "POST") as posted:
        tab.locator("#terms-of-service").check()
        assert not info.is_visible()
        tab.locator("[data-action-button-primary]").click()
    assert "ulp-terms-of-service=on" in (posted.value.post_data or "")


def test_of_several_functions_the_first_that_is_not_content_is_heard(tab: Page) -> None:
    missing, long = tab.locator("#nickname-missing"), tab.locator("#nickname-long")
    tab.locator("#nickname").fill("Augusta")
    assert (missing.is_visible(), long.is_visible()) == (False, True)
    tab.locator("#nickname").fill("")
    assert (missing.is_visible(), long.is_visible()) == (False, False), "it is not sent yet"
    tab.locator("#terms-of-service").check()
    tab.locator("#username").fill("ada@example.com")
    tab.locator("#password").fill("secret")
    tab.locator("[data-action-button-primary]").click()
    assert (missing.is_visible(), long.is_visible()) == (True, False)
    assert "Please give a nickname" in (tab.locator("#ulp-error-announcer").text_content() or "")


@pytest.mark.parametrize("viewport", [DESKTOP, NARROW], ids=["desktop", "narrow"])
def test_nothing_for_axe_to_find(tab: Page, viewport: Any) -> None:
    tab.set_viewport_size(viewport)
    assert tab.locator("label a").get_attribute("href") == "https://company.test/tos"
    tab.locator("[data-action-button-primary]").click()
    assert violations(tab) == []
    assert not tab.evaluate(OVERFLOWING)
