"""uvicorn's HTTP protocol with the limits it does not have: how much a peer may send, and how slowly.

``LimitedProtocol`` bounds the request head in size and time, the request target in size, and the
body in speed; it refuses requests that two parsers could read differently. uvicorn does not promise
its base class as public interface: the raw-socket tests beside this room are what holds it.
"""

from __future__ import annotations

import asyncio
import http
import os
from typing import Any
from urllib.parse import unquote

import httptools
from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle


class Limits(Struct, frozen=True, kw_only=True):
    """Bytes and seconds a peer may take.

    A head must be complete ``head_timeout`` seconds after the connection opened, or after its first byte on
    a connection kept alive. A body must bring ``body_progress`` bytes, or its end, every ``body_timeout``
    seconds; between two pieces of it no more may come than a head may have (chunk extensions, trailers).
    ``discard`` bytes of a refused body are read and dropped so that the peer can read the answer.
    """

    head_size: int = 32 * 1024
    target_size: int = 16 * 1024
    header_count: int = 200
    head_timeout: float = 10.0
    body_timeout: float = 10.0
    body_progress: int = 1024
    discard: int = 8 * 1024 * 1024
    linger: float = 1.0


_CONTROL = bytes({*range(32), 127} - {*b"\t\r\n"})
_SINGLE = frozenset({b"host", b"content-length", b"transfer-encoding"})
_SENTENCES = {
    400: b"Malformed request",
    408: b"The request took too long to arrive",
    414: b"The request target is too long",
    431: b"The request headers are too large",
}


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Arrival:
    """What ``asyncio.Event`` is, for the one task that waits for a body: nearly every body is there already."""

    __slots__ = ("_is_set", "_waiting")

    def __init__(self) -> None:
        self._is_set = False
        self._waiting: asyncio.Future[None] | None = None

    def set(self) -> None:
        self._is_set = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def clear(self) -> None:
        self._is_set = False

    async def wait(self) -> None:
        while not self._is_set:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting


class Exchange(RequestResponseCycle):
    """One request and its answer, which the application gives in two messages: a head with its length, and
    the whole body. They leave in one write, held together by one look at the head."""

    async def send(self, message: Any) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if not self.response_started:
            if message["type"] != "http.response.start":
                raise RuntimeError(f"an answer begins with its head, not with {message['type']}")
            self.waiting_for_100_continue = False
            self._head = self._rendered(message)
            self.response_started = True
            return
        if self.response_complete or message["type"] != "http.response.body" or message.get("more_body"):
            raise RuntimeError("an answer is one head and one body")
        body = message["body"]
        if len(body) != self.expected_content_length and self.scope["method"] != "HEAD":
            raise RuntimeError("the body is not as long as the head says")
        self.transport.write(self._head + body)
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _rendered(self, message: Any) -> bytes:
        """Raises ``RuntimeError`` for a header that would end its line."""
        headers = [*self.default_headers, *message["headers"]]
        for name, value in headers:
            if name == b"content-length":
                self.expected_content_length = int(value)
            elif name == b"connection" and value == b"close":
                self.keep_alive = False
        if not self.keep_alive and (b"connection", b"close") not in headers:
            headers.append((b"connection", b"close"))
        lines = b"".join([b"%b: %b\r\n" % header for header in headers])
        clean = len(lines.translate(None, _CONTROL)) == len(lines)
        if not clean or not lines.count(b"\r") == lines.count(b"\n") == len(headers):
            raise RuntimeError("a header holds a control character")
        return b"%b%b\r\n" % (STATUS_LINE[message["status"]], lines)


