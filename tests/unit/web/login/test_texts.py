"""Every text the pages ask for exists, and every text there is can be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.catalogues import ENGLISH, catalogue_of

from doorward.model.message import Channel, Received
from doorward.oauth.token_rules import Rule
from doorward.web.login import catalogue
from doorward.web.login.catalogue import ScreenTexts, Texts
from doorward.web.login.documents import (
    DemoDocument,
    FormPostDocument,
    FrontDocument,
    HelpDocument,
    InboxDocument,
    PreviewDocument,
    WebMessageDocument,
)
from doorward.web.login.look import Look
from doorward.web.login.pages import ConsentScope, FieldError, Page, PasswordRule
from doorward.web.login.render import (
    render,
    render_demo,
    render_form_post,
    render_front,
    render_help,
    render_inbox,
    render_preview,
    render_web_message,
)
from doorward.web.login.samples import SAMPLES, SOCIAL, login, login_id, login_password, signup, signup_password
from doorward.web.login.screens import EMAIL, SCREENS, USERNAME, WORDED, Identifier, Screen

VARIABLES = {
    "email",
    "clientName",
    "companyName",
    "connectionName",
    "userName",
    "audience",
    "count",
    "min",
    "max",
    "characters",
}
IDENTITY_SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")
RULES = tuple(
    PasswordRule(code, 2, met=met)
    for code in (
        "nonEmpty",
        "lengthAtLeast",
        "containsAtLeast",
        "shouldContain",
        "lowerCase",
        "upperCase",
        "numbers",
        "specialCharacters",
        "identicalChars",
        "sequentialChars",
    )
    for met in (True, False)
)


def is_error_key(screen: Screen, key: str) -> bool:
    return screen.prompt != "doorward" and "-" in key


def variants() -> Iterator[Page]:
    """Pages that between them show everything a page can show."""
    yield from SAMPLES.values()
    for identifier in Identifier:
        yield login(identifier, connections=SOCIAL)
        yield login_id(identifier, connections=SOCIAL)
        yield login_password(identifier, "u")
    yield signup(inputs=(EMAIL, USERNAME), password_rules=RULES, connections=SOCIAL)
    yield signup_password("e", "u", password_rules=RULES)
    for scope in IDENTITY_SCOPES:
        yield msgspec.structs.replace(SAMPLES["consent"], scopes=(ConsentScope(scope),))
    for key in ("captcha-too-soon", "captcha-too-many", "captcha-validation-failure", "too-many-codes"):
        yield login(Identifier.EMAIL, "", FieldError("", key, values={"count": "10"}))
    samples = {page.screen: page for page in SAMPLES.values()}
    for screen in SCREENS:
        worded = screen.worded or screen
        for key in ENGLISH[worded.prompt][worded.name]:
            if is_error_key(screen, key):
                yield msgspec.structs.replace(samples[screen], errors=(FieldError("", key),))
    for name in ("login", "consent"):
        yield msgspec.structs.replace(SAMPLES[name], errors=(FieldError("", "unheard-of"),))


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str, str]]:
    """The texts read while everything is rendered: prompt, screen, key."""
    seen: set[tuple[str, str, str]] = set()
    original = catalogue.screen_texts

    class Watched(ScreenTexts):
        where: tuple[str, str]

        def __call__(self, key: str, *args: object, **more: object) -> str:
            seen.add((*self.where, key))
            return super().__call__(key, *args, **more)  # type: ignore[arg-type]

        def shared(self, key: str, **values: object) -> str:
            seen.add(("doorward", "shared", key))
            return super().shared(key, **values)

    def watched(locale: str, prompt: str, screen: str, variables: dict[str, str], *own: Texts) -> Watched:
        texts = original(locale, prompt, screen, variables, *own)
        result = Watched(texts._resolved, variables)
        result.where = WORDED.get((prompt, screen), (prompt, screen))
        return result

    monkeypatch.setattr(catalogue, "screen_texts", watched)
    for look in (Look(), Look(support_email="a@b.c")):
        for page in variants():
            render(page, look, "en")
    render_form_post(FormPostDocument("https://a.test", {}), Look(), "en")
    render_web_message(WebMessageDocument("https://a.test", {}), Look(), "en")
    render_demo(DemoDocument({}, "/", "/"), Look(), "en")
    render_preview(PreviewDocument(("login",), "login", ("en", "de"), "en"), Look(), "en")
    for logins in ({}, {"My App": {"": "/", "connection=email": "/"}}):
        render_front(FrontDocument("a.test", "a.test", logins, "/inbox", ("x",)), Look(), "en")
    told = [
        Received(
            id=channel.value,
            at=0,
            channel=channel,
            template="t",
            sender="s",
            to="r",
            text="x",
            link="l",
            code="1",
            html=html,
        )
        for channel, html in ((Channel.EMAIL, "<p>"), (Channel.EMAIL, ""), (Channel.SMS, ""), (Channel.VOICE, ""))
    ]
    for messages, shown in (((), None), *((told, one) for one in told)):
        render_inbox(InboxDocument(messages, lambda _: "now", shown), Look(), "en")
    rules = {"field": {"a.rule": Rule("field", "It is so.", "RFC 6749")}}
    for asked in (None, "a.rule"):
        render_help(HelpDocument(rules, asked), Look(), "en")
    return seen


def test_every_text_is_used_and_every_used_text_exists(used: set[tuple[str, str, str]]) -> None:
    there = {(p, s, k) for p, screens in ENGLISH.items() for s, texts in screens.items() for k in texts}
    assert there == used


def test_every_text_says_something_with_variables_that_exist() -> None:
    for screens in ENGLISH.values():
        for texts in screens.values():
            for key, text in texts.items():
                assert text.strip() == text != "", key
                assert set(re.findall(r"\$\{(\w+)\}", text)) <= VARIABLES, key
                assert "<" not in text, key


def test_variables_are_filled_as_text() -> None:
    page = msgspec.structs.replace(
        SAMPLES["login"],
        client_name="Shop <1>",
        errors=(FieldError("", "same-user-login", values={"x": "y"}),),
    )
    html = render(page, Look(company_name="A & B"), "en").body.decode()
    assert "Log in to A &amp; B to continue to Shop &lt;1&gt;." in html
    assert "${" not in html


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", "We have sent a code to 1.ada@a.test."), ("he", "שלחנו קוד אל \u20681.ada@a.test\u2069.")],
)
def test_words_from_right_to_left_turn_no_address_around(language: str, shown: str) -> None:
    page = msgspec.structs.replace(SAMPLES["login-passwordless-email-code"], texts={"email": "1.ada@a.test"})
    html = render(page, Look(company_name="Acme"), language).body.decode()
    assert shown in html
    assert 'alt="Acme"' in html


def test_values_of_an_error_reach_its_text() -> None:
    error = FieldError("username", "invalid-username", values={"min": "3", "max": "15", "characters": "_ - ."})
    page = signup(error, inputs=(EMAIL, USERNAME))
    assert "3 to 15 characters: letters, digits and _ - ." in render(page, Look(), "en").body.decode()


def test_a_language_without_texts_is_english_and_says_so() -> None:
    response = render(SAMPLES["login"], Look(), "cy")
    assert '<html lang="en" dir="ltr">' in response.body.decode()
    assert dict(response.headers)["content-language"] == "en"


def test_missing_keys_of_a_language_come_in_english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        catalogue, "OURS", catalogue_of(tmp_path, {"ar": {"login": {"login": {"title": "أهلا"}}}, "fr": {}})
    )
    response = render(SAMPLES["login"], Look(), "ar-EG")
    html = response.body.decode()
    assert '<html lang="ar" dir="rtl">' in html
    assert "<h1>أهلا</h1>" in html
    assert "Email address" in html
    assert dict(response.headers)["content-language"] == "ar"
    assert catalogue.OURS.languages == ("ar", "en", "fr")


def test_a_language_is_read_when_somebody_needs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(catalogue, "OURS", catalogue_of(tmp_path, {"ar": {}, "fr": {}}))
    assert catalogue.OURS.read == ()
    for locale, read in (("en", {"en"}), ("de", {"en"}), ("fr-BE", {"en", "fr"}), ("fr", {"en", "fr"})):
        render(SAMPLES["login"], Look(), locale)
        assert set(catalogue.OURS.read) == read, locale


def test_tenants_without_words_of_their_own_share_ours() -> None:
    first, second = Texts(), Texts({"signup/en": {"signup": {"title": "mine"}}})
    assert first.of("en", "login", "login") is second.of("en", "login", "login")
