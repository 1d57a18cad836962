"""The server's own log: one line an event, nothing that looks like a secret (L3), nothing that forges a line (L4)."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.backends.server_log import JsonLines, TextLines, without_secrets

JWT = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"


def record(message: str, error: BaseException | None = None, **more: object) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error is not None else None
    made = logging.LogRecord("doorward.web", logging.ERROR, __file__, 1, message, (), exc_info)
    for name, value in more.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    "text",
    [
        f"the token {JWT} was refused", JWT, "Authorization: Bearer canary", "authorization=Basic canary",
        "cookie: auth0=canary; b=canary", "Set-Cookie: auth0=canary", "password=canary", "'password': 'canary'",
        '"client_secret": "canary"', "GET /cb?code=canary&state=canary", "refresh_token=canary", "id_token=canary",
        "v1.canary-0123456789abcdefghij", "postgresql://doorward:canary@db/doorward", "code_verifier=canary",
        "client_assertion=canary", "Bearer dwr_canary-0123456789abcdefghij",
    ],
)  # fmt: skip
def test_l3_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    canaries = ("canary", "eyJzdWIi", "c2lnbmF0")
    try:
        raise ValueError(text)
    except ValueError as raised:
        error = raised
    for formatter in (JsonLines(), TextLines()):
        line = formatter.format(record(text, error, detail=text))
        assert not [canary for canary in canaries if canary in line], line
    assert without_secrets("no secret here") == "no secret here"


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_l4_an_event_is_one_line_whatever_it_says(text: str) -> None:
    for message, more in ((text, {}), ("x", {"detail": text})):
        as_json = JsonLines().format(record(message, **more))
        as_text = TextLines().format(record(message, **more))
        for line in (as_json, as_text):
            assert len(line.splitlines()) == 1
            assert not any(ord(c) < 32 or ord(c) in (0x7F, 0x9B) for c in line)
        json.loads(as_json)


def test_l4_a_trace_cannot_forge_an_event() -> None:
    try:
        raise ValueError("first\n2026-01-01T00:00:00.000Z ERROR forged\x1b[2J")
    except ValueError:
        made = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    lines = TextLines().format(made).splitlines()
    assert all(line.startswith("    ") for line in lines[1:])
    assert "\x1b" not in "".join(lines)
    assert len(JsonLines().format(made).splitlines()) == 1
