"""Uploads and downloads of any size, over sockets: neither is in memory as a whole, and nobody unknown uploads."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.door import DOMAIN, Door

from doorward.backends.storage import store
from doorward.web.protocol import Limits
from doorward.web.server import HttpServer, open_sockets

PEOPLE = "Username-Password-Authentication"
TENANT = {
    "clients": [{"name": "Web", "app_type": "regular_web"}],
    "databases": [{"name": PEOPLE, "strategy": "auth0", "enabled_clients": ["Web"]}],
}
MEGABYTE = 1024 * 1024
BOUNDARY = "b0undary"


@pytest.mark.anyio
async def test_an_export_is_gone_after_a_day_though_nobody_exports_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SWEEP_SECONDS", 0.1)
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}", job_folder=tmp_path / "jobs").start()
    await door.ports.files.export("job_1").finish()
    exported = tmp_path / "jobs" / "job_1"
    os.utime(exported, (door.clock.time, door.clock.time))
    await asyncio.sleep(0.1)
    assert exported.exists()
    door.clock.pass_(86_401)
    for _ in range(1000):
        if not exported.exists():
            break
        await asyncio.sleep(0.01)
    assert not exported.exists()
    await door.stop()


class Server:
    """A server on a socket in a thread of its own, and a token for it."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder / "jobs"
        database = f"sqlite:///{folder / 'door.sqlite'}"
        self.door = Door(database, largest_import=64 * MEGABYTE, job_folder=self.folder)
        self.token = ""
        self.connection = ""
        application = self.door.server.application
        application.on_start(self._start)
        application.on_stop(self.door.stop)
        self.ready = threading.Event()
        self.http = HttpServer(
            application, open_sockets(["127.0.0.1"]), limits=Limits(linger=0.1), on_ready=self.ready.set
        )
        self.thread = threading.Thread(target=self.http.run)

    async def _start(self) -> None:
        await self.door.start()
        await self.door.tenant(TENANT)
        client = self.door.client("Mgmt")
        answer = await self.door.token(
            grant_type="client_credentials",
            client_id=client.client_id,
            client_secret=client.client_secret,
            audience=f"https://{DOMAIN}/api/v2/",
        )
        self.token = answer.json()["access_token"]
        self.connection = self.door.ports.directory.tenant(DOMAIN).connections[PEOPLE].id

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.http.port), timeout=20)

    def get(self, path: str) -> tuple[bytes, bytes]:
        with self.connect() as connection:
            connection.sendall(self.head("GET", path, "Connection: close\r\n"))
            return read_all(connection)

    def head(self, method: str, path: str, more: str, token: str | None = None) -> bytes:
        authorization = f"Authorization: Bearer {self.token if token is None else token}\r\n"
        return f"{method} {path} HTTP/1.1\r\nHost: {DOMAIN}\r\n{authorization}{more}\r\n".encode()

    def upload(self, size: int) -> tuple[bytes, bytes]:
        """The head of an upload with ``size`` bytes of users, and what ends its body."""
        before = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="connection_id"\r\n\r\n{self.connection}\r\n'
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="users"; filename="u"\r\n\r\n'
        ).encode()
        after = f"\r\n--{BOUNDARY}--\r\n".encode()
        kind = f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        head = self.head(
            "POST", "/api/v2/jobs/users-imports", f"{kind}Content-Length: {len(before) + size + len(after)}\r\n"
        )
        return head + before, after


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("files"))
    server.thread.start()
    assert server.ready.wait(20)
    yield server
    server.http.stop()
    server.thread.join(20)


def read_all(connection: socket.socket) -> tuple[bytes, bytes]:
    answer = b""
    while chunk := connection.recv(MEGABYTE):
        answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


def read_answer(connection: socket.socket) -> tuple[bytes, Any]:
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
    while len(body) < length:
        body += connection.recv(65536)
    return head, json.loads(body)


