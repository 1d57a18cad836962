"""An answer on its way out: whole, in one write, and never one header more than the application gave."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from doorward.web.protocol import Arrival, Exchange


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


def exchange(line: Line, *, method: str = "GET", keep_alive: bool = True) -> Exchange:
    logger = logging.getLogger("test.exchange")
    logger.propagate = False
    done: Callable[..., None] = lambda: None  # noqa: E731
    return Exchange(
        scope={"type": "http", "method": method},  # type: ignore[typeddict-item]
        transport=line,
        flow=FlowControl(line),
        logger=logger,
        access_logger=logger,
        access_log=False,
        default_headers=[],
        message_event=Arrival(),  # type: ignore[arg-type]
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=done,
    )


def answering(*headers: tuple[bytes, bytes], body: bytes = b"hello") -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})

    return app


async def test_head_and_body_leave_in_one_write() -> None:
    line = Line()
    await exchange(line).run_asgi(answering((b"x-a", b"1")))
    assert line.writes == [b"HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 5\r\n\r\nhello"]
    assert not line.closed


async def test_a_head_request_gets_the_length_without_the_body() -> None:
    line = Line()
    await exchange(line, method="HEAD").run_asgi(answering())
    assert line.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"]


async def test_the_last_answer_of_a_connection_says_so() -> None:
    line = Line()
    await exchange(line, keep_alive=False).run_asgi(answering())
    assert line.writes[0].count(b"connection: close\r\n") == 1
    assert line.closed


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
    await exchange(line).run_asgi(answering(header))
    answer = b"".join(line.writes)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"stolen" not in answer
    assert b"nul" not in answer
    assert line.closed


async def test_a_body_of_another_length_is_not_sent() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": b"longer"})

    line = Line()
    await exchange(line).run_asgi(app)
    assert line.writes == []
    assert line.closed
