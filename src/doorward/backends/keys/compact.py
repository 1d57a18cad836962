"""Strict parsing of compact JWS and JWE (RFC 7515 §7.1, RFC 7516 §7.1, RFC 8725 §3)."""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from doorward.ports import InvalidToken

MAX_TOKEN = 16 * 1024
MAX_HEADER = 8 * 1024
MAX_DEPTH = 32
JWS_PARTS = 3
JWE_PARTS = 5

# The alphabet of base64url, and back.
_OUT = bytes.maketrans(b"+/", b"-_")
_IN = bytes.maketrans(b"-_", b"+/")


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return binascii.b2a_base64(data, newline=False).translate(_OUT).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Base64url without padding, white space or stray bits. Raises ``InvalidToken``."""
    try:
        data = binascii.a2b_base64(text.encode("ascii").translate(_IN) + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error):
        raise InvalidToken("a part is not base64url") from None
    if encode(data) != text:  # also true of characters that decoding passes over
        raise InvalidToken("a part is not canonical base64url")
    return data


def json_object(data: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8 with no member twice and bounded nesting. Raises ``InvalidToken``."""
    try:
        value = _decoder.decode(data.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise InvalidToken("not a JSON object in UTF-8") from None
    if not isinstance(value, dict):
        raise InvalidToken("not a JSON object")
    if data.count(b"{") + data.count(b"[") >= MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise InvalidToken("nested too deeply")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)


def _depth(value: Any) -> int:
    deepest, stack = 0, [(value, 1)]
    while stack:
        item, depth = stack.pop()
        deepest = max(deepest, depth)
        if depth > MAX_DEPTH:
            break
        if isinstance(item, dict):
            stack.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list):
            stack.extend((child, depth + 1) for child in item)
    return deepest


@lru_cache(256)
def header_of(part: str) -> Mapping[str, Any]:
    """The protected header. Extensions we would have to understand are refused (RFC 7515 §4.1.11).

    Nearly every token that comes has one of a few.
    """
    if len(part) > MAX_HEADER:
        raise InvalidToken("the header is too long")
    header = json_object(decode(part))
    if "crit" in header or "b64" in header:
        raise InvalidToken("the header has an extension that is not understood")
    if "zip" in header:
        raise InvalidToken("compression is not accepted")
    if not isinstance(header.get("alg"), str):
        raise InvalidToken("the header has no alg")
    return header


def split(token: str, parts: int) -> list[str]:
    """The parts of a compact serialisation. Raises ``InvalidToken`` for another number of them."""
    if len(token) > MAX_TOKEN:
        raise InvalidToken("the token is too long")
    if not token.isascii():
        raise InvalidToken("the token has characters outside ASCII")
    pieces = token.split(".")
    if len(pieces) != parts:
        raise InvalidToken(f"the token has {len(pieces)} parts, not {parts}")
    return pieces


def compact_jws(token: str) -> tuple[Mapping[str, Any], bytes, bytes, bytes]:
    """Header, payload, signing input and signature."""
    head, payload, signature = split(token, JWS_PARTS)
    return header_of(head), decode(payload), f"{head}.{payload}".encode("ascii"), decode(signature)
