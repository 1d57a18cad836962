"""Asking a service about leaked passwords without telling it any (K3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from doorward.backends.breached_passwords import RangeService
from doorward.ports import HttpAnswer, Unreachable

DIGITS = hashlib.sha1(b"horse").hexdigest().upper()


class Service:
    """Answers ``body`` to anything, and remembers what it was asked."""

    def __init__(self, body: str, status: int = 200) -> None:
        self.answer = HttpAnswer(status, {}, body.encode())
        self.asked: list[tuple[str, str, Mapping[str, str], bytes]] = []

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        seconds: float = 5.0,
        largest: int = 65_536,
    ) -> HttpAnswer:
        self.asked.append((method, url, headers or {}, body))
        return self.answer


class Down(Service):
    async def send(self, *given: Any, **more: Any) -> HttpAnswer:
        raise Unreachable("no answer within 2 seconds")


OTHERS = "0018A45C4D1DEF81644B54AB7F969B88D65:10\r\n011053FD0102E94D6AE2F8B83D76FAF94F6:0"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"{OTHERS}\r\n{DIGITS[5:]}:3", True),
        (f"{DIGITS[5:].lower()}:3\r\n{OTHERS}", True),
        (f"{OTHERS}\r\n{DIGITS[5:]}:0", False),  # padding
        (OTHERS, False),
        ("", False),
    ],
)
async def test_k3_five_digits_are_told_and_the_rest_is_looked_for(body: str, expected: bool) -> None:
    service = Service(body)
    assert await RangeService("https://leaks.test/range", service).is_breached("horse") is expected
    ((method, url, headers, sent),) = service.asked
    assert (method, url, sent) == ("GET", f"https://leaks.test/range/{DIGITS[:5]}", b"")
    assert headers == {"add-padding": "true"}


async def test_k3_the_same_letters_are_the_same_password() -> None:
    composed, decomposed = Service(""), Service("")
    await RangeService("https://leaks.test/", composed).is_breached("\u00fcber")
    await RangeService("https://leaks.test/", decomposed).is_breached("u\u0308ber")
    assert composed.asked == decomposed.asked


@pytest.mark.parametrize("service", [Down(""), Service("", 503), Service(f"{DIGITS[5:]}:3", 404)])
async def test_k3_nobody_is_kept_out_because_a_service_is_down(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    assert await RangeService("https://leaks.test/", service).is_breached("horse") is False
    assert "cannot be looked up" in caplog.text
    assert DIGITS[:5] not in caplog.text


async def test_any_text_can_be_asked_about() -> None:
    assert await RangeService("https://leaks.test/", Service("")).is_breached("\ud800") is False