class LimitedProtocol(HttpToolsProtocol):
    """One connection. Bind limits with ``limited``."""

    limits = Limits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._watch: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._refused = False
        self._refusal = 400
        self._head_since = 0.0
        self._head_bytes = 0
        self._head_size = 0
        self._single: list[bytes] = []
        self._receiving = False
        self._body_bytes = 0
        self._body_since = 0.0
        self._around_body = 0
        self._dropped = 0
        self._idle_since = 0.0

    # ── time ───────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_since = self.loop.time()
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._watch, self._linger):
            if timer is not None:
                timer.cancel()
        self._watch = self._linger = None
        super().connection_lost(exc)

    def _look_later(self) -> None:
        interval = min(self.limits.head_timeout, self.limits.body_timeout, self.timeout_keep_alive) / 4
        self._watch = self.loop.call_later(interval, self._look)

    def _look(self) -> None:
        """One timer per connection, not per request: close or refuse what has been arriving for too long."""
        if self._refused or self.transport.is_closing():
            return
        now = self.loop.time()
        if self._idle_since and now - self._idle_since > self.timeout_keep_alive:
            self.transport.close()
            return
        if self._head_since and now - self._head_since > self.limits.head_timeout:
            if self._head_bytes:
                self._refuse(408)
            else:
                self.transport.close()
            return
        if self._receiving and not self._head_since:
            if self.flow.read_paused or self._body_bytes >= self.limits.body_progress:
                self._body_since, self._body_bytes = now, 0
            elif now - self._body_since > self.limits.body_timeout:
                self._refuse(408)
                return
        self._look_later()

    # ── bytes ──────────────────────────────────────────────────────────────────────────────────

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._idle_since = 0.0
        if not self._receiving and not self._head_since:
            self._head_since = self.loop.time()
        if self._receiving:
            self._around_body += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.status if isinstance(cause, _Refused) else 400)
            return
        if self._head_since:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.head_size:
                self._refuse(431)
        elif self._receiving and self._around_body > self.limits.head_size:
            self._refuse(431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_size = 0
        self._single = []
        if not self._head_since:
            self._head_since = self.loop.time()

    def on_url(self, url: bytes) -> None:
        self.url += url
        if len(self.url) > self.limits.target_size:
            raise _Refused(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in _SINGLE:
            if name in self._single:
                raise _Refused(400)
            self._single.append(name)
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self._head_size += len(name) + len(value) + 4
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._head_size + len(self.url) > self.limits.head_size or len(self.headers) > self.limits.header_count:
            raise _Refused(431)
        single = self._single
        if not self.url.startswith(b"/") and self.url != b"*":
            raise _Refused(400)
        if b"host" not in single and self.parser.get_http_version() == "1.1":
            raise _Refused(400)
        if b"content-length" in single and b"transfer-encoding" in single:
            raise _Refused(400)
        self._head_since = 0.0
        self._head_bytes = 0
        self._dropped = 0
        self._receiving = True
        self._around_body = 0
        if b"content-length" in single or b"transfer-encoding" in single:
            self._body_since, self._body_bytes = self.loop.time(), 0
        self._begin_exchange()

    def _begin_exchange(self) -> None:
        scope, version = self.scope, self.parser.get_http_version()
        url = httptools.parse_url(self.url)
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["raw_path"] = url.path
        path = url.path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["query_string"] = url.query or b""
        before = self.cycle
        self.cycle = Exchange(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=Arrival(),  # type: ignore[arg-type]
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive() and not self.parser.should_upgrade(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:  # pipelined: after the one before it
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        self._around_body = 0
        if self.cycle.response_complete:
            self._dropped += len(body)
            if self._dropped > self.limits.discard:
                self.transport.close()
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._receiving = False
        super().on_message_complete()
        if self.cycle.response_complete:
            self._idle_since = self.loop.time()

    # ── refusing ───────────────────────────────────────────────────────────────────────────────

    def _refuse(self, status: int) -> None:
        """Answer what never became a request, unless an answer is already under way, and hang up.

        What still arrives is dropped for a moment: closing at once would reset the connection, and the peer
        might lose the answer.
        """
        self._refused = True
        cycle = self.cycle
        busy = cycle is not None and not cycle.response_complete
        if busy:
            answerable = not cycle.response_started and self._receiving and not self.pipeline
            cycle.disconnected = True
            cycle.message_event.set()
            if not answerable:
                self.transport.close()
                return
        self.flow.resume_reading()
        text = _SENTENCES[status]
        self.transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
            b"x-auth0-requestid: %s\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n%s"
            % (status, http.HTTPStatus(status).phrase.encode(), len(text), os.urandom(10).hex().encode(), text)
        )
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._linger = self.loop.call_later(self.limits.linger, self.transport.close)

    # ── saying goodbye ─────────────────────────────────────────────────────────────────────────

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._bound_farewell()
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._idle_since = self.loop.time()

    def shutdown(self) -> None:
        if self._refused:
            self.transport.close()
        else:
            super().shutdown()
        self._bound_farewell()

    def _bound_farewell(self) -> None:
        """A closing TLS connection waits half a minute for the peer's goodbye, and a server that ends waits
        with it; an idle peer does not even look. ``linger`` after the last byte the line is cut."""
        if self.transport.is_closing() and self._linger is None:
            self._linger = self.loop.call_later(self.limits.linger, self._hang_up)

    def _hang_up(self) -> None:
        if self.transport.get_write_buffer_size():  # the answer is still on its way
            self._linger = self.loop.call_later(self.limits.linger, self._hang_up)
        else:
            self.transport.abort()


def limited(limits: Limits) -> type[LimitedProtocol]:
    """The protocol class with these limits."""
    return type("LimitedProtocol", (LimitedProtocol,), {"limits": limits})
