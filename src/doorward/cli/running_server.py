"""Talking to a server that is running: the development server's ready.json, or an address and a token."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from doorward.cli.terminal import NO_SERVER, NOT_AUTHORIZED, USAGE, Problem, reason

TIMEOUT = 15


class RunningServer:
    """One tenant of one server. ``host`` is the domain to be asked as (it decides the issuer)."""

    def __init__(
        self,
        address: str,
        *,
        host: str,
        ca: str | None = None,
        token: str | None = None,
        management: dict[str, str] | None = None,
        clients: list[dict[str, str]] | None = None,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Problem(
                f"{address} is not the address of a server", fix="--url https://auth.example.com", exit_code=2
            )
        self.host = host
        self.clients = clients or []
        self._secure = parts.scheme == "https"
        self._peer = (parts.hostname, parts.port or (443 if self._secure else 80))
        self._address = address
        self._ca = ca
        self._token = token
        self._management = management

    @property
    def management(self) -> dict[str, str]:
        """The client that has every scope of the Management API, as ``ready.json`` names it. Raises ``Problem``."""
        if self._management is None:
            raise Problem("there is no token to ask with", fix="--token TOKEN", exit_code=NOT_AUTHORIZED)
        return {"name": "the management client", **self._management}

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded body of one Management API call. Raises ``Problem`` when nobody answers."""
        return self._send(method, path, body, {"authorization": f"Bearer {self._bearer()}"})

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The same without a token: the endpoints where one is got."""
        return self._send(method, path, body, {})

    def _bearer(self) -> str:
        if self._token is None:
            if self._management is None:
                raise Problem("there is no token to ask with", fix="--token TOKEN", exit_code=NOT_AUTHORIZED)
            asked = {"grant_type": "client_credentials", **self._management}
            status, answer = self._send("POST", "/oauth/token", asked, {})
            if status != 200:
                raise Problem(
                    "the server refused its own management client",
                    why=f"{answer.get('error')}: {answer.get('error_description')}" if isinstance(answer, dict) else "",
                    fix="restart doorward dev, which writes ready.json again",
                    exit_code=NOT_AUTHORIZED,
                )
            self._token = str(answer["access_token"])
        return self._token

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        connection = self._connect()
        headers = {"host": self.host, "accept": "application/json", **headers}
        data = None
        if body is not None:
            data, headers["content-type"] = json.dumps(body).encode(), "application/json"
        try:
            connection.request(method, path, body=data, headers=headers)
            response = connection.getresponse()
            text = response.read()
        except ssl.SSLCertVerificationError as error:
            raise Problem(
                f"the certificate of {self._address} is not trusted",
                why=error.verify_message,
                fix="export SSL_CERT_FILE=FILE   (its authority; doorward dev keeps it as .doorward/ca.pem)",
                exit_code=NO_SERVER,
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise Problem(
                f"no server answers at {self._address}",
                why=reason(error) or type(error).__name__,
                fix="doorward dev" if self._management else "start it, or name another with --url",
                exit_code=NO_SERVER,
            ) from None
        finally:
            connection.close()
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, text.decode("utf-8", "replace").strip()

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._peer
        if not self._secure:
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        try:
            context = ssl.create_default_context(cafile=self._ca)
        except OSError as error:
            raise Problem(
                f"the certificate authority {self._ca} cannot be read", why=reason(error), fix="doorward dev"
            ) from None
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)


def serves(folder: Path, tenant: str) -> bool:
    """Whether the development server on ``folder`` was started with a tenant of this domain."""
    try:
        return any(
            entry["domain"] == tenant for entry in json.loads((folder / "ready.json").read_text("utf-8"))["tenants"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def development_server(
    folder: Path, *, tenant: str | None = None, host: str | None = None, otherwise: str = ""
) -> RunningServer:
    """The server that ``doorward dev`` runs on ``folder``. Raises ``Problem``, whose fix may be ``otherwise`` too."""
    try:
        ready = json.loads((folder / "ready.json").read_text("utf-8"))
        tenants = {entry["domain"]: entry for entry in ready["tenants"]}
        chosen = tenants.get(tenant) if tenant is not None else ready
        address, ca = ready["issuer"], ready["ca"]
    except FileNotFoundError:
        raise Problem(
            f"no development server has run in {folder}",
            why=f"there is no {folder / 'ready.json'}",
            fix=f"doorward dev --data {folder}{otherwise}",
            exit_code=NO_SERVER,
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise Problem(f"{folder / 'ready.json'} cannot be used", why=why, fix="doorward dev") from None
    if chosen is None:
        why = f"there are: {', '.join(tenants)}"
        raise Problem(f"no tenant is {tenant}", why=why, fix=f"--tenant {next(iter(tenants))}", exit_code=USAGE)
    return RunningServer(
        address, host=host or chosen["domain"], ca=ca, management=chosen["management"], clients=chosen["clients"]
    )


def running_server(
    url: str | None, token: str | None, folder: Path, tenant: str | None = None, host: str | None = None
) -> RunningServer:
    """The server at ``url``, or without one the development server on ``folder``. Raises ``Problem``."""
    if url is None:
        otherwise = "   (or name a server: --url https://auth.example.com --token TOKEN)"
        return development_server(folder, tenant=tenant, host=host, otherwise=otherwise)
    if token is None:
        raise Problem(
            f"{url} wants to know who asks",
            why="this needs a Management API token",
            fix=f"--token TOKEN   (from {url.rstrip('/')}/oauth/token, audience https://YOUR_DOMAIN/api/v2/)",
            exit_code=USAGE,
        )
    return RunningServer(url, host=host or urlsplit(url).netloc, token=token)
