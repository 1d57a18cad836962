"""The other side of a login: a web application that notes what reaches its callback."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

ARRIVAL_LIMIT = 10.0  # seconds


class Arrival(Struct, frozen=True):
    """One request to the callback. ``parameters`` are the query's, or the posted form's."""

    method: str
    parameters: dict[str, str]


class Application:
    """``http://localhost`` on a free port. Every path is a page; ``/callback`` keeps what it was told."""

    def __init__(self, origin: str, arrivals: SimpleQueue[Arrival]) -> None:
        self.origin = origin
        self.callback = f"{origin}/callback"
        self._arrivals = arrivals

    def arrival(self) -> Arrival:
        """The next request to the callback, the oldest that nobody took."""
        try:
            return self._arrivals.get(timeout=ARRIVAL_LIMIT)
        except Empty:
            raise AssertionError("nothing arrived at the callback") from None

    def answer(self) -> dict[str, str]:
        """The parameters of the next arrival."""
        return self.arrival().parameters

    def forget(self) -> None:
        """Drop what arrived and was not asked for."""
        with contextlib.suppress(Empty):
            while True:
                self._arrivals.get_nowait()


@contextlib.contextmanager
def application() -> Iterator[Application]:
    """Serve one until the block ends."""
    arrivals: SimpleQueue[Arrival] = SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._arrived(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._arrived(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _arrived(self, parameters: str) -> None:
            if urlsplit(self.path).path == "/callback":
                arrivals.put(Arrival(self.command, dict(parse_qsl(parameters, keep_blank_values=True))))
            page = b"<!doctype html><html lang=en><title>Application</title><h1>Application</h1></html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            if not isinstance(sys.exception(), ConnectionError):  # a closed tab does not wait for its page
                super().handle_error(request, client_address)

    with Server(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield Application(f"http://localhost:{server.server_address[1]}", arrivals)
        finally:
            server.shutdown()
            serving.join()
