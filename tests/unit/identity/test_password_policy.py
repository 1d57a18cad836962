"""Which passwords may be chosen (E1): by the connection's policy exactly, and by length where it names none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.identity.password_policy import judge
from doorward.model.connection import Connection


def accepted(password: str, **options: Any) -> bool:
    return judge(password, Connection(id="con_1", name="people", strategy="auth0", options=options)).accepted


# policy, password, accepted
TABLE = [
    # a connection that names no policy: 15 characters and nothing else
    (None, "a" * 14, False), (None, "a" * 15, True), (None, "ü" * 15, True), (None, "\U0001f511" * 15, True),
    (None, " " * 15, True), (None, "a" * 256, True), (None, "a" * 257, False), (None, "", False),
    # Auth0's five
    ("none", "", False), ("none", "a", True), ("none", "a" * 256, True), ("none", "a" * 257, False),
    ("low", "aaaaa", False), ("low", "aaaaaa", True),
    ("fair", "aaaaaaaa", False), ("fair", "Aaaaaaa1", True), ("fair", "Aaaaaa1", False), ("fair", "aaaaaaa1", False),
    ("good", "Aaaaaaa1", True), ("good", "Aaaaaa1", False), ("good", "aaaaaaa1", False), ("good", "aaaaaa1!", True),
    ("good", "aaaaaa 1", True),
    ("excellent", "Abcdefgh1", False), ("excellent", "Abcdefghi1", True), ("excellent", "Abbbdefgh1", False),
    ("excellent", "Abbdefghi1", True),
    ("unheard of", "aaaaaaaa", False), ("unheard of", "Aaaaaaa1", True),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "password", "expected"), TABLE)
def test_e1_a_policy_is_what_it_says(policy: str | None, password: str, expected: bool) -> None:
    options = {} if policy is None else {"passwordPolicy": policy}
    assert accepted(password, **options) == expected


@pytest.mark.parametrize(("length", "expected"), [(19, False), (20, True)])
def test_e1_a_connection_may_ask_for_more(length: int, expected: bool) -> None:
    more = {"passwordPolicy": "low", "password_complexity_options": {"min_length": 20}}
    assert accepted("a" * length, **more) == expected


@given(st.text(max_size=300), st.sampled_from([None, "none", "low", "fair", "good", "excellent"]))
def test_e1_any_text_is_judged(password: str, policy: str | None) -> None:
    verdict = judge(password, Connection(id="c", name="p", strategy="auth0", options={"passwordPolicy": policy}))
    assert verdict.as_text
    assert not (verdict.accepted and len(password) > 256)
