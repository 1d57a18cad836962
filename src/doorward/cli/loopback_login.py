"""Logging in from a terminal: code with PKCE, answered on a loopback port (RFC 8252 §7.3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import secrets
import threading
import webbrowser
from html import escape
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import click

from doorward.cli.running_server import RunningServer
from doorward.cli.terminal import USAGE, Problem
from doorward.web.login.monogram import monogram

WAIT_SECONDS = 300.0
AGAIN = "doorward token --login"
LOOPBACK = frozenset({"localhost", "127.0.0.1"})
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} | Doorward</title>
<link rel="icon" href="{icon}">
<style>{style}</style>
</head>
<body class="_widget-auto-layout">
<main class="_widget"><section class="_prompt-box-outer">
<header id="screen-header">
<img id="prompt-logo-center" src="{icon}" alt="Doorward">
<h1>{title}</h1>
<p>{text}</p>
</header>
</section></main>
</body>
</html>
"""


def page(title: str, text: str) -> tuple[bytes, dict[str, str]]:
    """What the browser is left with, in the look of the login pages and without a script; and its headers."""
    style = resources.files("doorward.web.login").joinpath("static/login.css").read_text("utf-8")
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    html = PAGE.format(title=escape(title), text=escape(text), icon=escape(monogram("Doorward")), style=style)
    allowed = f"default-src 'none'; style-src 'sha256-{hashed}'; img-src data:"
    return html.encode(), {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": f"{allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",  # the address carries the code
        "x-content-type-options": "nosniff",
    }


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
        opened = opens_browser and webbrowser.open(address)
        where = "in the browser" if opened else "in a browser of yours"
        click.echo(f"Waiting for a login {where}, for {WAIT_SECONDS / 60:.0f} minutes at most ...\n", err=quiet)
        answer = listener.wait()
    if "error" in answer:
        raise Problem(f"{answer['error']}: {answer.get('error_description', '')}", fix=f"doorward explain '{address}'")
    if answer.get("iss") != f"https://{server.host}/":
        raise Problem("another server answered", why=f"the answer is from {answer.get('iss')} (RFC 9207)", fix=AGAIN)
    body = {
        "grant_type": "authorization_code", "client_id": client["client_id"], "code": answer.get("code", ""),
        "redirect_uri": redirect_uri, "code_verifier": verifier, **({"client_secret": secret} if secret else {}),
    }  # fmt: skip
    status, given = server.ask("POST", "/oauth/token", body)
    if status != 200:
        told = given if isinstance(given, dict) else {}
        raise Problem(f"{told.get('error', status)}: {told.get('error_description', given)}", fix=AGAIN)
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
                    self._show(404, "Nothing is here", "Go back to the terminal, and open the address it printed.")
                    return
                if not hmac.compare_digest(query.get("state", [""])[0].encode(), state.encode()):
                    self._show(400, "This answers another question", "Open the address the terminal printed last.")
                    return
                if "error" in query:
                    self._show(
                        200, "Not logged in", "Go back to the terminal, which says why. You can close this window."
                    )
                else:
                    self._show(200, "Logged in", "You can close this window and go back to the terminal.")
                listener.take({name: values[0] for name, values in query.items()})

            def _show(self, status: int, title: str, text: str) -> None:
                body, headers = page(title, text)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

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
            raise Problem("nobody logged in", why=f"no answer came within {WAIT_SECONDS:.0f} s", fix=AGAIN)
        return self._answer

    def __enter__(self) -> _Listener:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
