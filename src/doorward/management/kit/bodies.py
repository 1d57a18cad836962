"""Reading bodies and query strings, and refusing them in Auth0's validation sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from doorward.management.kit.errors import ApiError, invalid_body
from doorward.management.kit.schema import (
    ANY,
    LARGEST,
    Boolean,
    Either,
    Items,
    MappingOf,
    Number,
    Record,
    Rule,
    Tagged,
    Text,
    Unfit,
    plain,
)
from doorward.model.printable import printable

MAX_DEPTH = 32
MAX_FIELDS = 1000
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
HTML = "text/html"
PAYLOAD, QUERY, PATH = ("Payload", "invalid_body"), ("Query", "invalid_query_string"), ("Path", "invalid_uri")

_decode = msgspec.json.Decoder().decode
_number = re.compile(r"-?\d{1,15}(\.\d{1,15})?")


def refusal(error: Unfit, where: tuple[str, str] = PAYLOAD) -> ApiError:
    """The one translation of what is wrong into Auth0's sentence."""
    part, code = where
    message = f"{part} validation error: '{error.what}'"
    if error.path:
        message += f" on property {error.path}"
        if error.about:
            message += f" ({error.about})"
    return ApiError(400, message + ".", code)


def require(rule: Rule, value: Any, path: str) -> None:
    """What a rule for one property asks, where which rule depends on another. Raises ``ApiError`` (400)."""
    try:
        rule.check(value, path)
    except Unfit as error:
        raise refusal(error) from None


def read_body(content_type: str, body: bytes, rule: Rule) -> Any:
    """The value of a JSON or form-encoded body, checked against ``rule``; raises ``ApiError`` (400).

    Where a string will do, HTML may come as it is.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == FORM:
        value = _read_form(body, rule)
    elif media_type in (JSON, "") or media_type.endswith("+json"):
        value = _read_json(body) if body.strip() else _nothing(rule)
    elif media_type == HTML and isinstance(rule, Either) and any(isinstance(choice, Text) for choice in rule.rules):
        value = _read_text(body)
    else:
        raise ApiError(415, f"Unsupported content type: use {JSON}", "unsupported_media_type")
    require(rule, value, "")
    return value


def _nothing(rule: Rule) -> Any:
    """What a request without a body says: nothing of what it could."""
    return [] if isinstance(plain(rule), Items) else {}


def _read_json(body: bytes) -> Any:
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise invalid_body("Invalid request payload JSON format") from None
    check_storable(value)
    return value


def _read_text(body: bytes) -> str:
    try:
        value = body.decode()
    except UnicodeDecodeError:
        raise invalid_body("Invalid request payload encoding") from None
    check_storable(value)
    return value


def check_storable(value: Any, depth: int = MAX_DEPTH) -> None:
    """No NUL, no lone surrogate, no boundless number or nesting: nothing a database could choke on."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int):
        if abs(value) > LARGEST:
            raise invalid_body("Invalid request payload: a number is out of range")
    elif isinstance(value, float):
        if not isfinite(value):  # 1e999
            raise invalid_body("Invalid request payload: a number is out of range")
    elif isinstance(value, dict | list):
        if depth == 0:
            raise invalid_body("Invalid request payload: too deeply nested")
        items: Iterable[Any] = value
        if isinstance(value, dict):
            for name in value:  # most texts are plain
                if not name.isascii() or "\0" in name:
                    _check_text(name)
            items = value.values()
        for item in items:
            if type(item) is str:
                if not item.isascii() or "\0" in item:
                    _check_text(item)
            elif item is not None and type(item) is not bool:
                check_storable(item, depth - 1)


def _check_text(value: str) -> None:
    if "\0" in value or not _encodable(value):
        raise invalid_body("Invalid request payload: a string holds a character that cannot be stored")


