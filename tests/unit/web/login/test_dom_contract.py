"""Names, ids, classes and structure that browser tests written against Auth0 rely on."""

from __future__ import annotations

import pytest
from tests.unit.web.login.dom import Element, document, of_every, submitted

from doorward.web.login import screens
from doorward.web.login.look import Look
from doorward.web.login.pages import ConsentPage, DecisionPage, ErrorPage, FieldError, FormPage
from doorward.web.login.samples import SAMPLES, STATE, login, login_password
from doorward.web.login.screens import SCREENS, Identifier

FORM_SCREENS = {name: page for name, page in SAMPLES.items() if page.has_form}
INPUT_SCREENS = {name: page for name, page in FORM_SCREENS.items() if isinstance(page, FormPage)}
CHOICE_SCREENS = {name: page for name, page in FORM_SCREENS.items() if isinstance(page, ConsentPage | DecisionPage)}


def primary_form(root: Element) -> Element:
    return root.one("form", data_form_primary="true")


def test_the_samples_show_every_screen_there_is() -> None:
    assert {page.screen for page in SAMPLES.values()} == set(SCREENS)


def test_the_samples_stay_within_what_their_screens_declare() -> None:
    for name, page in SAMPLES.items():
        assert set(page.fields) <= set(page.screen.fields), name


@of_every(SAMPLES)
class TestEveryScreen:
    def test_frame(self, name: str) -> None:
        root, screen = document(SAMPLES[name]), SAMPLES[name].screen.name
        main = root.one("main")
        assert main.classes == {"_widget", screen}
        (section,) = [c for c in main.children if isinstance(c, Element)]
        assert section.tag == "section"
        assert "_prompt-box-outer" in section.classes
        header = root.one("header", id="screen-header")
        assert header.parent is section
        kinds = [c.tag for c in header.children if isinstance(c, Element)]
        assert kinds[:2] == ["img", "h1"]
        assert len(root.all("h1")) == 1
        assert root.one("img", id="prompt-logo-center")["alt"] == "Acme"

    def test_language_and_title(self, name: str) -> None:
        root = document(SAMPLES[name])
        html = root.one("html")
        assert (html["lang"], html["dir"]) == ("en", "ltr")
        assert root.one("title").text.startswith("Error: ") == bool(SAMPLES[name].errors)

    def test_ids_are_unique(self, name: str) -> None:
        ids = [element["id"] for element in document(SAMPLES[name]).all(id=True)]
        assert len(set(ids)) == len(ids)

    def test_nothing_inline_but_what_the_policy_allows(self, name: str) -> None:
        root = document(SAMPLES[name])
        assert not root.all("style")
        for element in root.walk():
            assert not [a for a in element.attributes if a == "style" or a.startswith("on")]
        for script in root.all("script"):
            assert script["nonce"]
            assert not script.text

    def test_errors_are_announced(self, name: str) -> None:
        announcer = document(SAMPLES[name]).one("div", id="ulp-error-announcer")
        assert (announcer["aria-live"], announcer["aria-atomic"]) == ("assertive", "true")
        assert bool(announcer.text) == bool(SAMPLES[name].errors)


OTHERWISE_NAMED = {screens.RESET_PASSWORD: "Change password"}
WITHOUT_PRIMARY = {"reset-password-email", "login-passwordless-email-link", "login-passwordless-email-link-failed"}


@of_every(FORM_SCREENS)
class TestEveryForm:
    def test_posts_to_its_own_address_with_the_state(self, name: str) -> None:
        for form in document(FORM_SCREENS[name]).all("form"):
            assert form["method"] == "post"
            assert "action" not in form
            states = [entry["value"] for entry in form.all("input", name="state")]
            assert states == ([STATE] if FORM_SCREENS[name].state else []), "a page by a ticket has none"

    def test_primary_form(self, name: str) -> None:
        page = FORM_SCREENS[name]
        root = document(page)
        form = primary_form(root)
        assert f"_form-{page.screen.name}" in form.classes
        if name in WITHOUT_PRIMARY:
            assert not root.all("button", data_action_button_primary="true")
            return
        button = root.one("button", data_action_button_primary="true")
        assert form in button.ancestors()
        assert button is form.all("button", type="submit")[0]
        assert f"_button-{page.screen.name}" in button.classes
        assert button["name"] == "action"


