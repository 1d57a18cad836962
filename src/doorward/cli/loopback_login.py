"""Logging in from a terminal: code with PKCE, answered on a loopback port (RFC 8252 §7.3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import secrets
import threading
import webbrowser
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import click

from doorward.cli.running_server import RunningServer
from doorward.cli.terminal import USAGE, Problem

WAIT_SECONDS = 300.0
LOOPBACK = frozenset({"localhost", "127.0.0.1"})
DONE = (
    "<!doctype html><meta charset=utf-8><meta name=color-scheme content='light dark'><title>Done</title>"
    "<body style='font:1rem/1.5 system-ui,sans-serif;display:grid;place-items:center;min-height:90vh'>"
    "<p>Done. You can close this window and go back to the terminal.</p>"
)


def log_in(
    server: RunningServer,
    client: dict[str, Any],
    secret: str | None,
    parameters: dict[str, str],
    *,
    opens_browser: bool,
    quiet: bool,
) -> tuple[dict[str, Any], dict[str, str]]:
    """The answer of the token endpoint once somebody has logged in, and the authorization request that led to it.

    ``client`` needs a callback on a loopback port. ``quiet`` keeps standard output for the token. Raises
    ``Problem``.
    """
    redirect_uri = _callback(client)
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    request = {
        "client_id": client["client_id"], "response_type": "code", "redirect_uri": redirect_uri,
        "code_challenge": challenge, "code_challenge_method": "S256", **parameters,
    }  # fmt: skip
    address = f"https://{server.host}/authorize?{urlencode({**request, 'state': state})}"
    with _Listener(redirect_uri, state) as listener:
        click.echo(f"Log in here:\n\n  {address}\n", err=quiet)
        if opens_browser:
            webbrowser.open(address)
        answer = listener.wait()
    if "error" in answer:
        raise Problem(f"{answer['error']}: {answer.get('error_description', '')}")
    if answer.get("iss") != f"https://{server.host}/":
        raise Problem("another server answered", why=f"the answer is from {answer.get('iss')} (RFC 9207)")
    body = {
        "grant_type": "authorization_code", "client_id": client["client_id"], "code": answer.get("code", ""),
        "redirect_uri": redirect_uri, "code_verifier": verifier, **({"client_secret": secret} if secret else {}),
    }  # fmt: skip
    status, given = server.ask("POST", "/oauth/token", body)
    if status != 200:
        told = given if isinstance(given, dict) else {}
        raise Problem(f"{told.get('error', status)}: {told.get('error_description', given)}")
    return given, request


def _callback(client: dict[str, Any]) -> str:
    """A callback this command can answer on. Raises ``Problem``."""
    for uri in client.get("callbacks", []):
        parts = urlsplit(uri)
        if parts.scheme == "http" and parts.hostname in LOOPBACK and parts.port:
            return str(uri)
    raise Problem(
        f"{client['name']} has no callback this command can answer",
        why="the browser has to come back to a port of this machine",
        fix=f'PATCH /api/v2/clients/{client["client_id"]} {{"callbacks": ["http://localhost:5173/callback"]}}',
        exit_code=USAGE,
    )


class _Listener:
    """Listens on the port of one redirect URI for the one answer that carries ``state``."""

    def __init__(self, redirect_uri: str, state: str) -> None:
        parts = urlsplit(redirect_uri)
        self._answer: dict[str, str] | None = None
        self._arrived = threading.Event()
        listener, expected = self, parts.path or "/"

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                came = urlsplit(self.path)
                query = parse_qs(came.query)
                if (came.path or "/") != expected or not query.keys() & {"code", "error"}:
                    self.send_error(404)
                    return
                if not hmac.compare_digest(query.get("state", [""])[0].encode(), state.encode()):
                    self.send_error(400, "This answers another question")
                    return
                self.send_response(200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("cache-control", "no-store")
                self.end_headers()
                self.wfile.write(DONE.encode())
                listener.take({name: values[0] for name, values in query.items()})

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: the request line carries the code."""

        try:
            self._server = http.server.ThreadingHTTPServer(("127.0.0.1", parts.port or 80), Handler)
        except OSError as error:
            raise Problem(
                f"{redirect_uri} cannot be answered",
                why=f"something else listens on port {parts.port}: {error.strerror}",
                fix="end it, or give the application another loopback callback",
            ) from None

    def take(self, answer: dict[str, str]) -> None:
        if self._answer is None:
            self._answer = answer
            self._arrived.set()

    def wait(self) -> dict[str, str]:
        """The first answer. Raises ``Problem`` when none comes."""
        if not self._arrived.wait(WAIT_SECONDS) or self._answer is None:
            raise Problem("nobody logged in", why=f"no answer came within {WAIT_SECONDS:.0f} s", fix="try again")
        return self._answer

    def __enter__(self) -> _Listener:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
