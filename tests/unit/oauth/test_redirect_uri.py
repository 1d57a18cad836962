"""Redirect URIs are compared as they were registered, character for character (A2), and some never may be (A3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.oauth.redirect_uri import logout_matches, matches, origin, origin_allowed, refusal

REGISTERED = "https://app.example.com/cb"
WILDCARD = "https://pre-*-suf.example.com/cb"


@pytest.mark.parametrize(
    "sent",
    [
        "https://app.example.com/cb/", "https://app.example.com/CB", "https://APP.example.com/cb",
        "https://app.example.com:443/cb", "http://app.example.com/cb", "https://app.example.com/cb?x=1",
        "https://app.example.com/%63b", "https://app.example.com/x/../cb", "https://app.example.com./cb",
        "https://app.example.com@evil.test/cb", "https://evil.test/https://app.example.com/cb",
        "https://app.example.com/cb.evil", "https://app.example.com", "", "app.example.com/cb",
    ],
)  # fmt: skip
def test_a2_nothing_but_the_very_string_matches(sent: str) -> None:
    assert matches(REGISTERED, [REGISTERED])
    assert not matches(sent, [REGISTERED])


@pytest.mark.parametrize(
    ("sent", "allowed"),
    [
        ("https://pre-42-suf.example.com/cb", True), ("https://pre--suf.example.com/cb", False),
        ("https://pre-a.b-suf.example.com/cb", False), ("https://pre-a/b-suf.example.com/cb", False),
        ("https://pre-a@evil-suf.example.com/cb", False), ("https://pre-a%2e-suf.example.com/cb", False),
        ("https://pre-42-suf.example.com/cb/", False), ("http://pre-42-suf.example.com/cb", False),
        ("https://pre-*-suf.example.com/cb", False), ("https://pre-42-suf.evil.com/cb", False),
        ("https://pre-é-suf.example.com/cb", False),
    ],
)  # fmt: skip
def test_a2_a_wildcard_stands_for_one_label(sent: str, allowed: bool) -> None:
    assert matches(sent, [WILDCARD]) == allowed
    assert not matches(sent, [WILDCARD], exact=True)


@pytest.mark.parametrize(
    "pattern", ["https://*.com/cb", "https://*/cb", "https://a.*.example.com/cb", "https://*.*.example.com/cb", "app*://x"]
)  # fmt: skip
def test_a2_a_wildcard_elsewhere_matches_nothing(pattern: str) -> None:
    for sent in ("https://evil.com/cb", "https://a.b.example.com/cb", "https://x/cb", "app1://x", pattern):
        assert not matches(sent, [pattern])


@pytest.mark.parametrize(
    "sent",
    [
        "https://a.test/cb#", "https://a.test/cb#x", "https://u:p@a.test/cb", "https://a.test\\@evil.test/",
        "https:///cb",
        "https://a.test/a/../b", "https://a.test/%2e%2e/b", "https://a.test/%2E./b", "javascript:alert(1)",
        "JavaScript:x",
        "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://a.test/x", "about:blank", "//a.test/cb",
        "/cb", "https://a.test/\tcb", "https://a.test/c b", "https://a.test/\x00", "https://ä.test/cb", "https:a.test",
        "https://:443/cb", "", "a" * 2100,
    ],
)  # fmt: skip
def test_a3_what_may_never_be_a_redirect_uri(sent: str) -> None:
    assert refusal(sent) is not None


@pytest.mark.parametrize(
    "sent",
    ["https://a.test/cb", "http://localhost:3000/cb?x=1", "com.example.app://cb", "http://[::1]:8080/", "https://a.test"],
)  # fmt: skip
def test_a3_what_may(sent: str) -> None:
    assert refusal(sent) is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_a2_matching_is_equality_where_there_is_no_wildcard(sent: str, registered: str) -> None:
    if "*" not in registered:
        assert matches(sent, [registered]) == (sent == registered and "*" not in sent)


@given(st.text(max_size=60))
def test_parsers_of_addresses_never_fail(text: str) -> None:
    refusal(text)
    origin(text)
    origin_allowed(text, [WILDCARD, REGISTERED, text])
    logout_matches(text, [WILDCARD, REGISTERED, text], ignore_query=True)


@pytest.mark.parametrize(
    ("sent", "v2", "oidc"),
    [
        ("https://a.test/bye", True, True), ("https://A.TEST/bye", True, True), ("https://a.test/BYE", False, False),
        ("https://a.test/bye?x=1", True, False), ("https://a.test/bye#x", True, False),
        ("https://a.test.evil.test/bye", False, False),
        ("//a.test/bye", False, False), ("/bye", False, False), ("https://a.test@evil.test/bye", False, False),
        ("https://a.test\\evil/bye", False, False),
    ],
)  # fmt: skip
def test_f7_logout_urls(sent: str, v2: bool, oidc: bool) -> None:
    assert logout_matches(sent, ["https://a.test/bye"], ignore_query=True) == v2
    assert logout_matches(sent, ["https://a.test/bye"], ignore_query=False) == oidc