def _encodable(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_form(body: bytes, rule: Rule) -> Any:
    """``a=1&b[c]=2&d[]=3``: brackets nest, and values become what the rule says they are."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except (UnicodeDecodeError, ValueError):
        raise invalid_body("Invalid request payload form encoding") from None
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, *rest = re.split(r"\]?\[", name.removesuffix("]")) if "[" in name else [name]
        if len(rest) > MAX_DEPTH:
            raise invalid_body("Invalid request payload: too deeply nested")
        _place(tree, head, rest, value)
    typed = _typed(tree, rule)
    check_storable(typed)
    return typed


def _place(tree: dict[str, Any], head: str, rest: list[str], value: str) -> None:
    if not rest:
        known = tree.get(head)
        tree[head] = value if known is None else [*known, value] if isinstance(known, list) else [known, value]
        return
    branch = tree.setdefault(head, {})
    if not isinstance(branch, dict):
        raise invalid_body("Invalid request payload form encoding")
    step = rest[0] or str(len(branch))
    _place(branch, step, rest[1:], value)


def _typed(value: Any, rule: Rule | None) -> Any:
    rule = plain(rule)
    if isinstance(rule, Tagged):
        rule = rule.of(value)
    if isinstance(rule, Record) and isinstance(value, dict):
        return {name: _typed(item, rule.properties.get(name)) for name, item in value.items()}
    if isinstance(rule, MappingOf) and isinstance(value, dict):
        return {name: _typed(item, rule.item) for name, item in value.items()}
    if isinstance(rule, Items):
        entries = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
        return [_typed(item, rule.item) for item in entries]
    if isinstance(rule, Boolean) and value in ("true", "false"):
        return value == "true"
    if isinstance(rule, Number) and isinstance(value, str) and _number.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value


def read_fields(fields: Mapping[str, str], rule: Rule) -> Any:
    """The text fields of a form with files, typed by ``rule`` and checked; raises ``ApiError`` (400)."""
    typed = _typed(dict(fields), rule)
    check_storable(typed)
    try:
        rule.check(typed, "")
    except Unfit as error:
        raise refusal(error) from None
    return typed


def check_arguments(arguments: Mapping[str, str], rules: Mapping[str, Rule]) -> None:
    """Path parameters; raises ``ApiError`` (400, ``invalid_uri``)."""
    try:
        for name, value in arguments.items():
            if "\0" in value or "\ufffd" in value:
                raise Unfit("Object didn't pass validation for format text", name)
            rules.get(name, ANY).check(value, name)
    except Unfit as error:
        raise refusal(error, PATH) from None


def read_query(query: str, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Query parameters by name, typed by ``rules``; unknown ones are ignored, an array's may repeat.

    Raises ``ApiError`` (400, ``invalid_query_string``).
    """
    try:
        return checked_query(query, rules)
    except Unfit as error:
        raise refusal(error, QUERY) from None


def checked_query(query: str, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The same, for who refuses in words of its own. Raises ``Unfit``, and ``ApiError`` for what cannot be read."""
    if not query:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except (UnicodeDecodeError, ValueError):
        raise ApiError(400, "Invalid query string", "invalid_query_string") from None
    found: dict[str, Any] = {}
    for written, value in pairs:
        name = written.removesuffix("[]")
        rule = rules.get(name)
        if rule is None:
            continue
        if "\0" in value:
            raise ApiError(400, "Invalid query string", "invalid_query_string")
        if isinstance(rule, Items):
            found.setdefault(name, []).append(value)
        elif name in found:
            raise Unfit("Expected type string but found type array", name)
        else:
            found[name] = _typed(value, rule)
    for name, value in found.items():
        rules[name].check(value, name)
    return found


def require_liquid(check: Callable[[str], str | None], **templates: str | None) -> None:
    """Raises ``ApiError`` (400) for a template, named as what it is, that ``check`` finds something wrong with."""
    for name, source in templates.items():
        wrong = check(source) if source else None
        if wrong is not None:
            raise invalid_body(f"Template {name} is not valid Liquid: {printable(wrong[:200])}")
