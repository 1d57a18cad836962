"""What raw bytes do at the door: limits of size and time, and nothing two readers could read differently (L1)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from tests.integration.door import DOMAIN, Door

from doorward.web.protocol import Limits
from doorward.web.server import HttpServer, open_sockets

LIMITS = Limits(head_timeout=0.4, body_timeout=0.4, head_size=4096, target_size=2048, header_count=40, linger=0.1)
HOST = f"Host: {DOMAIN}\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real server on a socket, in a thread of its own."""
    door = Door(f"sqlite:///{tmp_path_factory.mktemp('edge') / 'door.sqlite'}")

    async def start() -> None:
        await door.start()
        await door.tenant({})

    application = door.server.application
    application.on_start(start)
    application.on_stop(door.stop)
    ready = threading.Event()
    sockets = open_sockets(["127.0.0.1"])
    server = HttpServer(application, sockets, limits=LIMITS, keep_alive=1, on_ready=ready.set)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert ready.wait(20)
    yield server.port
    server.stop()
    thread.join(20)


def say(port: int, *parts: bytes | str, pause: float = 0.0) -> bytes:
    """Send the parts one after the other and read until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for part in parts:
            try:
                connection.sendall(part.encode() if isinstance(part, str) else part)
            except (BrokenPipeError, ConnectionResetError):
                break
            time.sleep(pause)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


GET = f"GET /.well-known/jwks.json HTTP/1.1\r\n{HOST}"
POST = f"POST /oauth/token HTTP/1.1\r\n{HOST}Content-Type: application/x-www-form-urlencoded\r\n"
CLOSE = "Connection: close\r\n\r\n"


def test_a_decent_request_is_answered(port: int) -> None:
    answer = say(port, GET + CLOSE)
    assert status(answer) == 200
    assert b"\r\ndate: " in answer.lower()


def test_many_requests_at_once_are_answered_one_after_the_other(port: int) -> None:
    answer = say(port, (GET + "\r\n") * 200 + GET + CLOSE)
    assert answer.count(b"HTTP/1.1 200 OK") == 201


@pytest.mark.parametrize(
    "parts",
    [
        (GET + "\r\n", GET + "\r\n"),
        (POST + "Content-Length: 2000000\r\n\r\n", "a" * 2_000_000),  # refused before its body has come
    ],
)
def test_l1_a_connection_with_nothing_more_to_say_is_closed_but_not_at_once(port: int, parts: tuple[str, str]) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(parts[0].encode())
        time.sleep(0.2)
        connection.sendall(parts[1].encode())
        while connection.recv(65536):
            pass
    assert 1.1 < time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("request_head", "expected"),
    [
        (GET + f"X-Padding: {'a' * 5000}\r\n" + CLOSE, 431),
        (GET + "".join(f"X-{n}: v\r\n" for n in range(60)) + CLOSE, 431),
        (f"GET /{'a' * 3000} HTTP/1.1\r\n{HOST}{CLOSE}", 414),
        (GET + HOST + CLOSE, 400),
        (GET.replace(HOST, "") + CLOSE, 400),
        (POST + "Content-Length: 3\r\nContent-Length: 3\r\n" + CLOSE + "a=b", 400),
        (POST + "Content-Length: 3\r\nContent-Length: 4\r\n" + CLOSE + "a=b", 400),
        (POST + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" + CLOSE + "0\r\n\r\n", 400),
        (POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n" + CLOSE + "0\r\n\r\n", 400),
        (POST + "Content-Length: -1\r\n" + CLOSE, 400),
        (POST + "Content-Length : 3\r\n" + CLOSE + "a=b", 400),
        (POST + "Transfer-Encoding: chunked\r\n" + CLOSE + "zz\r\n", 400),
        (POST + f"Content-Length: {2 * 1024 * 1024}\r\n" + CLOSE, 413),
        (GET + "X-Line: a\x00b\r\n" + CLOSE, 400),
        (GET + "Folded: a\r\n b\r\n" + CLOSE, 400),
        (f"GET http://{DOMAIN}/.well-known/jwks.json HTTP/1.1\r\n{HOST}{CLOSE}", 400),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (GET + "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n" + CLOSE, 400),
        (f"GET /.well-known/jwks.json#x HTTP/1.1\r\n{HOST}{CLOSE}", 400),
    ],
)
def test_l1_what_is_too_large_or_ambiguous_is_refused(port: int, request_head: str, expected: int) -> None:
    answer = say(port, request_head.encode("latin-1"))
    assert status(answer) == expected, answer[:200]
    assert b"Traceback" not in answer


def test_l1_a_smuggled_second_request_is_never_answered(port: int) -> None:
    smuggled = f"GET /.well-known/openid-configuration HTTP/1.1\r\n{HOST}\r\n"
    body = f"0\r\n\r\n{smuggled}"
    answer = say(port, POST + f"Content-Length: {len(body)}\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"authorization_endpoint" not in answer


@pytest.mark.parametrize(
    ("last", "more"),
    [("0\r\n", "X-Trailer: a\r\n" * 500), ("0\r\nX-Trailer: ", "a" * 6000), ("1;", "a" * 6000)],
    ids=["many trailers", "a long trailer", "a long chunk extension"],
)
def test_l1_what_stands_around_a_body_is_bounded(port: int, last: str, more: str) -> None:
    answer = say(port, POST + "Transfer-Encoding: chunked\r\n\r\n", last, more, more, pause=0.05)
    assert status(answer) == 431


def test_l1_a_body_in_many_small_chunks_is_read(port: int) -> None:
    chunks = ["1\r\na\r\n" * 500] * 20
    answer = say(port, POST + "Transfer-Encoding: chunked\r\n" + CLOSE, *chunks, "0\r\n\r\n", pause=0.005)
    assert status(answer) == 400
    assert b"Missing required parameter" in answer


def test_l1_a_slow_head_is_cut(port: int) -> None:
    began = time.monotonic()
    answer = say(port, "GET / HTTP/1.1\r\n", *["X"] * 8, pause=0.1)
    assert status(answer) in (0, 408)
    assert time.monotonic() - began < 4


def test_l1_a_slow_body_is_cut(port: int) -> None:
    assert status(say(port, POST + "Content-Length: 100\r\n\r\n", *["a"] * 8, pause=0.15)) == 408


def test_l1_an_idle_connection_is_closed(port: int) -> None:
    assert say(port) == b""


def test_requests_in_one_go_are_answered_in_order(port: int) -> None:
    answer = say(port, GET + "\r\n" + GET.replace("jwks.json", "openid-configuration") + CLOSE)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.index(b'"keys"') < answer.index(b'"issuer"')


def test_many_who_hold_the_line_do_not_hold_up_others(port: int) -> None:
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    try:
        for connection in held:
            connection.sendall(b"GET / HT")
        assert status(say(port, GET + CLOSE)) == 200
    finally:
        for connection in held:
            connection.close()
