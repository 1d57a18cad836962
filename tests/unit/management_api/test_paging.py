"""Paging and projection: three list forms, one order, exact totals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import project

PAGING = Paging(key="things", checkpoint=True)
ENTITY = {"id": 1, "name": "n", "tenant": "t"}


def listed(items: list[int], **query: Any) -> Any:
    return PAGING.of(items, query, lambda item: item, lambda item: item)


def test_the_default_is_a_bare_array_of_fifty() -> None:
    assert listed(list(range(1, 61))) == list(range(1, 51))


def test_totals_come_in_an_object() -> None:
    assert listed([1, 2, 3], include_totals=True, per_page=2, page=1) == {
        "start": 2,
        "limit": 2,
        "total": 3,
        "things": [3],
    }


def test_a_checkpoint_wins_over_totals() -> None:
    assert listed([1, 2], take=5, include_totals=True) == {"things": [1, 2]}


@given(st.lists(st.integers(1, 10_000), unique=True, max_size=40).map(sorted), st.integers(1, 7))
def test_checkpoints_visit_everything_once(items: list[int], take: int) -> None:
    seen: list[int] = []
    query: dict[str, Any] = {"take": take}
    while True:
        page = listed(items, **query)
        seen += page["things"]
        if "next" not in page:
            break
        query["from"] = page["next"]
    assert seen == items


def test_a_checkpoint_survives_the_loss_of_what_it_points_at() -> None:
    first = listed([1, 2, 3, 4], take=2)
    assert listed([1, 3, 4], take=2, **{"from": first["next"]})["things"] == [3, 4]


@given(st.lists(st.integers(), max_size=40), st.integers(1, 9))
def test_pages_visit_everything_once_and_totals_are_exact(items: list[int], size: int) -> None:
    seen: list[int] = []
    page = 0
    while True:
        answer = listed(items, page=page, per_page=size, include_totals=True)
        assert answer["total"] == len(items)
        if not answer["things"]:
            break
        seen += answer["things"]
        page += 1
    assert seen == items


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({}, {"id", "name", "tenant"}),
        ({"fields": "name,unknown"}, {"name", "tenant"}),
        ({"fields": " name , id"}, {"id", "name", "tenant"}),
        ({"fields": "name", "include_fields": False}, {"id", "tenant"}),
        ({"fields": "", "include_fields": False}, {"id", "name", "tenant"}),
        ({"fields": "tenant", "include_fields": False}, {"id", "name", "tenant"}),
    ],
)
def test_fields_choose_top_level_names(query: dict[str, Any], kept: set[str]) -> None:
    assert set(project(ENTITY, query, ("tenant",))) == kept
