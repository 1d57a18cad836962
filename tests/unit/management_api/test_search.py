"""Queries: whatever is sent is understood whole or refused, and what is understood is what was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.management.kit.errors import ApiError
from doorward.management.kit.search import FieldKind, read_search, read_sort
from doorward.model.search import AllOf, AnyOf, Not, Range, Search, Sort, Term

FIELDS = {
    "email": FieldKind.TEXT,
    "identities.connection": FieldKind.TEXT,
    "blocked": FieldKind.FLAG,
    "logins_count": FieldKind.NUMBER,
    "created_at": FieldKind.MOMENT,
}
values = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
terms = st.one_of(
    st.builds(Term, st.sampled_from(["email", "identities.connection"]), values),
    st.builds(Term, st.just("blocked"), st.booleans()),
    st.builds(Term, st.just("logins_count"), st.integers(0, 10**9)),
    st.builds(Range, st.just("logins_count"), st.integers(0, 9), st.integers(10, 19)),
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


def written(search: Search) -> str:
    """The search as somebody would write it, with parentheses everywhere."""
    match search:
        case Term(field, bool(value)):
            return f"{field}:{str(value).lower()}"
        case Term(field, value):
            escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'{field}:"{escaped}"'
        case Range(field, low, high):
            return f"{field}:[{low} TO {high}}}"
        case Not(part):
            return f"NOT ({written(part)})"
        case AllOf(parts):
            return " AND ".join(f"({written(part)})" for part in parts)
        case AnyOf(parts):
            return " OR ".join(f"({written(part)})" for part in parts)


@given(trees)
def test_what_is_written_is_what_is_read(search: Search) -> None:
    assert read_search(written(search), FIELDS) == search


pieces = [*'ab:."\\()[]{}*?~^+-&|! \t', "AND ", " OR ", "NOT ", "email:", " TO ", "created_at:[", "2023-01-01"]


@given(st.lists(st.sampled_from(pieces)))
def test_anything_is_understood_or_refused(query: list[str]) -> None:
    refused = None
    try:
        read_search("".join(query), FIELDS, ("email",))
    except ApiError as error:
        refused = error
    assert refused is None or (refused.status, refused.code) == (400, "invalid_query_string")


def test_a_group_belongs_to_its_field_unless_it_names_another() -> None:
    assert read_search("email:(a OR blocked:true)", FIELDS) == AnyOf((Term("email", "a"), Term("blocked", True)))
    assert read_search("email:(x:y)", FIELDS) == Term("email", "x:y")


def test_a_term_without_a_field_is_looked_for_in_all_of_some() -> None:
    both = AnyOf((Term("email", "a"), Term("identities.connection", "a")))
    assert read_search("a", FIELDS, ("email", "identities.connection")) == both


def test_an_order() -> None:
    assert read_sort("email:1", FIELDS) == Sort("email")
    assert read_sort("identities.connection:-1", FIELDS) == Sort("identities.connection", descending=True)
    for wrong in ("", "email", "email:2", "email:", "nothing:1", ":1"):
        with pytest.raises(ApiError):
            read_sort(wrong, FIELDS)
