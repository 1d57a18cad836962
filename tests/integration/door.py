"""A whole server in the test's own process: real storage, real keys, a clock that stands still.

``Door`` is driven through its ASGI application; ``BrowserTab`` is a browser as far as HTTP goes: it
keeps cookies, follows redirects until they leave the server, and fills in the one form of a page.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx2
import yaml
from tests import canary

from doorward.app import Doorward, build
from doorward.backends.keys.password_hashes import PasswordHasher
from doorward.management.new_tenant import management_client
from doorward.management.tenant_file.loading import load
from doorward.model.client import Client
from doorward.model.tenant import Tenant
from doorward.ports import Clock

DOMAIN = "tenant.test"
# After any real clock, which cookie jars go by, and before the year 2100.
START = 4_000_000_000.0
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALLBACK = "https://app.test/callback"


class FrozenClock(Clock):
    """Time passes when the test says so."""

    def __init__(self, now: float = START) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def pass_(self, seconds: float) -> None:
        self.time += seconds


class Door:
    """One server and one tenant, ``tenant.test`` unless told otherwise."""

    def __init__(self, database: str, *, development: bool = True, **settings: Any) -> None:
        self.clock = FrozenClock()
        self._hasher = PasswordHasher(memory_kib=8, iterations=1, workers=1)
        self.server: Doorward = build(
            database, root_key=b"k" * 32, clock=self.clock, passwords=self._hasher, development=development, **settings
        )
        self.ports = self.server.ports

    async def start(self) -> Door:
        await self.server.start()
        return self

    async def stop(self) -> None:
        await self.server.stop()
        self._hasher.close()

    async def tenant(self, document: str | Mapping[str, Any], domain: str = DOMAIN) -> Door:
        """Make (or change) the tenant of ``domain`` as a tenant file says."""
        parsed = yaml.safe_load(document) if isinstance(document, str) else document
        canary.told(parsed)
        directory = self.ports.directory
        if domain not in {tenant.id for tenant in directory.tenants()}:
            await self.server.create_tenant(domain, domain)
            await directory.change(
                domain, management_client(Tenant(id=domain, domain=domain), "Mgmt", self.ports.entropy)
            )
        await load(parsed, domain, self.server.services, verified_domains=True)
        return self

    def client(self, name: str, domain: str = DOMAIN) -> Client:
        return next(c for c in self.ports.directory.tenant(domain).clients.values() if c.name == name)

    def http(self, domain: str = DOMAIN, ip: str = "192.0.2.1") -> httpx2.AsyncClient:
        """A client without a cookie, as a backend is."""
        transport = httpx2.ASGITransport(app=self.server.application, client=(ip, 50000))
        return httpx2.AsyncClient(transport=transport, base_url=f"https://{domain}", follow_redirects=False)

    def browser(self, domain: str = DOMAIN) -> BrowserTab:
        return BrowserTab(self, domain)

    async def token(self, domain: str = DOMAIN, **parameters: str) -> httpx2.Response:
        """``POST /oauth/token`` with a form."""
        async with self.http(domain) as http:
            return await http.post("/oauth/token", data=parameters)

    async def redeem(self, client: Client, code: str, **more: str) -> httpx2.Response:
        parameters = {
            "grant_type": "authorization_code", "client_id": client.client_id, "code": code,
            "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **more,
        }  # fmt: skip
        if not client.is_public:
            parameters.setdefault("client_secret", client.client_secret)
        return await self.token(**parameters)

    async def log(self, type_: str | None = None, domain: str = DOMAIN) -> list[Any]:
        await self.ports.log.flush()
        events, _ = await self.ports.log.page(domain, offset=0, limit=100)
        return [event for event in events if type_ is None or event.type == type_]


class Form(HTMLParser):
    """The primary form of a page: its fields, buttons and the errors beside them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.actions: list[str] = []
        self.errors: dict[str, str] = {}
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        if tag == "input" and a.get("name") and (a.get("type") not in ("checkbox", "radio") or "checked" in a):
            self.fields[a["name"] or ""] = a.get("value") or ""
        if tag == "button" and a.get("name") == "action":
            self.actions.append(a.get("value") or "")
        if a.get("data-error-code"):
            self.errors[a.get("id") or ""] = a["data-error-code"] or ""
        if tag == "a" and a.get("href"):
            self.links.append(a["href"] or "")


def pace(refused: httpx2.Response) -> tuple[int, int, int]:
    """How somebody who was refused for being too fast stands: the limit, seconds to wait, and when more is let
    through (epoch seconds)."""
    assert refused.status_code == 429
    told = refused.headers
    assert told["x-ratelimit-remaining"] == "0"
    return int(told["x-ratelimit-limit"]), int(told["retry-after"]), int(told["x-ratelimit-reset"])


class BrowserTab:
    """A browser without scripts: ``at`` is the address, ``page`` the last answer."""

    def __init__(self, door: Door, domain: str) -> None:
        self.door = door
        self.domain = domain
        self.http = door.http(domain)
        self.at = ""
        self.page: httpx2.Response | None = None

    async def get(self, path: str, **headers: str) -> BrowserTab:
        return await self._follow(await self.http.get(path, headers=headers))

    async def authorize(self, client: Client, **parameters: str | None) -> BrowserTab:
        """``/authorize`` for a code with PKCE, as an application would; ``None`` leaves a parameter out."""
        asked = {
            "client_id": client.client_id, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid",
            "state": "s1", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **parameters,
        }  # fmt: skip
        return await self.get("/authorize?" + urlencode({k: v for k, v in asked.items() if v is not None}))

    async def submit(self, action: str = "default", **fields: str) -> BrowserTab:
        """Fill in the page's form and press a button."""
        form = self.form
        body = {**{k: v for k, v in form.fields.items() if v}, **fields, "action": action}
        headers = {"origin": f"https://{self.domain}", "sec-fetch-site": "same-origin"}
        return await self._follow(await self.http.post(self.at, data=body, headers=headers))

    async def login(self, username: str = "ada@example.test", password: str = "correct-horse-9") -> BrowserTab:
        """Sign in, on whichever pages there are."""
        if "password" not in self.form.fields:
            await self.submit(username=username)
        return await self.submit(username=username, password=password)

    async def _follow(self, response: httpx2.Response) -> BrowserTab:
        for _ in range(10):
            self.at = str(response.request.url)
            self.page = response
            if response.status_code not in (302, 303):
                return self
            target = urljoin(self.at, response.headers["location"])
            if urlsplit(target).netloc != self.domain:
                self.at = target
                return self
            response = await self.http.get(target)
        raise AssertionError(f"redirects in a circle at {self.at}")

    @property
    def form(self) -> Form:
        return Form(self.text)

    @property
    def text(self) -> str:
        return self.page.text if self.page is not None else ""

    @property
    def status(self) -> int:
        return self.page.status_code if self.page is not None else 0

    @property
    def state(self) -> str:
        """The handle of the login this page belongs to."""
        return dict(parse_qsl(urlsplit(self.at).query))["state"]

    @property
    def path(self) -> str:
        return urlsplit(self.at).path

    @property
    def answer(self) -> dict[str, str]:
        """What the application was sent, from query or fragment."""
        parts = urlsplit(self.at)
        assert parts.netloc != self.domain, f"still on {self.at}: {self.page.text if self.page else ''}"
        return dict(parse_qsl(parts.fragment or parts.query))
