"""An answer on its way out: whole, in one write, and never one header more than the application gave."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from doorward.web.asgi import Receive, Reply, Scope
from doorward.web.protocol import Exchange


class Line(asyncio.Transport):
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Answering:
    """An application with one answer: these headers, this body, its length or another one."""

    def __init__(self, *headers: tuple[bytes, bytes], body: bytes = b"hello", length: int = 5) -> None:
        self._headers, self._body = [*headers, (b"content-length", b"%d" % length)], body

    async def respond(self, scope: Scope, receive: Receive) -> Reply | None:
        return 200, self._headers, b"" if scope["method"] == "HEAD" else self._body


GIVEN = ((b"date", b"now"),)


def exchange(line: Line, *, method: str = "GET", keep_alive: bool = True) -> Exchange:
    scope, flow = {"type": "http", "method": method}, FlowControl(line)
    return Exchange(scope, line, flow, GIVEN, expects_continue=False, keep_alive=keep_alive, on_response=lambda: None)


async def test_head_and_body_leave_in_one_write() -> None:
    line = Line()
    await exchange(line).run_asgi(Answering((b"x-a", b"1")))
    assert line.writes == [b"HTTP/1.1 200 OK\r\ndate: now\r\nx-a: 1\r\ncontent-length: 5\r\n\r\nhello"]
    assert not line.closed


async def test_a_head_request_gets_the_length_without_the_body() -> None:
    line = Line()
    await exchange(line, method="HEAD").run_asgi(Answering())
    assert line.writes == [b"HTTP/1.1 200 OK\r\ndate: now\r\ncontent-length: 5\r\n\r\n"]


async def test_the_last_answer_of_a_connection_says_so() -> None:
    line = Line()
    await exchange(line, keep_alive=False).run_asgi(Answering())
    assert line.writes[0].count(b"connection: close\r\n") == 1
    assert line.closed


async def test_nobody_who_left_is_answered() -> None:
    line = Line()
    left = exchange(line)
    left.disconnected = True
    await left.run_asgi(Answering())
    assert line.writes == []


@pytest.mark.parametrize(
    "header",
    [
        (b"location", b"https://a.test/\r\nset-cookie: auth0=stolen"),
        (b"location", b"https://a.test/\nset-cookie: auth0=stolen"),
        (b"location", b"https://a.test/\rset-cookie: auth0=stolen"),
        (b"x-a: b\r\nset-cookie", b"auth0=stolen"),
        (b"x-a", b"nul\x00"),
    ],
)
async def test_a_header_that_would_end_its_line_is_an_error_of_the_server(header: tuple[bytes, bytes]) -> None:
    line = Line()
    await exchange(line).run_asgi(Answering(header))
    answer = b"".join(line.writes)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"stolen" not in answer
    assert b"nul" not in answer
    assert line.closed


async def test_a_body_of_another_length_is_not_sent() -> None:
    line = Line()
    await exchange(line).run_asgi(Answering(body=b"longer", length=3))
    assert b"".join(line.writes).startswith(b"HTTP/1.1 500 ")
    assert b"longer" not in b"".join(line.writes)
    assert line.closed
