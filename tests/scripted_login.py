"""A person signing in without a browser: forms filled in over HTTP, as scripts written against Auth0 do it."""

from __future__ import annotations

import base64
import hashlib
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx2
from tests.dev_server import DevServer
from tests.sdk_tenant import NEVER_CALLED

STEPS = 12  # more answers than any login needs
VERIFIER = "a-code-verifier-of-at-least-forty-three-characters"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def authorize_url(door: DevServer, name: str, **parameters: str) -> str:
    """An authorization request of the application ``name``, answered where nobody listens."""
    asked = {
        "response_type": "code",
        "client_id": door.clients[name].client_id,
        "redirect_uri": NEVER_CALLED,
        "scope": "openid profile email",
        "state": "a-state",
        **parameters,
    }
    return door.url("authorize?" + urlencode(asked))


class ScriptedLogin:
    """One cookie jar at the server: the second login in it finds the session of the first."""

    def __init__(self, door: DevServer, email: str, password: str) -> None:
        self._domain = door.domain
        self._identity = {"username": email, "password": password}
        self._http = httpx2.Client(verify=door.tls, trust_env=False)
        self.pages: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def callback(self, authorize_url: str) -> str:
        """Follow ``authorize_url`` through the pages it leads to (named in ``pages``) to the URL of the application."""
        self.pages = []
        response = self._http.get(authorize_url)
        for _ in range(STEPS):
            if response.status_code in (302, 303):
                target = urljoin(str(response.url), response.headers["location"])
                if urlsplit(target).netloc != self._domain:
                    return target
                response = self._http.get(target)
                continue
            assert response.status_code == 200, f"{response.url}: {response.status_code}\n{response.text}"
            self.pages.append(response.url.path)
            form = _PrimaryForm(response.text)
            filled = {name: self._identity.get(name, value) for name, value in form.fields.items()}
            action = "accept" if "accept" in form.actions else "default"
            response = self._http.post(str(response.url), data={**filled, "action": action})
        raise AssertionError(f"no end after {STEPS} answers, at {response.url}")

    def answer(self, authorize_url: str) -> dict[str, str]:
        """The parameters the application is sent in query or fragment."""
        parts = urlsplit(self.callback(authorize_url))
        return dict(parse_qsl(parts.fragment or parts.query))


class _PrimaryForm(HTMLParser):
    """The fields and actions of ``form[data-form-primary]``."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.actions: list[str] = []
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self._inside = "data-form-primary" in attributes
        elif self._inside and tag == "input" and attributes.get("name") and attributes.get("type") != "checkbox":
            self.fields[attributes["name"] or ""] = attributes.get("value") or ""
        elif self._inside and tag == "button" and attributes.get("name") == "action":
            self.actions.append(attributes.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