@of_every(INPUT_SCREENS)
class TestScreensWithInputs:
    def test_one_primary_button_named_continue(self, name: str) -> None:
        root = document(INPUT_SCREENS[name])
        button = root.one("button", name="action", data_action_button_primary="true")
        assert not INPUT_SCREENS[name].buttons or button is root.all("button", name="action")[0]
        text = OTHERWISE_NAMED.get(INPUT_SCREENS[name].screen, "Continue")
        assert (button["value"], button["type"], button.own_text) == ("default", "submit", text)

    def test_labels_name_their_inputs(self, name: str) -> None:
        page = INPUT_SCREENS[name]
        form = primary_form(document(page))
        for field in page.fields:
            if not form.all(id=field):
                assert field == "username", "only a username is optional"
                continue
            entry = form.one("input", id=field)
            assert entry["name"] == field
            assert entry["aria-labelledby"] == f"{field}-label"
            label = form.one("label", id=f"{field}-label")
            assert label["for"] == field
            stars = [(star["aria-hidden"], star.text) for star in label.all("span", class_="required")]
            assert stars == ([("true", "*")] if "required" in entry else [])
            assert any({"input-wrapper", "_input-wrapper"} <= a.classes for a in entry.ancestors())
            assert any("ulp-field" in a.classes for a in entry.ancestors())
            assert "aria-label" not in entry
            assert "placeholder" not in entry

    def test_hints_for_scripts_are_there_and_hidden(self, name: str) -> None:
        page = INPUT_SCREENS[name]
        form = primary_form(document(page))
        for entry in form.all("input", required=True):
            hint = form.one("div", id=f"error-cs-{entry['name']}-required")
            assert hint.classes == {"ulp-error-info"}
            assert "hidden" in hint

    def test_password_can_be_shown_without_a_second_label(self, name: str) -> None:
        form = primary_form(document(INPUT_SCREENS[name]))
        passwords = form.all("input", type="password")
        toggles = form.all("button", data_action="toggle")
        assert len(toggles) == len(passwords)
        for toggle in toggles:
            assert toggle["type"] == "button"
            assert "aria-label" not in toggle
            assert toggle.one("span").classes == {"visually-hidden"}
            assert toggle.text == "Show password"

    def test_passwords_are_never_sent_back(self, name: str) -> None:
        for entry in primary_form(document(INPUT_SCREENS[name])).all("input", type="password"):
            assert "value" not in entry

    def test_focus_starts_at_the_first_error_else_at_the_first_empty_field(self, name: str) -> None:
        page = INPUT_SCREENS[name]
        form = primary_form(document(page))
        wrong = [e.field for e in page.errors if e.field]
        focused = form.all(autofocus=True)
        if wrong:
            assert [e["name"] for e in focused] == wrong[:1]
        else:
            empty = [e["name"] for e in form.all("input", autocapitalize="none") if not e.attributes.get("value")]
            assert [e["name"] for e in focused] == empty[:1]

    def test_partials_have_their_places(self, name: str) -> None:
        form = primary_form(document(INPUT_SCREENS[name]))
        for place in ("form-content-start", "form-content-end", "form-footer-start", "form-footer-end"):
            assert not form.one("div", id=f"ulp-container-{place}").children

    def test_minimal_body(self, name: str) -> None:
        """What a browser without scripts posts is what scripted clients post."""
        page = INPUT_SCREENS[name]
        form = primary_form(document(page))
        filled = {"username": "ada", "email": "ada@example.com", "password": "secret"}
        posted = submitted(form, filled, form.one("button", data_action_button_primary="true"))
        assert posted.get("state", "") == page.state
        assert posted["action"] == "default"
        typed = [e for e in form.all("input") if e.attributes.get("type") not in ("checkbox", "search")]
        assert set(posted) - {"state", "action"} == {e["name"] for e in typed} - {"state"}


def test_login_asks_for_identifier_and_password() -> None:
    form = primary_form(document(SAMPLES["login"]))
    assert [e["name"] for e in form.all("input")] == ["state", "username", "password"]
    assert form.one(id="username")["autocomplete"] == "username webauthn"
    assert form.one(id="password")["autocomplete"] == "current-password"