def row(number: int, size: int) -> bytes:
    return json.dumps({"email": f"u{number}@example.test", "user_metadata": {"x": "y" * size}}).encode()


def over(server: Server, job: dict[str, Any]) -> dict[str, Any]:
    """The job when it has ended."""
    while True:
        found: dict[str, Any] = json.loads(server.get(f"/api/v2/jobs/{job['id']}")[1])
        if found["status"] != "pending":
            return found


def test_a_large_upload_is_never_in_memory(server: Server) -> None:
    count, size = 100, 400_000
    rows = [len(row(number, size)) for number in range(count)]
    head, end = server.upload(sum(rows) + count + 1)
    tracemalloc.start()
    try:
        with server.connect() as connection:
            connection.sendall(head)
            for number in range(count):
                connection.sendall((b"," if number else b"[") + row(number, size))
            connection.sendall(b"]" + end)
            head, job = read_answer(connection)
        assert head.startswith(b"HTTP/1.1 202"), job
        done = over(server, job)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (done["status"], done["summary"]["inserted"]) == ("completed", count)
    assert peak < sum(rows) / 2


def test_who_is_unknown_uploads_nothing(server: Server) -> None:
    """Nor is anybody told to go on who asked first."""
    with server.connect() as connection:
        more = (
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {60 * MEGABYTE}\r\n"
            "Expect: 100-continue\r\n"
        )
        connection.sendall(server.head("POST", "/api/v2/jobs/users-imports", more, token="x"))
        head, body = read_answer(connection)
    assert head.startswith(b"HTTP/1.1 401")
    assert body["statusCode"] == 401


@pytest.mark.parametrize("declared", [True, False])
def test_what_is_too_large_is_refused_before_it_has_come(server: Server, declared: bool) -> None:
    kind = f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
    length = f"Content-Length: {65 * MEGABYTE}\r\n" if declared else "Transfer-Encoding: chunked\r\n"
    start = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="users"\r\n\r\n'.encode()
    with server.connect() as connection:
        connection.sendall(server.head("POST", "/api/v2/jobs/users-imports", kind + length))
        if not declared:
            connection.sendall(b"%x\r\n%b\r\n" % (len(start), start))
            for _ in range(65):
                connection.sendall(b"%x\r\n%b\r\n" % (MEGABYTE, b" " * MEGABYTE))
        head, body = read_answer(connection)
    assert head.startswith(b"HTTP/1.1 413")
    assert body["message"] == f"Payload content length greater than maximum allowed: {64 * MEGABYTE}"


def test_who_leaves_in_the_middle_leaves_nothing(server: Server) -> None:
    head, _ = server.upload(MEGABYTE)
    with server.connect() as connection:
        connection.sendall(head + b"[" + row(0, 1000))
    assert json.loads(server.get("/api/v2/users?q=email:u0*&per_page=1")[1]) is not None


def test_a_file_is_handed_out_as_fast_as_it_is_read(server: Server) -> None:
    asked = b'{"format": "json"}'
    with server.connect() as connection:
        more = f"Content-Type: application/json\r\nContent-Length: {len(asked)}\r\n"
        connection.sendall(server.head("POST", "/api/v2/jobs/users-exports", more) + asked)
        _, exported = read_answer(connection)
    path = "/_doorward" + over(server, exported)["location"].split("/_doorward", 1)[1]
    head, body = server.get(path)
    assert b"content-type: application/gzip" in head
    everybody = json.loads(server.get("/api/v2/users?include_totals=true&per_page=1")[1])["total"]
    assert gzip.decompress(body).count(b"\n") == everybody
    content = bytes(range(256)) * (20 * MEGABYTE // 256)
    (server.folder / exported["id"]).write_bytes(content)
    for _ in range(2):
        with server.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            connection.sendall(server.head("GET", path, "Connection: close\r\n"))
            head, body = read_all(connection)
        assert head.startswith(b"HTTP/1.1 200")
        assert body == content
