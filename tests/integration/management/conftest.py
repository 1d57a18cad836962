"""A server in the test's own process, driven over HTTP through its ASGI application.

Two tenants (``a.test`` and ``b.test``), a clock that stands still, storage in memory.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from doorward.app import Doorward, build
from doorward.backends.keys.password_hashes import PasswordHasher
from doorward.management.kit.context import LookUpTxt
from doorward.management.kit.operation import Operation
from doorward.management.kit.paths import Paths
from doorward.management.new_tenant import first_documents, management_client, new_document
from doorward.management.registry import built
from doorward.management.system_scopes import EVERY_SCOPE
from doorward.model.credential import SigningKey
from doorward.model.document import Kind
from doorward.model.log_event import LogEvent
from doorward.model.message import Received
from doorward.model.search import Term
from doorward.model.tenant import Tenant
from doorward.ports import Clock

A, B = "a.test", "b.test"
START = 1_700_000_000.0
_numbers = itertools.count(1)
JOB_FOLDER = Path(tempfile.gettempdir()) / f"doorward-test-jobs-{os.getpid()}"


class StandingClock(Clock):
    """Time passes when the test says so."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> float:
        return self.time


class Api:
    """The Management API as one machine sees it: a host to call, and a token with its scopes."""

    def __init__(self, http: httpx2.AsyncClient, token: str) -> None:
        self.http = http
        self.token = token

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> httpx2.Response:
        parameters = {name.rstrip("_"): str(v).lower() if isinstance(v, bool) else v for name, v in query.items()}
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        response = await self.http.request(
            method, f"/api/v2{path}", json=body, params=parameters or None, headers=headers
        )
        conforms(response)
        return response

    async def get(self, path: str, **query: Any) -> Any:
        return ok(await self.call("GET", path, **query), 200)

    async def post(self, path: str, body: Any, status: int = 201) -> Any:
        return ok(await self.call("POST", path, body), status)

    async def patch(self, path: str, body: Any, status: int = 200) -> Any:
        return ok(await self.call("PATCH", path, body), status)

    async def delete(self, path: str, body: Any = None, status: int = 204) -> Any:
        return ok(await self.call("DELETE", path, body), status)

    async def refused(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """Status and error code of an answer that has to be an error body, whole and well-formed."""
        response = await self.call(method, path, body, **query)
        error = response.json()
        assert error["statusCode"] == response.status_code >= 400, response.text
        assert set(error) <= {"statusCode", "error", "message", "errorCode"}
        return response.status_code, error.get("errorCode")


_declared: Paths[Operation] = Paths()
for _operation in built():
    _declared.put(_operation.method, _operation.path, _operation)


def conforms(response: httpx2.Response) -> None:
    """A success is one of those its operation declares, with a body its rule knows."""
    request = response.request
    found = _declared.find(request.method, request.url.raw_path.decode().partition("?")[0].removeprefix("/api/v2"))
    if found is None or response.status_code >= 400:
        return
    answers = found[0].answers
    assert response.status_code in answers, f"{request.method} {request.url.path} answers {response.status_code}"
    rule = answers[response.status_code]
    if rule is None:
        assert not response.content, f"{request.method} {request.url.path} answers a body"
    else:
        rule.check(response.json(), "")


def ok(response: httpx2.Response, status: int) -> Any:
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    return response.json() if response.content else None


_keys: dict[str, tuple[SigningKey, SigningKey]] = {}


async def keys_of(tenant: Tenant, house: House) -> tuple[SigningKey, SigningKey]:
    """Signing keys of a tenant, made once in this process: they take most of a server's start."""
    if tenant.id not in _keys:
        maker = house.ports.keys
        _keys[tenant.id] = (await maker.signing_key(tenant), await maker.signing_key(tenant))
    return _keys[tenant.id]


class House:
    """The server, and ways to call it."""

    def __init__(
        self,
        *,
        database: str = "sqlite://",
        development: bool = False,
        look_up_txt: LookUpTxt | None = None,
        requests_per_second: float = 0.0,
        **settings: Any,
    ) -> None:
        self.clock = StandingClock()
        self._hasher = PasswordHasher(memory_kib=8, iterations=1, workers=1)
        self.server: Doorward = build(
            database,
            root_key=b"k" * 32,
            clock=self.clock,
            passwords=self._hasher,
            development=development,
            look_up_txt=look_up_txt,
            job_folder=JOB_FOLDER,
            requests_per_second=requests_per_second,
            request_burst=3,
            **settings,
        )
        self.ports = self.server.ports

    async def open(self) -> House:
        await self.server.start()
        for domain in (A, B):
            tenant = Tenant(id=domain, domain=domain)
            documents = first_documents(tenant, await keys_of(tenant, self), self.ports.entropy, START)
            await self.ports.directory.create_tenant(tenant, documents)
        return self

    async def close(self) -> None:
        await self.server.stop()
        self._hasher.close()
        shutil.rmtree(JOB_FOLDER, ignore_errors=True)

    def http(self, host: str) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=self.server.application, client=("192.0.2.1", 50000))
        return httpx2.AsyncClient(transport=transport, base_url=f"https://{host}")

    async def token(self, tenant: str, scopes: Sequence[str] = EVERY_SCOPE, host: str | None = None) -> str:
        """A Management API token with these scopes, issued on ``host``."""
        client, grant = management_client(Tenant(id=tenant, domain=tenant), f"M{next(_numbers)}", self.ports.entropy)
        body = {**grant.document.body, "scope": list(scopes)}
        narrowed = new_document(Kind.CLIENT_GRANT, grant.document.id, body, unique_key=grant.document.unique_key)
        await self.ports.directory.change(tenant, [client, narrowed])
        async with self.http(host or tenant) as http:
            response = await http.post(
                "/oauth/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": client.document.id,
                    "client_secret": client.document.secrets["client_secret"],
                    "audience": f"https://{tenant}/api/v2/",
                },
            )
        token: str = ok(response, 200)["access_token"]
        return token

    async def api(self, tenant: str = A, scopes: Sequence[str] = EVERY_SCOPE) -> Api:
        return Api(self.http(tenant), await self.token(tenant, scopes))

    async def inbox(self, tenant: str = A) -> list[Received]:
        """Send what is to be sent; what a development server's inbox holds then, the newest first."""
        await self.server.relay.send_due()
        assert self.ports.inbox is not None
        return self.ports.inbox.messages(tenant)

    async def log(self, tenant: str = A, type_: str = "sapi") -> list[LogEvent]:
        """Events of one type, newest first."""
        return (await self.ports.log.page(tenant, offset=0, limit=100, where=Term("type", type_)))[0]


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = await House().open()
    yield house
    await house.close()


@pytest.fixture
async def api(house: House) -> Api:
    """Tenant A with every scope."""
    return await house.api()
