"""TXT look-ups, against a name server of the test's own on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rrset
import pytest

from doorward.backends.dns import look_up_txt

pytestmark = pytest.mark.anyio


class NameServer(asyncio.DatagramProtocol):
    """Knows one name."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text()
        response = dns.message.make_response(query)
        if name == "_proof.custom.test.":
            response.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", '"one"', '"in two" " parts"'))
        else:
            response.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(response.to_wire(), addr)


@pytest.fixture
async def name_server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(NameServer, ("127.0.0.1", 0))
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = transport.get_extra_info("sockname")[1]
    monkeypatch.setattr(dns.asyncresolver, "default_resolver", resolver)
    yield
    transport.close()
    await asyncio.sleep(0)


@pytest.mark.usefixtures("name_server")
async def test_every_record_is_one_string() -> None:
    assert sorted(await look_up_txt("_proof.custom.test")) == ["in two parts", "one"]


@pytest.mark.usefixtures("name_server")
async def test_a_name_without_records_and_one_that_is_none_have_no_proof() -> None:
    assert await look_up_txt("_proof.other.test") == []
    assert await look_up_txt("x" * 80 + ".test") == []


async def test_without_a_name_server_there_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = []
    monkeypatch.setattr(dns.asyncresolver, "default_resolver", resolver)
    assert await look_up_txt("_proof.custom.test") == []
