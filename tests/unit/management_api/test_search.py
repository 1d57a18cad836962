"""Queries: whatever is sent is understood whole or refused, and what is understood is what was meant."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.management.kit.errors import ApiError
from doorward.management.kit.search import Field, FieldKind, read_search, read_sort
from doorward.model.search import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Exists,
    Not,
    Range,
    Search,
    Sort,
    Term,
    Wildcard,
)

FIELDS = {
    "email": Field(FieldKind.TEXT),
    "identities.connection": Field(FieldKind.TEXT),
    "blocked": Field(FieldKind.FLAG),
    "logins_count": Field(FieldKind.NUMBER),
    "created_at": Field(FieldKind.MOMENT),
    "app_metadata.x": Field(FieldKind.ANY),
    "app_metadata.a:b c": Field(FieldKind.ANY),
    "user_metadata.x": Field(FieldKind.ANY, plain=True),
    **{name: Field(FieldKind.TEXT) for name in "abcd"},
}
BARE = ("email", "a")
values = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=3, max_size=12)
fields = st.sampled_from(["email", "identities.connection", "app_metadata.x"])
terms = st.one_of(
    st.builds(Term, fields, values),
    st.builds(Term, st.just("blocked"), st.booleans()),
    st.builds(Term, st.just("logins_count"), st.integers(0, 10**9)),
    st.builds(Range, st.just("logins_count"), st.integers(0, 9), st.integers(10, 19)),
    st.builds(Wildcard, fields, words, st.booleans(), st.just(value=True)),
    st.builds(Wildcard, fields, words, st.just(value=True), st.just(value=False)),
    st.builds(Exists, st.sampled_from(list(FIELDS))),
)
trees: st.SearchStrategy[Search] = st.recursive(
    terms,
    lambda inner: st.one_of(
        st.builds(lambda a, b: AllOf((a, b)), inner, inner),
        st.builds(lambda a, b: AnyOf((a, b)), inner, inner),
        st.builds(Not, inner),
    ),
    max_leaves=8,
)


def escaped(text: str) -> str:
    return "".join(f"\\{character}" for character in text)


def written(search: Search) -> str:
    """The search as somebody would write it, with parentheses everywhere."""
    match search:
        case Term(field, bool(value)):
            return f"{field}:{str(value).lower()}"
        case Term(field, value):
            quoted = str(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'{escaped(field)}:"{quoted}"'
        case Range(field, low, high):
            return f"{field}:[{low} TO {high}}}"
        case Wildcard(field, text, before, after):
            return f"{escaped(field)}:{'*' * before}{escaped(text)}{'*' * after}"
        case Exists(field):
            return f"_exists_:{escaped(field)}"
        case Not(part):
            return f"NOT ({written(part)})"
        case AllOf(parts):
            return " AND ".join(f"({written(part)})" for part in parts)
        case AnyOf(parts):
            return " OR ".join(f"({written(part)})" for part in parts)


@given(trees)
def test_what_is_written_is_what_is_read(search: Search) -> None:
    assert read_search(written(search), FIELDS.get) == search


pieces = [
    *'ab:."\\()[]{}*?~^+-&|! \t/<>', "&&", "||", "AND ", " OR ", "NOT ", "email:", " TO ", "created_at:[", "2023-01-01",
    "app_metadata.x:", "_exists_:", "user_metadata.x:[", "*:*",
]  # fmt: skip


@given(st.lists(st.sampled_from(pieces)))
def test_anything_is_understood_or_refused(query: list[str]) -> None:
    refused = None
    try:
        read_search("".join(query), FIELDS.get, BARE)
    except ApiError as error:
        refused = error
    assert refused is None or (refused.status, refused.code) == (400, "invalid_query_string")


A, B, C, D = (Term(name, "1") for name in "abcd")


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("A B", AnyOf((A, B))),
        ("A OR B", AnyOf((A, B))),
        ("A || B", AnyOf((A, B))),
        ("A AND B", AllOf((A, B))),
        ("A && B", AllOf((A, B))),
        # AND makes both its sides required; beside something required, the rest does not count.
        ("A AND B OR C", AllOf((A, B))),
        ("A OR B AND C", AllOf((B, C))),
        ("A B AND C D", AllOf((B, C))),
        ("A AND B OR C AND D", AllOf((A, B, C, D))),
        ("(A AND B) OR (C AND D)", AnyOf((AllOf((A, B)), AllOf((C, D))))),
        ("+A B", A),
        ("+A +B C", AllOf((A, B))),
        ("A -B", AllOf((A, Not(B)))),
        ("A NOT B", AllOf((A, Not(B)))),
        ("A !B", AllOf((A, Not(B)))),
        ("A AND NOT B", AllOf((A, Not(B)))),
        ("A OR NOT B", AllOf((A, Not(B)))),
        ("A B -C", AllOf((AnyOf((A, B)), Not(C)))),
        ("NOT A AND B", AllOf((B, Not(A)))),
        ("NOT A", Not(A)),
        ("-A", Not(A)),
        ("- A", Not(A)),
        ("NOT A AND NOT B", AllOf((Not(A), Not(B)))),
        ("NOT (A OR B)", Not(AnyOf((A, B)))),
        ("A AND (B OR C)", AllOf((A, AnyOf((B, C))))),
        ("((A))", A),
        ("*:*", EVERYTHING),
        ("*", EVERYTHING),
        ("*:* AND NOT A", AllOf((EVERYTHING, Not(A)))),
    ],
)  # fmt: skip
def test_operators_are_read_as_lucene_reads_them(query: str, read: Search) -> None:
    assert read_search(re.sub(r"\b([A-D])\b", lambda letter: f"{letter[0].lower()}:1", query), FIELDS.get) == read


def edge(value: float) -> float:
    return math.nextafter(value, math.inf)


NEW_YEAR = 1577836800.0


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("a:1", A),
        ("a: 1", A),
        ('a:"1 2"', Term("a", "1 2")),
        (r'a:"say \"hi\""', Term("a", 'say "hi"')),
        (r"a:x\ y\*", Term("a", "x y*")),
        ('a:"x*"', Term("a", "x*")),
        ("a:x:y", Term("a", "x:y")),
        ("a:+1", Term("a", "+1")),
        ("a:-1", Term("a", "-1")),
        ("a:x-y", Term("a", "x-y")),
        ("email:a@b.test", Term("email", "a@b.test")),
        (r"app_metadata.a\:b\ c:1", Term("app_metadata.a:b c", "1")),
        ('a:("1" OR "2")', AnyOf((A, Term("a", "2")))),
        ("a:(1 AND NOT 2)", AllOf((A, Not(Term("a", "2"))))),
        ("a:(1 OR b:1)", AnyOf((A, B))),
        ("email:(x:y)", Term("email", "x:y")),
        ("x", AnyOf((Term("email", "x"), Term("a", "x")))),
        ('"x y"', AnyOf((Term("email", "x y"), Term("a", "x y")))),
        ("x*", AnyOf((Wildcard("email", "x", False, True), Wildcard("a", "x", False, True)))),
        ("blocked:true", Term("blocked", True)),
        ("logins_count:7", Term("logins_count", 7)),
        # Wildcards.
        ("a:x*", Wildcard("a", "x", before=False, after=True)),
        ("a:*xyz*", Wildcard("a", "xyz", before=True, after=True)),
        ("a:*xyz", Wildcard("a", "xyz", before=True, after=False)),
        ("app_metadata.x:x*", Wildcard("app_metadata.x", "x", before=False, after=True)),
        ("a:*", Exists("a")),
        ("user_metadata.x:*", Exists("user_metadata.x")),
        # Existence.
        ("_exists_:a", Exists("a")),
        ("_exists_:user_metadata.x", Exists("user_metadata.x")),
        ("NOT _exists_:a", Not(Exists("a"))),
        # Ranges.
        ("logins_count:[1 TO 3]", Range("logins_count", 1, 4)),
        ("logins_count:{1 TO 3}", Range("logins_count", 2, 3)),
        ("logins_count:[1 TO 3}", Range("logins_count", 1, 3)),
        ("logins_count:{1 TO 3]", Range("logins_count", 2, 4)),
        ("logins_count:[-1 TO *]", Range("logins_count", -1, None)),
        ("logins_count:[* TO 3]", Range("logins_count", None, 4)),
        ("logins_count:[* TO *]", Exists("logins_count")),
        ("created_at:[2020-01-01 TO 2020-01-01]", Range("created_at", NEW_YEAR, NEW_YEAR + 86400)),
        ("created_at:{2020-01-01 TO *}", Range("created_at", NEW_YEAR + 86400, None)),
        ('created_at:["2020-01-01T00:00:00Z" TO *]', Range("created_at", NEW_YEAR, None)),
        ("created_at:2020-01-01", Range("created_at", NEW_YEAR, NEW_YEAR + 86400)),
        ("app_metadata.x:[1 TO 2.5]", Range("app_metadata.x", 1.0, edge(2.5))),
        ("app_metadata.x:{1 TO 2.5}", Range("app_metadata.x", edge(1.0), 2.5)),
        ("app_metadata.x:[b TO c]", Range("app_metadata.x", "b", "c\x01")),
        ("app_metadata.x:{b TO c}", Range("app_metadata.x", "b\x01", "c")),
        ("app_metadata.x:[2020-01-01 TO 2020-01-31]", Range("app_metadata.x", "2020-01-01", "2020-01-32")),
        ("app_metadata.x:[* TO *]", Exists("app_metadata.x")),
    ],
)
def test_a_term_means_its_field(query: str, read: Search) -> None:
    assert read_search(query, FIELDS.get, BARE) == read


@pytest.mark.parametrize(
    "query",
    [
        "", " ", "(", ")", "()", "a:", "a:1 AND", "AND a:1", "OR", "a:1 OR OR b:1", "NOT", "a:1 -", "(a:1", "a:1)",
        'a:"1', "a:(1", "nothing:1", "_exists_:nothing", "nothing:*", "*:1", "[1 TO 2]", "_exists_:[a TO b]",
        "a:x?", "a:x~", "a:x~2", "a:x^2", 'a:"x y"~2', "a:/x/", "a:>1", "a:<=1", "x&&y", "a:x*y", "a:x*y*", "a:*ab",
        "a:*ab*", "*ab", "user_metadata.x:ab*", "user_metadata.x:*abc*", "user_metadata.x:[1 TO 2]", "blocked:maybe",
        "blocked:[a TO b]", "blocked:t*", "logins_count:many", "logins_count:1.5", "logins_count:[a TO 3]",
        "logins_count:1*", "created_at:yesterday", "created_at:[now-7d TO now]", "created_at:2020*", "a:[1 2]",
        "a:[1 TO 2", "a:" + "x" * 101 + "*", " ".join(["a:1"] * 101), "(" * 40 + "a:1" + ")" * 40,
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(query: str) -> None:
    with pytest.raises(ApiError) as refused:
        read_search(query, FIELDS.get, ("email",) if query in ("*ab", "x&&y") else ())
    assert (refused.value.status, refused.value.code) == (400, "invalid_query_string")


def test_an_order() -> None:
    assert read_sort("email:1", FIELDS.__contains__) == Sort("email")
    assert read_sort("identities.connection:-1", FIELDS.__contains__) == Sort("identities.connection", descending=True)
    for wrong in ("", "email", "email:2", "email:", "nothing:1", ":1"):
        with pytest.raises(ApiError):
            read_sort(wrong, FIELDS.__contains__)
