"""Bodies and query strings: what is read, and the sentences of what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.management.kit.bodies import read_body, read_query
from doorward.management.kit.errors import ApiError
from doorward.management.kit.schema import (
    BOOLEAN,
    OBJECT,
    Record,
    Rule,
    choice,
    either,
    integer,
    items,
    mapping,
    number,
    record,
    text,
)
from doorward.management.registry import built

RULE = record(
    {
        "name": text(min=1, max=5, about="The name"),
        "email": text(format="email"),
        "age": integer(min=0, max=150),
        "ratio": number(min=0.5),
        "on": BOOLEAN,
        "kind": choice("a", "b"),
        "list": items(text(), max=2, unique=True),
        "nested": record({"deep": items(record({"id": integer()}, required=("id",)))}, open=True),
        "map": mapping(BOOLEAN, max=1, max_name=3),
        "gone": text().or_null,
        "any": either(text(), items(text())),
    },
    required=("name",),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def status(read: Callable[[], Any]) -> int:
    """200, or the status of the refusal."""
    try:
        read()
    except ApiError as error:
        return error.status
    return 200


def refused(body: Any) -> str:
    with pytest.raises(ApiError) as caught:
        read_body("application/json", json.dumps(body).encode(), RULE)
    assert (caught.value.status, caught.value.code) == (400, "invalid_body")
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({}, "'Missing required property: name'."),
        ([], "'Expected type object but found type array'."),
        ({"name": 1}, "'Expected type string but found type integer' on property name (The name)."),
        ({"name": ""}, "'String is too short (0 chars), minimum 1' on property name (The name)."),
        ({"name": "longer"}, "'String is too long (6 chars), maximum 5' on property name (The name)."),
        ({"name": "a", "x": 1, "y": 2}, "'Additional properties not allowed: x,y'."),
        ({"name": "a", "email": "x"}, "'Object didn't pass validation for format email: x' on property email."),
        ({"name": "a", "age": -1}, "'Value -1 is less than minimum 0' on property age."),
        ({"name": "a", "age": 1.5}, "'Expected type integer but found type number' on property age."),
        ({"name": "a", "age": True}, "'Expected type integer but found type boolean' on property age."),
        ({"name": "a", "ratio": 0}, "'Value 0 is less than minimum 0.5' on property ratio."),
        ({"name": "a", "kind": "c"}, "'No enum match for: c' on property kind."),
        ({"name": "a", "list": ["x", "x"]}, "'Array items are not unique (indexes 0 and 1)' on property list."),
        ({"name": "a", "list": ["x", "y", "z"]}, "'Array is too long (3), maximum 2' on property list."),
        (
            {"name": "a", "nested": {"deep": [{"id": 1}, {}]}},
            "'Missing required property: id' on property nested.deep[1].",
        ),
        ({"name": "a", "map": {"a": 1}}, "'Expected type boolean but found type integer' on property map.a."),
        ({"name": "a", "any": 1}, "'Data does not match any schemas from 'oneOf'' on property any."),
        ({"name": None}, "'Expected type string but found type null' on property name (The name)."),
    ],
)
def test_refusals_speak_auth0s_sentences(body: Any, what: str) -> None:
    assert refused(body) == f"Payload validation error: {what}"


def test_null_is_taken_where_it_is_allowed() -> None:
    assert read_body("application/json", b'{"name":"a","gone":null}', RULE) == {"name": "a", "gone": None}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"name":"\\u0000"}',
        b'{"name":"\\ud800"}',
        b'{"name":"a","nested":{"x":' + b"[" * 40 + b"]" * 40 + b"}}",
        b"[" * 100_000,
        b'{"name":"a","nested":{"n":' + b"9" * 400 + b"}}",
    ],
)
def test_what_no_database_could_keep_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        read_body("application/json", body, RULE)
    assert caught.value.status == 400


def test_an_unknown_content_type_is_refused() -> None:
    with pytest.raises(ApiError) as caught:
        read_body("text/xml", b"<a/>", RULE)
    assert caught.value.status == 415


def test_a_form_is_typed_by_the_rule() -> None:
    body = b"name=a&age=7&on=true&ratio=0.75&list[]=x&list[]=y&nested[deep][0][id]=3&map[k]=false"
    assert read_body("application/x-www-form-urlencoded", body, RULE) == {
        "name": "a",
        "age": 7,
        "on": True,
        "ratio": 0.75,
        "list": ["x", "y"],
        "nested": {"deep": [{"id": 3}]},
        "map": {"k": False},
    }


def test_a_patch_requires_nothing_and_may_take_away() -> None:
    rule = RULE.patch(without=("age",), nullable=("email",))
    assert read_body("", b'{"email":null}', rule) == {"email": None}
    with pytest.raises(ApiError):
        read_body("", b'{"age":1}', rule)


RULES: dict[str, Rule] = {"page": integer(min=0), "all": BOOLEAN, "ids": items(text(), max=2), "q": text(max=3)}


def test_query_parameters_are_typed_and_unknown_ones_ignored() -> None:
    assert read_query("page=2&all=true&ids=a&ids=b&x=1", RULES) == {"page": 2, "all": True, "ids": ["a", "b"]}


@pytest.mark.parametrize(
    "query", ["page=-1", "page=x", "all=1", "q=long", "ids=a&ids=b&ids=c", "page=1&page=2", "q=%00", "q=%ff"]
)
def test_bad_query_parameters_are_refused(query: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_query(query, RULES)
    assert (caught.value.status, caught.value.code) == (400, "invalid_query_string")


@given(JSON, st.sampled_from([operation.body for operation in built() if operation.body is not None]))
def test_any_json_is_read_or_refused_with_400(body: Any, rule: Rule) -> None:
    assert status(lambda: read_body("application/json", json.dumps(body).encode(), rule)) in (200, 400)


@given(st.binary(max_size=200), st.sampled_from(["application/json", "application/x-www-form-urlencoded"]))
def test_any_bytes_are_read_or_refused_with_400(body: bytes, content_type: str) -> None:
    assert status(lambda: read_body(content_type, body, RULE)) in (200, 400)


@given(st.text(alphabet="abpageql=&[]%01f+-", max_size=60))
def test_any_query_is_read_or_refused_with_400(query: str) -> None:
    assert status(lambda: read_query(query, RULES)) in (200, 400)


def test_every_record_rule_names_known_formats_only() -> None:
    """A format nobody checks would pass everything, or fail on use."""

    def walk(rule: Rule) -> None:
        inner = [getattr(rule, name, None) for name in ("rule", "item")]
        if isinstance(rule, Record):
            inner += list(rule.properties.values())
        inner += list(getattr(rule, "rules", ()))
        for other in inner:
            if isinstance(other, Rule):
                walk(other)
        if getattr(rule, "format", None):
            with pytest.raises(Exception, match="pass validation"):
                rule.check("\x7f \x7f", "p")

    for operation in built():
        if operation.body is not None:
            walk(operation.body)
    walk(OBJECT)