@pytest.mark.parametrize(
    ("identifier", "label", "inputmode", "hint"),
    [
        (Identifier.EMAIL, "Email address", "email", "error-cs-email-invalid"),
        (Identifier.USERNAME, "Username", None, "error-cs-pattern-mismatch"),
        (Identifier.USERNAME_OR_EMAIL, "Username or email address", None, "error-cs-pattern-mismatch"),
    ],
)
def test_the_identifier_decides_label_keyboard_and_hint(
    identifier: Identifier, label: str, inputmode: str | None, hint: str
) -> None:
    root = document(login(identifier))
    assert root.one("label", id="username-label").own_text == label
    assert root.one("input", id="username").attributes.get("inputmode") == inputmode
    assert "hidden" in root.one("div", id=hint)


def test_password_step_shows_whose_password_and_lets_it_be_changed() -> None:
    root = document(SAMPLES["login-password"])
    username = root.one("input", name="username")
    assert username["value"] == "ada.lovelace@example.com"
    assert username["autocomplete"] == "username"
    assert "readonly" in username
    edit = root.one("a", data_link_name="edit-username")
    assert edit["aria-label"] == "Edit email address"
    assert edit["href"] == f"/u/login/identifier?state={STATE}"


def test_password_step_of_a_username_does_not_speak_of_email() -> None:
    root = document(login_password(Identifier.USERNAME, "ada"))
    assert root.one("a", data_link_name="edit-username")["aria-label"] == "Edit username"
    assert "mail" not in root.one("label", id="username-label").text


def test_signup_fields_and_their_autocomplete() -> None:
    form = primary_form(document(SAMPLES["signup-username"]))
    assert {e["name"]: e["autocomplete"] for e in form.all("input", required=True)} == {
        "email": "email",
        "username": "username",
        "password": "new-password",
    }


def test_second_step_of_signup_carries_the_identifiers() -> None:
    form = primary_form(document(SAMPLES["signup-password"]))
    posted = submitted(form, {"password": "x"}, None)
    assert posted == {"state": STATE, "email": "ada@example.com", "username": "ada", "password": "x"}
    assert form.one("a", data_link_name="edit-username")["href"] == f"/u/signup/identifier?state={STATE}"


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("login", "/u/signup"),
        ("login-id", "/u/signup/identifier"),
        ("login-password", "/u/signup/identifier"),
        ("signup", "/u/login"),
        ("signup-id", "/u/login/identifier"),
        ("signup-password", "/u/login/identifier"),
    ],
)
def test_the_way_to_the_other_action_keeps_the_transaction(name: str, target: str) -> None:
    alternates = [e for e in document(SAMPLES[name]).all("div") if "ulp-alternate-action" in e.classes]
    assert all("_alternate-action" in alternate.classes for alternate in alternates)
    assert alternates[-1].one("a")["href"] == f"{target}?state={STATE}"


@pytest.mark.parametrize("name", ["login", "login-password"])
def test_a_forgotten_password_leads_to_a_reset_of_its_connection(name: str) -> None:
    link = document(SAMPLES[name]).one("a", href=f"/u/login/password-reset-start/people?state={STATE}")
    assert link.text == "Forgot password?"


def test_signup_is_not_offered_where_it_is_not_allowed() -> None:
    root = document(SAMPLES["login-username"])
    assert not [e for e in root.all("div") if "ulp-alternate-action" in e.classes]


def test_each_connection_is_a_form_of_its_own() -> None:
    root = document(SAMPLES["login-social"])
    forms = root.all("form", data_form_secondary="true")
    assert [f["data-provider"] for f in forms] == ["google-oauth2", "oidc"]
    assert [f.one("input", name="connection")["value"] for f in forms] == ["google-oauth2", "acme-workforce"]
    for form in forms:
        button = form.one("button", data_action_button_secondary="true")
        assert button["type"] == "submit"
        assert button["data-provider"] == form["data-provider"]
        assert "name" not in button
    for place in ("start", "end"):
        assert not root.one("div", id=f"ulp-container-secondary-actions-{place}").children


