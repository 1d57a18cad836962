"""Reading what comes: strictly, alike for forms and JSON, and never with anything but a typed refusal."""

from __future__ import annotations

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.oauth.errors import OAuthError
from doorward.oauth.scopes import parse_scope
from doorward.web.wire.http import Request
from doorward.web.wire.parameters import basic_credentials, bearer_token, body_parameters, decode_form, json_object

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def request(body: bytes = b"", content_type: str = "", authorization: str | None = None) -> Request:
    headers = {"content-type": content_type}
    if authorization is not None:
        headers["authorization"] = authorization
    return Request("POST", "/oauth/token", b"", headers, body)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "1", "a": "2"}', b'{"a": 1}', b'{"a": ["x"]}', b'{"a": true}', b"[]", b'"x"', b"{", b'{"a": NaN}',
        b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b"\xff", b'{"a": "\xff"}', b"{" + b'"a":{' * 40 + b"}" * 41,
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_a4_l1_a_json_body_that_is_not_plain_is_refused(body: bytes) -> None:
    with pytest.raises(OAuthError) as refused:
        body_parameters(request(body, JSON))
    assert refused.value.error == "invalid_request"


@pytest.mark.parametrize(
    "body", [b"a=1&a=2", b"a=%00", b"a=%ff", b"a=\xc0\xaf", b"&".join(b"p%d=1" % n for n in range(101))]
)
def test_a4_l1_a_form_that_is_not_plain_is_refused(body: bytes) -> None:
    with pytest.raises(OAuthError):
        body_parameters(request(body, FORM))


def test_a4_a_repeated_member_among_very_many_is_found_at_once() -> None:
    """Searching once per member would take this one minutes."""
    members = ",".join(f'"{number}":""' for number in range(100_000))
    with pytest.raises(OAuthError) as refused:
        body_parameters(request(f'{{{members},"99999":""}}'.encode(), JSON))
    assert refused.value.description == "Duplicate parameter: 99999"


def test_l1_only_what_is_u_0000_is_taken_for_it() -> None:
    assert body_parameters(request(b'{"password": "\\\\u0000"}', JSON)) == {"password": "\\u0000"}
    for body in (b'{"a": {"b": ["\\u0000"]}}', b'{"\\u0000": "a"}', b'{"a": [{"\\udc00": 1}]}'):
        with pytest.raises(OAuthError):
            json_object(body)


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"NaN", b"Infinity"])
def test_a_number_without_bounds_is_refused(number: bytes) -> None:
    with pytest.raises(OAuthError):
        json_object(b'{"a": [' + number + b"]}")


@pytest.mark.parametrize(("depth", "fits"), [(32, True), (33, False)])
def test_l1_json_nests_32_deep(depth: int, fits: bool) -> None:
    body = b'{"a":' + b"[" * (depth - 1) + b"1" + b"]" * (depth - 1) + b"}"
    if fits:
        assert json_object(body)
    else:
        with pytest.raises(OAuthError):
            json_object(body)


def test_null_and_empty_mean_absent_in_both() -> None:
    assert body_parameters(request(b'{"a": null, "b": "", "c": "x"}', JSON)) == {"c": "x"}
    assert body_parameters(request(b"a=&b&c=x", FORM)) == {"c": "x"}


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data"])
def test_a_body_says_what_it_is(content_type: str) -> None:
    with pytest.raises(OAuthError):
        body_parameters(request(b"a=1", content_type))
    assert body_parameters(request(b"", content_type)) == {}


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=20), max_size=6))
def test_forms_and_json_carry_the_same(parameters: dict[str, str]) -> None:
    from urllib.parse import urlencode

    if any("\0" in text for pair in parameters.items() for text in pair):
        return
    try:
        form = urlencode(parameters).encode()
    except UnicodeEncodeError:
        return
    assert decode_form(form) == parameters
    assert body_parameters(request(json.dumps(parameters).encode(), JSON)) == parameters


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (decode_form, json_object):
        with contextlib.suppress(OAuthError):
            read(body)


@given(st.text(max_size=80))
def test_any_header_is_read_or_refused(text: str) -> None:
    for scheme in ("", "Basic ", "Bearer "):
        with contextlib.suppress(OAuthError):
            basic_credentials(request(authorization=scheme + text))
        bearer_token(request(authorization=scheme + text))


@given(st.text(max_size=60))
def test_any_scope_is_read_or_refused(text: str) -> None:
    try:
        scope = parse_scope(text)
    except OAuthError:
        return
    assert len(set(scope)) == len(scope)
    assert all(token and " " not in token for token in scope)


def test_b1_basic_credentials_are_form_decoded() -> None:
    assert basic_credentials(request(authorization=basic("a%3Ab", "p%40ss+word"))) == ("a:b", "p@ss word")
    assert basic_credentials(request(authorization=basic("a", "b:c"))) == ("a", "b:c")
    for malformed in ("Basic !", "Basic " + base64.b64encode(b"no-colon").decode()):
        with pytest.raises(OAuthError):
            basic_credentials(request(authorization=malformed))


def test_l1_scopes_are_bounded() -> None:
    for scope in ("a" * 2049, " ".join(f"s{n}" for n in range(101)), 'a"b', "a\\b", "ä", "a\tb"):
        with pytest.raises(OAuthError):
            parse_scope(scope)
