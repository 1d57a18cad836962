"""uvicorn's HTTP protocol with the limits it does not have: how much a peer may send, and how slowly.

``LimitedProtocol`` bounds the request head in size and time, the request target in size, and the
body in speed; it refuses requests that two parsers could read differently. uvicorn does not promise
its base class as public interface: the raw-socket tests beside this room are what holds it.
"""

from __future__ import annotations

import asyncio
import http
import logging
import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import httptools
from msgspec import Struct
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from doorward.ports import FileBody
from doorward.web.asgi import Receive, Reply, Scope

logger = logging.getLogger("doorward.web")


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


STALLED_SECONDS = 30.0
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

    __slots__ = ("_waiting", "has_come")

    def __init__(self) -> None:
        self.has_come = False
        self._waiting: asyncio.Future[None] | None = None

    def set(self) -> None:
        self.has_come = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def clear(self) -> None:
        self.has_come = False

    async def wait(self) -> None:
        while not self.has_come:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting


class Responder(Protocol):
    """What answers requests: ``asgi.Application``."""

    async def respond(self, scope: Scope, receive: Receive) -> Reply | None: ...


class Exchange:
    """One request and its answer, which leaves in one write. It is what the base class knows as the cycle of an
    ASGI application, and needs its attributes."""

    __slots__ = (
        "_flow", "_given", "_on_response", "_scope", "_transport", "body", "disconnected", "keep_alive",
        "message_event", "more_body", "response_complete", "response_started", "waiting_for_100_continue",
    )  # fmt: skip

    def __init__(
        self,
        scope: dict[str, Any],
        transport: asyncio.Transport,
        flow: FlowControl,
        given: Sequence[tuple[bytes, bytes]],
        *,
        expects_continue: bool,
        keep_alive: bool,
        on_response: Callable[[], None],
    ) -> None:
        self._scope = scope
        self._transport = transport
        self._flow = flow
        self._given = given
        self._on_response = on_response
        self.message_event = Arrival()
        self.body = bytearray()
        self.more_body = True
        self.disconnected = False
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = expects_continue
        self.response_started = self.response_complete = False

    async def run_asgi(self, app: Responder) -> None:
        """Answer; with a 500, and the last word on this connection, where no answer can be given."""
        try:
            reply = await app.respond(self._scope, self.receive)
            if reply is None:
                return
            status, headers, body = reply
            if isinstance(body, bytes):
                written = self._rendered(status, headers, body)
            else:
                written = await self._hand_out(status, headers, body)
        except BaseException as error:
            logger.error("a request was not answered", exc_info=error)
            self.keep_alive = False
            written = self._rendered(500, [(b"content-length", b"0")], b"")
        if self._flow.write_paused:
            await self._flow.drain()
        if self.disconnected:
            return
        self.response_started = self.response_complete = True
        self._transport.write(written)
        self.message_event.set()
        if not self.keep_alive:
            self._transport.close()
        on_response, self._on_response = self._on_response, _nothing  # or they would keep each other alive
        on_response()

    async def _hand_out(self, status: int, headers: list[tuple[bytes, bytes]], body: FileBody) -> bytes:
        """Write the answer as fast as the peer reads it, but for its last piece. A peer that stopped reading, and
        a file that ends too early, end the connection."""
        waiting, left = self._rendered(status, headers, b"", body.size), body.size
        try:
            async for piece in body.pieces():
                self.response_started = True
                self._transport.write(waiting)
                waiting, left = piece, left - len(piece)
                if self._flow.write_paused:
                    async with asyncio.timeout(STALLED_SECONDS):
                        await self._flow.drain()
                if self.disconnected:
                    break
        except Exception as error:
            logger.error("a file was not handed out", exc_info=error)
            left = -1
        finally:
            body.close()
        if left and not self.disconnected:
            self.disconnected = True
            self._transport.abort()
        return waiting

    async def receive(self) -> dict[str, Any]:
        """The next piece of the body, as an ASGI message."""
        if self.waiting_for_100_continue and not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if not self.disconnected:
            if not self.message_event.has_come:
                self._flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected:
            return {"type": "http.disconnect"}
        body, self.body = self.body, bytearray()
        return {"type": "http.request", "body": bytes(body), "more_body": self.more_body}

    def _rendered(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes, to_come: int = 0) -> bytes:
        """The head and the body, of which ``to_come`` bytes follow. Raises ``RuntimeError`` for a header that would
        end its line, and for a body of another length."""
        headers = [*self._given, *headers]
        if not self.keep_alive:
            headers.append((b"connection", b"close"))
        lines = b"".join([b"%b: %b\r\n" % header for header in headers])
        clean = len(lines.translate(None, _CONTROL)) == len(lines)
        if not clean or not lines.count(b"\r") == lines.count(b"\n") == len(headers):
            raise RuntimeError("a header holds a control character")
        if (b"content-length", b"%d" % (len(body) + to_come)) not in headers and self._scope["method"] != "HEAD":
            raise RuntimeError("the body is not as long as the head says")
        return b"%b%b\r\n%b" % (STATUS_LINE[status], lines, body)


def _nothing() -> None:
    """Nobody is told any more."""


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
        self._idle_since = 0.0
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self.scope = {"type": "http", "client": self.client, "headers": self.headers}  # type: ignore[typeddict-item]
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
        if (not self.url.startswith(b"/") and self.url != b"*") or b"#" in self.url:
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
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        version = self.parser.get_http_version()
        raw_path, _, query = self.url.partition(b"?")
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["raw_path"] = raw_path
        scope["query_string"] = query
        before = self.cycle
        self.cycle = Exchange(  # type: ignore[assignment]
            scope,
            self.transport,
            self.flow,
            self.server_state.default_headers,
            expects_continue=self.expect_100_continue,
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
        if self.cycle.response_complete and not self._head_since:
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
        if self.pipeline:  # and nothing more is read before all of it is answered
            self._start_asgi_task(*self.pipeline.pop())
            return
        self.flow.resume_reading()
        if not self._head_since:
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