class TestErrors:
    def test_at_a_field(self) -> None:
        page = login(Identifier.EMAIL, "a@b.c", FieldError("password", "wrong-email-credentials"))
        root = document(page)
        message = root.one("span", id="error-element-password")
        assert message.classes == {"ulp-input-error-message"}
        assert message["data-error-code"] == "wrong-email-credentials"
        assert message.text == "Wrong email or password"
        entry = root.one("input", id="password")
        assert entry["aria-invalid"] == "true"
        assert entry["aria-describedby"] == "error-element-password"
        assert root.one("input", id="username")["value"] == "a@b.c"
        assert not root.all(id="prompt-alert")

    def test_of_the_whole_form(self) -> None:
        root = document(login(Identifier.EMAIL, "", FieldError("", "user-blocked")))
        alert = root.one("div", id="prompt-alert")
        assert alert.one("p", data_error_code="user-blocked").text
        assert not [e for e in root.all("span") if "ulp-input-error-message" in e.classes]

    def test_of_a_field_the_page_does_not_have_is_not_lost(self) -> None:
        page = login_password(Identifier.EMAIL, "a@b.c", FieldError("username", "no-username"))
        assert document(page).one("div", id="prompt-alert").text == "Enter your username"

    def test_with_a_text_of_its_own(self) -> None:
        page = login(Identifier.EMAIL, "", FieldError("username", "from-an-action", "Not on <Mondays>"))
        message = document(page).one("span", id="error-element-username")
        assert (message["data-error-code"], message.text) == ("from-an-action", "Not on <Mondays>")

    def test_with_a_code_nobody_knows_is_still_an_error(self) -> None:
        page = login(Identifier.EMAIL, "", FieldError("username", "no-such-code"))
        assert document(page).one("span", id="error-element-username").text.startswith("Something went wrong")


@of_every(CHOICE_SCREENS)
def test_a_choice_is_accept_or_deny(name: str) -> None:
    root = document(CHOICE_SCREENS[name])
    buttons = primary_form(root).all("button")
    assert [(b["type"], b["name"], b["value"]) for b in buttons] == [
        ("submit", "action", "accept"),
        ("submit", "action", "deny"),
    ]
    assert not root.all("a")


def test_consent_posts_what_it_showed() -> None:
    form = primary_form(document(SAMPLES["consent"]))
    posted = submitted(form, {}, form.all("button")[0])
    assert posted == {
        "state": STATE,
        "action": "accept",
        "audience": "https://api.acme.test/",
        "scope": "openid profile email read:messages write:messages offline_access",
    }


def test_consent_words_scopes_and_gathers_them_by_resource() -> None:
    lists = document(SAMPLES["consent"]).all("ul")
    assert [[e.text for e in scopes.all("strong")] for scopes in lists] == [
        ["Your profile", "Your email address", "Access while you are away"],
        ["messages"],
    ]
    assert lists[1].one("span").text == "read, write"


def test_consent_shows_the_descriptions_it_is_given() -> None:
    assert [e.text for e in document(SAMPLES["consent-described"]).all("strong")] == ["Read your posts", "admin"]


class TestErrorPage:
    def test_tells_everyone_the_error_and_how_to_report_it(self) -> None:
        root = document(SAMPLES["error"])
        assert root.one(id="tracking").text == "9c1f77d0a3e84b52b1c0"
        assert root.one(id="error").text == "access_denied"
        assert root.one(id="error-description").text == "Service not found"
        assert not root.all(id="error-hint")
        assert "open" not in root.one("details")
        assert not root.all("form")

    def test_opens_the_details_for_developers(self) -> None:
        root = document(SAMPLES["error-developer"])
        assert "slash" in root.one(id="error-hint").text
        assert "open" in root.one("details")

    def test_offers_a_way_back_where_there_is_one(self) -> None:
        assert not document(SAMPLES["error"]).all("a")
        (link,) = document(SAMPLES["error-expired"]).all("a")
        assert link["href"] == "https://shop.acme.test/"

    def test_links_nowhere_a_link_must_not_go(self) -> None:
        page = ErrorPage(error="invalid_request", start_again="javascript:alert(1)")
        assert not document(page).all("a")

    def test_names_the_support_of_the_tenant(self) -> None:
        by_mail = document(SAMPLES["error"], Look(support_email="help+1@acme.test"))
        assert by_mail.one("p", class_="support").one("a")["href"] == "mailto:help%2B1@acme.test"
        by_web = document(SAMPLES["error"], Look(support_email="x@y.z", support_url="https://acme.test/help"))
        assert by_web.one("p", class_="support").one("a")["href"] == "https://acme.test/help"
