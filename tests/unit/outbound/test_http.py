"""Requests to where somebody else said reach the public internet and nothing else (H1, H2)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from doorward.backends.outbound.addresses import is_public
from doorward.backends.outbound.http import GuardedHttp
from doorward.ports import Unreachable

PRIVATE = (
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "0.0.0.0",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "168.63.129.16", "::1", "::", "fe80::1",
    "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_h2_what_is_not_public_is_not_reached(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_what_is_public_is(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "https://example.com:22/", "ftp://example.com/", "https:///x", "https://user@example.com/",
        "https://example.com:port/", "https://exämple.com/", "https://example.com/\r\nx: y", "",
    ],
)  # fmt: skip
async def test_h2_only_https_on_its_ports(url: str) -> None:
    with pytest.raises(Unreachable):
        await GuardedHttp().send("GET", url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1", "[::1]", "0"])
async def test_h2_however_this_machine_is_named_it_is_not_reached(host: str) -> None:
    with pytest.raises(Unreachable) as refused:
        await GuardedHttp().send("GET", f"https://{host}/")
    assert "no address of the public internet" in refused.value.reason
    assert host not in str(refused.value), "to a caller it is one generic line"


Resolve = Callable[[list[list[str]]], None]


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Have every name resolve to these addresses, one list after the other."""

    def arrange(answers: list[list[str]]) -> None:
        async def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers.pop(0)]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)

    return arrange


async def test_h2_one_private_address_among_public_ones_is_enough(resolves: Resolve) -> None:
    resolves([["93.184.216.34", "10.0.0.1"]])
    with pytest.raises(Unreachable) as refused:
        await GuardedHttp().send("GET", "https://rebinding.test/")
    assert "10.0.0.1" in refused.value.reason


async def test_h2_the_address_that_was_checked_is_the_one_connected_to(
    resolves: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[str] = []

    async def connect(_: object, host: str, *__: object, **___: object) -> None:
        connected.append(host)
        raise OSError

    monkeypatch.setattr("httpcore2.AnyIOBackend.connect_tcp", connect)
    resolves([["93.184.216.34"], ["127.0.0.1"]])
    with pytest.raises(Unreachable):
        await GuardedHttp().send("GET", "https://rebinding.test/")
    assert connected == ["93.184.216.34"]


@asynccontextmanager
async def answering(answer: bytes, *, never_ends: bool = False) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server on loopback that answers this to everybody; its address, and the heads it was sent."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        if never_ends:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", heads
    finally:
        server.close()


async def test_developers_reach_their_own_machine() -> None:
    async with answering(b"HTTP/1.1 201 Created\r\nX-Test: yes\r\nContent-Length: 2\r\n\r\nok") as (url, heads):
        with pytest.raises(Unreachable):
            await GuardedHttp().send("GET", url)
        assert not heads
        answer = await GuardedHttp(loopback=True).send("POST", url, headers={"x-mine": "1"}, body=b"abc")
        assert (answer.status, answer.headers["x-test"], answer.body) == (201, "yes", b"ok")
        assert heads[0].startswith(b"POST / HTTP/1.1\r\n")
        assert b"x-mine: 1\r\n" in heads[0]


async def test_h2_without_tls_nobody_but_this_machine_is_reached(resolves: Resolve) -> None:
    resolves([["93.184.216.34"]])
    with pytest.raises(Unreachable) as refused:
        await GuardedHttp(loopback=True).send("GET", "http://example.test/")
    assert "93.184.216.34" in refused.value.reason


async def test_h2_redirects_are_answers_and_not_followed() -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with answering(redirect) as (url, heads):
        assert (await GuardedHttp(loopback=True).send("GET", url)).status == 302
        assert len(heads) == 1


async def test_h2_a_large_answer_is_cut_off() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000) as (url, _):
        with pytest.raises(Unreachable):
            await GuardedHttp(loopback=True).send("GET", url)
        assert len((await GuardedHttp(loopback=True).send("GET", url, largest=70_000)).body) == 70_000


async def test_h2_nobody_is_waited_for_long() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nslow", never_ends=True) as (url, _):
        with pytest.raises(Unreachable) as late:
            await GuardedHttp(loopback=True).send("GET", url, seconds=0.05)
        assert "0.05 seconds" in late.value.reason
