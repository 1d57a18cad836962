"""OAuth parameters from query strings, forms and JSON bodies, strictly.

A repeated parameter is an error, ``null`` and the empty string mean absent, scalars are strings.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Iterable
from math import isfinite
from typing import Any
from urllib.parse import unquote_to_bytes

from doorward.model.printable import quotable
from doorward.oauth.errors import InvalidRequest
from doorward.web.wire.http import Request

MAX_FIELDS = 100
MAX_DEPTH = 32


def query_parameters(request: Request) -> dict[str, str]:
    """The parameters of the query string. Raises ``InvalidRequest``."""
    return decode_form(request.query)


def body_parameters(request: Request, *, allow_json: bool = True, objects: Collection[str] = ()) -> dict[str, str]:
    """The parameters of a form or JSON body; ``objects`` may be JSON objects there, and are told as their text. Raises
    ``InvalidRequest``."""
    if not request.body:
        return {}
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/x-www-form-urlencoded":
        return decode_form(request.body)
    if content_type == "application/json" and allow_json:
        return _decode_json(request.body, objects)
    allowed = "application/x-www-form-urlencoded" + (" or application/json" if allow_json else "")
    raise InvalidRequest(f"Content-Type must be {allowed}")


def decode_form(data: bytes) -> dict[str, str]:
    """``application/x-www-form-urlencoded`` to names and values, empty values left out."""
    if not data:
        return {}
    pairs = _utf8(data).split("&")
    if len(pairs) > MAX_FIELDS:
        raise InvalidRequest(f"More than {MAX_FIELDS} parameters")
    parameters: dict[str, str] = {}
    seen: set[str] = set()
    for pair in pairs:
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = _unescaped(name), _unescaped(value)
        if name in seen:
            raise InvalidRequest(f"Duplicate parameter: {_shown(name)}")
        seen.add(name)
        if value:
            parameters[name] = value
    return parameters


def _unescaped(text: str) -> str:
    text = text.replace("+", " ")
    return _utf8(unquote_to_bytes(text)) if "%" in text else text


def _utf8(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("A parameter is not valid UTF-8") from None
    if "\0" in text:
        raise InvalidRequest("A parameter contains U+0000")
    return text


def _decode_json(data: bytes, objects: Collection[str]) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for name, value in json_object(data).items():
        if value is None or value == "":
            continue
        if isinstance(value, str):
            parameters[name] = value
        elif name in objects and isinstance(value, dict):
            parameters[name] = json.dumps(value)
        else:
            raise InvalidRequest(f"Parameter {_shown(name)} must be a string")
    if len(parameters) > MAX_FIELDS:
        raise InvalidRequest(f"More than {MAX_FIELDS} parameters")
    return parameters


def json_object(data: bytes) -> dict[str, Any]:
    """A JSON object without repeated members, deep nesting, boundless numbers, U+0000 or lone surrogates.

    Raises ``InvalidRequest``.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError:
        raise InvalidRequest("The JSON body is nested too deeply") from None
    except ValueError:
        raise InvalidRequest("The body is not valid JSON") from None
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object")
    _check_parts(value)
    return value


def _check_parts(value: Any) -> None:
    """Every part of a JSON value once: how deep it is, and what its texts are made of."""
    parts: list[tuple[Any, int]] = [(value, 1)]
    while parts:
        part, depth = parts.pop()
        if isinstance(part, str):
            _check_text(part)
            continue
        if isinstance(part, dict):
            for name in part:
                _check_text(name)
            inner: Iterable[Any] = part.values()
        elif isinstance(part, list):
            inner = part
        else:
            if isinstance(part, float) and not isfinite(part):  # 1e999
                raise InvalidRequest("The body contains a number that is out of range")
            continue
        if depth > MAX_DEPTH:
            raise InvalidRequest("The JSON body is nested too deeply")
        parts.extend((one, depth + 1) for one in inner)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise InvalidRequest("The body contains U+0000")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise InvalidRequest("The body is not valid JSON") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise InvalidRequest(f"Duplicate parameter: {_shown(name)}")
        members[name] = value
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _shown(name: str) -> str:
    return quotable(name[:64])


def basic_credentials(request: Request) -> tuple[str, str] | None:
    """Client id and secret of a Basic header, form-decoded (RFC 6749 §2.3.1), or ``None`` without one.

    Raises ``InvalidRequest`` for a header that cannot be read.
    """
    header = request.headers.get("authorization")
    if header is None or header[:6].lower() != "basic ":
        return None
    try:
        decoded = base64.b64decode(header[6:].strip(), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("The Authorization header is malformed") from None
    user, separator, password = decoded.partition(b":")
    if not separator:
        raise InvalidRequest("The Authorization header is malformed")
    return _unescaped(_utf8(user)), _unescaped(_utf8(password))


def bearer_token(request: Request) -> str | None:
    """The token of a Bearer header (RFC 6750 §2.1), or ``None`` without one."""
    header = request.headers.get("authorization")
    if header is None or header[:7].lower() != "bearer ":
        return None
    return header[7:].strip()
