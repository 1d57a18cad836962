"""Which passwords may be chosen (E1, E2): by the connection's policy exactly, and by length where it names none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.identity.common_passwords import EN_10K, EN_100K, is_common
from doorward.identity.password_policy import PERSONAL, PasswordError, judge, policy_of
from doorward.model.connection import Connection


def connection(**options: Any) -> Connection:
    return Connection(id="con_1", name="people", strategy="auth0", options=options)


def accepted(password: str, **options: Any) -> bool:
    return judge(password, connection(**options)).accepted


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
    verdict = judge(password, connection(passwordPolicy=policy))
    assert verdict.as_text
    assert not (verdict.accepted and len(password) > 256)


FOUR = ["uppercase", "lowercase", "number", "special"]
# complexity, password, code of the rule that is not met
FLEXIBLE = [
    ({}, "", "nonEmpty"), ({}, "x", None),
    ({"min_length": 12}, "a" * 11, "lengthAtLeast"), ({"min_length": 12}, "a" * 12, None),
    ({"character_types": ["number"]}, "abc", "shouldContain"), ({"character_types": ["number"]}, "abc1", None),
    ({"character_types": FOUR}, "abcD1", "shouldContain"), ({"character_types": FOUR}, "abcD1!", None),
    ({"character_types": FOUR, "character_type_rule": "three_of_four"}, "abc1", "containsAtLeast"),
    ({"character_types": FOUR, "character_type_rule": "three_of_four"}, "abc1!", None),
    ({"identical_characters": "block"}, "baaad", "identicalChars"), ({"identical_characters": "block"}, "baad", None),
    ({"identical_characters": "allow"}, "baaad", None),
    *(({"sequential_characters": "block"}, taken, "sequentialChars") for taken in ("xabcx", "x321x", "XAbCx", "zyx!")),
    *(({"sequential_characters": "block"}, free, None) for free in ("ab1cd", "acegi", "9a:;<", "a12b34", "äöü", "890")),
    ({"max_length_exceeded": "error"}, "a" * 73, "nonEmpty"), ({"max_length_exceeded": "error"}, "a" * 72, None),
    ({"max_length_exceeded": "error"}, "ü" * 37, "nonEmpty"), ({"max_length_exceeded": "error"}, "ü" * 36, None),
    ({"max_length_exceeded": "truncate"}, "a" * 256, None),
    ({"max_length_exceeded": "truncate"}, "a" * 257, "nonEmpty"),
]  # fmt: skip


@pytest.mark.parametrize(("complexity", "password", "unmet"), FLEXIBLE)
def test_e1_each_rule_can_be_set_by_itself(complexity: dict[str, Any], password: str, unmet: str | None) -> None:
    verdict = judge(password, connection(password_options={"complexity": complexity, "history": {"active": False}}))
    assert [rule["code"] for rule in verdict.rules if not rule["verified"]] == ([unmet] if unmet else [])
    assert verdict.error == (PasswordError.STRENGTH if unmet else None)


def test_password_options_stand_in_for_everything_else() -> None:
    classic = {
        "passwordPolicy": "excellent", "password_dictionary": {"enable": True},
        "password_no_personal_info": {"enable": True}, "password_history": {"enable": True, "size": 5},
    }  # fmt: skip
    policy = policy_of(connection(**classic, password_options={"complexity": {"min_length": 4}}))
    assert (policy.shortest, policy.kinds, policy.dictionary, policy.personal, policy.history) == (4, (), None, (), 0)
    policy = policy_of(connection(**classic))
    assert (policy.shortest, policy.dictionary, policy.personal, policy.history) == (10, EN_10K, PERSONAL, 5)


DICTIONARY = [
    ("password", EN_10K, True), ("password1", EN_10K, True), ("monkey2019", EN_10K, True), ("dragon!", EN_10K, True),
    ("123456", EN_10K, True), ("qwerty", EN_10K, True), ("qwerty123", EN_10K, True), ("1qaz2wsx", EN_10K, True),
    ("aaaaaaaa", EN_10K, True), ("abcabcabc", EN_10K, True), ("lovelove", EN_10K, True), ("zyxwvu", EN_10K, True),
    ("p4ssw0rd", EN_10K, False), ("p4ssw0rd", EN_100K, True), ("drowssap", EN_10K, False), ("drowssap", EN_100K, True),
    ("19840312", EN_10K, False), ("19840312", EN_100K, True),
    *((fine, name, False) for name in (EN_10K, EN_100K) for fine in (
        "correct horse battery", "analytical-9", "xylophone-quartz", "monkey-business-class", "kj4hq8z", "",
        "purple turtle drumming",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("password", "dictionary", "expected"), DICTIONARY)
def test_e1_what_many_people_choose_is_known(password: str, dictionary: str, expected: bool) -> None:
    assert is_common(password, dictionary) == expected


@given(st.text(max_size=80), st.sampled_from([EN_10K, EN_100K]))
def test_what_the_smaller_dictionary_has_the_larger_one_has_too(password: str, dictionary: str) -> None:
    assert is_common(password.casefold(), EN_100K) or not is_common(password.casefold(), dictionary)


@pytest.mark.parametrize(
    ("options", "password", "expected"),
    [
        ({"password_dictionary": {"enable": True, "dictionary": ["Doorward"]}}, "dOORWARD", True),
        ({"password_dictionary": {"enable": True, "dictionary": ["Doorward"]}}, "doorward-and-more", False),
        ({"password_dictionary": {"enable": True}}, "PassWord", True),
        ({"password_dictionary": {"enable": False, "dictionary": ["doorward"]}}, "doorward", False),
        ({"password_options": {"dictionary": {"active": True, "custom": ["Doorward"]}}}, "doorward", True),
        ({"password_options": {"dictionary": {"active": True, "default": "en_100k"}}}, "p4ssw0rd", True),
        ({"password_options": {"dictionary": {"active": True, "default": "en_10k"}}}, "p4ssw0rd", False),
        ({"password_options": {"dictionary": {"active": False, "custom": ["doorward"]}}}, "doorward", False),
    ],
)
def test_e2_a_connection_has_words_of_its_own(options: dict[str, Any], password: str, expected: bool) -> None:
    error = judge(password, connection(passwordPolicy="none", **options)).error
    assert error == (PasswordError.DICTIONARY if expected else None)


ADA = {
    "email": "ada.l@example.test", "name": "Ada Lovelace", "nickname": "AL", "username": "countess",
    "company": "Engine",
    "user_metadata": {"first": "Augusta", "address": {"street": "Piccadilly"}},
}  # fmt: skip
CLASSIC = {"password_no_personal_info": {"enable": True}}


@pytest.mark.parametrize(
    ("options", "password", "expected"),
    [
        (CLASSIC, "xx ada lovelace xx", True),
        (CLASSIC, "ADA.L", True),
        (CLASSIC, "Countess!", True),
        (CLASSIC, "augusta-1815", True),
        (CLASSIC, "ada-loves-lace", False),
        (CLASSIC, "portal", False),  # a nickname of two letters is in everything
        (CLASSIC, "engine", False),
        ({"password_no_personal_info": {"enable": False}}, "countess", False),
        ({"password_options": {"profile_data": {"active": True, "blocked_fields": ["company"]}}}, "engine-1", True),
        ({"password_options": {"profile_data": {"active": True, "blocked_fields": ["company"]}}}, "countess", False),
        (
            {
                "password_options": {
                    "profile_data": {"active": True, "blocked_fields": ["user_metadata.address.street"]}
                }
            },
            "piccadilly",
            True,
        ),
        ({"password_options": {"profile_data": {"active": True, "blocked_fields": []}}}, "countess", True),
        ({"password_options": {"profile_data": {"active": False, "blocked_fields": ["name"]}}}, "ada lovelace", False),
    ],
)
def test_e2_a_password_tells_nothing_of_its_owner(options: dict[str, Any], password: str, expected: bool) -> None:
    error = judge(password, connection(passwordPolicy="none", **options), ADA).error
    assert error == (PasswordError.USER_INFORMATION if expected else None)


def test_the_first_fault_is_told_in_this_order() -> None:
    options = {"passwordPolicy": "low", "password_dictionary": {"enable": True}, **CLASSIC}
    ada = {"name": "password"}
    assert judge("pass", connection(**options), ada).error is PasswordError.STRENGTH
    assert judge("password", connection(**options), ada).error is PasswordError.DICTIONARY
    assert judge("my-password", connection(**options), ada).error is PasswordError.USER_INFORMATION


@pytest.mark.parametrize(("size", "remembered"), [(0, 0), (1, 0), (5, 4), (24, 23)])
def test_e2_the_present_password_is_one_of_the_last(size: int, remembered: int) -> None:
    for options in (
        {"password_history": {"enable": True, "size": size}},
        {"password_options": {"history": {"active": True, "size": size}}},
    ):
        policy = policy_of(connection(**options))
        assert (policy.history, policy.remembered) == (size, remembered)
